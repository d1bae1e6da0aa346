"""The only importer of numba: loops over pixels, voxels and points as machine code."""

from __future__ import annotations

import hashlib
import inspect
import logging
import re
import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any, TypeVar, cast

from numba import njit
from numba.core import event

log = logging.getLogger(__name__)

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile a function of arrays and numbers when it is first called, and keep the result on disk.

    It lets go of the GIL, so that `parallel_map` runs it on several cores; it computes in the written order, without
    short cuts in floating point, so that the same input gives the same bytes.
    """
    try:
        kept: Any = njit(cache=True, nogil=True, error_model="numpy")(function)
        # Numba would go by the function's own file alone, and keep what it has compiled of a loop in another one.
        kept._cache._cache_file._source_stamp = _sources_sha256(function.__module__)
        return cast(Function, kept)
    except (RuntimeError, AttributeError, OSError):  # no folder to keep it in, or a numba that keeps it otherwise
        _told.again_in_every_run = True
        return cast(Function, njit(nogil=True, error_model="numpy")(function))


@cache
def _sources_sha256(module: str) -> str:
    """Return a hash of a module and of the modules of this package that it imports, theirs included."""
    source = inspect.getsource(sys.modules[module])
    imported = re.findall(r"^from (scanproc[.\w]*) import", source, re.MULTILINE)
    digest = hashlib.sha256(source.encode())
    for name in imported:
        digest.update(_sources_sha256(name).encode() if name in sys.modules else b"")
    return digest.hexdigest()


def _load_without_blas() -> None:
    """Load what numba else loads at the first call, but for scipy's BLAS: it takes 0.1 s, and few loops need it.

    Those that do (`@`, `np.linalg`) load it themselves.
    """
    blas = "scipy.linalg.cython_blas"
    if blas not in sys.modules:
        sys.modules[blas] = None  # type: ignore[assignment]
        try:
            import_module("numba.np.arraymath")  # asks once whether there is one, for np.cov in compiled loops
        finally:
            del sys.modules[blas]


class _Told(event.Listener):
    """Says once in a run that loops are compiled: it takes some seconds, in which nothing else seems to happen."""

    again_in_every_run = False
    told = False

    def on_start(self, event: Any) -> None:
        if not self.told:
            self.told = True
            if self.again_in_every_run:
                when = "in every run: no folder to keep them in can be written, set NUMBA_CACHE_DIR to one"
            else:
                when = "once, up to a minute"
            log.info("compiling loops for this machine (%s)", when)

    def on_end(self, event: Any) -> None:
        """Say nothing; numba asks for it."""


_load_without_blas()
_told = _Told()
event.register("numba:compile", _told)  # type: ignore[no-untyped-call]
