"""3MF, through lib3mf: what its build places, in mm."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.readers.zip_files import ZIP_ERRORS

# By lib3mf's numbers: micrometre, millimetre, centimetre, inch, foot, metre.
_MM_OF_UNIT = (0.001, 1.0, 10.0, 25.4, 304.8, 1000.0)
_MOST_UNPACKED, _PIECE_BYTES = 120_000_000, 1 << 20  # bytes: over a million triangles
_MOST_PARTS = 1000  # placed meshes: components may be nested so that a small file holds billions


def read_3mf(path: Path) -> tuple[FloatArray, NDArray[np.int64]]:
    """Return (V, 3) vertices in mm, since a 3MF states its unit, and (F, 3) triangles.

    Raises
    ------
    ScanError
        If it is broken, or too large when unpacked.
    """
    import lib3mf  # type: ignore[import-untyped]

    _refuse_too_much_packed(path)
    try:
        model = lib3mf.Wrapper().CreateModel()
        model.QueryReader("3mf").ReadFromFile(str(path))
        mm = _MM_OF_UNIT[model.GetUnit()]
        vertices, faces, count = [np.zeros((0, 3))], [np.zeros((0, 3), dtype=np.int64)], 0
        for number, (points, triangles) in enumerate(_placed_parts(model)):
            if number == _MOST_PARTS:
                raise ScanError(f"{path} builds more than {_MOST_PARTS} parts; expected a foot. Export the foot alone.")
            vertices.append(points * mm)
            faces.append(triangles + count)
            count += len(points)
    except lib3mf.ELib3MFException as error:
        raise _unreadable(path, error) from None
    return np.vstack(vertices), np.vstack(faces)


def _placed_parts(model: Any) -> Iterator[tuple[FloatArray, NDArray[np.int64]]]:
    """Yield vertices and faces of each mesh where the items of the build place it, scaled or mirrored as they say.

    What is not in the build is a component of what is, or not meant to be made; where nothing is, all meshes count.
    """
    items, placed = model.GetBuildItems(), False
    while items.MoveNext():
        item, placed = items.GetCurrent(), True
        yield from _parts_of(item.GetObjectResource(), _affine(item.GetObjectTransform()))
    if not placed:
        objects = model.GetMeshObjects()
        while objects.MoveNext():
            yield _part_of(objects.GetCurrentMeshObject(), np.eye(4))


def _parts_of(thing: Any, T_build_part: FloatArray) -> Iterator[tuple[FloatArray, NDArray[np.int64]]]:
    """Yield the meshes that an object is made of, however deep, placed by a (4, 4) affine map."""
    if thing.IsMeshObject():
        yield _part_of(thing, T_build_part)
    elif thing.IsComponentsObject():
        for index in range(thing.GetComponentCount()):
            component = thing.GetComponent(index)
            T_thing_part = _affine(component.GetTransform()) if component.HasTransform() else np.eye(4)
            yield from _parts_of(component.GetObjectResource(), T_build_part @ T_thing_part)


def _affine(transform: Any) -> FloatArray:
    """Return a (4, 4) affine map of columns; 3MF multiplies rows by four rows of three numbers."""
    T = np.eye(4)
    T[:3] = np.array([list(row) for row in transform.Fields]).T
    return T


def _part_of(part: Any, T_build_part: FloatArray) -> tuple[FloatArray, NDArray[np.int64]]:
    """Return a mesh placed by an affine map; one that this mirrors still looks outward."""
    # Records of three numbers each, whose bytes are put together: a list of each would take ten times as long.
    points = np.frombuffer(b"".join(part.GetVertices()), np.float32).astype(np.float64).reshape(-1, 3)
    faces = np.frombuffer(b"".join(part.GetTriangleIndices()), np.uint32).astype(np.int64).reshape(-1, 3)
    linear = T_build_part[:3, :3]
    return points @ linear.T + T_build_part[:3, 3], faces[:, ::-1] if np.linalg.det(linear) < 0.0 else faces


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
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> ScanError:
    brief = (str(error).strip() or type(error).__name__).splitlines()[0][:120]
    return ScanError(f"{path} cannot be read as 3MF ({brief}). Export it again.")
