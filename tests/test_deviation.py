"""How far one surface lies from another: planted motions are found, planted bumps measured, the unseen left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from feet import AnalyticFoot, mirrored, moved, noisy, scaled

from scanproc.artifacts import Foot, Mesh
from scanproc.errors import ScanError
from scanproc.frames import inverse, rigid, rotation_about, rotation_angle_rad
from scanproc.measures.deviation import TOP_MM, Deviation, deviation
from scanproc.views.deviation import scale_mm

MESH = AnalyticFoot(step_mm=3.0).mesh()


def foot(mesh: Mesh = MESH, side: str = "left") -> Foot:
    seen = np.full(len(mesh.vertices), 5, dtype=np.uint8)
    return Foot(side, 0.99, "floor", np.eye(4), mesh, seen, {})  # type: ignore[arg-type]


def turned(deg: float, shift_mm: tuple[float, float, float]) -> np.ndarray:
    return rigid(rotation_about(np.array([0.3, -0.5, 0.8]), np.deg2rad(deg)), np.array(shift_mm))


def swollen(mesh: Mesh, height_mm: float, radius_mm: float = 22.0) -> Mesh:
    """Return the mesh with a bump on the dorsum at x = 150: its top is raised by `height_mm`, straight up."""
    x, y, z = mesh.vertices.T
    share = np.clip(1.0 - ((x - 150.0) ** 2 + y**2) / radius_mm**2, 0.0, None)
    up = np.stack([np.zeros_like(x), np.zeros_like(x), np.where(z > 30.0, height_mm * share**2, 0.0)], axis=1)
    return Mesh(mesh.vertices + up, mesh.faces)


def test_the_same_surface_does_not_deviate() -> None:
    found = deviation(foot(), foot())
    assert np.abs(found.T_a_b - np.eye(4)).max() < 1e-5
    assert np.abs(found.compared).max() < 1e-3
    assert found.summary().compared_share > 0.97


@pytest.mark.parametrize(("deg", "shift"), [(3.0, (2.0, -3.0, 1.5)), (-6.0, (-5.0, 4.0, 3.0))])
def test_a_planted_motion_is_undone(deg: float, shift: tuple[float, float, float]) -> None:
    T_b_a = turned(deg, shift)
    found = deviation(foot(), foot(moved(MESH, T_b_a)))
    assert np.abs(found.T_a_b - inverse(T_b_a)).max() < 1e-3
    assert np.quantile(np.abs(found.compared), 0.99) < 0.01


def test_what_changed_does_not_pull_the_rest_along() -> None:
    """A swelling of 4 mm is measured as such: outward is positive, and the foot around it stays at zero."""
    found = deviation(foot(), foot(moved(swollen(MESH, 4.0), turned(2.0, (1.0, 2.0, -1.0)))))
    top = np.nanmax(found.distance_mm)
    assert 3.4 < top < 4.05  # along the slope of the dorsum, not straight up
    place = found.mesh.vertices[np.nanargmax(found.distance_mm)]
    assert np.hypot(place[0] - 150.0, place[1]) < 8.0
    far = np.hypot(found.mesh.vertices[:, 0] - 150.0, found.mesh.vertices[:, 1]) > 40.0
    rest = found.distance_mm[far & np.isfinite(found.distance_mm)]
    assert np.quantile(np.abs(rest), 0.99) < 0.05
    back = deviation(foot(swollen(MESH, 4.0)), foot())
    assert -4.05 < np.nanmin(back.distance_mm) < -3.4
    figures = found.summary()
    edges = (figures.inmost_mm, figures.p5_mm, figures.p95_mm, figures.outmost_mm)
    shares = [float(found.areas_mm2[found.compared < edge].sum() / found.areas_mm2.sum()) for edge in edges]
    assert shares == pytest.approx([0.002, 0.05, 0.95, 0.998], abs=0.001)
    assert figures.p95_mm < 0.1 and 3.0 < figures.outmost_mm < 4.0  # the swelling is 2 % of the foot


def test_the_colours_reach_as_far_as_a_swelling() -> None:
    assert scale_mm(deviation(foot(), foot(swollen(MESH, 4.0)))) == 5.0
    assert scale_mm(deviation(foot(), foot(noisy(MESH, 0.1, seed=1)))) == 1.0
    assert scale_mm(deviation(foot(), foot(swollen(MESH, 1.8)))) == 2.0


def test_a_surface_counts_by_its_area_however_fine_its_mesh() -> None:
    """Half the area lies 1 mm outside; of its vertices that half has nine in ten."""
    points = np.array([[0.0, 0, 0], [10, 0, 0], [10, 10, 0], [0, 10, 0]])
    fine = np.stack([np.linspace(20.0, 30.0, 60), np.zeros(60), np.zeros(60)], axis=1)
    far = np.vstack([fine, fine + np.array([0.0, 10.0, 0.0])])
    strip = [[i, i + 1, i + 61] for i in range(59)] + [[i, i + 61, i + 60] for i in range(59)]
    faces = np.vstack([[[0, 1, 2], [0, 2, 3]], np.array(strip) + 4]).astype(np.int32)
    mesh = Mesh(np.vstack([points, far]), faces)
    found = Deviation(mesh, np.repeat([0.0, 1.0], [4, 120]), np.eye(4), -1.0)
    assert found.areas_mm2.sum() == pytest.approx(200.0)
    assert found.summary().rms_mm == pytest.approx(np.sqrt(0.5))


def test_noise_averages_out() -> None:
    found = deviation(foot(noisy(MESH, 0.2, seed=1)), foot(moved(noisy(MESH, 0.2, seed=2), turned(2.0, (2, 1, 0)))))
    assert np.rad2deg(rotation_angle_rad(found.T_a_b[:3, :3])) == pytest.approx(2.0, abs=0.05)
    assert abs(found.summary().median_mm) < 0.03
    assert 0.1 < found.summary().rms_mm < 0.4


def test_what_one_scan_did_not_see_is_not_compared() -> None:
    under = MESH.vertices[:, 2] < 12.0
    blind = replace(foot(), views=np.where(under, 0, 5).astype(np.uint8))
    for a, b in ((foot(), blind), (blind, foot())):
        found = deviation(a, b)
        assert np.isnan(found.distance_mm[MESH.vertices[:, 2] < 8.0]).all()
        seen = found.distance_mm[(MESH.vertices[:, 2] > 20.0) & (MESH.vertices[:, 2] < 100.0)]
        assert np.isfinite(seen).mean() > 0.97  # all but the creases between the toes
        assert np.abs(found.compared).max() < 1e-3
    assert np.isnan(deviation(foot(), foot()).distance_mm[MESH.vertices[:, 2] > TOP_MM]).all()


def test_the_end_of_a_shorter_leg_is_not_taken_for_a_change() -> None:
    """Where one scan ends, the nearest place of it is its border: that distance says nothing."""
    short = AnalyticFoot(step_mm=3.0, leg_top_mm=110.0).mesh()
    for a, b in ((MESH, short), (short, MESH)):
        found = deviation(foot(a), foot(b))
        assert np.quantile(np.abs(found.compared), 0.995) < 0.3
        assert len(found.compared) > 0.5 * len(b.vertices)


def test_a_foot_that_grew_lies_outside_by_half_of_its_growth() -> None:
    found = deviation(foot(), foot(scaled(MESH, 1.02)))
    length = found.mesh.vertices[:, 0].max() - MESH.vertices[:, 0].max()
    assert 0.0 < length < 5.0  # some of the 5 mm ahead, the rest behind
    assert 0.2 < found.summary().median_mm < 1.5


def test_two_sides_are_never_laid_onto_each_other() -> None:
    with pytest.raises(ValueError, match="never mirrored"):
        deviation(foot(), foot(mirrored(MESH), "right"))


def test_surfaces_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ScanError, match="of one foot"):
        deviation(foot(), foot(moved(MESH, turned(0.0, (0.0, 0.0, 18.0)))))
    nothing = replace(foot(), views=np.zeros(len(MESH.vertices), dtype=np.uint8))
    with pytest.raises(ScanError, match="found 0 places"):
        deviation(foot(), nothing)
