"""Files that are damaged, endless or meant to harm: refused in words, or taken for what they are."""

from __future__ import annotations

import csv
import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
import trimesh
from click.testing import CliRunner

from scanproc.cli import main
from scanproc.commands.report_options import read_clinic
from scanproc.errors import ScanError, visible
from scanproc.formats.spreadsheets import csv_table
from scanproc.mesh.polygons import area_mm2
from scanproc.readers.captured import read_notes
from scanproc.readers.certificates import read_certificate
from scanproc.readers.facts import read_facts
from scanproc.readers.outline_files import read_outline
from scanproc.readers.wrong_files import refuse_wrong_name
from scanproc.scan import open_scan
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
    "dotted values": (f"x = {{ {'.'.join('1' * 20_000)} = 1 }}", "line 1 has [0-9]+ dots between names"),
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


def test_numbers_texts_and_remarks_have_as_many_dots_as_they_like(tmp_path: Path) -> None:
    dots = 300 * "."
    (tmp_path / "a.toml").write_text(
        f"x = [{', '.join(300 * ['1.5'])}]  # {dots}\ny = \"{dots}\"\nz = '{dots}'\n# {dots}"
    )
    assert read_toml(tmp_path / "a.toml") == {"x": 300 * [1.5], "y": dots, "z": dots}


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


# ------------------------------------------------------------------------------------------ what scripts/fuzz found


PLY_ROWS = "element vertex 4\nproperty float x\nproperty float y\nproperty float z\nend_header\n" + "0 0 1\n" * 4


@pytest.mark.parametrize("line", ["comment " + "c" * 1100, "element " + "e" * 300 + " 0", "comment\n" + "x" * 2000])
def test_a_cloud_whose_lines_run_over_the_parser_s_room_is_refused(tmp_path: Path, line: str) -> None:
    """RPly in open3d 0.20 writes past its 1024 bytes: glibc ends the program, others may not."""
    (tmp_path / "clouds").mkdir()
    (tmp_path / "clouds" / "0.ply").write_text(f"ply\nformat ascii 1.0\n{line}\n{PLY_ROWS}")
    with pytest.raises(ScanError, match=r"0\.ply is broken"):
        open_scan(tmp_path)


def test_a_map_of_the_warp_with_a_damaged_header_is_refused(tmp_path: Path) -> None:
    (tmp_path / "camera-7.toml").write_text('scale = 1.0\nscale_sd = 0.001\nwarp = "map.npy"\n')
    np.save(tmp_path / "map.npy", np.zeros((4, 4)))
    whole = (tmp_path / "map.npy").read_bytes()
    for broken in (whole.replace(b"(4, 4)", b"(4,'''"), whole.replace(b"(4, 4)", b"(9**9)"), whole[:40], b"PK\x03\x04"):
        (tmp_path / "map.npy").write_bytes(broken)
        with pytest.raises(ScanError, match=r"map\.npy cannot be read"):
            read_certificate(tmp_path / "camera-7.toml")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (f"scale = {'9' * 400}", "scale = 9+; expected a number"),
        (f"range_mm = [200, {'9' * 400}]", "expected two distances"),
        ('serial = "a\\u001b[31m"', "text in one line"),
        (f'date = "{"d" * 300}"', "text in one line"),
    ],
)
def test_a_certificate_that_nobody_writes_is_refused(tmp_path: Path, line: str, says: str) -> None:
    (tmp_path / "camera-7.toml").write_text(
        f"scale_sd = 0.001\n{'scale = 1.0' if 'scale' not in line else ''}\n{line}\n"
    )
    with pytest.raises(ScanError, match=says) as refused:
        read_certificate(tmp_path / "camera-7.toml")
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize("size", [100, 2000])
def test_a_dxf_that_is_cut_off_is_refused(tmp_path: Path, size: int) -> None:
    whole = exploded(60)
    for end in (0, 1, 3, size):
        (tmp_path / "a.dxf").write_text(whole[:end])
        with pytest.raises(ScanError, match=r"a\.dxf"):
            read_outline(tmp_path / "a.dxf")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_drawing_has_no_entities(tmp_path: Path, encoding: str) -> None:
    bomb = '<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b SYSTEM "file:///etc/passwd">]>'
    text = f'<?xml version="1.0" encoding="{encoding}"?>{bomb}' + SVG.format('<circle r="60"/><desc>&a;</desc>')
    (tmp_path / "a.svg").write_text(text, encoding=encoding)
    with pytest.raises(ScanError, match=r"entities in a\.svg"):
        read_outline(tmp_path / "a.svg")


