"""The commands on recordings of any form: `inspect`, `convert`, `simulate`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from scanproc.commands.answers import echo_json, refuse
from scanproc.commands.bars import bars
from scanproc.commands.options import FILE, scan_argument, simulate_options, workers_option
from scanproc.errors import ScanError, visible
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
        click.echo(visible("\n".join(found.as_lines())))
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


@click.command("simulate", short_help="render a recording of a foot mesh, with its truth")
@click.argument("foot", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@simulate_options
def simulate(foot: Path, out: Path, config: Path | None, overrides: tuple[str, ...], **options: Any) -> None:
    """Render a recording of the mesh FOOT (mm, standing on z = 0, toes to x) into OUT, with the truth beside it.

    OUT/truth holds the poses, the mesh and the settings; the stages never read it. `scanproc settings simulate` lists
    the other settings: noise, sway, bad views, a second foot.
    """
    from scanproc.scan import open_scan, read_mesh
    from scanproc.settings import build_configs, parse_overrides
    from scanproc.simulation.settings import SimulationConfig
    from scanproc.simulation.simulate import simulate as simulated
    from scanproc.simulation.truth import write_simulation
    from scanproc.toml_files import read_toml

    others = parse_overrides(f"simulate.{text.removeprefix('simulate.')}" for text in overrides)
    source = click.get_current_context().get_parameter_source
    stated = {name: value for name, value in options.items() if source(name) is not ParameterSource.DEFAULT}
    tables = [{"simulate": options}, read_toml(config) if config else {}, {"simulate": stated}, others]
    settings = build_configs({"simulate": SimulationConfig}, *tables)["simulate"]
    for part in ("depth", "clouds", "truth"):
        if (out / part).exists():
            raise ScanError(f"{out} holds a recording already ({part}/); expected a new folder. Choose another.")
    write_simulation(out, simulated(read_mesh(open_scan(foot)).mesh, settings))
    click.echo(out)
