"""What lies below the even wall: posts and lifts at their angles and heights, letters where they can be read."""

from __future__ import annotations

import numpy as np
import pytest
from insole_feet import analytic_foot, bowl_sole, mirrored

from scanproc.anatomy.foot_plan import FootPlan
from scanproc.artifacts import Foot, Mesh
from scanproc.design.posts import Post, Region, forefoot_post, rearfoot_post
from scanproc.design.shape import Design, design
from scanproc.design.underside import Platform
from scanproc.errors import ScanError
from scanproc.frames import FloatArray, rotation_about
from scanproc.prescription.fields import Prescription
from scanproc.solid.letters import lettering
from scanproc.solid.resting_plane import stable_pose

BARE = Prescription()
LEFT = FootPlan(-1.0, 250.0, np.array([180.0, -45.0]), np.array([160.0, 45.0]), np.array([37.0, 1.0]), 60.0)
RIGHT = FootPlan(1.0, 250.0, np.array([180.0, 45.0]), np.array([160.0, -45.0]), np.array([37.0, -1.0]), 60.0)


@pytest.fixture(scope="module")
def bowl() -> Foot:
    return analytic_foot(bowl_sole)


def asked(foot: Foot, **doses: object) -> Design:
    return design(foot, Prescription().changed(**{"grid_mm": 1.0, **doses}))


def underside(of: Design, xy: FloatArray) -> FloatArray:
    """The underside where the even wall is far above: platforms and letters alone."""
    return of.underside.applied(xy, np.full(len(xy), 60.0))


def grid_in(region: Region) -> FloatArray:
    u, v = np.meshgrid(np.linspace(-0.7, 0.7, 9), np.linspace(-0.7, 0.7, 9))
    across = np.array([-region.along[1], region.along[0]])
    return (
        region.centre
        + u.reshape(-1, 1) * region.half_length * region.along
        + v.reshape(-1, 1) * region.half_width * across
    )


@pytest.mark.parametrize("plan", [LEFT, RIGHT], ids=["left", "right"])
@pytest.mark.parametrize(("word", "low"), [("varus", 1.0), ("valgus", -1.0)])
def test_a_post_lies_lower_on_the_side_that_it_raises(plan: FootPlan, word: str, low: float) -> None:
    for made in (
        rearfoot_post(plan, Prescription().changed(rearfoot_post_deg=4.0, rearfoot_post=word)),
        forefoot_post(plan, Prescription().changed(forefoot_post_deg=4.0, forefoot_post=word).posts, 8.0),
    ):
        assert made is not None
        y = made.ridge_y + plan.medial_y * low * 10.0
        rise = made.rise_at(np.array([[40.0, y], [20.0, y]]))
        assert rise == pytest.approx(-10.0 * np.tan(np.deg2rad(4.0)))  # and none along the foot


def test_a_motion_lets_the_insole_roll_from_the_post_s_angle() -> None:
    post = rearfoot_post(LEFT, Prescription().changed(rearfoot_post_deg=4.0, rearfoot_motion_deg=4.0))
    assert post is not None
    medial, lateral = post.rise_at(np.array([[40.0, 1.0 - 10.0], [40.0, 1.0 + 10.0]]))
    assert medial == pytest.approx(0.0)  # the second plane is level
    assert lateral == pytest.approx(10.0 * np.tan(np.deg2rad(4.0)))


def test_without_doses_there_is_no_post() -> None:
    assert rearfoot_post(LEFT, Prescription()) is None
    assert forefoot_post(LEFT, Prescription().posts, 8.0) is None


def test_a_region_knows_how_far_points_lie_outside() -> None:
    region = Region(np.array([10.0, 0.0]), np.array([0.0, 1.0]), 20.0, 10.0)
    xy = np.array([[10.0, 0.0], [10.0, 23.0], [24.0, 0.0], [10.0, 20.0]])
    assert region.outside_mm(xy) == pytest.approx([-10.0, 3.0, 4.0, 0.0])
    corner = np.array([[10.0 + 10.0, 20.0]])  # cut off by the rounding: 8 (sqrt 2 - 1)
    assert region.outside_mm(corner) == pytest.approx([8.0 * (np.sqrt(2.0) - 1.0)])