def test_names_longer_than_any_file_s_name_nothing(tmp_path: Path) -> None:
    name = "a" * 300
    (tmp_path / "depth").mkdir()
    (tmp_path / "depth.txt").write_text(f"0.0 depth/{name}.png\n")
    for refused, says in (
        (lambda: open_scan(tmp_path), "there is no"),
        (lambda: open_scan(tmp_path / name), "does not exist"),
        (lambda: read_outline(tmp_path / f"{name}.svg"), "no file"),
    ):
        with pytest.raises(ScanError, match=says):
            refused()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_clinic_s_logo_is_a_file_and_no_longer_than_a_page_holds(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "logo.png")
    (tmp_path / "clinic.toml").write_text('logo = "logo.png"')
    with pytest.raises(ScanError, match="it is no file"):
        read_clinic(tmp_path / "clinic.toml")
    (tmp_path / "clinic.toml").write_text('logo = "/dev/zero"')
    with pytest.raises(ScanError, match="it is no file"):
        read_clinic(tmp_path / "clinic.toml")


def test_notes_of_a_capture_that_nobody_wrote_are_refused(tmp_path: Path) -> None:
    for share in ("9" * 400, "[]", '"a"', "[" * 5000):
        (tmp_path / "capture.json").write_text(f'{{"views": 3, "share": {share}, "missing": []}}')
        with pytest.raises(ScanError, match=r"capture\.json cannot be read"):
            read_notes(tmp_path)


def test_a_mesh_of_flat_points_is_refused(tmp_path: Path) -> None:
    flat = trimesh.creation.icosphere(subdivisions=2)
    lines = [f"v {x:.4f} {y:.4f}" for x, y, _ in flat.vertices] + [
        f"f {a + 1} {b + 1} {c + 1}" for a, b, c in flat.faces
    ]
    (tmp_path / "foot.obj").write_text("\n".join(lines))
    with pytest.raises(ScanError, match="expected points in space"):
        open_scan(tmp_path)


def test_a_list_that_names_an_image_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "depth").mkdir()
    (tmp_path / "depth" / "0.png").write_bytes(b"x")
    (tmp_path / "depth.txt").write_text("0.0 depth/0.png\n0.1 depth/0.png\n")
    with pytest.raises(ScanError, match=r"0\.png is listed twice"):
        open_scan(tmp_path)


def test_a_ply_whose_faces_have_no_name_is_refused(tmp_path: Path) -> None:
    """trimesh 5.2 looks for what it never found."""
    flat = trimesh.creation.icosphere(subdivisions=2)
    flat.export(tmp_path / "foot.ply", encoding="ascii")
    text = (tmp_path / "foot.ply").read_text()
    (tmp_path / "foot.ply").write_text(text.replace("int vertex_indices", "int float"))
    with pytest.raises(ScanError, match="cannot be read as a mesh"):
        open_scan(tmp_path)


