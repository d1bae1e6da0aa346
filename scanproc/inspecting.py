"""Looks through a scan without running a stage: what the command `inspect` does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from scanproc.artifacts import CloudFrame, DepthFrame, Intrinsics, Recording, ScanFacts
from scanproc.depth.images import unproject
from scanproc.depth.view_image import PixelLimits, measured_image
from scanproc.errors import ScanError
from scanproc.inspection.inspection import FloorSeen, Inspection, MeshSeen
from scanproc.inspection.view_statistics import ViewStatistics, statistics_of
from scanproc.parallel import parallel_map
from scanproc.readers.streams import KNOWN_UNITS_MM, PLAUSIBLE_NEAR_MM
from scanproc.scan import Scan, open_scan, read_recording
from scanproc.segmentation.floors import find_planes
from scanproc.stages.clean import CleanConfig, floor_limits, pixel_limits
from scanproc.stages.register import RegisterConfig

_RUN = 8  # views that one thread goes through, each beside the one before
_FLOORS_LOOKED_FOR = 12
_FEW_VIEWS = 10  # that go round a foot: neighbours are then farther apart than 36 degrees


def inspect_scan(path: Path) -> Inspection:
    """Return what a scan holds, and what would be refused of it. Views are taken one at a time.

    Raises
    ------
    ScanError
        If it cannot be opened or read at all.
    """
    scan = open_scan(path)
    if scan.surface is not None:
        vertices = scan.surface.mesh.vertices
        x, y, z = np.ptp(vertices, axis=0).tolist()
        mesh = MeshSeen(len(vertices), len(scan.surface.mesh.faces), (x, y, z))
        unit = f"{scan.facts.unit}, {'found by its size' if 'unit' in scan.facts.assumed else 'stated'}"
        return Inspection(scan.name, scan.form.words, scan.facts, unit, mesh=mesh)
    recording = read_recording(scan)
    config = CleanConfig()
    views, broken = _looked_through(recording, pixel_limits(config))
    floor = _floor_seen(recording, views, config)
    return Inspection(
        scan.name,
        scan.form.words,
        scan.facts,
        _unit(scan, views),
        _intrinsics(recording, views),
        tuple(views),
        floor,
        warnings=tuple(_warnings(scan.facts, views, floor)),
        refusals=(*broken, *_refusals(views, config)),
    )


def _looked_through(recording: Recording, limits: PixelLimits) -> tuple[list[ViewStatistics], list[str]]:
    """Return the statistics of the views, and the refusals of those that cannot be read."""
    count = len(recording.frames)

    def run(start: int) -> tuple[list[ViewStatistics], list[str]]:
        found: list[ViewStatistics] = []
        broken: list[str] = []
        before: DepthFrame | CloudFrame | None = None
        for place in range(start, min(start + _RUN, count)):
            try:
                frame = recording.frames[place]
            except ScanError as error:
                broken.append(str(error))
                continue
            found.append(statistics_of(frame, limits, before))
            before = frame
        return found, broken

    runs = parallel_map(run, range(0, count, _RUN), "looking at views")
    return [view for found, _ in runs for view in found], [text for _, broken in runs for text in broken]


def _floor_seen(recording: Recording, views: Sequence[ViewStatistics], config: CleanConfig) -> FloorSeen | None:
    """Look for wide planes in a few views, as `clean` does; None of clouds, which are mostly cut out."""
    if len(views) != len(recording.frames) or not isinstance(recording.frames[0], DepthFrame):
        return None

    def distance_mm(place: int) -> float | None:
        frame = recording.frames[place]
        assert isinstance(frame, DepthFrame)
        image = measured_image(frame, pixel_limits(config))
        step = max(1, int(np.sqrt(image.counts["no flying pixels"] / config.floor_points)))
        points = unproject(image.depth_mm, image.intrinsics, step)
        solid_angle = step**2 / (image.intrinsics.fx * image.intrinsics.fy)
        planes = find_planes(points, solid_angle, floor_limits(config)).background
        return abs(planes[0].plane.offset_mm) if planes else None

    places = np.unique(np.linspace(0, len(views) - 1, _FLOORS_LOOKED_FOR).round().astype(int)).tolist()
    seen = [found for found in parallel_map(distance_mm, places, "looking for the floor") if found is not None]
    return FloorSeen(len(places), len(seen), float(np.median(seen)) if seen else None)


def _intrinsics(recording: Recording, views: Sequence[ViewStatistics]) -> Intrinsics | None:
    frame = recording.frames[0] if len(views) == len(recording.frames) else None
    return frame.intrinsics if isinstance(frame, DepthFrame) else None


def _unit(scan: Scan, views: Sequence[ViewStatistics]) -> str:
    """Return the unit in words: where it is from, and which others would do."""
    facts = scan.facts
    if scan.form.frame is CloudFrame:
        return f"{facts.unit}, {'found by the range' if 'unit' in facts.assumed else 'stated'}"
    unit_mm = facts.depth_unit_mm
    near = [view.range_mm[0] for view in views if view.num_readings]
    if "depth_unit_mm" not in facts.assumed:
        return f"{unit_mm:g} mm a step of the depth, stated in scan.toml"
    if any("step of the depth" in remark or "unit of the depth" in remark for remark in facts.remarks) or not near:
        return f"{unit_mm:g} mm a step of the depth, by what the recording says (see remarks)"
    steps = float(np.median(near)) / unit_mm
    low, high = PLAUSIBLE_NEAR_MM
    fitting = [unit for unit in KNOWN_UNITS_MM if unit != unit_mm and low <= steps * unit <= high]
    others = ", ".join(f"{unit:g} mm would put it at {steps * unit:.0f} mm" for unit in fitting)
    why = f"since the nearest tenth then lies at {steps * unit_mm:.0f} mm"
    return f"{unit_mm:g} mm a step of the depth, assumed, {why}{'; ' if others else ''}{others}"


def _warnings(facts: ScanFacts, views: Sequence[ViewStatistics], floor: FloorSeen | None) -> list[str]:
    found = []
    blank = [view.name for view in views if not view.num_readings]
    if blank:
        found.append(f"{len(blank)} views are blank, the first {blank[0]}: they will not be used")
    if len(views) < _FEW_VIEWS:
        found.append(f"{len(views)} views are few: neighbours have to overlap by a third")
    if facts.loading == "standing" and floor is not None and not floor.num_seen:
        found.append('loading = "standing", but no floor shows: the ground will be found from the foot')
    if facts.loading == "standing":
        found.append("a foot that stands hides its sole: it gets measures, and no insole")
    return found


def _refusals(views: Sequence[ViewStatistics], config: CleanConfig) -> list[str]:
    """Return what `clean` and `register` would refuse, as far as it shows."""
    wanted = RegisterConfig()
    usable = [view for view in views if view.num_readings * view.in_range >= wanted.min_points]
    between = f"between {config.min_range_mm:g} and {config.max_range_mm:g} mm"
    if not usable:
        return [
            f"no view holds {wanted.min_points} readings {between}; expected a foot there. Is the depth unit right "
            "(scan.toml: depth_unit_mm), or the range (clean.max_range_mm)?"
        ]
    if len(usable) < wanted.min_views:
        return [
            f"only {len(usable)} views hold {wanted.min_points} readings {between} (register.min_views = "
            f"{wanted.min_views}). Record more, all round the foot."
        ]
    return []
