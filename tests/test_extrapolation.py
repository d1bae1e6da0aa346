"""Curves continued beyond where they are seen, and what that may be off by: lines, parabolas, bent heels."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from feet import AnalyticFoot, as_surface

from scanproc.artifacts import Feet, Foot, Mesh, Replicates, ScanFacts
from scanproc.frames import FloatArray
from scanproc.measures.extrapolation import extrapolated
from scanproc.measures.frontal_lines import heel_line
from scanproc.measures.heels import heel_angle_deg
from scanproc.measures.readings import FootShape
from scanproc.stages.align import AlignConfig, align
from scanproc.stages.measure import MeasureConfig, measure

Z = np.arange(15.0, 50.0, 2.0)
STANDING = ScanFacts(name="hidden", side="left", loading="standing")


def hidden(values: FloatArray, low: int, high: int = 0) -> FloatArray:
    """Return a copy of (N, C) values, or of one curve, that is not known at its ends."""
    known = values.reshape(len(Z), -1).copy()
    known[:low] = np.nan
    known[len(Z) - high :] = np.nan
    return known


@pytest.mark.parametrize(("low", "high"), [(3, 0), (0, 4), (2, 3)])
def test_a_line_goes_on_as_it_is_without_doubt(low: int, high: int) -> None:
    line = np.column_stack([3.0 - 0.2 * Z, 0.1 * Z])
    found = extrapolated(Z, hidden(line, low, high))
    assert found.values == pytest.approx(line)
    assert len(found.trials) == (low > 0) + (high > 0)
    assert all(len(trials) > 2 and np.abs(trials).max() < 1e-9 for trials in found.trials)


def test_a_parabola_tells_how_far_off_it_is_continued() -> None:
    """It bends alike everywhere: each trial misses by what the true one misses."""
    bent = 0.004 * (Z - 32.0) ** 2
    found = extrapolated(Z, hidden(bent, 4))
    missed = found.values[:, 0] - bent
    assert missed[4:] == pytest.approx(0.0)
    assert -0.7 < missed[0] < -0.4  # 0.004 * 12 * 12 from the middle of the last five
    (trials,) = found.trials
    assert len(trials) == 12  # six places to begin at, both ways
    assert trials[:, :, 0] == pytest.approx(np.broadcast_to(missed, trials[:, :, 0].shape), abs=1e-9)


def test_only_the_curve_that_ends_is_continued_and_gaps_stay() -> None:
    both = hidden(np.column_stack([0.3 * Z, 7.0 + 0.0 * Z]), 0)
    both[:3, 0] = np.nan
    both[9, 1] = np.nan
    found = extrapolated(Z, both)
    assert found.values[:, 0] == pytest.approx(0.3 * Z)
    assert np.isnan(found.values[9, 1]) and np.isfinite(found.values).sum() == 2 * len(Z) - 1
    assert np.abs(found.trials[0][:, :, 1]).max() == 0.0


def test_four_places_make_no_curve() -> None:
    values = hidden(0.3 * Z, 14)
    assert np.isnan(extrapolated(Z, values).values[:14]).all()


# ------------------------------------------------------------------------------------------------ heels


@cache
def bent_heel(bend_per_mm: float) -> Foot:
    """Return an upright foot whose heel's midline is a parabola about z = 32 mm, the middle of the slices."""
    (foot,) = align(as_surface(AnalyticFoot().mesh(), True), STANDING, AlignConfig()).feet
    x, y, z = foot.mesh.vertices.T
    fade = np.clip((80.0 - x) / 40.0, 0.0, 1.0) * np.clip((70.0 - z) / 10.0, 0.0, 1.0)
    return replace(foot, mesh=Mesh(np.column_stack([x, y + fade * bend_per_mm * (z - 32.0) ** 2, z]), foot.mesh.faces))


def without_low(foot: Foot, below_mm: float, side: float = 0.0) -> Foot:
    """Return a foot of which the heel's surface below a height is missing: all of it, or that on one side of y = 0."""
    vertices = foot.mesh.vertices
    gone = (vertices[:, 2] < below_mm) & (vertices[:, 0] < 60.0) & (side * vertices[:, 1] >= 0.0)
    return replace(foot, mesh=Mesh(vertices, foot.mesh.faces[~gone[foot.mesh.faces].any(axis=1)]))


@pytest.mark.parametrize("side", [0.0, 1.0, -1.0])
def test_hidden_slices_of_a_bent_heel_count_with_their_doubt(side: float) -> None:
    """Its line is upright; the slices that are seen alone lean by 1.8 deg."""
    foot = bent_heel(0.004)
    whole = heel_angle_deg(FootShape(foot))
    assert whole.value == pytest.approx(0.0, abs=0.1)
    assert whole.own_sd == 0.0
    low = without_low(foot, 22.0, side)
    found = heel_angle_deg(FootShape(low))
    assert found.value is not None
    assert abs(found.value) < 1.0
    assert abs(found.value) < 3.0 * found.own_sd < 3.5


def test_hidden_slices_of_a_straight_heel_leave_little_doubt() -> None:
    (foot,) = align(as_surface(AnalyticFoot(heel_deg=8.0).mesh(), True), STANDING, AlignConfig()).feet
    found = heel_angle_deg(FootShape(without_low(foot, 20.0)))
    assert found.value == pytest.approx(8.0, abs=0.2)
    assert found.own_sd < 0.15
    assert len(heel_line(FootShape(without_low(foot, 20.0))).middles) == len(Z)


def test_the_doubt_is_part_of_the_stated_uncertainty() -> None:
    bent = bent_heel(0.004)
    nothing = np.zeros((len(bent.mesh.vertices), 2), dtype=np.float16)
    landmarks = {name: np.array([mark.xyz_mm] * 2) for name, mark in bent.landmarks.items()}
    sure = replace(bent, replicates=Replicates(nothing, np.array([np.eye(4)] * 2), landmarks))
    found = measure(Feet((without_low(sure, 22.0),)), STANDING, MeasureConfig()).feet[0].measures
    heel = found["heel_angle_deg"]
    assert heel.status == "measured"
    assert heel.sd is not None and 0.2 < heel.sd < 1.3
    assert heel.sd == found["leg_heel_angle_deg"].sd
    assert found["leg_angle_deg"].sd == pytest.approx(0.0, abs=1e-6)


def test_slices_without_a_rear_do_not_count() -> None:
    """Their chords could be guessed at; but what is left is 24 mm high, and 25 are asked for."""
    foot = bent_heel(0.004)
    vertices = foot.mesh.vertices
    gone = (vertices[:, 2] < 25.0) & (vertices[:, 0] < 8.0)
    torn = replace(foot, mesh=Mesh(vertices, foot.mesh.faces[~gone[foot.mesh.faces].any(axis=1)]))
    found = heel_angle_deg(FootShape(torn))
    assert found.value is None
    assert "25 mm needed" in str(found.refused)
