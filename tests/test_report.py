"""The report says what the artifacts say: first line, refusals, measures, views; and it loads nothing."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from scanproc.pages.report_text import check_texts, headline, refusal_texts

from scanproc.artifacts import (
    Check,
    CleanView,
    CleanViews,
    Exports,
    Feet,
    Foot,
    FootMeasures,
    Insole,
    Insoles,
    Intrinsics,
    Landmark,
    Measure,
    Measures,
    Mesh,
    Refusal,
    Refusals,
    Registration,
    ScanFacts,
    SdParts,
    Surface,
    ViewPose,
)
from scanproc.measures.plain_words import uncertainty_text, value_of, words_of
from scanproc.measures.population import norms_of
from scanproc.measures.table import ROWS
from scanproc.stages.report import ReportConfig, report, unseen_soles

#: Groups in the order of a report.
GROUPS = tuple(dict.fromkeys(row.group for row in ROWS.values()))

trimesh = pytest.importorskip("trimesh")

VOID = {"meta", "img", "br", "link", "input", "hr"}
SMALL = ReportConfig(pixels_per_mm=1.0, text_px=14)
FACTS = ScanFacts(
    name="demo",
    side="left",
    loading="standing",
    sex="female",
    age_years=41.0,
    subject="<script>alert(1)</script>",
    sensor='"><img src=x onerror=alert(2)>',
    assumed=("motion", "depth_unit_mm"),
    remarks=("clouds were taken to be in mm",),
)
MEASURES = {
    "foot_length_mm": Measure(246.04, 0.41, "measured"),
    "eu_size": Measure(38.5, None, "measured"),
    "arch_height_index": Measure(0.3512, 0.004, "measured"),
    "arch_index": Measure(None, None, "refused", "the sole was not seen (0 % of the print) & <b>more</b>"),
    "arch_volume_mm3": Measure(23456.0, 900.0, "inferred", "12 % of the arch was invented"),
    "heel_angle_deg": Measure(-4.12, 1.1, "measured"),
    "leg_heel_angle_deg": Measure(2.0, 1.3, "measured"),
    "a_new_length_mm": Measure(12.0, None, "measured"),
}


class Page(HTMLParser):
    """What a browser would read: texts in order, every tag with its attributes; unbalanced tags are an error."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open and self._open[-1] == tag, f"</{tag}> closes {self._open[-3:]}"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        if data.strip() and "style" not in self._open and "head" not in self._open:
            self.texts.append(" ".join(data.split()))

    @property
    def text(self) -> str:
        return " ".join(self.texts)


def ellipsoid_foot(sole_seen: bool = True) -> Foot:
    """Half an ellipsoid of 246 mm, flat below: a foot to the one who draws it."""
    ball = trimesh.creation.icosphere(subdivisions=3, radius=1.0)
    points = np.asarray(ball.vertices) * (123.0, 45.0, 60.0) + (123.0, 0.0, 0.0)
    points[:, 2] = np.maximum(points[:, 2], -8.0) + 8.0
    seen = np.where((points[:, 2] == 0.0) & (not sole_seen), 0, 7).astype(np.uint8)
    landmarks = {"pternion": Landmark(np.array([0.0, 0.0, 8.0]), "auto", 0.99)}
    mesh = Mesh(points, np.asarray(ball.faces, np.int32))
    return Foot("left", 0.98, "floor", np.eye(4), mesh, seen, landmarks)


def plate_insole(*, passes: bool = True) -> Insole:
    box = trimesh.creation.box(extents=(150.0, 60.0, 3.0))
    solid = Mesh(np.asarray(box.vertices) + np.array([95.0, 0.0, -1.5]), np.asarray(box.faces, np.int32))
    outline = np.array([[20.0, -30.0], [170.0, -30.0], [170.0, 30.0], [20.0, 30.0]])
    checks = (Check("watertight", True, True, True), Check("wall_min_mm", 3.0, 3.0 if passes else 2.1, passes))
    return Insole("left", solid, outline, checks)


