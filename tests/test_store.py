"""The store keeps results whole: a program that is killed at any step leaves the old result, none, or the new one."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scanproc import store as store_module
from scanproc.artifacts import CleanView, CleanViews, Exports, Intrinsics, Measures, Mesh, Report, Surface
from scanproc.errors import ScanError
from scanproc.formats import artifact_files as codecs
from scanproc.parallel import using_workers
from scanproc.pipeline import STAGES, Stage
from scanproc.store import EDITED_LANDMARKS, Store, open_store
from scanproc.whole_files import to_json

BY_NAME = {stage.name: stage for stage in STAGES}

# Saves the old result in folders 0, 1, 2 …; then, in a process of its own for each, the new one, and kills that at step
# 0, 1, 2 …: just before a file is opened, renamed, made or removed, or when it is half written. Ends when one survives.
KILLED = """
import os, sys
from pathlib import Path
from scanproc import store
from scanproc.artifacts import Exports, Report
from scanproc.pipeline import STAGES

out, name = Path(sys.argv[1]), sys.argv[2]
stage = next(stage for stage in STAGES if stage.name == name)
old, new = (
    Report(f"<p>{age}</p>") if name == "report" else Exports({f"{age}.stl": age.encode() * 999, "a.dxf": age.encode()})
    for age in ("old", "new")
)
EVENTS = ("open", "os.rename", "os.mkdir", "os.rmdir", "os.remove", "shutil.rmtree")

def die_at(left):
    def step(number=None):
        nonlocal left
        left -= 1
        if left < 0:
            if number is not None:
                os.ftruncate(number, os.fstat(number).st_size // 2)
            os._exit(9)
    os.fsync = step
    sys.addaudithook(lambda event, arguments: step() if event in EVENTS else None)

step, died = 0, True
while died:
    kept = store.Store(out / str(step), sys.argv[3])
    kept.save(stage, old, {"key": "old"})
    child = os.fork()
    if child == 0:
        die_at(step)
        kept.save(stage, new, {"key": "new"})
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, 9), status
    died, step = status == 9, step + 1
