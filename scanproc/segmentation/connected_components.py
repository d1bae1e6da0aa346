"""Connected components of what is left of a depth image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import BoolArray, DepthImage, Intrinsics
from scanproc.compiled import compiled
from scanproc.depth.images import intrinsics_array
from scanproc.frames import FloatArray

Labels = NDArray[np.integer[Any]]

_MOST_PIECES = 200  # the largest of them: a table of all pairs stays small
_LEAST_PAIRS = 6  # fewer pairs of near pixels are chance
_BORDER_PX = 4  # pixels of two components this close are at their common border: flying ones are lost between them


@dataclass(frozen=True)
class Components:
    """The components of a view.

    Attributes
    ----------
    labels : (H, W) int32 or less, 0 = none, 1 to P in the order of their first pixels.
    pixels : (P,) int64.
    steps_mm : (P, P), mean depth step from one component to another along their common border; 0 where they have none.
    """

    labels: Labels
    pixels: NDArray[np.int64]
    steps_mm: FloatArray

    def masked(self, kept: BoolArray) -> BoolArray:
        """Return the (H, W) pixels of the components that are kept, (P,)."""
        return np.asarray(np.concatenate([[False], kept])[self.labels])


def connected_components(mask: BoolArray, depth_mm: DepthImage, jump_mm: float) -> Components:
    """Return the 8-connected components of a mask; a depth step of more than `jump_mm` disconnects neighbours."""
    labels, pixels = _label(mask, depth_mm, jump_mm)
    return Components(labels, pixels, np.zeros((len(pixels), len(pixels))))


def joined_components(
    mask: BoolArray, depth_mm: DepthImage, intrinsics: Intrinsics, jump_mm: float, join_mm: float, min_pixels: int
) -> Components:
    """Return the components of a mask, cut where the depth jumps, joined again where they come close in space.

    A toe before another, or a hole between them, parts a foot in the image; a chair behind it stays apart.

    Parameters
    ----------
    jump_mm : depth step between neighbouring pixels that cuts.
    join_mm : distance in space of pixels a few apart that joins, if there are a few such pairs.
    min_pixels : smaller pieces are dropped, before they can join others.
    """
    pieces = connected_components(mask, depth_mm, jump_mm)
    large = np.flatnonzero(pieces.pixels >= min_pixels)
    large = np.sort(large[np.argsort(-pieces.pixels[large], kind="stable")[:_MOST_PIECES]])
    number = np.zeros(len(pieces.pixels) + 1, dtype=np.int32)
    number[large + 1] = np.arange(1, len(large) + 1)
    labels = _renumbered(pieces.labels, number)
    pairs = _borders(labels, len(large), depth_mm, intrinsics_array(intrinsics), join_mm)
    root = np.arange(len(large) + 1, dtype=np.int32)
    for a, b in np.argwhere(pairs[0] >= _LEAST_PAIRS).tolist():
        one, other = _root(root, a), _root(root, b)
        root[max(one, other)] = min(one, other)
    joined = np.array([_root(root, label) for label in range(len(root))])
    _, component = np.unique(joined, return_inverse=True)
    labels = _renumbered(labels, component.astype(np.int32))
    count = int(component.max()) + 1
    borders = np.zeros((2, count, count))
    for total, own in zip(borders, pairs[1:], strict=True):
        np.add.at(total, (component[:, None], component[None, :]), own)
    steps = np.divide(borders[1], borders[0], out=np.zeros((count, count)), where=borders[0] > 0)
    return Components(labels, np.bincount(labels.ravel(), minlength=count)[1:], steps[1:, 1:])


@compiled
def _renumbered(labels: Labels, number: NDArray[np.int32]) -> NDArray[np.int32]:
    new = np.zeros(labels.shape, dtype=np.int32)
    for v in range(labels.shape[0]):
        for u in range(labels.shape[1]):
            if labels[v, u] > 0:
                new[v, u] = number[labels[v, u]]
    return new


@compiled
def _borders(labels: Labels, count: int, depth_mm: DepthImage, intrinsics_px: FloatArray, join_mm: float) -> FloatArray:
    """Look at the pairs of pixels of two pieces that are at most a few pixels apart.

    Returns
    -------
    (3, count + 1, count + 1) float64: of the pieces a and b, how many pairs are at most `join_mm` apart in space, how
    many there are, and the sum of their depth steps from a to b.
    """
    fx, fy = intrinsics_px[0], intrinsics_px[1]
    height, width = labels.shape
    pairs = np.zeros((3, count + 1, count + 1))
    for v in range(height):
        for u in range(width):
            one, z = labels[v, u], depth_mm[v, u]
            inside = u + 1 < width and v + 1 < height and u > 0
            if one == 0 or (
                inside and labels[v, u + 1] == one and labels[v + 1, u - 1] == one and labels[v + 1, u + 1] == one
            ):
                continue
            for dv in range(_BORDER_PX + 1):
                for du in range(-_BORDER_PX if dv > 0 else 1, _BORDER_PX + 1):
                    y, x = v + dv, u + du
                    if y >= height or x < 0 or x >= width or labels[y, x] == 0 or labels[y, x] == one:
                        continue
                    other = labels[y, x]
                    across, down, along = du * z / fx, dv * z / fy, depth_mm[y, x] - z
                    near = across * across + down * down + along * along <= join_mm * join_mm
                    for a, b, sign in ((one, other, 1.0), (other, one, -1.0)):
                        pairs[0, a, b] += near
                        pairs[1, a, b] += 1.0
                        pairs[2, a, b] += sign * along
    return pairs


def principal_sds(components: Components, depth_mm: DepthImage, intrinsics: Intrinsics) -> FloatArray:
    """Return the standard deviations, (P, 3) mm, of each component's points along its principal directions, growing."""
    sums = _sum_moments(components.labels, len(components.pixels), depth_mm, intrinsics_array(intrinsics))
    number = np.maximum(components.pixels, 1).astype(np.float64)[:, None]
    mean = sums[:, :3] / number
    second = (sums[:, 3:] / number).reshape(-1, 3, 3)
    covariance = second - mean[:, :, None] * mean[:, None, :]
    return np.asarray(np.sqrt(np.linalg.eigvalsh(covariance).clip(0.0)))


