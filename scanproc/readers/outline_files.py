"""The outline of a shoe's own insole, from a DXF or an SVG drawing: its largest closed curve, in mm."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.mesh.polygons import area_mm2

_DEVIATION_MM = 0.01  # of chords from the curves they stand for
_SAME_MM = 1e-6
_CLOSED_MM = 0.2  # ends of lines and arcs that lie so near meet
_LENGTHS_MM = (100.0, 400.0)  # of any insole
_MM_OF_DXF = {0: 1.0, 1: 25.4, 2: 304.8, 4: 1.0, 5: 10.0, 6: 1000.0}  # by $INSUNITS; without a unit mm is meant
_TRIM_LINE = "_TRIM_LINE_MM"  # ending of the layer of an insole's own border in what `export` writes
_CURVES_OF_DXF = ("LINE", "ARC", "CIRCLE", "ELLIPSE", "LWPOLYLINE", "POLYLINE", "SPLINE")
_PX_MM = 25.4 / 96.0  # CSS


def read_outline(path: Path) -> FloatArray:
    """Read the largest closed curve of a drawing.

    Returns
    -------
    (K, 2) float64, mm, counter-clockwise, y upwards, first point not repeated; about its own origin.

    Raises
    ------
    ScanError
        If there is no such file, no closed curve in it, or none of an insole's size.
    """
    readers = {".dxf": _dxf_chains, ".svg": _svg_chains}
    if path.suffix.lower() not in readers:
        raise ScanError(f"found the outline {path.name}, expected a .dxf or .svg. Export the drawing as one of them.")
    if not path.is_file():
        raise ScanError(f"found no file {path}, expected the outline of the shoe's insole. Check insole.outline_file.")
    chains = [_without_repeats(chain) for chain in readers[path.suffix.lower()](path)]
    loops = _closed([chain for chain in chains if len(chain) > 1])
    if not loops:
        found = f"{len(chains)} open curves" if chains else "no curve"
        raise ScanError(
            f"found {found} in {path.name}, expected a closed one: the shoe's insole. Join the ends in the drawing"
            f" (they may lie {_CLOSED_MM} mm apart), and give curves, no text or picture."
        )
    outline = max(loops, key=lambda loop: abs(area_mm2(loop)))
    _refuse_absurd(outline, path.name)
    return np.asarray(outline if area_mm2(outline) > 0.0 else outline[::-1])


def _refuse_absurd(outline: FloatArray, name: str) -> None:
    """Refuse a curve that is no insole in mm, or that crosses itself."""
    length = float(np.ptp(outline, axis=0).max())
    if not np.isfinite(outline).all() or not _LENGTHS_MM[0] <= length <= _LENGTHS_MM[1]:
        raise ScanError(
            f"found a closed curve of {length:.4g} mm in {name}, expected the shoe's insole, {_LENGTHS_MM[0]:g} to"
            f" {_LENGTHS_MM[1]:g} mm long. Check the drawing's unit (DXF: $INSUNITS; SVG: width, height and viewBox)."
        )
    if _crosses_itself(outline):
        raise ScanError(f"found a curve that crosses itself in {name}, expected a simple one. Correct the drawing.")


def _crosses_itself(outline: FloatArray) -> bool:
    """Tell whether two edges of a closed curve cross that are no neighbours."""
    a, b = outline, np.roll(outline, -1, axis=0)
    count = len(a)

    def orient2d(p: FloatArray, q: FloatArray, r: FloatArray) -> FloatArray:
        return (q[..., 0] - p[..., 0]) * (r[..., 1] - p[..., 1]) - (q[..., 1] - p[..., 1]) * (r[..., 0] - p[..., 0])

    for k in range(count - 2):
        others = np.arange(k + 2, count - (1 if k == 0 else 0))
        c, d = a[others], b[others]
        apart = (orient2d(a[k], b[k], c) * orient2d(a[k], b[k], d) < 0.0) & (
            orient2d(c, d, a[k]) * orient2d(c, d, b[k]) < 0.0  # each edge's ends lie on both sides of the other
        )
        if apart.any():
            return True
    return False


def _without_repeats(chain: FloatArray) -> FloatArray:
    moved = np.append(True, np.linalg.norm(np.diff(chain, axis=0), axis=1) > _SAME_MM)[: len(chain)]
    return np.asarray(chain[moved])


def _closed(chains: list[FloatArray]) -> list[FloatArray]:
    """Join chains end to end, and return those that close, without the repeated point."""
    left, loops = list(chains), []
    while left:
        chain = left.pop()
        while not _meet(chain[0], chain[-1]) or len(chain) < 4:
            place = next((k for k, other in enumerate(left) if _joins(chain, other)), None)
            if place is None:
                break
            other = left.pop(place)
            other = other if _meet(chain[-1], other[0]) else other[::-1]
            chain = np.vstack([chain, other[1:]])
        if _meet(chain[0], chain[-1]) and len(chain) >= 4:
            loops.append(chain[:-1])
    return loops


def _joins(chain: FloatArray, other: FloatArray) -> bool:
    return _meet(chain[-1], other[0]) or _meet(chain[-1], other[-1])


def _meet(a: FloatArray, b: FloatArray) -> bool:
    return float(np.linalg.norm(a - b)) < _CLOSED_MM


def _dxf_chains(path: Path) -> Iterable[FloatArray]:
    """Yield the curves of a DXF's model space, (N, 2) mm each; closed ones repeat their first point."""
    import ezdxf
    from ezdxf import path as paths
    from ezdxf.disassemble import recursive_decompose

    try:
        drawing = ezdxf.readfile(path)  # type: ignore[attr-defined]
    except (ezdxf.DXFError, OSError, UnicodeDecodeError) as error:  # type: ignore[attr-defined]
        raise ScanError(f"found no readable DXF in {path.name} ({error}). Export it again, as R12 or R2000.") from error
    # Where no unit is stated, ezdxf says metres of old releases.
    unit = int(drawing.header.get("$INSUNITS", 0)) if b"$INSUNITS" in path.read_bytes() else 0
    if unit not in _MM_OF_DXF:
        raise ScanError(f"found the unit $INSUNITS = {unit} in {path.name}, expected mm (4), cm (5) or inches (1).")
    scale = _MM_OF_DXF[unit]
    entities = [each for each in recursive_decompose(drawing.modelspace()) if each.dxftype() in _CURVES_OF_DXF]
    # Of a drawing of ours it is the insole's border, not that of its larger cover or of its stock.
    borders = [each for each in entities if each.dxf.get("layer", "").upper().endswith(_TRIM_LINE)]
    for entity in borders or entities:  # blocks have become what they hold
        for part in paths.make_path(entity).sub_paths():
            points = [(point.x, point.y) for point in part.flattening(_DEVIATION_MM / scale)]
            yield scale * np.array(points).reshape(-1, 2)