@pytest.mark.parametrize("angle", [2.0, 6.0])
def test_the_platform_under_the_heel_has_the_post_s_angle(bowl: Foot, angle: float) -> None:
    made = asked(bowl, rearfoot_post_deg=angle, side_mark=False)
    post = rearfoot_post(made.plan, made.rx)
    assert post is not None
    xy = grid_in(post.region)
    z = underside(made, xy)
    (slope_x, slope_y, _), misfit, *_ = np.linalg.lstsq(np.column_stack([xy, np.ones(len(xy))]), z, rcond=None)
    assert abs(float(misfit[0])) < 1e-12
    assert np.rad2deg(np.arctan(slope_y)) == pytest.approx(angle, abs=1e-6)  # a left foot: medial, -y, is low
    assert slope_x == pytest.approx(0.0, abs=1e-9)


def test_a_post_only_adds_material_and_touches_the_wall(bowl: Foot) -> None:
    made = asked(bowl, rearfoot_post_deg=5.0, side_mark=False)
    post = rearfoot_post(made.plan, made.rx)
    assert post is not None
    xy = np.stack(np.meshgrid(np.arange(5.0, 75.0, 0.5), np.arange(-45.0, 45.0, 0.5)), axis=-1).reshape(-1, 2)
    xy = xy[post.region.inside(xy)]
    assert made.even is not None
    even = made.even.bottom.at(xy)
    room = even - made.underside.applied(xy, even)
    assert 0.0 <= room.min() < 0.1


def test_a_lift_s_platform_stays_down_by_the_lift(bowl: Foot) -> None:
    low, lifted = (asked(bowl, heel_lift_mm=lift, side_mark=False) for lift in (2.0, 7.0))
    xy = grid_in(low.underside.platforms[0].post.region)
    top_rise = float(np.median(lifted.top.at(xy) - low.top.at(xy)))
    rise = float(np.median(underside(lifted, xy) - underside(low, xy)))
    assert rise == pytest.approx(top_rise - 5.0, abs=0.1)  # the wedge begins just behind the platform's end


def test_a_block_has_a_flat_base_everywhere(bowl: Foot) -> None:
    made = asked(bowl, style="block", side_mark=False)
    inner = made.outline.mean(axis=0) + 0.95 * (made.outline - made.outline.mean(axis=0))
    z = underside(made, inner)
    assert np.ptp(z) < 1e-9
    assert float(made.top_at(inner).min() - z.min()) >= made.rx.thickness.distal_edge_mm


def test_the_arch_s_support_reaches_the_ground(bowl: Foot) -> None:
    made = asked(bowl, arch_support=True, side_mark=False)
    (platform,) = made.underside.platforms
    assert platform.ridge_z == pytest.approx(made.underside.ground_z, abs=0.1)
    medial = platform.post.region.centre[1] * made.plan.medial_y
    assert medial > 5.0


def test_a_platform_without_anything_above_it_is_its_planes_with_sloping_sides() -> None:
    region = Region(np.zeros(2), np.array([1.0, 0.0]), 20.0, 15.0)
    platform = Platform(Post("rearfoot", region, 0.0, (0.1,)), -2.0)
    xy = np.array([[0.0, 0.0], [0.0, 10.0], [24.0, 0.0], [30.0, 0.0]])
    z = platform.applied(xy, np.full(4, 50.0))
    assert z[:2] == pytest.approx([-2.0, -1.0])
    assert np.rad2deg(np.arctan((z[3] - z[2]) / 6.0)) == pytest.approx(64.8, abs=1.5)


def test_a_right_foot_gets_the_mirrored_underside(bowl: Foot) -> None:
    doses = {"rearfoot_post_deg": 4.0, "forefoot_post_deg": 3.0, "heel_lift_mm": 3.0, "side_mark": False}
    left, right = asked(bowl, **doses), asked(mirrored(bowl), **doses)
    for here, there in zip(left.underside.platforms, right.underside.platforms, strict=True):
        xy = grid_in(here.post.region)
        # The rays that find the heel's borders hit the seams of this coarse foot either way.
        assert there.height_at(xy * [1.0, -1.0]) == pytest.approx(here.height_at(xy), abs=0.03)


# ------------------------------------------------------------------------------------------------------- letters


def test_letters_are_as_high_as_asked() -> None:
    one = lettering("L", 6.0)
    v, u = np.nonzero(one.distance_mm < 0.0)
    assert np.ptp(v) * one.step_mm == pytest.approx(6.3, abs=0.25)  # with a little boldness
    assert 2.0 < np.ptp(u) * one.step_mm < 5.0


