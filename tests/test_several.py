"""Two scans compared: figures by hand, no verdict where none is due, no load compared silently."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from report_scans import Page, english_in, figure
from visits import REFUSED, VALUES, ball_foot, facts, measures, results, scanned

from scanproc.artifacts import Feet, Measure, Refusal, SdParts
from scanproc.cli import main
from scanproc.errors import ScanError
from scanproc.measures.arch_under_load import remark_on
from scanproc.measures.table import ROWS
from scanproc.measures.two_scans import ScannedFoot
from scanproc.pages.words import LANGUAGES, Words
from scanproc.several.amounts import arch_row
from scanproc.several.compare_page import compare_page, headline, scale_words, verdict, when
from scanproc.several.comparison import Comparison, compare_json, compared
from scanproc.several.differences import FootComparison, compare_feet, days_between, pair
from scanproc.several.loadings import between_loadings
from scanproc.several.person import Person
from scanproc.several.person_page import person_page
from scanproc.stages.report import ReportConfig

SMALL = ReportConfig(pixels_per_mm=1.0, text_px=14)
EN = Words()

# ------------------------------------------------------------------------------------------------ differences


def two_visits(**in_b: Any) -> FootComparison:
    return compare_feet(scanned("may"), scanned("nov", **in_b))


def test_a_difference_has_the_uncertainty_of_both_scans() -> None:
    found = two_visits(foot_length_mm=(251.0, 0.3)).differences["foot_length_mm"]
    assert found.value == pytest.approx(1.0)  # B less A
    assert found.sd == pytest.approx(0.5)  # 0.4² + 0.3² = 0.5²
    pooled = math.sqrt((0.4**2 + 0.3**2) / 2.0)
    assert found.detectable == pytest.approx(1.96 * math.sqrt(2.0) * pooled)
    assert (found.exceeds, found.status, found.reasons) == (True, "measured", ())


@pytest.mark.parametrize(
    ("change", "exceeds"), [(0.0, False), (0.97, False), (-0.97, False), (0.99, True), (-0.99, True)]
)
def test_the_verdict_turns_at_the_smallest_detectable_change_either_way(change: float, exceeds: bool) -> None:
    """With 0.3 and 0.4 mm it is 1.96 · 0.5 = 0.98 mm."""
    found = two_visits(foot_length_mm=(250.0 + change, 0.3)).differences["foot_length_mm"]
    assert found.detectable == pytest.approx(0.98)
    assert found.exceeds is exceeds


def split(value: float, repeat: float, surface: float, scale: float) -> Measure:
    parts = SdParts(repeat, surface, scale)
    return Measure(value, parts.combined, "measured", sd_parts=parts)


D435 = {"sensor": "D435 no. 7"}


@pytest.mark.parametrize(
    ("sensors", "shared"),
    [((D435, D435), True), ((D435, {"sensor": "D435 no. 8"}), False), ((D435, {}), False), (({}, {}), False)],
)
def test_one_camera_s_scale_is_in_no_change(sensors: tuple[dict[str, str], dict[str, str]], shared: bool) -> None:
    """250 mm with a scale of 0.4 % is uncertain by 1 mm; of a change of 2 mm that is 0.008 mm, if the camera is one."""
    a = scanned("may", foot_length_mm=split(250.0, 0.3, 0.1, 1.0), **sensors[0])
    b = scanned("nov", foot_length_mm=split(252.0, 0.2, 0.1, 1.008), **sensors[1])
    compared_feet = compare_feet(a, b)
    found = compared_feet.differences["foot_length_mm"]
    own = 0.3**2 + 0.2**2 + 2 * 0.1**2
    assert found.sd == pytest.approx(math.sqrt(own + (0.008**2 if shared else 1.0**2 + 1.008**2)))
    assert (found.scale_shared, found.exceeds) == (shared, shared)
    assert (found.a.sd if found.a else None) == pytest.approx(math.sqrt(0.3**2 + 0.1**2 + 1.0))  # of each as it was
    words = scale_words(EN, compared_feet)
    assert ("common to both" in words) is shared
    assert ("is stated in" in words) is (len({**sensors[0], **sensors[1]}) == 0 or not all(sensors))


def test_one_scale_makes_values_of_both_signs_larger() -> None:
    """From -10 to +10 mm a scale of 1 % is 0.2 mm of difference, not none."""
    a = scanned("may", heel_contact_offset_mm=split(-10.0, 0.0, 0.0, 0.1), **D435)
    b = scanned("nov", heel_contact_offset_mm=split(10.0, 0.0, 0.0, 0.1), **D435)
    assert compare_feet(a, b).differences["heel_contact_offset_mm"].sd == pytest.approx(0.2)


def test_left_and_right_of_one_scan_share_its_scale_whatever_camera_it_was() -> None:
    stated = facts("pair")
    feet = [
        measures(side, foot_length_mm=split(value, 0.3, 0.0, 1.0)) for side, value in (("left", 250), ("right", 251))
    ]
    found = compare_feet(*(ScannedFoot(stated, foot) for foot in feet))
    assert found.differences["foot_length_mm"].sd == pytest.approx(0.3 * math.sqrt(2.0))
    assert scale_words(EN, found).startswith("Both feet are of one scan: ")


def test_without_its_parts_an_uncertainty_counts_in_full() -> None:
    found = compare_feet(scanned("may", **D435), scanned("nov", **D435))
    assert found.differences["foot_length_mm"].sd == pytest.approx(math.hypot(0.4, 0.4))
    assert "is not known" in scale_words(EN, found)


def test_a_size_goes_in_steps_and_gets_no_verdict() -> None:
    found = compare_feet(scanned("may", eu_size=(39.0, 0.0)), scanned("nov", eu_size=(39.5, 0.0)))
    one = found.differences["eu_size"]
    assert (one.value, one.detectable, one.exceeds) == (0.5, None, None)
    assert one.reasons == ("it goes in steps: the foot length is judged",)


def test_the_arch_drop_is_free_of_one_camera_s_scale() -> None:
    chair = seated(dorsum_height_mm=split(66.0, 0.3, 0.0, 0.264), **D435)
    up = scanned("up", dorsum_height_mm=split(62.0, 0.4, 0.0, 0.248), **D435)
    assert between_loadings(chair, up)["arch_drop_mm"].sd == pytest.approx(math.hypot(0.5, 0.016))
    other = scanned("up", dorsum_height_mm=split(62.0, 0.4, 0.0, 0.248), sensor="another")
    assert between_loadings(chair, other)["arch_drop_mm"].sd == pytest.approx(math.hypot(0.5, 0.264, 0.248))


def test_without_an_uncertainty_there_is_a_difference_but_no_verdict() -> None:
    found = two_visits(foot_length_mm=(260.0, None)).differences["foot_length_mm"]
    assert (found.value, found.sd, found.detectable, found.exceeds) == (10.0, None, None, None)
    assert found.reasons == ("no uncertainty (sd) is stated in nov",)
    both = two_visits().differences["eu_size"]
    assert both.reasons == ("no uncertainty (sd) is stated in may and in nov",)


def test_what_one_scan_refused_is_refused_with_its_reason() -> None:
    found = two_visits(plantar_arch_height_mm=(12.0, 0.5), foot_length_mm=Measure(None, None, "refused", "no heel"))
    arch, length = found.differences["plantar_arch_height_mm"], found.differences["foot_length_mm"]
    assert (arch.value, arch.status, arch.exceeds) == (None, "refused", None)
    assert arch.reasons == ("refused in may: the sole was not seen",)
    assert length.reasons == ("refused in nov: no heel",)
    assert arch.b == Measure(12.0, 0.5, "measured")  # what is known is still shown


def test_an_inferred_value_gives_a_difference_and_no_verdict() -> None:
    found = two_visits(foot_length_mm=Measure(260.0, 0.4, "inferred", "12 % of the toes were not seen"))
    one = found.differences["foot_length_mm"]
    assert (one.value, one.status, one.exceeds) == (10.0, "inferred", None)
    assert one.reasons == ("inferred in nov: 12 % of the toes were not seen",)


def test_a_measure_that_one_scan_does_not_know_is_not_lost() -> None:
    found = two_visits(ball_girth_mm=(230.0, 1.0)).differences["ball_girth_mm"]
    assert (found.a, found.value, found.reasons) == (None, None, ("not among the measures of may",))


@pytest.mark.parametrize(
    ("other", "kind", "words"),
    [
        ({}, "change", None),
        ({"loading": "seated"}, "other load", "the loadings differ, standing against seated"),
        ({"subject": "bert"}, "other person", "the scans are of anna and of bert"),
        ({"subject": None}, "change", None),
        ({"position": "subtalar-neutral"}, "other conditions", "relaxed against subtalar-neutral"),
        ({"position": "unknown"}, "change", None),
        ({"ground": "support"}, "other conditions", "the floor in A"),
        ({"side": "right"}, "sides", None),
        ({"side": "right", "loading": "seated"}, "other load", "standing against seated"),
    ],
)
def test_a_difference_is_called_what_it_is(other: dict[str, str], kind: str, words: str | None) -> None:
    found = pair(scanned("may", position="relaxed"), scanned("nov", **{"position": "relaxed", **other}))
    assert found.kind == kind
    assert (found.no_verdict is None) if words is None else (words in str(found.no_verdict))


def test_no_verdict_is_given_between_loadings_however_large_the_difference() -> None:
    found = compare_feet(scanned("may"), scanned("nov", loading="seated", dorsum_height_mm=(72.0, 0.1)))
    one = found.differences["dorsum_height_mm"]
    assert (one.value, one.exceeds) == (pytest.approx(10.0), None)
    assert one.reasons == ("the loadings differ, standing against seated",)


def test_an_unknown_loading_is_no_loading() -> None:
    unknown = scanned("may", loading="unknown")
    assert pair(unknown, scanned("nov", loading="unknown")).kind == "other load"
    assert pair(unknown, replace(unknown, foot=measures("right", "unknown"))).kind == "sides"  # of one scan: the same


@pytest.mark.parametrize(
    ("name", "difference", "text"),
    [
        ("foot_length_mm", 1.26, "+1.3 mm"),
        ("foot_length_mm", -1.26, "−1.3 mm"),
        ("foot_length_mm", -0.04, "0.0 mm"),
        ("heel_angle_deg", 4.06, "4.1° towards valgus"),
        ("heel_angle_deg", -4.06, "4.1° towards varus"),
        ("forefoot_angle_deg", 2.0, "2.0° towards varus"),
        ("heel_angle_deg", 0.01, "0.0°"),
        ("arch_height_index", -0.0124, "−0.012"),
        ("eu_size", 0.5, "+0.5"),
        ("mondopoint", -5.0, "−5"),
        ("eu_size", 0.0, "0"),
        ("arch_volume_mm3", -1234.0, "−1,234 mm³"),
    ],
)
def test_differences_have_their_sign_their_unit_and_their_word(name: str, difference: float, text: str) -> None:
    assert EN.difference(name, difference) == text


# ------------------------------------------------------------------------------------------------ under load


def seated(**more: Any) -> Any:
    return scanned("chair", loading="seated", **{"arch_height_index": (0.360, 0.003), **more})


def test_the_arch_from_seated_to_standing_in_any_order() -> None:
    standing = scanned("up", mass_kg=70.0)
    found = between_loadings(seated(dorsum_height_mm=(66.0, 0.4)), standing)
    assert found == between_loadings(standing, seated(dorsum_height_mm=(66.0, 0.4)))
    drop, rigidity, stiffness = (found[name] for name in ("arch_drop_mm", "arch_rigidity_index", "arch_stiffness"))
    assert (drop.value, drop.sd) == (pytest.approx(4.0), pytest.approx(0.5))
    assert rigidity.value == pytest.approx(0.340 / 0.360)
    assert rigidity.sd == pytest.approx(0.340 / 0.360 * math.hypot(0.003 / 0.340, 0.003 / 0.360))
    assert stiffness.value == pytest.approx(0.4 * 70.0 * 9.81 / 0.020)  # N per unit of the index
    assert stiffness.sd == pytest.approx(stiffness.value * math.hypot(0.003, 0.003) / 0.020)
    assert {measure.status for measure in found.values()} == {"measured"}


def test_two_kinds_of_ground_are_in_the_uncertainty_of_what_the_arch_does() -> None:
    """A rigid foot, recorded raised and standing: 1.8 mm and more of its dorsum may be the grounds'."""
    raised = scanned("air", loading="non-weight-bearing", ground="support", dorsum_height_mm=(62.0, 0.3))
    drop = between_loadings(raised, scanned("up", dorsum_height_mm=(63.8, 0.4)))["arch_drop_mm"]
    assert drop.value == pytest.approx(-1.8)
    assert drop.sd == pytest.approx(math.hypot(0.5, 1.2))
    assert "does not give" in str(remark_on("arch_drop_mm", drop))
    chair = scanned("chair", loading="seated", ground="support", arch_height_index=(0.360, 0.003))
    rigidity = between_loadings(chair, scanned("up", mass_kg=70.0))["arch_rigidity_index"]
    of_grounds = 1.2 / 62.0
    assert rigidity.sd == pytest.approx(rigidity.value * math.hypot(0.003 / 0.340, 0.003 / 0.360, of_grounds))


