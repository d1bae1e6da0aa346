"""Nesting: nothing over another, on less than boxes take; several parts milled from one block, planted faults found."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from milled_parts import OUTLINE, block, shell
from second_simulator import cut, read

from scanproc.artifacts import Making
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.machining import shared_block
from scanproc.machining.gcode import parse
from scanproc.machining.machine import Machine, machine_of
from scanproc.machining.shared_block import BlockPart, MilledBlock, milled_block
from scanproc.mesh.polygons import area_mm2, cut_and_rounded, resampled
from scanproc.mesh.polyline_distance import inside, nearest_on_curve
from scanproc.nesting.packing import Packing, Room, pack, plates_needed
from scanproc.solid.face_grid import FaceGrid

HALF_TURNS = (0.0, 180.0)


def sole(length: float = 260.0, ball: float = 95.0, heel: float = 60.0) -> FloatArray:
    """An outline like an insole's: narrow behind, wide at the ball."""
    lateral = np.array([[0.0, -0.5 * heel], [0.4, -0.5 * heel], [0.66, -0.55 * ball], [1.0, -0.25 * ball]])
    medial = np.array([[1.0, 0.25 * ball], [0.74, 0.45 * ball], [0.4, 0.3 * heel], [0.0, 0.5 * heel]])
    corners = np.vstack([lateral, medial]) * [length, 1.0]
    return resampled(cut_and_rounded(corners, None, 0.3 * heel), 1.0, closed=True)


def mirrored(outline: FloatArray) -> FloatArray:
    return (outline * [1.0, -1.0])[::-1]


def box_of(outline: FloatArray) -> FloatArray:
    low, high = outline.min(axis=0), outline.max(axis=0)
    return resampled(np.array([low, [high[0], low[1]], high, [low[0], high[1]]]), 1.0, closed=True)


def least_gap(outlines: list[FloatArray], packing: Packing) -> float:
    """By all pairs of points, an upper bound that is off by less than half of their spacing."""
    laid = [one.applied(outlines[one.part]) for one in packing.placements]
    gaps = [np.linalg.norm(a[:, None] - b[None], axis=2).min() for k, a in enumerate(laid) for b in laid[:k]]
    return float(min(gaps, default=np.inf))


def test_true_shapes_take_less_than_boxes_do() -> None:
    pair = [sole(), mirrored(sole())]
    room = Room(np.array([580.0, 380.0]), 10.0, HALF_TURNS)
    true, boxes = pack(pair, room), pack([box_of(outline) for outline in pair], room)
    length, width = np.ptp(pair[0], axis=0)
    assert boxes.area_mm2 == pytest.approx(min(length * (2.0 * width + 10.0), (2.0 * length + 10.0) * width), rel=0.02)
    assert true.area_mm2 < 0.94 * boxes.area_mm2
    assert sorted(one.turn_deg for one in true.placements) == [0.0, 180.0]
    assert 10.0 <= least_gap(pair, true) < 12.0


@pytest.mark.slow
@settings(max_examples=6, deadline=None)
@given(
    st.lists(st.tuples(st.floats(60.0, 130.0), st.floats(0.3, 0.6)), min_size=2, max_size=5),
    st.floats(1.0, 20.0),
)
def test_parts_keep_their_distance_and_stay_on_the_plate(sizes: list[tuple[float, float]], gap: float) -> None:
    outlines = [sole(length, share * length, 0.6 * share * length) for length, share in sizes]
    room = Room(np.array([260.0, 200.0]), gap, (0.0, 90.0, 180.0, 270.0))
    packing = pack(outlines, room)
    assert sorted([*(one.part for one in packing.placements), *packing.left_out]) == list(range(len(outlines)))
    laid = [one.applied(outlines[one.part]) for one in packing.placements]
    assert all((xy > -1e-6).all() and (xy < packing.size_mm + 1e-6).all() for xy in laid)
    assert (packing.size_mm <= room.size_mm + 1e-6).all()
    assert least_gap(outlines, packing) >= gap - 1e-6
    again = pack(outlines, room)
    assert all(
        np.array_equal(a.shift_mm, b.shift_mm) for a, b in zip(packing.placements, again.placements, strict=True)
    )


