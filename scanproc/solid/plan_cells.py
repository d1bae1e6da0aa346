"""The cells of the ground plan into which triangles, or what a cutter may touch of them, are sorted by their boxes.

`origin` is x and y of the first cell's lower corner, and the cells' size; cell (i, j) is number i * rows + j.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import IntArray
from scanproc.compiled import compiled
from scanproc.frames import FloatArray


@compiled
def cell_at(x: float, y: float, origin: FloatArray, columns: int, rows: int) -> int:
    """Return the number of the cell that holds a place, -1 beside all of them."""
    i, j = int(np.floor((x - origin[0]) / origin[2])), int(np.floor((y - origin[1]) / origin[2]))
    return i * rows + j if 0 <= i < columns and 0 <= j < rows else -1


@compiled
def sorted_into_cells(
    boxes: FloatArray, origin: FloatArray, columns: int, rows: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return which boxes reach into each cell: cell k is reached by items[starts[k] : starts[k + 1]]."""
    cell = origin[2]
    starts = np.zeros(columns * rows + 1, dtype=np.int64)
    for face in range(len(boxes)):
        for i in range(int((boxes[face, 0] - origin[0]) / cell), int((boxes[face, 3] - origin[0]) / cell) + 1):
            for j in range(int((boxes[face, 1] - origin[1]) / cell), int((boxes[face, 4] - origin[1]) / cell) + 1):
                starts[i * rows + j + 1] += 1
    for k in range(columns * rows):
        starts[k + 1] += starts[k]
    following = starts.copy()
    items = np.empty(starts[-1], dtype=np.int32)
    for face in range(len(boxes)):
        for i in range(int((boxes[face, 0] - origin[0]) / cell), int((boxes[face, 3] - origin[0]) / cell) + 1):
            for j in range(int((boxes[face, 1] - origin[1]) / cell), int((boxes[face, 4] - origin[1]) / cell) + 1):
                items[following[i * rows + j]] = face
                following[i * rows + j] += 1
    return starts, items


@compiled
def ordered_by_cells(points: FloatArray, origin: FloatArray, columns: int, rows: int) -> NDArray[np.int64]:
    """Return the order of (N, 3) points by the cell that they lie in or beside, forth and back through the columns."""
    place, starts = np.empty(len(points), np.int64), np.zeros(columns * rows + 1, np.int64)
    for n in range(len(points)):
        i = min(max(int(np.floor((points[n, 0] - origin[0]) / origin[2])), 0), columns - 1)
        j = min(max(int(np.floor((points[n, 1] - origin[1]) / origin[2])), 0), rows - 1)
        place[n] = i * rows + (j if i % 2 == 0 else rows - 1 - j)
        starts[place[n] + 1] += 1
    for k in range(columns * rows):
        starts[k + 1] += starts[k]
    order = np.empty(len(points), np.int64)
    for n in range(len(points)):
        order[starts[place[n]]] = n
        starts[place[n]] += 1
    return order


@compiled
def corners_and_boxes(vertices: FloatArray, faces: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return the corners of each face, (F, 3, 3), and its box, (F, 6)."""
    corners, boxes = np.empty((len(faces), 3, 3)), np.empty((len(faces), 6))
    for face in range(len(faces)):
        for axis in range(3):
            low, high = np.inf, -np.inf
            for corner in range(3):
                value = vertices[faces[face, corner], axis]
                corners[face, corner, axis] = value
                low, high = min(low, value), max(high, value)
            boxes[face, axis], boxes[face, 3 + axis] = low, high
    return corners, boxes
