"""Depth images of any file that holds one (16 bits, or floating point), and the colour images beside them."""

from __future__ import annotations

import io
import struct
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps

from scanproc.artifacts import MM_OF_UNIT, ByteArray, ScanFacts, Unit
from scanproc.errors import ScanError
from scanproc.readers.arrays import mapped_array
from scanproc.readers.sizes import Size, same_shape
from scanproc.readers.streams import PLAUSIBLE_NEAR_MM, near_depth
from scanproc.readers.wrong_files import refuse_wrong_file

#: Endings of depth images: 16-bit ones, and those that may be of floating point.
DEPTH_SUFFIXES = (".png", ".pgm", ".tif", ".tiff", ".npy", ".exr")
COLOUR_SUFFIXES = (".jpg", ".jpeg", ".png")
#: Steps that floating-point depth is rounded to, mm: their rounding is 0.015 mm RMS, and they reach to 3.3 m.
FLOAT_STEP_MM = 0.05

_FLOAT_UNITS: tuple[Unit, ...] = ("m", "mm", "cm")
_MOST_STEPS = 65535
_MOST_PIXELS = 50_000_000
_TURNED = (5, 6, 7, 8)  # EXIF's orientations that are turned by 90 degrees
_UNDECODABLE = (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Warning)
_EXR_LOCK = threading.Lock()
_EXR_CHANNELS = ("Z", "depth", "Y", "R", "V")  # that hold the depth, the likeliest first
_PILLOW_MODES: Mapping[str, type] = MappingProxyType({"I;16": np.uint16, "I;16B": np.uint16, "F": np.float32})

# Of what is odd in a damaged file, Pillow warns; what cannot be read is refused here, in one message.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")

RawDepth = NDArray[np.uint16] | NDArray[np.float32]


def read_depth_image(path: Path, size: Size | None = None) -> RawDepth:
    """Return the (H, W) depth of a file: uint16 in steps, or float32 in the file's unit; 0 where nothing was measured.

    size : what the image has to be; it is checked before anything is decoded.

    Raises
    ------
    ScanError
        If the file is broken, holds something else, or is of another size.
    """
    read = {".npy": _read_npy, ".exr": _read_exr}.get(path.suffix.lower(), _read_by_pillow)
    depth = read(path, size)
    if depth.dtype == np.uint16:
        return depth
    return np.where(np.isfinite(depth) & (depth > 0.0), depth, np.float32(0.0)).astype(np.float32)


def in_steps(depth: RawDepth, unit_mm: float) -> NDArray[np.uint16]:
    """Return depth in whole steps: floating-point depth in a unit of `unit_mm` in steps of `FLOAT_STEP_MM`."""
    if depth.dtype == np.uint16:
        return np.asarray(depth, dtype=np.uint16)
    with np.errstate(over="ignore"):
        steps = np.rint(depth * np.float32(unit_mm / FLOAT_STEP_MM))
    return np.where(steps <= _MOST_STEPS, steps, 0.0).astype(np.uint16)


def unit_of_float_depth(source: Path, samples: list[RawDepth], facts: ScanFacts) -> tuple[Unit, tuple[str, ...]]:
    """Return the unit of floating-point depth, and the remark on it: as stated, or by how near a foot can be.

    Raises
    ------
    ScanError
        If the depth is that of a foot in none of the units that cameras write.
    """
    if facts.unit != "auto":
        return facts.unit, ()
    near = float(np.median([near_depth(depth) for depth in samples if depth.any()] or [0.0]))
    low, high = PLAUSIBLE_NEAR_MM
    for unit in _FLOAT_UNITS:
        if low <= near * MM_OF_UNIT[unit] <= high:
            lies = f"the nearest tenth of it lies at {near * MM_OF_UNIT[unit]:.0f} mm"
            return unit, (f"unit of the depth: {unit}, since {lies}",)
    raise ScanError(
        f"the nearest tenth of {source} lies at {near:.3g}, no distance to a foot in {', '.join(_FLOAT_UNITS)}; "
        f'expected {low:.0f} to {high:.0f} mm. State it in scan.toml: unit = "mm" (or {", ".join(MM_OF_UNIT)})'
    )


def size_of_image(path: Path) -> Size:
    """Return the size of an image that Pillow reads, from its header, as it is held upright."""
    with _opened(path, path) as image:
        return _upright_size(image)


def _upright_size(image: Image.Image) -> Size:
    """Return the size of an image as its EXIF says that the camera was held: phones state a turn by 90 degrees so."""
    try:
        is_turned = image.getexif().get(ExifTags.Base.Orientation, 1) in _TURNED
    except (*_UNDECODABLE, struct.error):
        is_turned = False
    return Size(*(image.size[::-1] if is_turned else image.size))


def read_colour(path: Path, size: Size, data: bytes | None = None) -> ByteArray:
    """Return a colour image at the size of its depth image, (H, W, 3) uint8; larger ones are averaged.

    data : of the image, where it does not lie in a file by itself; `path` is then for messages.
    """
    with _opened(path, path if data is None else io.BytesIO(data)) as image:
        found = _upright_size(image)
        is_turned = found != Size(*image.size)
        if not same_shape(found, size):
            raise ScanError(
                f"{path} is {found} pixels, and its depth image {size}; expected colour aligned to depth. "
                "Remove it, or align it to depth."
            )
        longest = max(size.width, size.height)
        image.draft("RGB", (longest, longest))  # JPEG decodes to a half or a quarter at no cost
        _load(path, image)
        color = (ImageOps.exif_transpose(image) if is_turned else image).convert("RGB")
    if color.size != (size.width, size.height):
        color = color.resize((size.width, size.height), Image.Resampling.BOX)
    return np.asarray(color, dtype=np.uint8)


