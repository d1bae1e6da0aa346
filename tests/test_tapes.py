"""Where the tapes of the girths run: through the points that they are pulled through, over the top."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from visits import ball_foot

from scanproc.artifacts import Foot, Landmark
from scanproc.frames import FloatArray
from scanproc.measures.girths import ball_girth, instep_girth
from scanproc.measures.readings import FootShape, Reading
from scanproc.mesh.sections import Outline


def on_border(x: float, side: float) -> np.ndarray:
    """Return the point of the half ellipsoid of 246 x 90 x 60 mm, 8 mm above its sole, at its widest."""
    return np.array([x, side * 45.0 * np.sqrt(1.0 - ((x - 123.0) / 123.0) ** 2), 8.0])


def marked(medial_y: float) -> Foot:
    foot = ball_foot("left" if medial_y < 0 else "right")
    points = {"metatarsale_tibiale": on_border(170.0, medial_y), "metatarsale_fibulare": on_border(150.0, -medial_y)}
    return replace(foot, landmarks={name: Landmark(xyz, "auto", 0.9) for name, xyz in points.items()})


def over(reading: Reading) -> FloatArray:
    """Return the half of a tape that runs over the foot, (K, 3) mm."""
    return reading.geometry().curves["over the foot"]


@pytest.mark.parametrize("medial_y", [-1.0, 1.0])
def test_the_ball_s_tape_runs_from_one_metatarsal_point_over_the_foot_to_the_other(medial_y: float) -> None:
    foot = marked(medial_y)
    tape = over(ball_girth(FootShape(foot)))
    for mark in foot.landmarks.values():
        assert min(np.linalg.norm(tape - mark.xyz_mm, axis=1)) < 3.0  # a corner of the mesh's section
    assert tape[:, 2].max() > 55.0  # 60 mm at the middle of the ellipsoid, less ahead of it
    assert tape[:, 2].min() > -0.5
    normal = np.linalg.svd(tape - tape.mean(axis=0))[2][2]
    assert np.abs((tape - tape.mean(axis=0)) @ normal).max() < 2e-3  # of one plane, to the digits that are kept
    assert np.degrees(np.arcsin(abs(normal[2]))) < 31.0


def test_the_instep_s_tape_is_the_upper_half_of_the_section() -> None:
    foot = ball_foot()
    toe = Landmark(np.array([246.0, 0.0, 8.0]), "auto", 0.9)
    landmarks = {**foot.landmarks, "longest_toe_tip": toe}
    # A foot that goes no higher than its dorsum would be cut off.
    tape = over(instep_girth(FootShape(replace(foot, landmarks=landmarks, object="cast"))))
    assert tape[:, 0] == pytest.approx(123.0, abs=1e-6)
    assert (tape[:, 1].max(), tape[:, 1].min()) == (pytest.approx(45.0, abs=0.5), pytest.approx(-45.0, abs=0.5))
    assert tape[:, 2].max() == pytest.approx(68.0, abs=0.5)  # 60 mm above a middle that lies 8 mm high
    half_ellipse = (
        0.5 * Outline.of(np.stack([45.0 * np.cos(t := np.linspace(0, 2 * np.pi, 400)), 60.0 * np.sin(t)], 1)).perimeter
    )
    assert np.linalg.norm(np.diff(tape, axis=0), axis=1).sum() == pytest.approx(half_ellipse, rel=0.02)
