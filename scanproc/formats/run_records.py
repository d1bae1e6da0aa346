"""`run.json` and `manifest.json` as a run writes them: what is otherwise is none of ours, and counts as nothing."""

from __future__ import annotations

from typing import Any

_LONGEST_NAME = 255  # bytes, on most disks
_TABLES_OF_RUN = ("stages", "settings", "inputs")
_TABLES_OF_MANIFEST = ("settings", "inputs", "sources", "versions")


def is_run(found: dict[str, Any]) -> bool:
    """Whether this is a `run.json`; also an empty one."""
    if not all(isinstance(found.get(name, {}), dict) for name in _TABLES_OF_RUN):
        return False
    stages = found.get("stages", {}).values()
    return all(isinstance(stage, dict) and isinstance(stage.get("refused", ""), str) for stage in stages)


def is_manifest(found: dict[str, Any]) -> bool:
    """Whether this is a `manifest.json`; its files lie in the stage's folder, or are pages beside it."""
    files, parts = found.get("files"), found.get("refused_parts", [])
    return (
        isinstance(files, dict)
        and all(isinstance(digest, str) and _is_plain(name) for name, digest in files.items())
        and isinstance(parts, list)
        and all(isinstance(part, str) for part in parts)
        and all(isinstance(found.get(name, {}), dict) for name in _TABLES_OF_MANIFEST)
    )


def _is_plain(name: str) -> bool:
    return (
        name not in ("", ".", "..")
        and name.isprintable()  # nor half a character, which no disk can be asked for
        and not set(name) & set("/\\:")
        and len(name.encode()) <= _LONGEST_NAME
    )
