"""The edge of the insole: its height, the foot's own edge, the outline, the front end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.design.front import FrontEnd
from scanproc.design.outline import insole_outline
from scanproc.design.plan import HEEL_END, FootPlan, SoleLine
from scanproc.design.rim import Border, Rim, RimHeights, side_rim
from scanproc.design.shoe import refuse_cut_cup
from scanproc.design.sole import ScannedSole
from scanproc.design.top import Top
from scanproc.frames import FloatArray
from scanproc.geometry.heightfields import HeightField, smooth_step
from scanproc.prescription.fields import Prescription

_FOREFOOT_MM = (-35.0, -8.0)  # ahead of the metatarsal heads, where the border becomes that of the scanned sole


@dataclass(frozen=True)
class Edge:
    """The edge of an insole.

    Attributes
    ----------
    heights : how high it is asked to stand, anywhere.
    rim : the foot's own edge.
    outline : (K, 2) mm, counter-clockwise from the rear, about 0.7 mm apart.
    front : the front end of the outline.
    """

    heights: RimHeights
    rim: Rim
    outline: FloatArray
    front: FrontEnd


def edge_of(scanned: ScannedSole, top: Top, line: SoleLine, rx: Prescription) -> Edge:
    """Return the edge that a prescription asks of a top.

    Raises
    ------
    ScanError
        If the sole has no border, the shoe does not fit the foot, or the outline leaves the scan or cuts the cup.
    """
    foot = scanned.plan
    heights = _heights(scanned, top.field, line, rx)
    border = _side_border(top, heights, foot) if rx.length == "shell" else _whole_border(scanned, top, heights, rx)
    rim = side_rim(top.field, foot, heights, rx.thickness_mm, border)
    outline, front = insole_outline(rim, scanned.field, foot, rx)
    heel = outline[outline[:, 0] < HEEL_END * foot.length_mm]
    refuse_cut_cup(top.field.at(heel) - heights.at(heel, foot), rx.dose_tolerance_mm, rx)
    return Edge(heights, rim, outline, front)


def _heights(scanned: ScannedSole, field: HeightField, line: SoleLine, rx: Prescription) -> RimHeights:
    in_heel = scanned.raw.covered & (field.x >= 0.0) & (field.x < HEEL_END * scanned.plan.length_mm)
    heel_z = float(field.z[in_heel].min()) + rx.heel_cup_depth_mm
    flanges = rx.medial_flange_mm, rx.lateral_flange_mm
    return RimHeights(line, heel_z, rx.medial_edge_mm, rx.side_edge_mm, *flanges)


def _side_border(top: Top, heights: RimHeights, foot: FootPlan) -> Border:
    return Border(lambda xy: top.field.at(xy) - heights.at(xy, foot), all_round=False)


def _whole_border(scanned: ScannedSole, top: Top, heights: RimHeights, rx: Prescription) -> Border:
    """Return the border that becomes, at the ball, where the scanned sole rises as high as the side edge stands.

    The asked top has no walls there to be cut at.
    """
    foot, sole = scanned.plan, scanned.field
    scanned_heights = RimHeights(SoleLine.of(sole, sole, foot), heights.heel_z, rx.medial_edge_mm, rx.side_edge_mm)
    x, y = np.broadcast_arrays(sole.x, sole.y)
    xy = np.column_stack([x.ravel(), y.ravel()])
    behind = top.field.z.ravel() - heights.at(xy, foot)
    ahead = sole.z.ravel() - scanned_heights.at(xy, foot)
    excess = behind + (ahead - behind) * smooth_step(foot.ahead_of_ball(xy), *_FOREFOOT_MM)
    return Border(sole.replaced(excess.reshape(x.shape)).at, all_round=True)
