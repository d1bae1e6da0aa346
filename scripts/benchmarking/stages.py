"""Runs stages in this process, as the runner does but without the disk, and times them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from scanproc.errors import ScanError
from scanproc.pipeline import STAGES


@dataclass
class Stages:
    """What the stages made so far of one recording, by kind of artifact.

    Attributes
    ----------
    artifacts : what there is; put in what the first stage needs.
    seconds : of each stage that ran.
    refused : the stage that refused and its message, or None.
    """

    artifacts: dict[type, Any]
    seconds: dict[str, float] = field(default_factory=dict)
    refused: str | None = None

    def run(self, *names: str) -> bool:
        """Run stages in order; return False at the first that refuses."""
        for stage in (stage for stage in STAGES if stage.name in names):
            arguments = {name: self.artifacts.get(need.artifact) for name, need in stage.takes.items()}
            start = time.perf_counter()
            try:
                self.artifacts[stage.makes] = stage.function(**arguments, config=stage.config())
            except ScanError as error:
                self.refused = f"{stage.name}: {error}"
                return False
            self.seconds[stage.name] = time.perf_counter() - start
        return True
