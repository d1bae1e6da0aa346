"""The command line: the only file that prints. Commands stay thin; options that they share are in `options`."""

from __future__ import annotations

import atexit
import gc
import json
import logging
import sys
from functools import partial
from pathlib import Path
from typing import Any

import click

from scanproc import __version__
from scanproc.commands.answers import answer, echo_json, refusal_as_json, refuse, run_scan, with_settings
from scanproc.commands.batch import batch
from scanproc.commands.calibrate import calibrate
from scanproc.commands.capture import capture, watch
from scanproc.commands.options import (
    insole_options,
    json_option,
    language_option,
    many_insoles_options,
    report_options,
    run_options,
    scan_argument,
    scan_options,
    scans_argument,
    version_option,
)
from scanproc.commands.page_printer import print_pages
from scanproc.commands.recordings import convert, inspect, simulate
from scanproc.commands.study import study
from scanproc.commands.templates import machine, prescription, settings
from scanproc.commands.versions import versions
from scanproc.commands.windows import design, landmark, view
from scanproc.errors import ScanError, visible
from scanproc.pipeline import STAGES

_NAMES = [stage.name for stage in STAGES]

_STOPPED = 130  # what shells say of a program that Ctrl-C ended


class _Visible(logging.Formatter):
    """Writes nothing that a terminal would act on."""

    def format(self, record: logging.LogRecord) -> str:
        return visible(super().format(record))


