"""Cross-checks: each stops a prescription that would make a bad device, and says its own name.

Numbers are those that labs work by; a check that needs the finished shape is called by the design.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from scanproc.errors import ScanError
from scanproc.prescription.fields import InsoleConfig, Prescription
from scanproc.prescription.materials import WARN_BELOW_MM, least_wall

_SKIVE_CUP_MM = 14.0  # a shallower cup has no wall for the skive's plane to end in
_DEEP_CUP_MM, _TURN = 20.0, 5.0  # skive in mm and inversion in degrees add up
_LIFT_MM = 10.0
_DRESS_CUP_MM = 10.0
_MOTION_DEG = 4.0
_MILLED_CUP_MM, _DRAFT_DEG = 18.0, 75.0
_TEXT = re.compile(r"[A-Za-z0-9 ./-]*")
_MAX_TEXT = 24  # letters of 3 mm fill the width of the arch


def refuse_broken(given: InsoleConfig) -> None:
    """Refuse what is prescribed for one foot if it breaks a rule; all that it breaks are named.

    Raises
    ------
    ScanError
        With the name of each broken rule.
    """
    broken = [f"rule {name}: {why}." for name, check in RULES.items() if (why := check(given)) is not None]
    if broken:
        raise ScanError(" ".join(broken))


def refuse_above_block(highest_mm: float, given: InsoleConfig) -> None:
    """Refuse a device that stands higher than the block or plate that it is milled from.

    Parameters
    ----------
    highest_mm : from the device's lowest point to its highest.
    """
    if _is_milled(given) and highest_mm > given.block_height_mm:
        raise ScanError(
            f"rule fits-block: the device is {highest_mm:.1f} mm high, which cannot be milled from insole."
            f"block_height_mm = {given.block_height_mm:g}. Lower the arch (arch_fill_mm), the edges or the cup, or take a"
            " higher block."
        )


def advice(rx: Prescription) -> tuple[str, ...]:
    """Return what is allowed but advised against, a sentence each."""
    least, thin = least_wall(rx.material, rx.process), _thinnest(rx)
    found = []
    if thin is not None and thin < least.advised_mm:
        found.append(
            f"advice: the wall is {thin:.2g} mm where thinnest; {least.advised_mm:g} is advised ({least.source})"
        )
    if thin is not None and thin < WARN_BELOW_MM:
        found.append(f"advice: walls below {WARN_BELOW_MM:g} mm break in use, whatever the material")
    if rx.heel_lift_mm > _LIFT_MM:
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
    return tuple(found)


# ------------------------------------------------------------------------------------------------ heel


def _skive_needs_cup(rx: InsoleConfig) -> str | None:
    skive = max(rx.medial_skive_mm, rx.lateral_skive_mm)
    if skive > 0.0 and rx.heel_cup_depth_mm < _SKIVE_CUP_MM:
        return (
            f"found a skive of {skive:g} mm in a cup of insole.heel_cup_depth_mm = {rx.heel_cup_depth_mm:g}, expected a "
            f"cup of {_SKIVE_CUP_MM:g} or more; deepen the cup, or leave the skive out"
        )
    return None


def _turned_heel_needs_deep_cup(rx: InsoleConfig) -> str | None:
    inverted = rx.medial_skive_mm + (rx.balance_deg if rx.cast_balance == "inverted" else 0.0)
    everted = rx.lateral_skive_mm + (rx.balance_deg if rx.cast_balance == "everted" else 0.0)
    if max(inverted, everted) > _TURN and rx.heel_cup_depth_mm < _DEEP_CUP_MM:
        return (
            f"found skive (mm) and inversion (deg) of {max(inverted, everted):g} together, over {_TURN:g}, in a cup of "
            f"insole.heel_cup_depth_mm = {rx.heel_cup_depth_mm:g}, expected 20 to 22: the heel slides off; deepen the cup"
        )
    return None


def _skives_exclude(rx: InsoleConfig) -> str | None:
    if rx.medial_skive_mm > 0.0 and rx.lateral_skive_mm > 0.0:
        return "found insole.medial_skive_mm and lateral_skive_mm, which undo each other, expected one; leave one out"
    return None


def _lift_needs_support(rx: InsoleConfig) -> str | None:
    if rx.heel_lift_mm > _LIFT_MM and not rx.arch_support and rx.style != "block":
        return (
            f"found insole.heel_lift_mm = {rx.heel_lift_mm:g}, over {_LIFT_MM:g}, on an arch with nothing below it, "
            "expected an arch that is filled below the shell; set insole.arch_support = true, or lower the lift"
        )
    return None


def _dress_cup(rx: InsoleConfig) -> str | None:
    if rx.preset.startswith("dress") and rx.heel_cup_depth_mm > _DRESS_CUP_MM:
        return (
            f"found insole.heel_cup_depth_mm = {rx.heel_cup_depth_mm:g} in a dress shoe, which takes up to "
            f"{_DRESS_CUP_MM:g}, expected 8 to 10; lower the cup, or take another preset"
        )
    return None


# ------------------------------------------------------------------------------------------------ arch and posts


def _arch_one_way(rx: InsoleConfig) -> str | None:
    if rx.arch_target_mm is not None and rx.arch_fill_mm is not None:
        return (
            f"found both insole.arch_target_mm = {rx.arch_target_mm:g} and arch_fill_mm = {rx.arch_fill_mm:g}, which "
            "both say how high the arch is, expected one; leave one out"
        )
    return None


def _balance_has_direction(rx: InsoleConfig) -> str | None:
    turned = rx.cast_balance in ("inverted", "everted")
    if turned and rx.balance_deg == 0.0:
        return f"found insole.cast_balance = {rx.cast_balance} by 0 deg, expected insole.balance_deg; say how far"
    if rx.balance_deg > 0.0 and not turned:
        return (
            f"found insole.balance_deg = {rx.balance_deg:g} with cast_balance = {rx.cast_balance}, expected inverted or "
            "everted; say to which side"
        )
    return None


def _motion_within_post(rx: InsoleConfig) -> str | None:
    most = rx.rearfoot_post_deg + _MOTION_DEG
    if rx.rearfoot_motion_deg > most:
        return (
            f"found insole.rearfoot_motion_deg = {rx.rearfoot_motion_deg:g} on a post of {rx.rearfoot_post_deg:g} deg, "
            f"expected up to {most:g} (post + {_MOTION_DEG:g}): the device would rock; lower the motion"
        )
    if rx.rearfoot_motion_deg > 0.0 and rx.rearfoot_posting == "intrinsic":
        return (
            "found insole.rearfoot_motion_deg with an intrinsic post, which has no body to grind the motion into, "
            "expected extrinsic; set insole.rearfoot_posting"
        )
    return None


# ------------------------------------------------------------------------------------------------ front and outline


def _forefoot_needs_length(rx: InsoleConfig) -> str | None:
    if rx.mortons_extension_mm > 0.0 and rx.length == "shell":
        return (
            "found insole.mortons_extension_mm on a shell, which ends behind it, expected length sulcus or full; set it"
        )
    if rx.toe_crest_mm > 0.0 and rx.length != "full":
        return (
            f"found insole.toe_crest_mm on length {rx.length}, which ends behind it, expected full; set insole.length"
        )
    return None


def _first_ray_one_way(rx: InsoleConfig) -> str | None:
    if rx.first_ray_cut and rx.mortons_extension_mm > 0.0:
        return (
            "found insole.first_ray_cut and mortons_extension_mm: one lets the first ray sink, the other holds it up, "
            "expected one; leave one out"
        )
    return None


def _outline_one_way(rx: InsoleConfig) -> str | None:
    if rx.outline_file and rx.shoe_size_eu is not None:
        return (
            f"found both insole.outline_file = {rx.outline_file} and shoe_size_eu = {rx.shoe_size_eu:g}, which both say "
            "how long the insole is, expected one; leave one out"
        )
    return None


# ------------------------------------------------------------------------------------------------ making


def _thinnest(rx: InsoleConfig) -> float | None:
    """Return the thinnest wall behind the front's taper, mm; None where the rule of thickness is still to come."""
    if rx.thickness_mm is None:
        return None
    return rx.thickness_mm * min(1.0, rx.medial_thickness, rx.lateral_thickness)


