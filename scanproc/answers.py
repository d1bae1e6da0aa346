"""What commands do with a scan, and what they say of it: lines for people, or one JSON object for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from scanproc.bars import bars
from scanproc.errors import ScanError, visible
from scanproc.page_printer import check_printer, print_pages
from scanproc.parallel import using_workers
from scanproc.pipeline import STAGES
from scanproc.report_options import report_tables

if TYPE_CHECKING:
    from scanproc.results import Run

_Made = TypeVar("_Made")


def answer(
    scan: Path,
    to: str,
    out: Path,
    other_scan: Path | None = None,
    as_json: bool = False,
    pdf: bool = False,
    **settings: Any,
) -> None:
    """Run a scan as far as a stage; say what there is now, and what was refused. `pdf`: print its pages, too."""
    if pdf:
        check_printer()
    try:
        result = run_scan(scan, to, out, other_scan, **settings)
    except ScanError as error:
        if as_json:
            from scanproc.results import refused_json
            from scanproc.scan import name_of

            echo_json(refused_json(name_of(scan), str(error)))
        raise
    printed = print_pages(result.store.files(STAGES[-1])) if pdf else []
    if as_json:
        echo_json({**result.as_json(), **({"pdf": [str(path) for path in printed]} if pdf else {})})
    else:
        if not result.computed and not result.refusals:
            click.echo(f"nothing to do: {len(result.fresh)} stages are up to date")
        has_report = "report" in (*result.computed, *result.fresh)
        click.echo(result.store.report_path() if has_report else result.store.root)
        click.echo("".join(f"{path}\n" for path in printed), nl=False)
    refuse([f"{refusal.stage}: {refusal.message}" for refusal in result.refusals])


def run_scan(
    scan: Path,
    to: str,
    out: Path,
    other_scan: Path | None = None,
    prescription: Path | None = None,
    overrides: tuple[str, ...] = (),
    camera: Path | None = None,
    **settings: Any,
) -> Run:
    """Run a scan as far as a stage, with the settings that the options name."""
    from scanproc.prescription.last_prescription import below_changes, found_prescription
    from scanproc.runner import run
    from scanproc.scan import name_of
    from scanproc.store import Store

    prescription = found_prescription(prescription, out / name_of(scan))
    is_changed = any(text.startswith("insole.") for text in overrides)
    version = "" if prescription is None or is_changed else prescription.stem

    def run_with(tables: list[Any]) -> Run:
        *given, changes = tables
        tables = below_changes(Store(out / name_of(scan)).prescription_path(), given, changes)
        if other_scan is not None:
            from scanproc.several.other_scan import measures_of_other_scan

            tables = [*tables, measures_of_other_scan(scan, other_scan)]
        return run(scan, out, to, tables, camera)

    result = with_settings(run_with, overrides=overrides, prescription=prescription, **settings)
    if version and "insole" in (*result.computed, *result.fresh):
        result.store.keep_prescription_as(version)
    return result


def with_settings(
    action: Callable[[list[Any]], _Made],
    config: Path | None,
    overrides: tuple[str, ...],
    workers: int | None,
    prescription: Path | None = None,
    machine: Path | None = None,
    language: str | None = None,
    anonymous: bool = False,
    clinic: Path | None = None,
) -> _Made:
    """Do what is asked with the tables of settings that the options name, under bars."""
    from scanproc.prescription.files import read_machine, read_prescription, read_settings
    from scanproc.settings import parse_overrides

    tables = [read_settings(config)] if config else []
    tables += [read_prescription(prescription)] if prescription else []
    tables += [read_machine(machine)] if machine else []
    tables += report_tables(language, anonymous, clinic)
    with bars(), using_workers(workers):
        return action([*tables, parse_overrides(overrides)])


def refuse(messages: Sequence[str]) -> None:
    """Say each message in a line on standard error; with any, the status is 1."""
    for message in messages:
        click.echo(visible(f"scanproc: {message}"), err=True)
    if messages:
        click.get_current_context().exit(1)


@contextmanager
def refusal_as_json(as_json: bool, scans: Sequence[Path]) -> Iterator[None]:
    """Where several scans are refused as one, say so as `--json` has it."""
    try:
        yield
    except ScanError as error:
        if as_json:
            from scanproc.scan import name_of

            refusal = {"stage": None, "message": str(error)}
            echo_json({"scans": [name_of(scan) for scan in scans], "status": "refused", "refusals": [refusal]})
        raise


def echo_json(table: Mapping[str, Any]) -> None:
    """Print one JSON object."""
    click.echo(json.dumps(table, indent=1, allow_nan=False))
