"""A pair on a ring, its floor cut away, through the stages up to the measures: rims as if they were corrected."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from recordings import HELD, leg
from rings import RingCamera, of_length, ring
from truth import true_measures

from scanproc.artifacts import FootMeasures, ScanFacts
from scanproc.errors import ScanError
from scanproc.frames import inverse
from scanproc.simulation.cameras import CAMERAS, CameraName
from scanproc.simulation.settings import SimulationConfig
from scanproc.simulation.simulate import noise_of
from scanproc.stages.align import AlignConfig, align
from scanproc.stages.clean import CleanConfig, clean
from scanproc.stages.measure import MeasureConfig, measure
from scanproc.stages.register import RegisterConfig, register
from scanproc.stages.surface import SurfaceConfig, surface

STANDING = ScanFacts(name="pair", side="both", loading="standing")
BOUNDS = {"foot_length_mm": 3.0, "foot_width_mm": 3.0}


@cache
def truth() -> dict[str, float | None]:
    """Return what both feet measure: one is the mirror image of the other."""
    return true_measures(of_length(leg(), 250.0), ScanFacts(name="truth", loading="standing"), on_floor=True)


@cache
def measured(seed: int, gap_mm: float, rim_px: float = 0.0, scale: float = 0.5) -> tuple[FootMeasures, ...]:
    made = ring(seed, gap_mm=gap_mm, rim_px=rim_px, scale=scale)
    views = clean(made.recording, CleanConfig())
    registration = register(views, HELD, RegisterConfig())
    assert not registration.floor_seen
    assert registration.vertical is not None
    ups = [
        view.T_scan_camera[:3, :3] @ inverse(pose)[:3, 2]
        for view, pose in zip(registration.views, made.poses, strict=True)
        if view.T_scan_camera is not None
    ]
    tilt_deg = np.degrees(np.mean(ups, axis=0)[:2])
    assert np.linalg.norm(tilt_deg) < 4.0 * registration.vertical.sd_deg
    assert 0.03 < registration.vertical.sd_deg < 0.6
    return measure(
        align(surface(views, registration, SurfaceConfig()), STANDING, AlignConfig()), STANDING, MeasureConfig()
    ).feet


def errors_in_sd(foot: FootMeasures) -> list[float]:
    """Return the errors of lengths and widths in units of their sd, each within its bound."""
    assert foot.ground == "estimated"
    assert foot.measures["arch_height_index"].status == "refused"
    found = []
    for name, bound in BOUNDS.items():
        value, sd, true = foot.measures[name].value, foot.measures[name].sd, truth()[name]
        assert value is not None and sd is not None and true is not None, foot.measures[name].reason
        assert value == pytest.approx(true, abs=bound)
        assert 0.2 < sd < 4.0
        found.append((value - true) / sd)
    return found


@pytest.mark.parametrize("gap_mm", [4.0])
def test_a_pair_without_a_floor_is_two_feet_with_lengths_and_widths(gap_mm: float) -> None:
    feet = measured(1, gap_mm)
    assert [foot.side for foot in feet] == ["left", "right"]
    assert np.abs([errors_in_sd(foot) for foot in feet]).max() < 3.0


@pytest.mark.slow
def test_nine_of_ten_pairs_are_measured_within_their_uncertainty() -> None:
    """The tenth, whose toes no two views saw to their tips, is refused for that."""
    found: list[float] = []
    refused = []
    for seed in range(10):
        try:
            feet = measured(seed, 60.0)
        except ScanError as refusal:
            refused.append(str(refusal))
            continue
        assert [foot.side for foot in feet] == ["left", "right"]
        found += [error for foot in feet for error in errors_in_sd(foot)]
    assert len(refused) <= 1
    assert all("toes" in refusal for refusal in refused)
    assert np.mean(np.abs(found) <= 2.0) >= 0.9


@pytest.mark.slow
def test_ten_pairs_are_measured_under_the_noise_of_a_real_camera() -> None:
    """What is left of the rims: widths are 2 mm too large, and one in five is out of its bound."""
    feet = [foot for seed in range(10) for foot in measured(seed, 60.0, 0.8, 1.0)]
    assert [foot.side for foot in feet] == ["left", "right"] * 10
    off: dict[str, list[float]] = {name: [] for name in BOUNDS}
    within = []
    for foot in feet:
        assert foot.measures["heel_angle_deg"].status == foot.measures["arch_height_index"].status == "refused"
        for name in BOUNDS:
            value, sd, true = foot.measures[name].value, foot.measures[name].sd, truth()[name]
            assert value is not None and sd is not None and true is not None, foot.measures[name].reason
            off[name].append(value - true)
            within.append(abs(value - true) <= 2.0 * sd)
    assert np.abs(off["foot_length_mm"]).max() < BOUNDS["foot_length_mm"]
    assert 0.5 < np.mean(off["foot_width_mm"]) < 2.8
    assert np.mean(np.abs(off["foot_width_mm"]) <= BOUNDS["foot_width_mm"]) >= 0.75
    assert np.abs(off["foot_width_mm"]).max() < 6.0
    assert np.mean(within) >= 0.8


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_two_still_feet_that_are_seen_from_many_stops_did_not_bend(seed: int) -> None:
    made = ring(seed, stops=36)
    registration = register(clean(made.recording, CleanConfig()), STANDING, RegisterConfig())
    assert sum(view.accepted for view in registration.views) >= 35  # 17 when feet were taken to bend about the vertical


@pytest.mark.slow
@pytest.mark.parametrize(("name", "ring_mm", "seed"), [("azure-kinect", 750.0, 15), ("truedepth", 440.0, 14)])
def test_a_camera_that_errs_alike_over_half_a_foot_sees_no_movement(
    name: CameraName, ring_mm: float, seed: int
) -> None:
    """Of the first, six views and more were dropped when each of those regions counted by itself."""
    camera = CAMERAS[name]
    noise = noise_of(SimulationConfig(camera=name))
    made = ring(seed, 36, camera=RingCamera(camera.intrinsics, noise, ring_mm, camera.depth_unit_mm))
    registration = register(clean(made.recording, CleanConfig()), STANDING, RegisterConfig())
    assert sum(view.accepted for view in registration.views) >= 35
