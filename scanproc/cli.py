"""The command line: the only file that imports click, and the only one that prints. Commands stay thin."""

from __future__ import annotations

import atexit
import gc
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scanproc import __version__
from scanproc.bars import bars
from scanproc.errors import ScanError
from scanproc.parallel import WORKERS, using_workers
from scanproc.pipeline import STAGES

if TYPE_CHECKING:
    from scanproc.runner import Run

_NAMES = [stage.name for stage in STAGES]


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


for _each in STAGES:
    _add_stage_command(_each.name, _each.summary)


@main.command("batch", short_help="run many scans; a refused one does not stop the others")
@click.argument("scans", nargs=-1, required=True, type=click.Path(path_type=Path))
@_run_options
def _batch(scans: tuple[Path, ...], **options: Any) -> None:
    """Run each of SCANS; a refused one does not stop the others."""
    refused = 0
    names = [_scan_name(scan) for scan in scans]
    for name in names:
        if names.count(name) > 1:
            raise ScanError(f"{names.count(name)} scans are called {name}, and would share one folder. Rename one.")
    for scan in scans:
        try:
            messages = [
                f"{refusal.stage}: {refusal.message}" for refusal in _run_scan(scan, _NAMES[-1], **options).refusals
            ]
        except ScanError as error:
            messages = [str(error)]
        for message in messages:
            click.echo(f"scanproc: {scan}: {message}", err=True)
        refused += bool(messages)
        click.echo(f"{'refused' if messages else 'done':8} {scan}")
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
    from scanproc.store import latest_result
    from scanproc.views import picture, show

    found = latest_result(out, _scan_name(scan), stage)
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


def _scan_name(scan: Path) -> str:
    """Return the name of a scan's folder below the outputs, whether or not the scan can be read."""
    return scan.stem if scan.is_file() else scan.resolve().name


def _run_scan(
    scan: Path, to: str, out: Path, config: Path | None, overrides: tuple[str, ...], workers: int | None
) -> Run:
    from scanproc.runner import run
    from scanproc.settings import parse_overrides, read_toml

    tables = [read_toml(config)] if config else []
    with bars(), using_workers(workers):
        return run(scan, out, to, [*tables, parse_overrides(overrides)])


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
