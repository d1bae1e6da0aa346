"""The proof of programs: what their text does to the stock, against the part; a program that fails is not written."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import BoolArray
from scanproc.errors import ScanError
from scanproc.machining.gcode import Program
from scanproc.machining.leftover import Leftover, leftover, within_rim
from scanproc.machining.machine import MachineConfig, ToolConfig
from scanproc.machining.removal import Contacts, cut_by, fresh_stock
from scanproc.machining.setups import Setup
from scanproc.machining.toolpaths import Heights
from scanproc.mesh.polyline_distance import nearest_on_curve
from scanproc.solid.curvature import tightest_hollow_mm
from scanproc.solid.face_grid import FaceGrid
from scanproc.solid.height_fields import HeightField

log = logging.getLogger(__name__)

_TRAVEL_REMEDIES = {
    **dict.fromkeys("xy", "Mill it on a larger machine, or turn cutting.direction."),
    "z": "Mill it on a larger machine, or lower machine.safe_height_mm.",
}
_TOUCH_MM = 0.02  # less is rounding
_LEFT_SHARE = 0.99  # of the part's surface, which must be as smooth as asked
_LEFT_SPARE_MM = 0.05
_UNREACHED_SHARE = 0.01
_FITS = 0.75  # of a hollow's diameter as it is measured, over 3 mm, which rounds tight ones: the ball that is named
_BORDER_MM = 0.5


def minutes_of(program: Program, machine: MachineConfig) -> float:
    """Return how long a program runs, min: lengths over feeds, without what the axes take to speed up."""
    length = np.linalg.norm(np.diff(program.to, axis=0), axis=1)
    speed = np.where(program.rapid[1:], machine.rapid_mm_min, program.feed[1:])
    known = np.isfinite(length) & np.isfinite(speed)
    return float((length[known] / speed[known]).sum())


@dataclass(frozen=True)
class Proof:
    """What the programs of a setup leave: the stock as it then is, and that against the part."""

    stock: HeightField
    left: Leftover


def verify(
    setup: Setup, programs: Sequence[tuple[Program, ToolConfig]], heights: Heights, under: HeightField | None = None
) -> Proof:
    """Simulate the programs of a setup one after the other on its stock, and return what they leave.

    Parameters
    ----------
    heights : of the finest cutter's tip at (N, 2) places.
    under : the stock's underside, where it was cut before.

    Raises
    ------
    ScanError
        If anything is wrong with one of them; the message says what would help.
    """
    stock = fresh_stock(setup.stock)
    for program, tool in programs:
        refuse_wrong_words(program, setup)
        stock, contacts = cut_by(program, tool, stock)
        refuse_contacts(contacts, tool, setup)
    found = leftover(setup, stock, heights, setup.machine.finest)
    refuse_bad_surface(found, setup)
    refuse_uncut_border(stock, under, setup)
    return Proof(stock, found)


def refuse_wrong_words(program: Program, setup: Setup) -> None:
    """Refuse missing states and feeds, travel that the machine has not, and cuts into what lies under the stock."""
    where = f"{setup.side} side"
    missing = {"G21", "G90", "G17"} - program.states
    if missing:
        raise ScanError(
            f"{where}: found a program without {', '.join(sorted(missing))}, expected it stated. Report this."
        )
    feedless = ~program.rapid & ~(program.feed > 0.0)
    if feedless.any():
        line = int(program.line[np.argmax(feedless)])
        raise ScanError(f"{where}: found a cut without a feed in line {line}, expected one. Report this.")
    known = program.to[np.isfinite(program.to).all(axis=1)]
    machine = setup.machine.machine
    for axis, name in enumerate("xyz"):
        needs, has = float(np.ptp(known[:, axis])), float(getattr(machine, f"travel_{name}_mm"))
        if needs > has:
            raise ScanError(
                f"{where}: found moves over {needs:.0f} mm in {name.upper()}, expected up to machine.toml: machine."
                f"travel_{name}_mm = {has:g}. {_TRAVEL_REMEDIES[name]}"
            )
    deepest = float(setup.stock.low[2] - known[:, 2].min())
    if deepest > setup.machine.cutting.through_mm + _TOUCH_MM:
        raise ScanError(
            f"{where}: found a cut {deepest:.2f} mm below the stock, expected up to machine.toml: cutting.through_mm = "
            f"{setup.machine.cutting.through_mm:g}. Take a higher block."
        )


def refuse_contacts(contacts: Contacts, tool: ToolConfig, setup: Setup) -> None:
    """Refuse rapid moves through the stock, and a shank or a holder that touches it."""
    where, words = f"{setup.side} side", f"{tool.kind} {tool.diameter_mm:g}"
    for (depth, line), what, remedy in (
        (
            contacts.rapid,
            "a rapid move through the stock",
            "Raise machine.safe_height_mm; if that is no help, report this.",
        ),
        (
            contacts.shank,
            f"a cut deeper than the flutes of {tool.flute_mm:g} mm",
            f"Take a cutter with flutes of {np.ceil(tool.flute_mm + contacts.shank[0]):g} mm, a lower block, or cut "
            "from both sides.",
        ),
        (
            contacts.holder,
            f"the holder ({tool.holder_mm:g} mm wide, {tool.out_mm:g} mm above the tip) in the stock",
            f"Let the cutter stand out by {np.ceil(tool.out_mm + contacts.holder[0]):g} mm (out_mm), take a slimmer "
            "holder, or a lower block.",
        ),
    ):
        if depth > _TOUCH_MM:
            raise ScanError(
                f"{where}, {words}: found {what}, by {depth:.2f} mm in line {line}, expected none. {remedy}"
            )


def refuse_bad_surface(found: Leftover, setup: Setup) -> None:
    """Refuse gouges, ridges that stand higher than asked, and hollows that the cutter does not reach into."""
    cutting, ball = setup.machine.cutting, setup.machine.finest
    where = f"{setup.side} side"
    gouge = float(np.nanmax(found.gouge))
    if gouge > cutting.max_gouge_mm:
        i, j = np.unravel_index(int(np.nanargmax(found.gouge)), found.gouge.shape)
        place = f"X{found.field.x[i, 0]:.1f} Y{found.field.y[0, j]:.1f}"
        raise ScanError(
            f"{where}: found a gouge of {gouge:.3f} mm at {place}, expected up to machine.toml: cutting.max_gouge_mm = "
            f"{cutting.max_gouge_mm:g}. Lower cutting.chord_mm, or raise cutting.leave_mm."
        )
    unreached = found.unreached[np.isfinite(found.unreached) & within_rim(found, setup)]
    deep = float(np.quantile(unreached, 1.0 - _UNREACHED_SHARE))
    name = "max_unreached_mm" if setup.side == "top" else "max_unreached_below_mm"
    limit = float(getattr(cutting, name))
    if deep > limit:
        fits = _FITS * 2.0 * _tightest_hollow(found, setup)
        raise ScanError(
            f"{where}: found hollows tighter than the cutter ({setup.machine.finest_name}.diameter_mm = "
            f"{ball.diameter_mm:g}), which leaves {deep:.2f} mm in them, expected up to cutting.{name} = {limit:g}. "
            f"Take a ball of {max(np.floor(2.0 * fits) / 2.0, 1.0):g} mm or less (a table [pencil] for these hollows "
            "alone), or lower the doses that make the hollow."
        )
    left = float(np.quantile(found.left[np.isfinite(found.left)], _LEFT_SHARE))
    if left > cutting.scallop_mm + _LEFT_SPARE_MM:
        raise ScanError(
            f"{where}: found {left:.3f} mm left between passes, expected up to cutting.scallop_mm = "
            f"{cutting.scallop_mm:g} and {_LEFT_SPARE_MM:g}. Lower cutting.scallop_mm."
        )
    log.info("milling: %s, gouge %.3f mm, left %.3f mm, not reached %.3f mm (99 %%)", where, gouge, left, deep)


def refuse_uncut_border(stock: HeightField, under: HeightField | None, setup: Setup) -> None:
    """Refuse a part that hangs on the stock elsewhere than by its tabs once its trim line is cut."""
    if setup.trim_z is None:
        return
    where, nodes = f"{setup.side} side", stock.nodes()
    wide = setup.machine.trim.diameter_mm
    near = nearest_on_curve(setup.part.outline, nodes, wide, closed=True)
    ring: BoolArray = np.asarray((near.distance_mm < -_BORDER_MM) & (near.distance_mm > _BORDER_MM - wide))
    for tab in setup.tabs:
        ring[ring] = ~tab.is_near(nodes[ring], wide)
    low_z = near.of(setup.trim_z) if under is None else under.z.ravel()
    stands = float((stock.z.ravel() - low_z)[ring].max(initial=0.0))
    if stands > _TOUCH_MM:
        raise ScanError(
            f"{where}: found {stands:.2f} mm of stock left round the part, expected none but its tabs. Take a slimmer "
            "trim cutter, which follows tighter corners of the outline."
        )


def _tightest_hollow(found: Leftover, setup: Setup) -> float:
    """Return the radius of the hollows that are not reached into, mm."""
    nodes = found.field.nodes()
    faces = FaceGrid.of(setup.surface)
    where: BoolArray = np.asarray(found.unreached.ravel() > 0.02)
    return tightest_hollow_mm(lambda xy: faces.touched(xy, from_above=True).z, nodes[where])
