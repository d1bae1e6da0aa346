"""What lies below the even wall: platforms of posts and lifts, the base of a block, arch support, letters."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from scanproc.anatomy.foot_plan import FootPlan
from scanproc.artifacts import BoolArray, Side
from scanproc.design.front_platform import front_platform, stands_level
from scanproc.design.marks import Marks, marks_of
from scanproc.design.posts import FREE_MM, FRONT_MARGIN_MM, Post, Region, forefoot_post, front_region, rearfoot_post
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.mesh.polyline_distance import inside
from scanproc.prescription.fields import Prescription
from scanproc.solid.blending import smooth_min
from scanproc.solid.height_fields import HeightField

_SIDE_SLOPE = 2.2  # of a platform's sides: 65 degrees, a bevel that a mould lets go and a shoe takes
_EDGE_MM = 1.5  # over which the sides round into the platform
_FILLET_MM = 3.0  # over which they round into the wall
_SUPPORT = (0.30, 0.58)  # arch support, as shares of the foot's length
_JOINS = 0.25  # where it begins on a platform below the heel
_OFF_POST_MM = 10.0
_BEVEL_MM, _LEAST_HALF_MM = 5.0, 12.0  # a forefoot post keeps so far off the sides, but is no narrower
_SUPPORT_MARGIN_MM = 5.0  # it keeps so far off the medial outline
_EVERYWHERE_MM = 1e3


@dataclass(frozen=True)
class Platform:
    """A post at its height: material from the even wall down to its planes, inside its region and its sloping sides."""

    post: Post
    ridge_z: float

    def height_at(self, xy: FloatArray) -> FloatArray:
        """Return the height of its planes and sides at (N, 2) points, (N,) mm."""
        return self._height(xy, self.post.region.outside_mm(xy))

    def _height(self, xy: FloatArray, outside_mm: FloatArray) -> FloatArray:
        outside = np.maximum(outside_mm, 0.0)
        return np.asarray(self.ridge_z + self.post.rise_at(xy) + _SIDE_SLOPE * outside**2 / (outside + _EDGE_MM))

    def applied(self, xy: FloatArray, z: FloatArray) -> FloatArray:
        """Return heights z, (N,), lowered to the platform, with a fillet where its sides meet them."""
        outside = self.post.region.outside_mm(xy)
        return smooth_min(z, self._height(xy, outside), np.clip(outside, 1e-6, _FILLET_MM))


@dataclass(frozen=True)
class Underside:
    """All that lowers the underside below the even wall.

    Attributes
    ----------
    ground_z : height of the lowest point of the even wall's underside: where the insole would stand without posts.
    lowest_z : height of the lowest point with them.
    """

    platforms: tuple[Platform, ...]
    marks: Marks | None
    ground_z: float
    lowest_z: float

    def applied(self, xy: FloatArray, even_z: FloatArray) -> FloatArray:
        """Return the underside at (N, 2) points below an even wall's underside, (N,) mm."""
        z = even_z
        for platform in self.platforms:
            z = platform.applied(xy, z)
        return z if self.marks is None else z - self.marks.lowering(xy)

    def detail(self, xy: FloatArray) -> BoolArray:
        """Tell which of (N, 2) points lie on letters, (N,) bool: the nodes of a grid show no strokes."""
        return np.zeros(len(xy), dtype=bool) if self.marks is None else self.marks.near(xy)


NOTHING_BELOW = Underside((), None, -np.inf, -np.inf)


def underside(side: Side, plan: FootPlan, outline: FloatArray, even: HeightField, rx: Prescription) -> Underside:
    """Return what a prescription asks below the even wall.

    Parameters
    ----------
    outline : (K, 2).
    even : the even wall's underside; it counts inside the outline.

    Raises
    ------
    ScanError
        If there is no room for a post or the text.
    """
    x, y = np.broadcast_arrays(even.x, even.y)
    xy = np.column_stack([x.ravel(), y.ravel()])
    within = inside(outline, xy)
    xy, z = xy[within], even.z.ravel()[within]
    ground_z = float(z.min())
    platforms = []
    if rx.device.style == "block":
        everywhere = Region(np.zeros(2), np.array([1.0, 0.0]), _EVERYWHERE_MM, _EVERYWHERE_MM)
        platforms.append(Platform(Post("base", everywhere, 0.0, (0.0,)), ground_z - FREE_MM))
        z = platforms[0].applied(xy, z)  # posts of a block lie below its base
    posts = _posts(plan, outline, xy, z, rx)
    if rx.arch.arch_support and rx.device.style == "shell":
        under_heel = [platform.ridge_z for platform in posts if platform.post.where == "rearfoot"]
        platforms.append(
            Platform(_support(plan, outline, rx, joins=bool(under_heel)), min([ground_z, *under_heel]) + FREE_MM)
        )
    platforms += [*posts, *_below_front(plan, xy, z, posts, rx)]
    bare = Underside(tuple(platforms), None, ground_z, ground_z)
    whole = np.column_stack([x.ravel(), y.ravel()])
    lowered = even.replaced(bare.applied(whole, even.z.ravel()).reshape(even.z.shape))
    stands_z = float(lowered.z.ravel()[within].min())
    marks = marks_of(side, plan, outline, even, lowered, stands_z, rx.marks)
    return Underside(bare.platforms, marks, ground_z, stands_z)


