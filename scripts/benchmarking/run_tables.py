"""The other tables of BENCHMARK.md: turntable, scale, speed, yardstick."""

from __future__ import annotations

from typing import Any

from benchmarking.outcome import number
from benchmarking.parts import Rows
from benchmarking.tables import table
from benchmarking.turntable import LOOP_DEG, LOOP_MM, NEIGHBOURS_MM, kept

THREE_STAGES = ("clean", "register", "surface")


def turntable_section(rows: Rows) -> str:
    body = table(
        ("recording", "views", "points a view", "loop, °", "loop", "worst neighbours, °", "worst neighbours",
         "neighbours' RMS", "median", "p95", "verdict"),
        (
            [row["name"], row["refused"]]
            if "refused" in row
            else [
                row["name"], f"{row['accepted']} / {row['of']}", "{}–{}".format(*row["points"]),
                number(row["loop_deg"]), number(row["loop_mm"]), number(row["worst_neighbours_deg"]),
                number(row["worst_neighbours_mm"]), number(row["neighbours_rms_mm"], 2), number(row.get("median_mm")),
                number(row.get("p95_mm")), "ok" if kept(row) else "BROKEN",
            ]
            for row in rows
        ),
    )  # fmt: skip
    return f"""## Turntable of eight views, no floor left

Two standing feet in 45° steps (each off by about 1°), as loose clouds: the floor cut away by truth, pixels thinned at
random. *white*: 0.3 mm white noise in all directions; *camera*: the depth noise, flying pixels and drop-out of the
D435.

- *loop*: error of the relative pose of the last view to the first. Bounds: {LOOP_DEG}°, {LOOP_MM:g} mm at the feet.
- *worst neighbours*: the same of the worst two neighbouring views.
- *neighbours' RMS*: distance of a view's points from the nearest points of the next view, where they overlap (within
  5 mm), worst pair. Bound: {NEIGHBOURS_MM} mm.

{body}"""


def scale_section(rows: Rows) -> str:
    body = table(
        ("recording", "scale error, %", "median", "p95", "length off by", "its sd", "covered", "found", "said"),
        (
            [row["name"], f"{100 * row['scale_error']:g}", row["refused"]]
            if "refused" in row
            else [
                row["name"], f"{100 * row['scale_error']:g}", number(row["median_mm"]), number(row["p95_mm"]),
                number(row["length_off_mm"], 2), number(row["length_sd_mm"], 2), "yes" if row["covered"] else "NO",
                ", ".join(f"{name} {value}" for name, value in row["found"].items()) or "–",
                "; ".join(row["said"]) or "–",
            ]
            for row in rows
        ),
    )  # fmt: skip
    return f"""## A camera with a scale error

*length off by*: foot length against the truth; *its sd*: as stated in the measures; *covered*: within two of them.
*found*: what the registration holds of scale; *said*: what the log says of it.

{body}"""


def speed_section(rows: Rows) -> str:
    head = ("recording", "seconds", "peak, MB", "decoding", "times decoding", "two threads", "in process")
    body = table(
        (*head, *THREE_STAGES),
        (
            [
                row["name"], f"{row['seconds']:.2f}" if not row["status"] else "FAILED", f"{row['peak_mb']:.0f}",
                f"{row['decode']:.3f}", f"{row['times_decode']:.1f}", _two_threads(row), number(row["in_process"], 2),
                *(number(row["stages"].get(name), 2) for name in THREE_STAGES),
            ]
            for row in rows
        ),
    )  # fmt: skip
    return f"""## Thirty frames of 848 × 480

*seconds*: `scanproc run SCAN --to surface` as a program, imports included, best of three with compiled loops cached;
*peak*: its largest memory (bound 1500). *decoding*: pillow decoding those PNGs in one thread; *times decoding*: bound
30, stretch 12. *two threads*: by how much two read them faster than one, bound 1.7; in brackets by how much two hash,
which tells how much of a second core was free, and the most there can be by what one thread needs the GIL for.
*in process*: the same run in a program that has all loaded, and what its stages take.

{body}"""


def _two_threads(row: dict[str, Any]) -> str:
    if "two_threads" not in row:  # of an earlier benchmark
        return "–"
    return f"{row['two_threads']:.2f} ({row['two_hashing']:.2f}, {row['two_at_most']:.2f})"


def yardstick_section(ours: Rows, theirs: Rows) -> str:
    by_name = {row["name"]: row for row in theirs}
    body = table(
        ("recording", "seconds", "yardstick", "times faster", "peak, MB", "yardstick", "median / p95", "yardstick",
         "views", "yardstick's wrong pairs"),
        (
            [
                row["name"], f"{row['seconds']:.1f}", f"{other['seconds']:.1f}",
                f"{other['seconds'] / row['seconds']:.1f}", f"{row['peak_mb']:.0f}", f"{other['peak_mb']:.0f}",
                _error(row), _error(other), f"{row.get('accepted', '–')} / {row.get('of', '–')}",
                f"{other.get('wrong_pairs', '–')} of {other.get('pairs', '–')}",
            ]
            for row in ours
            if (other := by_name.get(row["name"]))
        ),
    )  # fmt: skip
    return f"""## Against the yardstick, and over the number of views

The yardstick is the plain Open3D recipe (`scripts/benchmarking/yardstick.py`): per view floor and surroundings cut away
by truth, outliers removed, 2 mm voxels, FPFH + RANSAC, point-to-plane ICP, pose graph, Poisson of depth 9 trimmed by
density. Only what lies within 2 mm of its points is judged. Both run as programs of their own, imports included, once.
A pair is wrong if it is off by more than 5° or 10 mm.

{body}

{_growth(ours)}"""


def _error(row: dict[str, Any]) -> str:
    return row["failed"] if row.get("failed") else f"{row['median_mm']:.3f} / {row['p95_mm']:.3f}"


def _growth(ours: Rows) -> str:
    """Say how seconds grow with the number of views."""
    seconds = {row["of"]: row["seconds"] for row in ours if "hand-held" in row["name"] and not row.get("failed")}
    if 30 not in seconds or 240 not in seconds:
        return "From 30 to 240 views: not known, a run failed."
    return f"From 30 to 240 views, 8 times as many: {seconds[240] / seconds[30]:.1f} times the seconds."
