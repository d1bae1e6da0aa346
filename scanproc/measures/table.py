"""The measures, one row each, in the order of every table and page. FL is the foot length."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from scanproc.artifacts import Measure
from scanproc.measures import arch_under_load, arches, girths, heels, lengths, toes
from scanproc.measures.readings import FootShape, Reading
from scanproc.measures.rows import (
    ANGLE,
    FORCE,
    INDEX,
    LENGTH,
    SIZE_MM,
    SIZE_PARIS,
    VOLUME,
    Norm,
    Row,
    ansur,
    ansur_per_length,
)
from scanproc.measures.two_scans import ScannedFoot

MeasureRow = Row[Callable[[FootShape], Reading]]
#: Read from a foot under the smaller load, and the same foot under the larger.
LoadingRow = Row[Callable[[ScannedFoot, ScannedFoot], Measure]]

_ISO = "ISO 7250-1"
_AHI = "Williams & McClay 2000"
_OWN = "scanproc"  # defined here, for want of a standard
_JIG = "in a jig with the midfoot free"
_VALGUS, _VARUS, _LATERAL = ("valgus", "varus"), ("varus", "valgus"), ("lateral", "medial")

_LENGTHS, _ACROSS, _ARCH = "Lengths", "Widths, heights and girths", "Arch"
_HEEL, _TOES, _SIZES, _LOADS = "Heel and leg", "Forefoot and toes", "Sizes", "Between two loadings"

#: Measures of one foot in one scan.
MEASURES: tuple[MeasureRow, ...] = (
    Row(
        "foot_length_mm", "Foot length", _LENGTHS, LENGTH, lengths.foot_length,
        "from the pternion (rear-most point of the heel) to the most anterior point of the toes, along x", _ISO,
        norms=(ansur("female", 219.0, 276.0, 246.0, 12.0), ansur("male", 242.0, 302.0, 271.0, 13.0)),
    ),
    Row(
        "truncated_foot_length_mm", "Heel to ball, medial (truncated length)", _LENGTHS, LENGTH,
        lengths.truncated_foot_length,
        "from the pternion to the metatarsale tibiale (medial border of the ball), along x", _AHI,
        norms=(ansur_per_length(0.741, 0.015),),
    ),
    Row(
        "outside_ball_length_mm", "Heel to ball, lateral", _LENGTHS, LENGTH, lengths.outside_ball_length,
        "from the pternion to the metatarsale fibulare (lateral border of the ball), along x", _OWN,
    ),
    Row(
        "foot_width_mm", "Foot width at the ball", _ACROSS, LENGTH, lengths.foot_width,
        "from the metatarsale tibiale to the metatarsale fibulare, across (along y)", _ISO,
        norms=(ansur("female", 82.0, 104.0), ansur("male", 91.0, 115.0), ansur_per_length(0.376, 0.017)),
    ),
    Row(
        "heel_width_mm", "Heel width", _ACROSS, LENGTH, lengths.heel_width,
        "width of the section at x = 0.16 FL, below z = 40 mm", _OWN,
        norms=(ansur("female", 57.0, 81.0), ansur("male", 61.0, 87.0), ansur_per_length(0.268, 0.018)),
    ),
    Row(
        "ball_girth_mm", "Ball girth", _ACROSS, LENGTH, girths.ball_girth,
        "shortest closed curve round the foot through both metatarsal points, as a tape", _OWN,
        norms=(ansur_per_length(0.93, 0.04),),
    ),
    Row(
        "instep_girth_mm", "Instep girth", _ACROSS, LENGTH, girths.instep_girth,
        "tape round the section at x = 0.50 FL", _OWN, needs_foot=True,
    ),
    Row(
        "toe_box_height_mm", "Toe box height", _ACROSS, LENGTH, lengths.toe_box_height,
        "greatest height of the toes above the ground", _OWN, needs_ground=True,
    ),
    Row(
        "malleolus_height_mm", "Lateral malleolus height", _ACROSS, LENGTH, lengths.malleolus_height,
        "height of the lateral malleolus above the ground", "ANSUR II",
        norms=(ansur_per_length(0.269, 0.021, ("standing",)),), needs_ground=True, needs_foot=True,
    ),
    Row(
        "dorsum_height_mm", "Dorsum height at half length", _ARCH, LENGTH, lengths.dorsum_height,
        "highest point of the section at x = 0.50 FL", _AHI, needs_foot=True,
    ),
    Row(
        "arch_height_index", "Arch height index (dorsum ÷ truncated length)", _ARCH, INDEX, arches.arch_height_index,
        "dorsum height divided by truncated foot length", _AHI,
        norms=(
            Norm(f".340 ± .030, {_JIG}", _AHI, 0.340, 0.030),
            Norm(f".363 ± .030, {_JIG}", _AHI, 0.363, 0.030, ("seated",), taken="seated"),
        ),
        needs_ground=True, needs_foot=True,
    ),
    Row(
        "plantar_arch_height_mm", "Plantar arch height", _ARCH, LENGTH, arches.plantar_arch_height,
        "greatest height of the sole's underside, 0.30 to 0.60 FL, along the line at a quarter of the section's width"
        " from its medial border", _OWN, needs_ground=True,
    ),
    Row(
        "arch_index", "Arch index (contact of the middle third)", _ARCH, INDEX, arches.arch_index,
        "contact area (underside below 2 mm) of the middle third divided by that of all three thirds of the toeless"
        " print; weight-bearing scans only", "Cavanagh & Rodgers 1987",
        norms=(Norm("normal .24 ± .04, flat .30 ± .07", "Murley 2009", 0.24, 0.04),), needs_ground=True,
    ),
    Row(
        "arch_volume_mm3", "Volume under the medial arch", _ARCH, VOLUME, arches.arch_volume,
        "volume between the sole's underside and the ground, medial half, 0.30 to 0.60 FL", _OWN, needs_ground=True,
    ),
    Row(
        "navicular_height_mm", "Navicular height", _ARCH, LENGTH, lengths.navicular_height,
        "height of the navicular landmark, only where it was marked or set by hand", "Murley 2009",
        norms=(
            Norm(
                "normal .27 ± .03, flat .18 ± .04", "Murley 2009", 0.27, 0.03, per="truncated_foot_length_mm"
            ),
        ),
        needs_ground=True,
    ),
    Row(
        "heel_angle_deg", "Heel line against the vertical", _HEEL, ANGLE, heels.heel_angle_deg,
        "calcaneal line against the ground's normal in the frontal plane, valgus (top leans medially) positive:"
        " Theil-Sen line through the middles of chords 10 mm in front of the rear of slices, z = 15 to 50 mm", _OWN,
        _VALGUS,
        (Norm("6.1 ± 2.7° valgus (n = 88); 7° (n = 121)", "Sobel 1999; Åström 1995", 6.1, 2.7),), needs_ground=True,
    ),
    Row(
        "leg_angle_deg", "Leg against the vertical", _HEEL, ANGLE, heels.leg_angle_deg,
        "centres of the leg's slices, z = 90 to 160 mm, against the ground's normal, varus negative; a leg that was cut"
        " within them has none",
        _OWN, _VALGUS, needs_foot=True,
    ),
    Row(
        "leg_heel_angle_deg", "Heel against the leg", _HEEL, ANGLE, heels.leg_heel_angle_deg,
        "heel angle minus leg angle, valgus positive", _OWN, _VALGUS, needs_ground=True, needs_foot=True,
    ),
    Row(
        "heel_contact_offset_mm", "Leg axis to heel contact", _HEEL, LENGTH, heels.heel_contact_offset,
        "medial-lateral distance from the leg's axis, dropped to the ground, to the centre of the heel's contact,"
        " lateral positive", _OWN, _LATERAL, needs_ground=True, needs_foot=True,
    ),
    Row(
        "forefoot_angle_deg", "Forefoot against the heel", _TOES, ANGLE, heels.forefoot_angle_deg,
        "line under the 1st and 5th metatarsal heads against the perpendicular of the heel line, varus (medial side"
        " raised) positive; raised scans only", _OWN, _VARUS, needs_ground=True,
    ),
    Row(
        "ball_angle_deg", "Ball line", _TOES, ANGLE, lengths.ball_angle_deg,
        "line through the two metatarsal points against y", _OWN,
    ),
    Row(
        "hallux_angle_deg", "Big toe angle", _TOES, ANGLE, toes.hallux_angle_deg,
        "tangent from heel to ball against the tangent from ball to great toe, medial border; towards the other"
        " toes positive", _OWN,
    ),
    Row(
        "fifth_toe_angle_deg", "Little toe angle", _TOES, ANGLE, toes.fifth_toe_angle_deg,
        "tangent from heel to ball against the tangent from ball to little toe, lateral border; towards the other"
        " toes positive", _OWN,
    ),
    Row(
        "mondopoint", "Mondopoint", _SIZES, SIZE_MM, lengths.mondopoint,
        "shoe size by foot length, in steps of 5 mm", "ISO 9407",
    ),
    Row(
        "eu_size", "EU size", _SIZES, SIZE_PARIS, lengths.eu_size,
        "shoe size by foot length with 2 points of 6.67 mm of room, to the nearest half", _OWN,
    ),
)  # fmt: skip

#: Measures of one foot in two scans under different loads.
BETWEEN_LOADINGS: tuple[LoadingRow, ...] = (
    Row(
        "arch_drop_mm", "Arch drop", _LOADS, LENGTH, arch_under_load.arch_drop,
        "dorsum height under the smaller load minus that under the larger", "McPoil 2008",
    ),
    Row(
        "arch_rigidity_index", "Arch rigidity index (standing ÷ seated)", _LOADS, INDEX, arch_under_load.arch_rigidity,
        "arch height index standing divided by arch height index seated", "Butler 2008",
    ),
    Row(
        "arch_stiffness", "Arch stiffness (0.4 × body weight ÷ fall of the arch height index)", _LOADS, FORCE,
        arch_under_load.arch_stiffness,
        "0.4 × body weight divided by the fall of the arch height index from seated to standing; body weight is"
        " 9.81 m/s² × body mass", "Zifchock 2006",
    ),
)  # fmt: skip

#: Every row by its key.
ROWS: Mapping[str, Row[Any]] = MappingProxyType(
    {**{row.key: row for row in MEASURES}, **{row.key: row for row in BETWEEN_LOADINGS}}
)
_PLACES = {key: place for place, key in enumerate(ROWS)}


def in_table_order(names: Iterable[str]) -> list[str]:
    """Return names of measures in the order of the table; those that are not in it come last, by name."""
    return sorted(names, key=lambda name: (_PLACES.get(name, len(_PLACES)), name))
