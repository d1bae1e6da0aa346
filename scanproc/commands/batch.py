"""The command that runs many scans: on processes of this machine, or on a cluster that is there."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scanproc.commands.answers import echo_json, refusal_as_json, run_scan
from scanproc.commands.options import (
    camera_option,
    json_option,
    language_option,
    prescription_option,
    scans_argument,
    settings_options,
)
from scanproc.errors import visible
from scanproc.pipeline import STAGES

if TYPE_CHECKING:
    from scanproc.cluster.work import Cluster
    from scanproc.several.batch import Batch, CohortFiles
    from scanproc.several.cohort import Outcome

_NAMES = [stage.name for stage in STAGES]


@click.command("batch", short_help="run many scans at once; a refused one does not stop the others")
@scans_argument
@click.option("--to", type=click.Choice(_NAMES), default=_NAMES[-1], show_default=True, help="Last stage to run.")
@settings_options
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="Processes of this machine, a scan each; by default as many as cores and memory are for.",
)
@click.option("--scheduler", metavar="tcp://HOST:PORT", help="Use the workers of a Dask scheduler that runs already.")
@prescription_option
@camera_option
@language_option
@json_option
def batch(
    scans: tuple[Path, ...],
    to: str,
    out: Path,
    workers: int | None,
    scheduler: str | None,
    as_json: bool,
    **settings: Any,
) -> None:
    """Run each of SCANS, such as scans/*; a refused one does not stop the others.

    Several run at once, each in a process of its own. After Ctrl-C, the same command goes on where it was. The measures
    go into outputs/cohort.csv, one row a foot, explained by cohort-dictionary.csv, and into cohort.parquet; cohort.html
    shows distributions, outliers and reasons of refusals. `--to measure` leaves insoles and reports out.
    SCANS and --out may lie in an object store: 's3://bucket/scans/*'.
    """
    from scanproc.several.batch import Batch, write_all
    from scanproc.several.cohort import check_none_refused
    from scanproc.several.remote import remote_places
    from scanproc.several.scans import check_distinct

    if workers and scheduler:
        raise click.UsageError("--workers starts processes of this machine, --scheduler uses those that are there.")
    with remote_places() as places, refusal_as_json(as_json, scans):
        scans, out = places.found(scans), places.folder(out)
        check_distinct(scans)
        if scheduler:  # workers are somewhere else: only whole paths lead to the same files
            scans, out = tuple(path.absolute() for path in scans), out.absolute()
            settings = {name: _whole(value) for name, value in settings.items()}
        run = places.running(partial(run_scan, to=to, workers=None, **settings), scans, out)
        cluster = _cluster(workers, scheduler, len(scans))
        work = Batch(scans, run, cluster, _level_of_workers(), places.told, places.see)
        _watch(work, as_json)
        outcomes = [work.outcomes[index] for index in range(len(scans))]
        written = write_all(out, outcomes, settings["language"] or "en")
        places.put((*written.tables, *written.more))
        _say(outcomes, written, places.told, as_json)
    check_none_refused(outcomes)


def _say(outcomes: Sequence[Outcome], written: CohortFiles, told: Callable[[object], str], as_json: bool) -> None:
    more, tables = ([told(path) for path in paths] for paths in (written.more, written.tables))
    if as_json:
        status = "refused" if any(each.refusals for each in outcomes) else "done"
        whole = {"status": status, "scans": [each.as_json() for each in outcomes], "tables": tables, "more": more}
        echo_json(json.loads(told(json.dumps(whole))))
    else:
        click.echo("".join(f"{path}\n" for path in (*more, *tables)), nl=False)


def _watch(batch: Batch, as_json: bool) -> None:
    """Say what becomes of each scan as it ends, above a live table where somebody watches."""
    from scanproc.commands.live_table import LiveTable

    table = LiveTable(len(batch.scans), lambda: batch.running)
    with closing(batch.run()) as ended, table.shown():
        for path, outcome in ended:
            scan = batch.told(path)
            table.add(outcome.verdict)
            for message in outcome.refusals:
                click.echo(visible(f"scanproc: {scan}: {message}"), err=True)
            if not as_json:
                click.echo(visible(f"{outcome.verdict:8} {scan}"))


def _cluster(workers: int | None, scheduler: str | None, num_scans: int) -> Cluster:
    from scanproc.cluster.workers import ExistingCluster, local_workers

    return ExistingCluster(scheduler) if scheduler else local_workers(workers, num_scans)


def _level_of_workers() -> int:
    """Return from which level on the log of scans is told: what their stages do, of so many, only if asked for."""
    level = logging.getLogger("scanproc").level
    return logging.WARNING if level == logging.INFO else level


def _whole(value: Any) -> Any:
    """Return the whole path of a file that is named; a prescription may be called by its name alone."""
    return value.absolute() if isinstance(value, Path) and value.exists() else value
