"""Pictures of the measures, drawn on the foot as on a technical drawing: what each was read from, as it was read.

A refused measure is not drawn, nor is one of which is not known what it was read from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import Feet, Foot, FootMeasures, Measure, Measures, ReadGeometry
from scanproc.frames import FloatArray
from scanproc.measures.plain_words import leaning_of
from scanproc.measures.table import ROWS
from scanproc.views.colors import BLUE, CUT, GREEN, ORANGE, PURPLE, Rgb, colors_of
from scanproc.views.foot import ANKLE_MM, TOP_MM, bare, ground_line, prefix
from scanproc.views.scene import ABOVE, BELOW, REAR, Label, Legend, Line, Scene, Shot, Skin, medial

_SOLE_MM = 25.0  # heights of the sole are coloured up to this


@dataclass(frozen=True)
class _Drawn:
    """The lines of one measure, and where its label stands."""

    lines: tuple[Line, ...]
    label_at: FloatArray


#: Draws the geometry of a measure in a colour, on a foot whose medial side lies towards a y.
_Draw = Callable[[ReadGeometry, Rgb, float], _Drawn]


def _dimension(geometry: ReadGeometry, color: Rgb, medial_y: float) -> _Drawn:
    """Draw a dimension with ticks; its name and value are in the margin beside its end."""
    line = geometry.lines["dimension"]
    return _Drawn((Line(line, color, 2.0, ticks=True),), line[1])


def _between_points(geometry: ReadGeometry, color: Rgb, medial_y: float) -> _Drawn:
    """Draw a dimension, and thin the lines from its ends to the points that it lies between."""
    drawn = _dimension(geometry, color, medial_y)
    thin = np.array([line for name, line in geometry.lines.items() if name != "dimension"])
    return _Drawn((*drawn.lines, Line(thin, color, 1.0)), drawn.label_at)


def _under_curve(geometry: ReadGeometry, color: Rgb, medial_y: float) -> _Drawn:
    """Draw the dimension, and the curve that it is the greatest height of."""
    drawn = _dimension(geometry, color, medial_y)
    curves = tuple(Line(curve, color, 3.0) for curve in geometry.curves.values())
    return _Drawn((*curves, *drawn.lines), drawn.label_at)


def _tape(geometry: ReadGeometry, color: Rgb, medial_y: float) -> _Drawn:
    """Draw the half of a tape that shows from above, named beside its lateral end."""
    tape = geometry.curves["over the foot"]
    return _Drawn((Line(tape, color, 2.5),), tape[np.argmin(tape[:, 1] * medial_y)])


def _lean(name: str) -> _Draw:
    """Return what draws a line that leans, named near its top."""

    def draw(geometry: ReadGeometry, color: Rgb, medial_y: float) -> _Drawn:
        line = geometry.lines[name]
        return _Drawn((Line(line, color, 3.0),), 0.2 * line[0] + 0.8 * line[1])

    return draw


@dataclass(frozen=True)
class _Mark:
    """A measure in a picture: its name there, how it is drawn, its colour."""

    measure: str
    name: str
    draw: _Draw
    color: Rgb = BLUE


_TOP = (
    _Mark("foot_length_mm", "foot length", _dimension),
    _Mark("foot_width_mm", "foot width", _between_points, GREEN),
    _Mark("heel_width_mm", "heel width", _dimension, PURPLE),
    _Mark("ball_girth_mm", "ball girth", _tape),
    _Mark("instep_girth_mm", "instep girth", _tape),
)
_MEDIAL = (
    _Mark("dorsum_height_mm", "dorsum height", _dimension),
    _Mark("plantar_arch_height_mm", "plantar arch height", _under_curve, ORANGE),
    _Mark("truncated_foot_length_mm", "truncated length", _dimension, GREEN),
)
_REAR = (
    _Mark("heel_angle_deg", "heel line", _lean("heel line"), ORANGE),
    _Mark("leg_angle_deg", "leg line", _lean("leg line")),
)


def measure_shots(measures: Measures, feet: Feet | None) -> tuple[Shot | Legend, ...]:
    """Return every foot with its measures, from four sides; nothing without the feet themselves."""
    shots: list[Shot | Legend] = []
    for foot, found in zip(feet.feet if feet else (), measures.feet, strict=False):
        before, ground = prefix(foot.side, len(measures.feet)), ground_line(foot)
        shots += [
            Shot(before + "Top", _scene(foot, found, _TOP), *ABOVE, below_mm=ANKLE_MM),
            Shot(
                before + "Medial",
                _scene(foot, found, _MEDIAL, ground),
                *medial(foot.medial_y),
                top_mm=TOP_MM,
            ),
            Shot(before + "Rear", _scene(foot, found, _REAR, ground), *REAR, top_mm=TOP_MM),
            _sole(foot, before),
        ]
    if shots:
        marks = ((ORANGE, "not seen, invented"), (CUT, "inside, where it is open or cut"))
        shots.append(Legend("Height of the sole above the ground", 0, _SOLE_MM, unit="mm", marks=marks))
    return tuple(shots)


def _scene(foot: Foot, found: FootMeasures, marks: tuple[_Mark, ...], *more: Line) -> Scene:
    """Return a foot with those of its measures that a picture shows."""
    lines, labels = list(more), []
    for mark in marks:
        measure = found.measures.get(mark.measure)
        if measure is not None and measure.geometry is not None:
            drawn = mark.draw(measure.geometry, mark.color, foot.medial_y)
            lines += drawn.lines
            labels.append(Label(mark.name, drawn.label_at, _text(mark.measure, measure), mark.color, dot=False))
    return Scene((bare(foot),), lines=tuple(lines), labels=tuple(labels))


def _text(name: str, measure: Measure) -> str:
    """Return the value with its uncertainty and where it leans: 4.1 ± 0.6° valgus."""
    value, dimension = measure.value or 0.0, ROWS[name].dimension
    leaning = leaning_of(name, value)
    figures = [abs(value) if leaning else value, *(() if measure.sd is None else (measure.sd,))]
    text = " ± ".join(f"{figure:.{dimension.digits}f}" for figure in figures) + dimension.written
    inferred = " (inferred)" if measure.status == "inferred" else ""
    return text + inferred + (f" {leaning}" if leaning else "")


def _sole(foot: Foot, before: str) -> Shot:
    """The sole, coloured by its height above the ground."""
    color = colors_of(foot.mesh.vertices[:, 2], 0.0, _SOLE_MM)
    color[foot.views == 0] = ORANGE
    return Shot(before + "Sole", Scene((Skin(foot.mesh, color),)), *BELOW, below_mm=ANKLE_MM)