def _least_wall(rx: InsoleConfig) -> str | None:
    least = least_wall(rx.material, rx.process)
    thin = _thinnest(rx)
    if thin is not None and thin < least.least_mm:
        return (
            f"found a wall of {thin:.3g} mm (insole.thickness_mm by its factors), expected {least.least_mm:g} or more: the "
            f"least of {least.source}; {least.advised_mm:g} is advised"
        )
    if rx.distal_edge_mm < least.least_mm:
        return (
            f"found insole.distal_edge_mm = {rx.distal_edge_mm:g}, expected {least.least_mm:g} or more: the least of "
            f"{least.source}; thicken the edge"
        )
    return None


def _edge_within_wall(rx: InsoleConfig) -> str | None:
    if rx.thickness_mm is not None and rx.distal_edge_mm > rx.thickness_mm:
        return (
            f"found insole.distal_edge_mm = {rx.distal_edge_mm:g} over a wall of {rx.thickness_mm:g}, expected an edge "
            "that is thinner than the wall; thin the edge"
        )
    return None


def _eva_is_milled_block(rx: InsoleConfig) -> str | None:
    if rx.material == "EVA" and (rx.style, rx.process) != ("block", "mill"):
        return (
            f'found EVA with insole.style = {rx.style}, process = {rx.process}, expected style = "block" and process = '
            '"mill": foam is neither printed nor stiff enough for a shell'
        )
    return None


