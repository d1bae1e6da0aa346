#!/usr/bin/env python3
"""Measure scanproc against known truth.

.venv/bin/python scripts/benchmark.py                     the recordings in scans/ against their truth
.venv/bin/python scripts/benchmark.py registration        all parts below; writes BENCHMARK.md; over an hour
    --grid         76 simulated recordings (--quick: 10 of them) under the noise of --noise; --measures: to the measures
    --real         what real cameras do: rings, pairs, hand-held and raised feet by camera, bad recordings, feet that
                   do not hold still; --seeds of each (--quick: one, of the D435)
    --movement     feet of which a part moves while they are recorded (--quick: half of the recordings)
    --turntable    eight views of two feet at 45 degrees, no floor; and a camera with a scale error
    --speed        seconds and peak memory on 30 frames, and on 8 to 240 views
    --jobs         seconds of whole jobs: thirty frames to an exported insole, or to the measures
    --yardstick    the same recordings through the plain Open3D recipe

.venv/bin/python scripts/benchmark.py measures            bias, spread and uncertainty of the measures, 80 recordings of
                                                          ten seeds (--quick: two)
.venv/bin/python scripts/benchmark.py insole              random prescriptions on the legs: proven, refused, failed, why
.venv/bin/python scripts/benchmark.py page --keep FOLDER  BENCHMARK.md of what was measured so far, and what was not
.venv/bin/python scripts/benchmark.py viewer              turning 300,000 triangles; previews of a changed design
.venv/bin/python scripts/benchmark.py milling             a block of 270 mm: seconds, memory, minutes, what is left
.venv/bin/python scripts/benchmark.py batch               200 small scans by two workers: pace, kills, memory
.venv/bin/python scripts/benchmark.py soak                mixed work, killed at 500 random moments: what it leaves

Parts that were measured before are kept in the folder of --keep, as are the rendered recordings.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# The truth of a recording is read as the tests read it.
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests")]

from benchmarking.against_yardstick import measure_yardstick  # noqa: E402
from benchmarking.batch import batch_section, measure_batch  # noqa: E402
from benchmarking.demo import report_on_demos  # noqa: E402
from benchmarking.design import QUICK_REPEATS, REPEATS, GridRecording, grid, quick_grid, repeats  # noqa: E402
from benchmarking.grid import compare, render_grid, run_grid  # noqa: E402
from benchmarking.insole import insole_tables, measure_insoles  # noqa: E402
from benchmarking.insole_speed import insole_speed_section, measure_insole_speed  # noqa: E402
from benchmarking.jobs import measure_jobs  # noqa: E402
from benchmarking.measure_bounds import grid_measures_section  # noqa: E402
from benchmarking.measures import measure_all  # noqa: E402
from benchmarking.milling_speed import measure_milling_speed, milling_speed_section  # noqa: E402
from benchmarking.movement import measure_movement, movement_recordings  # noqa: E402
from benchmarking.page import write_page  # noqa: E402
from benchmarking.parts import Rows, measured, read_part  # noqa: E402
from benchmarking.printed import measure_printed, printed_section  # noqa: E402
from benchmarking.real import measure_real  # noqa: E402
from benchmarking.real_design import D435, SEEDS, real_recordings  # noqa: E402
from benchmarking.scale import measure_scale, scale_scans  # noqa: E402
from benchmarking.sensible import measure_sensible, sensible_tables  # noqa: E402
from benchmarking.soak import measure_soak, soak_section  # noqa: E402
from benchmarking.speed import compared_scans, measure_runs, measure_speed  # noqa: E402
from benchmarking.turntable import measure_turntable, turntable_scans  # noqa: E402
from benchmarking.viewer import measure_viewer  # noqa: E402

from scanproc.simulation.noise_models import NOISE_MODELS, NoiseName  # noqa: E402

GRID_NOISES: tuple[NoiseName, ...] = ("stereo-real", "stereo-ideal")  # that the page tells of


def main() -> None:
    options = parse()
    if options.what == "demo":
        report_on_demos()
        return
    if options.what == "viewer":
        print("\n".join(measure_viewer()))
        print("\n" + insole_speed_section(measure_insole_speed()))
        return
    if options.what == "page":
        write_page(options.keep, ROOT / "BENCHMARK.md", of_what_is_there=True)
        return
    benchmark = {
        "measures": benchmark_measures,
        "registration": benchmark_registration,
        "insole": benchmark_insoles,
        "milling": benchmark_milling,
        "batch": benchmark_batch,
        "soak": benchmark_soak,
    }[options.what]
    if options.keep is not None:
        options.keep.mkdir(parents=True, exist_ok=True)
        benchmark(options, options.keep)
    else:
        with tempfile.TemporaryDirectory() as folder:
            benchmark(options, Path(folder))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.set_defaults(what="demo")
    commands = parser.add_subparsers(dest="what")
    commands.add_parser("demo", help="the recordings in scans/ (the default)")
    commands.add_parser("viewer", help="opening and turning a large mesh, off-screen")
    page = commands.add_parser("page", help="write BENCHMARK.md of the parts that are kept")
    page.add_argument("--keep", type=Path, metavar="FOLDER", required=True, help="where they are")
    registration = commands.add_parser("registration", help="clean, register and fuse simulated recordings")
    registration.add_argument("--noise", choices=list(NOISE_MODELS), default="stereo-real", help="of the grid")
    registration.add_argument("--grid", action="store_true", help="every leg, side, way of recording and camera")
    registration.add_argument("--measures", action="store_true", help="measure the feet of the grid, too")
    registration.add_argument("--real", action="store_true", help="cameras as they are; bad recordings; moving feet")
    registration.add_argument("--seeds", type=int, default=SEEDS, help=f"recordings of each group of --real ({SEEDS})")
    registration.add_argument("--movement", action="store_true", help="a part of the foot moves meanwhile")
    registration.add_argument("--turntable", action="store_true", help="eight wide steps; a scale error")
    registration.add_argument("--speed", action="store_true", help="seconds and memory")
    registration.add_argument("--jobs", action="store_true", help="seconds of whole jobs")
    registration.add_argument("--yardstick", action="store_true", help="the plain Open3D recipe")
    measures = commands.add_parser("measures", help="measures of recordings that differ by their seed")
    insoles = commands.add_parser("insole", help="random prescriptions on the legs of the shared data")
    insoles.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the rows here")
    insoles.add_argument("--number", type=int, default=200, help="of prescriptions (200)")
    insoles.add_argument("--first", type=int, default=0, help="seed of the first (0)")
    insoles.add_argument("--sensible", action="store_true", help="sensible ones alone; refusals' advice is followed")
    insoles.add_argument("--every-foot", action="store_true", help="each sensible one on all feet, not on one in turn")
    insoles.add_argument("--printed", action="store_true", help="the noise of recorded feet in their shells, alone")
    insoles.add_argument("--grid-mm", type=float, default=0.5, help="insole.grid_mm (0.5)")
    milling = commands.add_parser("milling", help="time the milling programs of one block")
    milling.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the rows here")
    batch = commands.add_parser("batch", help="many small scans, by several workers that are killed")
    batch.add_argument("--keep", type=Path, metavar="FOLDER", help="keep scans and rows here")
    batch.add_argument("--number", type=int, default=200, help="of scans (200)")
    batch.add_argument("--to", default="surface", help="last stage of each scan (surface)")
    soak = commands.add_parser("soak", help="mixed work that is killed at random moments")
    soak.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the rows here")
    soak.add_argument("--kills", type=int, default=500, help="how often (500)")
    for command in (registration, measures):
        command.add_argument("--keep", type=Path, metavar="FOLDER", help="keep recordings and rows here")
        command.add_argument("--quick", action="store_true", help="ten recordings of the grid; two seeds")
        command.add_argument("--only", default="", metavar="TEXT", help="recordings whose name holds this")
        command.add_argument("--processes", type=int, default=2, help="recordings of the grid at a time (2)")
    registration.add_argument("--largest", type=int, default=240, help="most views that the yardstick is run on (240)")
    registration.add_argument("--render", action="store_true", help="render the recordings and stop")
    registration.add_argument("--compare", type=Path, metavar="JSON", help="rows of an earlier grid")
    return parser.parse_args()


def benchmark_registration(options: argparse.Namespace, folder: Path) -> None:
    """Measure the parts asked for, all of them by default, and write the page once all are there."""
    if options.render:
        render_all(grid_recordings(options, options.noise), folder)
        return
    parts = ("grid", "real", "movement", "turntable", "speed", "jobs", "yardstick")
    everything = not any(getattr(options, part) for part in parts)
    options.measures |= everything
    if options.grid or everything:
        for noise in GRID_NOISES if everything else (options.noise,):
            benchmark_grid(options, noise, folder)
    if options.real or everything:
        benchmark_real(options, folder)
    if options.movement or everything:
        benchmark_movement(options, folder)
    if options.turntable or everything:
        measured(folder, "turntable", lambda: measure_turntable(folder))
        measured(folder, "scale", lambda: measure_scale(folder))
    if options.speed or everything:
        measured(folder, "speed", lambda: measure_speed(folder))
        measured(folder, "runs", lambda: measure_runs(folder))
    if options.jobs or everything:
        measured(folder, "jobs", lambda: measure_jobs(folder))
    if options.yardstick or everything:
        measured(folder, "yardstick", lambda: measure_yardstick(folder, options.largest))
    write_page(folder, ROOT / "BENCHMARK.md")


def benchmark_measures(options: argparse.Namespace, folder: Path) -> None:
    """Measure recordings that differ by their seed, and write the page where all other parts are there."""
    recordings = repeats(QUICK_REPEATS if options.quick else REPEATS)
    recordings = [recording for recording in recordings if options.only in recording.name]
    measured(folder, part_name("measures", options), lambda: measure_all(recordings, folder, options.processes))
    write_page(folder, ROOT / "BENCHMARK.md")


def benchmark_insoles(options: argparse.Namespace, folder: Path) -> None:
    """Make random insoles, judge their files by other programs; time a changed prescription."""
    if options.printed:
        print(printed_section(measured(folder, "printed", lambda: measure_printed(folder))))
        return
    if options.sensible:
        number, first, every = options.number, options.first, options.every_foot
        rows = measured(folder, "sensible", lambda: measure_sensible(folder, number, first, every_foot=every))
        print(sensible_tables(rows))
        return
    rows = measured(folder, "insoles", lambda: measure_insoles(options.number, options.first, options.grid_mm))
    print(insole_tables(rows))
    measured(folder, "insole-speed", measure_insole_speed)
    write_page(folder, ROOT / "BENCHMARK.md")


def benchmark_milling(_options: argparse.Namespace, folder: Path) -> None:
    """Time the milling programs of one block."""
    print(milling_speed_section(measured(folder, "milling-speed", measure_milling_speed)))
    write_page(folder, ROOT / "BENCHMARK.md")


def benchmark_batch(options: argparse.Namespace, folder: Path) -> None:
    """Run many small scans."""
    print(batch_section(measured(folder, "batch", lambda: measure_batch(folder, options.number, options.to))))
    write_page(folder, ROOT / "BENCHMARK.md")


def benchmark_soak(options: argparse.Namespace, folder: Path) -> None:
    """Kill mixed work."""
    print(soak_section(measured(folder, "soak", lambda: measure_soak(options.kills))))
    write_page(folder, ROOT / "BENCHMARK.md")


def render_all(recordings: list[GridRecording], folder: Path) -> None:
    """Render what the parts need and is not there yet."""
    render_grid(recordings, folder)
    for scans in (turntable_scans, scale_scans, compared_scans):
        for scan in scans(folder):
            print(scan.name, flush=True)


def grid_recordings(options: argparse.Namespace, noise: NoiseName) -> list[GridRecording]:
    """Return the recordings of the grid that are asked for."""
    recordings = quick_grid(noise) if options.quick else grid(noise)
    return [recording for recording in recordings if options.only in recording.name]


def benchmark_grid(options: argparse.Namespace, noise: NoiseName, folder: Path) -> None:
    """Run the grid; its rows go into grid-<noise>.json, those of a part of it into a file that says so."""
    recordings = grid_recordings(options, noise)
    earlier = None if options.compare is None else read_part(options.compare)["rows"]

    def rows() -> Rows:
        outcomes = run_grid(recordings, folder, options.processes, options.measures)
        if earlier is not None:
            print(compare(outcomes, earlier))
        return [{**asdict(outcome), "verdict": outcome.verdict} for outcome in outcomes]

    print(grid_measures_section(measured(folder, part_name(f"grid-{noise}", options), rows)))


def benchmark_real(options: argparse.Namespace, folder: Path) -> None:
    """Run what real cameras do; its rows go into real.json, those of a part of it into a file that says so."""
    recordings = real_recordings(1, (D435,)) if options.quick else real_recordings(options.seeds)
    recordings = [recording for recording in recordings if options.only in recording.name]
    measured(folder, part_name("real", options), lambda: measure_real(recordings, folder, options.processes))


def benchmark_movement(options: argparse.Namespace, folder: Path) -> None:
    """Run feet of which a part moves; its rows go into movement.json, those of a part of it into one that says so."""
    recordings = movement_recordings(full=not options.quick)
    recordings = [recording for recording in recordings if options.only in recording.name]
    measured(folder, part_name("movement", options), lambda: measure_movement(recordings, folder, options.processes))


def part_name(name: str, options: argparse.Namespace) -> str:
    """Return the name under which rows are kept."""
    return "-".join(word for word in (name, "quick" * options.quick, options.only) if word)


if __name__ == "__main__":
    main()
