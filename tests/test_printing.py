"""Hand-over to a printer: postures and supports of shapes known by formula, fewer triangles, parts on one bed."""

from __future__ import annotations

import json

import numpy as np
import open3d as o3d
import pytest
from test_closed_solid import plate

from scanproc.artifacts import Insole, Insoles, Making, Mesh, ScanFacts
from scanproc.errors import ScanError
from scanproc.formats.solid_files import read_3mf, read_stl
from scanproc.frames import FloatArray, transform
from scanproc.printing.hand_over import hand_over
from scanproc.printing.orientation import advised
from scanproc.printing.plate import PlatePart, laid_on_bed
from scanproc.printing.postures import Posture, PostureName, postures
from scanproc.printing.printer import PrinterConfig
from scanproc.printing.supports import Supports, supports
from scanproc.several.print_plate import plate_files
from scanproc.solid.closed_solid import closed_solid, coarse_plan
from scanproc.solid.decimation import decimated
from scanproc.solid.greedy_insertion import Sheet, snapped_plan
from scanproc.solid.topology import topology
from scanproc.stages.export import ExportConfig, export


def sphere(radius: float, around: int = 120) -> Mesh:
    """A sphere on z = 0, by longitude and latitude."""
    u = np.linspace(0.0, 2.0 * np.pi, around, endpoint=False)
    v = np.linspace(0.0, np.pi, around // 2 + 1)[1:-1]
    rings = np.stack(
        [np.outer(np.sin(v), np.cos(u)), np.outer(np.sin(v), np.sin(u)), np.outer(-np.cos(v), np.ones(around))]
    )
    vertices = radius * np.vstack([rings.reshape(3, -1).T, [[0.0, 0.0, -1.0], [0.0, 0.0, 1.0]]]) + [0.0, 0.0, radius]
    k, rows, south = np.arange(around), len(v), len(v) * around
    following = (k + 1) % around
    faces = [np.column_stack([np.full(around, south), following, k])]
    for row in range(rows - 1):
        a, b = row * around, (row + 1) * around
        faces += [
            np.column_stack([a + k, a + following, b + k]),
            np.column_stack([b + k, a + following, b + following]),
        ]
    top = (rows - 1) * around
    faces.append(np.column_stack([np.full(around, south + 1), top + k, top + following]))
    return Mesh(vertices, np.vstack(faces).astype(np.int32))


def box(low: tuple[float, float, float], high: tuple[float, float, float]) -> Mesh:
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], dtype=np.float64)
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    faces = [triangle for a, b, c, d in quads for triangle in ((a, b, c), (a, c, d))]
    return Mesh(np.array(low) + corners * (np.array(high) - low), np.array(faces, dtype=np.int32))


def together(*meshes: Mesh) -> Mesh:
    before = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)])
    faces = [mesh.faces + np.int32(first) for mesh, first in zip(meshes, before, strict=False)]
    return Mesh(np.vstack([mesh.vertices for mesh in meshes]), np.vstack(faces))


def test_a_sphere_hangs_over_where_it_is_flatter_than_asked() -> None:
    """Cap of 45 degrees: 2 pi r2 (1 - cos 45); under it a cylinder less the cap itself."""
    radius = 20.0
    found = supports(sphere(radius), 0.0, 45.0)
    share = 1.0 - np.sqrt(0.5)
    cap = np.pi * (share * radius) ** 2 * (3.0 - share) * radius / 3.0
    under = np.pi * 0.5 * radius**2 * share * radius - cap
    assert found.overhang_mm2 == pytest.approx(2.0 * np.pi * radius**2 * share, rel=0.06)
    assert found.volume_mm3 == pytest.approx(under, rel=0.12)
    assert supports(sphere(radius), 0.0, 30.0).overhang_mm2 < 0.5 * found.overhang_mm2