print(step)
"""


NEW: dict[str, Any] = {
    "report": Report("<p>new</p>"),
    "export": Exports({"new.stl": b"new" * 999, "a.dxf": b"new"}),
}
NEW_FILES = {"report": {"report.html"}, "export": {"7-export/new.stl", "7-export/a.dxf"}}


def surface(value: float) -> Surface:
    return Surface(Mesh(np.full((3, 3), value), np.array([[0, 1, 2]], np.int32)), np.array([0, 1, 255], np.uint8), True)


def save(store: Store, name: str, artifact: Any, key: str = "k") -> Stage:
    stage = BY_NAME[name]
    store.save(stage, artifact, {"key": key})
    return stage


def files_below(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


# ------------------------------------------------------------------------------------------------ what is kept


def test_a_result_is_kept_with_its_manifest(tmp_path: Path) -> None:
    store = open_store(tmp_path / "outputs", "demo")
    stage = save(store, "surface", surface(1.0), "key 1")
    assert store.manifest(stage)["key"] == "key 1"
    assert store.is_whole(stage)
    assert np.array_equal(store.load(stage).mesh.vertices, surface(1.0).mesh.vertices)
    assert files_below(store.root) == {f"3-surface/{name}" for name in ("manifest.json", "surface.json", "surface.ply")}


def test_a_new_result_leaves_nothing_of_the_old_one(tmp_path: Path) -> None:
    store = open_store(tmp_path, "demo")
    save(store, "export", Exports({"left.stl": b"1", "left.3mf": b"2"}))
    stage = save(store, "export", Exports({"left.stl": b"3"}), "new")
    assert files_below(store.root) == {"7-export/left.stl", "7-export/manifest.json"}
    assert store.load(stage).files == {"left.stl": b"3"}


def test_the_report_lies_at_the_top(tmp_path: Path) -> None:
    store = open_store(tmp_path, "demo")
    stage = save(store, "report", Report("<p>ö</p>"))
    assert files_below(store.root) == {"report.html", "8-report/manifest.json"}
    assert store.report_path().read_text(encoding="utf-8") == "<p>ö</p>"
    assert store.is_whole(stage) and store.load(stage) == Report("<p>ö</p>")


def test_nothing_is_not_a_result_and_a_result_without_files_is(tmp_path: Path) -> None:
    store = open_store(tmp_path, "demo")
    assert store.manifest(BY_NAME["export"]) == {} and not store.is_whole(BY_NAME["export"])
    assert store.is_whole(save(store, "export", Exports({})))


@pytest.mark.parametrize("name", ["left.stl", "manifest.json"])
@pytest.mark.parametrize("damage", ["changed", "cut", "deleted"])
def test_damage_is_seen(tmp_path: Path, name: str, damage: str) -> None:
    store = open_store(tmp_path, "demo")
    stage = save(store, "export", Exports({"left.stl": b"123456"}))
    path = store.root / stage.folder / name
    data = path.read_bytes()
    if damage == "deleted":
        path.unlink()
    else:
        path.write_bytes(data[:-2] if damage == "cut" else data.replace(b"3", b"4").replace(b"schema", b"files\xff"))
    assert not store.is_whole(stage)


def test_run_json_that_is_not_ours_counts_as_none(tmp_path: Path) -> None:
    store = open_store(tmp_path, "demo")
    assert store.read_run() == {}
    store.write_run({"schema": 1, "stages": {}})
    assert store.read_run() == {"schema": 1, "stages": {}}
    for data in (b"", b"{", b"[1]", b"\xff"):
        (store.root / "run.json").write_bytes(data)
        assert store.read_run() == {}


def test_json_is_the_same_for_the_same_value() -> None:
    assert to_json({"b": 1, "a": "ö"}) == to_json({"a": "ö", "b": 1})
    assert json.loads(to_json({"a": [1.0, None]})) == {"a": [1.0, None]}


def test_edited_landmarks_are_read_when_they_are_there(tmp_path: Path) -> None:
    store = open_store(tmp_path, "demo")
    store.root.mkdir()
    assert store.edited_landmarks() is None
    (store.root / EDITED_LANDMARKS).write_bytes(b"")
    assert store.edited_landmarks() == b""


def clean_views(number: int) -> CleanViews:
    rng, camera = np.random.default_rng(3), Intrinsics(50, 40, 60.0, 60.0, 24.5, 19.5)
    return CleanViews(
        tuple(
            CleanView(
                name=f"{index:06d}",
                depth_mm=rng.uniform(200, 600, (40, 50)).astype(np.float32),
                normals=rng.normal(size=(40, 50, 3)).astype(np.float16),
                silhouette=rng.random((40, 50)) < 0.5,
                intrinsics=camera,
                floor=None,
                counts={"recorded": index},
            )
            for index in range(number)
        )
    )


def test_the_same_files_whatever_the_number_of_workers(tmp_path: Path) -> None:
    views, stage = clean_views(9), BY_NAME["clean"]
    written = []
    for number in (1, 3):
        store = Store(tmp_path / str(number))
        with using_workers(number):
            save(store, "clean", views)
        folder = store.root / stage.folder
        written.append({path.name: path.read_bytes() for path in folder.iterdir()})
        with using_workers(4 - number):
            assert store.is_whole(stage)
            read = store.load(stage)
        assert [view.name for view in read.views] == [view.name for view in views.views]
        assert all(
            np.array_equal(mine.depth_mm, its.depth_mm) for mine, its in zip(views.views, read.views, strict=True)
        )
    assert written[0] == written[1] and len(written[0]) == 9 + 2


def test_a_view_is_turned_into_bytes_when_it_is_written_and_not_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them at once would need the memory of all views once more."""
    events: list[str] = []
    npz, write = codecs._view_npz, store_module.write_durably
    monkeypatch.setattr(codecs, "_view_npz", lambda view: (events.append(f"made {view.name}.npz"), npz(view))[1])
    monkeypatch.setattr(
        store_module, "write_durably", lambda path, data: (events.append(f"written {path.name}"), write(path, data))[1]
    )
    with using_workers(1):
        save(Store(tmp_path), "clean", clean_views(3))
    assert events == [
        "written views.json",
        *(f"{what} {index:06d}.npz" for index in range(3) for what in ("made", "written")),
        "written manifest.json",
    ]


# ------------------------------------------------------------------------------------------------ killed


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills copies of a process")
@pytest.mark.parametrize(("name", "version"), [("export", ""), ("report", ""), ("export", "dress")])
def test_killed_at_any_step_leaves_the_old_result_none_or_the_new_one(tmp_path: Path, name: str, version: str) -> None:
    words = [sys.executable, "-c", KILLED, str(tmp_path), name, version]
    done = subprocess.run(words, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    num_steps, stage = int(done.stdout), BY_NAME[name]
    states = []
    for step in range(num_steps):
        store = Store(tmp_path / str(step), version)
        states.append(store.manifest(stage)["key"] if store.is_whole(stage) else "none")
        if states[-1] != "none":
            assert states[-1] in str(store.load(stage))
        store.tidy()
        save(store, name, store.load(stage) if states[-1] == "new" else NEW[name])
        assert store.is_whole(stage) and "old" not in str(store.load(stage))
        assert files_below(store.folder) == {f"{stage.folder}/manifest.json", *NEW_FILES[name]}
    assert num_steps > 8, "the test watches the wrong events"
    assert states[0] == "old" and states[-1] == "new"
    assert states == sorted(states, key=["old", "none", "new"].index), "it went back and forth"
    if name == "export":
        assert states.count("none") <= 4, "there is no result only between two renames"


def test_leftovers_of_a_killed_program_are_cleaned_up_and_nothing_else(tmp_path: Path) -> None:
    store = open_store(tmp_path, "demo")
    stage = save(store, "export", Exports({"left.stl": b"1"}))
    for leftover in (".7-export.new", ".7-export.old", ".1-clean.new", "versions/.dress.old"):
        (store.root / leftover / "deep").mkdir(parents=True)
        (store.root / leftover / "half.ply").write_bytes(b"ply")
    for kept in ("notes.txt", ".hidden", "7-export.new"):
        (store.root / kept).write_bytes(b"mine")
    store.tidy()
    assert {path.name for path in store.root.iterdir()} == {
        "7-export",
        "notes.txt",
        ".hidden",
        "7-export.new",
        "versions",
    }
    assert not list((store.root / "versions").iterdir())
    assert store.is_whole(stage)


# ------------------------------------------------------------------------------------------------ refusals


def test_an_output_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "outputs").write_text("a file")
    with pytest.raises(ScanError, match=r"outputs cannot be written to .*--out"):
        open_store(tmp_path / "outputs", "demo")
    assert (tmp_path / "outputs").read_text() == "a file"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_an_output_folder_without_permission_is_refused(tmp_path: Path) -> None:
    (tmp_path / "outputs").mkdir(mode=0o500)
    with pytest.raises(ScanError, match="Permission denied"):
        open_store(tmp_path / "outputs", "demo")


