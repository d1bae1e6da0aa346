"""Posts: the planes that an insole stands on under the heel and behind the ball."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from scanproc.anatomy.foot_plan import FootPlan
from scanproc.artifacts import BoolArray
from scanproc.frames import FloatArray
from scanproc.prescription.doses import Posts
from scanproc.prescription.fields import Prescription

HEEL_WIDTH_SHARE = 0.72  # of the heel's width that the post is wide: its bevel ends below the cup's upright rim
HEEL_START_MM, HEEL_END_SHARE = 11.0, 0.28  # from behind the cup's rounding to where the arch begins
FREE_MM = 0.05  # a platform lies so far below the wall that the wall nowhere pierces it
FRONT_MARGIN_MM, FRONT_LENGTH_MM = 4.0, 22.0  # behind the front end, so that the thin edge stays; and its length
_SIDE_MARGIN_SHARE = (
    0.13  # of the ball's width, at either side of a forefoot post, so that its bevel ends below the wall
)
_UNEVEN_MM = 0.5  # between both sides of a wall, from which the heel stands on a level post
_CORNER_MM, _HEEL_CORNER_SHARE = 8.0, 0.9  # radii: a heel post's as a share of half its width, as the heel is round


@dataclass(frozen=True)
class Region:
    """A rectangle with round corners in the plan: `centre` (2,), `along` (2,) unit vector, sizes in mm."""

    centre: FloatArray
    along: FloatArray
    half_length: float
    half_width: float
    corner_mm: float = _CORNER_MM

    @property
    def across(self) -> FloatArray:
        """Unit vector, (2,), to the left of `along`."""
        return np.array([-self.along[1], self.along[0]])

    def outside_mm(self, xy: FloatArray) -> FloatArray:
        """Return how far (N, 2) points lie outside, (N,) mm; negative inside."""
        offset = xy - self.centre
        corner = min(self.corner_mm, self.half_length, self.half_width)
        u = np.abs(offset @ self.along) - (self.half_length - corner)
        v = np.abs(offset @ self.across) - (self.half_width - corner)
        beyond = np.hypot(np.maximum(u, 0.0), np.maximum(v, 0.0))
        return np.asarray(beyond + np.minimum(np.maximum(u, v), 0.0) - corner)

    def inside(self, xy: FloatArray) -> BoolArray:
        """Tell which of (N, 2) points lie in the region, (N,) bool."""
        return np.asarray(self.outside_mm(xy) <= 0.0)


@dataclass(frozen=True)
class Post:
    """One or two planes that meet in a line along the foot, under a region of the insole; no slope along x.

    A post raises the side where its plane lies lower: the insole tips towards the other one when it stands on it.

    Attributes
    ----------
    where : what it is; "base" is a whole flat underside.
    ridge_y : y of the line at which the height of the planes is given, mm.
    slopes : dz/dy of its planes; with two, the higher one counts, so that the insole can roll from one to the other.
    """

    where: Literal["rearfoot", "forefoot", "arch", "base"]
    region: Region
    ridge_y: float
    slopes: tuple[float, ...]

    @property
    def is_level(self) -> bool:
        """Whether it has no slope: that of a lift alone."""
        return not any(self.slopes)

    def rise_at(self, xy: FloatArray) -> FloatArray:
        """Return the height over the ridge line at (N, 2) points, (N,) mm."""
        return np.asarray(np.max([slope * (xy[:, 1] - self.ridge_y) for slope in self.slopes], axis=0))

    def below(self, xy: FloatArray, z: FloatArray) -> float:
        """Return the height of the ridge line of the highest such post that heights z, (N,), nowhere undercut."""
        within = self.region.inside(xy) & np.isfinite(z)
        return float((z[within] - self.rise_at(xy[within])).min())


def rearfoot_post(plan: FootPlan, rx: Prescription) -> Post | None:
    """Return the post under the heel, None where neither an angle, a motion, a lift, a skive nor the wall asks for one.

    A skive asks for a level one, and so does a wall that is thicker on one side: on their own underside the device
    would roll to the other. So does a foot that keeps its inclination on a level front end: its heel stands higher.
    """
    posts, wall = rx.posts, rx.thickness
    uneven_mm = wall.thickness_mm * abs(wall.medial_thickness - wall.lateral_thickness)
    skived = max(rx.heel.medial_skive_mm, rx.heel.lateral_skive_mm) > 0.0
    asked = max(posts.rearfoot_post_deg, posts.rearfoot_motion_deg, rx.heel.heel_lift_mm) > 0.0
    level = rx.device.length == "shell" and rx.device.style == "shell" and posts.level_front
    inclined = level and posts.cast_balance != "tripod" and posts.forefoot_post_deg == 0.0
    if not (asked or skived or inclined) and uneven_mm < _UNEVEN_MM:
        return None
    end = HEEL_END_SHARE * plan.length_mm
    centre = np.array([0.5 * (HEEL_START_MM + end), plan.heel[1]])
    half_width = 0.5 * HEEL_WIDTH_SHARE * plan.heel_width_mm
    region = Region(
        centre, np.array([1.0, 0.0]), 0.5 * (end - HEEL_START_MM), half_width, _HEEL_CORNER_SHARE * half_width
    )
    # A motion of 4 degrees on a post of 4: the insole can roll from 4 degrees to 0.
    angles = {posts.rearfoot_post_deg, posts.rearfoot_post_deg - posts.rearfoot_motion_deg}
    slopes = tuple(_slope(plan, angle, posts.rearfoot_post) for angle in sorted(angles, reverse=True))
    return Post("rearfoot", region, float(plan.heel[1]), slopes)


def forefoot_post(plan: FootPlan, posts: Posts, gap_mm: float) -> Post | None:
    """Return the post behind the line of the metatarsal heads, None where no angle asks for one.

    Parameters
    ----------
    gap_mm : by which the insole ends behind that line.
    """
    if posts.forefoot_post_deg == 0.0:
        return None
    region = front_region(plan, gap_mm)
    slope = _slope(plan, posts.forefoot_post_deg, posts.forefoot_post)
    return Post("forefoot", region, float(region.centre[1]), (slope,))


def front_region(plan: FootPlan, gap_mm: float) -> Region:
    """Return the place behind the front end that a post has there, or a platform; `gap_mm` as above."""
    centre = plan.on_ball(0.5, -(gap_mm + FRONT_MARGIN_MM + 0.5 * FRONT_LENGTH_MM))
    width = float(np.linalg.norm(plan.fibulare - plan.tibiale))
    return Region(centre, plan.ball_normal, 0.5 * FRONT_LENGTH_MM, (0.5 - _SIDE_MARGIN_SHARE) * width)


def _slope(plan: FootPlan, angle_deg: float, raises: Literal["varus", "valgus"]) -> float:
    """Return dz/dy of a post's plane in the foot frame: low on the side that it raises."""
    low_y = plan.medial_y if raises == "varus" else -plan.medial_y
    return float(-low_y * np.tan(np.deg2rad(angle_deg)))
