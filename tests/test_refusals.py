"""Scans of less than a foot, of more than one, or of something else: refused with what was found, never measured."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from feet import AnalyticFoot, as_surface, mirrored, moved
from not_feet import hand, kept, sawn, shoe, touching
from recordings import leg

from scanproc.artifacts import Measure, Mesh, ScanFacts, Surface
from scanproc.errors import ScanError
from scanproc.frames import rigid
from scanproc.stages.align import AlignConfig, align
from scanproc.stages.measure import MeasureConfig, measure

FACTS = ScanFacts(name="test", loading="standing")
LENGTH = 288.5  # of the leg


@cache
def analytic() -> Mesh:
    return AnalyticFoot(step_mm=2.5).mesh()


def measured(surface: Surface) -> dict[str, Measure]:
    feet = align(surface, FACTS, AlignConfig())
    return dict(measure(feet, FACTS, MeasureConfig()).feet[0].measures)


def value(found: Measure) -> float:
    assert found.value is not None, found.reason
    return found.value


# ------------------------------------------------------------------------------------------------ ends of the scan


@pytest.mark.few(3)
@pytest.mark.parametrize("cut_mm", [10.0, 25.0, 50.0])
@pytest.mark.parametrize("floor_seen", [True, False])
def test_an_open_heel_is_refused(cut_mm: float, floor_seen: bool) -> None:
    surface = as_surface(kept(leg(), lambda v: v[:, 0] > cut_mm), floor_seen)
    with pytest.raises(ScanError, match=r"heel ending in an open or cut edge.*Scan the heel"):
        measured(surface)


@pytest.mark.parametrize("cut_mm", [5.0, 15.0])
@pytest.mark.parametrize("floor_seen", [True, False])
def test_open_toes_are_refused(cut_mm: float, floor_seen: bool) -> None:
    surface = as_surface(kept(leg(), lambda v: v[:, 0] < LENGTH - cut_mm), floor_seen)
    with pytest.raises(ScanError, match=r"toes ending in an open or cut edge.*Scan the toes"):
        measured(surface)


@pytest.mark.parametrize("cut_mm", [30.0, 70.0])
def test_a_foot_without_its_forefoot_is_no_foot(cut_mm: float) -> None:
    with pytest.raises(ScanError, match=r"look like a foot: found .*without its toes"):
        measured(as_surface(kept(leg(), lambda v: v[:, 0] < LENGTH - cut_mm), True))


@pytest.mark.parametrize(("normal", "offset_mm", "end"), [((1, 0, 0), 12.0, "heel"), ((-1, 0, 0), -276.0, "toes")])
def test_an_end_that_was_sawn_off_and_closed_is_refused_too(
    normal: tuple[float, ...], offset_mm: float, end: str
) -> None:
    with pytest.raises(ScanError, match=f"{end} ending in an open or cut edge"):
        measured(as_surface(sawn(leg(), normal, offset_mm), True))


def test_a_ragged_edge_at_the_toes_is_refused() -> None:
    rng = np.random.default_rng(3)
    rag = rng.uniform(0.0, 6.0, len(leg().vertices))
    with pytest.raises(ScanError, match="toes ending"):
        measured(as_surface(kept(leg(), lambda v: v[:, 0] < LENGTH - 6.0 - rag), True))


def test_a_hallux_cut_off_leaves_no_length_but_the_rest() -> None:
    whole = measured(as_surface(leg(), True))
    found = measured(as_surface(kept(leg(), lambda v: (v[:, 0] < 268.0) | (v[:, 1] > -14.0)), True))
    for name in ("foot_length_mm", "mondopoint", "eu_size"):
        assert found[name].status == "refused"
        assert "not seen" in str(found[name].reason)
    assert value(found["heel_angle_deg"]) == pytest.approx(value(whole["heel_angle_deg"]), abs=0.4)


def test_a_second_toe_without_its_tip_still_gives_the_axis_where_the_longest_is_whole() -> None:
    """Noise takes the tips of thin toes first: what is left of this one lies where it did."""
    whole = measured(as_surface(leg(), True))
    tip = np.array([287.0, -16.2, 14.0])
    surface = as_surface(kept(leg(), lambda v: np.linalg.norm(v - tip, axis=1) > 5.0), True)
    (foot,) = align(surface, FACTS, AlignConfig()).feet
    assert foot.landmarks["second_toe_tip"].confidence <= 0.5
    found = measured(surface)
    for name, within in (("foot_length_mm", 0.3), ("foot_width_mm", 0.5), ("heel_angle_deg", 0.4)):
        assert found[name].status == "measured"
        assert value(found[name]) == pytest.approx(value(whole[name]), abs=within)


def test_a_standing_foot_seen_from_above_ends_truly_at_its_toes() -> None:
    """Views from above see the toes down to where they are foremost: the rim runs through their tips."""
    whole = measured(as_surface(leg(), True))
    toes = kept(leg(), lambda v: (v[:, 2] > 15.0) | (v[:, 0] < 235.0))
    found = measured(as_surface(kept(toes, lambda v: v[:, 2] > 3.0), True))
    assert value(found["foot_length_mm"]) == pytest.approx(value(whole["foot_length_mm"]), abs=0.4)
    assert found["foot_length_mm"].status == "measured"


def torn_under_the_nails(height_mm: float) -> Mesh:
    toes = kept(leg(), lambda v: (v[:, 2] > height_mm) | (v[:, 0] < 235.0))
    return kept(toes, lambda v: v[:, 2] > 3.0)


@pytest.mark.parametrize("height_mm", [17.0, 18.0])
def test_a_second_toe_torn_up_to_its_nail_leaves_no_length_but_the_rest(height_mm: float) -> None:
    """It may be the longest: 12 stops above a standing foot see no more of it, which is no reason to refuse a foot."""
    whole = measured(as_surface(leg(), True))
    found = measured(as_surface(torn_under_the_nails(height_mm), True))
    assert found["foot_length_mm"].status == "refused"
    for name, within in (("foot_width_mm", 0.1), ("heel_width_mm", 0.1), ("dorsum_height_mm", 0.3)):
        assert found[name].status == "measured"
        assert value(found[name]) == pytest.approx(value(whole[name]), abs=within)
    assert value(found["heel_angle_deg"]) == pytest.approx(value(whole["heel_angle_deg"]), abs=0.1)


def test_toes_that_are_all_torn_up_to_their_nails_are_refused() -> None:
    """The longest has lost 1.3 mm by then, and the dorsum is read 0.5 mm too high."""
    with pytest.raises(ScanError, match="toes ending"):
        measured(as_surface(torn_under_the_nails(19.0), True))


def test_what_is_read_at_half_a_length_that_nobody_saw_is_as_uncertain() -> None:
    def sd_mm(mesh: Mesh, name: str) -> float:
        errors = np.zeros((len(mesh.vertices), 4), dtype=np.float16)
        parts = measured(replace(as_surface(mesh, True), errors_mm=errors))[name].sd_parts
        assert parts is not None
        return parts.repeat

    without_hallux = kept(leg(), lambda v: (v[:, 0] < 268.0) | (v[:, 1] > -14.0))
    x, _, z = leg().vertices.T
    middles = np.arange(137.0, 152.0, 2.0)
    slope, _ = np.polyfit(middles, [z[np.abs(x - middle) < 1.0].max() for middle in middles], 1)
    assert sd_mm(leg(), "dorsum_height_mm") < 0.2
    assert sd_mm(without_hallux, "dorsum_height_mm") == pytest.approx(abs(slope) * 0.5 * 3.0, rel=0.3)
    assert sd_mm(without_hallux, "foot_width_mm") < 0.2


def test_a_small_hole_in_a_toe_does_no_harm() -> None:
    mesh = leg()
    tip = mesh.vertices[np.argmax(mesh.vertices[:, 0])]
    holed = kept(mesh, lambda v: np.linalg.norm(v - tip, axis=1) > 2.0)
    found = measured(as_surface(holed, True))["foot_length_mm"]
    assert found.status == "measured"
    assert value(found) == pytest.approx(LENGTH, abs=0.5)


# -------------------------------------------------------------------------------------------- parts of the surface


@pytest.mark.parametrize("floor_seen", [True, False])
def test_without_a_leg_only_the_leg_is_missing(floor_seen: bool) -> None:
    whole = measured(as_surface(leg(), floor_seen))
    found = measured(as_surface(kept(leg(), lambda v: v[:, 2] < 95.0), floor_seen))
    lost = {name for name in whole if whole[name].value is not None and found[name].value is None}
    assert lost <= {"leg_angle_deg", "leg_heel_angle_deg", "heel_contact_offset_mm", "malleolus_height_mm"}
    assert "leg_angle_deg" in lost
    for name in ("foot_length_mm", "dorsum_height_mm", "heel_angle_deg", "heel_width_mm"):
        assert value(found[name]) == pytest.approx(value(whole[name]), abs=1e-6), name


def test_a_dorsum_that_was_cut_off_has_no_height() -> None:
    found = measured(as_surface(kept(leg(), lambda v: v[:, 2] < 62.0), True))
    for name in ("dorsum_height_mm", "arch_height_index"):
        assert "the surface ends below it" in str(found[name].reason)
    assert found["foot_length_mm"].status == "measured"


def test_a_rim_under_the_heel_levels_no_foot() -> None:
    lifted = moved(kept(leg(), lambda v: v[:, 2] > 6.0), rigid(np.eye(3), np.array([0.0, 0.0, 300.0])))
    errors = np.zeros(
        (len(lifted.vertices), 4), dtype=np.float16
    )  # a recording: another scanner's mesh rests on its rim
    with pytest.raises(ScanError, match=r"sole ending in an open edge under the .*Scan"):
        measured(replace(as_surface(lifted, False), errors_mm=errors))


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_one_wall_of_the_heel_makes_no_width_and_no_angle(side: float) -> None:
    half = kept(leg(), lambda v: (v[:, 0] > 60.0) | (side * v[:, 1] > -12.0) | (v[:, 2] > 80.0))
    found = measured(as_surface(half, True))
    assert found["heel_width_mm"].status == "refused"
    assert found["heel_angle_deg"].status == "refused"
    assert value(found["foot_length_mm"]) == pytest.approx(LENGTH, abs=0.2)


def test_a_heel_closed_behind_by_invention_is_not_measured() -> None:
    mesh = leg()
    views = np.where(mesh.vertices[:, 0] < 12.0, 0, 9).astype(np.uint8)
    found = measured(Surface(mesh, views, True))
    for name in ("foot_length_mm", "truncated_foot_length_mm"):
        assert found[name].status == "refused"


def test_a_sole_closed_by_a_plane_has_no_arch() -> None:
    capped = sawn(leg(), (0, 0, 1), 16.0)
    found = measured(as_surface(moved(capped, rigid(np.eye(3), np.array([0.0, 0.0, 90.0]))), False))
    for name in ("plantar_arch_height_mm", "arch_volume_mm3", "arch_index"):
        assert "closed by a plane" in str(found[name].reason)
    assert found["leg_angle_deg"].status == "measured"
    bent = measured(as_surface(analytic(), False))  # flat under heel and ball, as on glass, with a true arch between
    assert bent["plantar_arch_height_mm"].status == "measured"


# ------------------------------------------------------------------------------------------------ not one foot

ELSE = {
    "two feet": (lambda: touching(leg(), mirrored(leg()), 100.0), ""),
    "medial half": (lambda: kept(leg(), lambda v: v[:, 1] < 0.0), "like half a foot"),
    "lateral half": (lambda: kept(leg(), lambda v: v[:, 1] > 0.0), "like half a foot"),
    "rear half": (lambda: kept(leg(), lambda v: v[:, 0] < 144.0), "without its toes"),
    "front half": (lambda: kept(leg(), lambda v: v[:, 0] > 144.0), ""),
    "hand": (lambda: hand(), "like two feet that touch, or a hand"),
    "closed hand": (lambda: hand(0.0, 10.0, 0.0), ""),
    "hand and forearm": (lambda: hand(2.0, 50.0, 100.0), "hand"),
    "shoe": (lambda: shoe(), "like a shoe"),
    "high shoe": (lambda: shoe(30.0), "like a shoe"),
}


@pytest.mark.parametrize("name", ELSE)
def test_what_is_no_single_whole_foot_is_refused(name: str) -> None:
    build, reason = ELSE[name]
    with pytest.raises(ScanError, match=rf"does not look like a foot: found .*{reason}"):
        measured(as_surface(build(), True))


def test_a_sole_alone_on_a_floor_may_as_well_lie_another_way() -> None:
    with pytest.raises(ScanError, match=r"confidence 0\.[5-9]\d; expected align.min_pose_confidence"):
        measured(as_surface(kept(leg(), lambda v: v[:, 2] < 25.0), True))


@pytest.mark.few(2)
@pytest.mark.parametrize("name", ["two feet", "medial half", "hand", "shoe"])
def test_nor_without_a_floor(name: str) -> None:
    with pytest.raises(ScanError, match="does not look like a foot: found"):
        measured(as_surface(ELSE[name][0](), False))


def test_the_misfit_that_refuses_is_a_setting() -> None:
    with pytest.raises(ScanError, match=r"align\.max_misfit = 0\.2"):
        align(as_surface(leg(), True), FACTS, replace(AlignConfig(), max_misfit=0.2))