def test_a_long_part_lies_across_the_diagonal_of_a_bed() -> None:
    long = [sole(262.0, 70.0, 50.0)]
    bed = np.array([250.0, 250.0])
    assert pack(long, Room(bed, 5.0, HALF_TURNS)).left_out == (0,)
    assert pack(long, Room(bed, 5.0, tuple(range(0, 360, 15)))).left_out == ()


def test_what_a_plate_takes_beside_its_parts_counts() -> None:
    """Two bars of 100 x 20 mm, 10 mm apart: end to end 210 x 20, side by side 100 x 50."""
    bar = box_of(np.array([[0.0, 0.0], [100.0, 0.0], [100.0, 20.0]]))
    size = np.array([300.0, 300.0])
    assert pack([bar, bar], Room(size, 10.0, (0.0,))).size_mm == pytest.approx([210.0, 20.0], abs=2.0)
    wide = pack([bar, bar], Room(size, 10.0, (0.0,), (40.0, 40.0)))
    assert wide.size_mm == pytest.approx([100.0, 50.0], abs=2.0)


def test_plates_are_counted() -> None:
    squares = [box_of(np.array([[0.0, 0.0], [50.0, 0.0], [50.0, 50.0]]))] * 5
    assert plates_needed(squares, Room(np.array([112.0, 112.0]), 10.0, (0.0,))) == 2
    assert plates_needed(squares, Room(np.array([49.0, 112.0]), 10.0, (0.0,))) is None


# ---------------------------------------------------------------------------------------------------- one block

MAKING = {"block": Making("mill", "block", 14.0, material="EVA"), "shell": Making("mill", "shell", 14.0, material="PP")}
MAKERS = {"block": block, "shell": shell}
TABLES: dict[str, Any] = {"block": {"cutting": {"scallop_mm": 0.3}}, "shell": {}}


def machine(style: str, **tables: Any) -> Machine:
    return machine_of({**TABLES[style], **tables}, style)


def pair(style: str) -> list[BlockPart]:
    return [BlockPart(f"demo {side} insole", MAKERS[style](), MAKING[style]) for side in ("left", "right")]


@pytest.fixture(scope="module")
def made() -> MilledBlock:
    return milled_block(pair("block"), machine("block"))


@pytest.mark.parametrize("style", ["block", pytest.param("shell", marks=pytest.mark.slow)])
def test_a_pair_is_milled_from_one_block_as_the_second_simulation_says(style: str, made: MilledBlock) -> None:
    whole = made if style == "block" else milled_block(pair(style), machine(style))
    size = whole.layout.stock.high
    for side in ("top", "bottom") if style == "shell" else ("top",):
        texts = [data.decode() for name, data in whole.files.items() if f"-{side}" in name]
        for outline in whole.layout.outlines:
            xy = np.random.default_rng(0).uniform(outline.min(axis=0), outline.max(axis=0), (600, 2))
            xy = xy[inside(outline, xy)]
            part = MAKERS[style]()
            lies = xy - outline.min(axis=0) + OUTLINE.min(axis=0)
            part_z = FaceGrid.of(part.solid).touched(lies, from_above=side == "top").z
            middle = 0.5 * (part.low_z + part.high_z) if style == "shell" else 0.5 * size[2]
            part_z = (part_z - middle) * (1.0 if side == "top" else -1.0) + 0.5 * size[2]
            over = xy if side == "top" else xy * [1.0, -1.0] + [0.0, size[1]]
            z = np.full(len(xy), size[2])
            for text in texts:
                found = cut(read(text), over, z)
                z = found.z
                assert found.rapid_mm < 0.02
            inner = np.isinf(nearest_on_curve(outline, xy, 3.0, closed=True).distance_mm)
            assert (z - part_z).min() > -0.05
            assert np.quantile((z - part_z)[inner], 0.99) < (0.3 if style == "block" else 0.05) + 0.05


