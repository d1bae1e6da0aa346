"""The main job on the demo recordings, against their truth, and on everything that can be wrong with a recording."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from click.testing import CliRunner, Result
from PIL import Image
from recordings import textbook
from report_scans import english_in
from test_readme import blocks
from test_view_pictures import looks_like, opened, script
from truth import SCANS, surface_errors, true_measures, true_mesh

from scanproc.artifacts import Mesh, Refusals, ScanFacts, Surface
from scanproc.cli import main
from scanproc.formats.ply import read_ply
from scanproc.frames import inverse
from scanproc.pages.words import Words
from scanproc.several.scans import results_of
from scanproc.simulation.simulate import simulate
from scanproc.simulation.truth import write_simulation
from scanproc.stages.report import ReportConfig, report


def scanproc(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def hashes(folder: Path, but: tuple[str, ...] = ("run.json",)) -> dict[str, str]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name not in but]
    return {str(path.relative_to(folder)): digest_of(path) for path in files}


def digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Demo:
    """One of the recordings in scans/, and what a run made of it."""

    scan: Path
    out: Path
    result: Result

    @property
    def measures(self) -> dict[str, Any]:
        (foot,) = read(self.out / "5-measure" / "measures.json")["feet"]
        return dict(foot["measures"])

    def value(self, name: str) -> float:
        assert self.measures[name]["value"] is not None, self.measures[name]
        return float(self.measures[name]["value"])


def run_demo(name: str, out: Path, *words: str) -> Demo:
    return Demo(SCANS / name, out / name, scanproc("-q", "run", SCANS / name, "--out", out, *words))


#: Pictures of a quarter of the pixels: the demo has them at full size.
SMALL = ("--set", "report.pixels_per_mm=1")


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("outputs")


@pytest.fixture(scope="module")
def demo(out: Path) -> Demo:
    return run_demo("demo", out)


@pytest.fixture(scope="module")
def standing(out: Path) -> Demo:
    return run_demo("demo-standing", out, *SMALL)


@pytest.fixture(scope="module")
def clouds(out: Path) -> Demo:
    return run_demo("demo-clouds", out, *SMALL)


# ------------------------------------------------------------------------------------------------ a raised foot


def test_the_demo_ends_with_an_insole_and_a_report(demo: Demo) -> None:
    assert demo.result.exit_code == 0, demo.result.output
    stl = trimesh.load_mesh(demo.out / "7-export" / "left.stl")
    assert stl.is_watertight
    assert stl.volume > 0
    assert all(check["pass"] for check in read(demo.out / "6-insole" / "checks.json")["feet"][0]["checks"])
    report = (demo.out / "report.html").read_text(encoding="utf-8")
    assert "usable" in report
    run = read(demo.out / "run.json")
    assert {"versions", "settings", "inputs", "stages"} <= set(run)


def test_the_demo_surface_lies_on_the_truth(demo: Demo) -> None:
    mesh, views, color = read_ply((demo.out / "3-surface" / "surface.ply").read_bytes())
    assert views is not None
    first = read(demo.scan / "truth" / "poses.json")["views"][0]
    poses = read(demo.out / "2-register" / "poses.json")["views"]
    assert poses[0]["accepted"]
    guess = np.array(first["T_mesh_camera"]) @ inverse(np.array(poses[0]["T_scan_camera"]))
    errors = surface_errors(Surface(mesh, views, False, color), true_mesh(demo.scan), guess)
    assert 0.02 < errors.median <= 0.30
    assert 0.05 < errors.p95 <= 1.0


def test_the_demo_measures_are_true(demo: Demo) -> None:
    truth = true_measures(true_mesh(demo.scan), ScanFacts("t", side="left", loading="non-weight-bearing"), False)
    for name, bound in (("foot_length_mm", 1.5), ("heel_angle_deg", 2.5), ("plantar_arch_height_mm", 1.5)):
        assert demo.measures[name]["status"] == "measured"
        assert demo.value(name) == pytest.approx(truth[name], abs=bound), name


@pytest.mark.few(1)
@pytest.mark.parametrize("name", ["landmarks", "insole-wall", "section"])
def test_the_window_shows_the_demo_as_in_the_docs(name: str, demo: Demo) -> None:
    """Three of the scenes; all of them under --slow."""
    now = Image.open(io.BytesIO(script()["draw"](name, demo.out.parent)))
    assert looks_like(now, opened(name)), f"docs/views/{name}.png: run scripts/draw-views"


def test_a_second_run_computes_nothing(demo: Demo) -> None:
    before = hashes(demo.out, but=())
    again = run_demo("demo", demo.out.parent)
    assert "nothing to do: 8 stages are up to date" in again.result.output
    assert {name: value for name, value in hashes(demo.out, but=()).items() if name != "run.json"} == {
        name: value for name, value in before.items() if name != "run.json"
    }


def test_a_changed_setting_recomputes_that_stage_and_those_below(demo: Demo, tmp_path: Path) -> None:
    shutil.copytree(demo.out, tmp_path / "demo")
    result = scanproc("run", demo.scan, "--to", "export", "--out", tmp_path, "--set", "insole.arch_fill_mm=1.6")
    assert result.exit_code == 0, result.output
    before, after = hashes(demo.out), hashes(tmp_path / "demo")
    changed = {name.split("/")[0] for name in before if before[name] != after[name]}
    assert changed == {"6-insole", "7-export"}


# ------------------------------------------------------------------------------------------- a standing foot


def test_a_standing_foot_is_measured_and_gets_no_insole(standing: Demo) -> None:
    assert standing.result.exit_code == 1
    message = standing.result.stderr.strip()
    assert message.count("\n") == 0
    assert "the sole under the shell was not seen" in message
    assert not (standing.out / "7-export").exists()
    assert "refused because" in (standing.out / "report.html").read_text(encoding="utf-8")


def test_the_standing_measures_are_true(standing: Demo) -> None:
    truth = true_measures(true_mesh(standing.scan), ScanFacts("t", side="right", loading="standing"), True)
    assert standing.value("arch_height_index") == pytest.approx(truth["arch_height_index"], abs=0.010)
    assert standing.value("heel_angle_deg") == pytest.approx(truth["heel_angle_deg"], abs=1.5)
    assert standing.measures["plantar_arch_height_mm"]["status"] == "refused"


@pytest.mark.parametrize("language", ["de", "es", "fr"])
def test_the_standing_foot_s_report_is_in_its_language_alone(language: Any, standing: Demo) -> None:
    """What it refuses, infers and asks for is told, too; its artifacts are not drawn again."""
    found = results_of(standing.scan, standing.out.parent, "export", ())
    assert found.measures is not None and found.refusals
    config = ReportConfig(language=language, model=False)
    parts = (None, found.registration, None, None, found.measures, found.insoles, found.exports)
    pages = report(found.facts, Refusals(found.refusals), *parts, config)
    assert english_in(pages.html) == [] and english_in(pages.wearer or "") == []
    for measure in found.measures.feet[0].measures.values():
        told = Words(language).tell(measure.reason)
        assert not told.foreign and (measure.reason is None or told.text != measure.reason)
        assert told.__html__() in pages.html


# ------------------------------------------------------------------------------------------------------- clouds


def test_clouds_run_to_measure_with_their_unit_found(clouds: Demo) -> None:
    truth = true_measures(true_mesh(clouds.scan), ScanFacts("t"), True)
    assert clouds.value("foot_length_mm") == pytest.approx(truth["foot_length_mm"], abs=1.5)  # 2.6 mm between points
    report = (clouds.out / "report.html").read_text(encoding="utf-8")
    assert "unit of the clouds: m" in report


@pytest.mark.slow
def test_the_same_raised_foot_gives_the_same_bytes(demo: Demo, tmp_path: Path) -> None:
    assert hashes(run_demo("demo", tmp_path).out) == hashes(demo.out)


# ------------------------------------------------------------------------------------------- what goes wrong


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small good recording; every test breaks a copy of it."""
    folder = tmp_path_factory.mktemp("scans") / "small"
    config = textbook(path="hand-held", camera="d435", views=6, image_scale=0.4)
    write_simulation(folder, simulate(true_mesh(SCANS / "demo"), config))
    return folder


