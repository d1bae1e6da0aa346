"""Scans and outputs in an object store: each is worked on in a folder of a worker's disk, and put back.

Everywhere else they are called by paths below a folder of this machine that stands for the store:
`<root>/s3/bucket/name`.
"""

from __future__ import annotations

import dataclasses
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from scanproc.cluster import object_store
from scanproc.results import Run
from scanproc.scan import name_of
from scanproc.store import RECORDS

_STORE = "s3"
_PREFIX = "scanproc-remote-"


class RunScan(Protocol):
    """Brings a scan up to date below a folder of outputs."""

    def __call__(self, scan: Path, *, out: Path) -> Run: ...


def url_of(path: Path) -> str:
    """Return the address that a word of the command line is, which paths have lost a slash of; empty if it is none."""
    head, _, rest = path.as_posix().partition("s3:/")
    return f"{object_store.SCHEME}{rest.strip('/')}" if not head and rest else ""


@contextmanager
def remote_places() -> Iterator[RemotePlaces]:
    """Make a folder that stands for the object store within the block."""
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as folder:
        yield RemotePlaces(Path(folder).resolve())


@dataclass(frozen=True)
class RemotePlaces:
    """Stands for what lies in an object store by paths of this disk.

    Attributes
    ----------
    root : folder below which they lie; on a worker another one, whose name begins like it.
    """

    root: Path

    def found(self, words: Iterable[Path]) -> tuple[Path, ...]:
        """Return scans by their paths: those in the store as what stands for them, patterns as all that they match."""
        paths: list[Path] = []
        for word in words:
            for found in object_store.find(url) if (url := url_of(word)) else ():
                path = self._path(found.url)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch() if found.is_file else path.mkdir(exist_ok=True)
                paths.append(path)
            paths += [] if url else [word]
        return tuple(paths)

    def folder(self, word: Path) -> Path:
        """Return a folder by its path; one in the store as what stands for it."""
        url = url_of(word)
        return self._path(url) if url else word

    def told(self, text: object) -> str:
        """Return a text with addresses in place of what stands for them, here or on a worker."""
        return re.sub(rf"[^\s'\"]*{re.escape(self.root.name)}(?:-\w+)?/{_STORE}/", object_store.SCHEME, str(text))

    def running(self, run_scan: RunScan, scans: Iterable[Path], out: Path) -> Callable[[Path], Run]:
        """Return what a worker does with a scan that it is given by its path here."""
        return _RemoteRun(self, run_scan, out, frozenset(path for path in scans if path.is_file()))

    def see(self, folder: Path) -> None:
        """Fetch what the cohort is made of from the outputs of a scan; pages are only shown to be there."""
        if url := self.url(folder):
            names = object_store.names(url)
            object_store.fetch(url, folder, [name for name in names if name.endswith((".json", ".csv"))])
            for name in names:
                if name.endswith(".html") and "/" not in name:
                    (folder / name).touch()

    def put(self, paths: Iterable[Path]) -> None:
        """Put files that were written here into the store, if that is where they stand for."""
        for path in paths:
            if url := self.url(path):
                object_store.put_file(path, url)

    def url(self, path: Path) -> str:
        """Return the address that a path stands for; empty if it stands for none."""
        below = self.root / _STORE
        inside = path.is_relative_to(below)
        return object_store.SCHEME + path.relative_to(below).as_posix() if inside else ""

    def _path(self, url: str) -> Path:
        return self.root / _STORE / PurePosixPath(url.removeprefix(object_store.SCHEME))


@dataclass(frozen=True)
class _RemoteRun:
    """Fetches a scan and its outputs into a folder of this disk, runs it there, and puts the outputs back."""

    places: RemotePlaces
    run_scan: RunScan
    out: Path
    is_file: frozenset[Path]

    def __call__(self, scan: Path) -> Run:
        with tempfile.TemporaryDirectory(prefix=f"{self.places.root.name}-") as folder:
            here = RemotePlaces(Path(folder).resolve())
            done = self._run(here, scan)
        return dataclasses.replace(done, store=dataclasses.replace(done.store, root=self.out / done.store.root.name))

    def _run(self, here: RemotePlaces, scan: Path) -> Run:
        if url := self.places.url(scan):
            scan = self._fetched(here, url, is_file=scan in self.is_file)
        url = self.places.url(self.out)
        if not url:
            return self.run_scan(scan, out=self.out)
        out = here.folder(Path(url))
        root, address = out / name_of(scan), f"{url}/{name_of(scan)}"
        object_store.fetch(address, root, object_store.names(address))
        before = object_store.stamps(root)
        try:
            return self.run_scan(scan, out=out)
        finally:  # what stages had made before a bug showed is kept, too
            object_store.put(root, address, before, RECORDS)

    def _fetched(self, here: RemotePlaces, url: str, *, is_file: bool) -> Path:
        """Fetch a scan; beside a mesh lie files that state what holds of it."""
        path = here.folder(Path(url))
        if not is_file:
            object_store.fetch(url, path, object_store.names(url))
            return path
        parent = url.rpartition("/")[0]
        beside = [name for name in object_store.names(parent, depth=1) if name.endswith((".toml", ".npy"))]
        object_store.fetch(parent, path.parent, [*beside, path.name])
        return path
