"""What of a foot was seen, against ray casting with the true poses; and what is wrong with a frame."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from recordings import cleaned, recorded
from seen_truth import good_views_that_see, sample_truth
from truth import Truth

from scanproc.artifacts import CleanView, Intrinsics
from scanproc.capture.coverage import Coverage, asked_directions, coverage, seen_surface, sphere_directions
from scanproc.capture.frame_quality import frame_quality, speed_mm_s
from scanproc.capture.settings import CaptureConfig
from scanproc.capture.tracking import Tracker
from scanproc.frames import rigid, rotation_about

#: The recordings of the tests are small: all of their pixels are tracked, and twice is often enough.
SMALL = CaptureConfig(tracking_step=1, min_times_seen=2)


# ---------------------------------------------------------------------------------------------- what was seen, by truth


def located(name: str, count: int) -> tuple[Tracker, Coverage]:
    """Return the poses and the coverage of the first frames of a recording, by nothing but the frames."""
    tracker = Tracker(SMALL)
    surfaces = []
    for view in cleaned(name).views[:count]:
        pose = tracker.locate(view, None)
        assert pose is not None, view.name
        tracker.keep(view, pose)
        surfaces.append(seen_surface(view, pose, SMALL))
    found = coverage(surfaces, tracker.stands, False, SMALL)
    assert found is not None
    return tracker, found


@cache
def seen_in_truth(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the directions of points of the true foot, (N, 3), and which views saw them by ray casting, (V, N)."""
    simulation = recorded(name)
    truth = Truth(simulation.mesh, simulation.views, simulation.config)
    points = sample_truth(truth, 15000)
    low, high = (
        end(simulation.mesh.vertices[simulation.mesh.vertices[:, 2] < 80.0], axis=0) for end in (np.min, np.max)
    )
    inside = np.linalg.norm(points.points - (low + high) / 2.0, axis=1) < 190.0
    points = type(points)(points.points[inside], points.normals[inside])
    views = [good_views_that_see(replace(truth, views=(view,)), points, 0.5) > 0 for view in simulation.views]
    stretched = (points.points - (low + high) / 2.0) / ((high - low) / 2.0)
    return stretched / np.linalg.norm(stretched, axis=1, keepdims=True), np.array(views)


def true_share(name: str, count: int) -> float:
    """Return the share of the directions of the true foot, in its own axes, that two of the first views saw."""
    points, views = seen_in_truth(name)
    directions = sphere_directions(80)
    cells = np.argmax(points @ directions.T, axis=1)
    times = sum((np.bincount(cells[view], minlength=80) >= 3).astype(int) for view in views[:count])
    asked = asked_directions(directions, name == "standing")
    return float(np.mean(times[asked] >= 2))


@pytest.mark.parametrize("name", ["standing", "raised"])
def test_what_was_seen_is_what_the_truth_says(name: str) -> None:
    """From the frames alone, against ray casting with the true poses in the true axes: neither more nor less."""
    total = len(recorded(name).views)
    for share in (0.3, 0.75):
        count = round(share * total)
        _, found = located(name, count)
        assert abs(found.share - true_share(name, count)) < 0.08, count
    assert true_share(name, round(0.3 * total)) < 0.6  # there was something to be found out


def test_words_name_the_side_that_was_not_looked_at() -> None:
    """The first half of the turn round a left foot goes along its inner side; those of a right foot are exchanged."""
    _, found = located("standing", 6)
    missing = found.missing("left")
    assert missing[0] == "the outer side"
    assert "the inner side" not in missing
    assert "the sole" not in missing  # it stands on it
    assert found.missing("right")[0] == "the inner side"
    assert found.missing("auto")[0] == "the left side"


# ------------------------------------------------------------------------------------------------ is a frame good


def seen_at(depth_mm: float, size: int = 60) -> CleanView:
    """Return a square of a foot at a distance."""
    depth = np.zeros((80, 80), np.float32)
    depth[10 : 10 + size, 10 : 10 + size] = depth_mm
    full = np.ones((80, 80), bool)
    return CleanView(
        "0", depth, np.zeros((80, 80, 3), np.float16), full, Intrinsics(80, 80, 100.0, 100.0, 40.0, 40.0), None, {}
    )


@pytest.mark.parametrize(
    ("depth_mm", "word"), [(190.0, "too near, 190 mm"), (210.0, ""), (540.0, ""), (560.0, "too far")]
)
def test_the_band_of_distances(depth_mm: float, word: str) -> None:
    warnings = frame_quality(seen_at(depth_mm), None, (200.0, 550.0), SMALL).warnings
    assert warnings == () if not word else warnings[0].startswith(word)


@pytest.mark.parametrize(("speed", "word"), [(190.0, ""), (210.0, "too fast, 210 mm/s")])
def test_movement(speed: float, word: str) -> None:
    warnings = frame_quality(seen_at(300.0), speed, (200.0, 550.0), SMALL).warnings
    assert warnings == () if not word else warnings[0].startswith(word)


def test_a_turn_is_as_fast_as_the_ends_of_the_foot() -> None:
    """A camera that goes round the foot moves nothing in its middle, but smears its ends: 0.1 rad × 100 mm there."""
    middle = np.array([10.0, 20.0, 400.0])
    turn = rotation_about(np.array([0.0, 1.0, 0.0]), 0.1)
    moved = rigid(turn, middle - turn @ middle)
    assert 0.9 * 6.66 < 0.5 * speed_mm_s(np.eye(4), moved, middle, 0.5) < 1.1 * 6.66  # two of six ends stay
    shifted = rigid(np.eye(3), np.array([0.0, 30.0, 0.0]))
    assert speed_mm_s(np.eye(4), shifted, middle, 0.5) == pytest.approx(60.0)


def test_holes_and_an_empty_image() -> None:
    view = seen_at(300.0)
    holed = view.depth_mm.copy()
    holed[15:65:2, 15:65] = 0.0  # the rim stays: all of it is holes inside an outline
    assert frame_quality(replace(view, depth_mm=holed), None, (200.0, 550.0), SMALL).warnings[0].startswith("holes, 6")
    assert frame_quality(view, None, (200.0, 550.0), SMALL).is_good
    assert "no foot" in frame_quality(seen_at(300.0, size=5), None, (200.0, 550.0), SMALL).warnings[0]
