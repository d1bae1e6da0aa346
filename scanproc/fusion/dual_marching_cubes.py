"""The zero surface of a distance field as triangles: dual marching cubes (Nielson 2004).

Every cell of eight voxels gets a vertex for each loop in which the surface passes through it, in the middle of where
the loop crosses the cell's edges; every voxel edge with a change of sign gets a quad between the four cells round it.
The faces are rounder and the surface smoother than those of marching cubes, with as many vertices.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import ByteArray, IntArray, Mesh
from scanproc.compiled import compiled
from scanproc.frames import FloatArray
from scanproc.fusion.voxel_blocks import BLOCK, DistanceField, forward_neighbours
from scanproc.parallel import parallel_map

_CHUNK = 256  # blocks of a task
_NONE = 255  # loop of an edge that the surface does not cross


def dual_marching_cubes(field: DistanceField) -> Mesh:
    """Return the surface where the distance is 0, in ascending order of blocks and voxels; normals point outwards.

    Cells with an unseen voxel have no surface. No edge has more than two faces.
    """
    loops, counts = _loops_of_cases()
    neighbours = forward_neighbours(field.blocks)
    spans = [(start, min(start + _CHUNK, len(neighbours))) for start in range(0, len(neighbours), _CHUNK)]
    cases = np.zeros(field.distance.shape, dtype=np.uint8)
    parallel_map(lambda span: _find_cases(field.distance, neighbours, span[0], span[1], cases), spans, "surface: cells")
    pinched = parallel_map(lambda span: _pinched(cases, neighbours, span[0], span[1], loops), spans, "surface: cells")
    cases.reshape(-1)[np.concatenate([*pinched, np.zeros(0, np.int64)])] = 0
    first = np.cumsum(counts[cases], dtype=np.int32) - counts[cases].reshape(-1)
    first = first.reshape(cases.shape).astype(np.int32)
    placed = parallel_map(
        lambda span: _place(
            field.distance, field.blocks, neighbours, span[0], span[1], cases, loops, counts, field.voxel_mm
        ),
        spans,
        "surface: vertices",
    )
    vertices = np.concatenate([*placed, np.zeros((0, 3))])
    faces = parallel_map(
        lambda span: _connect(cases, first, neighbours, span[0], span[1], loops, vertices), spans, "surface: faces"
    )
    return Mesh(vertices, np.concatenate([*faces, np.zeros((0, 3), np.int32)]))


# A cell's corner c is at (c >> 2 & 1, c >> 1 & 1, c & 1). The axes that follow axis a in turn are b and c; an edge
# along a is number 4 a + 2 (place along b) + (place along c). A case has the bit of each corner that is inside.


def _corner(axis: int, along: int, b: int, c: int) -> int:
    """Return the number of the corner at a place, 0 or 1, along an axis and along the two that follow it."""
    place = [0, 0, 0]
    place[axis], place[(axis + 1) % 3], place[(axis + 2) % 3] = along, b, c
    return place[0] * 4 + place[1] * 2 + place[2]


@cache
def _loops_of_cases() -> tuple[ByteArray, ByteArray]:
    """Return the loop that each edge belongs to, (256, 12), and the number of loops, (256,), of all cases.

    On each side of the cell the crossed edges are linked in pairs. Where all four are crossed, the two at each inside
    corner are: two insides that touch along a diagonal stay apart. Both cells at a side link them alike.
    """
    edges = {}
    for axis in range(3):
        for b in range(2):
            for c in range(2):
                edges[4 * axis + 2 * b + c] = (_corner(axis, 0, b, c), _corner(axis, 1, b, c))
    loops = np.full((256, 12), _NONE, dtype=np.uint8)
    counts = np.zeros(256, dtype=np.uint8)
    for case in range(256):
        inside = [bool(case >> corner & 1) for corner in range(8)]
        group = {edge: edge for edge, (p, q) in edges.items() if inside[p] != inside[q]}
        for axis in range(3):
            for along in range(2):
                side = {_corner(axis, along, b, c) for b in range(2) for c in range(2)}
                crossed = [edge for edge in group if set(edges[edge]) <= side]
                pairs = [crossed] if len(crossed) == 2 else []
                if len(crossed) == 4:
                    pairs = [[e for e in crossed if p in edges[e]] for p in side if inside[p]]
                for one, two in pairs:
                    group = {edge: group[one] if label == group[two] else label for edge, label in group.items()}
        labels = sorted(set(group.values()))
        counts[case] = len(labels)
        for edge, label in group.items():
            loops[case, edge] = labels.index(label)
    return loops, counts


@compiled
def _at(block: int, i: int, j: int, k: int, neighbours: IntArray) -> int:
    """Return the flat index of voxel (i, j, k), each 0 to 8, counted from a block's corner; -1 where there is none."""
    other = neighbours[block, (i >> 3) * 4 + (j >> 3) * 2 + (k >> 3)]
    return -1 if other < 0 else other * 512 + (i & 7) * 64 + (j & 7) * 8 + (k & 7)


