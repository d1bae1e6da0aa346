"""The only importer of numba: loops over pixels, voxels and points as machine code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile a function of arrays and numbers when it is first called, and keep the result on disk.

    It lets go of the GIL, so that `parallel.spread` runs it on several cores; it computes in the written order, without
    short cuts in floating point, so that the same input gives the same bytes.
    """
    try:
        return cast(Function, njit(cache=True, nogil=True, error_model="numpy")(function))
    except RuntimeError:  # no folder to keep it in: compiled anew in every run
        return cast(Function, njit(nogil=True, error_model="numpy")(function))
