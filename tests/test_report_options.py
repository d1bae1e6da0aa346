"""What commands may ask of the report, and what strangers may write into a scan: taken as text, or refused in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image
from report_scans import FACTS, Page, pages_of, without_pictures

from scanproc.artifacts import FootMeasures, Measure, Measures
from scanproc.cli import main
from scanproc.commands import page_printer
from scanproc.commands.page_printer import check_printer
from scanproc.commands.report_options import read_clinic, report_tables
from scanproc.errors import ScanError
from scanproc.pages.clinic import clinic_of
from scanproc.readers.facts import facts_stating
from scanproc.several.cohort import Outcome
from scanproc.several.gallery import trouble, write_gallery


def clinic(folder: Path, text: str) -> Path:
    path = folder / "clinic.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_clinic_s_file_becomes_one_setting_with_its_logo_inside(tmp_path: Path) -> None:
    Image.new("RGB", (40, 20), "red").save(tmp_path / "logo.png")
    found = clinic_of(read_clinic(clinic(tmp_path, 'name = "A"\nclinician = "B"\nlogo = "logo.png"')))
    assert (found.name, found.clinician, found.address) == ("A", "B", "")
    assert found.logo.startswith("data:image/png;base64,")
    tables = report_tables("fr", True, tmp_path / "clinic.toml")
    assert tables[0]["report"]["language"] == "fr" and tables[0]["report"]["anonymous"] is True
    assert report_tables(None, False, None) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('nam = "A"', "expected name, address, clinician, logo"),
        ("name = 5", "name is not a text"),
        (f'name = "{"x" * 10_000}"', "up to 200 letters"),
        ('name = "a\\u0001b"', "in one line"),
        ('logo = "none.png"', "cannot be read"),
        ('logo = "clinic.toml"', "no PNG or JPEG"),
    ],
)
def test_a_wrong_clinic_is_refused_in_words(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ScanError, match=said):
        read_clinic(clinic(tmp_path, text))


def test_a_logo_that_is_too_large_is_refused(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(500_000))
    with pytest.raises(ScanError, match="500,008 bytes"):
        read_clinic(clinic(tmp_path, 'logo = "logo.png"'))


def test_a_pdf_without_chromium_is_refused_before_anything_is_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_printer.shutil, "which", lambda _: None)
    with pytest.raises(ScanError, match="Install Chromium"):
        check_printer()
    done = CliRunner().invoke(main, ["run", "scans/demo", "--pdf", "--out", str(tmp_path / "o")])
    assert done.exit_code == 1 and "Install Chromium" in done.output and not (tmp_path / "o").exists()


@pytest.mark.parametrize("subject", ["a\u0001b", "x" * 10_000, "a\nb"])
def test_odd_subjects_are_refused_or_harmless(subject: str) -> None:
    try:
        facts = facts_stating("demo", subject=subject, side="left", loading="standing")
    except ScanError as error:
        assert "subject" in str(error)
        return
    html = pages_of(**without_pictures(), facts=facts).html
    assert len(html) < 100_000
    assert Page(html).texts and not any(ord(letter) < 32 and letter not in "\n\t" for letter in html)


def outcome(name: str, length: float | None, *refusals: str, flags: dict[str, str] | None = None) -> Outcome:
    found = None
    if length is not None:
        foot = FootMeasures(
            "left", "standing", "floor", {"foot_length_mm": Measure(length, 1.0, "measured")}, flags or {}
        )
        found = Measures((foot,))
    return Outcome(name, FACTS, found, refusals)


def test_a_gallery_has_those_in_trouble_first_and_their_reasons_as_text(tmp_path: Path) -> None:
    scans = [
        outcome("good", 246.0),
        outcome("rare", 290.0, flags={"foot_length_mm": "outside"}),
        outcome("no sole", 250.0, "insole: the sole was not seen <b>"),
        outcome("refused", None, "clean: nothing is left"),
    ]
    assert [each.name for each in sorted(scans, key=trouble)] == ["refused", "no sole", "rare", "good"]
    page = Page(write_gallery(tmp_path, scans, "de", anonymous=False).read_text(encoding="utf-8"))
    names = [text for text in page.texts if text in {each.name for each in scans}]
    assert names == ["refused", "no sole", "rare", "good"]
    assert "Einlage: the sole was not seen <b>" in page.texts and "246,0 ± 1,0 mm (Perzentil 50)" in page.texts
    bare = write_gallery(tmp_path, scans, "en", anonymous=True).read_text(encoding="utf-8")
    assert "no sole" not in bare and "nothing is left" not in bare


def test_a_gallery_of_what_is_not_there_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["gallery", str(tmp_path / "slip"), "--out", str(tmp_path / "out")])
    assert done.exit_code == 1 and "slip does not exist" in done.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("words", [["--anonymous"], ["--clinic", "c.toml"]])
def test_what_the_page_of_several_scans_cannot_do_is_refused(words: list[str]) -> None:
    """Rather than a page that names the person all the same."""
    done = CliRunner().invoke(main, ["report", "a", "b", *words])
    assert done.exit_code == 2 and "are for one scan" in done.output


def test_the_options_are_explained(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["run", "--help"])
    for option in ("--language", "--anonymous", "--clinic", "--pdf"):
        assert option in done.output
    wrong = CliRunner().invoke(main, ["run", "scans/demo", "--language", "it"])
    assert wrong.exit_code == 2 and "'it' is not one of" in wrong.output
    assert json.loads(read_clinic(clinic(tmp_path, 'name = "Ä"')))["name"] == "Ä"