@compiled
def _find_cases(distance: NDArray[np.float32], neighbours: IntArray, start: int, stop: int, cases: ByteArray) -> None:
    """Write the case of each cell of the blocks from `start` to `stop`; 0 where a corner was not seen."""
    values = distance.reshape(-1)
    signs = np.empty((9, 9, 9), dtype=np.int32)  # 1 inside, 0 outside, 256 unseen
    for block in range(start, stop):
        for i in range(9):
            for j in range(9):
                for k in range(9):
                    at = _at(block, i, j, k, neighbours)
                    value = values[at] if at >= 0 else np.float32(np.nan)
                    signs[i, j, k] = 256 if np.isnan(value) else (1 if value < 0.0 else 0)
        for i in range(8):
            for j in range(8):
                for k in range(8):
                    case = signs[i, j, k] | signs[i, j, k + 1] << 1 | signs[i, j + 1, k] << 2
                    case |= signs[i, j + 1, k + 1] << 3 | signs[i + 1, j, k] << 4 | signs[i + 1, j, k + 1] << 5
                    case |= signs[i + 1, j + 1, k] << 6 | signs[i + 1, j + 1, k + 1] << 7
                    cases[block, i * 64 + j * 8 + k] = case if case < 255 else 0  # wholly inside is no surface


@compiled
def _pinched(cases: ByteArray, neighbours: IntArray, start: int, stop: int, loops: ByteArray) -> NDArray[np.int64]:
    """Return the flat indices of cells that share two edges with a neighbour: the same two loops cross a side twice."""
    flat = cases.reshape(-1)
    found = [np.int64(0) for _ in range(0)]
    for block in range(start, stop):
        for cell in range(512):
            case = cases[block, cell]
            if case == 0:
                continue
            i, j, k = cell >> 6, cell >> 3 & 7, cell & 7
            for axis in range(3):
                b, c = 4 >> (axis + 1) % 3, 4 >> (axis + 2) % 3  # bits of a corner
                far = 4 >> axis
                diagonal = (case >> far & 1) + 2 * (case >> (far + b) & 1)
                if diagonal % 3 == 0 or diagonal != 2 * (case >> (far + c) & 1) + (case >> (far + b + c) & 1):
                    continue
                along = 4 * ((axis + 1) % 3)
                if loops[case, along + 1] != loops[case, along + 3]:
                    continue
                at = _at(block, i + (axis == 0), j + (axis == 1), k + (axis == 2), neighbours)
                if at >= 0 and flat[at] > 0 and loops[flat[at], along] == loops[flat[at], along + 2]:
                    found.append(np.int64(block * 512 + cell))
                    break
    return np.array(found, dtype=np.int64)


