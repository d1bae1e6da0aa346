"""A joint that bent while the foot was recorded: found by what poses cannot do about it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from posed import pose, prepared, view
from scipy import ndimage

from scanproc.artifacts import CleanView
from scanproc.registration.bending import BendLimits, find_bending
from scanproc.registration.foot_axes import axes_of_feet
from scanproc.registration.incremental import Poses
from scanproc.registration.joint_alignment import MIDDLE, NEAR, NeighbourLimits, align_jointly
from scanproc.registration.regional_equations import coupling_with_views, regional_equations, symmetric
from scanproc.registration.view_pairs import centre_poses, edge_equations, sample_pairs
from scanproc.stages.register import RegisterConfig

LIMITS = BendLimits(RegisterConfig().max_bend)
ANY = BendLimits(0.0, min_t=0.0)
NEIGHBOURS = NeighbourLimits(count=10, max_angle_deg=90.0, min_overlap=0.1, fine_below_mm=6.0)
AZIMUTHS = tuple(range(20, 380, 30))
LATE = tuple(range(7, 12))


def noisy(clean: CleanView, sd_mm: float, seed: int) -> CleanView:
    """Return a view with waves of noise, 6 px wide."""
    waves = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal(clean.depth_mm.shape), 2.5)
    depth = clean.depth_mm + np.float32(sd_mm / waves.std()) * waves.astype(np.float32)
    return replace(clean, depth_mm=np.where(clean.depth_mm > 0.0, depth, np.float32(0)))


@cache
def registered(
    late: str, sd_mm: float = 0.3, seed: int = 0, others: tuple[int, ...] = LATE
) -> tuple[list[CleanView], Poses]:
    """Return views without a floor, some of them of another thing, and poses that share out what differs."""
    views = [
        noisy(view(azimuth, (20.0, 45.0)[k % 2], late if k in others else "leg", stands=False), sd_mm, 100 * seed + k)
        for k, azimuth in enumerate(AZIMUTHS)
    ]
    poses = {k: pose(azimuth, (20.0, 45.0)[k % 2]) for k, azimuth in enumerate(AZIMUTHS)}
    return views, align_jointly(prepared(views), poses, [MIDDLE, NEAR], NEIGHBOURS)


def test_an_ankle_that_bends_by_two_degrees_is_found_with_its_views() -> None:
    views, poses = registered("leaning")
    found = find_bending(prepared(views), poses, LIMITS)
    assert found is not None
    assert set(LATE) <= set(found.moved) <= {LATE[0] - 1, *LATE}  # a neighbour of the moment may be dropped with them
    assert 0.5 < found.distance_mm < 9.0  # 2 deg about the ankle: 0 to 8 mm up the leg


@pytest.mark.parametrize("seed", range(2))
def test_a_still_foot_did_not_bend(seed: int) -> None:
    views, poses = registered("leg", 0.6, seed)
    found = find_bending(prepared(views), poses, ANY)
    assert found is not None
    assert found.strength < 0.7 * LIMITS.max_strength


def test_what_explains_much_but_not_in_all_views_after_a_moment_is_no_bend() -> None:
    """As waves of the depth do, which are not alike in any two views."""
    views, poses = registered("leaning", others=LATE[::2])
    anything = BendLimits(0.5 * LIMITS.max_strength, min_t=0.0)
    assert find_bending(prepared(views), poses, anything) is not None
    assert find_bending(prepared(views), poses, replace(anything, min_t=LIMITS.min_t)) is None


def test_a_bend_that_the_noise_hides_is_weaker() -> None:
    clear, hidden = (find_bending(prepared(registered("leaning", sd)[0]), registered("leaning", sd)[1], ANY)
                     for sd in (0.3, 1.5))  # fmt: skip
    assert clear is not None and hidden is not None
    assert clear.strength > 2.0 * hidden.strength


def test_few_views_tell_of_no_bend() -> None:
    views, poses = registered("leaning")
    assert find_bending(prepared(views[:5]), {k: poses[k] for k in range(5)}, ANY) is None


def test_the_regions_equations_add_up_to_those_of_the_pairs() -> None:
    """Of what both see head-on: there the alignment trusts all points alike."""
    views, poses = registered("leg")
    sampled = prepared(views)
    found = regional_equations(sampled, poses, 20.0, 8.0, 60.0, 16)
    whole = edge_equations(sampled.coarse, sampled.images, centre_poses(sampled, poses),
                           sample_pairs(sampled, poses, 60.0, 16), 8.0)  # fmt: skip
    H = symmetric(found.H.sum(axis=1))
    assert H.shape == (len(found.a), 6, 6)
    np.testing.assert_allclose(H, np.swapaxes(H, 1, 2))
    assert (np.linalg.eigvalsh(H) > -1e-6 * np.trace(H, axis1=1, axis2=2)[:, None]).all()
    shifts = np.trace(H[:, 3:, 3:], axis1=1, axis2=2)  # unit normals: the sum of the weights
    assert shifts.sum() == pytest.approx(found.weight.sum())
    assert 0.6 < shifts.sum() / np.trace(whole.H[:, 3:, 3:], axis1=1, axis2=2).sum() < 1.5


def test_what_views_have_of_a_bend_is_coupled_with_their_poses() -> None:
    """Of five views in pairs: the pull of a pair is on its source, and as much on its target, the other way."""
    rng = np.random.default_rng(0)
    a, b = np.array([0, 1, 1, 3, 4, 0]), np.array([1, 0, 2, 2, 3, 4])
    H, ends = rng.normal(size=(6, 6)), np.zeros((5, 6))
    ends[a, np.arange(6)], ends[b, np.arange(6)] = 1.0, -1.0
    wanted = np.einsum("ve,ei,we->viw", ends, H, ends).reshape(30, 5)
    np.testing.assert_allclose(coupling_with_views(a, b, H, 5), wanted)


def box(size_mm: tuple[float, float, float], middle: tuple[float, float, float], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, (400, 3)) * size_mm + middle


@pytest.mark.parametrize("low", [False, True], ids=["with the leg", "cropped"])
def test_one_foot_and_two_are_taken_to_bend_about_the_axis_from_side_to_side(low: bool) -> None:
    foot = box((250.0, 90.0, 70.0), (0.0, 0.0, 35.0))
    one = foot if low else np.vstack([foot, box((100.0, 90.0, 250.0), (-75.0, 0.0, 190.0), 1)])
    two = np.vstack([one + np.array((0.0, y, 0.0)) for y in (-75.0, 75.0)])
    side = axes_of_feet(two, np.ones(len(two)))
    assert abs(side[0, 1]) > 0.99 and np.allclose(side @ side.T, np.eye(3))
    if not low:  # a lone foot without its leg is as thin from above
        assert abs(axes_of_feet(one, np.ones(len(one)))[0, 1]) > 0.99


def test_as_much_a_view_is_as_much_of_a_bend_however_many_views_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    views, poses = registered("leaning")
    all_views = find_bending(prepared(views), poses, ANY)
    monkeypatch.setattr("scanproc.registration.bending._USUAL_VIEWS", len(views) / 3.0)
    as_of_many = find_bending(prepared(views), poses, ANY)
    assert all_views is not None and as_of_many is not None
    assert as_of_many.strength == pytest.approx(all_views.strength / 3.0)
