"""True-shape nesting: outlines turned and moved onto a plate, on the least rectangle."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, permutations

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from scanproc.artifacts import BoolArray
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.mesh.polygons import offset
from scanproc.mesh.polyline_distance import inside, nearest_on_curve

_CELL_MM, _COARSE_MM = 1.0, 2.0  # of the answer, and to choose orders by
_CHOSEN = 3  # orders that are laid down on the finer cells
_CENTRE_TO_CORNER = np.sqrt(0.5)  # of a cell
_ORDERS = 24  # beside that by size: of more than four parts, all of which are tried
_SPARE_MM = 1e-6

Spectrum = NDArray[np.complexfloating]
Growth = Callable[[FloatArray, FloatArray], FloatArray]
#: What is kept small while parts are laid down, of the extents of the rectangle round them; its area is what counts.
_GROWTHS: tuple[Growth, ...] = (
    lambda x, y: x * y,
    lambda x, y: x + y,
    lambda x, y: x + 1e-3 * y,
    lambda x, y: y + 1e-3 * x,
)


@dataclass(frozen=True)
class Nested:
    """Part number `part`, turned counter-clockwise about its origin, then moved by `shift_mm`, (2,)."""

    part: int
    turn_deg: float
    shift_mm: FloatArray

    def applied(self, xy: FloatArray) -> FloatArray:
        """Return (N, 2) points of the part on the plate, mm."""
        return rotated(xy, self.turn_deg) + self.shift_mm


@dataclass(frozen=True)
class Packing:
    """What lies on one plate: placements, numbers of the parts that found no room, size of the rectangle round all."""

    placements: tuple[Nested, ...]
    left_out: tuple[int, ...]
    size_mm: FloatArray

    @property
    def area_mm2(self) -> float:
        """Of the rectangle."""
        return float(self.size_mm.prod())

    def rank(self, room: Room) -> tuple[float, ...]:
        """The lower the better: first as few left out as can be, then the least plate."""
        return len(self.left_out), float((self.size_mm + room.beside_mm).prod())


@dataclass(frozen=True)
class Room:
    """Where parts may lie and how far apart: (2,) mm from the origin, clearance between outlines, the turns allowed.

    `beside_mm` is what a plate takes beyond the outlines along x and y, both sides together: it is stock, too.
    """

    size_mm: FloatArray
    gap_mm: float
    turns_deg: tuple[float, ...]
    beside_mm: tuple[float, float] = (0.0, 0.0)


def rotated(xy: FloatArray, turn_deg: float) -> FloatArray:
    """Return (N, 2) points turned counter-clockwise about the origin."""
    cos, sin = np.cos(np.deg2rad(turn_deg)), np.sin(np.deg2rad(turn_deg))
    return np.asarray(xy @ np.array([[cos, sin], [-sin, cos]]))


def pack(outlines: Sequence[FloatArray], room: Room) -> Packing:
    """Lay outlines on one plate: as many as find room, on the least rectangle.

    Parameters
    ----------
    outlines : (K, 2) mm each, counter-clockwise, each about an origin of its own.

    The parts are tried in several orders; each goes where the rectangle round all grows least. It is the same for the
    same input.
    """
    curves = tuple(np.ascontiguousarray(outline) for outline in outlines)
    ways = [
        (order, growth) for order in _orders([np.ptp(curve, axis=0).prod() for curve in curves]) for growth in _GROWTHS
    ]
    coarse, fine = _Cells(curves, room, _COARSE_MM), _Cells(curves, room, _CELL_MM)
    tried = [coarse.laid(*way) for way in ways]
    chosen = sorted(range(len(ways)), key=lambda number: tried[number].rank(room))[:_CHOSEN]
    best = min((fine.laid(*ways[number]) for number in chosen), key=lambda packing: packing.rank(room))
    _refuse_near(outlines, best, room.gap_mm)
    return best


def plates_needed(outlines: Sequence[FloatArray], room: Room) -> int | None:
    """Return how many plates of a room hold all outlines; None where one of them fits on none."""
    left, plates = list(range(len(outlines))), 0
    while left:
        packing = pack([outlines[number] for number in left], room)
        if not packing.placements:
            return None
        left, plates = [left[number] for number in packing.left_out], plates + 1
    return plates


def _orders(sizes: Sequence[float]) -> Iterator[tuple[int, ...]]:
    """Yield orders in which to lay parts down: all of a few; of many by size first, then some drawn by a fixed seed."""
    by_size = sorted(range(len(sizes)), key=lambda number: (-sizes[number], number))
    if len(sizes) <= 4:
        yield from islice(permutations(by_size), 2 * _ORDERS)
        return
    yield tuple(by_size)
    generator = np.random.default_rng(0)
    for _ in range(_ORDERS):
        yield tuple(generator.permutation(len(sizes)).tolist())


@dataclass(frozen=True)
class _Mask:
    """The cells of one turned part with its clearance; `origin_mm`, (2,), moves it to the first cell's lower corner."""

    cells: BoolArray
    origin_mm: FloatArray


