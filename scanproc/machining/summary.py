"""What the simulation found of a part's programs, in one file beside them: figures, and what is left as a map."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from scanproc.frames import FloatArray
from scanproc.machining.leftover import Leftover

_CELL_MM = 1.0


def summary(minutes: Mapping[str, float], leftovers: Mapping[str, Leftover]) -> bytes:
    """Return the JSON of a part.

    Parameters
    ----------
    minutes : of each program by its file's name.
    leftovers : what each setup leaves, by its side.
    """
    rounded = {name: round(value, 2) for name, value in minutes.items()}
    content = {"schema": 1, "minutes": rounded, "setups": setup_rows(leftovers)}
    return json.dumps(content, separators=(",", ":")).encode()


def setup_rows(leftovers: Mapping[str, Leftover]) -> list[dict[str, Any]]:
    """Return a row for what each setup leaves, by its side.

    Figures are of 99 % of the part, mm; of each cell of the map it is the most that is left, in whole micrometres (null
    beside the part), a row for each x.
    """
    setups: list[dict[str, Any]] = []
    for side, found in leftovers.items():
        on = np.isfinite(found.left)
        setups.append(
            {
                "side": side,
                "gouge_mm": round(float(found.gouge[on].max()), 4),
                "left_p99_mm": round(float(np.quantile(found.left[on], 0.99)), 4),
                "unreached_p99_mm": round(float(np.quantile(found.unreached[on], 0.99)), 4),
                "map": {
                    "x0_mm": found.field.x0,
                    "y0_mm": found.field.y0,
                    "step_mm": _CELL_MM,
                    "left_um": _most(found.left + found.unreached, round(_CELL_MM / found.field.step)),
                },
            }
        )
    return setups


def _most(values: FloatArray, size: int) -> list[list[int | None]]:
    """Return the greatest value of each cell of so many nodes a side, mm to whole um."""
    rows, columns = (count // size * size for count in values.shape)
    cells = values[:rows, :columns].reshape(rows // size, size, columns // size, size)
    most = np.where(np.isfinite(cells), cells, -np.inf).max(axis=(1, 3))
    return [[round(1e3 * value) if np.isfinite(value) else None for value in row] for row in most.tolist()]
