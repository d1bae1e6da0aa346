"""A foot among walls, stools, cables, other people's legs: all of it is left out, and the foot is not."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from clutter import Shown, cylinder, in_front, show
from recordings import leg

from scanproc.artifacts import CleanView, Mesh
from scanproc.frames import FloatArray
from scanproc.simulation import bodies
from scanproc.stages.clean import CleanConfig, clean

FLOOR = bodies.floor(0.0)


def at(x: float, y: float, z: float = 0.0) -> FloatArray:
    return np.array([x, y, z])


def moved(mesh: Mesh, by: FloatArray) -> Mesh:
    return Mesh(mesh.vertices + by, mesh.faces)


def tall() -> Mesh:
    return bodies.with_longer_leg(leg(), 250.0)


def pair(gap_mm: float) -> Mesh:
    both = bodies.joined(*bodies.standing_pair(leg(), gap_mm, 6.0))
    return bodies.with_longer_leg(moved(both, at(0.0, -both.vertices[:, 1].mean())), 250.0)


@cache
def scene(name: str) -> Shown:
    """Return 8 views at 40 % of the cameras' pixels."""
    foot = {"foot": tall(), "floor": FLOOR}
    match name:
        case "wall":
            return show({**foot, "wall": bodies.box(at(-260.0, 0.0, 400.0), at(40.0, 2000.0, 1200.0))})
        case "stool":
            return show({**foot, "stool": bodies.box(at(-230.0, 30.0, 110.0), at(250.0, 300.0, 220.0))})
        case "leg":
            return show({**foot, "leg": cylinder(np.array([60.0, 140.0]), 50.0, 0.0, 600.0)})
        case "cuff":
            return show({**foot, "cuff": cylinder(np.array([40.0, 0.0]), 80.0, 170.0, 600.0)})
        case "cable":
            return show({**foot, "cable": bodies.box(at(100.0, 110.0, 4.0), at(900.0, 8.0, 8.0))})
        case "step":
            step = bodies.box(at(100.0, 0.0, -40.0), at(400.0, 300.0, 80.0))
            return show({"foot": tall(), "step": step, "room": bodies.floor(-80.0)})
        case "turntable":
            plate = bodies.plate(np.array([110.0, 0.0]), 200.0, 20.0)
            wall = in_front(bodies.floor(-700.0))
            stool = bodies.box(at(250.0, 150.0, 620.0), at(200.0, 400.0, 200.0))
            return show({"foot": tall(), "plate": plate}, {"wall": wall, "stool": stool}, "turntable", "d415")
        case "raised":
            chair = bodies.box(at(-280.0, 60.0, -120.0), at(200.0, 350.0, 400.0))
            other = cylinder(np.array([-40.0, 260.0]), 55.0, -320.0, 600.0)
            things = {"foot": tall(), "room": bodies.floor(-320.0), "chair": chair, "leg": other}
            return show(things, {}, "raised", "d435")
        case "pair":
            return show({"foot": pair(60.0), "floor": FLOOR}, {}, "hand-held", "d435", 475.0)
        case "touching pair":
            return show({"foot": pair(2.0), "floor": FLOOR}, {}, "hand-held", "d415", 560.0)
        case _:
            raise ValueError(name)


@cache
def cleaned(name: str) -> tuple[CleanView, ...]:
    return clean(scene(name).recording, CleanConfig()).views


def shares(name: str, thing: str) -> FloatArray:
    """Return which share of a thing's measured pixels was kept in each view that shows it."""
    found = [scene(name).kept_shares(view, index) for index, view in enumerate(cleaned(name))]
    return np.array([one[thing] for one in found if thing in one])


@pytest.mark.few(3)
@pytest.mark.parametrize(
    ("name", "left_out"),
    [
        ("wall", ["wall", "floor"]),
        ("stool", ["stool", "floor"]),
        ("leg", ["leg", "floor"]),
        ("cuff", ["cuff", "floor"]),
        ("cable", ["cable", "floor"]),
        ("step", ["step", "room"]),
        ("turntable", ["wall", "stool", "plate"]),
        ("raised", ["chair", "leg", "room"]),
    ],
)
def test_what_stands_round_the_foot_is_left_out(name: str, left_out: list[str]) -> None:
    for thing in left_out:
        seen = shares(name, thing)
        assert len(seen) >= 3, f"too few views show the {thing}"
        assert seen.max() < 0.05, thing
    assert np.median(shares(name, "foot")) > 0.9
    assert (shares(name, "foot") > 0.85).sum() >= 6  # in others something stands right before the camera


@pytest.mark.parametrize("name", ["wall", "cuff", "cable", "step", "turntable"])
def test_the_whole_foot_is_kept_in_every_view_beside_other_things(name: str) -> None:
    assert shares(name, "foot").min() > 0.85


@pytest.mark.parametrize("name", ["pair", "touching pair"])
def test_both_feet_of_a_pair_are_kept(name: str) -> None:
    assert shares(name, "foot").min() > 0.85
    assert shares(name, "floor").max() < 0.02


@pytest.mark.parametrize("name", ["wall", "stool", "leg", "cuff", "cable", "step", "turntable", "pair"])
def test_the_floor_is_what_the_foot_stands_on_whatever_else_is_flat(name: str) -> None:
    """In every view that shows much of the foot and of the floor."""
    for index, view in enumerate(cleaned(name)):
        ground = [
            scene(name).things.index(thing) for thing in ("floor", "step", "plate") if thing in scene(name).things
        ]
        if (view.depth_mm > 0).sum() < 1500 or np.isin(scene(name).shown[index], ground).mean() < 0.1:
            continue
        assert view.floor is not None, view.name
        T = scene(name).T_room_camera[index]
        normal = T[:3, :3] @ view.floor.normal
        assert np.degrees(np.arccos(min(normal[2], 1.0))) < 0.25, view.name
        assert view.floor.offset_mm + normal @ T[:3, 3] == pytest.approx(0.0, abs=0.6), view.name


def test_a_raised_foot_stands_on_nothing() -> None:
    assert all(view.floor is None for view in cleaned("raised"))


def test_the_leg_is_kept_high_enough_for_its_line_and_cut_below_a_cuff() -> None:
    """Leg centres are measured between 90 and 160 mm."""
    for name, low, high in (("wall", 250.0, 351.0), ("cuff", 155.0, 175.0)):
        tops = []
        for index, view in enumerate(cleaned(name)):
            assert view.floor is not None
            v, u = np.nonzero(view.depth_mm)
            z, lens = view.depth_mm[v, u], view.intrinsics
            points = np.column_stack([(u - lens.cx) / lens.fx * z, (v - lens.cy) / lens.fy * z, z])
            tops.append(np.quantile(view.floor.heights(points), 0.999))
            assert tops[-1] < high, index
        assert np.median(tops) > low if name == "wall" else np.median(tops) > 150.0