def _svg_chains(path: Path) -> Iterable[FloatArray]:
    """Yield the curves of an SVG, (N, 2) mm each, y upwards; closed ones repeat their first point.

    A drawing without a physical width is in px of 1/96 inch, as the standard has it.
    """
    from xml.etree.ElementTree import ParseError

    from svgelements import SVG, Shape  # type: ignore[import-untyped]
    from svgelements import Path as Curve

    try:
        # `reify` applies transforms and the viewBox.
        drawing = SVG.parse(str(path), reify=True, ppi=96.0)
    except (ParseError, ValueError, UnicodeDecodeError) as error:
        raise ScanError(f"found no readable SVG in {path.name} ({error}). Export it again, as plain SVG.") from error
    if not isinstance(drawing, SVG):
        raise ScanError(f"found no SVG in {path.name}, expected <svg> round it all. Export it again, as plain SVG.")
    for element in drawing.elements():
        if isinstance(element, Shape):
            for part in Curve(element).as_subpaths():
                points = [point for segment in Curve(part) for point in _flattened(segment)]
                yield _PX_MM * np.array(points).reshape(-1, 2) * [1.0, -1.0]


def _flattened(segment: Any) -> list[tuple[float, float]]:
    """Return points along a line, an arc or a Bezier curve, both ends included; on curves about 1 px apart."""
    kind = type(segment).__name__
    if kind == "Move" or segment.start is None or segment.end is None:
        return []
    count = 1 if kind in ("Line", "Close") else max(8, math.ceil(float(segment.length(error=1e-3))))
    return [(float(point.x), float(point.y)) for point in (segment.point(k / count) for k in range(count + 1))]
