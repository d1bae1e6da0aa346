"""A folder that is watched: each recording that has come to rest in it is run and filed, once.

It is looked at again and again: folders on a server, where cameras and phones put their files, tell nobody of changes.
What was done is a ledger beside the outputs, one line a scan, written when its run has ended: whatever ends the
program, what was filed stays filed, and what was not is run next time.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from scanproc.errors import ScanError
from scanproc.processes import InUse, locked
from scanproc.readers.captured import read_notes
from scanproc.readers.listing import file_stamps, recorded_order
from scanproc.readers.wrong_files import advice_on_form
from scanproc.results import Run
from scanproc.scan import holds_a_scan, open_scan

log = logging.getLogger(__name__)

LEDGER_NAME = "watched.jsonl"
#: What programs call a file that they have not written to its end.
_PARTIAL = (".part", ".partial", ".crdownload", ".download", ".tmp", ".filepart", ".!ut")
_PICTURES = (".png", ".jpg", ".jpeg")  # lie anywhere
_PIECE_BYTES = 1 << 20
_PATIENCE = 12.0  # times the time of rest, after which a live recording that goes on no more counts as ended

Stamps = dict[Path, tuple[int, int]]


@dataclass(frozen=True)
class Filed:
    """What came of one scan of the folder.

    Attributes
    ----------
    scan : its name in the folder.
    digest : of its inputs: a scan that has changed is another one.
    status : done or refused.
    report : of what was done, None where there is none.
    messages : why something was refused.
    """

    scan: str
    digest: str
    status: str
    report: str | None
    messages: tuple[str, ...]


@dataclass
class Watch:
    """Watches a folder.

    Parameters
    ----------
    folder : of scans, each a folder or a file.
    out : folder of the outputs, which has the ledger.
    run : brings one scan up to date; raises ScanError where it cannot be read.
    rest_s : that nothing of a scan may have changed for.
    """

    folder: Path
    out: Path
    run: Callable[[Path], Run]
    rest_s: float
    clock: Callable[[], float] = time.monotonic
    _since: dict[Path, tuple[Stamps, float]] = field(default_factory=dict)  # what lies there, and since when
    _known: dict[Path, Stamps] = field(default_factory=dict)  # stamps of what was filed

    def rounds(self, pause_s: float, once: bool = False) -> Iterator[Filed]:
        """Yield what comes of each scan, for ever; `once`: until all that is there has been filed.

        Raises
        ------
        ScanError
            If the folder is not there, or another process watches with the same outputs.
        """
        if not self.folder.is_dir():
            raise ScanError(f"{self.folder} is no folder; expected one that scans are put into. Check the path.")
        with locked(self.out / ".watch"):
            while True:
                yield from self.look()
                if once and not self.is_waiting:
                    return
                time.sleep(pause_s)

    @property
    def is_waiting(self) -> bool:
        """Whether something lies there that was not looked at in the state that it is in."""
        return any(self._known.get(path) != _stamps(path) for path in self._candidates())

    def look(self) -> Iterator[Filed]:
        """Run what has come to rest since the last look, and file it."""
        filed = {(each.scan, each.digest) for each in self._ledger()}
        for path in self._candidates():
            stamps = _stamps(path)
            if not self._rests(path, stamps) or self._known.get(path) == stamps:
                continue
            digest = _digest(path)
            if (path.name, digest) not in filed:
                entry = self._ran(path, digest)
                if (
                    entry is None or _digest(path) != digest
                ):  # in use, or it goes on changing: another look, another run
                    continue
                self._write(entry)
                yield entry
            self._known[path] = stamps

    def _ran(self, path: Path, digest: str) -> Filed | None:
        """Run one scan, and return what came of it; None where another process is at it."""
        try:
            run = self.run(path)
        except InUse as error:
            log.info("%s", error)
            return None
        except ScanError as error:
            return Filed(path.name, digest, "refused", None, (str(error),))
        messages = tuple(f"{each.stage}: {each.message}" for each in run.refusals)
        return Filed(path.name, digest, "refused" if messages else "done", run.as_json()["report"], messages)

    def _rests(self, path: Path, stamps: Stamps) -> bool:
        """Whether nothing of a scan has changed for long enough; a live recording that has no end yet takes longer."""
        now = self.clock()
        before, since = self._since.get(path, (None, now))
        if before != stamps:
            self._since[path] = (stamps, now)
            return False
        return now - since >= self.rest_s * (_PATIENCE if _is_being_captured(path) else 1.0)

    def _candidates(self) -> list[Path]:
        """Return what may be a scan, in recorded order: folders, and files of a form; nothing half-copied."""
        found = []
        for path in self.folder.iterdir():
            is_hidden = path.name.startswith((".", "~"))
            if is_hidden or path.suffix.lower() in _PARTIAL or path.resolve() == self.out.resolve():
                continue
            if path.is_dir() and any(each.suffix.lower() in _PARTIAL for each in path.rglob("*")):
                continue
            if holds_a_scan(path) or _is_of_another_form(path):
                found.append(path)
        return recorded_order(found)

    def _ledger(self) -> list[Filed]:
        """Return what was filed; a line that was cut off by a killed program is none."""
        path = self.out / LEDGER_NAME
        entries = []
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []:
            with suppress(ValueError, TypeError, KeyError, RecursionError):
                table = json.loads(line)
                entries.append(Filed(**{**table, "messages": tuple(table["messages"])}))
        return entries

    def _write(self, entry: Filed) -> None:
        self.out.mkdir(parents=True, exist_ok=True)
        path = self.out / LEDGER_NAME
        before = path.read_bytes() if path.exists() else b""
        is_cut_off = before != b"" and not before.endswith(b"\n")  # the line of a program that was killed
        with path.open("a", encoding="utf-8") as stream:
            stream.write("\n" * is_cut_off + json.dumps(asdict(entry), ensure_ascii=False) + "\n")
            stream.flush()
            os.fsync(stream.fileno())


def _stamps(path: Path) -> Stamps:
    """Return time and size of every file of a scan."""
    return file_stamps([path] if path.is_file() else path.rglob("*"))


def _digest(path: Path) -> str:
    """Return the hash of a scan's inputs; of one that cannot be opened, of its files' names and sizes."""
    total = hashlib.sha256()
    try:
        for file in open_scan(path).files:
            total.update(file.name.encode() + b"\0" + _hash_of(file))
    except (ScanError, OSError):
        for file, (_, size) in sorted(_stamps(path).items()):
            total.update(f"{file.name} {size}\0".encode())
    return total.hexdigest()[:32]


def _hash_of(file: Path) -> bytes:
    """Return the hash of a file, which may be longer than there is memory."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while piece := stream.read(_PIECE_BYTES):
            digest.update(piece)
    return digest.digest()


def _is_being_captured(path: Path) -> bool:
    """Whether a live recording has no end yet."""
    try:
        notes = read_notes(path)
    except ScanError:
        return False
    return notes is not None and notes.ended is None


def _is_of_another_form(path: Path) -> bool:
    """Whether somebody will wait for a file that is no scan here, and should be told what to do with it."""
    return path.is_file() and path.suffix.lower() not in _PICTURES and advice_on_form(path) is not None
