"""The folder of one scan's outputs: where things lie, and what people put there (prescriptions, landmarks by hand)."""

from __future__ import annotations

import dataclasses
import logging
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from scanproc.errors import ScanError
from scanproc.formats.edited_landmarks import FILE_NAME as EDITED_LANDMARKS
from scanproc.pipeline import STAGES, Stage
from scanproc.whole_files import beside, replace_file

log = logging.getLogger(__name__)

_VERSIONS = "versions"
_PRESCRIPTIONS = "prescriptions"


@dataclass(frozen=True)
class ScanFolder:
    """The outputs of one scan: `root` is `outputs/<scan>`.

    Attributes
    ----------
    version : name of the insole that is meant, beside the scan's own one; empty: the scan's own.
    """

    root: Path
    version: str = ""

    @property
    def folder(self) -> Path:
        """Where what is made by the prescription lies: the scan's folder, or that of the version in it."""
        return self.root / _VERSIONS / self.version if self.version else self.root

    def folder_of(self, stage: Stage) -> Path:
        """Return the folder of a stage's result."""
        return (self.folder if stage.by_prescription else self.root) / stage.folder

    # ------------------------------------------------------------------------------------------- prescriptions

    def prescription_path(self) -> Path:
        """Return where the prescription of the last insole is."""
        return self.root / _PRESCRIPTIONS / f"{self.version}.toml" if self.version else self.root / "prescription.toml"

    def write_prescription(self, text: str) -> None:
        """Write the prescription of the last insole."""
        with self._writing():
            replace_file(self.prescription_path(), text.encode())

    def keep_prescription_as(self, name: str) -> None:
        """Keep a copy of that prescription under a name, unless a version is made by one of that name."""
        named = dataclasses.replace(self, version=name)
        if named.folder.exists():
            log.info("prescription: %s stays, version %s is made by it", named.prescription_path(), name)
            return
        with self._writing():
            replace_file(named.prescription_path(), self.prescription_path().read_bytes())

    def version_names(self) -> tuple[str, ...]:
        """Return the names of all prescriptions that are kept beside the scan's own, made or not; 3.2 before 10."""
        kept = {path.stem for path in (self.root / _PRESCRIPTIONS).glob("*.toml")}
        made = {path.name for path in (self.root / _VERSIONS).glob("*") if path.is_dir()}
        return tuple(sorted((name for name in kept | made if not name.startswith(".")), key=_by_number))

    def remove_version(self) -> None:
        """Take the version away, with its prescription."""
        with self._writing():
            self.prescription_path().unlink(missing_ok=True)
            if self.folder.exists():
                _, old = beside(self.folder)
                shutil.rmtree(old, ignore_errors=True)
                self.folder.rename(old)  # a killed program leaves no half of it
                shutil.rmtree(old, ignore_errors=True)
            for emptied in (self.root / _VERSIONS, self.root / _PRESCRIPTIONS):
                with suppress(OSError):  # it holds others, or is not there
                    emptied.rmdir()

    def half_removed(self) -> tuple[Path, ...]:
        """Return what is left of versions that were being taken away when the program was killed."""
        return tuple((self.root / _VERSIONS).glob(".*.old"))

    # ------------------------------------------------------------------------------------------- landmarks

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
                replace_file(path, data)
            for stage in STAGES:
                if stage.name == "align":
                    (self.root / stage.folder / EDITED_LANDMARKS).unlink(missing_ok=True)
        return path

    # ------------------------------------------------------------------------------------------- the disk

    def way_to(self, path: Path) -> str:
        """Return a path as seen from here: the same after both were moved or copied together."""
        try:
            return Path(os.path.relpath(path.resolve(), self.root.resolve())).as_posix()
        except ValueError:  # another drive of Windows
            return path.resolve().as_posix()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise unwritable(self.root, error) from None


def _by_number(name: str) -> tuple[tuple[bool, float, str], ...]:
    parts = re.split(r"(\d+(?:\.\d+)?)", name)  # every second one is a number
    return tuple((at % 2 == 0, float(part) if at % 2 else 0.0, part) for at, part in enumerate(parts))


def unwritable(root: Path, error: OSError) -> ScanError:
    """Return the refusal of a folder that cannot be written to."""
    return ScanError(
        f"outputs cannot be written to {root} ({error.strerror}). Make room there, or choose another folder with --out."
    )
