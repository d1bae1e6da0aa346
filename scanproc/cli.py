"""The command line: the only file that imports click, and the only one that prints. Commands stay thin."""

from __future__ import annotations

import atexit
import gc
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from scanproc import __version__
from scanproc.bars import bars
from scanproc.errors import ScanError
from scanproc.parallel import WORKERS, using_workers
from scanproc.pipeline import STAGES

if TYPE_CHECKING:
    from scanproc.runner import Run

_NAMES = [stage.name for stage in STAGES]
_Made = TypeVar("_Made")


class _Commands(click.Group):
    """Lists commands in the order in which they are used, and turns a refused scan into one line and status 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ScanError as error:
            click.echo(f"scanproc: {error}", err=True)
            ctx.exit(1)


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
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr, force=True)
    logging.getLogger("scanproc").setLevel(level)
    # What the libraries bring along stays to the end. Looking through it for garbage again and again, and on the way
    # out, takes 0.3 s.
    gc.set_threshold(50_000, 20, 20)
    atexit.register(gc.freeze)


_out = click.option(
    "--out",
    default=Path("outputs"),
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder that holds the scans' outputs.",
)


def _run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that all runs share."""
    for option in (
        click.option(
            "--workers",
            type=click.IntRange(min=1),
            envvar=WORKERS,
            show_envvar=True,
            help="Number of threads; by default one a core. The results are the same.",
        ),
        click.option("--set", "overrides", multiple=True, metavar="STAGE.NAME=VALUE", help="Change one setting."),
        click.option("--config", "config", type=click.Path(path_type=Path), metavar="FILE.toml", help="Read settings."),
        _out,
    ):
        command = option(command)
    return command


_scan = click.argument("scan", type=click.Path(path_type=Path))


@main.command("run", short_help="bring all stages of SCAN up to date, and write its report")
@_scan
@click.option("--to", type=click.Choice(_NAMES), default=_NAMES[-1], show_default=True, help="Last stage to run.")
@_run_options
def _run(scan: Path, to: str, **options: Any) -> None:
    """Bring all stages of SCAN up to date, and write its report."""
    _finish(_run_scan(scan, to, **options))


def _add_stage_command(name: str, summary: str) -> None:
    @main.command(name, help=f"Bring SCAN up to date as far as `{name}`: {summary}.", short_help=summary)
    @_scan
    @_run_options
    def _stage(scan: Path, **options: Any) -> None:
        _finish(_run_scan(scan, name, **options))


for _each in STAGES[:-1]:
    _add_stage_command(_each.name, _each.summary)


_scans = click.argument("scans", nargs=-1, required=True, type=click.Path(path_type=Path))


@main.command("report", short_help=STAGES[-1].summary)
@_scans
@_run_options
def _report(scans: tuple[Path, ...], out: Path, **settings: Any) -> None:
    """Bring each of SCANS up to date as far as its report. Several, of one person, make one page.

    That page puts a raised scan (sole, arch, insole) and a standing one (posture) together, left and right side by
    side, and says of each measure which scan and loading it comes from.
    """
    if len(scans) == 1:
        _finish(_run_scan(scans[0], _NAMES[-1], out, **settings))
        return
    from scanproc.several.person import report_person

    made = _with_settings(lambda tables: report_person(scans, out, tables), **settings)
    click.echo(made.path)
    for message in made.refused:
        click.echo(f"scanproc: {message}", err=True)
    if made.refused:
        click.get_current_context().exit(1)


@main.command("compare", short_help="measure scan B against scan A, and lay their surfaces on each other")
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path))
@_run_options
def _compare(a: Path, b: Path, out: Path, **settings: Any) -> None:
    """Measure scan B against scan A: change, arch drop and stiffness, left and right, distance of the surfaces.

    Both are brought up to date as far as `measure`. Differences are B less A.
    """
    from scanproc.several.comparison import compare

    click.echo(_with_settings(lambda tables: compare(a, b, out, tables), **settings))


@main.command("batch", short_help="run many scans; a refused one does not stop the others")
@_scans
@_run_options
def _batch(scans: tuple[Path, ...], out: Path, **settings: Any) -> None:
    """Run each of SCANS; a refused one does not stop the others.

    The measures of all go into cohort.csv, one row a foot; cohort-dictionary.csv says what its columns are.
    """
    from scanproc.several.cohort import outcome, write_cohort
    from scanproc.several.scans import check_distinct, scan_name

    refused = 0
    outcomes = []
    check_distinct(scans)
    for scan in scans:
        done = None
        try:
            done = _run_scan(scan, _NAMES[-1], out, **settings)
            messages = [f"{refusal.stage}: {refusal.message}" for refusal in done.refusals]
        except ScanError as error:
            messages = [str(error)]
        outcomes.append(outcome(scan_name(scan), done, messages))
        for message in messages:
            click.echo(f"scanproc: {scan}: {message}", err=True)
        refused += bool(messages)
        click.echo(f"{'refused' if messages else 'done':8} {scan}")
    cohort = write_cohort(out, outcomes)
    if cohort is not None:
        click.echo(cohort)
    if refused:
        raise ScanError(f"{refused} of {len(scans)} scans were refused; expected none. The messages above say why.")


