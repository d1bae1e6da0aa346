"""What a result is older than: looked up in manifests, without running anything."""

from __future__ import annotations

import hashlib

from scanproc.artifacts import Feet
from scanproc.formats.edited_landmarks import FILE_NAME
from scanproc.pipeline import STAGES, Stage
from scanproc.store import Store


def older_than(store: Store, stage: Stage) -> list[str]:
    """Return what a stage's result is older than, in words: another stage's that it was made from, or an edit."""
    found: list[str] = []
    made_of = store.manifest(stage).get("inputs", {})
    for name, need in stage.takes.items():
        maker = next((other for other in STAGES if other.makes is need.artifact), None)
        if maker is None or not store.manifest(maker) or not made_of:
            continue
        if made_of.get(name) is not None and made_of[name] != store.manifest(maker).get("key"):
            found.append(f"the {maker.name} result")
        if need.artifact is Feet:
            edited = store.edited_landmarks()
            now = hashlib.sha256(edited).hexdigest() if edited is not None else None
            found += [FILE_NAME] if made_of.get(FILE_NAME) != now else []
        found += older_than(store, maker)
    return list(dict.fromkeys(found))
