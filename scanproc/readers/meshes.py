"""A finished mesh of another scanner: any file that trimesh reads, 3MF through lib3mf, and VRML."""

from __future__ import annotations

import logging
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scanproc.artifacts import MM_OF_UNIT, ByteArray, IntArray, Mesh, ScanFacts, Surface, Unit
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.mesh.winding import Wound, wound_outward
from scanproc.readers.listing import files_of
from scanproc.readers.opened import Opened
from scanproc.readers.units import unit_of_mesh
from scanproc.readers.vrml import read_vrml
from scanproc.readers.wrong_files import refuse_no_whole_mesh, refuse_wrong_file
from scanproc.readers.zip_files import ZIP_ERRORS

log = logging.getLogger(__name__)

MESH_SUFFIXES = (".ply", ".stl", ".obj", ".off", ".glb", ".3mf", ".wrl")

# trimesh lets through whatever its parsers stumble on in a broken file.
_PARSER_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    MemoryError,
    NameError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
)
# By lib3mf's numbers: micrometre, millimetre, centimetre, inch, foot, metre.
_MM_OF_3MF = (0.001, 1.0, 10.0, 25.4, 304.8, 1000.0)
# A mirrored mesh is inside out all over; where a part only is, someone has turned faces, and nothing was mirrored.
_INSIDE_OUT_SHARE = 0.97
_LOST_SHARE = 0.02  # of a mesh's vertices that may belong to no face
_MOST_FACES = 4_000_000  # more take minutes, and memory that few machines have
_MOST_UNPACKED, _PIECE_BYTES = 120_000_000, 1 << 20  # bytes of a 3MF: over a million triangles
_MIN_FACES = 100  # fewer cannot be a foot


@dataclass(frozen=True)
class FoundMesh:
    """A finished mesh in mm, the unit of its file, and what was found out about it."""

    surface: Surface
    unit: Unit
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class _RawMesh:
    """Vertices and faces as the file has them, in the file's unit."""

    vertices: FloatArray
    faces: IntArray
    color: ByteArray | None = None


def find_meshes(path: Path) -> list[Path]:
    """Return the meshes of a folder in recorded order, or the file itself if it is one."""
    if path.is_file():
        return [path] if path.suffix.lower() in MESH_SUFFIXES else []
    return files_of(path, MESH_SUFFIXES)


def open_mesh(path: Path, facts: ScanFacts) -> Opened:
    """Read the one mesh of a folder, or the file itself."""
    (mesh_file,) = find_meshes(path)
    found = read_finished_mesh(mesh_file, facts)
    return Opened([mesh_file], found.remarks, found.unit, found.surface)


def read_finished_mesh(path: Path, facts: ScanFacts) -> FoundMesh:
    """Read a mesh, scale it to mm, merge the vertices that coincide, turn it right side out.

    Raises
    ------
    ScanError
        If the file is broken, has no faces, holds NaN, or fits a foot in no unit.
    """
    refuse_wrong_file(path)
    num_announced = refuse_no_whole_mesh(path)
    raw = {".3mf": _read_3mf, ".wrl": _read_vrml}.get(path.suffix.lower(), _read_by_trimesh)(path)
    if len(raw.faces) < _MIN_FACES:
        raise ScanError(
            f"{path} has {len(raw.vertices)} points and {len(raw.faces)} faces; expected a surface of at least "
            f"{_MIN_FACES} faces. Export it again."
        )
    if len(raw.faces) > _MOST_FACES:
        raise ScanError(
            f"{path} has {len(raw.faces):,} faces; expected {_MOST_FACES:,} or fewer: a million make edges of 0.4 mm. "
            "Make it lighter first, such as by MeshLab: Quadric Edge Collapse Decimation."
        )
    num_bad = int((~np.isfinite(raw.vertices).all(axis=1)).sum())
    if num_bad:
        raise ScanError(f"{path} has {num_bad} vertices that are not finite numbers; expected none. Export it again.")
    if raw.faces.min() < 0 or raw.faces.max() >= len(raw.vertices):
        raise ScanError(f"{path} has faces with vertices that do not exist; expected none. Export it again.")
    merged = _merge(raw)
    longest = float(np.ptp(merged.vertices, axis=0).max()) if len(merged.vertices) else 0.0
    found = unit_of_mesh(path, longest, facts)
    vertices, faces = merged.vertices * (MM_OF_UNIT[found.unit] * facts.scale), merged.faces
    wound = wound_outward(vertices, faces)
    inside_out = wound.inward_share > _INSIDE_OUT_SHARE
    remarks = (*found.remarks, *_remarks_on_winding(wound))
    num_vertices = max(num_announced, len(raw.vertices))
    lost = num_vertices - len(np.unique(raw.faces))
    if lost > _LOST_SHARE * num_vertices:
        remarks = (*remarks, f"{lost} of {num_vertices} vertices of the mesh belong to no face: was it cut off?")
    log.info("%s: %d → %d vertices, %d faces", path.name, len(raw.vertices), len(vertices), len(faces))
    mesh = Mesh(np.ascontiguousarray(vertices), wound.faces)
    views = np.ones(len(vertices), dtype=np.uint8)
    return FoundMesh(
        Surface(mesh, views, floor_seen=False, color=merged.color, inside_out=inside_out), found.unit, remarks
    )


