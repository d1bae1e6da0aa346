"""The designed insole: all surfaces that are asked, which the solid is built from and the proof compares it with."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from scanproc.anatomy.foot_plan import FootPlan
from scanproc.artifacts import FORMED, Foot
from scanproc.design.cutter import refuse_unreached
from scanproc.design.distal_edge import DistalEdge
from scanproc.design.edge_profile import edge_profile
from scanproc.design.extension import SoftExtension, lengthened, soft_extension
from scanproc.design.intrinsic_posting import refuse_bent_post
from scanproc.design.placement_rules import refuse_off_device
from scanproc.design.plan import SoleLine
from scanproc.design.sole import ScannedSole, scanned_sole
from scanproc.design.top import Top, designed_top
from scanproc.design.trim_line import LATERAL_EDGE_AT, TrimLine
from scanproc.design.underside import NOTHING_BELOW, Underside, underside
from scanproc.design.wall import TAPER_GONE, EvenWall, asked_wall, even_wall
from scanproc.frames import FloatArray
from scanproc.pads.table import placed_pads
from scanproc.prescription.fields import Prescription
from scanproc.prescription.rules import block_height_mm
from scanproc.solid.blending import smooth_step
from scanproc.solid.edge_rounding import RoundedEdge, inwards, rounded_edge
from scanproc.solid.greedy_insertion import snapped_plan
from scanproc.solid.height_fields import HeightField

_CREST_AT = np.linspace(0.0, 1.75, 8)  # times the radius inside the outline, where the crest of a rim is looked for
_SHARES, _LOST_MM = (1.0, 0.75, 0.5, 0.25), 0.08  # of the radius, so that the crest becomes no lower by more
_IN_FRONT, _LOST_IN_FRONT_MM = (LATERAL_EDGE_AT[1], 0.60), 0.8  # shares of the length: no edge's height is asked ahead
_EVEN = 9  # places of the outline over which the radius changes


@dataclass(frozen=True)
class Design:
    """A designed insole.

    Attributes
    ----------
    line : heights of the top along the foot.
    sole : the foot's underside, lowered by the clearance, before the prescription's terms.
    top : with them, not yet cut at the trim line.
    distal_edge : the front end of the outline; the wall thins towards it.
    trim : the trim line, which the top is cut down to.
    outline : (K, 2), counter-clockwise from the rear.
    unseen_share : of the sole under the shell, how much no view saw.
    scanned : what the top was designed on.
    even : its wall without what lies below it.
    rim : the rounding of its upper outer edge, which the wall below does not follow.
    underside : what lies below the even wall.
    extension : the soft part ahead of a shell, where one is asked.
    """

    rx: Prescription
    scanned: ScannedSole
    plan: FootPlan
    line: SoleLine
    sole: HeightField
    top: HeightField
    distal_edge: DistalEdge
    trim: TrimLine
    outline: FloatArray
    unseen_share: float
    even: EvenWall | None = None
    rim: RoundedEdge | None = None
    underside: Underside = NOTHING_BELOW
    extension: SoftExtension | None = None

    def top_at(self, xy: FloatArray) -> FloatArray:
        """Return the asked height of the top at (N, 2) points, (N,) mm."""
        square = self.square_top_at(xy)
        return square if self.rim is None else square - self.rim.raised(xy)

    def square_top_at(self, xy: FloatArray) -> FloatArray:
        """Return the height of the top before its upper outer edge is rounded, (N,) mm: the wall lies below it."""
        return self.trim.cut(self.top.at(xy), xy)

    def wall_at(self, xy: FloatArray) -> FloatArray:
        """Return the asked wall at (N, 2) points, (N,) mm, thinning towards the front end."""
        thickness = self.rx.thickness
        return asked_wall(thickness, self.plan, xy, self.distal_edge.behind(xy, TAPER_GONE * thickness.distal_taper_mm))


def design(foot: Foot, rx: Prescription, before: ScannedSole | None = None) -> Design:
    """Return what is asked of the insole of a foot.

    Parameters
    ----------
    before : what another prescription of the same foot was designed on; the rays are not cast again.

    Raises
    ------
    ScanError
        If the sole under the shell was not seen, or a landmark is missing.
    """
    scanned = scanned_sole(foot, rx, before)
    asked = edged(scanned, designed_top(scanned, rx), rx)
    even = even_wall(asked.outline, rx.making.grid_mm, asked.square_top_at, asked.wall_at)
    placed = placed_pads(asked.plan, rx.pads)
    refuse_off_device(placed, asked.outline, asked.top, even.top, rx)
    if rx.device.process != "print":
        refuse_unreached(asked.outline, even.top, rx.making.cutter_mm)
    refuse_bent_post(asked.plan, asked.outline, even.bottom, rx)
    below = underside(foot.side, asked.plan, asked.outline, even.bottom, rx)
    rim_z = asked.square_top_at(asked.outline)
    block_height_mm(float(rim_z.max()) - below.lowest_z, rx)
    rim = _rounded_rim(asked, rim_z, rim_z - below.applied(asked.outline, even.bottom.at(asked.outline)))
    whole = replace(asked, even=even, underside=below, rim=rim)
    if rx.device.extension == "none":
        return whole
    return replace(whole, extension=soft_extension(whole, _long(scanned, rx)))


def _long(scanned: ScannedSole, rx: Prescription) -> Design:
    """Return the long insole that a soft extension is the front of."""
    longer = lengthened(rx)
    return edged(scanned, designed_top(scanned, longer), longer)


def _rounded_rim(asked: Design, rim_z: FloatArray, side_mm: FloatArray) -> RoundedEdge:
    """Return the rounding of the upper outer edge, at (K,) heights over upright sides: a lower edge upside down.

    A model that a sheet is formed over has none: the sheet would take a lip from it, and is finished by hand.
    """
    radius_mm = 0.0 if asked.rx.device.process in FORMED else asked.rx.thickness.rim_radius_mm
    outline = snapped_plan(asked.outline)
    inward, span = inwards(outline), max(radius_mm, 0.5)
    rises = (asked.square_top_at(outline + span * inward) - rim_z) / span
    edge = rounded_edge(outline, side_mm, rises, radius_mm)
    if not edge.rounds:
        return edge
    # Where the top falls from a narrow rim, as in a shallow cup, the whole radius would take its height.
    xy = outline + span * _CREST_AT[:, None, None] * inward
    z = asked.square_top_at(xy.reshape(-1, 2)).reshape(xy.shape[:2])
    in_front = smooth_step(outline[:, 0] / asked.plan.length_mm, *_IN_FRONT)
    share, most_mm = np.zeros(len(outline)), _LOST_MM + (_LOST_IN_FRONT_MM - _LOST_MM) * in_front
    for one in _SHARES:
        tried = rounded_edge(outline, side_mm, rises, one * radius_mm)
        lost_mm = z.max(axis=0) - (z - tried.raised(xy.reshape(-1, 2)).reshape(z.shape)).max(axis=0)
        share = np.maximum(share, np.where(lost_mm < most_mm, one, 0.0))
        if share.all():
            break
    if share.min() == 1.0:
        return edge
    even = ndimage.gaussian_filter1d(ndimage.minimum_filter1d(share, _EVEN, mode="wrap"), _EVEN / 4.0, mode="wrap")
    return rounded_edge(outline, side_mm, rises, even * radius_mm)


def edged(scanned: ScannedSole, top: Top, rx: Prescription) -> Design:
    """Give a top its trim line and its outline."""
    plan = scanned.plan
    line = SoleLine.of(top.field, top.sole, plan)
    profile = edge_profile(scanned, top, line, rx)
    unseen = scanned.unseen_share(profile.outline, rx.judgement)
    return Design(
        rx, scanned, plan, line, top.sole, top.field, profile.distal_edge, profile.trim, profile.outline, unseen
    )
