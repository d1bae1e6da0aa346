"""Why a stage is computed: what its result depends on, then and now."""

from __future__ import annotations

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
        before, after = _flat(manifest.get(what, {})), _flat(now[what])
        changed = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
        if changed:
            shown = [f"{name}{_step(before, after, name) if what == 'settings' else ''}" for name in changed[:_SHOWN]]
            more = f", and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
            return f"computed again, {what} changed: {', '.join(shown)}{more}"
    return "computed again, its files were changed or lost"


def _flat(table: dict[str, Any]) -> dict[str, Any]:
    """Return a table in which a list of names with values, as of one foot's prescription, is spelt `left.name`."""
    flat: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, list) and value and all(isinstance(row, list) and len(row) == 2 for row in value):
            flat |= {f"{name}.{key}": inside for key, inside in value if isinstance(key, str)} or {name: value}
        elif value != []:
            flat[name] = value
    return flat


def _step(before: dict[str, Any], now: dict[str, Any], name: str) -> str:
    """Return the old and the new value of a setting; nothing of a long table, of which nobody reads the numbers."""
    old, new = before.get(name), now.get(name)
    return "" if isinstance(old, list) or isinstance(new, list) else f" {_brief(old)} → {_brief(new)}"


def _brief(value: Any) -> str:
    return "none" if value in (None, "") else shorten(str(value), _VALUE_WIDTH, placeholder="…")
