"""Lines of the proof: what was asked, what was measured back, and whether they agree."""

from __future__ import annotations

import math
from typing import Literal

from scanproc.artifacts import Check

Rule = Literal["equal", "at least", "at most"]

_NOT_MEASURED = "not measured"  # of what the solid does not show: a failed check


def within(name: str, asked: float, got: float, tolerance: float) -> Check:
    """Return a check that passes if the two differ by no more than the tolerance."""
    return _judged(name, asked, got, abs(got - asked) <= tolerance, "equal", tolerance)


def at_least(name: str, asked: float, got: float, tolerance: float = 0.0) -> Check:
    """Return a check of a lower bound."""
    return _judged(name, asked, got, got >= asked - tolerance, "at least", tolerance)


def at_most(name: str, asked: float, got: float, tolerance: float = 0.0) -> Check:
    """Return a check of an upper bound."""
    return _judged(name, asked, got, got <= asked + tolerance, "at most", tolerance)


def is_so(name: str, asked: bool | str, got: bool | str) -> Check:
    """Return a check of a yes or no, or of a word."""
    return Check(name, asked, got, asked == got)


def told(name: str, got: float | str, what: str = "measured") -> Check:
    """Return what is told and not judged; only a number that could not be measured fails."""
    if isinstance(got, str):
        return Check(name, what, got, True, "told")
    return Check(name, what, _rounded(got), math.isfinite(got), "told")


def _judged(name: str, asked: float, got: float, passed: bool, rule: Rule, tolerance: float) -> Check:
    """Return a check; infinite numbers and nan agree with nothing."""
    known = math.isfinite(asked) and math.isfinite(got)
    passes = bool(passed) and known
    if not math.isfinite(tolerance):  # whatever was measured passes
        return Check(name, _rounded(asked), _rounded(got), passes, "told")
    return Check(name, _rounded(asked), _rounded(got), passes, rule, round(tolerance, 6))


def _rounded(value: float) -> float | str:
    return round(float(value), 4) if math.isfinite(value) else _NOT_MEASURED
