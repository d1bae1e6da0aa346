"""The runner computes what is stale and nothing else, says why, and goes on past a refusal.

Small stages that count their calls stand in for the real ones; one test runs the real ones on a finished mesh.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import threading
import time
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from feet import AnalyticFoot

import scanproc
from scanproc import pipeline, results, run_plan, runner, scan_folder
from scanproc.artifacts import (
    CleanView,
    CleanViews,
    DepthFrame,
    Exports,
    Feet,
    Foot,
    FootMeasures,
    Intrinsics,
    Landmark,
    Measure,
    Measures,
    Mesh,
    Recording,
    Refusals,
    Report,
    ScanFacts,
    Surface,
)
from scanproc.errors import ScanError
from scanproc.parallel import WORKERS, using_workers
from scanproc.pipeline import Stage
from scanproc.runner import Run
from scanproc.scan import write_recording
from scanproc.settings import setting


@dataclass(frozen=True)
class CleanConfig:
    """Of the views."""

    max_range_mm: float = setting(900.0, "farthest depth, mm")
    refuse: bool = setting(False, "refuse the scan")


@dataclass(frozen=True)
class SurfaceConfig:
    """Of the surface."""

    voxel_mm: float = setting(1.0, "edge, mm")
    refuse: bool = setting(False, "refuse the scan")


@dataclass(frozen=True)
class PlainConfig:
    """Of a stage with nothing to set but this."""

    scale: float = setting(1.0, "of the result")
    refuse: bool = setting(False, "refuse the scan")


@dataclass
class Bench:
    """A recording, its outputs, and a line of small stages: clean, surface, align, measure, and report at the end."""

    scan: Path
    out: Path
    calls: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    alive: dict[str, list[str]] = field(default_factory=dict)  # which artifacts there were when a stage was called
    made: dict[str, weakref.ref[Any]] = field(default_factory=dict)

    def run(self, to: str = "report", out: Path | None = None, **settings: dict[str, Any]) -> Run:
        self.calls.clear()
        self.log.clear()
        return runner.run(self.scan, out or self.out, to, [settings])

    @property
    def root(self) -> Path:
        return self.out / self.scan.name

    def run_json(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.root / "run.json").read_text(encoding="utf-8"))
        return content

    def measured(self) -> Any:
        content = json.loads((self.root / "4-measure" / "measures.json").read_text(encoding="utf-8"))
        return content["feet"][0]["measures"]["foot_length_mm"]["value"]

    def why(self, stage: str) -> str:
        (line,) = [line for line in self.log if line.startswith(stage) and "done in" not in line]
        return line

    def stages(self) -> tuple[Stage, ...]:
        def clean(recording: Recording, config: CleanConfig) -> CleanViews:
            self._called("clean", config.refuse)
            self.made["recording"] = weakref.ref(recording)
            (frame,) = recording.frames
            assert isinstance(frame, DepthFrame)
            depth = np.where(frame.depth < config.max_range_mm, frame.depth, 0).astype(np.float32)
            normals = np.zeros((*depth.shape, 3), np.float16)
            return CleanViews((CleanView(frame.name, depth, normals, depth > 0, frame.intrinsics, None, {}),))

        def surface(views: CleanViews, config: SurfaceConfig) -> Surface:
            self._called("surface", config.refuse)
            self.made["views"] = weakref.ref(views)
            height = float(views.views[0].depth_mm.max()) * config.voxel_mm
            mesh = Mesh(np.array([[0, 0, 0], [1, 0, 0], [0, 1, height]], float), np.array([[0, 1, 2]], np.int32))
            return Surface(mesh, np.ones(3, np.uint8), floor_seen=True)

        def align(surface: Surface, facts: ScanFacts, config: PlainConfig) -> Feet:
            self._called("align", config.refuse)
            tip = Landmark(surface.mesh.vertices.max(axis=0), "auto", 1.0)
            return Feet((Foot("left", 0.9, "floor", np.eye(4), surface.mesh, surface.views, {"tip": tip}),))

        def measure(feet: Feet, config: PlainConfig) -> Measures:
            self._called("measure", config.refuse)
            length = Measure(float(feet.feet[0].landmarks["tip"].xyz_mm[2]) * config.scale, None, "measured")
            return Measures((FootMeasures("left", "unknown", "floor", {"foot_length_mm": length}),))

        def report(
            views: CleanViews | None, measures: Measures | None, refusals: Refusals, config: PlainConfig
        ) -> Report:
            self._called("report", config.refuse)
            texts = [f"{refusal.stage}: {refusal.message}" for refusal in refusals.refusals]
            return Report(f"views {views is not None}, measures {measures is not None}, refused {texts}")

        made = []
        for number, function in enumerate((clean, surface, align, measure, report), start=1):
            stage = Stage(number, function.__name__, "")
            stage.__dict__["function"] = function  # in place of the one in scanproc/stages
            stage.__dict__["_hints"] = {
                name: eval(hint, {**globals(), **locals()}) for name, hint in function.__annotations__.items()
            }
            made.append(stage)
        return tuple(made)

    def _called(self, stage: str, refuse: bool) -> None:
        self.calls.append(stage)
        self.alive[stage] = [name for name, artifact in self.made.items() if artifact() is not None]
        if refuse:
            raise ScanError(f"found {stage}, expected better. Scan again.")


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    scan = tmp_path / "scans" / "demo"
    record(scan, 500)
    made = Bench(scan, tmp_path / "outputs")
    stages = made.stages()
    for module in (run_plan, pipeline, scan_folder, scanproc.store):
        monkeypatch.setattr(module, "STAGES", stages)
    watcher = logging.Handler()
    watcher.emit = lambda entry: made.log.append(entry.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("scanproc.runner")
    monkeypatch.setattr(logger, "level", logging.DEBUG)
    logger.addHandler(watcher)
    yield made
    logger.removeHandler(watcher)


def record(folder: Path, depth: int) -> None:
    frame = DepthFrame("000000", np.full((6, 8), depth, np.uint16), 1.0, Intrinsics(8, 6, 9.0, 9.0, 3.5, 2.5))
    write_recording(folder, Recording((frame,)), ScanFacts(name=folder.name))


def contents(root: Path) -> dict[str, str]:
    """Return the hash of every file but run.json, which holds times."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file() and path.name != "run.json"
    }


