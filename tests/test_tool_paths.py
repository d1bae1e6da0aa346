"""Tool paths: how they are run, how dense their points are, arcs, hollows; other libraries as judges where they are."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from milled_parts import (
    MAKING,
    OUTLINE,
    SCALLOP_MM,
    Files,
    as_texts,
    block,
    bowl,
    grooved,
    milled,
    probes,
    simulated,
    texts,
)
from second_simulator import arc

from scanproc.frames import FloatArray
from scanproc.machining.arcs import chords_of
from scanproc.machining.clamping import clamped
from scanproc.machining.cutters import Cutter
from scanproc.machining.drop_cutter import DropCutter
from scanproc.machining.gcode import Program, parse
from scanproc.machining.machine import machine_of
from scanproc.machining.roughing import roughing
from scanproc.machining.toolpaths import nearest_next
from scanproc.mesh.polygons import area_mm2
from scanproc.solid.face_grid import FaceGrid
from scanproc.solid.height_fields import HeightField

SPIRAL_WITH_ARCS: dict[str, Any] = {
    "cutting": {"direction": "spiral"},
    "machine": {"arcs": True, "dialect": "linuxcnc"},
}
ROUGH, FINISH, TRIM = (f"left-top-{number}.nc" for number in (1, 2, 3))


@cache
def spiral() -> Files:
    return as_texts(milled(block(), **SPIRAL_WITH_ARCS), "top")


def turning(way: FloatArray) -> float:
    """Return the signed area round which a way goes: positive counter-clockwise."""
    return area_mm2(way) if len(way) > 2 else 0.0


def cuts_of(program: Program) -> FloatArray:
    return np.asarray(program.to[~program.rapid])


# ------------------------------------------------------------------------------------------------ how they are run


@pytest.mark.few(1)
@pytest.mark.parametrize("direction", ["along", "across", "spiral"])
def test_finishing_runs_as_asked(direction: str) -> None:
    files = {"along": texts("block"), "spiral": spiral()}.get(direction)
    cuts = cuts_of(parse((files or as_texts(milled(block(), cutting={"direction": "across"}), "top"))[FINISH]))
    step = np.abs(np.diff(cuts[:, :2], axis=0)).sum(axis=0)
    share = step[0] / step.sum()
    turns = np.unwrap(np.arctan2(cuts[:, 1], cuts[:, 0]))
    assert {"along": share > 0.9, "across": share < 0.1, "spiral": turns[0] - turns[-1] > 15.0 * 2.0 * np.pi}[direction]


def test_a_spiral_cuts_as_fine_as_rows_do_and_in_arcs() -> None:
    xy = probes(1500, 1)
    found = simulated(spiral(), xy)
    error = found.z - bowl(xy)
    assert error.min() > -0.05 and np.quantile(error, 0.99) < SCALLOP_MM + 0.05 and found.rapid_mm < 0.02
    arcs = [line for text in spiral().values() for line in text.splitlines() if line.startswith(("G2 ", "G3 "))]
    assert len(arcs) > 200
    assert all("G91.1" in text for text in spiral().values())
    assert sum(map(len, spiral().values())) < 0.8 * sum(
        map(len, as_texts(milled(block(), cutting={"direction": "spiral"}), "top").values())
    )


@pytest.mark.parametrize(("milling", "sign"), [("climb", -1.0), ("conventional", 1.0)])
def test_the_trim_line_climbs_or_not(milling: str, sign: float) -> None:
    """Clockwise round the part, which is then on the right of a cutter that turns clockwise: it climbs."""
    files = texts("block") if milling == "climb" else as_texts(milled(block(), cutting={"milling": milling}), "top")
    last = cuts_of(parse(files[TRIM]))[-200:, :2]
    step = np.diff(last, axis=0)
    assert np.all(sign * (last[:-1, 0] * step[:, 1] - last[:-1, 1] * step[:, 0]) > -1e-6)


def test_roughing_goes_into_the_stock_along_ramps() -> None:
    """Hardly a move of an entry goes down steeper than asked, and none upright into stock."""
    machine = machine_of({}, "block")
    program = parse(texts("block")[ROUGH])
    down = np.diff(program.to, axis=0)[1:]
    cutting = ~program.rapid[2:]
    flat = np.hypot(down[:, 0], down[:, 1])
    upright = cutting & (flat < 1e-6) & (down[:, 2] < 0.0)
    assert np.all(down[upright, 2] >= -1.001)  # through the air above what is free
    entering = cutting & (program.feed[2:] == machine.rough.plunge_mm_min) & ~upright
    slope = np.degrees(np.arctan2(-down[entering, 2], flat[entering]))
    steep = slope > machine.cutting.ramp_deg + 0.5  # into a corner whose walls are steeper than any ramp
    assert entering.sum() > 100 and steep.mean() < 0.05
    assert -down[entering, 2][steep].min(initial=0.0) < 0.5 * machine.rough.step_down_mm


# ------------------------------------------------------------------------------------------------ how dense points are


def test_chords_lie_as_near_the_path_as_asked() -> None:
    (setup,) = clamped(block(), MAKING["block"], machine_of({}, "block"))
    heights = setup.paths_of(Cutter.of(setup.machine.finish))
    program = parse(texts("block")[FINISH])
    ends = program.to[1:]
    chords = ~program.rapid[2:] & (np.abs(np.diff(ends[:, :2], axis=0)).sum(axis=1) > 0.0)
    share = np.linspace(0.1, 0.9, 9)[:, None, None]
    places = (ends[:-1] + share * np.diff(ends, axis=0))[:, chords].reshape(-1, 3)
    off = np.abs(places[:, 2] - heights(places[:, :2]))
    assert np.quantile(off, 0.99) < setup.machine.cutting.chord_mm + 0.001  # and what three decimals round
    length = np.linalg.norm(np.diff(ends, axis=0), axis=1)[chords]
    assert length.max() > 10.0 * np.median(length)  # points lie where they are needed


def test_an_arc_is_read_as_it_is_written() -> None:
    start, end = np.array([10.0, 0.0, 0.0]), np.array([0.0, 10.0, 1.0])
    for sense in (1.0, -1.0):
        points = chords_of(start, end, np.zeros(2), sense)
        assert np.allclose(np.hypot(*points[:, :2].T), 10.0) and np.array_equal(points[-1], end)
        assert (points[0, 1] > 0.0) == (sense > 0.0)
        other = np.array(arc((10.0, 0.0, 0.0), (0.0, 10.0, 1.0), complex(-10.0, 0.0), sense))
        chord = np.linalg.norm(np.diff(np.vstack([start, points]), axis=0), axis=1).sum()
        assert chord == pytest.approx(
            np.linalg.norm(np.diff(np.vstack([start, other]), axis=0), axis=1).sum(), abs=0.01
        )


# ------------------------------------------------------------------------------------------------ hollows


def test_a_smaller_ball_cuts_the_hollows_alone() -> None:
    made = grooved()
    files = as_texts(milled(made, pencil={"diameter_mm": 2.0}), "top")
    xy = probes(1500, 1, 3.2)
    error = simulated(files, xy).z - FaceGrid.of(made.solid).touched(xy, from_above=True).z
    assert error.min() > -0.05
    assert np.quantile(error, 0.99) < 0.3
    pencil = parse(files["left-top-3.nc"])
    within = cuts_of(pencil)
    assert "hollows" in files["left-top-3.nc"]
    assert np.abs(within[:, 1]).max() < 0.7 * np.abs(OUTLINE[:, 1]).max()


# ------------------------------------------------------------------------------------------------ other libraries


@pytest.mark.parametrize("corner", [1.0, 0.0, 0.4])
def test_opencamlib_drops_the_cutter_as_far(corner: float) -> None:
    """A library of the field, where it can be had (pip install opencamlib; no wheels beyond Python 3.11)."""
    ocl = pytest.importorskip("opencamlib")
    rng = np.random.default_rng(0)
    surface = HeightField(0.0, 0.0, 1.5, rng.uniform(0.0, 2.5, (14, 14))).mesh()
    radius = 3.0
    cutter = {1.0: ocl.BallCutter(6.0, 40.0), 0.0: ocl.CylCutter(6.0, 40.0), 0.4: ocl.BullCutter(6.0, 1.2, 40.0)}[
        corner
    ]
    triangles = ocl.STLSurf()
    for corners in surface.vertices[surface.faces].tolist():
        triangles.addTriangle(ocl.Triangle(*(ocl.Point(*xyz) for xyz in corners)))
    batch = ocl.BatchDropCutter()
    batch.setSTL(triangles)
    batch.setCutter(cutter)
    places = rng.uniform(4.0, 15.0, (400, 2))
    for x, y in places.tolist():
        batch.appendPoint(ocl.CLPoint(x, y, -10.0))
    batch.run()
    theirs = np.array([point.z for point in batch.getCLPoints()])
    ours = DropCutter.over(surface, Cutter(radius * (1.0 - corner), radius * corner)).tip_z(places)
    assert np.abs(ours - theirs).max() < 1e-6


@pytest.mark.parametrize("name", ["gcodeparser", "pygcode"])
def test_other_readers_read_every_file(name: str) -> None:
    """Of the second, an interpreter of modal groups, nothing is kept up any more: it is asked where it is there."""
    reader = pytest.importorskip(name)
    files = [*texts("block").values(), *texts("shell", "bottom").values(), *spiral().values()]
    for text in files:
        ours = parse(text).line.tolist()
        theirs = positions(reader, name, text)
        last = {line: tuple(to) for line, to in zip(ours, parse(text).to.tolist(), strict=True)}  # of an arc its end
        wanted = np.array([to for to in last.values() if np.isfinite(to).all()])
        assert np.abs(np.array(theirs)[-len(wanted) :] - wanted).max() < 1e-9


def positions(reader: Any, name: str, text: str) -> list[tuple[float, float, float]]:
    """Return where each move of a program ends, as another library reads it."""
    place, found = {"X": 0.0, "Y": 0.0, "Z": 0.0}, []
    if name == "gcodeparser":
        for line in reader.parse_gcode_lines(text):
            moved = {axis: value for axis, value in line.params.items() if axis in place}
            assert line.command[0] in "GM" and set(line.params) <= set("XYZIJFS")
            if line.command in (("G", 0), ("G", 1), ("G", 2), ("G", 3)) and moved:
                place |= moved
                found.append((place["X"], place["Y"], place["Z"]))
        return found
    machine = reader.Machine()
    for line in text.splitlines():
        block_of_line = reader.Line(line).block
        if block_of_line is not None and (block_of_line.gcodes or block_of_line.modal_params):
            machine.process_block(block_of_line)
            if line.startswith(("G0", "G1 ", "G2 ", "G3 ")):
                found.append(tuple(float(machine.pos.values[axis]) for axis in "XYZ"))
    return found


def test_a_layer_that_would_remove_a_hair_is_none() -> None:
    """The stock ends a hundredth of a millimetre above what the last layer reaches."""
    setup = clamped(block(), MAKING["block"], machine_of({"stock": {"height_mm": 20.0}}, "block"))[0]
    heights = setup.paths_of(Cutter.of(setup.machine.rough), setup.machine.cutting.leave_mm)
    lowest = min(float(cut.points[:, 2].min()) for cut in roughing(setup, heights))
    layers = np.floor((setup.stock.top_z - lowest) / 6.0)
    hair = replace(setup.machine.rough, step_down_mm=(setup.stock.top_z - lowest - 0.01) / layers)
    cuts = roughing(replace(setup, machine=replace(setup.machine, rough=hair)), heights)
    assert min(float(cut.points[:, 2].min()) for cut in cuts) == pytest.approx(lowest, abs=0.06)
    assert nearest_next([]) == []
