"""Curves of DXF and SVG drawings, in mm; what a drawing draws over and over from one block is counted before it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat

import numpy as np

from scanproc.errors import ScanError
from scanproc.frames import FloatArray

_DEVIATION_MM = 0.01  # of chords from the curves they stand for
_DEVIATION_SHARE = 1e-5  # of a curve's extent, where that is more: of what is no insole by its size
_MOST_POINTS = 4000  # along one segment
_MOST_PARTS = 20_000  # curves of one drawing; an outline that was exploded into lines has some thousands
_MM_OF_DXF = {0: 1.0, 1: 25.4, 2: 304.8, 4: 1.0, 5: 10.0, 6: 1000.0}  # by $INSUNITS; without a unit mm is meant
_TRIM_LINE = "_TRIM_LINE_MM"  # ending of the layer of an insole's own border in what `export` writes
_CURVES_OF_DXF = ("LINE", "ARC", "CIRCLE", "ELLIPSE", "LWPOLYLINE", "POLYLINE", "SPLINE")
_PX_MM = 25.4 / 96.0  # CSS
_XLINK = "{http://www.w3.org/1999/xlink}href"
#: What the parsers raise at damaged files, besides their own errors.
_DAMAGED = (
    ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError, OSError, RecursionError, StopIteration,
    TypeError, ValueError,
)  # fmt: skip


def dxf_curves(path: Path) -> list[FloatArray]:
    """Return the curves of a DXF's model space, (N, 2) mm each; closed ones repeat their first point.

    Raises
    ------
    ScanError
        If it cannot be read, is in an unknown unit, or draws too much.
    """
    import ezdxf

    try:
        drawing = ezdxf.readfile(path)  # type: ignore[attr-defined]
        # Where no unit is stated, ezdxf says metres of old releases.
        unit = int(drawing.header.get("$INSUNITS", 0)) if b"$INSUNITS" in path.read_bytes() else 0
        if unit not in _MM_OF_DXF:
            raise ScanError(f"found the unit $INSUNITS = {unit} in {path.name}, expected mm (4), cm (5) or inches (1).")
        _refuse_too_much(path, _drawn_by(drawing.modelspace(), lambda part: _of_dxf(part, drawing)))
        return _flattened_dxf(drawing, _MM_OF_DXF[unit])
    except (ezdxf.DXFError, *_DAMAGED) as error:  # type: ignore[attr-defined]
        raise _unreadable(path, "DXF", error, "as R12 or R2000") from error


def svg_curves(path: Path) -> list[FloatArray]:
    """Return the curves of an SVG, (N, 2) mm each, y upwards; closed ones repeat their first point.

    A drawing without a physical width is in px of 1/96 inch, as the standard has it.

    Raises
    ------
    ScanError
        If it cannot be read, or draws too much.
    """
    from svgelements import SVG, Shape  # type: ignore[import-untyped]
    from svgelements import Path as Curve

    try:
        _refuse_entities(path)
        root = ElementTree.parse(path).getroot()
        named = {element.get("id"): element for element in root.iter() if element.get("id")}
        _refuse_too_much(path, _drawn_by(root, lambda element: _of_svg(element, named)))
        # `reify` applies transforms and the viewBox.
        drawing = SVG.parse(str(path), reify=True, ppi=96.0)
        if not isinstance(drawing, SVG):
            raise ScanError(f"found no SVG in {path.name}, expected <svg> round it all. Export it again, as plain SVG.")
        parts = [
            part for shape in drawing.elements() if isinstance(shape, Shape) for part in Curve(shape).as_subpaths()
        ]
        flat = [[point for segment in Curve(part) for point in _flattened_svg(segment)] for part in parts]
        return [_PX_MM * np.array(points).reshape(-1, 2) * [1.0, -1.0] for points in flat]
    except (ElementTree.ParseError, expat.ExpatError, *_DAMAGED) as error:
        raise _unreadable(path, "SVG", error, "as plain SVG") from error


def _refuse_entities(path: Path) -> None:
    """Refuse an SVG that declares entities, in any encoding: they can stand for gigabytes, or for another file."""

    def refuse(*_declared: object) -> None:
        raise ScanError(f"found entities in {path.name}, expected an SVG without. Export it again, as plain SVG.")

    parser = expat.ParserCreate()
    parser.EntityDeclHandler = refuse
    with path.open("rb") as file:
        parser.ParseFile(file)


def _unreadable(path: Path, kind: str, error: Exception, how: str) -> ScanError:
    why = "it names itself" if isinstance(error, RecursionError) else str(error) or type(error).__name__
    return ScanError(f"found no readable {kind} in {path.name} ({why}). Export it again, {how}.")


def _refuse_too_much(path: Path, parts: float) -> None:
    if parts > _MOST_PARTS:
        raise ScanError(
            f"found {'too many' if math.isinf(parts) else f'{parts:.3g}'} curves in {path.name}, expected "
            f"{_MOST_PARTS:,} or fewer. Export the shoe's insole alone."
        )


#: Says of a part of a drawing what it draws: each part, and how often.
_Inner = Callable[[Any], Iterable[tuple[Any, float]]]


def _drawn_by(whole: Any, inner_of: _Inner) -> float:
    """Return how many parts a drawing draws, blocks within blocks counted as often as they are drawn.

    Raises
    ------
    RecursionError
        If a part draws itself.
    """
    counts: dict[Hashable, float] = {}
    open_parts: set[Hashable] = set()

    def count(part: Any) -> float:
        key = id(part)
        if key in open_parts:
            raise RecursionError
        if key not in counts:
            open_parts.add(key)
            counts[key] = 1.0 + sum(times * count(inner) for inner, times in inner_of(part))
            open_parts.remove(key)
        return counts[key]

    return count(whole)


def _of_dxf(part: Any, drawing: Any) -> Iterable[tuple[Any, float]]:
    """Say what a layout, a block or an entity draws."""
    if not hasattr(part, "dxftype"):
        return [(entity, 1.0) for entity in part]
    if part.dxftype() != "INSERT" or part.dxf.name not in drawing.blocks:
        return []
    times = float(max(part.dxf.get("row_count", 1), 1)) * float(max(part.dxf.get("column_count", 1), 1))
    return [(drawing.blocks.get(part.dxf.name), times)]


def _of_svg(element: Any, named: dict[str | None, Any]) -> Iterable[tuple[Any, float]]:
    """Say what an element draws."""
    inner = [(child, 1.0) for child in element]
    target = named.get((element.get("href") or element.get(_XLINK) or "").removeprefix("#"))
    if element.tag.rpartition("}")[2] == "use" and target is not None:
        inner.append((target, 1.0))
    return inner


def _flattened_dxf(drawing: Any, scale: float) -> list[FloatArray]:
    """Return the curves of a drawing whose unit is so many mm; blocks have become what they hold."""
    from ezdxf import path as paths
    from ezdxf.disassemble import recursive_decompose

    entities = [each for each in recursive_decompose(drawing.modelspace()) if each.dxftype() in _CURVES_OF_DXF]
    # Of a drawing of ours it is the insole's border, not that of its larger cover or of its stock.
    borders = [each for each in entities if each.dxf.get("layer", "").upper().endswith(_TRIM_LINE)]
    curves = []
    for entity in borders or entities:
        for part in paths.make_path(entity).sub_paths():
            corners = np.array([(point.x, point.y) for point in part.control_vertices()])
            extent = float(np.ptp(corners, axis=0).max()) if len(corners) else 0.0
            points = part.flattening(max(_DEVIATION_MM / scale, _DEVIATION_SHARE * extent))
            curves.append(scale * np.array([(point.x, point.y) for point in points]).reshape(-1, 2))
    return curves


def _flattened_svg(segment: Any) -> list[tuple[float, float]]:
    """Return points along a line, an arc or a Bezier curve, both ends included; on curves about 1 px apart."""
    kind = type(segment).__name__
    if kind == "Move" or segment.start is None or segment.end is None:
        return []
    count = 1
    if kind not in ("Line", "Close"):
        x0, y0, x1, y1 = segment.bbox()
        about = 2.0 * (abs(x1 - x0) + abs(y1 - y0))  # the length of no arc, and of hardly any Bezier curve, is more
        count = min(max(8, math.ceil(about if about > _MOST_POINTS else segment.length(error=1e-3))), _MOST_POINTS)
    return [(float(point.x), float(point.y)) for point in (segment.point(k / count) for k in range(count + 1))]
