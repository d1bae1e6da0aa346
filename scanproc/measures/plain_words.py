"""Measures in plain words: their names, groups, values and units."""

from __future__ import annotations

from collections.abc import Mapping

from scanproc.artifacts import Measure

#: Groups in the order of a report, and the measures in each: name of `measures.json` → plain words.
GROUPS: Mapping[str, Mapping[str, str]] = {
    "Lengths": {
        "foot_length_mm": "Foot length",
        "truncated_foot_length_mm": "Heel to ball, medial (truncated length)",
        "outside_ball_length_mm": "Heel to ball, lateral",
    },
    "Widths, heights and girths": {
        "foot_width_mm": "Foot width at the ball",
        "heel_width_mm": "Heel width",
        "ball_girth_mm": "Ball girth",
        "instep_girth_mm": "Instep girth",
        "toe_box_height_mm": "Toe box height",
        "malleolus_height_mm": "Lateral malleolus height",
    },
    "Arch": {
        "dorsum_height_mm": "Dorsum height at half length",
        "arch_height_index": "Arch height index (dorsum ÷ truncated length)",
        "plantar_arch_height_mm": "Plantar arch height",
        "arch_index": "Arch index (contact of the middle third)",
        "arch_volume_mm3": "Volume under the medial arch",
        "navicular_height_mm": "Navicular height",
    },
    "Heel and leg": {
        "heel_angle_deg": "Heel line against the vertical",
        "leg_angle_deg": "Leg against the vertical",
        "leg_heel_angle_deg": "Heel against the leg",
        "heel_contact_offset_mm": "Leg axis to heel contact",
    },
    "Forefoot and toes": {
        "forefoot_angle_deg": "Forefoot against the heel",
        "ball_angle_deg": "Ball line",
        "hallux_angle_deg": "Big toe angle",
        "fifth_toe_angle_deg": "Little toe angle",
    },
    "Sizes": {"mondopoint": "Mondopoint", "eu_size": "EU size"},
    "Between two loadings": {
        "arch_drop_mm": "Arch drop",
        "arch_rigidity_index": "Arch rigidity index (standing ÷ seated)",
        "arch_stiffness": "Arch stiffness (0.4 × body weight ÷ fall of the arch height index)",
    },
}
_OTHER = "Others"

#: Angles that professionals say in words: the words of positive and of negative values.
_LEANINGS = {
    "heel_angle_deg": ("valgus", "varus"),
    "leg_angle_deg": ("valgus", "varus"),
    "leg_heel_angle_deg": ("valgus", "varus"),
    "forefoot_angle_deg": ("varus", "valgus"),
}
_SIZES = ("mondopoint", "mondopoint_mm", "eu_size")


def group_of(name: str) -> str:
    """Return the group of a measure; one that this file does not know is among the others."""
    return next((group for group, names in GROUPS.items() if name in names), _OTHER)


def words_of(name: str) -> str:
    """Return a measure's name in plain words; an unknown one is spelt out without its unit."""
    known = GROUPS.get(group_of(name), {}).get(name)
    return known or name.removesuffix(_suffix(name)).replace("_", " ").capitalize()


def value_of(name: str, measure: Measure) -> str:
    """Return the value with its unit, such as 251.3 mm or 4.1° valgus; a dash where there is none."""
    if measure.value is None:
        return "–"
    if name in _LEANINGS:
        return f"{abs(measure.value):.1f}° {_LEANINGS[name][measure.value < 0]}"
    if name in _SIZES:
        return f"{measure.value:g}"
    return _figure(name, measure.value) + _unit(name)


def difference_of(name: str, difference: float) -> str:
    """Return a difference of two values with its unit, such as +1.3 mm or 4.1° towards valgus."""
    if name in _SIZES:
        return f"{difference:+g}" if difference else "0"
    size = _figure(name, abs(difference))
    if not size.strip("0.,"):  # nothing is left of it at this many digits: no sign, no direction
        return size + _unit(name)
    if name in _LEANINGS:
        return f"{size}° towards {_LEANINGS[name][difference < 0]}"
    return ("-" if difference < 0 else "+") + size + _unit(name)


def uncertainty_text(name: str, measure: Measure) -> str:
    """Return the standard uncertainty, in the unit of the value; empty where there is none."""
    if measure.sd is None:
        return ""
    return f"± {measure.sd:.1f}" if name in _SIZES else f"± {_figure(name, measure.sd)}"


def _suffix(name: str) -> str:
    return next((suffix for suffix in ("_mm3", "_mm2", "_mm", "_deg") if name.endswith(suffix)), "")


def _unit(name: str) -> str:
    if name == "arch_stiffness":
        return " N"
    return {"_mm3": " mm³", "_mm2": " mm²", "_mm": " mm", "_deg": "°", "": ""}[_suffix(name)]


def _figure(name: str, value: float) -> str:
    digits = 0 if name == "arch_stiffness" else {"_mm3": 0, "_mm2": 0, "_mm": 1, "_deg": 1, "": 3}[_suffix(name)]
    return f"{value:,.{digits}f}"
