"""Lines to cut by, as a DXF of release 12: no dates, no identifiers.

Group codes: Autodesk, DXF Reference, release 12.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scanproc.frames import FloatArray

_Tags = list[tuple[int, object]]
_COLORS = (7, 1, 5, 3, 6, 4, 2)  # of AutoCAD's index: black or white, red, blue, green, magenta, cyan, yellow


@dataclass(frozen=True)
class DxfCurve:
    """A polyline, (N, 2) mm, on a layer."""

    layer: str
    xy: FloatArray
    closed: bool = True


def write_dxf(curves: Sequence[DxfCurve]) -> bytes:
    """Return curves as polylines, each on its layer.

    The header states version and unit (`$INSUNITS` 4 is mm), without which some programs read metres or inches, and the
    tables hold the layers.
    """
    every = np.vstack([curve.xy for curve in curves])
    low, high = every.min(axis=0), every.max(axis=0)
    header: _Tags = [(9, "$ACADVER"), (1, "AC1009"), (9, "$INSUNITS"), (70, 4)]
    header += [(9, "$MEASUREMENT"), (70, 1), (9, "$EXTMIN"), *_point(low), (9, "$EXTMAX"), *_point(high)]
    line_type: _Tags = [(0, "LTYPE"), (2, "CONTINUOUS"), (70, 0), (3, "Solid line"), (72, 65)]
    line_type += [(73, 0), (40, 0.0)]
    names = ("0", *dict.fromkeys(curve.layer for curve in curves))
    layers = [
        tag
        for number, name in enumerate(names)
        for tag in ((0, "LAYER"), (2, name), (70, 0), (62, _COLORS[number % len(_COLORS)]), (6, "CONTINUOUS"))
    ]
    tables = [*_table("LTYPE", 1, line_type), *_table("LAYER", len(names), layers)]
    entities = [tag for curve in curves for tag in _polyline(curve)]
    sections = [("HEADER", header), ("TABLES", tables), ("ENTITIES", entities)]
    tags = [tag for name, inside in sections for tag in ((0, "SECTION"), (2, name), *inside, (0, "ENDSEC"))]
    return "".join(f"{code:3d}\n{value}\n" for code, value in [*tags, (0, "EOF")]).encode("ascii")


def circle(centre: FloatArray, radius_mm: float) -> FloatArray:
    """Return a circle as a closed curve, 2 degrees a side, (180, 2)."""
    angle = np.linspace(0.0, 2.0 * np.pi, 180, endpoint=False)
    return np.asarray(centre + radius_mm * np.column_stack([np.cos(angle), np.sin(angle)]))


def _polyline(curve: DxfCurve) -> _Tags:
    head: _Tags = [(0, "POLYLINE"), (8, curve.layer), (66, 1), (70, int(curve.closed)), *_point(np.zeros(2))]
    for point in curve.xy:
        head += [(0, "VERTEX"), (8, curve.layer), *_point(point)]
    return [*head, (0, "SEQEND"), (8, curve.layer)]


def _table(name: str, count: int, rows: Sequence[tuple[int, object]]) -> _Tags:
    return [(0, "TABLE"), (2, name), (70, count), *rows, (0, "ENDTAB")]


def _point(point: FloatArray) -> _Tags:
    return [(10, f"{point[0]:.6f}"), (20, f"{point[1]:.6f}"), (30, "0.0")]
