"""Pictures of the measures, drawn on the foot as on a technical drawing. A refused measure is not drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import Feet, Foot, FootMeasures, Measure, Measures
from scanproc.frames import FloatArray
from scanproc.mesh.sections import axis_section
from scanproc.open3d_bridge import RayScene
from scanproc.views.colors import BLUE, CUT, GREEN, ORANGE, PURPLE, Rgb, colors_of
from scanproc.views.foot import ANKLE_MM, TOP_MM, bare, ground_line, prefix
from scanproc.views.scene import ABOVE, BELOW, REAR, Label, Legend, Line, Scene, Shot, Skin, medial
from scanproc.views.tapes import ball_tape, instep_tape

_SOLE_MM = 25.0  # heights of the sole are coloured up to this


@dataclass(frozen=True)
class _Drawing:
    """The lines and labels of one view."""

    lines: list[Line]
    labels: list[Label]

    def dimension(self, name: str, value: str, start: FloatArray, end: FloatArray, color: Rgb = BLUE) -> None:
        """Draw a dimension with ticks; its name and value are in the margin beside its end."""
        self.lines.append(Line(np.stack([start, end]), color, 2.0, ticks=True))
        self.labels.append(Label(name, end, value, color, dot=False))

    def tape(self, name: str, value: str, points: FloatArray, medial_y: float) -> None:
        """Draw a tape over the foot, named beside its lateral end."""
        if len(points):
            self.lines.append(Line(points, BLUE, 2.5))
            self.labels.append(Label(name, points[np.argmin(points[:, 1] * medial_y)], value, BLUE, dot=False))


def measure_shots(measures: Measures, feet: Feet | None) -> tuple[Shot | Legend, ...]:
    """Return every foot with its measures, from four sides; nothing without the feet themselves."""
    shots: list[Shot | Legend] = []
    for foot, found in zip(feet.feet if feet else (), measures.feet, strict=False):
        before = prefix(foot.side, len(measures.feet))
        shots += [
            _top(foot, found, before),
            _medial(foot, found, before),
            _rear(foot, found, before),
            _sole(foot, before),
        ]
    if shots:
        marks = ((ORANGE, "not seen, invented"), (CUT, "inside, where it is open or cut"))
        shots.append(Legend("Height of the sole above the ground", 0, _SOLE_MM, unit="mm", marks=marks))
    return tuple(shots)


def _value(found: FootMeasures, name: str) -> float | None:
    measure = found.measures.get(name)
    return None if measure is None else measure.value


def _text(measure: Measure, unit: str = " mm") -> str:
    spread = "" if measure.sd is None else f" ± {measure.sd:.1f}"
    return f"{measure.value:.1f}{spread}{unit}" + (" (inferred)" if measure.status == "inferred" else "")


def _point(x: float, y: float, z: float) -> FloatArray:
    return np.array([x, y, z], dtype=np.float64)


def _top(foot: Foot, found: FootMeasures, before: str) -> Shot:
    """Length, widths and girths from above."""
    drawing = _Drawing([], [])
    low = foot.mesh.vertices[foot.mesh.vertices[:, 2] < 60.0]
    borders = float(low[:, 1].min()) - 8.0, float(low[:, 1].max()) + 8.0
    outside = borders[1] if foot.medial_y < 0 else borders[0]
    length = _value(found, "foot_length_mm")
    if length is not None:
        start, end = _point(length, outside, 0), _point(0, outside, 0)
        drawing.dimension("foot length", _text(found.measures["foot_length_mm"]), start, end)
    fibulare, tibiale = foot.landmarks.get("metatarsale_fibulare"), foot.landmarks.get("metatarsale_tibiale")
    if _value(found, "foot_width_mm") is not None and fibulare and tibiale:
        x = 0.5 * float(fibulare.xyz_mm[0] + tibiale.xyz_mm[0])
        outer, inner = (_point(x, float(end.xyz_mm[1]), 0) for end in (fibulare, tibiale))
        drawing.dimension("foot width", _text(found.measures["foot_width_mm"]), outer, inner, GREEN)
        drawing.lines.append(Line(np.stack([[outer, fibulare.xyz_mm], [inner, tibiale.xyz_mm]]), GREEN, 1.0))
    if length is not None and _value(found, "heel_width_mm") is not None:
        x = 0.16 * length
        span = axis_section(foot.mesh, 0, x).where(2, high=40.0).extent(1)
        borders = (span.high, span.low) if foot.medial_y < 0 else (span.low, span.high)
        outer, inner = (_point(x, border, 0) for border in borders)
        drawing.dimension("heel width", _text(found.measures["heel_width_mm"]), outer, inner, PURPLE)
    _girths(foot, found, drawing)
    scene = Scene((bare(foot),), lines=tuple(drawing.lines), labels=tuple(drawing.labels))
    return Shot(before + "Top", scene, *ABOVE, below_mm=ANKLE_MM)


def _girths(foot: Foot, found: FootMeasures, drawing: _Drawing) -> None:
    """Draw the tapes of the girths over the top of the foot."""
    length = _value(found, "foot_length_mm")
    if _value(found, "ball_girth_mm") is not None:
        drawing.tape("ball girth", _text(found.measures["ball_girth_mm"]), ball_tape(foot), foot.medial_y)
    if _value(found, "instep_girth_mm") is not None and length is not None:
        tape = instep_tape(foot, 0.5 * length)
        drawing.tape("instep girth", _text(found.measures["instep_girth_mm"]), tape, foot.medial_y)


def _medial(foot: Foot, found: FootMeasures, before: str) -> Shot:
    """Dorsum height and the line of the arch from the medial side."""
    drawing = _Drawing([ground_line(foot)], [])
    length = _value(found, "foot_length_mm")
    if length is not None:
        dorsum = _value(found, "dorsum_height_mm")
        if dorsum is not None:
            half = _point(0.5 * length, 0, 0)
            drawing.dimension(
                "dorsum height", _text(found.measures["dorsum_height_mm"]), half, _point(0.5 * length, 0, dorsum)
            )
        arch = _arch_line(foot, length)
        if _value(found, "plantar_arch_height_mm") is not None and len(arch) > 1:
            apex = arch[np.argmax(arch[:, 2])]
            drawing.lines.append(Line(arch, ORANGE, 3.0))
            foot_point = apex * (1, 1, 0)
            drawing.dimension(
                "plantar arch height", _text(found.measures["plantar_arch_height_mm"]), foot_point, apex, ORANGE
            )
        truncated = _value(found, "truncated_foot_length_mm")
        if truncated is not None:
            start, end = _point(truncated, 0, -7), _point(0, 0, -7)
            drawing.dimension("truncated length", _text(found.measures["truncated_foot_length_mm"]), start, end, GREEN)
    scene = Scene((bare(foot),), lines=tuple(drawing.lines), labels=tuple(drawing.labels))
    return Shot(before + "Medial", scene, *medial(foot.medial_y), top_mm=TOP_MM)


def _arch_line(foot: Foot, length_mm: float) -> FloatArray:
    """Return (K, 3) points of the sole's underside, a quarter of the width from its medial border."""
    x = np.arange(0.30, 0.601, 0.01) * length_mm
    quarter = np.full(len(x), np.nan)
    for index, at in enumerate(x):
        section = axis_section(foot.mesh, 0, float(at)).where(2, high=40.0)
        if len(section):
            span = section.extent(1)
            inner, outer = (span.low, span.high) if foot.medial_y < 0 else (span.high, span.low)
            quarter[index] = inner + 0.25 * (outer - inner)
    cut = np.isfinite(quarter)
    origins = np.stack([x[cut], quarter[cut], np.full(cut.sum(), -50.0)], axis=1)
    hits = RayScene(foot.mesh).cast(origins, np.broadcast_to(_point(0, 0, 1), origins.shape))
    hit = np.isfinite(hits.distance)
    return np.asarray(origins[hit] + hits.distance[hit, None] * _point(0, 0, 1))