def _arch_fits_block(rx: InsoleConfig) -> str | None:
    if not _is_milled(rx):
        return None
    arch = (rx.arch_target_mm or 0.0) + (rx.thickness_mm or 0.0)
    rim = rx.heel_cup_depth_mm + rx.heel_lift_mm + (rx.thickness_mm or 0.0)
    if max(arch, rim) > rx.block_height_mm:
        return (
            f"found {'an arch' if arch > rim else 'a rim'} of {max(arch, rim):g} mm with its wall, over insole."
            f"block_height_mm = {rx.block_height_mm:g}, which cannot be milled; lower it, or take a higher block"
        )
    return None


def _milled_cup_needs_draft(rx: InsoleConfig) -> str | None:
    if _is_milled(rx) and rx.heel_cup_depth_mm > _MILLED_CUP_MM and rx.wall_slope_deg > _DRAFT_DEG:
        return (
            f"found a milled cup of {rx.heel_cup_depth_mm:g} mm with walls of insole.wall_slope_deg = "
            f"{rx.wall_slope_deg:g}, expected up to {_DRAFT_DEG:g} for cups over {_MILLED_CUP_MM:g}: the cutter's shank "
            "rubs; open the walls"
        )
    return None


def _is_milled(rx: InsoleConfig) -> bool:
    return rx.process == "mill" or rx.style == "block"


def _readable_text(rx: InsoleConfig) -> str | None:
    wrong = sorted(set(_TEXT.sub("", rx.text)))
    if wrong:
        return (
            f"found {' '.join(wrong)!r} in insole.text, expected letters a to z, digits, space and - . /; leave it out"
        )
    if len(rx.text) > _MAX_TEXT:
        return f"found insole.text of {len(rx.text)} letters, expected up to {_MAX_TEXT}; shorten it"
    return None


RULES: dict[str, Callable[[InsoleConfig], str | None]] = {
    "skive-needs-cup": _skive_needs_cup,
    "turned-heel-needs-deep-cup": _turned_heel_needs_deep_cup,
    "skives-exclude": _skives_exclude,
    "lift-needs-support": _lift_needs_support,
    "dress-cup": _dress_cup,
    "arch-one-way": _arch_one_way,
    "balance-has-direction": _balance_has_direction,
    "motion-within-post": _motion_within_post,
    "forefoot-needs-length": _forefoot_needs_length,
    "first-ray-one-way": _first_ray_one_way,
    "outline-one-way": _outline_one_way,
    "least-wall": _least_wall,
    "edge-within-wall": _edge_within_wall,
    "eva-is-milled-block": _eva_is_milled_block,
    "arch-fits-block": _arch_fits_block,
    "milled-cup-needs-draft": _milled_cup_needs_draft,
    "readable-text": _readable_text,
}