def _posts(plan: FootPlan, outline: FloatArray, xy: FloatArray, z: FloatArray, rx: Prescription) -> list[Platform]:
    """Return the platforms of the extrinsic posts and the lift, each as high as the wall allows."""
    platforms, front = [], front_platform(plan, rx)
    for post, posting, drop in (
        # A block's base carries a lifted heel.
        (
            rearfoot_post(plan, rx),
            rx.posts.rearfoot_posting if rx.posts.rearfoot_post_deg else "extrinsic",
            0.0 if rx.device.style == "block" else rx.heel.heel_lift_mm,
        ),
        (forefoot_post(plan, rx.posts, rx.gap_mm), rx.posts.forefoot_posting, 0.0),
    ):
        if post is None or (drop == 0.0 and posting == "intrinsic") or (post.is_level and rx.device.style == "block"):
            continue
        if not post.region.inside(xy).any():
            dose = "heel_lift_mm" if post.where == "rearfoot" and post.is_level else f"{post.where}_post_deg"
            raise ScanError(
                f"found no room for the {post.where} post under the insole (rule post-fits); expected its outline"
                f" to reach it. Set insole.{dose} = 0, or change the outline."
            )
        if post.where == "forefoot":
            post = replace(post, region=_off_sides(post.region, outline))
        # The top was raised by the lift; the platform stays down where the heel was, or where the front end stands.
        ridge_z = post.below(xy, z) - drop - FREE_MM
        if post.is_level and front is not None:
            ridge_z = min(ridge_z, float(z[front.region.inside(xy)].min(initial=ridge_z)))
        if post.is_level and drop > 0.0 and front is None and stands_level(rx):
            # That of a longer one is the ball, whose wall thins on its own.
            ahead = plan.ahead_of_ball(xy) > -FRONT_MARGIN_MM
            ridge_z = float(z[ahead].min(initial=ridge_z + drop))
        platforms.append(Platform(post, ridge_z))
    return platforms


def _off_sides(region: Region, outline: FloatArray) -> Region:
    """Return a region that keeps off the sides of an outline, so that its bevel ends on the wall."""
    offset = outline - region.centre
    beside = np.abs(offset @ region.along) < region.half_length
    aside = offset[beside] @ region.across
    right, left = float(aside[aside < 0.0].max(initial=-np.inf)), float(aside[aside > 0.0].min(initial=np.inf))
    low = min(max(-region.half_width, right + _BEVEL_MM), -_LEAST_HALF_MM)
    high = max(min(region.half_width, left - _BEVEL_MM), _LEAST_HALF_MM)
    return replace(region, centre=region.centre + 0.5 * (low + high) * region.across, half_width=0.5 * (high - low))


def _below_front(
    plan: FootPlan, xy: FloatArray, z: FloatArray, posts: list[Platform], rx: Prescription
) -> list[Platform]:
    """Return what fills the front end of a shell below a bar, which would lift all of it off the ground.

    So does a hollow above a heel's level post, whose bump the post lies below.
    """
    front = front_platform(plan, rx)
    if front is None:
        return []
    ridges = [one.ridge_z for one in posts if one.post.where == "rearfoot" and one.post.is_level]
    bumped = bool(ridges) and ridges[0] < float(z[front.region.inside(xy)].min(initial=np.inf)) - FREE_MM
    if rx.pads.met_bar_mm == 0.0 and not bumped:
        return []
    region = front_region(plan, rx.gap_mm)
    centre = region.centre + (front.region.centre - region.centre) @ region.across * region.across
    region = replace(region, centre=centre, half_width=front.region.half_width)
    behind = z[xy[:, 0] < region.centre[0] - region.half_length]
    ground = next((post.ridge_z for post in posts if post.post.where == "rearfoot"), float(behind.min()))
    return [Platform(replace(front, region=region), ground)] if region.inside(xy).any() else []


def _support(plan: FootPlan, outline: FloatArray, rx: Prescription, *, joins: bool) -> Post:
    """Return the flat patch below the medial arch; it joins a platform below the heel, or a notch would be between.

    It ends clear of a post in front: the device would tip over it.
    """
    first, last = (share * plan.length_mm for share in ((_JOINS, _SUPPORT[1]) if joins else _SUPPORT))
    if rx.posts.forefoot_post_deg > 0.0:
        front = front_region(plan, rx.gap_mm)
        last = min(last, float(front.centre[0]) - front.half_length - _OFF_POST_MM)
    medial = plan.medial_y * outline[:, 1]
    beside = (outline[:, 0] > first) & (outline[:, 0] < last) & (medial > 0.0)
    width = max(float(medial[beside].min(initial=30.0)) - _SUPPORT_MARGIN_MM, 10.0)
    centre = np.array([0.5 * (first + last), plan.medial_y * 0.5 * width])
    return Post("arch", Region(centre, np.array([1.0, 0.0]), 0.5 * (last - first), 0.5 * width), 0.0, (0.0,))
