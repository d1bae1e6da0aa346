"""A study from outputs to its page and table: what is put together, what is kept apart, what is left out and said."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from click.testing import CliRunner
from recordings import TRUTH
from report_scans import Page
from studies import simulated
from visits import facts, measures

import scanproc
from scanproc.artifacts import Measure, SdParts
from scanproc.cli import main
from scanproc.errors import ScanError
from scanproc.pages.words import LANGUAGES, Words
from scanproc.readers.manual_values import ManualValues, read_manual_values
from scanproc.several.study import STUDIED, Condition, Recorded, Study, condition_studies
from scanproc.several.study_page import headline, study_page, verdict
from scanproc.several.study_table import HEADER, study_csv, study_json
from scanproc.several.studying import wanted_changes

SDS = (8.0, 0.8, 0.5, 0.3)
EN = Words()


def recorded(side: str = "left", loading: str = "standing", seed: int = 9, **stated: Any) -> list[Recorded]:
    """Return recordings of five feet in three sessions; foot length has known components."""
    found = []
    for one in simulated(SDS, (5, 3, 2, 1), seed, lost=0.1):
        name = f"{one.subject} {one.session} {one.capture}"
        own = facts(name, loading=loading, subject=one.subject, session=one.session, capture=one.capture, **stated)
        length = Measure(one.value, 2.0, "measured", sd_parts=SdParts(0.3, 0.0, 1.98))
        found.append(Recorded(own, measures(side, loading, foot_length_mm=length)))
    return found


def study(
    those: Sequence[Recorded], by_hand: Sequence[ManualValues] = (), left_out: tuple[str, ...] = (), **wanted: float
) -> Study:
    return Study("feet", tuple(those), tuple(condition_studies(those, by_hand, wanted)), left_out)


def rows_of(found: Study) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(study_csv(found).decode())))


def test_sides_and_loadings_are_never_put_together() -> None:
    those = [*recorded(), *recorded("right", seed=6), *recorded(loading="non-weight-bearing", seed=7)]
    found = study(those)
    lengths = [one for one in found.studied if one.name == "foot_length_mm"]
    assert [one.condition for one in lengths] == [
        Condition("left", "non-weight-bearing", "unknown", "floor"),
        Condition("left", "standing", "unknown", "floor"),
        Condition("right", "standing", "unknown", "floor"),
    ]
    alone = study(recorded()).studied[0]
    assert lengths[1].repeated == alone.repeated and lengths[0].repeated != alone.repeated
    held = study([*recorded(), *recorded(position="subtalar-neutral", seed=8)])
    assert len({one.condition for one in held.studied}) == 2


def test_the_table_has_the_components_that_are_true() -> None:
    (row,) = [row for row in rows_of(study(recorded(), foot_length_mm=4.0)) if row["measure"] == "foot_length_mm"]
    assert tuple(row) == HEADER
    for level, sd in zip(("subject", "session", "capture", "pick"), SDS, strict=True):
        assert float(row[f"{level}_sd_low"]) - 1e-9 <= sd <= float(row[f"{level}_sd_high"]) + 1e-9
    assert (row["pick_is"], row["gate"], row["unit"], row["together"]) == ("stated", "pass", "mm", "")
    assert (row["subjects"], row["sessions"]) == ("5", "15") and float(row["pick_sd"]) == pytest.approx(0.3)
    assert 2.5 < float(row["smallest_detectable_change"]) / float(row["noise_sd"]) < 3.0


def test_sizes_and_what_was_not_measured_are_no_values() -> None:
    those = recorded()
    one = those[0].foot
    unseen = {**one.measures, "dorsum_height_mm": Measure(61.0, 1.0, "inferred", "not seen")}
    found = study([replace(those[0], foot=replace(one, measures=unseen)), *those[1:]])
    by_name = {each.name: each for each in found.studied}
    assert "eu_size" not in by_name and "plantar_arch_height_mm" not in by_name
    assert by_name["dorsum_height_mm"].num_without == 1
    assert by_name["dorsum_height_mm"].repeated.counts[3] == len(those) - 1


def test_the_date_is_the_session_where_none_is_stated() -> None:
    those = [
        replace(one, facts=replace(one.facts, session=None, date=f"2026-11-0{number % 2 + 1}"))
        for number, one in enumerate(recorded())
    ]
    assert study(those).studied[0].repeated.counts[:2] == (5, 10)


def hand_values(those: Sequence[Recorded], bias: float) -> list[ManualValues]:
    """Return what a caliper would find: foot by foot, with an error of 0.5 mm."""
    rng = np.random.default_rng(3)
    rows = []
    for subject in dict.fromkeys(one.facts.subject for one in those):
        own = [one.foot.measures["foot_length_mm"].value for one in those if one.facts.subject == subject]
        value = float(np.mean(np.array(own, np.float64))) - bias + rng.normal(0.0, 0.5)
        rows.append(ManualValues(str(subject), "left", "", "", {"foot_length_mm": value}))
    return rows


def test_scans_are_held_against_values_by_hand() -> None:
    found = study(recorded(), hand_values(recorded(), bias=1.5))
    agreed = found.studied[0].agreement
    assert agreed and agreed.bias.low < 1.5 < agreed.bias.high and abs(agreed.bias.estimate - 1.5) < 0.8
    assert agreed.lower.estimate < agreed.bias.low and agreed.bias.high < agreed.upper.estimate
    twice = study(recorded(), [*hand_values(recorded(), 1.0), *hand_values(recorded(), 2.0)])
    assert twice.studied[0].agreement == agreed  # several values by hand of one foot are averaged
    assert [one.agreement for one in found.studied[1:]] == [None] * (len(found.studied) - 1)


def test_a_value_by_hand_of_one_session_is_held_against_that_one() -> None:
    rows = [replace(row, session="day 1", loading="standing") for row in hand_values(recorded(), 1.0)]
    (one, *_) = study(recorded(), rows).studied
    assert {pair.scan.session for pair in one.pairs} == {"day 1"}
    assert len(one.pairs) == sum(each.facts.session == "day 1" for each in recorded())
    assert study(recorded(), [replace(row, loading="seated") for row in rows]).studied[0].pairs == ()


def test_the_page_says_what_passes_and_names_what_was_left_out() -> None:
    found = study(
        recorded(),
        hand_values(recorded(), 1.0),
        ("x is left out: no subject.",),
        foot_length_mm=4.0,
        dorsum_height_mm=1.0,
    )
    assert headline(EN, found) == f"Study feet: 5 feet in {len(found.recorded)} recordings"
    assert verdict(EN, found) == "1 of 2 pass; not judged: Dorsum height at half length (left, standing)"
    html = study_page(found)
    page = Page(html)
    assert "Left foot, standing" in page.text and "x is left out: no subject." in page.text
    assert "0.30 as stated" in page.text and "Scan less hand: +" in page.text
    assert html.count("<circle") == len(found.recorded) and html.count("<svg") == 1
    assert "all values are the same: nothing scatters" in page.text
    assert "nothing is judged" in verdict(EN, study(recorded()))


def test_a_pass_that_two_scans_do_not_show_says_so() -> None:
    found = study(recorded(), foot_length_mm=2.0)
    assert found.studied[0].gate == "pass"  # noise 0.76; smallest detectable change 2.1
    assert "two single scans show changes from 2.10: one of 2.00 takes means" in Page(study_page(found)).text


def test_a_study_that_hides_a_part_of_the_noise_judges_nothing() -> None:
    one_day = [one for one in recorded() if one.facts.session == "day 1"]
    found = study(one_day, foot_length_mm=100.0)
    assert found.studied[0].gate is None and "not judged: Foot length" in verdict(EN, found)
    assert "no foot was recorded in two sessions" in Page(study_page(found)).text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_of_a_study_is_of_one_language_and_has_the_figures_of_its_table(language: str) -> None:
    left_out = ("x is left out: its scan.toml states no subject. State it there.",)
    found = study(recorded(), hand_values(recorded(), 1.0), left_out, foot_length_mm=4.0, dorsum_height_mm=1.0)
    html = study_page(found, language)  # type: ignore[arg-type]
    text, words = Page(html).text, Words(language)  # type: ignore[arg-type]
    assert f'<html lang="{language}">' in html and "<span lang=" not in html  # nothing is left in English
    for other in {"en", language}:
        told = Words(other)  # type: ignore[arg-type]
        for key in ("study.how.gate", "study.by_hand", "study.as_stated", "not_device"):
            assert (told(key) in text) is (other == language), key
    length = rows_of(found)[0]
    for name in ("session_sd", "noise_sd", "noise_sd_low", "smallest_detectable_change"):
        assert words.number(float(length[name]), 2) in text, name
    assert (
        words.number(float(length["icc"]), 3) in text and words.value("foot_length_mm", float(length["mean"])) in text
    )


def test_names_are_text_in_the_page_and_no_formula_in_the_table() -> None:
    evil = [replace(one, facts=replace(one.facts, subject=f"=<script>{one.facts.subject}")) for one in recorded()]
    hand = [replace(row, subject=f"=<script>{row.subject}") for row in hand_values(recorded(), 1.0)]
    html = study_page(replace(study(evil, hand), folder="<b>feet</b>"))
    assert "<script" not in html and "<b>feet" not in html and "=&lt;script&gt;s0" in html


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no column subject and no column side"),
        ("subject,length\na,1", "no column side"),
        ("subject,side,foot_lenght_mm\na,left,1", "'foot_lenght_mm'; expected 'foot_length_mm'"),
        ("subject,side,side\na,left,left", "2 columns 'side'"),
        ("subject,side,foot_length_mm\na,links,1", "line 2: side is 'links'; expected left or right"),
        ("subject,side,foot_length_mm\na,left,", "holds no value"),
        ("subject,side,foot_length_mm\na,left,1,2", "line 2 has 4 cells; expected 3"),
        ('subject;side;foot_length_mm\na;left;"251,5"', "'251,5'; expected a number. Write a point"),
        ("subject,side,foot_length_mm\na,left,nan", "nan is out of range"),
        ("subject,side,foot_length_mm\na,left,1e300", "out of range"),
        ("subject,side,foot_length_mm\n,left,251", "line 2 names no subject"),
        ("subject,side,foot_length_mm\na\x1b[31m,left,251", "line 2 names no subject"),
        ('subject,side,foot_length_mm\na,left,"251', "no table of comma-separated values"),
        (b"PK\x03\x04\xff\xfe", "not text in UTF-8"),
    ],
)
def test_a_table_by_hand_that_is_wrong_is_refused(tmp_path: Path, text: str | bytes, says: str) -> None:
    (tmp_path / "hand.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ScanError, match=r"hand\.csv") as refused:
        read_manual_values(tmp_path / "hand.csv", STUDIED)
    assert says in str(refused.value)


def test_a_table_by_hand_is_read_as_spreadsheets_write_it(tmp_path: Path) -> None:
    (tmp_path / "hand.csv").write_bytes(
        "\ufeffSubject;Side;Session;foot_length_mm\r\nb;left;day 1;251.5\r\n;;;\r\n".encode()
    )
    (row,) = read_manual_values(tmp_path / "hand.csv", STUDIED)
    assert row == ManualValues("b", "left", "day 1", "", {"foot_length_mm": 251.5})


def test_a_wanted_change_is_a_measure_and_a_size() -> None:
    assert wanted_changes(["foot_length_mm=2", "heel_angle_deg=1.5"]) == {"foot_length_mm": 2.0, "heel_angle_deg": 1.5}
    for text in ("foot_length_mm", "foot_length_mm=-1", "foot_length_mm=much", "foot_length_mm=inf"):
        with pytest.raises(ScanError, match="states no change"):
            wanted_changes([text])
    for text in ("foot_lenght_mm=2", "eu_size=1"):
        with pytest.raises(ScanError, match="names no measure"):
            wanted_changes([text])


# ------------------------------------------------------------------------------------------------ from the disk


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's foot in three sizes, measured, of two visits; and one that is not measured."""
    root = tmp_path_factory.mktemp("study")
    mesh = trimesh.load(TRUTH, process=False)
    rng = np.random.default_rng(0)
    for number, (session, name) in enumerate((("1", "a"), ("1", "b"), ("2", "c"), ("2", "d"))):
        scan = root / "scans" / f"visit {session}" / name
        scan.mkdir(parents=True)
        sized = trimesh.Trimesh(mesh.vertices * (1.0 + 0.002 * rng.normal()), mesh.faces, process=False)
        sized.export(scan / "foot.ply")
        (scan / "scan.toml").write_text(f'side = "left"\nloading = "standing"\nsubject = "x"\nsession = "{session}"\n')
        if number < 3:
            scanproc.run(scan, out=root / "out", to="measure")
    return root


