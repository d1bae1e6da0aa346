"""The command line: exit status, one message for whatever a user can get wrong, texts that fit a terminal."""

from __future__ import annotations

import csv
import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
import trimesh
from click.testing import CliRunner, Result
from clusters import ThisProcess
from feet import AnalyticFoot

from scanproc import __version__, cli, runner
from scanproc.artifacts import Refusal, ScanFacts
from scanproc.commands import batch
from scanproc.errors import ScanError
from scanproc.parallel import WORKERS, num_workers
from scanproc.pipeline import STAGES, config_types
from scanproc.readers.cameras import INTRINSICS_NAME
from scanproc.settings import build_configs
from scanproc.several import scans
from scanproc.simulation.settings import SimulationConfig
from scanproc.store import Store
from scanproc.toml_files import tomllib

NAMES = [stage.name for stage in STAGES]
REAL_RUN = runner.run
EVERY_COMMAND = [
    "run",
    *NAMES,
    "compare",
    "batch",
    "gallery",
    "make",
    "study",
    "versions",
    "view",
    "landmark",
    "design",
    "inspect",
    "convert",
    "capture",
    "watch",
    "calibrate",
    "simulate",
    "settings",
    "prescription",
    "machine",
    "demo",
]


@pytest.fixture(autouse=True)
def _own_folder_and_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run in an empty folder, and undo what the program sets for its log."""
    monkeypatch.chdir(tmp_path)
    root, logger = logging.getLogger(), logging.getLogger("scanproc")
    handlers, level = root.handlers[:], logger.level
    root.handlers = []  # or basicConfig(force=True) closes those of pytest
    yield
    root.handlers = handlers
    logger.setLevel(level)


@pytest.fixture(autouse=True)
def _batches_run_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let batches run in this process, where what tests put in place of the runner holds."""
    monkeypatch.setattr(batch, "_cluster", lambda *_: ThisProcess())


def call(*arguments: object) -> Result:
    """Call the program as if in a terminal of 80 columns."""
    return CliRunner(env={"COLUMNS": "80"}).invoke(cli.main, [str(argument) for argument in arguments])


def refused(*arguments: object) -> str:
    """Return the one line that says why a call is refused with status 1; what was done before it may stand above."""
    result = call(*arguments)
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == 1
    *log, line = result.stderr.splitlines()
    assert line.startswith("scanproc: ") and len(line) > len("scanproc: ")
    assert not any(text.startswith(("scanproc: ", "Traceback")) for text in log)
    return line


def wrong_usage(*arguments: object) -> str:
    result = call(*arguments)
    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit), result.exception
    return result.stderr


@pytest.fixture(scope="module")
def stl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    foot = AnalyticFoot(step_mm=4.0).mesh()
    path = tmp_path_factory.mktemp("mesh") / "foot.stl"
    trimesh.Trimesh(foot.vertices, foot.faces, process=False).export(path)
    return path


# ------------------------------------------------------------------------------------------------ help


def test_no_arguments_show_the_help() -> None:
    result = call()
    assert "Usage: " in result.output and "run" in result.output
    assert not isinstance(result.exception, Exception)


def test_the_help_lists_every_command_in_the_order_of_use() -> None:
    text = call("--help").stdout
    listed = [line.split()[0] for line in text.partition("Commands:\n")[2].splitlines() if line.startswith("  ")]
    assert [name for name in listed if name in EVERY_COMMAND] == EVERY_COMMAND
    assert set(EVERY_COMMAND) == set(cli.main.commands)


@pytest.mark.parametrize("command", [(), *[(name,) for name in EVERY_COMMAND]])
def test_help_fits_a_terminal_of_80_columns_and_explains_every_option(command: tuple[str, ...]) -> None:
    result = call(*command, "--help")
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= 80
    found = cli.main.commands[command[0]] if command else cli.main
    for option in found.params:
        assert not isinstance(option, click.Option) or option.help, f"{command} {option.name} has no help"


