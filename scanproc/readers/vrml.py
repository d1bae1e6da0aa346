"""VRML (`.wrl`), as foot scanners of the 2000s and CAD programs write it: indexed faces as text."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scanproc.errors import ScanError
from scanproc.frames import FloatArray

_POINTS_THEN_FACES = re.compile(r"\b(point|coordIndex)\s*\[([^\]]*)\]")
_MOVED = re.compile(r"\b(translation|rotation|scale|scaleFactor|matrix)\s+([-+\d.eE\s]+)")
#: Numbers of a field that moves nothing: a shift, a turn by 0, a scale.
_UNMOVED = {"translation": {0.0}, "scale": {1.0}, "scaleFactor": {1.0}}
_COMMENT = re.compile(r"#[^\n]*")
_LONGEST = 1_000_000_000  # bytes


def read_vrml(path: Path) -> tuple[FloatArray, NDArray[np.int64]]:
    """Return (V, 3) vertices in the file's unit, and (F, 3) triangles: polygons are cut into fans.

    Raises
    ------
    ScanError
        If it is no VRML, moves its parts, or holds no indexed faces.
    """
    text = _text_of(path)
    moved = next((found for found in _MOVED.finditer(text) if _moves(*found.groups())), None)
    if moved is not None:
        raise ScanError(
            f"{path} moves its parts ({' '.join(moved.group(0).split())[:60]}); expected one part in its place. "
            "Export it as .stl or .ply."
        )
    vertices: list[FloatArray] = []
    faces: list[NDArray[np.int64]] = []
    total, first = 0, 0
    for found in _POINTS_THEN_FACES.finditer(text):
        numbers = _numbers(path, found.group(2))
        if found.group(1) == "point":
            if len(numbers) % 3:
                raise _broken(path, f"{len(numbers)} coordinates are no points")
            vertices.append(numbers.reshape(-1, 3))
            first, total = total, total + len(numbers) // 3
        else:
            faces.append(_fans(path, numbers) + first)
    if not vertices or not faces:
        raise ScanError(f"{path} holds no faces as VRML has them (IndexedFaceSet). Export it as .stl or .ply.")
    return np.vstack(vertices), np.vstack(faces)


def _text_of(path: Path) -> str:
    try:
        if path.stat().st_size > _LONGEST:
            raise ValueError(f"it is longer than {_LONGEST} bytes")
        text = path.read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError, MemoryError) as error:
        raise _broken(path, str(error)) from None
    if not text.startswith("#VRML"):
        raise _broken(path, "its first line is not that of VRML")
    if text.count("{") != text.count("}") or text.count("[") != text.count("]"):
        raise _broken(path, "a bracket is not closed")
    return _COMMENT.sub("", text)


def _moves(field: str, numbers: str) -> bool:
    values = [float(word) for word in re.findall(r"[-+]?\d+\.?\d*(?:[eE][-+]?\d+)?", numbers)]
    if field == "rotation":
        return len(values) >= 4 and values[3] != 0.0
    if field == "matrix":
        return bool(values != np.eye(4).ravel().tolist())
    return any(value not in _UNMOVED[field] for value in values)


def _numbers(path: Path, text: str) -> FloatArray:
    try:
        return np.array(text.replace(",", " ").split(), dtype=np.float64)
    except ValueError as error:
        raise _broken(path, str(error)) from None


def _fans(path: Path, indices: FloatArray) -> NDArray[np.int64]:
    """Return the triangles of polygons that -1 ends."""
    if not (np.abs(indices) < 1e9).all():
        raise _broken(path, "an index of a face is no number of a point")
    whole = indices.astype(np.int64)
    ends = np.flatnonzero(whole < 0)
    starts = np.concatenate([[0], ends + 1])[: len(ends)]
    fans = [
        np.column_stack([np.full(stop - start - 2, whole[start]), whole[start + 1 : stop - 1], whole[start + 2 : stop]])
        for start, stop in zip(starts, ends, strict=True)
        if stop - start >= 3
    ]
    return np.vstack(fans) if fans else np.zeros((0, 3), np.int64)


def _broken(path: Path, why: str) -> ScanError:
    return ScanError(f"{path} cannot be read as VRML ({why[:100]}): it is broken or cut off. Copy or export it again.")
