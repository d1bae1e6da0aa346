"""What an insole stands on: a platform of its own, or its lowest parts flattened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from scanproc.anatomy.foot_plan import FootPlan
from scanproc.changes import Change, lower
from scanproc.design.front_platform import stands_level
from scanproc.design.plan import HEEL_END
from scanproc.design.posts import Post, Region
from scanproc.design.underside import Underside
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.pads.table import PADS
from scanproc.prescription.advised import advised
from scanproc.prescription.fields import Prescription
from scanproc.solid.blending import smooth_step
from scanproc.solid.closed_solid import Flattened, flattened
from scanproc.solid.resting_plane import RestingPlane, planes_under, resting_plane

_FLAT_MM = 0.01  # what a platform counts as touching within
_SCATTERED = 1.7  # a patch in three places has the longer border, whose triangles are not flat
_MUCH_LESS = 0.7  # of the flattening on level ground: else the device keeps the foot's own attitude
_KEEPS_OFF_MM = 5.0  # round a post's region, over which flattening fades
_FAR_MM = 1e3  # no insole is so long
_WHOLE = 0.98  # share of the flattening from which a place counts as flattened
_MOST_MM = 1.0  # what has to be flattened more stands on its posts' borders, and is printed on supports
_BEARS_MM = 2.0  # round the place where the heel bears
_GAP_MM, _FRONT_MM = 0.07, 15.0  # under heel or front end where the device rests on a bump; the front end is so long
_LEVEL = RestingPlane(np.zeros(2), 0.0)
_AS_IT_IS = Flattened(0.0, 0.0)


@dataclass(frozen=True)
class GroundContact:
    """The plane that an underside stands on, and how far it is flattened onto it.

    Attributes
    ----------
    spared : regions of posts, whose planes are left as they are.
    lowered : regions of posts that are lowered as they are, and by how much, mm.
    """

    rest: RestingPlane
    flattening: Flattened
    spared: tuple[Region, ...] = ()
    lowered: tuple[tuple[Region, float], ...] = ()

    @property
    def lowered_mm(self) -> float:
        """By how much the heel's post is lowered, whose two planes are left as they are; 0 where it is not."""
        return sum(by_mm for _, by_mm in self.lowered)

    def applied(self, xy: FloatArray, z: FloatArray) -> FloatArray:
        """Return heights z, (N,), at (N, 2) points flattened, (N,) mm."""
        ground = self.rest.at(xy)
        flat = ground + self.flattening.applied(z - ground)
        for region, by_mm in self.lowered:
            flat += (1.0 - flattened_share((region,), xy)) * (z - by_mm - flat)
        return z + flattened_share(self.spared, xy) * (flat - z)


@dataclass(frozen=True)
class HeelLoad:
    """Where the heel bears, (2,), and the x that it ends at, mm."""

    place: FloatArray
    end_x: float


def flattened_share(spared: Sequence[Region], xy: FloatArray) -> FloatArray:
    """Return 0 on regions, 1 off them, smooth between, at (N, 2) points, (N,)."""
    share = np.ones(len(xy))
    for region in spared:
        share = np.minimum(share, smooth_step(region.outside_mm(xy), 0.0, _KEEPS_OFF_MM))
    return share


