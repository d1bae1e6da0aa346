"""Arguments and options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from scanproc.parallel import WORKERS

Command = Callable[..., Any]

FILE = click.Path(path_type=Path)

scan_argument = click.argument("scan", type=FILE)
scans_argument = click.argument("scans", nargs=-1, required=True, type=FILE)

out_option = click.option(
    "--out",
    default=Path("outputs"),
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder that holds the scans' outputs.",
)
prescription_option = click.option(
    "--prescription",
    type=FILE,
    metavar="FILE.toml",
    help="Read the insole's prescription; without it, that of the scan's last insole holds. A version, one that was "
    "given before, or a preset may be called by its name; default: none of them.",
)


def known_versions(context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Return the versions of the scan's insole that begin so, for completion by the tab key."""
    from scanproc.scan import name_of
    from scanproc.scan_folder import ScanFolder

    # Where an option waits for its value, words before it are not sorted yet.
    words = [context.params.get("scan"), *(context.params.get("scans") or ()), *context.args]
    scan = next((word for word in words if word is not None), None)
    if scan is None:
        return []
    folder = ScanFolder(Path(context.params.get("out") or "outputs") / name_of(Path(scan)))
    return [name for name in folder.version_names() if name.startswith(begun)]


def _some_name(_context: click.Context, _option: click.Parameter, name: str | None) -> str:
    """Return the name of a version, nothing where none is asked; a variable of a script that was never set is told."""
    if name is not None and not name.strip():
        raise click.BadParameter("it is empty; expected the name of a version.")
    return name or ""


version_option = click.option(
    "--as",
    "version",
    callback=_some_name,
    metavar="NAME",
    shell_complete=known_versions,
    help="Work on the version of that name, which is kept beside the scan's own insole: its prescription, exports and "
    "report in outputs/SCAN/versions/NAME.",
)
_vary_option = click.option(
    "--vary",
    multiple=True,
    metavar="insole.NAME=A,B,…",
    help="Make a version for each of these values; one that fails does not stop the others.",
)
machine_option = click.option(
    "--machine",
    type=FILE,
    metavar="FILE.toml",
    help="Read the mill, its tools and the stock; by default machine.toml beside the scan.",
)
from_option = click.option(
    "--from",
    "other_scan",
    type=FILE,
    metavar="outputs/OTHER",
    help="Fill in what the prescription leaves open by measures of another scan, such as the same foot standing.",
)
camera_option = click.option(
    "--camera",
    type=FILE,
    metavar="FILE.toml",
    help="Read the certificate of the camera; by default the one that scan.toml names.",
)
language_option = click.option("--language", type=click.Choice(("en", "de", "es", "fr")), help="Language of the pages.")
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object: what was made, measures, refusals."
)


def _of_stages(_context: click.Context, _option: click.Parameter, overrides: tuple[str, ...]) -> tuple[str, ...]:
    """Point the settings of the simulator, which `scanproc settings` prints too, to their command."""
    for text in overrides:
        if text.startswith("simulate."):
            raise click.BadParameter(f"{text} is of no stage. Simulate first: scanproc simulate FOOT OUT --set {text}")
    return overrides


workers_option = click.option(
    "--workers",
    type=click.IntRange(min=1),
    envvar=WORKERS,
    show_envvar=True,
    help="Number of threads; by default one a core. The results are the same.",
)


def run_options(command: Command) -> Command:
    """Give a command the options that all runs share."""
    return settings_options(workers_option(command))


def settings_options(command: Command) -> Command:
    """Give a command the options that say where its outputs go, and which settings it has."""
    for option in (
        click.option(
            "--set",
            "overrides",
            multiple=True,
            metavar="STAGE.NAME=VALUE",
            callback=_of_stages,
            help="Change one setting.",
        ),
        click.option("--config", "config", type=FILE, metavar="FILE.toml", help="Read settings."),
        out_option,
    ):
        command = option(command)
    return command


def scan_options(command: Command) -> Command:
    """Give a command the options of a run over one scan."""
    return json_option(run_options(camera_option(command)))


def insole_options(command: Command) -> Command:
    """Give a command the options of those runs that make insoles of one scan."""
    return prescription_option(version_option(_vary_option(machine_option(from_option(scan_options(command))))))


def many_insoles_options(command: Command) -> Command:
    """Give a command the options of those runs that make insoles of several scans."""
    return prescription_option(machine_option(run_options(command)))


def report_options(command: Command) -> Command:
    """Give a command the options of those runs that write a report."""
    for option in (
        click.option("--pdf", is_flag=True, help="Print the pages to PDF, too, by a Chromium that is there."),
        click.option(
            "--clinic", type=FILE, metavar="FILE.toml", help="Read name, address, logo, clinician for the pages' head."
        ),
        click.option("--anonymous", is_flag=True, help="Leave name, pseudonym, date and paths out of the pages."),
        language_option,
    ):
        command = option(command)
    return command


def simulate_options(command: Command) -> Command:
    """Give a command the options of a simulated recording."""
    for option in (
        click.option("--set", "overrides", multiple=True, metavar="NAME=VALUE", help="Change another of its settings."),
        click.option("--config", "config", type=FILE, metavar="FILE.toml", help="Read settings: a table [simulate]."),
        click.option("--seed", default=0, show_default=True, help="The same seed gives the same bytes."),
        click.option(
            "--noise",
            "noise_model",
            default="auto",
            show_default=True,
            help="stereo-real, stereo-ideal, tof, structured-light, phone-truedepth; auto: the camera's own.",
        ),
        click.option(
            "--camera", default="d405", show_default=True, help="d405, d415, d435, truedepth or azure-kinect."
        ),
        click.option("--views", default=30, show_default=True, type=click.IntRange(min=2), help="Number of views."),
        click.option("--path", default="hand-held", show_default=True, help="hand-held, turntable or raised."),
    ):
        command = option(command)
    return command
