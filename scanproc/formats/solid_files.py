"""The formats in which a part leaves the program to be made: STL, 3MF. Same part, same bytes: no clock, no chance."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

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


@dataclass(frozen=True)
class Body:
    """A solid in a 3MF: its name, what it is made of, and its place, (4, 4), on the bed."""

    mesh: Mesh
    name: str
    material: str = ""
    T_bed_part: FloatArray = field(default_factory=lambda: np.eye(4))


def write_3mf(bodies: Sequence[Body], facts: dict[str, str]) -> bytes:
    """Return a 3MF in mm with an object for each body, each with its material.

    Parameters
    ----------
    facts : metadata by name, such as Title; names without a namespace must be those of the 3MF core specification.
    """
    import lib3mf  # type: ignore[import-untyped]

    library = lib3mf.get_wrapper()
    model = library.CreateModel()
    model.SetUnit(lib3mf.ModelUnit.MilliMeter)
    materials: dict[str, tuple[int, int]] = {}  # group and number by name
    if names := sorted({body.material for body in bodies} - {""}):
        group = model.AddBaseMaterialGroup()
        grey = library.RGBAToColor(200, 200, 200, 255)
        materials = {name: (group.GetResourceID(), group.AddMaterial(name, grey)) for name in names}
    content = uuid.NAMESPACE_OID
    for number, body in enumerate(bodies):
        part = model.AddMeshObject()
        part.SetName(body.name)
        positions = np.ascontiguousarray(body.mesh.vertices, dtype=np.float32)
        triangles = np.ascontiguousarray(body.mesh.faces, dtype=np.uint32)
        part.SetGeometry(
            (lib3mf.Position * len(positions)).from_buffer_copy(positions.tobytes()),
            (lib3mf.Triangle * len(triangles)).from_buffer_copy(triangles.tobytes()),
        )
        if body.material:
            part.SetObjectLevelProperty(*materials[body.material])
        place = library.GetIdentityTransform()
        for row, values in enumerate(body.T_bed_part[:3].T):  # 3MF multiplies rows from the left
            for column, value in enumerate(values):
                place.Fields[row][column] = float(value)
        item = model.AddBuildItem(part, place)
        # Identifiers that follow from the content, where lib3mf would draw random ones.
        content = uuid.uuid5(content, f"{body.name} {positions.tobytes().hex()} {body.T_bed_part.tolist()}")
        part.SetUUID(str(uuid.uuid5(content, f"part {number}")))
        item.SetUUID(str(uuid.uuid5(content, f"item {number}")))
    metadata = model.GetMetaDataGroup()
    for key, value in facts.items():
        metadata.AddMetaData("", key, value, "xs:string", True)
    model.SetBuildUUID(str(uuid.uuid5(content, "build")))
    with _file_of_3mf() as path:
        try:
            model.QueryWriter("3mf").WriteToFile(str(path))
        except lib3mf.ELib3MFException as error:  # it has no words for a full disk
            raise OSError(f"could not write a 3MF to {path.parent}: {error}") from error
        return path.read_bytes()


def read_3mf(data: bytes) -> tuple[Body, ...]:
    """Return the bodies of a 3MF, equal corners made one vertex."""
    import lib3mf

    model = lib3mf.get_wrapper().CreateModel()
    with _file_of_3mf() as path:
        path.write_bytes(data)
        model.QueryReader("3mf").ReadFromFile(str(path))
    groups = model.GetBaseMaterialGroups()
    names: dict[tuple[int, int], str] = {}
    while groups.MoveNext():
        group = groups.GetCurrentBaseMaterialGroup()
        names |= {(group.GetResourceID(), key): group.GetName(key) for key in group.GetAllPropertyIDs()}
    items = model.GetBuildItems()
    bodies = []
    while items.MoveNext():
        item = items.GetCurrent()
        part = model.GetMeshObjectByID(item.GetObjectResourceID())
        vertices = np.frombuffer(b"".join(part.GetVertices()), "<f4").reshape(-1, 3).astype(np.float64)
        faces = np.frombuffer(b"".join(part.GetTriangleIndices()), "<u4").reshape(-1, 3)
        T_bed_part = np.eye(4)
        T_bed_part[:3] = np.array([row[:] for row in item.GetObjectTransform().Fields]).T
        *of_object, has = part.GetObjectLevelProperty()
        material = names.get(tuple(of_object), "") if has else ""
        bodies.append(Body(welded(vertices[faces]), part.GetName(), material, T_bed_part))
    return tuple(bodies)


@contextmanager
def _file_of_3mf() -> Iterator[Path]:
    """Lend a place on disk: into memory, lib3mf writes all twice, and from there it reads byte by byte in Python."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "part.3mf"
