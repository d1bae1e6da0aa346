"""The designed insole: all surfaces that are asked, which the solid is built from and the proof compares it with."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from scanproc.artifacts import Foot
from scanproc.design.outline import shell_outline
from scanproc.design.plan import HEEL_END, DistalLine, FootPlan, SoleLine
from scanproc.design.rim import Rim, RimHeights, side_rim
from scanproc.design.sole import ScannedSole, scanned_sole
from scanproc.design.top import Top, designed_top
from scanproc.design.under import NOTHING_BELOW, Under, under
from scanproc.frames import FloatArray
from scanproc.geometry.heightfields import HeightField
from scanproc.geometry.outlines import smoothed_curve
from scanproc.geometry.solids import parallel_below
from scanproc.prescription.fields import Prescription

_OUTLINE_SIGMA_MM, _OUTLINE_STEP_MM = 1.5, 0.7
_EVEN_STEP_MM = 1.0


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
    scanned : what the top was designed on.
    under : what lies below the even wall.
    """

    rx: Prescription
    scanned: ScannedSole
    plan: FootPlan
    line: SoleLine
    sole: HeightField
    top: HeightField
    distal: DistalLine
    rim: Rim
    outline: FloatArray
    unseen_share: float
    under: Under = NOTHING_BELOW

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
    asked = edged(scanned, designed_top(scanned, rx), rx)
    return replace(asked, under=under(foot.side, asked.plan, asked.outline, even_underside(asked), rx))


def even_underside(asked: Design) -> HeightField:
    """Return the even wall's underside on a grid of 1 mm; it counts inside the outline."""
    # Its lines include y = 0, so that a mirrored foot has the mirrored grid.
    low = np.floor(asked.outline.min(axis=0) / _EVEN_STEP_MM - 1.0) * _EVEN_STEP_MM
    high = asked.outline.max(axis=0) + _EVEN_STEP_MM
    shape = np.ceil((high - low) / _EVEN_STEP_MM).astype(int) + 1
    grid = HeightField(float(low[0]), float(low[1]), _EVEN_STEP_MM, np.zeros(shape))
    x, y = np.broadcast_arrays(grid.x, grid.y)
    xy = np.column_stack([x.ravel(), y.ravel()])
    top = grid.replaced(asked.top_at(xy).reshape(shape))
    return grid.replaced(parallel_below(top.mesh(), asked.wall_at(xy)).reshape(shape))


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
    return Design(rx, scanned, plan, line, top.sole, field, distal, rim, outline, scanned.unseen_share(outline))
