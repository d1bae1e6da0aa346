"""One table of texts: every text is there in every language, every text that is asked for is there, and figures."""

from __future__ import annotations

import re
import string
import typing
from pathlib import Path

import pytest

import scanproc
from scanproc.artifacts import Making, Object, ScanFacts
from scanproc.measures.rows import PEOPLE
from scanproc.measures.table import ROWS
from scanproc.pages.first_screen import DOSES
from scanproc.pages.words import LANGUAGES, Words, table
from scanproc.pipeline import STAGES
from scanproc.proof.table import DOSES as PRESCRIBED
from scanproc.views.pen import Look, printable

ROOT = Path(scanproc.__file__).parent
SOURCES = [*ROOT.glob("pages/*.py"), ROOT / "stages" / "report.py", *ROOT.glob("several/*.py"),
           *ROOT.glob("templates/*.html")]  # fmt: skip
_CHECK = re.compile(r'\b(?:within|at_least|at_most|is_so|told)\(\s*"([a-z0-9_]+)"')
_UNITS = ("_mm", "_mm2", "_mm3", "_cm3", "_g", "_deg")


def test_no_text_is_missing_in_any_language() -> None:
    for key, texts in table().items():
        fields = []
        for language in LANGUAGES:
            assert texts[language].strip(), f"{key} has no {language}"
            fields.append({name for _, name, _, _ in string.Formatter().parse(texts[language]) if name})
        assert all(found == fields[0] for found in fields), f"{key}: other values in another language"


def test_translations_are_not_the_english_text() -> None:
    """Names, Latin terms and units may be alike; whole sentences not."""
    for key, texts in table().items():
        if len(texts["en"].split()) > 4:
            assert len(set(texts.values())) == len(LANGUAGES), key


def asked_for() -> set[str]:
    """Keys that sources ask for in quotes."""
    found: set[str] = set()
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        found |= set(re.findall(r'\b(?:t|words)\("([^"{}]+?)"[,)]', text))
        found |= set(re.findall(r"\bwords\('([^'{}]+?)'[,)]", text))
    return {key for key in found if not key.endswith(".")}


def choices(cls: type, name: str) -> tuple[str, ...]:
    return tuple(
        choice
        for part in (typing.get_type_hints(cls)[name],)
        for arm in ((part,) if typing.get_origin(part) is typing.Literal else typing.get_args(part))
        for choice in typing.get_args(arm)
    )


def composed() -> set[str]:
    """Keys that sources put together from what artifacts may hold."""
    keys = {f"stage.{stage.name}" for stage in STAGES}
    for prefix, cls, name in (
        ("loading", ScanFacts, "loading"), ("position", ScanFacts, "position"), ("sex", ScanFacts, "sex"),
        ("motion", ScanFacts, "motion"), ("style", Making, "style"), ("reach", Making, "reach"),
        ("process", Making, "process"), ("wearer", ScanFacts, "loading"),
    ):  # fmt: skip
        keys |= {f"{prefix}.{choice}" for choice in choices(cls, name)}
    keys |= {f"{side}.{what}" for side in ("left", "right", "both") for what in typing.get_args(Object)}
    keys |= {f"group.{group}" for group in {row.group for row in ROWS.values()} | {"Others"}}
    keys |= {f"people.{sex or 'adults'}" for sex in PEOPLE}
    keys |= {f"{part}.{level}" for part in ("arch", "heel", "length") for level in ("above", "below", "within")}
    keys |= {f"fact.{name}" for name in ("scan", "subject", "date", "load_kg", "sensor", "camera")}
    keys |= {f"alt.{name}" for name in ("views", "registration", "surface", "feet", "measures", "insoles", "exports")}
    keys |= {f"look.{name}" for name in ("top", "sole", "medial", "lateral", "rear", "front")}
    keys |= {f"rule.{name}" for name in ("equal", "at least", "at most", "told")}
    return keys | {"auto.foot", *ROWS}


def check_names() -> set[str]:
    proofs = {name for path in ROOT.glob("proof/*.py") for name in _CHECK.findall(path.read_text(encoding="utf-8"))}
    return proofs | {name for dose in PRESCRIBED for name in dose.names}


def test_every_text_that_is_asked_for_is_in_the_table() -> None:
    keys = asked_for() | composed()
    assert len(asked_for()) > 80  # the search still finds how they are asked for
    assert not keys - set(table())


def test_every_check_and_dose_has_a_name_in_the_table() -> None:
    for name in check_names() | set(DOSES):
        stem = next((name.removesuffix(unit) for unit in _UNITS if name.endswith(unit)), name)
        assert f"check.{stem}" in table(), name
    assert set(DOSES) <= check_names() | {"rearfoot_post_deg"}


@pytest.mark.parametrize(
    ("language", "value", "digits", "text"),
    [
        ("en", 53698.4, 0, "53,698"),
        ("de", 53698.4, 0, "53\u202f698"),
        ("de", 251.349, 1, "251,3"),
        ("fr", -2.5, 1, "−2,5"),
        ("es", -0.04, 1, "0,0"),  # nothing is left of it: no sign
        ("en", 0.414, 3, "0.414"),
    ],
)
def test_figures_have_the_marks_of_the_language(language: str, value: float, digits: int, text: str) -> None:
    assert Words(language).number(value, digits) == text  # type: ignore[arg-type]


def test_dates_and_short_figures() -> None:
    assert [Words(language).date("2026-11-22") for language in LANGUAGES] == [
        "2026-11-22", "22.11.2026", "22/11/2026", "22/11/2026",
    ]  # fmt: skip
    assert Words().date("some day") == "some day"
    assert [Words().short(value) for value in (3.0, 3.2214, 0.0084, 37212.0, 100.0, 0.0)] == [
        "3", "3.22", "0.008", "37,212", "100", "0",
    ]  # fmt: skip


def test_what_stands_in_pictures_is_said_part_by_part() -> None:
    words = Words("de")
    assert words.say("Left foot, Top") == "Linker Fuß, Oben"
    assert words.say("4.1 ± 0.6° valgus") == "4,1 ± 0,6° valgisch"
    assert words.say("left: foot, by height") == "links: Fuß, nach Höhe"
    assert Words().say("4.1 ± 0.6° valgus") == "4.1 ± 0.6° valgus"


def test_a_band_has_its_unit_once_and_both_words_where_they_differ() -> None:
    assert Words().range("foot_length_mm", (219.0, 276.0)) == "219.0 to 276.0 mm"
    assert Words("fr").range("foot_length_mm", (219.0, 276.0)) == "219,0 à 276,0 mm"
    assert Words().range("heel_angle_deg", (-1.0, 11.0)) == "1.0° varus to 11.0° valgus"


@pytest.mark.parametrize("language", LANGUAGES)
def test_letters_of_pictures_are_in_the_font_that_they_are_written_in(language: str) -> None:
    """Those of German, Spanish and French stood as boxes."""
    font = Look(accented=language != "en").font(32)
    said = (texts[language] for key, texts in table().items() if key.startswith("say."))  # type: ignore[index]
    letters = set(printable("".join(said) + "±°.,:% 0123456789 mm")) - {" "}
    box = bytes(font.getmask("\uffff"))  # which no font has
    assert len(letters) > 50
    assert not {letter for letter in letters if bytes(font.getmask(letter)) == box}