def _read_by_trimesh(path: Path) -> _RawMesh:
    import trimesh

    try:
        with np.errstate(all="ignore"):  # broken numbers are refused below
            loaded: Any = trimesh.load(path, process=False, force="mesh")
            vertices = np.array(loaded.vertices, dtype=np.float64)
            faces = np.array(loaded.faces if hasattr(loaded, "faces") else np.zeros((0, 3)), dtype=np.int64)
    except _PARSER_ERRORS as error:
        raise ScanError(f"{path} cannot be read as a mesh ({_brief(error)}). Export it again.") from None
    for array in (vertices, faces):
        if array.size and array.shape[1:] != (3,):
            raise ScanError(
                f"{path} holds rows of {array.shape[-1]} numbers; expected points in space. Export it again."
            )
    color = None
    visual = getattr(loaded, "visual", None)
    if visual is not None and visual.kind == "vertex" and len(visual.vertex_colors) == len(vertices):
        color = np.array(visual.vertex_colors[:, :3], dtype=np.uint8)
    return _RawMesh(vertices.reshape(-1, 3), faces.reshape(-1, 3).astype(np.int32), color)


def _read_3mf(path: Path) -> _RawMesh:
    """Read every object of a 3MF, which states its unit: in mm."""
    import lib3mf  # type: ignore[import-untyped]

    _refuse_too_much_packed(path)
    try:
        wrapper = lib3mf.Wrapper()
        model = wrapper.CreateModel()
        model.QueryReader("3mf").ReadFromFile(str(path))
    except lib3mf.ELib3MFException as error:
        raise ScanError(f"{path} cannot be read as 3MF ({_brief(error)}). Export it again.") from None
    objects = model.GetMeshObjects()
    vertices, faces, count = [np.zeros((0, 3))], [np.zeros((0, 3), dtype=np.int32)], 0
    while objects.MoveNext():
        part = objects.GetCurrentMeshObject()
        # Records of three numbers each, whose bytes are put together: a list of each would take ten times as long.
        vertices.append(np.frombuffer(b"".join(part.GetVertices()), np.float32).astype(np.float64).reshape(-1, 3))
        indices = np.frombuffer(b"".join(part.GetTriangleIndices()), np.uint32).reshape(-1, 3)
        faces.append(indices.astype(np.int32) + count)
        count += len(vertices[-1])
    return _RawMesh(np.vstack(vertices) * _MM_OF_3MF[model.GetUnit()], np.vstack(faces))


def _refuse_too_much_packed(path: Path) -> None:
    """Refuse a 3MF that is far more than a foot when unpacked, whatever sizes it states: lib3mf takes all of it.

    An entry that is longer than it states has a wrong sum, and is refused for that.
    """
    left = _MOST_UNPACKED
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                with archive.open(entry) as packed:
                    while piece := packed.read(_PIECE_BYTES):
                        left -= len(piece)
                        if left < 0:
                            raise ScanError(
                                f"{path} holds more than {_MOST_UNPACKED:,} bytes when unpacked; expected a foot. "
                                "Make it lighter first, or export it as STL or PLY."
                            )
    except ZIP_ERRORS as error:
        raise ScanError(f"{path} cannot be read as 3MF ({_brief(error)}). Export it again.") from None


def _read_vrml(path: Path) -> _RawMesh:
    vertices, faces = read_vrml(path)
    return _RawMesh(vertices, faces.astype(np.int32))


def _merge(raw: _RawMesh) -> _RawMesh:
    """Merge vertices at exactly one place, and drop faces without area and vertices without a face; order is kept."""
    _, first, inverse = np.unique(raw.vertices, axis=0, return_index=True, return_inverse=True)
    faces = first[inverse.reshape(-1)][raw.faces]
    a, b, c = faces.T
    faces = faces[(a != b) & (b != c) & (c != a)]
    used = np.unique(faces)
    faces = np.searchsorted(used, faces).astype(np.int32)
    return _RawMesh(raw.vertices[used], faces, None if raw.color is None else raw.color[used])


def _remarks_on_winding(wound: Wound) -> tuple[str, ...]:
    if wound.inward_share > _INSIDE_OUT_SHARE:
        return (
            "the mesh was inside out, as one that was mirrored is, and its faces were turned: left or right is in "
            "doubt unless scan.toml states side",
        )
    if wound.inward_share > 0.0:
        return (f"{100.0 * wound.inward_share:.2g} % of the surface faced inward, and its faces were turned",)
    return ()


def _brief(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:120]
