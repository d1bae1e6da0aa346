"""Rare values are flagged, with the people they are rare among, and stay measured."""

from __future__ import annotations

import csv
import io

import pytest
from feet import AnalyticFoot, as_surface

from scanproc.artifacts import Measure, Measures, ScanFacts
from scanproc.codecs import decode, encode
from scanproc.page import measure_groups
from scanproc.population import rare_values
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
    notes = {row.name: row.norms for group in measure_groups(foot, facts) for row in group.rows}
    assert any("Rare: outside 219–276 mm" in note for note in notes["Foot length"])
    assert not any("Rare" in note for note in notes["EU size"])
