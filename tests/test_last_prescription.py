"""The prescription that stays with a scan: written, read back as the same settings, replaced when another is given."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from scanproc.errors import ScanError
from scanproc.prescription.fields import InsoleConfig
from scanproc.prescription.files import CHANGES, LAB, read_prescription, settled
from scanproc.prescription.last_prescription import LastPrescription, found_prescription
from scanproc.prescription.version_names import check_known, checked_name
from scanproc.settings import build_configs, parse_overrides, template
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
    assert given.is_asked and asked(*given.tables) == asked(*tables)
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
        assert f"prescription: {path} (preset dress, heel_lift_mm = 3), of the last insole" in caplog.text
        caplog.clear()
        assert asked(*LastPrescription(path, [{CHANGES: {"preset": "sport"}}]).tables).preset == "sport"
        assert "no longer set: heel_lift_mm" in caplog.text


def test_single_doses_change_what_is_kept_or_given(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.write_text('[insole]\npreset = "dress"\nheel_lift_mm = 3\n[insole.left]\nheel_lift_mm = 5\n', encoding="utf-8")
    with caplog.at_level(logging.INFO, "scanproc"):
        changed = LastPrescription(path, [{CHANGES: {"arch_fill_mm": 2.5, "left": {"heel_lift_mm": 4.0}}}])
        config = asked(*changed.tables)
    assert (config.preset, config.heel_lift_mm, config.arch_fill_mm) == ("dress", 3.0, 2.5)
    assert dict(config.left) == {"heel_lift_mm": 4.0}
    assert "changed: left.heel_lift_mm 5 → 4.0, arch_fill_mm = 2.5" in caplog.text and "no longer" not in caplog.text
    with caplog.at_level(logging.INFO, "scanproc"):
        both = asked(*LastPrescription(path, [{CHANGES: {"heel_lift_mm": 1.0}}]).tables)
    assert (both.heel_lift_mm, dict(both.left)) == (1.0, {"heel_lift_mm": 5})
    assert "the left foot keeps its own heel_lift_mm = 5" in caplog.text
    with caplog.at_level(logging.INFO, "scanproc"):
        assert LastPrescription(path, [{CHANGES: {"text": "a\u001bb", "fix": True}}]).is_asked
    assert 'changed: text = "a\\u001bb", fix = true' in caplog.text  # nothing that a terminal would act on
    given = asked(*LastPrescription(path, [{"insole": {"heel_lift_mm": 1.0}}, {CHANGES: {"arch_fill_mm": 2.5}}]).tables)
    assert (given.preset, given.heel_lift_mm, given.arch_fill_mm, given.left) == ("", 1.0, 2.5, ())


def test_what_a_lab_wants_lies_below_a_preset_and_any_prescription(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """From the lowest: defaults, --config, preset, what is kept or given, --set."""
    wants = {
        "material": "PP", "heel_cup_depth_mm": 14.0, "heel_lift_mm": 1.0, "arch_fill_mm": 2.0, "fix": False,
        "left": {"heel_cup_depth_mm": 15.0, "clearance_mm": 0.5},
    }  # fmt: skip
    lab = {LAB: wants}
    alone = asked(*LastPrescription(path, [lab]).tables)
    assert (alone.material, alone.heel_cup_depth_mm, alone.heel_lift_mm, alone.arch_fill_mm) == ("PP", 14.0, 1.0, 2.0)
    assert dict(alone.left) == {"heel_cup_depth_mm": 15.0, "clearance_mm": 0.5}
    dress = LastPrescription(path, [lab, {CHANGES: {"preset": "dress", "arch_target_mm": 20.0}}])
    config = asked(*dress.tables)
    assert (config.material, config.heel_cup_depth_mm, config.heel_lift_mm) == ("PP", 8.0, 1.0)  # 8: the preset's
    assert (config.arch_target_mm, config.arch_fill_mm) == (20.0, None)  # said in other words
    assert dict(config.left) == {"clearance_mm": 0.5}
    path.write_text(dress.text(), encoding="utf-8")
    assert "fix" not in dress.text()  # as by default: that says nothing
    with caplog.at_level(logging.INFO, "scanproc"):
        again = asked(*LastPrescription(path, [{LAB: {**wants, "heel_lift_mm": 2.0}}]).tables)
    assert again == config
    assert "lies over [insole] of --config, where heel_lift_mm = 2.0" in caplog.text
    changed = asked(*LastPrescription(path, [lab, {CHANGES: {"heel_lift_mm": 4.0}}]).tables)
    assert (changed.heel_lift_mm, changed.heel_cup_depth_mm) == (4.0, 8.0)
    other = asked(*LastPrescription(path, [lab, {"insole": {"heel_cup_depth_mm": 18.0}}]).tables)
    assert (other.heel_cup_depth_mm, other.heel_lift_mm, other.preset) == (18.0, 1.0, "")


def test_a_lab_s_own_preset_lies_below_what_it_says_beside(path: Path) -> None:
    lab = {LAB: {"preset": "ucbl", "heel_cup_depth_mm": 12.0, "heel_lift_mm": 1.0}}  # 12 is the default, ucbl has more
    alone = asked(*LastPrescription(path, [lab]).tables)
    assert (alone.preset, alone.heel_cup_depth_mm, alone.heel_lift_mm) == ("ucbl", 12.0, 1.0)
    dress = asked(*LastPrescription(path, [lab, {CHANGES: {"preset": "dress"}}]).tables)
    assert (dress.preset, dress.heel_cup_depth_mm, dress.heel_lift_mm) == ("dress", 8.0, 1.0)


def test_all_settings_of_a_lab_printed_and_given_back_undo_no_preset(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    every = tomllib.loads(template({"insole": InsoleConfig}))["insole"]
    caplog.set_level(logging.INFO, "scanproc")
    lab = {LAB: every}
    assert not LastPrescription(path, [lab]).is_asked
    assert asked(*LastPrescription(path, [lab, {CHANGES: {"preset": "dress"}}]).tables).heel_cup_depth_mm == 8.0
    assert "of --config" not in caplog.text


@pytest.mark.parametrize("kind", [LAB, "insole", CHANGES])
def test_wrong_names_and_values_are_refused_wherever_they_stand(path: Path, kind: str) -> None:
    for wrong, words in (
        ({"heel_cup": 1.0}, "insole.heel_cup"),
        ({"heel_cup_depth_mm": 99.0}, "out of range"),
        (3, "insole = 3 is not a table"),
    ):
        with pytest.raises(ScanError, match=words):
            asked(*LastPrescription(path, [{kind: wrong}]).tables)


def test_a_new_version_begins_as_its_preset_or_as_a_copy_and_then_has_its_own(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def version(name: str, *given: Mapping[str, Any]) -> LastPrescription:
        return LastPrescription(path.parent / "prescriptions" / f"{name}.toml", given, path)

    assert asked(*version("walk").tables) == InsoleConfig() and version("walk").is_asked
    path.write_text("[insole]\nheel_lift_mm = 3\n", encoding="utf-8")
    with caplog.at_level(logging.INFO, "scanproc"):
        dress = asked(*version("dress", {CHANGES: {"arch_fill_mm": 2.0}}).tables)
        assert (dress.preset, dress.heel_lift_mm, dress.arch_fill_mm) == ("dress", 0.0, 2.0)
        assert "version dress: new, begins as the preset dress, changed: arch_fill_mm = 2.0" in caplog.text
        caplog.clear()
        assert asked(*version("walk").tables).heel_lift_mm == 3.0
        assert f"version walk: new, begins as a copy of {path}" in caplog.text
        caplog.clear()
        assert asked(*version("walk", {"insole": {"groove_mm": 2.0}}).tables).heel_lift_mm == 0.0
        assert "version walk: new (groove_mm = 2.0)" in caplog.text
    path.write_text('[insole]\npreset = "dress"\nheel_lift_mm = 3\n', encoding="utf-8")
    assert asked(*version("dress").tables).heel_lift_mm == 3.0  # that preset is what the scan's own is by
    walk = version("walk", {CHANGES: {"heel_lift_mm": 2.0}})
    walk.path.parent.mkdir()
    walk.path.write_text(walk.text(), encoding="utf-8")
    assert "version walk" in walk.text() and "--as walk" in walk.text()
    path.write_text("[insole]\nheel_lift_mm = 9\n", encoding="utf-8")
    kept = asked(*version("walk").tables)
    assert (kept.preset, kept.heel_lift_mm) == ("dress", 2.0)


def test_measures_of_another_scan_go_with_what_is_kept(path: Path) -> None:
    path.write_text('[insole]\npreset = "dress"\n', encoding="utf-8")
    config = asked(*LastPrescription(path, [{CHANGES: {"measures_of_other_scan": ROWS}}]).tables)
    assert (config.preset, config.measures_of_other_scan) == ("dress", ROWS)


def test_a_version_is_found_by_its_name_unless_there_is_such_a_file(path: Path) -> None:
    outputs = path.parent
    (outputs / "prescriptions").mkdir()
    (outputs / "prescriptions" / "walk.toml").write_text("", encoding="utf-8")
    assert found_prescription(Path("walk"), outputs) == outputs / "prescriptions" / "walk.toml"
    assert found_prescription(Path("walk.toml"), outputs) == Path("walk.toml")
    assert found_prescription(Path("lab/walk"), outputs) == Path("lab/walk")
    (outputs / "prescriptions" / "fill=1.6.toml").write_text("", encoding="utf-8")
    assert found_prescription(Path("fill=1.6"), outputs) == outputs / "prescriptions" / "fill=1.6.toml"
    assert found_prescription(Path("dress"), outputs) == Path("dress")  # a preset's name
    assert found_prescription(Path("own"), outputs) == Path("default")  # nothing is kept
    path.write_text("", encoding="utf-8")
    assert found_prescription(Path("own"), outputs) == path
    with pytest.raises(
        ScanError, match=r"no prescription 'walkk'; expected a TOML file, or one of own, fill=1\.6, walk"
    ):
        found_prescription(Path("walkk"), outputs)
    Path("walk").write_text("", encoding="utf-8")
    assert found_prescription(Path("walk"), outputs) == Path("walk")
    assert found_prescription(None, outputs) is None


def test_default_asks_for_the_defaults(path: Path) -> None:
    path.write_text('[insole]\npreset = "dress"\n', encoding="utf-8")
    default = LastPrescription(path, [read_prescription(Path("default"))])
    assert default.is_asked and asked(*default.tables) == InsoleConfig()
    assert tomllib.loads(default.text()) == {"insole": {}}


# ------------------------------------------------------------------------------------------------ names


@pytest.mark.parametrize("name", ["dress", "arch_fill_mm=1.6", "left.heel_lift_mm=3", "Sonntagsschuh-groß", "v1.0+a"])
def test_names_of_versions(name: str) -> None:
    assert checked_name(name, ["dress", "walk"]) == name


def test_letters_are_composed_as_they_are_typed_most() -> None:
    assert checked_name("gro\u0308ßer", []) == "größer"


@pytest.mark.parametrize(
    ("name", "better"),
    [
        ("", "walking"), ("..", "walking"), ("../demo", "demo"), ("a/b", "a-b"), ("/etc", "etc"), ("a\nb", "a-b"),
        ("Sunday shoe", "Sunday-shoe"), (".hidden", "hidden"), ("walk.", "walk"), ("walk.toml", "walk"),
        ("default", "my-default"), ("own", "my-own"), ("Own", "my-Own"), ("con", "my-con"), ("nul.x", "my-nul.x"),
        ("x" * 61, "x" * 60),
    ],
)  # fmt: skip
def test_names_that_could_be_no_folder_are_refused_with_one_that_could(name: str, better: str) -> None:
    with pytest.raises(ScanError, match="cannot be the name of a version") as refusal:
        checked_name(name)
    assert str(refusal.value).endswith(f"Call it {better!r}.")
    assert checked_name(better) == better


def test_names_that_differ_by_capitals_alone_are_refused() -> None:
    with pytest.raises(ScanError, match="there is a version 'dress'"):
        checked_name("Dress", ["dress", "walk"])


def test_a_version_that_is_not_there_is_begun_only_where_it_is_no_slip() -> None:
    check_known("walk", ["walk"], "demo", begins=False)
    check_known("sport", ["walk"], "demo", begins=True)
    check_known("dress", ["dresses"], "demo", begins=True)  # a preset
    for name, begins in (("sport", False), ("walkk", True)):
        with pytest.raises(ScanError, match=f"demo has no version '{name}'; expected one of walk"):
            check_known(name, ["walk"], "demo", begins=begins)
    with pytest.raises(ScanError, match="it has none yet"):
        check_known("sport", [], "demo", begins=False)