def read_depth_png(path: Path, data: bytes, size: Size) -> NDArray[np.uint16]:
    """Return the 16-bit depth of a PNG that lies in another file, which is `path`."""
    depth = _decoded(path, io.BytesIO(data), size)
    if depth.dtype != np.uint16:
        raise ScanError(f"{path} holds depth images of floating point; expected 16 bits. Record it again.")
    return np.asarray(depth, dtype=np.uint16)


def _read_by_pillow(path: Path, size: Size | None) -> RawDepth:
    return _decoded(path, path, size)


def _decoded(path: Path, source: Path | io.BytesIO, size: Size | None) -> RawDepth:
    with _opened(path, source) as image:
        _check_size(path, Size(*image.size), size)
        mode = image.mode
        _load(path, image)
        depth = np.asarray(image)
    if mode == "I" and depth.min() >= 0 and depth.max() <= _MOST_STEPS:  # how older Pillow opens 16-bit PNG
        return depth.astype(np.uint16)
    if mode not in _PILLOW_MODES or depth.ndim != 2:
        raise ScanError(
            f"{path} is an image of mode {mode}; expected one channel of 16 bits, or of floating point. "
            "Export the raw depth, not a coloured or 8-bit picture of it."
        )
    return depth.astype(_PILLOW_MODES[mode], copy=False)


def _read_npy(path: Path, size: Size | None) -> RawDepth:
    try:
        mapped = mapped_array(path)
    except ValueError as error:
        raise _broken(path, error) from None
    if mapped.ndim != 2 or mapped.dtype.kind not in "uif":
        raise ScanError(
            f"{path} is no image of one number a pixel; expected (height, width) of uint16, or of floating point. "
            "Save each depth image by itself: numpy.save."
        )
    _check_size(path, Size(mapped.shape[1], mapped.shape[0]), size)
    if mapped.dtype.kind == "f":
        return np.array(mapped, dtype=np.float32)
    if mapped.size and (mapped.min() < 0 or mapped.max() > _MOST_STEPS):
        raise ScanError(
            f"{path} holds {mapped.max()}; expected steps from 0 to {_MOST_STEPS}. Save it in mm, as uint16."
        )
    return np.array(mapped, dtype=np.uint16)


def _read_exr(path: Path, size: Size | None) -> RawDepth:
    try:
        import OpenEXR  # type: ignore[import-not-found]
    except ImportError:
        raise ScanError(
            f"{path} needs OpenEXR, which is not installed; expected it, or another kind of image. "
            'Install it: pip install "scanproc[exr]"'
        ) from None
    try:
        low, high = OpenEXR.File(str(path), header_only=True).header()["dataWindow"]
        width, height = (int(high[k]) - int(low[k]) + 1 for k in (0, 1))
        _check_size(path, Size(width, height), size)
        with _EXR_LOCK, redirect_stdout(io.StringIO()):  # where it prints what it stumbles on
            channels = OpenEXR.File(str(path), separate_channels=True).channels()
    except (*_UNDECODABLE, KeyError, TypeError, RuntimeError, MemoryError) as error:
        raise _broken(path, error) from None
    name = next((name for name in _EXR_CHANNELS if name in channels), next(iter(channels), None))
    if name is None or channels[name].pixels.ndim != 2:
        raise ScanError(
            f"{path} holds channels {', '.join(channels) or 'none'}; expected one of depth. Export it again."
        )
    return np.asarray(channels[name].pixels, dtype=np.float32)


def _check_size(path: Path, found: Size, wanted: Size | None) -> None:
    if not 0 < found.width * found.height <= _MOST_PIXELS:
        raise ScanError(
            f"{path} announces {found} pixels, as no depth camera has; expected a whole image. Copy it again."
        )
    if wanted is not None and found != wanted:
        raise ScanError(
            f"{path} is {found} pixels, but the file of the camera says {wanted}; expected the same. "
            "Take the intrinsics of this resolution."
        )


@contextmanager
def _opened(path: Path, source: Path | io.BytesIO) -> Iterator[Image.Image]:
    """Open an image; its pixels are not decoded yet."""
    try:
        image = Image.open(source)
    except _UNDECODABLE as error:
        raise _broken(path, error, source is path) from None
    with image:
        yield image


def _load(path: Path, image: Image.Image) -> None:
    """Decode an image: the slow part, in which Pillow lets go of the GIL."""
    try:
        image.load()
    except _UNDECODABLE as error:
        raise _broken(path, error, False) from None


def _broken(path: Path, error: Exception, is_whole_file: bool = True) -> ScanError:
    if is_whole_file and path.is_file():
        refuse_wrong_file(path)
    return ScanError(f"{path} is broken or cut off ({error}); expected a whole image. Copy it again or remove it.")
