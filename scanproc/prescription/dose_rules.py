"""Cross-checks of what is done to the foot: each returns what is wrong, or None."""

from __future__ import annotations

from scanproc.pads.table import PADS, Pads
from scanproc.prescription.device import Device
from scanproc.prescription.doses import Arch, Heel, Posts
from scanproc.prescription.fields import InsoleConfig

SHOE_LIFT_MM = 10.0  # what fits into a shoe, and what an arch carries with nothing below it
_SKIVE_CUP_MM = 14.0  # a shallower cup has no wall for the skive's plane to end in
_DEEP_CUP_MM, _TURN = 20.0, 5.0  # skive in mm and inversion in degrees add up
_DRESS_CUP_MM = 10.0
_MOTION_DEG = 4.0
_WIDTH_BY_HEIGHT = 4.0


def skive_needs_cup(rx: Heel) -> str | None:
    """A skive rises out of the cup."""
    skive, side = max((rx.medial_skive_mm, "medial"), (rx.lateral_skive_mm, "lateral"))
    if skive > 0.0 and rx.heel_cup_depth_mm < _SKIVE_CUP_MM:
        return (
            f"found a skive of {skive:g} mm in a cup of insole.heel_cup_depth_mm = {rx.heel_cup_depth_mm:g}, expected "
            f"a cup of {_SKIVE_CUP_MM:g} or more; set insole.heel_cup_depth_mm = {_SKIVE_CUP_MM:g}, or "
            f"insole.{side}_skive_mm = 0"
        )
    return None


def turned_heel_needs_deep_cup(rx: InsoleConfig) -> str | None:
    """A heel that is turned far slides off a shallow cup."""
    inverted = rx.medial_skive_mm + (rx.balance_deg if rx.cast_balance == "inverted" else 0.0)
    everted = rx.lateral_skive_mm + (rx.balance_deg if rx.cast_balance == "everted" else 0.0)
    if max(inverted, everted) > _TURN and rx.heel_cup_depth_mm < _DEEP_CUP_MM:
        return (
            f"found skive (mm) and inversion (deg) of {max(inverted, everted):g} together, over {_TURN:g}, in a cup of "
            f"insole.heel_cup_depth_mm = {rx.heel_cup_depth_mm:g}, expected 20 to 22: the heel slides off; "
            f"set insole.heel_cup_depth_mm = {_DEEP_CUP_MM:g}"
        )
    return None


def skives_exclude(rx: Heel) -> str | None:
    """Two skives undo each other."""
    if rx.medial_skive_mm > 0.0 and rx.lateral_skive_mm > 0.0:
        return (
            "found insole.medial_skive_mm and lateral_skive_mm, which undo each other, expected one; set "
            "insole.lateral_skive_mm = 0, or insole.medial_skive_mm = 0"
        )
    return None


def lift_needs_support(rx: InsoleConfig) -> str | None:
    """A high heel loads the arch, which must stand on something."""
    if rx.heel_lift_mm > SHOE_LIFT_MM and not rx.arch_support and rx.style != "block":
        return (
            f"found insole.heel_lift_mm = {rx.heel_lift_mm:g}, over {SHOE_LIFT_MM:g}, on an arch with nothing below, "
            "expected an arch that is filled below the shell; set insole.arch_support = true, or insole.heel_lift_mm = "
            f"{SHOE_LIFT_MM:g}"
        )
    return None


def dress_cup(rx: InsoleConfig) -> str | None:
    """A dress shoe has a low counter."""
    if rx.shoe == "dress" and rx.heel_cup_depth_mm > _DRESS_CUP_MM:
        return (
            f"found insole.heel_cup_depth_mm = {rx.heel_cup_depth_mm:g} in a dress shoe, which takes up to "
            f"{_DRESS_CUP_MM:g}, expected 8 to 10; set insole.heel_cup_depth_mm = {_DRESS_CUP_MM:g}, or insole.shoe = "
            '"any"'
        )
    return None


# ------------------------------------------------------------------------------------------------ arch and posts


def arch_one_way(rx: Arch) -> str | None:
    """The arch's height is said once."""
    if rx.arch_target_mm is not None and rx.arch_fill_mm is not None:
        return (
            f"found both insole.arch_target_mm = {rx.arch_target_mm:g} and arch_fill_mm = {rx.arch_fill_mm:g}, which "
            "both say how high the arch is, expected one; leave insole.arch_fill_mm out, or insole.arch_target_mm"
        )
    return None


def balance_has_direction(rx: Posts) -> str | None:
    """A turned balance says to which side, and how far."""
    turned = rx.cast_balance in ("inverted", "everted")
    if turned and rx.balance_deg == 0.0:
        return (
            f"found insole.cast_balance = {rx.cast_balance} by 0 deg, expected insole.balance_deg; set "
            'insole.cast_balance = "tripod", or say how far: insole.balance_deg = 2'
        )
    if rx.balance_deg > 0.0 and not turned:
        return (
            f"found insole.balance_deg = {rx.balance_deg:g} with cast_balance = {rx.cast_balance}, expected inverted "
            'or everted; set insole.balance_deg = 0, or say to which side: insole.cast_balance = "inverted"'
        )
    return None