def asked(measured: Path, *words: str) -> Any:
    return CliRunner().invoke(
        main, ["--quiet", "study", str(measured / "scans"), "--out", str(measured / "out"), *words]
    )


def test_a_folder_is_studied_and_what_is_not_measured_is_named(measured: Path) -> None:
    done = asked(measured, "--json", "--wanted", "foot_length_mm=10")
    found = json.loads(done.stdout)
    assert done.exit_code == 1 and found["status"] == "refused"  # one recording is missing
    assert found["recordings"] == ["a", "b", "c"]
    batch = f"scanproc batch '{measured / 'scans' / 'visit 2' / 'd'}' --to measure --out {measured / 'out'}"
    assert batch in found["left_out"][0] and batch in done.stderr
    length = next(one for one in found["measures"] if one["measure"] == "foot_length_mm")
    assert (length["subjects"], length["sessions"], length["captures"], length["side"]) == (1, 2, 3, "left")
    assert length["gate"] == "pass" and length["icc"] is None and 0.05 < length["noise_sd"] < 3.0
    assert length["together"] == "capture + pick" and "one foot alone" in length["remarks"]
    asked(measured, "--language", "es")
    assert "1 pie en 3 grabaciones" in (measured / "out" / "study.html").read_text(encoding="utf-8")
    asked(measured)
    page = (measured / "out" / "study.html").read_text(encoding="utf-8")
    assert "<title>Study scans: 1 foot in 3 recordings</title>" in page
    assert (measured / "out" / "study.csv").read_text(encoding="utf-8").startswith("measure,unit,side")


