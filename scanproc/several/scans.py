"""Several scans brought up to date, and what their stages made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scanproc.artifacts import Exports, Feet, Insoles, Measures, Refusal, Registration, ScanFacts
from scanproc.errors import ScanError
from scanproc.formats.edited_landmarks import landmarks_of_edit
from scanproc.measures.two_scans import ScannedFoot
from scanproc.pipeline import STAGES
from scanproc.readers.listing import is_there
from scanproc.results import Run
from scanproc.runner import run
from scanproc.scan import name_of, open_scan


@dataclass(frozen=True)
class ScanResults:
    """What a run made of one scan; None where a stage refused it."""

    facts: ScanFacts
    feet: Feet | None
    measures: Measures | None
    insoles: Insoles | None
    exports: Exports | None
    refusals: tuple[Refusal, ...]
    registration: Registration | None = None

    @property
    def scanned_feet(self) -> dict[str, ScannedFoot]:
        """Each measured foot by its side."""
        return {foot.side: ScannedFoot(self.facts, foot) for foot in (self.measures.feet if self.measures else ())}


def check_distinct(paths: Sequence[Path]) -> None:
    """Refuse scans that would share one folder of results.

    Raises
    ------
    ScanError
        If a scan is given twice, or two scans are called the same.
    """
    resolved = [path.resolve() for path in paths]
    names = [name_of(path) for path in paths]
    for path, place, name in zip(paths, resolved, names, strict=True):
        if resolved.count(place) > 1:
            raise ScanError(f"{path} is given {resolved.count(place)} times; expected different scans. Leave one out.")
        if names.count(name) > 1:
            raise ScanError(f"{names.count(name)} scans are called {name}, and would share one folder. Rename one.")


def check_there(paths: Sequence[Path]) -> None:
    """Refuse paths where nothing is, which are slips and no scans in trouble, and what `check_distinct` refuses.

    Raises
    ------
    ScanError
        That names the first such path.
    """
    for path in paths:
        if not is_there(path):
            raise ScanError(f"{path} does not exist; expected a folder of a scan or a finished mesh. Check the path.")
    check_distinct(paths)


def facts_of(paths: Sequence[Path]) -> tuple[ScanFacts, ...]:
    """Open each scan, and return what is stated of it: what cannot be read is refused before anything is computed."""
    return tuple(open_scan(path).facts for path in paths)


def results_of(path: Path, out: Path, to: str, tables: Iterable[Mapping[str, Any]], version: str = "") -> ScanResults:
    """Bring one scan, or a version of its insole, up to date as far as the stage `to`, and read what came of it."""
    return loaded(run(path, out, to, tables, version=version))


def loaded(done: Run) -> ScanResults:
    """Read the results of a run."""
    made: dict[type, Any] = {}
    for stage in STAGES:
        if stage.name in ("register", "align", "measure", "insole", "export") and stage.name in (
            *done.computed,
            *done.fresh,
        ):
            made[stage.makes] = done.store.load(stage)
    edited = done.store.edited_landmarks()
    if edited is not None and Feet in made:
        made[Feet] = landmarks_of_edit(edited, made[Feet])
    return ScanResults(
        facts=done.facts,
        feet=made.get(Feet),
        measures=made.get(Measures),
        insoles=made.get(Insoles),
        exports=made.get(Exports),
        refusals=done.refusals,
        registration=made.get(Registration),
    )
