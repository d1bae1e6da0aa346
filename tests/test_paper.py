"""Templates on paper in true size, measured on the drawn page; layers to cut by."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import ezdxf
import manifold3d
import numpy as np
import pytest
from PIL import Image
from test_closed_solid import ellipse, plate

from scanproc.artifacts import ByteArray, Insole, Insoles, Making, Mesh, PlanCurve, ScanFacts
from scanproc.formats.paper import write_pdf, write_png
from scanproc.formats.part_plan import PartPlan, plan_drawing, plan_dxf
from scanproc.frames import FloatArray
from scanproc.machining.machine import written
from scanproc.mesh.polygons import area_mm2, offset
from scanproc.readers.outline_files import read_outline
from scanproc.stages.export import ExportConfig, export, in_print_frame

DPI = 300
SOLE = ellipse(130.0, 45.0) + np.array([130.0, 45.0])
PAD = PlanCurve("met pad", "pad", ellipse(20.0, 14.0) + np.array([170.0, 45.0]))
MARK = PlanCurve("heel centre", "mark", np.array([[30.0, 45.0], [50.0, 45.0]]))
PLAN = PartPlan("left", "demo left insole", SOLE, 3.0, (PAD, MARK))
SHORT = replace(PLAN, trim_line=ellipse(80.0, 40.0) + np.array([80.0, 40.0]), curves=())


def pages(pdf: bytes) -> list[ByteArray]:
    """Return the pages of a PDF as grey pictures of 300 dots an inch, drawn by PDFium."""
    pdfium = pytest.importorskip("pypdfium2")
    document = pdfium.PdfDocument(pdf)
    drawn = []
    for number in range(len(document)):
        page = document[number]
        drawn.append(np.asarray(page.render(scale=DPI / 72.0, grayscale=True).to_pil()))
        page.close()
    document.close()
    return drawn


def bar_mm(picture: ByteArray) -> float:
    """Return the length of the longest level line of the lowest part of a page, mm, its ends by their shares of ink."""
    low = 255.0 - picture[-round(25.0 / 25.4 * DPI) :].astype(np.float64)
    best = np.zeros(0)
    for row in low:
        edges = np.flatnonzero(np.diff(np.concatenate([[0], row > 64.0, [0]])))
        for first, last in zip(edges[::2], edges[1::2], strict=True):
            if row[first:last].sum() > best.sum():
                best = row[max(first - 1, 0) : last + 1]
    return float(np.minimum(best / np.median(best), 1.0).sum() / DPI * 25.4)


@pytest.mark.parametrize("paper", ["A4", "letter"])
def test_the_bar_on_every_page_is_100_mm_long(paper: str) -> None:
    drawn = pages(write_pdf(plan_drawing(PLAN), paper))  # type: ignore[arg-type]
    assert len(drawn) == 2
    size = {"A4": (210.0, 297.0), "letter": (215.9, 279.4)}[paper]
    for picture in drawn:
        assert picture.shape[::-1] == pytest.approx(np.array(size) / 25.4 * DPI, abs=1.0)
        assert bar_mm(picture) == pytest.approx(100.0, abs=0.1)


def test_a_short_part_takes_one_page_and_is_drawn_in_true_size() -> None:
    (picture,) = pages(write_pdf(plan_drawing(replace(SHORT, cover_margin_mm=0.0)), "A4"))
    ink = picture[: -round(25.0 / 25.4 * DPI)] < 200
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    line_mm = 0.25
    assert (np.ptp(rows) + 1) / DPI * 25.4 == pytest.approx(160.0 + line_mm, abs=0.2)
    assert (np.ptp(columns) + 1) / DPI * 25.4 == pytest.approx(80.0 + line_mm, abs=0.2)


def test_toes_are_up_and_left_is_left() -> None:
    """Seen from above, the left of the part is on the left of the page."""
    lines = plan_drawing(replace(SHORT, curves=(replace(MARK, xy=np.array([[150.0, 60.0], [150.0, 70.0]])),))).lines
    mark = lines[-1].xy
    low, high = lines[0].xy.min(axis=0), lines[0].xy.max(axis=0)
    assert (mark[:, 1] > 0.5 * (low[1] + high[1])).all() and (mark[:, 0] < 0.5 * (low[0] + high[0])).all()


def test_pages_share_a_strip_whose_crosses_fit_on_each_other() -> None:
    """Both pages show half of the part and 6 mm more; moved by half the rest, their lines and crosses coincide."""
    drawing = plan_drawing(replace(PLAN, curves=()))
    upper, lower = (picture < 200 for picture in pages(write_pdf(drawing, "A4")))
    height = float(np.ptp(np.vstack([line.xy for line in drawing.lines])[:, 1]))
    step, window = 0.5 * (height - 12.0), 0.5 * (height + 12.0)
    top_mm = 8.0 + 0.5 * (297.0 - 2 * 8.0 - 16.0 - window)
    strip = slice(round((top_mm + 0.5) / 25.4 * DPI), round((top_mm + 11.5) / 25.4 * DPI))

    def agree(moved_mm: float) -> float:
        down = round((step + moved_mm) / 25.4 * DPI)
        above, below = upper[strip.start + down : strip.stop + down], lower[strip]
        return float((above & below).sum() / (above | below).sum())

    assert agree(0.0) > 0.6 > 0.4 > agree(2.0)
    assert lower[strip].any(axis=1).mean() > 0.99  # the line runs through the strip, and the crosses stand in it
    middle = lower[strip.start + round(5.5 / 25.4 * DPI) - 3 : strip.start + round(5.5 / 25.4 * DPI) + 3].any(axis=0)
    assert middle.sum() > 2 * 7.0 / 25.4 * DPI


def test_the_png_states_its_resolution_and_is_true_to_it() -> None:
    data = write_png(plan_drawing(PLAN))
    picture = Image.open(io.BytesIO(data))
    assert picture.info["dpi"] == pytest.approx((DPI, DPI), abs=0.05)
    assert bar_mm(np.asarray(picture.convert("L"))) == pytest.approx(100.0, abs=0.1)
    assert picture.height / DPI * 25.4 > 266.0


def test_the_same_drawing_gives_the_same_bytes() -> None:
    drawing = plan_drawing(PLAN)
    assert write_pdf(drawing, "A4") == write_pdf(drawing, "A4") and write_png(drawing) == write_png(drawing)
    assert b"CreationDate" not in write_pdf(drawing, "A4")


def test_a_pseudonym_keeps_its_letters() -> None:
    """As text, in a font that comes with the page."""
    pdfium = pytest.importorskip("pypdfium2")
    name = "Łukasz Müller Жанна left insole"
    document = pdfium.PdfDocument(write_pdf(plan_drawing(replace(SHORT, name=name)), "A4"))
    text = document[0].get_textpage().get_text_range()
    document.close()
    assert text.count(name) == 2


# ---------------------------------------------------------------------------------------------------- layers


def layer(data: bytes, name: str) -> list[FloatArray]:
    drawing = ezdxf.read(io.StringIO(data.decode()))
    lines = drawing.modelspace().query(f'POLYLINE[layer=="{name}"]')
    return [np.array([vertex.dxf.location for vertex in line.vertices])[:, :2] for line in lines]


def test_each_kind_of_line_has_its_layer_and_the_drawing_is_clean(tmp_path: Path) -> None:
    pins = np.array([[-20.0, 45.0], [280.0, 45.0]])
    data = plan_dxf(replace(PLAN, pins=pins, pin_mm=6.0, stock=np.array([[-30.0, -20.0], [290.0, 110.0]])))
    drawing = ezdxf.read(io.StringIO(data.decode()))
    audit = drawing.audit()
    assert not audit.has_errors and not audit.has_fixes
    assert (drawing.acad_release, drawing.header["$INSUNITS"], drawing.header["$MEASUREMENT"]) == ("R12", 4, 1)
    names = ("TRIM_LINE", "TOP_COVER", "PADS", "MARKS", "STOCK", "PINS")
    assert all(drawing.layers.has_entry(f"LEFT_{name}_MM") for name in names)
    (trim,), (cover,), (pad,) = (layer(data, f"LEFT_{name}_MM") for name in ("TRIM_LINE", "TOP_COVER", "PADS"))
    assert trim == pytest.approx(SOLE, abs=1e-6) and pad == pytest.approx(PAD.xy, abs=1e-6)
    assert area_mm2(cover) == pytest.approx(area_mm2(offset(SOLE, 3.0)), rel=1e-6)
    for place, round_pin in zip(pins, layer(data, "LEFT_PINS_MM"), strict=True):
        assert np.linalg.norm(round_pin - place, axis=1) == pytest.approx(np.full(len(round_pin), 3.0), abs=1e-5)
    path = tmp_path / "left-outline.dxf"
    path.write_bytes(data)
    again = read_outline(path)  # the insole's border, though cover and stock are larger
    assert area_mm2(again) == pytest.approx(area_mm2(SOLE), rel=1e-4)  # corners that tell nothing are left out


def footprint_mm2(solid: Mesh) -> float:
    """Return the area that a solid covers, seen from above, by manifold3d."""
    mesh = manifold3d.Mesh(solid.vertices.astype(np.float32), solid.faces.astype(np.uint32))
    return float(manifold3d.Manifold(mesh).project().area())


def test_outline_and_template_are_the_solid_s_footprint() -> None:
    """Also of a part that the print frame tilts: the files share the coordinates of its STL."""
    solid = plate(4.0)
    tilted = Mesh(solid.vertices + np.outer(0.1 * solid.vertices[:, 0], [0.0, 0.0, 1.0]), solid.faces)
    for made, tilt in ((solid, 0.0), (tilted, np.arctan(0.1))):
        insole = Insole("left", made, ellipse(40.0, 25.0), (), curves=(replace(PAD, xy=ellipse(8.0, 6.0)),))
        files = export(Insoles((insole,)), ScanFacts("s"), ExportConfig(template=False)).files
        (trim,), (pad,) = (layer(files["left-outline.dxf"], f"LEFT_{name}_MM") for name in ("TRIM_LINE", "PADS"))
        assert area_mm2(trim) == pytest.approx(footprint_mm2(in_print_frame(made, insole.making)), rel=1e-3)
        assert trim.min(axis=0) == pytest.approx([0.0, 0.0], abs=0.05)
        middle = 0.5 * (trim.min(axis=0) + trim.max(axis=0))
        # The pad lies on the top, which a tilted part leans to one side.
        lean = 0.5 * 4.0 * np.cos(tilt) * np.sin(tilt)
        assert pad.mean(axis=0) == pytest.approx(middle + np.array([lean, 0.0]), abs=0.1)


def test_a_milled_shell_brings_stock_and_pins() -> None:
    insole = Insole("left", plate(), ellipse(40.0, 25.0), (), making=Making("mill", "shell", 12.0, material="PP"))
    config = ExportConfig(machine=written({"cutting": {"tabs": 3}}), template=False)
    data = export(Insoles((insole,)), ScanFacts("s"), config).files["left-outline.dxf"]
    (stock,), pins = layer(data, "LEFT_STOCK_MM"), layer(data, "LEFT_PINS_MM")
    assert len(pins) == 2
    assert pins[0].mean(axis=0) == pytest.approx([stock[:, 0].min() + 7.0, stock[:, 1].mean()], abs=0.01)
