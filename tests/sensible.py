"""Random sensible prescriptions: what an orthotist would ask of a foot, by the ranges of labs and their cross rules.

Sensible is: the doses that labs name (cup 10 to 20 mm, skives of 2, 4 or 6 mm, posts of 2 to 6 degrees, fills of 1.6 to
6.4 mm, lifts up to 12 mm, pads as they are made), never more than three things beside the shell at once; a skive in a
deep cup, and with a post; a lift over 10 mm on a filled arch; a dress shoe with a shallow cup; foam milled as a block.
Nothing of it looks at the foot: what a foot cannot hold, the program has to say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scanproc.prescription.fields import InsoleConfig
from scanproc.prescription.presets import preset_values

PRESETS = ("shell", "sulcus", "full", "sport", "ucbl", "dress")

Values = dict[str, Any]
Draw = Callable[[np.random.Generator, Values], None]

_MOST_EXTRAS = 3


def sensible(seed: int, **more: Any) -> InsoleConfig:
    """Return one sensible prescription; `more` are fields that are set whatever was drawn."""
    return InsoleConfig(**(drawn(seed) | more))


def drawn(seed: int) -> Values:
    """Return its values by name: the device first, then up to three things that are done to the foot."""
    rng = np.random.default_rng([17, seed])
    values = _device(rng)
    for extra in rng.permutation(len(EXTRAS))[: rng.integers(0, _MOST_EXTRAS + 1)]:
        EXTRAS[extra](rng, values)
    _keep_cross_rules(values)
    return values


def _of(rng: np.random.Generator, *choices: Any) -> Any:
    return choices[rng.integers(len(choices))]


def _device(rng: np.random.Generator) -> Values:
    kind = _of(rng, "printed", "printed", "printed", "milled", "block", "dress", "preset")
    if kind == "preset":
        return preset_values(_of(rng, *PRESETS))
    length = _of(rng, "shell", "shell", "sulcus", "full")
    values: Values = {"heel_cup_depth_mm": _of(rng, 10.0, 12.0, 12.0, 14.0, 16.0, 18.0), "length": length}
    if rng.random() < 0.5:
        values["arch_fill_mm"] = _of(rng, 1.6, 3.2, 6.4)
    if kind == "printed":
        values["material"] = _of(rng, "PA12", "PA12", "PP", "TPU", "PETG")
    elif kind == "milled":
        values |= {"process": "mill", "material": "PP"}
    elif kind == "block":
        values |= {"style": "block", "process": "mill", "material": "EVA", "length": "full", "distal_edge_mm": 2.0}
    elif kind == "dress":
        values |= {"shoe": "dress", "heel_cup_depth_mm": 8.0, "length": "shell", "side_edge_mm": 3.0}
    if rng.random() < 0.3:
        values["side_edge_mm"] = _of(rng, 3.0, 4.0, 8.0, 10.0)
    if rng.random() < 0.3:
        values["medial_edge_mm"] = _of(rng, 6.0, 10.0, 12.0)
    if rng.random() < 0.3:
        values["top_cover_mm"] = _of(rng, 1.5, 3.0)
    if rng.random() < 0.2:
        values["heel_expansion_mm"] = _of(rng, 2.0, 4.0)
    if rng.random() < 0.2:
        values["text"] = _of(rng, "AB-12", "2026-11-22")
    return values


# ------------------------------------------------------------------------------------- what is done to the foot


def _rearfoot_post(rng: np.random.Generator, values: Values) -> None:
    values |= {"rearfoot_post_deg": _of(rng, 2.0, 4.0, 4.0, 6.0), "rearfoot_post": _of(rng, "varus", "varus", "valgus")}
    if rng.random() < 0.3:
        values["rearfoot_motion_deg"] = values["rearfoot_post_deg"]


def _forefoot_post(rng: np.random.Generator, values: Values) -> None:
    values |= {"forefoot_post_deg": _of(rng, 2.0, 4.0, 6.0), "forefoot_post": _of(rng, "varus", "varus", "valgus")}


def _skive(rng: np.random.Generator, values: Values) -> None:
    side = _of(rng, "medial", "medial", "lateral")
    values[f"{side}_skive_mm"] = _of(rng, 2.0, 4.0, 6.0)


def _lift(rng: np.random.Generator, values: Values) -> None:
    values["heel_lift_mm"] = _of(rng, 3.0, 6.0, 6.0, 9.0, 12.0)


def _support(rng: np.random.Generator, values: Values) -> None:
    values["arch_support"] = True


def _flange(rng: np.random.Generator, values: Values) -> None:
    values[_of(rng, "medial_flange_mm", "medial_flange_mm", "lateral_flange_mm")] = _of(rng, 5.0, 8.0)


def _pad(rng: np.random.Generator, values: Values) -> None:
    values |= {"met_pad_mm": _of(rng, 3.0, 4.8), "met_pad_back_mm": _of(rng, 8.0, 11.0)}


def _groove(rng: np.random.Generator, values: Values) -> None:
    values["groove_mm"] = 2.0


def _relief(rng: np.random.Generator, values: Values) -> None:
    values[_of(rng, "navicular_relief_mm", "cuboid_relief_mm")] = 2.0


def _first_ray(rng: np.random.Generator, values: Values) -> None:
    values["first_ray_cut"] = True


def _mortons(rng: np.random.Generator, values: Values) -> None:
    values |= {"mortons_extension_mm": 3.0, "length": "full"}


def _balance(rng: np.random.Generator, values: Values) -> None:
    values |= {"cast_balance": _of(rng, "inverted", "everted"), "balance_deg": _of(rng, 2.0, 4.0)}


EXTRAS: tuple[Draw, ...] = (
    _rearfoot_post, _rearfoot_post, _forefoot_post, _skive, _lift, _support, _flange, _pad, _groove, _relief,
    _first_ray, _mortons, _balance,
)  # fmt: skip


def _keep_cross_rules(values: Values) -> None:
    """Keep the rules between doses that an orthotist knows."""
    skive = max(values.get("medial_skive_mm", 0.0), values.get("lateral_skive_mm", 0.0))
    if skive or values.get("balance_deg"):
        values.pop("shoe", None)
        turned = skive + values.get("balance_deg", 0.0)
        values["heel_cup_depth_mm"] = max(values["heel_cup_depth_mm"], 20.0 if turned > 5.0 else 16.0)
    if skive and "rearfoot_post_deg" not in values:
        side = "varus" if "medial_skive_mm" in values else "valgus"
        values |= {"rearfoot_post_deg": 4.0, "rearfoot_post": side}
    if skive and values.get("rearfoot_posting") == "intrinsic":  # both shape the heel seat
        values["rearfoot_posting"] = "extrinsic"
    if values.get("heel_lift_mm", 0.0) > 10.0:
        values["arch_support"] = True
    if values.get("first_ray_cut"):
        values.pop("mortons_extension_mm", None)
