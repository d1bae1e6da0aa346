"""The commands on recordings of any form: `inspect`, `convert`."""

from __future__ import annotations

from pathlib import Path

import click

from scanproc.answers import echo_json, refuse
from scanproc.bars import bars
from scanproc.errors import ScanError
from scanproc.options import FILE, scan_argument, workers_option
from scanproc.parallel import using_workers

_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.command("inspect", short_help="what SCAN holds, which unit and why, and what would be refused")
@scan_argument
@workers_option
@_json
def inspect(scan: Path, workers: int | None, as_json: bool) -> None:
    """Say what SCAN holds: views, sizes, ranges, the unit and why, floor, holes, blur, and what would be refused.

    Nothing is written. The exit status is 1 where `run` would refuse the scan as it is.
    """
    from scanproc.inspecting import inspect_scan

    try:
        with bars(), using_workers(workers):
            found = inspect_scan(scan)
    except ScanError as error:
        if as_json:
            from scanproc.scan import name_of

            echo_json({"scan": name_of(scan), "status": "refused", "refusals": [str(error)]})
        raise
    if as_json:
        echo_json(found.as_json())
    else:
        click.echo("\n".join(found.as_lines()))
    refuse(found.refusals)


@click.command("convert", short_help="write the recording IN as depth images in the folder OUT")
@click.argument("source", metavar="IN", type=FILE)
@click.argument("folder", metavar="OUT", type=click.Path(path_type=Path))
@workers_option
@_json
def convert(source: Path, folder: Path, workers: int | None, as_json: bool) -> None:
    """Write the recording IN, of any form that is read, into the new folder OUT.

    OUT holds 16-bit depth images, colour on their pixels, the camera, and a scan.toml with what the recording states;
    clouds stay clouds. Distortion of the lens is taken out.
    """
    from scanproc.converting import convert as converted

    with bars(), using_workers(workers):
        made = converted(source, folder)
    if as_json:
        echo_json({"status": "done", "folder": str(made.folder), "views": made.num_views})
    else:
        click.echo(made.folder)
