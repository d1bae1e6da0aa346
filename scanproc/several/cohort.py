"""The table of a cohort: one row a foot, and the dictionary that says what each of its columns is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scanproc.artifacts import Measures, ScanFacts
from scanproc.errors import ScanError
from scanproc.formats.artifact_files import measure_cells
from scanproc.formats.spreadsheets import csv_table
from scanproc.measures.plain_words import words_of
from scanproc.measures.rows import columns_of
from scanproc.measures.table import MEASURES, ROWS, in_table_order
from scanproc.pipeline import STAGES
from scanproc.results import Run, refused_json
from scanproc.scan import name_of
from scanproc.store import write_files

_STATED = "scan.toml"


@dataclass(frozen=True)
class Column:
    """The unit of a column, what stands in it, and where that comes from."""

    unit: str
    text: str
    source: str


#: Columns about the scan and the foot, before those of the measures.
COLUMNS: Mapping[str, Column] = {
    "scan": Column("", "name of the scan's folder or file", "scanproc"),
    "refused": Column("", "why the scan gave no measures; empty if it gave some", "scanproc"),
    "subject": Column("", "pseudonym of the person; empty if not stated, like all that follows", _STATED),
    "date": Column("", "day of the scan, year-month-day", _STATED),
    "sex": Column("", "female or male", _STATED),
    "age_years": Column("years", "age of the person", _STATED),
    "mass_kg": Column("kg", "body mass", _STATED),
    "shoe_size_eu": Column("Paris points", "size of the shoes that the person wears", _STATED),
    "side": Column("", "left or right; one row a foot", "scanproc, or scan.toml"),
    "loading": Column("", "standing, seated, non-weight-bearing or unknown", _STATED),
    "load_kg": Column("kg", "load on this foot, read from a scale", _STATED),
    "position": Column("", "relaxed, subtalar-neutral or unknown", _STATED),
    "ground": Column(
        "",
        "what heights are above: floor; support (the plane under heel, 1st and 5th metatarsal head); estimated (neither"
        " floor nor sole was seen: a guess)",
        "scanproc",
    ),
    "sensor": Column("", "camera", _STATED),
    "flags": Column(
        "", "measures outside the 1st to 99th percentile of ANSUR II, by name; they are no error", "scanproc"
    ),
    "reasons": Column("", "why measures were refused or inferred, each by its name, parted by |", "scanproc"),
}
_SD = "combined standard uncertainty of {name}: repeat, landmark, ground and camera scale; empty if not known"
_STATUS = "measured; inferred (the surface there was invented); refused (no value); the column reasons says why"


@dataclass(frozen=True)
class Outcome:
    """What came of one scan of a batch; `facts` is None where it could not even be read.

    Attributes
    ----------
    refusals : why the scan, or a stage, was refused, a message each; empty if all is well.
    run : what a run did; None where it could not begin.
    """

    name: str
    facts: ScanFacts | None
    measures: Measures | None
    refusals: tuple[str, ...]
    run: Run | None = None

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints of this scan."""
        return refused_json(self.name, self.refusals[0]) if self.run is None else self.run.as_json()

    @property
    def verdict(self) -> str:
        """What became of the scan, in a word: all is done, or at least it is measured, or it is refused."""
        return "done" if not self.refusals else "refused" if self.measures is None else "measured"


def outcome_of(scan: Path, run_scan: Callable[[], Run]) -> Outcome:
    """Run one scan of a batch; its refusal is part of the outcome."""
    try:
        done = run_scan()
    except ScanError as error:
        return Outcome(name_of(scan), None, None, (str(error),))
    messages = tuple(f"{refusal.stage}: {refusal.message}" for refusal in done.refusals)
    return Outcome(name_of(scan), done.facts, _measures(done), messages, done)


def _measures(done: Run) -> Measures | None:
    made = (*done.computed, *done.fresh)  # by their names: what they make would have to be loaded
    return next((done.store.load(stage) for stage in STAGES if stage.name == "measure" and stage.name in made), None)


def check_none_refused(outcomes: Sequence[Outcome]) -> None:
    """Refuse a batch of which a scan, or a stage of one, was refused; each has said why.

    Raises
    ------
    ScanError
        With how many they were, and how many gave measures all the same.
    """
    refused = [each for each in outcomes if each.refusals]
    if refused:
        measured = sum(each.measures is not None for each in refused)
        raise ScanError(
            f"{len(refused)} of {len(outcomes)} scans were refused; expected none. The messages above say why."
            + (f" {measured} of them gave measures all the same." if measured else "")
        )


def write_cohort(out: Path, outcomes: Sequence[Outcome]) -> tuple[Path, ...]:
    """Write `cohort.csv` and `cohort-dictionary.csv`, and return their paths; none if nothing was measured."""
    if not any(each.measures for each in outcomes):
        return ()
    files = {"cohort.csv": cohort_csv(outcomes), "cohort-dictionary.csv": dictionary_csv(outcomes)}
    write_files(out, files)
    return tuple(out / name for name in files)


def cohort_csv(outcomes: Sequence[Outcome]) -> bytes:
    """Return one row a foot; a scan without measures has one row that says why."""
    return csv_table(tuple(described_columns(outcomes)), [cells for _, cells in cohort_rows(outcomes)])


def cohort_rows(outcomes: Sequence[Outcome]) -> list[tuple[Outcome, dict[str, Any]]]:
    """Return the cells of one row a foot, by column, with the scan that it is of; of a scan without measures, too."""
    rows: list[tuple[Outcome, dict[str, Any]]] = []
    for each in outcomes:
        stated = {name: getattr(each.facts, name) for name in COLUMNS if hasattr(each.facts, name)}
        common = {**stated, "scan": each.name, "refused": "" if each.measures else "; ".join(each.refusals)}
        feet = each.measures.feet if each.measures else ()
        if each.facts and not feet and each.facts.side not in ("left", "right"):
            common["side"] = None
        rows += [(each, {**common, **measure_cells(foot)}) for foot in feet] or [(each, common)]
    return rows


def dictionary_csv(outcomes: Sequence[Outcome]) -> bytes:
    """Return what each column of the cohort is: name, words, unit, definition, source."""
    rows = []
    for column, found in described_columns(outcomes).items():
        entry = {"unit": found.unit, "definition": found.text, "source": found.source}
        rows.append({"column": column, "name": _words(column), **entry})
    return csv_table(("column", "name", "unit", "definition", "source"), rows)


def described_columns(outcomes: Sequence[Outcome]) -> dict[str, Column]:
    """Return the header of the cohort, alike for all: every measure has its value, its sd and its status."""
    known = {name for each in outcomes if each.measures for foot in each.measures.feet for name in foot.measures}
    described = dict(COLUMNS)
    for name in in_table_order({*(row.key for row in MEASURES), *known}):
        row = ROWS.get(name)
        whole = Column(row.dimension.unit, row.definition, row.source) if row else Column("", "", "")
        sd = Column(whole.unit, _SD.format(name=name), "scanproc")
        described |= zip(columns_of(name), (whole, sd, Column("", _STATUS, "scanproc")), strict=True)
    return described


def _words(column: str) -> str:
    """Return what a column is called: a measure's standard uncertainty and status after the measure."""
    if column in COLUMNS:
        return column.replace("_", " ")
    for end, words in (("_sd", ", standard uncertainty"), ("_status", ", status")):
        if column.endswith(end):
            return words_of(column.removesuffix(end)) + words
    return words_of(column)