def test_what_is_not_stated_or_stated_anew_is_left_out(measured: Path) -> None:
    toml = measured / "scans" / "visit 1" / "a" / "scan.toml"
    text = toml.read_text()
    try:
        toml.write_text(text.replace('session = "1"\n', ""))
        assert "a is left out: its scan.toml states no session (or date). State it there." in asked(measured).stderr
        toml.write_text(text.replace("standing", "seated"))
        assert f"scanproc batch '{toml.parent}' " in asked(measured).stderr
    finally:
        toml.write_text(text)


def test_a_recording_under_two_names_counts_once_unless_it_was_read_anew(measured: Path) -> None:
    """Copied beside itself, with its outputs: two captures that agree to the last bit would be no noise at all."""
    scan, copy = measured / "scans" / "visit 1" / "a", measured / "scans" / "visit 1" / "a2"
    shutil.copytree(scan, copy)
    try:
        scanproc.run(copy, out=measured / "out", to="measure")
        assert "a2 is left out: it is the same recording as a, which" in asked(measured).stderr
        for each in (scan, copy):
            with (each / "scan.toml").open("a") as stream:
                stream.write('capture = "first"\n')
        done = json.loads(asked(measured, "--json").stdout)
        length = next(one for one in done["measures"] if one["measure"] == "foot_length_mm")
        assert (length["captures"], length["values"], length["pick_is"], length["pick_sd"]) == (3, 4, "estimated", 0.0)
    finally:
        shutil.rmtree(copy)
        shutil.copy(measured / "scans" / "visit 2" / "d" / "scan.toml", scan / "scan.toml")
        (scan / "scan.toml").write_text((scan / "scan.toml").read_text().replace('"2"', '"1"'))


