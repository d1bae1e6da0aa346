"""The formats in which a part leaves the program: STL, 3MF, DXF. Same part, same bytes: no clock, no chance."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import numpy as np

from scanproc.artifacts import Mesh
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.solid.topology import welded

_STL_FACET = np.dtype([("normal", "<f4", (3,)), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])


def write_stl(mesh: Mesh, name: str) -> bytes:
    """Return a binary STL in mm; `name` goes into its 80 bytes of header, which must not begin with "solid"."""
    facets = np.zeros(len(mesh.faces), dtype=_STL_FACET)
    corners = mesh.vertices[mesh.faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    facets["normal"] = normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-30)
    facets["corners"] = corners
    header = f"scanproc {name} unit mm".encode("ascii", errors="replace")[:80].ljust(80)
    return b"".join([header, np.uint32(len(facets)).tobytes(), facets.tobytes()])


def read_stl(data: bytes) -> Mesh:
    """Return the mesh of a binary STL, equal corners made one vertex.

    Raises
    ------
    ScanError
        If the bytes are not a whole binary STL.
    """
    count = int(np.frombuffer(data[80:84], dtype="<u4")[0]) if len(data) >= 84 else -1
    if len(data) != 84 + _STL_FACET.itemsize * count:
        raise ScanError(f"{len(data)} bytes are not a binary STL of {count} triangles. Write the file again.")
    facets = np.frombuffer(data, dtype=_STL_FACET, offset=84)
    return welded(facets["corners"].astype(np.float64))


def write_3mf(mesh: Mesh, name: str, facts: dict[str, str]) -> bytes:
    """Return a 3MF in mm with one object.

    Parameters
    ----------
    facts : metadata by name, such as Title; names without a namespace must be those of the 3MF core specification.
    """
    import lib3mf  # type: ignore[import-untyped]

    library = lib3mf.get_wrapper()
    model = library.CreateModel()
    model.SetUnit(lib3mf.ModelUnit.MilliMeter)
    part = model.AddMeshObject()
    part.SetName(name)
    positions = np.ascontiguousarray(mesh.vertices, dtype=np.float32)
    triangles = np.ascontiguousarray(mesh.faces, dtype=np.uint32)
    part.SetGeometry(
        (lib3mf.Position * len(positions)).from_buffer_copy(positions.tobytes()),
        (lib3mf.Triangle * len(triangles)).from_buffer_copy(triangles.tobytes()),
    )
    item = model.AddBuildItem(part, library.GetIdentityTransform())
    metadata = model.GetMetaDataGroup()
    for key, value in facts.items():
        metadata.AddMetaData("", key, value, "xs:string", True)
    # Identifiers that follow from the content, where lib3mf would draw random ones.
    content = uuid.uuid5(uuid.NAMESPACE_OID, f"{name} {positions.tobytes().hex()}")
    part.SetUUID(str(uuid.uuid5(content, "part")))
    item.SetUUID(str(uuid.uuid5(content, "item")))
    model.SetBuildUUID(str(uuid.uuid5(content, "build")))
    return bytes(model.QueryWriter("3mf").WriteToBuffer())


def read_3mf(data: bytes) -> Mesh:
    """Return the mesh of a 3MF with one object, equal corners made one vertex."""
    import lib3mf

    model = lib3mf.get_wrapper().CreateModel()
    model.QueryReader("3mf").ReadFromBuffer(data)
    parts = model.GetMeshObjects()
    parts.MoveNext()
    part = parts.GetCurrentMeshObject()
    vertices = np.array([vertex.Coordinates[:] for vertex in part.GetVertices()], dtype=np.float64)
    faces = np.array([triangle.Indices[:] for triangle in part.GetTriangleIndices()], dtype=np.int32)
    return welded(vertices[faces])


def write_outline_dxf(outline: FloatArray, layer: str) -> bytes:
    """Return a closed (K, 2) curve, mm, as a polyline in a DXF of release 12: no dates, no identifiers.

    Its header states version and unit (`$INSUNITS` 4 is mm), without which some programs read metres or inches, and its
    tables hold the layer. Group codes: Autodesk, DXF Reference, release 12.
    """
    low, high = outline.min(axis=0), outline.max(axis=0)
    header: list[tuple[int, object]] = [(9, "$ACADVER"), (1, "AC1009"), (9, "$INSUNITS"), (70, 4)]
    header += [(9, "$MEASUREMENT"), (70, 1), (9, "$EXTMIN"), *_dxf_point(low), (9, "$EXTMAX"), *_dxf_point(high)]
    line_type: list[tuple[int, object]] = [(0, "LTYPE"), (2, "CONTINUOUS"), (70, 0), (3, "Solid line"), (72, 65)]
    line_type += [(73, 0), (40, 0.0)]
    layers = [tag for name in ("0", layer) for tag in ((0, "LAYER"), (2, name), (70, 0), (62, 7), (6, "CONTINUOUS"))]
    tables = [*_dxf_table("LTYPE", 1, line_type), *_dxf_table("LAYER", 2, layers)]
    curve: list[tuple[int, object]] = [(0, "POLYLINE"), (8, layer), (66, 1), (70, 1), *_dxf_point(np.zeros(2))]
    for point in outline:
        curve += [(0, "VERTEX"), (8, layer), *_dxf_point(point)]
    curve += [(0, "SEQEND"), (8, layer)]
    sections = [("HEADER", header), ("TABLES", tables), ("ENTITIES", curve)]
    tags = [tag for name, inside in sections for tag in ((0, "SECTION"), (2, name), *inside, (0, "ENDSEC"))]
    return "".join(f"{code:3d}\n{value}\n" for code, value in [*tags, (0, "EOF")]).encode("ascii")


def _dxf_table(name: str, count: int, rows: Sequence[tuple[int, object]]) -> list[tuple[int, object]]:
    return [(0, "TABLE"), (2, name), (70, count), *rows, (0, "ENDTAB")]


def _dxf_point(point: FloatArray) -> list[tuple[int, object]]:
    return [(10, f"{point[0]:.6f}"), (20, f"{point[1]:.6f}"), (30, "0.0")]
