"""The only importer of OpenCV: what the sheet's board looks like, where it is in a picture, from where it was seen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import BoolArray, Intrinsics
from scanproc.calibration.sheet import CELLS, SQUARE_MM, SQUARES
from scanproc.errors import ScanError
from scanproc.frames import FloatArray, rigid

if TYPE_CHECKING:
    from types import ModuleType

_MARKER_MM = SQUARE_MM * (CELLS - 2) / CELLS
_MOST_CORNERS = (SQUARES[0] - 1) * (SQUARES[1] - 1)


@dataclass(frozen=True)
class FoundCorners:
    """The corners of the board that a picture shows.

    Attributes
    ----------
    index : (N,) which of `Sheet.corners` they are.
    uv : (N, 2) px; pixel centres at integers.
    """

    index: NDArray[np.int64]
    uv: FloatArray

    @property
    def share(self) -> float:
        """Of all corners of the board."""
        return len(self.index) / _MOST_CORNERS


@dataclass(frozen=True)
class SheetPose:
    """Where a camera saw the sheet: T_camera_sheet (4 × 4, mm), and the RMS of what the corners are off by, px."""

    T_camera_sheet: FloatArray
    residual_px: float


def board_cells() -> BoolArray:
    """Return the board as (rows, columns) of cells, true where it is black; one cell is `SQUARE_MM / CELLS` wide."""
    size = tuple(CELLS * count for count in SQUARES)
    return np.asarray(_board().generateImage(size, marginSize=0, borderBits=1) < 128)


def find_corners(picture: NDArray[np.uint8]) -> FoundCorners:
    """Find the board in a grey picture, (H, W) uint8; no corners where it is not."""
    corners, index, *_ = _detector().detectBoard(np.ascontiguousarray(picture))
    if index is None or len(index) == 0:
        return FoundCorners(np.zeros(0, dtype=np.int64), np.zeros((0, 2)))
    return FoundCorners(np.asarray(index, dtype=np.int64).ravel(), np.asarray(corners, dtype=np.float64).reshape(-1, 2))


def sheet_pose(found: FoundCorners, corners_mm: FloatArray, intrinsics: Intrinsics) -> SheetPose:
    """Return from where the corners were seen (Collins & Bartoli 2014, refined over all of them).

    Parameters
    ----------
    found : six corners or more, not all of one row.
    corners_mm : (N, 2), of the whole sheet as printed.
    """
    cv2 = _opencv()
    points = np.column_stack([corners_mm[found.index], np.zeros(len(found.index))])
    camera = np.array(
        [[intrinsics.fx, 0.0, intrinsics.cx], [0.0, intrinsics.fy, intrinsics.cy], [0.0, 0.0, 1.0]], dtype=np.float64
    )
    _, turn, shift = cv2.solvePnP(points, found.uv, camera, None, flags=cv2.SOLVEPNP_IPPE)
    turn, shift = cv2.solvePnPRefineLM(points, found.uv, camera, None, turn, shift)
    seen, _ = cv2.projectPoints(points, turn, shift, camera, None)
    rotation, _ = cv2.Rodrigues(turn)
    off = seen.reshape(-1, 2) - found.uv
    return SheetPose(rigid(rotation, shift.ravel()), float(np.sqrt((off**2).sum(axis=1).mean())))


def _opencv() -> ModuleType:
    try:
        import cv2
    except ImportError:
        raise ScanError(
            "the board of `scanproc calibrate` needs OpenCV, which is not installed. Run: pip install "
            "'scanproc[calibrate]' (or: pip install opencv-python-headless)."
        ) from None
    return cv2


@cache
def _board() -> Any:
    aruco: Any = _opencv().aruco
    return aruco.CharucoBoard(SQUARES, SQUARE_MM, _MARKER_MM, aruco.getPredefinedDictionary(aruco.DICT_4X4_50))


@cache
def _detector() -> Any:
    return _opencv().aruco.CharucoDetector(_board())
