"""The leg's angle is that of one stretch, wherever the leg was cut: legs bend."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import manifold3d
import numpy as np
import pytest
from feet import AnalyticFoot, as_surface, without

from scanproc.artifacts import Feet, Foot, Measure, Mesh, ScanFacts
from scanproc.frames import transform
from scanproc.stages.align import AlignConfig, align
from scanproc.stages.measure import MeasureConfig, measure

STANDING = ScanFacts(name="leg", side="left", loading="standing")
LEG = ("leg_angle_deg", "leg_heel_angle_deg", "heel_contact_offset_mm")


@cache
def curved() -> Mesh:
    """A leg that leans by 0 at 90 mm and by 12 deg at 160 mm: its lower half by 3, its upper by 9."""
    mesh = AnalyticFoot(step_mm=4.0, leg_top_mm=340.0).mesh()
    above = np.clip(mesh.vertices[:, 2] - 90.0, 0.0, None)
    y = mesh.vertices[:, 1] - np.tan(np.deg2rad(12.0)) * above**2 / 140.0
    return Mesh(np.column_stack([mesh.vertices[:, 0], y, mesh.vertices[:, 2]]), mesh.faces)


@cache
def bent() -> Foot:
    return align(as_surface(curved(), True), STANDING, AlignConfig()).feet[0]


def cut(height_mm: float | None, capped: bool, tilt_deg: float = 0.0) -> Foot:
    foot = bent()
    if height_mm is None:
        return foot
    if not capped:
        mesh = without(foot.mesh, low=height_mm - 6.0)  # whole faces go
        kept = mesh.vertices[mesh.faces].reshape(-1, 3)[:, 2].max()
        assert height_mm - 6.0 <= kept <= height_mm + 6.0
        return replace(foot, mesh=mesh)
    whole = transform(foot.T_foot_scan, curved().vertices)  # align has left out what closes the leg
    solid = manifold3d.Manifold(manifold3d.Mesh64(whole, curved().faces.astype(np.uint64)))
    normal = [0.0, np.sin(np.deg2rad(tilt_deg)), -np.cos(np.deg2rad(tilt_deg))]
    made = solid.trim_by_plane(normal, float(normal[2] * height_mm)).to_mesh64()
    mesh = Mesh(np.array(made.vert_properties[:, :3]), np.array(made.tri_verts, dtype=np.int32))
    return replace(foot, mesh=mesh, views=np.full(len(mesh.vertices), 9, np.uint8))


def measured(foot: Foot) -> dict[str, Measure]:
    return dict(measure(Feet((foot,)), STANDING, MeasureConfig()).feet[0].measures)


@cache
def uncut() -> dict[str, Measure]:
    return measured(bent())


def test_the_angle_is_that_of_the_stretch() -> None:
    value = uncut()["leg_angle_deg"].value
    assert value == pytest.approx(6.0, abs=0.3)  # tan is nearly straight there


@pytest.mark.parametrize("capped", [True, False])
@pytest.mark.parametrize("height_mm", [180.0, 200.0, 250.0, 300.0])
def test_it_does_not_depend_on_where_the_leg_was_cut(height_mm: float, capped: bool) -> None:
    found = measured(cut(height_mm, capped))
    for name in LEG:
        assert found[name].value == pytest.approx(uncut()[name].value, abs=0.02), name


@pytest.mark.parametrize("capped", [True, False])
@pytest.mark.parametrize("height_mm", [100.0, 130.0, 140.0, 150.0, 160.0])
def test_a_leg_that_was_cut_within_the_stretch_has_no_angle(height_mm: float, capped: bool) -> None:
    found = measured(cut(height_mm, capped))
    for name in LEG:
        assert found[name].status == "refused"
        assert "needed are 90 to 160 mm" in str(found[name].reason)
    assert found["heel_angle_deg"].value == pytest.approx(uncut()["heel_angle_deg"].value, abs=0.02)


@pytest.mark.parametrize("tilt_deg", [-15.0, 10.0, 30.0])
@pytest.mark.parametrize("height_mm", [150.0, 165.0, 200.0])
def test_a_cut_askew_gives_the_angle_or_none(height_mm: float, tilt_deg: float) -> None:
    found = measured(cut(height_mm, True, tilt_deg))["leg_angle_deg"]
    assert found.status == "refused" or found.value == pytest.approx(uncut()["leg_angle_deg"].value, abs=0.05)
    assert found.status == "measured" or height_mm < 200.0
