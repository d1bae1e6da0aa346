"""This process among others: the folder that it alone writes, and the memory that it took."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from scanproc.errors import ScanError

_NAME = ".lock"
_HOLDER_AT = 1  # the first byte is what Windows locks


class InUse(ScanError):
    """Another process holds the folder: nothing is wrong with the scan."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder: its lock ends with the process that holds it, however that ends.

    It is made where it is missing, and removed again where nothing was put into it.

    Raises
    ------
    InUse
        If another process holds it; the message says which. Where the disk knows no locks, everybody gets it.
    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    path = folder / _NAME
    stream = _taken(path)
    try:
        stream.seek(0)
        stream.truncate()
        stream.write(
            f" process {os.getpid()} on {platform.node()}, since {time.strftime('%Y-%m-%d %H:%M:%S')}".encode()
        )
        stream.flush()
        yield
    finally:
        with suppress(OSError):  # Windows: it is open
            path.unlink()  # while it is held: whoever waits for it finds that it is gone, and takes the next
        stream.close()
        for made in missing:
            with suppress(OSError):  # it holds results
                made.rmdir()


def _taken(path: Path) -> BinaryIO:
    """Return the lock's file, open and held."""
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = path.open("a+b")
        if not _is_mine(stream):
            stream.seek(_HOLDER_AT)
            holder = stream.read(200).decode(errors="replace").strip() or "another process"
            stream.close()
            raise InUse(
                f"{path.parent} is being written by {holder}; expected one run at a time. Wait for it, or choose "
                "another folder with --out."
            )
        with suppress(OSError):
            if os.path.samestat(os.fstat(stream.fileno()), path.stat()):
                return stream
        stream.close()  # its holder has removed it since it was opened


def _is_mine(stream: BinaryIO) -> bool:
    """Try to lock an open file; False where another process has."""
    try:
        import fcntl
    except ImportError:
        import msvcrt

        stream.seek(0)
        try:
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a network disk without locks
        return True
    return True


def peak_memory_mb() -> float | None:
    """Return the largest memory of this process so far, MB; None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1e6 if platform.system() == "Darwin" else 1e3), 1)
