"""What a measure says it was read from is what its value says: as long, as steep, as high, on the foot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from feet import AnalyticFoot, as_surface, mirrored, without
from scipy.spatial import cKDTree

from scanproc.artifacts import Feet, Foot, Landmark, Measure, ReadGeometry, ScanFacts
from scanproc.frames import FloatArray
from scanproc.measures.rows import LENGTH, SIZE_MM, SIZE_PARIS
from scanproc.measures.table import MEASURES
from scanproc.stages.align import AlignConfig, align
from scanproc.stages.measure import MeasureConfig, measure

KEPT_MM = 0.002  # coordinates are kept to 0.001 mm, at both ends
SHAPE = AnalyticFoot(heel_deg=7.0, leg_deg=-3.0, arch_mm=12.0)
GIRTHS = ("ball_girth_mm", "instep_girth_mm")


@cache
def placed(side: str, floor: bool) -> tuple[Foot, ScanFacts]:
    """Return a foot with a navicular and facts, of which every measure but one has a value."""
    mesh = SHAPE.mesh() if side == "left" else mirrored(SHAPE.mesh())
    facts = ScanFacts("test", side=side, loading="standing" if floor else "non-weight-bearing")  # type: ignore[arg-type]
    (foot,) = align(as_surface(mesh, floor), facts, AlignConfig()).feet
    marks = {"navicular": Landmark(np.array([95.0, 25.0 * foot.medial_y, 41.5]), "edited", 1.0)}
    return replace(foot, landmarks={**foot.landmarks, **marks}), facts


@cache
def measured(side: str = "left", floor: bool = True) -> Mapping[str, Measure]:
    foot, facts = placed(side, floor)
    return measure(Feet((foot,)), facts, MeasureConfig()).feet[0].measures


EVERY = pytest.mark.parametrize(("side", "floor"), [("left", True), ("right", False)])


def geometry_of(found: Measure) -> ReadGeometry:
    assert found.geometry is not None, found
    return found.geometry


def value_of(found: Measure) -> float:
    assert found.value is not None, found
    return found.value


def length_of(curve: FloatArray) -> float:
    return float(np.linalg.norm(np.diff(curve, axis=0), axis=1).sum())


@EVERY
def test_every_value_has_what_it_was_read_from_and_no_refusal_has(side: str, floor: bool) -> None:
    for name, found in measured(side, floor).items():
        assert (found.geometry is None) == (found.value is None), name
        if found.geometry is not None:
            parts = found.geometry.as_lists()
            assert parts, name
            for named in parts.values():
                for points in named.values():
                    assert np.isfinite(points).all()
                    assert np.array(points) == pytest.approx(np.round(points, 3), abs=0.0)


@EVERY
def test_a_dimension_line_is_as_long_as_the_value_along_one_axis(side: str, floor: bool) -> None:
    seen = set()
    for row in MEASURES:
        found = measured(side, floor)[row.key]
        if row.dimension is LENGTH and row.key not in GIRTHS and found.value is not None:
            start, end = geometry_of(found).lines["dimension"]
            assert np.linalg.norm(end - start) == pytest.approx(abs(found.value), abs=KEPT_MM), row.key
            assert np.sort(np.abs(end - start))[:2] == pytest.approx([0.0, 0.0], abs=1e-9), row.key
            seen.add(int(np.argmax(np.abs(end - start))))
    assert seen == {0, 1, 2}


@EVERY
def test_lengths_lie_where_the_foot_was_built(side: str, floor: bool) -> None:
    """x of ends, y of borders, z of tops by the formulas of the analytic foot."""
    found, length, medial = measured(side, floor), SHAPE.length, placed(side, floor)[0].medial_y

    def ends(name: str, axis: int) -> list[float]:
        return sorted(float(at) for at in geometry_of(found[name]).lines["dimension"][:, axis])

    assert ends("foot_length_mm", 0) == pytest.approx([0.0, length], abs=0.5)
    assert ends("truncated_foot_length_mm", 0) == pytest.approx([0.0, SHAPE.truncated_length], abs=0.7)
    assert ends("outside_ball_length_mm", 0) == pytest.approx([0.0, SHAPE.outside_ball_length], abs=0.7)
    borders = [medial * SHAPE.medial(0.72), -medial * SHAPE.lateral(0.63)]
    assert ends("foot_width_mm", 1) == pytest.approx(sorted(float(at) for at in borders), abs=0.7)
    dorsum = geometry_of(found["dorsum_height_mm"]).lines["dimension"]
    assert dorsum[:, 0] == pytest.approx(0.5 * length, abs=0.5) and dorsum[0, 2] == 0.0
    assert dorsum[1, 2] == pytest.approx(SHAPE.dorsum_height, abs=0.5)
    heel = geometry_of(found["heel_width_mm"]).lines["dimension"]
    assert heel[:, 0] == pytest.approx(0.16 * length, abs=0.5)
    assert medial * heel[1, 1] > 20.0 > -20.0 > medial * heel[0, 1]  # from lateral to medial


@EVERY
@pytest.mark.parametrize("name", GIRTHS)
def test_a_tape_is_as_long_as_the_girth_closed_and_on_the_foot(name: str, side: str, floor: bool) -> None:
    found, foot = measured(side, floor)[name], placed(side, floor)[0]
    curves = geometry_of(found).curves
    over, under = curves["over the foot"], curves["under the foot"]
    assert length_of(over) + length_of(under) == pytest.approx(value_of(found), abs=0.05)
    assert (over[0] == under[-1]).all() and (over[-1] == under[0]).all()
    assert over[:, 2].max() > 30.0 > 20.0 > under[:, 2].max()
    assert over[:, 2].mean() > under[:, 2].mean()
    # Corners of the tape touch the surface: its vertices lie 2 mm apart.
    assert cKDTree(foot.mesh.vertices).query(over)[0].max() < 2.5


def test_a_tape_closed_along_an_unseen_floor_is_as_long_as_its_girth() -> None:
    facts = ScanFacts("test", loading="standing")
    feet = align(as_surface(without(SHAPE.mesh(), high=3.0), True), facts, AlignConfig())
    found = measure(feet, facts, MeasureConfig()).feet[0].measures
    assert found["ball_girth_mm"].status == "inferred"
    curves = geometry_of(found["ball_girth_mm"]).curves
    length = sum(length_of(curve) for curve in curves.values())
    assert length == pytest.approx(value_of(found["ball_girth_mm"]), abs=0.05)
    assert curves["under the foot"][:, 2].min() == pytest.approx(0.0, abs=1e-3)


@EVERY
def test_lines_lean_as_their_angles_say(side: str, floor: bool) -> None:
    found, medial = measured(side, floor), placed(side, floor)[0].medial_y

    def lean(of: str, name: str) -> float:
        low, high = geometry_of(found[of]).lines[name]
        return float(np.rad2deg(np.arctan2(medial * (high[1] - low[1]), high[2] - low[2])))

    heel, leg = lean("heel_angle_deg", "heel line"), lean("leg_angle_deg", "leg line")
    assert heel == pytest.approx(value_of(found["heel_angle_deg"]), abs=0.003)
    assert leg == pytest.approx(value_of(found["leg_angle_deg"]), abs=0.003)
    assert (heel, leg) == (pytest.approx(SHAPE.heel_deg, abs=0.25), pytest.approx(SHAPE.leg_deg, abs=0.25))
    both = lean("leg_heel_angle_deg", "heel line") - lean("leg_heel_angle_deg", "leg line")
    assert both == pytest.approx(value_of(found["leg_heel_angle_deg"]), abs=0.005)
    middles = geometry_of(found["heel_angle_deg"]).curves["heel middles"]
    low, high = geometry_of(found["heel_angle_deg"]).lines["heel line"]
    off = middles[:, 1] - np.interp(middles[:, 2], [low[2], high[2]], [low[1], high[1]])
    assert len(middles) >= 8 and np.abs(off).max() < 0.5
    assert low[2] < middles[:, 2].min() < middles[:, 2].max() < high[2]
    if not floor:
        first, fifth = geometry_of(found["forefoot_angle_deg"]).lines["metatarsal heads"]
        tilt = np.rad2deg(np.arctan2(first[2] - fifth[2], abs(first[1] - fifth[1])))
        assert tilt + heel == pytest.approx(value_of(found["forefoot_angle_deg"]), abs=0.005)


@EVERY
def test_tangents_and_the_ball_line_meet_at_their_angles(side: str, floor: bool) -> None:
    found = measured(side, floor)
    for name in ("hallux_angle_deg", "fifth_toe_angle_deg"):
        lines = geometry_of(found[name]).lines
        heel, toe = ((line[1] - line[0])[:2] for line in (lines["heel"], lines["toe"]))
        assert lines["heel"][0] == pytest.approx(lines["toe"][0], abs=0.0)  # at the joint
        turned = np.rad2deg(np.arccos(-(heel @ toe) / np.linalg.norm(heel) / np.linalg.norm(toe)))
        assert turned == pytest.approx(abs(value_of(found[name])), abs=0.01)
    tibiale, fibulare = geometry_of(found["ball_angle_deg"]).lines["ball line"]
    ahead, across = tibiale[0] - fibulare[0], abs(tibiale[1] - fibulare[1])
    assert np.rad2deg(np.arctan2(ahead, across)) == pytest.approx(value_of(found["ball_angle_deg"]), abs=0.003)
    assert value_of(found["ball_angle_deg"]) == pytest.approx(SHAPE.ball_angle_deg, abs=0.5)


@EVERY
def test_the_apex_is_the_top_of_the_arch_line(side: str, floor: bool) -> None:
    found, length = measured(side, floor), SHAPE.length
    geometry = geometry_of(found["plantar_arch_height_mm"])
    line, (ground, apex) = geometry.curves["arch line"], geometry.lines["dimension"]
    assert line[:, 2].max() == apex[2] and apex.tolist() in line.tolist() and ground[2] == 0.0
    assert (line[0, 0], line[-1, 0]) == (pytest.approx(0.30 * length, abs=1.5), pytest.approx(0.60 * length, abs=1.5))
    assert np.interp(0.425 * length, line[:, 0], line[:, 2]) == pytest.approx(SHAPE.arch_mm, abs=0.5)


@EVERY
def test_ratios_and_sizes_keep_what_they_are_made_of(side: str, floor: bool) -> None:
    found = measured(side, floor)
    lines = geometry_of(found["arch_height_index"]).lines
    dorsum, truncated = (float(np.linalg.norm(line[1] - line[0])) for line in lines.values())
    assert dorsum / truncated == pytest.approx(value_of(found["arch_height_index"]), abs=2e-5)
    for row in MEASURES:
        if row.dimension in (SIZE_MM, SIZE_PARIS):
            line = geometry_of(found[row.key]).lines["foot length"]
            assert np.linalg.norm(line[1] - line[0]) == pytest.approx(value_of(found["foot_length_mm"]), abs=KEPT_MM)


def test_the_print_is_cut_in_thirds() -> None:
    lines = list(geometry_of(measured()["arch_index"]).lines.values())
    x = [float(line[0, 0]) for line in lines]
    assert np.diff(x) == pytest.approx(np.diff(x)[0], abs=2e-3)
    assert -1.0 < x[0] < 0.1 * SHAPE.length and 0.7 * SHAPE.length < x[-1] < 0.85 * SHAPE.length


def test_the_arch_s_volume_stands_on_the_medial_half() -> None:
    ring = geometry_of(measured()["arch_volume_mm3"]).curves["on the ground"]
    assert (ring[0] == ring[-1]).all() and (ring[:, 2] == 0.0).all()
    x, y = ring[:-1, 0], ring[:-1, 1]
    area = 0.5 * abs(float(x @ np.roll(y, 1) - y @ np.roll(x, 1)))
    share = np.linspace(0.30, 0.60, 3001)
    half = (SHAPE.medial(share) + SHAPE.lateral(share)) / 2.0
    assert area == pytest.approx(float(np.trapezoid(half, share * SHAPE.length)), rel=0.02)
    assert y.mean() < 0.0  # a left foot


def test_replicates_ask_for_no_geometry(monkeypatch: pytest.MonkeyPatch) -> None:
    surface = as_surface(SHAPE.mesh(), True)
    surface = replace(surface, errors_mm=np.zeros((len(surface.mesh.vertices), 4), np.float16))
    facts = ScanFacts("test", loading="standing")
    feet = align(surface, facts, AlignConfig())
    assert feet.feet[0].replicates is not None and len(feet.feet[0].replicates) == 4
    made: list[ReadGeometry] = []
    frozen = ReadGeometry.__post_init__
    monkeypatch.setattr(ReadGeometry, "__post_init__", lambda self: (made.append(self), frozen(self))[1])
    measure(feet, facts, MeasureConfig())
    with_replicates, made[:] = len(made), []
    measure(Feet((replace(feet.feet[0], replicates=None),)), facts, MeasureConfig())
    assert with_replicates == len(made) > 20