def test_supports_end_on_what_lies_below() -> None:
    """A plate 30 mm over the bed, half of it over a block of 10 mm: 20 mm to the block, 30 mm to the bed."""
    below, above = box((0.0, 0.0, 0.0), (10.0, 10.0, 10.0)), box((0.0, 0.0, 30.0), (20.0, 10.0, 33.0))
    whole = together(below, above)
    assert supports(whole, 0.2, 45.0).overhang_mm2 == pytest.approx(200.0)
    halves = together(below, box((0.0, 0.0, 30.0), (10.0, 10.0, 33.0)), box((10.0, 0.0, 30.0), (20.0, 10.0, 33.0)))
    assert supports(halves, 0.2, 45.0).volume_mm3 == pytest.approx(100.0 * 20.0 + 100.0 * 30.0)


def test_a_plate_needs_no_support_flat_and_stands_on_its_edge() -> None:
    found = postures(plate(), 0.2, 45.0)
    flat, edge = found["flat"], found["edge"]
    assert flat.supports.overhang_mm2 == 0.0 and flat.layers(0.2) == 15 and flat.layers(0.25) == 12
    assert flat.size_mm == pytest.approx([80.0, 50.0, 3.0], abs=0.05)
    assert edge.size_mm == pytest.approx([80.0, 3.0, 50.0], abs=0.05)
    assert edge.layers(0.2) == pytest.approx(250, abs=1)
    stood = transform(edge.T_bed_print, plate().vertices)
    assert stood.min(axis=0) == pytest.approx([0.0, 0.0, 0.0], abs=1e-9)
    assert np.linalg.det(edge.T_bed_print[:3, :3]) == pytest.approx(1.0)
    # An ellipse on its edge hangs over on both ends, where its outline is flatter than 45 degrees.
    angle = np.linspace(-np.pi, 0.0, 20_001)
    x, y = 40.0 * np.cos(angle), 25.0 * np.sin(angle)
    step = np.hypot(np.diff(x), np.diff(y))
    hangs = (np.abs(np.diff(y)) < np.abs(np.diff(x))) & (y[1:] > -25.0 + 0.2)  # the first layer lies on the bed
    assert edge.supports.overhang_mm2 == pytest.approx(3.0 * step[hangs].sum(), rel=0.05)


def test_the_edge_is_the_one_that_takes_less_support() -> None:
    """A rib along the left side: it hangs over in the air if the right side is down, no more if the left is."""
    wedge = np.array([[0.0, 0.0], [60.0, 0.0], [60.0, 20.0], [0.0, 20.0]])
    outline = snapped_plan(
        np.vstack(
            [
                wedge[k] + np.linspace(0, 1, 40, endpoint=False)[:, None] * (wedge[(k + 1) % 4] - wedge[k])
                for k in range(4)
            ]
        )
    )
    plan = coarse_plan(outline, 2.0)

    def solid(high_at: float) -> Mesh:
        z = 3.0 + 8.0 * np.exp(-(((plan.xy[:, 1] - high_at) / 3.0) ** 2))
        top = Sheet(np.column_stack([plan.xy, z]), plan.faces)
        return closed_solid(top, Sheet(np.column_stack([plan.xy, np.zeros(len(z))]), plan.faces), len(outline))

    assert postures(solid(2.0), 0.2, 45.0)["edge"].edge_down == "right"
    assert postures(solid(18.0), 0.2, 45.0)["edge"].edge_down == "left"


# ---------------------------------------------------------------------------------------------- fewer triangles


def bowl(spacing: float = 1.0) -> Mesh:
    angle = np.linspace(0.0, 2.0 * np.pi, 240, endpoint=False)
    outline = snapped_plan(np.column_stack([40.0 * np.cos(angle), 25.0 * np.sin(angle)]))
    plan = coarse_plan(outline, spacing)

    def sheet(lift: float) -> Sheet:
        z = lift + 8.0 * ((plan.xy / [40.0, 25.0]) ** 2).sum(axis=1)
        return Sheet(np.column_stack([plan.xy, z]), plan.faces)

    solid = closed_solid(sheet(3.0), sheet(0.0), len(outline))
    return Mesh(solid.vertices.astype(np.float32).astype(np.float64), solid.faces)


