"""How far the measures of a recording are from those of the true mesh, a row each."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from benchmarking.parts import Rows
from scanproc.artifacts import FootMeasures
from scanproc.measures.lengths import paris_points


def measure_rows(foot: FootMeasures, expected: Mapping[str, float | None]) -> Rows:
    """Return a row for each measure of a foot, with its error where it has a value, and the truth too.

    Sizes are rounded, and their sd knows by how much: true is the size before that.
    """
    length_mm = expected.get("foot_length_mm")
    if length_mm is not None:
        expected = {**expected, "mondopoint": length_mm, "eu_size": paris_points(length_mm)}
    rows = []
    for name, found in foot.measures.items():
        row = {"side": foot.side, "measure": name, "status": found.status, "sd": found.sd}
        if found.value is not None and (true := expected.get(name)) is not None:
            # The simulated cameras are true to scale: its share of the uncertainty would flatter the coverage.
            scale = 0.0 if found.sd_parts is None else found.sd_parts.scale
            row |= {"value": found.value, "error": found.value - true}
            row["sd_without_scale"] = None if found.sd is None else float(np.sqrt(max(found.sd**2 - scale**2, 0.0)))
        rows.append(row)
    return rows