def test_version() -> None:
    result = call("--version")
    assert (result.exit_code, result.stdout) == (0, f"scanproc, version {__version__}\n")


# ------------------------------------------------------------------------------------------------ settings


def test_settings_are_toml_with_the_defaults_of_every_stage() -> None:
    result = call("settings")
    assert result.exit_code == 0
    tables = tomllib.loads(result.stdout)
    assert list(tables) == NAMES
    assert build_configs(config_types(), tables) == {name: kind() for name, kind in config_types().items()}


@pytest.mark.parametrize("stage", [*NAMES, "simulate"])
def test_settings_of_one_stage(stage: str) -> None:
    assert list(tomllib.loads(call("settings", stage).stdout)) == [stage]


def test_settings_of_the_simulator_are_its_defaults() -> None:
    table = tomllib.loads(call("settings", "simulate").stdout)
    assert build_configs({"simulate": SimulationConfig}, table)["simulate"] == SimulationConfig()


def test_the_prescription_is_the_settings_of_the_insole() -> None:
    assert call("prescription").stdout == call("settings", "insole").stdout


@pytest.mark.slow
def test_settings_that_were_printed_can_be_passed_back(stl: Path) -> None:
    Path("all.toml").write_text(call("settings").stdout, encoding="utf-8")
    assert call("align", stl, "--config", "all.toml").exit_code == 0
    assert "nothing to do" in call("align", stl).stdout


# ------------------------------------------------------------------------------------------------ runs


def test_a_run_says_where_its_results_are_and_a_second_one_that_they_are_fresh(stl: Path) -> None:
    first = call("measure", stl)
    assert (first.exit_code, first.stdout) == (0, "outputs/foot\n")
    assert "5-measure: done" in first.stderr
    second = call("run", stl, "--to", "measure")
    assert (second.exit_code, second.stdout) == (0, "nothing to do: 2 stages are up to date\noutputs/foot\n")
    assert Path("outputs/foot/5-measure/measures.json").is_file()


def test_quiet_says_nothing_but_the_result(stl: Path) -> None:
    result = call("--quiet", "measure", stl, "--out", "deep/out")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "deep/out/foot\n", "")


def test_set_wins_over_config(stl: Path) -> None:
    Path("my.toml").write_text("[align]\nmin_length_mm = 90\n[measure]\nmax_unseen_share = 0.2\n", encoding="utf-8")
    assert call("align", stl, "--config", "my.toml", "--set", "align.min_length_mm=80").exit_code == 0
    settings = json.loads(Path("outputs/foot/run.json").read_text(encoding="utf-8"))["settings"]
    assert (settings["align"]["min_length_mm"], settings["measure"]["max_unseen_share"]) == (80.0, 0.2)


def test_a_stage_that_refuses_ends_with_status_1_and_one_line(stl: Path) -> None:
    line = refused("-q", "measure", stl, "--set", "align.max_length_mm=120")
    assert line.startswith("scanproc: align: ")
    assert call("-q", "measure", stl, "--set", "align.max_length_mm=120").stdout == "outputs/foot\n"


# ------------------------------------------------------------------------------------------------ for programs


def test_json_is_one_object_with_what_was_made_and_measured(stl: Path) -> None:
    result = call("measure", stl, "--json")
    made = json.loads(result.stdout)
    assert (result.exit_code, made["scan"], made["status"], made["refusals"]) == (0, "foot", "done", [])
    assert made["stages"] == {"align": {"status": "computed"}, "measure": {"status": "computed"}}
    measured = json.loads(Path("outputs/foot/5-measure/measures.json").read_text(encoding="utf-8"))
    assert made["feet"] == measured["feet"] and made["feet"][0]["measures"]["foot_length_mm"]["value"] > 200.0
    assert (made["exports"], made["report"], made["outputs"]) == ([], None, "outputs/foot")
    again = json.loads(call("-q", "run", stl, "--to", "measure", "--json").stdout)
    assert {stage["status"] for stage in again["stages"].values()} == {"fresh"}
    assert again["feet"] == made["feet"]