def distance_to(mesh: Mesh, points: FloatArray) -> FloatArray:
    """By open3d, in single precision."""
    scene = o3d.t.geometry.RaycastingScene()
    scene.add_triangles(mesh.vertices.astype(np.float32), mesh.faces.astype(np.uint32))
    return np.asarray(scene.compute_distance(points.astype(np.float32)).numpy())


def test_fewer_triangles_lie_as_near_as_is_said() -> None:
    whole = bowl()
    found = decimated(whole, 1500, 0.3)
    form = topology(found.mesh)
    assert len(found.mesh.faces) <= 1500 < len(whole.faces) // 2
    assert (form.open_edges, form.flipped_edges, form.bodies) == (0, 0, 1)
    assert form.volume_mm3 == pytest.approx(topology(whole).volume_mm3, rel=0.02)
    corners = np.random.default_rng(0).dirichlet([1.0, 1.0, 1.0], 1)
    for a, b, said in ((found.mesh, whole, found.from_it_mm), (whole, found.mesh, found.to_it_mm)):
        places = np.vstack([a.vertices, np.einsum("kc,fcd->fkd", corners, a.vertices[a.faces]).reshape(-1, 3)])
        assert 0.5 * said < distance_to(b, places[:: max(len(places) // 3000, 1)]).max() <= said + 1e-4
        assert 0.0 < said <= 0.3


def test_too_few_triangles_are_refused_with_numbers() -> None:
    with pytest.raises(ScanError, match=r"expected up to 60 \(export.max_triangles\) within 0.01 mm .*Raise one"):
        decimated(bowl(2.0), 60, 0.01)
    whole = bowl(2.0)
    same = decimated(whole, len(whole.faces), 0.01)
    assert same.mesh is whole and same.from_it_mm == 0.0


def test_the_stl_alone_has_fewer_triangles() -> None:
    solid = bowl()
    outline = solid.vertices[:240, :2]
    insole = Insole("left", solid, outline, (), making=Making(material="TPU"))
    config = ExportConfig(max_triangles=1500, max_deviation_mm=0.3, template=False)
    files = export(Insoles((insole,)), ScanFacts("s"), config).files
    assert len(read_stl(files["left.stl"]).faces) <= 1500
    (body,) = read_3mf(files["left.3mf"])
    assert len(body.mesh.faces) == len(solid.faces) and (body.name, body.material) == ("s left insole", "TPU")
    told = json.loads(files["left-printing.json"])
    assert told["stl"]["triangles"] <= 1500 and 0.0 < told["stl"]["off_part_mm"] <= 0.3
    tight = ExportConfig(max_triangles=60, max_deviation_mm=0.01)
    with pytest.raises(ScanError, match=r"export\.max_triangles"):
        export(Insoles((insole,)), ScanFacts("s"), tight)


# ------------------------------------------------------------------------------------------------------ one bed


def parts(count: int, material: str = "PA12") -> list[PlatePart]:
    return [PlatePart(f"part {number}", plate(), material) for number in range(count)]


def test_a_plate_is_one_3mf_of_named_parts_apart_from_each_other() -> None:
    printer = PrinterConfig(bed_x_mm=120.0, bed_y_mm=120.0)
    laid, files = plate_files(parts(2), printer)
    found = read_3mf(files["plate.3mf"])
    assert [(body.name, body.material) for body in found] == [("part 0", "PA12"), ("part 1", "PA12")]
    a, b = (transform(body.T_bed_part, body.mesh.vertices) for body in found)
    assert all(xyz.min() >= -0.01 and (xyz[:, :2] <= 120.0).all() for xyz in (a, b))
    gap = np.linalg.norm(a[:, None, :2] - b[None, :, :2], axis=2).min()
    assert 5.0 - 1e-3 <= gap < 8.0
    for one, body in zip(laid.parts, found, strict=True):
        assert body.T_bed_part == pytest.approx(one.T_bed_print, abs=1e-3)
    told = json.loads(files["plate.json"])
    assert told["bed_mm"][:2] == [120.0, 120.0] and told["parts"][0]["layers"] == 15
    assert files == plate_files(parts(2), printer)[1]


def test_what_does_not_fit_on_the_bed_is_refused_with_what_would_help() -> None:
    small = PrinterConfig(bed_x_mm=100.0, bed_y_mm=100.0)
    with pytest.raises(ScanError, match=r"room for 1 of 3 .*\(80 x 50 mm\).*They take 3 beds\. .*edge\" they all fit"):
        laid_on_bed(parts(3), small)
    edge = laid_on_bed(parts(3), PrinterConfig(bed_x_mm=100.0, bed_y_mm=100.0, posture="edge"))
    assert edge.size_mm.min() < 40.0
    with pytest.raises(ScanError, match=r"part 0 50\.0 mm high \(edge\), expected up to .*bed_z_mm = 40"):
        laid_on_bed(parts(1), PrinterConfig(posture="edge", bed_z_mm=40.0))


def test_parts_of_two_materials_share_no_bed() -> None:
    with pytest.raises(ScanError, match=r"part 0 of PA12 and part 0 of TPU, expected one insole.material"):
        laid_on_bed([*parts(1), *parts(1, "TPU")], PrinterConfig())


# --------------------------------------------------------------------------------------------------- orientation


def posture(name: PostureName, high: float, held: float, touches: float, steps: float) -> Posture:
    return Posture(name, np.eye(4), "", np.array([80.0, 50.0, high]), Supports(10.0, held), touches, steps)


def test_contact_and_steps_of_a_posture() -> None:
    """A plate of 80 x 50 mm, an ellipse: it lies on its whole area; level faces show no steps."""
    flat = postures(plate(), 0.2, 45.0)["flat"]
    assert flat.contact_mm2 == pytest.approx(np.pi * 40.0 * 25.0, rel=0.01) and flat.stepped_mm2 == 0.0
    radius = 20.0  # of a sphere: both caps between 0.5 and 20 degrees from the level
    caps = 2.0 * 2.0 * np.pi * radius**2 * (np.cos(np.deg2rad(0.5)) - np.cos(np.deg2rad(20.0)))
    ball = postures(sphere(radius, 400), 0.2, 45.0)["flat"]
    assert ball.stepped_mm2 == pytest.approx(caps, rel=0.06)
    # Within a layer of 0.2 mm: a cap of that height.
    assert ball.contact_mm2 == pytest.approx(2.0 * np.pi * radius * 0.2, rel=0.15)


@pytest.mark.parametrize(
    ("edge_held", "edge_steps", "material", "high", "best"),
    [
        (4000.0, 9000.0, "PETG", 90.0, "edge"),  # less than half of the supports
        (6000.0, 100.0, "PETG", 90.0, "flat"),  # steps do not count by filament
        (4000.0, 9000.0, "PA12", 90.0, "flat"),  # nor supports by powder
        (9000.0, 4000.0, "PA12", 90.0, "edge"),
        (4000.0, 4000.0, "PETG", 300.0, "flat"),  # over the printer
    ],
)
def test_the_advised_posture(edge_held: float, edge_steps: float, material: str, high: float, best: str) -> None:
    found: dict[PostureName, Posture] = {
        "flat": posture("flat", 20.0, 10_000.0, 150.0, 10_000.0),
        "edge": posture("edge", high, edge_held, 90.0, edge_steps),
    }
    told = advised(found, material, PrinterConfig())
    assert told.posture == best and f"{found[best].layers(0.2)} layers" in told.why  # type: ignore[index]
    assert ("brim" in told.why) == (material == "PETG") and ("bed_z_mm" in told.why) == (high > 256.0)
    assert advised(found, material, PrinterConfig(prints="filament")).by == "filament"


def test_a_shell_s_advice_stands_beside_its_postures() -> None:
    told = json.loads(hand_over(bowl(), "PETG", PrinterConfig(), None))
    flat, edge = told["postures"]
    best = edge if edge["supports_mm3"] < 0.5 * flat["supports_mm3"] else flat
    assert told["advice"]["posture"] == best["posture"] and told["advice"]["prints"] == "filament"
    assert flat["contact_mm2"] > 0.0 and f"{best['contact_mm2']:.0f} mm2 touch the bed" in told["advice"]["why"]
