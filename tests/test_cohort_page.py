"""What a cohort is like: distributions beside norms, outliers, counted reasons; the page and the Parquet file."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyarrow import parquet
from report_scans import Page
from test_cohort import outcome, table
from visits import facts, measures

from scanproc.artifacts import Check, FootMeasures, Measure, Measures, Refusal
from scanproc.errors import ScanError
from scanproc.pages.words import LANGUAGES, Words
from scanproc.results import Run
from scanproc.several.batch import write_all
from scanproc.several.cohort import Outcome, cohort_csv
from scanproc.several.cohort_page import cohort_page
from scanproc.several.cohort_parquet import cohort_parquet
from scanproc.several.cohort_summary import distributions, outliers, reasons_of_measures, reasons_of_scans
from scanproc.store import Store, to_json

LENGTHS = (236.0, 241.0, 244.0, 247.0, 250.0, 252.0, 255.0, 258.0, 263.0)


def cohort(*lengths: float, loading: Any = "standing", **more: Any) -> list[Outcome]:
    return [
        outcome(f"scan-{k}", measures("left", loading, foot_length_mm=(length, 0.4), **more))
        for k, length in enumerate(lengths)
    ]


def test_distributions_are_by_loading_beside_the_norms_that_hold_there() -> None:
    found = {
        (each.row.key, each.loading): each
        for each in distributions([*cohort(*LENGTHS), *cohort(230.0, loading="non-weight-bearing")])
    }
    length = found["foot_length_mm", "standing"]
    assert tuple(length.values) == LENGTHS
    assert {norm.sex for norm in length.norms} == {"female", "male"}
    assert tuple(found["foot_length_mm", "non-weight-bearing"].values) == (230.0,)
    for each in found.values():
        assert all(norm.per is None and each.loading in norm.loadings for norm in each.norms)
    has_norms = [bool(each.norms) for each in distributions(cohort(*LENGTHS))]
    assert has_norms == sorted(has_norms, reverse=True)


@pytest.mark.parametrize(("off", "names"), [(3.4, set()), (3.6, {"scan-9", "scan-10"})])
def test_a_value_is_an_outlier_beyond_3_5_robust_standard_deviations(off: float, names: set[str]) -> None:
    median = 250.0  # with one more on either side, too
    sd = np.hypot(1.4826 * np.median(np.abs(np.array([*LENGTHS, 0.0, 500.0]) - median)), 0.4)
    found = outliers(cohort(*LENGTHS, median + off * sd, median - off * sd))
    assert {each.outcome.name for each in found if each.row.key == "foot_length_mm"} == names


def test_few_feet_have_no_outliers_but_those_that_are_rare_in_people() -> None:
    assert outliers(cohort(240.0, 250.0, 400.0)) == []
    foot = measures()
    rare = FootMeasures(foot.side, foot.loading, foot.ground, foot.measures, {"foot_length_mm": "outside 1–2 mm"})
    (found,) = outliers([outcome("a", rare)])
    assert (found.row.key, found.value, found.reason) == ("foot_length_mm", 250.0, "outside 1–2 mm")
    assert outliers(cohort(*[250.0] * 20, 250.9)) == []  # within what one measure is uncertain by


def test_refusals_that_differ_by_figures_and_names_are_counted_as_one() -> None:
    refused = [
        Outcome(f"s{k}", facts(f"s{k}"), None, (f"register: {k} of 12 views fit; s{k} is refused.",)) for k in range(3)
    ]
    other = Outcome("x", None, None, ("x is empty; expected a recording.",))
    first, second = reasons_of_scans([other, *refused])
    assert (len(first.outcomes), first.example) == (3, "register: 0 of 12 views fit; s0 is refused.")
    assert [each.name for each in second.outcomes] == ["x"]
    (arch,) = reasons_of_measures(cohort(*LENGTHS))
    assert arch.example.endswith("the sole was not seen") and len(arch.outcomes) == len(LENGTHS)


def done(root: Path, name: str) -> Outcome:
    """A scan with a report, an insole that has a failed check, and a refused export."""
    store = Store(root / name)
    (store.root / "6-insole").mkdir(parents=True)
    store.report_path().write_text("report", encoding="utf-8")
    check = Check("wall_min_mm", 3.0, 2.5, False)
    checks = [{"name": check.name, "asked": check.asked, "got": check.got, "pass": check.passed}]
    (store.root / "6-insole/checks.json").write_bytes(to_json({"feet": [{"side": "left", "checks": checks}]}))
    (store.root / "6-insole/manifest.json").write_bytes(to_json({"files": {"checks.json": ""}}))
    refusal = Refusal("export", "a check failed")
    run = Run(store, ("insole",), (), (refusal,), facts(name))
    return Outcome(name, run.facts, Measures((measures(),)), ("export: a check failed",), run)


def test_the_page_links_reports_counts_and_stays_text(tmp_path: Path) -> None:
    bad = Outcome("<b>bad</b>", facts("<b>bad</b>"), None, ("align: <script> is no foot",))
    page = cohort_page([done(tmp_path, "with space"), bad, *cohort(*LENGTHS, 400.0)])
    assert "Cohort of 12 scans; 11 feet measured" in page
    assert 'href="with%20space/report.html"' in page and page.count("report.html") >= 2
    assert "<script>" not in page and "&lt;script&gt; is no foot" in page and "<b>bad" not in page
    assert "robust standard deviations" in page and "400.0 mm" in page
    assert "women (ANSUR II" in page and "the sole was not seen" in page
    assert page == cohort_page([done(tmp_path / "2", "with space"), bad, *cohort(*LENGTHS, 400.0)])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_of_one_language(language: Any, tmp_path: Path) -> None:
    unseen = "the sole was not seen (3 % of the arch)"
    feet = cohort(*LENGTHS, 400.0, plantar_arch_height_mm=Measure(None, None, "refused", unseen))
    outcomes = [*feet, Outcome("bad", facts("bad"), None, ("align: left foot: there is no foot. Scan one.",))]
    html, words = cohort_page(outcomes, language), Words(language)
    text = Page(html).text
    assert f'<html lang="{language}">' in html and "<span lang=" not in html
    for other in {"en", language}:
        for key in ("cohort.bars", "cohort.outliers_are", "cohort.why", "not_device"):
            assert (Words(other)(key) in text) is (other == language), key
    assert words.tell(unseen).text in text and words.value("foot_length_mm", 400.0) in text
    assert f"{words('people.female')} (ANSUR II" in text and words.tell("there is no foot. Scan one.").text in text


def test_a_scan_of_which_nothing_was_read_says_in_which_language_it_was_refused() -> None:
    page = cohort_page([*cohort(*LENGTHS), Outcome("x", None, None, ("x does not exist at all",))], "de")
    assert '<span lang="en">x does not exist at all</span>' in page


def test_parquet_holds_the_table_with_types_and_every_check_and_refusal(tmp_path: Path) -> None:
    outcomes = [done(tmp_path, "a"), Outcome("gone", None, None, ("gone does not exist",))]
    data = cohort_parquet(outcomes)
    assert data == cohort_parquet(outcomes)
    found = parquet.read_table(io.BytesIO(data))
    cells = table(cohort_csv(outcomes))
    assert found.column_names == [*cells[0], "refusals", "checks"]
    good, gone = found.to_pylist()
    for name, text in cells[0].items():
        value = good[name]
        assert ("" if value is None else value) == (float(text) if isinstance(value, float) else text)
    assert isinstance(good["foot_length_mm"], float) and good["subject"] == "anna"
    assert good["checks"] == [{"name": "wall_min_mm", "asked": "3.0", "got": "2.5", "pass": False}]
    assert good["refusals"] == [{"stage": "export", "message": "a check failed"}]
    assert gone["refusals"] == [{"stage": None, "message": "gone does not exist"}] and gone["checks"] == []
    notes = found.schema.field("foot_length_mm").metadata
    assert notes[b"unit"] == b"mm" and b"pternion" in notes[b"definition"]


def test_without_pyarrow_the_rest_is_written_and_the_command_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    outcomes = cohort(*LENGTHS)
    assert [path.name for path in write_all(tmp_path, outcomes).more] == ["cohort.parquet", "cohort.html"]
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ScanError, match=r"pip install 'scanproc\[parquet\]'"):
        cohort_parquet(outcomes)
    written = write_all(tmp_path / "2", outcomes)
    assert [path.name for path in written.more] == ["cohort.html"] and len(written.tables) == 2
    assert "cohort.parquet is left out" in caplog.text
    assert write_all(tmp_path / "3", [Outcome("x", None, None, ("x",))]).tables == ()
    assert not (tmp_path / "3").exists()