@pytest.mark.parametrize(
    ("drop", "sd", "words"),
    [
        (5.0, 0.5, None),
        (0.0, 0.5, None),
        (-0.8, 0.5, "within"),
        (-1.2, 0.5, "check the loadings"),
        (-1.2, None, "check"),
    ],
)
def test_an_arch_that_rises_under_load_is_remarked_on(drop: float, sd: float | None, words: str | None) -> None:
    remark = remark_on("arch_drop_mm", Measure(drop, sd, "measured"))
    assert remark is None if words is None else words in str(remark)
    a = results("may", measures(loading="seated", dorsum_height_mm=(62.0 + drop, sd)))
    b = results("nov", measures(dorsum_height_mm=(62.0, None if sd is None else 0.0)))
    found = compared(a, b)
    told = json.loads(compare_json(found))["feet"][0]["between_loadings"]["arch_drop_mm"]
    assert told.get("remark") == remark
    assert str(arch_row(EN, "arch_drop_mm", found.feet[0].arch["arch_drop_mm"]).reason) == (remark or "")
    assert remark_on("arch_rigidity_index", Measure(1.05, 0.01, "measured"))
    assert remark_on("arch_rigidity_index", Measure(0.95, 0.01, "measured")) is None


def test_rigidity_and_stiffness_are_not_defined_from_a_raised_foot() -> None:
    found = between_loadings(scanned("air", loading="non-weight-bearing", dorsum_height_mm=(70.0, None)), scanned("up"))
    assert found["arch_drop_mm"] == Measure(8.0, None, "measured")
    for name in ("arch_rigidity_index", "arch_stiffness"):
        assert found[name].status == "refused" and "non-weight-bearing → standing" in str(found[name].reason)
    lifted = between_loadings(seated(), scanned("air", loading="non-weight-bearing"))
    assert "non-weight-bearing → seated" in str(lifted["arch_stiffness"].reason)


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        (seated(), scanned("up"), "mass_kg"),
        (seated(arch_height_index=(0.343, 0.003)), scanned("up", mass_kg=70.0), "no more than its uncertainty"),
        (seated(arch_height_index=(0.330, None)), scanned("up", mass_kg=70.0), "fell by -0.010"),
        (seated(arch_height_index=REFUSED), scanned("up", mass_kg=70.0), "refused in chair: the sole was not seen"),
        (scanned("a"), scanned("b"), "both scans are standing"),
        (scanned("a", loading="unknown"), scanned("b"), "the loading of a is not known"),
        (seated(), scanned("up", mass_kg=70.0, subject="bert"), "not of one foot"),
        (seated(), scanned("up", "right", mass_kg=70.0), "not of one foot"),
    ],
)
def test_a_stiffness_that_cannot_be_told_is_refused(a: Any, b: Any, words: str) -> None:
    found = between_loadings(a, b)["arch_stiffness"]
    assert (found.value, found.status) == (None, "refused")
    assert words in str(found.reason)


