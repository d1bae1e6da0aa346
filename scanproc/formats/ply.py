"""Binary PLY that keeps float64 vertices and the `views` property.

open3d drops custom properties of a mesh and trimesh rounds to float32, so the project's own meshes are written and
read here. Meshes of other programs are read by `scan.py`.
"""

from __future__ import annotations

import re

import numpy as np

from scanproc.artifacts import ByteArray, Mesh
from scanproc.errors import ScanError

_HEADER = re.compile(
    rb"ply\nformat binary_little_endian 1\.0\ncomment unit mm\n"
    rb"element vertex (?P<vertices>[0-9]+)\n"
    rb"property double x\nproperty double y\nproperty double z\n"
    rb"(?P<color>property uchar red\nproperty uchar green\nproperty uchar blue\n)?"
    rb"(?P<views>property uchar views\n)?"
    rb"element face (?P<faces>[0-9]+)\nproperty list uchar int vertex_indices\nend_header\n"
)
_FACE = np.dtype([("count", "u1"), ("indices", "<i4", (3,))])


def write_ply(mesh: Mesh, views: ByteArray | None = None, color: ByteArray | None = None) -> bytes:
    """Return a binary little-endian PLY.

    Parameters
    ----------
    views : (V,) uint8, written as vertex property `views`.
    color : (V, 3) uint8, written as `red green blue`.
    """
    layout = _layout(color is not None, views is not None)
    rows = np.zeros(len(mesh.vertices), dtype=layout)
    rows["x"], rows["y"], rows["z"] = mesh.vertices.T
    if color is not None:
        rows["red"], rows["green"], rows["blue"] = color.T
    if views is not None:
        rows["views"] = views
    faces = np.zeros(len(mesh.faces), dtype=_FACE)
    faces["count"], faces["indices"] = 3, mesh.faces
    names = {"<f8": "double", "u1": "uchar"}
    header = ["ply", "format binary_little_endian 1.0", "comment unit mm", f"element vertex {len(rows)}"]
    header += [f"property {names[kind]} {name}" for name, kind in layout]
    header += [f"element face {len(faces)}", "property list uchar int vertex_indices", "end_header", ""]
    return "\n".join(header).encode("ascii") + rows.tobytes() + faces.tobytes()


def read_ply(data: bytes) -> tuple[Mesh, ByteArray | None, ByteArray | None]:
    """Return mesh, views (V,) and colour (V, 3) of a PLY that `write_ply` wrote.

    Raises
    ------
    ScanError
        If the bytes are cut short or are another kind of PLY.
    """
    header = _HEADER.match(data)
    if header is None:
        raise ScanError("a PLY of this scan's outputs was not written by scanproc. Delete its folder and run again.")
    num_vertices, num_faces = int(header["vertices"]), int(header["faces"])
    layout = np.dtype(_layout(header["color"] is not None, header["views"] is not None))
    faces_at = header.end() + layout.itemsize * num_vertices
    if len(data) != faces_at + _FACE.itemsize * num_faces:
        raise ScanError("a PLY of this scan's outputs is cut short or edited. Delete its folder and run again.")
    rows = np.frombuffer(data, dtype=layout, count=num_vertices, offset=header.end())
    faces = np.frombuffer(data, dtype=_FACE, count=num_faces, offset=faces_at)["indices"]
    mesh = Mesh(np.column_stack([rows["x"], rows["y"], rows["z"]]), faces.astype(np.int32))
    views = rows["views"].copy() if header["views"] else None
    color = np.column_stack([rows["red"], rows["green"], rows["blue"]]) if header["color"] else None
    return mesh, views, color


def _layout(with_color: bool, with_views: bool) -> list[tuple[str, str]]:
    """Return name and numpy type of each property of a vertex, in the order of the file."""
    layout = [("x", "<f8"), ("y", "<f8"), ("z", "<f8")]
    if with_color:
        layout += [("red", "u1"), ("green", "u1"), ("blue", "u1")]
    if with_views:
        layout += [("views", "u1")]
    return layout
