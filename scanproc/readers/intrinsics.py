"""Intrinsics as files state them: checked, and brought to another resolution."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from scanproc.artifacts import Intrinsics
from scanproc.errors import ScanError
from scanproc.readers.sizes import Size

LARGEST_SIDE = 20_000  # pixels


def scaled(intrinsics: Intrinsics, size: Size) -> Intrinsics:
    """Return the intrinsics of the same image at another resolution; pixel centres are at integers."""
    across, down = size.width / intrinsics.width, size.height / intrinsics.height
    return Intrinsics(
        width=size.width,
        height=size.height,
        fx=intrinsics.fx * across,
        fy=intrinsics.fy * down,
        cx=(intrinsics.cx + 0.5) * across - 0.5,
        cy=(intrinsics.cy + 0.5) * down - 0.5,
    )


def checked(path: Path, intrinsics: Intrinsics) -> Intrinsics:
    """Return intrinsics that a camera can have.

    Raises
    ------
    ScanError
        If a number is none, or the focal lengths or the centre are far from what the size of the image makes likely.
    """
    width, height, fx, fy = intrinsics.width, intrinsics.height, intrinsics.fx, intrinsics.fy
    if not (0 < width <= LARGEST_SIDE and 0 < height <= LARGEST_SIDE):
        raise ScanError(f"{path}: an image of {width} × {height} pixels; expected 1 to {LARGEST_SIDE}. Correct it.")
    if not all(0.1 * width < focal < 20.0 * width for focal in (fx, fy)):
        raise ScanError(
            f"{path}: focal lengths {fx:g} and {fy:g}; expected positive pixels near {width}. Correct them."
        )
    if not (0.0 < intrinsics.cx < width and 0.0 < intrinsics.cy < height):
        raise ScanError(
            f"{path}: centre {intrinsics.cx:g}, {intrinsics.cy:g} lies outside {width} × {height} pixels. Correct it."
        )
    return intrinsics


def is_numbers(value: Any, *counts: int) -> bool:
    """Whether a value of a JSON file is a list of as many finite numbers as one of `counts`."""
    return isinstance(value, list) and len(value) in counts and all(is_number(item) for item in value)


def is_number(value: Any) -> bool:
    """Whether a value of a JSON file is a finite number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return abs(value) < 1e12 and math.isfinite(value)
