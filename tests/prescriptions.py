"""Random prescriptions: every dose over its whole range, alone and combined, by a seed."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from scanproc.pads.table import PADS
from scanproc.prescription.fields import InsoleConfig

RANGES = {item.name: (item.metadata["low"], item.metadata["high"]) for item in dataclasses.fields(InsoleConfig)}

#: How often a dose is asked at all; fields that are not named keep their default.
DOSES = {
    "clearance_mm": 0.2,
    "top_cover_mm": 0.2,
    "heel_expansion_mm": 0.3,
    "medial_expansion_mm": 0.15,
    "lateral_expansion_mm": 0.15,
    "medial_flange_mm": 0.15,
    "lateral_flange_mm": 0.15,
    "medial_skive_mm": 0.25,
    "lateral_skive_mm": 0.1,
    "heel_lift_mm": 0.3,
    "rearfoot_post_deg": 0.4,
    "forefoot_post_deg": 0.3,
    "met_pad_mm": 0.3,
    "met_bar_mm": 0.15,
    "mortons_extension_mm": 0.15,
    "groove_mm": 0.2,
    "navicular_relief_mm": 0.2,
    "cuboid_relief_mm": 0.2,
    "toe_crest_mm": 0.15,
}
DOSES |= {pad.dose: 0.15 for pad in PADS if pad.dose not in DOSES}
#: Always drawn over their ranges.
SHAPES = (
    "heel_cup_depth_mm", "skive_angle_deg", "medial_edge_mm", "side_edge_mm", "distal_gap_mm", "met_pad_back_mm",
    "met_pad_width_mm", "met_pad_length_mm", "met_bar_back_mm", "groove_width_mm", "distal_taper_mm", "edge_radius_mm",
    "toe_room_mm", "wall_slope_deg",
)  # fmt: skip


def prescription(seed: int, *, grid_mm: float = 0.5) -> InsoleConfig:
    """Return one prescription. One in five is drawn blindly, so that the rules have something to refuse."""
    rng = np.random.default_rng(seed)
    values = _drawn(rng)
    if seed % 5:
        _made_plausible(values, rng)
    return InsoleConfig(**values, grid_mm=grid_mm)


def _drawn(rng: np.random.Generator) -> dict[str, Any]:
    values: dict[str, Any] = {name: _within(rng, *RANGES[name]) for name in SHAPES}
    for name, often in DOSES.items():
        if rng.random() < often:
            values[name] = _within(rng, *RANGES[name])
    values |= {
        "length": str(rng.choice(["shell", "shell", "sulcus", "full"])),
        "style": str(rng.choice(["shell", "shell", "shell", "block"])),
        "process": str(rng.choice(["print", "print", "mill"])),
        "material": str(rng.choice(["PA12", "PP", "TPU", "PETG", "EVA"])),
        "thickness_mm": _within(rng, 0.8, 6.0),
        "distal_edge_mm": _within(rng, 0.5, 4.0),
        "medial_thickness": _within(rng, 0.7, 2.0) if rng.random() < 0.2 else 1.0,
        "lateral_thickness": _within(rng, 0.7, 2.0) if rng.random() < 0.2 else 1.0,
        "arch_fill_mm": _within(rng, 0.0, 10.0),
        "arch_support": bool(rng.random() < 0.2),
        "first_ray_cut": bool(rng.random() < 0.15),
        "fifth_ray_cut": bool(rng.random() < 0.15),
        "rearfoot_post": str(rng.choice(["varus", "valgus"])),
        "forefoot_post": str(rng.choice(["varus", "valgus"])),
        "rearfoot_posting": str(rng.choice(["extrinsic", "extrinsic", "intrinsic"])),
        "forefoot_posting": str(rng.choice(["extrinsic", "extrinsic", "intrinsic"])),
        "text": str(rng.choice(["", "", "AB-12", "2026-11-22"])),
        "outline_margin_mm": _within(rng, -3.0, 6.0),
    }
    if rng.random() < 0.3:
        values["rearfoot_motion_deg"] = _within(rng, 0.0, 8.0)
    if rng.random() < 0.2:
        values["cast_balance"] = str(rng.choice(["inverted", "everted"]))
        values["balance_deg"] = _within(rng, 0.5, 8.0)
    if rng.random() < 0.15:
        values["arch_target_mm"] = _within(rng, 5.0, 25.0)
        values["arch_fill_mm"] = None
    return values


def _made_plausible(values: dict[str, Any], rng: np.random.Generator) -> None:
    """Turn a blind draw into one that few rules refuse, without making it gentle."""
    skive = max(values.get("medial_skive_mm", 0.0), values.get("lateral_skive_mm", 0.0))
    if values.get("medial_skive_mm"):
        values.pop("lateral_skive_mm", None)
    if skive or values.get("balance_deg"):
        values["heel_cup_depth_mm"] = max(values["heel_cup_depth_mm"], 20.0)
    if values.get("met_pad_mm"):
        values.pop("met_bar_mm", None)
    for pad in PADS:
        if pad.width and values.get(pad.dose):
            values[pad.width] = max(values[pad.width], 4.0 * values[pad.dose])
    if skive or values.get("rearfoot_motion_deg"):
        values["rearfoot_posting"] = "extrinsic"
    if values.get("met_pad_mm") or values.get("met_bar_mm"):
        values["forefoot_posting"] = "extrinsic"
    if "rearfoot_motion_deg" in values:
        values["rearfoot_motion_deg"] = min(values["rearfoot_motion_deg"], values.get("rearfoot_post_deg", 0.0) + 4.0)
    if values.get("heel_lift_mm", 0.0) > 10.0:
        values["arch_support"] = True
    for pad in PADS:
        if values["length"] not in pad.lengths:
            values.pop(pad.dose, None)
    if values["first_ray_cut"]:
        values.pop("mortons_extension_mm", None)
    if values["material"] == "EVA":
        values |= {"style": "block", "process": "mill"}
    values["thickness_mm"] = max(values["thickness_mm"], 2.0 if values["material"] == "TPU" else 1.5)
    values["distal_edge_mm"] = min(max(values["distal_edge_mm"], 1.5), values["thickness_mm"])
    values["edge_radius_mm"] = min(values["edge_radius_mm"], 0.4 * values["distal_edge_mm"])
    for side in ("medial", "lateral"):
        values[f"{side}_flange_mm"] = min(values.get(f"{side}_flange_mm", 0.0), 8.0)
        values[f"{side}_edge_mm" if side == "medial" else "side_edge_mm"] = _within(rng, 3.0, 12.0)


def _within(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw from a range; its ends come up more often than they would by chance."""
    return round(float(rng.choice([low, high, *(rng.uniform(low, high, 6))])), 2)