def test_a_full_disk_is_refused_and_the_old_result_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(tmp_path, "demo")
    stage = save(store, "export", Exports({"left.stl": b"old"}))

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ScanError, match="No space left on device"):
        save(store, "export", Exports({"left.stl": b"new"}))
    with pytest.raises(ScanError, match="No space left on device"):
        store.write_run({})
    assert store.is_whole(stage) and store.load(stage) == Exports({"left.stl": b"old"})


def test_opening_a_store_leaves_no_trace(tmp_path: Path) -> None:
    store = open_store(tmp_path / "deep" / "outputs", "demo")
    assert list(tmp_path.iterdir()) == []
    save(store, "export", Exports({}))
    open_store(tmp_path / "deep" / "outputs", "demo")
    assert files_below(tmp_path) == {"deep/outputs/demo/7-export/manifest.json"}


# ------------------------------------------------------------------------------------------------ to look at


def test_the_latest_result_is_found_and_a_missing_one_refused(tmp_path: Path) -> None:
    with pytest.raises(ScanError, match=r"no result of any stage.*scanproc run"):
        Store(tmp_path / "demo").latest_stage(None)
    store = open_store(tmp_path, "demo")
    save(store, "surface", surface(1.0))
    save(store, "measure", Measures(()))
    assert store.latest_stage(None).name == "measure"
    assert store.load(store.latest_stage("surface")).views.tolist() == [0, 1, 255]
    with pytest.raises(ScanError, match="no result of align"):
        store.latest_stage("align")


def test_pages_and_their_pdf_of_a_run_before_do_not_stay(tmp_path: Path) -> None:
    store = open_store(tmp_path, "scan")
    stage = next(stage for stage in STAGES if stage.makes is Report)
    store.save(stage, Report("<p>1", "<p>job", "<p>wearer"), {})
    for name in ("report.pdf", "job-sheet.pdf"):
        (store.root / name).write_bytes(b"%PDF")
    assert {path.name for path in store.files(stage)} == {"report.html", "job-sheet.html", "wearer.html"}
    store.save(stage, Report("<p>2", None, "<p>wearer"), {})
    assert {path.name for path in store.root.glob("*.*")} == {"report.html", "wearer.html"}
    assert store.load(stage) == Report("<p>2", None, "<p>wearer")


NO_NAMES = ("", "../../../etc/passwd", 256 * "=", 128 * "ä", "\ud800", "a\nb")


@pytest.mark.parametrize("odd", [5, None, "x", [1], True, {"a": 5}, 10**400, *({name: "0"} for name in NO_NAMES)])
@pytest.mark.parametrize("name", ["files", "refused_parts", "settings", "inputs", "sources", "versions"])
def test_a_manifest_of_another_program_counts_as_none(tmp_path: Path, name: str, odd: object) -> None:
    """Also one whose files lie elsewhere; what is no table of settings makes no traceback when it is compared."""
    store, stage = Store(tmp_path), STAGES[0]
    (tmp_path / stage.folder).mkdir()
    ours = {"key": "a", "files": {"poses.json": "0"}, "refused_parts": ["x"], "settings": {}}
    path = tmp_path / stage.folder / "manifest.json"
    path.write_text(json.dumps(ours))
    assert store.manifest(stage) == ours
    path.write_text(json.dumps({**ours, name: odd}))
    is_table = isinstance(odd, dict) and name not in ("files", "refused_parts")
    assert bool(store.manifest(stage)) is is_table and not store.is_whole(stage)


@pytest.mark.parametrize("odd", [5, None, "x", [], True, {"refused": 5}])
def test_a_run_of_another_program_counts_as_none(tmp_path: Path, odd: object) -> None:
    store, ours = Store(tmp_path), {"stages": {"align": {"key": "a", "refused": "why"}}, "settings": {}, "inputs": {}}
    (tmp_path / "run.json").write_text(json.dumps(ours))
    assert store.read_run() == ours
    (tmp_path / "run.json").write_text(json.dumps({**ours, "stages": {"align": odd}}))
    assert store.read_run() == {}
