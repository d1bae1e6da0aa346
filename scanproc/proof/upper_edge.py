"""The upper outer edge, measured back: how round it is."""

from __future__ import annotations

import numpy as np

from scanproc.artifacts import Check
from scanproc.proof.checks import within
from scanproc.proof.finished import Finished
from scanproc.solid.edge_rounding import inwards

_TOLERANCE_MM = 0.2  # a hand feels no finer
_AT = 1.0 - np.sqrt(0.5)  # of the radius inside the outline: half-way round
_LEVEL = 0.05  # slope: where the top rises or falls inwards the edge is no square one
_ENOUGH = 10  # places along the outline


def upper_edge_checks(done: Finished) -> tuple[Check, ...]:
    """The radius of the circle that touches an upright side, a level rim, and the place half-way between them."""
    rim, radius = done.asked.rim, done.rx.thickness.rim_radius_mm
    if rim is None or not rim.rounds:
        return ()
    whole = (np.abs(rim.descent) < _LEVEL) & (rim.radius_mm > 0.99 * radius)
    edge, inward = rim.outline[whole], inwards(rim.outline)[whole]
    if len(edge) < _ENOUGH:
        return ()
    into = _AT * radius
    level, round_z = (done.probe.top_at(edge + off * inward) for off in (1.2 * radius, into))
    there = np.isfinite(level) & np.isfinite(round_z)
    drop = np.maximum(level[there] - round_z[there], 0.0)
    found = float(np.median(into + drop + np.sqrt(2.0 * into * drop))) if len(drop) else float("nan")
    return (within("rim_radius_mm", radius, found, _TOLERANCE_MM),)
