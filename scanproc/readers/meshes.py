"""A finished mesh of another scanner: any file that trimesh reads, 3MF, VRML, and binary STL of any tail."""

from __future__ import annotations

import logging
import struct
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from scanproc.artifacts import MM_OF_UNIT, ByteArray, IntArray, Mesh, ScanFacts, Surface, Unit
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.mesh.meshes import linked_parts
from scanproc.mesh.strays import WithoutSpikes, far_crumbs, without_spikes
from scanproc.mesh.winding import Wound, wound_outward
from scanproc.readers.listing import files_of
from scanproc.readers.opened import Opened
from scanproc.readers.three_mf import read_3mf
from scanproc.readers.units import unit_of_mesh
from scanproc.readers.vrml import read_vrml
from scanproc.readers.wrong_files import refuse_no_whole_mesh, refuse_wrong_file, triangles_of_stl

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
# A mirrored mesh is inside out all over; where a part only is, someone has turned faces, and nothing was mirrored.
_INSIDE_OUT_SHARE = 0.97
_LOST_SHARE = 0.02  # of a mesh's vertices that may belong to no face
_MOST_FACES = 4_000_000  # more take minutes, and memory that few machines have
_SOUP_SHARE = 1.0  # vertices for each face: half a one where faces hang together, three where none does
_WELD_SHARE = 0.01  # of an edge: corners of a soup that lie nearer are one
_STL_HEAD = 84
_STL_TRIANGLE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
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
    raw = {".3mf": _read_3mf, ".stl": _read_stl, ".wrl": _read_vrml}.get(path.suffix.lower(), _read_by_trimesh)(path)
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
    merged = _welded(_merge(raw))
    crumbs = far_crumbs(merged.vertices, merged.faces)
    if crumbs.any():
        merged = _merge(replace(merged, faces=merged.faces[~crumbs]))
    cleared = without_spikes(merged.vertices, merged.faces)
    longest = float(np.ptp(cleared.vertices, axis=0).max()) if len(cleared.vertices) else 0.0
    found = unit_of_mesh(path, longest, facts)
    mm = MM_OF_UNIT[found.unit] * facts.scale
    vertices, faces = cleared.vertices * mm, merged.faces
    wound = wound_outward(vertices, faces)
    inside_out = wound.inward_share > _INSIDE_OUT_SHARE
    remarks = (*found.remarks, *_remarks_on_strays(cleared, int(crumbs.sum()), mm), *_remarks_on_winding(wound))
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
    vertices, faces = read_3mf(path)
    return _RawMesh(vertices, faces.astype(np.int32))


def _read_stl(path: Path) -> _RawMesh:
    """Read a binary STL whatever follows its triangles, or whatever it says that they are: some say none."""
    data = path.read_bytes()
    count = triangles_of_stl(data)
    if not count:
        return _read_by_trimesh(path)
    triangles = np.frombuffer(data, _STL_TRIANGLE, count, _STL_HEAD)
    vertices = triangles["corners"].reshape(-1, 3).astype(np.float64)
    return _RawMesh(vertices, np.arange(len(vertices), dtype=np.int32).reshape(-1, 3))


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


def _welded(mesh: _RawMesh) -> _RawMesh:
    """Return a mesh with the corners merged that lie almost at one place, if its faces hardly hang together.

    A program that rounds or moves each face by itself leaves a soup of them, whose corners nearly meet.
    """
    if len(mesh.vertices) < _SOUP_SHARE * len(mesh.faces):
        return mesh
    from scipy.spatial import cKDTree

    a, b = mesh.vertices[mesh.faces[:, 0]], mesh.vertices[mesh.faces[:, 1]]
    reach = _WELD_SHARE * float(np.median(np.linalg.norm(b - a, axis=1)))
    pairs = cKDTree(mesh.vertices).query_pairs(reach, output_type="ndarray").astype(np.int32)
    places = linked_parts(len(mesh.vertices), pairs)
    first = np.unique(places, return_index=True)[1]
    return _merge(replace(mesh, vertices=mesh.vertices[first[places]]))


def _remarks_on_strays(cleared: WithoutSpikes, num_crumbs: int, mm: float) -> tuple[str, ...]:
    remarks: tuple[str, ...] = ()
    if num_crumbs:
        remarks = (f"crumbs of the mesh far from all else were left out, faces: {num_crumbs}",)
    if cleared.count:
        remarks += (
            f"spikes of the mesh, up to {cleared.highest * mm:.3g} mm high, were put back among their neighbours, "
            f"number: {cleared.count}",
        )
    return remarks


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
