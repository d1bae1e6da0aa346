"""Lines of the proof: what was asked, what was measured back, and whether they agree."""

from __future__ import annotations

from scanproc.artifacts import Check


def within(name: str, asked: float, got: float, tolerance: float) -> Check:
    """Return a check that passes if the two differ by no more than the tolerance."""
    return Check(name, _rounded(asked), _rounded(got), bool(abs(got - asked) <= tolerance))


def at_least(name: str, asked: float, got: float, tolerance: float = 0.0) -> Check:
    """Return a check of a lower bound."""
    return Check(name, _rounded(asked), _rounded(got), bool(got >= asked - tolerance))


def at_most(name: str, asked: float, got: float, tolerance: float = 0.0) -> Check:
    """Return a check of an upper bound."""
    return Check(name, _rounded(asked), _rounded(got), bool(got <= asked + tolerance))


def is_so(name: str, asked: bool | str, got: bool | str) -> Check:
    """Return a check of a yes or no, or of a word."""
    return Check(name, asked, got, asked == got)


def told(name: str, got: float | str, what: str = "measured") -> Check:
    """Return what is told and not judged."""
    return Check(name, what, got if isinstance(got, str) else _rounded(got), True)


def _rounded(value: float) -> float:
    return round(float(value), 4)
