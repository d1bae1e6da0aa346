"""The machine, its tools, the stock and how to cut, the print bed: `machine.toml`, printed by `scanproc machine`."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from scanproc.errors import ScanError
from scanproc.machining.machine_presets import PRESETS
from scanproc.printing.printer import PrinterConfig
from scanproc.settings import Chosen, build_config, one_of, setting, template


@dataclass(frozen=True)
class MachineConfig:
    """The mill: three axes."""

    dialect: Literal["linuxcnc", "grbl", "mach"] = setting(
        "grbl", "what its control reads: comments and the end of a program differ"
    )
    arcs: bool = setting(False, "whether it takes arcs (G2, G3): fewer lines, smoother moves")
    travel_x_mm: float = setting(600.0, "travel of the axis along the foot, mm", low=50.0)
    travel_y_mm: float = setting(400.0, "travel of the axis across, mm", low=50.0)
    travel_z_mm: float = setting(150.0, "travel of the spindle, mm", low=20.0)
    safe_height_mm: float = setting(10.0, "how far above the stock the cutter travels, mm", low=1.0, high=100.0)
    rapid_mm_min: float = setting(3000.0, "speed of rapid moves, mm/min: for the minutes alone", low=100.0)


@dataclass(frozen=True)
class StockConfig:
    """The block or plate; the part lies in its middle."""

    length_mm: float = setting(0.0, "along the foot, mm; 0: as large as the part needs", low=0.0)
    width_mm: float = setting(0.0, "across, mm; 0: as large as the part needs", low=0.0)
    height_mm: float = setting(0.0, "height, mm; 0: insole.block_height_mm", low=0.0)
    frame_mm: float = setting(8.0, "what is left standing round the cut, mm: it is clamped", low=1.0, high=60.0)
    web_mm: float = setting(
        5.0, "what is left standing between the cuts round two parts that share a block, mm", low=3.0, high=60.0
    )
    pin_mm: float = setting(
        6.0, "diameter of the two registration pins, mm (two sides): the stock is turned over on them", low=1.0, high=20
    )
    pin_inset_mm: float = setting(
        7.0, "how far the middle of a pin lies from the stock's ends, on the line in its middle, mm", low=2.0, high=60.0
    )


@dataclass(frozen=True)
class CuttingConfig:
    """How it is cut, and what its simulation must show."""

    sides: Literal["auto", "one", "two"] = setting(
        "auto", "auto: a block with a flat base is cut from above alone, anything else from both sides"
    )
    scallop_mm: float = setting(
        0.05, "how high ridges between finishing passes may stand, mm: the passes follow from it", low=0.005, high=1.0
    )
    chord_mm: float = setting(
        0.01, "how far a straight move may lie off the path that it stands for, mm", low=0.002, high=0.05
    )
    leave_mm: float = setting(0.4, "what roughing leaves for finishing, mm", low=0.1, high=3.0)
    direction: Literal["along", "across", "spiral"] = setting(
        "along", "finishing runs to and fro along the foot, or across it, or in one spiral from its border in"
    )
    milling: Literal["climb", "conventional"] = setting(
        "climb", "how the trim line and a spiral are run; passes to and fro are both"
    )
    ramp_deg: float = setting(8.0, "how steeply roughing goes into the stock, deg", low=1.0, high=45.0)
    tabs: int = setting(5, "bridges that hold the part to the stock; 0: it is held from below (vacuum, tape)", low=0)
    tab_width_mm: float = setting(6.0, "width of a bridge, mm", low=1.0, high=30.0)
    tab_height_mm: float = setting(1.5, "height of a bridge, mm", low=0.3, high=10.0)
    through_mm: float = setting(
        0.0, "how far the trim line goes below the stock, into the board under it, mm (one side)", low=0.0, high=3.0
    )
    base_mm: float = setting(
        5.0, "what stands under the lowest point of a positive or a negative, mm", low=0.0, high=60.0
    )
    max_gouge_mm: float = setting(0.05, "how deep a program may cut into the part, mm", low=0.01, high=0.5)
    max_unreached_mm: float = setting(
        0.3, "what the finishing cutter may leave in hollows that it does not reach into, mm", low=0.02, high=5.0
    )
    max_unreached_below_mm: float = setting(
        1.0, "the same of the underside, where it makes the wall thicker and touches no foot, mm", low=0.02, high=5.0
    )


@dataclass(frozen=True)
class ToolConfig:
    """A cutter and its feeds."""

    kind: Literal["ball", "flat", "bull"] = setting("ball", "its end: ball, flat, bull (a flat one with round corners)")
    diameter_mm: float = setting(6.0, "diameter, mm", low=0.5, high=40.0)
    corner_radius_mm: float = setting(0.0, "radius of the corner, mm (bull)", low=0.0, high=20.0)
    flute_mm: float = setting(35.0, "length that cuts, mm: deeper cuts rub on the shank", low=1.0)
    out_mm: float = setting(50.0, "length out of the holder, mm", low=1.0)
    holder_mm: float = setting(30.0, "diameter of the holder, mm", low=1.0)
    feed_mm_min: float = setting(2500.0, "feed, mm/min", low=10.0)
    plunge_mm_min: float = setting(800.0, "feed down and along ramps, mm/min", low=10.0)
    spindle_rpm: int = setting(18000, "speed of the spindle, 1/min", low=100)
    step_down_mm: float = setting(6.0, "depth of a layer, mm", low=0.1, high=60.0)
    step_over: float = setting(0.5, "distance of roughing passes, as a share of the diameter", low=0.05, high=0.9)


@dataclass(frozen=True)
class Machine:
    """All of `machine.toml`; its tools by the pass that they make."""

    machine: MachineConfig = field(default_factory=MachineConfig)
    stock: StockConfig = field(default_factory=StockConfig)
    cutting: CuttingConfig = field(default_factory=CuttingConfig)
    rough: ToolConfig = field(default_factory=ToolConfig)
    finish: ToolConfig = field(default_factory=ToolConfig)
    trim: ToolConfig = field(default_factory=ToolConfig)
    printer: PrinterConfig = field(default_factory=PrinterConfig)
    pencil: ToolConfig | None = None

    @property
    def finest(self) -> ToolConfig:
        """The ball that reaches farthest into hollows."""
        return self.pencil or self.finish

    @property
    def finest_name(self) -> str:
        """The table that describes it."""
        return "finish" if self.pencil is None else "pencil"


Table = Mapping[str, Any]
_TABLES: dict[str, type] = {
    "machine": MachineConfig,
    "stock": StockConfig,
    "cutting": CuttingConfig,
    "rough": ToolConfig,
    "finish": ToolConfig,
    "trim": ToolConfig,
    "printer": PrinterConfig,
    "pencil": ToolConfig,
}
_SAY = {
    "rough": "Roughing by layers.",
    "finish": "Finishing: a ball; its radius must be smaller than the tightest hollow's.",
    "trim": "The trim line: a flat end mill.",
    "pencil": "Hollows that the finishing ball leaves: a smaller ball, where this table is there.",
}


def machine_of(given: Table, preset: str, cutter_mm: float | None = None) -> Machine:
    """Return the machine that a TOML's tables describe, over the defaults of a preset.

    Parameters
    ----------
    given : tables by name; `preset` at the top wins over the argument.
    cutter_mm : the ball for which the part is designed: the one that finishes, unless the tables name another.

    Raises
    ------
    ScanError
        If a table, a name or a value is wrong, or tools do not fit their passes.
    """
    chosen = _preset(given.get("preset", preset))
    for name, value in given.items():
        if name != "preset" and name not in _TABLES:
            raise ScanError(f"machine.toml holds {name}; expected {one_of(name, ['preset', *_TABLES])}. Correct it.")
        if name != "preset" and not isinstance(value, Mapping):
            raise ScanError(f"machine.toml: {name} = {value!r} is not a table; write [{name}] and its values below it.")
    parts = {}
    for name, kind in _TABLES.items():
        if name == "pencil" and name not in given:
            continue
        values = {key: one.value for key, one in chosen.get(name, {}).items()} | dict(given.get(name, {}))
        if name == "finish" and cutter_mm is not None and "pencil" not in given:
            values["diameter_mm"] = given.get(name, {}).get("diameter_mm", cutter_mm)
        parts[name] = build_config(kind, values, f"machine.toml: {name}")
    machine = Machine(**parts)
    _refuse_wrong_tools(machine)
    if cutter_mm is not None and machine.finest.diameter_mm > cutter_mm:
        raise ScanError(
            f"found insole.cutter_mm = {cutter_mm:g}, for which the part is designed, and machine.toml: "
            f"{machine.finest_name}.diameter_mm = {machine.finest.diameter_mm:g}, expected a ball that is no larger: "
            f"it would not reach into every hollow. Put a ball of {cutter_mm:g} mm into machine.toml (a table [pencil] "
            "does), or leave insole.cutter_mm out: it is then the machine's."
        )
    return machine


def machine_template(preset: str) -> str:
    """Return `machine.toml` with the values of a preset: every name, its default, its meaning."""
    chosen = _preset(preset)
    blocks = [f'# machine.toml, beside the scan or by --machine FILE\npreset = "{preset}"  # {", ".join(PRESETS)}\n']
    for name, kind in _TABLES.items():
        text = template({name: kind}, chosen.get(name))
        if name == "pencil":
            text = "".join(f"# {line}\n" for line in text.splitlines())
        blocks.append(f"# {_SAY[name]}\n{text}" if name in _SAY else text)
    return "\n".join(blocks)


def written(given: Table) -> str:
    """Return tables as the one text that a setting keeps: the same for the same values."""
    return json.dumps(given, sort_keys=True, default=str)


def tables_of(text: str) -> dict[str, Any]:
    """Return the tables that `written` has kept; none of an empty text.

    Raises
    ------
    ScanError
        If it is another text, such as the name of a file.
    """
    try:
        tables = json.loads(text or "{}")
    except json.JSONDecodeError:
        tables = None
    if not isinstance(tables, dict):
        raise ScanError(f"found export.machine = {text!r}, which is no setting of its own. Give the file by --machine.")
    return tables


def _preset(name: object) -> dict[str, dict[str, Chosen]]:
    if not isinstance(name, str) or name not in PRESETS:
        raise ScanError(f"machine.toml: preset = {name!r}; expected {one_of(str(name), PRESETS)}. Correct it.")
    return PRESETS[name]


def _refuse_wrong_tools(machine: Machine) -> None:
    tools: dict[str, ToolConfig] = {"rough": machine.rough, "finish": machine.finish, "trim": machine.trim}
    if machine.pencil is not None:
        tools["pencil"] = machine.pencil
        if machine.pencil.diameter_mm >= machine.finish.diameter_mm:
            raise ScanError(
                f"machine.toml: found pencil.diameter_mm = {machine.pencil.diameter_mm:g}, expected less than "
                f"finish.diameter_mm = {machine.finish.diameter_mm:g}: it cuts what that leaves. Correct one of them, "
                "or delete the table [pencil]."
            )
    for name, tool in tools.items():
        kind = {"rough": tool.kind, "trim": "flat"}.get(name, "ball")
        if tool.kind != kind:
            why = "a round end leaves a fillet at the base" if name == "trim" else "a flat end leaves steps on slopes"
            raise ScanError(
                f"machine.toml: found {name}.kind = {tool.kind}, expected {kind}: {why}. Name a {kind} cutter there."
            )
        if tool.corner_radius_mm > 0.5 * tool.diameter_mm:
            raise ScanError(
                f"machine.toml: found {name}.corner_radius_mm = {tool.corner_radius_mm:g}, expected up to half of "
                f"{name}.diameter_mm = {tool.diameter_mm:g}. Correct one of them."
            )
        if tool.out_mm < tool.flute_mm:
            raise ScanError(
                f"machine.toml: found {name}.out_mm = {tool.out_mm:g}, expected as much as {name}.flute_mm = "
                f"{tool.flute_mm:g} at least: flutes in the holder do not cut. Correct one of them."
            )


def same_tool(a: ToolConfig, b: ToolConfig) -> bool:
    """Tell whether two passes are cut by one tool, whatever their feeds."""
    shape = ("kind", "diameter_mm", "corner_radius_mm", "flute_mm", "out_mm", "holder_mm")
    one, other = dataclasses.asdict(a), dataclasses.asdict(b)
    return all(one[name] == other[name] for name in shape)