class _Commands(click.Group):
    """Lists commands in the order of use, turns a refused scan into one line and status 1, Ctrl-C into status 130."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ScanError as error:
            click.echo(f"scanproc: {error}", err=True)
            ctx.exit(1)
        except KeyboardInterrupt:
            click.echo("scanproc: stopped; the stages that were finished stay", err=True)
            ctx.exit(_STOPPED)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="scanproc")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but refusals and results.")
@click.option("-v", "--verbose", is_flag=True, help="Say more about each step.")
def main(quiet: bool, verbose: bool) -> None:
    """From raw depth-camera recordings of a foot to measures and a custom insole, proven and ready to make.

    Start with `scanproc run SCAN`, where SCAN is a folder of depth images or clouds, or a mesh of another scanner.
    It is a tool for professionals and researchers, not a medical device.
    """
    level = logging.WARNING if quiet else logging.DEBUG if verbose else logging.INFO
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Visible("%(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("scanproc").setLevel(level)
    # What the libraries bring along stays to the end. Looking through it for garbage again and again, and on the way
    # out, takes 0.3 s.
    gc.set_threshold(50_000, 20, 20)
    atexit.register(gc.freeze)


_to = click.option("--to", type=click.Choice(_NAMES), default=_NAMES[-1], show_default=True, help="Last stage to run.")


@main.command("run", short_help="bring all stages of SCAN up to date, and write its report")
@scan_argument
@_to
@report_options
@insole_options
def _run(scan: Path, to: str, **options: Any) -> None:
    """Bring all stages of SCAN up to date, and write its report."""
    answer(scan, to, begins=True, **options)


def _add_stage_command(name: str, summary: str) -> None:
    @main.command(name, help=f"Bring SCAN up to date as far as `{name}`: {summary}.", short_help=summary)
    @scan_argument
    @(insole_options if name in ("insole", "export") else scan_options)
    def _stage(scan: Path, **options: Any) -> None:
        answer(scan, name, begins=name == "insole", **options)


for _each in STAGES[:-1]:
    _add_stage_command(_each.name, _each.summary)


@main.command("report", short_help=STAGES[-1].summary)
@scans_argument
@report_options
@insole_options
def _report(
    scans: tuple[Path, ...],
    out: Path,
    other_scan: Path | None,
    camera: Path | None,
    as_json: bool,
    pdf: bool,
    **settings: Any,
) -> None:
    """Bring SCAN up to date as far as its report. Several scans of one person make one page.

    That page, outputs/A--B/report.html, has the sole, arch and insole of a raised scan and the posture of a standing
    one, left and right side by side, and says of each measure which scan and loading it comes from.
    """
    if len(scans) == 1:
        answer(scans[0], _NAMES[-1], out, other_scan, as_json, pdf, camera=camera, **settings)
        return
    if settings.pop("version") or settings.pop("vary"):
        raise click.UsageError("--as and --vary are for one scan: this page has each scan's own insole.")
    if other_scan is not None or camera is not None:
        raise click.UsageError("--from and --camera are for one scan; each scan.toml may name its camera.")
    if settings["anonymous"] or settings["clinic"]:
        raise click.UsageError("--anonymous and --clinic are for one scan: this page is whole, without a letterhead.")
    from scanproc.several.actions import report_person

    with refusal_as_json(as_json, scans):
        made = with_settings(lambda tables: report_person(scans, out, tables), **settings)
    printed = print_pages([made.path]) if pdf else []
    if as_json:
        echo_json(made.as_json())
    else:
        click.echo("".join(f"{path}\n" for path in (made.path, *printed)), nl=False)
    refuse(made.refused)


@main.command("compare", short_help="scan B against scan A: measures, arch, surfaces")
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path))
@language_option
@run_options
@json_option
def _compare(a: Path, b: Path, out: Path, as_json: bool, **settings: Any) -> None:
    """Measure scans A and B, say of two visits, and write what differs, B less A, to compare.html and compare.json."""
    from scanproc.several.actions import JSON_NAME, compare

    with refusal_as_json(as_json, (a, b)):
        page = with_settings(lambda tables: compare(a, b, out, tables), **settings)
    if as_json:
        echo_json({"status": "done", "page": str(page), **json.loads((page.parent / JSON_NAME).read_bytes())})
    else:
        click.echo(page)


main.add_command(batch)


@main.command("gallery", short_help="one page of many scans, those in trouble first")
@scans_argument
@report_options
@many_insoles_options
def _gallery(scans: tuple[Path, ...], out: Path, pdf: bool, **settings: Any) -> None:
    """Bring SCANS up to date, and write outputs/gallery.html: picture, status, key values and report of each."""
    from scanproc.several.cohort import outcome_of
    from scanproc.several.gallery import write_gallery
    from scanproc.several.scans import check_there

    check_there(scans)
    outcomes = [outcome_of(scan, partial(run_scan, scan, _NAMES[-1], out, **settings)) for scan in scans]
    page = write_gallery(out, outcomes, settings["language"] or "en", settings["anonymous"])
    click.echo("".join(f"{path}\n" for path in (page, *(print_pages([page]) if pdf else ()))), nl=False)


@main.command("make", short_help="the insoles of several scans on one block, or on one print bed")
@scans_argument
@version_option
@many_insoles_options
def _make(scans: tuple[Path, ...], out: Path, machine: Path | None, version: str, **settings: Any) -> None:
    """Bring SCANS up to date as far as their exports, and lay all their insoles out together.

    Milled ones share a block: one set of programs, simulated before it is written. Printed ones share a bed: one 3MF
    with an object each. `scanproc machine` explains block and bed. The files go to outputs/A--B.
    """
    from scanproc.several.making import make

    for path in with_settings(lambda tables: make(scans, out, tables, version), machine=machine, **settings):
        click.echo(path)


for _other in (study, versions, view, landmark, design, inspect, convert, capture, watch, calibrate, simulate):
    main.add_command(_other)


for _template in (settings, prescription, machine):
    main.add_command(_template)


@main.command("demo", short_help="a first run, on a recording of a raised foot that comes along")
@click.argument("folder", default=Path("scans/demo"), type=click.Path(path_type=Path, file_okay=False))
@insole_options
def _demo(folder: Path, **options: Any) -> None:
    """Write the demo recording to FOLDER, by default scans/demo, and bring all its stages up to date.

    It needs no network. The foot is raised: it gets measures, an insole and a report. What is in FOLDER already stays.
    """
    from scanproc.demo import unpack_demo

    unpack_demo(folder)
    answer(folder, _NAMES[-1], begins=True, **options)
