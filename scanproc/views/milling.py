"""Pictures of milling programs: what they leave on the part, and the way of each cutter."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from scanproc.artifacts import Exports, Mesh
from scanproc.frames import FloatArray
from scanproc.machining.gcode import parse
from scanproc.solid.height_fields import HeightField
from scanproc.views.colors import BLUE, ORANGE, VIRIDIS, Rgb, colors_of
from scanproc.views.scene import ABOVE, Legend, Line, Scene, Shot, Skin

LEFT_OVER_MM = 0.2  # end of the colour bar
_CUTS: Rgb = BLUE
_RAPIDS: Rgb = ORANGE


def milling_shots(exports: Exports) -> tuple[Shot | Legend, ...]:
    """Return, of each setup, a map of what is left, and the ways of its programs; nothing where none was written."""
    shots: list[Shot | Legend] = []
    for name, data in sorted(exports.files.items()):
        if not name.endswith("-milling.json"):
            continue
        side, found = name.partition("-")[0], json.loads(data)
        for setup in found["setups"]:
            shots.append(Shot(f"{side} {setup['side']}: left over", Scene((left_over(setup["map"])[0],)), *ABOVE))
        for file, minutes in found["minutes"].items():
            lines = ways(exports.files[file].decode("ascii"))
            shots.append(Shot(f"{file}: {minutes:.0f} min", Scene(lines=lines), *ABOVE))
    if not shots:
        return ()
    marks = ((_CUTS, "cut"), (_RAPIDS, "rapid, above the stock"))
    return (*shots, Legend("Left over on the part", 0, LEFT_OVER_MM, VIRIDIS, marks, unit="mm"))


def left_over(cells: dict[str, Any]) -> tuple[Skin, FloatArray]:
    """Return a level map of what is left, coloured, where the part is, and what is left at each vertex, (V,) mm."""
    left = np.array([[np.nan if value is None else value for value in row] for row in cells["left_um"]]) * 1e-3
    mesh = HeightField(cells["x0_mm"], cells["y0_mm"], cells["step_mm"], np.zeros(left.shape)).mesh()
    there = np.isfinite(left.ravel())
    number = np.cumsum(there) - 1
    faces = number[mesh.faces[there[mesh.faces].all(axis=1)]].astype(np.int32)
    found = left.ravel()[there]
    return Skin(Mesh(mesh.vertices[there], faces), colors_of(found, 0.0, LEFT_OVER_MM), sharp=True), found


def ways(text: str) -> tuple[Line, ...]:
    """Return the moves of a program, what is cut and what is not, as separate segments."""
    program = parse(text)
    moves = np.stack([program.to[:-1], program.to[1:]], axis=1)
    known = np.isfinite(moves).all(axis=(1, 2))
    cuts, rapids = moves[known & ~program.rapid[1:]], moves[known & program.rapid[1:]]
    return tuple(Line(each, color, 1.0) for each, color in ((rapids, _RAPIDS), (cuts, _CUTS)) if len(each))
