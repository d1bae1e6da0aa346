"""The edge profile of the insole: its height, the trim line, the outline, the distal edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from scanproc.anatomy.foot_plan import FootPlan
from scanproc.anatomy.foot_regions import ARCH_WINDOW
from scanproc.artifacts import BoolArray
from scanproc.changes import Change, higher
from scanproc.design.distal_edge import DistalEdge
from scanproc.design.outline import insole_outline
from scanproc.design.plan import ARCH_END, HEEL_END, SoleLine
from scanproc.design.shoe import refuse_cut_cup
from scanproc.design.sole import ScannedSole
from scanproc.design.top import Top
from scanproc.design.trim_line import (
    CUP_END,
    LATERAL_EDGE_AT,
    MEDIAL_EDGE_AT,
    Border,
    SideEdge,
    TrimHeights,
    TrimLine,
    trim_line,
)
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.mesh.polyline_distance import inside
from scanproc.prescription.advised import advised
from scanproc.prescription.fields import Prescription
from scanproc.solid.blending import smooth_step
from scanproc.solid.height_fields import HeightField

_INVENTED_MM, _FLANGE_SEARCH_MM = 5.0, 15.0  # of a wall that goes on beyond the scan; the foot is looked for
_BESIDE_MM = 10.0  # from an edge to the foot's side, the wall's lip and the room of expansions between them
_CORNER = 0.01  # of the length, behind the front end
_FLAT_FROM_MM = 12.0  # behind the metatarsal heads sulcus and full lengths have no walls any more
_WAIST = ARCH_WINDOW  # the waist lies beside the arch
_OFF_FRONT_MM = 8.0  # clear of the front end
_WAIST_STATIONS, _WAIST_STEP_MM = 31, 0.2
_FOREFOOT_MM = (-35.0, -8.0)  # ahead of the metatarsal heads, where the border becomes that of the scanned sole


@dataclass(frozen=True)
class EdgeProfile:
    """The edge profile of an insole.

    Attributes
    ----------
    heights : how high it is asked to stand, anywhere.
    trim : the line that the top is cut down to.
    outline : (K, 2) mm, counter-clockwise from the rear, about 0.7 mm apart.
    distal_edge : the front end of the outline.
    """

    heights: TrimHeights
    trim: TrimLine
    outline: FloatArray
    distal_edge: DistalEdge


def edge_profile(scanned: ScannedSole, top: Top, line: SoleLine, rx: Prescription) -> EdgeProfile:
    """Return the edge profile that a prescription asks of a top.

    Raises
    ------
    ScanError
        If the sole has no border, the shoe does not fit the foot, or the outline leaves the scan or cuts the cup.
    """
    foot = scanned.plan
    heights = _heights(scanned, top.field, line, rx)
    border = (
        _side_border(top, heights, foot) if rx.device.length == "shell" else _whole_border(scanned, top, heights, rx)
    )
    trim = trim_line(top.field, foot, heights, rx.thickness.thickness_mm, border)
    for name, flange, side in _flanges(heights, foot):
        if flange.flange_mm > 0.0:
            _refuse_flange_beyond_scan(name, flange, trim, side, scanned, top, rx)
    outline, distal_edge = insole_outline(trim, scanned.field, foot, rx)
    _refuse_narrow_waist(outline, distal_edge, line, foot, rx)
    heel = outline[outline[:, 0] < HEEL_END * foot.length_mm]
    refuse_cut_cup(top.field.at(heel) - heights.at(heel), rx.heel.heel_cup_depth_mm, rx.judgement.dose_tolerance_mm)
    return EdgeProfile(heights, trim, outline, distal_edge)


def _heights(scanned: ScannedSole, field: HeightField, line: SoleLine, rx: Prescription) -> TrimHeights:
    in_heel = scanned.raw.covered & (field.x >= 0.0) & (field.x < HEEL_END * scanned.plan.length_mm)
    heel_z = float(field.z[in_heel].min()) + rx.heel.heel_cup_depth_mm
    return _heights_over(line, heel_z, scanned.plan, rx)


def _heights_over(line: SoleLine, heel_z: float, foot: FootPlan, rx: Prescription) -> TrimHeights:
    ends = [_side_end(foot, share, rx) for share in (0.05, 0.95)]
    medial = SideEdge(rx.arch.medial_flange_mm, rx.arch.side_edge_mm, ends[0], MEDIAL_EDGE_AT)
    lateral = SideEdge(rx.arch.lateral_flange_mm, rx.arch.side_edge_mm, ends[1], LATERAL_EDGE_AT)
    return TrimHeights(foot, line, heel_z, rx.arch.medial_edge_mm, medial, lateral)


def _side_end(foot: FootPlan, width_share: float, rx: Prescription) -> float:
    """Return the share of the length where a side meets the front end, or the flat forefoot."""
    behind = rx.arch.distal_gap_mm if rx.device.length == "shell" else _FLAT_FROM_MM
    return min(float(foot.on_ball(width_share, -behind)[0]) / foot.length_mm - _CORNER, ARCH_END)


def _side_border(top: Top, heights: TrimHeights, foot: FootPlan) -> Border:
    return Border(lambda xy: top.field.at(xy) - heights.at(xy), all_round=False)


def _whole_border(scanned: ScannedSole, top: Top, heights: TrimHeights, rx: Prescription) -> Border:
    """Return the border that becomes, at the ball, where the scanned sole rises as high as the side edge stands.

    The asked top has no walls there to be cut at.
    """
    foot, sole = scanned.plan, scanned.field
    scanned_heights = _heights_over(SoleLine.of(sole, sole, foot), heights.heel_z, foot, rx)
    x, y = np.broadcast_arrays(sole.x, sole.y)
    xy = np.column_stack([x.ravel(), y.ravel()])
    behind = top.field.z.ravel() - heights.at(xy)
    ahead = sole.z.ravel() - scanned_heights.at(xy)
    excess = behind + (ahead - behind) * smooth_step(foot.ahead_of_ball(xy), *_FOREFOOT_MM)
    return Border(sole.replaced(excess.reshape(x.shape)).at, all_round=True)


def _refuse_narrow_waist(
    outline: FloatArray, distal_edge: DistalEdge, line: SoleLine, foot: FootPlan, rx: Prescription
) -> None:
    """Refuse an insole that a low edge or a shoe leaves no width between the heel and the front end, or a cut-out."""
    ends = [float(piece[:, 0].min()) - _OFF_FRONT_MM for piece in distal_edge.pieces]
    first, last = (share * foot.length_mm for share in _WAIST)
    x = np.linspace(first, max(min([*ends, last]), first), _WAIST_STATIONS)
    y = np.arange(float(outline[:, 1].min()), float(outline[:, 1].max()), _WAIST_STEP_MM)
    xy = np.stack(np.broadcast_arrays(x[:, None], y[None, :]), axis=-1).reshape(-1, 2)
    width = inside(outline, xy).reshape(len(x), -1).sum(axis=1) * _WAIST_STEP_MM
    share = width / line.at(x, line.width_mm)
    least_share = rx.judgement.min_waist_share
    if share.min() < least_share:
        accepted = Change("min_waist_share", to=float(np.floor(100.0 * share.min())) / 100.0)
        changes = (higher("medial_edge_mm"), higher("side_edge_mm"), accepted)
        raise ScanError(
            f"rule waist-is-wide: found an insole of {float(width[share.argmin()]):.0f} mm at its waist, "
            f"{share.min():.2f} of the foot's width there, less than {least_share:g} (insole.min_waist_share), "
            f"expected a wider one; {advised(changes, rx)}."
        )


def _flanges(heights: TrimHeights, foot: FootPlan) -> list[tuple[str, SideEdge, float]]:
    """Return name, edge and side (+1 left) of both flanges."""
    return [("medial", heights.medial, foot.medial_y), ("lateral", heights.lateral, -foot.medial_y)]


def _refuse_flange_beyond_scan(
    name: str, side_edge: SideEdge, trim: TrimLine, side: float, scanned: ScannedSole, top: Top, rx: Prescription
) -> None:
    """Refuse a flange that stands higher than the foot's side was seen: the wall goes on straight there, invented.

    Over the foot's widest place the side turns away from the wall; where it was seen, the wall stands beside a foot.
    """
    s = trim.curve[:, 0] / scanned.plan.length_mm
    here = (trim.curve[:, 1] * side > 0.0) & (s > CUP_END) & (s < side_edge.end)
    step = np.gradient(trim.curve, axis=0)
    inward = np.column_stack([-step[:, 1], step[:, 0]]) / np.linalg.norm(step, axis=1, keepdims=True)
    cells = scanned.raw.covered if rx.judgement.allow_unseen_sole else scanned.raw.seen
    seen_z = np.full(int(here.sum()), -np.inf)
    for in_mm in np.arange(0.0, _FLANGE_SEARCH_MM, rx.making.grid_mm):
        xy = trim.curve[here] + (trim.lip_mm[here] + in_mm)[:, None] * inward[here]
        seen = scanned.raw.field.cells_at(xy, cells) & np.isinf(seen_z)
        seen_z[seen] = top.field.at(xy[seen])
    # What cup and arch ask is not the flange's doing.
    share = side_edge.flange_share(s[here])
    above = trim.z[here] - seen_z
    above[_beside_foot(trim.curve[here], trim.z[here], scanned, rx)] = 0.0
    invented = np.minimum(above, side_edge.flange_mm * share)
    if invented.max(initial=0.0) > _INVENTED_MM:
        above, share = (values[invented > _INVENTED_MM] for values in (above, share))
        most_mm = np.maximum(side_edge.flange_mm - (above - _INVENTED_MM) / share, _INVENTED_MM / share)
        raise ScanError(
            f"found insole.{name}_flange_mm = {side_edge.flange_mm:g} to stand {invented.max():.0f} mm higher than the"
            f" side of the foot was seen, expected at most {_INVENTED_MM:g} mm. Ask for less, insole.{name}_flange_mm ="
            f" {np.floor(most_mm.min()):.0f}, or scan the foot's sides as well."
        )


def _beside_foot(xy: FloatArray, z: FloatArray, scanned: ScannedSole, rx: Prescription) -> BoolArray:
    """Tell at which of (N,) places of an edge the foot's side was seen beside it, (N,) bool."""
    foot = scanned.foot
    seen = foot.mesh.vertices if rx.judgement.allow_unseen_sole else foot.mesh.vertices[foot.views > 0]
    seen = seen[seen[:, 2] < float(z.max(initial=0.0)) + _BESIDE_MM]
    if not len(seen) or not len(xy):
        return np.zeros(len(xy), dtype=bool)
    distance, _ = cKDTree(seen).query(np.column_stack([xy, z]), distance_upper_bound=_BESIDE_MM)
    return np.asarray(np.isfinite(distance))