def scan() -> dict[str, object]:
    """Everything that a run hands to the report."""
    lens = Intrinsics(20, 16, 50.0, 50.0, 9.5, 7.5)
    depth = np.full((16, 20), 400.0, np.float32)
    normals = np.zeros((16, 20, 3), np.float16)
    counts = {"recorded": 4321, "foot": 320}
    views = [CleanView(f"{i:06d}", depth, normals, depth > 0, lens, None, counts) for i in range(3)]
    poses = [ViewPose(view.name, True, None, 0.4, np.eye(4)) for view in views[:2]]
    poses.append(ViewPose("000002", False, "overlap 0.12 < register.min_overlap 0.30"))
    foot = ellipsoid_foot()
    return {
        "facts": FACTS,
        "refusals": Refusals(),
        "views": CleanViews(tuple(views)),
        "registration": Registration(tuple(poses), True),
        "surface": Surface(foot.mesh, foot.views, True),
        "feet": Feet((foot,)),
        "measures": Measures((FootMeasures("left", "standing", "floor", MEASURES),)),
        "insoles": Insoles((plate_insole(),)),
        "exports": Exports({"left.stl": b"solid " * 100, "left.3mf": b"PK"}),
    }


def page_of(**changes: object) -> Page:
    return Page(report(**{**scan(), **changes}, config=SMALL).html)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def full_html() -> str:
    return report(**scan(), config=SMALL).html  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def full(full_html: str) -> Page:
    return Page(full_html)


def empty(**changes: object) -> Page:
    """The page of a scan that was refused at once: no pictures, so it is quick."""
    nothing = dict.fromkeys(("views", "registration", "surface", "feet", "measures", "insoles", "exports"))
    return page_of(**{**nothing, **changes})


def test_first_line_has_side_loading_length_size_and_verdict(full: Page) -> None:
    assert full.texts[:2] == ["Left foot · standing · 246.0 mm · EU 38.5", "usable"]


def test_first_line_of_a_refused_scan_says_why() -> None:
    message = "only 412 points are left of view 7 (clean.min_points = 1000). Is the depth unit right?"
    page = empty(refusals=Refusals((Refusal("clean", message),)))
    assert page.texts[0] == "Left foot · standing · length not measured · size not measured"
    assert page.texts[1] == f"refused because clean: {message}"
    assert page.texts.count(message) + page.text.count(f": {message}") >= 2  # in the first line, and verbatim below


def test_a_pair_is_one_first_line() -> None:
    one = FootMeasures("left", "seated", "floor", MEASURES)
    pair = Measures((one, replace(one, side="right")))
    foot = ellipsoid_foot()
    feet = Feet((foot, replace(foot, side="right")))
    line = headline(replace(FACTS, side="both", loading="seated"), feet, pair)
    assert line == "Left and right foot · seated · 246.0 and 246.0 mm · EU 38.5 and 38.5"
    unknown = headline(ScanFacts("x"), None, None)
    assert unknown == "Foot of unknown side · loading unknown · length not measured · size not measured"


def test_landmarks_that_were_set_by_hand_are_named() -> None:
    foot = ellipsoid_foot()
    by_hand = {"arch_apex": Landmark(np.array([100.0, -20.0, 8.0]), "edited", 1.0), **foot.landmarks}
    page = empty(feet=Feet((replace(foot, landmarks=by_hand),)))
    assert "ground: the floor. Set by hand: arch apex." in page.text
    assert "Set by hand" not in empty(feet=Feet((foot,))).text


def test_failed_checks_and_refused_feet_make_a_scan_unusable_once_each() -> None:
    failed = Insoles((plate_insole(passes=False), Insole("right", None, None, (), refused="the sole was not seen")))
    assert refusal_texts(Refusals(), failed) == [
        "left insole: failed wall_min_mm (asked 3, got 2.1)",
        "right insole: the sole was not seen",
    ]
    told = Refusals((Refusal("export", "the left insole failed wall_min_mm: asked 3, got 2.1. Make it thicker."),))
    assert refusal_texts(told, Insoles((plate_insole(passes=False),))) == [f"export: {told.refusals[0].message}"]
    assert refusal_texts(Refusals(), Insoles((plate_insole(),))) == []


