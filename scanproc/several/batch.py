"""Many scans, worked off by several processes; one that is refused, or ends its process, stops none of the others."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from scanproc.cluster.work import Cluster, Ended, Work
from scanproc.errors import ScanError
from scanproc.pages.words import Language
from scanproc.processes import InUse
from scanproc.results import Run
from scanproc.several.cohort import Outcome, outcome_of, write_cohort
from scanproc.several.cohort_page import cohort_page
from scanproc.several.cohort_parquet import cohort_parquet
from scanproc.store import write_files

log = logging.getLogger(__name__)

_IN_USE_S = 60.0  # that a scan may be written by another process: of a worker that was given up, or of another batch
_PAUSE_S = 1.0


@dataclass
class Batch:
    """Scans that a cluster works off.

    Parameters
    ----------
    scans : see `scan.open_scan`; their names differ.
    run_scan : brings one of them up to date, on a worker.
    cluster : where that is done.
    level : of the log, from which on workers tell what they say.
    told : what people read in place of a text in which paths stand for something else; see `remote`.
    see : makes the outputs of a scan visible here, which a worker has written below a path.
    """

    scans: Sequence[Path]
    run_scan: Callable[[Path], Run]
    cluster: Cluster
    level: int
    told: Callable[[object], str] = str
    see: Callable[[Path], None] = lambda folder: None
    outcomes: dict[int, Outcome] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.work: Work[Path, _Ran] = Work(self.cluster, _Task(self.run_scan, self.level), self.scans, self._lost)

    def run(self) -> Generator[tuple[Path, Outcome], None, None]:
        """Yield each scan with what came of it, as they end; `outcomes` has them all, by their place in `scans`."""
        for ended in self.work.ended():
            scan = self.scans[ended.index]
            self.outcomes[ended.index] = outcome_of(scan, partial(self._run_of, scan, ended))
            for remark in ended.result.remarks if ended.result else ():
                log.log(remark.level, "%s: %s", self.told(scan), self.told(remark.text))
            yield scan, self.outcomes[ended.index]

    @property
    def running(self) -> list[tuple[str, float]]:
        """Scans that are worked on, as people call them, and for how many seconds."""
        now = time.monotonic()
        return [
            (self.told(self.scans[index]), now - since) for index, since in sorted(self.work.running.copy().items())
        ]

    def _run_of(self, scan: Path, ended: Ended[_Ran]) -> Run:
        """Return the run of a scan.

        Raises
        ------
        ScanError
            If there is none: the scan could not be read, the program is at fault, or its worker was lost twice; or if a
            worker has written it where this program does not see it.
        """
        if ended.details:
            log.error("%s: a fault of this program:\n%s", self.told(scan), ended.details.rstrip())
            raise ScanError(f"a fault of this program, not of the scan: {ended.failure}. Please report it.")
        if ended.result is None:
            raise ScanError(ended.failure)
        run = ended.result.run
        if run is None:
            raise ScanError(self.told(ended.result.refusal))
        self.see(run.store.root)
        if not run.store.root.exists():
            raise ScanError(
                f"a worker has written {run.store.root}, which this program does not see; expected a disk that all "
                "share. Choose a folder on one with --out."
            )
        refusals = tuple(replace(each, message=self.told(each.message)) for each in run.refusals)
        return replace(run, refusals=refusals)

    def _lost(self, index: int) -> None:
        log.warning("%s: its worker was lost; it is run again", self.told(self.scans[index]))


@dataclass(frozen=True)
class CohortFiles:
    """What was written of all scans together: two tables; `more`: the table as Parquet, if that can be, and a page."""

    tables: tuple[Path, ...]
    more: tuple[Path, ...]


def write_all(out: Path, outcomes: Sequence[Outcome], language: Language = "en") -> CohortFiles:
    """Write the cohort as tables and as a page into the folder of all outputs; nothing if nothing was measured."""
    tables = write_cohort(out, outcomes)
    if not tables:
        return CohortFiles((), ())
    files = {}
    try:
        files["cohort.parquet"] = cohort_parquet(outcomes)
    except ScanError as error:  # what it is written by is an extra
        log.info("cohort.parquet is left out: %s", error)
    files["cohort.html"] = cohort_page(outcomes, language).encode()
    write_files(out, files)
    return CohortFiles(tables, tuple(out / name for name in files))


@dataclass(frozen=True)
class _Remark:
    """A line of the log."""

    level: int
    text: str


@dataclass(frozen=True)
class _Ran:
    """What a worker tells of a scan: its run, or why it could not begin; and what the log said."""

    run: Run | None
    refusal: str
    remarks: tuple[_Remark, ...]


@dataclass(frozen=True)
class _Task:
    """What a worker does with a scan."""

    run_scan: Callable[[Path], Run]
    level: int

    def __call__(self, scan: Path) -> _Ran:
        with _remarks(self.level) as remarks:
            try:
                run, refusal = _run_when_free(self.run_scan, scan), ""
            except ScanError as error:
                run, refusal = None, str(error)
        return _Ran(run, refusal, tuple(remarks))


def _run_when_free(run_scan: Callable[[Path], Run], scan: Path) -> Run:
    """Run a scan once no other process writes there; that one's results are then found."""
    deadline = time.monotonic() + _IN_USE_S
    while True:
        try:
            return run_scan(scan)
        except InUse:
            if time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE_S)


@contextmanager
def _remarks(level: int) -> Iterator[list[_Remark]]:
    """Collect what the log says within the block: several workers would say it all at once."""
    said: list[_Remark] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(_Remark(record.levelno, record.getMessage()))

    logger, collector = logging.getLogger("scanproc"), Collector(level)
    before, propagated = logger.level, logger.propagate
    logger.addHandler(collector)
    logger.setLevel(level)
    logger.propagate = False
    try:
        yield said
    finally:
        logger.removeHandler(collector)
        logger.setLevel(before)
        logger.propagate = propagated
