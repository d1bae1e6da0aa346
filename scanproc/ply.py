"""Binary PLY that keeps float64 vertices and the `views` property.

open3d drops custom properties of a mesh and trimesh rounds to float32, so the project's own meshes are written and
read here. Meshes of other programs are read by `scan.py`.
"""

from __future__ import annotations

import numpy as np

from scanproc.artifacts import ByteArray, Mesh
from scanproc.errors import ScanError

_TYPES = {"float": "<f4", "float32": "<f4", "double": "<f8", "float64": "<f8", "uchar": "u1", "uint8": "u1"}
_FACE = np.dtype([("count", "u1"), ("indices", "<i4", (3,))])


def write_ply(mesh: Mesh, views: ByteArray | None = None, color: ByteArray | None = None) -> bytes:
    """Return a binary little-endian PLY.

    Parameters
    ----------
    views : (V,) uint8, written as vertex property `views`.
    color : (V, 3) uint8, written as `red green blue`.
    """
    layout = [("x", "<f8"), ("y", "<f8"), ("z", "<f8")]
    if color is not None:
        layout += [("red", "u1"), ("green", "u1"), ("blue", "u1")]
    if views is not None:
        layout += [("views", "u1")]
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
    header, end, body = data.partition(b"end_header\n")
    lines = [line.split() for line in header.decode("ascii", errors="replace").splitlines()]
    counts = {line[1]: int(line[2]) for line in lines if line[:1] == ["element"]}
    layout = [(line[2], _TYPES[line[1]]) for line in lines if line[:1] == ["property"] and line[1] in _TYPES]
    vertex = np.dtype(layout)
    size = vertex.itemsize * counts.get("vertex", 0)
    if not end or ["format", "binary_little_endian", "1.0"] not in lines or "face" not in counts:
        raise ScanError(
            "this PLY was not written by scanproc; expected binary little-endian with faces. Run the stage again."
        )
    if len(body) != size + _FACE.itemsize * counts["face"]:
        raise ScanError("a PLY of this scan's outputs is cut short or edited. Delete its stage folder and run again.")
    rows = np.frombuffer(body, dtype=vertex, count=counts["vertex"])
    faces = np.frombuffer(body, dtype=_FACE, offset=size)["indices"]
    mesh = Mesh(np.column_stack([rows["x"], rows["y"], rows["z"]]).astype(np.float64), faces.astype(np.int32))
    names = vertex.names or ()
    views = rows["views"].copy() if "views" in names else None
    color = np.column_stack([rows["red"], rows["green"], rows["blue"]]) if "red" in names else None
    return mesh, views, color
