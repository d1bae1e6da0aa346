"""Prescriptions on the disk: a user's TOML, a lab's presets, the outline that they name. No stage reads any of them.

What a prescription names is read when a run begins, and becomes part of the settings: a result is stale as soon as one
of its files changed, and fresh wherever they lie.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from scanproc.artifacts import Side
from scanproc.errors import ScanError
from scanproc.machining.machine import machine_of, tables_of, written
from scanproc.prescription.fields import InsoleConfig
from scanproc.prescription.presets import preset_names, preset_values
from scanproc.prescription.rules import refuse_broken
from scanproc.prescription.sides import OF_BOTH, for_side, laid_over
from scanproc.prescription.version_names import DEFAULT
from scanproc.settings import build_config
from scanproc.toml_files import read_toml

Table = Mapping[str, Any]
SIDES: tuple[Side, ...] = ("left", "right")
FILES = ("outline_file", "preset")  # fields that may name a file beside the TOML
#: Tables of settings beside `insole`, which is a whole prescription: what a lab wants of all insoles, and single doses
#: that are changed. `last_prescription` puts them together.
LAB, CHANGES = "insole_of_lab", "insole_changes"


def read_settings(path: Path) -> dict[str, Any]:
    """Read a TOML of settings; what it says of insoles is a lab's wish for all of them, below any prescription."""
    content = read_toml(path)
    if "insole" in content:
        wanted = content.pop("insole")
        content[LAB] = _beside(path.parent, wanted) if isinstance(wanted, dict) else wanted
    return content


def read_prescription(path: Path) -> dict[str, Any]:
    """Read a prescription's TOML: a table [insole], or its fields at the top; [left] or [insole.left] for one foot.

    A preset may be called by its name, and what the program does by itself `default`, where there is no such file.

    Returns
    -------
    dict
        The one table `insole`.

    Raises
    ------
    ScanError
        If it holds other tables, too.
    """
    if str(path) == DEFAULT and not path.exists():
        return {"insole": {}}
    if str(path) in preset_names() and not path.exists():
        return {"insole": {"preset": path.name}}
    content = read_toml(path)
    inside = content.pop("insole", {})
    if not isinstance(inside, dict):
        raise ScanError(f"{path}: insole = {inside!r} is not a table; write [insole] and its fields below it.")
    for name, value in content.items():
        if isinstance(value, dict) and name not in SIDES:
            raise ScanError(
                f"{path} holds a table [{name}]; expected [insole] alone. Give settings of other stages with --config."
            )
    table = {**content, **inside}
    rows = table.get("measures_of_other_scan")  # of a prescription that a scan kept
    if isinstance(rows, list) and all(isinstance(row, list) for row in rows):
        table["measures_of_other_scan"] = tuple(tuple(row) for row in rows)
    return {"insole": _beside(path.parent, table)}


def read_machine(path: Path) -> dict[str, Any]:
    """Read `machine.toml`: the mill, its tools, the stock. It becomes one text among the settings of export.

    Raises
    ------
    ScanError
        If a table, a name or a value is wrong.
    """
    content = read_toml(path)
    machine_of(content, "block")
    return {"export": {"machine": written(content)}}


def machine_beside(scan: Path) -> list[dict[str, Any]]:
    """Return what `machine.toml` beside a scan, its folder or its file, says; nothing where there is none."""
    path = (scan if scan.is_dir() else scan.parent) / "machine.toml"
    return [read_machine(path)] if path.is_file() else []


def settled(tables: Iterable[Table]) -> list[Table]:
    """Return tables of settings in which the prescription is one table that names no file and no preset's values.

    Parameters
    ----------
    tables : settings by stage and name; later ones win, and all over the preset.

    Raises
    ------
    ScanError
        If a field or a value is wrong, a file cannot be read, or a rule is broken, which is named.
    """
    listed = list(tables)
    asked = [table["insole"] for table in listed if "insole" in table]
    if not asked or not all(isinstance(table, Mapping) for table in asked):
        return listed  # nothing to settle, or nothing that could be: settings say what is wrong
    values = settled_table(merged(asked))
    values |= _cutter_of_machine(values, listed)
    config = build_config(InsoleConfig, values, "insole")
    for side in SIDES:
        refuse_broken(for_side(config, side))
    others = [{name: table for name, table in given.items() if name != "insole"} for given in listed]
    return [*others, {"insole": values}]


