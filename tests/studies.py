"""Studies that nobody made: recordings of feet whose variance components are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scanproc.reliability.repeated import Value


def simulated(
    sds: Sequence[float], counts: Sequence[int], seed: int, lost: float = 0.0, stated: bool = True
) -> list[Value]:
    """Return values of a measure.

    Parameters
    ----------
    sds : standard deviation of feet, sessions, captures and picks; the last is stated of each value.
    counts : of feet, sessions a foot, captures a session, picks a capture.
    lost : share of the captures that is missing, which makes the study unbalanced.
    """
    rng = np.random.default_rng(seed)
    values = []
    for foot in range(counts[0]):
        length = 250.0 + rng.normal(0.0, sds[0])
        for session in range(counts[1]):
            that_day = length + rng.normal(0.0, sds[1])
            for capture in range(counts[2]):
                recorded = that_day + rng.normal(0.0, sds[2])
                if rng.random() < lost:
                    continue
                for _ in range(counts[3]):
                    picked = recorded + rng.normal(0.0, sds[3])
                    values.append(
                        Value(f"s{foot}", f"day {session}", f"c{capture}", picked, sds[3] if stated else None)
                    )
    return values
