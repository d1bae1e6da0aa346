"""The stated uncertainty of measures against errors of known size: a tilted floor, a moved surface, a wrong scale."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from feet import AnalyticFoot, as_surface

from scanproc.artifacts import Measure, ScanFacts, Surface
from scanproc.measures.rows import SIZE_MM, SIZE_PARIS, Dimension
from scanproc.measures.uncertainty import ErrorSources, sd_parts
from scanproc.stages.align import AlignConfig, align
from scanproc.stages.measure import MeasureConfig, measure

NO_MORE = MeasureConfig(scale_sd=0.0, surface_sd_mm=0.0)


def measured(
    surface: Surface, tilt_sd_deg: float, config: MeasureConfig = NO_MORE, lean_sd: float = 0.0
) -> dict[str, Measure]:
    facts = ScanFacts(name="uncertain", side="left", loading="standing")
    feet = align(surface, facts, AlignConfig(ground_tilt_sd_deg=tilt_sd_deg, border_lean_sd=lean_sd))
    return dict(measure(feet, facts, config).feet[0].measures)


def standing(errors_mm: np.ndarray) -> Surface:
    """Return an analytic foot on the floor with the same draws for all vertices, (K,) mm, or for each, (V, K)."""
    surface = as_surface(AnalyticFoot().mesh(), floor_seen=True)
    each = np.broadcast_to(errors_mm, (len(surface.mesh.vertices), errors_mm.shape[-1]))
    return replace(surface, errors_mm=np.ascontiguousarray(each, dtype=np.float16))


def sd_of(found: Measure) -> float:
    assert found.sd is not None
    return found.sd


def test_a_surface_without_error_leaves_no_uncertainty() -> None:
    found = measured(standing(np.zeros(8)), 0.0)
    steps = ("mondopoint", "eu_size")  # unsure by what they are rounded by, however sure the length is
    known = [one for name, one in found.items() if one.value is not None and name not in steps]
    assert len(known) > 15
    assert all(one.sd is not None and one.sd < 1e-6 for one in known)


@pytest.mark.parametrize("dimension", [SIZE_MM, SIZE_PARIS], ids=lambda dimension: dimension.unit)
@pytest.mark.parametrize("sd_in_steps", [0.1, 0.25, 0.5])
def test_a_size_is_as_unsure_as_its_length_and_by_what_it_is_rounded(dimension: Dimension, sd_in_steps: float) -> None:
    """Of feet of any length: 2 sd hold the size before it is rounded, and the one that a perfect scan would tell."""
    rng, step = np.random.default_rng(0), dimension.step or np.nan
    sd = sd_in_steps * step
    true = rng.uniform(30.0, 300.0, 3000)
    held, told = np.empty(len(true), bool), np.empty(len(true), bool)
    for place, found in enumerate(rng.normal(true, sd)):
        parts = sd_parts(dimension, float(found), [found - sd, found + sd], ErrorSources(0.0, 0.0))
        assert parts is not None
        size, reach = dimension.rounded(float(found)), 2.0 * parts.combined
        held[place] = abs(true[place] - size) <= reach
        told[place] = abs(dimension.rounded(float(true[place])) - size) <= reach
    assert 0.93 < held.mean() < 0.999
    assert 0.84 < told.mean() < 0.999


def test_the_tilt_of_the_floor_goes_into_angles_and_heights() -> None:
    found = measured(standing(np.zeros(8)), 0.2)
    # 1 deg of roll is 1 deg of heel angle, less what the slices lose by lying askew
    assert 0.1 < sd_of(found["heel_angle_deg"]) < 0.25
    # The heights of the middle of the foot hang on the pitch: 0.2 deg at some tens of mm from the pivot.
    assert 0.0 < sd_of(found["dorsum_height_mm"]) < 0.5


def test_a_border_that_may_lean_beside_the_ground_moves_its_middle() -> None:
    """Of what lies within 0.5 mm of a leaning border's extreme the middle lies elsewhere; nothing else does."""
    lean = 0.01
    share = np.linspace(0.50, 0.75, 5001)
    ahead = 250.0 * (share - 0.63)
    borders = [AnalyticFoot().lateral(share) + sign * lean * ahead for sign in (-1.0, 1.0)]
    middles = [ahead[border >= border.max() - 0.5][[0, -1]].mean() for border in borders]
    expected = 0.5 * (middles[1] - middles[0])
    assert expected > 1.0
    found = measured(standing(np.zeros(8)), 0.0, lean_sd=lean)
    assert 0.7 * expected < sd_of(found["outside_ball_length_mm"]) < 1.3 * expected
    for name in ("truncated_foot_length_mm", "foot_length_mm", "heel_width_mm", "dorsum_height_mm"):
        assert sd_of(found[name]) < 1e-6
    other = measured(replace(standing(np.zeros(8)), floor_seen=False), 0.0, lean_sd=lean)
    assert sd_of(other["outside_ball_length_mm"]) < 1e-6, "it stands on nothing that depth is mixed with"


def test_a_surface_too_far_out_makes_the_foot_longer_at_both_ends() -> None:
    found = measured(standing(np.array([0.3, -0.3, 0.3, -0.3])), 0.0)
    assert 0.5 < sd_of(found["foot_length_mm"]) < 0.7
    assert 0.5 < sd_of(found["foot_width_mm"]) < 0.7
    assert sd_of(found["heel_angle_deg"]) < 0.1


def test_scale_is_the_camera_s_own() -> None:
    found = measured(standing(np.zeros(8)), 0.0, MeasureConfig(scale_sd=0.004, surface_sd_mm=0.0))
    assert sd_of(found["foot_length_mm"]) == pytest.approx(0.004 * (found["foot_length_mm"].value or 0.0), rel=1e-3)
    assert sd_of(found["arch_height_index"]) < 1e-6


def test_a_finished_mesh_has_none() -> None:
    found = measured(as_surface(AnalyticFoot().mesh(), floor_seen=True), 0.1)
    assert all(one.sd is None for one in found.values())
