"""Cross-checks: each stops a prescription that would make a bad device, and says its own name.

Numbers are those that labs work by; a check that needs the finished shape is called by the design.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from scanproc.artifacts import HIGHEST_BLOCK_MM
from scanproc.errors import ScanError
from scanproc.prescription import dose_rules as doses
from scanproc.prescription import making_rules as making
from scanproc.prescription.fields import InsoleConfig, Prescription
from scanproc.prescription.materials import WARN_BELOW_MM, least_wall

RULES: dict[str, Callable[[InsoleConfig], str | None]] = {
    "skive-needs-cup": doses.skive_needs_cup,
    "turned-heel-needs-deep-cup": doses.turned_heel_needs_deep_cup,
    "skives-exclude": doses.skives_exclude,
    "lift-needs-support": doses.lift_needs_support,
    "dress-cup": doses.dress_cup,
    "arch-one-way": doses.arch_one_way,
    "balance-has-direction": doses.balance_has_direction,
    "motion-within-post": doses.motion_within_post,
    "intrinsic-alone": doses.intrinsic_alone,
    "block-posts-extrinsic": doses.block_posts_extrinsic,
    "pad-or-bar": doses.pad_or_bar,
    "pads-are-gentle": doses.pads_are_gentle,
    "forefoot-needs-length": doses.forefoot_needs_length,
    "first-ray-one-way": doses.first_ray_one_way,
    "outline-one-way": doses.outline_one_way,
    "least-wall": making.least_wall_holds,
    "forefoot-is-there": making.forefoot_is_there,
    "extension-ahead-of-shell": making.extension_ahead_of_shell,
    "extension-is-flush": making.extension_is_flush,
    "edge-within-wall": making.edge_within_wall,
    "taper-is-gentle": making.taper_is_gentle,
    "eva-is-milled-block": making.eva_is_milled_block,
    "arch-fits-block": making.arch_fits_block,
    "milled-cup-needs-draft": making.milled_cup_needs_draft,
    "readable-text": making.readable_text,
    "strokes-print": making.strokes_print,
}


USUAL_BLOCKS_MM = (35.0, 50.0, 65.0, HIGHEST_BLOCK_MM)  # of EVA; plates come in such heights, too

_SPARE_MM = 0.5  # by which a device that is made lower is lower than its block
#: Doses by which a device stands higher, those that its highest point follows the first; by which share of the dose,
#: there at least; and the lowest that is advised, mm.
_HEIGHTS = (
    ("medial_flange_mm", 1.0, 0.0), ("lateral_flange_mm", 1.0, 0.0), ("heel_lift_mm", 0.5, 0.0),
    ("heel_cup_depth_mm", 1.0, 8.0),
)  # fmt: skip

#: Those that a wall which a rule gave can break, too.
WALL_RULES = ("least-wall", "edge-within-wall", "taper-is-gentle")


def refuse_broken(given: InsoleConfig, names: Iterable[str] = tuple(RULES)) -> None:
    """Refuse what is prescribed for one foot if it breaks a rule; all that it breaks are named.

    Raises
    ------
    ScanError
        With the name of each broken rule.
    """
    broken = [f"rule {name}: {why}." for name in names if (why := RULES[name](given)) is not None]
    if broken:
        raise ScanError(" ".join(broken))


def block_height_mm(highest_mm: float, rx: Prescription) -> float:
    """Return the height of the block or plate that a device is milled from, mm: the lowest usual one that holds it.

    Parameters
    ----------
    highest_mm : from the device's lowest point to its highest.

    Raises
    ------
    ScanError
        If it stands higher than the block that is asked, or than any.
    """
    usual = next((height for height in USUAL_BLOCKS_MM if highest_mm <= height), HIGHEST_BLOCK_MM)
    height = usual if rx.device.block_height_mm is None else rx.device.block_height_mm
    if not making.is_milled(rx.device) or highest_mm <= height:
        return height
    if highest_mm > HIGHEST_BLOCK_MM:
        raise ScanError(_above_any_block(highest_mm, rx))
    raise ScanError(
        f"rule fits-block: the device is {highest_mm:.1f} mm high, which cannot be milled from "
        f"insole.block_height_mm = {height:g}. Lower the arch (raise arch_fill_mm), the edges or "
        f"the cup, or take a higher block: insole.block_height_mm = {math.ceil(highest_mm)}."
    )


def _above_any_block(highest_mm: float, rx: Prescription) -> str:
    """Return why a device is higher than any block, and which doses can make it low enough, each alone."""
    excess_mm = highest_mm - HIGHEST_BLOCK_MM + _SPARE_MM
    high_mm = math.ceil(10.0 * highest_mm) / 10.0
    lower = ", or ".join(
        f"insole.{name} = {value:g}"
        for name, share, least_mm in _HEIGHTS
        if (value := math.floor(rx.value(name) - excess_mm / share)) >= least_mm
    )
    if not lower:
        return (
            f"rule fits-block: the device is {high_mm:g} mm high, expected at most {HIGHEST_BLOCK_MM:g} mm: no block "
            "is higher. Lower edges, cup, lift and arch, or print it instead of milling it."
        )
    return (
        f"rule fits-block: the device is {high_mm:g} mm high, expected at most {HIGHEST_BLOCK_MM:g} mm: no block is "
        f"higher. Lower what makes it so high, {lower}, or print it instead of milling it."
    )


def advice(rx: InsoleConfig) -> tuple[str, ...]:
    """Return what a prescription with nothing left open allows but advises against, a sentence each."""
    least, thin = least_wall(rx.material, "mill" if making.is_milled(rx) else "print"), making.thinnest(rx)
    found = []
    if thin is not None and thin < least.advised_mm:
        found.append(
            f"advice: the wall is {thin:.2g} mm where thinnest; {least.advised_mm:g} is advised ({least.source})"
        )
    if thin is not None and thin < WARN_BELOW_MM:
        found.append(f"advice: walls below {WARN_BELOW_MM:g} mm break in use, whatever the material")
    if rx.heel_lift_mm > doses.SHOE_LIFT_MM:
        found.append(
            f"advice: a lift of {rx.heel_lift_mm:g} mm hardly fits into a shoe; what is above 10 goes on the sole"
        )
    if rx.length == "shell" and rx.met_pad_mm > 0.0 and rx.met_pad_back_mm < rx.distal_gap_mm:
        found.append(
            f"advice: the metatarsal pad begins {rx.met_pad_back_mm:g} mm behind the heads, but the shell ends "
            f"{rx.distal_gap_mm:g} mm behind them: its front is cut off"
        )
    if rx.arch_fill_mm == 0.0 and rx.arch_target_mm is None and rx.clearance_mm == 0.0 and rx.material != "EVA":
        found.append("advice: an arch copied at fill 0 in a stiff material hurts if the scan was not loaded")
    if rx.process != "print" and rx.material == "PA12":
        found.append(
            "advice: PA12 is a printing powder, and its wall that of prints; shells that are milled or formed are "
            'mostly of polypropylene (insole.material = "PP"), blocks of foam ("EVA")'
        )
    return tuple(found)
