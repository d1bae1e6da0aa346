"""What is known of a scan before any stage ran, as lines of a terminal and as JSON."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scanproc.artifacts import Intrinsics, ScanFacts
from scanproc.inspection.view_statistics import ViewStatistics

_COLUMNS, _LABEL = 80, 10
_BLURRED = 0.5  # of the median sharpness
_THIN = 0.5  # of the median share of readings
_MOST_NAMED = 5


@dataclass(frozen=True)
class FloorSeen:
    """In how many of the views that were looked at a floor or wall shows, and how far it is, mm (median)."""

    num_looked_at: int
    num_seen: int
    distance_mm: float | None


@dataclass(frozen=True)
class MeshSeen:
    """A finished mesh: its size and the sides of the box round it, mm."""

    num_vertices: int
    num_faces: int
    sides_mm: tuple[float, float, float]


@dataclass(frozen=True)
class Inspection:
    """What was found.

    Attributes
    ----------
    form : what the scan is, in words.
    unit : of its numbers, and why that one.
    intrinsics : of the first view; None of clouds and meshes.
    views : statistics of each view that could be read.
    warnings : what may make it fail.
    refusals : why it would be refused as it is.
    """

    name: str
    form: str
    facts: ScanFacts
    unit: str
    intrinsics: Intrinsics | None = None
    views: tuple[ViewStatistics, ...] = ()
    floor: FloorSeen | None = None
    mesh: MeshSeen | None = None
    warnings: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()

    def blurred(self) -> list[str]:
        """Return the views whose colours are far less sharp than most."""
        return _far_below(self.views, [view.sharpness for view in self.views], _BLURRED)

    def thin(self) -> list[str]:
        """Return the views with far fewer readings than most."""
        return _far_below(self.views, [view.share for view in self.views], _THIN)

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        facts = dataclasses.asdict(self.facts)
        stated = {name: value for name, value in facts.items() if name not in ("assumed", "remarks", "certificate")}
        return {
            "scan": self.name,
            "status": "refused" if self.refusals else "done",
            "form": self.form,
            "unit": self.unit,
            "facts": stated,
            "assumed": list(self.facts.assumed),
            "remarks": list(self.facts.remarks),
            "camera": None if self.intrinsics is None else dataclasses.asdict(self.intrinsics),
            "views": [dataclasses.asdict(view) for view in self.views],
            "blurred": self.blurred(),
            "thin": self.thin(),
            "floor": None if self.floor is None else dataclasses.asdict(self.floor),
            "mesh": None if self.mesh is None else dataclasses.asdict(self.mesh),
            "warnings": list(self.warnings),
            "refusals": list(self.refusals),
        }

    def as_lines(self) -> list[str]:
        """Return what is printed, in lines of 80 columns."""
        lines = textwrap.wrap(f"{self.name}: {self.form}", _COLUMNS)
        for label, text in self._rows():
            lines += textwrap.wrap(
                text,
                _COLUMNS,
                initial_indent=f"  {label:{_LABEL}}",
                subsequent_indent=" " * (_LABEL + 2),
                break_on_hyphens=False,
            )
        return lines

    def _rows(self) -> Iterator[tuple[str, str]]:
        if self.mesh is not None:
            yield "mesh", f"{self.mesh.num_vertices:,} vertices, {self.mesh.num_faces:,} faces"
            yield "size", " × ".join(f"{side:.0f}" for side in self.mesh.sides_mm) + " mm"
        if self.views:
            yield from self._rows_of_views()
        if self.facts.sensor is not None and "sensor" in self.facts.assumed:
            serial = f" {self.facts.serial}" if self.facts.serial else ""
            yield "sensor", f"{self.facts.sensor}{serial}, as the recording says"
        yield "unit", self.unit
        stated = [f"{name} = {getattr(self.facts, name)}" for name in _names(self.facts)]
        yield "stated", ", ".join(stated) or "nothing"
        yield "assumed", ", ".join(self.facts.assumed) or "nothing"
        for remark in self.facts.remarks:
            yield "remark", remark
        for warning in self.warnings:
            yield "take care", warning
        for refusal in self.refusals:
            yield "refused", refusal
        if not self.refusals:
            yield "refused", "nothing that shows before a run"

    def _rows_of_views(self) -> Iterator[tuple[str, str]]:
        size, colors = "", sum(view.sharpness is not None for view in self.views)
        if self.intrinsics is not None:
            camera = self.intrinsics
            size = f" of {camera.width} × {camera.height} pixels, {colors} with colour"
            angles = (2 * np.degrees(np.arctan(camera.width / 2 / camera.fx)), 2 * np.degrees(
                np.arctan(camera.height / 2 / camera.fy)))  # fmt: skip
            sees = f"sees {angles[0]:.0f}° × {angles[1]:.0f}°"
            yield "camera", f"fx {camera.fx:.1f} fy {camera.fy:.1f} cx {camera.cx:.1f} cy {camera.cy:.1f}, {sees}"
        yield "views", f"{len(self.views)}{size}"
        ranges = [view.range_mm for view in self.views if view.num_readings]
        near, median, far = np.median(ranges or [(0.0, 0.0, 0.0)], axis=0)
        in_range = float(np.median([view.in_range for view in self.views]))
        yield (
            "range",
            (
                f"nearest tenth {near:.0f} mm, median {median:.0f} mm, farthest tenth {far:.0f} mm; "
                f"{in_range:.0%} where the foot is looked for"
            ),
        )
        if self.intrinsics is None:
            yield "points", f"{np.median([view.num_readings for view in self.views]):,.0f} a view"
            return
        share, holes = (float(np.median([getattr(view, name) for view in self.views])) for name in ("share", "holes"))
        thin = f"; few in {_listed(self.thin())}" if self.thin() else ""
        yield "readings", f"{share:.0%} of the pixels, {holes:.1%} in holes of surfaces{thin}"
        flying = float(np.median([view.flying for view in self.views]))
        yield "edges", f"{flying:.1%} of the readings fly between a near and a far surface"
        steps = [view.step_mm for view in self.views if view.step_mm is not None]
        if steps:
            yield "motion", f"depth changes by {np.median(steps):.1f} mm from view to view, at most {max(steps):.1f} mm"
        if colors:
            yield "blur", f"less sharp than most: {_listed(self.blurred())}" if self.blurred() else "no view stands out"
        if self.floor is not None:
            floor, away = self.floor, ""
            if floor.distance_mm is not None:
                away = f", {floor.distance_mm:.0f} mm from the camera"
            yield "floor", f"a wide plane in {floor.num_seen} of {floor.num_looked_at} views looked at{away}"


def _names(facts: ScanFacts) -> list[str]:
    hidden = ("name", "assumed", "remarks", "certificate")
    names = [item.name for item in dataclasses.fields(facts)]
    return [name for name in names if name not in facts.assumed and name not in hidden]


def _far_below(views: Sequence[ViewStatistics], values: Sequence[float | None], share: float) -> list[str]:
    known = [value for value in values if value is not None]
    if not known:
        return []
    least = share * float(np.median(known))
    return [view.name for view, value in zip(views, values, strict=True) if value is not None and value < least]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