def test_what_is_made_of_an_inferred_value_is_inferred() -> None:
    inferred = Measure(66.0, None, "inferred", "12 % of the dorsum was not seen")
    found = between_loadings(seated(dorsum_height_mm=inferred), scanned("up"))["arch_drop_mm"]
    assert (found.value, found.status) == (4.0, "inferred")
    assert found.reason == "inferred in chair: 12 % of the dorsum was not seen"


# ------------------------------------------------------------------------------------------------ two scans


def pair_of(name: str, **more: Any) -> Any:
    return results(name, measures("left"), measures("right", foot_length_mm=(252.0, 0.4)), side="both", **more)


def test_one_foot_in_two_scans() -> None:
    found = compared(results("may", measures(), date="2026-05-01"), results("nov", measures(), date="2026-11-02"))
    assert [foot.measured.a.side for foot in found.feet] == ["left"] and found.left_right == ()
    assert found.days == 185
    assert days_between(found.b, found.a) == -185 and days_between(found.a, facts("x")) is None


def test_pairs_are_compared_side_by_side_and_left_with_right_of_each() -> None:
    found = compared(pair_of("may"), pair_of("nov"))
    assert [foot.measured.a.side for foot in found.feet] == ["left", "right"]
    assert [(one.a.facts.name, one.a.side, one.b.side) for one in found.left_right] == [
        ("may", "left", "right"),
        ("nov", "left", "right"),
    ]
    length = found.left_right[0].differences["foot_length_mm"]
    assert (length.value, length.exceeds) == (pytest.approx(2.0), True)  # right less left


