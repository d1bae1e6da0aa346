"""The only file that knows outputs/. A stage's folder is written beside and renamed into place."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scanproc.errors import ScanError
from scanproc.formats import artifact_files as codecs
from scanproc.formats.edited_landmarks import FILE_NAME as EDITED_LANDMARKS
from scanproc.formats.run_records import is_manifest, is_run
from scanproc.parallel import parallel_map
from scanproc.pipeline import STAGES, Stage

_MANIFEST = "manifest.json"
_REPORT = "report.html"
_PAGES = (_REPORT, "job-sheet.html", "wearer.html")  # opened by people: they lie at the top, not in a stage's folder
_PROBE = ".probe"


@dataclass(frozen=True)
class Store:
    """The outputs of one scan: `root` is `outputs/<scan>`."""

    root: Path

    def manifest(self, stage: Stage) -> dict[str, Any]:
        """Return what was written down with a stage's result; empty if there is none, or none of ours."""
        return _read_json(self.root / stage.folder / _MANIFEST, is_manifest)

    def is_whole(self, stage: Stage) -> bool:
        """Whether every file of a stage's result is there and unchanged since it was written."""
        files = self.manifest(stage).get("files")
        if files is None:
            return False
        what = f"checking {stage.folder}"
        return all(parallel_map(lambda name: _sha256(self._path(stage, name)) == files[name], tuple(files), what))

    def files(self, stage: Stage) -> list[Path]:
        """Return the paths of a stage's files, in the order of their names."""
        return [self._path(stage, name) for name in self.manifest(stage).get("files", {})]

    def holds(self, stage: Stage, key: str) -> bool:
        """Whether the result of this key is there; its files are looked for, not read."""
        return self.manifest(stage).get("key") == key and all(path.is_file() for path in self.files(stage))

    def load(self, stage: Stage) -> Any:
        """Read a stage's artifact."""
        names = tuple(self.manifest(stage)["files"])
        return codecs.decode(stage.makes, codecs.LazyFiles(names, lambda name: self._path(stage, name).read_bytes()))

    def save(self, stage: Stage, artifact: Any, manifest: dict[str, Any]) -> None:
        """Write an artifact's files and their manifest; a killed program leaves the old result, none, or this one."""
        files = codecs.encode(artifact)
        folder = self.root / stage.folder
        fresh, stale = _beside(folder)

        def write(name: str) -> str:
            data = files[name]
            put, path = (self._replace_file, self.root / name) if name in _PAGES else (_write_durably, fresh / name)
            put(path, data)
            return hashlib.sha256(data).hexdigest()

        with self._writing():
            for leftover in (fresh, stale):
                shutil.rmtree(leftover, ignore_errors=True)
            fresh.mkdir(parents=True)
            old = [name for page in _PAGES for name in (page, f"{page[:-4]}pdf") if name not in files]
            for name in old if _REPORT in files else ():  # of a run before
                (self.root / name).unlink(missing_ok=True)
            digests = dict(zip(files, parallel_map(write, tuple(files), f"writing {stage.folder}"), strict=True))
            _write_durably(fresh / _MANIFEST, to_json({"schema": 1, **manifest, "files": digests}))
            if (folder / EDITED_LANDMARKS).is_file():  # a person's work outlives the stage that it corrects
                shutil.copyfile(folder / EDITED_LANDMARKS, fresh / EDITED_LANDMARKS)
            if folder.exists():
                folder.rename(stale)
            fresh.rename(folder)
            shutil.rmtree(stale, ignore_errors=True)

    def remove(self, stage: Stage) -> None:
        """Take a stage's result away, if there is one."""
        shutil.rmtree(self.root / stage.folder, ignore_errors=True)

    def read_run(self) -> dict[str, Any]:
        """Return the last run's `run.json`; empty if there is none, or none of ours."""
        return _read_json(self.root / "run.json", is_run)

    def write_run(self, record: dict[str, Any]) -> None:
        """Write `run.json`."""
        with self._writing():
            self._replace_file(self.root / "run.json", to_json(record))

    def way_to(self, path: Path) -> str:
        """Return a path as seen from here: the same after both were moved or copied together."""
        try:
            return Path(os.path.relpath(path.resolve(), self.root.resolve())).as_posix()
        except ValueError:  # another drive of Windows
            return path.resolve().as_posix()

    def check_is_of(self, scan: Path, inputs: dict[str, str]) -> None:
        """Refuse to write into the recording, or over the results of another scan of the same name.

        Raises
        ------
        ScanError
            If the scan itself lies here; or if that other scan is still there, and holds something else.
        """
        if self.root.resolve() == scan.resolve():
            raise ScanError(f"the outputs of {scan} would go into the recording. Choose another folder with --out.")
        before, way = self.read_run(), self.way_to(scan)
        other = self.root / str(before.get("recording", way))
        if before.get("recording", way) != way and before.get("inputs") != inputs and other.exists():
            raise ScanError(
                f"{self.root} holds the results of {os.path.normpath(other)}, and {scan} is another scan of that name; "
                "expected names that differ. Rename one, or choose another folder with --out."
            )

    def tidy(self) -> None:
        """Remove what a killed program left half done."""
        for stage in STAGES:
            for leftover in _beside(self.root / stage.folder):
                shutil.rmtree(leftover, ignore_errors=True)

    def prescription_path(self) -> Path:
        """Return where the prescription of the last insole is."""
        return self.root / "prescription.toml"

    def write_prescription(self, text: str) -> None:
        """Write the prescription of the last insole."""
        with self._writing():
            self._replace_file(self.prescription_path(), text.encode())

    def keep_prescription_as(self, name: str) -> None:
        """Keep a copy of that prescription among its named versions, side by side."""
        with self._writing():
            self._replace_file(self.root / "prescriptions" / f"{name}.toml", self.prescription_path().read_bytes())

    def edited_landmarks(self) -> bytes | None:
        """Return `landmarks.edited.json`, made by hand or by the viewer; None if there is none.

        It lies in the scan's folder, or beside the `landmarks.json` that it was made from.

        Raises
        ------
        ScanError
            If there are two that differ.
        """
        places = (self.root, *(self.root / stage.folder for stage in STAGES if stage.name == "align"))
        paths = [place / EDITED_LANDMARKS for place in places if (place / EDITED_LANDMARKS).is_file()]
        if len({path.read_bytes() for path in paths}) > 1:
            raise ScanError(f"found {' and '.join(map(str, paths))}, which differ; expected one. Delete the other.")
        return paths[0].read_bytes() if paths else None

    def write_edited_landmarks(self, data: bytes | None) -> Path:
        """Write `landmarks.edited.json` into the scan's folder, in place of any that is there; None takes it away."""
        path = self.root / EDITED_LANDMARKS
        with self._writing():
            if data is None:
                path.unlink(missing_ok=True)
            else:
                self._replace_file(path, data)
            for stage in STAGES:
                if stage.name == "align":
                    (self.root / stage.folder / EDITED_LANDMARKS).unlink(missing_ok=True)
        return path

    def latest_stage(self, name: str | None) -> Stage:
        """Return the stage of a name if it has a result; by default the last one before the export that has one."""
        for stage in reversed(STAGES[:-2] if name is None else [stage for stage in STAGES if stage.name == name]):
            if self.is_whole(stage):
                return stage
        what = name or "any stage"
        raise ScanError(f"{self.root} holds no result of {what}; expected one. Run `scanproc run` on this scan first.")

    def report_path(self) -> Path:
        """Return where the report is."""
        return self.root / _REPORT

    def _path(self, stage: Stage, name: str) -> Path:
        return self.root / (name if name in _PAGES else f"{stage.folder}/{name}")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise _unwritable(self.root, error) from None

    def _replace_file(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.new")
        _write_durably(fresh, data)
        os.replace(fresh, path)


def open_store(out: Path, scan_name: str) -> Store:
    """Return the store of a scan below the folder `out`.

    Raises
    ------
    ScanError
        If outputs cannot be written there.
    """
    root = out / scan_name
    try:
        made = [folder for folder in (root, *root.parents) if not folder.exists()]
        root.mkdir(parents=True, exist_ok=True)
        (root / _PROBE).touch()
        (root / _PROBE).unlink()
    except OSError as error:
        raise _unwritable(root, error) from None
    for folder in made:  # a scan that turns out to be unreadable leaves nothing behind
        with suppress(OSError):  # another run writes there by now
            folder.rmdir()
    return Store(root)


def write_files(folder: Path, files: codecs.Files) -> None:
    """Write files that belong to no single scan, such as a comparison of two; each is replaced whole.

    Raises
    ------
    ScanError
        If they cannot be written.
    """
    store = Store(folder)
    with store._writing():
        for name, data in files.items():
            store._replace_file(folder / name, data)


def to_json(value: Any) -> bytes:
    """Return JSON with sorted keys, the same bytes for the same value."""
    return (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _beside(folder: Path) -> tuple[Path, Path]:
    """Return where a folder is written before it takes its place, and where the one that it replaces goes."""
    return folder.with_name(f".{folder.name}.new"), folder.with_name(f".{folder.name}.old")


def _unwritable(root: Path, error: OSError) -> ScanError:
    return ScanError(
        f"outputs cannot be written to {root} ({error.strerror}). Make room there, or choose another folder with --out."
    )


def _read_json(path: Path, is_ours: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}  # none, or not ours: as if the stage had never run
    return value if isinstance(value, dict) and is_ours(value) else {}


def _write_durably(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sha256(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None
