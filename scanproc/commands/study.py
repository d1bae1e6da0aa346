"""The command on many recordings of the same feet: `study`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from scanproc.commands.answers import echo_json, refusal_as_json, refuse
from scanproc.commands.options import FILE, json_option, language_option, out_option


@click.command("study", short_help="repeated recordings of the same feet: noise, ICC, what change can be seen")
@click.argument("folder", type=FILE)
@out_option
@click.option("--manual", type=FILE, metavar="FILE.csv", help="Read values by hand: subject, side, a column a measure.")
@click.option(
    "--wanted",
    multiple=True,
    metavar="NAME=VALUE",
    help="A change of a measure that is to be seen: noise under half of it passes, under all of it is marginal.",
)
@language_option
@json_option
def study(folder: Path, out: Path, manual: Path | None, wanted: tuple[str, ...], language: Any, as_json: bool) -> None:
    """Study the recordings in FOLDER, of the same feet time and again, by what was measured of them.

    Each scan.toml states the subject and the session (or else its date is taken), and the capture where several scans
    are of one recording. Measure first: scanproc batch FOLDER/* --to measure. Writes study.html and study.csv into the
    outputs: what differs between feet, sessions, captures and picks, ICC, standard error of measurement, smallest
    detectable change, and how scans agree with values by hand.
    """
    from scanproc.several.studying import write_study

    with refusal_as_json(as_json, (folder,)):
        made = write_study(folder, out, manual, wanted, language or "en")
    if as_json:
        echo_json(made)
    else:
        click.echo("\n".join(made["files"]))
    refuse(made["left_out"])
