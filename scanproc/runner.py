"""Brings outputs up to date: skips what is fresh, says why it recomputes, goes on past a refusal."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from scanproc.artifacts import Exports, Feet, Insoles, Recording, Refusal, Refusals, ScanFacts
from scanproc.beside import Beside, beside
from scanproc.errors import ScanError
from scanproc.formats.edited_landmarks import FILE_NAME, landmarks_of_edit
from scanproc.parallel import meanwhile, num_workers
from scanproc.pipeline import Stage, load, maker_of
from scanproc.prescription.files import machine_beside
from scanproc.prescription.last_prescription import LastPrescription
from scanproc.processes import locked, peak_memory_mb
from scanproc.results import Run
from scanproc.run_plan import Configs, check_stage, configs_of, prescription_of, stages_of
from scanproc.scan import GIVEN_BY_MESH, Scan, open_scan, read_mesh, read_recording
from scanproc.settings import as_table
from scanproc.staleness import why
from scanproc.store import Store, open_store
from scanproc.versions import reader_made_by, stage_made_by, versions
from scanproc.whole_files import to_json

log = logging.getLogger(__name__)


def run(
    scan_path: str | Path,
    out: str | Path = "outputs",
    to: str = "report",
    tables: Iterable[Mapping[str, Any]] = (),
    camera: Path | None = None,
    version: str = "",
) -> Run:
    """Bring the stages up to `to` up to date for one scan.

    Parameters
    ----------
    scan_path, camera : a scan's folder or file, and the file of its camera's certificate; see `scan.open_scan`.
    out : folder that holds the scans' outputs.
    to : name of the last stage.
    tables : settings by stage and name; later tables win. The prescription of the last insole holds until a new one.
    version : name of an insole that is kept beside the scan's own, with a prescription and results of its own.

    Raises
    ------
    ScanError
        If the scan cannot be read, a setting is wrong, or another run writes there; then nothing is written. A
        stage's own refusal is returned, not raised: what does not depend on it is still made.
    """
    num_workers()  # said of the environment now, or it would count as a stage's refusal of the scan
    scan_path, out = Path(scan_path), Path(out)
    given = [*machine_beside(scan_path), *tables]
    check_stage(to)
    scan = open_scan(scan_path, camera)
    stages = stages_of(scan, to)
    store = open_store(out, scan.name, version)
    with locked(store.root), meanwhile(partial(load, stages)), beside() as others:
        prescription = prescription_of(store, given)
        job = _Job(scan, store, prescription, configs_of(to, prescription, version), others)
        store.tidy()
        try:
            for number, stage in enumerate(stages, start=1):
                # The first makes what all are made of: nothing is begun beside it, nor loaded for that.
                job.bring_up_to_date(stage, stages[number] if 1 < number < len(stages) else None)
                job.keep_for(stages[number:])
            others.end_writing()
        finally:  # what was made before a bug showed is on record, too
            job.write_run()
        store.check_holds({stage: job.keys[stage.makes] for stage in stages if stage.makes in job.keys})
    return Run(store, tuple(job.computed), tuple(job.fresh), tuple(job.refusals), scan.facts)


@dataclass
class _Job:
    """One run over one scan: what is known so far of each stage."""

    scan: Scan
    store: Store
    prescription: LastPrescription
    configs: Configs
    beside: Beside
    keys: dict[type, str] = field(default_factory=dict)  # of the artifacts that are up to date
    artifacts: dict[type, Any] = field(default_factory=dict)
    computed: list[str] = field(default_factory=list)
    fresh: list[str] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    def __post_init__(self) -> None:
        for remark in self.scan.facts.remarks:
            log.info("%s: %s", self.scan.name, remark)
        before = self.store.read_run()
        self.inputs = dict(self.scan.contents())
        self.scan.check_unchanged()
        self.store.check_is_of(self.scan.path, self.inputs)
        self.before, self.settings_before = before.get("stages", {}), before.get("settings", {})
        self.record: dict[str, Any] = {}
        self.reader = _hash(reader_made_by(self.scan.form.opens.__module__))
        self.given = {ScanFacts, Recording, *([GIVEN_BY_MESH] if self.scan.surface is not None else [])}
        self.keys |= dict.fromkeys(self.given, _hash([self.scan.name, self.inputs]))
        self.artifacts[ScanFacts] = self.scan.facts

    def bring_up_to_date(self, stage: Stage, following: Stage | None = None) -> None:
        """Run one stage, unless its result is fresh, or was refused before, or what it needs is not there.

        While it is computed, a helper begins with the one that follows, where that takes nothing of it.
        """
        if missing := self._missing(stage):
            log.info("%s: left out, it needs the result of %s", stage.folder, maker_of(missing[0]).name)
            self._warn_of_earlier(stage)
            return
        ingredients = self._ingredients(stage)
        key = _hash(ingredients)
        known = self.before.get(stage.name, {})
        manifest = self.store.manifest(stage)
        if manifest.get("key") == key and self.store.is_whole(stage):
            log.info("%s: fresh", stage.folder)
            self.fresh.append(stage.name)
            self._keep_prescription(stage)
            self.record[stage.name] = known if known.get("key") == key else {"key": key}
            self._note(stage, manifest.get("refused_parts", []))
        elif known.get("refused") and known.get("key") == key:
            log.info("%s: refused before, with the same input and settings", stage.folder)
            self._refuse(stage, key, known["refused"])
            return
        else:
            if not self.beside.has_begun(key):
                log.info("%s: %s", stage.folder, why(manifest, ingredients))
            if following is not None:
                self._begin(following, stage)
            if not self._compute(stage, key, ingredients):
                return
        self.keys[stage.makes] = key

    def _begin(self, stage: Stage, before: Stage) -> None:
        """Let a helper begin with a stage, if it has to be computed and nothing of the one before is needed for it."""
        needs = {need.artifact for need in stage.takes.values()}
        if needs & {before.makes, Refusals} or self._missing(stage):
            return
        ingredients = self._ingredients(stage)
        key, manifest = _hash(ingredients), self.store.manifest(stage)
        if key not in (manifest.get("key"), self.before.get(stage.name, {}).get("key")):
            log.info("%s: %s", stage.folder, why(manifest, ingredients))
            self.beside.begin(key, partial(self._made, stage, self._arguments(stage)))

    def _made(self, stage: Stage, arguments: dict[str, Any]) -> tuple[Any, float]:
        """Return what a stage makes, and in how many seconds."""
        start = time.perf_counter()
        artifact = stage.function(**arguments, config=self.configs.of(stage))
        return artifact, time.perf_counter() - start

    def keep_for(self, stages: tuple[Stage, ...]) -> None:
        """Let go of what none of these stages takes: hundreds of views are most of the memory."""
        wanted = {need.artifact for stage in stages for need in stage.takes.values()}
        self.artifacts = {kind: artifact for kind, artifact in self.artifacts.items() if kind in wanted}

    def write_run(self) -> None:
        """Write `run.json`: versions, settings, input hashes, seconds and peak memory of each stage."""
        if not self.record:
            return  # the scan could not be read
        self.store.write_run(
            {
                "schema": 1,
                "scan": self.scan.name,
                "recording": self.store.way_to(self.scan.path),
                "subject": self.scan.facts.subject,
                "versions": versions(),
                "settings": self.settings_before | self.configs.tables(),
                "inputs": self.inputs,
                "stages": {**self.before, **self.record},
            }
        )

    def _compute(self, stage: Stage, key: str, ingredients: dict[str, Any]) -> bool:
        arguments = self._arguments(stage)
        try:
            artifact, seconds = self.beside.computed(key, partial(self._made, stage, arguments))
        except ScanError as error:
            self._refuse(stage, key, str(error))
            return False
        parts = list(getattr(artifact, "refused_parts", ()))
        self.beside.end_writing()
        self._keep_prescription(stage)
        if stage.makes is Feet:
            with suppress(ScanError):  # it is raised where they are needed
                _ = self._edited_landmarks
        made_by = {"key": key, "stage": stage.name, "refused_parts": parts, **ingredients}
        self.beside.write(self.store.save, stage, artifact, made_by)
        self._note(stage, parts)
        self.artifacts[stage.makes] = artifact
        self.computed.append(stage.name)
        self.record[stage.name] = {"key": key, "seconds": round(seconds, 3), "peak_memory_mb": peak_memory_mb()}
        log.info("%s: done in %.1f s", stage.folder, seconds)
        return True

    def _keep_prescription(self, stage: Stage) -> None:
        """Keep what an insole is made by, before it is written: a killed run is ended by the next."""
        if stage.makes is Insoles and self.prescription.is_asked:
            self.store.write_prescription(self.prescription.text())

    def _refuse(self, stage: Stage, key: str, message: str) -> None:
        self._note(stage, [message])
        if stage.makes is Insoles and self.prescription.is_new:
            log.warning("prescription: no insole was made by what is asked, so it is not kept: give it again next time")
        self.record[stage.name] = {"key": key, "refused": message}
        self._warn_of_earlier(stage)

    def _warn_of_earlier(self, stage: Stage) -> None:
        if self.store.manifest(stage):
            log.warning("%s still holds the result of an earlier run: do not use it for this one", stage.folder)
        if stage.makes in (Insoles, Exports):  # files to make something from are taken away: somebody would make it
            self.store.remove(maker_of(Exports))

    def _note(self, stage: Stage, messages: Iterable[str]) -> None:
        """Note what a stage refused, of a scan or of one foot of it, unless stages before it said all of that."""
        new = (Refusal(stage.name, message) for message in messages)
        self.refusals += [refusal for refusal in new if not refusal.is_said_by(self.refusals)]

    def _has(self, kind: type) -> bool:
        return kind is Refusals or kind in self.keys

    def _missing(self, stage: Stage) -> list[type]:
        return [need.artifact for need in stage.takes.values() if not need.optional and not self._has(need.artifact)]

    def _arguments(self, stage: Stage) -> dict[str, Any]:
        """Return what a stage takes. What cannot be read ends the run with its one message; nothing is lost."""
        return {name: self._artifact(need.artifact) for name, need in stage.takes.items()}

    def _artifact(self, kind: type) -> Any:
        """Return an artifact; None where it was refused. Results are read only when somebody wants them."""
        if kind not in self.keys:
            return Refusals(tuple(self.refusals)) if kind is Refusals else None
        if kind not in self.artifacts:
            if kind is Recording:
                self.artifacts[kind] = read_recording(self.scan)
                self.scan.check_unchanged()
            elif kind is GIVEN_BY_MESH and self.scan.surface is not None:
                self.artifacts[kind] = read_mesh(self.scan)
            else:
                self.artifacts[kind] = self.store.load(maker_of(kind))
        if kind is Feet and (edited := self._edited_landmarks) is not None:
            return landmarks_of_edit(edited, self.artifacts[kind])
        return self.artifacts[kind]

    @cached_property
    def _edited_landmarks(self) -> bytes | None:
        self.beside.end_writing()  # they may lie in the folder that is written
        return self.store.edited_landmarks()

    def _ingredients(self, stage: Stage) -> dict[str, Any]:
        """Return all that a stage's result depends on, by name."""
        made_of: dict[str, Any] = {}
        for name, need in stage.takes.items():
            if need.artifact is Refusals:
                made_of[name] = [vars(refusal) for refusal in self.refusals]
            else:
                made_of[name] = self.keys.get(need.artifact)
            if need.artifact is Feet and (edited := self._edited_landmarks) is not None:
                made_of[FILE_NAME] = hashlib.sha256(edited).hexdigest()
            if need.artifact in self.given:
                made_of["reader"] = self.reader
        return {"inputs": made_of, "settings": as_table(self.configs.of(stage)), **stage_made_by(stage.name)}


def _hash(value: Any) -> str:
    return hashlib.sha256(to_json(value)).hexdigest()
