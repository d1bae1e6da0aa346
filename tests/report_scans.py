"""Scans that a report can be made of in a second, and a page read as a browser reads it."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

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
    Refusals,
    Registration,
    Report,
    ScanFacts,
    Surface,
    ViewPose,
)
from scanproc.pages.words import Words
from scanproc.stages.report import ReportConfig, report

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
        if data.strip() and not {"style", "script", "head"} & set(self._open):
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
    checks = (
        Check("watertight", True, True, True),
        Check("wall_min_mm", 3.0, 3.0 if passes else 2.1, passes, "at least", 0.05),
        Check("thickness_mm", 3.0, 3.016, True, "equal", 0.1),
        Check("rearfoot_post", "varus", "varus", True),
        Check("rearfoot_post_deg", 4.0, 3.97, True, "equal", 0.1),
        Check("triangles", 150_000.0, 78523.0, True, "at most"),
        Check("mass_g", "measured, PA12", 41.79, True, "told"),
    )
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


def pages_of(**changes: object) -> Report:
    """All pages of the scan, some of what it holds changed; `language` and other settings by their names."""
    names = {"language", "anonymous", "model", "clinic", "version", "max_thumbnails", "max_page_mb"}
    settings = {name: value for name, value in changes.items() if name in names}
    others = {name: value for name, value in changes.items() if name not in names}
    config = replace(SMALL, **settings)  # type: ignore[arg-type]
    return report(**{**scan(), **others}, config=config)  # type: ignore[arg-type]


def page_of(**changes: object) -> Page:
    return Page(pages_of(**changes).html)


def nothing() -> dict[str, object]:
    """What a scan holds that was refused at once: no pictures, so it is quick."""
    stages = ("views", "registration", "surface", "feet", "measures", "insoles", "exports")
    return {**dict.fromkeys(stages), "refusals": Refusals()}


def without_pictures() -> dict[str, object]:
    """A scan with all that is text, and nothing to draw."""
    return {**dict.fromkeys(("views", "registration", "surface", "feet", "exports")), "model": False}


def figure(text: str, words: Words) -> float:
    """Read a figure as a person of that language does."""
    decimal, thousands = (".", ",") if words.language == "en" else (",", "\u202f")
    found = re.match(r"\s*([−-]?[\d,.\u202f]+)", text)
    assert found, text
    return float(found[1].replace("−", "-").replace(thousands, "").replace(decimal, "."))


#: Words that no German, Spanish or French sentence holds.
_OF_ENGLISH = re.compile(r"\b(the|and|of|with|from|seen|foot|feet|sole|heel|arch|measured|found|expected|is|by|to)\b")


def english_in(html: str) -> list[str]:
    """Return the texts of a page that are English, or marked so."""
    marked = re.findall(r'lang="en"[^>]*>[^<]*', html)
    return [*marked, *(text for text in Page(html).texts if _OF_ENGLISH.search(text))]
