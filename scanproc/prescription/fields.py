"""Every field of a prescription: its unit, its range, the reason for its default.

One group a class; `InsoleConfig` is all of them, and flat, so that a field is `insole.name` everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scanproc.settings import setting

Material = Literal["PA12", "PP", "TPU", "PETG", "EVA"]

#: Of the solid material, data sheets.
DENSITY_G_PER_CM3: dict[Material, float] = {"PA12": 1.01, "PP": 0.90, "TPU": 1.20, "PETG": 1.27, "EVA": 0.25}


@dataclass(frozen=True)
class Device:
    """What is made, of what, and for which shoe."""

    preset: str = setting("", "the preset it came from; its name is kept in checks.json and in the files")
    length: Literal["shell", "sulcus", "full"] = setting(
        "shell", "where it ends: behind the metatarsal heads, behind the toes, before them"
    )
    style: Literal["shell", "block"] = setting(
        "shell", "shell: even wall, for printing or direct milling; block: flat base, for milling EVA"
    )
    process: Literal["print", "mill"] = setting("print", "how it is made; the least wall depends on it")
    material: Literal["PA12", "PP", "TPU", "PETG", "EVA"] = setting(
        "PA12", "what it is made of, for mass, thickness rule and least wall"
    )
    shoe_size_eu: float | None = setting(
        None, "EU size of the shoe: outline of that length (2/3 cm a size)", low=15.0, high=52.0
    )
    shoe_width_mm: float | None = setting(
        None, "largest width that the shoe takes, mm: the outline is narrowed to it", low=40.0, high=140.0
    )
    outline_file: str = setting("", "DXF or SVG of the shoe's own insole, in mm: the outline is taken from it")
    block_height_mm: float = setting(
        35.0, "height of the raw block, mm: an arch or rim higher than it cannot be milled", low=10.0, high=80.0
    )


@dataclass(frozen=True)
class Thickness:
    """How thick the wall is, and where."""

    thickness_mm: float | None = setting(
        None, "wall, mm; left out: by the rule of the material, body mass and arch, which is printed", low=0.5, high=8.0
    )
    medial_thickness: float = setting(1.0, "factor of the wall on the medial side", low=0.7, high=2.0)
    lateral_thickness: float = setting(1.0, "factor of the wall on the lateral side", low=0.7, high=2.0)
    distal_edge_mm: float = setting(1.5, "wall at the front end, mm: thin, so that it is not felt", low=0.5, high=8.0)
    distal_taper_mm: float = setting(
        12.0, "length over which the wall thins towards the front end, mm", low=1.0, high=40.0
    )
    edge_radius_mm: float = setting(
        0.5, "radius of the lower outer edge, mm: a sharp one cuts the shoe's lining", low=0.0, high=3.0
    )


@dataclass(frozen=True)
class Fit:
    """Room between foot, shell and shoe."""

    clearance_mm: float = setting(0.0, "even gap between sole and shell, mm: plantar clearance", low=0.0, high=6.0)
    top_cover_mm: float = setting(0.0, "thickness of the top cover to make room for, mm", low=0.0, high=8.0)
    heel_expansion_mm: float = setting(
        0.0, "how much wider the heel becomes under load, mm over both sides: room for the fat pad", low=0.0, high=10.0
    )
    medial_expansion_mm: float = setting(0.0, "room at the medial border, mm", low=0.0, high=8.0)
    lateral_expansion_mm: float = setting(0.0, "room at the lateral border, mm", low=0.0, high=8.0)
    outline_margin_mm: float = setting(
        0.0, "how far the outline of sulcus and full length stands beyond the foot, mm", low=-5.0, high=10.0
    )
    toe_room_mm: float = setting(8.0, "how far a full length goes beyond the longest toe, mm", low=0.0, high=25.0)


@dataclass(frozen=True)
class Arch:
    """The medial longitudinal arch."""

    arch_fill_mm: float | None = setting(
        None,
        "how far the arch is lowered, mm (more fill = lower arch): 0 copies the scan, 1.6 minimum, 3.2 standard, 6.4 "
        "maximum; left out: 3.2 for a raised scan (an unloaded arch copied hurts), 1.6 seated, 0 standing",
        low=0.0,
        high=10.0,
    )
    arch_target_mm: float | None = setting(
        None, "height of the arch's apex over the ground, mm, instead of a fill", low=3.0, high=60.0
    )
    arch_support: bool = setting(False, "fill the room below the arch down to the ground: stiffens it")
    medial_edge_mm: float = setting(
        8.0,
        "medial edge over the arch at a quarter of the width, mm: higher holds more, lower fits more shoes",
        low=2.0,
        high=25.0,
    )
    side_edge_mm: float = setting(
        5.0,
        "edges at the lateral side and in front over the lowest sole beside them, mm: low, to fit the shoe",
        low=2.0,
        high=20.0,
    )
    distal_gap_mm: float = setting(
        8.0,
        "end of the shell behind the line of the metatarsal heads, mm, so that the ball bends freely",
        low=0.0,
        high=30.0,
    )
    medial_flange_mm: float = setting(0.0, "how far the medial edge is raised at the midfoot, mm", low=0.0, high=25.0)
    lateral_flange_mm: float = setting(0.0, "how far the lateral edge is raised at the midfoot, mm", low=0.0, high=25.0)


@dataclass(frozen=True)
class Heel:
    """Cup, skive and lift."""

    heel_cup_depth_mm: float = setting(
        12.0,
        "lowest point of the heel to the rim, mm: 6 shallow, 8-10 dress shoe, 12 standard, 18-30 deep",
        low=4.0,
        high=30.0,
    )
    medial_skive_mm: float = setting(
        0.0, "depth of the medial heel skive, mm: 2, 4 or 6; pushes the heel into varus", low=0.0, high=8.0
    )
    lateral_skive_mm: float = setting(0.0, "depth of the lateral heel skive, mm", low=0.0, high=8.0)
    skive_angle_deg: float = setting(15.0, "angle of the skive's plane against the ground, deg", low=5.0, high=30.0)
    heel_lift_mm: float = setting(
        0.0, "how far the heel is raised against the forefoot, mm; up to 10 fits into a shoe", low=0.0, high=25.0
    )


@dataclass(frozen=True)
class Posts:
    """Balance and posting: angles are never signed, a word says which side is raised."""

    cast_balance: Literal["tripod", "heel_vertical", "inverted", "everted"] = setting(
        "tripod", "how the foot is levelled: as it rests on heel and metatarsal heads, with the heel upright, or turned"
    )
    balance_deg: float = setting(0.0, "how far the foot is inverted or everted, deg", low=0.0, high=15.0)
    rearfoot_post_deg: float = setting(0.0, "plane under the heel against the ground, deg: 0-8", low=0.0, high=10.0)
    rearfoot_post: Literal["varus", "valgus"] = setting(
        "varus", "which side the rearfoot post raises: varus the medial one"
    )
    rearfoot_posting: Literal["extrinsic", "intrinsic"] = setting(
        "extrinsic", "extrinsic: material below the shell; intrinsic: in its form"
    )
    rearfoot_motion_deg: float = setting(
        0.0, "motion allowed on the post's other half, deg: 4 with a post of 4 is a 4/4 post", low=0.0, high=8.0
    )
    forefoot_post_deg: float = setting(0.0, "plane under the front end, deg: 2, 4, 6 or 8", low=0.0, high=10.0)
    forefoot_post: Literal["varus", "valgus"] = setting("varus", "which side the forefoot post raises")
    forefoot_posting: Literal["extrinsic", "intrinsic"] = setting(
        "extrinsic", "extrinsic: material below the shell; intrinsic: in its form"
    )


@dataclass(frozen=True)
class Pads:
    """Pads, reliefs and cut-outs; places are in mm behind the line of the metatarsal heads, or in named spots."""

    met_pad_mm: float = setting(0.0, "height of the metatarsal pad, mm; 4.8 standard", low=0.0, high=10.0)
    met_pad_back_mm: float = setting(
        8.0, "front edge of the pad behind the line of the metatarsal heads, mm: 6-11", low=0.0, high=30.0
    )
    met_pad_width_mm: float = setting(32.0, "width of the pad, mm", low=15.0, high=70.0)
    met_pad_length_mm: float = setting(42.0, "length of the pad, mm", low=20.0, high=80.0)
    met_bar_mm: float = setting(0.0, "height of the bar behind all metatarsal heads, mm", low=0.0, high=8.0)
    met_bar_back_mm: float = setting(8.0, "front edge of the bar behind that line, mm", low=0.0, high=30.0)
    first_ray_cut: bool = setting(False, "cut the shell out under the first ray, so that it can plantarflex")
    fifth_ray_cut: bool = setting(False, "cut the shell out under the fifth ray")
    mortons_extension_mm: float = setting(
        0.0, "thickness of an extension under the first ray to the toe, mm (sulcus or full length)", low=0.0, high=6.0
    )
    groove_mm: float = setting(0.0, "depth of the groove for the plantar fascia, mm; 2 usual", low=0.0, high=4.0)
    groove_width_mm: float = setting(12.0, "width of that groove, mm", low=6.0, high=25.0)
    navicular_relief_mm: float = setting(0.0, "depth of a hollow under the navicular, mm", low=0.0, high=6.0)
    cuboid_relief_mm: float = setting(0.0, "depth of a hollow under the cuboid, mm", low=0.0, high=6.0)
    toe_crest_mm: float = setting(0.0, "height of a crest behind the lesser toes, mm (full length)", low=0.0, high=8.0)


@dataclass(frozen=True)
class Marks:
    """What is written on it."""

    side_mark: bool = setting(True, "L or R in the geometry, under the arch")
    text: str = setting("", "what else stands under it: pseudonym, date; letters, digits, space and - . /")
    mark_height_mm: float = setting(
        0.4,
        "how far letters stand out, mm; 0.25 is the least that reads; engraving would eat wall",
        low=0.25,
        high=1.5,
    )
    letter_mm: float = setting(6.0, "height of the letters, mm", low=3.0, high=12.0)


@dataclass(frozen=True)
class Making:
    """How the solid is built."""

    contact_patch_mm2: float = setting(
        150.0,
        "flat area under the device, mm2: a printer finds no first layer on a round underside",
        low=0.0,
        high=2000.0,
    )
    smoothing_mm: float = setting(
        1.0,
        "sigma of the smoothing of the sole, mm: noise of 0.5 mm doubles the print time; parabolas are kept",
        low=0.0,
        high=3.0,
    )
    wall_slope_deg: float = setting(
        75.0, "steepest wall of the cup, degrees: steeper ones open to this draft", low=55.0, high=80.0
    )
    grid_mm: float = setting(0.5, "step of the height field, mm; 1 is a preview", low=0.25, high=1.0)
    mesh_deviation_mm: float = setting(
        0.02, "how far triangles may lie off the surface they stand for, mm", low=0.005, high=0.1
    )
    cutter_mm: float = setting(6.0, "diameter of the finishing cutter, mm (milling)", low=1.0, high=20.0)
    sole_below_mm: float = setting(60.0, "what lies higher above the ground is no sole, mm", low=30.0, high=100.0)


@dataclass(frozen=True)
class Judgement:
    """How strictly the scan and the finished solid are judged."""

    allow_unseen_sole: bool = setting(
        False, "build on a sole that no view saw: it was invented to close the surface, and the insole may not fit"
    )
    max_unseen_sole: float = setting(
        0.02, "share of the sole under the shell that may be unseen (and is bridged)", low=0.0, high=0.2
    )
    min_side_confidence: float = setting(0.8, "least confidence in left or right", low=0.5, high=1.0)
    wall_tolerance_mm: float = setting(0.05, "how much thinner than asked the wall may be, mm", low=0.01, high=0.5)
    surface_tolerance_mm: float = setting(0.1, "how far the top may lie off the asked surface, mm", low=0.02, high=1.0)
    dose_tolerance_mm: float = setting(
        0.2, "how far a dose measured back may lie off the asked one, mm", low=0.05, high=2.0
    )
    angle_tolerance_deg: float = setting(
        0.1, "how far a post's angle measured back may lie off the asked one, deg", low=0.02, high=1.0
    )
    rim_band_mm: float = setting(3.0, "width of the rim, mm, where the wall is judged by itself", low=1.0, high=10.0)
    min_waist_share: float = setting(
        0.55,
        "narrowest width of the shell, as a share of the foot's width there: less is no sole that was followed",
        low=0.3,
        high=0.9,
    )
    max_triangles: int = setting(60_000, "most triangles of one insole", low=10_000)


@dataclass(frozen=True)
class InsoleConfig(Judgement, Making, Marks, Pads, Posts, Heel, Arch, Fit, Thickness, Device):  # fields: last first
    """The prescription of the insole, and how strictly the finished solid is judged."""


@dataclass(frozen=True)
class Prescription(InsoleConfig):
    """The prescription of one foot with nothing left open: what was left out is filled in by a rule.

    Attributes
    ----------
    evidence : why each value that a rule gave is what it is, for the report.
    """

    thickness_mm: float = 3.0
    arch_fill_mm: float = 3.2
    evidence: tuple[str, ...] = ()
