"""Recordings for a calibration, with a known truth: the printed sheet with its picture, or a wall."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from scanproc.artifacts import BoolArray, DepthFrame, Intrinsics, Plane, Recording, ScanFacts
from scanproc.calibration.markers import board_cells
from scanproc.calibration.sheet import Sheet
from scanproc.calibration.tiles import plane_depth
from scanproc.frames import FloatArray, inverse, rigid, rotate, rotation_about, transform
from scanproc.readers.facts import facts_stating
from scanproc.simulation.cameras import CAMERAS, Camera, scaled
from scanproc.simulation.digitised import depth_unit_of, digitised
from scanproc.simulation.noise_models import with_noise_model
from scanproc.simulation.render import TrueImage, pixel_rays
from scanproc.simulation.settings import SimulationConfig
from scanproc.simulation.simulate import noise_of

FlatThing = Literal["sheet", "wall"]

AS_MEANT = Sheet()
_PAPER_MM = (21.0, 36.0)  # of white round the board, left and right, above and below: what A4 leaves
_INK, _PAPER, _BEYOND = 35.0, 205.0, 90.0  # grey levels, of 255
_BLUR_PX, _GREY_NOISE = 0.6, 2.5
_SAMPLES = 4  # of a pixel, along each side
_NEAR, _FAR = 0.8, 1.25  # of the camera's usual distance
_MOST_TILT_DEG = {"sheet": 35.0, "wall": 20.0}
_MOST_ROLL_DEG = 20.0


def flat_facts(config: SimulationConfig) -> ScanFacts:
    """Return what `scan.toml` states of such a recording."""
    camera = CAMERAS[config.camera]
    return facts_stating(
        "calibration",
        depth_unit_mm=depth_unit_of(camera, config),
        sensor=f"{camera.name} (simulated)",
        serial=f"simulated-{config.camera_seed}",
    )


def simulate_flat(thing: FlatThing, config: SimulationConfig, printed: Sheet = AS_MEANT) -> Recording:
    """Record a sheet, as it was printed, or a wall, from many places.

    The same thing, config and sheet give the same bytes.
    """
    config = with_noise_model(config)
    camera = CAMERAS[config.camera]
    intrinsics = scaled(camera.intrinsics, config.image_scale)
    noise = noise_of(config)
    frames = []
    for i in range(config.views):
        rng = np.random.default_rng([config.seed, i])
        T_camera_sheet = _pose(i, thing, camera, intrinsics, config, printed, rng)
        image = _true_image(thing, T_camera_sheet, intrinsics, printed)
        picture = _picture(T_camera_sheet, intrinsics, printed, rng) if thing == "sheet" else None
        depth = digitised(noise.measure(image, rng), camera, config)
        frames.append(DepthFrame(f"{i:06d}", depth, depth_unit_of(camera, config), intrinsics, picture))
    return Recording(tuple(frames))


def _pose(
    view: int,
    thing: FlatThing,
    camera: Camera,
    intrinsics: Intrinsics,
    config: SimulationConfig,
    printed: Sheet,
    rng: np.random.Generator,
) -> FloatArray:
    """Return T_camera_sheet: the sheet comes to every part of the image in turn, near and far, tilted every way."""
    usual = config.distance_mm if config.distance_mm > 0.0 else camera.distance_mm
    z = usual * rng.uniform(_NEAR, _FAR)
    across, down = (0.12 + 0.76 * _halton(view + 1, base) for base in (2, 3))
    middle = z * np.array(
        [
            (across * intrinsics.width - intrinsics.cx) / intrinsics.fx,
            (down * intrinsics.height - intrinsics.cy) / intrinsics.fy,
            1.0,
        ]
    )
    way = rng.uniform(0.0, 2.0 * np.pi)
    tilt = np.radians(rng.uniform(0.0, _MOST_TILT_DEG[thing]))
    roll = np.radians(rng.uniform(-_MOST_ROLL_DEG, _MOST_ROLL_DEG))
    turn = rotation_about(np.array([np.cos(way), np.sin(way), 0.0]), float(tilt))
    turn = turn @ rotation_about(np.array([0.0, 0.0, 1.0]), float(roll))
    return rigid(turn, middle - turn @ np.append(printed.size_mm / 2.0, 0.0))


def _halton(index: int, base: int) -> float:
    """Return the index-th number of van der Corput's sequence, in [0, 1): such numbers fill the interval evenly."""
    value, share = 0.0, 1.0
    while index:
        share /= base
        value += share * (index % base)
        index //= base
    return value