def test_a_scan_toml_that_is_wrong_leaves_its_recording_out(measured: Path) -> None:
    toml = measured / "scans" / "visit 2" / "d" / "scan.toml"
    text = toml.read_text()
    try:
        toml.write_text("subject = x\n")
        done = asked(measured)
        assert done.exit_code == 1 and f"{toml.parent} is left out: " in done.stderr and "study.html" in done.stdout
    finally:
        toml.write_text(text)


def test_refusals_of_a_study_write_nothing(measured: Path, tmp_path: Path) -> None:
    (tmp_path / "hand.csv").write_text("subject,side,foot_length_mm\ny,left,250\n")
    (tmp_path / "none").mkdir()
    runs = {
        "values by hand are of y, left": ["study", str(measured / "scans"), "--manual", str(tmp_path / "hand.csv")],
        "holds no recording": ["study", str(tmp_path / "none")],
        "is no folder": ["study", str(tmp_path / "hand.csv")],
    }
    for says, words in runs.items():
        out = measured / "out" if "--manual" in words else tmp_path / "out"
        before = sorted(measured.rglob("*"))
        done = CliRunner().invoke(main, [*words, "--out", str(out)])
        assert (done.exit_code, done.stdout) == (1, "") and says in done.stderr
        assert sorted(measured.rglob("*")) == before and not (tmp_path / "out").exists()
    nothing = CliRunner().invoke(main, ["study", str(measured / "scans"), "--out", str(tmp_path / "out")])
    assert "no recording of" in nothing.stderr and "scanproc batch " in nothing.stderr


def test_the_json_of_a_study_holds_no_number_that_is_none() -> None:
    text = json.dumps(study_json(study([one for one in recorded() if one.facts.session == "day 1"])), allow_nan=False)
    assert json.loads(text)["study"] == "feet"
