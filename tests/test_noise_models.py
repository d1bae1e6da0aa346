"""The noise models against the figures that they were made from; each on images whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scanproc.frames import FloatArray
from scanproc.simulation.cameras import CAMERAS
from scanproc.simulation.noise_models import NOISE_MODELS, NoiseAsked, NoiseName
from scanproc.simulation.phone_truedepth import PhoneTrueDepth
from scanproc.simulation.random_fields import correlated
from scanproc.simulation.render import TrueImage
from scanproc.simulation.stereo_ideal import StereoIdeal
from scanproc.simulation.stereo_real import StereoReal
from scanproc.simulation.structured_light import StructuredLight
from scanproc.simulation.time_of_flight import TimeOfFlight
from scanproc.simulation.visible_surfaces import visible_surfaces

FB = 385.0 * 50.0  # f b of the D435 that the figures were measured with, px mm
SILENT = StereoReal(FB, disparity_px=0.0, rim_px=0.0, drop_cosine=(0.0, 0.0), warp_px=0.0, hole_share=0.0)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def wall(depth_mm: float, grazing_deg: float = 0.0, shape: tuple[int, int] = (300, 400)) -> TrueImage:
    return TrueImage(np.full(shape, depth_mm), np.full(shape, np.radians(grazing_deg)))


def card(depth_mm: float = 400.0, behind_mm: float = np.inf) -> TrueImage:
    """A card of 160 × 240 px before a wall, or before nothing."""
    depth = np.full((300, 400), behind_mm)
    depth[70:230, 80:320] = depth_mm
    return TrueImage(depth, np.zeros(depth.shape))


def half_width(field: FloatArray, axis: int) -> float:
    """Return the full width at half maximum of a field's correlation along an axis."""
    rolled = np.moveaxis(field, axis, 0)
    lags = np.arange(30)
    products = [np.mean(rolled[lag:] * rolled[: len(rolled) - lag]) for lag in lags]
    return 2.0 * float(np.interp(-0.5, -np.array(products) / products[0], lags))


# ------------------------------------------------------------------------------------------------ stereo as it is


def test_nothing_is_changed_where_every_part_is_off() -> None:
    measured = SILENT.measure(wall(400.0), rng())
    np.testing.assert_allclose(measured, 400.0, atol=1e-9)


@pytest.mark.parametrize(("depth_mm", "low", "high"), [(350.0, 0.50, 0.72), (395.0, 0.64, 0.85), (540.0, 1.2, 1.6)])
def test_the_inside_errs_as_measured(depth_mm: float, low: float, high: float) -> None:
    """0.07 to 0.12 px of disparity; the model takes 0.09: z² / (f b) of it."""
    noise = replace(StereoReal(FB), rim_px=0.0)
    errors = np.concatenate([(noise.measure(wall(depth_mm), rng(seed)) - depth_mm).ravel() for seed in range(4)])
    errors = errors[errors > -depth_mm]
    assert low < errors.std() < high


def test_waves_are_as_wide_as_measured() -> None:
    noise = replace(SILENT, disparity_px=0.09)
    field = np.hstack([FB / noise.measure(wall(400.0), rng(seed)) for seed in range(3)])
    field -= field.mean()
    assert half_width(field[:, :400], 1) == pytest.approx(11.0, rel=0.15)
    assert half_width(field[:, :400], 0) == pytest.approx(8.0, rel=0.15)


def test_rims_are_drawn_towards_the_camera_and_the_inside_is_not() -> None:
    measured = replace(SILENT, rim_px=0.8, rim_spread=0.0).measure(card(), rng())
    row = FB / measured[150, 80:320] - FB / 400.0  # disparity gained, px
    distance = np.minimum(np.arange(240), 239 - np.arange(240)) + 0.5
    np.testing.assert_allclose(row, 0.8 * np.exp(-distance / 3.8), atol=0.01)
    assert (measured[:, :80] == 0.0).all()


def test_what_is_hidden_has_no_rim_and_the_image_s_border_is_none() -> None:
    rims = {
        int(np.count_nonzero(surface.mask)): surface.rim_px for surface in visible_surfaces(card(400.0, 800.0).depth_mm)
    }
    front, back = rims[160 * 240], rims[300 * 400 - 160 * 240]
    assert front.min() == 0.5
    assert np.isinf(back).all()
    (whole,) = visible_surfaces(wall(400.0).depth_mm)
    assert np.isinf(whole.rim_px).all()


def test_the_matching_window_rounds_a_ridge_off_but_mixes_no_two_surfaces() -> None:
    depth = np.full((100, 200), 400.0) - 0.2 * np.abs(np.arange(200) - 100.0)
    measured = SILENT.measure(TrueImage(depth, np.zeros_like(depth)), rng())
    # Of |x| a Gaussian of sigma s makes s sqrt(2 / pi) at the middle.
    assert 400.0 - measured[50, 100] == pytest.approx(0.2 * 2.5 * np.sqrt(2.0 / np.pi), rel=0.05)
    both = SILENT.measure(card(400.0, 800.0), rng())
    assert set(np.round(both.ravel(), 6)) == {400.0, 800.0}


