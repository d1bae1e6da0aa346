"""A part seen from above, as a shop wants it: layers to cut by, and a template on paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import PlanCurve, Side
from scanproc.formats.dxf_files import DxfCurve, circle, write_dxf
from scanproc.formats.paper import Drawing, DrawnLine, DrawnText
from scanproc.frames import FloatArray
from scanproc.mesh.polygons import joined, offset

_SIDE_MM, _NAME_MM = 22.0, 3.5  # heights of letters
_LETTER_AT = 0.42  # of the length: between heel and pads
_COVER, _PADS, _MARKS, _SOFT = "#1f77b4", "#d62728", "#7f7f7f", "#2ca02c"  # blue, red, grey, green
_JOINED_MM = 0.5  # a cover goes over the joint of a shell and its extension
_LAYERS = {"pad": "PADS", "mark": "MARKS", "extension": "EXTENSION"}  # by the kind of a curve


@dataclass(frozen=True)
class PartPlan:
    """A part from above, in the coordinates of its STL, mm.

    Attributes
    ----------
    trim_line : (K, 2), its border.
    cover_margin_mm : how much larger the top cover is cut, all round.
    curves : borders of pads, marks; in these coordinates.
    pins : (P, 2), registration pins of its stock, and `pin_mm`, their diameter.
    stock : (2, 2), lower and upper corner of what it is milled from; None where it is not.
    """

    side: Side
    name: str
    trim_line: FloatArray
    cover_margin_mm: float
    curves: tuple[PlanCurve, ...] = ()
    pins: FloatArray | None = None
    pin_mm: float = 0.0
    stock: FloatArray | None = None

    @property
    def cover(self) -> FloatArray:
        """The border of the top cover, (N, 2)."""
        soft = [curve.xy for curve in self.curves if curve.kind == "extension"]
        if soft:
            return joined([offset(part, max(self.cover_margin_mm, _JOINED_MM)) for part in (self.trim_line, *soft)])
        return offset(self.trim_line, self.cover_margin_mm) if self.cover_margin_mm > 0.0 else self.trim_line


def plan_dxf(plan: PartPlan) -> bytes:
    """Return the DXF of a part: a layer each for top cover, trim line, extension, pads, marks; if milled, stock, pins.

    Names of layers say the side and the unit.
    """

    def layer(name: str) -> str:
        return f"{plan.side.upper()}_{name}_MM"

    curves = [DxfCurve(layer("TRIM_LINE"), plan.trim_line), DxfCurve(layer("TOP_COVER"), plan.cover)]
    for curve in plan.curves:
        curves.append(DxfCurve(layer(_LAYERS[curve.kind]), curve.xy, closed=curve.kind != "mark"))
    if plan.stock is not None:
        (x0, y0), (x1, y1) = plan.stock
        curves.append(DxfCurve(layer("STOCK"), np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])))
    for pin in plan.pins if plan.pins is not None else ():
        curves.append(DxfCurve(layer("PINS"), circle(pin, 0.5 * plan.pin_mm)))
    return write_dxf(curves)


def plan_drawing(plan: PartPlan) -> Drawing:
    """Return the paper template of a part: seen from above, toes up, in true size."""
    lines = [DrawnLine(upright(plan.trim_line))]
    if plan.cover_margin_mm > 0.0:
        lines.append(DrawnLine(upright(plan.cover), color=_COVER, style="dashed"))
    low, high = plan.trim_line.min(axis=0), plan.trim_line.max(axis=0)
    behind_pads = np.array([low[0] + _LETTER_AT * (high[0] - low[0]), 0.5 * (low[1] + high[1])])
    texts = [
        DrawnText(plan.side[0].upper(), upright(behind_pads), _SIDE_MM),
        DrawnText(plan.name, upright(behind_pads - [0.8 * _SIDE_MM, 0.0]), _NAME_MM),
    ]
    legend = [("trim line", "black")]
    if plan.cover_margin_mm > 0.0:
        legend.append((f"top cover (+ {plan.cover_margin_mm:g} mm)", _COVER))
    kinds = (("pad", _PADS, "pads"), ("extension", _SOFT, "soft extension"), ("mark", _MARKS, "marks"))
    for kind, color, word in kinds:
        curves = [curve for curve in plan.curves if curve.kind == kind]
        lines += [DrawnLine(upright(curve.xy), kind != "mark", color) for curve in curves]
        if kind == "pad":
            texts += [DrawnText(curve.name, upright(curve.xy.mean(axis=0)), 2.5, color) for curve in curves]
        legend += [(word, color)] if curves else []
    return Drawing(f"{plan.name}, seen from above", tuple(lines), tuple(texts), tuple(legend))


def upright(xy: FloatArray) -> FloatArray:
    """Return (..., 2) places with the toes (x) up, still seen from above."""
    return np.stack([-xy[..., 1], xy[..., 0]], axis=-1)


def block_drawing(
    title: str, size_mm: FloatArray, parts: Sequence[tuple[str, FloatArray]], pins: FloatArray
) -> Drawing:
    """Return a plate or a block seen from above with the outlines of its parts, by their names, and its pins."""
    x, y = size_mm.tolist()
    lines = [DrawnLine(np.array([[0.0, 0.0], [x, 0.0], [x, y], [0.0, y]]), color=_MARKS)]
    lines += [DrawnLine(outline) for _, outline in parts] + [DrawnLine(circle(pin, 3.0), color=_PADS) for pin in pins]
    texts = tuple(DrawnText(name, outline.mean(axis=0), 3.0) for name, outline in parts)
    return Drawing(title, tuple(lines), texts)