def test_json_says_what_was_refused_and_the_status_is_1(stl: Path) -> None:
    result = call("-q", "measure", stl, "--json", "--set", "align.max_length_mm=120")
    made = json.loads(result.stdout)
    assert (result.exit_code, made["status"], made["feet"], made["stages"]) == (
        1,
        "refused",
        [],
        {"align": {"status": "refused"}},
    )
    assert [(each["stage"], f"scanproc: align: {each['message']}") for each in made["refusals"]] == [
        ("align", result.stderr.strip())
    ]


@pytest.mark.parametrize("command", ["run", *NAMES])
def test_json_of_what_cannot_be_begun_is_whole_too(command: str) -> None:
    result = call(command, "nowhere/foot.stl", "--json")
    made = json.loads(result.stdout)
    assert (result.exit_code, made["scan"], made["status"]) == (1, "foot.stl", "refused")
    assert made["refusals"][0]["message"].startswith("nowhere/foot.stl does not exist")
    assert result.stderr.startswith("scanproc: nowhere/foot.stl does not exist")
    assert made.keys() >= {"scan", "status", "stages", "feet", "exports", "refusals"}


def test_json_of_wrong_usage_is_no_object() -> None:
    assert call("run", "--json").stdout == ""
    assert "for one scan" in wrong_usage("report", "a", "b", "--camera", "camera-7.toml")


def test_json_of_a_batch_is_one_object_with_that_of_each_scan(stl: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "run", as_far_as_measure)
    result = call("-q", "batch", stl, "nowhere", "--json")
    made = json.loads(result.stdout)
    assert (result.exit_code, made["status"]) == (1, "refused")
    good, bad = made["scans"]
    assert good == json.loads(call("measure", stl, "--json").stdout) | {"stages": good["stages"]}
    assert good["feet"][0]["measures"]["foot_length_mm"]["value"] > 200.0
    assert (bad["scan"], bad["status"]) == ("nowhere", "refused")
    assert bad["refusals"][0]["message"].startswith("nowhere does not exist")
    assert made["tables"] == ["outputs/cohort.csv", "outputs/cohort-dictionary.csv"]
    monkeypatch.setattr(runner, "run", fake_run)
    good = json.loads(call("batch", "good", "last", "--json").stdout)
    assert (good["status"], [each["status"] for each in good["scans"]]) == ("done", ["done", "done"])


@pytest.mark.parametrize("command", ["compare", "report", "batch"])
def test_json_of_scans_that_cannot_be_begun_is_whole_too(command: str) -> None:
    result = call(command, "monday/demo", "tuesday/demo", "--json")
    made = json.loads(result.stdout)
    assert (result.exit_code, made["scans"], made["status"]) == (1, ["demo", "demo"], "refused")
    assert "2 scans are called demo" in made["refusals"][0]["message"]


def test_ctrl_c_ends_with_status_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "run", stopped)
    for command in (["run", "a"], ["measure", "a", "--json"]):
        result = call(*command)
        assert (result.exit_code, result.stdout) == (130, "")
        assert result.stderr.splitlines()[-1] == "scanproc: stopped; the stages that were finished stay"


# ------------------------------------------------------------------------------------------------ what can go wrong


def an_empty_folder() -> Path:
    Path("empty").mkdir()
    return Path("empty")


def a_folder_of_something_else() -> Path:
    Path("holiday").mkdir()
    Path("holiday/photo.jpg").write_bytes(b"jpg")
    return Path("holiday")


def a_broken_recording() -> Path:
    Path("broken/depth").mkdir(parents=True)
    Path("broken/depth/0.png").write_bytes(b"not a picture")
    camera = {"width": 4, "height": 4, "intrinsic_matrix": [4.0, 0, 0, 0, 4.0, 0, 1.5, 1.5, 1]}
    (Path("broken") / INTRINSICS_NAME).write_text(json.dumps(camera), encoding="utf-8")
    return Path("broken")