def ground_contact(
    underside: Underside,
    intrinsic: Sequence[Post],
    heel: HeelLoad | None,
    xy: FloatArray,
    z: FloatArray,
    cell_mm2: float,
    patch_mm2: float,
) -> GroundContact:
    """Choose how an underside stands, so that a printer finds a first layer of `patch_mm2`.

    It stands on a platform where nothing lies below that one's plane; else on the level ground, or on the plane that it
    would come to rest on, or a post's, where that takes much less flattening. One whose front end is level
    with its heel stands on both: the patch is the heel's.

    Parameters
    ----------
    intrinsic : intrinsic ones, which are no platforms.
    heel : where the heel bears, if the front end is level with it; else None.
    xy, z : (N, 2) and (N,) mm, the underside at the cells of an even grid.
    """
    under_heel = any(platform.post.where == "rearfoot" for platform in underside.platforms)
    if heel is not None and not intrinsic and not under_heel:
        cells = xy[:, 0] < heel.end_x
        ahead = Region(np.array([heel.end_x + _FAR_MM, 0.0]), np.array([1.0, 0.0]), _FAR_MM - _KEEPS_OFF_MM, _FAR_MM)
        level_z = flattened(z[cells], cell_mm2, patch_mm2).level_z
        # What stands on less than what bears on it rolls.
        bears = z[np.linalg.norm(xy - heel.place, axis=1) < _BEARS_MM]
        pressed = Flattened(float(z.min()), max(level_z, float(bears.max(initial=-np.inf))))
        if pressed.depth_mm < _MOST_MM:
            return GroundContact(_LEVEL, pressed, (ahead,))
    for platform in underside.platforms:
        for slope in platform.post.slopes:
            plane = RestingPlane(np.array([0.0, slope]), platform.ridge_z - slope * platform.post.ridge_y)
            above = z - plane.at(xy)
            if above.min() > -_FLAT_MM and (above < _FLAT_MM).sum() * cell_mm2 >= patch_mm2:
                return GroundContact(plane, _AS_IT_IS)
    posts = [*(platform.post for platform in underside.platforms), *intrinsic]
    spared = tuple(post.region for post in posts if post.where in ("rearfoot", "forefoot"))

    def flattened_onto(plane: RestingPlane, contact_mm2: float, spared: tuple[Region, ...]) -> GroundContact:
        above, free = z - plane.at(xy), flattened_share(spared, xy) > _WHOLE
        level_z = flattened(above[free], cell_mm2, contact_mm2).level_z
        return GroundContact(plane, Flattened(float(above.min()), level_z), spared)

    tilted = [flattened_onto(resting_plane(xy, z), _SCATTERED * patch_mm2, spared)]
    for post in posts:
        if any(post.region is region for region in spared):
            others = tuple(region for region in spared if region is not post.region)
            planes = [RestingPlane(np.array([0.0, slope]), 0.0) for slope in post.slopes]
            own = [flattened_onto(plane, patch_mm2, others) for plane in planes]
            # Flattened along its own plane it stays one; of two that meet in a line the other would become steeper.
            tilted += own if len(own) == 1 else [one for pressed in own if (one := _lowered(pressed, post, xy, z))]
    level, least = flattened_onto(_LEVEL, patch_mm2, spared), min(tilted, key=lambda one: one.flattening.depth_mm)
    best = least if least.flattening.depth_mm < _MUCH_LESS * level.flattening.depth_mm else level
    return best if best.flattening.depth_mm < _MOST_MM else GroundContact(_LEVEL, _AS_IT_IS)


def _lowered(pressed: GroundContact, post: Post, xy: FloatArray, z: FloatArray) -> GroundContact | None:
    """Return how a device stands on one plane of a post that is lowered as a whole; None if that one is too small."""
    above = (z - pressed.rest.at(xy))[post.region.inside(xy)]
    plane_z = float(above.min(initial=np.inf))
    if pressed.flattening.level_z > plane_z + _FLAT_MM:
        return None
    return replace(pressed, lowered=((post.region, plane_z - pressed.flattening.floor_z),))


def refuse_bump(plan: FootPlan, xy: FloatArray, z: FloatArray, height_mm: FloatArray, rx: Prescription) -> None:
    """Refuse a hollow of the top whose bump below stands so low that heel or front end do not touch: it would rock.

    Parameters
    ----------
    xy, z : (N, 2) and (N,) mm, the finished underside at the cells of an even grid.
    height_mm : (N,) of the device there: it rests under its centre of mass.

    Raises
    ------
    ScanError
        By the rule stands-still.
    """
    hollows = [pad.dose for pad in PADS if pad.hollow and pad.asked(rx.pads) > 0.0]
    posted = rx.posts.rearfoot_post_deg > 0.0 or rx.posts.rearfoot_motion_deg > 0.0  # stands on its post's plane
    if not hollows or posted or not stands_level(rx):
        return
    heel, ahead = xy[:, 0] < HEEL_END * plan.length_mm, plan.ahead_of_ball(xy) > -rx.gap_mm - _FRONT_MM
    middle = np.average(xy, axis=0, weights=height_mm)
    above = z - planes_under(xy, z, middle[None, :])[0].at(xy)
    gap_mm = max(float(above[place].min()) for place in (heel, ahead) if place.any())
    if gap_mm > _GAP_MM:
        todo = advised((*map(lower, hollows), Change("level_front", to=False)), rx)
        raise ScanError(
            f"rule stands-still: found the device to rest on what lies below insole.{' and '.join(hollows)}, with a"
            f" gap of {gap_mm:.2f} mm under heel or front end, expected {_GAP_MM:g} at most: it would rock; "
            f"{todo}."
        )
