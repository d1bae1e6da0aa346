"""What can be asked of several scans: each is brought up to date, then they are put together and written down."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scanproc.errors import ScanError
from scanproc.pages.words import Words
from scanproc.several.compare_page import compare_page, headline, verdict
from scanproc.several.comparison import compare_json, compared
from scanproc.several.person import Person, check_one_person, check_sides
from scanproc.several.person_page import person_page
from scanproc.several.pictures import picture_settings
from scanproc.several.scans import ScanResults, check_distinct, facts_of, results_of
from scanproc.store import write_files

log = logging.getLogger(__name__)

JSON_NAME = "compare.json"

Tables = Iterable[Mapping[str, Any]]


def compare(a: Path, b: Path, out: Path, tables: Tables = ()) -> Path:
    """Compare two scans, which are measured first where they are not: write `compare.json` and `compare.html`.

    Parameters
    ----------
    a, b : scans, see `scan.open_scan`; differences are B less A.
    out : folder that holds the scans' outputs; the comparison lies beside them in `<A>--<B>`.
    tables : settings by stage and name; later tables win.

    Returns
    -------
    Path
        Of the page.

    Raises
    ------
    ScanError
        If a scan is refused, or the two have nothing to compare.
    """
    given = list(tables)
    settings = picture_settings(given)
    check_distinct((a, b))
    facts_of((a, b))
    found = compared(*(_measured(path, out, given) for path in (a, b)))
    folder = out / f"{found.a.name}--{found.b.name}"
    page = compare_page(found, settings)
    write_files(folder, {JSON_NAME: compare_json(found), "compare.html": page.encode()})
    log.info("compare: %s: %s", headline(Words(), found), verdict(Words(), found))
    return folder / "compare.html"


def _measured(path: Path, out: Path, tables: Tables) -> ScanResults:
    found = results_of(path, out, "measure", tables)
    if found.measures is None:
        first = found.refusals[0]
        raise ScanError(f"{found.facts.name} cannot be compared, {first.stage} refused it: {first.message}")
    return found


@dataclass(frozen=True)
class PersonReport:
    """Of which scans a page is and where, and why it lacks something; empty if it lacks nothing."""

    scans: tuple[str, ...]
    path: Path
    refused: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        refusals = [{"stage": None, "message": message} for message in self.refused]
        status = "refused" if refusals else "done"
        return {"scans": list(self.scans), "status": status, "report": str(self.path), "refusals": refusals}


def report_person(scans: Sequence[Path], out: Path, tables: Tables = ()) -> PersonReport:
    """Bring several scans of one person up to date, and write one page of all of them.

    Parameters
    ----------
    scans : see `scan.open_scan`; two or more.
    out : folder that holds the scans' outputs; the page lies beside them in `<A>--<B>`.
    tables : settings by stage and name; later tables win.

    Raises
    ------
    ScanError
        If the scans cannot be of one person, or hold nothing that belongs together.
    """
    given = list(tables)
    settings = picture_settings(given)
    check_distinct(scans)
    check_one_person(facts_of(scans))
    person = Person(tuple(results_of(path, out, "export", given) for path in scans))
    check_sides(person)
    names = tuple(scan.facts.name for scan in person.scans)
    folder = out / "--".join(names)
    write_files(folder, {"report.html": person_page(person, settings).encode()})
    refused = tuple(each.message for each in person.refusals if not each.covered)
    return PersonReport(names, folder / "report.html", refused)