def a_text_file() -> Path:
    Path("notes.txt").write_text("nothing", encoding="utf-8")
    return Path("notes.txt")


def a_broken_mesh() -> Path:
    Path("broken.ply").write_bytes(b"ply\nformat ascii 1.0\n")
    return Path("broken.ply")


@pytest.mark.parametrize(
    "make",
    [
        lambda: Path("nowhere"),
        an_empty_folder,
        a_folder_of_something_else,
        a_broken_recording,
        a_text_file,
        a_broken_mesh,
    ],
    ids=["nowhere", "empty", "other", "broken", "text", "mesh"],
)
def test_a_scan_that_cannot_be_read_is_refused_by_name_and_nothing_is_written(make: Any) -> None:
    scan = make()
    assert scan.name in refused("run", scan)
    assert not Path("outputs").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--set", "clean.max_rnge_mm=3"], "clean.max_rnge_mm; expected 'max_range_mm'"),
        (["--set", "claen.max_range_mm=3"], "'claen'; expected 'clean'"),
        (["--set", "clean.max_range_mm=far"], "expected a number, without unit"),
        (["--set", "clean.max_range_mm=1"], "out of range"),
        (["--set", "clean.max_range_mm=inf"], "finite"),
        (["--set", "max_range_mm=3"], "expected stage.name=value"),
        (["--config", "missing.toml"], "missing.toml cannot be read"),
        (["--config", "."], "cannot be read"),
        (["--config", "broken.toml"], "broken.toml is not TOML"),
        (["--config", "other.toml"], "'cleaning'; expected 'clean'"),
        (["--out", "broken.toml/out"], "outputs cannot be written to"),
    ],
)
def test_a_wrong_setting_is_refused_in_one_line(stl: Path, options: list[str], words: str) -> None:
    Path("broken.toml").write_text("[clean", encoding="utf-8")
    Path("other.toml").write_text("[cleaning]\nmax_range_mm = 1\n", encoding="utf-8")
    assert words in refused("run", stl, *options)
    assert not Path("outputs").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["scan"],
        ["run"],
        ["run", "a", "b"],
        ["run", "a", "--to", "measured"],
        ["run", "a", "--nosuch"],
        ["clean", "a", "--to", "align"],
        ["settings", "nosuch"],
        ["view", "a", "nosuch"],
        ["batch"],
        ["report"],
        ["compare", "a"],
        ["compare", "a", "b", "c"],
        ["run", "a", "--workers", "0"],
        ["surface", "a", "--workers", "two"],
        ["simulate", "a"],
        ["simulate", "a", "b", "--views", "1"],
    ],
)
def test_wrong_usage_ends_with_status_2(arguments: list[str]) -> None:
    assert "Usage: " in wrong_usage(*arguments)
    assert os.listdir() == []


def test_settings_of_the_simulator_are_told_where_they_belong() -> None:
    text = wrong_usage("run", "scan", "--set", "simulate.views=3")
    assert "scanproc simulate FOOT OUT --set simulate.views=3" in " ".join(text.split())


def test_an_environment_with_no_number_of_workers_is_wrong_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WORKERS, "many")
    text = wrong_usage("run", "a")
    assert "--workers" in text and WORKERS in text and "'many'" in text