@compiled
def _place(
    distance: NDArray[np.float32],
    blocks: IntArray,
    neighbours: IntArray,
    start: int,
    stop: int,
    cases: ByteArray,
    loops: ByteArray,
    counts: ByteArray,
    voxel_mm: float,
) -> FloatArray:
    """Return the vertices of the blocks from `start` to `stop`, (V, 3) mm: the mean crossing of each loop."""
    values = distance.reshape(-1)
    total = 0
    for block in range(start, stop):
        for cell in range(512):
            total += counts[cases[block, cell]]
    vertices = np.zeros((total, 3))
    crossings = np.zeros(total)
    corner = np.empty(8)
    place = np.empty(3)
    first = 0
    for block in range(start, stop):
        for cell in range(512):
            case = cases[block, cell]
            if case == 0:
                continue
            i, j, k = cell >> 6, cell >> 3 & 7, cell & 7
            for bits in range(8):
                at = _at(block, i + (bits >> 2), j + (bits >> 1 & 1), k + (bits & 1), neighbours)
                corner[bits] = values[at]
            for edge in range(12):
                loop = loops[case, edge]
                if loop == _NONE:
                    continue
                axis = edge >> 2
                one, two = (axis + 1) % 3, (axis + 2) % 3
                near = (edge >> 1 & 1) * (4 >> one) + (edge & 1) * (4 >> two)
                far = near + (4 >> axis)
                place[axis] = corner[near] / (corner[near] - corner[far])
                place[one], place[two] = edge >> 1 & 1, edge & 1
                crossings[first + loop] += 1.0
                for dimension in range(3):
                    vertices[first + loop, dimension] += place[dimension]
            for vertex in range(first, first + counts[case]):
                vertices[vertex, 0] = (
                    vertices[vertex, 0] / crossings[vertex] + blocks[block, 0] * BLOCK + i
                ) * voxel_mm
                vertices[vertex, 1] = (
                    vertices[vertex, 1] / crossings[vertex] + blocks[block, 1] * BLOCK + j
                ) * voxel_mm
                vertices[vertex, 2] = (
                    vertices[vertex, 2] / crossings[vertex] + blocks[block, 2] * BLOCK + k
                ) * voxel_mm
            first += counts[case]
    return vertices


@compiled
def _connect(
    cases: ByteArray,
    first: IntArray,
    neighbours: IntArray,
    start: int,
    stop: int,
    loops: ByteArray,
    vertices: FloatArray,
) -> IntArray:
    """Return (F, 3) int32 faces: two for each voxel edge with a change of sign, cut along the shorter diagonal.

    Of each cell, the three edges that end at its farthest corner are looked at: the cells round them lie further.
    """
    flat_cases, flat_first = cases.reshape(-1), first.reshape(-1)
    faces = np.empty((6 * 512, 3), dtype=np.int32)
    count = 0
    quad = np.empty(4, dtype=np.int32)
    for block in range(start, stop):
        for cell in range(512):
            case = cases[block, cell]
            if case == 0:
                continue
            for axis in range(3):
                if loops[case, 4 * axis + 3] == _NONE:
                    continue
                complete = True
                for turn in range(4):  # counter-clockwise seen from the end of the axis
                    b, c = (turn + 1) >> 1 & 1, turn >> 1
                    step = b * (4 >> (axis + 1) % 3) + c * (4 >> (axis + 2) % 3)
                    at = _at(
                        block, (cell >> 6) + (step >> 2), (cell >> 3 & 7) + (step >> 1 & 1), (cell & 7) + (step & 1),
                        neighbours,
                    )  # fmt: skip
                    if at < 0 or flat_cases[at] == 0:
                        complete = False
                        break
                    quad[turn] = flat_first[at] + loops[flat_cases[at], 4 * axis + 2 * (1 - b) + (1 - c)]
                if not complete:
                    continue
                if case >> 7 & 1:  # the far end is inside: the outside is at the near end
                    quad[1], quad[3] = quad[3], quad[1]
                if count + 2 > len(faces):
                    longer = np.empty((2 * len(faces), 3), dtype=np.int32)
                    longer[:count] = faces[:count]
                    faces = longer
                across = np.sum((vertices[quad[0]] - vertices[quad[2]]) ** 2)
                turn = 0 if across <= np.sum((vertices[quad[1]] - vertices[quad[3]]) ** 2) else 1
                p, q, r, s = quad[turn], quad[turn + 1], quad[turn + 2], quad[(turn + 3) % 4]
                faces[count, 0], faces[count, 1], faces[count, 2] = p, q, r
                faces[count + 1, 0], faces[count + 1, 1], faces[count + 1, 2] = p, r, s
                count += 2
    return np.asarray(faces[:count].copy())
