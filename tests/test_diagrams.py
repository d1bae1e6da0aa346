"""The pictures of CONTRIBUTING are those of the code as it stands."""

from __future__ import annotations

import runpy
from pathlib import Path
from xml.etree import ElementTree

import pytest

from scanproc.pipeline import STAGES

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def pictures() -> dict[str, str]:
    drawn: dict[str, str] = runpy.run_path(str(ROOT / "scripts" / "draw-diagrams"))["pictures"]()
    return drawn


def test_they_are_up_to_date(pictures: dict[str, str]) -> None:
    for name, svg in pictures.items():
        kept = (ROOT / "docs" / name).read_text(encoding="utf-8")
        assert kept == svg, f"docs/{name} is not of this code: run scripts/draw-diagrams"


def test_each_stage_and_what_it_makes_is_named(pictures: dict[str, str]) -> None:
    words = {element.text for element in ElementTree.fromstring(pictures["data-flow.svg"]).iter()}
    assert {f"{stage.number}  {stage.name}" for stage in STAGES} <= words
    assert {stage.makes.__name__ for stage in STAGES[:-1]} <= words


def test_contributing_shows_them(pictures: dict[str, str]) -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert all(f"docs/{name}" in page for name in pictures)
