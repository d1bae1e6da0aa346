"""Folders of an object store, `s3://bucket/name`, copied to a disk and back: the only importer of s3fs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from scanproc.errors import ScanError

if TYPE_CHECKING:
    from s3fs import S3FileSystem

SCHEME = "s3://"
#: When a file was last written, ns, and how long it is, by its name below the folder.
Stamps = Mapping[str, tuple[int, int]]


@dataclass(frozen=True)
class Found:
    """Something in the store: a file, or a folder (what the names of files begin with)."""

    url: str
    is_file: bool


def find(pattern: str) -> tuple[Found, ...]:
    """Return what is called so, in the order of names; `*`, `?` and `[…]` stand for more than one.

    Raises
    ------
    ScanError
        If nothing is, the store cannot be reached, or a name leads somewhere else on a disk.
    """
    with _told(pattern):
        files = _files()
        many = any(letter in pattern for letter in "*?[")
        infos = files.glob(pattern, detail=True) if many else {pattern: files.info(pattern)}
        found = [
            Found(SCHEME + name.removeprefix(SCHEME).rstrip("/"), info["type"] == "file")
            for name, info in infos.items()
        ]
    if not found:
        raise ScanError(f"{pattern} matches nothing; expected folders of scans or finished meshes. Check the address.")
    for one in found:
        _check_plain(one.url.removeprefix(SCHEME), one.url)
    return tuple(sorted(found, key=lambda one: one.url))


def names(url: str, depth: int | None = None) -> tuple[str, ...]:
    """Return the names of all files below an address, as seen from there; at most so many folders deep, itself being 1.

    Raises
    ------
    ScanError
        If one leads somewhere else on a disk.
    """
    with _told(url):
        found = tuple(path.removeprefix(url.removeprefix(SCHEME) + "/") for path in _files().find(url, maxdepth=depth))
    for name in found:
        _check_plain(name, f"{url}/{name}")
    return found


def _check_plain(name: str, url: str) -> None:
    if any(part in ("", ".", "..") or "\\" in part or ":" in part for part in name.split("/")):
        raise ScanError(f"{url} has a name that no file of a disk can have; expected plain ones. Rename it.")


def fetch(url: str, folder: Path, wanted: Iterable[str]) -> None:
    """Copy files into a folder, by their names below the address; `ScanError` if one cannot be read."""
    for name in wanted:
        fetch_file(f"{url}/{name}", folder / PurePosixPath(name))


def fetch_file(url: str, path: Path) -> None:
    """Copy one file; `ScanError` if it cannot be read."""
    with _told(url):
        path.parent.mkdir(parents=True, exist_ok=True)
        _files().get_file(url, str(path))


def stamps(folder: Path) -> Stamps:
    """Return when each visible file of a folder was written, and how long it is."""
    found = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") for part in name.parts):
            stat = path.stat()
            found[name.as_posix()] = (stat.st_mtime_ns, stat.st_size)
    return found


def put(folder: Path, url: str, before: Stamps, last: tuple[str, ...]) -> None:
    """Copy what has changed in a folder back to its address, and take away what is gone.

    Parameters
    ----------
    before : as the folder was when it had been fetched.
    last : names of files that say what others hold. They are taken away before those change, and come when all are
        there: who is killed between leaves files that no such record vouches for, and never a record that is wrong.

    Raises
    ------
    ScanError
        If a file is not taken.
    """
    now = stamps(folder)
    changed = [name for name in sorted(now) if now[name] != before.get(name)]
    records = [name for name in changed if PurePosixPath(name).name in last]
    with _told(url):
        files = _files()
        gone = sorted(set(before) - set(now)) + [name for name in records if name in before]
        gone.sort(key=lambda name: PurePosixPath(name).name not in last)
        for name in gone:
            files.rm_file(f"{url}/{name}")
        for name in (*(name for name in changed if name not in records), *records):
            files.put_file(str(folder / name), f"{url}/{name}")


def put_file(path: Path, url: str) -> None:
    """Copy one file into the store; `ScanError` if it is not taken."""
    with _told(url):
        _files().put_file(str(path), url)


def _files() -> S3FileSystem:
    """Return the store's files as they are now: nothing that is listed is kept."""
    return _library().S3FileSystem(use_listings_cache=False)


def _library() -> Any:
    try:
        import s3fs
    except ImportError:
        raise ScanError("s3:// needs s3fs, which is not installed. Install it: pip install 'scanproc[s3]'.") from None
    return s3fs


@contextmanager
def _told(url: str) -> Iterator[None]:
    """Say what the store says as a refusal of the address."""
    _library()
    from botocore.exceptions import BotoCoreError

    try:
        yield
    except FileNotFoundError:
        raise ScanError(
            f"{url} does not exist; expected a folder of a scan or a finished mesh. Check the address."
        ) from None
    except (OSError, BotoCoreError) as error:
        raise _refusal(url, error) from None


def _refusal(url: str, error: Any) -> ScanError:
    return ScanError(
        f"{url} cannot be reached ({' '.join(str(error).split())}); expected a store that may be read and written. Its "
        "address and keys come from the environment: AWS_ENDPOINT_URL, AWS_PROFILE or AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY."
    )