def test_the_two_feet_of_one_person_from_two_scans() -> None:
    found = compared(results("a", measures("right")), results("b", measures("left")))
    assert found.feet == ()
    (one,) = found.left_right
    assert (one.a.facts.name, one.b.facts.name, one.pairing.kind) == ("b", "a", "sides")
    half = compared(results("a", measures("right")), pair_of("b"))
    assert [foot.measured.a.side for foot in half.feet] == ["right"] and len(half.left_right) == 1


def test_different_feet_of_different_people_have_nothing_to_compare() -> None:
    with pytest.raises(ScanError, match="a left foot of anna in a and a right foot of bert in b; expected"):
        compared(results("a", measures("left")), results("b", measures("right"), subject="bert"))


def test_the_json_says_all_of_it() -> None:
    b = results("nov", measures(foot_length_mm=(252.0, 0.3)), date="2026-11-02")
    content = json.loads(compare_json(compared(results("may", measures()), b)))
    assert content["schema"] == 1 and content["days_between"] is None
    assert [scan["name"] for scan in content["scans"]] == ["may", "nov"]
    (foot,) = content["feet"]
    assert (foot["side"], foot["compares"], foot["no_verdict"]) == ("left", "change", None)
    assert foot["b"] == {"scan": "nov", "side": "left", "loading": "standing", "ground": "floor"}
    length = foot["measures"]["foot_length_mm"]
    assert length == {
        "a": {"value": 250.0, "sd": 0.4, "status": "measured"},
        "b": {"value": 252.0, "sd": 0.3, "status": "measured"},
        "difference": 2.0,
        "sd": pytest.approx(0.5),
        "scale_error": "separate",
        "smallest_detectable_change": pytest.approx(0.98),
        "exceeds": True,
        "status": "measured",
    }
    assert foot["measures"]["plantar_arch_height_mm"]["reason"].startswith("refused in may: ")
    assert foot["between_loadings"]["arch_drop_mm"]["status"] == "refused"
    assert foot["surface"]["status"] == "measured" and abs(foot["surface"]["rms_mm"]) < 0.01
    assert set(foot["measures"]) == {*VALUES, "plantar_arch_height_mm"}


