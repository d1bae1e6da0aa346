"""The depth form: `depth/*`, the camera's file (by preference Open3D's), optional colour of the same names."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from PIL import Image

from scanproc.artifacts import DepthFrame, Intrinsics, Recording, ScanFacts
from scanproc.errors import ScanError
from scanproc.parallel import parallel_map
from scanproc.readers.cameras import write_camera
from scanproc.readers.image_folders import ImageFolder, by_stem, open_images, read_images
from scanproc.readers.images import COLOUR_SUFFIXES, DEPTH_SUFFIXES
from scanproc.readers.listing import files_of
from scanproc.readers.opened import Opened
from scanproc.readers.tum import find_tum
from scanproc.readers.wrong_files import advice_on_images

#: Folders of the colour images, as Open3D looks for them.
COLOUR_FOLDERS = ("color", "rgb", "image")

_COMPRESSION = 6  # of PNG: 9 takes nine times as long, for 3 % less


def find_depth(path: Path) -> list[Path]:
    """Return the folder of the depth images, if there is one that no list of another form belongs to."""
    return [path / "depth"] if (path / "depth").is_dir() and not find_tum(path) else []


def open_depth(folder: Path, facts: ScanFacts) -> Opened:
    """List the files, check the camera and the first images.

    Raises
    ------
    ScanError
        If there are no depth images, two of one name, or no intrinsics.
    """
    return open_images(_listed(folder), facts)


def read_depth(folder: Path, facts: ScanFacts) -> Recording:
    """Read all depth images, and the colour images of the same names.

    Raises
    ------
    ScanError
        If an image is broken or of another size, or the depth unit is plainly wrong.
    """
    return read_images(_listed(folder), facts)


def _listed(folder: Path) -> ImageFolder:
    depth = files_of(folder / "depth", DEPTH_SUFFIXES)
    if not depth:
        raise ScanError(f"{folder / 'depth'} holds no .png: {advice_on_images(folder / 'depth')}")
    color_folder = next((folder / name for name in COLOUR_FOLDERS if (folder / name).is_dir()), folder / "color")
    return ImageFolder(folder, depth, by_stem(files_of(color_folder, COLOUR_SUFFIXES)))


def write_depth(folder: Path, recording: Recording, facts: ScanFacts) -> None:
    """Write `depth/`, `color/` (PNG) and `camera_intrinsic.json`, frame by frame. All have one size and one unit."""
    unit_mm = facts.depth_unit_mm * facts.scale
    for part in ("depth", "color"):
        (folder / part).mkdir(parents=True, exist_ok=True)

    def write(place: int) -> tuple[str, Intrinsics]:
        frame = recording.frames[place]
        if not isinstance(frame, DepthFrame) or frame.depth_unit_mm != unit_mm:
            raise ValueError("a recording is written as depth images or as clouds, in the unit that its facts state")
        (folder / "depth" / f"{frame.name}.png").write_bytes(_png(frame.depth))
        if frame.color is not None:
            (folder / "color" / f"{frame.name}.png").write_bytes(_png(frame.color))
        return frame.name, frame.intrinsics

    cameras = dict(parallel_map(write, range(len(recording.frames)), "writing depth images"))
    if not any((folder / "color").iterdir()):
        (folder / "color").rmdir()
    first, *others = cameras.values()
    if any((other.width, other.height) != (first.width, first.height) for other in others):
        raise ValueError("a recording in the depth form has images of one size")
    write_camera(folder, first, cameras if any(other != first for other in others) else {})


def _png(pixels: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="PNG", compress_level=_COMPRESSION)
    return stream.getvalue()
