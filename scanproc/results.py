"""What a run did and made, for people who call it from Python and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

from scanproc.artifacts import Exports, Measure, Measures, Refusal, Report, ScanFacts
from scanproc.pipeline import STAGES
from scanproc.store import Store


@dataclass(frozen=True)
class Run:
    """What a run did, and what it made: in a notebook, a table of the measures.

    Attributes
    ----------
    store : where the outputs are; `store.root` is their folder.
    computed, fresh : names of the stages that ran, and of those whose result was still good.
    refusals : the stages that refused, with their messages; empty if all is well.
    facts : what is stated of the scan.
    """

    store: Store
    computed: tuple[str, ...]
    fresh: tuple[str, ...]
    refusals: tuple[Refusal, ...]
    facts: ScanFacts

    @property
    def folder(self) -> Path:
        """Where the last of what was made lies: of a version that there is, in its own folder."""
        return self.store.folder if self.store.folder.is_dir() else self.store.root

    @cached_property
    def measures(self) -> dict[str, dict[str, Measure]]:
        """Every measure by side and name: `measures["left"]["foot_length_mm"].value`; empty if there are none."""
        (stage,) = [stage for stage in STAGES if stage.makes is Measures]
        if stage.name not in (*self.computed, *self.fresh):
            return {}
        return {foot.side: dict(foot.measures) for foot in self.store.load(stage).feet}

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints: what was made of each stage, the feet of `measures.json`, exports, refusals."""
        stages: dict[str, Any] = {refusal.stage: {"status": "refused"} for refusal in self.refusals}
        files: dict[type, list[Path]] = {}
        for stage in STAGES:
            if stage.name in (*self.computed, *self.fresh):
                stages[stage.name] = {"status": "computed" if stage.name in self.computed else "fresh"}
                files[stage.makes] = self.store.files(stage)
        measured = [path for path in files.get(Measures, []) if path.name == "measures.json"]
        return {
            "scan": self.facts.name,
            "status": "refused" if self.refusals else "done",
            "outputs": str(self.store.root),
            **({"version": self.store.version} if self.store.version else {}),
            "stages": stages,
            "feet": [foot for path in measured for foot in json.loads(path.read_bytes())["feet"]],
            "exports": [str(path) for path in files.get(Exports, [])],
            "report": next((str(path) for path in files.get(Report, [])), None),
            "refusals": [{"stage": refusal.stage, "message": refusal.message} for refusal in self.refusals],
        }

    def _repr_html_(self) -> str:
        """Return a table of the measures, and below it what was refused; notebooks show it."""
        from scanproc.measures.plain_words import uncertainty_text, value_of, words_of

        rows = [
            (side, words_of(name), value_of(name, measure), uncertainty_text(name, measure), measure.reason or "")
            for side, measures in self.measures.items()
            for name, measure in measures.items()
        ]
        head = ("foot", "measure", "value", "±", "remark")
        table = _html_row("th", head) + "".join(_html_row("td", row) for row in rows) if rows else ""
        refusals = "".join(f"<p>{escape(f'{refusal.stage}: {refusal.message}')}</p>" for refusal in self.refusals)
        return f"<p>{escape(str(self.store.root))}</p><table>{table}</table>{refusals}"


def refused_json(scan: str, message: str) -> dict[str, Any]:
    """Return what `--json` prints of a scan of which no stage could begin."""
    refusal = {"stage": None, "message": message}
    made: dict[str, Any] = {"outputs": None, "stages": {}, "feet": [], "exports": [], "report": None}
    return {"scan": scan, "status": "refused", **made, "refusals": [refusal]}


def _html_row(cell: str, texts: Iterable[str]) -> str:
    return "<tr>" + "".join(f"<{cell}>{escape(text)}</{cell}>" for text in texts) + "</tr>"
