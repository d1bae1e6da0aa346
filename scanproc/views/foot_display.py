"""What a window shows of a surface, of feet with their landmarks, and of measures where they were read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scanproc.artifacts import Feet, Foot, FootMeasures, Measures, Mesh, ReadGeometry, Surface
from scanproc.frames import FloatArray, transform
from scanproc.measures.plain_words import group_of, uncertainty_text, value_of, words_of
from scanproc.measures.table import in_table_order
from scanproc.mesh.curvature import mean_curvature
from scanproc.views.beside import Beside
from scanproc.views.colors import (
    BLUE,
    BLUE_RED,
    BLUES,
    CLAY,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    RED,
    VIRIDIS,
    Rgb,
    colors_of,
    even,
)
from scanproc.views.display import Display, Layer, Part, lines_layer, side_by_side, skin_layer
from scanproc.views.foot import bare, landmark_label
from scanproc.views.hatching import unseen_layer
from scanproc.views.scene import ABOVE, Label, Legend, Line, Scene, Skin, medial
from scanproc.views.surface import seen_colors, shown_pose

_BEND = 0.08  # ends of the colour bar of curvature, 1/mm: a toe's tip of 12 mm radius
_SOLE_MM = 25.0


def surface_display(surface: Surface, beside: Beside) -> Display:
    """Return the fused surface by the views that saw it, its colour, its curvature and its standard deviation."""
    pose = shown_pose(surface, beside.feet)
    mesh = Mesh(transform(pose, surface.mesh.vertices), surface.mesh.faces)
    most = max(int(np.percentile(surface.views, 99)), 2)
    counts = surface.views.astype(np.float64)
    by_views = Skin(mesh, seen_colors(surface.views, most))
    marks = ((ORANGE, f"not seen, invented ({100.0 * float((counts == 0).mean()):.1f} %)"),)
    legend = Legend("Views that saw the point", 1, most, BLUES, marks)
    layers = [skin_layer("surface, by views", by_views, legend, group="surface", values=counts)]
    if surface.color is not None:
        layers.append(skin_layer("surface, recorded colour", Skin(mesh, surface.color), group="surface", shown=False))
    layers.append(_curvature(mesh))
    if surface.errors_mm is not None:
        layers.append(_deviation(mesh, surface.errors_mm.astype(np.float64)))
    layers += unseen_layer(surface, mesh)
    one = beside.feet.feet[0] if beside.feet and len(beside.feet.feet) == 1 else None
    look = ABOVE if one is None else medial(one.medial_y)
    frame = "scan frame, turned" if beside.feet is None else "foot frame"
    return Display("surface", tuple(layers), *look, frame=frame, medial_y=0.0 if one is None else one.medial_y)


def _curvature(mesh: Mesh) -> Layer:
    bend = mean_curvature(mesh)
    legend = Legend("Mean curvature: hollow (blue), convex (red)", -_BEND, _BEND, BLUE_RED, unit="1/mm")
    skin = Skin(mesh, colors_of(bend, -_BEND, _BEND, BLUE_RED))
    return skin_layer("surface, curvature", skin, legend, group="surface", shown=False, values=bend)


def _deviation(mesh: Mesh, errors_mm: FloatArray) -> Layer:
    """Colour a surface by the standard deviation of its replicates."""
    sd = np.sqrt((errors_mm**2).mean(axis=1))
    most = max(0.2, float(np.percentile(sd, 98)))
    legend = Legend("Standard deviation along the normal", 0.0, most, VIRIDIS, unit="mm")
    skin = Skin(mesh, colors_of(sd, 0.0, most))
    return skin_layer("surface, standard deviation", skin, legend, group="surface", shown=False, values=sd)


def feet_display(feet: Feet, beside: Beside) -> Display:
    """Return each foot in its frame with its landmarks, which may be moved."""
    parts, layers = _aside(feet, [_foot_layers(foot) for foot in feet.feet])
    notes: list[tuple[Rgb, str]] = []
    for foot in feet.feet:
        notes.append((INK, f"{foot.side} foot (confidence {foot.side_confidence:.2f}), ground: {foot.ground}"))
        edited = [name.replace("_", " ") for name, mark in foot.landmarks.items() if mark.method == "edited"]
        notes += [(BLUE, f"set by hand: {', '.join(edited)}")] if edited else []
    notes.append((GREY, "e: move landmarks by hand"))
    one = feet.feet[0].medial_y if len(feet.feet) == 1 else 0.0
    look = medial(one) if one else ABOVE
    return Display("align", tuple(layers), *look, parts=parts, notes=tuple(notes), medial_y=one, feet=feet)


def _aside(feet: Feet, layers: Sequence[tuple[Layer, ...]]) -> tuple[tuple[Part, ...], list[Layer]]:
    return side_by_side(tuple(foot.side for foot in feet.feet), tuple(layers))


def _foot_layers(foot: Foot) -> tuple[Layer, ...]:
    marks = ((CLAY, "seen"), (ORANGE, "not seen, invented"))
    legend = Legend("Foot", marks=marks, bar=False) if (foot.views == 0).any() else None
    layers = [skin_layer("foot", bare(foot), legend, group="foot")]
    if foot.color is not None:
        layers.append(skin_layer("foot, recorded colour", Skin(foot.mesh, foot.color), group="foot", shown=False))
    layers += unseen_layer(foot, foot.mesh)
    labels = tuple(landmark_label(name, mark) for name, mark in foot.landmarks.items())
    layers.append(Layer("landmarks", Scene(labels=labels)))
    layers.append(frame_layer(foot))
    return tuple(layers)


def frame_layer(foot: Foot) -> Layer:
    """Return the axes of the foot frame and the border of its ground."""
    (x0, y0, _), (x1, y1, _) = foot.mesh.vertices.min(axis=0) - 8.0, foot.mesh.vertices.max(axis=0) + 8.0
    border = np.array([[x0, y0, 0.0], [x1, y0, 0.0], [x1, y1, 0.0], [x0, y1, 0.0], [x0, y0, 0.0]])
    lines = [Line(border, GREY, 1.5)]
    labels = []
    for axis, (letter, color) in enumerate((("x", PURPLE), ("y", GREEN), ("z", INK))):
        tip = np.eye(3)[axis]
        lines.append(Line(np.stack([np.zeros(3), tip * 40.0]), color, 3.0))
        labels.append(Label(letter, tip * 46.0, color=color, inline=True))
    return lines_layer("foot frame and ground", tuple(lines), tuple(labels))


#: Of each group of measures its colour, and whether it is shown at first: all together are a thicket.
_GROUPS: dict[str, tuple[Rgb, bool]] = {
    "Lengths": (BLUE, True),
    "Widths, heights and girths": (GREEN, False),
    "Arch": (ORANGE, True),
    "Heel and leg": (PURPLE, False),
    "Forefoot and toes": (INK, False),
}


def measures_display(measures: Measures, beside: Beside) -> Display:
    """Return every measure on its foot, drawn from the geometry that it was read from, a layer a group."""
    feet = beside.feet or Feet(())
    pairs = list(zip(feet.feet, measures.feet, strict=False))
    parts, layers = _aside(feet, [_measured_layers(foot, found) for foot, found in pairs])
    notes: list[tuple[Rgb, str]] = []
    for _, found in pairs:
        notes.append((INK, f"{found.side} foot, {found.loading}"))
        for name in in_table_order(found.measures):
            measure = found.measures[name]
            if measure.value is not None:
                notes.append((INK, f"{words_of(name)}: {value_of(name, measure)} {uncertainty_text(name, measure)}"))
        refused = [words_of(name) for name, measure in found.measures.items() if measure.value is None]
        notes += [(RED, f"refused: {', '.join(refused)}")] if refused else []
    one = feet.feet[0].medial_y if len(feet.feet) == 1 else 0.0
    look = medial(one) if one else ABOVE
    return Display("measure", tuple(layers), *look, parts=parts, notes=tuple(notes), medial_y=one)


def _measured_layers(foot: Foot, found: FootMeasures) -> tuple[Layer, ...]:
    height = foot.mesh.vertices[:, 2]
    by_height = Skin(foot.mesh, colors_of(height, 0.0, _SOLE_MM))
    legend = Legend("Height above the ground", 0.0, _SOLE_MM, unit="mm")
    layers = [
        skin_layer("foot", bare(foot), group="foot"),
        skin_layer("foot, by height", by_height, legend, group="foot", shown=False, values=height),
        *unseen_layer(foot, foot.mesh),
    ]
    for group, (color, shown) in _GROUPS.items():
        lines: list[Line] = []
        labels: list[Label] = []
        for name in in_table_order(found.measures):
            geometry = found.measures[name].geometry
            if geometry is not None and group_of(name) == group:
                lines += _read_from(geometry, color)
                text = f"{value_of(name, found.measures[name])} {uncertainty_text(name, found.measures[name])}".strip()
                labels.append(Label(words_of(name), _label_at(geometry), text, color, dot=False))
        if lines:
            layers.append(lines_layer(group, tuple(lines), tuple(labels), shown))
    return (*layers, frame_layer(foot))


def _read_from(geometry: ReadGeometry, color: Rgb) -> list[Line]:
    """Return all that a measure was read from: dimensions thick, what they lie between thin, points crossed."""
    lines = [
        Line(line, color, 3.0 if name == "dimension" else 1.5, ticks=name == "dimension")
        for name, line in geometry.lines.items()
    ]
    lines += [Line(curve, color, 2.5) for curve in geometry.curves.values()]
    arms = 1.5 * np.stack([-np.eye(3), np.eye(3)], axis=1)
    lines += [Line(point + arms, color, 2.0) for point in geometry.points.values()]
    return lines


def _label_at(geometry: ReadGeometry) -> FloatArray:
    """Return the middle of what a measure was read from: of its dimension, or else of its first line or curve."""
    first = (
        geometry.lines.get("dimension"),
        *geometry.lines.values(),
        *geometry.curves.values(),
        *(point[None] for point in geometry.points.values()),
    )
    return np.asarray(next(points for points in first if points is not None).mean(axis=0))


def translucent(foot: Foot, color: Rgb = CLAY, name: str = "foot, translucent", opacity: float = 0.35) -> Layer:
    """Return a foot through which one sees."""
    return skin_layer(name, Skin(foot.mesh, even(color, len(foot.views))), opacity=opacity)