@pytest.mark.parametrize(("grazing_deg", "lost"), [(60.0, 0.02), (70.1, 0.5), (77.0, 0.95)])
def test_surfaces_that_turn_away_drop_out(grazing_deg: float, lost: float) -> None:
    measured = replace(SILENT, drop_cosine=(0.34, 0.07)).measure(wall(400.0, grazing_deg, (500, 700)), rng())
    assert (measured == 0.0).mean() == pytest.approx(lost, abs=0.06)


def test_widths_and_disparities_are_of_the_native_image() -> None:
    """Half the pixels, half of each width in px; the error in mm stays."""
    whole = replace(SILENT, rim_px=0.8, rim_spread=0.0).measure(card(), rng())
    half_depth = card().depth_mm[::2, ::2]
    half = replace(SILENT, focal_baseline=FB / 2.0, pixel_scale=0.5, rim_px=0.8, rim_spread=0.0)
    measured = half.measure(TrueImage(half_depth, np.zeros_like(half_depth)), rng())
    assert measured[75, 50] == pytest.approx(whole[150, 100], abs=0.1)
    assert measured[75, 41] == pytest.approx(whole[150, 82], abs=0.6)


# ------------------------------------------------------------------------------------------------ the others


def test_time_of_flight_mixes_front_and_back() -> None:
    noise = TimeOfFlight(sigma_mm=0.0, floor_mm=0.0, wiggle_mm=0.0, warp_mm=0.0, mixed_kept=1.0)
    measured = noise.measure(card(400.0, 500.0), rng())
    mixed = (measured > 403.0) & (measured < 497.0)
    assert 0.5 * 800 < np.count_nonzero(mixed) < 4.0 * 800  # a pixel or two along 800 px of edge
    assert measured[150, 200] == pytest.approx(400.0, abs=1e-6)
    # Less light comes back from farther away: a pixel that sees half of each is nearer to the front.
    assert np.median(measured[150, 78:82]) < 460.0


def test_time_of_flight_wiggles_with_distance() -> None:
    noise = TimeOfFlight(sigma_mm=0.0, floor_mm=0.0, warp_mm=0.0, blur_px=0.1)
    errors = [float(np.mean(noise.measure(wall(depth), rng(1)) - depth)) for depth in np.arange(400.0, 800.0, 25.0)]
    assert np.ptp(errors) == pytest.approx(2.0, rel=0.1)


@pytest.mark.parametrize(("depth_mm", "sigma_mm"), [(400.0, 1.2), (1400.0, 3.1)])
def test_structured_light_has_the_paper_s_noise(depth_mm: float, sigma_mm: float) -> None:
    noise = StructuredLight(580.0 * 75.0, steps_per_px=1e4)
    errors = noise.measure(wall(depth_mm), rng()) - depth_mm
    assert errors.std() == pytest.approx(sigma_mm, rel=0.1)


def test_a_phone_s_depth_is_smooth_and_slowly_wrong() -> None:
    measured = PhoneTrueDepth().measure(wall(300.0), rng())
    errors = measured - 300.0
    assert 0.4 < errors.std() < 1.2
    assert np.diff(errors, axis=1).std() < 0.1  # hardly any noise from pixel to pixel
    edge = PhoneTrueDepth(sigma_mm=0.0, warp_mm=0.0).measure(card(300.0), rng())
    assert edge[150, 80] - 300.0 == pytest.approx(2.0 * np.exp(-0.5 / 3.0), abs=0.05)


# ------------------------------------------------------------------------------------------------ the table


@pytest.mark.parametrize("name", NOISE_MODELS)
def test_each_model_is_made_for_a_camera_and_repeats(name: NoiseName) -> None:
    camera = CAMERAS["azure-kinect" if name == "tof" else "truedepth" if name == "phone-truedepth" else "d435"]
    ideal = StereoIdeal(425.0 * 50.0, 0.08, 0.2, 7.0, 0.3, 5.0, (60.0, 85.0), (0.01, 0.03), has_steps=True)
    row = NOISE_MODELS[name]
    assert row.imitates and row.source
    noise = row.make(camera, camera.intrinsics, NoiseAsked(1.0, ideal))
    first, again, other = (noise.measure(card(450.0, 900.0), rng(seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    inside = first[100:200, 110:290]
    assert (inside > 0.0).mean() > 0.9
    assert np.abs(np.median(inside[inside > 0.0]) - 450.0) < 3.0


def test_a_field_has_its_width_across_and_down() -> None:
    field = correlated((600, 600), (11.0, 8.0), rng())
    assert field.std() == pytest.approx(1.0, rel=0.05)
    assert (half_width(field, 1), half_width(field, 0)) == (pytest.approx(11.0, rel=0.1), pytest.approx(8.0, rel=0.1))
