"""The top of the insole: the scanned sole, lowered by the clearance, with the prescription's terms."""

from __future__ import annotations

from dataclasses import dataclass, replace

from scanproc.anatomy.foot_plan import FootPlan
from scanproc.design.arch import arch_at, arch_fill
from scanproc.design.expansion import expanded
from scanproc.design.forefoot import SideWalls, without_toes
from scanproc.design.front_platform import stands_level
from scanproc.design.heel import lifted, skived
from scanproc.design.intrinsic_posting import levelled, posted
from scanproc.design.pads import padded
from scanproc.design.plan import quarter_line
from scanproc.design.sole import ScannedSole
from scanproc.prescription.doses import Arch
from scanproc.prescription.fields import Prescription
from scanproc.prescription.making_rules import is_milled
from scanproc.solid.ball_erosion import erode_with_ball
from scanproc.solid.height_fields import HeightField


@dataclass(frozen=True)
class Top:
    """The asked top.

    Attributes
    ----------
    sole : the scanned sole with its expansions, lowered by clearance and cover: what a shell without doses copies.
    arched : that with the arch filled or at its target, where `arch_target_mm` is counted; of a sulcus or full length
        without toes and side walls in front.
    field : with the prescription's terms, not yet cut at the trim line.
    """

    sole: HeightField
    arched: HeightField
    field: HeightField


def designed_top(scanned: ScannedSole, rx: Prescription) -> Top:
    """Return the top that a prescription asks over a scanned sole.

    The terms come in this order, each over all before it: expansion, clearance and cover, forefoot; arch, skives, pads
    and hollows, lift, intrinsic posts, the level front end. A term without a dose changes no bit. Those up to the lift
    add up: any one makes the same change, whatever the others are (but for a skive, whose plane does not follow the
    sole); an intrinsic post flattens what lies in its region, the front end's platform what is no pad.
    """
    shaping, walls = _shaping_the_top(rx), SideWalls.holding(rx.arch)
    return scanned.memo.of(("top", shaping, walls), lambda: _designed_top(scanned, shaping, walls))


def _shaping_the_top(rx: Prescription) -> Prescription:
    """Return a prescription without all that shapes no top, so that tops of two that differ in it are the same."""
    standard, edges = Prescription(), Arch()
    arch = replace(
        rx.arch,
        medial_edge_mm=edges.medial_edge_mm,
        side_edge_mm=edges.side_edge_mm,
        medial_flange_mm=edges.medial_flange_mm,
        lateral_flange_mm=edges.lateral_flange_mm,
    )
    heel = replace(rx.heel, heel_cup_depth_mm=standard.heel.heel_cup_depth_mm)
    return replace(
        rx,
        arch=arch,
        heel=heel,
        marks=standard.marks,
        making=standard.making,
        judgement=standard.judgement,
        evidence=(),
    )


def _designed_top(scanned: ScannedSole, rx: Prescription, walls: SideWalls) -> Top:
    plan, memo, fit = scanned.plan, scanned.memo, rx.fit
    sole = memo.of(
        ("sole", fit), lambda: lowered(expanded(scanned.field, plan, fit), fit.clearance_mm + fit.top_cover_mm)
    )
    base = sole
    if rx.device.length != "shell":
        level, thinner_mm = stands_level(rx), rx.thickness.thickness_mm - rx.thickness.in_front_mm
        base = memo.of(
            ("toes", fit, walls, level, thinner_mm),
            lambda: without_toes(sole, plan, walls, level=level, thinner_mm=thinner_mm),
        )
    if rx.arch.arch_target_mm is not None:
        line = quarter_line(sole, plan).arch(plan.length_mm)
        arched = arch_at(base, plan, line, rx.arch.arch_target_mm, fit.clearance_mm)
    else:
        arched = base.replaced(base.z - arch_fill(base, plan, rx.arch.arch_fill_mm)) if rx.arch.arch_fill_mm else base
    return Top(sole, arched, _with_terms(arched, plan, rx))


def _with_terms(top: HeightField, plan: FootPlan, rx: Prescription) -> HeightField:
    """Return a top with all terms that come after the arch."""
    milled = is_milled(rx.device)
    if rx.heel.medial_skive_mm:
        top = skived(top, plan, rx.heel, "medial", milled=milled)
    if rx.heel.lateral_skive_mm:
        top = skived(top, plan, rx.heel, "lateral", milled=milled)
    whole = padded(top, plan, rx.pads)
    unpadded = _raised(top, plan, rx)
    return levelled(unpadded if whole is top else _raised(whole, plan, rx), unpadded, plan, rx)


def _raised(top: HeightField, plan: FootPlan, rx: Prescription) -> HeightField:
    """Return a top with its lift and its intrinsic posts."""
    if rx.heel.heel_lift_mm:
        top = lifted(top, plan, rx.heel.heel_lift_mm)
    return posted(top, plan, rx)


def lowered(field: HeightField, distance_mm: float) -> HeightField:
    """Return the surface an even distance below a field, along its normal."""
    return erode_with_ball(field, distance_mm) if distance_mm > 0.0 else field
