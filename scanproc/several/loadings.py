"""What the arch of one foot does under load, from two scans."""

from __future__ import annotations

from collections.abc import Mapping

from scanproc.artifacts import Measure
from scanproc.measures.table import BETWEEN_LOADINGS
from scanproc.measures.two_scans import ScannedFoot, loading_words, same_person

_BY_LOAD = ("non-weight-bearing", "seated", "standing")


def between_loadings(a: ScannedFoot, b: ScannedFoot) -> Mapping[str, Measure]:
    """Return the measures between two loadings of one foot, by name, each with what refuses it.

    The order of the two scans does not matter: the smaller load comes first.
    """
    why_not = _why_not(a, b)
    if why_not is not None:
        refused = Measure(None, None, "refused", why_not)
        return {row.key: refused for row in BETWEEN_LOADINGS}
    less, more = sorted((a, b), key=lambda scan: _BY_LOAD.index(scan.foot.loading))
    return {row.key: row.read(less, more) for row in BETWEEN_LOADINGS}


def _why_not(a: ScannedFoot, b: ScannedFoot) -> str | None:
    """Return why two scans say nothing about the same foot under two loads, or None."""
    if a.side != b.side or not same_person(a.facts, b.facts):
        return "the two scans are not of one foot"
    for scan in (a, b):
        if scan.foot.loading == "unknown":
            return f"the loading of {scan.facts.name} is not known; state it in scan.toml"
    if a.foot.loading == b.foot.loading:
        return f"both scans are {loading_words(a.foot.loading)}"
    return None
