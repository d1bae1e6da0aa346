"""What each measure is, in one table: the report's and the cohort's dictionary. FL is the foot length."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Definition:
    """The unit of a measure, how it is defined in the foot frame, and where that comes from."""

    unit: str
    text: str
    source: str


_ISO = "ISO 7250-1"
_AHI = "Williams & McClay 2000"
_OWN = "scanproc"  # defined here, for want of a standard

#: Measures of one foot in one scan, by their names in `measures.json`, in the order of a table.
DEFINITIONS: Mapping[str, Definition] = {
    "foot_length_mm": Definition(
        "mm", "from the pternion (rear-most point of the heel) to the most anterior point of the toes, along x", _ISO
    ),
    "truncated_foot_length_mm": Definition(
        "mm", "from the pternion to the metatarsale tibiale (medial border of the ball), along x", _AHI
    ),
    "outside_ball_length_mm": Definition(
        "mm", "from the pternion to the metatarsale fibulare (lateral border of the ball), along x", _OWN
    ),
    "foot_width_mm": Definition(
        "mm", "from the metatarsale tibiale to the metatarsale fibulare, across (along y)", _ISO
    ),
    "heel_width_mm": Definition("mm", "width of the section at x = 0.16 FL, below z = 40 mm", _OWN),
    "ball_girth_mm": Definition(
        "mm", "shortest closed curve round the foot through both metatarsal points, as a tape", _OWN
    ),
    "instep_girth_mm": Definition("mm", "tape round the section at x = 0.50 FL", _OWN),
    "toe_box_height_mm": Definition("mm", "greatest height of the toes above the ground", _OWN),
    "malleolus_height_mm": Definition("mm", "height of the lateral malleolus above the ground", "ANSUR II"),
    "dorsum_height_mm": Definition("mm", "highest point of the section at x = 0.50 FL", _AHI),
    "arch_height_index": Definition("1", "dorsum height divided by truncated foot length", _AHI),
    "plantar_arch_height_mm": Definition(
        "mm",
        "greatest height of the sole's underside, 0.30 to 0.60 FL, along the line at a quarter of the section's width"
        " from its medial border",
        _OWN,
    ),
    "arch_index": Definition(
        "1",
        "contact area (underside below 2 mm) of the middle third divided by that of all three thirds of the toeless"
        " print; weight-bearing scans only",
        "Cavanagh & Rodgers 1987",
    ),
    "arch_volume_mm3": Definition(
        "mm³", "volume between the sole's underside and the ground, medial half, 0.30 to 0.60 FL", _OWN
    ),
    "navicular_height_mm": Definition(
        "mm", "height of the navicular landmark, only where it was marked or set by hand", "Murley 2009"
    ),
    "heel_angle_deg": Definition(
        "°",
        "calcaneal line against the ground's normal in the frontal plane, valgus (top leans medially) positive:"
        " Theil-Sen line through the middles of chords 10 mm in front of the rear of slices, z = 15 to 50 mm",
        _OWN,
    ),
    "leg_angle_deg": Definition(
        "°",
        "centres of the leg's slices, z = 90 to 160 mm or the scan's end, against the ground's normal; varus negative",
        _OWN,
    ),
    "leg_heel_angle_deg": Definition("°", "heel angle minus leg angle, valgus positive", _OWN),
    "heel_contact_offset_mm": Definition(
        "mm",
        "medial-lateral distance from the leg's axis, dropped to the ground, to the centre of the heel's contact,"
        " lateral positive",
        _OWN,
    ),
    "forefoot_angle_deg": Definition(
        "°",
        "line under the 1st and 5th metatarsal heads against the perpendicular of the heel line, varus (medial side"
        " raised) positive; raised scans only",
        _OWN,
    ),
    "ball_angle_deg": Definition("°", "line through the two metatarsal points against y", _OWN),
    "hallux_angle_deg": Definition(
        "°",
        "tangent from heel to ball against the tangent from ball to great toe, medial border; towards the other"
        " toes positive",
        _OWN,
    ),
    "fifth_toe_angle_deg": Definition(
        "°",
        "tangent from heel to ball against the tangent from ball to little toe, lateral border; towards the other"
        " toes positive",
        _OWN,
    ),
    "mondopoint": Definition("mm", "shoe size by foot length, in steps of 5 mm", "ISO 9407"),
    "eu_size": Definition(
        "Paris points", "shoe size by foot length with 2 points of 6.67 mm of room, to the nearest half", _OWN
    ),
}

#: Measures of one foot in two scans under different loads.
BETWEEN_LOADINGS: Mapping[str, Definition] = {
    "arch_drop_mm": Definition("mm", "dorsum height under the smaller load minus that under the larger", "McPoil 2008"),
    "arch_rigidity_index": Definition(
        "1", "arch height index standing divided by arch height index seated", "Butler 2008"
    ),
    "arch_stiffness": Definition(
        "N",
        "0.4 × body weight divided by the fall of the arch height index from seated to standing; body weight is"
        " 9.81 m/s² × body mass",
        "Zifchock 2006",
    ),
}


def in_table_order(names: Iterable[str]) -> list[str]:
    """Return names of measures in the order of `DEFINITIONS`; those that are not defined there come last, by name."""
    order = {name: index for index, name in enumerate(DEFINITIONS)}
    return sorted(names, key=lambda name: (order.get(name, len(order)), name))


def columns_of(name: str) -> tuple[str, str, str]:
    """Return the columns of a measure in a table: its value, its standard uncertainty, its status."""
    return name, f"{name}_sd", f"{name}_status"
