"""The report says what the artifacts say: first line, finding, refusals, measures, checks; and it loads nothing."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace

import numpy as np
import pytest
from report_scans import (
    FACTS,
    MEASURES,
    Page,
    ellipsoid_foot,
    figure,
    nothing,
    page_of,
    pages_of,
    plate_insole,
    scan,
    without_pictures,
)

from scanproc.artifacts import (
    CleanViews,
    Feet,
    FootMeasures,
    Insole,
    Insoles,
    Landmark,
    Measure,
    Measures,
    Mesh,
    PlanCurve,
    Refusal,
    Refusals,
    Report,
    ScanFacts,
)
from scanproc.measures.coverage import seen_sole_share
from scanproc.measures.population import band_of, norms_of
from scanproc.measures.table import ROWS
from scanproc.pages.details import proof
from scanproc.pages.findings import arch_measure, findings
from scanproc.pages.first_screen import headline, refusal_texts
from scanproc.pages.job_sheet import plan_of
from scanproc.pages.strips import strips
from scanproc.pages.wearer import does, measured_of
from scanproc.pages.words import LANGUAGES, Words
from scanproc.stages.report import unseen_soles

EN = Words()
#: Groups in the order of a report.
GROUPS = tuple(dict.fromkeys(row.group for row in ROWS.values()))


@pytest.fixture(scope="module")
def full_pages() -> Report:
    return pages_of()


@pytest.fixture(scope="module")
def full_html(full_pages: Report) -> str:
    return full_pages.html


@pytest.fixture(scope="module")
def full(full_html: str) -> Page:
    return Page(full_html)


def empty(**changes: object) -> Page:
    return page_of(**{**nothing(), **changes})


def foot_of(loading: str = "standing", **values: float) -> FootMeasures:
    found = {name: Measure(value, 0.01 * abs(value), "measured") for name, value in values.items()}
    return FootMeasures("left", loading, "floor", found)  # type: ignore[arg-type]


def of_one(foot: FootMeasures) -> list[str]:
    ((side, sentences),) = findings(EN, [(foot, FACTS)])
    assert side == foot.side
    return sentences


# ------------------------------------------------------------------------------------------------- the first screen


def test_first_line_has_side_loading_length_size_and_verdict(full: Page) -> None:
    assert full.texts[:2] == ["Left foot · standing · 246.0 mm · EU 38.5", "usable"]


def test_first_line_of_a_refused_scan_says_why() -> None:
    message = "only 412 points are left of view 7 (clean.min_points = 1000). Is the depth unit right?"
    page = empty(refusals=Refusals((Refusal("clean", message),)))
    assert page.texts[0] == "Left foot · standing · length not measured · size not measured"
    first = "clean: only 412 points are left of view 7 (clean.min_points = 1000)."
    assert page.texts[1] == f"refused because {first}"  # what was found
    assert f": {message}" in page.text.replace(first, "")  # and verbatim below, with what to do


def test_a_pair_is_one_first_line() -> None:
    one = FootMeasures("left", "seated", "floor", MEASURES)
    pair = Measures((one, replace(one, side="right")))
    foot = ellipsoid_foot()
    feet = Feet((foot, replace(foot, side="right")))
    line = headline(EN, replace(FACTS, side="both", loading="seated"), feet, pair)
    assert line == "Left and right foot · seated · 246.0 and 246.0 mm · EU 38.5 and 38.5"
    unknown = headline(EN, ScanFacts("x"), None, None)
    assert unknown == "Foot of unknown side · loading unknown · length not measured · size not measured"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("arch_height_index", 0.414, "Arch: high."),
        ("arch_height_index", 0.265, "Arch: low."),
        ("arch_height_index", 0.340, "Arch: of usual height."),
        ("arch_index", 0.35, "Arch: low."),  # more of the middle third in contact
        ("arch_index", 0.10, "Arch: high."),
        ("heel_angle_deg", 12.8, "Heel: more valgus than usual."),
        ("heel_angle_deg", -2.0, "Heel: less valgus than usual, or varus."),
        ("foot_length_mm", 300.0, "Length: longer than usual."),
        ("foot_length_mm", 246.0, "Length: usual."),
    ],
)
def test_the_finding_judges_against_people(name: str, value: float, words: str) -> None:
    foot = FootMeasures("left", "standing", "floor", {name: Measure(value, 0.001 * abs(value), "measured")})
    assert any(sentence.startswith(words) for sentence in of_one(foot)), of_one(foot)


def test_a_value_within_its_uncertainty_of_the_limit_is_told_as_doubtful() -> None:
    """The limit is .340 + 1.96 x .030 = .3988."""
    for value, sd, doubtful in (
        (0.402, 0.003, True),
        (0.397, 0.003, True),
        (0.402, 0.001, False),
        (0.37, 0.003, False),
    ):
        foot = FootMeasures("left", "standing", "floor", {"arch_height_index": Measure(value, sd, "measured")})
        assert ("within the uncertainty" in of_one(foot)[0]) is doubtful, (value, sd)


def test_the_most_unusual_measure_of_the_arch_is_the_finding() -> None:
    foot = foot_of(arch_height_index=0.345, arch_index=0.36)
    assert arch_measure([(foot, FACTS)]) == "arch_index"
    assert arch_measure([(foot_of(arch_height_index=0.42, arch_index=0.25), FACTS)]) == "arch_height_index"
    also = of_one(foot_of(foot_length_mm=246.0, foot_width_mm=120.0))
    assert also[-1] == "Also rarer than 1 in 100: Foot width at the ball 120.0 ± 1.2 mm (usual 83.7 to 102.3 mm)."


def test_a_hanging_heel_line_is_named_as_what_it_is() -> None:
    hanging = replace(foot_of("non-weight-bearing", heel_angle_deg=3.0), ground="support")
    (heel,) = [text for text in of_one(hanging) if text.startswith("Heel")]
    assert "hanging: no standing heel angle" in heel and "no population figures" in heel


def test_a_raised_foot_has_figures_of_people_for_lengths_and_widths_and_for_nothing_else() -> None:
    foot = foot_of("non-weight-bearing", **{row.key: 1.0 for row in ROWS.values()})
    known = {name for name in foot.measures if band_of(name, foot.measures, foot.loading, FACTS)}
    assert {"foot_length_mm", "foot_width_mm", "heel_width_mm", "ball_girth_mm"} <= known
    assert known <= {name for name, row in ROWS.items() if row.group in GROUPS[:2]} - {"malleolus_height_mm"}
    length = strips(EN, [foot_of("non-weight-bearing", foot_length_mm=246.0)], FACTS)[2]
    assert "taken of people standing" in length.source


def test_strips_hold_value_band_and_two_standard_uncertainties() -> None:
    """ANSUR II, women: 246 mm, 1st and 99th percentile 219 and 276 mm."""
    foot = FootMeasures("left", "standing", "floor", {"foot_length_mm": Measure(262.0, 2.0, "measured")})
    strip = strips(EN, [foot], FACTS)[2]
    (mark,) = strip.marks
    assert strip.outer and strip.inner
    per_mm = (strip.outer[1] - strip.outer[0]) / (1.96 / 2.326 * (276.0 - 219.0))
    assert mark.high - mark.low == pytest.approx(8.0 * per_mm, rel=0.01)
    assert mark.at - strip.outer[0] == pytest.approx((262.0 - (246.0 - 1.96 / 2.326 * 27.0)) * per_mm, rel=0.01)
    assert strip.inner[1] - strip.inner[0] == pytest.approx((strip.outer[1] - strip.outer[0]) / 1.96, rel=0.01)
    far = strips(EN, [foot_of(foot_length_mm=330.0)], FACTS)[2]
    assert far.marks[0].low >= 0.0 and far.marks[0].high <= 100.0  # nothing leaves the strip
    assert strips(EN, [foot], replace(FACTS, sex=None))[2].outer is None


def test_the_page_says_what_the_scan_is_worth(full: Page) -> None:
    for text in ("2 of 3 views used; median residual 0.40 mm", "none noticed", "left, confidence 0.98"):
        assert text in full.texts
    assert any("of the foot seen" in text for text in full.texts)
    assert any("not checked: ± 1 % of lengths assumed" in text for text in full.texts)


def test_failed_checks_and_refused_feet_make_a_scan_unusable_once_each() -> None:
    failed = Insoles((plate_insole(passes=False), Insole("right", None, None, (), refused="the sole was not seen")))
    assert [(fact.name, str(fact.text)) for fact in refusal_texts(EN, Refusals(), failed)] == [
        ("Left insole", "FAILED: Least wall (Asked 3, Got 2.1)"),
        ("Right insole", "the sole was not seen"),
    ]
    told = Refusals((Refusal("export", "the left insole failed wall_min_mm: asked 3, got 2.1. Make it thicker."),))
    (fact,) = refusal_texts(EN, told, Insoles((plate_insole(passes=False),)))
    assert str(fact.text) == told.refusals[0].message
    assert refusal_texts(EN, Refusals(), Insoles((plate_insole(),))) == []


def test_an_insole_on_an_invented_sole_is_named_in_the_first_line() -> None:
    insoles = Insoles((plate_insole(),))
    assert unseen_soles(EN, Feet((ellipsoid_foot(sole_seen=True),)), insoles, 0.05) == []
    (warning,) = unseen_soles(EN, Feet((ellipsoid_foot(sole_seen=False),)), insoles, 0.05)
    assert warning == "100 % of the sole above the insole (left) was not seen and is invented"
    blind = ellipsoid_foot(sole_seen=False)
    page = page_of(feet=Feet((blind,)), views=None, registration=None, surface=None, exports=None, model=False)
    assert page.texts[1:3] == ["usable", f"· {warning}"]


# ------------------------------------------------------------------------------------------------------ the details


def test_landmarks_that_were_set_by_hand_are_named() -> None:
    foot = ellipsoid_foot()
    by_hand = {"arch_apex": Landmark(np.array([100.0, -20.0, 8.0]), "edited", 1.0), **foot.landmarks}
    page = empty(feet=Feet((replace(foot, landmarks=by_hand),)), model=False)
    assert "heights above the floor. Set by hand: arch apex." in page.text


def test_an_insole_says_why_its_open_values_are_as_they_are() -> None:
    why = replace(plate_insole(), notes=("arch fill 3.2 mm: the scan bore no load",))
    page = page_of(**{**without_pictures(), "insoles": Insoles((why,))})
    assert "Why: arch fill 3.2 mm: the scan bore no load" in page.texts


def cells(html: str, start: str) -> dict[tuple[str, str], str]:
    """Texts of the cells that are marked as a measure's or a check's, by its name and side."""
    pattern = rf'data-{start}="([^"]+)" data-side="([^"]+)"[^>]*>(.*?)</t[dr]>'
    return {(name, side): inner for name, side, inner in re.findall(pattern, html, re.DOTALL)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_figures_of_the_page_are_those_of_the_files_in_every_language(language: str) -> None:
    words = Words(language)  # type: ignore[arg-type]
    html = pages_of(**without_pictures(), language=language).html
    assert f'<html lang="{language}">' in html
    shown = cells(html, "measure")
    for name, measure in MEASURES.items():
        if measure.value is None:
            continue
        dimension = ROWS[name].dimension if name in ROWS else ROWS["foot_length_mm"].dimension
        text = "".join(re.findall(r'class="(?:value|unit)">(.*?)</span>', shown[name, "left"]))
        step = 0.5001 * 10.0**-dimension.digits
        got = figure(text, words) * (-1.0 if words("towards.varus") in text else 1.0)
        assert got == pytest.approx(measure.value, abs=step), (name, text)
        sds = re.findall(r'class="sd soft">± (.*?)</span>', shown[name, "left"])
        assert (measure.sd is None) == (not sds)
        assert measure.sd is None or figure(sds[0], words) == pytest.approx(
            measure.sd, abs=0.5001 * 10.0**-dimension.digits
        )
    rows = dict(re.findall(r'<tr data-check="([^"]+)" data-side="left">(.*?)</tr>', html))
    for check in plate_insole().checks:
        for kind, value in (("asked", check.asked), ("got", check.got)):
            (text,) = re.findall(rf'class="figure {kind}">(.*?)</td>', rows[check.name])
            if isinstance(value, float):
                assert figure(text, words) == pytest.approx(value, abs=0.0051), check.name
            elif isinstance(value, bool):
                assert text == words("yes" if value else "no")


def test_every_measure_is_there_with_its_status_and_reason(full: Page) -> None:
    for name, measure in MEASURES.items():
        at = full.texts.index(EN.name_of(name))
        cells = full.text[full.text.index(full.texts[at]) :]
        assert measure.reason is None or measure.reason in cells
    assert "A new length" in full.texts and "Others" in full.texts  # one that nobody has words for is not lost
    assert "inferred" in full.texts and "Not measured" in full.texts
    groups = [text for text in full.texts if text in (*GROUPS, "Others")]
    assert list(dict.fromkeys(groups)) == ["Lengths", "Arch", "Heel and leg", "Sizes", "Others"]


def test_failed_checks_come_first_with_their_tolerance_and_passed_ones_are_folded() -> None:
    html = pages_of(**without_pictures(), insoles=Insoles((plate_insole(passes=False),))).html  # type: ignore[arg-type]
    names = re.findall(r'data-check="([^"]+)"', html)
    assert names[0] == "wall_min_mm" and names[1:4] == ["thickness_mm", "rearfoot_post", "rearfoot_post_deg"]
    folded = html[html.index("<details>") : html.index("</details>")]
    assert {"watertight", "triangles", "mass_g"} == set(re.findall(r'data-check="([^"]+)"', folded))
    rows = proof(EN, plate_insole(passes=False))
    assert rows.failed[0].tolerance == "at least (− 0.05)" and rows.doses[0].tolerance == "± 0.1"
    assert [row.tolerance for row in rows.others] == ["exactly", "at most", "measured only"]


def test_norms_are_given_only_for_the_people_they_were_taken_from() -> None:
    standing = norms_of("arch_height_index", MEASURES, "standing", FACTS)
    seated = norms_of("arch_height_index", MEASURES, "seated", FACTS)
    assert ".340" in standing[0] and ".363" in seated[0] and "Williams & McClay 2000" in seated[0]
    assert "246" in norms_of("foot_length_mm", MEASURES, "standing", FACTS)[0]
    assert "standing people" in norms_of("foot_length_mm", MEASURES, "non-weight-bearing", FACTS)[0]
    assert norms_of("foot_length_mm", MEASURES, "standing", replace(FACTS, sex=None)) == ()
    assert norms_of("foot_length_mm", MEASURES, "standing", replace(FACTS, age_years=9.0)) == ()
    assert norms_of("arch_index", MEASURES, "standing", FACTS) == ()  # refused: nothing to compare


def test_views_with_counts_and_rejections(full: Page) -> None:
    at = max(index for index, text in enumerate(full.texts) if text == "000002")
    assert full.texts[at : at + 5] == ["000002", "4,321", "320", "–", "rejected"]
    assert "3 recorded, 1 rejected" in full.texts
    assert ": overlap 0.12 < register.min_overlap 0.30" in full.texts


def test_files_are_named_with_their_hash_at_the_end(full: Page) -> None:
    at = full.texts.index("left.stl")
    assert full.texts[at : at + 3] == ["left.stl", "600", hashlib.sha256(b"solid " * 100).hexdigest()]
    assert at > full.texts.index("Registration")


def test_many_views_are_thinned_in_the_contact_sheet_only() -> None:
    views = scan()["views"]
    assert isinstance(views, CleanViews)
    many = CleanViews(tuple(replace(views.views[0], name=f"{i:06d}") for i in range(25)))
    page = page_of(**{**nothing(), "views": many, "max_thumbnails": 10})
    assert sum(tag == "img" for tag, _ in page.tags) == 9 + 1  # every third of 25, and the legend
    assert all(f"{i:06d}" in page.texts for i in range(25))


def test_a_scan_of_which_nothing_is_left_still_has_a_page() -> None:
    page = empty(refusals=Refusals((Refusal("clean", "no view holds a point."),)))
    assert "Measures" not in page.texts and "img" not in {tag for tag, _ in page.tags}


# --------------------------------------------------------------------------------------------------------- manners


def test_what_the_scan_file_says_is_text_and_nothing_else(full_html: str, full: Page) -> None:
    assert full_html.count("<script") == 2  # the model and what turns it
    assert "onerror=" not in {key for _, attrs in full.tags for key in attrs}
    assert FACTS.subject in full.text and FACTS.sensor in full.texts
    assert [attrs for tag, attrs in full.tags if tag == "b" and "more" in str(attrs)] == []
    assert "motion, depth_unit_mm" in full.text
    assert "clouds were taken to be in mm." in full.text


def test_texts_inside_the_model_cannot_end_its_script() -> None:
    foot = ellipsoid_foot()
    nasty = {"</script><script>alert(3)</script>": foot.landmarks["pternion"]}
    html = pages_of(**{**nothing(), "feet": Feet((replace(foot, landmarks=nasty),))}).html
    assert html.count("<script") == 2 and "alert(3)" in html


def test_nothing_is_loaded_from_elsewhere(full_pages: Report) -> None:
    for html in (full_pages.html, full_pages.job_sheet, full_pages.wearer):
        assert html is not None
        page = Page(html)
        for tag, attrs in page.tags:
            for key in ("src", "href", "srcset", "action", "data", "poster"):
                assert key not in attrs or (tag, key) == ("img", "src"), (tag, key)
            if tag == "img":
                assert str(attrs["src"]).startswith("data:image/jpeg;base64,")
                assert attrs["alt"] and int(str(attrs["width"])) > 0 and int(str(attrs["height"])) > 0
        bare = re.sub(r'src="data:[^"]*"|xmlns="http://www.w3.org/2000/svg"', "", html)
        assert not re.search(r"https?:|url\(|@import", bare)


def test_structure_for_screen_readers(full_pages: Report) -> None:
    for html in (full_pages.html, full_pages.job_sheet, full_pages.wearer):
        assert html is not None
        page = Page(html)
        assert html.startswith("<!DOCTYPE html>\n<html lang=")
        levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h\d", tag)]
        assert levels[0] == 1 and levels.count(1) == 1
        assert max(np.diff(levels), default=0) <= 1  # no heading skips a level
        assert all(attrs.get("scope") in ("col", "row", "rowgroup") for tag, attrs in page.tags if tag == "th")
        assert all(attrs.get("aria-label") for _, attrs in page.tags if attrs.get("role") == "img")
        assert html.count("not a medical device") == 1


def test_same_bytes_twice_and_below_the_size_limit(full_pages: Report) -> None:
    assert pages_of() == full_pages
    assert 20_000 < len(full_pages.html.encode()) < 8_000_000


def test_pictures_are_compressed_until_they_keep_their_size() -> None:
    loose, tight = (pages_of(model=False, max_page_mb=most).html for most in (4.0, 0.5))
    assert len(tight.encode()) < 500_000 and len(tight) <= len(loose)


def test_an_anonymous_report_names_nobody_and_nothing() -> None:
    secret = replace(FACTS, name="Anna-Muster", subject="patient 4711", date="2026-11-22", remarks=("/home/x/y",))
    told = Refusals((Refusal("align", "scans/Anna-Muster/scan.toml says left. See outputs/Anna-Muster/4-align."),))
    pages = pages_of(**without_pictures(), facts=secret, refusals=told, anonymous=True)
    for html in (pages.html, pages.job_sheet, pages.wearer):
        assert html is not None
        for word in ("Anna", "4711", "2026-11-22", "/home", "outputs/", "scans/"):
            assert word not in html, word
    named = pages_of(**without_pictures(), facts=secret, refusals=told).html
    assert "patient 4711" in named and "Anna-Muster" in named


def test_the_clinic_stands_at_the_head_and_signs_at_the_foot() -> None:
    clinic = '{"name": "Clinic <X>", "address": "Main 1", "clinician": "Dr. Y", "logo": "data:image/png;base64,AA=="}'
    pages = pages_of(**without_pictures(), clinic=clinic)
    for html in (pages.html, pages.job_sheet, pages.wearer):
        assert html is not None and "Clinic &lt;X&gt;" in html and 'src="data:image/png;base64,AA=="' in html
    assert "Clinician: Dr. Y" in pages.html and "Signature, date" in pages.html


def test_a_pair_under_one_load_is_told_in_one_sentence_a_part() -> None:
    left = foot_of(arch_height_index=0.34, arch_index=0.10, heel_angle_deg=5.0, foot_length_mm=246.0)
    right = replace(foot_of(arch_height_index=0.34, arch_index=0.24, heel_angle_deg=5.0), side="right")
    ((side, (arch, heel, length)),) = findings(EN, [(left, FACTS), (right, FACTS)])
    assert side == "" and arch.startswith("Arch: high (left), of usual height (right). Arch index")
    assert heel.startswith("Heel: of usual alignment. ") and "5.0 ± 0.1° valgus (left), 5.0 ± 0.1°" in heel
    assert "246.0 ± 2.5 mm (left), not measured (right)" in length
    hanging = replace(right, loading="non-weight-bearing")
    assert [told[0] for told in findings(EN, [(left, FACTS), (hanging, FACTS)])] == ["left", "right"]


def test_a_standing_foot_on_its_own_support_plane_does_not_hang() -> None:
    standing = replace(foot_of(heel_angle_deg=5.0), ground="support")
    assert "hang" not in of_one(standing)[1] and "valgus" in of_one(standing)[1]


def test_what_its_uncertainty_leaves_open_is_not_told_as_rare() -> None:
    width = Measure(106.0, 2.5, "measured")  # 3.7 mm above the limit: the 99.7th percentile, or a usual one
    foot = replace(foot_of(foot_length_mm=246.0), measures={"foot_width_mm": width})
    assert not any("rarer" in sentence for sentence in of_one(foot))
    sure = replace(foot, measures={"foot_width_mm": replace(width, sd=0.5)})
    assert any("rarer" in sentence for sentence in of_one(sure))


def test_of_a_scan_without_result_nothing_is_told_but_its_refusal() -> None:
    page = page_of(**nothing())
    assert "a finished mesh of another scanner" not in page.text and "Can it be trusted?" not in page.text


# ------------------------------------------------------------------------------------- job sheet, page for the wearer


def test_the_job_sheet_has_the_outline_in_true_size_and_the_side_in_large(full_pages: Report) -> None:
    assert full_pages.job_sheet is not None
    page = Page(full_pages.job_sheet)
    assert "LEFT" in page.texts and "shell, to behind the ball, printed, PA12" in page.texts
    plan = plan_of(plate_insole())
    assert (plan.width_mm, plan.height_mm, plan.scale) == (66.0, 156.0, 1.0)  # 60 x 150 mm, 3 mm of border
    assert f'width="{plan.width_mm}mm" height="{plan.height_mm}mm" viewBox="{plan.box}"' in full_pages.job_sheet
    assert 'width="100.0mm" height="8mm"' in full_pages.job_sheet
    line = PlanCurve("metatarsal heads", "mark", np.array([[180.0, -40.0], [180.0, 40.0]]))  # beyond a shell's end
    marked = plan_of(replace(plate_insole(), curves=(line,)))
    assert (marked.width_mm, marked.height_mm) == (86.0, 166.0)
    long = replace(plate_insole(), outline=plate_insole().outline * [2.0, 1.0])
    assert plan_of(long).scale == 0.5
    assert pages_of(**nothing()).job_sheet is None


def test_the_outline_is_seen_from_above_with_the_toes_up() -> None:
    """Left of the foot (+y) to the left of the paper; an SVG's y points down."""
    corner = replace(plate_insole(), outline=np.array([[0.0, 0.0], [150.0, 0.0], [0.0, 30.0]]))
    assert plan_of(corner).trim_line == "M-0.00 -0.00L-0.00 -150.00L-30.00 -0.00Z".replace("-0.00", "0.00") or (
        plan_of(corner).trim_line.replace("-0.00", "0.00") == "M0.00 0.00L0.00 -150.00L-30.00 0.00Z"
    )


