"""Poses against the truth of recordings, and bad views and recordings refused by name and number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import posed
import pytest
from recordings import HELD, T_mesh_scan, cleaned, leg, pose_errors, recorded, registered, textbook

from scanproc.artifacts import CleanViews, CloudFrame, DepthFrame, Mesh, Recording, Registration, ViewPose
from scanproc.errors import ScanError
from scanproc.frames import FloatArray, inverse, rotation_about, rotation_angle_rad, transform
from scanproc.open3d_bridge import RayScene
from scanproc.parallel import using_workers
from scanproc.registration import incremental, still_views
from scanproc.registration.agreement import Ranking
from scanproc.registration.candidates import SearchLimits
from scanproc.registration.incremental import Poses
from scanproc.registration.movement import Movement
from scanproc.registration.sampled_views import SampledViews
from scanproc.simulation.bodies import box, floor
from scanproc.simulation.motions import look_at
from scanproc.simulation.render import Body, render
from scanproc.simulation.scene import Scene
from scanproc.simulation.simulate import simulate
from scanproc.simulation.truth import Simulation
from scanproc.stages.clean import CleanConfig, clean
from scanproc.stages.register import RegisterConfig, register

# ----------------------------------------------------------------------------------------------- against the truth


def test_views_of_a_standing_foot_are_where_they_were() -> None:
    registration = registered("standing")
    assert [view.accepted for view in registration.views] == [True] * 12
    assert registration.floor_seen
    errors = pose_errors(registration, recorded("standing"))
    # The foot itself sways by 0.3 mm and 0.1 deg from view to view, which the truth includes.
    assert np.median(errors, axis=0) == pytest.approx([0.08, 0.2], abs=0.08)
    assert errors[:, 0].max() < 0.4
    assert errors[:, 1].max() < 0.6


def test_the_floor_is_at_zero_and_up_is_up() -> None:
    T = T_mesh_scan(registered("standing"), recorded("standing"))
    corners = np.array([[0.0, 0.0, 0.0], [240.0, 0.0, 0.0], [120.0, 80.0, 0.0]])
    assert np.abs(transform(np.linalg.inv(T), corners)[:, 2]).max() < 0.15
    assert T[2, 2] > 0.9999


def test_views_of_a_raised_foot_are_where_they_were() -> None:
    registration = registered("raised")
    assert sum(view.accepted for view in registration.views) >= 23
    assert not registration.floor_seen
    errors = pose_errors(registration, recorded("raised"))
    assert np.median(errors, axis=0) == pytest.approx([0.13, 0.2], abs=0.1)
    assert errors[:, 0].max() < 0.3
    assert errors[:, 1].max() < 0.5


def test_residuals_are_those_of_the_noise() -> None:
    for name, low_mm, high_mm in (("standing", 0.8, 1.8), ("raised", 0.5, 1.5)):
        rms = [view.residual_rms_mm for view in registered(name).views if view.residual_rms_mm is not None]
        assert low_mm < np.median(rms) < high_mm


@cache
def perfect(*names: str, stands: bool = True) -> CleanViews:
    """Return perfect views all round the named things."""
    angles = [(360.0 * k / len(names), 25.0 + 3.0 * (k % 3)) for k in range(len(names))]
    return CleanViews(
        tuple(posed.view(*angle, name, stands) for name, angle in zip(names, angles, strict=True))
    )  # fmt: skip


def errors_of(views: Sequence[ViewPose]) -> FloatArray:
    """Return (N, 2) degrees and mm by which the accepted ones of `perfect` views are off."""
    found = {k: one.T_scan_camera for k, one in enumerate(views) if one.T_scan_camera is not None}
    truth = {k: posed.pose(360.0 * k / len(views), 25.0 + 3.0 * (k % 3)) for k in found}
    return posed.errors(found, truth)


@pytest.mark.parametrize("stands", [True, False])
def test_perfect_views_are_placed_perfectly(stands: bool) -> None:
    """A tenth of a pixel of these small images is 0.2 mm."""
    registration = register(perfect(*["leg"] * 12, stands=stands), HELD, RegisterConfig())
    assert [view.accepted for view in registration.views] == [True] * 12
    assert errors_of(registration.views).max() < 0.05
    assert registration.floor_seen == stands
    first = registration.views[0].T_scan_camera
    assert first is not None
    if stands:
        np.testing.assert_allclose(first[2], posed.pose(0.0, 25.0)[2], atol=0.01)
    else:
        np.testing.assert_allclose(first, np.eye(4), atol=1e-9)  # the first camera's frame


@cache
def turntable() -> tuple[Simulation, CleanViews]:
    """Return eight views at 45 deg of two standing feet as loose clouds: white noise of 0.3 mm, no floor left."""
    simulation = simulate(
        leg(),
        textbook(path="turntable", camera="d435", views=8, pair=True, sway_mm=0.0, sway_deg=0.0, image_scale=0.5,
            artefacts=False, noise=0.0, depth_unit_mm=0.02,
        ),
    )  # fmt: skip
    rng = np.random.default_rng(1)
    clouds = []
    for frame, true in zip(simulation.recording.frames, simulation.views, strict=True):
        assert isinstance(frame, DepthFrame)
        v, u = np.nonzero(frame.depth)
        z, camera = frame.depth[v, u] * frame.depth_unit_mm, frame.intrinsics
        points = np.column_stack([(u - camera.cx) / camera.fx * z, (v - camera.cy) / camera.fy * z, z])
        height = transform(true.T_mesh_camera, points)[:, 2]
        points = rng.permutation(points[(height > 3.0) & (height < 330.0)])
        clouds.append(CloudFrame(frame.name, points + 0.3 * rng.standard_normal(points.shape)))
    return simulation, clean(Recording(tuple(clouds)), CleanConfig())


def test_eight_wide_steps_on_a_turntable_close_their_loop() -> None:
    simulation, views = turntable()
    registration = register(views, HELD, RegisterConfig())
    assert [view.accepted for view in registration.views] == [True] * 8
    assert not registration.floor_seen
    middle = np.array([[110.0, 0.0, 60.0]])
    for one in range(8):
        other = (one + 1) % 8
        a, b = (registration.views[k].T_scan_camera for k in (one, other))
        true_a, true_b = (simulation.views[k].T_mesh_camera for k in (one, other))
        assert a is not None and b is not None
        off = true_a @ inverse(a) @ b @ inverse(true_b)
        assert np.degrees(rotation_angle_rad(off[:3, :3])) < 0.2
        assert np.linalg.norm(transform(off, middle) - middle) < 0.4


# ----------------------------------------------------------------------------------------------------- bad views


def check_reason(reason: str | None) -> None:
    """A reason ends with a number, and the setting that it falls short of or exceeds."""
    found = re.search(r"(\d+(?:\.\d+)?) [a-zA-Z ]*([<>]) (?:register\.\w+ )?(\d+(?:\.\d+)?)", reason or "")
    assert found, reason
    number, sign, limit = float(found[1]), found[2], float(found[3])
    assert number < limit if sign == "<" else number > limit, reason
    assert re.search(r"register\.\w+", reason or ""), reason


def check_faults(registration: Registration, simulation: Simulation) -> None:
    for true, view in zip(simulation.views, registration.views, strict=True):
        assert view.name == true.name
        assert view.accepted == (true.fault is None), (view.name, true.fault, view.reason)
        if not view.accepted and not re.fullmatch(r"the same image as view \d{6}", view.reason or ""):
            assert true.fault != "duplicate"
            check_reason(view.reason)


def test_bad_views_are_rejected_by_name_with_a_number() -> None:
    simulation, registration = recorded("with bad views"), registered("with bad views")
    assert {view.fault for view in simulation.views} == {None, "blank", "bent", "other", "duplicate"}
    check_faults(registration, simulation)
    errors = pose_errors(registration, simulation)
    assert errors[:, 0].max() < 0.6
    assert 0.05 < np.median(errors[:, 1]) < 0.35


@pytest.mark.few(2)
@pytest.mark.parametrize("stands", [True, False])
@pytest.mark.parametrize("odd", ["bent", "box", "right"])
def test_an_odd_view_is_found_wherever_it_is(odd: str, stands: bool) -> None:
    for where in (0, 5):
        names = ["leg"] * 12
        names[where] = odd
        views = register(perfect(*names, stands=stands), HELD, RegisterConfig()).views
        assert [view.accepted for view in views] == [name == "leg" for name in names]
        check_reason(views[where].reason)
        assert errors_of(views).max() < 0.05


def test_a_duplicate_of_a_good_view_names_it() -> None:
    views = cleaned("standing").views[:6]
    doubled = CleanViews((*views, replace(views[2], name="again")))
    registration = register(doubled, HELD, RegisterConfig())
    assert registration.views[6].reason == f"the same image as view {views[2].name}"
    assert [view.accepted for view in registration.views] == [True] * 6 + [False]


def test_blank_views_are_left_out_with_their_number_of_points() -> None:
    views = list(perfect(*["leg"] * 12).views)
    views[4] = replace(views[4], depth_mm=np.zeros_like(views[4].depth_mm))
    poses = register(CleanViews(tuple(views)), HELD, RegisterConfig()).views
    assert [view.accepted for view in poses] == [True] * 4 + [False] + [True] * 7
    assert poses[4].reason == "0 points of a foot < register.min_points 1000"
    few = int((views[0].depth_mm > 0).sum()) + 1
    with pytest.raises(ScanError, match=rf"view leg 0: {few - 1} points of a foot < register.min_points {few}"):
        register(CleanViews(tuple(views[:1])), HELD, RegisterConfig(min_points=few))


# ------------------------------------------------------------------------------------------------ refused as a whole


def refusal(views: CleanViews, config: RegisterConfig | None = None) -> str:
    """Return the one line in which a recording is refused."""
    with pytest.raises(ScanError) as caught:
        register(views, HELD, config or RegisterConfig())
    message = str(caught.value)
    assert "\n" not in message
    assert "Record" in message
    return message


def test_views_without_a_foot_are_refused_together() -> None:
    views = tuple(replace(view, depth_mm=np.zeros_like(view.depth_mm)) for view in cleaned("standing").views[:5])
    message = refusal(CleanViews(views))
    assert "view 000000: 0 points of a foot < register.min_points 1000" in message
    assert "and 1 more" in message


def test_half_of_the_views_of_another_foot_are_refused() -> None:
    message = refusal(perfect(*["leg", "right"] * 6), RegisterConfig(min_share=0.6))
    assert re.match(r"only 6 of 12 views fit together \(register.min_views = 4, min_share = 0.6 of 12 that", message)
    assert re.search(r"view right 30: fits no other view: \w+ 0\.\d\d < register\.min_place_\w+ 0\.\d\d", message)


def test_of_a_foot_that_leans_in_half_of_the_views_the_others_are_taken() -> None:
    """The leg leans by 2 deg in every other view; the first group is as good as the second."""
    registration = register(perfect(*["leg", "leaning"] * 6), HELD, RegisterConfig())
    assert [view.accepted for view in registration.views] == [True, False] * 6
    assert errors_of(registration.views).max() < 0.2
    for view in registration.views[1::2]:
        found = re.match(
            r"the foot moved: \d+ % of it lies (\d\.\d) mm off, noise 0\.\d mm \(movement", str(view.reason)
        )
        assert found and 1.0 < float(found[1]) < 2.0


def test_a_foot_that_moves_whichever_views_are_left_out_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    moves = iter(Movement((view,), 3.14, 0.62, 0.061, 700.2) for view in range(12))
    monkeypatch.setattr(still_views, "find_movement", lambda *_: next(moves))
    message = refusal(perfect(*["leg"] * 12), RegisterConfig())
    assert (
        "the foot moved: 6 % of it lies 3.1 mm off, noise 0.6 mm (movement 701 > register.max_movement 90)" in message
    )
    assert "whichever views are left out" in message
    assert next(moves).moved == (4,)  # three times views were left out, then it was looked at once more


def test_a_foot_that_leans_in_half_of_the_views_is_refused_by_their_strain() -> None:
    strain_alone = RegisterConfig(max_strain_mm=0.15, max_strain_sd=0.0, max_movement=1e6, max_bend=1e6)
    message = refusal(perfect(*["leg", "leaning"] * 6), strain_alone)
    found = re.search(r"would rather lie (\d\.\d\d) mm .*most 0\.15 by register.max_strain_mm = 0.15", message)
    assert found and 0.15 < float(found[1]) < 0.5
    # One that stands still is not.
    register(perfect(*["leg"] * 12), HELD, RegisterConfig(max_strain_mm=0.02, max_strain_sd=0.0))


@cache
def strangers() -> CleanViews:
    """Return views of a different object each, on a floor: boxes of all shapes and a foot."""
    rng = np.random.default_rng(3)
    camera = recorded("standing").recording.frames[0]
    assert isinstance(camera, DepthFrame)
    frames = []
    for index in range(6):
        size = rng.uniform([50.0, 40.0, 40.0], [260.0, 200.0, 250.0])
        thing = box(np.array([0.0, 0.0, size[2] / 2.0]), size) if index else leg()
        turned = Mesh(thing.vertices @ rotation_about(np.array([0, 0, 1.0]), float(index)).T, thing.faces)
        pose = look_at(np.array([330.0, 60.0 * index - 150.0, 220.0]), np.array([0.0, 0.0, 50.0]))
        image = render([Body(RayScene(turned), pose), Body(RayScene(floor(0.0)), pose)], camera.intrinsics)
        depth = np.where(image.depth_mm < 3000.0, image.depth_mm, 0.0) + rng.normal(scale=0.5, size=camera.depth.shape)
        frames.append(DepthFrame(f"thing{index}", np.rint(depth).clip(0).astype(np.uint16), 1.0, camera.intrinsics))
    return clean(Recording(tuple(frames)), CleanConfig())


def test_views_of_different_things_are_refused() -> None:
    message = refusal(strangers())
    assert re.match(r"only \d of 6 views fit together \(register.min_views = 4, ", message)
    assert len(re.findall(r"view thing\d: [^;]*0\.\d\d < register\.min_", message)) == 4
    assert "and " in message


def test_too_few_views_are_refused() -> None:
    message = refusal(CleanViews(perfect(*["leg"] * 12).views[:3]))
    assert "only 3 of 3 views fit together" in message
    assert ": ." not in message  # no view has a reason against it
    assert "only 0 of 1 views fit together" in refusal(CleanViews(perfect(*["leg"] * 12).views[:1]))


# ------------------------------------------------------------------------------------------------------- repeated


@pytest.mark.parametrize("workers", [1, 3])
def test_the_same_views_give_the_same_poses_to_the_last_bit(workers: int) -> None:
    with using_workers(workers):
        again = register(cleaned("standing"), HELD, RegisterConfig())
    for one, two in zip(registered("standing").views, again.views, strict=True):
        assert one.T_scan_camera is not None
        assert two.T_scan_camera is not None
        assert one.T_scan_camera.tobytes() == two.T_scan_camera.tobytes()
        assert one.residual_rms_mm == two.residual_rms_mm


# ----------------------------------------------------------------------------------------------------------- slow


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_bad_views_of_a_raised_foot_are_rejected(seed: int) -> None:
    config = textbook(path="raised", camera="d405", views=36, bad_views=0.12, seed=seed)
    simulation = simulate(leg(), config)
    registration = register(clean(simulation.recording, CleanConfig()), HELD, RegisterConfig())
    let_in = [k for k, view in enumerate(registration.views) if view.accepted and simulation.views[k].fault]
    lost = [k for k, view in enumerate(registration.views) if not (view.accepted or simulation.views[k].fault)]
    assert all(share_bent(simulation, k) < 0.12 for k in let_in)  # the sole stays as it was
    assert len(lost) <= 1
    for view in registration.views:
        if not view.accepted and "the same image" not in (view.reason or ""):
            check_reason(view.reason)
    errors = pose_errors(registration, simulation)
    assert errors[:, 0].max() < 0.3
    assert errors[:, 1].max() < 0.6


def share_bent(simulation: Simulation, index: int) -> float:
    """Return the share of a view's pixels whose depth a bent ankle changes by more than 3 mm."""
    view, config = simulation.views[index], simulation.config
    scene = Scene([simulation.mesh], config.path, config.leg_mm, config.background_mm)
    frame = simulation.recording.frames[index]
    assert isinstance(frame, DepthFrame) and view.fault == "bent"
    bent, straight = (
        np.nan_to_num(render(scene.bodies([view.T_mesh_camera], view.T_mesh_camera, fault), frame.intrinsics).depth_mm)
        for fault in (view.fault, None)
    )
    return float((np.abs(bent - straight) > 3.0)[frame.depth > 0].mean())