def _cutter_of_machine(values: Table, tables: Iterable[Table]) -> dict[str, Any]:
    """Return the finest ball of the tool table as the one to design for, where a milled prescription names none.

    Raises
    ------
    ScanError
        If it names a smaller one.
    """
    config = build_config(InsoleConfig, values, "insole")
    rx_by_side = {side: for_side(config, side) for side in SIDES}
    exports = [table["export"] for table in tables if _is_table(table, "export")]
    texts = [export["machine"] for export in exports if isinstance(export.get("machine"), str)]
    if not texts or all(rx.process == "print" for rx in rx_by_side.values()):
        return {}
    given = tables_of(texts[-1])
    for side, rx in rx_by_side.items():
        if rx.process != "print" and ("cutter_mm" in values or "cutter_mm" in dict(values.get(side, ()))):
            machine_of(given, "block", rx.cutter_mm)
    return {} if "cutter_mm" in values else {"cutter_mm": machine_of(given, "block").finest.diameter_mm}


def merged(tables: Iterable[Table]) -> dict[str, Any]:
    """Return one table of several, those of each foot put together, too."""
    merged: dict[str, Any] = {}
    for table in tables:
        before, merged = merged, laid_over(merged, table)
        for side in SIDES:
            if _is_table(before, side) and _is_table(table, side):
                merged[side] = laid_over(before[side], table[side])
    return merged


def settled_table(given: Table) -> dict[str, Any]:
    """Return the table `insole` with what its preset says below it and the curve of the outline that it names.

    Raises
    ------
    ScanError
        If a field or a value of one foot is wrong, or a file cannot be read.
    """
    common = {name: value for name, value in given.items() if name not in SIDES}
    preset = common.get("preset")
    if isinstance(preset, str) and preset:
        path = Path(preset)
        says = _beside(path.parent, preset_values(preset))
        _refuse_whole_template(preset, says, common)
        common = {**laid_over(says, common), "preset": path.stem}
        common["preset_values"] = tuple((name, Path(v).name if name in FILES else v) for name, v in says.items())
    settled_values = _with_outline(common)
    for side in SIDES:
        if side in given:
            settled_values[side] = _of_one_foot(given, side)
    return settled_values


def _refuse_whole_template(preset: str, says: Table, given: Table) -> None:
    """Refuse a printed template into which a preset's name was written: its defaults would undo the whole preset."""
    defaults = {item.name: item.default for item in dataclasses.fields(InsoleConfig) if item.default is not None}
    differs = [name for name in says if name in defaults and says[name] != defaults[name]]
    as_printed = [name for name in differs if given.get(name, says[name]) == defaults[name]]
    if len(given) > 0.5 * len(defaults) and differs == as_printed:
        raise ScanError(
            f"found preset = {preset!r} in a template whose other fields undo all of it, expected fields that differ "
            f"from it alone. Start from `scanproc prescription --preset {preset}`, or delete the fields that are as "
            "they were printed."
        )


def _of_one_foot(given: Table, side: Side) -> tuple[tuple[str, object], ...]:
    """Return the fields of one foot, checked, in the order of all fields."""
    own = given[side]
    if not isinstance(own, Mapping):
        raise ScanError(f"insole.{side} = {own!r} is not a table; write [insole.{side}] and its fields below it.")
    for name in own:
        if name in OF_BOTH:
            raise ScanError(f"insole.{side}.{name} is one foot's alone; expected it for both. Write it under [insole].")
    config = build_config(InsoleConfig, _with_outline(own), f"insole.{side}")
    names = [item.name for item in dataclasses.fields(InsoleConfig) if item.name in own]
    pairs = [(name, cast(object, getattr(config, name))) for name in names]
    return (*pairs, *((("outline_curve", config.outline_curve),) if "outline_file" in own else ()))


def _with_outline(table: Table) -> dict[str, Any]:
    """Return a table with the curve of the file that it names, and of the file no more than its name."""
    name = table.get("outline_file")
    if not isinstance(name, str) or not name:
        return dict(table)
    from scanproc.readers.outline_files import read_outline

    curve = tuple((round(float(x), 4), round(float(y), 4)) for x, y in read_outline(Path(name)))
    return {**table, "outline_file": Path(name).name, "outline_curve": curve}


def _beside(folder: Path, table: Table) -> dict[str, Any]:
    """Return a table whose relative files are looked for in `folder`."""
    found = dict(table)
    for name in FILES:
        if isinstance(found.get(name), str) and (name != "preset" or found[name].endswith(".toml")) and found[name]:
            found[name] = str(folder / found[name])
    for side in SIDES:
        if _is_table(found, side):
            found[side] = _beside(folder, found[side])
    return found


def _is_table(table: Table, name: str) -> bool:
    return isinstance(table.get(name), Mapping)
