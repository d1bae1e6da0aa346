"""The commands of `calibrate`: a certificate of how true a camera's depth is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from scanproc.commands.bars import bars
from scanproc.commands.options import FILE, scan_argument, scans_argument
from scanproc.errors import ScanError

if TYPE_CHECKING:
    from scanproc.calibrating import CertificateOf

_OUTPUT = click.Path(path_type=Path, dir_okay=False)
_LENGTH = click.FloatRange(min=1.0)


def _certificate_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of what it writes."""
    for option in (
        click.option("--replace", is_flag=True, help="Replace a certificate that says otherwise."),
        click.option(
            "--valid-days",
            type=click.FloatRange(1.0, 3660.0),
            default=365.0,
            show_default=True,
            help="After which a run says that the certificate is old.",
        ),
        click.option("--serial", help="Of the camera; by default what the recording's scan.toml states."),
        click.option(
            "--out",
            default=Path(),
            type=click.Path(path_type=Path, file_okay=False),
            help="Folder of the certificate; by default the current one.",
        ),
    ):
        command = option(command)
    return command


@click.group("calibrate", short_help="check a camera's depth, and write its certificate")
def calibrate() -> None:
    """Check how true a camera's depth is, and write its certificate, camera-SERIAL.toml.

    Print the sheet, record it as scans are recorded, and let `board` look at it. A run goes by the certificate where
    --camera or scan.toml names it.
    """


@calibrate.command("sheet", short_help="print the sheet that is to be recorded")
@click.argument("file", default=Path("calibration-sheet.pdf"), type=_OUTPUT)
@click.option("--paper", type=click.Choice(["A4", "letter"]), default="A4", show_default=True)
def _sheet(file: Path, paper: Literal["A4", "letter"]) -> None:
    """Write the sheet to FILE, a PDF of one page.

    Print it at 100 %, not fitted to the page, measure its two bars, and glue it onto something flat, such as glass.
    """
    from scanproc.calibrating import print_sheet

    print_sheet(file, paper)
    click.echo(file)


@calibrate.command("board", short_help="scale and warp, by a recording of the printed sheet")
@scan_argument
@click.option("--across-mm", type=_LENGTH, help="Measured length of the bar across, below the board.")
@click.option("--along-mm", type=_LENGTH, help="Measured length of the bar along, beside the board.")
@click.option(
    "--bar-sd-mm",
    type=click.FloatRange(0.01, 2.0),
    default=0.1,
    show_default=True,
    help="Standard uncertainty of these: 0.1 by a good ruler, 0.03 by a calliper.",
)
@click.option(
    "--wall", type=FILE, metavar="RECORDING", help="Use a recording of a flat wall, too: it sharpens the warp."
)
@_certificate_options
def _board(
    scan: Path,
    across_mm: float | None,
    along_mm: float | None,
    bar_sd_mm: float,
    wall: Path | None,
    **about: Any,
) -> None:
    """Find scale and warp of the camera that recorded SCAN: the printed sheet, depth with a picture of each view.

    Bars that nobody measured leave 0.3 % of doubt.
    """
    from scanproc.calibrating import certify_by_sheet
    from scanproc.calibration.sheet import Sheet

    with bars():
        click.echo(certify_by_sheet(scan, Sheet(across_mm, along_mm, bar_sd_mm), wall, _about(**about)))


@calibrate.command("wall", short_help="warp alone, by a recording of a flat wall or table")
@scan_argument
@_certificate_options
def _wall(scan: Path, **about: Any) -> None:
    """Find the warp of the camera that recorded SCAN: a flat wall or table that fills the image.

    The scale stays open: a run takes it as it is, with the uncertainty of a camera that nobody checked.
    """
    from scanproc.calibrating import certify_by_wall

    with bars():
        click.echo(certify_by_wall(scan, _about(**about)))


@calibrate.command("foot-file", short_help="write the foot that is to be printed")
@click.argument("file", default=Path("calibration-foot.stl"), type=_OUTPUT)
def _foot_file(file: Path) -> None:
    """Write a foot, 212 mm long, to FILE, an STL in mm. Print it, and measure what came out by a calliper."""
    from scanproc.calibrating import write_printed_foot

    write_printed_foot(file)
    click.echo(file)


@calibrate.command("foot", short_help="scale alone, by scans of a printed foot")
@scans_argument
@click.option("--length-mm", type=_LENGTH, help="Length of the printed foot, by a calliper.")
@click.option("--width-mm", type=_LENGTH, help="Its width over the ball.")
@click.option("--heel-width-mm", type=_LENGTH, help="Its width over the heel.")
@click.option(
    "--calliper-sd-mm",
    type=click.FloatRange(0.01, 2.0),
    default=0.2,
    show_default=True,
    help="Standard uncertainty of these.",
)
@click.option(
    "--runs",
    default=Path("outputs"),
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder that holds the scans' outputs.",
)
@_certificate_options
def _foot(
    scans: tuple[Path, ...],
    length_mm: float | None,
    width_mm: float | None,
    heel_width_mm: float | None,
    calliper_sd_mm: float,
    runs: Path,
    **about: Any,
) -> None:
    """Find the scale of the camera that recorded SCANS, all of one printed foot: calliper by measured length.

    They are run as far as their measures. More scans make the scale surer than the calliper at most.
    """
    from scanproc.calibrating import certify_by_foot

    stated = {"foot_length_mm": length_mm, "foot_width_mm": width_mm, "heel_width_mm": heel_width_mm}
    true_mm = {name: value for name, value in stated.items() if value is not None}
    if not true_mm:
        raise click.UsageError("expected what the calliper says: --length-mm, --width-mm or --heel-width-mm.")
    with bars():
        click.echo(certify_by_foot(scans, true_mm, calliper_sd_mm, runs, _about(**about)))


@calibrate.command("simulate", short_help="record a sheet or a wall by a simulated camera")
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option("--thing", type=click.Choice(["sheet", "wall"]), default="sheet", show_default=True)
@click.option("--camera", default="d435", show_default=True, help="d405, d415, d435, truedepth or azure-kinect.")
@click.option("--views", default=40, show_default=True, type=click.IntRange(min=2), help="Number of views.")
@click.option("--seed", default=0, show_default=True, help="The same seed gives the same bytes.")
@click.option("--set", "overrides", multiple=True, metavar="NAME=VALUE", help="Change a setting of `simulate`.")
def _simulate(out: Path, thing: Literal["sheet", "wall"], overrides: tuple[str, ...], **options: Any) -> None:
    """Record the sheet, or a wall, into OUT by a simulated camera, to try a calibration without one.

    `--set scale_error=0.01 --set camera_warp_mm=0.8` makes it a camera that is off; camera_seed says which.
    """
    from scanproc.scan import write_recording
    from scanproc.settings import build_configs, parse_overrides
    from scanproc.simulation.flat_things import flat_facts, simulate_flat
    from scanproc.simulation.settings import SimulationConfig

    others = parse_overrides(f"simulate.{text.removeprefix('simulate.')}" for text in overrides)
    config = build_configs({"simulate": SimulationConfig}, {"simulate": options}, others)["simulate"]
    if (out / "depth").exists():
        raise ScanError(f"{out} holds a recording already (depth/); expected a new folder. Choose another.")
    write_recording(out, simulate_flat(thing, config), flat_facts(config))
    click.echo(out)


def _about(**about: Any) -> CertificateOf:
    from scanproc.calibrating import CertificateOf

    return CertificateOf(**about)
