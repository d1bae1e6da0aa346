"""Splines of height fields, in compiled loops, against scipy's; sides of triangles against numpy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from scanproc.mesh.edges import sides_of
from scanproc.parallel import using_workers
from scanproc.solid.face_grid import FaceGrid
from scanproc.solid.height_fields import HeightField
from scanproc.solid.splines import at_node, spline_at
from scanproc.solid.topology import topology


def rough(rows: int = 40, columns: int = 30) -> HeightField:
    z = np.random.default_rng(1).normal(0.0, 5.0, (rows, columns))
    return HeightField(-7.0, 3.0, 0.5, z)


@pytest.mark.parametrize("workers", [1, 2])
def test_heights_are_those_of_scipy_to_the_last_bit(workers: int) -> None:
    field = rough()
    xy = np.random.default_rng(2).uniform([-7.0, 3.0], [12.5, 17.5], (40_000, 2))
    xy[:1200] = field.nodes()
    cells = np.array([(xy[:, 0] - field.x0) / field.step, (xy[:, 1] - field.y0) / field.step])
    expected = ndimage.map_coordinates(field.spline, cells, order=3, mode="nearest", prefilter=False)
    with using_workers(workers):
        found = field.at(xy)
    inner = (cells.T >= 1.0).all(axis=1) & (cells.T < [37.0, 27.0]).all(axis=1)
    assert np.array_equal(found[inner], expected[inner])
    assert np.abs(found - expected).max() < 1e-13
    assert np.abs(found[:1200] - field.z.ravel()).max() < 1e-12


def test_outside_its_grid_a_field_is_as_high_as_at_its_border() -> None:
    field = rough()
    beside = np.random.default_rng(4).uniform([-20.0, -10.0], [26.0, 31.0], (500, 2))
    assert np.array_equal(field.at(beside), field.at(np.clip(beside, [-7.0, 3.0], [12.5, 17.5])))
    assert field.at(np.empty((0, 2))).shape == (0,)
    assert np.isnan(field.at(np.array([[np.nan, 4.0]]))).all()


def test_a_node_is_evaluated_as_any_place_is() -> None:
    field = rough()
    for i in range(field.z.shape[0]):
        for j in (0, 1, 7, 28, 29):
            assert at_node(field.spline, 0.5, i, j) == spline_at(field.spline, 0.5, float(i), float(j))[:3]
            assert at_node(field.spline, 0.5, i, j)[0] == pytest.approx(field.z[i, j], abs=1e-9)


def test_sides_are_there_once() -> None:
    mesh = rough().mesh()
    ends = np.vstack([mesh.faces[:, [0, 1]], mesh.faces[:, [1, 2]], mesh.faces[:, [2, 0]]])
    expected = np.unique(np.sort(ends, axis=1), axis=0)
    found = sides_of(mesh.faces, len(mesh.vertices))
    assert len(found) == len(expected)
    assert np.array_equal(np.unique(found, axis=0), expected)


def test_open_and_flipped_edges_are_counted() -> None:
    mesh = rough(5, 6).mesh()
    form = topology(mesh)
    assert (form.open_edges, form.flipped_edges, form.bodies) == (2 * (4 + 5), 0, 1)
    faces = mesh.faces.copy()
    faces[0] = faces[0][::-1]  # at the corner of the field: one side of it is inside, two are open
    turned = topology(type(mesh)(mesh.vertices, faces))
    assert (turned.open_edges, turned.flipped_edges) == (2 * (4 + 5), 1 + (mesh_corner_sides(mesh.faces) - 1))


def mesh_corner_sides(faces: np.ndarray) -> int:
    """Return how many sides of the first triangle another one has, too."""
    sides = [{frozenset((face[k], face[(k + 1) % 3])) for k in range(3)} for face in faces.tolist()]
    return len(sides[0] & set.union(*sides[1:]))


def test_the_nearest_face_does_not_depend_on_the_order_of_the_places() -> None:
    mesh, rng = rough().mesh(), np.random.default_rng(3)
    points = np.column_stack([rng.uniform([-9.0, 1.0], [15.0, 20.0], (3000, 2)), rng.normal(0.0, 8.0, 3000)])
    faces, order = FaceGrid.of(mesh), rng.permutation(3000)
    here, there = faces.nearest(points, 4.0), faces.nearest(points[order], 4.0)
    assert np.allclose(here.distance[order], there.distance, rtol=0.0, atol=1e-12)
    seen = np.isfinite(here.distance)
    assert 0.3 < seen.mean() < 1.0
    assert np.allclose(np.linalg.norm(here.point - points, axis=1)[seen], here.distance[seen], rtol=0.0, atol=1e-12)