def _rear(foot: Foot, found: FootMeasures, before: str) -> Shot:
    """The lines of heel and leg from behind, each at its measured angle through its middle."""
    drawing = _Drawing([ground_line(foot)], [])
    bands = (("heel_angle_deg", "heel", 15.0, 50.0, ORANGE), ("leg_angle_deg", "leg", 90.0, 160.0, BLUE))
    for name, word, low, high, color in bands:
        angle = _value(found, name)
        middle = _middle(foot, low, high, word == "heel")
        if angle is None or middle is None:
            continue
        lean = _point(0.0, foot.medial_y * np.tan(np.radians(angle)), 1.0)
        top, bottom = (high + 12.0 - middle[2]), (low - 12.0 - middle[2])
        ends = np.stack([middle + bottom * lean, middle + top * lean])
        drawing.lines.append(Line(ends, color, 3.0))
        leaning = "valgus" if angle >= 0 else "varus"
        text = _text(found.measures[name], "°").replace("-", "") + f" {leaning}"
        drawing.labels.append(Label(f"{word} line", 0.2 * ends[0] + 0.8 * ends[1], text, color, dot=False))
    scene = Scene((bare(foot),), lines=tuple(drawing.lines), labels=tuple(drawing.labels))
    return Shot(before + "Rear", scene, *REAR, top_mm=TOP_MM)


def _middle(foot: Foot, low_mm: float, high_mm: float, heel: bool) -> FloatArray | None:
    """Return the (3,) middle of a stretch of heel (chords 10 mm in front of the rear) or leg (centres of slices)."""
    middles = []
    for z in np.arange(low_mm, min(high_mm, float(foot.mesh.vertices[:, 2].max()) - 1.0), 5.0):
        section = axis_section(foot.mesh, 2, float(z))
        if not len(section):
            continue
        if heel:
            section = section.crossings(0, section.extent(0).low + 10.0)
        if len(section):
            across = section.extent(1)
            middles.append(_point(0.0, 0.5 * (across.low + across.high), float(z)))
    return np.median(middles, axis=0) if len(middles) > 2 else None


def _sole(foot: Foot, before: str) -> Shot:
    """The sole, coloured by its height above the ground."""
    color = colors_of(foot.mesh.vertices[:, 2], 0.0, _SOLE_MM)
    color[foot.views == 0] = ORANGE
    return Shot(before + "Sole", Scene((Skin(foot.mesh, color),)), *BELOW, below_mm=ANKLE_MM)
