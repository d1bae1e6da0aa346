"""Builds the closed solid of a designed insole."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import BoolArray, Mesh
from scanproc.design.extension import SoftExtension
from scanproc.design.front_platform import stands_level
from scanproc.design.ground_contact import GroundContact, HeelLoad, ground_contact, refuse_bump
from scanproc.design.intrinsic_posting import intrinsic_posts
from scanproc.design.plan import HEEL_END
from scanproc.design.shape import Design
from scanproc.design.underside import Underside
from scanproc.design.wall import bottom_at, even_wall
from scanproc.frames import FloatArray
from scanproc.mesh.polyline_distance import inside, nearest_on_curve
from scanproc.parallel import parallel_map
from scanproc.prescription.fields import Prescription
from scanproc.solid.adaptive_samples import adaptive_samples
from scanproc.solid.closed_solid import closed_solid, coarse_plan
from scanproc.solid.edge_rounding import RoundedEdge, inner_row, inwards, rounded_edge
from scanproc.solid.greedy_insertion import Samples, Sheet, greedy_insertion, snapped_plan
from scanproc.solid.height_fields import HeightField

log = logging.getLogger(__name__)

_COARSEST_MM = 5.0  # sides of triangles where the surface is flat
_PREVIEW_GRID_MM, _PREVIEW = 1.0, 1.25  # at this step triangles may lie off by so many times the asked deviation
_COARSER = (
    2.0,
    1.5,
    1.25,
    1.0,
)  # times the asked deviation: where there are too many triangles, coarser ones are taken
_OFF_OUTLINE_MM = 0.05  # samples keep so far off the outline: no slivers
_OUTLINE_ROWS_MM = (0.1, 0.2, 0.35, 0.55, 0.8, 1.1, 1.5)  # rows of samples along the outline: a lip may be narrow


@dataclass(frozen=True)
class Built:
    """The finished solid.

    Attributes
    ----------
    flattened_mm : how far its underside was flattened for the printer.
    edge_radius_mm : largest radius of its lower edge.
    extension : the soft part ahead of it, where one is asked.
    lowered_mm : by how much the heel's post was lowered as it is, to where the front end stands.
    """

    solid: Mesh
    flattened_mm: float
    edge_radius_mm: float
    extension: Mesh | None = None
    lowered_mm: float = 0.0


@dataclass(frozen=True)
class _FlattenedUnderside:
    """The underside: the even wall's, lowered by platforms and letters, its lowest parts flattened."""

    even: HeightField
    underside: Underside
    contact: GroundContact

    def at(self, xy: FloatArray) -> FloatArray:
        """Return its height at (N, 2) points, (N,) mm, but for the rounding of the edge."""
        return self.contact.applied(xy, self.underside.applied(xy, bottom_at(self.even, xy)))


@dataclass(frozen=True)
class _Surface:
    """One of the two surfaces of a solid.

    Attributes
    ----------
    field : its heights on a grid.
    height_at : its height at (N, 2) points, (N,) mm.
    detailed : (I * J,) bool, the nodes of the grid round which it is finer than the grid shows.
    rows : (M, 2) further places that have to be kept to.
    """

    field: HeightField
    height_at: Callable[[FloatArray], FloatArray]
    detailed: BoolArray
    rows: FloatArray


def build(asked: Design) -> Built:
    """Return the closed solid of a design: its top, and what lies a wall below it.

    Raises
    ------
    ScanError
        If the outline comes so close to itself that it cannot be triangulated, or the device would rock on a bump.
    """
    rx, outline = asked.rx, snapped_plan(asked.outline)
    even = asked.even or even_wall(outline, rx.making.grid_mm, asked.square_top_at, asked.wall_at)
    nodes = even.top.nodes()
    within = _inside_off(outline, nodes)

    rows = np.vstack([inner_row(outline, np.full(len(outline), off)) for off in _OUTLINE_ROWS_MM])
    rim, rim_rows = asked.rim, rows
    high = even.top
    if rim is not None and rim.rounds:
        high, rim_rows = (
            high.replaced(high.z - rim.raised(nodes).reshape(high.z.shape)),
            np.vstack([rows, rim.points()]),
        )
    top = _Surface(high, asked.top_at, np.zeros_like(within), rim_rows)

    lowered = asked.underside.applied(nodes, even.bottom.z.ravel())
    posts = intrinsic_posts(asked.plan, rx)
    heel = HeelLoad(asked.plan.heel, HEEL_END * asked.plan.length_mm) if stands_level(rx) else None
    contact = ground_contact(
        asked.underside, posts, heel, nodes[within], lowered[within], even.bottom.step**2, rx.making.contact_patch_mm2
    )
    stands = contact.applied(nodes[within], lowered[within])
    refuse_bump(asked.plan, nodes[within], stands, even.top.z.ravel()[within] - stands, rx)
    underside = _FlattenedUnderside(even.bottom, asked.underside, contact)
    edge = _lower_edge(underside, outline, asked.square_top_at(outline), rx.thickness.edge_radius_mm)
    bottom = _Surface(
        even.bottom.replaced((contact.applied(nodes, lowered) + edge.raised(nodes)).reshape(even.bottom.z.shape)),
        lambda xy: underside.at(xy) + edge.raised(xy),
        asked.underside.detail(nodes),
        edge.points() if edge.rounds else rows,
    )
    solid = _between(top, bottom, outline, within, rx)
    soft = None if asked.extension is None else _extension(asked.extension, rx)
    return Built(solid, contact.flattening.depth_mm, float(edge.radius_mm.max()), soft, contact.lowered_mm)


