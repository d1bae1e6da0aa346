"""One foot's part of a prescription: what is said of that foot lies over what is said of both."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from scanproc.artifacts import Side
from scanproc.prescription.fields import InsoleConfig

#: Fields that say the same thing in two ways: who gives one of them takes back the others that lie below it.
ALTERNATIVES = (("arch_fill_mm", "arch_target_mm"), ("outline_file", "shoe_size_eu"))
#: Fields that no single foot can have for itself.
OF_BOTH = ("preset", "pair", "left", "right", "preset_values", "measures_of_other_scan", "outline_curve")


def laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of both, those above first; what they replace in other words is left out."""
    replaced = {
        name for group in ALTERNATIVES if any(name in above for name in group) for name in group if name not in above
    }
    return {**{name: value for name, value in below.items() if name not in replaced}, **above}


def for_side(config: InsoleConfig, side: Side) -> InsoleConfig:
    """Return what is prescribed for one foot."""
    own = dict({"left": config.left, "right": config.right}[side])
    common = {item.name: getattr(config, item.name) for item in dataclasses.fields(InsoleConfig)}
    if "outline_file" not in own and "shoe_size_eu" in own:
        common["outline_curve"] = ()
    return InsoleConfig(**{**laid_over(common, own), "left": (), "right": ()})