@pytest.mark.slow
def test_a_bent_ankle_is_noticed_in_coarse_images() -> None:
    config = textbook(path="raised", camera="d405", views=20, image_scale=0.5, bad_views=0.2, seed=1)
    simulation = simulate(leg(), config)
    registration = register(clean(simulation.recording, CleanConfig()), HELD, RegisterConfig())
    bent = [index for index, view in enumerate(simulation.views) if view.fault == "bent"]
    assert bent
    assert not any(registration.views[index].accepted for index in bent)


@pytest.mark.slow
def test_a_raised_foot_in_few_wide_steps_is_held_by_what_overlaps() -> None:
    """Sixteen views in steps of 45 deg: what is let in is right, and what is not says why."""
    simulation = simulate(leg(), textbook(path="raised", camera="d405", views=16))
    registration = register(clean(simulation.recording, CleanConfig()), HELD, RegisterConfig())
    assert sum(view.accepted for view in registration.views) >= 8
    for view in registration.views:
        if not view.accepted:
            check_reason(view.reason)
    errors = pose_errors(registration, simulation)
    assert errors[:, 0].max() < 0.3
    assert errors[:, 1].max() < 0.5


def test_what_lets_a_view_in_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every number that decides reaches the search which it is for; none falls below what a place takes at least."""
    asked: dict[str, list[SearchLimits]] = {"seed": [], "submap": [], "grow": []}

    def register_incrementally(views: SampledViews, limits: SearchLimits) -> list[Poses]:
        asked["seed"].append(limits)
        groups = incremental.register_incrementally(views, limits)
        return [{index: pose for index, pose in groups[0].items() if index < 8}, {9: np.eye(4), 10: np.eye(4)}]

    def merge_submap(views: SampledViews, group: Poses, main: Poses, limits: SearchLimits) -> None:
        asked["submap"].append(limits)

    def register_more(views: SampledViews, placed: Poses, limits: SearchLimits, candidates: range) -> object:
        asked["grow"].append(limits)
        return incremental.register_more(views, placed, limits, candidates)

    for replacement in (register_incrementally, merge_submap, register_more):
        monkeypatch.setattr(f"scanproc.registration.global_registration.{replacement.__name__}", replacement)
    config = RegisterConfig(
        min_place_overlap=0.22, min_place_consistency=0.91, seed_overlap=0.31, seed_consistency=0.96,
        submap_overlap=0.0, submap_consistency=0.93, grow_overlap=0.27, grow_consistency=0.5,
        consistency_power=5.0, stop_overlap=0.7, stop_consistency=0.98,
    )  # fmt: skip
    register(perfect(*["leg"] * 12), HELD, config)
    found = {name: [(one.min_overlap, one.min_consistency) for one in limits] for name, limits in asked.items()}
    assert found["seed"] == [(0.31, 0.96)]
    assert found["submap"] == [(0.22, 0.93)]
    assert found["grow"][:2] == [(0.27, 0.91), (0.22, 0.91)]
    for limits in (*asked["seed"], *asked["submap"], *asked["grow"]):
        assert limits.ranking == Ranking(5.0, 0.7, 0.98)
    for some in asked.values():
        some.clear()
    monkeypatch.setattr("scanproc.registration.global_registration.first_noise_mm", lambda *_: 1.7)
    register(
        perfect(*["leg"] * 12),
        HELD,
        replace(config, loud_num_guesses=7, loud_search_back=5, loud_consistency_power=9.0, beside_deg=66.0),
    )
    for limits, overlap in ((asked["seed"][0], 0.31), (asked["grow"][0], 0.27)):
        assert (limits.min_overlap, limits.max_step_deg, limits.max_gap) == (overlap, 66.0, 1)
        assert (limits.num_guesses, limits.search_back, limits.ranking) == (7, 5, Ranking(9.0, 0.7, 0.98))
        assert (limits.max_gap, limits.max_step_deg) == (1, 66.0)
        assert limits.tolerance_mm == pytest.approx(3.0 * 1.7)