ALL = ["clean", "surface", "align", "measure", "report"]

# ------------------------------------------------------------------------------------------------ what is computed


def test_a_first_run_computes_all_in_order_and_a_second_one_nothing(bench: Bench) -> None:
    first = bench.run()
    assert (bench.calls, list(first.computed), first.fresh, first.refusals) == (ALL, ALL, (), ())
    assert bench.why("1-clean") == "1-clean: no result yet"
    before = contents(bench.root)
    second = bench.run()
    assert (bench.calls, second.computed, list(second.fresh)) == ([], (), ALL)
    assert contents(bench.root) == before
    assert bench.measured() == 500.0


def test_run_json_says_what_was_done(bench: Bench) -> None:
    bench.run(align={"scale": 2.0})
    first = bench.run_json()
    assert first["scan"] == "demo" and set(first["stages"]) == set(ALL)
    assert first["settings"]["align"] == {"scale": 2.0, "refuse": False}
    assert first["inputs"].keys() >= {"depth/000000.png", "camera_intrinsic.json"}
    assert first["versions"]["scanproc"] == scanproc.__version__
    for stage in first["stages"].values():
        assert stage["seconds"] >= 0.0 and stage["peak_memory_mb"] > 1.0
    bench.run(align={"scale": 2.0})
    assert bench.run_json() == first


def test_a_run_to_a_stage_stops_there_and_the_next_one_goes_on(bench: Bench) -> None:
    assert list(bench.run("align").computed) == ALL[:3]
    later = bench.run()
    assert (list(later.fresh), list(later.computed)) == (ALL[:3], ALL[3:])
    bench.run("clean")
    assert set(bench.run_json()["stages"]) == set(ALL)


