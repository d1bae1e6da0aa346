"""What is done to the foot: arch, heel, posts. Sides are words, angles have no sign. Pads have a room of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scanproc.settings import setting


@dataclass(frozen=True)
class Arch:
    """The medial longitudinal arch, and the edges beside it."""

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
    arch_support: bool = setting(
        False,
        "fill the room below the arch down to the ground: stiffens it; false: the shell springs, and weighs less",
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
    medial_flange_mm: float = setting(
        0.0, "how far the medial edge is raised at the midfoot, mm: holds a navicular that drops", low=0.0, high=25.0
    )
    lateral_flange_mm: float = setting(
        0.0,
        "how far the lateral edge is raised at the midfoot, mm: stops the forefoot from drifting out",
        low=0.0,
        high=25.0,
    )


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
        0.0,
        "depth of the medial heel skive, mm: 2, 4 or 6; pushes the heel into varus; needs a cup of 14 or more",
        low=0.0,
        high=8.0,
    )
    lateral_skive_mm: float = setting(
        0.0, "depth of the lateral heel skive, mm: 2, 4 or 6; pushes the heel into valgus", low=0.0, high=8.0
    )
    skive_angle_deg: float = setting(
        15.0, "angle of the skive's plane against the ground, deg: 15 as first described (Kirby)", low=5.0, high=30.0
    )
    heel_lift_mm: float = setting(
        0.0, "how far the heel is raised against the forefoot, mm; up to 10 fits into a shoe", low=0.0, high=25.0
    )


@dataclass(frozen=True)
class Posts:
    """Balance and posting: angles are never signed, a word says which side is raised."""

    cast_balance: Literal["tripod", "heel_vertical", "inverted", "everted"] = setting(
        "tripod",
        "how the foot is levelled: as it rests on heel and metatarsal heads (a forefoot varus is lost), with the heel "
        "upright (it is kept), or turned by balance_deg",
    )
    balance_deg: float = setting(
        0.0,
        "how far the foot is inverted or everted, deg",
        low=0.0,
        high=15.0,
        instead_of_minus='angles have no sign: set insole.cast_balance = "everted"',
    )
    rearfoot_post_deg: float = setting(
        0.0,
        "plane under the heel against the foot's own ground, on which heel and forefoot lie, deg: 0-8; how far a rigid "
        "device tips when it stands by itself depends on its front end, too",
        low=0.0,
        high=10.0,
        instead_of_minus='angles have no sign: set insole.rearfoot_post = "valgus"',
    )
    rearfoot_post: Literal["varus", "valgus"] = setting(
        "varus", "which side the rearfoot post raises: varus the medial one, valgus the lateral one"
    )
    rearfoot_posting: Literal["extrinsic", "intrinsic"] = setting(
        "extrinsic", "extrinsic: material below the shell; intrinsic: in its form, thinner in the shoe"
    )
    rearfoot_motion_deg: float = setting(
        0.0, "motion allowed on the post's other half, deg: 4 with a post of 4 is a 4/4 post", low=0.0, high=8.0
    )
    forefoot_post_deg: float = setting(
        0.0,
        "plane under the front end against the foot's own ground, on which heel and forefoot lie, deg: 2, 4, 6 or 8; "
        "how far a rigid device tips when it stands by itself depends on its heel, too",
        low=0.0,
        high=10.0,
        instead_of_minus='angles have no sign: set insole.forefoot_post = "valgus"',
    )
    forefoot_post: Literal["varus", "valgus"] = setting(
        "varus", "which side the forefoot post raises: varus the medial one, valgus the lateral one"
    )
    forefoot_posting: Literal["extrinsic", "intrinsic"] = setting(
        "extrinsic", "extrinsic: material below the shell; intrinsic: in its form"
    )
    level_front: bool = setting(
        True,
        "the front end is level with the heel, so that the device stands still; false: it follows the foot, and may "
        "rock",
    )
