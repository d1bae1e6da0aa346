"""The formats in which a part leaves the program: STL, 3MF, DXF. Same part, same bytes: no clock, no chance."""

from __future__ import annotations

import io
import uuid

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
    """Return a closed (K, 2) curve, mm, as a polyline in a DXF of release 12: no dates, no identifiers."""
    from ezdxf.addons.r12writer import r12writer

    stream = io.StringIO()
    with r12writer(stream) as drawing:
        drawing.add_polyline_2d([(float(x), float(y)) for x, y in outline], format="xy", closed=True, layer=layer)
    return stream.getvalue().encode("ascii")
