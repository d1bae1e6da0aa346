"""What stages say is told in the language of a page: every sentence of the sources, with its figures."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from reason_texts import PLACE, REMARKING, SAYING, bare, sentences
from report_scans import pages_of, without_pictures

from scanproc.artifacts import Refusal, Refusals
from scanproc.pages.first_screen import refusal_texts
from scanproc.pages.sentences import Said
from scanproc.pages.sentences import sentences as table
from scanproc.pages.words import LANGUAGES, Words
from scanproc.prescription.fields import Prescription
from scanproc.proof.advice import advice, failure
from scanproc.proof.checks import at_least
from scanproc.proof.table import DOSES
from scanproc.several.gallery import refusal_text

OTHERS = [language for language in LANGUAGES if language != "en"]

#: Texts of those sources that are no sentence of a page: names in a model's geometry, of votes, of what is logged.
NOT_SAID = {
    "arch line", "rear of the print", "first third", "second third", "front of the print", "over the foot",
    "under the foot", "leg axis on the ground", "centre of contact", "to the {}", "right border", "left border",
    "toe line", "ball line", "instep ridge", "metatarsal heads", "heel centre", "other load", "other conditions",
    "other person", "a trouser cuff {} mm above it", "on a floor", "no floor", "it lay upside down in its file",
    "{} in line {}", "pin O at X{} Y{}", "from above: + zero of X and Y, . the part; X to the right, Y up",
    "stock X {} to {}, Y {} to {}", "Z: top of the stock {}, part {} to {}, under it {}", "trim line",
    "what capture wrote", "expected NumPy's .npy of {} to {} rows and columns, shares of the depth to ± {}",
    "element vertex {}", "float", "uchar", "no images", "{} mm if it is in {}", "{} mm if they are in {}",
}  # fmt: skip
#: Parts that are put together to a sentence of the table.
PARTS = {
    "but for {}", "and in", "{} has room in them and", "that of a foot{}", "its longest side is then {} mm{}",
    "{} mm long (as scan.toml states)", "and no",
}  # fmt: skip


def said() -> dict[str, str]:
    """Every sentence of the sources, and where it stands."""
    found = {}
    for path in (*SAYING, *REMARKING):
        for line, text in sentences(path):
            found[bare(text).strip(" ;,")] = f"{path.parent.name}/{path.name}:{line}"
    return {text: where for text, where in found.items() if text not in NOT_SAID | PARTS}


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_of_the_sources_is_told_in_every_language(language: str) -> None:
    words, found = Words(language), said()  # type: ignore[arg-type]
    assert len(found) > 250  # the search still finds how they are said
    untold = {text: where for text, where in found.items() if words.tell(text.replace("{}", "7")).foreign}
    assert not untold, f"not in templates/sentences.tsv: {untold}"


def test_the_search_finds_what_a_source_says_and_leaves_out_what_it_does_not(tmp_path: Path) -> None:
    source = '''
"""A docstring that says much."""
def read(found, log, setting):
    """Another docstring here."""
    log.info("only the log hears this %d", found)
    size = setting(1.0, "help that a user reads")
    if found.many:
        raise ScanError(f"found {found.n:.0f} feet of {'two people' if found.n else 'nobody'}, expected one. Leave.")
    return no_reading("the sole was not seen anywhere")
'''
    path = tmp_path / "measures" / "fake.py"
    path.parent.mkdir()
    path.write_text(source, encoding="utf-8")
    assert [text for _, text in sentences(path)] == [
        "found {} feet of {}, expected one. Leave.", "nobody", "two people", "the sole was not seen anywhere",
    ]  # fmt: skip
    assert Words("de").tell("found 7 feet of 7, expected one. Leave.").foreign == "en"  # a missing text would fail


def test_no_sentence_is_missing_and_its_places_are_the_same_in_every_language() -> None:
    for english, texts in table().items():
        for language in LANGUAGES:
            assert texts[language] and texts[language].strip(), f"{english} has no {language}"
            assert set(PLACE.findall(texts[language])) == set(PLACE.findall(english)), texts[language]
            assert "{" not in PLACE.sub("", texts[language]), texts[language]
        if len(PLACE.sub("", english).split()) > 6:
            assert len({texts[language] for language in LANGUAGES}) == len(LANGUAGES), english


def test_settings_are_called_alike_in_every_language() -> None:
    """A user looks for them in a file, which has one language, and decimal points."""
    code = re.compile(r"\b[a-z]+(?:[._][a-z0-9_.]+)*_(?:mm2?|deg|eu|kg|file|cut|share|posting|balance|slope)\b")
    for english, texts in table().items():
        for language in OTHERS:
            assert sorted(code.findall(texts[language])) == sorted(code.findall(english)), texts[language]


@pytest.mark.parametrize(
    ("text", "german"),
    [
        ("12 % of the heel or the leg was not seen", "zu 12 % nicht gesehen: die Ferse oder der Unterschenkel"),
        (
            "refused in a: the sole was not seen (3 % of the arch); refused in b: the heel was not seen (2 % of it)",
            "abgelehnt in a: die Sohle wurde nicht gesehen (3 % des Gewölbes); "
            "abgelehnt in b: nicht gesehen: die Ferse (gesehen zu 2 %)",
        ),
        (
            "rule skive-needs-cup: found a skive of 4.5 mm in a cup of insole.heel_cup_depth_mm = 10.5, expected a cup"
            " of 12 or more; set insole.heel_cup_depth_mm = 12, or insole.medial_skive_mm = 0.",
            "Regel skive-needs-cup: Skive von 4,5 mm in einer Schale von insole.heel_cup_depth_mm = 10.5, nötig ist"
            " eine Schale von 12 oder mehr; setzen Sie insole.heel_cup_depth_mm = 12, oder insole.medial_skive_mm = 0.",
        ),
        ("the loadings differ, standing against seated", "die Belastungen sind verschieden, stehend gegen sitzend"),
        ("inferred in seated: the sole was not seen (3 % of the arch)",  # a scan of that name keeps it
         "erschlossen in seated: die Sohle wurde nicht gesehen (3 % des Gewölbes)"),
        ("dorsum_height_mm is refused in nov: not measured",
         "Fußrückenhöhe bei halber Länge ist in nov abgelehnt: nicht gemessen"),
        ("set insole.medial_skive_mm = 3.2, or insole.heel_cup_depth_mm = 22.5, or scan again",
         "setzen Sie insole.medial_skive_mm = 3.2, oder insole.heel_cup_depth_mm = 22.5, oder scannen Sie noch einmal"),
        ("overlap 0.12 < register.min_overlap 0.30", "Überlappung 0,12 < register.min_overlap 0,30"),
        ("1,234 points of a foot < register.min_points 2000",
         "1\u202f234 Punkte eines Fußes < register.min_points 2000"),
    ],
)  # fmt: skip
def test_a_sentence_is_told_with_its_values(text: str, german: str) -> None:
    told = Words("de").tell(text)
    assert (told.text, told.foreign) == (german, "")
    assert Words().tell(text) == Said(text)


def test_left_and_right_are_told_each_with_its_own_sentence() -> None:
    text = (
        "left foot: left or right is in doubt (confidence 0.51 < insole.min_side_confidence = 0.8; scan.toml: side ="
        ' auto). State it: side = "left" or "right". right foot: the medial border of the ball ended in an open edge,'
        " expected the skin to turn upward there: the sole goes on where it was not seen. Scan the foot from both"
        " sides."
    )
    told = Words("fr").tell(text)
    assert not told.foreign
    assert told.text.startswith("Pied gauche : gauche ou droit est douteux (confiance 0,51 < ")
    assert ". Pied droit : le scan se termine par un bord ouvert : le bord de l'avant-pied (médial) ; " in told.text


@pytest.mark.parametrize("language", OTHERS)
def test_every_failed_check_is_told_with_its_advice(language: str) -> None:
    words, rx = Words(language), Prescription().changed(rearfoot_posting="intrinsic", text="A")  # type: ignore[arg-type]
    names = [name for dose in DOSES for name in dose.names] + [
        "wall_min_mm",
        "wall_max_mm",
        "unseen_sole",
        "anything_mm",
    ]
    for name in names:
        check = at_least(name, 3.0, 2.1, 0.0)
        assert not words.tell(advice(check)).foreign, (name, advice(check))
        assert not words.tell(advice(check, rx)).foreign, (name, advice(check, rx))
        message = failure([check, at_least("waist_share", 0.55, 0.3, 0.0)], rx)
        if name != "anything_mm":
            told = words.tell(f"left foot: {message}")
            assert not told.foreign, (name, message)
            assert words.number(2.1, 1) in told.text and "2.1" not in told.text
            settings = re.compile(r"insole\.\w+")  # as they are written, none beside another's verb
            assert settings.findall(told.text) == settings.findall(str(message))


def test_what_has_no_translation_is_in_english_and_says_so() -> None:
    refusals = Refusals((Refusal("clean", "the <moon> is in view. Wait."),))
    (fact,) = refusal_texts(Words("es"), refusals, None)
    assert fact.text == Said("the <moon> is in view. Wait.", "en")
    html = pages_of(**without_pictures(), refusals=refusals, language="es").html
    assert html.count('<span lang="en">the &lt;moon&gt; is in view') == 2  # in the first line and below it
    assert Words("es")("by_program") in html


def test_a_gallery_tells_what_a_stage_refused() -> None:
    told = refusal_text(Words("de"), "insole: left foot: there is no foot. Scan one.")
    assert told == Said("Einlage: Linker Fuß: es gibt keinen Fuß. Scannen Sie einen.")
    assert refusal_text(Words("de"), "x.ply: no such thing: look again").foreign == "en"


@pytest.mark.parametrize(
    "text", ["left and " * 400, "(left) " * 500, "left 7 at 7 of the length, " * 79 + "zz", "x" * 10_000]
)
def test_what_is_no_message_of_ours_stays_as_it_is(text: str) -> None:
    """Subjects and names of files can be anything, and are not searched for ever."""
    assert Words("fr").tell(text) == Said(text, "en")
