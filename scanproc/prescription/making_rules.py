"""Cross-checks of what can be made: walls, blocks, texts. Each returns what is wrong, or None."""

from __future__ import annotations

import math
import re

from scanproc.artifacts import FORMED
from scanproc.prescription.device import Device, Marks, Thickness
from scanproc.prescription.fields import InsoleConfig
from scanproc.prescription.materials import least_wall

_MILLED_CUP_MM, _DRAFT_DEG = 18.0, 75.0
_TAPER_BY_FALL = 0.6
_TEXT = re.compile(r"[A-Za-z0-9 ./-]*")
_MAX_TEXT = 24  # more find no room under the arch
STROKE_SHARE = 0.15  # a stroke's width by the height of capitals: `solid.letters` draws them so
LEAST_STROKE_MM = 0.6  # below it neither stands out: fused powder rounds it away, a nozzle of 0.4 mm leaves it out
LEAST_LETTER_MM = LEAST_STROKE_MM / STROKE_SHARE


def thinnest(rx: Thickness) -> float | None:
    """Return the thinnest wall behind the front's taper, mm; None where the rule of thickness is still to come."""
    if rx.thickness_mm is None:
        return None
    return rx.thickness_mm * _thinner_side(rx)


def _thinner_side(rx: Thickness) -> float:
    """Return what the thinner side has of the wall."""
    return min(1.0, rx.medial_thickness, rx.lateral_thickness)


def _up(value: float, digits: int) -> float:
    """Round up to so many digits after the point."""
    scale = 10.0**digits
    return math.ceil(round(value * scale, 6)) / scale


def least_wall_holds(rx: InsoleConfig) -> str | None:
    """The wall can be made."""
    least = least_wall(rx.material, "mill" if is_milled(rx) else "print")
    thin = thinnest(rx)
    if thin is not None and thin < least.least_mm:
        return (
            f"found a wall of {thin:.3g} mm (insole.thickness_mm by its factors), expected {least.least_mm:g} or more: "
            f"the least of {least.source}; {least.advised_mm:g} is advised; set insole.thickness_mm = "
            f"{_up(least.least_mm / _thinner_side(rx), 2):g}"
        )
    if rx.distal_edge_mm < least.least_mm:
        return (
            f"found insole.distal_edge_mm = {rx.distal_edge_mm:g}, expected {least.least_mm:g} or more: the least of "
            f"{least.source}; set insole.distal_edge_mm = {least.least_mm:g}"
        )
    if rx.forefoot_mm is not None and rx.forefoot_mm < least.least_mm:
        return (
            f"found insole.forefoot_mm = {rx.forefoot_mm:g}, expected {least.least_mm:g} or more: the least of "
            f"{least.source}; set insole.forefoot_mm = {least.least_mm:g}"
        )
    return None


def bends_in_front(rx: Device) -> bool:
    """Tell whether it reaches under the toe joints with an even wall: there it has to bend."""
    return rx.length != "shell" and rx.style == "shell"


def forefoot_is_there(rx: InsoleConfig) -> str | None:
    """A forefoot's wall needs a forefoot."""
    if rx.forefoot_mm is not None and not bends_in_front(rx):
        found = "a block, whose base is flat" if rx.style == "block" else "a shell, which ends behind it"
        name, value = ("style", "shell") if rx.style == "block" else ("length", "full")
        return (
            f"found insole.forefoot_mm = {rx.forefoot_mm:g} of {found}, expected a sulcus or full length of an even "
            f'wall; leave it out, or set insole.{name} = "{value}"'
        )
    return None


def extension_ahead_of_shell(rx: InsoleConfig) -> str | None:
    """A soft extension goes on from a shell's front end."""
    if rx.extension == "none":
        if rx.extension_mm is None:
            return None
        return (
            f"found insole.extension_mm = {rx.extension_mm:g} without an extension, expected one; leave it out, or set "
            'insole.extension = "full"'
        )
    if rx.length != "shell":
        return (
            f"found insole.extension = {rx.extension} ahead of length {rx.length}, which reaches there itself, "
            'expected a shell; leave it out, or set insole.length = "shell"'
        )
    if rx.style != "shell" or rx.process in FORMED:
        return (
            f"found insole.extension = {rx.extension} ahead of insole.style = {rx.style}, process = {rx.process}, "
            'expected a shell of an even wall; leave it out: set insole.extension = "none"'
        )
    return None


def extension_is_flush(rx: Thickness) -> str | None:
    """A soft extension stands on the shell's ground, its top flush with the shell's."""
    if rx.extension_mm is not None and rx.extension_mm > rx.distal_edge_mm:
        return (
            f"found insole.extension_mm = {rx.extension_mm:g} ahead of a front end of insole.distal_edge_mm = "
            f"{rx.distal_edge_mm:g}, expected no thicker: it would lift the front end, or be a step; thicken that: "
            f"insole.distal_edge_mm = {rx.extension_mm:g}"
        )
    return None


