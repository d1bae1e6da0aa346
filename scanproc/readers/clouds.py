"""The clouds form: `clouds/*.{ply,pcd,xyz,asc,pts}`, each in its camera's frame (x right, y down, z forward)."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scanproc.artifacts import MM_OF_UNIT, ByteArray, CloudFrame, Recording, ScanFacts
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.open3d_bridge import Cloud, read_cloud
from scanproc.readers.headers import fits_rply, is_complete_pcd, is_complete_ply
from scanproc.readers.listing import files_of
from scanproc.readers.opened import Opened
from scanproc.readers.text_clouds import TEXT_SUFFIXES, read_text_cloud
from scanproc.readers.units import unit_of_clouds
from scanproc.readers.wrong_files import refuse_wrong_file

log = logging.getLogger(__name__)

CLOUD_SUFFIXES = (".ply", ".pcd", *TEXT_SUFFIXES)

_FARTHEST = 1e9  # in any unit; a number above it is garbage
_LEAST_DEPTH_ASIDE = 0.1  # depth by distance from the axis: no lens sees farther aside than 84 degrees
_STRAY_SHARE = 0.02  # of a view's points that may be anywhere
_SAMPLED = 3  # clouds that the unit is found from: the first may be of anything


def find_clouds(path: Path) -> list[Path]:
    """Return the folder of the clouds, if there is one."""
    return [path / "clouds"] if (path / "clouds").is_dir() else []


def _cloud_files(folder: Path) -> list[Path]:
    """Return the clouds of a folder in recorded order."""
    files = files_of(folder / "clouds", CLOUD_SUFFIXES)
    if not files:
        raise ScanError(f"{folder / 'clouds'} holds no .ply or .pcd; expected one cloud a view. Export them there.")
    stems = [file.stem for file in files]
    twice = next((stem for stem in stems if stems.count(stem) > 1), None)
    if twice is not None:
        raise ScanError(f"{folder / 'clouds'} holds two clouds called {twice}; expected one a view. Remove one.")
    return files


def open_clouds(folder: Path, facts: ScanFacts) -> Opened:
    """Find the unit of clouds by their median range from the camera, or check the one that was stated.

    Raises
    ------
    ScanError
        If there are no clouds, two of one name, no points, or points at no distance of a foot.
    """
    files = _cloud_files(folder)
    picked = [files[i] for i in np.unique(np.linspace(0, len(files) - 1, _SAMPLED).round().astype(int))]
    sampled = [_read(file) for file in picked]
    seen = [cloud.points for cloud in sampled if len(cloud.points)]
    if not seen:
        raise ScanError(f"{files[0].parent}: none of {len(picked)} clouds looked at holds a point. Record again.")
    median_range = float(np.median([np.median(np.linalg.norm(points, axis=1)) for points in seen]))
    extent = max(float(np.ptp(points, axis=0).max()) for points in seen)
    found = unit_of_clouds(files[0].parent, median_range, extent, facts)
    dropped = sum(cloud.num_dropped for cloud in sampled)
    remarks = ("missing points (not finite, or at the camera) were dropped from the clouds",) if dropped else ()
    return Opened(files, (*found.remarks, *remarks), found.unit)


def read_clouds(folder: Path, facts: ScanFacts) -> Recording:
    """Read all clouds in mm. Points that are missing (NaN, infinite, at the camera) are dropped.

    Raises
    ------
    ScanError
        If a cloud is broken, has no point left, or lies behind its camera.
    """
    files, unit = _cloud_files(folder), facts.unit
    if unit == "auto":
        raise ValueError(f"{folder.name}: the unit of clouds is settled by open_clouds")
    frames = []
    for file in files:
        cloud = _read(file)
        if not len(cloud.points):
            raise ScanError(
                f"{file} holds no point that is finite; expected a view's points. Remove it or record again."
            )
        _refuse_other_frame(file, cloud.points)
        frames.append(CloudFrame(file.stem, cloud.points * (MM_OF_UNIT[unit] * facts.scale), cloud.color))
    log.info("%s: %d clouds in %s", files[0].parent.parent.name, len(frames), unit)
    return Recording(tuple(frames))


def write_clouds(folder: Path, recording: Recording, facts: ScanFacts) -> None:
    """Write `clouds/*.ply`, float32 (0.1 um at 1 m); in metres, as cameras do, if the unit is left to be found."""
    frames = [frame for frame in recording.frames if isinstance(frame, CloudFrame)]
    (folder / "clouds").mkdir(parents=True, exist_ok=True)
    mm = MM_OF_UNIT["m" if facts.unit == "auto" else facts.unit]
    for frame in frames:
        (folder / "clouds" / f"{frame.name}.ply").write_bytes(_ply(frame.points / (mm * facts.scale), frame.color))


def _refuse_other_frame(file: Path, points: FloatArray) -> None:
    """Refuse points that no camera at the origin can have seen along z: behind it, or all round it.

    A view that looks backwards throughout is one of RealSense's export; one with points on both sides, or farther
    aside than any lens sees, lies in a frame that is common to all views.
    """
    depth, aside = points[:, 2], np.linalg.norm(points[:, :2], axis=1)
    ahead = depth > _LEAST_DEPTH_ASIDE * aside
    backwards = -depth > _LEAST_DEPTH_ASIDE * aside
    if np.mean(ahead) >= 1.0 - _STRAY_SHARE:
        return
    if np.mean(backwards) >= 1.0 - _STRAY_SHARE:
        raise ScanError(
            f"{file} lies behind its camera (z is negative); expected z forward, y down. RealSense's PLY export "
            "looks along -z: turn each cloud by 180 degrees about x."
        )
    raise ScanError(
        f"{file} has points all round the origin ({np.mean(~ahead):.0%} of them not before a camera there); expected "
        "each view in the frame of its own camera. If another program has put all views into one frame, export them "
        "before that step, or give the mesh that it made of them."
    )


@dataclass(frozen=True)
class _FiniteCloud:
    """The points that are there, in the file's unit, and the number of those that are not."""

    points: FloatArray
    color: ByteArray | None
    num_dropped: int