def test_a_changed_setting_computes_that_stage_and_those_that_depend_on_it(bench: Bench) -> None:
    bench.run()
    assert list(bench.run(align={"scale": 3.0}).computed) == ["align", "measure", "report"]
    assert bench.why("3-align") == "3-align: computed again, settings changed: scale 1.0 → 3.0"
    assert bench.why("4-measure") == "4-measure: computed again, inputs changed: feet"
    assert bench.why("2-surface") == "2-surface: fresh"


def test_a_setting_changed_back_gives_the_same_bytes_again(bench: Bench) -> None:
    bench.run()
    before = contents(bench.root)
    bench.run(surface={"voxel_mm": 2.0})
    assert bench.measured() == 1000.0
    bench.run()
    assert contents(bench.root) == before


def test_a_changed_recording_computes_everything(bench: Bench) -> None:
    bench.run()
    record(bench.scan, 600)
    assert list(bench.run().computed) == ALL
    assert bench.why("1-clean") == "1-clean: computed again, inputs changed: recording"
    assert bench.measured() == 600.0


@pytest.mark.parametrize("what", ["sources", "versions"])
def test_another_recipe_computes_a_stage_and_those_below_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    def made_by(stage: str) -> dict[str, dict[str, str]]:
        changed = {what: {"numpy": "1"}} if stage == "surface" else {}
        return {"sources": {}, "versions": {}, **changed}

    monkeypatch.setattr(runner, "stage_made_by", lambda stage: {"sources": {}, "versions": {}})
    bench.run()
    monkeypatch.setattr(runner, "stage_made_by", made_by)
    assert list(bench.run().computed) == ALL[1:]
    assert bench.why("2-surface") == f"2-surface: computed again, {what} changed: numpy"
    assert bench.why("1-clean") == "1-clean: fresh"


