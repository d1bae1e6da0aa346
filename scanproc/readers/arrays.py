"""NumPy's files: mapped, so that nothing is read before their size is known, and never unpickled."""

from __future__ import annotations

import tokenize
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: What numpy raises of damaged headers, which it takes for Python.
_DAMAGED = (OSError, ValueError, SyntaxError, TypeError, OverflowError, EOFError, MemoryError, tokenize.TokenError)


def mapped_array(path: Path) -> NDArray[Any]:
    """Return the array of a `.npy`, as it lies on the disk.

    Raises
    ------
    ValueError
        If it is damaged, shorter than it says, or holds Python objects.
    """
    try:
        return np.lib.format.open_memmap(path, mode="r")
    except _DAMAGED as error:
        raise ValueError(error) from None