def test_an_l_has_its_foot_below_and_to_the_right() -> None:
    one = lettering("L", 10.0)
    ink = one.distance_mm < 0.0
    rows, columns = np.nonzero(ink)
    lower = ink[rows.min() + 2]  # rows count upwards
    assert lower.sum() > 3 * ink[rows.max() - 2].sum()
    assert np.flatnonzero(ink[rows.max() - 2]).mean() < columns.mean()


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_side_stands_under_the_arch_and_reads_from_below(bowl: Foot, side: str) -> None:
    made = asked(bowl if side == "left" else mirrored(bowl))
    marks = made.underside.marks
    assert marks is not None
    assert (marks.text, marks.form) == ("L" if side == "left" else "R", "raised")
    # Seen from below with x to the right, y points down: the letter's raster and the solid's must agree.
    v, u = np.nonzero(marks.letters.distance_mm < -0.1)
    uv = (np.column_stack([u, v]) - 0.5 * (np.array(marks.letters.distance_mm.T.shape) - 1)) * marks.letters.step_mm
    xy = marks.centre + uv * [1.0, -1.0]
    assert marks.lowering(xy[::50]).min() > 0.5 * marks.height_mm
    assert marks.lowering(xy * [1.0, -1.0] + [40.0, 0.0]).max() == 0.0


def test_a_text_that_finds_no_room_is_refused_by_its_rule(bowl: Foot) -> None:
    with pytest.raises(ScanError, match="text-fits"):
        asked(bowl, text="this is much too long to be read below an arch of seventy millimetres")


def test_without_mark_and_text_nothing_is_written(bowl: Foot) -> None:
    assert asked(bowl, side_mark=False).underside.marks is None


def test_letters_on_a_thick_base_are_engraved(bowl: Foot) -> None:
    marks = asked(bowl, style="block").underside.marks
    assert marks is not None
    assert marks.form == "engraved"
    ink = marks.lowering(
        np.stack(np.meshgrid(*([np.arange(-5.0, 5.0, 0.2)] * 2)), axis=-1).reshape(-1, 2) + marks.centre
    )
    assert ink.min() == pytest.approx(-marks.height_mm, abs=0.01)
    assert ink.max() <= 0.0


# -------------------------------------------------------------------------------------------------- on the bed


def wedge(angle_deg: float, turned: FloatArray) -> Mesh:
    """A box of 40 x 20 x 10 whose base falls by an angle towards +y, turned."""
    drop = 20.0 * np.tan(np.deg2rad(angle_deg))
    base = np.array([[0, 0, 0], [40, 0, 0], [40, 20, -drop], [0, 20, -drop]], dtype=float)
    top = base * [1.0, 1.0, 0.0] + [0.0, 0.0, 10.0]
    faces = [[0, 2, 1], [0, 3, 2], [4, 5, 6], [4, 6, 7]]
    for i in range(4):
        j = (i + 1) % 4
        faces += [[i, j, 4 + j], [i, 4 + j, 4 + i]]
    return Mesh(np.vstack([base, top]) @ turned.T, np.array(faces, dtype=np.int32))


@pytest.mark.parametrize("angle", [0.0, 4.0, 10.0])
def test_a_solid_lies_on_its_tilted_base(angle: float) -> None:
    solid = wedge(angle, rotation_about(np.array([0.0, 0.0, 1.0]), 0.4))
    T_bed_foot = stable_pose(solid)
    lying = solid.vertices @ T_bed_foot[:3, :3].T + T_bed_foot[:3, 3]
    assert lying[:4, 2] == pytest.approx(0.0, abs=1e-9)
    assert lying.min(axis=0) == pytest.approx(0.0, abs=1e-9)
    assert np.linalg.det(T_bed_foot[:3, :3]) == pytest.approx(1.0)


def test_a_base_that_something_hangs_below_is_not_stood_on() -> None:
    solid = wedge(6.0, np.eye(3))
    spike = np.array([[20.0, 10.0, -30.0], [20.5, 10.0, -20.0], [20.0, 10.5, -20.0], [20.0, 10.0, -19.0]])
    with_spike = Mesh(
        np.vstack([solid.vertices, spike]),
        np.vstack([solid.faces, np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]]) + 8]).astype(np.int32),
    )
    T_bed_foot = stable_pose(with_spike)
    assert T_bed_foot[:3, :3] == pytest.approx(np.eye(3))