def test_a_surface_that_cannot_be_laid_on_the_other_does_not_stop_the_rest() -> None:
    far = replace(ball_foot(), views=ball_foot().views * 0)
    b = results("nov", measures(), feet=Feet((far,)))
    found = compared(results("may", measures()), b)
    assert isinstance(found.feet[0].surface, str) and found.feet[0].measured.differences
    assert json.loads(compare_json(found))["feet"][0]["surface"]["status"] == "refused"


# ------------------------------------------------------------------------------------------------ the page


def comparison(**in_b: Any) -> Comparison:
    grown = Feet((ball_foot(grown_mm=2.0),))
    return compared(
        results("may", measures(), date="2026-05-01"),
        results("nov", measures(**in_b), date="2026-11-02", feet=grown),
    )


@pytest.fixture(scope="module")
def page_html() -> str:
    return compare_page(comparison(foot_length_mm=(252.0, 0.3)), SMALL)


def test_the_first_line_says_what_changed(page_html: str) -> None:
    page = Page(page_html)
    assert page.texts[:2] == [
        "Left foot · may → nov",
        "1 of 4 measures changed by more than the smallest detectable change: Foot length",
    ]
    at = page.texts.index("Foot length")
    values = ["250.0 mm", "± 0.4", "252.0 mm", "± 0.3", "+2.0 mm", "± 0.5"]
    assert page.texts[at + 1 : at + 9] == [*values, "± 1.0", "changed"]
    at = page.texts.index("Heel line against the vertical")
    assert page.texts[at + 1] == "usual 0.8 to 11.4° valgus (Sobel 1999; Åström 1995)"
    assert page.texts[at + 6 : at + 10] == ["0.0°", "± 0.8", "± 1.7", "within error"]
    assert "B was taken 185 days after A." in page.texts
    assert "refused in may: the sole was not seen; refused in nov: the sole was not seen" in page.texts


