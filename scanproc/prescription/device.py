"""What is made: the device, its wall, its room in the shoe, its marks, and how the solid is built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scanproc.artifacts import HIGHEST_BLOCK_MM
from scanproc.settings import setting

Material = Literal["PA12", "PP", "TPU", "PETG", "EVA"]


@dataclass(frozen=True)
class Device:
    """What is made, of what, and for which shoe."""

    preset: str = setting(
        "",
        "what it starts from: shell, sulcus, full, eva-block, ucbl, sport, dress, diabetic, or a lab's own TOML file; "
        "values below win over the preset's (`scanproc prescription --preset NAME` prints a preset)",
    )
    pair: Literal["as-scanned", "from-left", "from-right"] = setting(
        "as-scanned",
        "each scanned foot its own insole; or both from one foot, the other side's as its mirror image: medial stays "
        "medial",
    )
    length: Literal["shell", "sulcus", "full"] = setting(
        "shell",
        "where it ends: behind the metatarsal heads (fits most shoes, the ball bends freely), behind the toes, before "
        "them",
    )
    extension: Literal["none", "sulcus", "full"] = setting(
        "none",
        "soft extension ahead of a shell, a part of its own that is glued to its front end below the top cover: to "
        "behind the toes, or before them",
    )
    extension_material: Literal["TPU", "EVA"] = setting(
        "TPU", "what the soft extension is made of: TPU is printed, EVA cut from a sheet by the outline"
    )
    style: Literal["shell", "block"] = setting(
        "shell", "shell: even wall, for printing or direct milling; block: flat base, for milling EVA"
    )
    process: Literal["print", "mill", "positive", "negative"] = setting(
        "print",
        "how it is made; the least wall depends on it. mill: itself; positive: a model of the corrected foot to form a "
        "sheet over; negative: its mould (G-code: see `scanproc machine`)",
    )
    material: Literal["PA12", "PP", "TPU", "PETG", "EVA"] = setting(
        "PA12", "what it is made of: mass, thickness rule and least wall; PA12 is what most print services take"
    )
    shoe: Literal["any", "dress"] = setting(
        "any", "kind of shoe; dress: a low counter, out of which a cup deeper than 10 mm lifts the heel"
    )
    shoe_size_eu: float | None = setting(
        None,
        "EU size of the shoe, for an outline of that length (2/3 cm a size); left out: of the foot's length",
        low=15.0,
        high=52.0,
    )
    shoe_width_mm: float | None = setting(
        None, "largest width that the shoe takes, mm: the outline is narrowed to it", low=40.0, high=140.0
    )
    outline_file: str = setting(
        "", "DXF or SVG of the shoe's own insole, in mm, beside this file: the outline is taken from it"
    )
    outline_curve: tuple[tuple[float, float], ...] = setting((), "the curve of outline_file, mm", hidden=True)
    block_height_mm: float | None = setting(
        None,
        "height of the raw block or plate, mm (milling): what stands higher cannot be milled; left out: the lowest "
        "usual one that holds it, of 35, 50, 65 and 80",
        low=10.0,
        high=HIGHEST_BLOCK_MM,
    )


@dataclass(frozen=True)
class Thickness:
    """How thick the wall is, and where."""

    thickness_mm: float | None = setting(
        None,
        "wall, mm (of a block: under its lowest point); left out: by the rule of material, body mass and arch, which "
        "is printed with its evidence",
        low=0.5,
        high=8.0,
    )
    medial_thickness: float = setting(
        1.0, "factor of the wall on the medial side: above 1 it resists pronation", low=0.7, high=2.0
    )
    lateral_thickness: float = setting(1.0, "factor of the wall on the lateral side", low=0.7, high=2.0)
    distal_edge_mm: float = setting(1.5, "wall at the front end, mm: thin, so that it is not felt", low=0.5, high=8.0)
    distal_taper_mm: float = setting(
        12.0,
        "length over which the wall thins towards the front end, mm: shorter is felt as a step",
        low=1.0,
        high=40.0,
    )
    forefoot_mm: float | None = setting(
        None,
        "wall ahead of the metatarsal heads of sulcus and full length, mm: thin, so that it bends with the toes; left "
        "out: by material, 1.2 of PA12 and PETG, 1.5 of PP; TPU and EVA bend as they are",
        low=0.5,
        high=8.0,
    )
    extension_mm: float | None = setting(
        None,
        "thickness of the soft extension, mm; left out: that of the shell's front end, with which it is flush above "
        "and below: a thicker one asks for a thicker insole.distal_edge_mm",
        low=1.0,
        high=8.0,
    )
    rim_radius_mm: float = setting(
        1.0,
        "radius of the upper outer edge, mm: a sharp one is felt, and chips; it takes at most 0.4 of the rim",
        low=0.0,
        high=2.0,
    )
    edge_radius_mm: float = setting(
        0.5, "radius of the lower outer edge, mm: a sharp one cuts the shoe's lining", low=0.0, high=3.0
    )


@dataclass(frozen=True)
class Fit:
    """Room between foot, insole and shoe."""

    clearance_mm: float = setting(
        0.0, "even gap between sole and insole, mm (plantar clearance); 0: full contact", low=0.0, high=6.0
    )
    top_cover_mm: float = setting(0.0, "thickness of the top cover to make room for, mm; 0: bare", low=0.0, high=8.0)
    heel_expansion_mm: float | None = setting(
        None,
        "how much wider the heel becomes under load, mm over both sides: room for the fat pad; left out: what --from "
        "measured of the foot standing, or 0",
        low=0.0,
        high=10.0,
    )
    medial_expansion_mm: float = setting(
        0.0, "room at the medial border, mm: where the shell's edge presses", low=0.0, high=8.0
    )
    lateral_expansion_mm: float = setting(0.0, "room at the lateral border, mm", low=0.0, high=8.0)
    outline_margin_mm: float = setting(
        0.0,
        "how far the outline of sulcus and full length stands beyond the foot, mm; negative for a narrow shoe",
        low=-5.0,
        high=10.0,
    )
    toe_room_mm: float = setting(
        8.0, "how far a full length goes beyond the longest toe, mm: shoes are 8 to 15 longer", low=0.0, high=25.0
    )


@dataclass(frozen=True)
class Marks:
    """What is written on it."""

    side_mark: bool = setting(True, "L or R in the geometry, under the arch: pairs are mixed up in a print bed")
    text: str = setting("", "what else stands under it: pseudonym, date; letters, digits, space and - . /")
    mark_height_mm: float = setting(
        0.4,
        "how far letters stand out, mm; 0.25 is the least that reads; engraving would eat wall",
        low=0.25,
        high=1.5,
    )
    letter_mm: float = setting(
        6.0, "height of the letters, mm: smaller ones blur in a powder print", low=3.0, high=12.0
    )


@dataclass(frozen=True)
class Making:
    """How the solid is built."""

    contact_patch_mm2: float = setting(
        150.0,
        "flat area under the device, mm2: a printer finds no first layer on a round underside",
        low=0.0,
        high=2000.0,
    )
    smoothing_mm: float | None = setting(
        None,
        "sigma of the smoothing of the sole, mm; left out: 1 to 3, as much as the recording's own noise asks for, so "
        "that none is felt or printed; parabolas are kept",
        low=0.0,
        high=5.0,
    )
    wall_slope_deg: float = setting(
        75.0, "steepest wall of the cup, degrees: steeper ones open to this draft", low=55.0, high=80.0
    )
    grid_mm: float = setting(0.5, "step of the height field, mm; 1 is a preview", low=0.25, high=1.0)
    mesh_deviation_mm: float = setting(
        0.02, "how far triangles may lie off the surface they stand for, mm", low=0.005, high=0.1
    )
    cutter_mm: float = setting(
        6.0,
        "diameter of the finishing cutter, mm (milling): a common ball cutter for a foot's curves",
        low=1.0,
        high=20.0,
    )
    sole_below_mm: float = setting(60.0, "what lies higher above the ground is no sole, mm", low=30.0, high=100.0)
