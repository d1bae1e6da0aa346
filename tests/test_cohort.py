"""The cohort's table and its dictionary: one row a foot, every column explained."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from feet import AnalyticFoot, as_surface
from visits import VALUES, facts, measures, results

from scanproc.artifacts import Measure, Measures, ScanFacts
from scanproc.errors import ScanError
from scanproc.formats.artifact_files import encode
from scanproc.measures.plain_words import group_of
from scanproc.measures.table import MEASURES, ROWS
from scanproc.several.cohort import COLUMNS, Outcome, check_none_refused, cohort_csv, dictionary_csv, write_cohort
from scanproc.stages.align import AlignConfig, align
from scanproc.stages.measure import MeasureConfig, measure

#: Groups in the order of a report.
GROUPS = tuple(dict.fromkeys(row.group for row in ROWS.values()))


def table(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode())))


def outcome(name: str, *feet: Any, **stated: Any) -> Outcome:
    found = results(name, *feet, **stated)
    return Outcome(name, found.facts, found.measures, ())


@pytest.fixture(scope="module")
def real() -> Measures:
    """What the stage itself makes."""
    stated = ScanFacts("a", side="left", loading="standing")
    feet = align(as_surface(AnalyticFoot(step_mm=4.0).mesh(), floor_seen=True), stated, AlignConfig())
    return measure(feet, stated, MeasureConfig())


def test_every_measure_has_words_a_definition_a_unit_and_a_source(real: Measures) -> None:
    assert list(real.feet[0].measures) == [row.key for row in MEASURES]
    for name, row in ROWS.items():
        assert row.words and row.group in GROUPS and row.source and len(row.definition) > 20, name
        unit = {"_mm": "mm", "_mm3": "mm³", "_deg": "°"}.get(name[name.rfind("_") :])
        assert row.dimension.unit and (unit is None or row.dimension.unit == unit), name


def test_the_dictionary_explains_each_column_of_the_cohort_once(real: Measures) -> None:
    outcomes = [Outcome("a", facts("a"), real, ())]
    header = list(table(cohort_csv(outcomes))[0])
    entries = table(dictionary_csv(outcomes))
    assert [entry["column"] for entry in entries] == header
    assert len(set(header)) == len(header)
    for name in real.feet[0].measures:
        assert {name, f"{name}_sd", f"{name}_status"} <= set(header)
    assert all(entry["name"] and entry["definition"] and entry["source"] for entry in entries)
    assert {entry["column"] for entry in entries if not entry["unit"]} == {
        column for column in header if column.endswith("_status") or (column in COLUMNS and not COLUMNS[column].unit)
    }


def test_one_row_a_foot_with_value_uncertainty_and_status() -> None:
    pair = outcome("may", measures("left"), measures("right", foot_length_mm=(252.5, 0.25)), side="both", mass_kg=70.0)
    rows = table(cohort_csv([pair, outcome("nov", measures("left", "seated"), date="2026-11-02")]))
    assert [(row["scan"], row["side"], row["loading"]) for row in rows] == [
        ("may", "left", "standing"),
        ("may", "right", "standing"),
        ("nov", "left", "seated"),
    ]
    right = rows[1]
    assert (right["foot_length_mm"], right["foot_length_mm_sd"], right["foot_length_mm_status"]) == (
        "252.5",
        "0.25",
        "measured",
    )
    assert (right["plantar_arch_height_mm"], right["plantar_arch_height_mm_status"]) == ("", "refused")
    assert (right["eu_size"], right["eu_size_sd"]) == ("39.0", "")
    assert (right["subject"], right["mass_kg"], right["date"], rows[2]["date"]) == ("anna", "70.0", "", "2026-11-02")
    assert {row["refused"] for row in rows} == {""}


def test_a_refused_scan_keeps_its_row_and_its_reason() -> None:
    refused = Outcome("bad", facts("bad", side="auto"), None, ("align: not a foot", "and more"))
    unread = Outcome("gone", None, None, ("gone does not exist, see there",))
    good = outcome("may", measures())
    rows = table(cohort_csv([refused, unread, good]))
    assert [(row["scan"], row["side"], row["foot_length_mm"]) for row in rows] == [
        ("bad", "", ""),
        ("gone", "", ""),
        ("may", "left", "250.0"),
    ]
    assert rows[0]["refused"] == "align: not a foot; and more"
    assert rows[1]["refused"] == "gone does not exist, see there"
    with pytest.raises(ScanError, match=r"2 of 3 scans were refused.*say why\.$"):
        check_none_refused([refused, unread, good])
    no_insole = Outcome("up", good.facts, good.measures, ("insole: no sole",))
    with pytest.raises(ScanError, match=r"2 of 3 .* 1 of them gave measures all the same"):
        check_none_refused([refused, no_insole, good])
    assert [each.verdict for each in (refused, unread, no_insole, good)] == ["refused", "refused", "measured", "done"]
    check_none_refused([good])


def test_a_measure_that_only_one_scan_knows_has_its_column() -> None:
    rows = table(cohort_csv([outcome("a", measures()), outcome("b", measures(ball_girth_mm=(230.0, 1.0)))]))
    assert [row["ball_girth_mm"] for row in rows] == ["", "230.0"]
    assert set(VALUES) <= set(rows[0])
    order = [name for name in rows[0] if name in ROWS]
    assert order == [row.key for row in MEASURES]
    assert list(dict.fromkeys(group_of(name) for name in order)) == list(GROUPS[:-1])  # none is come back to
    assert sorted(order, key=lambda name: GROUPS.index(group_of(name))) == order


def test_a_cohort_is_written_if_there_is_one(tmp_path: Path) -> None:
    assert write_cohort(tmp_path / "out", [Outcome("gone", None, None, ("gone",))]) == ()
    assert not (tmp_path / "out").exists()
    written = write_cohort(tmp_path / "out", [outcome("a", measures())])
    assert [path.name for path in written] == ["cohort.csv", "cohort-dictionary.csv"]
    assert all(path.is_file() for path in written)


def test_the_columns_are_the_same_whatever_was_measured(real: Measures) -> None:
    headers = [
        list(table(cohort_csv(outcomes))[0])
        for outcomes in (
            [outcome("a", measures())],
            [Outcome("a", facts("a"), real, ())],
            [Outcome("a", None, None, ("no",))],
        )
    ]
    assert headers[0] == headers[1] == headers[2]
    strange = list(table(cohort_csv([outcome("a", measures(zeal_mm=(1.0, 0.1), aim_mm=(1.0, 0.1)))]))[0])
    assert strange == [*headers[0], "aim_mm", "aim_mm_sd", "aim_mm_status", "zeal_mm", "zeal_mm_sd", "zeal_mm_status"]


def test_each_refusal_has_its_reason_in_the_row() -> None:
    inferred = Measure(228.0, 1.0, "inferred", "39 % was not seen")
    (row,) = table(cohort_csv([outcome("a", measures(ball_girth_mm=inferred))]))
    assert row["reasons"].split(" | ") == [
        "ball_girth_mm: 39 % was not seen",
        "plantar_arch_height_mm: the sole was not seen",
    ]
    (foot,) = csv.DictReader(
        io.StringIO(encode(Measures((measures(ball_girth_mm=inferred),)))["measures.csv"].decode())
    )
    assert foot["reasons"] == row["reasons"]


def test_the_dictionary_tells_a_value_from_its_uncertainty(real: Measures) -> None:
    names = {entry["column"]: entry["name"] for entry in table(dictionary_csv([Outcome("a", facts("a"), real, ())]))}
    assert names["foot_length_mm_sd"] == names["foot_length_mm"] + ", standard uncertainty"
    assert len(set(names.values())) == len(names)
