"""What commands do with a scan, and what they say of it: lines for people, or one JSON object for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from scanproc.commands.bars import bars
from scanproc.commands.page_printer import check_printer, print_pages
from scanproc.commands.report_options import report_tables
from scanproc.errors import ScanError, visible
from scanproc.parallel import using_workers
from scanproc.pipeline import STAGES

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
    vary: tuple[str, ...] = (),
    **settings: Any,
) -> None:
    """Run a scan as far as a stage; say what there is now, and what was refused. `pdf`: print its pages, too."""
    if pdf:
        check_printer()
    if vary:
        _answer_series(scan, to, out, vary, as_json, pdf=pdf, other_scan=other_scan, **settings)
        return
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
        click.echo(result.store.report_path() if has_report else result.folder)
        click.echo("".join(f"{path}\n" for path in printed), nl=False)
    refuse([f"{refusal.stage}: {refusal.message}" for refusal in result.refusals])


def _answer_series(
    scan: Path, to: str, out: Path, vary: tuple[str, ...], as_json: bool, *, pdf: bool, **settings: Any
) -> None:
    """Make a version for each value that a dose is varied over; say of each what came of it, in one table."""
    from scanproc.insole_versions.series import Made, base_of, series, series_table
    from scanproc.scan import name_of
    from scanproc.store import Store

    if settings["version"]:
        raise click.UsageError("--vary names its versions itself: begin from a version with --prescription NAME.")
    with refusal_as_json(as_json, [scan]):
        members = series(vary)
        settings["prescription"] = base_of(Store(out / name_of(scan)), members, settings["prescription"])
    found = []
    for member in members:
        own = {**settings, "overrides": (*settings["overrides"], *member.overrides), "version": member.name}
        try:
            found.append(Made.of(member, run_scan(scan, to, out, **own)))
        except ScanError as error:
            found.append(Made(member, None, (str(error),)))
    if pdf:
        print_pages([path for made in found if made.run for path in made.run.store.files(STAGES[-1])])
    refused = any(made.messages for made in found)
    if as_json:
        status = "refused" if refused else "done"
        echo_json({"scan": name_of(scan), "status": status, "versions": [made.as_json() for made in found]})
    else:
        click.echo(series_table(found), nl=False)
    refuse([f"{made.member.name}: {message}" for made in found for message in made.messages])


def run_scan(
    scan: Path,
    to: str,
    out: Path,
    other_scan: Path | None = None,
    prescription: Path | None = None,
    overrides: tuple[str, ...] = (),
    camera: Path | None = None,
    version: str = "",
    begins: bool = False,
    **settings: Any,
) -> Run:
    """Run a scan as far as a stage, with the settings that the options name; `begins`: a version may be a new one."""
    from scanproc.prescription.last_prescription import found_prescription
    from scanproc.prescription.version_names import DEFAULT, as_name, check_known
    from scanproc.runner import run
    from scanproc.scan import name_of
    from scanproc.store import Store

    prescription = found_prescription(prescription, out / name_of(scan))
    is_changed = any(text.startswith("insole.") for text in overrides)
    if version and prescription is None and not is_changed:
        check_known(version, Store(out / name_of(scan)).version_names(), str(scan), begins=begins)

    def run_with(tables: list[Any]) -> Run:
        if other_scan is not None:
            from scanproc.several.other_scan import measures_of_other_scan

            tables = [*tables, measures_of_other_scan(scan, other_scan)]
        return run(scan, out, to, tables, camera, version)

    result = with_settings(run_with, overrides=overrides, prescription=prescription, **settings)
    is_whole = prescription is not None and str(prescription) != DEFAULT and not is_changed
    given_as = as_name(prescription.stem) if prescription is not None and is_whole and not version else ""
    if given_as and "insole" in (*result.computed, *result.fresh):
        result.store.keep_prescription_as(given_as)
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
    from scanproc.prescription.files import CHANGES, read_machine, read_prescription, read_settings
    from scanproc.settings import parse_overrides

    tables = [read_settings(config)] if config else []
    tables += [read_prescription(prescription)] if prescription else []
    tables += [read_machine(machine)] if machine else []
    tables += report_tables(language, anonymous, clinic)
    with bars(), using_workers(workers):
        changes = parse_overrides(overrides)
        if "insole" in changes:
            changes[CHANGES] = changes.pop("insole")
        return action([*tables, changes])


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
