"""Prescriptions on the command line: printed and read back; a bad one is one message, status 1, and no file."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from clusters import ThisProcess
from insole_feet import FEET

from scanproc import cli, runner
from scanproc.artifacts import ScanFacts
from scanproc.commands import batch
from scanproc.prescription.files import CHANGES
from scanproc.prescription.presets import preset_names
from scanproc.store import Store
from scanproc.toml_files import tomllib

COARSE = ("--set", "insole.grid_mm=1.0")


@pytest.fixture(autouse=True)
def _own_folder_and_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run in an empty folder, and undo what the program sets for its log."""
    monkeypatch.chdir(tmp_path)
    root = logging.getLogger()
    handlers, root.handlers = root.handlers[:], []
    yield
    root.handlers = handlers


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a scan `foot`, a mesh, and the outputs of its measures."""
    source = FEET / "leg-0.ply"
    if not source.exists():
        pytest.skip(f"{source.name} is not here: shared/data/feet holds the legs")
    folder = tmp_path_factory.mktemp("scan")
    (folder / "foot").mkdir()
    shutil.copy(source, folder / "foot" / "foot.ply")
    (folder / "foot" / "scan.toml").write_text(
        'side = "left"\nloading = "non-weight-bearing"\nsubject = "anna"\nmass_kg = 80\n', encoding="utf-8"
    )
    result = call("-q", "measure", folder / "foot", "--out", folder / "outputs")
    assert result.exit_code == 0, result.stderr
    return folder


@pytest.fixture
def scan(measured: Path, tmp_path: Path) -> Path:
    """Return the scan, measured, with outputs in the present folder."""
    shutil.copytree(measured / "outputs", tmp_path / "outputs")
    return measured / "foot"


def call(*arguments: object) -> Result:
    return CliRunner(env={"COLUMNS": "80"}).invoke(cli.main, [str(argument) for argument in arguments])


def refused(*arguments: object) -> str:
    """Return the one line that says why a call is refused with status 1."""
    result = call(*arguments)
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == 1
    lines = [line for line in result.stderr.splitlines() if line.startswith("scanproc: ")]
    assert len(lines) == 1 and "Traceback" not in result.stderr
    return lines[0]


def checks() -> list[dict[str, Any]]:
    feet: list[dict[str, Any]] = json.loads(Path("outputs/foot/6-insole/checks.json").read_text(encoding="utf-8"))[
        "feet"
    ]
    return feet


# ------------------------------------------------------------------------------------------------ printing


def test_the_template_and_every_presets_are_printed() -> None:
    plain = tomllib.loads(call("prescription").stdout)["insole"]
    assert plain["heel_cup_depth_mm"] == 12.0
    for name in preset_names():
        result = call("prescription", "--preset", name)
        assert (result.exit_code, tomllib.loads(result.stdout)["insole"]["preset"]) == (0, name)
    assert "there is no preset 'sprt'; expected 'sport'" in refused("prescription", "--preset", "sprt")


def test_every_command_that_makes_insoles_takes_a_prescription(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("rx.toml").write_text("groove_mm = 2.0\n", encoding="utf-8")
    given: list[Any] = []

    def note(scan: Path, out: Path, to: str, tables: Any, *_: Any) -> runner.Run:
        given.append(list(tables))
        (out / scan.name).mkdir(parents=True, exist_ok=True)
        return runner.Run(Store(out / scan.name), (), (), (), ScanFacts(scan.name))

    monkeypatch.setattr(runner, "run", note)
    monkeypatch.setattr(batch, "_cluster", lambda *_: ThisProcess())
    for command in ("run", "insole", "export", "report", "batch"):
        assert call(command, "foot", "--prescription", "rx.toml", "--set", "insole.left.groove_mm=1").exit_code == 0
        assert given.pop() == [{"insole": {"groove_mm": 2.0}}, {CHANGES: {"left": {"groove_mm": 1}}}]
    assert call("clean", "foot", "--prescription", "rx.toml").exit_code == 2


# ------------------------------------------------------------------------------------------------ bad prescriptions


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("heel_cup = 12", "there is no setting insole.heel_cup; expected 'heel_cup_depth_mm'"),
        ("[insole]\nskive = 4", "there is no setting insole.skive; expected 'skive_angle_deg', 'medial_skive_mm', or"),
        ("heel_cup_depth_mm = 99", "insole.heel_cup_depth_mm = 99.0 is out of range; expected 4.0 to 30.0"),
        ('heel_cup_depth_mm = "deep"', "wrong type; expected a number, without unit"),
        ("medial_skive_mm = 2", "rule skive-needs-cup: found a skive of 2 mm"),
        ('material = "TPU"\nthickness_mm = 0.8\ndistal_edge_mm = 0.8', "rule least-wall: found a wall of 0.8 mm"),
        ('preset = "dress"\nheel_cup_depth_mm = 12', "rule dress-cup"),
        ('preset = "ucbll"', "there is no preset 'ucbll'; expected 'ucbl'"),
        ("[insole.right]\nheel_lift_mm = 12", "rule lift-needs-support"),
        ('outline_file = "nowhere.dxf"', "nowhere.dxf"),
        ("[clean]\nmax_range_mm = 800", "table [clean]; expected [insole] alone"),
        ("heel_cup_depth_mm = = 3", "rx.toml is not TOML"),
    ],
)
def test_a_bad_prescription_is_one_message_and_no_file(measured: Path, text: str, words: str) -> None:
    Path("rx.toml").write_text(text, encoding="utf-8")
    for command in ("insole", "run"):
        assert words in refused(command, measured / "foot", "--prescription", "rx.toml")
    assert not Path("outputs").exists()


def test_an_outline_beyond_the_scan_makes_no_insole(scan: Path) -> None:
    Path("rx.toml").write_text("shoe_size_eu = 50\n", encoding="utf-8")
    message = refused("-q", "insole", scan, "--prescription", "rx.toml", *COARSE)
    assert "insole: left foot: found " in message and "expected" in message
    assert not Path("outputs/foot/6-insole").exists()


def test_a_foot_that_was_not_scanned_cannot_be_mirrored(scan: Path) -> None:
    assert "found no right foot" in refused("-q", "insole", scan, "--set", "insole.pair=from-right")
    assert not Path("outputs/foot/6-insole").exists()


def test_an_insole_that_fails_its_proof_is_kept_and_said_once_with_status_1(scan: Path) -> None:
    strict = ("--set", "insole.max_triangles=10000", "--set", "insole.mesh_deviation_mm=0.005")
    for command in ("insole", "insole", "export", "run", "run"):  # the second time, the result is fresh
        result = call("-q", command, scan, *strict, *COARSE)
        assert result.exit_code == 1, command
        said = [line for line in result.stderr.splitlines() if line.startswith("scanproc: ")]
        assert len(said) == 1 and said[0].startswith("scanproc: insole: left foot: its insole failed the proof"), said
        assert "insole." in said[0].partition(". ")[2]  # what to set
        assert not any(line.startswith("export") and "failed the proof" in line for line in result.stderr.splitlines())
    (left,) = checks()
    assert Path("outputs/foot/6-insole/left.ply").exists() and not all(check["pass"] for check in left["checks"])
    assert not Path("outputs/foot/7-export").exists()


@pytest.mark.parametrize("text", ["2026-11-23", "1234"])
def test_a_date_or_a_number_can_be_written_under_it(scan: Path, text: str) -> None:
    assert call("-q", "insole", scan, "--set", f"insole.text={text}", *COARSE).exit_code == 0
    settings = json.loads(Path("outputs/foot/run.json").read_text(encoding="utf-8"))["settings"]
    assert settings["insole"]["text"] == text


# ------------------------------------------------------------------------------------------------ good ones


def test_an_insole_says_why_and_a_prescription_that_did_not_change_is_fresh(scan: Path) -> None:
    Path("rx.toml").write_text('[insole]\npreset = "shell"\n[insole.right]\nheel_lift_mm = 3\n', encoding="utf-8")
    options = ("--prescription", "rx.toml", "--set", "insole.pair=from-left", *COARSE)
    assert call("-q", "insole", scan, *options).exit_code == 0
    left, right = checks()
    assert "preset shell, but for pair = from-left (default: as-scanned), grid_mm = 1.0 (default: 0.5)" in left["notes"]
    assert any(note.startswith("thickness 3 mm: PA12, 80 kg") for note in left["notes"])
    assert any(note.startswith("arch fill 3.2 mm: the scan bore no load") for note in left["notes"])
    assert "the mirror image of the other foot: this one was not scanned" in right["notes"]
    bytes_before = {path: path.read_bytes() for path in Path("outputs/foot/6-insole").iterdir()}
    assert "nothing to do" in call("insole", scan, *options).stdout
    shutil.rmtree("outputs/foot/6-insole")
    assert call("-q", "insole", scan, *options).exit_code == 0
    assert {path: path.read_bytes() for path in Path("outputs/foot/6-insole").iterdir()} == bytes_before
    Path("rx.toml").write_text('[insole]\npreset = "shell"\n[insole.right]\nheel_lift_mm = 4\n', encoding="utf-8")
    log = call("insole", scan, *options).stderr
    assert "settings changed: right.heel_lift_mm 3.0 → 4.0\n" in log


def other_scan(name: str, subject: str, side: str = "left") -> Path:
    """Write outputs of another scan: as many measures as --from reads."""
    folder = Path("outputs") / name
    shutil.copytree("outputs/foot/5-measure", folder / "5-measure")
    content = json.loads((folder / "5-measure" / "measures.json").read_text(encoding="utf-8"))
    (foot,) = content["feet"]
    foot |= {"side": side, "loading": "standing"}
    foot["measures"]["heel_width_mm"]["value"] += 3.0
    foot["measures"]["plantar_arch_height_mm"] = {"value": None, "sd": None, "status": "refused", "reason": "unseen"}
    foot["measures"]["dorsum_height_mm"]["value"] -= 5.0
    text = json.dumps(content)
    (folder / "5-measure" / "measures.json").write_text(text, encoding="utf-8")
    manifest = json.loads((folder / "5-measure" / "manifest.json").read_text(encoding="utf-8"))
    import hashlib

    manifest["files"]["measures.json"] = hashlib.sha256(text.encode()).hexdigest()
    (folder / "5-measure" / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (folder / "run.json").write_text(json.dumps({"subject": subject}), encoding="utf-8")
    return folder


def test_a_design_with_measures_of_another_scan(scan: Path) -> None:
    standing = other_scan("standing", "anna")
    result = call("-q", "insole", scan, "--from", standing, *COARSE)
    assert result.exit_code == 0, result.stderr
    (left,) = checks()
    assert any(
        note.startswith("heel expansion 3 mm: ") and "scan standing (standing)" in note for note in left["notes"]
    )
    assert any(note.startswith("arch fill 5 mm: the dorsum is 5.0 mm lower in scan standing") for note in left["notes"])
    assert "nothing to do" in call("insole", scan, "--from", standing, *COARSE).stdout
    assert "nothing to do" in call("insole", scan, *COARSE).stdout  # it stays with the prescription that is changed


def test_measures_of_somebody_else_or_of_the_other_foot_are_refused(scan: Path) -> None:
    bert = refused("-q", "insole", scan, "--from", other_scan("bert", "bert"))
    assert "found scan bert of bert, and this one of anna" in bert
    message = refused("-q", "insole", scan, "--from", other_scan("right", "anna", "right"))
    assert "measures of the right foot only in scan right (--from)" in message
    assert "holds no result of measure" in refused("insole", scan, "--from", "outputs/nowhere")
    assert call("report", scan, scan, "--from", "outputs/right").exit_code == 2
    assert not Path("outputs/foot/6-insole").exists()


# ------------------------------------------------------------------------------------------------ it stays


def test_a_prescription_stays_with_its_scan_until_another_is_given(scan: Path) -> None:
    assert call("-q", "insole", scan, "--set", "insole.preset=dress", *COARSE).exit_code == 0
    dress = contents("6-insole")
    assert any(note.startswith("preset dress") for note in checks()[0]["notes"])
    again = call("insole", scan)
    assert "nothing to do" in again.stdout and "prescription: outputs/foot/prescription.toml" in again.stderr
    assert call("-q", "measure", scan, "--set", "measure.max_unseen_share=0.2").exit_code == 0  # is not asked for one
    assert call("-q", "measure", scan).exit_code == 0
    assert call("-q", "insole", scan).exit_code == 0
    assert contents("6-insole") == dress
    changed = call("insole", scan, "--set", "insole.arch_fill_mm=2.5")  # a field of what is kept
    assert "no longer set" not in changed.stderr
    kept = Path("outputs/foot/prescription.toml").read_text(encoding="utf-8")
    assert 'preset = "dress"' in kept and "arch_fill_mm = 2.5" in kept and "grid_mm = 1.0" in kept
    assert "no longer set: arch_fill_mm" in call("insole", scan, "--set", "insole.preset=dress", *COARSE).stderr
    assert contents("6-insole") == dress
    Path("walk.toml").write_text("heel_cup_depth_mm = 14\ngrid_mm = 1.0\n", encoding="utf-8")
    log = call("insole", scan, "--prescription", "walk.toml").stderr
    assert "no longer set: preset" in log
    walk = contents("6-insole")
    assert walk != dress
    Path("walk.toml").unlink()
    Path("dress.toml").write_text('preset = "dress"\ngrid_mm = 1.0\n', encoding="utf-8")
    assert call("-q", "insole", scan, "--prescription", "dress.toml").exit_code == 0
    assert contents("6-insole") == dress
    assert sorted(path.name for path in Path("outputs/foot/prescriptions").iterdir()) == ["dress.toml", "walk.toml"]
    assert call("-q", "insole", scan, "--prescription", "walk").exit_code == 0  # by its name
    assert contents("6-insole") == walk


def contents(folder: str) -> dict[str, bytes]:
    paths = Path("outputs/foot", folder).iterdir()
    return {path.name: path.read_bytes() for path in paths if path.name != "manifest.json"}


@pytest.mark.slow
def test_a_refused_insole_takes_the_exports_of_an_earlier_one_away(scan: Path) -> None:
    assert call("-q", "export", scan, *COARSE).exit_code == 0
    assert any(name.endswith(".stl") for name in contents("7-export"))
    before = contents("6-insole")
    result = call("insole", scan, "--set", "insole.arch_target_mm=25")
    assert result.exit_code == 1 and "scanproc: insole: left foot: found an arch of" in result.stderr
    assert "so it is not kept: give it again next time" in result.stderr
    assert not Path("outputs/foot/7-export").exists() and contents("6-insole") == before
    assert call("-q", "export", scan, *COARSE).exit_code == 0  # what was refused was not kept
    assert "not kept" not in call("insole", scan).stderr
    assert contents("6-insole") == before and Path("outputs/foot/7-export").exists()
