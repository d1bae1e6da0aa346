"""Insoles of one scan side by side: own prescription, results and label each; series, and what two differ by."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from insole_feet import FEET
from report_scans import pages_of, without_pictures
from test_prescription_cli import call, refused

import scanproc
from scanproc import cli
from scanproc.artifacts import Mesh
from scanproc.designing import DesignOf, design_session
from scanproc.errors import ScanError
from scanproc.formats.solid_files import read_3mf
from scanproc.insole_versions.difference import raised_mm, raised_regions
from scanproc.insole_versions.series import series
from scanproc.pipeline import STAGES
from scanproc.processes import locked
from scanproc.scan_folder import ScanFolder
from scanproc.store import Store

COARSE = ("--set", "insole.grid_mm=1.0")
OWN, DRESS = Path("outputs/foot"), Path("outputs/foot/versions/dress")


@pytest.fixture(autouse=True)
def _own_folder_and_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    root = logging.getLogger()
    handlers, root.handlers = root.handlers[:], []
    yield
    root.handlers = handlers


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a scan `foot`, its own insole, and the version `dress` as far as its exports."""
    source = FEET / "leg-0.ply"
    if not source.exists():
        pytest.skip(f"{source.name} is not here: shared/data/feet holds the legs")
    folder = tmp_path_factory.mktemp("scan")
    (folder / "foot").mkdir()
    shutil.copy(source, folder / "foot" / "foot.ply")
    (folder / "foot" / "scan.toml").write_text(
        'side = "left"\nloading = "non-weight-bearing"\nsubject = "anna"\nmass_kg = 80\n', encoding="utf-8"
    )
    for words in (("insole",), ("export", "--as", "dress", "--set", "insole.preset=dress")):
        result = call("-q", *words, folder / "foot", "--out", folder / "outputs", *COARSE)
        assert result.exit_code == 0, result.stderr
    return folder


@pytest.fixture
def scan(made: Path, tmp_path: Path) -> Path:
    """Return the scan, with those outputs in the present folder."""
    shutil.copytree(made / "outputs", tmp_path / "outputs")
    return made / "foot"


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder but run.json, which holds times."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "run.json")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def settings(folder: Path) -> dict[str, Any]:
    table: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))["settings"]
    return table


# ------------------------------------------------------------------------------------------------ side by side


def test_a_version_lies_beside_the_own_insole_with_its_label(scan: Path) -> None:
    assert (settings(OWN)["insole"]["preset"], settings(DRESS)["insole"]["preset"]) == ("", "dress")
    assert not (OWN / "7-export").exists() and not (DRESS / "5-measure").exists()
    assert {path.name for path in DRESS.iterdir()} == {"6-insole", "7-export", "run.json"}
    (body,) = read_3mf((DRESS / "7-export" / "left.3mf").read_bytes())
    assert body.name == "anna left insole, dress"
    assert 'preset = "dress"' in (OWN / "prescriptions" / "dress.toml").read_text(encoding="utf-8")
    before = contents(OWN)
    assert "nothing to do: 3 stages are up to date" in call("insole", scan).stdout
    again = call("export", scan, "--as", "dress")
    assert again.stdout == "nothing to do: 4 stages are up to date\noutputs/foot/versions/dress\n"
    assert "prescription: outputs/foot/prescriptions/dress.toml (preset dress, grid_mm = 1.0)" in again.stderr
    assert contents(OWN) == before
    shutil.rmtree(DRESS)
    assert call("-q", "export", scan, "--as", "dress").exit_code == 0  # replayed
    assert contents(OWN) == before
    assert scanproc.run(scan, to="insole", version="dress").store.folder == Path("outputs/foot/versions/dress")


def test_a_dose_of_one_is_no_dose_of_the_other(scan: Path) -> None:
    before = contents(OWN)
    assert call("-q", "insole", scan, "--set", "insole.heel_lift_mm=2").exit_code == 0
    own = contents(OWN)
    assert {name for name in before if before[name] != own[name]} >= {"prescription.toml", "6-insole/left.ply"}
    assert {
        name for name in own if name.startswith(("versions", "prescriptions")) and before[name] != own[name]
    } == set()
    assert call("-q", "insole", scan, "--prescription", "default", *COARSE).exit_code == 0
    assert contents(OWN) == before


