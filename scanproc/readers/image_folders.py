"""What all folders of depth images have in common, whatever their files are called: how they are opened and read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from scanproc.artifacts import MM_OF_UNIT, DepthFrame, Recording, ScanFacts, Unit
from scanproc.errors import ScanError
from scanproc.readers.cameras import camera_file, read_camera
from scanproc.readers.distortion import Undistortion
from scanproc.readers.images import (
    FLOAT_STEP_MM,
    in_steps,
    read_colour,
    read_depth_image,
    size_of_image,
    unit_of_float_depth,
)
from scanproc.readers.opened import Opened
from scanproc.readers.sizes import Size, same_shape
from scanproc.readers.streams import recording_of

_SAMPLED = 3  # images that the unit of floating-point depth is found from: the first may be of anything


@dataclass(frozen=True)
class ImageFolder:
    """The files of a recording.

    Attributes
    ----------
    folder : where the camera's file lies.
    depth : depth images in recorded order; the stem of each is its name.
    color : by that name, the colour images.
    lists : other files that say what belongs to what.
    unit_mm : of one step, where neither scan.toml nor the camera's file states it; None for 1 mm.
    """

    folder: Path
    depth: Sequence[Path]
    color: Mapping[str, Path]
    lists: Sequence[Path] = field(default=())
    unit_mm: float | None = None


def by_stem(files: Sequence[Path]) -> dict[str, Path]:
    """Return files by name without ending.

    Raises
    ------
    ScanError
        If two of them have one, or one is given twice.
    """
    named: dict[str, Path] = {}
    for file in files:
        before = named.get(file.stem)
        if before == file:
            raise ScanError(f"{file} is listed twice; expected each view once. Take a line away.")
        if before is not None:
            raise ScanError(f"{before} and {file.name} have one name; expected one file a view. Remove one.")
        named[file.stem] = file
    return named


def open_images(images: ImageFolder, facts: ScanFacts) -> Opened:
    """Check camera and first images, and find the unit.

    Raises
    ------
    ScanError
        If two images have one name, there is no camera, or an image that is looked at is broken.
    """
    by_stem(images.depth)
    first = read_depth_image(images.depth[0]) if camera_file(images.folder) else np.zeros((1, 1), np.uint16)
    size = Size(first.shape[1], first.shape[0])
    camera = read_camera(images.folder, size)
    used = _colors_used(images, size)
    remarks = _remarks_on_color(images, used, size)
    files = [camera.path, *images.lists, *images.depth, *used.values()]
    if first.dtype != np.uint16:
        unit, found = _float_unit(images, facts)
        if "depth_unit_mm" not in facts.assumed:
            found = (*found, "depth_unit_mm is of 16-bit images, and was not used: this depth is of floating point")
        return Opened(files, (*remarks, *found), unit, None, FLOAT_STEP_MM, camera.sensor, camera.serial)
    unit_mm = camera.depth_unit_mm or images.unit_mm
    if "depth_unit_mm" not in facts.assumed or unit_mm is None:
        return Opened(files, remarks, sensor=camera.sensor, serial=camera.serial)
    by = camera.path.name if camera.depth_unit_mm else "data sets of this form"
    remarks = (*remarks, f"one step of the depth: {unit_mm:g} mm, as {by} has it")
    return Opened(files, remarks, depth_unit_mm=unit_mm, sensor=camera.sensor, serial=camera.serial)


def read_images(images: ImageFolder, facts: ScanFacts) -> Recording:
    """Read all depth images, and the colour images of the same names; a long recording as it is asked for.

    Raises
    ------
    ScanError
        If an image is broken or of another size, or the depth unit is plainly wrong.
    """
    first = read_depth_image(images.depth[0])
    size = Size(first.shape[1], first.shape[0])
    camera = read_camera(images.folder, size)
    size = Size(camera.intrinsics.width, camera.intrinsics.height)
    undistortion = None if camera.distortion is None else Undistortion(camera.intrinsics, camera.distortion)
    colors = _colors_used(images, size)
    is_float, unit_mm = first.dtype != np.uint16, MM_OF_UNIT["mm" if facts.unit == "auto" else facts.unit]
    warp = None if facts.certificate is None else facts.certificate.warp

    def decode(place: int) -> DepthFrame:
        file = images.depth[place]
        raw = read_depth_image(file, size)
        if (raw.dtype != np.uint16) != is_float:
            raise ScanError(f"{file} is of {raw.dtype}, others are not; expected one kind of image. Convert it.")
        depth = in_steps(raw, unit_mm)
        color = read_colour(colors[file.stem], size) if file.stem in colors else None
        if undistortion is not None:
            depth = undistortion.depth(depth)
            color = None if color is None else undistortion.color(color)
        intrinsics = camera.by_frame.get(file.stem, camera.intrinsics)
        return DepthFrame(file.stem, depth, facts.depth_unit_mm * facts.scale, intrinsics, color, warp)

    return recording_of(images.depth[0].parent.parent, list(by_stem(images.depth)), decode, facts)


def _float_unit(images: ImageFolder, facts: ScanFacts) -> tuple[Unit, tuple[str, ...]]:
    places = np.unique(np.linspace(0, len(images.depth) - 1, _SAMPLED).round().astype(int))
    samples = [read_depth_image(images.depth[place]) for place in places]
    return unit_of_float_depth(images.depth[0].parent, samples, facts)


def _colors_used(images: ImageFolder, size: Size) -> Mapping[str, Path]:
    """Return the colour images, none where the first shows another part of the world than its depth image."""
    first = next(iter(images.color.values()), None)
    return images.color if first is not None and same_shape(size_of_image(first), size) else {}


def _remarks_on_color(images: ImageFolder, used: Mapping[str, Path], size: Size) -> tuple[str, ...]:
    """Say which colour images belong to no depth image, how many views have none, and which were made smaller."""
    depth_stems, colour_stems = {file.stem for file in images.depth}, set(images.color)
    if not colour_stems:
        return ()
    found = size_of_image(next(iter(images.color.values())))
    if not used:
        return (f"colour images of {found} pixels are not aligned to depth images of {size}, and were not used",)
    remarks = []
    if found != size:
        remarks.append(f"colour images of {found} pixels were brought to {size}, and taken to be aligned to depth")
    if colour_stems - depth_stems:
        remarks.append(f"{len(colour_stems - depth_stems)} colour images belong to no depth image and were not used")
    if depth_stems - colour_stems:
        remarks.append(f"{len(depth_stems - colour_stems)} of {len(depth_stems)} views have no colour image")
    return tuple(remarks)
