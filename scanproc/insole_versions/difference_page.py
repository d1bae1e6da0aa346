"""The difference of two versions as lines of text, as JSON, and as a page with the map of heights."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from scanproc.artifacts import Side
from scanproc.insole_versions.difference import FootDifference, VersionDifference
from scanproc.pages.html import fill
from scanproc.pages.model import model_json
from scanproc.pages.words import Words
from scanproc.stages.report import ReportConfig

_WIDTH = 80
_ALIKE_MM = 0.05


def lines_of(found: VersionDifference) -> Iterator[str]:
    """Yield the difference line by line."""
    for foot in found.feet:
        yield f"{foot.side} foot, {found.a} → {found.b}"
        for title, changes in (("asked", foot.asked), ("measured back", foot.measured)):
            yield f"  {title}{'' if changes else ': alike'}"
            yield from _columns([(change.name, " → ".join(change.said)) for change in changes])
        if foot.no_map:
            yield f"  no heights: {foot.no_map}"
        else:
            yield f"  {heights_in_words(foot, found)}"


def _columns(rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    width = min(max((len(name) for name, _ in rows), default=0), _WIDTH - 32)
    yield from (f"    {name.ljust(width)}  {text}" for name, text in rows)


def heights_in_words(foot: FootDifference, found: VersionDifference) -> str:
    """Return where the top of B is higher or lower, and by how much, in a sentence."""
    higher = max(foot.regions, key=lambda region: region.high_mm, default=None)
    lower = min(foot.regions, key=lambda region: region.low_mm, default=None)
    parts = []
    if higher is not None and higher.high_mm > _ALIKE_MM:
        parts.append(f"up to {higher.high_mm:.1f} mm higher ({higher.name})")
    if lower is not None and lower.low_mm < -_ALIKE_MM:
        parts.append(f"up to {-lower.low_mm:.1f} mm lower ({lower.name})")
    if not parts:
        return f"the top of {found.b} is as high as that of {found.a}, within {_ALIKE_MM} mm"
    return f"the top of {found.b} is {' and '.join(parts)} than that of {found.a}"


def difference_json(found: VersionDifference) -> dict[str, Any]:
    """Return the difference for programs; heights are of B over A, mm."""
    return {"schema": 1, "a": found.a, "b": found.b, "feet": [_foot_entry(foot) for foot in found.feet]}


def _foot_entry(foot: FootDifference) -> dict[str, Any]:
    entry: dict[str, Any] = {"side": foot.side}
    for name, changes in (("asked", foot.asked), ("measured", foot.measured)):
        entry[name] = [vars(change) for change in changes]
    entry["higher_mm"] = [
        {
            "region": region.name,
            "p1": _rounded(region.low_mm),
            "mean": _rounded(region.mean_mm),
            "p99": _rounded(region.high_mm),
        }
        for region in foot.regions
    ]
    return entry | ({"no_map": foot.no_map} if foot.no_map else {})


def _rounded(value: float) -> float:
    return round(value, 3) if math.isfinite(value) else 0.0


def difference_page(found: VersionDifference, scan: str) -> str:
    """Return the page: what was asked, what was measured back, and the map of heights, foot by foot."""
    from scanproc.several.pictures import pictures
    from scanproc.views import RaisedTop, raised_top_model

    tops: dict[Side, RaisedTop] = {
        foot.side: RaisedTop(foot.side, foot.solid, foot.raised_mm, found.a)
        for foot in found.feet
        if foot.solid is not None and foot.raised_mm is not None
    }
    alt: dict[str, str] = {side: f"How much higher the {side} insole of {found.b} is than {found.a}" for side in tops}
    words = Words()
    figures = pictures({side: (top, ()) for side, top in tops.items()}, alt, ReportConfig(), words)
    return fill(
        "versions.html",
        t=words,
        scan=scan,
        found=found,
        model=model_json(raised_top_model(tops), words) if tops else "",
        sections=[(foot, heights_in_words(foot, found), figures.get(foot.side, [])) for foot in found.feet],
    )