def motion_within_post(rx: Posts) -> str | None:
    """Motion beyond the post makes the device rock."""
    most = rx.rearfoot_post_deg + _MOTION_DEG
    if rx.rearfoot_motion_deg > most:
        return (
            f"found insole.rearfoot_motion_deg = {rx.rearfoot_motion_deg:g} on a post of {rx.rearfoot_post_deg:g} deg, "
            f"expected up to {most:g} (post + {_MOTION_DEG:g}): the device would rock; set "
            f"insole.rearfoot_motion_deg = {most:g}"
        )
    if rx.rearfoot_motion_deg > 0.0 and rx.rearfoot_posting == "intrinsic":
        return (
            "found insole.rearfoot_motion_deg with an intrinsic post, which has no body to grind the motion into, "
            'expected extrinsic; set insole.rearfoot_posting = "extrinsic", or insole.rearfoot_motion_deg = 0'
        )
    return None


# ------------------------------------------------------------------------------------------------ front and outline


def intrinsic_alone(rx: InsoleConfig) -> str | None:
    """An intrinsic post presses the form flat where it lies: nothing else can be in the form there."""
    heel = rx.rearfoot_posting == "intrinsic" and rx.rearfoot_post_deg > 0.0
    if heel and max(rx.medial_skive_mm, rx.lateral_skive_mm) > 0.0:
        return (
            "found a skive and an intrinsic rearfoot post, which both shape the heel seat, expected one; set "
            'insole.rearfoot_posting = "extrinsic"'
        )
    front = rx.forefoot_posting == "intrinsic" and rx.forefoot_post_deg > 0.0
    for pad in PADS:
        for where, posted in (("rearfoot", heel), ("forefoot", front)):
            if posted and where in pad.flattened_by and pad.asked(rx) > 0.0:
                return (
                    f"found insole.{pad.dose} and an intrinsic {where} post, which flattens what lies there, expected "
                    f'one; set insole.{where}_posting = "extrinsic", or insole.{pad.dose} = 0'
                )
    if front and (rx.first_ray_cut or rx.fifth_ray_cut):
        return (
            "found insole.first_ray_cut or fifth_ray_cut and an intrinsic forefoot post, which lies where the wall "
            'thins towards the cut-out, expected one; set insole.forefoot_posting = "extrinsic"'
        )
    return None


def block_posts_extrinsic(rx: InsoleConfig) -> str | None:
    """The flat base of a block hides what an intrinsic post does to the wall above."""
    for where, posting, angle in (
        ("rearfoot", rx.rearfoot_posting, rx.rearfoot_post_deg),
        ("forefoot", rx.forefoot_posting, rx.forefoot_post_deg),
    ):
        if rx.style == "block" and posting == "intrinsic" and angle > 0.0:
            return (
                f"found an intrinsic {where} post of {angle:g} deg in a block, whose flat base hides it, expected "
                f'extrinsic; set insole.{where}_posting = "extrinsic", or insole.style = "shell"'
            )
    return None


def pad_or_bar(rx: Pads) -> str | None:
    """Pad and bar lie in one place."""
    if rx.met_pad_mm > 0.0 and rx.met_bar_mm > 0.0:
        return (
            "found insole.met_pad_mm and met_bar_mm, which add up to one hill, expected one; set insole.met_bar_mm = 0,"
            " or insole.met_pad_mm = 0"
        )
    return None


def pads_are_gentle(rx: Pads) -> str | None:
    """What is high must be wide, or it is a ridge."""
    for pad in PADS:
        least = _WIDTH_BY_HEIGHT * pad.asked(rx)
        if pad.width and (width := getattr(rx, pad.width)) < least:
            return (
                f"found insole.{pad.dose} = {pad.asked(rx):g} on {pad.width} = {width:g}, expected a width of "
                f"{least:g} or more: steeper ones are felt as ridges; set insole.{pad.width} = {least:g}"
            )
    return None


def forefoot_needs_length(rx: InsoleConfig) -> str | None:
    """What lies under the toes needs an insole there."""
    for pad in PADS:
        if pad.asked(rx) > 0.0 and rx.length not in pad.lengths:
            return (
                f"found insole.{pad.dose} on length {rx.length}, which ends behind it, expected "
                f'{" or ".join(pad.lengths)}; set insole.length = "{pad.lengths[-1]}", or insole.{pad.dose} = 0'
            )
    return None


def first_ray_one_way(rx: Pads) -> str | None:
    """The first ray sinks, or is held up."""
    if rx.first_ray_cut and rx.mortons_extension_mm > 0.0:
        return (
            "found insole.first_ray_cut and mortons_extension_mm: one lets the first ray sink, the other holds it up, "
            "expected one; set insole.mortons_extension_mm = 0, or insole.first_ray_cut = false"
        )
    return None


def outline_one_way(rx: Device) -> str | None:
    """The outline's length is said once."""
    if rx.outline_file and rx.shoe_size_eu is not None:
        return (
            f"found both insole.outline_file = {rx.outline_file} and shoe_size_eu = {rx.shoe_size_eu:g}, which both "
            "say how long the insole is, expected one; leave insole.shoe_size_eu out, or insole.outline_file"
        )
    return None
