"""BENCHMARK.md: the kept rows of all parts, as tables that explain themselves."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarking.batch import batch_section
from benchmarking.grid_tables import grid_section, recordings_section
from benchmarking.insole import insole_tables
from benchmarking.insole_speed import insole_speed_section
from benchmarking.jobs import jobs_section
from benchmarking.measure_bounds import grid_measures_section
from benchmarking.measure_tables import measures_section
from benchmarking.milling_speed import milling_speed_section
from benchmarking.movement import movement_section
from benchmarking.parts import Rows, read_part
from benchmarking.printed import printed_section
from benchmarking.real_tables import real_section
from benchmarking.run_tables import scale_section, speed_section, turntable_section, yardstick_section
from benchmarking.sensible import sensible_tables
from benchmarking.soak import soak_section
from benchmarking.tables import table
from scanproc.versions import versions

GRIDS = ("grid-stereo-real", "grid-stereo-ideal")
PARTS = (*GRIDS, "real", "movement", "turntable", "scale", "speed", "runs", "yardstick")
FURTHER_PARTS: dict[str, Callable[[Rows], str]] = {
    "measures": measures_section,
    "insoles": insole_tables,
    "sensible": sensible_tables,
    "printed": printed_section,
    "insole-speed": insole_speed_section,
    "milling-speed": milling_speed_section,
    "jobs": jobs_section,
    "batch": batch_section,
    "soak": soak_section,
}
NAMED_VERSIONS = ("python", "scanproc", "numpy", "scipy", "numba", "open3d", "open3d-cpu", "pillow")


def write_page(folder: Path, page: Path, of_what_is_there: bool = False) -> bool:
    """Write the page from the parts in `folder`; return False if one of them is not there yet.

    Parameters
    ----------
    of_what_is_there : leave out what was not measured, take quick parts where there is no whole one, and say so.
    """
    files = {name: folder / f"{name}.json" for name in (*PARTS, *FURTHER_PARTS)}
    if of_what_is_there:
        files = {name: file if file.is_file() else folder / f"{name}-quick.json" for name, file in files.items()}
    missing = [name for name in PARTS if not files[name].is_file()]
    if missing and not of_what_is_there:
        print(f"{page.name} is not written: {', '.join(missing)} not yet measured (they are kept in {folder})")
        return False
    parts = {name: read_part(file) for name, file in files.items() if file.is_file()}
    rows = {name: part["rows"] for name, part in parts.items()}
    sections: list[tuple[tuple[str, ...], Callable[..., str]]] = [
        *(((name,), section) for name in GRIDS for section in (grid_section, grid_measures_section)),
        (("real",), real_section),
        (("movement",), movement_section),
        (("turntable",), turntable_section),
        (("scale",), scale_section),
        (("speed",), speed_section),
        (("runs", "yardstick"), yardstick_section),
        *(((name,), section) for name, section in FURTHER_PARTS.items()),
        *(((name,), recordings_section) for name in GRIDS),
    ]
    made = [section(*(rows[name] for name in names)) for names, section in sections if rows.keys() >= set(names)]
    text = ["# Benchmark", _head(parts), _said_of_gaps(files, missing), *made]
    page.write_text("\n\n".join(part for part in text if part) + "\n", encoding="utf-8")
    print(f"{page} written")
    return True


def _said_of_gaps(files: dict[str, Path], missing: list[str]) -> str:
    quick = [name for name, file in files.items() if file.is_file() and file.stem != name]
    said = [f"**Not measured on these sources:** {', '.join(missing)}."] if missing else []
    said += [f"**A sample of the recordings alone:** {', '.join(quick)}."] if quick else []
    return " ".join(said)


def _head(parts: dict[str, dict[str, Any]]) -> str:
    known = versions()
    named = ", ".join(f"{name} {known[name]}" for name in NAMED_VERSIONS if name in known)
    made = table(
        ("part", "date", "command", "took"),
        ((name, part["date"], f"`{part['command']}`", f"{part['seconds']:.0f} s") for name, part in parts.items()),
    )
    return (
        "Written by `scripts/benchmark.py`; do not edit. All recordings are simulated, with known truth:\n"
        "`scanproc simulate` describes the noise. Lengths in mm.\n\n"
        f"Machine: {machine()}. {named}.\n\n{made}"
    )


def machine() -> str:
    """Return processor, cores and memory."""
    model = platform.processor() or platform.machine()
    if (info := Path("/proc/cpuinfo")).is_file():
        named = [line.split(":")[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
        model = named[0] if named else model
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()}"
