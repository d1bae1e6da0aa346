"""What sensible prescriptions were refused for, or failed their proof by: each is made now, and measured by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from following import advised_by
from hypothesis import given, settings
from hypothesis import strategies as st
from insole_feet import foot_of, leg, mirrored, scanned
from scipy.spatial import cKDTree
from sensible import sensible

from scanproc.artifacts import Feet, Foot, Insole, Mesh, ScanFacts
from scanproc.design.wall import bottom_at
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.prescription.fields import InsoleConfig
from scanproc.solid.height_fields import HeightField
from scanproc.stages.insole import Proven, insole, proven_insole

COARSE: dict[str, Any] = {"grid_mm": 1.0, "mesh_deviation_mm": 0.04}


@cache
def child() -> Foot:
    grown = leg(0)
    return foot_of(Mesh(0.7 * grown.mesh.vertices, grown.mesh.faces), "left")


def made(foot: Foot, config: InsoleConfig) -> Proven:
    return proven_insole(foot, ScanFacts("sensible", side=foot.side), config)


def insole_of(foot: Foot, config: InsoleConfig) -> Insole:
    (one,) = insole(Feet((foot,)), ScanFacts("sensible", side=foot.side), config).insoles
    return one


def test_a_block_is_as_high_as_the_device_asks() -> None:
    milled = InsoleConfig(process="mill", style="block", material="EVA", distal_edge_mm=2.0, length="full", **COARSE)
    high = replace(milled, heel_lift_mm=12.0, heel_cup_depth_mm=20.0, medial_flange_mm=8.0)
    for config, block_mm in ((milled, 35.0), (high, 50.0)):
        one = insole_of(leg(0), config)
        assert one.solid is not None and one.making.block_height_mm == block_mm
        high_mm = float(np.ptp(one.solid.vertices[:, 2]))
        assert block_mm - 20.0 < high_mm < block_mm and one.notes[-1].endswith(f"the device is {high_mm:.1f} mm high")


def test_a_device_higher_than_any_block_is_lowered_as_is_said() -> None:
    """The advice was a block of 85 mm, which the option does not take."""
    grown = leg(1)
    foot = foot_of(Mesh(1.35 * grown.mesh.vertices, grown.mesh.faces), "left")
    config = InsoleConfig(
        process="mill", style="block", material="EVA", length="full", distal_edge_mm=2.0, heel_lift_mm=25.0,
        arch_support=True, arch_fill_mm=0.0, heel_cup_depth_mm=30.0, medial_flange_mm=25.0, rearfoot_post_deg=10.0,
        **COARSE,
    )  # fmt: skip
    with pytest.raises(
        ScanError, match=r"rule fits-block: the device is 8\d\.\d mm high, .* no block is higher"
    ) as told:
        insole_of(foot, config)
    one = insole_of(foot, advised_by(str(told.value), config))
    assert one.solid is not None and one.making.block_height_mm == 80.0
    assert 76.0 < float(np.ptp(one.solid.vertices[:, 2])) < 80.0


def test_a_flange_is_not_refused_for_what_the_cup_does() -> None:
    """At the end of a cup of 30 mm on a foot turned by 10 degrees, of which the flange raises nothing."""
    config = InsoleConfig(
        process="mill", style="block", material="EVA", length="full", distal_edge_mm=2.0, heel_lift_mm=25.0,
        arch_support=True, arch_fill_mm=0.0, heel_cup_depth_mm=30.0, medial_flange_mm=12.0, rearfoot_post_deg=10.0,
        cast_balance="inverted", balance_deg=10.0, **COARSE,
    )  # fmt: skip
    assert insole_of(leg(1), config).solid is not None


def failed(proven: Proven) -> list[tuple[str, object, object]]:
    return [(check.name, check.asked, check.got) for check in proven.checks if not check.passed]


def met_from_below(solid: Mesh, xy: FloatArray) -> FloatArray:
    """Return the height at which rays from below meet a solid at (N, 2) points, (N,) mm, by open3d."""
    import open3d as o3d

    scene = o3d.t.geometry.RaycastingScene()
    scene.add_triangles(solid.vertices.astype(np.float32), solid.faces.astype(np.uint32))
    rays = np.column_stack([xy, np.full(len(xy), -100.0), np.tile([0.0, 0.0, 1.0], (len(xy), 1))])
    return np.asarray(scene.cast_rays(rays.astype(np.float32))["t_hit"].numpy() - 100.0)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_the_underside_has_no_step_at_lines_of_its_grid(seed: int) -> None:
    """Samples a fraction of a micrometre apart, on both sides of a line, became an upright facet."""
    rng = np.random.default_rng(seed)
    field = HeightField(0.0, 0.0, 0.5, np.cumsum(np.abs(rng.normal(0.0, 0.5, (9, 9))), axis=0))
    on_line, along = np.full(40, 2.0), rng.uniform(1.0, 3.0, 40)
    for left, right in (
        (np.column_stack([on_line - 1e-7, along]), np.column_stack([on_line + 1e-7, along])),
        (np.column_stack([along, on_line - 1e-7]), np.column_stack([along, on_line + 1e-7])),
    ):
        assert bottom_at(field, left) == pytest.approx(bottom_at(field, right), abs=1e-4)


@pytest.mark.slow
def test_an_upright_facet_is_nowhere_but_on_the_outline() -> None:
    """By trimesh: normals of all facets inside the outline."""
    import trimesh

    proven = made(scanned("focus-template.obj"), sensible(125))
    assert failed(proven) == []
    solid = trimesh.Trimesh(proven.solid.vertices, proven.solid.faces, process=False)
    upright = np.abs(solid.face_normals[:, 2]) < 0.01
    corners = solid.vertices[solid.faces[upright]].reshape(-1, 3)[:, :2]
    off = np.linalg.norm(corners[:, None] - proven.outline[None], axis=2).min(axis=1)
    assert off.max() < 0.1 and upright.sum() >= 2 * len(proven.outline) - 2


@pytest.mark.parametrize("flange", ["medial_flange_mm", "lateral_flange_mm"])
def test_a_flange_of_a_childs_full_length_stands_beside_the_foot(flange: str) -> None:
    """The wall had run out below it, and the outline went out to where the surface around rose as high: by 18 mm."""
    proven = made(child(), replace(InsoleConfig(length="full"), **{flange: 8.0}))
    assert failed(proven) == []
    low = proven.asked.scanned.foot.mesh.vertices
    low = low[low[:, 2] < 30.0, :2]
    beside = proven.outline[(proven.outline[:, 0] > 40.0) & (proven.outline[:, 0] < 110.0)]
    away = np.linalg.norm(beside[:, None] - low[None], axis=2).min(axis=1)
    assert 2.0 < away.max() < 9.0


def test_a_lifted_heel_stands_as_low_as_the_ball_of_a_long_insole() -> None:
    """By rays from below: the post had stood 0.2 mm lower, and the ball hung over the floor."""
    foot = mirrored(leg(3))
    proven = made(foot, sensible(255))
    assert failed(proven) == []
    x, y = np.meshgrid(np.arange(15.0, 230.0, 0.5), np.arange(-60.0, 60.0, 0.5), indexing="ij")
    xy = np.column_stack([x.ravel(), y.ravel()])
    z = met_from_below(proven.solid, xy)
    ahead = proven.asked.plan.ahead_of_ball(xy)
    heel, ball = z[xy[:, 0] < 60.0].min(), z[ahead > -5.0].min()
    assert ball - heel == pytest.approx(0.0, abs=0.06)


def test_a_lifted_heel_reaches_down_to_a_front_end_that_lies_lower() -> None:
    """By rays from below, of a foot that keeps its inclination: the check took what it is thicker by for a fault."""
    config = InsoleConfig(
        length="shell", heel_cup_depth_mm=18.0, arch_fill_mm=1.6, heel_expansion_mm=2.0, heel_lift_mm=6.0,
        cast_balance="inverted", balance_deg=2.0,
    )  # fmt: skip
    proven = made(mirrored(leg(1)), config)
    assert failed(proven) == []
    x, y = np.meshgrid(np.arange(15.0, 220.0, 0.5), np.arange(-60.0, 60.0, 0.5), indexing="ij")
    xy = np.column_stack([x.ravel(), y.ravel()])
    z = met_from_below(proven.solid, xy)
    heel, front = z[xy[:, 0] < 60.0].min(), z[proven.asked.plan.ahead_of_ball(xy) > -25.0].min()
    assert front - heel == pytest.approx(0.0, abs=0.06)
    under_heel = xy[(z < heel + 0.05) & (xy[:, 0] < 60.0)]
    wall_mm = proven.asked.top_at(under_heel).min() - heel
    assert wall_mm - proven.rx.thickness.thickness_mm > 6.0 + 0.5


def test_no_ball_reaches_through_a_kink_of_the_top() -> None:
    """By distances to the asked top: behind the corner of a cut-out Newton's method lost the kink, by 0.08 mm."""
    proven = made(child(), sensible(3105))
    assert failed(proven) == [] and proven.asked.even is not None
    top, bottom = proven.asked.even.top, proven.asked.even.bottom
    x, y = np.meshgrid(np.arange(83.0, 105.0, 0.05), np.arange(-6.0, 15.0, 0.05), indexing="ij")
    xy = np.column_stack([x.ravel(), y.ravel()])
    tree = cKDTree(np.column_stack([xy, top.at(xy)]))
    nodes = bottom.nodes()
    near = (np.abs(nodes - [94.0, 4.5]) < 5.0).all(axis=1)
    distance, _ = tree.query(np.column_stack([nodes[near], bottom.z.ravel()[near]]))
    assert near.sum() > 300
    assert 0.0 < (distance - proven.asked.wall_at(nodes[near])).min() < 0.03