@dataclass(frozen=True)
class _Cells:
    """Outlines and a plate as cells."""

    outlines: tuple[FloatArray, ...]
    room: Room
    cell_mm: float

    @cached_property
    def masks(self) -> tuple[tuple[_Mask, ...], ...]:
        """Of each part, of each turn."""
        grown = [
            offset(outline, 0.5 * self.room.gap_mm + _CENTRE_TO_CORNER * self.cell_mm) for outline in self.outlines
        ]
        return tuple(
            tuple(_mask(rotated(outline, turn), self.cell_mm) for turn in self.room.turns_deg) for outline in grown
        )

    @cached_property
    def shape(self) -> tuple[int, int]:
        """Of the plate: its clearance beyond the border is no part's."""
        size = np.floor((self.room.size_mm + self.room.gap_mm) / self.cell_mm + _SPARE_MM).astype(int)
        return int(size[0]), int(size[1])

    @cached_property
    def padded(self) -> tuple[int, int]:
        """Of maps whose correlation does not come round."""
        most = np.max([mask.cells.shape for part in self.masks for mask in part], axis=0)
        size = [fft.next_fast_len(int(a + b), real=True) for a, b in zip(self.shape, most, strict=True)]
        return size[0], size[1]

    @cached_property
    def spectra(self) -> tuple[tuple[Spectrum, ...], ...]:
        """The transforms of all masks, conjugated: a product with them is a correlation."""
        return tuple(
            tuple(np.conj(fft.rfft2(mask.cells.astype(np.float32), self.padded)) for mask in part)
            for part in self.masks
        )

    def laid(self, order: Sequence[int], growth: Growth) -> Packing:
        """Lay parts down one after the other, each where the rectangle round all grows least."""
        taken: BoolArray = np.zeros(self.shape, dtype=np.bool_)
        reach = np.zeros(2, dtype=int)
        placements: list[Nested] = []
        left_out: list[int] = []
        for number in order:
            spectrum = fft.rfft2(taken.astype(np.float32), self.padded) if placements else None
            best: tuple[tuple[float, ...], int, tuple[int, int]] | None = None
            for turn, mask in enumerate(self.masks[number]):
                found = self._best_place(mask, spectrum, self.spectra[number][turn], reach, growth)
                if found is not None and (best is None or found[0] < best[0]):
                    best = found[0], turn, found[1]
            if best is None:
                left_out.append(number)
                continue
            _, turn, (i, j) = best
            mask = self.masks[number][turn]
            rows, columns = mask.cells.shape
            taken[i : i + rows, j : j + columns] |= mask.cells
            reach = np.maximum(reach, [i + rows, j + columns])
            shift = np.array([i, j]) * self.cell_mm - mask.origin_mm - 0.5 * self.room.gap_mm
            placements.append(Nested(number, self.room.turns_deg[turn], shift))
        return self._drawn_up(placements, left_out)

    def _best_place(
        self, mask: _Mask, taken: Spectrum | None, spectrum: Spectrum, reach: FloatArray, growth: Growth
    ) -> tuple[tuple[float, ...], tuple[int, int]] | None:
        """Return the least rectangle that a part makes and the cell where it then begins; None where it has no room."""
        free = np.array(self.shape) - mask.cells.shape
        if (free < 0).any():
            return None
        i, j = np.arange(free[0] + 1)[:, None], np.arange(free[1] + 1)[None, :]
        across, along = (
            np.maximum(reach[axis], place + mask.cells.shape[axis]).astype(np.float64)
            for axis, place in enumerate((i, j))
        )
        # Least area; among alike the one farther down and to the left.
        beside_x, beside_y = self.room.beside_mm
        cost = 1e6 * growth(across + beside_x, along + beside_y) + 1e3 * (i + j) + i
        if taken is not None:
            overlap = fft.irfft2(taken * spectrum, self.padded)[: free[0] + 1, : free[1] + 1]
            cost = np.where(overlap < 0.5, cost, np.inf)
        best = np.unravel_index(int(np.argmin(cost)), cost.shape)
        least = float(cost[best])
        return None if np.isinf(least) else ((least,), (int(best[0]), int(best[1])))

    def _drawn_up(self, placements: list[Nested], left_out: list[int]) -> Packing:
        """Move all so that the rectangle round them begins at the origin."""
        if not placements:
            return Packing((), tuple(sorted(left_out)), np.zeros(2))
        placed = [one.applied(self.outlines[one.part]) for one in placements]
        low, high = np.min([xy.min(axis=0) for xy in placed], axis=0), np.max([xy.max(axis=0) for xy in placed], axis=0)
        moved = tuple(Nested(one.part, one.turn_deg, one.shift_mm - low) for one in placements)
        return Packing(tuple(sorted(moved, key=lambda one: one.part)), tuple(sorted(left_out)), high - low)


def _mask(grown: FloatArray, cell_mm: float) -> _Mask:
    low = grown.min(axis=0)
    count = np.ceil(np.ptp(grown, axis=0) / cell_mm).astype(int)
    centres = low + (np.stack(np.meshgrid(*map(np.arange, count), indexing="ij"), axis=-1) + 0.5) * cell_mm
    cells = inside(grown, centres.reshape(-1, 2)).reshape(count[0], count[1])
    rows, columns = np.flatnonzero(cells.any(axis=1)), np.flatnonzero(cells.any(axis=0))
    trimmed = cells[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return _Mask(trimmed, low + np.array([rows[0], columns[0]]) * cell_mm)


def _refuse_near(outlines: Sequence[FloatArray], packing: Packing, gap_mm: float) -> None:
    """Refuse a layout of which two outlines come nearer than asked: cells promise that none does."""
    placed = [one.applied(outlines[one.part]) for one in packing.placements]
    for k, curve in enumerate(placed):
        for other in placed[:k]:
            for a, b in ((curve, other), (other, curve)):
                near = nearest_on_curve(a, b, gap_mm - _SPARE_MM, closed=True).distance_mm
                if np.isfinite(near).any() or inside(a, b[:1]).any():
                    raise ScanError(f"found two parts nearer than {gap_mm:g} mm on a plate. Report this.")