@main.command("view", short_help="look at what a stage made of SCAN")
@_scan
@click.argument("stage", required=False, type=click.Choice(_NAMES[:-2]))
@click.option(
    "--screenshot", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.png", help="Draw to a file."
)
@_out
def _view(scan: Path, stage: str | None, screenshot: Path | None, out: Path) -> None:
    """Look at what STAGE made of SCAN (by default the last stage that has a result)."""
    from scanproc.several.scans import scan_name
    from scanproc.store import latest_result
    from scanproc.views import picture, show

    found = latest_result(out, scan_name(scan), stage)
    if screenshot is None:
        show(found.artifact, f"{scan.name}: {found.stage}", found.before)
        return
    try:
        screenshot.write_bytes(picture(found.artifact, found.before))
    except OSError as error:
        raise ScanError(f"{screenshot} cannot be written ({error.strerror}). Choose another file.") from None
    click.echo(screenshot)


@main.command("simulate", short_help="render a recording of a foot mesh, with its truth")
@click.argument("foot", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option("--path", "path", default="hand-held", show_default=True, help="hand-held, turntable or raised.")
@click.option("--views", default=30, show_default=True, type=click.IntRange(min=2), help="Number of views.")
@click.option("--camera", default="d405", show_default=True, help="d405, d415 or d435.")
@click.option("--seed", default=0, show_default=True, help="The same seed gives the same bytes.")
@click.option(
    "--set", "overrides", multiple=True, metavar="NAME=VALUE", help="Change another setting of the simulator."
)
def _simulate(foot: Path, out: Path, overrides: tuple[str, ...], **options: Any) -> None:
    """Render a recording of the mesh FOOT (mm, standing on z = 0, toes to x) into OUT, with the truth beside it.

    OUT/truth holds the poses, the mesh and the settings; the stages never read it. `scanproc settings simulate` lists
    the other settings: noise, sway, bad views, a second foot.
    """
    from scanproc.scan import open_scan, read_mesh
    from scanproc.settings import build_config, parse_overrides
    from scanproc.simulate import SimulationConfig, simulate, write_simulation

    others = parse_overrides(f"simulate.{text}" for text in overrides).get("simulate", {})
    config = build_config(SimulationConfig, {**options, **others}, "simulate")
    for part in ("depth", "clouds", "truth"):
        if (out / part).exists():
            raise ScanError(f"{out} holds a recording already ({part}/); expected a new folder. Choose another.")
    write_simulation(out, simulate(read_mesh(open_scan(foot)).mesh, config))
    click.echo(out)


@main.command("settings", short_help="print every setting as a TOML file")
@click.argument("stage", required=False, type=click.Choice([*_NAMES, "simulate"]))
def _settings(stage: str | None) -> None:
    """Print every setting (of STAGE) as a TOML file: name, default, meaning. Edit it and pass it with --config."""
    from scanproc.pipeline import config_types
    from scanproc.settings import template

    if stage == "simulate":
        from scanproc.simulate import SimulationConfig

        click.echo(template({"simulate": SimulationConfig}), nl=False)
        return
    chosen = {name: kind for name, kind in config_types().items() if stage in (None, name)}
    click.echo(template(chosen), nl=False)


@main.command("prescription", short_help="print the insole's prescription as a TOML file")
def _prescription() -> None:
    """Print the insole's prescription as a TOML file. Edit it and pass it with --config."""
    from scanproc.pipeline import config_types
    from scanproc.settings import template

    click.echo(template({"insole": config_types()["insole"]}), nl=False)


def _run_scan(scan: Path, to: str, out: Path, **settings: Any) -> Run:
    from scanproc.runner import run

    return _with_settings(lambda tables: run(scan, out, to, tables), **settings)


def _with_settings(
    action: Callable[[list[Any]], _Made], config: Path | None, overrides: tuple[str, ...], workers: int | None
) -> _Made:
    """Do what is asked with the tables of settings that the options name, under bars."""
    from scanproc.settings import parse_overrides, read_toml

    tables = [read_toml(config)] if config else []
    with bars(), using_workers(workers):
        return action([*tables, parse_overrides(overrides)])


def _finish(result: Run) -> None:
    """Say what there is now; a refusal is one line on standard error, and status 1."""
    if not result.computed and not result.refusals:
        click.echo(f"nothing to do: {len(result.fresh)} stages are up to date")
    if "report" in (*result.computed, *result.fresh):
        click.echo(result.store.report_path())
    else:
        click.echo(result.store.root)
    for refusal in result.refusals:
        click.echo(f"scanproc: {refusal.stage}: {refusal.message}", err=True)
    if result.refusals:
        click.get_current_context().exit(1)
