"""Why a stage is computed: what its result depends on, then and now."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import shorten
from typing import Any

_SHOWN = 3  # changed settings; more are counted
_VALUE_WIDTH = 24  # of a setting, in letters


def why(manifest: dict[str, Any], now: dict[str, Any]) -> str:
    """Say why a stage is computed, in a line.

    Parameters
    ----------
    manifest : of its result; empty if there is none.
    now : what the stage depends on, by kind ("inputs", "settings", "sources", "versions") and name.
    """
    if not manifest:
        return "no result yet"
    for what in ("settings", "inputs", "sources", "versions"):
        before = manifest.get(what, {})
        changed = [name for name in sorted({*before, *now[what]}) if before.get(name) != now[what].get(name)]
        if changed:
            shown = list(_steps(before, now[what], changed)) if what == "settings" else changed
            more = f", and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
            return f"computed again, {what} changed: {', '.join(shown[:_SHOWN])}{more}"
    return "computed again, its files were changed or lost"


def _steps(before: dict[str, Any], now: dict[str, Any], names: list[str]) -> Iterator[str]:
    """Yield each changed setting with its old and new value; of a table only that it changed."""
    for name in names:
        old, new = before.get(name), now.get(name)
        if isinstance(old, list) or isinstance(new, list):
            yield name
        else:
            yield f"{name} {_brief(old)} → {_brief(new)}"


def _brief(value: Any) -> str:
    return "none" if value is None else shorten(str(value), _VALUE_WIDTH, placeholder="…") or "none"
