"""What is there of each version of a scan's insole: read from its outputs, nothing is run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scanproc.artifacts import Insoles
from scanproc.errors import ScanError
from scanproc.older import older_than
from scanproc.pipeline import maker_of
from scanproc.prescription.last_prescription import brief_of
from scanproc.prescription.version_names import OWN
from scanproc.store import Store
from scanproc.whole_files import read_json


@dataclass(frozen=True)
class Listed:
    """A version in a line; that of the scan's own insole is called `own`.

    Attributes
    ----------
    prescription : in a phrase.
    feet : by side: proven, or why not.
    older : what its insole is older than.
    folder : where its results are.
    refused : no foot got one.
    """

    name: str
    prescription: str
    feet: dict[str, str]
    older: tuple[str, ...]
    folder: Path
    refused: bool = False

    @property
    def text(self) -> str:
        """The line as people read it."""
        made = ", ".join(f"{side} {verdict}" for side, verdict in self.feet.items()) or (
            "refused" if self.refused else "not made yet"
        )
        return f"{made}{f', older than {self.older[0]}' if self.older else ''}: {self.prescription}"

    def as_json(self) -> dict[str, Any]:
        """Return it as `--json` prints it."""
        return {**vars(self), "older": list(self.older), "folder": str(self.folder)}


def listed(root: Path) -> list[Listed]:
    """Return the scan's own insole and all versions beside it.

    Parameters
    ----------
    root : the outputs of a scan.

    Raises
    ------
    ScanError
        If there are none.
    """
    if not root.is_dir():
        raise ScanError(f"{root} is not there; expected the outputs of a scan. Run scanproc insole SCAN first.")
    return [_listed(Store(root, name)) for name in ("", *Store(root).version_names())]


def _listed(store: Store) -> Listed:
    stage, path = maker_of(Insoles), store.prescription_path()
    is_made = store.is_whole(stage)
    feet = _verdicts(store) if is_made else {}
    older = older_than(store, stage) if is_made else []
    refused = not is_made and "refused" in store.read_run().get("stages", {}).get(stage.name, {})
    prescription = brief_of(path) if path.is_file() else "the defaults"
    return Listed(store.version or OWN, prescription, feet, tuple(older), store.folder, refused)


def _verdicts(store: Store) -> dict[str, str]:
    """Return what came of the insole of each foot."""
    checks = read_json(store.folder_of(maker_of(Insoles)) / "checks.json")
    failed = {"refused": "refused", "failed": "failed its proof"}
    return {
        entry["side"]: next((said for kind, said in failed.items() if entry.get(kind)), "proven")
        for entry in checks.get("feet", [])
    }


def version_in(root: Path, name: str) -> Store:
    """Return the store of a version by its name, `own` or nothing for the scan's own insole.

    Raises
    ------
    ScanError
        If there is none.
    """
    names = Store(root).version_names()
    if name not in ("", OWN, *names):
        raise ScanError(f"{root} has no version {name!r}; expected one of {', '.join((OWN, *names))}.")
    return Store(root, "" if name == OWN else name)


def made_version(root: Path, name: str) -> Store:
    """Return the same of a version that was made.

    Raises
    ------
    ScanError
        If there is none, or it was not made yet.
    """
    store = version_in(root, name)
    if not store.is_whole(maker_of(Insoles)):
        how = "" if name == OWN else f" --as {name}"
        raise ScanError(f"{store.folder} holds no insole; expected one that was made. Run scanproc insole SCAN{how}.")
    return store
