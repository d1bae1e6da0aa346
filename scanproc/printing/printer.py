"""The printer: a table of `machine.toml` beside those of the mill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scanproc.settings import setting


@dataclass(frozen=True)
class PrinterConfig:
    """The print bed, and how parts stand on it."""

    bed_x_mm: float = setting(256.0, "length of the bed, mm", low=50.0)
    bed_y_mm: float = setting(256.0, "width of the bed, mm", low=50.0)
    bed_z_mm: float = setting(256.0, "height of what can be printed, mm", low=20.0)
    border_mm: float = setting(3.0, "what is left free along the bed's border, mm", low=0.0, high=50.0)
    gap_mm: float = setting(5.0, "what is left free between two parts, mm", low=0.5, high=50.0)
    posture: Literal["flat", "edge"] = setting(
        "flat", "how parts lie on a shared bed: flat, on their base; edge, on their medial or lateral edge"
    )
    prints: Literal["auto", "filament", "powder"] = setting(
        "auto",
        "what the advised posture is judged by: filament, by its supports; powder, by the steps of its layers; auto: "
        "PETG is filament, the others are powder",
    )
    layer_mm: float = setting(0.2, "height of a layer, mm: layers are counted by it", low=0.02, high=1.0)
    overhang_deg: float = setting(
        45.0,
        "what looks down and is flatter than this, from the level, is held up by supports, deg",
        low=10.0,
        high=80.0,
    )
