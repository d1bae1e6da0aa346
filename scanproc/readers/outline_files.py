"""The outline of a shoe's own insole, from a DXF or an SVG drawing: its largest closed curve, in mm."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.mesh.polygons import area_mm2, joined
from scanproc.readers.drawings import dxf_curves, svg_curves
from scanproc.readers.listing import is_there

_MOST_BYTES = 50_000_000
_SAME_MM = 1e-6
_FINE_MM = 0.01  # corners that lie so near each other tell no more of an insole's outline
_CLOSED_MM = 0.2  # ends of lines and arcs that lie so near meet
_LENGTHS_MM = (100.0, 400.0)  # of any insole


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
    readers = {".dxf": dxf_curves, ".svg": svg_curves}
    if path.suffix.lower() not in readers:
        raise ScanError(f"found the outline {path.name}, expected a .dxf or .svg. Export the drawing as one of them.")
    if not (is_there(path) and path.is_file()):
        raise ScanError(f"found no file {path}, expected the outline of the shoe's insole. Check insole.outline_file.")
    if path.stat().st_size > _MOST_BYTES:
        raise ScanError(
            f"found {path.stat().st_size:,} bytes in {path.name}, expected {_MOST_BYTES:,} or fewer. Export the shoe's "
            "insole alone."
        )
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
    outline = _thinned(outline)
    if _crosses_itself(outline):
        raise ScanError(
            f"found a curve that crosses itself in {path.name}, expected a simple one. Correct the drawing."
        )
    return joined([outline])  # without the corners that tell nothing


def _refuse_absurd(outline: FloatArray, name: str) -> None:
    """Refuse a curve that is no insole in mm."""
    length = float(np.ptp(outline, axis=0).max())
    if not np.isfinite(outline).all() or not _LENGTHS_MM[0] <= length <= _LENGTHS_MM[1]:
        raise ScanError(
            f"found a closed curve of {length:.4g} mm in {name}, expected the shoe's insole, {_LENGTHS_MM[0]:g} to"
            f" {_LENGTHS_MM[1]:g} mm long. Check the drawing's unit (DXF: $INSUNITS; SVG: width, height and viewBox)."
        )


def _crosses_itself(outline: FloatArray) -> bool:
    """Tell whether two edges of a closed curve cross that are no neighbours.

    Edges are put in order along the axis on which fewer overlap; each is held against those that begin before it ends.
    """
    a, b = outline, np.roll(outline, -1, axis=0)
    axis = int(np.argmin(np.abs(b - a).sum(axis=0)))
    low, high = np.minimum(a, b), np.maximum(a, b)
    order = np.argsort(low[:, axis], kind="stable")
    reach = np.searchsorted(low[order, axis], high[order, axis], side="right")

    def orient2d(p: FloatArray, q: FloatArray, r: FloatArray) -> FloatArray:
        return (q[:, 0] - p[:, 0]) * (r[:, 1] - p[:, 1]) - (q[:, 1] - p[:, 1]) * (r[:, 0] - p[:, 0])

    first, later = np.arange(len(outline)), 1
    while len(first):
        first = first[first + later < reach[first]]
        i, j = order[first], order[first + later]
        near = (low[i] <= high[j]).all(axis=1) & (low[j] <= high[i]).all(axis=1)
        near &= ~np.isin(np.abs(i - j), (1, len(outline) - 1))
        i, j = i[near], j[near]
        apart = orient2d(a[i], b[i], a[j]) * orient2d(a[i], b[i], b[j]) < 0.0
        if (apart & (orient2d(a[j], b[j], a[i]) * orient2d(a[j], b[j], b[i]) < 0.0)).any():
            return True  # each edge's ends lie on both sides of the other
        later += 1
    return False


def _without_repeats(chain: FloatArray) -> FloatArray:
    moved = np.append(True, np.linalg.norm(np.diff(chain, axis=0), axis=1) > _SAME_MM)[: len(chain)]
    return np.asarray(chain[moved])


def _closed(chains: list[FloatArray]) -> list[FloatArray]:
    """Join chains, each to the nearest end there is, and return those that close, without the repeated point."""
    if not chains:
        return []
    ends = np.array([chain[end] for chain in chains for end in (0, -1)])
    near = cKDTree(ends).query_ball_point(ends, _CLOSED_MM)
    left, loops = set(range(len(chains))), []
    while left:
        number = left.pop()
        way, count, start, end = [chains[number]], len(chains[number]), 2 * number, 2 * number + 1
        while True:
            others = [k for k in near[end] if k // 2 in left]
            away = np.linalg.norm(ends[others] - ends[end], axis=1)
            gap = float(np.linalg.norm(ends[start] - ends[end]))
            if count >= 4 and gap < min(away.min(initial=np.inf) + _SAME_MM, _CLOSED_MM):
                loops.append(np.vstack(way)[:-1])
                break
            if not others:
                break
            other = others[int(np.argmin(away))]
            left.remove(other // 2)
            chain = chains[other // 2][:: 1 if other % 2 == 0 else -1]
            way.append(chain[1:])
            count, end = count + len(chain) - 1, other ^ 1
    return loops


def _thinned(loop: FloatArray) -> FloatArray:
    """Leave out corners of a closed curve that lie nearer than that to the one before."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(loop, axis=0), axis=1))])
    _, first = np.unique(np.floor(along / _FINE_MM), return_index=True)
    return np.asarray(loop[first])
