"""One person in several scans: the right scan for each measure, its loading always said, contradictions refused."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from report_scans import Page, plate_insole
from visits import REFUSED, facts, measures, results

from scanproc.artifacts import Exports, Insole, Insoles, Measure, Refusal
from scanproc.errors import ScanError
from scanproc.pages.sentences import Said
from scanproc.pages.words import Words
from scanproc.several.amounts import Amount
from scanproc.several.person import Person, check_one_person, check_sides
from scanproc.several.person_page import Sides, assumed, headline, measure_groups, person_page
from scanproc.several.scans import ScanResults
from scanproc.stages.report import ReportConfig

SMALL = ReportConfig(pixels_per_mm=1.0, text_px=14)
EN = Words()
NO_INSOLE = Insole("left", None, None, (), refused="the sole under the shell was not seen")


def raised(name: str = "air", side: str = "left", **more: Any) -> ScanResults:
    """A raised scan: sole, arch, insole."""
    values = {"plantar_arch_height_mm": (14.0, 0.4), "dorsum_height_mm": (70.0, 0.3), "heel_angle_deg": (1.0, 0.6)}
    found = measures(side, "non-weight-bearing", "support", **values)
    kept = {"insoles": Insoles((plate_insole(),)), "exports": Exports({"left.stl": b"solid"})}
    return results(name, found, **{**kept, **more})


def standing(name: str = "up", *sides: str, **more: Any) -> ScanResults:
    """A standing scan: posture; its insole is refused, since the floor hides the sole."""
    refusals = (Refusal("insole", "the sole under the shell was not seen"),)
    return results(name, *(measures(side) for side in sides or ("left",)), **{"refusals": refusals, **more})


def cells(person: Person) -> dict[str, Any]:
    return {row.name: row.cells for rows in measure_groups(EN, person).values() for row in rows}


def test_each_measure_comes_from_the_scan_that_is_best_for_it() -> None:
    found = cells(Person((raised(), standing())))
    (arch,) = found["Plantar arch height"]
    assert (arch.amount.value, arch.amount.spread, arch.source) == ("14.0 mm", "± 0.4", "air (non-weight-bearing)")
    assert arch.others == ()  # the standing scan refused it: nothing to be said of that
    (heel,) = found["Heel line against the vertical"]
    assert (heel.amount.value, heel.source) == ("4.0° valgus", "up (standing)")
    assert heel.others == ("also 1.0° valgus ± 0.6, air (non-weight-bearing)",)
    (index,) = found["Arch height index (dorsum ÷ truncated length)"]
    assert index.source == "up (standing)" and ".340" in " ".join(map(str, index.notes))


def test_what_a_free_sole_shows_comes_from_the_raised_scan_even_if_a_glass_plate_showed_it_too() -> None:
    on_glass = results("up", measures(plantar_arch_height_mm=(9.0, 0.4)))
    (arch,) = cells(Person((on_glass, raised())))["Plantar arch height"]
    assert (arch.source, arch.others) == ("air (non-weight-bearing)", ("also 9.0 mm ± 0.4, up (standing)",))


def test_the_order_of_the_scans_does_not_matter() -> None:
    there, back = cells(Person((raised(), standing()))), cells(Person((standing(), raised())))
    assert there == back


def test_a_measured_value_is_better_than_an_inferred_one_and_that_than_none() -> None:
    inferred = Measure(61.0, None, "inferred", "12 % of the dorsum was not seen")
    scan = standing()
    worse = results("up", measures(dorsum_height_mm=inferred))
    (cell,) = cells(Person((raised(), worse)))["Dorsum height at half length"]
    assert (cell.amount.value, cell.source) == ("70.0 mm", "air (non-weight-bearing)")
    assert cell.others == ("also 61.0 mm (inferred), up (standing)",)
    (cell,) = cells(Person((results("up", measures(dorsum_height_mm=inferred)),)))["Dorsum height at half length"]
    assert (cell.status, *map(str, cell.notes)) == ("inferred", "12 % of the dorsum was not seen")
    refused = raised(name="air")
    bad = results("air", measures("left", "non-weight-bearing", "support", plantar_arch_height_mm=REFUSED))
    (cell,) = cells(Person((bad, scan)))["Plantar arch height"]
    told = (cell.amount.value, cell.status, *map(str, cell.notes))
    assert told == ("–", "refused", "the sole was not seen")  # said once
    assert refused.facts.name == "air"


def test_left_and_right_stand_side_by_side() -> None:
    person = Person((raised("l"), raised("r", "right"), standing("both", "left", "right")))
    assert person.sides == ("left", "right")
    left, right = cells(person)["Plantar arch height"]
    assert (left.source, right.source) == ("l (non-weight-bearing)", "r (non-weight-bearing)")
    left, right = cells(person)["Foot length"]
    assert left.source == right.source == "both (standing)"
    assert (
        headline(EN, person)
        == "Left and right foot · standing and non-weight-bearing · 250.0 and 250.0 mm · EU 39 and 39"
    )


def sides_of(name: str, *scans: ScanResults) -> Sides | None:
    return {row.name: row.sides for rows in measure_groups(EN, Person(scans)).values() for row in rows}[name]


def test_right_less_left_is_judged_under_one_load_only() -> None:
    left, right = measures("left"), measures("right", foot_length_mm=(252.0, 0.3), heel_angle_deg=(4.5, 0.6))
    pair = results("both", left, right, side="both")
    length = sides_of("Foot length", pair, raised())
    assert length == Sides(Amount("+2.0 mm", "± 0.5"), Said("they differ, detectable: ± 1.0"), True)
    heel = sides_of("Heel line against the vertical", pair, raised())
    assert heel == Sides(Amount("0.5° towards valgus", "± 0.8"), Said("alike, detectable: ± 1.7"), False)
    loads = sides_of("Foot length", raised(), results("up", measures("right", foot_length_mm=(252.0, 0.3))))
    assert loads == Sides(Amount("–", ""), Said("the loadings differ, non-weight-bearing against standing"), False)
    assert sides_of("Plantar arch height", pair) == Sides(Amount("–", ""), Said(""), False)
    assert sides_of("Foot length", raised(), standing()) is None  # one foot


def test_a_rare_value_is_flagged_on_the_page() -> None:
    rare = replace(measures(), flags={"foot_length_mm": "outside 1–2 mm"})
    (cell,) = cells(Person((results("up", rare),)))["Foot length"]
    assert str(cell.notes[0]) == "Rare: outside 1–2 mm."


def test_what_several_scans_do_not_state_is_said_once() -> None:
    found = assumed(Person((standing("a"), raised("b"), raised("c", "right", mass_kg=70.0))))
    assert list(found) == ["a, b", "c"]
    assert "mass_kg" in found["a, b"] and "mass_kg" not in found["c"]


# ------------------------------------------------------------------------------------------------ contradictions


def test_scans_of_different_people_are_refused() -> None:
    check_one_person([facts("a"), facts("b"), facts("c", subject=None)])
    with pytest.raises(ScanError, match=r"found subject anna \(a\) and bert \(b\); expected scans of one person"):
        check_one_person([facts("a"), facts("b", subject="bert")])
    with pytest.raises(ScanError, match=r"found sex female \(a\) and male \(b\)"):
        check_one_person([facts("a", sex="female"), facts("b", sex="male")])


@pytest.mark.parametrize(
    ("scans", "sides"),
    [
        ((raised(), standing()), ("left",)),
        ((raised(), standing("up", "left", "right")), ("left", "right")),
        ((raised("l"), raised("r", "right")), ("left", "right")),
        ((raised("l"), raised("r", "right"), standing()), ("left", "right")),
        ((standing("up", "left", "right"), raised("r", "right")), ("left", "right")),
    ],
)
def test_scans_that_go_together(scans: tuple[ScanResults, ...], sides: tuple[str, ...]) -> None:
    for order in (scans, scans[::-1]):
        check_sides(Person(order))  # refuses nothing
        assert Person(order).sides == sides
        assert re.match(r"(Left|Left and right) foot · ", headline(EN, Person(order)))
    for scan in scans:  # and yet each of them was looked at
        twin = replace(scan, facts=replace(scan.facts, name="twin"))
        with pytest.raises(ScanError, match=rf"{scan.facts.name} and twin both hold a "):
            check_sides(Person((*scans, twin)))


@pytest.mark.parametrize(
    ("scans", "words"),
    [
        ((raised(), standing("up", "right")), "the sides contradict: found a left foot in air"),
        ((standing("one"), standing("two")), "one and two both hold a left foot, standing"),
        ((standing("one"), standing("two", "left", "right")), "both hold a left foot"),
        (
            (results("bad", refusals=(Refusal("clean", "no depth."),)),),
            "no scan could be measured.*bad: clean: no depth",
        ),
    ],
)
def test_scans_that_do_not(scans: tuple[ScanResults, ...], words: str) -> None:
    with pytest.raises(ScanError, match=words):
        check_sides(Person(scans))


# ------------------------------------------------------------------------------------------------ what was refused


def test_a_standing_scan_needs_no_insole_where_a_raised_one_has_it() -> None:
    person = Person((raised(), standing()))
    assert [each.covered for each in person.refusals] == [True]
    assert [each.covered for each in Person((raised(), standing("up", "left", "right"))).refusals] == [False]
    unproven = raised(insoles=Insoles((plate_insole(passes=False),)))
    assert [each.covered for each in Person((unproven, standing())).refusals] == [False]
    without = raised(insoles=Insoles((NO_INSOLE,)))
    assert [each.message for each in Person((without, standing())).refusals] == [
        "up: insole: the sole under the shell was not seen"
    ]


def test_of_a_pair_only_the_refused_foot_lacks_an_insole() -> None:
    right = Insole("right", None, None, (), refused="the heel was not seen")
    left = Insole("left", None, None, (), refused="the sole was not seen")
    refusals = tuple(Refusal("insole", f"{one.side} foot: {one.refused}") for one in (left, right))
    both = standing("up", "left", "right", insoles=Insoles((left, right)), refusals=refusals)
    assert [each.covered for each in Person((raised(), both)).refusals] == [True, False]


def test_a_foot_whose_proof_failed_lacks_an_insole_too() -> None:
    failed = replace(plate_insole(passes=False), failed="its insole failed the proof")
    right = Insole("right", None, None, (), refused="the heel was not seen")
    refusals = tuple(Refusal("insole", f"{one.side} foot: {one.why_not}") for one in (failed, right))
    both = standing("up", "left", "right", insoles=Insoles((failed, right)), refusals=refusals)
    assert [each.covered for each in Person((raised(), both)).refusals] == [True, False]


def test_a_scan_that_could_not_be_measured_is_never_covered() -> None:
    bad = results("bad", refusals=(Refusal("align", "this does not look like a foot."),))
    person = Person((raised(), bad))
    assert [each.covered for each in person.refusals] == [False]
    page = Page(person_page(person, SMALL))
    assert page.texts[1] == "refused because bad: align: this does not look like a foot."
    assert "not measured" in page.texts


# ------------------------------------------------------------------------------------------------ the page


@pytest.fixture(scope="module")
def page_html() -> str:
    return person_page(Person((raised(), standing(mass_kg=70.0))), SMALL)


def test_the_page_says_where_each_value_comes_from(page_html: str) -> None:
    page = Page(page_html)
    assert page.texts[:2] == ["Left foot · standing and non-weight-bearing · 250.0 mm · EU 39", "usable"]
    at = page.texts.index("Plantar arch height")
    assert page.texts[at + 1 : at + 4] == ["14.0 mm", "± 0.4", "air (non-weight-bearing)"]
    at = page.texts.index("Dorsum height at half length")
    assert page.texts[at + 1 : at + 5] == [
        "62.0 mm",
        "± 0.3",
        "up (standing)",
        "also 70.0 mm ± 0.3, air (non-weight-bearing)",
    ]
    at = page.texts.index("Arch drop")
    assert page.texts[at + 1 : at + 4] == ["8.0 mm", "± 1.3", "measured"]  # above two kinds of ground
    assert "Left foot, from air (non-weight-bearing) to up (standing)" in page.texts
    assert "air/7-export/left.stl" in page.texts
    assert "Not needed, another scan has it: up: insole: the sole under the shell was not seen" in page.texts
    assert page.texts[page.texts.index("From air:") + 1] == "Left insole"


def test_the_page_needs_nothing_else_and_is_the_same_twice(page_html: str) -> None:
    assert person_page(Person((raised(), standing(mass_kg=70.0))), SMALL) == page_html
    page = Page(page_html)
    for tag, attrs in page.tags:
        assert not {"href", "srcset", "action", "onload"} & attrs.keys()
        assert "src" not in attrs or (tag == "img" and str(attrs["src"]).startswith("data:image/jpeg;base64,"))
    assert not re.search(r"https?:|url\(|@import", re.sub(r'src="data:[^"]*"', "", page_html))
    assert page_html.count("not a medical device") == 1
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1 and levels.count(1) == 1 and max(np.diff(levels)) <= 1


def test_a_page_that_assumes_one_person_says_so() -> None:
    page = Page(person_page(Person((raised(subject=None), standing())), SMALL))
    assert "That all are of one person is assumed: not all state their subject." in page.text
