"""Each fault of a program, planted: found by the product's simulation and by the second one of the tests."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from milled_parts import MAKING, OUTLINE, SCALLOP_MM, Files, block, bowl, in_stock, probes, simulated, texts
from second_simulator import Above, Probed, cut, read

from scanproc.errors import ScanError
from scanproc.machining.clamping import clamped
from scanproc.machining.cutters import Cutter
from scanproc.machining.gcode import parse
from scanproc.machining.machine import ToolConfig, machine_of
from scanproc.machining.verification import verify

ROUGH, FINISH, TRIM = (f"left-top-{number}.nc" for number in (1, 2, 3))


def edited(name: str, change: Callable[[list[str]], list[str]]) -> Files:
    return {**texts("block"), name: "\n".join(change(texts("block")[name].splitlines()))}


def cuts_of(lines: list[str]) -> list[int]:
    return [number for number, line in enumerate(lines) if line.startswith("G1")]


def moved(axis: str, by_mm: float, share: float, count: int) -> Callable[[list[str]], list[str]]:
    """Some cuts lie elsewhere."""

    def change(lines: list[str]) -> list[str]:
        cuts = cuts_of(lines)
        for number in cuts[int(share * len(cuts)) :][:count]:
            lines[number] = re.sub(rf"{axis}(-?[\d.]+)", lambda of: f"{axis}{float(of[1]) + by_mm:.3f}", lines[number])
        return lines

    return change


def without_a_way_up(lines: list[str]) -> list[str]:
    ups = [number for number, line in enumerate(lines) if line == "G0 Z30.000"]
    return [line for number, line in enumerate(lines) if number != ups[3]]


def far_off(lines: list[str]) -> list[str]:
    last = max(number for number, line in enumerate(lines) if line.startswith("G0"))
    return [*lines[: last + 1], "G0 X650.000", *lines[last + 1 :]]


def without_feeds(lines: list[str]) -> list[str]:
    return [re.sub(r" F[\d.]+", "", line) for line in lines]


@dataclass(frozen=True)
class Fault:
    """What is wrong, what the product says of it, and what the second simulation finds."""

    files: Callable[[], Files]
    says: str
    is_found: Callable[[Files], bool]
    trim: dict[str, Any]


def error(files: Files) -> Any:
    xy = probes(1000, 4)
    return simulated(files, xy).z - bowl(xy)


def touched(files: Files, trim: dict[str, Any]) -> Probed:
    """The trim line's cutter, as it is, in the stock that the others have left."""
    xy = in_stock(500, 6)
    before = simulated({name: files[name] for name in (ROUGH, FINISH)}, xy)
    tool = machine_of({"trim": trim}, "block").trim
    return cut(read(files[TRIM]), xy, before.z, Above(tool.flute_mm, tool.out_mm, tool.holder_mm))


def ring_z(files: Files) -> Any:
    """What stands on a way two millimetres round the part."""
    return simulated(files, OUTLINE * (1.0 + 2.0 / np.hypot(*OUTLINE.T)[:, None])).z


SHORT, STUBBY = {"flute_mm": 6.0}, {"flute_mm": 12.0, "out_mm": 12.0}
FAULTS = {
    "gouge": Fault(
        lambda: edited(FINISH, moved("Z", -0.3, 0.5, 40)),
        r"found a gouge of 0\.(29|30)",
        lambda f: error(f).min() < -0.2,
        {},
    ),
    "leftover": Fault(
        lambda: edited(FINISH, moved("Z", 0.3, 0.2, 1500)),
        "left between passes",
        lambda f: np.quantile(error(f), 0.99) > SCALLOP_MM + 0.05 and error(f).min() > -0.05,
        {},
    ),
    "rapid": Fault(
        lambda: edited(ROUGH, without_a_way_up),
        "rapid move through the stock",
        lambda f: simulated(f, in_stock(800, 6)).rapid_mm > 0.5,
        {},
    ),
    "flutes": Fault(
        lambda: dict(texts("block")), "deeper than the flutes of 6", lambda f: touched(f, SHORT).shank_mm > 0.5, SHORT
    ),
    "holder": Fault(
        lambda: dict(texts("block")),
        r"the holder \(30 mm wide, 12 mm above the tip\)",
        lambda f: touched(f, STUBBY).holder_mm > 0.5,
        STUBBY,
    ),
    "travel": Fault(
        lambda: edited(TRIM, far_off),
        r"moves over 6\d\d mm in X",
        lambda f: np.ptp(read(f[TRIM]).corners[1:, 0]) > 600.0,
        {},
    ),
    "feed": Fault(
        lambda: edited(ROUGH, without_feeds),
        "without a feed",
        lambda f: bool(np.isnan(read(f[ROUGH]).feed[~read(f[ROUGH]).rapid]).all()),
        {},
    ),
    "board": Fault(
        lambda: edited(TRIM, moved("Z", -3.0, 0.9, 40)),
        "mm below the stock",
        lambda f: np.nanmin(read(f[TRIM]).corners[:, 2]) < float(read(f[TRIM]).header["stock_mm"].split()[4]) - 1.0,
        {},
    ),
    "border": Fault(
        lambda: edited(TRIM, moved("Z", 4.0, 0.8, 999)),
        "of stock left round the part",
        lambda f: bool((ring_z(f) > 3.0).any()),
        {},
    ),
}


def proven(files: Files, trim: dict[str, Any]) -> None:
    (setup,) = clamped(block(), MAKING["block"], machine_of({"trim": trim}, "block"))
    machine = setup.machine
    tools: tuple[ToolConfig, ...] = (machine.rough, machine.finish, machine.trim)
    read_back = [(parse(text), tool) for text, tool in zip(files.values(), tools, strict=True)]
    verify(setup, read_back, setup.paths_of(Cutter.of(machine.finish)))


def test_sound_programs_pass_both() -> None:
    files = texts("block")
    proven(files, {})
    found = touched(files, {})
    assert max(found.rapid_mm, found.shank_mm, found.holder_mm) < 0.02
    assert not [name for name, fault in FAULTS.items() if not fault.trim and fault.is_found(files)]


@pytest.mark.few(4)
@pytest.mark.parametrize("kind", FAULTS)
def test_both_simulations_find_a_planted_fault(kind: str) -> None:
    fault = FAULTS[kind]
    files = fault.files()
    with pytest.raises(ScanError, match=fault.says):
        proven(files, fault.trim)
    assert fault.is_found(files)
