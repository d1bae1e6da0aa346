"""What a print shop is told of a part: its postures on the bed, in one file beside the solids."""

from __future__ import annotations

import json
import logging
from typing import Any

from scanproc.artifacts import Mesh
from scanproc.printing.orientation import advised
from scanproc.printing.postures import Posture, postures
from scanproc.printing.printer import PrinterConfig
from scanproc.solid.decimation import Decimated

log = logging.getLogger(__name__)


def hand_over(part: Mesh, material: str, printer: PrinterConfig, fewer: Decimated | None) -> bytes:
    """Return the JSON of a part in the print frame; `fewer` is its STL where that has fewer triangles."""
    found = postures(part, printer.layer_mm, printer.overhang_deg)
    rows, best = [posture_row(one, printer) for one in found.values()], advised(found, material, printer)
    log.info("printing: %s is advised by %s: %s", best.posture, best.by, best.why)
    for row in rows:
        log.info(
            "printing: %s, %.1f mm high, %d layers, %.0f mm2 on the bed, %.0f mm2 hang over, supports %.1f cm3",
            row["posture"], row["height_mm"], row["layers"], row["contact_mm2"], row["overhang_mm2"],
            1e-3 * row["supports_mm3"],
        )  # fmt: skip
    content: dict[str, Any] = {"schema": 1, "material": material, "triangles": len(part.faces), "postures": rows}
    content["advice"] = {"posture": best.posture, "prints": best.by, "why": best.why}
    if fewer is not None:
        off = {"off_part_mm": round(fewer.from_it_mm, 4), "part_off_it_mm": round(fewer.to_it_mm, 4)}
        content["stl"] = {"triangles": len(fewer.mesh.faces), **off}
    return (json.dumps(content, indent=1) + "\n").encode()


def posture_row(one: Posture, printer: PrinterConfig) -> dict[str, Any]:
    """Return what is said of a posture, for files."""
    return {
        "posture": one.name,
        "edge_down": one.edge_down,
        "size_mm": [round(float(side), 2) for side in one.size_mm],
        "height_mm": round(float(one.size_mm[2]), 2),
        "layer_mm": printer.layer_mm,
        "layers": one.layers(printer.layer_mm),
        "contact_mm2": round(one.contact_mm2, 1),
        "stepped_mm2": round(one.stepped_mm2, 1),
        "overhang_deg": printer.overhang_deg,
        "overhang_mm2": round(one.supports.overhang_mm2, 1),
        "supports_mm3": round(one.supports.volume_mm3, 1),
    }