@compiled
def _sum_moments(labels: Labels, count: int, depth_mm: DepthImage, intrinsics_px: FloatArray) -> FloatArray:
    """Return the (P, 12) sums of the coordinates of each component's points and of their products."""
    fx, fy, cx, cy = intrinsics_px
    sums = np.zeros((count, 12))
    point = np.empty(3)
    for v in range(labels.shape[0]):
        for u in range(labels.shape[1]):
            component = labels[v, u] - 1
            if component < 0:
                continue
            point[2] = depth_mm[v, u]
            point[0], point[1] = (u - cx) / fx * point[2], (v - cy) / fy * point[2]
            for i in range(3):
                sums[component, i] += point[i]
                for j in range(3):
                    sums[component, 3 + 3 * i + j] += point[i] * point[j]
    return sums


@compiled
def _label(mask: BoolArray, depth_mm: DepthImage, jump_mm: float) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return labels and sizes as in `Components`: one pass that joins neighbours, one that numbers what was joined."""
    height, width = mask.shape
    labels = np.zeros((height, width), dtype=np.int32)
    parent = np.zeros(height * width + 1, dtype=np.int32)
    count = 0
    for v in range(height):
        for u in range(width):
            if not mask[v, u]:
                continue
            own = 0
            for dv, du in ((0, -1), (-1, -1), (-1, 0), (-1, 1)):
                y, x = v + dv, u + du
                if y < 0 or x < 0 or x >= width or not mask[y, x]:
                    continue
                if abs(depth_mm[y, x] - depth_mm[v, u]) > jump_mm:
                    continue
                other = _root(parent, labels[y, x])
                if own == 0:
                    own = other
                elif own != other:
                    parent[max(own, other)] = min(own, other)
                    own = min(own, other)
            if own == 0:
                count += 1
                parent[count] = count
                own = count
            labels[v, u] = own
    number = np.zeros(count + 1, dtype=np.int32)
    last = 0
    for label in range(1, count + 1):
        if parent[label] == label:
            last += 1
            number[label] = last
        else:
            number[label] = number[_root(parent, label)]
    pixels = np.zeros(last, dtype=np.int64)
    for v in range(height):
        for u in range(width):
            if labels[v, u] > 0:
                labels[v, u] = number[labels[v, u]]
                pixels[labels[v, u] - 1] += 1
    return labels, pixels


@compiled
def _root(parent: NDArray[np.int32], label: int) -> int:
    """Return the smallest label that a label was joined with, and shorten the way to it."""
    while parent[label] != label:
        parent[label] = parent[parent[label]]
        label = parent[label]
    return label