def test_an_insole_says_why_its_open_values_are_as_they_are() -> None:
    why = replace(plate_insole(), notes=("arch fill 3.2 mm: the scan bore no load",))
    page = page_of(insoles=Insoles((why,)), views=None, registration=None, surface=None, exports=None)
    assert "arch fill 3.2 mm: the scan bore no load" in page.texts and "Why:" in page.texts
    assert "Why:" not in page_of(views=None, registration=None, surface=None, exports=None).texts


def test_an_insole_on_an_invented_sole_is_named_in_the_first_line() -> None:
    insoles = Insoles((plate_insole(),))
    assert unseen_soles(Feet((ellipsoid_foot(sole_seen=True),)), insoles, 0.05) == []
    (warning,) = unseen_soles(Feet((ellipsoid_foot(sole_seen=False),)), insoles, 0.05)
    assert warning == "100% of the sole above the left insole was not seen and is invented"
    blind = ellipsoid_foot(sole_seen=False)
    page = page_of(feet=Feet((blind,)), views=None, registration=None, surface=None, exports=None)
    assert page.texts[1:3] == ["usable", f"· {warning}"]


def test_every_measure_is_there_with_its_value_status_and_reason(full: Page) -> None:
    rows = full.text
    for name, measure in MEASURES.items():
        at = full.texts.index(words_of(name))
        cells = full.texts[at : at + 8]
        assert value_of(name, measure) in cells and measure.status in cells, name
        assert measure.reason is None or measure.reason in cells
        assert not uncertainty_text(name, measure) or uncertainty_text(name, measure) in cells
    assert "A new length" in rows and "Others" in full.texts  # one that nobody has words for is not lost
    groups = [text for text in full.texts if text in (*GROUPS, "Others")]
    assert groups == ["Lengths", "Arch", "Heel and leg", "Sizes", "Others"]


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("foot_length_mm", 251.349, "251.3 mm"),
        ("heel_angle_deg", 6.06, "6.1° valgus"),
        ("heel_angle_deg", -3.0, "3.0° varus"),
        ("forefoot_angle_deg", 4.0, "4.0° varus"),
        ("hallux_angle_deg", -2.5, "-2.5°"),
        ("arch_volume_mm3", 23456.4, "23,456 mm³"),
        ("arch_height_index", 0.34049, "0.340"),
        ("mondopoint", 245.0, "245"),
    ],
)
def test_values_have_their_unit_and_angles_their_word(name: str, value: float, text: str) -> None:
    assert value_of(name, Measure(value, None, "measured")) == text


def test_norms_are_given_only_for_the_loading_and_the_people_they_were_taken_from() -> None:
    standing = norms_of("arch_height_index", MEASURES, "standing", FACTS)
    seated = norms_of("arch_height_index", MEASURES, "seated", FACTS)
    assert ".340" in standing[0] and ".363" in seated[0] and "Williams & McClay 2000" in seated[0]
    for loading in ("non-weight-bearing", "unknown"):
        assert all(norms_of(name, MEASURES, loading, FACTS) == () for name in MEASURES)
    assert "246" in norms_of("foot_length_mm", MEASURES, "standing", FACTS)[0]
    assert norms_of("foot_length_mm", MEASURES, "standing", replace(FACTS, sex=None)) == ()
    assert norms_of("foot_length_mm", MEASURES, "standing", replace(FACTS, age_years=9.0)) == ()
    assert norms_of("arch_index", MEASURES, "standing", FACTS) == ()  # refused: nothing to compare


def test_what_the_scan_file_says_is_text_and_nothing_else(full_html: str, full: Page) -> None:
    assert "<script" not in full_html and "onerror=" not in {key for _, attrs in full.tags for key in attrs}
    assert FACTS.subject in full.texts and FACTS.sensor in full.texts
    assert [tag for tag, _ in full.tags].count("b") == 0  # of the reason of a measure
    assert full.texts.count("motion, depth_unit_mm") == 0 and "motion, depth_unit_mm" in full.text
    assert "clouds were taken to be in mm." in full.text


