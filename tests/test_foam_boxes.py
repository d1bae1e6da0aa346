"""A foot's imprint in foam: the insole is that of the foot, however the box lies, as a mesh and as a recording."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import trimesh
from feet import as_surface
from foam import impression, recorded_box
from recordings import leg
from scipy.spatial.transform import Rotation

from scanproc.anatomy.foam_blocks import without_foam
from scanproc.artifacts import Feet, Foot, Mesh, ScanFacts, Surface
from scanproc.frames import FloatArray, inverse, rigid, transform
from scanproc.mesh.meshes import connected_components, submesh
from scanproc.open3d_bridge import RayScene
from scanproc.prescription.fields import InsoleConfig
from scanproc.stages.align import AlignConfig, align
from scanproc.stages.clean import CleanConfig, clean
from scanproc.stages.insole import insole
from scanproc.stages.measure import MeasureConfig, measure
from scanproc.stages.register import RegisterConfig, register
from scanproc.stages.surface import SurfaceConfig, surface

IMPRINT = ScanFacts(name="test", object="imprint")


def turned(euler_deg: tuple[float, float, float]) -> FloatArray:
    return rigid(Rotation.from_euler("xyz", euler_deg, degrees=True).as_matrix(), np.array([30.0, -20.0, 400.0]))


def foot_of(of: Surface, facts: ScanFacts) -> Foot:
    (foot,) = align(of, facts, AlignConfig()).feet
    return foot


def made(foot: Foot) -> Mesh:
    """Return the insole's solid, scan frame."""
    (found,) = insole(Feet((foot,)), ScanFacts(name="test"), InsoleConfig(grid_mm=1.0)).insoles
    assert found.solid is not None, found.refused
    return Mesh(transform(inverse(foot.T_foot_scan), found.solid.vertices), found.solid.faces)


@cache
def of_the_foot() -> tuple[Foot, Mesh]:
    foot = foot_of(as_surface(leg(), False), ScanFacts(name="test"))
    return foot, made(foot)


@cache
def foam() -> Mesh:
    return impression(leg())


def apart_mm(a: Mesh, b: Mesh) -> tuple[FloatArray, FloatArray]:
    """Return how far points of each lie off the other, spread evenly over it, and where they lie along the foot, mm."""
    points = [
        trimesh.sample.sample_surface(trimesh.Trimesh(each.vertices, each.faces, process=False), 20_000, seed=1)[0]
        for each in (a, b)
    ]
    apart = np.concatenate([RayScene(to).closest(xyz).distance for xyz, to in zip(points, (b, a), strict=True)])
    return apart, transform(of_the_foot()[0].T_foot_scan, np.concatenate(points))[:, 0]


@pytest.mark.few(1)
@pytest.mark.parametrize("euler_deg", [(0.0, 0.0, 0.0), (180.0, 3.0, 20.0), (4.0, -3.0, 180.0)])
def test_an_imprint_gives_the_insole_of_the_foot(euler_deg: tuple[float, float, float]) -> None:
    """As it was scanned, upside down, and turned by 180 degrees."""
    T = turned(euler_deg)
    foot = foot_of(as_surface(Mesh(transform(T, foam().vertices), foam().faces), False, 1), IMPRINT)
    assert (foot.side, foot.object) == ("left", "imprint")
    solid = made(foot)
    apart, along = apart_mm(Mesh(transform(inverse(T), solid.vertices), solid.faces), of_the_foot()[1])
    assert 0.001 < np.quantile(apart[along < 0.85 * along.max()], 0.95) < 0.15
    assert np.quantile(apart, 0.95) < 0.15
    T_foot_found = of_the_foot()[0].T_foot_scan @ inverse(T) @ inverse(foot.T_foot_scan)
    for name in ("metatarsale_tibiale", "metatarsale_fibulare"):  # an insole ends by them; borders are straight there
        found, true = (each.landmarks[name].xyz_mm for each in (foot, of_the_foot()[0]))
        assert abs(float(transform(T_foot_found, found[None])[0, 0] - true[0])) < 1.0


def test_the_foam_round_an_imprint_is_taken_away_and_no_flat_sole() -> None:
    rng = np.random.default_rng(3)
    noisy = Mesh(foam().vertices + rng.normal(0.0, 0.3, foam().vertices.shape), foam().faces)
    imprint = without_foam(noisy)
    assert imprint is not None
    below = foam().vertices[:, 2] < 40.0 - 2.5
    assert below[imprint.vertices].mean() > 0.98 and np.isin(np.flatnonzero(below), imprint.vertices).mean() > 0.99
    assert without_foam(submesh(imprint.mesh, connected_components(imprint.mesh)[0])) is None  # nothing lies round it


@pytest.mark.slow
@pytest.mark.parametrize(("camera", "margin_mm", "seed"), [("d405", 20.0, 0), ("d405", 45.0, 1), ("d435", 20.0, 2)])
def test_a_recorded_box_gives_the_measures_of_a_sole_and_an_insole(camera: str, margin_mm: float, seed: int) -> None:
    recording = recorded_box(impression(leg(), margin_mm=margin_mm), camera, 18, seed)
    views = clean(recording, CleanConfig())
    fused = surface(views, register(views, IMPRINT, RegisterConfig()), SurfaceConfig())
    feet = align(fused, IMPRINT, AlignConfig())
    found = measure(feet, IMPRINT, MeasureConfig()).feet[0].measures
    true = measure(Feet((of_the_foot()[0],)), ScanFacts(name="test"), MeasureConfig()).feet[0].measures
    assert feet.feet[0].side == "left"
    for name, within in {"foot_length_mm": 4.0, "foot_width_mm": 4.0, "heel_width_mm": 2.5}.items():
        value, sd, expected = found[name].value, found[name].sd, true[name].value
        assert value is not None and sd is not None and expected is not None
        assert abs(value - expected) < min(within, 3.0 * sd + 0.5), name  # cameras round the edge of foam off
    made(feet.feet[0])
