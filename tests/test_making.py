"""`scanproc make`: insoles of several scans together; the scans' runs are stood in for, the files are real."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from test_closed_solid import ellipse, plate
from visits import results

from scanproc.anatomy.foot_plan import FootPlan
from scanproc.artifacts import Exports, Insole, Insoles, Making, Refusal
from scanproc.cli import main
from scanproc.design.plan_curves import plan_curves
from scanproc.errors import ScanError
from scanproc.formats.solid_files import read_3mf
from scanproc.frames import transform
from scanproc.mesh.polyline_distance import inside
from scanproc.pads.table import Pads, placed_pads
from scanproc.several import making
from scanproc.several.making import make
from scanproc.several.scans import ScanResults

Scans = dict[str, ScanResults]


def insole(side: str, **more: Any) -> Insole:
    return Insole(side, plate(), ellipse(40.0, 25.0), (), making=Making(**more))  # type: ignore[arg-type]


def scan(name: str, *insoles: Insole, **more: Any) -> ScanResults:
    kept = {"insoles": Insoles(insoles or (insole("left"),)), "exports": Exports({"left.stl": b""})}
    return results(name, **{**kept, **more})


@pytest.fixture
def scans(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Scans:
    """Scans by the name of their folder, to be filled in."""
    found: Scans = {}
    monkeypatch.setattr(making, "facts_of", lambda paths: [found[path.name].facts for path in paths])
    monkeypatch.setattr(making, "results_of", lambda path, out, to, tables, version: found[path.name])
    return found


def paths(folder: Path, *names: str) -> list[Path]:
    made = [folder / name for name in names]
    for path in made:
        path.mkdir(exist_ok=True)
    return made


def test_insoles_to_print_come_onto_one_plate(scans: Scans, tmp_path: Path) -> None:
    scans |= {"anna": scan("anna", subject="a1"), "bert": scan("bert", insole("left"), insole("right"), subject="b2")}
    made = make(paths(tmp_path, "anna", "bert"), tmp_path / "out")
    assert [path.relative_to(tmp_path / "out").as_posix() for path in made] == [
        f"anna--bert/plate.{kind}" for kind in ("3mf", "json", "png")
    ]
    assert [body.name for body in read_3mf(made[0].read_bytes())] == [
        "a1 left insole",
        "b2 left insole",
        "b2 right insole",
    ]


def test_soft_extensions_have_a_bed_of_their_own_and_foam_is_cut(
    scans: Scans, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    soft = replace(insole("left"), extension=plate())
    foam = replace(insole("right", extension_material="EVA"), extension=plate())
    scans |= {"anna": scan("anna", soft, foam, subject="a1"), "bert": scan("bert", soft, subject="b2")}
    caplog.set_level("INFO")
    made = make(paths(tmp_path, "anna", "bert"), tmp_path / "out")
    assert [path.name for path in made] == [
        f"{name}.{kind}" for name in ("plate", "plate-extensions") for kind in ("3mf", "json", "png")
    ]
    shells, soft_ones = (read_3mf(made[at].read_bytes()) for at in (0, 3))
    assert [body.name for body in shells] == ["a1 left insole", "a1 right insole", "b2 left insole"]
    assert [body.name for body in soft_ones] == ["a1 left insole, soft extension", "b2 left insole, soft extension"]
    told = json.loads(made[4].read_bytes())
    assert told["material"] == "TPU" and {part["posture"] for part in told["parts"]} == {"flat"}
    assert {body.material for body in soft_ones} == {"TPU"} and {body.material for body in shells} == {"PA12"}
    for body, part in zip(soft_ones, told["parts"], strict=True):
        low, high = (transform(np.array(part["T_bed_print"]), body.mesh.vertices)[:, 2].min(), part["height_mm"])
        assert low == pytest.approx(0.0, abs=1e-3) and high < 20.0
    assert "2 soft extensions, flat, on " in caplog.text and "cut for a1 right insole" in caplog.text
    scans |= {"anna": scan("anna", subject="a1"), "bert": scan("bert", subject="b2")}
    make(paths(tmp_path, "anna", "bert"), tmp_path / "out")
    assert not made[3].exists()  # what is made now has none


def test_versions_have_a_folder_and_names_of_their_own(scans: Scans, tmp_path: Path) -> None:
    scans |= {"anna": scan("anna", subject="a1"), "bert": scan("bert", subject="b2")}
    both, out = paths(tmp_path, "anna", "bert"), tmp_path / "out"
    (out / "anna" / "versions" / "dress").mkdir(parents=True)
    with pytest.raises(ScanError, match="bert has no version 'dress'; it has none yet"):
        make(both, out, version="dress")
    assert not (out / "anna--bert").exists()
    (out / "bert" / "versions" / "dress").mkdir(parents=True)
    made = make(both, out, version="dress")
    assert made[0] == out / "anna--bert" / "dress" / "plate.3mf"
    assert [body.name for body in read_3mf(made[0].read_bytes())] == ["a1 left insole, dress", "b2 left insole, dress"]


def test_parts_that_are_called_alike_are_told_apart_by_their_scan(scans: Scans, tmp_path: Path) -> None:
    scans |= {"may": scan("may", subject="a1"), "november": scan("november", subject="a1")}
    made = make(paths(tmp_path, "may", "november"), tmp_path / "out")
    names = [body.name for body in read_3mf(made[0].read_bytes())]
    assert names == ["a1 left insole (may)", "a1 left insole (november)"]


def test_insoles_to_mill_come_onto_one_block(scans: Scans, tmp_path: Path) -> None:
    block = {"process": "mill", "style": "block", "block_height_mm": 6.0, "material": "EVA"}
    scans["anna"] = scan("anna", insole("left", **block), insole("right", **block))
    machine = tmp_path / "machine.toml"
    machine.write_text("[cutting]\nscallop_mm = 0.3\ntabs = 3\n[stock]\nframe_mm = 4\n", encoding="utf-8")
    words = ["make", *map(str, paths(tmp_path, "anna")), "--machine", str(machine), "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    names = [Path(line).name for line in done.output.splitlines() if line.startswith(str(tmp_path))]
    assert names == [*(f"block-top-{number}.nc" for number in (1, 2, 3)), "block-milling.json", "block.png"]
    told = json.loads((tmp_path / "out" / "anna--made" / "block-milling.json").read_bytes())
    assert told["stock_mm"][2] == 6.0 and [part["turn_deg"] for part in told["parts"]] == [0.0, 0.0]


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (
            scan("bert", insole("left", process="mill")),
            r"insole.process = print of anna left insole \(anna\) and mill of anna left insole \(bert\)",
        ),
        (scan("bert", insole("left", material="TPU")), r"insole \(anna\) of PA12 and anna left insole \(bert\) of TPU"),
        (scan("bert", exports=None), r"bert cannot be made with others, it has no insole"),
        (
            scan("bert", refusals=(Refusal("insole", "right foot: the sole was not seen"),)),
            r"bert cannot be made with others, insole refused it: right foot: the sole was not seen",
        ),
    ],
)
def test_what_cannot_be_made_together_is_refused_and_nothing_is_written(
    scans: Scans, tmp_path: Path, second: ScanResults, message: str
) -> None:
    scans |= {"anna": scan("anna"), "bert": second}
    with pytest.raises(ScanError, match=message):
        make(paths(tmp_path, "anna", "bert"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_different_machines_beside_the_scans_are_refused(scans: Scans, tmp_path: Path) -> None:
    scans |= {"anna": scan("anna"), "bert": scan("bert")}
    anna, bert = paths(tmp_path, "anna", "bert")
    (bert / "machine.toml").write_text("[printer]\nbed_x_mm = 200\n", encoding="utf-8")
    with pytest.raises(ScanError, match=r"different machines for .*anna and .*bert, .* Name it by --machine"):
        make([anna, bert], tmp_path / "out")
    (anna / "machine.toml").write_text("[printer]\nbed_x_mm = 200\n", encoding="utf-8")
    made = make([anna, bert], tmp_path / "out")
    assert json.loads(made[1].read_bytes())["bed_mm"][0] == 200.0


def test_a_refusal_leaves_no_plate_of_before(scans: Scans, tmp_path: Path) -> None:
    scans |= {"anna": scan("anna"), "bert": scan("bert")}
    anna, bert = paths(tmp_path, "anna", "bert")
    plate = make([anna, bert], tmp_path / "out")[0]
    kept = plate.parent / "report.html"  # of both scans together
    kept.write_text("a page", encoding="utf-8")
    for folder in (anna, bert):
        (folder / "machine.toml").write_text("[printer]\nbed_x_mm = 60\nbed_y_mm = 60\n", encoding="utf-8")
    with pytest.raises(ScanError):
        make([anna, bert], tmp_path / "out")
    assert [path.name for path in plate.parent.iterdir()] == [kept.name]


def test_pads_are_drawn_by_their_border() -> None:
    plan = FootPlan(-1.0, 250.0, np.array([180.0, -40.0]), np.array([165.0, 45.0]), np.array([37.0, 0.0]), 60.0)
    pads = replace(Pads(), met_pad_mm=5.0, mortons_extension_mm=3.0)
    outline = ellipse(125.0, 48.0) + np.array([125.0, 0.0])
    asked: Any = SimpleNamespace(plan=plan, rx=SimpleNamespace(pads=pads), outline=outline, extension=None)
    curves = {curve.name: curve for curve in plan_curves(asked) if curve.kind == "pad"}
    assert set(curves) == {"met pad", "mortons extension"}
    place = {one.pad.dose: one.place for one in placed_pads(plan, pads)}["met_pad_mm"]
    assert place.share(curves["met pad"].xy) == pytest.approx(np.full(len(curves["met pad"].xy), 0.05), abs=0.01)
    inner = outline.mean(axis=0) + 1.002 * (outline - outline.mean(axis=0))
    assert all(inside(inner, curve.xy).all() for curve in curves.values())
    marks = [curve.name for curve in plan_curves(asked) if curve.kind == "mark"]
    assert marks == ["metatarsal heads", "heel centre", "heel centre"]
