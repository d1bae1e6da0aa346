"""Lens distortion: images of a real lens, sampled anew as those of a pinhole camera."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import ByteArray, Intrinsics
from scanproc.errors import ScanError
from scanproc.frames import FloatArray

_SAME_SURFACE = 0.02  # by which share of their depth four pixels may differ that are averaged
_INVERSE_STEPS = 20  # of a fixed point, for models that map a seen point to the true one
#: Names of the models as OpenCV, ROS, librealsense and Azure Kinect have them, without case, spaces and dashes.
_MODELS = {
    **dict.fromkeys(("none", "pinhole", "ideal"), "none"),
    **dict.fromkeys(("brownconrady", "modifiedbrownconrady", "plumbbob", "radtan", "opencv"), "brown-conrady"),
    **dict.fromkeys(("rationalpolynomial", "rational", "rational6kt", "brownconradyrational"), "brown-conrady"),
    **dict.fromkeys(("inversebrownconrady",), "inverse-brown-conrady"),
    **dict.fromkeys(("fisheye", "equidistant", "kannalabrandt4"), "fisheye"),
}


@dataclass(frozen=True)
class Distortion:
    """How a lens departs from a pinhole.

    Attributes
    ----------
    model : brown-conrady (k1 k2 p1 p2 [k3 [k4 k5 k6]], as OpenCV), inverse-brown-conrady, fisheye (k1 k2 k3 k4).
    coefficients : in that order.
    """

    model: str
    coefficients: tuple[float, ...]


def distortion_of(source: object, model: str, coefficients: list[float]) -> Distortion | None:
    """Return the distortion that a file states, None where it states none.

    Raises
    ------
    ScanError
        If the model is not known, or has another number of coefficients.
    """
    if not any(coefficients):
        return None
    known = _MODELS.get("".join(letter for letter in model.lower() if letter.isalnum()))
    numbers = (4,) if known == "fisheye" else (4, 5, 8)
    if known == "fisheye":
        coefficients = coefficients[:4] if not any(coefficients[4:]) else coefficients
    if known in (None, "none") or len(coefficients) not in numbers:
        raise ScanError(
            f"{source}: distortion {model!a} with {len(coefficients)} coefficients; expected brown-conrady, "
            "rational-polynomial, inverse-brown-conrady or fisheye, with 4, 5 or 8. Export undistorted images."
        )
    return Distortion(str(known), tuple(coefficients))


class Undistortion:
    """Samples images of a lens as a pinhole with the same intrinsics would have taken them."""

    def __init__(self, intrinsics: Intrinsics, distortion: Distortion) -> None:
        v, u = np.mgrid[: intrinsics.height, : intrinsics.width].astype(np.float64)
        ideal = np.stack([(u - intrinsics.cx) / intrinsics.fx, (v - intrinsics.cy) / intrinsics.fy])
        seen = _DISTORTED[distortion.model](ideal, distortion.coefficients)
        self._u = np.nan_to_num(seen[0] * intrinsics.fx + intrinsics.cx, nan=-2.0)
        self._v = np.nan_to_num(seen[1] * intrinsics.fy + intrinsics.cy, nan=-2.0)

    def depth(self, depth: NDArray[np.uint16]) -> NDArray[np.uint16]:
        """Return (H, W) depth: the mean of four pixels where they show one surface, else the nearest of them."""
        height, width = depth.shape
        left, top = np.floor(self._u).astype(int), np.floor(self._v).astype(int)
        inside = (left >= 0) & (top >= 0) & (left < width - 1) & (top < height - 1)
        left, top = np.where(inside, left, 0), np.where(inside, top, 0)
        across, down = self._u - left, self._v - top
        four = np.stack([depth[top + i, left + j] for i in (0, 1) for j in (0, 1)]).astype(np.float64)
        weights = np.stack([(1 - down) * (1 - across), (1 - down) * across, down * (1 - across), down * across])
        smooth = (four.min(axis=0) > 0) & (four.max(axis=0) - four.min(axis=0) <= _SAME_SURFACE * four.min(axis=0))
        mean = np.rint((weights * four).sum(axis=0))
        return np.asarray(np.where(inside & smooth, mean, self._nearest(depth)), dtype=np.uint16)

    def color(self, color: ByteArray) -> ByteArray:
        """Return (H, W, 3) colour of the nearest pixels."""
        return np.asarray(self._nearest(color), dtype=np.uint8)

    def _nearest(self, image: Any) -> Any:
        height, width = image.shape[:2]
        u, v = np.rint(self._u), np.rint(self._v)
        inside = (u >= 0) & (v >= 0) & (u < width) & (v < height)
        found = image[np.where(inside, v, 0).astype(int), np.where(inside, u, 0).astype(int)]
        return np.where(inside if image.ndim == 2 else inside[..., None], found, 0)


def _brown_conrady(ideal: FloatArray, coefficients: tuple[float, ...]) -> FloatArray:
    """Return where a lens shows (2, H, W) directions x / z, y / z: OpenCV's model with up to six radial terms."""
    k1, k2, p1, p2, k3, k4, k5, k6 = (*coefficients, 0.0, 0.0, 0.0, 0.0)[:8]
    x, y = ideal
    r2 = x * x + y * y
    radial = (1 + r2 * (k1 + r2 * (k2 + r2 * k3))) / (1 + r2 * (k4 + r2 * (k5 + r2 * k6)))
    return np.stack(
        [x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x), y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y]
    )


def _inverse_brown_conrady(ideal: FloatArray, coefficients: tuple[float, ...]) -> FloatArray:
    """Return the same for librealsense's inverse model, which maps what is seen to the direction."""
    seen = ideal
    for _ in range(_INVERSE_STEPS):
        seen = seen + (ideal - _brown_conrady(seen, coefficients))
    return seen


def _fisheye(ideal: FloatArray, coefficients: tuple[float, ...]) -> FloatArray:
    """Return the same for OpenCV's fisheye model (Kannala & Brandt): a polynomial of the angle from the axis."""
    k1, k2, k3, k4 = coefficients
    r = np.hypot(*ideal)
    angle = np.arctan(r)
    square = angle * angle
    bent = angle * (1 + square * (k1 + square * (k2 + square * (k3 + square * k4))))
    return np.asarray(ideal * np.where(r > 0, bent / np.where(r > 0, r, 1.0), 1.0))


_DISTORTED: dict[str, Callable[[FloatArray, tuple[float, ...]], FloatArray]] = {
    "brown-conrady": _brown_conrady,
    "inverse-brown-conrady": _inverse_brown_conrady,
    "fisheye": _fisheye,
}
