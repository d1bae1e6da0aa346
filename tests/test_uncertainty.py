"""The stated uncertainty of measures against errors of known size: a tilted floor, a moved surface, a wrong scale."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from feet import AnalyticFoot, as_surface

from scanproc.artifacts import Measure, ScanFacts, Surface
from scanproc.stages.align import AlignConfig, align
from scanproc.stages.measure import MeasureConfig, measure

NO_MORE = MeasureConfig(scale_sd=0.0, surface_sd_mm=0.0)


def measured(surface: Surface, tilt_sd_deg: float, config: MeasureConfig = NO_MORE) -> dict[str, Measure]:
    facts = ScanFacts(name="uncertain", side="left", loading="standing")
    feet = align(surface, facts, AlignConfig(ground_tilt_sd_deg=tilt_sd_deg))
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
    steps = ("mondopoint", "eu_size")  # unsure by their step, however sure the length is
    known = [one for name, one in found.items() if one.value is not None and name not in steps]
    assert len(known) > 15
    assert all(one.sd is not None and one.sd < 1e-6 for one in known)


def test_the_tilt_of_the_floor_goes_into_angles_and_heights() -> None:
    found = measured(standing(np.zeros(8)), 0.2)
    # 1 deg of roll is 1 deg of heel angle, less what the slices lose by lying askew
    assert 0.1 < sd_of(found["heel_angle_deg"]) < 0.25
    # The heights of the middle of the foot hang on the pitch: 0.2 deg at some tens of mm from the pivot.
    assert 0.0 < sd_of(found["dorsum_height_mm"]) < 0.5


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
