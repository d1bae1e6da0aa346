"""Setups of a part at its place on a block that it shares with others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from scanproc.artifacts import Making, Mesh
from scanproc.frames import FloatArray
from scanproc.machining.block_layout import BlockLayout
from scanproc.machining.clamping import clamped
from scanproc.machining.machine import Machine
from scanproc.machining.milled_part import HALF_TURN, Part
from scanproc.machining.setups import Setup, Stock
from scanproc.machining.tabs import Tab
from scanproc.nesting.packing import rotated


def setups_on(part: Part, making: Making, machine: Machine, layout: BlockLayout, number: int) -> tuple[Setup, ...]:
    """Return the setups of one part at its place on the block."""
    placement, stock = layout.packing.placements[number], layout.stock
    own = clamped(_rotated(part, placement.turn_deg), making, machine)
    first = own[0]
    by = np.append(
        layout.outlines[number].min(axis=0) - first.part.outline.min(axis=0), stock.low[2] - first.stock.low[2]
    )
    setups = []
    for setup in own:
        if setup.side == "bottom":
            by = half_turn_shift(stock) + by * HALF_TURN - setup.shift
        setups.append(_moved(setup, by, stock))
    return tuple(setups)


def half_turn_shift(stock: Stock) -> FloatArray:
    """Return the shift, (3,) mm, after half a turn about x that brings a stock back to its place."""
    return np.array([0.0, stock.low[1] + stock.high[1], stock.low[2] + stock.high[2]])


def _rotated(part: Part, turn_deg: float) -> Part:
    vertices = np.column_stack([rotated(part.solid.vertices[:, :2], turn_deg), part.solid.vertices[:, 2]])
    return replace(part, solid=Mesh(vertices, part.solid.faces), outline=rotated(part.outline, turn_deg))


def _moved(setup: Setup, by: FloatArray, stock: Stock) -> Setup:
    part = setup.part
    return replace(
        setup,
        part=Part(
            Mesh(part.solid.vertices + by, part.solid.faces),
            part.outline + by[:2],
            part.rim_z + by[2],
            part.under_z + by[2],
        ),
        stock=stock,
        tabs=tuple(
            Tab(tab.inner + by[:2], tab.outer + by[:2], tab.low_z + by[2], tab.high_z + by[2]) for tab in setup.tabs
        ),
        shift=setup.shift + by,
        floor_z=setup.floor_z + by[2],
        trim_z=None if setup.trim_z is None else setup.trim_z + by[2],
    )
