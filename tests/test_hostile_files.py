"""Files that are damaged, endless or meant to harm: refused in words, or taken for what they are."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import numpy as np
import pytest

from scanproc.errors import ScanError
from scanproc.formats.spreadsheets import csv_table
from scanproc.mesh.polygons import area_mm2
from scanproc.readers.facts import read_facts
from scanproc.readers.outline_files import read_outline
from scanproc.readers.wrong_files import refuse_wrong_name
from scanproc.toml_files import parsed_value, read_toml

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="300mm" height="100mm" viewBox="0 0 300 100">{}</svg>'
ANGLES = np.linspace(0.0, 2.0 * np.pi, 30_001)
OVAL = np.column_stack([130.0 + 120.0 * np.cos(ANGLES), 50.0 + 40.0 * np.sin(ANGLES)])
OVAL_MM2 = np.pi * 120.0 * 40.0


def dxf(entities: str, blocks: str = "") -> str:
    return f"0\nSECTION\n2\nBLOCKS\n{blocks}0\nENDSEC\n0\nSECTION\n2\nENTITIES\n{entities}0\nENDSEC\n0\nEOF\n"


def block(name: str, entities: str) -> str:
    return f"0\nBLOCK\n8\n0\n2\n{name}\n70\n0\n10\n0\n20\n0\n3\n{name}\n{entities}0\nENDBLK\n8\n0\n"


def insert(name: str) -> str:
    return f"0\nINSERT\n8\n0\n2\n{name}\n10\n0\n20\n0\n"


def line(a: np.ndarray, b: np.ndarray) -> str:
    return f"0\nLINE\n8\n0\n10\n{a[0]}\n20\n{a[1]}\n11\n{b[0]}\n21\n{b[1]}\n"


def exploded(count: int) -> str:
    """An outline in lines shorter than the gap at which ends meet, in no order, some of them turned round."""
    rng = np.random.default_rng(0)
    corners = OVAL[:: len(OVAL) // count]
    lines = [(a, b) if rng.random() < 0.5 else (b, a) for a, b in zip(corners, [*corners[1:], corners[0]], strict=True)]
    return dxf("".join(line(*lines[k]) for k in rng.permutation(len(lines))))


def polygon() -> str:
    return SVG.format(f'<polygon points="{" ".join(f"{x:.4f},{y:.4f}" for x, y in OVAL[:-1])}"/>')


@pytest.mark.parametrize(("name", "text"), [("a.dxf", exploded(4000)), ("a.svg", polygon())])
def test_an_outline_of_thousands_of_corners_is_read_without_those_that_tell_nothing(
    tmp_path: Path, name: str, text: str
) -> None:
    (tmp_path / name).write_text(text)
    outline = read_outline(tmp_path / name)
    assert area_mm2(outline) == pytest.approx(OVAL_MM2, rel=1e-3)
    assert 100 < len(outline) < 1000


TREE = block("A0", line(OVAL[0], OVAL[1])) + "".join(block(f"A{k}", 2 * insert(f"A{k - 1}")) for k in range(1, 32))
USES = '<g id="a0"><circle r="40"/></g>' + "".join(
    f'<g id="a{k}"><use href="#a{k - 1}"/><use href="#a{k - 1}"/></g>' for k in range(1, 40)
)
DRAWINGS = {
    "tree.dxf": (dxf(insert("A31"), TREE), r"found 1.07e\+10 curves in tree.dxf, expected 20,000 or fewer"),
    "self.dxf": (dxf(insert("A"), block("A", insert("A"))), "no readable DXF in self.dxf .it names itself"),
    "huge.dxf": (dxf("0\nCIRCLE\n8\n0\n10\n0\n20\n0\n40\n1e12\n"), r"a closed curve of 2e\+12 mm"),
    "tree.svg": (SVG.format(f'{USES}<use href="#a39"/>'), r"found 8.25e\+12 curves"),
    "self.svg": (SVG.format('<g id="a"><use href="#a"/></g>'), "no readable SVG in self.svg .it names itself"),
    "huge.svg": (SVG.format('<circle r="1e7"/>'), r"a closed curve of 2e\+07 mm"),
    "cross.svg": (SVG.format('<path d="M0 0 L200 80 L200 0 L0 80 Z"/>'), "crosses itself"),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_drawings_without_end_are_refused(tmp_path: Path, name: str) -> None:
    text, says = DRAWINGS[name]
    (tmp_path / name).write_text(text)
    with pytest.raises(ScanError, match=says):
        read_outline(tmp_path / name)


def test_a_comb_does_not_cross_itself_and_a_tooth_bent_over_the_next_does(tmp_path: Path) -> None:
    """Of thousands of edges that all overlap along one axis."""
    x = np.repeat(np.arange(0.0, 300.0, 0.1), 2)
    teeth = np.column_stack([x, np.tile([20.0, 80.0, 80.0, 20.0], len(x) // 4)])
    comb = np.vstack([teeth, [[299.9, 0.0], [0.0, 0.0]]])
    for bent, crosses in ((False, False), (True, True)):
        corners = comb.copy()
        corners[2001] += [0.25, 0.0] if bent else [0.0, 0.0]
        (tmp_path / "a.svg").write_text(
            SVG.format(f'<polygon points="{" ".join(f"{u:.3f},{v:.3f}" for u, v in corners)}"/>')
        )
        if crosses:
            with pytest.raises(ScanError, match="crosses itself"):
                read_outline(tmp_path / "a.svg")
        else:
            assert area_mm2(read_outline(tmp_path / "a.svg")) == pytest.approx(area_mm2(corners[::-1]), rel=0.02)


TOMLS = {
    "nested": (f"x = {'[' * 20_000}{']' * 20_000}", "brackets in brackets"),
    "dotted": (f"[{'.'.join('a' * 100_000)}]", "holds 200001 bytes"),
    "digits": (f"mass_kg = {'9' * 5000}", "is not TOML"),
    "heavy": (f"mass_kg = {'9' * 400}", "mass_kg = inf is out of range"),
    "escape": ('subject = "a\\u0001b"', "without control characters"),
    "lines": ('subject = "a\\nG0 Z-50"', "a text in one line"),
    "long": (f'subject = "{"a" * 1000}"', "200 letters or fewer"),
}


@pytest.mark.parametrize("name", TOMLS)
def test_facts_that_nobody_writes_are_refused(tmp_path: Path, name: str) -> None:
    text, says = TOMLS[name]
    (tmp_path / "scan.toml").write_text(text)
    with pytest.raises(ScanError, match=says):
        read_facts(tmp_path / "scan.toml", "scan")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_in_place_of_a_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "scan.toml")
    with pytest.raises(ScanError, match="it is no file"):
        read_toml(tmp_path / "scan.toml")


def test_a_value_on_the_command_line_that_no_parser_takes_is_a_text() -> None:
    assert parsed_value("[" * 20_000) == "[" * 20_000 and parsed_value("9" * 5000) == "9" * 5000
    assert parsed_value("[1, 2]") == [1, 2] and parsed_value("shell") == "shell"


@pytest.mark.parametrize("name", ["", ".", "..", "a\x1b[31m", "n\udcff", "a\nb"])
def test_names_that_no_folder_of_outputs_can_have(name: str) -> None:
    with pytest.raises(ScanError, match=r"found a scan called '.*expected a name for its folder of outputs"):
        refuse_wrong_name(Path("scans") / name, name)
    refuse_wrong_name(Path("scans/Füße 3..b"), "Füße 3..b")


def test_no_cell_is_a_formula() -> None:
    data = csv_table(("subject", "value"), [{"subject": "=cmd|calc", "value": -1.5}, {"subject": "a-b", "value": 2}])
    assert list(csv.reader(io.StringIO(data.decode()))) == [["subject", "value"], ["'=cmd|calc", "-1.5"], ["a-b", "2"]]