def _extension(soft: SoftExtension, rx: Prescription) -> Mesh:
    """Return the closed solid of a soft extension."""
    even, nodes = soft.even, soft.even.top.nodes()
    rows = np.vstack([inner_row(soft.outline, np.full(len(soft.outline), off)) for off in _OUTLINE_ROWS_MM])
    high = even.top.replaced(soft.top_at(nodes).reshape(even.top.z.shape))
    plain = np.zeros(len(nodes), dtype=bool)
    top = _Surface(high, soft.top_at, plain, np.vstack([rows, soft.rim.points()]) if soft.rim.rounds else rows)
    bottom = _Surface(even.bottom, soft.bottom_at, plain, rows)
    return _between(top, bottom, soft.outline, _inside_off(soft.outline, nodes), rx)


def _between(top: _Surface, bottom: _Surface, outline: FloatArray, within: BoolArray, rx: Prescription) -> Mesh:
    """Return the solid between two surfaces, its triangles somewhat coarser where there would be too many."""
    plan = coarse_plan(outline, _COARSEST_MM)
    tolerance = rx.making.mesh_deviation_mm * (_PREVIEW if rx.making.grid_mm >= _PREVIEW_GRID_MM else 1.0)
    samples = parallel_map(
        lambda surface: _samples(surface, outline, within, 0.25 * tolerance), (top, bottom), "sampling"
    )
    tolerances = [coarser * tolerance for coarser in _COARSER]

    def approximate(pair: tuple[_Surface, Samples]) -> list[Sheet]:
        surface, wanted = pair
        start = Sheet(np.column_stack([plan.xy, surface.height_at(plan.xy)]), plan.faces)
        return greedy_insertion(start, wanted, tolerances)

    pairs = list(
        zip(*parallel_map(approximate, list(zip((top, bottom), samples, strict=True)), "triangles"), strict=True)
    )
    strip, most = 2 * len(outline), rx.judgement.max_triangles
    few = [pair for pair in pairs if sum(len(sheet.faces) for sheet in pair) + strip <= most]
    above, below = few[-1] if few else pairs[0]
    log.info("insole: %d triangles above, %d below", len(above.faces), len(below.faces))
    return closed_solid(above, below, len(outline))


def _samples(surface: _Surface, outline: FloatArray, within: BoolArray, sag_mm: float) -> Samples:
    """Return what the triangles of a surface have to keep to."""
    field = surface.field
    adaptive = adaptive_samples(field, within, surface.detailed, surface.rows, sag_mm)
    keep = _inside_off(outline, adaptive.finer_xy)
    finer = adaptive.finer_xy[keep]
    nodes = np.column_stack([adaptive.node_xy, field.z.ravel()[within]])
    between = np.column_stack([finer, surface.height_at(finer)])
    return Samples(np.vstack([nodes, between]), np.concatenate([adaptive.node_share, adaptive.finer_share[keep]]))


def _inside_off(outline: FloatArray, xy: FloatArray) -> BoolArray:
    """Tell which of (N, 2) points lie inside an outline and not too close to it, (N,) bool."""
    near = nearest_on_curve(outline, xy, _OFF_OUTLINE_MM, closed=True)
    return np.asarray(np.isinf(near.distance_mm) & inside(outline, xy))


def _lower_edge(
    underside: _FlattenedUnderside, outline: FloatArray, top_z: FloatArray, radius_mm: float
) -> RoundedEdge:
    """Return the rounding of the lower edge, (K, 2) outline, (K,) heights of the top there."""
    span = max(radius_mm, 0.5)
    z, inner = underside.at(outline), outline + span * inwards(outline)
    return rounded_edge(outline, top_z - z, (z - underside.at(inner)) / span, radius_mm)