def test_a_device_that_rolls_over_its_arch_support_is_advised_to_leave_it_out() -> None:
    """Four times less of its forefoot post rolled it by as much, and was advised for the rest of the day."""
    one, config = insole_of(scanned("find-mean.ply"), sensible(4120)), sensible(4120)
    assert one.failed is not None and "roll_midfoot_deg" in one.failed
    made_of_it = insole_of(scanned("find-mean.ply"), advised_by(one.failed, config))
    assert made_of_it.failed is None and not advised_by(one.failed, config).arch_support


@pytest.mark.parametrize("foot", [lambda: leg(0), lambda: mirrored(leg(3))])
def test_a_lift_below_a_post_that_is_lowered_is_no_thicker_than_that(foot: Callable[[], Foot]) -> None:
    """By rays: the post was lowered by 1.5 and 2.6 mm to a lower forefoot post, and its lift taken for too thick."""
    proven = made(foot(), sensible(4043))
    assert failed(proven) == []
    assert 1.0 < proven.built.lowered_mm < 3.0
    heel = proven.asked.plan.heel[None]
    thick_mm = proven.asked.top_at(heel)[0] - met_from_below(proven.solid, heel)[0]
    assert thick_mm == pytest.approx(proven.rx.thickness.thickness_mm + 3.0 + proven.built.lowered_mm, abs=1.0)


