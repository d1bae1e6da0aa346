"""The only importer of numba: loops over pixels, voxels and points as machine code."""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import logging
import os
import re
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import config, njit
from numba.core import event

from scanproc.progress import tell

log = logging.getLogger(__name__)

Function = TypeVar("Function", bound=Callable[..., Any])

_config: Any = config  # whose names are made when it is loaded
_HASH_DIGITS = 16  # 64 bits: short enough for the paths of Windows
_STALE_SECONDS = 30 * 86400.0
_one_at_a_time = threading.Lock()


def compiled(function: Function) -> Function:
    """Compile a function of arrays and numbers when it is first called, and keep the result on disk.

    It lets go of the GIL, so that `parallel_map` runs it on several cores; it computes in the written order, without
    short cuts in floating point, so that the same input gives the same bytes.
    """
    _told.num_loops += 1
    folder = _folder_of(function.__module__)
    kept = None if folder is None else _kept_in(folder, function)
    if kept is None:
        _told.again_in_every_run = True
        return cast(Function, njit(nogil=True, error_model="numpy")(function))
    return kept


def _kept_in(folder: Path, function: Function) -> Function | None:
    """Return the function, kept below a folder once it is compiled; None if numba finds no place there.

    Numba asks for the place when it decorates: what other packages compile stays where it was.
    """
    with _one_at_a_time:
        before, _config.CACHE_DIR = _config.CACHE_DIR, str(folder)
        try:
            kept: Any = njit(cache=True, nogil=True, error_model="numpy")(function)
        except RuntimeError:
            return None
        finally:
            _config.CACHE_DIR = before
    return cast(Function, kept) if Path(kept.stats.cache_path).is_relative_to(folder) else None


@cache
def _folder_of(module: str) -> Path | None:
    """Return the folder for what is compiled of a module, named by a hash of all sources it is made of; None if none.

    Numba by itself would go by the function's own file alone, and keep what it has compiled of a loop in another one.
    The folder lies below NUMBA_CACHE_DIR where that is set, else beside the sources, else in the user's cache. A
    folder a module, rather than one for all, so that a change compiles again only what it changes.
    """
    try:
        digest = _sources_sha256(module)[:_HASH_DIGITS]
        beside = Path(inspect.getfile(sys.modules[module])).parent / "__pycache__"
    except (OSError, TypeError):  # typed in, or without its source
        return None
    places = [Path(_config.CACHE_DIR)] if _config.CACHE_DIR else [beside, *_user_caches()]
    for place in places:
        folder = place / f"{module}-{digest}"
        try:
            is_new = not folder.is_dir()
            folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
            os.utime(folder)  # it is in use
        except OSError:
            continue
        if is_new:
            _remove_stale(place, module)
        return folder.resolve()
    return None


def _user_caches() -> list[Path]:
    """Return this program's part of the user's cache folder; none for a user without a home."""
    found = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or os.path.expanduser("~/.cache")
    return [] if found.startswith("~") else [Path(found) / "scanproc"]


def _remove_stale(place: Path, module: str) -> None:
    """Remove what was compiled of earlier sources of a module: a few MB for each change of them else add up.

    Every run renews the time of the folders that it uses, so that none goes which another check-out or a process that
    has run for less than a month still wants.
    """
    for folder in place.glob(f"{module}-{'?' * _HASH_DIGITS}"):
        with contextlib.suppress(OSError):  # another process was faster
            if time.time() - folder.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(folder)


@cache
def _sources_sha256(module: str) -> str:
    """Return a hash of a module and of the modules of this package that it imports, theirs included."""
    source = inspect.getsource(sys.modules[module])
    imported = re.findall(r"^from (scanproc[.\w]*) import", source, re.MULTILINE)
    digest = hashlib.sha256(source.encode())
    for name in imported:
        digest.update(_sources_sha256(name).encode() if name in sys.modules else b"")
    return digest.hexdigest()


class _Told(event.Listener):
    """Says once in a run that loops are compiled, and how far that is: else nothing seems to happen for a minute."""

    again_in_every_run = False
    told = False
    num_loops = 0  # that are known so far
    num_begun = 0
    depth = 0  # of loops that wait for those that they call

    def on_start(self, event: Any) -> None:
        self.num_begun += 1
        self.depth += 1
        tell("compiling loops", min(self.num_begun, self.num_loops) - 1, self.num_loops)
        if not self.told:
            self.told = True
            if self.again_in_every_run:
                when = "in every run: no folder to keep them in can be written, set NUMBA_CACHE_DIR to one"
            else:
                when = "once, up to a minute"
            log.info("compiling loops for this machine (%s)", when)

    def on_end(self, event: Any) -> None:
        self.depth -= 1
        if self.depth == 0:  # for now
            tell("compiling loops", self.num_loops, self.num_loops)


_told = _Told()
event.register("numba:compile", _told)  # type: ignore[no-untyped-call]
