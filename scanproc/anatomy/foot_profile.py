"""How like a foot a shape is in a frame: its profile along its length, as shares of its length."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scanproc.anatomy.cut_ends import CutEnds
from scanproc.anatomy.foot_regions import FOOT_HEIGHT_MM
from scanproc.artifacts import BoolArray, Mesh
from scanproc.frames import FloatArray
from scanproc.mesh.meshes import face_areas, face_normals

_SLICES = 20  # of the length: 12 mm each, enough points in each even on a coarse mesh
_SAMPLES = 6000
# Share of the length from the heel, what is measured there, mean and sd as shares of the length (a taper: of the
# dorsum's height). Means: ANSUR II (2012) and nine feet at hand; spreads are wide on purpose, for children, leg
# positions and missing parts. Of toes it is the thickness: they may be held up.
_PROFILE = (
    (0.16, "width", 0.27, 0.05),
    (0.45, "width", 0.34, 0.06),
    (0.68, "width", 0.39, 0.05),
    (0.92, "width", 0.24, 0.08),
    (0.16, "top", 0.50, 0.12),
    (0.56, "top", 0.27, 0.06),
    (0.68, "top", 0.20, 0.05),
    (0.80, "top", 0.15, 0.05),
    (0.92, "top", 0.10, 0.04),
    (0.12, "sole", 0.02, 0.03),
    (0.70, "sole", 0.02, 0.03),
    (0.16, "taper", 1.80, 0.40),
    (0.92, "taper", 0.40, 0.13),
)
_DORSUM = 0.56  # share of the length: the dorsum in front of the leg, whose height the tapers compare with
_TOES = 0.75  # share of the length: ahead of it a top is that of toes
_OVERHANG_MM = 25.0  # no wall of a foot leaves such a gap between samples
_LEG_TOP = 0.50  # share of the length: legs are cut anywhere, higher counts as this
_CUT_MM = 8.0  # what ends less than this above a cut ends there
_BELOW_MM = 8.0  # in plan: the underside of a toe lies so near below its top
_SEEN_UNDER = 5  # samples, of about 20 of a whole underside: fewer are noise of a top
_DOWN = -0.3  # z of the normal of an underside, and less


@dataclass(frozen=True)
class FootShape:
    """About 6000 points spread evenly over a surface, (N, 3) mm, its (N, 3) unit normals there, and its cuts."""

    points: FloatArray
    normals: FloatArray
    cuts: CutEnds

    @staticmethod
    def of(mesh: Mesh, cuts: CutEnds) -> FootShape:
        chosen = _even_faces(mesh, _SAMPLES)
        part = Mesh(mesh.vertices, mesh.faces[chosen])
        return FootShape(mesh.vertices[part.faces].mean(axis=1), face_normals(part), cuts)

    def rotated(self, R: FloatArray) -> FootShape:
        """Return the same in the frame that the (3, 3) rotation leads to."""
        return FootShape(self.points @ R.T, self.normals @ R.T, self.cuts.rotated(R))

    def on_ground(self) -> FootShape:
        """Return the same with z = 0 at the lowest point."""
        shift = np.array([0.0, 0.0, -self.points[:, 2].min()])
        lifted = replace(self.cuts, middles=self.cuts.middles + shift, rims=self.cuts.rims + shift)
        return FootShape(self.points + shift, self.normals, lifted)

    @property
    def faces_down(self) -> BoolArray:
        """(N,) whether it is an underside."""
        return np.asarray(self.normals[:, 2] < _DOWN)


@dataclass(frozen=True)
class Likeness:
    """How like a foot a shape is in a frame.

    Attributes
    ----------
    misfit : root mean square of the profile's deviations, in their spreads: about 0.5 for feet, above 3 for boxes.
    worst : the largest deviation in words.
    advice : what to scan otherwise, by it.
    length_mm : along x, below `FOOT_HEIGHT_MM`.
    """

    misfit: float
    worst: str
    advice: str
    length_mm: float


def surface_samples(mesh: Mesh, count: int) -> FloatArray:
    """Return about `count` points spread evenly over the area of a mesh, (N, 3) mm; the same for the same faces."""
    return np.asarray(mesh.vertices[mesh.faces[_even_faces(mesh, count)]].mean(axis=1))


def _even_faces(mesh: Mesh, count: int) -> NDArray[np.int64]:
    """Return the faces, (N,), at even steps of the area that they sum up to in their order.

    Deterministic and blind to how the mesh is placed.
    """
    area = np.cumsum(face_areas(mesh))
    chosen = np.unique(np.searchsorted(area, (np.arange(count) + 0.5) / count * area[-1]))
    return np.asarray(np.minimum(chosen, len(area) - 1))


def likeness(shape: FootShape) -> Likeness:
    """Judge a shape, in a frame with x forward, z up, against the profile of a foot.

    Where a cut ends the shape, its top is at least what is there: only too high a one deviates.
    """
    shape = shape.on_ground()
    low = shape.points[shape.points[:, 2] < FOOT_HEIGHT_MM]
    rear, front = float(low[:, 0].min()), float(low[:, 0].max())
    length = max(front - rear, 1e-9)

    def read(share: float, what: str) -> _Reading:
        if what == "taper":
            dorsum, top = read(_DORSUM, "top"), read(share, "top")
            if not 0.0 < dorsum.value < np.inf:
                return _Reading(np.inf)
            return _Reading(top.value / dorsum.value, top.at_least, dorsum.at_least)
        place = (rear + share * length, length / _SLICES)
        value = _slice_value(shape, *place, "toe" if what == "top" and share > _TOES else what)
        is_cut = what == "top" and _ends_at_cut(shape, *place)
        if what == "top" and value < np.inf:
            return _Reading(min(value / length, _LEG_TOP), is_cut)
        return _Reading(value / length)

    deviations = []
    for share, what, mean, sd in _PROFILE:
        found = read(share, what)
        excess = found.value - mean
        reminder, advice = _reminder(share, what, excess)
        told = f"{what} {found.value:.2f} at {share:.2f} of the length{reminder}"
        is_open = (found.at_least and excess < 0.0) or (found.at_most and excess > 0.0)
        deviations.append((0.0 if is_open else min(abs(excess) / sd, 10.0), told, advice))
    misfit = float(np.sqrt(np.mean([deviation**2 for deviation, *_ in deviations])))
    return Likeness(misfit, *max(deviations)[1:], length)


@dataclass(frozen=True)
class _Reading:
    """A value of the profile; what a cut ends may be more, and a share of it less."""

    value: float
    at_least: bool = False
    at_most: bool = False


def _reminder(share: float, what: str, excess: float) -> tuple[str, str]:
    """Return what has such a profile, in words, and what to do; no words where nothing comes to mind."""
    if what == "width" and share > 0.9 and excess > 0.0:
        return " (like a hand, or a foot without its toes)", "Scan the toes too."
    if what == "width" and share > 0.4:
        if excess > 0.0:
            return " (like two feet that touch, or a hand)", "Scan one foot, apart from all else."
        return " (like half a foot, or a hand's edge)", "Scan both sides of the foot."
    if what in ("top", "taper") and share > 0.5:
        if excess > 0.0:
            return " (like a shoe, or a foot without its toes)", "Scan the bare foot with its toes."
        return " (like a hand, or a sole alone)", "Scan the dorsum and the ankle too."
    return "", "Scan heel, toes and ankle, and nothing else."


def _slice_value(shape: FootShape, x: float, reach: float, what: str) -> float:
    """Return width, top, sole or thickness of a toe of one slice, mm; inf where there is nothing."""
    place = np.abs(shape.points[:, 0] - x) < reach
    points = shape.points[place]
    low = points[points[:, 2] < FOOT_HEIGHT_MM]
    if len(low) < 3:
        return np.inf
    if what == "width":
        return float(np.ptp(low[:, 1]))
    if what == "sole":
        return float(low[:, 2].min())
    top = _top(points[:, 2])
    if what == "top":
        return top
    highest = points[points[:, 2] <= top][np.argmax(points[points[:, 2] <= top, 2])]
    under = points[shape.faces_down[place] & (np.hypot(*(points - highest)[:, :2].T) < _BELOW_MM)]
    return top - (float(under[:, 2].min()) if len(under) >= _SEEN_UNDER else 0.0)


def _top(heights: FloatArray) -> float:
    """Return the greatest of (N,) heights below a gap: a shank that leans forward hangs over the dorsum."""
    heights = np.sort(heights)
    gaps = np.flatnonzero(np.diff(heights) > _OVERHANG_MM)
    return float(heights[gaps[0]] if len(gaps) else heights[-1])


def _ends_at_cut(shape: FootShape, x: float, reach: float) -> bool:
    """Tell whether the top of a slice is the edge of a cut."""
    rim = shape.cuts.rims[np.abs(shape.cuts.rims[:, 0] - x) < reach, 2]
    heights = shape.points[np.abs(shape.points[:, 0] - x) < reach, 2]
    return bool(len(rim) and len(heights) and (rim > _top(heights) - _CUT_MM).any())
