"""Borders and undersides in one pass agree with sections taken one by one, and with shapes known by formula."""

from __future__ import annotations

import numpy as np
import pytest
from feet import AnalyticFoot
from not_feet import kept
from recordings import leg

from scanproc.anatomy.landmarks import MEDIAL_WINDOW, border_point, second_toe
from scanproc.anatomy.open_boundaries import open_boundary_vertices
from scanproc.anatomy.plantar_surface import ARCH_WINDOW, PlantarSurface, arch_profile
from scanproc.anatomy.profiles import borders_at, underside_at
from scanproc.anatomy.robust_fits import running_median
from scanproc.artifacts import Mesh
from scanproc.mesh.sections import axis_section
from scanproc.simulation.random_fields import correlated

PLACES = np.linspace(-5.0, 295.0, 61)


@pytest.mark.parametrize("below_mm", [15.0, 40.0, 60.0])
def test_borders_are_those_of_sections(below_mm: float) -> None:
    mesh = leg()
    views = np.where(mesh.vertices[:, 0] > 150.0, 0, 3).astype(np.uint8)
    found = borders_at(mesh, PLACES, below_mm, views)
    for row, x in enumerate(PLACES):
        section = axis_section(mesh, 0, float(x), views).where(2, high=below_mm)
        if not len(section):
            assert np.isnan(found.points[row]).all() and not found.seen[row].any()
            continue
        extent = section.extent(1)
        assert (found.right[row], found.left[row]) == pytest.approx((extent.low, extent.high), abs=1e-9)
        assert tuple(found.seen[row]) == (extent.low_seen, extent.high_seen)
        assert not found.open[row].any()


def test_a_border_on_the_rim_is_open() -> None:
    mesh = kept(leg(), lambda v: v[:, 1] < 20.0)
    found = borders_at(mesh, np.array([100.0, 140.0]), 60.0, None, open_boundary_vertices(mesh))
    assert found.open.tolist() == [[False, True], [False, True]]
    assert found.left == pytest.approx([20.0, 20.0], abs=2.0)


def test_the_underside_is_the_lowest_of_what_faces_down() -> None:
    """By rays of a second kind: every face of the column, one by one."""
    mesh = leg()
    under = PlantarSurface.of(mesh, np.ones(len(mesh.vertices), dtype=np.uint8))
    x, y = np.array([60.0, 120.5, 200.25]), -10.0
    found = underside_at(under.down, x, np.full(3, y), np.full(3, 4.0), 4, under.down_views)
    a, b, c = (mesh.vertices[mesh.faces[:, k]] for k in range(3))
    for row in range(3):
        for column in range(4):
            p = np.array([x[row], y + 4.0 * column])
            signs = [
                (v[:, 0] - u[:, 0]) * (p[1] - u[:, 1]) - (v[:, 1] - u[:, 1]) * (p[0] - u[:, 0])
                for u, v in ((a, b), (b, c), (c, a))
            ]
            hit = np.flatnonzero((np.array(signs) <= 0.0).all(axis=0))  # clockwise from above: looks down
            normal = np.cross(b - a, c - a)[hit]
            z = a[hit, 2] - ((p - a[hit, :2]) * normal[:, :2]).sum(axis=1) / normal[:, 2]
            assert found.height[row, column] == pytest.approx(z.min(), abs=1e-6)
            assert found.seen[row, column]


def test_the_arch_line_by_formula() -> None:
    foot = AnalyticFoot(arch_mm=9.0)
    mesh = foot.mesh()
    arch = arch_profile(PlantarSurface.of(mesh, np.ones(len(mesh.vertices), dtype=np.uint8)), 0.0, foot.length, -1.0)
    share = np.linspace(*ARCH_WINDOW, len(arch.points))
    assert arch.points[:, 2] == pytest.approx(foot.underside(share), abs=0.1)
    quarter = -foot.medial(share) + 0.25 * (foot.medial(share) + foot.lateral(share))
    assert arch.points[:, 1] == pytest.approx(quarter, abs=0.1)