def test_nothing_is_loaded_from_elsewhere(full_html: str, full: Page) -> None:
    for tag, attrs in full.tags:
        for key in ("src", "href", "srcset", "action", "data", "poster"):
            assert key not in attrs or (tag, key) == ("img", "src"), (tag, key)
        if tag == "img":
            assert str(attrs["src"]).startswith("data:image/jpeg;base64,")
            assert attrs["alt"] and int(str(attrs["width"])) > 0 and int(str(attrs["height"])) > 0
    without_pictures = re.sub(r'src="data:[^"]*"', "", full_html)
    assert not re.search(r"https?:|url\(|@import", without_pictures)


def test_structure_for_screen_readers(full_html: str, full: Page) -> None:
    assert full_html.startswith("<!DOCTYPE html>\n<html lang=")
    levels = [int(tag[1]) for tag, _ in full.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert max(np.diff(levels)) <= 1  # no heading skips a level
    assert all(attrs.get("scope") in ("col", "row", "rowgroup") for tag, attrs in full.tags if tag == "th")
    assert full_html.count("not a medical device") == 1


def test_views_with_counts_and_rejections(full: Page) -> None:
    at = max(index for index, text in enumerate(full.texts) if text == "000002")
    assert full.texts[at : at + 5] == ["000002", "4,321", "320", "–", "rejected"]
    assert "3 recorded, 1 rejected:" in full.texts
    assert ": overlap 0.12 < register.min_overlap 0.30" in full.texts


def test_checks_and_files(full: Page) -> None:
    at = full.texts.index("wall min, mm")
    assert full.texts[at : at + 4] == ["wall min, mm", "3", "3", "pass"]
    at = full.texts.index("left.stl")
    assert full.texts[at : at + 3] == ["left.stl", "600", hashlib.sha256(b"solid " * 100).hexdigest()]
    assert check_texts(Check("one_body", True, False, False)) == ("one body", "yes", "no")
    assert check_texts(Check("triangles", 150_000.0, 78523.0, True)) == ("triangles", "150,000", "78,523")
    assert check_texts(Check("cup_depth_mm", 12.0, 11.987, True)) == ("cup depth, mm", "12", "11.99")


def test_same_bytes_twice_and_below_the_size_limit(full_html: str) -> None:
    assert report(**scan(), config=SMALL).html == full_html  # type: ignore[arg-type]
    assert 20_000 < len(full_html.encode()) < 4_000_000
    tight = report(**scan(), config=replace(SMALL, max_page_mb=0.5)).html  # type: ignore[arg-type]
    assert len(tight.encode()) < 500_000


def test_the_page_says_what_the_scale_is_worth() -> None:
    length = Measure(250.0, 2.6, "measured", sd_parts=SdParts(0.4, 0.1, 2.5))
    found = Measures((FootMeasures("left", "standing", "floor", {"foot_length_mm": length}),))
    said = "The uncertainty of lengths holds 1 % for the scale, as of a camera that was not checked."
    assert said in empty(measures=found).text


def test_a_scan_of_which_nothing_is_left_still_has_a_page() -> None:
    page = empty(refusals=Refusals((Refusal("clean", "no view holds a point."),)))
    headings = [tag for tag, _ in page.tags if tag == "h2"]
    assert len(headings) == 1 and "Measures" not in page.texts and "img" not in {tag for tag, _ in page.tags}


def test_many_views_are_thinned_in_the_contact_sheet_only() -> None:
    views = scan()["views"]
    assert isinstance(views, CleanViews)
    many = CleanViews(tuple(replace(views.views[0], name=f"{i:06d}") for i in range(25)))
    page = Page(
        report(
            **{**dict.fromkeys(scan()), "facts": FACTS, "refusals": Refusals(), "views": many},  # type: ignore[arg-type]
            config=replace(SMALL, max_thumbnails=10),
        ).html
    )
    assert sum(tag == "img" for tag, _ in page.tags) == 9 + 1  # every third of 25, and the legend
    assert all(f"{i:06d}" in page.texts for i in range(25))
