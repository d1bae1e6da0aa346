"""The prescription that stays with a scan: written, read back as the same settings, replaced when another is given."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from scanproc.prescription.fields import InsoleConfig
from scanproc.prescription.files import settled
from scanproc.prescription.last_prescription import LastPrescription, found_prescription
from scanproc.settings import build_configs, parse_overrides
from scanproc.toml_files import tomllib

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="250mm" height="90mm" viewBox="0 0 250 90">{}</svg>'
OUTLINE = SVG.format('<ellipse cx="125" cy="45" rx="120" ry="40"/>')


def asked(*tables: Mapping[str, Any]) -> InsoleConfig:
    config: InsoleConfig = build_configs({"insole": InsoleConfig}, *settled(tables))["insole"]
    return config


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "outputs" / "foot").mkdir(parents=True)
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "own.toml").write_text("heel_lift_mm = 2\n", encoding="utf-8")
    (tmp_path / "lab" / "shoe.svg").write_text(OUTLINE, encoding="utf-8")
    return Path("outputs/foot/prescription.toml")


ROWS = (("standing", "left", "standing", "heel_width_mm", 61.25),)


@pytest.mark.parametrize(
    "tables",
    [
        [{"insole": {"preset": "dress"}}],
        [{"insole": {"preset": "lab/own.toml", "outline_file": "lab/shoe.svg"}}],
        [{"insole": {"left": {"heel_lift_mm": 4}, "right": {"heel_lift_mm": 3.0}, "pair": "from-left"}}],
        [parse_overrides(["insole.text=1234", "insole.heel_lift_mm=3", "insole.left.heel_lift_mm=1e1"])],
        [{"insole": {"heel_lift_mm": 3.0}}, {"insole": {"heel_lift_mm": 4.0, "fix": True}}],
        [{"insole": {"heel_cup_depth_mm": 16.0}}, {"insole": {"measures_of_other_scan": ROWS}}],
        [{"insole": {}}],
    ],
    ids=["preset", "files", "sides", "texts", "layers", "from", "empty"],
)
def test_what_is_kept_asks_for_the_same(path: Path, tables: list[dict[str, Any]]) -> None:
    given = LastPrescription(path, tables)
    assert given.is_asked and given.tables == tables
    path.write_text(given.text(), encoding="utf-8")
    again = LastPrescription(path, [])
    assert asked(*again.tables) == asked(*tables)
    assert again.text() == given.text()
    assert tomllib.loads(given.text()).keys() == {"insole"}


def test_nothing_asked_and_nothing_kept_is_nothing(path: Path) -> None:
    nothing = LastPrescription(path, [{"clean": {"max_range_mm": 800.0}}])
    assert not nothing.is_asked
    assert nothing.tables == nothing.given


def test_another_one_takes_its_place_and_what_is_lost_is_said(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.write_text('[insole]\npreset = "dress"\nheel_lift_mm = 3\n', encoding="utf-8")
    with caplog.at_level(logging.INFO, "scanproc"):
        other = [{"insole": {"heel_lift_mm": 4.0}}]
        assert LastPrescription(path, other).tables == other
        assert f"takes the place of {path}; no longer set: preset" in caplog.text
        caplog.clear()
        assert asked(*LastPrescription(path, [{"insole": {}}]).tables) == InsoleConfig()
        assert "no longer set: heel_lift_mm, preset" in caplog.text
        caplog.clear()
        assert asked(*LastPrescription(path, []).tables).heel_lift_mm == 3.0
        assert f"prescription: {path}, of the last insole" in caplog.text


def test_measures_of_another_scan_go_with_what_is_kept(path: Path) -> None:
    path.write_text('[insole]\npreset = "dress"\n', encoding="utf-8")
    config = asked(*LastPrescription(path, [{"insole": {"measures_of_other_scan": ROWS}}]).tables)
    assert (config.preset, config.measures_of_other_scan) == ("dress", ROWS)


def test_a_version_is_found_by_its_name_unless_there_is_such_a_file(path: Path) -> None:
    outputs = path.parent
    (outputs / "prescriptions").mkdir()
    (outputs / "prescriptions" / "walk.toml").write_text("", encoding="utf-8")
    assert found_prescription(Path("walk"), outputs) == outputs / "prescriptions" / "walk.toml"
    assert found_prescription(Path("walk.toml"), outputs) == Path("walk.toml")
    assert found_prescription(Path("run"), outputs) == Path("run")
    Path("walk").write_text("", encoding="utf-8")
    assert found_prescription(Path("walk"), outputs) == Path("walk")
    assert found_prescription(None, outputs) is None
