"""Builds the closed solid of a designed insole."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import BoolArray, Mesh
from scanproc.design.shape import Design
from scanproc.design.under import Under
from scanproc.design.wall import even_wall
from scanproc.frames import FloatArray
from scanproc.geometry.curves import inside, nearest_on_curve
from scanproc.geometry.heightfields import HeightField
from scanproc.geometry.lattices import lattice_of
from scanproc.geometry.rounding import RoundedEdge, inner_row, rounded_edge
from scanproc.geometry.solids import Plan, Pressed, closed_solid, coarse_plan, pressed_flat
from scanproc.geometry.triangulation import Samples, Sheet, approximated, on_exact_plan

log = logging.getLogger(__name__)

_COARSEST_MM = 5.0  # sides of triangles where the surface is flat
_FULL_GRID_MM = 0.5  # on coarser grids, of previews, triangles may be coarser too
_OFF_OUTLINE_MM = 0.05  # samples keep so far off the outline: no slivers
_RIM_ROWS_MM = (0.1, 0.2, 0.35, 0.55)  # rows of samples along the outline: a lip may be narrow


@dataclass(frozen=True)
class Built:
    """The finished solid.

    Attributes
    ----------
    pressed_mm : how far its underside was pressed flat for the printer.
    edge_radius_mm : largest radius of its lower edge.
    """

    solid: Mesh
    pressed_mm: float
    edge_radius_mm: float


@dataclass(frozen=True)
class _Underside:
    """The underside: the even wall's, lowered by platforms and letters, its lowest parts pressed flat."""

    even: HeightField
    under: Under
    pressed: Pressed

    def at(self, xy: FloatArray) -> FloatArray:
        """Return its height at (N, 2) points, (N,) mm, but for the rounding of the edge."""
        return self.pressed.applied(self.under.applied(xy, self.even.at(xy)))


def build(asked: Design) -> Built:
    """Return the closed solid of a design: its top, and what lies a wall below it.

    Raises
    ------
    ScanError
        If the outline comes so close to itself that it cannot be triangulated.
    """
    rx, outline = asked.rx, on_exact_plan(asked.outline)
    even = asked.even or even_wall(outline, rx.grid_mm, asked.top_at, asked.wall_at)
    tolerance = rx.mesh_deviation_mm * max(1.0, rx.grid_mm / _FULL_GRID_MM)
    plan = coarse_plan(outline, _COARSEST_MM)
    nodes = even.top.nodes()
    within = _inside_off(outline, nodes)

    nothing = np.zeros(len(nodes), dtype=bool)
    rows = np.vstack([inner_row(outline, np.full(len(outline), off)) for off in _RIM_ROWS_MM])
    top = _sheet(plan, outline, even.top, asked.top_at, within, nothing, rows, tolerance)

    underside, lowered = _underside(asked, even.bottom, nodes, within)
    edge = _edge(underside, outline, top.points[: len(outline), 2], rx.edge_radius_mm)
    field = even.bottom.replaced((underside.pressed.applied(lowered) + edge.raised(nodes)).reshape(even.bottom.z.shape))
    bottom = _sheet(
        plan,
        outline,
        field,
        lambda xy: underside.at(xy) + edge.raised(xy),
        within,
        asked.under.detail(nodes),
        edge.points() if edge.rounds else rows,
        tolerance,
    )
    solid = closed_solid(top, bottom, len(outline))
    log.info("insole: %d triangles above, %d below", len(top.faces), len(bottom.faces))
    return Built(solid, underside.pressed.depth_mm, float(edge.radius_mm.max()))


def _sheet(
    plan: Plan,
    outline: FloatArray,
    field: HeightField,
    height_at: Callable[[FloatArray], FloatArray],
    within: BoolArray,
    detailed: BoolArray,
    more: FloatArray,
    tolerance_mm: float,
) -> Sheet:
    """Triangulate one surface as coarsely as it allows.

    Parameters
    ----------
    field : the surface on a grid.
    height_at : the surface itself.
    within, detailed : (I * J,) bool, the nodes of the field that count, and that need finer samples.
    more : (M, 2) further places that have to be kept to.
    """
    lattice = lattice_of(field, within, detailed, more, 0.25 * tolerance_mm)
    finer = _inside_off(outline, lattice.finer_xy)
    between = lattice.finer_xy[finer]
    samples = Samples(
        points=np.vstack(
            [
                np.column_stack([lattice.node_xy, field.z.ravel()[within]]),
                np.column_stack([between, height_at(between)]),
            ]
        ),
        share=np.concatenate([lattice.node_share, lattice.finer_share[finer]]),
    )
    start = Sheet(np.column_stack([plan.xy, height_at(plan.xy)]), plan.faces)
    return approximated(start, samples, tolerance_mm)


def _inside_off(outline: FloatArray, xy: FloatArray) -> BoolArray:
    """Tell which of (N, 2) points lie inside an outline and not too close to it, (N,) bool."""
    near = nearest_on_curve(outline, xy, _OFF_OUTLINE_MM, closed=True)
    return np.asarray(np.isinf(near.distance_mm) & inside(outline, xy))


def _underside(asked: Design, even: HeightField, nodes: FloatArray, within: BoolArray) -> tuple[_Underside, FloatArray]:
    """Return the underside, and its heights at (N, 2) nodes before it is pressed flat, (N,) mm."""
    lowered = asked.under.applied(nodes, even.z.ravel())
    patch_mm2 = 0.0 if asked.under.has_platform else asked.rx.contact_patch_mm2
    return _Underside(even, asked.under, pressed_flat(lowered[within], even.step**2, patch_mm2)), lowered


def _edge(underside: _Underside, outline: FloatArray, top_z: FloatArray, radius_mm: float) -> RoundedEdge:
    """Return the rounding of the lower edge, (K, 2) outline, (K,) heights of the top there."""
    span = max(radius_mm, 0.5)
    along = np.roll(outline, -1, axis=0) - np.roll(outline, 1, axis=0)
    inward = np.column_stack([-along[:, 1], along[:, 0]]) / np.linalg.norm(along, axis=1, keepdims=True)
    z = underside.at(outline)
    return rounded_edge(outline, top_z - z, (z - underside.at(outline + span * inward)) / span, radius_mm)
