"""The only file that knows outputs/. A stage's folder is written beside and renamed into place."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scanproc.errors import ScanError
from scanproc.formats import artifact_files as codecs
from scanproc.formats.edited_landmarks import FILE_NAME as EDITED_LANDMARKS
from scanproc.formats.run_records import is_manifest, is_run
from scanproc.parallel import parallel_map
from scanproc.pipeline import STAGES, Stage
from scanproc.scan_folder import ScanFolder, unwritable
from scanproc.whole_files import beside, read_json, replace_file, to_json, write_durably

_MANIFEST = "manifest.json"
_REPORT = "report.html"
_PAGES = (_REPORT, "job-sheet.html", "wearer.html")  # opened by people: they lie at the top, not in a stage's folder
_PROBE = ".probe"
_RUN = "run.json"
#: Names of files that say what others hold.
RECORDS = (_MANIFEST, _RUN)


@dataclass(frozen=True)
class Store(ScanFolder):
    """The results of one scan's stages, those of its insole as of one version of it."""

    def manifest(self, stage: Stage) -> dict[str, Any]:
        """Return what was written down with a stage's result; empty if there is none, or none of ours."""
        found = read_json(self.folder_of(stage) / _MANIFEST)
        return found if is_manifest(found) else {}

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

    def check_holds(self, keys: Mapping[Stage, str]) -> None:
        """Raise a ScanError if somebody has removed or replaced results of these keys since."""
        gone = [stage.folder for stage, key in keys.items() if not self.holds(stage, key)]
        if gone:
            raise ScanError(
                f"{', '.join(gone)} in {self.root} was removed or replaced while this ran; expected results to stay. "
                "Leave the folder alone, and run again."
            )

    def load(self, stage: Stage) -> Any:
        """Read a stage's artifact."""
        names = tuple(self.manifest(stage)["files"])
        return codecs.decode(stage.makes, codecs.LazyFiles(names, lambda name: self._path(stage, name).read_bytes()))

    def save(self, stage: Stage, artifact: Any, manifest: dict[str, Any]) -> None:
        """Write an artifact's files and their manifest; a killed program leaves the old result, none, or this one."""
        files = codecs.encode(artifact)
        folder = self.folder_of(stage)
        fresh, stale = beside(folder)

        def write(name: str) -> str:
            data = files[name]
            put, path = (replace_file, self.folder / name) if name in _PAGES else (write_durably, fresh / name)
            put(path, data)
            return hashlib.sha256(data).hexdigest()

        with self._writing():
            for leftover in (fresh, stale):
                shutil.rmtree(leftover, ignore_errors=True)
            fresh.mkdir(parents=True)
            old = [name for page in _PAGES for name in (page, f"{page[:-4]}pdf") if name not in files]
            for name in old if _REPORT in files else ():  # of a run before
                (self.folder / name).unlink(missing_ok=True)
            digests = dict(zip(files, parallel_map(write, tuple(files), f"writing {stage.folder}"), strict=True))
            write_durably(fresh / _MANIFEST, to_json({"schema": 1, **manifest, "files": digests}))
            if (folder / EDITED_LANDMARKS).is_file():  # a person's work outlives the stage that it corrects
                shutil.copyfile(folder / EDITED_LANDMARKS, fresh / EDITED_LANDMARKS)
            if folder.exists():
                folder.rename(stale)
            fresh.rename(folder)
            shutil.rmtree(stale, ignore_errors=True)

    def remove(self, stage: Stage) -> None:
        """Take a stage's result away, if there is one."""
        shutil.rmtree(self.folder_of(stage), ignore_errors=True)

    def read_run(self) -> dict[str, Any]:
        """Return the last run's `run.json`; empty if there is none, or none of ours.

        A version has one of its own, of which what was made by its prescription counts.
        """
        record = _run_in(self.root)
        return _parted(record, _run_in(self.folder)) if self.version else record

    def write_run(self, record: dict[str, Any]) -> None:
        """Write `run.json`; that of the scan's own insole keeps what it says of that, whatever version was made."""
        with self._writing():
            if self.version and self.folder.is_dir():  # a version whose first insole was refused is none
                replace_file(self.folder / _RUN, to_json(record))
            if self.version:
                record = _parted(record, _run_in(self.root))
            replace_file(self.root / _RUN, to_json(record))

    def check_is_of(self, scan: Path, inputs: dict[str, str]) -> None:
        """Refuse to write into the recording, or over the results of another scan of the same name.

        Raises
        ------
        ScanError
            If the scan itself lies here, or round this; or if that other scan is still there, and holds something else.
        """
        if self.root.resolve().is_relative_to(scan.resolve()):
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
            for leftover in beside(self.folder_of(stage)):
                shutil.rmtree(leftover, ignore_errors=True)
        for removed in self.half_removed():
            shutil.rmtree(removed, ignore_errors=True)

    def latest_stage(self, name: str | None) -> Stage:
        """Return the stage of a name if it has a result; by default the last one before the export that has one."""
        for stage in reversed(STAGES[:-2] if name is None else [stage for stage in STAGES if stage.name == name]):
            if self.is_whole(stage):
                return stage
        what = name or "any stage"
        raise ScanError(f"{self.root} holds no result of {what}; expected one. Run `scanproc run` on this scan first.")

    def report_path(self) -> Path:
        """Return where the report is."""
        return self.folder / _REPORT

    def _path(self, stage: Stage, name: str) -> Path:
        return self.folder / name if name in _PAGES else self.folder_of(stage) / name


def open_store(out: Path, scan_name: str, version: str = "") -> Store:
    """Return the store of a scan below the folder `out`, or of one version of its insole.

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
        raise unwritable(root, error) from None
    for folder in made:  # a scan that turns out to be unreadable leaves nothing behind
        with suppress(OSError):  # another run writes there by now
            folder.rmdir()
    return Store(root, version)


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
            replace_file(folder / name, data)


def _run_in(folder: Path) -> dict[str, Any]:
    found = read_json(folder / _RUN)
    return found if is_run(found) else {}


def _parted(record: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Return a record in which stages and settings that depend on the prescription are those of another."""
    names = {stage.name for stage in STAGES if stage.by_prescription}
    parts = {}
    for part in ("stages", "settings"):
        shared = {name: value for name, value in record.get(part, {}).items() if name not in names}
        parts[part] = shared | {name: value for name, value in own.get(part, {}).items() if name in names}
    return {**record, **parts}


def _sha256(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None
