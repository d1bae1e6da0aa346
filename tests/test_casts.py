"""Casts and soles that were recorded lying sole up, or standing: what cameras saw is measured, or refused in words."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import manifold3d  # type: ignore[import-not-found]
import numpy as np
import pytest
from feet import as_surface, mirrored
from foam import recorded_from_above
from recordings import leg
from scipy.spatial.transform import Rotation

from scanproc.artifacts import Feet, Measure, Mesh, Object, ScanFacts, Surface
from scanproc.errors import ScanError
from scanproc.mesh.meshes import face_normals, keep_faces
from scanproc.prescription.fields import InsoleConfig
from scanproc.stages.align import AlignConfig, align
from scanproc.stages.clean import CleanConfig, clean
from scanproc.stages.insole import insole
from scanproc.stages.measure import MeasureConfig, measure
from scanproc.stages.register import RegisterConfig, register
from scanproc.stages.surface import SurfaceConfig, surface

TRUE_WITHIN = {"foot_length_mm": 2.0, "foot_width_mm": 1.5, "heel_width_mm": 1.0, "plantar_arch_height_mm": 0.4}


@cache
def sawn(height_mm: float) -> Mesh:
    """Return a cast of the leg, cut off flat at a height."""
    solid = manifold3d.Manifold(manifold3d.Mesh64(np.array(leg().vertices), np.array(leg().faces, dtype=np.uint64)))
    part = solid.trim_by_plane([0.0, 0.0, -1.0], -height_mm).refine_to_length(4.0).to_mesh64()  # fine as a recording's
    return Mesh(np.array(part.vert_properties[:, :3]), np.array(part.tri_verts, dtype=np.int32))


def sole_up(mesh: Mesh) -> Mesh:
    """Return a thing turned over about x, lying on z = 0."""
    turned = mesh.vertices * np.array([1.0, -1.0, -1.0])
    return Mesh(turned - [0.0, 0.0, turned[:, 2].min()], mesh.faces)


def from_above(mesh: Mesh, on_table: bool) -> Surface:
    """Return what perfect cameras see of a thing from above, as a recording's surface; not the last 6 mm to the table.

    Without a table, in a frame that lies anyhow.
    """
    facing = face_normals(mesh)[:, 2] > -0.2
    seen = keep_faces(mesh, np.asarray(facing & (mesh.vertices[:, 2] > 6.0)[mesh.faces].all(axis=1))).mesh
    if not on_table:
        seen = Mesh(
            seen.vertices @ Rotation.from_euler("xyz", [50.0, 20.0, 70.0], degrees=True).as_matrix(), seen.faces
        )
    noise = np.random.default_rng(0).normal(0.0, 0.1, (len(seen.vertices), 8))
    return replace(as_surface(seen, on_table, 5), errors_mm=noise.astype(np.float16))


def measured(seen: Surface, what: Object) -> tuple[Feet, dict[str, Measure]]:
    facts = ScanFacts(name="test", object=what)
    feet = align(seen, facts, AlignConfig())
    return feet, dict(measure(feet, facts, MeasureConfig()).feet[0].measures)


@cache
def of_the_leg() -> dict[str, Measure]:
    facts = ScanFacts(name="test")
    return dict(measure(align(as_surface(leg(), False), facts, AlignConfig()), facts, MeasureConfig()).feet[0].measures)


def off(found: dict[str, Measure], name: str) -> float:
    """Return by how much a measure differs from the leg's."""
    value, true = found[name].value, of_the_leg()[name].value
    assert found[name].status == "measured" and value is not None and true is not None, (name, found[name].reason)
    return value - true


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize(("what", "height_mm", "on_table"), [("cast", 45.0, True), ("sole", 300.0, False)])
def test_a_recorded_sole_is_measured(what: Object, height_mm: float, on_table: bool, side: str) -> None:
    """A cast lies on its sawn plane; a person lies prone with the knee bent, and the leg goes on behind the foot."""
    thing = sawn(height_mm) if side == "left" else mirrored(sawn(height_mm))
    feet, found = measured(from_above(sole_up(thing), on_table), what)
    assert (feet.feet[0].side, feet.feet[0].object, feet.feet[0].ground) == (side, what, "support")
    for name, within in TRUE_WITHIN.items():
        assert abs(off(found, name)) < within, name
    assert str(found["dorsum_height_mm"].reason).startswith("it lies above the sole")


def test_a_cast_that_stands_on_its_sole_is_measured_but_for_it() -> None:
    feet, found = measured(from_above(sawn(90.0), True), "cast")
    assert (feet.feet[0].side, feet.feet[0].ground) == ("left", "floor")
    assert abs(off(found, "foot_width_mm")) < 1.0 and abs(off(found, "dorsum_height_mm")) < 1.0
    assert found["plantar_arch_height_mm"].status == "refused"
    with pytest.raises(ScanError, match="sole"):
        insole(feet, ScanFacts(name="test", object="cast"), InsoleConfig())


def test_the_plane_that_a_cast_was_sawn_off_by_is_no_sole() -> None:
    """Its outline is that of a sole of the other side."""
    with pytest.raises(ScanError, match=r'found a plane .* object = "sole". Turn the whole sole'):
        measured(from_above(sawn(45.0), True), "sole")


def test_a_foot_from_above_is_no_sole() -> None:
    with pytest.raises(ScanError, match=r'found a foot from above .* object = "sole". Turn the whole sole'):
        measured(from_above(sawn(90.0), False), "sole")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("what", "height_mm", "camera", "table_mm", "rings_deg"),
    [
        ("cast", 45.0, "d405", 0.0, (30.0, 50.0, 72.0)),
        ("cast", 90.0, "d435", 0.0, (30.0, 50.0, 72.0)),
        ("sole", 300.0, "d405", -300.0, (48.0, 62.0, 78.0)),
        ("sole", 300.0, "d435", -300.0, (48.0, 62.0, 78.0)),
    ],
)
def test_recordings_give_the_measures_of_a_sole_and_an_insole(
    what: Object, height_mm: float, camera: str, table_mm: float, rings_deg: tuple[float, ...]
) -> None:
    thing, facts = sole_up(sawn(height_mm)), ScanFacts(name="test", object=what)
    middle = 0.5 * (thing.vertices.min(axis=0) + thing.vertices.max(axis=0))
    target = np.array([middle[0], middle[1], thing.vertices[:, 2].max() - 5.0])
    views = clean(recorded_from_above(thing, table_mm, target, rings_deg, camera, 18, 0), CleanConfig())
    feet, found = measured(surface(views, register(views, facts, RegisterConfig()), SurfaceConfig()), what)
    assert feet.feet[0].side == "left"
    for name in TRUE_WITHIN:
        sd = found[name].sd
        assert sd is not None and abs(off(found, name)) < min(6.0, 3.0 * sd), name
    (made,) = insole(feet, facts, InsoleConfig(grid_mm=1.0)).insoles
    assert made.solid is not None, made.refused
