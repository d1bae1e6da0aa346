"""What to change when a check fails."""

from __future__ import annotations

from collections.abc import Iterable

from scanproc.artifacts import Check

#: By the beginning of the check's name, the first that fits.
_ADVICE = (
    ("wall_max", "lower insole.mesh_deviation_mm"),
    ("wall", "set insole.fix = true to thicken the wall, raise insole.thickness_mm, or lower insole.edge_radius_mm"),
    ("thickness", "lower insole.mesh_deviation_mm"),
    ("top_deviation", "lower insole.mesh_deviation_mm, or insole.wall_slope_deg"),
    ("top_roughness", "raise insole.smoothing_mm, or scan with more views"),
    ("fit", "lower insole.smoothing_mm, or insole.grid_mm"),
    ("clearance", "lower insole.smoothing_mm, or insole.grid_mm"),
    ("concave_radius", "lower insole.cutter_mm, or the doses that make the hollow (groove, reliefs)"),
    ("shoe_width", "lower insole.heel_cup_depth_mm or insole.side_edge_mm, or take a wider shoe"),
    ("cup_depth", "ask a cup that the scanned heel holds: lower insole.heel_cup_depth_mm"),
    ("medial_skive", "lower insole.medial_skive_mm, or raise insole.heel_cup_depth_mm"),
    ("lateral_skive", "lower insole.lateral_skive_mm, or raise insole.heel_cup_depth_mm"),
    ("heel_expansion", "lower insole.heel_expansion_mm, or raise insole.heel_cup_depth_mm"),
    ("medial_expansion", "lower insole.medial_expansion_mm, or raise insole.medial_edge_mm"),
    ("lateral_expansion", "lower insole.lateral_expansion_mm, or raise insole.side_edge_mm"),
    ("first_ray", "leave insole.first_ray_cut out, or raise insole.distal_gap_mm"),
    ("fifth_ray", "leave insole.fifth_ray_cut out, or raise insole.distal_gap_mm"),
    ("heel_lift", "lower insole.heel_lift_mm"),
    ("arch_support", "shorten insole.text, or leave insole.arch_support out"),
    ("arch", "raise insole.arch_fill_mm, or lower insole.arch_target_mm"),
    ("medial_edge", "lower insole.medial_edge_mm or insole.medial_flange_mm"),
    ("side_edge", "lower insole.side_edge_mm or insole.lateral_flange_mm"),
    ("waist", "raise insole.side_edge_mm or insole.medial_edge_mm, or lower insole.min_waist_share"),
    ("rearfoot", "lower insole.rearfoot_post_deg, or set insole.rearfoot_posting = extrinsic"),
    ("forefoot", "lower insole.forefoot_post_deg, or set insole.forefoot_posting = extrinsic"),
    ("met_", "lower its height, or move it by insole.met_pad_back_mm or insole.met_bar_back_mm"),
    ("mortons", "lower insole.mortons_extension_mm, or set insole.length = full"),
    ("toe_crest", "lower insole.toe_crest_mm"),
    ("groove", "lower insole.groove_mm, or raise insole.groove_width_mm"),
    ("navicular", "lower insole.navicular_relief_mm"),
    ("cuboid", "lower insole.cuboid_relief_mm"),
    ("letters", "raise insole.letter_mm, or shorten insole.text"),
    ("side_mark", "raise insole.letter_mm"),
    ("unseen", "scan the whole sole, raised"),
    ("contact_patch", "lower insole.contact_patch_mm2"),
    ("undercut", "lower insole.wall_slope_deg"),
    ("triangles", "raise insole.mesh_deviation_mm"),
    ("distal", "raise insole.distal_taper_mm or insole.distal_edge_mm"),
    ("", "look at the insole with `scanproc view`; raise insole.smoothing_mm, or scan again"),
)


def advice(check: Check) -> str:
    """Return what to change so that a failed check passes."""
    return next(text for start, text in _ADVICE if check.name.startswith(start))


def failure(checks: Iterable[Check]) -> str | None:
    """Return why an insole with these checks is not exported and what to change, or None if all passed."""
    failed = [check for check in checks if not check.passed]
    if not failed:
        return None
    first, todo = failed[0], advice(failed[0])
    others = f" ({len(failed) - 1} more failed: {', '.join(check.name for check in failed[1:])})" if failed[1:] else ""
    return (
        f"its insole failed the proof and is not exported: check {first.name} found {first.got}, expected "
        f"{first.asked}{others}. {todo[0].upper()}{todo[1:]}."
    )