def test_a_post_with_a_motion_is_lowered_as_it_is() -> None:
    """By rays from below: pressed onto one plane of the post, the other one became twice as steep."""
    config = InsoleConfig(
        length="shell", rearfoot_post_deg=4.0, rearfoot_motion_deg=4.0, forefoot_post_deg=6.0, forefoot_post="valgus",
        heel_lift_mm=9.0, **COARSE,
    )  # fmt: skip
    proven = made(child(), config)
    assert failed(proven) == [] and 0.3 < proven.built.flattened_mm < 1.0
    x, off = np.meshgrid(np.arange(20.0, 40.0, 0.5), np.arange(1.0, 8.0, 0.25), indexing="ij")
    heel_y, lateral = float(proven.asked.plan.heel[1]), -proven.asked.plan.medial_y
    slopes = []
    for outward in (lateral, -lateral):
        xy = np.column_stack([x.ravel(), heel_y + outward * off.ravel()])
        slopes.append(np.polyfit(off.ravel(), met_from_below(proven.solid, xy), 1)[0])
    assert np.rad2deg(np.arctan(slopes)) == pytest.approx([4.0, 0.0], abs=0.3)
    beside = met_from_below(proven.solid, np.column_stack([x.ravel(), heel_y - lateral * off.ravel()]))
    assert beside == pytest.approx(float(proven.solid.vertices[:, 2].min()), abs=0.05)


def test_a_text_too_long_for_a_childs_arch_is_written_smaller() -> None:
    words: dict[str, Any] = {"heel_cup_depth_mm": 18.0, "text": "2026-11-22", "first_ray_cut": True, **COARSE}
    small = made(child(), InsoleConfig(**words))
    marks = small.asked.underside.marks
    assert failed(small) == [] and marks is not None
    assert 4.0 <= marks.letter_mm < 6.0 and marks.form == "raised"
    (told,) = (note for note in insole_of(child(), InsoleConfig(**words)).notes if note.startswith("letters "))
    assert told == f"letters {marks.letter_mm:g} mm: in 6 mm the text finds no room under the arch"
    grown = made(leg(0), InsoleConfig(**words)).asked.underside.marks
    assert grown is not None and grown.letter_mm == 6.0


@pytest.mark.slow
def test_the_lateral_edge_stays_over_a_border_that_rises_behind_the_arch() -> None:
    """A cup of 8 mm ended lower than that border: the outline had a notch of 12 mm."""
    proven = made(scanned("focus-template.obj"), sensible(287))
    assert failed(proven) == []
    plan, outline = proven.asked.plan, proven.outline
    lateral = outline[plan.medial_y * (outline[:, 1] - plan.heel[1]) < 0.0]
    x = np.arange(0.2, 0.5, 0.01) * plan.length_mm
    beside = lateral[np.argsort(lateral[:, 0])]
    half = -plan.medial_y * (np.interp(x, beside[:, 0], beside[:, 1]) - plan.heel[1])
    assert np.diff(half).max() < 3.0 and half.min() > 15.0


def test_a_childs_arch_is_filled_whole_behind_the_platform() -> None:
    proven = made(child(), InsoleConfig(arch_fill_mm=6.4, side_edge_mm=8.0, navicular_relief_mm=2.0, **COARSE))
    assert failed(proven) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "seed"),
    [("find-shape1_+2.ply", 141), ("leg-1", 433), ("leg-2", 749), ("focus-template.obj", 161),
     ("focus-template.obj", 305), ("find-pose07_Medial_Eversion.ply", 394), ("child", 553), ("child", 202),
     ("leg-3", 399), ("leg-1", 3108), ("child", 3084), ("child", 3105)],
)  # fmt: skip
def test_what_was_refused_is_made(name: str, seed: int) -> None:
    foot = child() if name == "child" else leg(int(name[-1])) if name.startswith("leg-") else scanned(name)
    for one in (foot, mirrored(foot)):
        assert failed(made(one, sensible(seed))) == []