@pytest.mark.parametrize("command", [["run", "scan"], ["clean", "scan"]])
def test_the_workers_that_are_asked_for_do_the_work(command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[int] = []

    def count(scan: Path, out: Path, to: str, tables: Any, camera: Path | None, version: str) -> runner.Run:
        used.append(num_workers())
        return fake_run(scan, out, to, tables)

    monkeypatch.setattr(runner, "run", count)
    assert call(*command, "--workers", 3).exit_code == 0
    monkeypatch.setenv(WORKERS, "5")
    assert call(*command).exit_code == 0
    assert call(*command, "--workers", 2).exit_code == 0
    assert used == [3, 5, 2]
    assert num_workers() == 5


def test_a_finished_mesh_cannot_be_cleaned(stl: Path) -> None:
    assert "enters at align" in refused("clean", stl)


def test_view_before_run_is_refused_and_says_what_to_do(stl: Path) -> None:
    assert "outputs/foot holds no result of any stage" in refused("view", stl, "--screenshot", "a.png")
    call("-q", "align", stl)
    line = refused("view", stl, "measure", "--screenshot", "a.png")
    assert "no result of measure" in line and "scanproc run" in line
    assert not Path("a.png").exists()


def test_a_screenshot_goes_to_the_file_that_was_named(stl: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from scanproc import views

    monkeypatch.setattr(views, "picture", lambda artifact, before: b"png")
    call("-q", "align", stl)
    result = call("view", stl, "--screenshot", "a.png")
    assert (result.exit_code, result.stdout) == (0, "a.png\n")
    assert Path("a.png").read_bytes() == b"png"
    assert "no/b.png cannot be written" in refused("view", stl, "--screenshot", "no/b.png")


def test_a_bug_keeps_its_traceback(stl: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def buggy(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(runner, "run", buggy)
    assert isinstance(call("run", stl).exception, ZeroDivisionError)


# ------------------------------------------------------------------------------------------------ batch


def fake_run(scan: Path, out: Path, to: str, tables: Any, camera: Path | None = None, version: str = "") -> runner.Run:
    if scan.name == "broken":
        raise ScanError("found nothing. Scan again.")
    refusals = (Refusal("insole", "the sole was not seen."),) if scan.name == "standing" else ()
    (out / scan.name).mkdir(parents=True, exist_ok=True)
    return runner.Run(Store(out / scan.name), ("clean",), (), refusals, ScanFacts(scan.name))


def test_a_batch_goes_on_past_a_bad_scan_and_says_what_was_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "run", fake_run)
    result = call("batch", "good", "scans/broken", "standing", "last")
    assert result.exit_code == 1
    assert result.stdout == "done     good\nrefused  scans/broken\nrefused  standing\ndone     last\n"
    assert result.stderr.splitlines() == [
        "scanproc: scans/broken: found nothing. Scan again.",
        "scanproc: standing: insole: the sole was not seen.",
        "scanproc: 2 of 4 scans were refused; expected none. The messages above say why.",
    ]


def test_a_batch_of_good_scans_ends_with_status_0(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "run", fake_run)
    result = call("batch", "good", "last")
    assert (result.exit_code, result.stderr) == (0, "")


def test_two_scans_of_one_name_would_overwrite_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "run", fake_run)
    assert "2 scans are called demo" in refused("batch", "monday/demo", "tuesday/demo/", "other")


def as_far_as_measure(
    scan: Path, out: Path, to: str, tables: Any, camera: Path | None = None, version: str = ""
) -> runner.Run:
    """Run without the slow stages, whatever is asked."""
    return REAL_RUN(scan, out, "measure", tables)


def test_a_batch_writes_a_cohort_of_what_was_measured(stl: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "run", as_far_as_measure)
    Path("notes").mkdir()
    result = call("-q", "batch", stl, "notes")
    assert result.exit_code == 1  # of the empty folder
    assert result.stdout.splitlines()[-2:] == ["outputs/cohort.csv", "outputs/cohort-dictionary.csv"]
    with Path("outputs/cohort.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["scan"], row["side"], bool(row["refused"])) for row in rows] == [
        ("foot", "left", False),
        ("notes", "", True),
    ]
    with Path("outputs/foot/5-measure/measures.csv").open(encoding="utf-8", newline="") as file:
        (measured,) = csv.DictReader(file)
    assert {name: rows[0][name] for name in measured if name != "ground"} == {
        name: value for name, value in measured.items() if name != "ground"
    }


# ------------------------------------------------------------------------------------------------ several scans


def scan_of(stl: Path, name: str, **stated: str) -> Path:
    """Make a scan's folder of a finished mesh."""
    folder = Path(name)
    folder.mkdir()
    shutil.copy(stl, folder / "foot.stl")
    (folder / "scan.toml").write_text(
        "".join(f'{key} = "{value}"\n' for key, value in stated.items()), encoding="utf-8"
    )
    return folder


def test_two_visits_are_measured_and_compared(stl: Path) -> None:
    may = scan_of(stl, "may", loading="standing", date="2026-05-01", subject="anna")
    nov = scan_of(stl, "nov", loading="standing", date="2026-11-02", subject="anna")
    result = call("-q", "compare", may, nov)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "outputs/may--nov/compare.html\n", "")
    folder = Path("outputs/may--nov")
    content = json.loads((folder / "compare.json").read_text(encoding="utf-8"))
    (foot,) = content["feet"]
    assert (content["days_between"], foot["compares"]) == (185, "change")
    assert foot["measures"]["foot_length_mm"]["difference"] == pytest.approx(0.0, abs=1e-9)
    assert foot["surface"]["rms_mm"] < 0.01
    assert "may → nov" in (folder / "compare.html").read_text(encoding="utf-8")
    assert not Path("outputs/may/report.html").exists()  # as far as measure
    again = call("-q", "compare", may, nov, "--json")
    assert json.loads(again.stdout) == {"status": "done", "page": str(folder / "compare.html"), **content}
    assert again.exit_code == 0
    assert json.loads((folder / "compare.json").read_text(encoding="utf-8")) == content


def test_what_cannot_be_compared_is_refused_in_one_line(stl: Path) -> None:
    may = scan_of(stl, "may", subject="anna")
    assert "given 2 times" in refused("compare", may, "./may")
    assert "2 scans are called may" in refused("compare", may, "elsewhere/may")
    assert "nowhere does not exist" in refused("compare", may, "nowhere")
    assert "holds no recording" in refused("compare", may, a_folder_of_something_else())
    assert "report.text_pxx" in refused("compare", may, scan_of(stl, "nov"), "--set", "report.text_pxx=3")
    assert not Path("outputs").exists()  # all that is said before anything is computed
    wrong = refused("-q", "compare", may, "nov", "--set", "align.max_length_mm=120")
    assert "may cannot be compared, align refused it: " in wrong
    assert not Path("outputs/may--nov").exists()


def test_a_report_of_several_scans_is_one_page(stl: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scans, "run", as_far_as_measure)
    air = scan_of(stl, "air", loading="non-weight-bearing", subject="anna")
    up = scan_of(stl, "up", loading="standing", subject="anna")
    result = call("-q", "report", air, up, "--set", "report.pixels_per_mm=1")
    page = Path("outputs/air--up/report.html")
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{page}\n", "")
    text = page.read_text(encoding="utf-8")
    assert "air (non-weight-bearing)" in text and "up (standing)" in text
    told = json.loads(call("-q", "report", air, up, "--set", "report.pixels_per_mm=1", "--json").stdout)
    assert told == {"scans": ["air", "up"], "status": "done", "report": str(page), "refusals": []}
    assert "subject anna (air) and bert (other)" in refused("report", air, scan_of(stl, "other", subject="bert"))
    Path("bad").mkdir()
    shutil.copy(stl, "bad/foot.stl")
    (Path("bad") / "scan.toml").write_text('side = "right"\nloading = "seated"\n', encoding="utf-8")
    result = call("-q", "report", air, "bad", "--set", "report.pixels_per_mm=1")
    assert (result.exit_code, result.stdout) == (1, "outputs/air--bad/report.html\n")
    assert result.stderr.startswith("scanproc: bad: align: ") and len(result.stderr.splitlines()) == 1


# ------------------------------------------------------------------------------------------------ simulate


def test_simulate_writes_a_recording_that_can_be_opened(stl: Path) -> None:
    options = ["--set", "image_scale=0.1", "--set", "artefacts=false", "--views", "2"]
    result = call("simulate", stl, "made", *options)
    assert (result.exit_code, result.stdout) == (0, "made\n")
    assert sorted(os.listdir("made/depth")) == ["000000.png", "000001.png"]
    assert "simulate.nosuch" in refused("simulate", stl, "made", "--set", "nosuch=1")
    assert "simulate.nosuch" in refused("simulate", stl, "made", "--set", "simulate.nosuch=1")
    assert "expected one of" in refused("simulate", stl, "made", "--camera", "d999")


def test_what_settings_prints_can_be_given_back_to_simulate(stl: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from scanproc.simulation import simulate as module

    given: list[SimulationConfig] = []

    def simulate(mesh: object, config: SimulationConfig) -> None:
        given.append(config)
        raise ScanError("enough.")

    monkeypatch.setattr(module, "simulate", simulate)
    Path("mine.toml").write_text(call("settings", "simulate").stdout, encoding="utf-8")
    refused("simulate", stl, "made", "--config", "mine.toml")
    refused(
        "simulate", stl, "made", "--config", "mine.toml", "--views", 5, "--set", "simulate.noise=2", "--set", "seed=3"
    )
    refused("simulate", stl, "made", "--set", "simulate.views=7")
    assert given[0] == SimulationConfig()
    assert given[1] == replace(SimulationConfig(), views=5, noise=2.0, seed=3)
    assert (given[2].views, given[2].path) == (7, "hand-held")


def test_the_demo_is_the_recording_in_scans_and_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[Path, str]] = []

    def note(scan: Path, out: Path, to: str, tables: Any, camera: Path | None, version: str) -> runner.Run:
        ran.append((scan, to))
        return fake_run(scan, out, to, tables)

    monkeypatch.setattr(runner, "run", note)
    assert call("demo").exit_code == 0
    source = Path(__file__).parents[1] / "scans" / "demo"
    written = {path.relative_to("scans/demo").as_posix() for path in Path("scans/demo").rglob("*") if path.is_file()}
    recorded = {path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()}
    assert written - {"LICENSE-NOTE.md"} == {name for name in recorded if not name.startswith("truth/")}, "make-scans"
    for name in written - {"LICENSE-NOTE.md"}:
        assert Path("scans/demo", name).read_bytes() == (source / name).read_bytes(), name
    Path("scans/demo/scan.toml").write_text("mass_kg = 60", encoding="utf-8")
    assert call("demo").exit_code == 0
    assert Path("scans/demo/scan.toml").read_text(encoding="utf-8") == "mass_kg = 60", "what was there stays"
    assert call("demo", "elsewhere/foot").exit_code == 0
    assert ran == [(Path("scans/demo"), "report")] * 2 + [(Path("elsewhere/foot"), "report")]


# ------------------------------------------------------------------------------------------------ as a program


def program(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "scanproc", *arguments], capture_output=True, encoding="utf-8")


def test_the_program_refuses_in_one_line_without_a_traceback() -> None:
    done = program("run", "nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    assert (
        done.stderr
        == "scanproc: nowhere does not exist; expected a folder of a scan or a finished mesh. Check the path.\n"
    )


def test_the_program_ends_with_status_2_on_wrong_usage_and_0_on_help() -> None:
    assert program("nosuch").returncode == 2
    done = program("--help")
    assert (done.returncode, done.stderr) == (0, "")


def test_progress_and_messages_do_not_mix_with_results(stl: Path) -> None:
    done = program("align", str(stl), "--out", "out")
    assert (done.returncode, done.stdout) == (0, "out/foot\n")
    assert "Traceback" not in done.stderr
