"""The noise of a recording before any view has a place, against that of the same views where they truly are."""

from __future__ import annotations

from dataclasses import replace

import pytest
from posed import pose, prepared, view
from test_incremental import LIMITS
from test_strangers import LIMITS as JUDGING
from test_strangers import wavy

from scanproc.registration.first_noise import first_noise_mm
from scanproc.registration.judgement import noise_mm_of
from scanproc.registration.sampled_views import WholeAndInner

AZIMUTHS = tuple(float(azimuth) for azimuth in range(0, 210, 30))
WIDEST = replace(LIMITS, tolerance_mm=7.0, min_consistency=0.88, max_gap=1, max_step_deg=75.0)


@pytest.mark.parametrize("stands", [True, False])
@pytest.mark.parametrize("height_mm", [0.6, 1.8])
def test_it_is_that_of_views_in_their_places(height_mm: float, stands: bool) -> None:
    sampled = prepared([wavy(view(azimuth, stands=stands), height_mm, k) for k, azimuth in enumerate(AZIMUTHS)])
    there = noise_mm_of(sampled, {k: pose(azimuth) for k, azimuth in enumerate(AZIMUTHS)}, JUDGING)
    assert 0.8 * height_mm < there < 1.7 * height_mm
    assert first_noise_mm(WholeAndInner(sampled, sampled), WIDEST, 0.1) == pytest.approx(there, rel=0.2)


def test_views_of_things_that_have_nothing_to_do_with_each_other_tell_none() -> None:
    sampled = prepared([view(azimuth, name=("leg", "box")[k % 2]) for k, azimuth in enumerate(AZIMUTHS)])
    assert first_noise_mm(WholeAndInner(sampled, sampled), WIDEST, 0.1) == 0.0


def test_of_one_view_nothing_is_known() -> None:
    sampled = prepared([view(0.0)])
    assert first_noise_mm(WholeAndInner(sampled, sampled), WIDEST, 0.1) == 0.0
