"""Faces that cross, as the benchmark judges insoles: pymeshlab's word counts only where exact fractions agree."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).parents[1] / "scripts"))
from benchmarking.insole import may_cross  # type: ignore[import-not-found, unused-ignore]

FLAT = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


def test_what_goes_through_a_face_crosses_it() -> None:
    through = np.array([[0.2, 0.2, -1.0], [0.3, 0.3, 1.0], [0.2, 0.3, 1.0]])
    assert may_cross(FLAT, through) and may_cross(through, FLAT)


def test_neighbours_in_one_plane_do_not_however_near() -> None:
    """Of one written insole: pymeshlab said that they cross, 0.1 mm apart."""
    one = np.array([[37.05934524536133, 79.97171020507812, 0.06181534752249718],
                    [38.05934524536133, 79.97171020507812, 0.06133567914366722],
                    [36.93431854248047, 79.72163391113281, 0.0076102884486317635]])  # fmt: skip
    other = np.array([[36.93434524536133, 79.97171020507812, 0.06187530606985092],
                      [36.30931854248047, 79.72163391113281, 0.007910081185400486],
                      [36.30934524536133, 79.97171020507812, 0.062175098806619644]])  # fmt: skip
    assert not may_cross(one, other) and not may_cross(other, one)
    steep = np.column_stack([other[:, 0] + 0.5, other[:, 1], [-1.0, 1.0, 1.0]])
    assert may_cross(one, steep)
