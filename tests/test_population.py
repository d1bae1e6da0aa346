"""Rare values are flagged, with the people they are rare among, and stay measured."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from feet import AnalyticFoot, as_surface

from scanproc.artifacts import Measure, Measures, ScanFacts
from scanproc.formats.artifact_files import decode, encode
from scanproc.measures.population import norms_of, percentile_words, rare_values
from scanproc.measures.table import MEASURES
from scanproc.pages.findings import findings
from scanproc.pages.words import Words
from scanproc.stages.align import AlignConfig, align
from scanproc.stages.measure import MeasureConfig, measure


def length(value: float | None) -> dict[str, Measure]:
    if value is None:
        return {"foot_length_mm": Measure(None, None, "refused", "not seen")}
    return {"foot_length_mm": Measure(value, None, "measured")}


@pytest.mark.parametrize(
    ("value", "sex", "age", "rare"),
    [
        (218.0, "female", None, True),
        (220.0, "female", 40.0, False),
        (277.0, "female", None, True),
        (277.0, "male", None, False),
        (230.0, "male", None, True),
        (230.0, None, None, False),  # of unknown sex, only what is rare in both
        (218.0, None, None, True),
        (303.0, None, None, True),
        (180.0, "male", 9.0, False),  # a child
        (None, "male", None, False),
    ],
)
def test_what_is_rare(value: float | None, sex: str | None, age: float | None, rare: bool) -> None:
    facts = ScanFacts(name="test", sex=sex, age_years=age)  # type: ignore[arg-type]
    found = rare_values(length(value), facts)
    assert list(found) == (["foot_length_mm"] if rare else [])
    if rare:
        assert ("women" if sex == "female" else "men" if sex else "adults") in found["foot_length_mm"]


def test_a_flag_is_seen_in_every_output() -> None:
    facts = ScanFacts(name="test", sex="female", loading="standing")
    feet = align(as_surface(AnalyticFoot(length=290.0, step_mm=4.0).mesh(), True), facts, AlignConfig())
    measures = measure(feet, facts, MeasureConfig())
    (foot,) = measures.feet
    assert foot.measures["foot_length_mm"].status == "measured"
    assert "219–276 mm" in foot.flags["foot_length_mm"]
    files = encode(measures)
    assert decode(Measures, files).feet[0].flags == foot.flags  # type: ignore[attr-defined]
    (row,) = csv.DictReader(io.StringIO(files["measures.csv"].decode()))
    assert "foot_length_mm" in row["flags"].split()
    assert any(
        "longer than usual" in text or "shorter than usual" in text for text in findings(Words(), [(foot, facts)])[0][1]
    )


WOMAN = ScanFacts(name="test", sex="female", loading="standing")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (246.0, "percentile 50: women 246 ± 12 mm, 1st–99th percentile 219–276 mm (ANSUR II, n = 6,068)"),
        (256.0, "percentile 78: women"),  # 10 mm above, of which 30 mm are the 99th: Φ(0.775) = 0.781
        (236.0, "percentile 19: women"),  # 10 mm below, of which 27 mm are the 1st: Φ(-0.861) = 0.195
        (218.0, "below the 1st percentile: women"),
        (277.0, "above the 99th percentile: women"),
    ],
)
def test_a_percentile_among_those_of_the_same_sex(value: float, words: str) -> None:
    (found,) = norms_of("foot_length_mm", length(value), "standing", WOMAN)
    assert found.startswith(words)
    (of_men,) = norms_of("foot_length_mm", length(value), "standing", replace(WOMAN, sex="male"))
    assert "women" not in of_men


def test_what_is_flagged_is_what_lies_beyond_the_outer_percentiles() -> None:
    with_limits = [(row.key, norm, norm.limits) for row in MEASURES for norm in row.norms if norm.limits]
    assert sorted((name, str(norm.sex)) for name, norm, _ in with_limits) == [
        (name, sex) for name in ("foot_length_mm", "foot_width_mm", "heel_width_mm") for sex in ("female", "male")
    ]
    for name, norm, (low, high) in with_limits:
        assert norm.percentile(low) == pytest.approx(1.0, abs=0.01)
        assert norm.percentile(high) == pytest.approx(99.0, abs=0.01)
        assert 0.5 < (norm.mean - low) / (high - norm.mean) < 2.0
        for value, rare in ((low - 0.1, True), (low, False), (high, False), (high + 0.1, True)):
            found = rare_values({name: Measure(value, None, "measured")}, ScanFacts("test", sex=norm.sex))
            assert list(found) == ([name] if rare else [])


def test_a_ratio_is_compared_as_a_ratio() -> None:
    measures = {**length(250.0), "ball_girth_mm": Measure(242.5, None, "measured")}  # 0.97: one sd above
    (found,) = norms_of("ball_girth_mm", measures, "standing", replace(WOMAN, sex=None))
    assert found == "÷ foot length = .970, percentile 84: adults .930 ± .040 (ANSUR II, n = 6,068)"
    assert norms_of("ball_girth_mm", {**measures, **length(None)}, "standing", WOMAN) == ()
    navicular = {name: Measure(v, None, "measured") for name, v in (("navicular_height_mm", 45.0),)}
    truncated = {"truncated_foot_length_mm": Measure(180.0, None, "measured")}
    (found,) = norms_of("navicular_height_mm", {**navicular, **truncated}, "standing", WOMAN)
    assert found.startswith("÷ truncated length = .250, percentile 25: normal .27")  # Φ(-0.667) = 0.252


@pytest.mark.parametrize("loading", ["seated", "non-weight-bearing", "unknown"])
def test_norms_of_standing_people_say_nothing_of_others(loading: str) -> None:
    """But for lengths across and along the foot, which load changes by a fraction of what people differ by."""
    measures = {row.key: Measure(row.norms[0].mean, None, "measured") for row in MEASURES if row.norms}
    lengths = {"foot_length_mm", "truncated_foot_length_mm", "foot_width_mm", "heel_width_mm", "ball_girth_mm"}
    found = {name for name in measures if norms_of(name, measures, loading, WOMAN)}  # type: ignore[arg-type]
    assert found - lengths == ({"arch_height_index"} if loading == "seated" else set())
    assert lengths <= found


def test_no_percentile_is_called_more_exactly_than_it_is_known() -> None:
    assert [percentile_words(share) for share in (0.4, 1.2, 98.9, 99.6)] == [
        "below the 1st percentile",
        "percentile 1",
        "percentile 99",
        "above the 99th percentile",
    ]