def edit_image(scan: Path, number: int, change: Callable[[np.ndarray], np.ndarray]) -> None:
    path = sorted((scan / "depth").glob("*.png"))[number]
    with Image.open(path) as image:
        pixels = np.array(image)
    Image.fromarray(change(pixels).astype(np.uint16)).save(path)


def truncate(scan: Path) -> None:
    path = sorted((scan / "depth").glob("*.png"))[2]
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def all_zero(scan: Path) -> None:
    for number in range(len(list((scan / "depth").glob("*.png")))):
        edit_image(scan, number, np.zeros_like)


def wrong_unit(scan: Path) -> None:
    text = (scan / "scan.toml").read_text(encoding="utf-8")
    (scan / "scan.toml").write_text(text.replace("depth_unit_mm = 1.0", "depth_unit_mm = 0.1"), encoding="utf-8")


def empty(scan: Path) -> None:
    for entry in scan.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "no such folder": (shutil.rmtree, "does not exist"),
    "empty folder": (empty, "is empty"),
    "differing sizes": (lambda scan: edit_image(scan, 1, lambda image: image[:-8]), "000001.png is"),
    "truncated PNG": (truncate, "000002.png"),
    "no intrinsics": (lambda scan: (scan / "camera_intrinsic.json").unlink(), "camera_intrinsic.json"),
    "all zero": (all_zero, "depth"),
    "wrong unit": (wrong_unit, "depth_unit_mm"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_recording_is_refused_and_nothing_is_lost(what: str, small: Path, tmp_path: Path) -> None:
    scan = tmp_path / "small"
    shutil.copytree(small, scan)
    assert scanproc("run", scan, "--to", "clean", "--out", tmp_path / "out").exit_code == 0
    before = hashes(tmp_path / "out", but=())
    spoil, named = BROKEN[what]
    spoil(scan)

    result = scanproc("-q", "run", scan, "--out", tmp_path / "out")

    assert result.exit_code == 1
    assert result.stderr.startswith("scanproc: ")
    assert result.stderr.strip().count("\n") == 0
    assert named in result.stderr
    assert hashes(tmp_path / "out", but=()) == before


def test_a_mesh_with_nan_is_refused(tmp_path: Path) -> None:
    rows = ["0 0 0", "250 0 0", "0 90 nan", "0 0 80"]
    header = "ply\nformat ascii 1.0\nelement vertex 4\nproperty float x\nproperty float y\nproperty float z\n"
    faces = "element face 2\nproperty list uchar int vertex_indices\nend_header\n"
    body = "\n".join([*rows, "3 0 1 2", "3 0 1 3"])
    (tmp_path / "foot.ply").write_text(header + faces + body + "\n")
    result = scanproc("-q", "run", tmp_path / "foot.ply", "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert "foot.ply" in result.stderr
    assert result.stderr.strip().count("\n") == 0


def test_a_box_is_no_foot(tmp_path: Path) -> None:
    box = trimesh.creation.box(extents=(250.0, 100.0, 80.0)).subdivide_to_size(10.0)
    mesh = Mesh(np.asarray(box.vertices) + np.array([125.0, 0.0, 40.0]), np.asarray(box.faces, dtype=np.int32))
    config = textbook(path="hand-held", camera="d435", views=12, image_scale=0.5)
    write_simulation(tmp_path / "box", simulate(mesh, config))
    result = scanproc("-q", "run", tmp_path / "box", "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert result.stderr.strip().count("\n") == 0
    assert not list((tmp_path / "out").rglob("*.stl"))


# ------------------------------------------------------------------------------------------------ killed, run again


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system cannot kill")
@pytest.mark.parametrize("done", [pytest.param("1-clean", marks=pytest.mark.slow), "4-align"])
def test_a_killed_run_leaves_whole_results_or_none_and_ends_alike_when_run_again(
    done: str, clouds: Demo, tmp_path: Path
) -> None:
    words = ["-q", "run", str(clouds.scan), "--out", str(tmp_path), *SMALL]
    process = subprocess.Popen([sys.executable, "-m", "scanproc", *words], start_new_session=True)
    folder = tmp_path / clouds.scan.name
    while not (folder / done).exists():
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL

    whole = [stage.name for stage in sorted(folder.glob("[1-8]-*"))]
    assert done in whole and not (folder / "report.html").exists()
    for stage in whole:
        files = read(folder / stage / "manifest.json")["files"]
        assert files and files == {name: digest_of(folder / stage / name) for name in files}
    before = hashes(folder, but=())

    again = run_demo(clouds.scan.name, tmp_path, *SMALL)

    assert again.result.exit_code == clouds.result.exit_code == 1  # a foot on the floor gets no insole
    assert hashes(folder) == hashes(clouds.out)
    kept = {name: digest for name, digest in before.items() if name.split("/")[0] in whole}
    assert kept and kept.items() <= hashes(folder, but=()).items()


def test_the_same_input_gives_the_same_bytes_as_the_readme_s_python(clouds: Demo, tmp_path: Path) -> None:
    """In a process that starts anew, from Python."""
    (example,) = blocks("python")
    (tmp_path / "scans").symlink_to(SCANS)
    program = [sys.executable, "-c", example]
    done = subprocess.run(program, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    made = tmp_path / done.stdout.strip().splitlines()[-1]
    assert made == tmp_path / "outputs" / "demo-clouds" / "5-measure" / "measures.json"
    found, stages = hashes(made.parents[1]), ("1-clean", "2-register", "3-surface", "4-align", "5-measure")
    assert {name.split("/")[0] for name in found} == set(stages)
    assert found == {name: digest for name, digest in hashes(clouds.out).items() if name.startswith(stages)}
