"""One row a dose: its field, the term of the design that it makes, the checks that measure it back, its picture.

A dose's unit, range and reason are its setting's own. `CHECKS` is the proof in the order of `checks.json`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from scanproc.artifacts import Check
from scanproc.changes import Change, higher, lower
from scanproc.design.arch import arch_at, arch_fill
from scanproc.design.balance import balanced
from scanproc.design.cutter import refuse_unreached
from scanproc.design.distal_edge import behind_distal_edge, cut_outs
from scanproc.design.edge_profile import edge_profile
from scanproc.design.expansion import expanded
from scanproc.design.extension import lengthened, soft_extension
from scanproc.design.front_platform import front_platform
from scanproc.design.ground_contact import ground_contact
from scanproc.design.heel import lifted, skived
from scanproc.design.marks import marks_of
from scanproc.design.outline import insole_outline
from scanproc.design.posts import forefoot_post, rearfoot_post
from scanproc.design.shoe import fitted_width, full_length_end, placed_insole
from scanproc.design.sole import scanned_sole
from scanproc.design.solid import build
from scanproc.design.top import lowered
from scanproc.design.underside import underside
from scanproc.design.wall import asked_wall
from scanproc.pads.table import PADS
from scanproc.prescription.fields import InsoleConfig
from scanproc.proof.arch import arch_checks, edge_checks
from scanproc.proof.bodies import finished_body_checks
from scanproc.proof.extension import extension_checks
from scanproc.proof.finished import Finished
from scanproc.proof.ground import ground_checks
from scanproc.proof.heel import heel_checks
from scanproc.proof.making import making_checks
from scanproc.proof.marks import mark_checks
from scanproc.proof.pads import pad_checks
from scanproc.proof.posts import post_checks
from scanproc.proof.room import room_checks
from scanproc.proof.sizes import size_checks
from scanproc.proof.stance import LOADS, stance_checks
from scanproc.proof.surface import surface_checks, unseen_checks
from scanproc.proof.upper_edge import upper_edge_checks
from scanproc.proof.walls import wall_checks
from scanproc.solid.edge_rounding import rounded_edge

Checks = Callable[[Finished], tuple[Check, ...]]

#: In the order of `checks.json`.
CHECKS: tuple[Checks, ...] = (
    finished_body_checks, wall_checks, upper_edge_checks, surface_checks, size_checks, heel_checks, arch_checks,
    edge_checks, post_checks, pad_checks, mark_checks, unseen_checks, room_checks, ground_checks, stance_checks,
    extension_checks, making_checks,
)  # fmt: skip


@dataclass(frozen=True)
class Dose:
    """A row of the table.

    Attributes
    ----------
    field : its setting, `insole.<field>`.
    term : the function of the design that makes it.
    check : the function of the proof that measures it back.
    names : of its checks in `checks.json`.
    view : the picture of the insole that shows it.
    advice : what to change when one of these checks fails, the least first.
    """

    field: str
    term: Callable[..., Any]
    check: Checks
    names: tuple[str, ...]
    view: Literal["Top", "Below", "Medial", "Rear", "Gap to the sole"]
    advice: tuple[Change | str, ...] = ()

    @property
    def setting(self) -> dataclasses.Field[Any]:
        """The setting, with its default, meaning, unit and range."""
        return InsoleConfig.__dataclass_fields__[self.field]


_FILL = (higher("arch_fill_mm"), lower("arch_target_mm"))
_DISTAL = (higher("distal_taper_mm"), higher("distal_edge_mm"))
_MEDIAL_EDGE = (lower("medial_flange_mm"), lower("medial_edge_mm"))
_SIDE_EDGE = (lower("lateral_flange_mm"), lower("side_edge_mm"))
_SMOOTH = (lower("smoothing_mm", left_out=1.0), lower("grid_mm"))
_FINER = (lower("mesh_deviation_mm"),)
_LETTERS = (higher("letter_mm"), Change("text", to=""))
_REARFOOT = (Change("rearfoot_posting", to="extrinsic"), lower("rearfoot_post_deg"))
_FOREFOOT = (Change("forefoot_posting", to="extrinsic"), lower("forefoot_post_deg"))

_STANCE = ("stands_gap_mm", *(f"{way}_{load}_deg" for way in ("roll", "pitch") for load in LOADS))

#: In the order of the prescription; pads have their own rows.
DOSES: tuple[Dose, ...] = (
    Dose("length", insole_outline, size_checks, ("length_mm",), "Top"),
    Dose("extension", soft_extension, extension_checks,
         ("extension_end_mm", "extension_gap_mm", "extension_step_mm", "extension_overlap_mm3", "extension_below_mm"),
         "Top", (higher("distal_gap_mm"), Change("extension", to="none"))),
    Dose("extension_material", soft_extension, extension_checks, ("extension_mass_g",), "Top"),
    Dose("style", underside, ground_checks, ("base_flat_mm",), "Below"),
    Dose("material", build, making_checks, ("mass_g",), "Top"),
    Dose("shoe_size_eu", full_length_end, size_checks, ("length_mm",), "Top"),
    Dose("shoe_width_mm", fitted_width, size_checks, ("shoe_width_mm",), "Top",
         (lower("side_edge_mm"), lower("heel_cup_depth_mm"), "take a wider shoe")),
    Dose("outline_file", placed_insole, size_checks, ("outline_deviation_mm",), "Top"),
    # the wall
    Dose("thickness_mm", asked_wall, wall_checks, ("thickness_mm",), "Top", _FINER),
    Dose("medial_thickness", asked_wall, wall_checks, ("thickness_medial_mm",), "Top", _FINER),
    Dose("lateral_thickness", asked_wall, wall_checks, ("thickness_lateral_mm",), "Top", _FINER),
    Dose("distal_edge_mm", asked_wall, size_checks, ("distal_edge_mm",), "Top", _DISTAL),
    Dose("distal_taper_mm", asked_wall, size_checks, ("distal_taper_mm",), "Top", _DISTAL),
    Dose("forefoot_mm", asked_wall, wall_checks, ("forefoot_mm",), "Below", _FINER),
    Dose("extension_mm", lengthened, extension_checks, ("extension_mm", "extension_min_mm"), "Below", _FINER),
    Dose("rim_radius_mm", rounded_edge, upper_edge_checks, ("rim_radius_mm",), "Top", (lower("rim_radius_mm"),)),
    Dose("edge_radius_mm", rounded_edge, wall_checks, ("wall_min_rim_mm",), "Below"),
    # the room
    Dose("clearance_mm", lowered, surface_checks, ("clearance_mm", "fit_p99_mm"), "Gap to the sole", _SMOOTH),
    Dose("top_cover_mm", lowered, surface_checks, ("clearance_mm",), "Gap to the sole", _SMOOTH),
    Dose("heel_expansion_mm", expanded, room_checks, ("heel_expansion_mm",), "Gap to the sole",
         (lower("heel_expansion_mm"), higher("heel_cup_depth_mm"))),
    Dose("medial_expansion_mm", expanded, room_checks, ("medial_expansion_mm",), "Gap to the sole",
         (lower("medial_expansion_mm"), higher("medial_edge_mm"))),
    Dose("lateral_expansion_mm", expanded, room_checks, ("lateral_expansion_mm",), "Gap to the sole",
         (lower("lateral_expansion_mm"), higher("side_edge_mm"))),
    Dose("outline_margin_mm", insole_outline, size_checks, ("width_mm", "outline_deviation_mm"), "Top"),
    Dose("toe_room_mm", full_length_end, size_checks, ("length_mm",), "Top"),
    # the arch, and the edges beside it
    Dose("arch_fill_mm", arch_fill, arch_checks,
         ("arch_fill_mm", "arch_fill_limited_mm", "arch_apex_height_mm", "arch_apex_x_mm"), "Gap to the sole", _FILL),
    Dose("arch_target_mm", arch_at, arch_checks, ("arch_target_mm",), "Medial", _FILL),
    Dose("arch_support", underside, ground_checks, ("arch_support_mm2",), "Below",
         (Change("text", to=""), Change("arch_support", to=False))),
    Dose("medial_edge_mm", edge_profile, edge_checks, ("medial_edge_mm",), "Medial", _MEDIAL_EDGE),
    Dose("side_edge_mm", edge_profile, edge_checks, ("side_edge_mm",), "Rear", _SIDE_EDGE),
    Dose("distal_gap_mm", behind_distal_edge, size_checks, ("distal_gap_mm",), "Top", _DISTAL),
    Dose("medial_flange_mm", edge_profile, edge_checks, ("medial_edge_mm",), "Medial", _MEDIAL_EDGE),
    Dose("lateral_flange_mm", edge_profile, edge_checks, ("side_edge_mm",), "Rear", _SIDE_EDGE),
    # the heel
    Dose("heel_cup_depth_mm", edge_profile, heel_checks,
         ("cup_depth_rear_mm", "cup_depth_medial_mm", "cup_depth_lateral_mm"), "Rear",
         (lower("heel_cup_depth_mm"),)),
    Dose("medial_skive_mm", skived, heel_checks, ("medial_skive_mm", "medial_skive_angle_deg"), "Gap to the sole",
         (lower("medial_skive_mm"), higher("heel_cup_depth_mm"))),
    Dose("lateral_skive_mm", skived, heel_checks, ("lateral_skive_mm", "lateral_skive_angle_deg"), "Gap to the sole",
         (lower("lateral_skive_mm"), higher("heel_cup_depth_mm"))),
    Dose("skive_angle_deg", skived, heel_checks, ("medial_skive_angle_deg", "lateral_skive_angle_deg"), "Rear"),
    Dose("heel_lift_mm", lifted, heel_checks, ("heel_lift_mm", "heel_lift_below_mm"), "Medial",
         (lower("heel_lift_mm"),)),
    # balance and posts
    Dose("cast_balance", balanced, surface_checks, ("clearance_mm", "fit_p99_mm"), "Gap to the sole", _SMOOTH),
    Dose("balance_deg", balanced, surface_checks, ("clearance_mm", "fit_p99_mm"), "Gap to the sole", _SMOOTH),
    Dose("rearfoot_post_deg", rearfoot_post, post_checks, ("rearfoot_post_deg",), "Rear", _REARFOOT),
    Dose("rearfoot_post", rearfoot_post, post_checks, ("rearfoot_post",), "Rear", _REARFOOT),
    Dose("rearfoot_motion_deg", rearfoot_post, post_checks, ("rearfoot_motion_deg",), "Rear", _REARFOOT),
    Dose("forefoot_post_deg", forefoot_post, post_checks, ("forefoot_post_deg",), "Below", _FOREFOOT),
    Dose("forefoot_post", forefoot_post, post_checks, ("forefoot_post",), "Below", _FOREFOOT),
    Dose("level_front", front_platform, stance_checks, _STANCE, "Below",
         (Change("arch_support", to=False), lower("rearfoot_post_deg"), lower("forefoot_post_deg"),
          Change("level_front", to=False))),
    # pads, reliefs and cut-outs
    *(Dose(pad.dose, pad.place, pad_checks, pad.checks, "Gap to the sole", pad.advice) for pad in PADS),
    Dose("first_ray_cut", cut_outs, size_checks, ("first_ray_cut_mm2",), "Top",
         (higher("distal_gap_mm"), Change("first_ray_cut", to=False))),
    Dose("fifth_ray_cut", cut_outs, size_checks, ("fifth_ray_cut_mm2",), "Top",
         (higher("distal_gap_mm"), Change("fifth_ray_cut", to=False))),
    # letters
    Dose("side_mark", marks_of, mark_checks, ("side_mark",), "Below", (higher("letter_mm"),)),
    Dose("text", marks_of, mark_checks, ("letters_mm",), "Below", _LETTERS),
    Dose("mark_height_mm", marks_of, mark_checks, ("letters_mm",), "Below", _LETTERS),
    # how it is made
    Dose("contact_patch_mm2", ground_contact, making_checks, ("contact_patch_mm2",), "Below",
         (lower("contact_patch_mm2"),)),
    Dose("smoothing_mm", scanned_sole, surface_checks, ("top_roughness_mm",), "Top",
         (higher("smoothing_mm", left_out=3.0), "scan with more views")),
    Dose("wall_slope_deg", scanned_sole, making_checks, ("undercut_above_mm2", "undercut_below_mm2"), "Rear",
         (Change("wall_slope_deg", 0.93),)),
    Dose("mesh_deviation_mm", build, surface_checks, ("top_deviation_max_mm", "top_deviation_rms_mm"), "Top",
         (lower("mesh_deviation_mm"), Change("wall_slope_deg", 0.93))),
    Dose("cutter_mm", refuse_unreached, surface_checks, ("concave_radius_mm",), "Top",
         (lower("cutter_mm"), lower("groove_mm"), lower("navicular_relief_mm"), lower("cuboid_relief_mm"))),
)  # fmt: skip
