"""A benchmark that was broken off goes on where it was."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "scripts"))
from benchmarking.kept_outcomes import KeptOutcomes  # type: ignore[import-not-found, unused-ignore]
from benchmarking.outcome import Outcome  # type: ignore[import-not-found, unused-ignore]


def test_what_was_evaluated_is_there_after_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = KeptOutcomes(tmp_path / "grid.jsonl", "grid")
    assert kept.read() == {}
    one = Outcome(
        "one", planted={"000003": "bent"}, median_mm=0.2, measures=[{"measure": "foot_length_mm", "sd": None}]
    )
    kept.add(one)
    kept.add(Outcome("two", crashed="MemoryError()"))
    assert kept.read() == {"one": one}  # what crashed is tried again
    assert KeptOutcomes(kept.path, "grid with measures").read() == {}
    monkeypatch.setattr("benchmarking.kept_outcomes.stage_made_by", lambda stage: {"sources": {stage: "changed"}})
    assert kept.read() == {}
    assert len(kept.path.read_text().splitlines()) == 2 and json.loads(kept.path.read_text().splitlines()[0])
    kept.remove()
    assert not kept.path.exists()
