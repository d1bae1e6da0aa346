"""The commands that open a window, or draw what it shows: `view`, `landmark`, `design`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import click

from scanproc.commands.options import FILE, out_option, prescription_option, scan_argument, version_option
from scanproc.pipeline import STAGES

_OUTPUT = click.Path(path_type=Path, dir_okay=False)
_port = click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Port of --web's address; without it, a free one."
)
_NAMES = [stage.name for stage in STAGES]


@click.command("view", short_help="look at what a stage made of SCAN, measure in it, move landmarks")
@scan_argument
@click.argument("stage", required=False, type=click.Choice(_NAMES[:-1]))
@click.option("--screenshot", type=_OUTPUT, metavar="FILE.png", help="Draw to a file.")
@click.option(
    "--with", "other", type=FILE, metavar="OTHER", help="Lay another scan, such as an earlier visit, over it."
)
@click.option("--web", is_flag=True, help="Show the window in a browser of this machine, on 127.0.0.1.")
@_port
@version_option
@out_option
def view(
    scan: Path,
    stage: str | None,
    screenshot: Path | None,
    other: Path | None,
    web: bool,
    port: int,
    version: str,
    out: Path,
) -> None:
    """Look at what STAGE made of SCAN (by default the last stage before export that has a result).

    In the window, `?` lists the keys: layers, six views, section with its profile, distance, angle, height, landmarks.
    """
    from scanproc.looking import draw_view, open_view

    if screenshot is None:
        if open_view(scan, stage, out, other, click.echo if web else None, port, version):
            from scanproc.designing import DesignOf, open_design

            open_design(DesignOf(scan, out, version=version))
    else:
        draw_view(scan, stage, out, screenshot, other, version)
        click.echo(screenshot)


@click.command(
    "landmark",
    short_help="list the landmarks of SCAN, put one elsewhere, or take it back",
    context_settings={"ignore_unknown_options": True},
)
@scan_argument
@click.argument("name", required=False)
@click.argument("xyz", nargs=-1, type=float, metavar="[X Y Z]")
@click.option("--side", type=click.Choice(["left", "right"]), help="Of which foot; needed of a pair.")
@click.option("--reset", is_flag=True, help="Take NAME back to what was found; without NAME, all of them.")
@out_option
def landmark(
    scan: Path, name: str | None, xyz: tuple[float, ...], side: Literal["left", "right"] | None, reset: bool, out: Path
) -> None:
    """Put landmark NAME of SCAN at X Y Z (foot frame, mm), on the skin there; without NAME, list all.

    The next `scanproc run` follows: measures, insole and report.
    """
    from scanproc.landmarking import list_landmarks, reset_landmarks, set_landmark

    if reset and not xyz:
        click.echo(reset_landmarks(scan, out, name, side))
    elif name is None:
        click.echo("\n".join(list_landmarks(scan, out)))
    elif len(xyz) == 3 and not reset:
        click.echo(set_landmark(scan, out, name, xyz, side))
    else:
        raise click.UsageError("expected a NAME with three coordinates X Y Z in mm, or --reset without any.")


@click.command("design", short_help="change SCAN's prescription and see the insole that it makes")
@scan_argument
@prescription_option
@version_option
@click.option("--save", "file", type=_OUTPUT, metavar="FILE.toml", help="Save to a file instead of beside the outputs.")
@click.option("--screenshot", type=_OUTPUT, metavar="FILE.png", help="Draw the window to a file.")
@click.option(
    "--with",
    "other",
    type=FILE,
    metavar="OTHER",
    help="Compare with another insole: a version by its name, own, another scan's, or that of a folder of outputs.",
)
@click.option("--web", is_flag=True, help="Show it in a browser of this machine; the address is printed.")
@_port
@out_option
def design(screenshot: Path | None, web: bool, port: int, **asked: Any) -> None:
    """Change the prescription of SCAN in a window, and see at once what it makes of the foot, proven at 1 mm.

    It begins with the prescription of the last insole, and runs the scan as far as its foot where that is not there.
    What is saved holds for the next `scanproc run`, which the key k does as well. In the window, `?` lists the keys.
    """
    from scanproc.designing import DesignOf, draw_design, open_design

    if screenshot is None:
        open_design(DesignOf(**asked), click.echo if web else None, port)
    else:
        draw_design(DesignOf(**asked), screenshot)
        click.echo(screenshot)