def edge_within_wall(rx: Thickness) -> str | None:
    """The front thins."""
    if rx.thickness_mm is not None and rx.distal_edge_mm > rx.thickness_mm:
        return (
            f"found insole.distal_edge_mm = {rx.distal_edge_mm:g} over a wall of {rx.thickness_mm:g}, expected an edge "
            f"that is thinner than the wall; set insole.distal_edge_mm = {rx.thickness_mm:g}"
        )
    return None


def taper_is_gentle(rx: Thickness) -> str | None:
    """The front thins over a length, not in a step."""
    if rx.thickness_mm is None:
        return None
    fall = rx.thickness_mm * max(1.0, rx.medial_thickness, rx.lateral_thickness) - rx.distal_edge_mm
    if rx.distal_taper_mm < _TAPER_BY_FALL * fall:
        return (
            f"found insole.distal_taper_mm = {rx.distal_taper_mm:g} for a wall that thins by {fall:.3g} mm, expected "
            f"{_TAPER_BY_FALL * fall:.3g} or more (60 deg): a steeper front is a step; set insole.distal_taper_mm = "
            f"{_up(_TAPER_BY_FALL * fall, 1):g}"
        )
    return None


def eva_is_milled_block(rx: Device) -> str | None:
    """Foam is milled from a block."""
    if rx.material == "EVA" and (rx.style, rx.process) != ("block", "mill"):
        lacking, value = ("style", "block") if rx.style != "block" else ("process", "mill")
        return (
            f'found EVA with insole.style = {rx.style}, process = {rx.process}, expected style = "block" and process = '
            '"mill": foam is neither printed nor stiff enough for a shell; set '
            f'insole.{lacking} = "{value}", or insole.material = "TPU"'
        )
    return None


def arch_fits_block(rx: InsoleConfig) -> str | None:
    """What is known beforehand fits into the block."""
    if not is_milled(rx) or rx.block_height_mm is None:
        return None
    arch = (rx.arch_target_mm or 0.0) + (rx.thickness_mm or 0.0)
    border = rx.heel_cup_depth_mm + rx.heel_lift_mm + (rx.thickness_mm or 0.0)
    if max(arch, border) > rx.block_height_mm:
        return (
            f"found {'an arch' if arch > border else 'a rim'} of {max(arch, border):g} mm with its wall, over insole."
            f"block_height_mm = {rx.block_height_mm:g}, which cannot be milled; lower it, or take a higher block: "
            f"insole.block_height_mm = {math.ceil(max(arch, border))}"
        )
    return None


def milled_cup_needs_draft(rx: InsoleConfig) -> str | None:
    """A cutter reaches to the bottom of a deep cup."""
    if is_milled(rx) and rx.heel_cup_depth_mm > _MILLED_CUP_MM and rx.wall_slope_deg > _DRAFT_DEG:
        return (
            f"found a milled cup of {rx.heel_cup_depth_mm:g} mm with walls of insole.wall_slope_deg = "
            f"{rx.wall_slope_deg:g}, expected up to {_DRAFT_DEG:g} for cups over {_MILLED_CUP_MM:g}: the cutter's "
            f"shank rubs; set insole.wall_slope_deg = {_DRAFT_DEG:g}, or insole.heel_cup_depth_mm = {_MILLED_CUP_MM:g}"
        )
    return None


def is_milled(rx: Device) -> bool:
    """Tell whether it, or its mould, is cut from a block or a plate; a printed one is built up, whatever its height."""
    return rx.process != "print"


def readable_text(rx: Marks) -> str | None:
    """The letters are there, and there is room for them."""
    text = written(rx)
    wrong = sorted(set(_TEXT.sub("", text)))
    if wrong:
        return (
            f"found {' '.join(wrong)!r} in insole.text, expected letters a to z, digits, space and - . /; set "
            f'insole.text = "{"".join(_TEXT.findall(text)).strip()[:_MAX_TEXT]}"'
        )
    if len(text) > _MAX_TEXT:
        return (
            f"found insole.text of {len(text)} letters, expected up to {_MAX_TEXT}; set insole.text = "
            f'"{text[:_MAX_TEXT].strip()}"'
        )
    if text and not any(sign.isalnum() for sign in text):
        return f'found insole.text of signs alone, {text!r}, expected a letter or digit, too; set insole.text = ""'
    return None


def strokes_print(rx: Marks) -> str | None:
    """Strokes are as wide as a printer or a cutter can make them."""
    stroke_mm = STROKE_SHARE * rx.letter_mm
    if (rx.side_mark or written(rx)) and stroke_mm < LEAST_STROKE_MM:
        return (
            f"found insole.letter_mm = {rx.letter_mm:g}, whose strokes are {stroke_mm:.2f} mm wide, expected "
            f"{LEAST_STROKE_MM:g} or more: thinner ones blur in a print; set insole.letter_mm = "
            f"{LEAST_LETTER_MM:g} or more"
        )
    return None


def written(rx: Marks) -> str:
    """Return the prescription's own text, without blanks around it."""
    return rx.text.strip()
