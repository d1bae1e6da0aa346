"""Outcomes of a run that was broken off: kept one by one, and taken over by the next run of the same stages."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarking.outcome import Outcome, outcome_of
from scanproc.versions import stage_made_by

_STAGES = ("clean", "register", "surface", "align", "measure")


@dataclass(frozen=True)
class KeptOutcomes:
    """A file with a line of JSON for each recording that was evaluated.

    Attributes
    ----------
    asked : what was evaluated: outcomes of something else, or of other sources, are not taken over.
    """

    path: Path
    asked: str

    @property
    def made_by(self) -> str:
        """Return a hash of what the outcomes depend on."""
        return hashlib.sha256(json.dumps([self.asked, *map(stage_made_by, _STAGES)]).encode()).hexdigest()

    def read(self) -> dict[str, Outcome]:
        """Return the outcomes by the names of their recordings; those that crashed are tried again."""
        if not self.path.is_file():
            return {}
        rows = [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]
        outcomes = [outcome_of(row["outcome"]) for row in rows if row["made_by"] == self.made_by]
        return {outcome.name: outcome for outcome in outcomes if not outcome.crashed}

    def add(self, outcome: Outcome) -> None:
        """Keep one more."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"made_by": self.made_by, "outcome": asdict(outcome)}) + "\n")

    def remove(self) -> None:
        """Forget them all: the run is through, and the next one measures anew."""
        self.path.unlink(missing_ok=True)
