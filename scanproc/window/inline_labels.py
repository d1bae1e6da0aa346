"""Words at places of the scene, none over another; and which places lie behind a body."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scanproc.artifacts import Mesh
from scanproc.frames import FloatArray
from scanproc.mesh.rays import first_hit
from scanproc.views.camera import Camera

_ROW_PX = 15.0
_BEHIND_MM = 2.0  # of the skin that is seen there: a landmark lies on it


def beside_each_other(pixels: FloatArray, widths_px: Sequence[float]) -> FloatArray:
    """Return where words of some widths stand that are wanted at (N, 2) pixels: there, or by a row or a word off it.

    Of words at one place the first has it.
    """
    placed = np.zeros((0, 2))
    for at, width in zip(pixels, widths_px, strict=True):
        right, down = np.array([width + 4.0, 0.0]), np.array([0.0, _ROW_PX])
        tries = at + np.array([0 * right, down, -down, right, -right, 2 * down, -2 * down, right + down, -right - down])
        free = [place for place in tries if not _overlaps(place, width, placed, np.asarray(widths_px[: len(placed)]))]
        placed = np.vstack([placed, free[0] if free else at])
    return placed


def _overlaps(at: FloatArray, width: float, others: FloatArray, widths: FloatArray) -> bool:
    near = np.abs(others - at)
    return bool(((near[:, 0] < 0.5 * (width + widths) + 2.0) & (near[:, 1] < _ROW_PX - 1.0)).any())


def are_hidden(points: FloatArray, camera: Camera, bodies: Sequence[Mesh]) -> list[bool]:
    """Tell which of (N, 3) points lie behind the first body that is met on the way to them."""
    found = []
    for point, pixel in zip(points, camera.pixels(points), strict=True):
        hits = [first_hit(body, camera.on_ray(pixel), camera.look) for body in bodies]
        found.append(any(hit is not None and (point - hit.point) @ camera.look > _BEHIND_MM for hit in hits))
    return found