def test_names_of_no_version_make_none(scan: Path) -> None:
    before = contents(OWN)
    assert "has no version 'dres'; expected one of dress. Call it 'dress'" in refused("report", scan, "--as", "dres")
    assert "has no version 'dres'" in refused("insole", scan, "--as", "dres")  # nearly one that there is
    assert "has no version 'sport'" in refused("make", scan, "--as", "sport")
    assert "has no version 'dres'" in refused("view", scan, "--as", "dres", "--screenshot", "a.png")
    assert "Call it 'x'." in refused("insole", scan, "--as", "../x")
    assert "there is a version 'dress'" in refused("insole", scan, "--as", "Dress", *COARSE)
    assert call("insole", scan, "--as", "").exit_code == 2
    assert call("report", scan, scan, "--as", "dress").exit_code == 2
    assert "out of range" in refused("insole", scan, "--as", "new", "--set", "insole.heel_cup_depth_mm=99")
    assert "arch_target_mm" in refused("-q", "insole", scan, "--as", "new", "--set", "insole.arch_target_mm=25")
    assert contents(OWN) == before


def test_one_run_at_a_time(scan: Path) -> None:
    before = contents(OWN)
    with locked(OWN):
        assert "is being written by process" in refused(
            "insole", scan, "--as", "dress", "--set", "insole.heel_lift_mm=2"
        )
        assert "is being written by process" in refused("versions", scan, "dress", "--remove")
        after = contents(OWN)
    after.pop(".lock")
    assert after == before


