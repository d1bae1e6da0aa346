"""The built solid of whole designs: wall, top, edge and triangles, measured by independent libraries."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from insole_feet import analytic_foot, bowl_sole, leg, mirrored

from scanproc.artifacts import BoolArray, Foot, Mesh, ScanFacts
from scanproc.design.shape import Design, design
from scanproc.design.solid import Built, build
from scanproc.frames import FloatArray
from scanproc.mesh.meshes import keep_faces
from scanproc.mesh.polyline_distance import inside, nearest_on_curve
from scanproc.open3d_bridge import RayScene
from scanproc.parallel import using_workers
from scanproc.prescription.fields import InsoleConfig, Prescription
from scanproc.prescription.resolve import resolved
from scanproc.solid.resting_plane import resting_plane
from scanproc.solid.topology import contact_area_mm2, facing_up, topology

PLAIN = InsoleConfig(thickness_mm=3.0, arch_fill_mm=3.2)
DEEP: dict[str, Any] = {"heel_cup_depth_mm": 28.0, "wall_slope_deg": 80.0}
FULL: dict[str, Any] = {"length": "full", "met_pad_mm": 4.8, "rearfoot_post_deg": 4.0, "text": "AB-12"}
CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "deep and thin": {**DEEP, "thickness_mm": 1.5, "distal_edge_mm": 0.5},
    "thick": {**DEEP, "thickness_mm": 6.5},
    "uneven": {"thickness_mm": 3.0, "medial_thickness": 1.4, "distal_edge_mm": 0.8, "distal_taper_mm": 8.0},
    "full": FULL,
    "block": {"style": "block", "block_height_mm": 60.0},
}


@cache
def bowl() -> Foot:
    return analytic_foot(bowl_sole)


def asked_of(foot: Foot, **doses: Any) -> Design:
    return design(foot, resolved(replace(PLAIN, **doses), foot, ScanFacts("test", side=foot.side)))


@cache
def made(name: str) -> tuple[Design, Built]:
    asked = asked_of(bowl(), **CASES[name])
    return asked, build(asked)


def sides(solid: Mesh) -> tuple[Mesh, Mesh]:
    up = facing_up(solid)
    return keep_faces(solid, up > 0.0).mesh, keep_faces(solid, up < 0.0).mesh


def everywhere(mesh: Mesh) -> FloatArray:
    """Return corners, middles of sides, and random points of all triangles, (N, 3)."""
    corners = mesh.vertices[mesh.faces]
    shares = np.random.default_rng(3).dirichlet([1.0, 1.0, 1.0], len(corners))
    inner = np.einsum("nk,nkd->nd", shares, corners)
    return np.vstack([mesh.vertices, 0.5 * (corners + np.roll(corners, -1, axis=1)).reshape(-1, 3), inner])


def off_rim(asked: Design, xy: FloatArray) -> BoolArray:
    return np.isinf(nearest_on_curve(asked.outline, xy, 3.0, closed=True).distance_mm)


@pytest.mark.few(2)
@pytest.mark.parametrize("name", CASES)
def test_it_is_one_body_without_crossings_of_few_triangles(name: str) -> None:
    pymeshlab = pytest.importorskip("pymeshlab")
    asked, built = made(name)
    solid, form = built.solid, topology(built.solid)
    assert (form.open_edges, form.flipped_edges, form.bodies, form.flat_faces) == (0, 0, 1, 0)
    assert form.volume_mm3 > 0.0
    assert len(solid.vertices) - 3 * len(solid.faces) // 2 + len(solid.faces) == 2  # Euler: no tunnel
    assert np.array_equal(solid.vertices, solid.vertices.astype(np.float32))
    assert 5_000 < len(solid.faces) <= asked.rx.judgement.max_triangles
    oracle = pymeshlab.MeshSet()
    oracle.add_mesh(pymeshlab.Mesh(solid.vertices, solid.faces))
    oracle.compute_selection_by_self_intersections_per_face()
    assert oracle.current_mesh().selected_face_number() == 0


@pytest.mark.few(2)
@pytest.mark.parametrize("name", CASES)
def test_the_wall_is_nowhere_thinner_than_asked_seen_from_either_side(name: str) -> None:
    asked, built = made(name)
    top, bottom = sides(built.solid)
    below, above = everywhere(bottom), everywhere(top)
    up, down = RayScene(top).closest(below), RayScene(bottom).closest(above)
    for distance, lower, here in ((up.distance, below, below), (down.distance, down.point, above)):
        counts = off_rim(asked, lower[:, :2]) & off_rim(asked, here[:, :2])
        assert counts.sum() > 5_000
        assert (distance - asked.wall_at(lower[:, :2]))[counts].min() > -0.045


@pytest.mark.parametrize("name", ["plain", "deep and thin", "uneven"])
def test_the_wall_is_nowhere_thicker_than_asked_where_nothing_lies_below(name: str) -> None:
    asked, built = made(name)
    top, bottom = sides(built.solid)
    below = everywhere(bottom)
    excess = RayScene(top).closest(below).distance - asked.wall_at(below[:, :2])
    even = asked.even.bottom.at(below[:, :2]) if asked.even else below[:, 2]
    lowered = asked.underside.applied(below[:, :2], even) < even - 1e-6
    pressed = below[:, 2] < below[:, 2].min() + 5.2 * built.flattened_mm + 0.5
    plain = off_rim(asked, below[:, :2]) & ~lowered & ~pressed
    assert plain.sum() > 2_000 and excess[plain].max() < 0.08
    assert np.percentile(excess[plain], 99) < 0.04
    assert excess[pressed & ~lowered].max() < built.flattened_mm + 0.06


@pytest.mark.parametrize("name", CASES)
def test_the_top_is_the_asked_one(name: str) -> None:
    asked, built = made(name)
    low, high = asked.outline.min(axis=0), asked.outline.max(axis=0)
    xy = np.random.default_rng(4).uniform(low, high, (20_000, 2))
    xy = xy[inside(asked.outline, xy) & np.isinf(nearest_on_curve(asked.outline, xy, 0.3, closed=True).distance_mm)]
    origins = np.column_stack([xy, np.full(len(xy), 300.0)])
    z = 300.0 - RayScene(built.solid).cast(origins, np.tile([0.0, 0.0, -1.0], (len(xy), 1))).distance
    rises = [asked.top_at(xy + step) - asked.top_at(xy - step) for step in np.array([[0.1, 0.0], [0.0, 0.1]])]
    miss = np.abs(z - asked.top_at(xy)) / np.hypot(1.0, np.hypot(*rises) / 0.2)
    assert miss.max() < 0.035 and np.percentile(miss, 99) < 0.024


def test_the_lower_edge_is_rounded_and_the_outline_kept() -> None:
    asked, built = made("plain")
    sharp = build(asked_of(bowl(), edge_radius_mm=0.0))
    count = len(asked.outline)
    assert np.abs(built.solid.vertices[:count, :2] - asked.outline).max() < 2e-4
    assert built.edge_radius_mm == pytest.approx(0.5, abs=0.1) and sharp.edge_radius_mm == 0.0
    front = np.argmax(asked.outline[:, 0])
    side_mm = []
    for solid in (built.solid, sharp.solid):
        at = np.flatnonzero((np.abs(solid.vertices[:, :2] - asked.outline[front]) < 2e-4).all(axis=1))
        assert len(at) == 2
        side_mm.append(np.ptp(solid.vertices[at, 2]))
    # The flat front end is as high as its wall, less the radius.
    assert side_mm[1] - side_mm[0] == pytest.approx(0.5, abs=0.12)


@pytest.mark.parametrize("area", [80.0, 400.0])
def test_there_is_a_flat_patch_to_stand_on(area: float) -> None:
    built = build(asked_of(leg(0), contact_patch_mm2=area))
    # This heel bears beside its lowest point: it takes 450 mm2 to reach the place, so that it does not roll.
    assert 0.97 * area < contact_area_mm2(built.solid) < 1.6 * max(area, 450.0) + 60.0


def test_a_preview_is_coarser_and_as_sound() -> None:
    asked = asked_of(bowl(), grid_mm=1.0)
    solid = build(asked).solid
    assert topology(solid).open_edges == 0 and len(solid.faces) < len(made("plain")[1].solid.faces)
    top, bottom = sides(solid)
    below = everywhere(bottom)
    counts = off_rim(asked, below[:, :2])
    short = RayScene(top).closest(below).distance - asked.wall_at(below[:, :2])
    assert short[counts].min() > -0.05


def test_too_many_triangles_are_made_coarser() -> None:
    finest = made("plain")[1].solid
    asked = asked_of(bowl(), max_triangles=len(finest.faces) - 1000)
    assert 0.7 * len(finest.faces) < len(build(asked).solid.faces) < len(finest.faces) - 1000


def test_the_same_design_gives_the_same_bytes_on_any_number_of_threads() -> None:
    one = made("full")[1].solid
    with using_workers(1):
        again = build(asked_of(bowl(), **FULL)).solid
    assert np.array_equal(one.vertices, again.vertices) and np.array_equal(one.faces, again.faces)


def test_a_real_foot_and_its_mirror_get_mirrored_solids() -> None:
    left, right = (build(asked_of(foot, side_mark=False)).solid for foot in (leg(2), mirrored(leg(2))))
    flip = np.array([1.0, -1.0, 1.0])
    gap = RayScene(right).closest(left.vertices * flip).distance
    assert np.percentile(gap, 99) < 0.05 and gap.max() < 0.3
    assert topology(left).volume_mm3 == pytest.approx(topology(right).volume_mm3, rel=1e-3)


@pytest.mark.parametrize(("word", "sign"), [("varus", 1.0), ("valgus", -1.0)])
@pytest.mark.parametrize("side", ["left", "right"])
def test_a_varus_post_tips_the_standing_device_medial_side_up(side: str, word: str, sign: float) -> None:
    """The plane that the finished solid comes to rest on, seen from the solid alone."""
    foot = analytic_foot(bowl_sole)
    foot = foot if side == "left" else mirrored(foot)
    built = build(design(foot, Prescription().changed(rearfoot_post_deg=4.0, rearfoot_post=word, grid_mm=1.0)))
    low = built.solid.vertices[built.solid.vertices[:, 2] <= np.median(built.solid.vertices[:, 2])]
    slope = resting_plane(low[:, :2], low[:, 2]).slope[1]
    raised_deg = np.rad2deg(np.arctan(-foot.medial_y * slope))
    assert 1.0 < sign * raised_deg < 4.2  # its front end bears, too
