"""`scanproc landmark`: landmarks set without a screen, and what follows."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from test_views import box, brick_foot

from scanproc.artifacts import Feet, Measures
from scanproc.cli import main
from scanproc.looking import latest_result
from scanproc.older import older_than
from scanproc.pages.provenance import landmark_texts
from scanproc.pages.words import Words
from scanproc.pipeline import STAGES
from scanproc.store import Store, open_store

ALIGN = next(stage for stage in STAGES if stage.name == "align")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """The outputs of a scan whose foot is a brick."""
    found = open_store(tmp_path / "outputs", "demo")
    foot = brick_foot()
    auto = {name: replace(mark, method="auto") for name, mark in foot.landmarks.items()}
    found.save(ALIGN, Feet((replace(foot, landmarks=auto),)), {})
    return found


def landmark(store: Store, *words: object) -> Result:
    return CliRunner().invoke(
        main, ["landmark", "demo", *map(str, words), "--out", str(store.root.parent)], catch_exceptions=False
    )


def written(store: Store) -> Any:
    return json.loads((store.root / "landmarks.edited.json").read_text(encoding="utf-8"))


def test_a_landmark_is_set_on_the_skin_listed_and_taken_back(store: Store) -> None:
    done = landmark(store, "pternion", 0.4, -7.5, "21")
    assert done.exit_code == 0 and "pternion" in done.output and "scanproc run" in done.output
    assert written(store) == {
        "schema": 1,
        "feet": [{"side": "left", "landmarks": {"pternion": {"xyz_mm": [0.4, -7.5, 21.0]}}}],
    }
    assert "left pternion 0.00 -7.50 21.00 edited" in landmark(store).output.splitlines()
    assert landmark(store, "navicular", 90, -45, 30).exit_code == 0  # one that align never finds
    assert set(written(store)["feet"][0]["landmarks"]) == {"pternion", "navicular"}
    feet = latest_result(store.root.parent, "demo", "align").artifact
    assert landmark_texts(Words(), feet)[0].endswith("Set by hand: pternion, navicular.")  # the report's words
    assert landmark(store, "pternion", "--reset").exit_code == 0
    assert set(written(store)["feet"][0]["landmarks"]) == {"navicular"}
    assert landmark(store, "--reset").exit_code == 0
    assert not (store.root / "landmarks.edited.json").exists()
    assert "left pternion 0.00 0.00 20.00 auto" in landmark(store).output.splitlines()


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (
            ("pternion", 0, 0, 90),
            1,
            "off the skin; expected at most 3 mm. The nearest skin is at (0.0, 0.0, 60.0)",
        ),
        (("pternoin", 0, 0, 20), 1, "there is no landmark 'pternoin'; expected one of pternion"),
        (("pternion", 0, 0, 20, "--side", "right"), 1, "holds no right foot"),
        (("pternion", 0, 0), 2, "three coordinates"),
        (("pternion", 0, 0, 20, "--reset"), 2, "three coordinates"),
        (("pternion", "nan", 0, 20), 1, "landmarks.edited.json cannot be used"),
    ],
)
def test_what_cannot_be_set_is_refused_and_nothing_is_written(
    store: Store, words: tuple[object, ...], status: int, said: str
) -> None:
    done = landmark(store, *words)
    assert done.exit_code == status and said in done.output
    assert not (store.root / "landmarks.edited.json").exists()


def test_a_pair_needs_a_side_and_a_scan_a_foot(store: Store, tmp_path: Path) -> None:
    store.save(ALIGN, Feet((brick_foot("left"), brick_foot("right"))), {})
    assert "Add --side" in landmark(store, "pternion", 0, 0, 21).output
    assert landmark(store, "pternion", 0, 0, 21, "--side", "right").exit_code == 0
    sides = {foot["side"] for foot in written(store)["feet"]}
    assert "right" in sides
    empty = Store(tmp_path / "nothing" / "demo")
    assert "holds no result of align" in landmark(empty, "pternion", 0, 0, 21).output


def test_an_edit_beside_landmarks_json_moves_to_the_scan_s_folder(store: Store) -> None:
    beside = store.root / ALIGN.folder / "landmarks.edited.json"
    mark = {"xyz_mm": [0.0, 2.0, 20.0]}
    beside.write_text(json.dumps({"schema": 1, "feet": [{"side": "left", "landmarks": {"pternion": mark}}]}))
    assert landmark(store, "navicular", 90, -45, 30).exit_code == 0
    assert not beside.exists()  # two that differ would be refused
    assert set(written(store)["feet"][0]["landmarks"]) == {"pternion", "navicular"}


def test_a_stage_that_is_older_than_an_edit_is_told(store: Store) -> None:
    foot = brick_foot()
    measure = next(stage for stage in STAGES if stage.name == "measure")
    assert older_than(store, ALIGN) == []
    store.save(ALIGN, Feet((foot,)), {"key": "a", "inputs": {}})
    store.save(measure, Measures(()), {"key": "m", "inputs": {"feet": "a"}})
    assert older_than(store, measure) == []
    landmark(store, "pternion", 0, 20, 20)
    assert older_than(store, measure) == ["landmarks.edited.json"]
    landmark(store, "--reset")
    store.save(ALIGN, Feet((foot,)), {"key": "b", "inputs": {}})
    assert older_than(store, measure) == ["the align result"]


def test_the_picture_of_a_stage_shows_landmarks_as_they_are_edited(store: Store, tmp_path: Path) -> None:
    landmark(store, "pternion", 0, 20, 20)
    foot = latest_result(store.root.parent, "demo", "align").artifact.feet[0]
    assert foot.landmarks["pternion"].xyz_mm == pytest.approx(np.array([0.0, 20.0, 20.0]))
    picture = tmp_path / "align.png"
    words = ["view", "demo", "align", "--screenshot", str(picture), "--out", str(store.root.parent)]
    assert CliRunner().invoke(main, words, catch_exceptions=False).exit_code == 0
    assert picture.stat().st_size > 1000
    refused = CliRunner().invoke(main, [*words, "--with", "spring"], catch_exceptions=False)
    assert refused.exit_code == 1 and "holds no result of align" in refused.output


def test_another_visit_is_laid_over_in_stages_that_know_feet(store: Store, tmp_path: Path) -> None:
    other = open_store(store.root.parent, "spring")
    for each in (store, other):
        foot = replace(brick_foot(), mesh=box((240.0, 90.0, 60.0), (0.0, -45.0, 0.0), cells=40))
        each.save(ALIGN, Feet((replace(foot, views=np.full(len(foot.mesh.vertices), 5, np.uint8)),)), {})
    picture = tmp_path / "over.png"
    words = ["view", "demo", "align", "--with", "spring", "--screenshot", str(picture), "--out", str(store.root.parent)]
    done = CliRunner().invoke(main, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert picture.stat().st_size > 1000