def _true_image(thing: FlatThing, T_camera_sheet: FloatArray, intrinsics: Intrinsics, printed: Sheet) -> TrueImage:
    normal = T_camera_sheet[:3, 2]
    depth = plane_depth(Plane(normal, float(normal @ T_camera_sheet[:3, 3])), intrinsics)
    rays = pixel_rays(intrinsics).reshape(*depth.shape, 3)
    if thing == "sheet":
        xy = _on_sheet(rays.reshape(-1, 3), T_camera_sheet).reshape(*depth.shape, 2)
        depth = np.where(_on_paper(xy, printed), depth, np.inf)
    cosine = np.abs(rays @ normal) / np.linalg.norm(rays, axis=-1)
    return TrueImage(depth, np.where(np.isfinite(depth), np.arccos(cosine.clip(0.0, 1.0)), 0.0))


def _on_sheet(rays: FloatArray, T_camera_sheet: FloatArray) -> FloatArray:
    """Return (N, 2) where rays of the camera meet the sheet's plane, sheet frame, mm; NaN behind the camera."""
    T_sheet_camera = inverse(T_camera_sheet)
    directions, eye = rotate(T_sheet_camera, rays), T_sheet_camera[:3, 3]
    length = np.divide(-eye[2], directions[:, 2], out=np.full(len(rays), np.nan), where=directions[:, 2] > 0.0)
    return np.asarray(eye[:2] + length[:, None] * directions[:, :2])


def _box(T_camera_sheet: FloatArray, intrinsics: Intrinsics, printed: Sheet) -> tuple[slice, slice]:
    """Return the rows and columns that hold the paper."""
    x, y = np.stack([-np.array(_PAPER_MM), printed.size_mm + _PAPER_MM]).T
    corners = transform(T_camera_sheet, np.array([[right, down, 0.0] for right in x for down in y]))
    u = corners[:, 0] / corners[:, 2] * intrinsics.fx + intrinsics.cx
    v = corners[:, 1] / corners[:, 2] * intrinsics.fy + intrinsics.cy
    return tuple(slice(max(int(at.min()) - 1, 0), max(int(at.max()) + 2, 0)) for at in (v, u))  # type: ignore[return-value]


def _on_paper(xy: FloatArray, printed: Sheet) -> BoolArray:
    margin = np.array(_PAPER_MM)
    return np.asarray(((xy >= -margin) & (xy <= printed.size_mm + margin)).all(axis=-1))


def _on_ink(xy: FloatArray, printed: Sheet, cells: BoolArray) -> BoolArray:
    count = np.array(cells.shape[::-1])
    place = np.floor(xy / printed.size_mm * count)
    inside = ((place >= 0) & (place < count)).all(axis=-1)
    column, row = np.where(inside[:, None], place, 0.0).astype(np.int64).T
    return np.asarray(inside & cells[row, column])


def _picture(
    T_camera_sheet: FloatArray, intrinsics: Intrinsics, printed: Sheet, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Return (H, W, 3) what an infrared or colour camera in the same place sees: ink on paper, blur and noise."""
    cells = board_cells()
    rows, columns = _box(T_camera_sheet, intrinsics, printed)
    rays = pixel_rays(intrinsics).reshape(intrinsics.height, intrinsics.width, 3)[rows, columns]
    ink, paper = np.zeros(rays.shape[:2]), np.zeros(rays.shape[:2])
    sub = (np.arange(_SAMPLES) + 0.5) / _SAMPLES - 0.5
    for du in sub / intrinsics.fx:
        for dv in sub / intrinsics.fy:
            xy = _on_sheet((rays + np.array([du, dv, 0.0])).reshape(-1, 3), T_camera_sheet)
            paper += _on_paper(xy, printed).reshape(paper.shape)
            ink += _on_ink(xy, printed, cells).reshape(ink.shape)
    grey = np.full((intrinsics.height, intrinsics.width), _BEYOND)
    grey[rows, columns] += (paper * (_PAPER - _BEYOND) + ink * (_INK - _PAPER)) / _SAMPLES**2
    seen = ndimage.gaussian_filter(grey, _BLUR_PX)
    seen += _GREY_NOISE * rng.standard_normal(seen.shape)
    return np.repeat(np.rint(seen.clip(0.0, 255.0)).astype(np.uint8)[:, :, None], 3, axis=2)
