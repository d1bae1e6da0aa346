"""Outlines and edges: where an insole ends, by the foot, by the shoe and by a drawing; and how high its edge stands."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import ezdxf
import numpy as np
import pytest
from insole_feet import leg, mirrored

from scanproc.artifacts import Foot
from scanproc.design.shape import Design, edged
from scanproc.design.sole import scanned_sole
from scanproc.design.top import designed_top
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.mesh.polygons import area_mm2, begun_behind, joined, resampled
from scanproc.mesh.polyline_distance import inside, nearest_on_curve
from scanproc.prescription.fields import Prescription
from scanproc.readers.outline_files import read_outline

RX = Prescription().changed(thickness_mm=3.0, arch_fill_mm=1.6, heel_expansion_mm=0.0, grid_mm=1.0)
FLIP = np.array([1.0, -1.0])
KINDS: list[dict[str, Any]] = [
    {},
    {"length": "sulcus"},
    {"length": "full"},
    {"first_ray_cut": True},
    {"first_ray_cut": True, "fifth_ray_cut": True, "distal_gap_mm": 20.0},
    {"length": "sulcus", "fifth_ray_cut": True},
    {"length": "full", "first_ray_cut": True, "outline_margin_mm": 6.0},
    {"length": "full", "outline_margin_mm": -5.0, "toe_room_mm": 0.0},
]


@cache
def foot(index: int, other: bool = False) -> Foot:
    return mirrored(foot(index)) if other else leg(index)


def designed(feet: Foot, **asked: Any) -> Design:
    rx = RX.changed(**asked)
    scanned = scanned_sole(feet, rx)
    return edged(scanned, designed_top(scanned, rx), rx)


@cache
def of_kind(index: int, kind: int, other: bool = False) -> Design:
    return designed(foot(index, other), **KINDS[kind])


def crossings(curve: FloatArray) -> int:
    """Count pairs of edges that cross, all against all."""
    a, b = curve, np.roll(curve, -1, axis=0)

    def turn(p: FloatArray, q: FloatArray, r: FloatArray) -> FloatArray:
        return (q[..., 0] - p[..., 0]) * (r[..., 1] - p[..., 1]) - (q[..., 1] - p[..., 1]) * (r[..., 0] - p[..., 0])

    A, B, C, D = a[:, None], b[:, None], a[None], b[None]
    return int(((turn(A, B, C) * turn(A, B, D) < 0.0) & (turn(C, D, A) * turn(C, D, B) < 0.0)).sum() // 2)


def test_the_count_of_crossings_can_count() -> None:
    assert crossings(np.array([[0.0, 0.0], [2.0, 2.0], [2.0, 0.0], [0.0, 2.0]])) == 1


# ------------------------------------------------------------------------------------------------- outlines by the foot


@pytest.mark.few(8)
@pytest.mark.parametrize("kind", range(len(KINDS)))
@pytest.mark.parametrize("index", [0, 1, 3])
def test_outlines_are_simple_smooth_and_counter_clockwise(index: int, kind: int) -> None:
    outline = of_kind(index, kind).outline
    assert crossings(outline) == 0
    assert area_mm2(outline) > 8000.0
    steps = np.roll(outline, -1, axis=0) - outline
    lengths = np.linalg.norm(steps, axis=1)
    assert lengths.min() > 0.4 and lengths.max() < 0.9
    heading = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))
    radius = lengths.max() / np.abs(np.diff(heading)).max()
    assert radius > 4.0  # corners of 10 and 8 mm, smoothed over 1.5 mm


@pytest.mark.parametrize("kind", range(len(KINDS)))
def test_a_mirrored_foot_gets_the_mirrored_outline(kind: int) -> None:
    left, right = of_kind(3, kind), of_kind(3, kind, True)
    there = right.outline * FLIP
    apart = np.abs(left.outline - np.vstack([there[:1], there[:0:-1]]))
    assert apart.max() < 0.25 and np.quantile(apart, 0.97) < 0.05  # polygons are simplified to 0.005 mm on the way
    xy = left.outline * 0.97 + 0.03 * left.outline.mean(axis=0)
    assert left.top_at(xy) == pytest.approx(right.top_at(xy * FLIP), abs=0.05)
    behind = np.abs(left.distal_edge.behind(xy, 1e3) - right.distal_edge.behind(xy * FLIP, 1e3))
    assert behind.max() < 0.75 and np.quantile(behind, 0.95) < 0.05  # the front end begins at a point of the outline


@pytest.mark.parametrize("gap", [0.0, 8.0, 25.0])
def test_a_shell_ends_behind_the_metatarsal_heads(gap: float) -> None:
    made = designed(foot(0), distal_gap_mm=gap)
    assert made.plan.ahead_of_ball(made.outline).max() == pytest.approx(-gap, abs=0.02)


def test_sulcus_ends_between_ball_and_toes_and_full_in_front_of_them() -> None:
    for index in (0, 1, 2, 3):
        plan = of_kind(index, 1).plan
        sulcus = plan.ahead_of_ball(of_kind(index, 1).outline).max()
        toes = plan.length_mm - plan.tibiale[0]
        assert 0.2 * toes < sulcus < 0.65 * toes
        end = of_kind(index, 2).outline[:, 0].max()
        assert end == pytest.approx(plan.length_mm + RX.fit.toe_room_mm, abs=0.3)


def test_the_sulcus_is_found_where_the_scan_shows_it() -> None:
    made = of_kind(0, 1)
    ridge = 14.0 * np.exp(-(((made.scanned.field.x - 0.88 * made.plan.length_mm) / 6.0) ** 2))
    from scanproc.design.distal_edge import sulcus_region

    border = of_kind(0, 2).outline
    before = sulcus_region(border, made.scanned.field, made.plan)
    shown = made.scanned.field.replaced(made.scanned.field.z + ridge)
    after = sulcus_region(border, shown, made.plan)
    assert 4.0 < after[:120, 0].max() - before[:120, 0].max() < 20.0


def test_a_margin_widens_the_forefoot_alone() -> None:
    wide, plain = designed(foot(0), length="full", outline_margin_mm=5.0), of_kind(0, 2)
    beyond = -nearest_on_curve(plain.outline, wide.outline, 50.0, closed=True).distance_mm
    s = wide.outline[:, 0] / plain.plan.length_mm
    assert np.abs(beyond[s < 0.35]).max() < 0.2
    assert beyond[(s > 0.72) & (s < 0.80)] == pytest.approx(5.0, abs=0.6)


def test_a_full_length_is_convex_over_the_toes() -> None:
    for index in (0, 1, 2, 3):
        outline = of_kind(index, 2).outline
        steps = np.roll(outline, -1, axis=0) - outline
        heading = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))
        toes = outline[1:, 0] > 0.85 * of_kind(index, 2).plan.length_mm
        assert (np.diff(heading) / 0.7)[toes].min() > -0.01  # no hollow rounder than 100 mm


@pytest.mark.parametrize(("kind", "side", "depth"), [(3, 1.0, 28.0), (4, -1.0, 35.0)])
def test_cut_outs_free_their_ray_and_nothing_else(kind: int, side: float, depth: float) -> None:
    made, plain = of_kind(0, kind), designed(foot(0), distal_gap_mm=KINDS[kind].get("distal_gap_mm", 8.0))
    plan = made.plan
    ray = plan.on_ball(0.17 if side > 0.0 else 0.9, 4.0 - depth)[None]  # first, or fifth
    middle = plan.on_ball(0.5, -KINDS[kind].get("distal_gap_mm", 8.0) - 1.0)[None]
    assert inside(plain.outline, ray)[0] and not inside(made.outline, ray)[0]
    assert inside(made.outline, middle)[0]
    # The front is level up to some 20 mm behind a cut-out, and the outline lies where the level sole is.
    behind = made.outline[plan.ahead_of_ball(made.outline) < -depth - 34.0]
    assert np.abs(nearest_on_curve(plain.outline, behind, 9.0, closed=True).distance_mm).max() < 0.12


def test_the_front_end_is_where_the_wall_thins() -> None:
    for index, kind in [(0, 0), (0, 1), (0, 2), (3, 3)]:
        made = of_kind(index, kind)
        points, inward = made.distal_edge.points, made.distal_edge.inward
        assert len(points) > 20 and (inward @ made.plan.ball_normal < 0.3).all()
        assert made.distal_edge.behind(points) == pytest.approx(0.0, abs=0.1)
        assert made.wall_at(points + 0.01 * inward) == pytest.approx(RX.thickness.distal_edge_mm, abs=0.05)
        assert made.wall_at(points + 5.0 * inward) == pytest.approx(1.5 + 1.5 * 5.0 / 12.0, abs=0.1)
        assert made.wall_at(made.plan.heel[None]) == pytest.approx(RX.thickness.thickness_mm, abs=1e-9)


# ------------------------------------------------------------------------------------------------------------- the edge


@pytest.mark.parametrize("index", [0, 1, 2, 3])
@pytest.mark.parametrize("depth", [4.0, 12.0, 21.0, 30.0])
def test_the_edge_rises_and_falls_gently_and_stands_as_high_as_asked(index: int, depth: float) -> None:
    made = designed(foot(index), heel_cup_depth_mm=depth, min_waist_share=0.4)
    z = made.top_at(made.outline)
    run = np.linalg.norm(np.roll(made.outline, -1, axis=0) - made.outline, axis=1)
    assert (np.abs(np.roll(z, -1) - z) / run).max() < 0.6
    heel = made.outline[:, 0] < 0.2 * made.plan.length_mm
    floor = made.top.z[made.scanned.raw.covered & (made.top.x < 0.25 * made.plan.length_mm)].min()
    assert z[heel] - floor == pytest.approx(depth, abs=0.15)


def test_a_flange_raises_its_side_of_the_midfoot_alone() -> None:
    plain, raised = of_kind(0, 0), designed(foot(0), medial_flange_mm=8.0)
    at = np.array([0.45 * plain.plan.length_mm, 0.0])

    def edges(made: Design) -> FloatArray:
        near = made.outline[np.abs(made.outline[:, 0] - at[0]) < 2.0]
        z = made.top_at(near)
        return np.array([np.median(z[near[:, 1] < at[1]]), np.median(z[near[:, 1] > at[1]])])

    assert edges(raised) - edges(plain) == pytest.approx([8.0, 0.0], abs=0.1)


def test_the_cut_is_flat_beyond_the_foot_and_free_inside() -> None:
    made = of_kind(0, 0)
    curve = made.trim.curve[200:-200]
    step = np.gradient(curve, axis=0)
    outward = np.column_stack([step[:, 1], -step[:, 0]]) / np.linalg.norm(step, axis=1, keepdims=True)
    high = np.full(len(curve), 70.0)
    for beyond in (0.01, 0.5, 6.0, 15.0, 30.0):
        assert made.trim.cut(high, curve + beyond * outward) == pytest.approx(made.trim.z[200:-200], abs=1.5)
    low = made.trim.z[200:-200] + 3.0
    assert made.trim.cut(low, curve - 9.0 * outward) == pytest.approx(low, abs=1e-9)


def test_a_flange_leaves_the_cup_as_deep_as_asked() -> None:
    plain = of_kind(0, 0)
    raised = designed(foot(0), medial_flange_mm=8.0, lateral_flange_mm=5.0)
    heel = plain.outline[plain.outline[:, 0] < 0.235 * plain.plan.length_mm]
    there = nearest_on_curve(raised.outline, heel, 5.0, closed=True)
    z = there.of(raised.top_at(raised.outline))
    assert z == pytest.approx(plain.top_at(heel), abs=0.1)


STEPS: list[tuple[int, bool, dict[str, Any]]] = [
    # where the border of the asked top goes over to that of the scanned sole, and a forefoot that was turned
    (2, False, {"length": "sulcus", "thickness_mm": 2.93, "outline_margin_mm": 1.6, "arch_fill_mm": 4.5,
                "heel_cup_depth_mm": 11.3, "side_edge_mm": 5.0}),
    (0, True, {"length": "full", "thickness_mm": 5.3, "clearance_mm": 3.6, "arch_fill_mm": 7.0,
               "outline_margin_mm": 3.7, "cast_balance": "inverted", "balance_deg": 5.5, "heel_cup_depth_mm": 20.0}),
    (3, True, {"length": "full", "clearance_mm": 4.9, "arch_fill_mm": 8.4, "outline_margin_mm": 4.4,
               "side_edge_mm": 3.0, "medial_edge_mm": 10.8, "heel_cup_depth_mm": 30.0, "cast_balance": "inverted",
               "balance_deg": 4.8}),
    (1, False, {}),
]  # fmt: skip


@pytest.mark.parametrize(("index", "other", "asked"), STEPS)
def test_the_cut_leaves_no_step_inside_the_edge(index: int, other: bool, asked: dict[str, Any]) -> None:
    feet = foot(index, other)
    made = designed(feet, **asked)
    along = np.roll(made.outline, -1, axis=0) - np.roll(made.outline, 1, axis=0)
    inward = np.column_stack([-along[:, 1], along[:, 0]]) / np.linalg.norm(along, axis=1, keepdims=True)
    xy = made.outline + np.arange(0.0, 14.0, 0.1)[:, None, None] * inward
    cut, free = (height(xy.reshape(-1, 2)).reshape(xy.shape[:2]) for height in (made.top_at, made.top.at))
    # How much lower it is 0.1 mm further outside: the cut may not fall where the top itself does not.
    falls, may_fall = cut[1:] - cut[:-1], np.maximum(free[1:] - free[:-1], 0.0)
    assert (falls - may_fall).max() < 0.06


# -------------------------------------------------------------------------------------------------------------- shoes


@pytest.mark.parametrize("size", [38.0, 39.5])
def test_a_full_length_is_as_long_as_the_shoe(size: float) -> None:
    made = designed(foot(0), length="full", shoe_size_eu=size)
    assert np.ptp(made.outline[:, 0]) == pytest.approx(size * 20.0 / 3.0, abs=0.4)
    assert crossings(made.outline) == 0


@pytest.mark.parametrize("length", ["shell", "sulcus", "full"])
def test_an_insole_is_no_wider_than_the_shoe_and_its_heel_stays(length: str) -> None:
    plain = designed(foot(0), length=length)
    width = 0.93 * float(np.ptp(plain.outline[:, 1]))
    made = designed(foot(0), length=length, shoe_width_mm=width)
    assert width - 1.5 < np.ptp(made.outline[:, 1]) < width + 0.3
    heel = made.outline[made.outline[:, 0] < 0.24 * plain.plan.length_mm]
    assert np.abs(nearest_on_curve(plain.outline, heel, 9.0, closed=True).distance_mm).max() < 0.05
    assert np.array_equal(designed(foot(0), length=length, shoe_width_mm=139.0).outline, plain.outline)


def drawn(outline: FloatArray, turn_deg: float, other_foot: bool) -> tuple[tuple[float, float], ...]:
    """Return an outline as a file may hold it: turned, shifted, of the other foot, begun anywhere."""
    curve = outline * FLIP if other_foot else outline
    turn = np.deg2rad(turn_deg)
    curve = curve @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) + [321.0, -55.0]
    return tuple((float(x), float(y)) for x, y in np.roll(curve, 37, axis=0))


@pytest.mark.parametrize(("turn_deg", "other_foot"), [(0.0, False), (90.0, True), (171.0, False), (-60.0, True)])
@pytest.mark.parametrize("other", [False, True])
def test_a_drawn_insole_is_laid_onto_either_foot(turn_deg: float, other_foot: bool, other: bool) -> None:
    shoe = designed(foot(0), length="full", heel_cup_depth_mm=9.0).outline
    asked = {"length": "full", "heel_cup_depth_mm": 9.0, "outline_curve": drawn(shoe, turn_deg, other_foot)}
    made = designed(foot(0, other), **asked)
    there = begun_behind(made.outline * FLIP if other else made.outline, 0.0)
    assert np.abs(nearest_on_curve(shoe, there, 50.0, closed=True).distance_mm).max() < 1.0
    shell = designed(foot(0, other), **(asked | {"length": "shell"}))
    assert made.plan.ahead_of_ball(shell.outline).max() == pytest.approx(-RX.arch.distal_gap_mm, abs=0.02)


def test_a_drawing_beyond_the_foot_gets_a_flat_edge() -> None:
    plain = designed(foot(0), length="full", heel_cup_depth_mm=9.0)
    wide = plain.outline * [1.0, 1.12] - [0.0, 0.12 * plain.plan.heel[1]]
    made = designed(foot(0), length="full", heel_cup_depth_mm=9.0, outline_curve=drawn(wide, 0.0, False))
    beyond = nearest_on_curve(made.trim.curve, made.outline, 30.0, closed=True).distance_mm < -2.0
    behind = made.plan.ahead_of_ball(made.outline) < -40.0
    assert (beyond & behind).sum() > 50
    place = made.outline[beyond & behind]
    near = nearest_on_curve(made.trim.curve, place, 30.0, closed=True)
    assert made.top_at(place) == pytest.approx(near.of(made.trim.z), abs=0.05)


REFUSED: list[tuple[dict[str, Any], str]] = [
    (
        {"shoe_size_eu": 35.0},
        r"foot of 246 mm for a shoe .* 35 \(233 mm inside\), expected .* Set insole.shoe_size_eu = 36.5, or",
    ),
    ({"shoe_size_eu": 46.0}, "expected a shoe at most 3 mm shorter and 30 mm"),
    ({"shoe_width_mm": 60.0}, "insole.shoe_width_mm = 60 for a ball of 92 mm, expected at least 80%"),
    ({"heel_cup_depth_mm": 4.0, "min_waist_share": 0.7}, r"rule waist-is-wide: found an insole of .* mm at its waist"),
    ({"lateral_flange_mm": 25.0}, "insole.lateral_flange_mm = 25 to stand .* higher than the side .* Ask for less"),
]


@pytest.mark.parametrize(("asked", "words"), REFUSED)
def test_what_does_not_fit_is_refused(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(ScanError, match=words):
        designed(foot(0), **asked)


@pytest.mark.parametrize(
    ("scale", "words"),
    [
        ((0.4, 0.4), "found an outline of .* in insole.outline_file for a foot of 246 mm"),
        ((1.0, 2.2), "times as long as wide"),
        ((1.0, 1.38), "found the outline beyond the scan: .* mm beyond the foot's edge"),
        ((1.0, 0.8), "found a heel cup of only .* mm inside the shoe's outline, expected insole.heel_cup_depth_mm"),
    ],
)
def test_a_drawing_that_does_not_fit_is_refused(scale: tuple[float, float], words: str) -> None:
    shoe = of_kind(0, 2).outline * scale
    with pytest.raises(ScanError, match=words):
        designed(foot(0), length="full", outline_curve=drawn(shoe, 20.0, False))


# ------------------------------------------------------------------------------------------------------------- curves


def test_the_nearest_place_and_the_inside_of_a_curve() -> None:
    angle = np.linspace(0.0, 2.0 * np.pi, 2000, endpoint=False)
    star = (60.0 + 12.0 * np.cos(5.0 * angle))[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    xy = np.random.default_rng(1).uniform(-90.0, 90.0, (3000, 2))
    within = np.hypot(*xy.T) < 60.0 + 12.0 * np.cos(5.0 * np.arctan2(xy[:, 1], xy[:, 0]))
    near = nearest_on_curve(star, xy, 500.0, closed=True)
    fine = resampled(star, 0.02, closed=True)
    truth = np.array([np.hypot(*(fine - point).T).min() for point in xy[:300]])
    assert np.abs(near.distance_mm[:300]) == pytest.approx(truth, abs=2e-3)
    assert (inside(star, xy) != within).mean() < 2e-3 and ((near.distance_mm > 0.0) != within).mean() < 2e-3
    short = nearest_on_curve(star, xy, 5.0, closed=True)
    reached = np.isfinite(short.distance_mm)
    assert np.array_equal(reached, np.abs(near.distance_mm) < 5.0)
    assert np.array_equal(short.place[reached], near.place[reached])
    assert not inside(star, np.array([[500.0, 0.0], [0.0, 500.0]])).any()
    assert near.of(np.cos(angle)) == pytest.approx(np.cos(2.0 * np.pi * near.place / 2000.0), abs=1e-5)


def test_joined_curves_hold_what_both_hold() -> None:
    square = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0]])
    assert area_mm2(joined([square, square + 5.0])) == pytest.approx(175.0, abs=0.01)


# ---------------------------------------------------------------------------------------------------------- drawings

STADIUM = 200.0 * 60.0 + np.pi * 30.0**2 / 2.0  # mm2: 200 x 60 mm with one round end


def dxf(path: Path, unit: int, draw: Callable[[Any], None]) -> Path:
    drawing = ezdxf.new("R2000")  # type: ignore[attr-defined]
    drawing.header["$INSUNITS"] = unit
    draw(drawing.modelspace())
    drawing.saveas(path / "a.dxf")
    return path / "a.dxf"


def bulged(scale: float) -> Callable[[Any], None]:
    points = [(0, 0, 0), (200, 0, 1), (200, 60, 0), (0, 60, 0)]
    return lambda space: space.add_lwpolyline([(x / scale, y / scale, b) for x, y, b in points], "xyb", close=True)


def chain(space: Any) -> None:
    space.add_line((0, 60), (200, 60))
    space.add_circle((50, 30), 5)
    space.add_arc((200, 30), 30, -90, 90)
    space.add_line((0, 0.1), (0, 60))  # ends 0.1 mm off
    space.add_line((200, 0), (0, 0))


def old_polyline(space: Any) -> None:
    space.add_polyline2d([(0, 0, 0), (200, 0, 1), (200, 60, 0), (0, 60, 0)], format="xyb", close=True)


def block(space: Any) -> None:
    chain(space.doc.blocks.new("INSOLE"))
    space.add_blockref("INSOLE", (70, 80), dxfattribs={"rotation": 30})


@pytest.mark.parametrize(
    ("unit", "draw"),
    [
        (4, bulged(1.0)),
        (0, bulged(1.0)),
        (5, bulged(10.0)),
        (1, bulged(25.4)),
        (4, chain),
        (4, old_polyline),
        (4, block),
    ],
)
def test_the_largest_loop_of_a_dxf_in_its_unit(tmp_path: Path, unit: int, draw: Callable[[Any], None]) -> None:
    outline = read_outline(dxf(tmp_path, unit, draw))
    assert outline.dtype == np.float64 and area_mm2(outline) == pytest.approx(STADIUM, rel=1e-3)
    assert np.hypot(*np.diff(outline, axis=0).T).min() > 1e-6


def test_a_spline_of_a_dxf(tmp_path: Path) -> None:
    angle = np.linspace(0.0, 2.0 * np.pi, 25)
    points = [(100.0 * np.cos(a), 40.0 * np.sin(a)) for a in angle]
    outline = read_outline(dxf(tmp_path, 4, lambda space: space.add_spline([*points[:-1], points[0]])))
    assert area_mm2(outline) == pytest.approx(np.pi * 4000.0, rel=0.01)


@pytest.mark.parametrize(
    ("head", "body", "area"),
    [
        (
            'width="300mm" height="120mm" viewBox="0 0 300 120"',
            '<path d="M20 40 h200 A30 30 0 0 1 220 100 H20z"/>',
            STADIUM,
        ),
        (
            'width="30cm" height="12cm" viewBox="0 0 600 240"',
            '<g transform="rotate(15)"><g transform="translate(10,0) scale(2)">'
            '<polygon points="20,40 220,40 220,100 20,100"/></g></g><circle cx="9" cy="9" r="8"/>',
            12000.0,
        ),
        ("", '<ellipse cx="500" cy="300" rx="400" ry="150"/>', np.pi * 400.0 * 150.0 * (25.4 / 96.0) ** 2),
        ('width="12in" height="6in" viewBox="0 0 12 6"', '<rect x="1" y="1" width="10" height="4"/>', 40.0 * 25.4**2),
        (
            'width="300mm" height="120mm" viewBox="0 0 300 120"',
            '<path d="M20 60 Q 45 10 70 60 T 120 60 L 120 110 L 20 110 Z"/>',
            5000.0,  # the two arcs are each other's negative
        ),
        (
            'width="300mm" height="120mm" viewBox="0 0 300 120"',
            '<path d="M20 60 C 40 20 50 20 70 60 S 100 100 120 60 V 110 H 20 Z"/>',
            5000.0,
        ),
        (
            'width="300mm" height="120mm" viewBox="0 0 300 120"',
            '<line x1="20" y1="20" x2="220" y2="20"/><polyline points="220,90 20,90 20,20"/>'
            '<line x1="220" y1="90" x2="220" y2="20"/>',
            14000.0,
        ),
    ],
)  # fmt: skip
def test_the_largest_loop_of_an_svg_in_mm(tmp_path: Path, head: str, body: str, area: float) -> None:
    (tmp_path / "a.svg").write_text(f'<svg xmlns="http://www.w3.org/2000/svg" {head}>{body}</svg>')
    outline = read_outline(tmp_path / "a.svg")
    assert area_mm2(outline) == pytest.approx(area, rel=1e-3)


def test_an_svg_is_not_mirrored(tmp_path: Path) -> None:
    body = '<polygon points="20,20 220,20 20,90"/>'  # y is downwards: the right angle is at the upper left
    (tmp_path / "a.svg").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="300mm" height="120mm" viewBox="0 0 300 120">{body}</svg>'
    )
    outline = read_outline(tmp_path / "a.svg")
    assert [20.0, -20.0] in outline.round(3).tolist() and outline[:, 1].max() == pytest.approx(-20.0, abs=1e-3)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.svg", '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0 H900 V300"/></svg>', "found 1 open curves"),
        ("a.svg", '<svg xmlns="http://www.w3.org/2000/svg"><text>L</text></svg>', "found no curve in a.svg"),
        ("a.svg", '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h90v30h-90z"/></svg>', "of 23.81 mm .* unit"),
        ("a.svg", '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0L900 300V0L0 300z"/></svg>', "crosses itself"),
        ("a.svg", "<html/>", "found no SVG"),
        ("a.svg", "no xml", "found no readable SVG"),
        ("a.dxf", "no dxf", "found no readable DXF"),
        ("a.pdf", "", "expected a .dxf or .svg"),
    ],
)
def test_drawings_without_an_insole_are_refused(tmp_path: Path, name: str, text: str, words: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ScanError, match=words):
        read_outline(tmp_path / name)
    with pytest.raises(ScanError, match=r"found no file .*expected the outline"):
        read_outline(tmp_path / "nowhere.dxf")


@pytest.mark.parametrize(("unit", "scale", "words"), [(0, 25.4, "of 9.055 mm"), (13, 1.0, r"\$INSUNITS = 13")])
def test_a_dxf_of_another_unit_is_refused(tmp_path: Path, unit: int, scale: float, words: str) -> None:
    with pytest.raises(ScanError, match=words):
        read_outline(dxf(tmp_path, unit, bulged(scale)))