def test_nothing_where_there_is_nothing() -> None:
    empty = Mesh(np.zeros((3, 3)), np.zeros((0, 3), dtype=np.int32))
    assert np.isnan(borders_at(empty, PLACES, 60.0).points).all()
    none = underside_at(empty, PLACES, PLACES * 0.0, PLACES * 0.0 + 1.0, 3, np.ones(3, dtype=np.uint8))
    assert np.isnan(none.height).all() and not none.seen.any()


def test_a_tatter_of_the_border_does_not_move_the_ball_s_point() -> None:
    """A ring of vertices of the medial border, 2 mm apart, sticks out by 5 mm, 20 mm behind the ball."""
    foot = AnalyticFoot()
    mesh = foot.mesh()
    whole = border_point(mesh, 0.0, foot.length, MEDIAL_WINDOW, -1.0)
    vertices = mesh.vertices.copy()
    on_tatter = (np.abs(vertices[:, 0] - whole[0] + 20.0) < 1.5) & (vertices[:, 1] < -0.8 * abs(whole[1]))
    vertices[on_tatter, 1] -= 5.0
    assert on_tatter.any()
    torn = border_point(Mesh(vertices, mesh.faces), 0.0, foot.length, MEDIAL_WINDOW, -1.0)
    assert torn[:2] == pytest.approx(whole[:2], abs=0.3)


def test_waves_of_the_noise_move_the_ball_s_point_little() -> None:
    """A ribbon round a border of 100 mm radius, waves of 0.25 mm, 10 mm long: 1.6 mm; free polynomials 1.9."""
    x = np.arange(270.0)
    forward = np.arange(len(x) - 1)
    below, above = forward, forward + len(x)
    faces = np.vstack([np.stack([below, below + 1, above], axis=1), np.stack([below + 1, above + 1, above], axis=1)])

    def off(seed: int) -> float:
        wave = 0.25 * correlated((300, 1), (1.0, 10.0), np.random.default_rng(seed))[: len(x), 0]
        border = np.stack([x, 40.0 - (x - 190.0) ** 2 / 200.0 + wave, np.full(len(x), 10.0)], axis=1)
        ribbon = Mesh(np.vstack([border * (1.0, 0.0, 1.0), border]), faces.astype(np.int32))
        return float(border_point(ribbon, 0.0, 260.0, MEDIAL_WINDOW, 1.0)[0]) - 190.0

    errors = [off(seed) for seed in range(40)]
    assert np.sqrt(np.mean(np.square(errors))) < 1.75
    assert abs(np.mean(errors)) < 0.6


@pytest.mark.parametrize("reach", [0, 1, 3, 8])
def test_a_running_median_is_that_of_each_window(reach: int) -> None:
    rng = np.random.default_rng(reach)
    for count in (1, 2, 5, 16, 17, 18, 60):
        values = rng.normal(size=count).round(1)
        reaches = [min(reach, at, count - 1 - at) for at in range(count)]
        one_by_one = [np.median(values[at - r : at + r + 1]) for at, r in enumerate(reaches)]
        np.testing.assert_array_equal(running_median(values, reach), one_by_one)


def test_where_nothing_lies_in_front_the_second_toe_is_what_lies_beside() -> None:
    """Plates from y = 0 to 40 and from 50 to 100 mm: at 46 % of the breadth there is nothing."""
    x, y = np.array([150.0, 250.0]), [0.0, 40.0, 50.0, 100.0]
    corners = np.array([[a, b, 10.0 + (a - 150.0) * 0.01] for b in y for a in x])
    mesh = Mesh(corners, np.array([[0, 1, 3], [0, 3, 2], [4, 5, 7], [4, 7, 6]], dtype=np.int32))
    found = second_toe(mesh, 200.0, 0.0, 100.0, gap_depth_mm=2.0)
    assert found.confidence < 0.5
    assert found.tip == pytest.approx([250.0, 50.5, 11.0])
