"""The depth form: `depth/*.png` (16 bit), `camera_intrinsic.json` (Open3D's), optional `color/*.{jpg,png}`."""

from __future__ import annotations

import io
import json
import logging
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scanproc.artifacts import ByteArray, DepthFrame, Intrinsics, Recording, ScanFacts
from scanproc.errors import ScanError
from scanproc.parallel import parallel_map
from scanproc.readers.listing import files_of
from scanproc.readers.opened import Opened
from scanproc.readers.wrong_files import advice_on_images, refuse_wrong_file

log = logging.getLogger(__name__)

INTRINSICS_NAME = "camera_intrinsic.json"
COLOUR_SUFFIXES = (".jpg", ".jpeg", ".png")

# The nearest tenth of a recording of a foot lies within these: closer no camera
# measures, farther the foot is too coarse.
_PLAUSIBLE_NEAR_MM = (60.0, 1500.0)
# Units that cameras write, the commonest first: most 1 mm, D405 0.1 mm, TUM's data sets 0.2 mm, SR300 0.125 mm.
_KNOWN_UNITS_MM = (1.0, 0.1, 0.2, 0.125, 0.01, 10.0)
_SAMPLED_ROWS = 100  # of a frame, to find its nearest tenth


def find_depth(path: Path) -> list[Path]:
    """Return the folder of the depth images, if there is one."""
    return [path / "depth"] if (path / "depth").is_dir() else []


def open_depth(folder: Path, facts: ScanFacts) -> Opened:
    """List the files, and check the intrinsics.

    Raises
    ------
    ScanError
        If there are no depth images, two of one name, or no intrinsics.
    """
    files = _input_files(folder)
    read_intrinsics(folder / INTRINSICS_NAME)
    return Opened(files, _colour_remarks(folder))


def _input_files(folder: Path) -> list[Path]:
    """Return every file of the recording but `scan.toml`."""
    depth_files = files_of(folder / "depth", (".png",))
    if not depth_files:
        raise ScanError(f"{folder / 'depth'} holds no .png: {advice_on_images(folder / 'depth')}")
    intrinsics = folder / INTRINSICS_NAME
    if not intrinsics.is_file():
        raise ScanError(
            f"{folder} has depth images but no {INTRINSICS_NAME}; expected Open3D's PinholeCameraIntrinsic JSON. "
            "Copy the one that belongs to this camera and resolution."
        )
    _by_stem(depth_files)
    return [intrinsics, *depth_files, *_colour_files(folder).values()]


def _colour_remarks(folder: Path) -> tuple[str, ...]:
    """Say which colour images belong to no depth image, and how many views have none."""
    depth_stems = {file.stem for file in files_of(folder / "depth", (".png",))}
    colour_stems = set(_colour_files(folder))
    if not colour_stems:
        return ()
    remarks = []
    if colour_stems - depth_stems:
        remarks.append(f"{len(colour_stems - depth_stems)} colour images belong to no depth image and were not used")
    if depth_stems - colour_stems:
        remarks.append(f"{len(depth_stems - colour_stems)} of {len(depth_stems)} views have no colour image")
    return tuple(remarks)


def read_depth(folder: Path, facts: ScanFacts) -> Recording:
    """Read all depth images, and the colour images of the same names.

    Raises
    ------
    ScanError
        If an image is broken or of another size, or the depth unit is plainly wrong.
    """
    intrinsics = read_intrinsics(folder / INTRINSICS_NAME)
    colour_files = _colour_files(folder)
    warp = None if facts.certificate is None else facts.certificate.warp

    def read(file: Path) -> DepthFrame:
        depth = _read_image(file)
        _check_size(file, depth.shape, intrinsics)
        color = None
        if file.stem in colour_files:
            color = _read_colour(colour_files[file.stem])
            _check_size(colour_files[file.stem], color.shape, intrinsics)
        return DepthFrame(file.stem, depth, facts.depth_unit_mm * facts.scale, intrinsics, color, warp)

    frames = parallel_map(read, files_of(folder / "depth", (".png",)), "reading depth images")
    near_mm = _check_unit(folder, frames, facts.depth_unit_mm)
    _check_range(facts, near_mm)
    log.info("%s: %d depth images of %d × %d", folder.name, len(frames), intrinsics.width, intrinsics.height)
    return Recording(tuple(frames))


def read_intrinsics(path: Path) -> Intrinsics:
    """Read Open3D's PinholeCameraIntrinsic JSON: width, height, column-major 3 × 3 `intrinsic_matrix`, pixels."""
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ScanError(f"{path} cannot be read: {error}. Expected Open3D's PinholeCameraIntrinsic JSON.") from None
    table = table if isinstance(table, dict) else {}
    width: Any = table.get("width")
    height: Any = table.get("height")
    matrix: Any = table.get("intrinsic_matrix")
    if not (_is_count(width) and _is_count(height) and _is_matrix(matrix)):
        raise ScanError(
            f"{path} does not hold a camera; expected whole numbers `width` and `height`, and `intrinsic_matrix` as 9 "
            "finite numbers, column by column. Write it with open3d.io.write_pinhole_camera_intrinsic."
        )
    fx, shear_y, low_x, shear_x, fy, low_y, cx, cy, one = (float(value) for value in matrix)
    if (shear_y, low_x, shear_x, low_y, one) != (0.0, 0.0, 0.0, 0.0, 1.0):
        raise ScanError(
            f"{path}: intrinsic_matrix = {matrix} is not fx 0 0, 0 fy 0, cx cy 1. "
            "Write it column by column, as Open3D does."
        )
    if not all(0.1 * width < focal < 20.0 * width for focal in (fx, fy)):
        raise ScanError(
            f"{path}: focal lengths {fx:g} and {fy:g}; expected positive pixels near {width}. Correct them."
        )
    if not (0.0 < cx < width and 0.0 < cy < height):
        raise ScanError(f"{path}: centre {cx:g}, {cy:g} lies outside {width} × {height} pixels. Correct it.")
    return Intrinsics(width, height, fx, fy, cx, cy)