def test_an_insole_that_failed_is_not_to_be_made() -> None:
    failed = replace(plate_insole(passes=False), failed="wall_min_mm: make it thicker")
    pages = pages_of(**without_pictures(), insoles=Insoles((failed,)))
    assert pages.job_sheet and "NOT TO BE MADE" in pages.job_sheet and "make it thicker" in pages.job_sheet
    assert pages.wearer and "No insole was made" in pages.wearer and "How to wear it in" not in pages.wearer


def test_the_wearer_is_told_what_was_measured_and_no_more(full_pages: Report) -> None:
    assert full_pages.wearer is not None
    text = Page(full_pages.wearer).text
    assert "Your left foot is 246 mm long. By its length alone that is about EU size 38.5." in text
    assert "as high as in most people" in text and "A wedge of 4°" in text and "Measured while you stood on it." in text
    assert "not pain, not pressure, not how you walk" in text
    for word in ("index", "valgus", "varus", "percentile", "±", "posting", "RMS", "relie", "heal", "cure", "correct"):
        assert word not in text, word
    raised = foot_of("non-weight-bearing", arch_height_index=0.42, foot_length_mm=250.0, eu_size=39.5)
    assert not any("arch" in sentence for sentence in measured_of(EN, raised, FACTS))  # no figures hold
    doubtful = FootMeasures("left", "standing", "floor", {"arch_height_index": Measure(0.40, 0.005, "measured")})
    assert measured_of(EN, doubtful, FACTS) == []
    assert does(EN, plate_insole()) == [
        "The left insole follows the shape of the sole that was scanned. It is 3 mm thick, of PA12.",
        "A wedge of 4° tilts the rear or the front of the foot.",
    ]


def test_a_sole_that_is_missing_from_the_surface_was_not_seen() -> None:
    """As of a standing foot: the footprint counts, not the area of what is there."""
    whole = ellipsoid_foot()
    assert seen_sole_share(whole) > 0.9
    assert seen_sole_share(ellipsoid_foot(sole_seen=False)) < 0.1
    is_sole = (whole.mesh.vertices[whole.mesh.faces][:, :, 2] == 0.0).all(axis=1)
    open_below = replace(whole, mesh=Mesh(whole.mesh.vertices, whole.mesh.faces[~is_sole]))
    seen = np.where(whole.mesh.vertices[:, 2] > 0.0, 7, 0).astype(np.uint8)
    assert seen_sole_share(replace(open_below, views=seen)) < 0.1
