"""The designed insole: all surfaces that are asked, which the solid is built from and the proof compares it with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import Foot
from scanproc.design.outline import shell_outline
from scanproc.design.plan import HEEL_END, DistalLine, FootPlan, SoleLine
from scanproc.design.rim import Rim, RimHeights, side_rim
from scanproc.design.sole import ScannedSole, scanned_sole
from scanproc.design.top import Top, designed_top
from scanproc.frames import FloatArray
from scanproc.geometry.heightfields import HeightField
from scanproc.geometry.outlines import smoothed_curve
from scanproc.prescription.fields import Prescription

_OUTLINE_SIGMA_MM, _OUTLINE_STEP_MM = 1.5, 0.7


@dataclass(frozen=True)
class Design:
    """A designed insole.

    Attributes
    ----------
    line : heights of the top along the foot.
    sole : the foot's underside, lowered by the clearance, before the prescription's terms.
    top : with them, not yet cut at the rim.
    outline : (K, 2), counter-clockwise.
    unseen_share : of the sole under the shell, how much no view saw.
    """

    rx: Prescription
    plan: FootPlan
    line: SoleLine
    sole: HeightField
    top: HeightField
    distal: DistalLine
    rim: Rim
    outline: FloatArray
    unseen_share: float

    def top_at(self, xy: FloatArray) -> FloatArray:
        """Return the asked height of the top at (N, 2) points, (N,) mm."""
        return self.rim.cut(self.top.at(xy), xy)

    def wall_at(self, xy: FloatArray) -> FloatArray:
        """Return the asked wall at (N, 2) points, (N,) mm: even, thinning towards the front end."""
        edge = min(self.rx.distal_edge_mm, self.rx.thickness_mm)
        rise = np.clip(self.distal.behind(xy) / self.rx.distal_taper_mm, 0.0, 1.0)
        return np.asarray(edge + (self.rx.thickness_mm - edge) * rise)


def design(foot: Foot, rx: Prescription) -> Design:
    """Return what is asked of the insole of a foot.

    Raises
    ------
    ScanError
        If the sole under the shell was not seen, or a landmark is missing.
    """
    scanned = scanned_sole(foot, rx)
    top = designed_top(scanned, rx)
    return edged(scanned, top, rx)


def edged(scanned: ScannedSole, top: Top, rx: Prescription) -> Design:
    """Give a top its rim and its outline."""
    plan, field = scanned.plan, top.field
    distal = DistalLine(plan.tibiale - rx.distal_gap_mm * plan.ball_normal, plan.ball_normal)
    in_heel = scanned.raw.covered & (field.x >= 0.0) & (field.x < HEEL_END * plan.length_mm)
    heel_z = float(field.z[in_heel].min()) + rx.heel_cup_depth_mm
    line = SoleLine.of(field, top.sole, plan)
    heights = RimHeights(line, heel_z, rx.medial_edge_mm, rx.side_edge_mm)
    rim = side_rim(field, plan, heights, rx.thickness_mm)
    outline = smoothed_curve(shell_outline(rim, distal), _OUTLINE_SIGMA_MM, _OUTLINE_STEP_MM, closed=True)
    scanned.refuse_unseen(outline, rx)
    return Design(rx, plan, line, top.sole, field, distal, rim, outline, scanned.unseen_share(outline))