def write_depth(folder: Path, recording: Recording, facts: ScanFacts) -> None:
    """Write `depth/`, `color/` (PNG) and `camera_intrinsic.json`. All frames have one camera and unit."""
    frames = [frame for frame in recording.frames if isinstance(frame, DepthFrame)]
    intrinsics = frames[0].intrinsics
    if any(frame.intrinsics != intrinsics or frame.depth_unit_mm != facts.depth_unit_mm for frame in frames):
        raise ValueError("a recording in the depth form has one camera, and one depth unit which its facts state")
    (folder / "depth").mkdir(parents=True, exist_ok=True)
    for frame in frames:
        (folder / "depth" / f"{frame.name}.png").write_bytes(_png(frame.depth))
        if frame.color is not None:
            (folder / "color").mkdir(exist_ok=True)
            (folder / "color" / f"{frame.name}.png").write_bytes(_png(frame.color))
    matrix = [intrinsics.fx, 0.0, 0.0, 0.0, intrinsics.fy, 0.0, intrinsics.cx, intrinsics.cy, 1.0]
    table = {"height": intrinsics.height, "intrinsic_matrix": matrix, "width": intrinsics.width}
    (folder / INTRINSICS_NAME).write_bytes((json.dumps(table, indent=1) + "\n").encode())


def _colour_files(folder: Path) -> dict[str, Path]:
    return _by_stem(files_of(folder / "color", COLOUR_SUFFIXES))


def _by_stem(files: Sequence[Path]) -> dict[str, Path]:
    named = {file.stem: file for file in files}
    if len(named) < len(files):
        twice = next(file for file in files if named[file.stem] != file)
        raise ScanError(f"{twice} and {named[twice.stem].name} have one name; expected one file a view. Remove one.")
    return named


def _read_image(path: Path) -> Any:
    """Return (H, W) uint16, in steps of the depth unit."""
    with _opened(path) as image:
        depth = np.asarray(image)
        if image.mode == "I" and depth.min() >= 0 and depth.max() <= 65535:  # how older Pillow opens 16-bit PNG
            depth = depth.astype(np.uint16)
        if depth.dtype != np.uint16 or depth.ndim != 2:
            raise ScanError(
                f"{path} is an image of mode {image.mode}; expected one channel of 16 bits. "
                "Export the raw depth, not a coloured or 8-bit picture of it."
            )
        return depth


def _read_colour(path: Path) -> ByteArray:
    with _opened(path) as image:
        return np.asarray(image.convert("RGB"), dtype=np.uint8)


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """Decode an image: the slow part, in which Pillow lets go of the GIL."""
    try:
        with Image.open(path) as image:
            image.load()
            yield image
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        if path.is_file():
            refuse_wrong_file(path)
        raise ScanError(
            f"{path} is broken or cut off ({error}); expected a whole image. Copy it again or remove it."
        ) from None


def _check_size(path: Path, shape: tuple[int, ...], intrinsics: Intrinsics) -> None:
    if shape[:2] != (intrinsics.height, intrinsics.width):
        raise ScanError(
            f"{path} is {shape[1]} × {shape[0]} pixels, but {INTRINSICS_NAME} says {intrinsics.width} × "
            f"{intrinsics.height}; expected the same. Take the intrinsics of this resolution, colour aligned to depth."
        )


def _check_unit(folder: Path, frames: Sequence[DepthFrame], depth_unit_mm: float) -> float:
    """Return the depth of near surfaces, mm; refuse a recording that has none, or none that a foot's can be."""
    near_steps = [near for frame in frames if (near := _near(frame.depth)) > 0]
    if not near_steps:
        raise ScanError(f"all {len(frames)} depth images of {folder} are zero; expected depth readings. Record again.")
    near = float(np.median(near_steps))
    low, high = _PLAUSIBLE_NEAR_MM
    if low <= near * depth_unit_mm <= high:
        return near * depth_unit_mm
    likely = next((unit for unit in _KNOWN_UNITS_MM if low <= near * unit <= high), None)
    hint = "scan.toml: depth_unit_mm" + (f" = {likely:g}" if likely else "")
    raise ScanError(
        f"the nearest tenth of {folder} lies at {near * depth_unit_mm:.0f} mm (depth_unit_mm = {depth_unit_mm:g}); "
        f"expected {low:.0f} to {high:.0f} mm. Is the depth unit right? {hint}"
    )


def _check_range(facts: ScanFacts, near_mm: float) -> None:
    """Say so where a recording is nearer or farther than its camera was checked at."""
    checked = None if facts.certificate is None else facts.certificate.range_mm
    if checked is not None and not checked[0] <= near_mm <= checked[1]:
        log.warning(
            "the certificate %s holds from %.0f to %.0f mm; the nearest tenth of the recording lies at %.0f mm",
            facts.camera,
            *checked,
            near_mm,
        )


def _near(depth: NDArray[np.uint16]) -> float:
    """Return the depth that a tenth of a frame's readings is nearer than, 0 in an empty frame."""
    step = max(len(depth) // _SAMPLED_ROWS, 1)
    sample = depth[::step, ::step]
    valid = sample[sample > 0] if sample.any() else depth[depth > 0]
    return float(np.percentile(valid, 10.0)) if len(valid) else 0.0


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= 20000


def _is_matrix(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 9
        and all(isinstance(item, (int, float)) and not isinstance(item, bool) and math.isfinite(item) for item in value)
    )


def _png(pixels: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="PNG", compress_level=9)
    return stream.getvalue()
