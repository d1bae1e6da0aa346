"""Intrinsic posts: the top itself flattened so that the even wall's underside is the post's plane."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from scanproc.anatomy.foot_plan import FootPlan
from scanproc.design.distal_edge import before_outline
from scanproc.design.front_platform import front_platform, stands_at
from scanproc.design.posts import Post, Region, forefoot_post, rearfoot_post
from scanproc.design.wall import asked_wall
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.mesh.polyline_distance import inside
from scanproc.prescription.fields import Prescription
from scanproc.solid.blending import eased, smooth_max, smooth_step
from scanproc.solid.height_fields import HeightField

_HEEL_AT = 0.17  # share of the length where the posted part of the heel has its middle
_HEEL_HALF = (0.055, 0.20)  # half its length and width, as shares of the foot's length and the heel's width
_FRONT_SHARE, _FRONT_MM = 0.25, 5.0  # half the posted width of the ball's line, and half its length
_HIGH = {"rearfoot": 0.5, "forefoot": 0.1}  # share of the region that lies lower than its plane, and is raised
_BLEND_MM = {"rearfoot": 14.0, "forefoot": 40.0}  # outside the region, over which the top comes back to the sole
_BLEND_SHARE = {"rearfoot": 0.06, "forefoot": 0.16}  # of the length, at most
_FOLLOWS_MM = 3.0  # so far outside the region the change goes on as it began inside: no crease at its border
_OFF_BORDER_MM, _PLANE_MM, _MOST = 1.0, 0.03, 0.8
_ROUND_SHARE, _ROUND_MM = 0.4, 1.5  # of a hollow, where it ends on what the device stands on
_HOLLOWS_MM = 20.0  # outside a platform: so far nothing of them is lower than what the device stands on
_CREASE_SHARE, _CREASE_MM = 0.1, 0.2  # of the way outside a platform, over which it rounds: more would be a ridge
_STEEPEST = 0.35  # of a top over a front that thins
_SLIGHT_MM = 0.25  # outside, for the direction away from the region


def intrinsic_posts(plan: FootPlan, rx: Prescription) -> tuple[Post, ...]:
    """Return the intrinsic posts of a prescription: the planes of the extrinsic ones under a smaller region.

    Only what bears is posted, the middle of the heel and a strip behind the front end: as far as an extrinsic post
    reaches, the cup's walls and the arch would be flattened with it.
    """
    posts = []
    if rx.posts.rearfoot_posting == "intrinsic" and rx.posts.rearfoot_post_deg and (post := rearfoot_post(plan, rx)):
        centre = np.array([_HEEL_AT * plan.length_mm, plan.heel[1]])
        half_length, half_width = _HEEL_HALF[0] * plan.length_mm, _HEEL_HALF[1] * plan.heel_width_mm
        posts.append(replace(post, region=Region(centre, post.region.along, half_length, half_width)))
    if (
        rx.posts.forefoot_posting == "intrinsic"
        and rx.posts.forefoot_post_deg
        and (post := forefoot_post(plan, rx.posts, rx.gap_mm))
    ):
        centre = post.region.centre + (post.region.half_length - _FRONT_MM) * post.region.along
        half_width = _FRONT_SHARE * float(np.linalg.norm(plan.fibulare - plan.tibiale))
        posts.append(replace(post, region=Region(centre, post.region.along, _FRONT_MM, half_width)))
    return tuple(posts)


def posted(top: HeightField, plan: FootPlan, rx: Prescription) -> HeightField:
    """Return a top with the intrinsic posts of a prescription."""
    for post in intrinsic_posts(plan, rx):
        top = _posted_flat(top, post, plan, rx)
    return top


def levelled(top: HeightField, unpadded: HeightField, plan: FootPlan, rx: Prescription) -> HeightField:
    """Return a top whose front end, that of a shell, is level with its heel; pads stand on it as they stood before.

    Parameters
    ----------
    unpadded : the top without pads and hollows, by which it is levelled.
    """
    platform = front_platform(plan, rx)
    if platform is None:
        return top
    wall = _wall(plan, rx, top.nodes()).reshape(top.z.shape)
    stands_z = stands_at(unpadded, wall, plan, platform, rx)
    level = _posted_flat(unpadded, platform, plan, rx, stands_z)
    # Neither a change that fades nor a hollow leaves anything lower below than what the device stands on.
    outside = platform.region.outside_mm(top.nodes()).reshape(wall.shape)
    near = outside < (blend := _blend_mm(platform, plan))
    floored = smooth_max(level.z, stands_z + wall, np.clip(_CREASE_SHARE * outside, 1e-6, _CREASE_MM))
    z = np.where(near, floored, level.z)
    pads = top.z - unpadded.z
    # Towards the end of that a hollow gets back its depth: else it would begin in a step.
    free = -(1.0 + _ROUND_SHARE) * pads * eased(outside, min(_HOLLOWS_MM, 0.5 * blend), blend)
    shallow = np.where(near, np.minimum(stands_z + wall - z, 0.0) - free, -np.inf)
    rounding = np.clip(-_ROUND_SHARE * pads, 1e-6, _ROUND_MM)
    return top.replaced(z + np.where(pads < 0.0, smooth_max(pads, shallow, rounding), pads))


def refuse_bent_post(plan: FootPlan, outline: FloatArray, even_below: HeightField, rx: Prescription) -> None:
    """Refuse an intrinsic post whose plane the even wall's underside does not show: its edge or thin front lies there.

    Raises
    ------
    ScanError
        By the rule post-lies-plane.
    """
    for post in intrinsic_posts(plan, rx):
        xy = even_below.nodes()
        here = post.region.outside_mm(xy) < -_OFF_BORDER_MM
        z, xy = even_below.z.ravel()[here], xy[here]
        within = inside(outline, xy)
        off = z[within] - post.rise_at(xy[within])
        plane = np.abs(off - np.median(off)) < _PLANE_MM if within.any() else np.zeros(1)
        if within.mean() < _MOST or plane.mean() < _MOST:
            raise ScanError(
                f"rule post-lies-plane: found {min(within.mean(), plane.mean()):.0%} of the place of the intrinsic "
                f"{post.where} post to lie in its plane, expected {_MOST:.0%} or more: the edge, or the taper, reaches "
                f'into it. Set insole.{post.where}_posting = "extrinsic", shorten distal_taper_mm, or raise the edges.'
            )


def _posted_flat(
    top: HeightField, post: Post, plan: FootPlan, rx: Prescription, height_z: float | None = None
) -> HeightField:
    """Bring a top onto the surface one wall above a post's planes, in its region.

    Under the forefoot nearly all is lowered, as plaster is added to a cast below the raised side of the ball
    (Root's platform), so far as `height_z` says where it is given. In the heel the planes lie where they change it
    least: only lowered it would become a well.
    """
    blend = _blend_mm(post, plan)
    x, y = np.broadcast_arrays(top.x, top.y)
    xy = np.column_stack([x.ravel(), y.ravel()])
    outside = post.region.outside_mm(xy)
    reached = outside < blend
    xy, outside, z = xy[reached], outside[reached], top.z.ravel()[reached]

    def surface(places: FloatArray) -> FloatArray:
        return np.asarray(post.rise_at(places) + _wall(plan, rx, places) * np.hypot(1.0, post.slopes[0]))

    inside = outside <= 0.0
    height = float(np.quantile((z - surface(xy))[inside], _HIGH[post.where])) if height_z is None else height_z
    change = height + surface(xy) - z
    # Outside, the change is that of a place pulled back towards the region, and fades.
    around = xy[~inside]
    near = _pulled(post, around, outside[~inside])
    fades = 1.0 - smooth_step(outside[~inside], 0.0, blend)
    change[~inside] = fades * (height + surface(near) - top.at(near))
    z_posted = top.z.ravel().copy()
    z_posted[reached] = z + change
    return top.replaced(z_posted.reshape(top.z.shape))


def _blend_mm(post: Post, plan: FootPlan) -> float:
    """Return how far outside a post's region the top comes back to the sole, mm: on a small foot sooner."""
    return min(_BLEND_MM[post.where], _BLEND_SHARE[post.where] * plan.length_mm)


def _pulled(post: Post, xy: FloatArray, outside: FloatArray) -> FloatArray:
    """Return (N, 2) points `outside` mm from a region pulled to less than `_FOLLOWS_MM` from it, smoothly."""
    steps = (np.array([_SLIGHT_MM, 0.0]), np.array([0.0, _SLIGHT_MM]))
    away = np.column_stack([post.region.outside_mm(xy + step) - post.region.outside_mm(xy - step) for step in steps])
    away /= np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9)
    left = _FOLLOWS_MM * (1.0 - np.exp(-outside / _FOLLOWS_MM))
    return np.asarray(xy - (outside - left)[:, None] * away)


def _wall(plan: FootPlan, rx: Prescription, xy: FloatArray) -> FloatArray:
    """Return how high the top lies over the underside at (N, 2) points, (N,) mm: it thins towards a shell's front end.

    A foot feels a steep front as a step: what the wall thins beyond a gentle slope is taken from the underside.
    Balls that grow by k on their way have an envelope that lies 1 / sqrt(1 - k^2) of their radius off their centres.
    """
    if rx.device.length != "shell":
        return asked_wall(rx.thickness, plan, xy, np.full(len(xy), np.inf))
    behind, asked = before_outline(plan, rx)(xy), rx.thickness
    most = asked.thickness_mm * max(1.0, asked.medial_thickness, asked.lateral_thickness)
    gentle = replace(asked, distal_edge_mm=max(asked.distal_edge_mm, most - _STEEPEST * asked.distal_taper_mm))
    before, wall, after = (asked_wall(gentle, plan, xy, behind + off) for off in (-_SLIGHT_MM, 0.0, _SLIGHT_MM))
    grows = np.clip((after - before) / (2.0 * _SLIGHT_MM), -0.9, 0.9)
    return np.asarray(wall / np.sqrt(1.0 - grows**2))
