"""The soft extension of a shell: a part of its own, from the shell's front end to the sulcus or before the toes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scanproc.anatomy.foot_plan import DistalLine, FootPlan
from scanproc.design.front_platform import stands_level
from scanproc.design.wall import EvenWall, bottom_at, even_wall
from scanproc.frames import FloatArray
from scanproc.mesh.polygons import begun_behind, cut_and_rounded, offset, smoothed_curve
from scanproc.mesh.polyline_distance import nearest_on_curve
from scanproc.prescription.fields import Prescription
from scanproc.solid.blending import smooth_max, smooth_step
from scanproc.solid.edge_rounding import RoundedEdge, rounded_edge
from scanproc.solid.greedy_insertion import snapped_plan

if TYPE_CHECKING:
    from scanproc.design.shape import Design

JOINT_MM = 0.2  # from the shell's front end: room for the glue, and for what a printer puts on
_CORNER_MM, _SIGMA_MM, _STEP_MM = 3.0, 1.0, 0.7  # what is narrower than two corners, beside the shell, is left out
_GOES_OVER_MM = 12.0  # ahead of the shell's front end its top goes over to that of a long insole
_TOES_MM = 0.5  # what of the sole stands higher over a long insole, but for its thinner wall, are toes
_INNER_SHARE = 0.6  # of half the ball's width: beside it shell and long insole have walls, which end at the joint
_CREASE_MM = 0.1  # over which it rounds into what it stands on
_BESIDE_JOINT_MM = 1.0


@dataclass(frozen=True)
class SoftExtension:
    """A designed extension.

    Attributes
    ----------
    outline : (K, 2) mm, counter-clockwise.
    even : its even wall; it goes on beyond the outline.
    rim : the rounding of its upper outer edge, but for the joint.
    wall_mm : its thickness.
    """

    outline: FloatArray
    even: EvenWall
    rim: RoundedEdge
    wall_mm: float

    def top_at(self, xy: FloatArray) -> FloatArray:
        """Return the asked height of its top at (N, 2) points, (N,) mm."""
        return self.even.top.at(xy) - self.rim.raised(xy)

    def bottom_at(self, xy: FloatArray) -> FloatArray:
        """Return the height of its underside at (N, 2) points, (N,) mm."""
        return bottom_at(self.even.bottom, xy)


def lengthened(rx: Prescription) -> Prescription:
    """Return the prescription of the long insole that the extension is the front of."""
    return rx.changed(
        length=rx.device.extension,
        forefoot_mm=rx.thickness.extension_mm,
        first_ray_cut=False,
        fifth_ray_cut=False,
    )


def soft_extension(shell: Design, long: Design) -> SoftExtension:
    """Return what of a long insole lies ahead of a shell; its top begins as the shell's, and ends as the long one's.

    It has no walls. What is cut out of the shell's front end is filled.

    Parameters
    ----------
    shell : with its underside; it stands no lower.
    """
    rx, plan = shell.rx, shell.plan
    end = DistalLine(plan.on_ball(0.0, -rx.gap_mm), plan.ball_normal)
    ahead = cut_and_rounded(long.outline, None, _CORNER_MM, [offset(shell.outline, JOINT_MM)])
    behind_y = 0.5 * float(ahead[:, 1].min() + ahead[:, 1].max())
    outline = snapped_plan(smoothed_curve(begun_behind(ahead, behind_y), _SIGMA_MM, _STEP_MM, closed=True))
    wall_mm, level = rx.thickness.extension_mm, stands_level(rx)
    most_mm = rx.thickness.thickness_mm - wall_mm + _TOES_MM

    def top_at(xy: FloatArray) -> FloatArray:
        share, inner = smooth_step(-end.behind(xy), 0.0, _GOES_OVER_MM), _off_walls(plan, xy)
        z = long.top.at(inner)
        higher = np.minimum(shell.top.at(inner) - z, most_mm)
        z += (1.0 - share) * higher
        return smooth_max(z, np.full(len(z), shell.underside.lowest_z + wall_mm), _CREASE_MM) if level else z

    even = even_wall(outline, rx.making.grid_mm, top_at, lambda xy: np.full(len(xy), wall_mm))
    to_shell = nearest_on_curve(shell.outline, outline, _BESIDE_JOINT_MM, closed=True).distance_mm
    radius_mm = np.where(np.isfinite(to_shell), 0.0, rx.thickness.rim_radius_mm)
    rim = rounded_edge(outline, np.full(len(outline), wall_mm), np.zeros(len(outline)), radius_mm)
    return SoftExtension(outline, even, rim, wall_mm)


def _off_walls(plan: FootPlan, xy: FloatArray) -> FloatArray:
    """Return (N, 2) places brought so far inwards, along the line of the metatarsal heads, that no wall rises there."""
    line = plan.fibulare - plan.tibiale
    half = 0.5 * float(np.linalg.norm(line))
    across = line / (2.0 * half)
    aside = (xy - plan.on_ball(0.5, 0.0)) @ across
    return np.asarray(xy + (np.clip(aside, -_INNER_SHARE * half, _INNER_SHARE * half) - aside)[:, None] * across)
