"""The prescription: every dose of an insole, with its unit, its range and the reason for its default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scanproc.settings import setting

DENSITY_G_PER_CM3 = {"PA12": 1.01, "PP": 0.90, "TPU": 1.20, "PETG": 1.27}  # of the solid material, data sheets


@dataclass(frozen=True)
class InsoleConfig:
    """The prescription of the insole, and how strictly the finished solid is judged."""

    material: Literal["PA12", "PP", "TPU", "PETG"] = setting("PA12", "what it is made of, for the mass")
    thickness_mm: float = setting(
        3.0, "wall, mm; printed PA12 2.5-3.5, polypropylene 3.2-6.4 by body mass", low=1.0, high=8.0
    )
    clearance_mm: float = setting(0.0, "even gap between sole and shell, mm: room for a top cover", low=0.0, high=6.0)
    arch_fill_mm: float = setting(
        3.2,
        "how far the arch is lowered, mm (more fill = lower arch): 0 copies the scan, which hurts if the foot was "
        "raised; 1.6 minimum, 3.2 standard, 6.4 maximum by custom; takes at most half of the sole's height",
        low=0.0,
        high=10.0,
    )
    heel_cup_depth_mm: float = setting(
        12.0,
        "lowest point of the heel to the rim, mm: 6 shallow, 8-10 dress shoe, 12 standard, 18-30 deep",
        low=4.0,
        high=30.0,
    )
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
    distal_edge_mm: float = setting(1.5, "wall at the front end, mm: thin, so that it is not felt", low=0.8, high=8.0)
    distal_taper_mm: float = setting(
        12.0, "length over which the wall thins towards the front end, mm", low=1.0, high=40.0
    )
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
    grid_mm: float = setting(0.5, "step of the height field, mm", low=0.25, high=1.0)
    triangle_mm: float = setting(
        1.2, "side of a triangle where the shell is flat, mm; 0.4 of it at its walls", low=0.5, high=3.0
    )
    sole_below_mm: float = setting(60.0, "what lies higher above the ground is no sole, mm", low=30.0, high=100.0)
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
    rim_band_mm: float = setting(3.0, "width of the rim, mm, where the wall is judged by itself", low=1.0, high=10.0)
    min_waist_share: float = setting(
        0.55,
        "narrowest width of the shell, as a share of the foot's width there: less is no sole that was followed",
        low=0.3,
        high=0.9,
    )
    max_triangles: int = setting(150_000, "most triangles of one insole", low=10_000)
