"""The top of the insole: every dose as asked, on the right side, without ridges; without doses, the scan."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from insole_feet import analytic_foot, leg, mirrored

from scanproc.artifacts import BoolArray, Foot, Landmark
from scanproc.design import sole as sole_module
from scanproc.design.balance import balanced
from scanproc.design.intrinsic_posting import intrinsic_posts
from scanproc.design.plan import HEEL_END, quarter_line
from scanproc.design.sole import ScannedSole, scanned_sole
from scanproc.design.top import Top, designed_top
from scanproc.errors import ScanError
from scanproc.frames import FloatArray, inverse
from scanproc.measures.heels import heel_angle_deg
from scanproc.measures.readings import FootShape
from scanproc.open3d_bridge import RayScene
from scanproc.pads.cuboid_relief import cuboid_relief
from scanproc.pads.fascia_groove import fascia_groove
from scanproc.pads.met_pad import met_pad
from scanproc.pads.navicular_relief import navicular_relief
from scanproc.prescription.fields import Prescription
from scanproc.solid.ball_erosion import erode_with_ball
from scanproc.solid.blending import bell, eased
from scanproc.solid.denoising import denoised, smoothed
from scanproc.solid.height_fields import HeightField

BARE = Prescription().changed(arch_fill_mm=0.0, thickness_mm=3.0, smoothing_mm=0.0, level_front=False)
Side = Literal["medial", "lateral"]


def foot_sole(x: FloatArray, y: FloatArray) -> FloatArray:
    """A left sole of 250 x 90 mm: a round heel, a dome under the medial arch, a transverse arch, a round border."""
    across = np.abs(y) - 26.0
    along = np.maximum(26.0 - x, x - 226.0)
    beside = np.hypot(np.maximum(across, 0.0), np.maximum(along, 0.0))
    wall = np.where(beside < 0.999 * 24.0, 24.0 - np.sqrt(np.maximum(24.0**2 - beside**2, 0.0)), 100.0)
    heel = 3.0 * ((y / 26.0) ** 2) * bell((x - 30.0) / 60.0)
    dome = 14.0 * np.exp(-(((x - 112.0) / 28.0) ** 2) - ((y + 30.0) / 20.0) ** 2)
    heads = 1.5 * np.exp(-(((x - 160.0) / 15.0) ** 2) - (y / 20.0) ** 2)
    return np.asarray(wall + heel + dome + heads)


@pytest.fixture(scope="module")
def foot() -> Foot:
    return analytic_foot(foot_sole)


@pytest.fixture(scope="module")
def scanned(foot: Foot) -> ScannedSole:
    return scanned_sole(foot, BARE)


def low(field: HeightField, scanned: ScannedSole, below_mm: float = 14.0) -> BoolArray:
    """Tell which cells are sole, behind the ball, clear of the walls: what an insole of a usual cup covers."""
    x, y = np.broadcast_arrays(field.x, field.y)
    behind = scanned.plan.ahead_of_ball(np.column_stack([x.ravel(), y.ravel()])).reshape(x.shape) < -8.0
    return np.asarray(scanned.raw.seen & (scanned.raw.field.z < below_mm) & behind)


def change(scanned: ScannedSole, rx: Prescription) -> FloatArray:
    top = designed_top(scanned, rx)
    return np.asarray(top.field.z - top.sole.z)


def apex(top: Top, scanned: ScannedSole) -> float:
    line = quarter_line(top.sole, scanned.plan).arch(scanned.plan.length_mm)
    return float(top.field.at(line).max())


@pytest.mark.parametrize("index", [0, 1, 2, 3])
@pytest.mark.parametrize("clearance", [0.0, 2.5])
def test_without_doses_the_top_is_the_scanned_sole_plus_clearance(index: int, clearance: float) -> None:
    real = leg(index)
    rx = Prescription().changed(arch_fill_mm=0.0, clearance_mm=clearance, level_front=False)
    scanned = scanned_sole(real, rx)
    top = designed_top(scanned, rx)
    assert top.field is top.sole
    cells = low(top.field, scanned, 20.0)
    xyz = np.column_stack([np.broadcast_to(part, cells.shape)[cells] for part in (top.field.x, top.field.y)])
    xyz = np.column_stack([xyz, top.field.z[cells]])
    gap = RayScene(real.mesh).closest(xyz).distance - clearance
    assert cells.sum() > 40_000
    assert np.percentile(np.abs(gap), 99) < 0.10
    assert abs(np.median(gap)) < 0.02


def test_cover_and_clearance_make_one_gap(scanned: ScannedSole) -> None:
    both = designed_top(scanned, BARE.changed(clearance_mm=1.5, top_cover_mm=2.0)).field.z
    one = designed_top(scanned, BARE.changed(clearance_mm=3.5)).field.z
    assert np.array_equal(both, one)


def test_quieting_takes_noise_and_leaves_form() -> None:
    grid = HeightField(0.0, 0.0, 0.5, np.zeros((160, 120)))
    form = 1.5 * np.exp(-(((grid.x - 40.0) / 1.2) ** 2)) + 0.02 * (grid.y - 30.0) ** 2
    trusted = np.ones(form.shape, dtype=bool)
    noise = np.random.default_rng(0).normal(0.0, 0.02, form.shape)
    noisy = grid.replaced(form + noise)
    off = np.s_[10:60, 10:-10]
    quiet = denoised(noisy, 1.0, trusted)
    assert (quiet.z - form)[off].std() < 0.6 * noise.std()
    fold = np.s_[70:90, 10:-10]  # a crease so narrow that smoothing takes it
    assert np.abs(smoothed(noisy, 1.0).z - form)[fold].max() > 0.3
    assert np.abs(quiet.z - form)[fold].max() < 0.12
    loud = grid.replaced(form + 15.0 * noise)
    assert np.abs(denoised(loud, 1.0, trusted).z - smoothed(loud, 1.0).z)[off].max() < 0.05


def test_a_foot_is_cast_once_for_all_prescriptions(monkeypatch: pytest.MonkeyPatch, foot: Foot) -> None:
    casts: list[float] = []
    real = sole_module.plantar_height_field
    monkeypatch.setattr(sole_module, "plantar_height_field", lambda *args: casts.append(args[2]) or real(*args))
    first = scanned_sole(foot, BARE)
    assert scanned_sole(foot, BARE.changed(medial_skive_mm=2.0), first) is first
    assert scanned_sole(foot, BARE.changed(grid_mm=1.0), first).field.step == 1.0
    assert casts == [0.5, 1.0]
    smooth = scanned_sole(foot, BARE.changed(smoothing_mm=1.0), first)
    assert smooth.raw is first.raw and smooth.field is not first.field
    assert len(casts) == 2


def test_what_was_cast_of_another_foot_or_balance_is_not_taken(foot: Foot) -> None:
    first = scanned_sole(foot, BARE)
    marked = scanned_sole(replace(foot, landmarks=dict(foot.landmarks)), BARE, first)
    assert marked.raw is first.raw and marked.scan is not foot  # the same skin, though its landmarks may differ
    other = scanned_sole(replace(foot, mesh=replace(foot.mesh)), BARE, first)
    assert other.raw is not first.raw and other.scan is not foot
    turned = BARE.changed(cast_balance="inverted", balance_deg=4.0)
    inverted = scanned_sole(foot, turned, first)
    assert inverted.raw is not first.raw and inverted.foot is not first.foot
    assert scanned_sole(foot, turned, inverted) is inverted


def width_at(field: HeightField, x: float, height: float) -> tuple[float, float]:
    """Return the y at which a section first and last is below a height over its lowest point."""
    y = np.arange(field.y0, field.y[0, -1], 0.01)
    z = field.at(np.column_stack([np.full(len(y), x), y]))
    below = y[z < z.min() + height]
    return float(below[0]), float(below[-1])


def test_expansion_moves_the_sides_out(foot: Foot, scanned: ScannedSole) -> None:
    rx = BARE.changed(heel_expansion_mm=6.0, medial_expansion_mm=4.0, lateral_expansion_mm=2.0)
    wide, narrow = designed_top(scanned_sole(foot, rx), rx).sole, scanned.field
    for x, right, left in ((35.0, 3.0, 3.0), (20.0, 3.0, 3.0), (140.0, 4.0, 2.0)):  # medial is right on a left foot
        before, after = width_at(narrow, x, 12.0), width_at(wide, x, 12.0)
        assert before[0] - after[0] == pytest.approx(right, abs=0.1)
        assert after[1] - before[1] == pytest.approx(left, abs=0.1)
    rear = np.column_stack([np.arange(-2.0, 10.0), np.zeros(12)])
    assert np.abs(wide.at(rear) - narrow.at(rear)).max() < 0.05
    xy = np.column_stack([np.linspace(5.0, 160.0, 100), np.full(100, scanned.plan.heel[1])])
    assert np.abs(wide.at(xy) - narrow.at(xy)).max() < 0.1


@pytest.mark.parametrize("target", [8.0, 11.0])
def test_the_arch_gets_its_target(scanned: ScannedSole, target: float) -> None:
    top = designed_top(scanned, BARE.changed(arch_target_mm=target))
    assert apex(top, scanned) == pytest.approx(target, abs=0.05)
    assert (top.field.z <= top.sole.z + 1e-9).all()
    later = BARE.changed(arch_target_mm=target, heel_lift_mm=6.0, groove_mm=2.0, navicular_relief_mm=3.0)
    assert np.array_equal(designed_top(scanned, later).arched.z, top.field.z)


def test_the_arch_is_raised_a_little_but_never_far(foot: Foot, scanned: ScannedSole) -> None:
    scan = apex(designed_top(scanned, BARE), scanned)
    raised = designed_top(scanned, BARE.changed(arch_target_mm=round(scan + 1.5, 1)))
    assert apex(raised, scanned) == pytest.approx(round(scan + 1.5, 1), abs=0.05)
    assert 1.4 < (raised.field.z - raised.sole.z).max() < 2.5
    with pytest.raises(ScanError, match="rule arch-target-above-foot") as error:
        designed_top(scanned, BARE.changed(arch_target_mm=scan + 2.5))
    assert f"found an arch of {scan:.1f} mm" in str(error.value)
    with pytest.raises(ScanError, match="rule arch-target-hollow"):
        designed_top(scanned, BARE.changed(arch_target_mm=3.0))
    # A gap between foot and shell may be given up over the arch.
    gap = designed_top(scanned, BARE.changed(arch_target_mm=scan, clearance_mm=3.0))
    assert apex(gap, scanned) == pytest.approx(scan, abs=0.05)


@pytest.mark.parametrize("side", ["medial", "lateral"])
@pytest.mark.parametrize(("depth", "angle"), [(2.0, 15.0), (4.0, 15.0), (6.0, 20.0)])
def test_a_skive_is_as_deep_and_as_inclined_as_asked(
    scanned: ScannedSole, side: Side, depth: float, angle: float
) -> None:
    rx = BARE.changed(skive_angle_deg=angle, **{f"{side}_skive_mm": depth})
    top = designed_top(scanned, rx)
    made = top.field.z - top.sole.z
    assert made.max() == pytest.approx(depth, abs=0.01) and made.min() > -1e-9
    x, y = np.broadcast_arrays(top.field.x, top.field.y)
    plane = (made > 0.7 * depth) & (x < 0.19 * scanned.plan.length_mm)
    terms = np.column_stack([x[plane], y[plane], np.ones(plane.sum())])
    along, across, _ = np.linalg.lstsq(terms, top.field.z[plane], rcond=None)[0]
    outward = scanned.plan.medial_y if side == "medial" else -scanned.plan.medial_y
    assert np.rad2deg(np.arctan(outward * across)) == pytest.approx(angle, abs=0.05)
    assert abs(along) < 1e-3
    assert (outward * (y - scanned.plan.heel[1]))[made > 0.5 * depth].min() > -5.0
    assert np.abs(made[x > 0.33 * scanned.plan.length_mm]).max() < 1e-9


def test_a_lift_raises_the_heel_whole_and_the_ball_not_at_all(scanned: ScannedSole) -> None:
    made = change(scanned, BARE.changed(heel_lift_mm=9.0))
    x, y = np.broadcast_arrays(scanned.field.x, scanned.field.y)
    ahead = scanned.plan.ahead_of_ball(np.column_stack([x.ravel(), y.ravel()])).reshape(x.shape)
    assert made[x < HEEL_END * scanned.plan.length_mm] == pytest.approx(9.0, abs=1e-9)
    assert np.abs(made[ahead > 0.1]).max() < 1e-6 and made[ahead < -1.0].min() > 0.0
    assert (np.diff(made, axis=0) <= 1e-12).all()
    assert np.abs(np.diff(made, axis=0)).max() < 1.6 * 9.0 / 85.0 * 0.5


@pytest.mark.parametrize("way", ["inverted", "everted"])
@pytest.mark.parametrize("right", [False, True])
def test_balance_turns_the_foot(foot: Foot, way: Literal["inverted", "everted"], right: bool) -> None:
    start = mirrored(foot) if right else foot
    rx = BARE.changed(cast_balance=way, balance_deg=4.0)
    turned = balanced(start, rx.posts)
    assert balanced(start, BARE.posts) is start
    T = turned.T_foot_scan @ inverse(start.T_foot_scan)
    assert np.rad2deg(np.arctan2(T[2, 1], T[1, 1])) == pytest.approx(
        start.medial_y * (4.0 if way == "inverted" else -4.0), abs=1e-9
    )
    assert turned.mesh.vertices[:, 2].min() == pytest.approx(0.0, abs=1e-9)
    medial, lateral = turned.landmarks["metatarsale_tibiale"], turned.landmarks["metatarsale_fibulare"]
    rise = medial.xyz_mm[2] - lateral.xyz_mm[2]
    before = start.landmarks["metatarsale_tibiale"].xyz_mm[2] - start.landmarks["metatarsale_fibulare"].xyz_mm[2]
    assert (rise - before) * (1.0 if way == "inverted" else -1.0) == pytest.approx(90.0 * np.sin(np.deg2rad(4.0)), 0.1)
    assert np.allclose(turned.mesh.vertices[:, 0], start.mesh.vertices[:, 0])


def test_the_heel_is_set_upright() -> None:
    standing = leg(1)
    ends = {"longest_toe_tip": Landmark(standing.landmarks["second_toe_tip"].xyz_mm, "marked", 1.0)}
    raised = replace(standing, ground="support", landmarks={**standing.landmarks, **ends})
    rx = BARE.changed(cast_balance="heel_vertical")
    before, after = heel_angle_deg(FootShape(raised)).value, heel_angle_deg(FootShape(balanced(raised, rx.posts))).value
    assert before is not None and abs(before) > 1.0
    assert after == pytest.approx(0.0, abs=0.06)
    with pytest.raises(ScanError, match="rule balance-raised"):
        balanced(standing, rx.posts)
    cut = replace(raised, views=np.zeros_like(raised.views), landmarks=dict(raised.landmarks))
    with pytest.raises(ScanError, match="rule balance-heel-seen"):
        balanced(cut, rx.posts)


@pytest.mark.parametrize("word", ["varus", "valgus"])
@pytest.mark.parametrize("part", ["rearfoot", "forefoot"])
@pytest.mark.parametrize("degrees", [3.0, 6.0])
def test_an_intrinsic_post_makes_the_underside_a_plane(
    scanned: ScannedSole, part: str, word: str, degrees: float
) -> None:
    asked = {f"{part}_post_deg": degrees, f"{part}_post": word, f"{part}_posting": "intrinsic"}
    rx = BARE.changed(distal_edge_mm=3.0, **asked)
    top = designed_top(scanned, rx)
    below = erode_with_ball(top.field, 3.0)
    (post,) = intrinsic_posts(scanned.plan, rx)
    x, y = np.broadcast_arrays(below.x, below.y)
    outside = post.region.outside_mm(np.column_stack([x.ravel(), y.ravel()])).reshape(x.shape)
    inside = outside < -1.0
    terms = np.column_stack([x[inside], y[inside], np.ones(inside.sum())])
    fit, *_ = np.linalg.lstsq(terms, below.z[inside], rcond=None)
    assert inside.sum() > 300
    assert np.abs(terms @ fit - below.z[inside]).max() < 0.02
    raises_medial = 1.0 if word == "varus" else -1.0
    assert np.rad2deg(np.arctan(-scanned.plan.medial_y * raises_medial * fit[1])) == pytest.approx(degrees, abs=0.05)
    made = top.field.z - top.sole.z
    assert np.abs(made[outside > 40.0]).max() == 0.0
    assert made.max() < 2.5 and made.min() > -12.0


def test_a_full_length_has_no_toes() -> None:
    real = leg(0)
    rx = Prescription().changed(arch_fill_mm=0.0, length="full")
    scanned = scanned_sole(real, rx)
    top = designed_top(scanned, rx).field
    x, y = np.broadcast_arrays(top.x, top.y)
    ahead = scanned.plan.ahead_of_ball(np.column_stack([x.ravel(), y.ravel()])).reshape(x.shape)
    quarters = quarter_line(scanned.field, scanned.plan)
    middle = quarters.y - 0.25 * scanned.plan.medial_y * quarters.width_mm
    inner = np.abs(y - np.interp(x, quarters.x, middle)) < 0.22 * np.interp(x, quarters.x, quarters.width_mm)
    behind = ((ahead < -14.5) & inner) | (ahead < -65.0)
    assert np.array_equal(top.z[behind], scanned.field.z[behind])
    front = ahead > 8.5
    assert np.ptp(top.z[front]) < 15.0 and top.x[-1, 0] > real.mesh.vertices[:, 0].max() + 20.0
    bend = np.abs(np.diff(np.where(front, top.z, np.nan), 2, axis=0)) / top.step**2
    assert np.nanmax(bend) < 0.01
    heads = (np.abs(ahead) < 6.0) & (np.abs(y - 12.0) < 25.0)
    gap = scanned.field.z[heads] - top.z[heads]
    assert gap.min() > -1.5 and gap.max() < 4.0  # it lies at the lowest contact, not in the foot


@pytest.mark.parametrize("right", [False, True])
def test_pads_lie_where_they_are_asked(foot: Foot, right: bool) -> None:
    scanned = scanned_sole(mirrored(foot) if right else foot, BARE)
    plan = scanned.plan
    rx = BARE.changed(met_pad_mm=4.8, met_pad_back_mm=9.0)
    made, pad = change(scanned, rx), met_pad(plan, rx.pads)
    x, y = np.broadcast_arrays(scanned.field.x, scanned.field.y)
    assert made.max() == pytest.approx(4.8, abs=0.02)
    xy = np.column_stack([x.ravel(), y.ravel()])
    top = xy[made.argmax()]
    assert np.hypot(*(top - pad.centre)) < 0.6
    edge = plan.ahead_of_ball(xy[made.ravel() > 1e-4])
    assert edge.max() == pytest.approx(-9.0, abs=0.3)
    share = (top[1] - plan.tibiale[1]) / (plan.fibulare[1] - plan.tibiale[1])
    assert 0.45 < share < 0.62  # third ray
    bar = plan.ahead_of_ball(xy[change(scanned, BARE.changed(met_bar_mm=3.0, met_bar_back_mm=7.0)).ravel() > 1e-4])
    assert bar.max() == pytest.approx(-7.0, abs=0.4) and bar.min() > -7.0 - 30.0


def test_hollows_lie_under_their_bones(foot: Foot, scanned: ScannedSole) -> None:
    plan = scanned.plan
    for name, place, medial in (
        ("navicular", navicular_relief(plan, BARE.pads), True),
        ("cuboid", cuboid_relief(plan, BARE.pads), False),
    ):
        made = change(scanned, BARE.changed(**{f"{name}_relief_mm": 3.0}))
        assert made.min() == pytest.approx(-3.0, abs=0.02) and made.max() == 0.0
        assert (plan.medial_y * place.centre[1] > 10.0) == medial
        assert 0.3 < place.centre[0] / plan.length_mm < 0.45
    groove = fascia_groove(plan, BARE.pads)
    made = change(scanned, BARE.changed(groove_mm=2.0))
    x = np.broadcast_to(scanned.field.x, made.shape)
    assert made.min() == pytest.approx(-2.0, abs=0.02)
    assert plan.medial_y * groove.start[1] > 0.0 and plan.medial_y * groove.end[1] > 5.0
    assert x[made < -0.1].min() < 0.25 * plan.length_mm and x[made < -0.1].max() > 0.6 * plan.length_mm
    marked = {**foot.landmarks, "navicular": Landmark(np.array([104.0, -20.0, 30.0]), "marked", 1.0)}
    moved = scanned_sole(replace(foot, landmarks=marked), BARE).plan
    assert navicular_relief(moved, BARE.pads).centre == pytest.approx([104.0, -20.0])


def test_an_extension_lies_under_the_first_ray(foot: Foot) -> None:
    rx = BARE.changed(length="full", mortons_extension_mm=3.0, toe_crest_mm=4.0)
    scanned = scanned_sole(foot, rx)
    bare = designed_top(scanned, BARE.changed(length="full")).field
    made, plan = bare.replaced(designed_top(scanned, rx).field.z - bare.z), scanned.plan
    first, fifth = plan.on_ball(0.1, 10.0), plan.on_ball(0.85, 10.0)
    assert made.at(np.array([first, [245.0, first[1]], fifth, plan.on_ball(0.1, -20.0)])) == pytest.approx(
        [3.0, 3.0, 0.0, 0.0], abs=0.01
    )
    crest = made.at(np.array([plan.on_ball(0.6, ahead) for ahead in np.arange(5.0, 50.0, 0.5)]))
    assert crest.max() == pytest.approx(4.0, abs=0.02)
    assert made.at(np.array([plan.on_ball(0.1, 0.09 * plan.length_mm)]))[0] == pytest.approx(3.0, abs=0.05)


DOSES = {
    "arch_fill_mm": st.sampled_from([0.0, 1.6, 3.2, 6.4]),
    "medial_skive_mm": st.sampled_from([0.0, 2.0, 6.0]),
    "lateral_skive_mm": st.sampled_from([0.0, 3.0]),
    "heel_lift_mm": st.sampled_from([0.0, 4.0, 12.0]),
    "met_pad_mm": st.sampled_from([0.0, 4.8, 7.0]),
    "met_bar_mm": st.sampled_from([0.0, 3.0, 6.0]),
    "groove_mm": st.sampled_from([0.0, 2.0, 3.0]),
    "navicular_relief_mm": st.sampled_from([0.0, 4.0]),
    "cuboid_relief_mm": st.sampled_from([0.0, 4.0]),
    "clearance_mm": st.sampled_from([0.0, 1.0]),
    "heel_expansion_mm": st.sampled_from([0.0, 5.0]),
    "lateral_expansion_mm": st.sampled_from([0.0, 4.0]),
}


def sharpest(field: HeightField, cells: BoolArray, span_mm: float = 2.0) -> float:
    """Return the largest second difference over twice a span, 1/mm, along x and y in some cells."""
    k = round(span_mm / field.step)
    z = np.where(cells, field.z, np.nan)
    along_x = z[2 * k :] - 2.0 * z[k:-k] + z[: -2 * k]
    along_y = z[:, 2 * k :] - 2.0 * z[:, k:-k] + z[:, : -2 * k]
    return max(float(np.nanmax(np.abs(part))) for part in (along_x, along_y)) / span_mm**2


@pytest.mark.slow
@settings(max_examples=30)
@given(st.fixed_dictionaries(DOSES))
def test_any_doses_together_make_no_ridge(foot: Foot, doses: dict[str, float]) -> None:
    rx = BARE.changed(**doses)
    scanned = scanned_sole(foot, rx)
    top = designed_top(scanned, rx)
    added = top.field.replaced(top.field.z - top.sole.z)
    cells = low(added, scanned)
    assert sharpest(added, cells) < 0.5  # a radius of 2 mm, at the bottom of the deepest groove
    asked = sum(doses[name] for name in ("medial_skive_mm", "lateral_skive_mm", "heel_lift_mm", "met_pad_mm"))
    assert added.z.max() <= asked + doses["met_bar_mm"] + 1e-6
    taken = sum(doses[name] for name in ("arch_fill_mm", "groove_mm", "navicular_relief_mm", "cuboid_relief_mm"))
    assert added.z.min() >= -taken - 1e-6


def test_doses_add_up(scanned: ScannedSole) -> None:
    alone = [{"arch_fill_mm": 3.2}, {"met_pad_mm": 4.0}, {"groove_mm": 2.0}, {"heel_lift_mm": 5.0}]
    together: dict[str, float] = {}
    for one in alone:
        together |= one
    total = sum(change(scanned, BARE.changed(**one)) for one in alone)
    assert np.abs(change(scanned, BARE.changed(**together)) - total).max() < 1e-9


def test_left_and_right_are_mirrored(foot: Foot) -> None:
    rx = BARE.changed(arch_fill_mm=3.2, medial_skive_mm=4.0, heel_lift_mm=4.0, met_pad_mm=4.8, groove_mm=2.0,
        navicular_relief_mm=2.0, cuboid_relief_mm=2.0, medial_expansion_mm=3.0, clearance_mm=1.0, length="full",
        mortons_extension_mm=3.0, toe_crest_mm=3.0, rearfoot_post_deg=4.0, rearfoot_posting="intrinsic",
        cast_balance="inverted", balance_deg=3.0,
    )  # fmt: skip
    left, right = (designed_top(scanned_sole(one, rx), rx).field for one in (foot, mirrored(foot)))
    x, y = np.meshgrid(np.arange(5.0, 255.0, 1.7), np.arange(-35.0, 35.0, 1.7), indexing="ij")
    xy = np.column_stack([x.ravel(), y.ravel()])
    assert np.abs(left.at(xy) - right.at(xy * np.array([1.0, -1.0]))).max() < 0.01


def test_a_wedge_is_straight_with_round_ends() -> None:
    t = np.linspace(-0.5, 1.5, 2001)
    rise = eased(t, 0.0, 1.0)
    assert rise[0] == 0.0 and rise[-1] == 1.0 and rise[1000] == pytest.approx(0.5)
    slope = np.diff(rise) / np.diff(t)
    assert slope.max() == pytest.approx(4.0 / 3.0, abs=1e-3) and np.abs(np.diff(slope)).max() < 0.01
