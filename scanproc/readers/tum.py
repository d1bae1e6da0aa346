"""TUM's RGB-D form (also of ETH3D): `depth.txt`, `rgb.txt`, optional associations, names of files by time."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import numpy as np

from scanproc.artifacts import Recording, ScanFacts
from scanproc.errors import ScanError
from scanproc.readers.image_folders import ImageFolder, open_images, read_images
from scanproc.readers.images import COLOUR_SUFFIXES, DEPTH_SUFFIXES
from scanproc.readers.listing import is_there
from scanproc.readers.opened import Opened

UNIT_MM = 0.2  # 5000 steps a metre, as the form has it

_DEPTH_LIST, _COLOUR_LIST = "depth.txt", "rgb.txt"
_ASSOCIATIONS = ("associations.txt", "associated.txt", "associate.txt", "association.txt")
_FARTHEST_S = 0.02  # colour farther from its depth in time shows another place; TUM's associate.py has the same
_LONGEST_LIST = 10_000_000  # bytes


def find_tum(path: Path) -> list[Path]:
    """Return the list of the depth images, if there is one."""
    return [path / _DEPTH_LIST] if path.is_dir() and (path / _DEPTH_LIST).is_file() else []


def open_tum(folder: Path, facts: ScanFacts) -> Opened:
    """Read the lists, check the camera and the first images.

    Raises
    ------
    ScanError
        If a list is broken or leads out of the folder, an image is missing, or there is no camera.
    """
    return open_images(_listed(folder), facts)


def read_tum(folder: Path, facts: ScanFacts) -> Recording:
    """Read the depth images in the order of the list, each with the colour image that is nearest in time.

    Raises
    ------
    ScanError
        If an image is broken or of another size, or the depth unit is plainly wrong.
    """
    return read_images(_listed(folder), facts)


def _listed(folder: Path) -> ImageFolder:
    depth_list, colour_list = folder / _DEPTH_LIST, folder / _COLOUR_LIST
    times, files = _read_list(depth_list, DEPTH_SUFFIXES)
    if not files:
        raise ScanError(f"{depth_list} names no depth image; expected lines of a time and a file. Copy it again.")
    pairs = next((folder / name for name in _ASSOCIATIONS if (folder / name).is_file()), None)
    if pairs is not None:
        return ImageFolder(folder, files, _associated(pairs), [depth_list, pairs], UNIT_MM)
    if not colour_list.is_file():
        return ImageFolder(folder, files, {}, [depth_list], UNIT_MM)
    return ImageFolder(folder, files, _nearest(times, files, colour_list), [depth_list, colour_list], UNIT_MM)


def _nearest(times: list[float], files: list[Path], colour_list: Path) -> dict[str, Path]:
    """Return by a depth image's name the colour image that is nearest in time, if it is near."""
    colour_times, colors = _read_list(colour_list, COLOUR_SUFFIXES)
    if not colors:
        return {}
    far = np.abs(np.array(colour_times)[None, :] - np.array(times)[:, None])
    nearest = far.argmin(axis=1)
    return {
        file.stem: colors[k]
        for file, k, distance in zip(files, nearest, far.min(axis=1), strict=True)
        if distance <= _FARTHEST_S
    }


def _associated(path: Path) -> dict[str, Path]:
    """Return the colour images by the depth images' names, of lines of two times and two files, in any order."""
    found = {}
    for line, words in _lines(path):
        if len(words) < 4:
            raise ScanError(
                f"{path}, line {line}: {' '.join(words)[:60]!a}; expected time, file, time, file. Correct it."
            )
        one, two = (_inside(path, line, word) for word in (words[1], words[3]))
        depth, color = (one, two) if one.parent.name.startswith("depth") else (two, one)
        found[depth.stem] = color
    return found


def _read_list(path: Path, suffixes: tuple[str, ...]) -> tuple[list[float], list[Path]]:
    """Return times, s, and files of a list in the order of time.

    Raises
    ------
    ScanError
        If a line is broken, or a file is not there, of another kind, or outside of the folder.
    """
    rows = []
    for line, words in _lines(path):
        try:
            time = float(words[0])
            file = _inside(path, line, words[1])
        except (IndexError, ValueError):
            raise ScanError(
                f"{path}, line {line}: {' '.join(words)[:60]!a}; expected a time and a file. Correct it."
            ) from None
        if not (np.isfinite(time) and file.suffix.lower() in suffixes):
            raise ScanError(f"{path}, line {line}: {words[1][:60]!a}; expected {' '.join(suffixes)}. Correct it.")
        rows.append((time, file))
    rows.sort(key=lambda row: row[0])
    return [time for time, _ in rows], [file for _, file in rows]


def _lines(path: Path) -> list[tuple[int, list[str]]]:
    """Return the numbered lines of a list, in words, without remarks."""
    try:
        if path.stat().st_size > _LONGEST_LIST:
            raise ValueError(f"it holds {path.stat().st_size} bytes")
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ScanError(
            f"{path} cannot be read ({error}); expected lines of a time and a file. Copy it again."
        ) from None
    numbered = ((number, line.replace(",", " ").split()) for number, line in enumerate(text.splitlines(), start=1))
    return [(number, words) for number, words in numbered if words and not words[0].startswith("#")]


def _inside(path: Path, line: int, name: str) -> Path:
    """Return a file that a list names, in the folder of the list."""
    parts = PurePosixPath(name.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or ":" in name:
        raise ScanError(
            f"{path}, line {line}: {name[:60]!a} leads out of the folder; expected a file in it. Correct it."
        )
    file = path.parent / parts
    if not (is_there(file) and file.is_file()):
        raise ScanError(
            f"{path}, line {line}: there is no {name[:60]!a}; expected every image. Copy the recording again."
        )
    return file
