"""Milling programs: against shapes known by formula, in the product's simulation and in a second one of the tests."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from milled_parts import (
    MAKING,
    OUTLINE,
    PARTS,
    SCALLOP_MM,
    STOCK_MM,
    as_texts,
    block,
    bowl,
    in_stock,
    milled,
    part,
    probes,
    programs,
    shell,
    simulated,
    solid_of,
    texts,
)
from second_simulator import read

from scanproc.cli import main
from scanproc.errors import ScanError
from scanproc.machining.clamping import clamped
from scanproc.machining.cutters import Cutter
from scanproc.machining.dialects import DIALECTS
from scanproc.machining.drop_cutter import DropCutter
from scanproc.machining.gcode import parse
from scanproc.machining.machine import machine_of, tables_of, written
from scanproc.machining.machine_presets import PRESETS
from scanproc.machining.removal import cut_by
from scanproc.machining.setups import Setup
from scanproc.prescription.files import machine_beside, read_machine, settled
from scanproc.solid.height_fields import HeightField

Tables = dict[str, Any]

# ------------------------------------------------------------------------------------------------ the drop-cutter


@pytest.mark.parametrize("cutter", [Cutter(0.0, 3.0), Cutter(3.0, 0.0), Cutter(2.0, 1.0)])
def test_a_cutter_is_dropped_as_far_as_it_goes(cutter: Cutter) -> None:
    """Against thousands of points of a rough surface, each of which holds the cutter."""
    rng = np.random.default_rng(0)
    surface = HeightField(0.0, 0.0, 1.5, rng.uniform(0.0, 2.5, (12, 12))).mesh()
    weights = rng.dirichlet([0.6, 0.6, 0.6], 1000)
    points = np.einsum("kc,fcd->fkd", weights, surface.vertices[surface.faces]).reshape(-1, 3)
    places = rng.uniform(4.0, 12.0, (20, 2))
    held = [(points[:, 2] - cutter.above_tip(np.hypot(*(points[:, :2] - place).T))).max() for place in places]
    above = DropCutter.over(surface, cutter).tip_z(places) - np.array(held)
    assert above.min() > -1e-9 and above.max() < 0.03


@pytest.mark.parametrize(("slope", "radius"), [(0.0, 3.0), (0.7, 3.0), (2.0, 5.0)])
def test_a_ball_on_a_slope_lies_a_radius_off_it(slope: float, radius: float) -> None:
    x, _ = np.meshgrid(np.arange(0.0, 41.0), np.arange(0.0, 41.0), indexing="ij")
    plane = HeightField(0.0, 0.0, 1.0, slope * x).mesh()
    tip = DropCutter.over(plane, Cutter(0.0, radius)).tip_z(np.array([[20.3, 20.7]]))
    assert tip[0] + radius - slope * 20.3 == pytest.approx(radius * np.hypot(1.0, slope), abs=1e-9)


# ------------------------------------------------------------------------------------------------ the second simulation


def test_a_block_is_cut_as_asked() -> None:
    xy = probes(2000, 1)
    found = simulated(texts("block"), xy)
    error = found.z - bowl(xy)
    assert error.min() > -0.05
    assert np.quantile(error, 0.99) < SCALLOP_MM + 0.05
    assert simulated(texts("block"), in_stock(800, 7)).rapid_mm < 0.02


def test_a_shell_is_cut_from_both_sides() -> None:
    xy = probes(1000, 2, 0.5)  # the ridge below a sharp edge is no part of the underside
    top = simulated(texts("shell"), xy)
    header = read(next(iter(texts("shell", "bottom").values()))).header
    shift = np.array([float(value) for value in header["shift_mm"].split()])
    below = simulated(texts("shell", "bottom"), xy * [1.0, -1.0] + shift[:2])
    for error in (top.z - bowl(xy), below.z - (shift[2] - (bowl(xy) - 3.0))):
        assert error.min() > -0.05
        assert np.quantile(error, 0.99) < SCALLOP_MM + 0.05
    assert max(top.rapid_mm, below.rapid_mm) < 0.02


@pytest.mark.parametrize(("beside_mm", "deep_mm"), [(0.002, 0.0), (0.5, 8.0)])
def test_a_rapid_move_down_a_wall_that_was_just_cut_touches_nothing(beside_mm: float, deep_mm: float) -> None:
    """A simplified pass runs a few micrometres beside its corners; half a millimetre into the wall is a crash."""
    tool = machine_of({}, "block").rough
    assert tool.diameter_mm == 8.0
    stock = HeightField(-20.0, -20.0, 0.25, np.zeros((161, 161)))
    slot = "G21 G90 G17 G94 G54\nS18000 M3\nG0 Z10\nG0 X-15 Y-0.001\nG1 Z-8 F800\nG1 X15\nG0 Z10\n"  # y = 4 stays
    program = parse(f"{slot}G0 X0 Y{beside_mm - 0.001:.4f}\nG0 Z-8\nG0 Z10\n")
    assert cut_by(program, tool, stock)[1].rapid[0] == pytest.approx(deep_mm, abs=1e-6)


def test_a_shell_hangs_by_its_tabs_alone() -> None:
    way = OUTLINE * (1.0 + 2.0 / np.hypot(*OUTLINE.T)[:, None])
    top = simulated(texts("shell"), way)
    files = texts("shell", "bottom")
    shift = [float(value) for value in read(next(iter(files.values()))).header["shift_mm"].split()]
    below = simulated(files, way * [1.0, -1.0] + shift[:2])
    stands = top.z > shift[2] - below.z
    edges = np.count_nonzero(stands != np.roll(stands, 1))
    assert edges == 2 * 5
    length = np.linalg.norm(np.diff(way, axis=0), axis=1).sum()
    assert 5 * 6.0 < stands.mean() * length < 5 * 15.0  # as wide as asked, and what the round cutter leaves beside them


def test_a_model_is_the_top_turned_over() -> None:
    files = as_texts(milled(shell(), "shell", "positive"), "top")
    xy = probes(1000, 3, 3.0)
    shift = [float(value) for value in read(files["left-top-1.nc"]).header["shift_mm"].split()]
    found = simulated(files, xy * [1.0, -1.0] + shift[:2])
    error = found.z - (shift[2] - bowl(xy))
    assert shift[2] == pytest.approx(11.0, abs=1e-3)
    assert error.min() > -0.05 and np.quantile(error, 0.99) < 0.1 + 0.05


# ------------------------------------------------------------------------------------------------ what is refused

#: A part, what is said of it (with the number that helps), its machine, and what then helps: the same with that number.
REFUSED: list[tuple[str, str, Tables, Callable[[float], Tables] | None]] = [
    (
        "block",
        r"a part of 11.0 mm in a block of 8 mm .* Take a higher block: machine.toml: stock.height_mm = (\d+), or",
        {"stock": {"height_mm": 8.0}},
        lambda mm: {"stock": {"height_mm": mm}},
    ),
    (
        "block",
        r"stock.length_mm.*expected (68)",
        {"stock": {"length_mm": 60.0}},
        lambda mm: {"stock": {"length_mm": mm}},
    ),
    (
        "grooved",
        r"hollows tighter than the cutter .*which leaves 0.9\d mm .*Take a ball of (1) mm",
        {},
        lambda mm: {"pencil": {"diameter_mm": mm}},
    ),
    (
        "block",
        r"moves over (\d+) mm in X, expected up to .*travel_x_mm = 50",
        {"machine": {"travel_x_mm": 50.0}},
        lambda mm: {"machine": {"travel_x_mm": mm + 1.0}},
    ),
    (
        "block",
        r"deeper than the flutes of 6 mm.*Take a cutter with flutes of (\d+) mm",
        {"trim": {"flute_mm": 6.0}},
        lambda mm: {"trim": {"flute_mm": mm}},
    ),
    (
        "block",
        r"the holder \(30 mm wide.*Let the cutter stand out by (\d+) mm",
        {"trim": {"flute_mm": 12.0, "out_mm": 12.0}},
        lambda mm: {"trim": {"flute_mm": 12.0, "out_mm": mm}},
    ),
    ("shell", r"registration pin under the part", {"stock": {"length_mm": 80.0, "pin_inset_mm": 20.0}}, None),
    ("shell", r"underside that is not flat", {"cutting": {"sides": "one"}}, None),
    (
        "block",
        r"machine.dialect = 'fanuc'; expected one of linuxcnc, grbl, mach",
        {"machine": {"dialect": "fanuc"}},
        None,
    ),
    ("block", r"finish.kind = flat, expected ball", {"finish": {"kind": "flat"}}, None),
    (
        "block",
        r"pencil.diameter_mm = 8, expected less than finish.diameter_mm = 6",
        {"pencil": {"diameter_mm": 8.0}},
        None,
    ),
    ("block", r"there is no setting .*finish.diametre_mm", {"finish": {"diametre_mm": 4.0}}, None),
    ("block", r"machine.toml holds tools; expected", {"tools": {}}, None),
]


@pytest.mark.few(5)
@pytest.mark.parametrize(("style", "named", "tables", "remedy"), REFUSED, ids=[row[1][:24] for row in REFUSED])
def test_what_cannot_be_milled_is_refused_by_name(
    style: str, named: str, tables: Tables, remedy: Callable[[float], Tables] | None
) -> None:
    with pytest.raises(ScanError, match=named) as refused:
        milled(PARTS[style](), "shell" if style == "shell" else "block", **tables)
    if remedy is not None:
        said = re.search(named, str(refused.value))
        assert said is not None and milled(PARTS[style](), **remedy(float(np.ceil(float(said[1]))))).files


def test_a_ball_larger_than_the_one_designed_for_is_refused() -> None:
    assert machine_of({}, "block", 4.0).finish.diameter_mm == 4.0
    assert machine_of({"finish": {"diameter_mm": 3.0}}, "block", 4.0).finest.diameter_mm == 3.0
    assert machine_of({"pencil": {"diameter_mm": 3.0}}, "block", 3.0).finest.diameter_mm == 3.0
    with pytest.raises(ScanError, match=r"insole.cutter_mm = 4, .*finish.diameter_mm = 8, expected a ball"):
        machine_of({"finish": {"diameter_mm": 8.0}}, "block", 4.0)


def test_the_tool_table_says_for_which_ball_is_designed() -> None:
    def cutter(machine: Tables, **prescribed: Any) -> object:
        tables = [{"export": {"machine": written(machine)}}, {"insole": {"process": "mill", **prescribed}}]
        return settled(tables)[-1]["insole"].get("cutter_mm")

    assert cutter({"finish": {"diameter_mm": 8.0}}) == 8.0
    assert cutter({"finish": {"diameter_mm": 8.0}, "pencil": {"diameter_mm": 3.0}}) == 3.0
    assert cutter({"pencil": {"diameter_mm": 3.0}}, cutter_mm=4.0) == 4.0
    assert cutter({"finish": {"diameter_mm": 8.0}}, process="print") is None
    with pytest.raises(ScanError, match=r"insole.cutter_mm = 6, .*finish.diameter_mm = 8"):
        cutter({"finish": {"diameter_mm": 8.0}}, cutter_mm=6.0)


def test_an_undercut_is_refused() -> None:
    solid = solid_of(bowl, lambda xy: bowl(xy) - 3.0)
    leaning = replace(solid, vertices=solid.vertices @ np.array([[1.0, 0, 0], [0, 1, 0], [2.0, 0, 1.0]]))
    with pytest.raises(ScanError, match=r"hidden from above \(undercut\)"):
        clamped(replace(part(solid), solid=leaning), MAKING["shell"], machine_of({}, "shell"))


# ------------------------------------------------------------------------------------------------ files


def test_the_header_says_what_the_contract_asks() -> None:
    assert list(texts("block")) == [f"left-top-{number}.nc" for number in (1, 2, 3)]
    names = [*(f"left-top-{number}.nc" for number in (1, 2)), *(f"left-bottom-{number}.nc" for number in (1, 2, 3))]
    assert list(programs("shell").files) == [*names, "left-milling.json"]
    header = read(texts("shell", "bottom")["left-bottom-2.nc"]).header
    assert header["side"] == "left" and header["tool"] == "ball 6.000" and header["part"].startswith("demo left insole")
    stock = [float(value) for value in header["stock_mm"].split()]
    assert stock[5] == float(header["stock_top_mm"]) and stock[5] - stock[4] == pytest.approx(STOCK_MM)
    assert header["shift_mm"] == f"0.000 {stock[2] + stock[3]:.3f} {stock[4] + stock[5]:.3f}"
    assert float(header["minutes"]) > 0.1


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_program_is_plain(dialect: str) -> None:
    files = as_texts(milled(block(), machine={"dialect": dialect}, cutting={"scallop_mm": 0.5}), "top")
    for text in files.values():
        lines = text.splitlines()
        assert text.isascii()
        code = [re.sub(r"\(.*\)", "", line) for line in lines]
        assert all(len(line) <= DIALECTS[dialect].longest for line in lines)
        assert all(re.fullmatch(r"\([^()]*\)", line) for line in lines if "(" in line)
        words = {word for line in code for word in re.findall(r"[A-Z]+[\d.]+", line) if word[0] in "GMT"}
        assert words == {"G21", "G90", "G17", "G94", "G54", "G0", "G1", "M3", "M5", DIALECTS[dialect].end}
        assert code.index("G21 G90 G17 G94 G54") < next(n for n, line in enumerate(code) if line.startswith("G0"))


def test_comments_do_nothing() -> None:
    for dialect in DIALECTS.values():
        for text in ("a (b) c", "MSG, stop", "ü; M30 %", "x" * 300):
            line = dialect.comment(text)
            assert re.fullmatch(r"\([^();%]*\)", line) and len(line) <= dialect.longest and line.isascii()
    assert not DIALECTS["linuxcnc"].comment("MSG, stop")[1:].lower().startswith("msg")


def test_the_same_part_gives_the_same_bytes() -> None:
    assert dict(milled(block()).files) == dict(programs("block").files)


def test_one_tool_makes_one_file() -> None:
    made = milled(shell(), "shell", "negative", rough={"kind": "ball", "diameter_mm": 6.0, "flute_mm": 35.0})
    assert list(made.files) == ["left-top.nc", "left-milling.json"]


def test_what_was_found_lies_beside_the_programs() -> None:
    found = json.loads(programs("block").files["left-milling.json"])
    assert list(found["minutes"]) == list(texts("block"))
    (setup,) = found["setups"]
    assert setup["gouge_mm"] < 0.05 and setup["left_p99_mm"] < SCALLOP_MM + 0.05
    cells = np.array(setup["map"]["left_um"], dtype=np.float64)
    assert np.isfinite(cells).sum() == pytest.approx(np.pi * 24.0 * 15.0, rel=0.12)
    assert 0.0 < np.nanquantile(cells, 0.5) < 1e3 * SCALLOP_MM


@pytest.mark.slow
@pytest.mark.parametrize("direction", ["along", "across"])
@pytest.mark.parametrize("scallop", [0.02, 0.1])
def test_passes_follow_the_scallop(direction: str, scallop: float) -> None:
    files = as_texts(milled(block(), cutting={"scallop_mm": scallop, "direction": direction}), "top")
    xy = probes(6000, 5)
    error = simulated(files, xy).z - bowl(xy)
    assert error.min() > -0.05
    assert 0.3 * scallop < np.quantile(error, 0.99) < scallop + 0.05


def test_setups_keep_the_part_where_it_is() -> None:
    """The half turn about x brings the part back into the same stock."""
    top, below = clamped(shell(), MAKING["shell"], machine_of({}, "shell"))
    assert isinstance(top, Setup)
    assert np.array_equal(top.stock.low, below.stock.low) and np.array_equal(top.stock.pins, below.stock.pins)
    again = below.part.turned_over(below.shift)
    assert np.allclose(again.solid.vertices, top.part.solid.vertices) and np.allclose(again.outline, top.part.outline)
    assert np.allclose(again.rim_z, top.part.rim_z)


# ------------------------------------------------------------------------------------------------ the machine's file


@pytest.mark.parametrize("preset", PRESETS)
def test_the_printed_machine_is_the_preset(preset: str, tmp_path: Path) -> None:
    printed = CliRunner().invoke(main, ["machine", "--preset", preset])
    assert printed.exit_code == 0 and max(len(line) for line in printed.output.splitlines()) <= 120
    path = tmp_path / "machine.toml"
    path.write_text(printed.output, encoding="utf-8")
    tables = json.loads(read_machine(path)["export"]["machine"])
    assert machine_of(tables, "block") == machine_of({}, preset)


@pytest.mark.parametrize("text", ["mill.toml", "[]", "3"])
def test_a_file_s_name_is_no_machine(text: str) -> None:
    with pytest.raises(ScanError, match=r"export\.machine = .* Give the file by --machine"):
        tables_of(text)


def test_a_machine_beside_the_scan_is_found(tmp_path: Path) -> None:
    assert machine_beside(tmp_path) == []
    (tmp_path / "machine.toml").write_text("[machine]\ndialect = 'linuxcnc'\n", encoding="utf-8")
    (of_folder,), (of_file,) = machine_beside(tmp_path), machine_beside(tmp_path / "foot.ply")
    assert of_folder == of_file == {"export": {"machine": '{"machine": {"dialect": "linuxcnc"}}'}}


def test_a_wrong_machine_is_refused_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "mill.toml").write_text("[machine]\ndialect = 'heidenhain'\n", encoding="utf-8")
    scan = Path(__file__).parents[1] / "scans" / "demo"
    words = ["run", str(scan), "--out", str(tmp_path / "out"), "--machine", str(tmp_path / "mill.toml")]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 1 and "machine.dialect = 'heidenhain'; expected one of linuxcnc, grbl, mach" in done.stderr
    assert not (tmp_path / "out").exists()
