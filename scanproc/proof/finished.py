"""A finished solid beside what was asked of it: places where it is measured, shared by all checks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from scanproc.artifacts import BoolArray, Foot, Mesh
from scanproc.design.front_platform import stands_level
from scanproc.design.shape import Design
from scanproc.design.top import designed_top
from scanproc.frames import FloatArray
from scanproc.mesh.polyline_distance import inside, nearest_on_curve
from scanproc.parallel import parallel_map
from scanproc.prescription.fields import Prescription
from scanproc.solid.face_grid import FaceGrid
from scanproc.solid.height_fields import HeightField
from scanproc.solid.probes import Probe
from scanproc.solid.resting_plane import LowerHull

_GRID_STEP = 1.26  # of the design's: no multiple, so that the places are not those that solids are built with
_FREE_MM = 3.0  # a platform so far over the underside does not shape it


@dataclass(frozen=True)
class Finished:
    """A solid rounded to single precision, as it is going to be written, and its design.

    Attributes
    ----------
    quick : whether the wall is touched at fewer places.
    extension : the soft part ahead of it.
    flattened_mm, edge_radius_mm, lowered_mm : see `design.solid.Built`.
    """

    solid: Mesh
    flattened_mm: float
    edge_radius_mm: float
    asked: Design
    quick: bool = False
    extension: Mesh | None = None
    lowered_mm: float = 0.0

    def ready(self) -> None:
        """Make what all checks share, before several of them run at once."""
        parallel_map(lambda name: getattr(self, name), ("faces", "grid", "lower_hull"), "insole: proof")
        self.probe.ready()

    @property
    def rx(self) -> Prescription:
        """The prescription."""
        return self.asked.rx

    @property
    def flattened_ahead_mm(self) -> float:
        """How far it may be flattened ahead of the heel; a level device without a post is flattened there alone."""
        posted = any(one.post.where == "rearfoot" for one in self.asked.underside.platforms)
        return self.flattened_mm if posted or not stands_level(self.rx) else 0.0

    @property
    def foot(self) -> Foot:
        """The scan, balanced, which clearance and fit are measured from."""
        return self.asked.scanned.foot

    @cached_property
    def faces(self) -> FaceGrid:
        """The solid's faces by their place."""
        return FaceGrid.of(self.solid)

    @cached_property
    def probe(self) -> Probe:
        """The solid to touch."""
        return Probe(self.solid)

    @cached_property
    def lower_hull(self) -> LowerHull:
        """What it can stand on, of the lower half of its vertices."""
        low = self.solid.vertices[self.solid.vertices[:, 2] <= np.median(self.solid.vertices[:, 2])]
        return LowerHull.of(low[:, :2], low[:, 2])

    def inner(self, xy: FloatArray, off_mm: float) -> FloatArray:
        """Return those of (N, 2) points that lie inside the outline and at least so far off it."""
        xy = xy[inside(self.asked.outline, xy)]
        return np.asarray(xy[self.off_outline(xy, off_mm) >= off_mm])

    def off_outline(self, xy: FloatArray, up_to_mm: float) -> FloatArray:
        """Return how far (N, 2) points lie from the outline, (N,) mm; inf from `up_to_mm` on."""
        return np.abs(nearest_on_curve(self.asked.outline, xy, up_to_mm, closed=True).distance_mm)

    @cached_property
    def grid(self) -> Grid:
        """The places of a square grid on the solid's top, up to 0.3 mm from its outline."""
        low, high = self.asked.outline.min(axis=0), self.asked.outline.max(axis=0)
        axes = (
            np.arange(first, last, _GRID_STEP * self.rx.making.grid_mm) for first, last in zip(low, high, strict=True)
        )
        xy = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
        xy = xy[inside(self.asked.outline, xy)]
        off = self.off_outline(xy, 5.0)
        xy, off = xy[off > 0.3], off[off > 0.3]
        hit = self.probe.touch_top(xy)
        before, after = self.asked.top.at(xy), self.asked.top_at(xy)
        cosine = np.where(hit.face >= 0, self.probe.top_cosine[hit.face], 1.0)
        return Grid(xy, off, hit.z, cosine, after, after > before - 1e-3)

    @cached_property
    def copied(self) -> HeightField:
        """The top that copies the scanned sole: nothing but clearance and cover."""
        fit = self.rx.fit
        if fit.heel_expansion_mm == fit.medial_expansion_mm == fit.lateral_expansion_mm == 0.0:
            return self.asked.sole
        plain = self.rx.changed(heel_expansion_mm=0.0, medial_expansion_mm=0.0, lateral_expansion_mm=0.0)
        return designed_top(self.asked.scanned, plain).sole

    def without(self, **doses: Any) -> HeightField:
        """Return the top as it would be asked with other doses, to measure what a dose changed."""
        return designed_top(self.asked.scanned, self.rx.changed(**doses)).field

    def without_marks(self, xy: FloatArray) -> FloatArray:
        """Return the height of the asked underside without letters at (N, 2) points, (N,) mm."""
        even = self.asked.even
        assert even is not None  # only a design that is not yet finished has none
        return replace(self.asked.underside, marks=None).applied(xy, even.bottom.at(xy))

    def change(self, **doses: Any) -> FloatArray:
        """Return how much higher the finished top is at the grid's places than one with other doses, (N,) mm.

        It is nan where the trim line cuts the top.
        """
        return np.where(self.grid.free, self.grid.z - self.without(**doses).at(self.grid.xy), np.nan)

    def even_below(self, xy: FloatArray, z: FloatArray) -> BoolArray:
        """Tell where nothing but the even wall shapes the underside, that lies at z, at (N, 2) points, (N,) bool."""
        answer = np.ones(len(xy), dtype=bool)
        for platform in self.asked.underside.platforms:
            answer &= platform.height_at(xy) > z + _FREE_MM
        if self.asked.underside.marks is not None:
            answer &= ~self.asked.underside.marks.near(xy)
        return answer


@dataclass(frozen=True)
class Grid:
    """Places on the top of a finished solid.

    Attributes
    ----------
    xy : (N, 2).
    off_outline : (N,) mm; inf from 5 mm on.
    z : (N,) mm, the finished top.
    cosine : (N,) of its slope: a vertical distance times it is the one square to the surface.
    asked : (N,) mm, the asked top.
    free : (N,) bool, where the trim line does not cut the top.
    """

    xy: FloatArray
    off_outline: FloatArray
    z: FloatArray
    cosine: FloatArray
    asked: FloatArray
    free: BoolArray