def test_another_reader_computes_everything(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.run()
    monkeypatch.setattr(runner, "reader_made_by", lambda reader: {"of": reader})
    assert list(bench.run().computed) == ALL
    assert bench.why("1-clean") == "1-clean: computed again, inputs changed: reader"


@pytest.mark.parametrize("name", ["surface.ply", "surface.json", "manifest.json"])
@pytest.mark.parametrize("damage", ["changed", "deleted"])
def test_a_damaged_result_is_computed_again(bench: Bench, name: str, damage: str) -> None:
    bench.run()
    before = contents(bench.root)
    path = bench.root / "2-surface" / name
    path.unlink() if damage == "deleted" else path.write_bytes(path.read_bytes()[:-2])
    assert list(bench.run().computed) == ["surface"]
    if name != "manifest.json":
        assert bench.why("2-surface") == "2-surface: computed again, its files were changed or lost"
    assert contents(bench.root) == before


def test_what_no_later_stage_takes_is_let_go_of(bench: Bench) -> None:
    bench.run("align")
    assert bench.alive == {"clean": [], "surface": [], "align": []}
    bench.run(clean={"max_range_mm": 800.0})
    assert bench.alive["align"] == ["views"], "the report takes them, too"


def test_stages_that_are_not_run_are_not_loaded_and_keep_their_settings(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.run(measure={"scale": 2.0})
    before = bench.run_json()["settings"]
    with monkeypatch.context() as patch:
        for stage in pipeline.STAGES[3:]:  # asked for one of these, it would load the real one, with other settings
            patch.delitem(stage.__dict__, "function")
            patch.delitem(stage.__dict__, "_hints")
        bench.run("align", align={"scale": 3.0})
    assert bench.run_json()["settings"] == {**before, "align": {"scale": 3.0, "refuse": False}}
    with pytest.raises(ScanError, match="called 'alin'; expected 'align'"):
        bench.run("align", alin={"scale": 3.0})


def test_two_folders_get_the_same_bytes(bench: Bench, tmp_path: Path) -> None:
    one, two = bench.run(out=tmp_path / "one"), bench.run(out=tmp_path / "two" / "deep")
    assert contents(one.store.root) == contents(two.store.root) != {}


# ------------------------------------------------------------------------------------------------ disturbed


def test_two_scans_of_one_name_do_not_replace_each_other(bench: Bench, tmp_path: Path) -> None:
    bench.run()
    before, first = contents(bench.root), bench.scan
    bench.scan = tmp_path / "tuesday" / "demo"
    record(bench.scan, 600)
    with pytest.raises(ScanError) as refusal:
        bench.run()
    assert str(first) in str(refusal.value) and str(bench.scan) in str(refusal.value)
    assert contents(bench.root) == before
    record(bench.scan, 500)  # a copy has the same results
    assert list(bench.run().fresh) == ALL
    record(bench.scan, 600)
    shutil.rmtree(first)  # moved, and recorded anew
    assert list(bench.run().computed) == ALL


def test_a_scan_and_its_outputs_may_move_together(bench: Bench, tmp_path: Path) -> None:
    bench.run()
    for folder in ("scans", "outputs"):
        shutil.copytree(tmp_path / folder, tmp_path / "moved" / folder)
    bench.scan, bench.out = tmp_path / "moved" / "scans" / "demo", tmp_path / "moved" / "outputs"
    record(bench.scan, 700)  # differs from where it came from, which is still there
    assert list(bench.run().computed) == ALL


@pytest.mark.parametrize("moment", ["read_recording", "reader_made_by"])
def test_a_recording_that_is_still_being_copied_is_refused(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """What was hashed is what was read: before, later runs called a result fresh that was made of other bytes."""
    right = getattr(runner, moment)

    def disturbed(argument: Any) -> Any:
        record(bench.scan, 600)
        return right(argument)

    monkeypatch.setattr(runner, moment, disturbed)
    with pytest.raises(ScanError, match="changed while it was read"):
        bench.run()
    assert not list(bench.root.rglob("manifest.json"))
    monkeypatch.setattr(runner, moment, right)
    bench.run()
    assert bench.measured() == 600.0


@pytest.mark.parametrize("gone", ["", "2-surface", "2-surface/surface.ply", "report.html"])
def test_results_that_are_removed_meanwhile_are_no_success(bench: Bench, gone: str) -> None:
    report = pipeline.STAGES[-1]
    right = report.function

    def remover(**arguments: Any) -> Report:
        shutil.rmtree(bench.root / gone) if (bench.root / gone).is_dir() else (bench.root / gone).unlink()
        return right(**arguments)

    bench.run()
    report.__dict__["function"] = remover
    if gone == "report.html":
        assert list(bench.run(report={"scale": 2.0}).computed) == ["report"]  # it is written after that
        return
    with pytest.raises(ScanError, match="was removed or replaced while this ran"):
        bench.run(report={"scale": 2.0})
    report.__dict__["function"] = right
    bench.run(report={"scale": 2.0})
    assert bench.measured() == 500.0


# ------------------------------------------------------------------------------------------------ refusals


def test_a_refusal_leaves_the_others_going(bench: Bench) -> None:
    result = bench.run(surface={"refuse": True})
    assert list(result.computed) == ["clean", "report"]
    assert [(one.stage, one.message) for one in result.refusals] == [
        ("surface", "found surface, expected better. Scan again.")
    ]
    assert bench.log.count("3-align: left out, it needs the result of surface") == 1
    assert bench.log.count("4-measure: left out, it needs the result of align") == 1
    page = (bench.root / "report.html").read_text(encoding="utf-8")
    assert page.startswith("views True, measures False, refused ['surface: found surface")


def test_a_refusal_is_remembered(bench: Bench) -> None:
    first = bench.run(surface={"refuse": True})
    assert bench.run_json()["stages"]["surface"]["refused"] == first.refusals[0].message
    second = bench.run(surface={"refuse": True})
    assert bench.calls == []
    assert second.refusals == first.refusals
    assert "refused before" in bench.why("2-surface")
    bench.run("clean", surface={"refuse": True})  # a shorter run does not forget it
    assert bench.run(surface={"refuse": True}).refusals == first.refusals
    assert bench.calls == []


def test_a_refusal_is_forgotten_when_settings_or_recording_change(bench: Bench) -> None:
    bench.run(surface={"refuse": True})
    assert list(bench.run().computed) == ["surface", "align", "measure", "report"]
    assert "refused" not in bench.run_json()["stages"]["surface"]
    bench.run(surface={"refuse": True})
    record(bench.scan, 600)
    bench.run(surface={"refuse": True})
    assert bench.calls == ["clean", "surface", "report"]


def test_a_refusal_keeps_the_result_of_an_earlier_run_and_says_so(bench: Bench) -> None:
    bench.run()
    before = contents(bench.root)
    result = bench.run(surface={"refuse": True})
    after = contents(bench.root)
    assert list(result.computed) == ["report"]
    assert {name for name in before if before[name] != after.get(name)} == {"report.html", "5-report/manifest.json"}
    assert "2-surface still holds the result of an earlier run: do not use it for this one" in bench.log
    assert (bench.root / "report.html").read_text(encoding="utf-8").startswith("views True, measures False")
    assert list(bench.run().fresh) == ALL[:-1]
    assert "refused" not in bench.run_json()["stages"]["surface"]


def test_a_first_stage_that_refuses_still_gets_a_report(bench: Bench) -> None:
    result = bench.run(clean={"refuse": True})
    assert list(result.computed) == ["report"]
    assert "views False, measures False" in (bench.root / "report.html").read_text(encoding="utf-8")


def test_a_wrong_environment_is_no_refusal_of_the_scan(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WORKERS, "many")
    with pytest.raises(ScanError, match=WORKERS):
        bench.run()
    assert bench.calls == [] and not bench.root.exists()


# ------------------------------------------------------------------------------------------------ edited landmarks


@pytest.fixture(autouse=True)
def marks_may_move_far(monkeypatch: pytest.MonkeyPatch) -> None:
    """The foot of this bench is a spike of 500 mm."""
    monkeypatch.setattr("scanproc.formats.edited_landmarks._MOST_MOVED_MM", np.inf)


def edit(bench: Bench, height: float) -> None:
    marks = {"feet": [{"side": "left", "landmarks": {"tip": {"xyz_mm": [0, height / 500.0, height]}}}]}
    (bench.root / "landmarks.edited.json").write_text(json.dumps(marks), encoding="utf-8")


def test_edited_landmarks_are_an_input_of_the_stages_that_take_feet(bench: Bench) -> None:
    bench.run()
    edit(bench, 77.0)
    assert list(bench.run().computed) == ["measure", "report"]
    assert bench.why("4-measure") == "4-measure: computed again, inputs changed: landmarks.edited.json"
    assert bench.measured() == pytest.approx(77.0)
    assert list(bench.run().fresh) == ALL
    edit(bench, 78.0)
    bench.run()
    assert bench.measured() == pytest.approx(78.0)
    (bench.root / "landmarks.edited.json").unlink()
    bench.run()
    assert bench.why("4-measure") == "4-measure: computed again, inputs changed: landmarks.edited.json"
    assert bench.measured() == 500.0


def test_landmarks_edited_before_the_first_run_count_at_once(bench: Bench) -> None:
    bench.root.mkdir(parents=True)
    edit(bench, 66.0)
    bench.run()
    assert bench.measured() == pytest.approx(66.0)
    auto = json.loads((bench.root / "3-align" / "landmarks.json").read_text(encoding="utf-8"))
    assert auto["feet"][0]["landmarks"]["tip"]["xyz_mm"][2] == 500.0


def test_landmarks_edited_beside_those_that_were_found_count_too(bench: Bench) -> None:
    """And outlive the next run of `align`, which writes its folder anew; two that differ are refused."""
    bench.run()
    edit(bench, 77.0)
    beside = bench.root / "3-align" / "landmarks.edited.json"
    (bench.root / "landmarks.edited.json").rename(beside)
    bench.run()
    assert bench.measured() == pytest.approx(77.0)
    assert list(bench.run().fresh) == ALL
    bench.run(align={"scale": 2.0})
    assert "align" in bench.calls and beside.is_file()
    assert bench.measured() == pytest.approx(77.0)
    edit(bench, 78.0)
    with pytest.raises(ScanError, match=r"which differ; expected one"):
        bench.run()


@pytest.mark.parametrize("text", ["", "{", '{"feet": [{"side": "right", "landmarks": {}}]}'])
def test_a_broken_edit_is_refused_and_loses_nothing(bench: Bench, text: str) -> None:
    bench.run()
    before = contents(bench.root)
    (bench.root / "landmarks.edited.json").write_text(text, encoding="utf-8")
    with pytest.raises(ScanError, match=r"landmarks\.edited\.json"):
        bench.run()
    (bench.root / "landmarks.edited.json").unlink()
    assert contents(bench.root) == before
    assert list(bench.run().fresh) == ALL


# ------------------------------------------------------------------------------------------------ what cannot be run


def test_an_unreadable_scan_writes_nothing(bench: Bench) -> None:
    (bench.scan / "depth" / "000000.png").write_bytes(b"not a picture")
    with pytest.raises(ScanError, match=r"000000\.png"):
        bench.run()
    assert not bench.out.exists()


def test_a_scan_that_became_unreadable_loses_nothing(bench: Bench) -> None:
    bench.run()
    before, record_before = contents(bench.root), bench.run_json()
    (bench.scan / "depth" / "000000.png").write_bytes(b"not a picture")
    with pytest.raises(ScanError):
        bench.run()
    assert (contents(bench.root), bench.run_json()) == (before, record_before)


@pytest.mark.parametrize(
    ("settings", "words"), [({"clean": {"max_rnge_mm": 1.0}}, "'max_range_mm'"), ({"cleen": {}}, "'clean'")]
)
def test_a_wrong_setting_writes_nothing(bench: Bench, settings: dict[str, dict[str, Any]], words: str) -> None:
    with pytest.raises(ScanError, match=words):
        bench.run(**settings)
    assert not bench.out.exists() and bench.calls == []


def test_an_unknown_stage_is_refused(bench: Bench) -> None:
    with pytest.raises(ScanError, match="'measure'"):
        bench.run("mesure")
    assert not bench.out.exists()


def test_a_bug_is_raised_and_what_was_done_before_is_kept(bench: Bench) -> None:
    def buggy(feet: Feet, config: PlainConfig) -> Measures:
        raise ZeroDivisionError("a bug")

    measure = pipeline.STAGES[3]
    right = measure.function
    measure.__dict__["function"] = buggy
    with pytest.raises(ZeroDivisionError):
        bench.run()
    assert set(bench.run_json()["stages"]) == {"clean", "surface", "align"}
    measure.__dict__["function"] = right
    assert list(bench.run().computed) == ["measure", "report"]


# ------------------------------------------------------------------------------------------------ written meanwhile

SAVE = scanproc.store.Store.save


def test_a_stage_is_written_while_the_next_one_computes(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = threading.Event()
    right = pipeline.STAGES[1].function

    def surface(**arguments: Any) -> Surface:
        begun.set()
        return right(**arguments)  # type: ignore[no-any-return]

    def save(store: scanproc.store.Store, stage: Stage, *rest: Any) -> None:
        assert stage.name != "clean" or begun.wait(30.0)
        SAVE(store, stage, *rest)

    pipeline.STAGES[1].__dict__["function"] = surface
    monkeypatch.setattr(scanproc.store.Store, "save", save)
    assert list(bench.run().computed) == list(bench.run().fresh) == ALL


def test_landmarks_edited_beside_those_found_are_read_when_these_are_written(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.run()
    edit(bench, 77.0)
    folder = bench.root / "3-align"
    (bench.root / "landmarks.edited.json").rename(folder / "landmarks.edited.json")

    def save(store: scanproc.store.Store, stage: Stage, *rest: Any) -> None:
        if stage.name == "align":
            folder.rename(bench.root / "away")
            time.sleep(0.3)
            (bench.root / "away").rename(folder)
        SAVE(store, stage, *rest)

    monkeypatch.setattr(scanproc.store.Store, "save", save)
    bench.run(align={"scale": 2.0})
    assert bench.measured() == pytest.approx(77.0)


def test_what_cannot_be_written_ends_the_run_and_is_made_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def save(store: scanproc.store.Store, stage: Stage, *rest: Any) -> None:
        if stage.name == "surface":
            raise ScanError("outputs cannot be written")
        SAVE(store, stage, *rest)

    with monkeypatch.context() as full, pytest.raises(ScanError, match="cannot be written"):
        full.setattr(scanproc.store.Store, "save", save)
        bench.run()
    again = bench.run()
    assert (list(again.fresh), list(again.computed)) == (ALL[:1], ALL[1:])


# ------------------------------------------------------------------------------------------------ the real stages


@pytest.fixture(scope="module")
def stl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    foot = AnalyticFoot(step_mm=4.0).mesh()
    path = tmp_path_factory.mktemp("mesh") / "foot.stl"
    trimesh.Trimesh(foot.vertices, foot.faces, process=False).export(path)
    return path


def test_a_finished_mesh_enters_at_align_and_is_measured(stl: Path, tmp_path: Path) -> None:
    first = scanproc.run(stl, tmp_path, to="measure")
    assert (first.computed, first.refusals, first.store.root) == (("align", "measure"), (), tmp_path / "foot")
    content = json.loads((first.store.root / "5-measure" / "measures.json").read_text(encoding="utf-8"))
    length = content["feet"][0]["measures"]["foot_length_mm"]["value"]
    assert 248.0 < length < 252.0
    before = contents(first.store.root)
    assert scanproc.run(stl, tmp_path, to="measure").fresh == ("align", "measure")
    again = scanproc.run(stl, tmp_path, "measure", [{"measure": {"max_unseen_share": 0.2}}])
    assert (again.fresh, again.computed) == (("align",), ("measure",))
    scanproc.run(stl, tmp_path / "other", to="align")
    other = scanproc.run(stl, tmp_path / "other", to="measure")  # of feet that were read again, not just made
    assert contents(other.store.root) == before


@pytest.mark.parametrize("to", ["clean", "surface"])
def test_a_finished_mesh_has_no_stage_before_align(stl: Path, tmp_path: Path, to: str) -> None:
    with pytest.raises(ScanError, match="enters at align"):
        scanproc.run(stl, tmp_path, to=to)
    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------------------------------------------ from Python


def test_paths_may_be_texts_and_a_result_has_its_measures(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "STAGES", pipeline.STAGES)
    result = scanproc.run(str(bench.scan), str(bench.out))
    assert result.measures["left"]["foot_length_mm"].value == 500.0
    again = scanproc.run(str(bench.scan), out=str(bench.out), to="measure")
    assert again.fresh == ("clean", "surface", "align", "measure")
    assert again.measures["left"]["foot_length_mm"].status == "measured"
    assert scanproc.run(str(bench.scan), str(bench.out), "align").measures == {}
    assert scanproc.open_scan(str(bench.scan)).name == "demo"


def test_a_notebook_shows_a_table_of_measures_and_what_was_refused(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "STAGES", pipeline.STAGES)
    page = bench.run(report={"refuse": True})._repr_html_()
    assert "<td>left</td><td>Foot length</td><td>500.0 mm</td>" in page
    assert "<p>report: found report, expected better. Scan again.</p>" in page
    refused = bench.run(clean={"refuse": True})._repr_html_()
    assert "<td>" not in refused and "clean: found clean" in refused


def test_the_public_names_are_offered_before_they_are_loaded() -> None:
    assert set(scanproc.__all__) <= set(dir(scanproc))


# ------------------------------------------------------------------------------------------------ beside each other


@pytest.fixture
def beside_measure(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Put a stage after `measure` that takes nothing of it."""

    def export(feet: Feet, config: PlainConfig) -> Exports:
        bench._called("export", config.refuse)
        return Exports({"length.txt": str(feet.feet[0].landmarks["tip"].xyz_mm[2] * config.scale).encode()})

    stage = Stage(5, "export", "")
    stage.__dict__["function"] = export
    stage.__dict__["_hints"] = {"feet": Feet, "config": PlainConfig, "return": Exports}
    stages = (*pipeline.STAGES[:-1], stage, pipeline.STAGES[-1])
    for module in (run_plan, pipeline, scan_folder, scanproc.store):
        monkeypatch.setattr(module, "STAGES", stages)
    return stage


WITH_EXPORT = [*ALL[:-1], "export", "report"]


def test_a_stage_begins_while_the_one_before_is_computed_where_it_takes_nothing_of_it(
    bench: Bench, beside_measure: Stage
) -> None:
    begun = threading.Event()
    measure, export = pipeline.STAGES[3].function, beside_measure.function

    def waiting(**arguments: Any) -> Measures:
        assert begun.wait(30.0)
        return measure(**arguments)  # type: ignore[no-any-return]

    def beginning(**arguments: Any) -> Exports:
        begun.set()
        return export(**arguments)  # type: ignore[no-any-return]

    pipeline.STAGES[3].__dict__["function"] = waiting
    beside_measure.__dict__["function"] = beginning
    with using_workers(2):
        first = bench.run()
    assert list(first.computed) == WITH_EXPORT and sorted(bench.calls) == sorted(WITH_EXPORT)
    assert bench.why("5-export") == "5-export: no result yet"
    before = contents(bench.root)
    assert list(bench.run().fresh) == WITH_EXPORT and bench.calls == []
    shutil.rmtree(bench.root)
    pipeline.STAGES[3].__dict__["function"] = measure
    with using_workers(1):
        bench.run()
    assert (bench.calls, contents(bench.root)) == (WITH_EXPORT, before)


def test_only_what_has_to_be_computed_is_begun(bench: Bench, beside_measure: Stage) -> None:
    bench.run()
    with using_workers(2):
        assert list(bench.run(measure={"scale": 2.0}).computed) == ["measure", "report"]
        assert bench.calls == ["measure", "report"]
        bench.run(export={"refuse": True})
        bench.run(export={"refuse": True}, measure={"scale": 3.0})
    assert bench.calls == ["measure", "report"]
    assert bench.log.count("5-export: refused before, with the same input and settings") == 1


def test_refusals_of_stages_beside_each_other_come_in_their_order(bench: Bench, beside_measure: Stage) -> None:
    measure = pipeline.STAGES[3].function

    def late(**arguments: Any) -> Measures:
        time.sleep(0.1)
        return measure(**arguments)  # type: ignore[no-any-return]

    pipeline.STAGES[3].__dict__["function"] = late
    with using_workers(2):
        result = bench.run(measure={"refuse": True}, export={"refuse": True})
    assert [refusal.stage for refusal in result.refusals] == ["measure", "export"]
    assert list(result.computed) == ["clean", "surface", "align", "report"]


def test_a_bug_beside_another_stage_is_raised_in_its_turn(bench: Bench, beside_measure: Stage) -> None:
    def broken(**arguments: Any) -> Exports:
        raise ZeroDivisionError("a bug")

    beside_measure.__dict__["function"] = broken
    with using_workers(2), pytest.raises(ZeroDivisionError, match="a bug"):
        bench.run()
    assert list(bench.run("measure").fresh) == ALL[:4]