def test_a_3mf_that_is_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "foot.3mf", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("3D/3dmodel.model", bytes(121_000_000))
    assert (tmp_path / "foot.3mf").stat().st_size < 1_000_000
    with pytest.raises(ScanError, match="more than 120,000,000 bytes when unpacked"):
        open_scan(tmp_path)
    data = bytearray((tmp_path / "foot.3mf").read_bytes())
    place = data.rindex(b"PK\x01\x02") + 24
    data[place : place + 4] = (1000).to_bytes(4, "little")  # the directory says that it is 1000 bytes long
    (tmp_path / "foot.3mf").write_bytes(data)
    with pytest.raises(ScanError, match="cannot be read as 3MF"):
        open_scan(tmp_path)


def test_a_3mf_whose_names_are_in_no_language_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "foot.3mf", "w") as archive:
        archive.writestr("ä.model", b"<model/>")  # kept as UTF-8
    data = (tmp_path / "foot.3mf").read_bytes()
    (tmp_path / "foot.3mf").write_bytes(data.replace("ä".encode(), b"\xae\xae", 1))  # but where the entry begins
    with pytest.raises(ScanError, match="cannot be read as 3MF"):
        open_scan(tmp_path)


def test_a_file_longer_than_any_scan_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "foot.stl").open("wb") as file:
        file.truncate(600_000_000)  # takes no room on the disk
    with pytest.raises(ScanError, match=r"holds 600,000,000 bytes; expected 500,000,000 or fewer"):
        open_scan(tmp_path)


def test_a_mesh_of_more_faces_than_any_foot_needs_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    foot = trimesh.creation.icosphere(subdivisions=3)
    foot.apply_scale([125.0, 48.0, 35.0])
    foot.export(tmp_path / "foot.stl")
    open_scan(tmp_path)
    monkeypatch.setattr("scanproc.readers.meshes._MOST_FACES", 1000)
    with pytest.raises(ScanError, match=r"has 1,280 faces; expected 1,000 or fewer"):
        open_scan(tmp_path)


def test_outputs_never_go_into_a_recording_or_beside_their_folder(tmp_path: Path) -> None:
    """By --out, or by a name that leads up."""
    foot = trimesh.creation.icosphere(subdivisions=3)
    foot.apply_scale([125.0, 48.0, 35.0])
    (tmp_path / "scans" / "x").mkdir(parents=True)
    foot.export(tmp_path / "scans" / "x" / "foot.ply")
    foot.export(tmp_path / "...ply")
    before = sorted(tmp_path.rglob("*"))
    for scan, out, says in (
        ("scans/x", "scans", "would go into the recording"),
        ("scans/x", "scans/x", "would go into the recording"),
        ("scans/x", "scans/x/results/of/may", "would go into the recording"),
        ("...ply", "a/out", "found a scan called '..'"),
    ):
        done = CliRunner().invoke(main, ["run", str(tmp_path / scan), "--to", "align", "--out", str(tmp_path / out)])
        assert done.exit_code == 1 and says in done.stderr
        assert sorted(tmp_path.rglob("*")) == before


def test_names_of_files_move_no_cursor(tmp_path: Path) -> None:
    name = "e\x1b[2J\x07vil\u202e\udcff"
    assert visible(name + "\n\tü") == "e\\x1b[2J\\x07vil\\u202e\\udcff\n\tü"
    assert str(ScanError(f"{name} is broken")) == "e\\x1b[2J\\x07vil\\u202e\\udcff is broken"
    (tmp_path / "scan" / "clouds").mkdir(parents=True)
    (tmp_path / "scan" / "clouds" / "e\x1b[2Jvil.ply").write_text("ply")
    (tmp_path / "e\x1b[2J").mkdir()
    out = ["--out", str(tmp_path / "out")]
    for words in (
        ["run", "scan"],
        ["inspect", "scan"],
        ["batch", "scan", "e\x1b[2J"],
        ["run", "e\x1b[2J"],
    ):
        said = CliRunner().invoke(
            main,
            [*words[:1], *(str(tmp_path / word) for word in words[1:]), *out[: 0 if words[0] == "inspect" else 2]],
            color=True,
        )
        assert said.exit_code == 1 and "\x1b" not in said.output and "e\\x1b[2J" in said.output, words
