"""Landmarks that somebody set by hand: on the skin, or refused; as uncertain as palpation is."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from feet import AnalyticFoot, as_surface

from scanproc.anatomy.foot_replicates import PALPATION_SD_MM, replicate_of
from scanproc.artifacts import Feet, Foot, Measure, ScanFacts
from scanproc.errors import ScanError
from scanproc.formats.artifact_files import encode
from scanproc.formats.edited_landmarks import landmarks_of_edit
from scanproc.mesh.closest_point import closest_point
from scanproc.mesh.meshes import vertex_normals
from scanproc.open3d_bridge import RayScene
from scanproc.stages.align import AlignConfig, align
from scanproc.stages.measure import MeasureConfig, measure

STANDING = ScanFacts(name="foot", side="left", loading="standing")
NO_MORE = MeasureConfig(scale_sd=0.0, surface_sd_mm=0.0)


@cache
def feet() -> Feet:
    """A foot of which nothing is uncertain but what a person adds."""
    surface = as_surface(AnalyticFoot(step_mm=6.0).mesh(), floor_seen=True)
    surface = replace(surface, errors_mm=np.zeros((len(surface.mesh.vertices), 8), dtype=np.float16))
    return align(surface, STANDING, AlignConfig(ground_tilt_sd_deg=0.0))


def foot() -> Foot:
    return feet().feet[0]


def navicular() -> tuple[np.ndarray, np.ndarray]:
    """Return a vertex of the medial side and its normal."""
    mesh = foot().mesh
    at = int(np.argmin(np.linalg.norm(mesh.vertices - [95.0, -28.0, 40.0], axis=1)))
    return mesh.vertices[at], vertex_normals(mesh)[at]


def edited(landmarks: Any, side: str = "left") -> Foot:
    data = json.dumps({"schema": 1, "feet": [{"side": side, "landmarks": landmarks}]}).encode()
    return landmarks_of_edit(data, feet()).feet[0]


def at(point: np.ndarray, **others: Any) -> dict[str, Any]:
    return {"xyz_mm": [float(value) for value in point], **others}


def measured(changed: Foot) -> dict[str, Measure]:
    return dict(measure(Feet((changed,)), STANDING, NO_MORE).feet[0].measures)


@pytest.mark.parametrize("off_mm", [-2.5, 0.0, 2.5])
def test_a_landmark_near_the_skin_is_laid_onto_it(off_mm: float) -> None:
    point, normal = navicular()
    changed = edited({"navicular": at(point + off_mm * normal)})
    mark = changed.landmarks["navicular"]
    assert mark.method == "edited"
    assert mark.xyz_mm == pytest.approx(point, abs=0.8)
    assert RayScene(foot().mesh).closest(mark.xyz_mm[None]).distance[0] < 1e-3
    assert measured(replace(changed, replicates=None))["navicular_height_mm"].value == pytest.approx(mark.xyz_mm[2])
    assert all(changed.landmarks[name] is found for name, found in foot().landmarks.items())


@pytest.mark.parametrize("off_mm", [-10.0, -3.5, 3.5, 380.0])
@pytest.mark.parametrize("name", ["navicular", "metatarsale_tibiale"])
def test_a_landmark_in_the_air_or_inside_the_foot_is_refused(name: str, off_mm: float) -> None:
    point, normal = navicular()
    with pytest.raises(ScanError, match=rf"the {name} of the left foot at .* off the skin; expected at most 3 mm"):
        edited({name: at(point + off_mm * normal)})


def test_landmarks_json_itself_may_serve_as_the_edit() -> None:
    data = encode(feet())["landmarks.json"]
    same = landmarks_of_edit(data, feet()).feet[0].landmarks
    assert all(same[name] is found for name, found in foot().landmarks.items())
    content = json.loads(data)
    mark = content["feet"][0]["landmarks"]["metatarsale_tibiale"]
    vertices = foot().mesh.vertices
    moved = np.array(mark["xyz_mm"]) - [12.0, 0.0, 0.0]
    mark["xyz_mm"] = [float(value) for value in vertices[np.argmin(np.linalg.norm(vertices - moved, axis=1))]]
    changed = landmarks_of_edit(json.dumps(content).encode(), feet()).feet[0].landmarks
    assert changed["metatarsale_tibiale"].method == "edited"  # whatever the file says
    assert changed["pternion"] is foot().landmarks["pternion"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "cannot be used"),
        (b"{", "cannot be used"),
        (b"\xff\xfe", "cannot be used"),
        (b"[]", "cannot be used"),
        (b"{}", "cannot be used"),
        (b"[" * 100_000, "cannot be used"),
        (b'{"feet": 3}', "cannot be used"),
        (b'{"feet": [{"side": "left"}]}', "cannot be used"),
        ([], "cannot be used"),
        ({"pternion": {}}, "cannot be used"),
        ({"pternion": {"xyz_mm": [1, 2]}}, "three finite coordinates"),
        ({"pternion": {"xyz_mm": [1, 2, float("nan")]}}, "three finite coordinates"),
        ({"pternion": {"xyz_mm": [1, 2, 10**400]}}, "cannot be used"),
        ({"pternion": {"xyz_mm": [1, 2, 1e300]}}, "off the skin"),
        ({"pternion": {"xyz_mm": ["a", "b", "c"]}}, "cannot be used"),
        ({"pternion": {"xyz_mm": [1, 2, 3], "confidence": "high"}}, "cannot be used"),
        ({"pternion": {"xyz_mm": [1, 2, 3], "confidence": float("nan")}}, "confidence nan, expected 0 to 1"),
        ({"pternion": {"xyz_mm": [1, 2, 3], "confidence": -5}}, "confidence -5, expected 0 to 1"),
        ({"pternion": {"xyz_mm": [1, 2, 3], "confidence": 1.01}}, "confidence 1.01, expected 0 to 1"),
        ({"pternion": {"xyz_mm": [1, 2, 3], "method": "guessed"}}, "method 'guessed'"),
        ({"pternoin": {"xyz_mm": [1, 2, 3]}}, "'pternoin'; expected one of pternion"),
    ],
)
def test_an_edit_that_cannot_be_used_is_refused(data: Any, words: str) -> None:
    with pytest.raises(ScanError, match=r"landmarks\.edited\.json") as caught:
        _ = landmarks_of_edit(data, feet()) if isinstance(data, bytes) else edited(data)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_another_foot_is_refused() -> None:
    with pytest.raises(ScanError, match="right foot, which this scan lacks"):
        edited({"navicular": at(navicular()[0])}, side="right")


def test_a_landmark_set_by_hand_is_as_uncertain_as_palpation() -> None:
    """On an upright wall the height is wrong by the whole of it; two landmarks add up, as errors of their own."""
    found = measured(edited({"navicular": at(navicular()[0])}))
    upright = float(np.sqrt(1.0 - navicular()[1][2] ** 2))
    assert found["navicular_height_mm"].sd == pytest.approx(PALPATION_SD_MM * upright, rel=0.15)
    assert found["foot_width_mm"].sd < 0.01  # not read from it, but from a border that may lean
    names, up = ("metatarsale_tibiale", "metatarsale_fibulare"), np.array([0.0, 0.0, 0.1])
    heads = {name: at(foot().landmarks[name].xyz_mm + up) for name in names}
    set_by_hand = measured(edited(heads))
    assert set_by_hand["truncated_foot_length_mm"].sd == pytest.approx(PALPATION_SD_MM, rel=0.1)
    lever = foot().landmarks["metatarsale_fibulare"].xyz_mm - foot().landmarks["metatarsale_tibiale"].xyz_mm
    both = np.rad2deg(np.sqrt(2.0) * PALPATION_SD_MM / np.linalg.norm(lever))
    assert set_by_hand["ball_angle_deg"].sd == pytest.approx(both * np.cos(np.arctan2(*lever[:2])), rel=0.25)


def test_in_replicates_it_stays_on_the_skin() -> None:
    changed = edited({"navicular": at(navicular()[0])})
    shifts = []
    for k in range(8):
        other = replicate_of(changed, k)
        point = other.landmarks["navicular"].xyz_mm
        assert closest_point(other.mesh, point) == pytest.approx(point, abs=1e-9)
        shifts.append(point - changed.landmarks["navicular"].xyz_mm)
    assert np.mean(shifts, axis=0) == pytest.approx(np.zeros(3), abs=0.8)
    assert np.sqrt((np.array(shifts) ** 2).sum(axis=1).mean()) == pytest.approx(np.sqrt(2) * PALPATION_SD_MM, rel=0.1)


def test_the_nearest_point_of_a_mesh_is_that_of_another_library() -> None:
    rng = np.random.default_rng(0)
    mesh = foot().mesh
    points = mesh.vertices[rng.integers(len(mesh.vertices), size=30)] + rng.normal(scale=4.0, size=(30, 3))
    found = [np.linalg.norm(closest_point(mesh, point) - point) for point in points]
    assert found == pytest.approx(RayScene(mesh).closest(points).distance, abs=1e-3)


def test_a_landmark_on_another_place_of_the_skin_is_refused() -> None:
    toe = foot().landmarks["second_toe_tip"].xyz_mm
    with pytest.raises(ScanError, match=r"pternion of the left foot lies 2.. mm from where it was found"):
        edited({"pternion": at(toe)})
    fibulare = foot().landmarks["metatarsale_fibulare"].xyz_mm
    with pytest.raises(ScanError, match="metatarsale_tibiale of the left foot"):
        edited({"metatarsale_tibiale": at(fibulare)})


@pytest.mark.parametrize(
    ("name", "near", "words"),
    [
        ("navicular", (95.0, 35.0, 25.0), "lateral side at 0.3. of the foot's length; expected on the medial side"),
        ("navicular", (190.0, -35.0, 20.0), "medial side at 0.7"),
        ("lateral_malleolus", (60.0, -28.0, 70.0), "medial side at 0.2. .* expected on the lateral"),
        ("medial_malleolus", (60.0, 28.0, 70.0), "lateral side at 0.2"),
        ("medial_malleolus", (200.0, -30.0, 15.0), "medial side at 0.[78]. .* to 0.50"),
    ],
)
def test_a_landmark_that_is_only_set_by_hand_lies_where_feet_have_it(
    name: str, near: tuple[float, float, float], words: str
) -> None:
    point = closest_point(foot().mesh, np.array(near))
    with pytest.raises(ScanError, match=f"the {name} of the left foot lies on the {words}"):
        edited({name: at(point)})