def test_the_header_says_which_part_lies_where(made: MilledBlock) -> None:
    job = read(made.files["block-top-1.nc"].decode())
    low_high = [float(value) for value in job.header["stock_mm"].split()]
    assert low_high[::2] == [0.0, 0.0, 0.0] and low_high[1::2] == made.layout.stock.high.tolist()
    for number, (side, outline) in enumerate(zip(("left", "right"), made.layout.outlines, strict=True), start=1):
        assert job.header[f"part_{number}"] == f"demo {side} insole"
        _, turn, _, *words = job.header[f"place_{number}"].split()
        shift = np.array([float(value) for value in words])
        assert turn == "0" and len(shift) == 3
        assert shift[:2] + OUTLINE.min(axis=0) == pytest.approx(outline.min(axis=0), abs=1e-3)
    found = json.loads(made.files["block-milling.json"])
    assert [part["part"] for part in found["parts"]] == ["demo left insole", "demo right insole"]
    assert all(part["setups"][0]["gouge_mm"] < 0.05 for part in found["parts"])


def test_the_web_between_two_parts_stands(made: MilledBlock) -> None:
    """Tabs of both hang on it."""
    a, b = made.layout.outlines
    middle = 0.5 * (a.mean(axis=0) + b.mean(axis=0))
    z = np.full(1, made.layout.stock.high[2])
    for name, data in made.files.items():
        if name.endswith(".nc"):
            z = cut(read(data.decode()), middle[None], z).z
    assert z[0] == made.layout.stock.high[2]


def test_a_cut_into_the_neighbour_or_its_tab_is_found(made: MilledBlock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted into the last program: a move over the other part, one along its tabs."""
    text = made.files["block-top-3.nc"].decode()
    x, y = made.layout.outlines[0].mean(axis=0)
    high = made.layout.stock.high[2]
    for places, what in (
        ([(x, y, 4.0)], "gouge"),
        ([(*xy, 0.3) for xy in made.layout.outlines[0] + 6.0 * outwards(made.layout.outlines[0])], "tab cut by|gouge"),
    ):
        (x0, y0, _), *_ = places
        fault = [f"G0 Z{high + 10:.3f}", f"G0 X{x0:.3f} Y{y0:.3f}"]
        fault += [f"G1 X{x:.3f} Y{y:.3f} Z{z:.3f} F900" for x, y, z in places] + [f"G1 Z{high + 10:.3f}", "M5"]
        planted = text.replace("M5", "\n".join(fault))
        monkeypatch.setattr(
            shared_block, "parse", lambda given, planted=planted: parse(planted if given == text else given)
        )
        with pytest.raises(ScanError, match=rf"no milling program is written: demo left insole: .*({what})"):
            milled_block(pair("block"), machine("block"))


def outwards(outline: FloatArray) -> FloatArray:
    along = np.roll(outline, -1, axis=0) - np.roll(outline, 1, axis=0)
    return np.stack([along[:, 1], -along[:, 0]], axis=1) / np.linalg.norm(along, axis=1, keepdims=True)


def test_what_does_not_fit_is_refused_with_numbers() -> None:
    parts = [replace(part, name=f"part {number}") for number, part in enumerate(pair("block") * 2)]
    with pytest.raises(ScanError, match=r"room for 2 of 4 parts on one block \(part 0, part 1\).*They take 2 blocks"):
        milled_block(parts, machine("block", stock={"length_mm": 150.0, "width_mm": 60.0}))
    with pytest.raises(ScanError, match=r"room for 0 of 4 .*\(48 x 30 mm\).*One of them fits on no such block"):
        milled_block(parts, machine("block", stock={"length_mm": 60.0}))


@pytest.mark.parametrize("what", ["style", "material", "process"])
def test_parts_of_different_kinds_share_no_block(what: str) -> None:
    first, second = pair("block")
    other = {"style": "shell", "material": "PP", "process": "positive"}[what]
    changed = replace(second, making=replace(second.making, **{what: other}))
    with pytest.raises(ScanError, match=rf"expected one {what} of all"):
        milled_block([first, changed], machine("block"))


def test_the_area_of_a_nested_outline_stays() -> None:
    outline = sole()
    (one,) = pack([outline], Room(np.array([300.0, 300.0]), 5.0, (165.0,))).placements
    assert area_mm2(one.applied(outline)) == pytest.approx(area_mm2(outline), rel=1e-12)
