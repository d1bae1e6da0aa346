"""The command `versions`: which insoles of a scan there are, and what one has that another has not."""

from __future__ import annotations

from pathlib import Path

import click

from scanproc.commands.answers import echo_json
from scanproc.commands.options import json_option, known_versions, out_option, scan_argument


@click.command("versions", short_help="the insoles of SCAN side by side: list them, compare two, take one away")
@scan_argument
@click.argument("a", required=False, metavar="[A]", shell_complete=known_versions)
@click.argument("b", required=False, metavar="[B]", shell_complete=known_versions)
@click.option("--remove", is_flag=True, help="Take version A away: its prescription, insole, exports and report.")
@out_option
@json_option
def versions(scan: Path, a: str | None, b: str | None, remove: bool, out: Path, as_json: bool) -> None:
    """List the insoles of SCAN: its own one and the versions beside it, which `--as NAME` makes.

    With A and B, say what B has that A has not, dose by dose, and write a page with the map of heights to
    outputs/SCAN/differences. The scan's own insole is called own, and A alone is compared with it.
    """
    from scanproc.insole_versions.actions import compare_versions, remove_version
    from scanproc.insole_versions.made import listed
    from scanproc.scan import name_of

    root = out / name_of(scan)
    if remove:
        if a is None or b is not None:
            raise click.UsageError("--remove takes one version away; expected its name: versions SCAN NAME --remove.")
        click.echo(remove_version(root, a))
    elif a is None:
        rows = listed(root)
        if as_json:
            echo_json({"versions": [row.as_json() for row in rows]})
        else:
            width = max(len(row.name) for row in rows)
            click.echo("".join(f"{row.name.ljust(width)}  {row.text}\n" for row in rows), nl=False)
    else:
        first, second = (a, b) if b is not None else ("own", a)
        found = compare_versions(root, first, second)
        if as_json:
            echo_json({"status": "done", "page": str(found.page), **found.table})
        else:
            click.echo("".join(f"{line}\n" for line in (*found.lines, str(found.page))), nl=False)
