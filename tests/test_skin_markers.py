"""Dots on the skin become landmarks, one where one is expected; anything else is skin."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest
from feet import as_surface, mirrored
from recordings import leg

from scanproc.artifacts import Foot, ScanFacts, Surface
from scanproc.frames import FloatArray, transform
from scanproc.stages.align import AlignConfig, align
from scanproc.stages.measure import MeasureConfig, measure

FACTS = ScanFacts(name="test", loading="standing")
BLACK, BLUE, GREEN = (30, 30, 38), (40, 80, 200), (60, 160, 70)
SKINS = {"light": (222, 180, 160), "brown": (150, 100, 75), "dark": (85, 58, 45)}
Dot = tuple[FloatArray, tuple[int, int, int], float]


@cache
def plain() -> Foot:
    return align(as_surface(leg(), True), FACTS, AlignConfig()).feet[0]


def on_skin(x: float, z: float, outward_y: float) -> FloatArray:
    """Return the outmost point at shares of the length, foot frame."""
    v = plain().mesh.vertices
    near = v[np.hypot(v[:, 0] - x * 288.5, v[:, 2] - z * 288.5) < 3.0]
    return np.asarray(near[np.argmax(outward_y * near[:, 1])])


NAVICULAR, MEDIAL, LATERAL = (0.41, 0.17, -1.0), (0.22, 0.32, -1.0), (0.20, 0.26, 1.0)


def painted(dots: Sequence[Dot], skin: str = "light", mirror: bool = False) -> Surface:
    mesh, rng = leg(), np.random.default_rng(1)
    placed = transform(plain().T_foot_scan, mesh.vertices)
    light = 1.0 + 0.12 * np.sin(placed[:, :1] / 40.0) * np.cos(placed[:, 2:] / 30.0)  # shade
    color = np.array(SKINS[skin]) * light
    for middle, ink, diameter in dots:
        color[np.linalg.norm(placed - middle, axis=1) < diameter / 2.0] = ink
    color = np.clip(color + rng.normal(scale=4.0, size=color.shape), 0.0, 255.0).astype(np.uint8)
    mesh = mirrored(mesh) if mirror else mesh
    return Surface(mesh, np.full(len(color), 9, dtype=np.uint8), True, color=color)


def marked(surface: Surface) -> dict[str, FloatArray]:
    foot = align(surface, FACTS, AlignConfig()).feet[0]
    return {name: mark.xyz_mm for name, mark in foot.landmarks.items() if mark.method == "marked"}


@pytest.mark.parametrize("skin", SKINS)
def test_bare_skin_has_no_marks(skin: str) -> None:
    assert marked(painted([], skin)) == {}


@pytest.mark.few(2)
@pytest.mark.parametrize(("skin", "ink"), [("light", BLACK), ("light", BLUE), ("brown", GREEN), ("dark", BLUE)])
def test_a_dot_on_the_navicular_gives_its_height(skin: str, ink: tuple[int, int, int]) -> None:
    dot = on_skin(*NAVICULAR)
    surface = painted([(dot, ink, 13.0)], skin)
    assert list(marked(surface)) == ["navicular"]
    assert marked(surface)["navicular"] == pytest.approx(dot, abs=3.0)
    feet = align(surface, FACTS, AlignConfig())
    found = measure(feet, FACTS, MeasureConfig()).feet[0].measures["navicular_height_mm"]
    assert found.value == pytest.approx(dot[2], abs=3.0)
    assert found.status == "measured"


def test_marks_are_told_apart_by_where_they_are() -> None:
    ball = plain().landmarks["metatarsale_tibiale"].xyz_mm + np.array([4.0, 0.0, 3.0])
    dots = {
        "navicular": on_skin(*NAVICULAR),
        "medial_malleolus": on_skin(*MEDIAL),
        "lateral_malleolus": on_skin(*LATERAL),
        "metatarsale_tibiale": ball,
    }
    found = marked(painted([(dot, BLACK, 13.0) for dot in dots.values()]))
    assert set(found) == set(dots)
    for name, dot in dots.items():
        assert found[name] == pytest.approx(dot, abs=3.0), name


def test_marks_on_the_other_foot() -> None:
    dot = on_skin(*NAVICULAR)
    found = marked(painted([(dot, BLACK, 13.0)], mirror=True))
    assert found["navicular"] * [1.0, -1.0, 1.0] == pytest.approx(dot, abs=3.0)


@pytest.mark.parametrize("diameter", [5.0, 26.0])
def test_what_is_smaller_or_larger_than_a_dot_is_none(diameter: float) -> None:
    assert marked(painted([(on_skin(*NAVICULAR), BLACK, diameter)])) == {}


def test_two_dots_for_one_place_are_none() -> None:
    first, second = on_skin(*NAVICULAR), on_skin(NAVICULAR[0] + 0.07, NAVICULAR[1], -1.0)
    assert marked(painted([(first, BLACK, 13.0), (second, BLACK, 13.0)])) == {}


def test_a_dot_where_none_is_expected_is_none() -> None:
    assert marked(painted([(on_skin(0.6, 0.12, 1.0), BLACK, 13.0), (on_skin(0.1, 0.1, 1.0), BLACK, 13.0)])) == {}
