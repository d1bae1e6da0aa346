"""Scans of people who were never there: facts and measures as a run would give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import trimesh

from scanproc.artifacts import Feet, Foot, FootMeasures, Landmark, Measure, Measures, Mesh, ScanFacts
from scanproc.measures.two_scans import ScannedFoot
from scanproc.readers.facts import facts_stating
from scanproc.several.scans import ScanResults

#: value and standard uncertainty
VALUES: Mapping[str, tuple[float, float | None]] = {
    "foot_length_mm": (250.0, 0.4),
    "dorsum_height_mm": (62.0, 0.3),
    "arch_height_index": (0.340, 0.003),
    "heel_angle_deg": (4.0, 0.6),
    "eu_size": (39.0, None),
}
REFUSED = Measure(None, None, "refused", "the sole was not seen")


def facts(name: str, **stated: Any) -> ScanFacts:
    return facts_stating(name, **{"loading": "standing", "subject": "anna", **stated})


def measures(side: str = "left", loading: str = "standing", ground: str = "floor", **values: Any) -> FootMeasures:
    """Return measures of a foot; `values` adds to `VALUES` or replaces: a pair of value and sd, or a `Measure`."""
    found = {
        name: given if isinstance(given, Measure) else Measure(*given, "measured")
        for name, given in {**VALUES, "plantar_arch_height_mm": REFUSED, **values}.items()
    }
    return FootMeasures(side, loading, ground, found)  # type: ignore[arg-type]


def scanned(name: str, side: str = "left", loading: str = "standing", **more: Any) -> ScannedFoot:
    """Return one foot of a scan; `more` are measures, or facts by their names."""
    names = set(ScanFacts.__dataclass_fields__) - set(VALUES)
    stated = {key: more.pop(key) for key in list(more) if key in names}
    return ScannedFoot(facts(name, loading=loading, **stated), measures(side, loading, **more))


def ball_foot(side: str = "left", grown_mm: float = 0.0) -> Foot:
    """Half an ellipsoid of 246 mm, flat below: a foot to the one who draws it."""
    ball = trimesh.creation.icosphere(subdivisions=4, radius=1.0)
    points = np.asarray(ball.vertices) * (123.0, 45.0, 60.0 + grown_mm) + (123.0, 0.0, 0.0)
    points[:, 2] = np.maximum(points[:, 2], -8.0) + 8.0
    seen = np.full(len(points), 7, dtype=np.uint8)
    marks = {"pternion": Landmark(np.array([0.0, 0.0, 8.0]), "auto", 0.99)}
    return Foot(side, 0.98, "floor", np.eye(4), Mesh(points, np.asarray(ball.faces, np.int32)), seen, marks)  # type: ignore[arg-type]


def results(name: str, *feet: FootMeasures, **more: Any) -> ScanResults:
    """Return what a run made of a scan with these feet; `more` are facts, or fields of `ScanResults`."""
    kept = {key: more.pop(key) for key in list(more) if key in ScanResults.__dataclass_fields__}
    stated = facts(name, **{"loading": feet[0].loading if feet else "standing", **more})
    shapes = tuple(ball_foot(foot.side) for foot in feet)
    found = {"feet": Feet(shapes), "measures": Measures(feet)} if feet else {"feet": None, "measures": None}
    return ScanResults(**{"facts": stated, "insoles": None, "exports": None, "refusals": (), **found, **kept})