def _read(path: Path) -> _FiniteCloud:
    """Read a cloud without the points that organised clouds carry for missing pixels: NaN, or the camera's centre."""
    refuse_wrong_file(path)
    if path.suffix.lower() in TEXT_SUFFIXES:
        cloud = Cloud(*read_text_cloud(path))
    else:
        data = path.read_bytes()
        is_ply = path.suffix.lower() == ".ply"
        if not (is_complete_ply(data) and fits_rply(data) if is_ply else is_complete_pcd(data)):
            raise ScanError(f"{path} is broken or cut off; expected a whole PLY or PCD. Copy it again or remove it.")
        cloud = read_cloud(path)
    if not len(cloud.points):
        raise ScanError(f"{path} is broken or holds no points; expected a view's points. Copy it again or remove it.")
    farthest = np.abs(cloud.points).max(axis=1)
    kept = (farthest > 0.0) & (farthest < _FARTHEST)  # false where NaN
    return _FiniteCloud(cloud.points[kept], None if cloud.color is None else cloud.color[kept], int((~kept).sum()))


def _ply(points: FloatArray, color: ByteArray | None) -> bytes:
    layout = [("x", "<f4"), ("y", "<f4"), ("z", "<f4")]
    layout += [("red", "u1"), ("green", "u1"), ("blue", "u1")] if color is not None else []
    rows = np.zeros(len(points), dtype=layout)
    for i, name in enumerate("xyz"):
        rows[name] = points[:, i]
    if color is not None:
        rows["red"], rows["green"], rows["blue"] = color.T
    header = ["ply", "format binary_little_endian 1.0", f"element vertex {len(points)}"]
    header += [f"property {'float' if kind == '<f4' else 'uchar'} {name}" for name, kind in layout]
    return "\n".join([*header, "end_header", ""]).encode("ascii") + rows.tobytes()