@pytest.mark.parametrize("language", LANGUAGES)
def test_figures_of_the_page_are_those_of_the_json_in_every_language(language: str) -> None:
    words = Words(language)  # type: ignore[arg-type]
    found = comparison(foot_length_mm=(252.0, 0.3), heel_angle_deg=(-1.5, 0.6))
    html = compare_page(found, replace(SMALL, language=words.language, model=False))
    assert f'<html lang="{language}">' in html
    rows = dict(re.findall(r'<tr data-measure="([^"]+)"[^>]*>(.*?)</tr>', html))
    told = json.loads(compare_json(found))["feet"][0]["measures"]
    assert set(rows) == set(told)
    for name, entry in told.items():
        values = [
            re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r'<td class="figure[^"]*">(.*?)</td>', rows[name])
        ]
        asked = [entry["a"]["value"], entry["b"]["value"], entry["difference"], entry["smallest_detectable_change"]]
        step = 0.5001 * 10.0 ** -ROWS[name].dimension.digits
        for text, value in zip(values, asked, strict=True):
            if value is None:
                assert text in ("", "–")
                continue
            got = figure(text.replace("±", " ").replace("+", " "), words)
            got *= -1.0 if words("towards.varus") in text else 1.0
            assert got == pytest.approx(value, abs=step), (name, text)
    summary = json.loads(compare_json(found))["feet"][0]["surface"]
    told_of = [words.signed(summary[f"{key}_mm"], 2) for key in ("median", "p5", "p95", "inmost", "outmost")]
    assert all(f"{text} " in html for text in told_of)


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_nothing_of_the_page_is_english_in_another_language(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for page in ("compare_page", "person_page"):  # drawn they are in other tests
        monkeypatch.setattr(f"scanproc.several.{page}.pictures", lambda *_: {})
    config = replace(SMALL, language=language, model=False)
    unseen = Measure(None, None, "refused", "the sole was not seen (3 % of the arch)")
    foot = partial(measures, plantar_arch_height_mm=unseen)
    visits = compared(results("may", foot(), date="2026-05-01"), results("nov", foot(foot_length_mm=(252.0, 0.3))))
    loads = compared(results("a", foot(loading="seated")), results("b", foot(), subject=None))
    people = compared(results("a", foot(), foot("right")), results("b", foot(loading="unknown"), subject="bert"))
    for found in (visits, loads, people):
        assert english_in(compare_page(found, config)) == []
    raised = foot("left", "non-weight-bearing", "support")
    person = Person((results("a", raised, subject=None), results("b", foot(), foot("right"), mass_kg=70.5)))
    assert english_in(person_page(person, config)) == []


def test_the_page_shows_where_the_surface_lies(page_html: str) -> None:
    page = Page(page_html)
    pictures = [attrs for tag, attrs in page.tags if tag == "img"]
    assert [str(one["alt"]).rpartition(": ")[2] for one in pictures][:4] == ["Dorsum", "Sole", "Medial", "Lateral"]
    assert "RMS" in page.text


def test_the_page_needs_nothing_else_and_is_the_same_twice(page_html: str) -> None:
    assert compare_page(comparison(foot_length_mm=(252.0, 0.3)), SMALL) == page_html
    page = Page(page_html)
    for tag, attrs in page.tags:
        assert not {"href", "srcset", "action", "onload"} & attrs.keys()
        assert "src" not in attrs or (tag == "img" and str(attrs["src"]).startswith("data:image/jpeg;base64,"))
        assert tag not in ("link", "iframe")
    assert [attrs for tag, attrs in page.tags if tag == "script"] == [
        {"type": "application/json", "id": "model-data"}, {},
    ]  # fmt: skip
    assert not re.search(r"https?:|url\(|@import", re.sub(r'src="data:[^"]*"', "", page_html))
    assert page_html.count("not a medical device") == 1
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1 and levels.count(1) == 1


def test_scans_of_unknown_loading_are_not_called_a_difference_of_loads() -> None:
    found = compared(results("may", measures("left", "unknown")), results("nov", measures("left", "unknown")))
    text = Page(compare_page(found, SMALL)).text
    assert "Whether this is a change cannot be told. No verdict is given: the loading of the scans is not known" in text
    assert "A difference between loadings" not in text


def test_what_keeps_every_measure_from_a_verdict_is_said_once() -> None:
    found = compared(results("may", measures()), results("nov", measures(loading="seated")))
    page = Page(compare_page(found, SMALL))
    assert page.texts[1] == "no verdict on change: the loadings differ, standing against seated"
    sentence = "A difference between loadings, not a change. No verdict is given: the loadings differ, standing against"
    assert sum(sentence in text for text in page.texts) == 1
    assert not {"changed", "within error"} & set(page.texts)
    assert "Arch drop" in page.texts
    blank = {name: (value, None) for name, (value, _) in VALUES.items()}
    found = compared(results("may", measures(**blank)), results("nov", measures(**blank)))
    assert str(verdict(EN, found)) == "no verdict on change: no measure states its uncertainty (sd) in both scans"
    page = Page(compare_page(found, SMALL))
    assert [attrs["class"] for _, attrs in page.tags if "verdict" in str(attrs.get("class"))] == ["verdict plain"]
    assert page.text.count("no uncertainty (sd) is stated in may and in nov") == 1 and "SDC" not in page.texts


def test_verdicts_in_words() -> None:
    assert str(verdict(EN, comparison())) == "no change beyond the smallest detectable one, in 4 measures"
    pairs = compared(pair_of("may"), pair_of("nov"))
    assert headline(EN, pairs) == "Left and right foot · may → nov"
    sides = compared(results("a", measures("right")), results("b", measures("left")))
    assert str(verdict(EN, sides)) == "no foot is in both scans: left and right are compared"
    assert headline(EN, sides) == "Left and right foot · a → b"
    lengths = {"foot_length_mm": (260.0, 0.4)}
    b = results("nov", measures("left", **lengths), measures("right"))
    assert str(verdict(EN, compared(pair_of("may"), b))).endswith(": Left foot: Foot length; Right foot: Foot length")


def test_dates_and_people_in_words() -> None:
    early, late = facts("may", date="2026-05-01"), facts("nov", date="2026-11-02", subject=None)
    blank = Comparison(early, late, (), (), 185)
    assert when(EN, blank).startswith("B was taken 185 days after A. That both are of one person is assumed")
    assert "185 days before A: differences are B less A" in when(EN, replace(blank, days=-185))
    assert when(EN, replace(blank, days=1)).startswith("B was taken 1 day after A.")
    assert when(EN, replace(blank, days=0)).startswith("Both scans are of the same day.")
    assert when(EN, replace(blank, a=facts("x"), b=early, days=None)) == "The date of x is not stated."


def test_what_scan_files_say_is_text_and_nothing_else() -> None:
    evil = results("<i>b</i>", measures(), sensor="<script>alert(1)</script>", subject="<b>anna</b>")
    html = compare_page(compared(results("may", measures(), subject=None), evil), SMALL)
    assert html.count("<script") == 2  # the model and what turns it
    assert "alert(1)" not in html.replace("&lt;script&gt;alert(1)", "") and "<b>" not in html and "<i>" not in html


def test_results_of_a_refused_scan_hold_no_feet() -> None:
    refused = results("bad", refusals=(Refusal("align", "this does not look like a foot"),))
    assert refused.scanned_feet == {}


@pytest.mark.slow
def test_the_shipped_pair_of_demos_is_compared_and_on_one_page(tmp_path: Path) -> None:
    """One rigid foot, raised and standing three weeks later: the shape agrees, and nothing is refused."""
    scans = [str(Path(__file__).parents[1] / "scans" / name) for name in ("demo", "demo-loaded")]
    for command, page in (("report", "report.html"), ("compare", "compare.html")):
        done = CliRunner().invoke(main, ["-q", command, *scans, "--out", str(tmp_path)])
        assert done.exit_code == 0, done.output
        html = (tmp_path / "demo--demo-loaded" / page).read_text(encoding="utf-8")
        assert 'id="model-data"' in html and len(html) < 8_000_000
    found = json.loads((tmp_path / "demo--demo-loaded" / "compare.json").read_bytes())
    surface = found["feet"][0]["surface"]
    assert abs(surface["median_mm"]) < 0.5
