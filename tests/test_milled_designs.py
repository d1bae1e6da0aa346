"""Six designs and a positive, milled, and cut once more by the second simulation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from insole_feet import foot_of, leg
from scipy import ndimage
from scipy.interpolate import RegularGridInterpolator
from second_simulator import cut, read

from scanproc.artifacts import Feet, Insole, Mesh, ScanFacts
from scanproc.frames import FloatArray
from scanproc.machining.machine import machine_of
from scanproc.machining.milled_part import Part, part_of, positive_of
from scanproc.machining.programs import programs_of
from scanproc.mesh.polyline_distance import inside, nearest_on_curve
from scanproc.prescription.fields import InsoleConfig
from scanproc.solid.face_grid import FaceGrid
from scanproc.stages.export import in_print_frame
from scanproc.stages.insole import insole

pytestmark = pytest.mark.slow

FACTS = ScanFacts("legs", subject="demo", loading="non-weight-bearing")
FOAM = {"style": "block", "process": "mill", "material": "EVA", "length": "full", "heel_cup_depth_mm": 14.0}
PLASTIC = {"process": "mill", "material": "PP"}
DEEP = {**PLASTIC, "heel_cup_depth_mm": 18.0, "medial_flange_mm": 8.0}
#: Leg, length of the foot in mm, side, prescription.
DESIGNS: dict[str, tuple[int, float, str, dict[str, Any]]] = {
    "block 230": (0, 230.0, "left", FOAM),
    "block 310": (1, 310.0, "right", FOAM),
    "shell 250": (2, 250.0, "right", PLASTIC),
    "shell 300": (3, 300.0, "left", PLASTIC),
    "deep 240": (1, 240.0, "left", DEEP),
    "deep 280": (2, 280.0, "right", DEEP),
    "positive 260": (0, 260.0, "left", {**PLASTIC, "process": "positive"}),
}


def designed(index: int, length_mm: float, side: str, doses: dict[str, Any]) -> Insole:
    foot = leg(index)
    scale = length_mm / np.ptp(foot.mesh.vertices[foot.mesh.vertices[:, 2] < 60.0][:, 0])
    scaled = foot_of(Mesh(foot.mesh.vertices * scale, foot.mesh.faces), "left")
    config = InsoleConfig(allow_unseen_sole=True, pair="from-left", block_height_mm=38.0, **doses)
    return next(made for made in insole(Feet((scaled,)), FACTS, config).insoles if made.side == side)


def in_hollows(part: Part, xy: FloatArray, radius_mm: float, step_mm: float = 0.4) -> FloatArray:
    """Return how far a ball stays above a part at (N, 2) places: the closing of its heights by the ball, on a grid."""
    low, high = part.outline.min(axis=0), part.outline.max(axis=0)
    axes = [np.arange(first, last, step_mm) for first, last in zip(low, high, strict=True)]
    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    height = FaceGrid.of(part.solid).touched(nodes.reshape(-1, 2), from_above=True).z.reshape(nodes.shape[:2])
    height = np.where(np.isfinite(height), height, -50.0)
    reach = np.arange(-int(radius_mm / step_mm), int(radius_mm / step_mm) + 1) * step_mm
    away = np.hypot(*np.meshgrid(reach, reach))
    ball = np.where(away <= radius_mm, np.sqrt(np.maximum(radius_mm**2 - away**2, 0.0)) - radius_mm, -1e3)
    left = ndimage.grey_closing(height, structure=ball) - height
    return np.asarray(RegularGridInterpolator(axes, left, bounds_error=False, fill_value=0.0)(xy))


def judged(texts: list[str], part: Part, ball_mm: float, seed: int = 0) -> None:
    """Cut random places of a part's upper side, where its ball reaches; its radius along the rim is not judged."""
    xy = np.random.default_rng(seed).uniform(part.outline.min(axis=0), part.outline.max(axis=0), (3000, 2))
    xy = xy[inside(part.outline, xy)]
    part_z = FaceGrid.of(part.solid).touched(xy, from_above=True).z
    z = np.full(len(xy), float(read(texts[0]).header["stock_top_mm"]))
    for text in texts:
        found = cut(read(text), xy, z)
        z = found.z
        assert found.rapid_mm < 0.02
    inner = np.isinf(nearest_on_curve(part.outline, xy, 3.0, closed=True).distance_mm)
    inner &= in_hollows(part, xy, 0.5 * ball_mm) < 0.02
    assert inner.mean() > 0.7
    assert (z - part_z).min() > -0.05
    assert np.quantile((z - part_z)[inner], 0.99) < 0.1 + 0.05


@pytest.mark.parametrize("name", DESIGNS)
def test_designs_are_milled_as_the_second_simulation_says(name: str) -> None:
    index, length_mm, side, doses = DESIGNS[name]
    made = designed(index, length_mm, side, doses)
    assert made.solid is not None and made.outline is not None, made.refused
    part = part_of(made.solid, made.outline, in_print_frame(made.solid, made.making))
    machine = machine_of({}, "positive" if made.making.process == "positive" else made.making.style)
    files = programs_of(part, made.making, machine, side, name).files
    top = [data.decode() for file, data in files.items() if "-top" in file]
    below = [data.decode() for file, data in files.items() if "-bottom" in file]
    ball_mm = machine.finish.diameter_mm
    judged(top, positive_of(part, machine.cutting.base_mm) if made.making.process == "positive" else part, ball_mm)
    assert bool(below) == (made.making.style == "shell" and made.making.process == "mill")
    if below:
        shift = np.array([float(value) for value in read(below[0]).header["shift_mm"].split()])
        judged(below, part.turned_over(shift), ball_mm)