def test_what_is_killed_is_ended_by_the_next_run(scan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed where the insole is to be written: the old one is there, and the prescription of the new one."""
    dose, before = ("--set", "insole.heel_lift_mm=2"), contents(DRESS / "6-insole")

    class Killed(Exception):
        pass

    def killed(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Store, "save", killed)
        assert isinstance(call("-q", "insole", scan, "--as", "dress", *dose).exception, Killed)
    assert contents(DRESS / "6-insole") == before
    assert call("-q", "insole", scan, "--as", "dress").exit_code == 0
    assert settings(DRESS)["insole"]["heel_lift_mm"] == 2.0
    assert "nothing to do" in call("insole", scan, "--as", "dress", *dose).stdout


def test_every_page_names_its_version() -> None:
    pages = pages_of(**without_pictures(), version="dress <b>")
    for page in (pages.html, pages.job_sheet, pages.wearer):
        assert page is not None and "Version of the insole" in page and "dress &lt;b&gt;" in page
    assert "<title>demo, dress &lt;b&gt; – foot scan report</title>" in pages.html
    assert "Version of the insole" not in pages_of(**without_pictures()).html


def test_the_tab_key_completes_names_of_versions(scan: Path) -> None:
    (OWN / "prescriptions" / "walk.toml").write_text("", encoding="utf-8")
    for words in (f"report {scan} --as w", f"versions {scan} w", f"insole {scan} --out outputs --as w"):
        line = f"scanproc {words}"
        asked = {"_SCANPROC_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - 1)}
        done = CliRunner(env=asked).invoke(cli.main, [], prog_name="scanproc")
        assert done.stdout == "plain,walk\n", words


def test_the_design_window_begins_with_a_version_and_compares_with_another(scan: Path) -> None:
    session = design_session(DesignOf(scan, Path("outputs"), other=Path("own"), version="dress"))
    assert session.values == {"preset": "dress", "grid_mm": 1.0} and session.is_saved
    own = Store(OWN).load(next(stage for stage in STAGES if stage.name == "insole")).insoles[0].solid
    assert np.allclose(session.earlier["left"].vertices, own.vertices, atol=1e-3)  # of the same foot


# ------------------------------------------------------------------------------------------------ listed, compared


def test_versions_are_listed_compared_and_taken_away(scan: Path) -> None:
    (OWN / "prescriptions" / "walk.toml").write_text("heel_lift_mm = 2\n", encoding="utf-8")
    assert call("versions", scan).stdout.splitlines() == [
        "own    left proven: grid_mm = 1.0",
        "dress  left proven: preset dress, grid_mm = 1.0",
        "walk   not made yet: heel_lift_mm = 2",
    ]
    rows = json.loads(call("versions", scan, "--json").stdout)["versions"]
    assert rows[1]["feet"] == {"left": "proven"} and rows[1]["folder"] == str(DRESS)
    result = call("-q", "versions", scan, "dress")
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert result.exit_code == 0 and lines[:2] == ["left foot, own → dress", "asked"]
    assert any(line.startswith("Heel cup depth, mm") and line.endswith(" 12 → 8") for line in lines)
    assert lines[-1] == "outputs/foot/differences/own--dress.html"
    table = json.loads(Path("outputs/foot/differences/own--dress.json").read_text(encoding="utf-8"))
    asked = {change["field"]: (change["a"], change["b"]) for change in table["feet"][0]["asked"]}
    assert asked["preset"] == ("", "dress") and asked["heel_cup_depth_mm"] == (12.0, 8.0) and "material" not in asked
    assert "own → dress" in Path(lines[-1]).read_text(encoding="utf-8")
    assert "has no version 'drss'; expected one of own, dress, walk" in refused("versions", scan, "drss")
    assert "holds no insole" in refused("versions", scan, "walk", "dress")
    assert "given twice" in refused("versions", scan, "own")
    assert "no version beside it" in refused("versions", scan, "own", "--remove")
    assert "is not there" in refused("versions", "elsewhere")
    removed = call("versions", scan, "dress", "--remove").stdout
    assert removed == "removed outputs/foot/versions/dress and outputs/foot/prescriptions/dress.toml\n"
    assert ScanFolder(OWN).version_names() == ("walk",) and not (OWN / "versions").exists()


def test_versions_of_two_states_of_a_scan_are_not_compared(scan: Path) -> None:
    path = OWN / "6-insole" / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["inputs"]["feet"] = "of another alignment"
    path.write_text(json.dumps(manifest), encoding="utf-8")
    assert "were made on two states of the scan" in refused("versions", scan, "dress")
    assert "own    left proven, older than the align result: grid_mm = 1.0\n" in call("versions", scan).stdout


def slab(low: tuple[float, float], high: tuple[float, float], top_mm: Any) -> Mesh:
    """Return a closed box on z = -3 mm whose top is a function of x and y, its plan cut into squares of 2 mm."""
    x, y = (np.arange(a, b + 1e-9, 2.0) for a, b in zip(low, high, strict=True))
    xy = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1).reshape(-1, 2)
    top = np.column_stack([xy, top_mm(xy[:, 0], xy[:, 1])])
    bottom = np.column_stack([xy, np.full(len(xy), -3.0)])
    i, j = np.meshgrid(np.arange(len(x) - 1), np.arange(len(y) - 1), indexing="ij")
    a = (i * len(y) + j).ravel()
    b, c, d = a + len(y), a + len(y) + 1, a + 1
    up = np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])
    faces = np.concatenate([up, up[:, ::-1] + len(xy)])  # its sides are left open: only top and bottom count here
    return Mesh(np.concatenate([top, bottom]), faces.astype(np.int32))


def test_heights_are_told_where_both_have_a_top() -> None:
    """A left foot of 200 mm, medial is -y: B is 1.5 mm lower at the medial arch, 0.8 mm higher at the lateral heel."""

    def raised(x: Any, y: Any) -> Any:
        return np.where((x > 70) & (x < 110) & (y < -10), -1.5, np.where((x < 50) & (y > 10), 0.8, 0.0))

    a = slab((0, -40), (150, 40), lambda x, y: 0.02 * x)
    b = slab((0, -40), (160, 40), lambda x, y: 0.02 * x + raised(x, y))
    found = {region.name: region for region in raised_regions(a, b, 200.0, -1.0)}
    assert list(found) == [f"{part}, {side}" for part in ("heel", "arch", "forefoot") for side in ("medial", "lateral")]
    assert found["arch, medial"].low_mm == pytest.approx(-1.5, abs=1e-6)
    assert found["heel, lateral"].high_mm == pytest.approx(0.8, abs=1e-6)
    for name in ("heel, medial", "arch, lateral", "forefoot, medial", "forefoot, lateral"):
        assert (found[name].low_mm, found[name].high_mm) == pytest.approx((0.0, 0.0), abs=1e-6)
    heights = raised_mm(a, b)
    x, y, z = b.vertices.T
    on_top = z > -2.0
    assert np.isnan(heights[~on_top]).all() and np.isnan(heights[on_top & (x > 150)]).all()
    told = on_top & (x <= 150)
    np.testing.assert_allclose(heights[told], raised(x, y)[told], atol=1e-9)


# ------------------------------------------------------------------------------------------------ series


def test_a_series_goes_on_past_what_fails(scan: Path) -> None:
    own = contents(OWN / "6-insole")
    result = call("-q", "insole", scan, "--vary", "insole.arch_fill_mm=99,1.60", "--prescription", "dress")
    assert result.exit_code == 1
    head, *rows = (line.split() for line in result.stdout.splitlines())
    assert head[:3] == ["version", "foot", "proof"]
    assert [row[:3] for row in rows] == [
        ["arch_fill_mm=99", "-", "refused"],
        ["arch_fill_mm=1.6", "left", "proven"],
    ]
    assert rows[1][3] == "arch_fill_mm" and float(rows[1][4].strip(",")) == pytest.approx(1.6, abs=0.1)
    assert [line for line in result.stderr.splitlines() if line.startswith("scanproc: ")] == [
        "scanproc: arch_fill_mm=99: insole.arch_fill_mm = 99.0 is out of range; expected 0.0 to 10.0."
    ]
    assert contents(OWN / "6-insole") == own
    assert ScanFolder(OWN).version_names() == ("arch_fill_mm=1.6", "dress")
    kept = (OWN / "prescriptions" / "arch_fill_mm=1.6.toml").read_text(encoding="utf-8")
    assert 'preset = "dress"' in kept and "arch_fill_mm = 1.6" in kept
    again = json.loads(call("-q", "insole", scan, "--vary", "insole.arch_fill_mm=1.6", "--json").stdout)
    (one,) = again["versions"]  # from the scan's own prescription, whatever an earlier series was made from
    assert (again["status"], one["version"], one["stages"]["insole"]) == (
        "done",
        "arch_fill_mm=1.6",
        {"status": "computed"},
    )
    assert call("insole", scan, "--as", "dress", "--vary", "insole.arch_fill_mm=1").exit_code == 2


def test_every_value_of_one_dose_with_every_one_of_another() -> None:
    members = series(["insole.left.heel_lift_mm=0,3.0", "insole.preset=dress,lab/mine.toml"])
    assert [member.name for member in members] == [
        "left.heel_lift_mm=0+preset=dress",
        "left.heel_lift_mm=0+preset=mine",
        "left.heel_lift_mm=3+preset=dress",
        "left.heel_lift_mm=3+preset=mine",
    ]
    assert members[1].overrides == ("insole.left.heel_lift_mm=0", "insole.preset=lab/mine.toml")


@pytest.mark.parametrize(
    ("varied", "words"),
    [
        (["insole.arch_fill_mm"], "is no series"),
        (["insole.arch_fill_mm=1,,2"], "is no series"),
        (["clean.max_range_mm=1,2"], "is no series"),
        (["insole.arch_fil=1,2"], "there is no setting insole.arch_fil; expected 'arch_fill_mm'"),
        (["insole.arch_fill_mm=1,1.0"], "has arch_fill_mm=1 twice"),
        (["insole.arch_fill_mm=1", "insole.arch_fill_mm=2"], "names arch_fill_mm twice"),
        (["insole.arch_fill_mm=" + ",".join(map(str, range(101)))], "found 101 insoles in the series"),
    ],
)
def test_what_is_no_series_is_refused_at_once(varied: list[str], words: str) -> None:
    with pytest.raises(ScanError, match=words):
        series(varied)


def test_every_stage_from_the_insole_on_is_made_by_the_prescription() -> None:
    assert [stage.name for stage in STAGES if stage.by_prescription] == ["insole", "export", "report"]
