"""What a window shows of insoles and of the programs that mill them."""

from __future__ import annotations

import json
import re

import numpy as np

from scanproc.artifacts import Exports, Foot, Insole, Insoles, Mesh
from scanproc.frames import FloatArray
from scanproc.machining.milled_part import HALF_TURN
from scanproc.views.beside import Beside
from scanproc.views.colors import (
    BLUE,
    BLUE_RED,
    GREEN,
    GREY,
    INK,
    ORANGE,
    RED,
    SHELL,
    VIRIDIS,
    Rgb,
    colors_of,
    even,
)
from scanproc.views.display import Display, Layer, lines_layer, side_by_side, skin_layer
from scanproc.views.foot_display import frame_layer, translucent
from scanproc.views.milling import LEFT_OVER_MM, left_over, ways
from scanproc.views.scene import ABOVE, Legend, Line, Skin
from scanproc.views.shell import GAP_MM, gap_to_sole, wall_legend, wall_thickness


def insoles_display(insoles: Insoles, beside: Beside) -> Display:
    """Return each insole by its wall and by its gap to the sole, under its translucent foot."""
    made = [insole for insole in insoles.insoles if insole.solid is not None]
    walls = [wall_thickness(insole.solid) for insole in made if insole.solid is not None]
    legend = wall_legend(walls)
    feet = {foot.side: foot for foot in (beside.feet.feet if beside.feet else ())}
    layers = tuple(
        _layers(insole, insole.solid, wall, legend, feet.get(insole.side))
        for insole, wall in zip(made, walls, strict=True)
        if insole.solid is not None
    )
    if not layers:
        return Display("", (), *ABOVE, notes=_notes(insoles))
    parts, shown = side_by_side(tuple(insole.side for insole in made), layers)
    medial_y = (-1.0 if made[0].side == "left" else 1.0) if len(made) == 1 else 0.0
    return Display("", tuple(shown), *ABOVE, parts=parts, notes=_notes(insoles), medial_y=medial_y)


def _layers(insole: Insole, solid: Mesh, wall: FloatArray, legend: Legend, foot: Foot | None) -> tuple[Layer, ...]:
    by_wall = Skin(solid, legend.colors(wall), sharp=True)
    layers = [skin_layer("insole, by wall thickness", by_wall, legend, group="insole", values=wall)]
    if foot is not None:
        gap = gap_to_sole(solid, foot.mesh)
        color = colors_of(np.nan_to_num(gap), -GAP_MM, GAP_MM, BLUE_RED)
        color[np.isnan(gap)] = GREY
        title = "Top below the scanned sole (red), above it (blue)"
        bar = Legend(title, -GAP_MM, GAP_MM, BLUE_RED, ((GREY, "beside the sole"),), "mm")
        skin = Skin(solid, color, sharp=True)
        layers.append(skin_layer("insole, deviation from the sole", skin, bar, group="insole", shown=False, values=gap))
    layers.append(skin_layer("insole, plain", _plain(solid), group="insole", shown=False))
    if insole.extension is not None:
        layers.append(skin_layer("soft extension", Skin(insole.extension, even(GREY, len(insole.extension.vertices)))))
    if insole.outline is not None:
        closed = np.vstack([insole.outline, insole.outline[:1]])
        low = np.column_stack([closed, np.full(len(closed), float(solid.vertices[:, 2].min()))])
        layers.append(lines_layer("outline", (Line(low, BLUE, 2.0),), shown=False))
    if foot is not None:
        layers += [translucent(foot), frame_layer(foot)]
    return tuple(layers)


def _notes(insoles: Insoles) -> tuple[tuple[Rgb, str], ...]:
    """Return of each insole whether it is proven, and which check failed or why there is none."""
    notes: list[tuple[Rgb, str]] = []
    for insole in insoles.insoles:
        if insole.proven:
            notes.append((GREEN, f"{insole.side}: proven, all {len(insole.checks)} checks passed"))
        else:
            notes.append((RED, f"{insole.side}: {insole.why_not}"))
        notes += [(INK, note) for note in insole.notes]
    return tuple(notes)


def exports_display(exports: Exports, beside: Beside) -> Display:
    """Return the ways of each milling program, and what they leave on the part; or say that there are none."""
    layers: list[Layer] = []
    notes: list[tuple[Rgb, str]] = []
    legend = Legend("Left over on the part", 0.0, LEFT_OVER_MM, VIRIDIS, unit="mm")
    for name, data in sorted(exports.files.items()):
        if not name.endswith("-milling.json"):
            notes.append((INK, f"{name}: {len(data):,} bytes"))
            continue
        side, found = name.partition("-")[0], json.loads(data)
        for setup in found["setups"]:
            skin, left = left_over(setup["map"])
            title, first = f"{side} {setup['side']}: left over", not layers
            layers.append(skin_layer(title, skin, legend, group="left over", shown=first, values=left))
        for file, minutes in found["minutes"].items():
            lines = ways(exports.files[file].decode("ascii"))
            layers.append(lines_layer(f"{file} ({minutes:.0f} min)", lines, shown=False))
    for name, data in sorted(exports.files.items()):
        if name.endswith(".stl"):
            layers += _parts(name, data, exports, bool(layers))
    if not any(name.endswith(".nc") for name in exports.files):
        notes.append((GREY, 'no milling programs: insole.process = "mill" writes them'))
    else:
        notes += [(BLUE, "blue: cut"), (ORANGE, "orange: rapid, above the stock")]
    return Display("", tuple(layers), *ABOVE, notes=tuple(notes))


def _parts(name: str, data: bytes, exports: Exports, milled: bool) -> list[Layer]:
    """Return the part as its file has it, and as it lies on the mill when its other side is cut."""
    part, side = mesh_of_stl(data), name.removesuffix(".stl")
    opacity = 0.5 if milled else 1.0
    layers = [skin_layer(f"part, {name}", _plain(part), opacity=opacity, shown=not milled)]
    below = next((data for file, data in sorted(exports.files.items()) if file.startswith(f"{side}-bottom")), b"")
    shift = re.search(rb"shift_mm = (\S+) (\S+) (\S+)\)", below)
    if shift is not None:
        turned = Mesh(part.vertices * HALF_TURN + np.array([float(word) for word in shift.groups()]), part.faces)
        layers.append(skin_layer(f"part, {name}, turned over", _plain(turned), opacity=opacity, shown=False))
    return layers


def _plain(solid: Mesh) -> Skin:
    return Skin(solid, even(SHELL, len(solid.vertices)), sharp=True)


def mesh_of_stl(data: bytes) -> Mesh:
    """Return the mesh of a binary STL, corners at one place joined."""
    record = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
    corners = np.frombuffer(data, record, offset=84)["corners"].reshape(-1, 3)
    vertices, faces = np.unique(corners, axis=0, return_inverse=True)
    return Mesh(vertices.astype(np.float64), faces.reshape(-1, 3).astype(np.int32))
