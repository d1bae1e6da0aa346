"""Recordings as they go wrong: each is a good one of a known leg, spoilt in a way that happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

import not_feet
import numpy as np
from numpy.typing import NDArray
from recordings import leg
from truth import SCANS

from scanproc.artifacts import DepthFrame, Intrinsics, Mesh, Recording
from scanproc.formats.ply import read_ply
from scanproc.simulation.bodies import joined
from scanproc.simulation.settings import SimulationConfig
from scanproc.simulation.simulate import simulate
from scanproc.simulation.truth import Simulation

Way = Literal["standing", "raised"]
Frames = list[DepthFrame]
Pixels = NDArray[np.int64]

#: Half the pixels, for seconds; the noise of stereo doubles with it.
WAYS: dict[Way, dict[str, Any]] = {
    "standing": {"path": "hand-held", "camera": "d435", "views": 16, "image_scale": 0.5},
    "raised": {"path": "raised", "camera": "d405", "views": 24, "image_scale": 0.5},
}


@dataclass(frozen=True)
class BadRecording:
    """A way to spoil a recording, and what has to come of it.

    Attributes
    ----------
    refused : what a refusal says, a regular expression; empty of one that must not be refused.
    measured : whether it may be measured, all that is measured being within its bounds.
    side : that it is measured as, of a left foot.
    """

    frames: Callable[[Way], Frames]
    refused: str = ""
    measured: bool = False
    side: Literal["left", "right"] = "left"

    def recording(self, way: Way) -> Recording:
        return Recording(tuple(self.frames(way)))


@cache
def other_leg() -> Mesh:
    return read_ply((SCANS / "demo-clouds" / "truth" / "mesh.ply").read_bytes())[0]


@cache
def _simulated(way: Way, others: bool = False, side: Literal["left", "right"] = "left") -> Simulation:
    return simulate(other_leg() if others else leg(), SimulationConfig(**WAYS[way], side=side))


def _frames(way: Way, others: bool = False, side: Literal["left", "right"] = "left") -> Frames:
    return _of(_simulated(way, others, side))


def _of(simulation: Simulation) -> Frames:
    return [frame for frame in simulation.recording.frames if isinstance(frame, DepthFrame)]


# ------------------------------------------------------------------------------------------------ ways to spoil


def simulated(mesh: Callable[[], Mesh], **settings: Any) -> Callable[[Way], Frames]:
    """Of something else, or under other settings."""
    return lambda way: _of(simulate(mesh(), SimulationConfig(**{**WAYS[way], **settings})))


def unit(factor: float) -> Callable[[Way], Frames]:
    return lambda way: [replace(frame, depth_unit_mm=factor * frame.depth_unit_mm) for frame in _frames(way)]


def depths(change: Callable[[Pixels], Pixels]) -> Callable[[Way], Frames]:
    """Every image through a function of whole depth steps; 16 bits are kept of them."""

    def spoilt(way: Way) -> Frames:
        changed = [(frame, change(frame.depth.astype(np.int64))) for frame in _frames(way)]
        return [replace(frame, depth=(depth & 0xFFFF).astype(np.uint16)) for frame, depth in changed]

    return spoilt


def intrinsics(change: Callable[[Intrinsics], Intrinsics]) -> Callable[[Way], Frames]:
    return lambda way: [replace(frame, intrinsics=change(frame.intrinsics)) for frame in _frames(way)]


def order(pick: Callable[[Frames], Frames]) -> Callable[[Way], Frames]:
    """Other images, or the same in another order, under new names."""
    return lambda way: [replace(frame, name=f"{k:06d}") for k, frame in enumerate(pick(_frames(way)))]


def kept(keep: Callable[[NDArray[np.float64]], NDArray[np.bool_]]) -> Callable[[Way], Frames]:
    """Only the readings whose points, (N, 3) mm in the frame of the leg, are kept."""

    def spoilt(way: Way) -> Frames:
        simulation, found = _simulated(way), []
        for frame, view in zip(_of(simulation), simulation.views, strict=True):
            depth, camera, T = frame.depth.copy(), frame.intrinsics, view.T_mesh_camera
            v, u = np.nonzero(depth)
            z = depth[v, u] * frame.depth_unit_mm
            points = np.column_stack([(u - camera.cx) / camera.fx * z, (v - camera.cy) / camera.fy * z, z])
            lost = ~keep(points @ T[:3, :3].T + T[:3, 3])
            depth[v[lost], u[lost]] = 0
            found.append(replace(frame, depth=depth))
        return found

    return spoilt


def mirrored(way: Way) -> Frames:
    return [
        replace(
            frame,
            depth=frame.depth[:, ::-1].copy(),
            intrinsics=replace(frame.intrinsics, cx=frame.intrinsics.width - 1 - frame.intrinsics.cx),
        )
        for frame in _frames(way)
    ]


def head_over_heels(way: Way) -> Frames:
    """A camera that was held upside down."""
    return [
        replace(
            frame,
            depth=frame.depth[::-1, ::-1].copy(),
            intrinsics=replace(
                frame.intrinsics,
                cx=frame.intrinsics.width - 1 - frame.intrinsics.cx,
                cy=frame.intrinsics.height - 1 - frame.intrinsics.cy,
            ),
        )
        for frame in _frames(way)
    ]


def on_its_side(way: Way) -> Frames:
    """Images turned by 90°, with the intrinsics of before."""
    return [replace(frame, depth=_square(np.rot90(frame.depth))) for frame in _frames(way)]


def _square(turned: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Return the turned image cut and padded to the size of before."""
    width, height = turned.shape
    result = np.zeros((height, width), np.uint16)
    side = min(width, height)
    rows, columns = (width - side) // 2, (height - side) // 2
    top, left = (height - side) // 2, (width - side) // 2
    result[top : top + side, left : left + side] = turned[rows : rows + side, columns : columns + side]
    return result


def mixed(first: Callable[[int, int], bool], **of: Any) -> Callable[[Way], Frames]:
    """Images of two recordings; `first` says which frame, of how many, is of the first."""

    def spoilt(way: Way) -> Frames:
        ours, others = _frames(way), _frames(way, **of)
        return [a if first(k, len(ours)) else b for k, (a, b) in enumerate(zip(ours, others, strict=True))]

    return spoilt


def blanked(frame: DepthFrame) -> DepthFrame:
    return replace(frame, depth=np.zeros_like(frame.depth))


def shuffled(frames: Frames) -> Frames:
    return [frames[k] for k in np.random.default_rng(0).permutation(len(frames))]


def another_s_beside() -> Mesh:
    """Two left feet, 44 mm apart in length."""
    return joined(leg(), Mesh(other_leg().vertices + np.array([0.0, 140.0, 0.0]), other_leg().faces))


def sock() -> Mesh:
    """The leg in a sock: no space between its toes."""
    whole = not_feet.as_solid(leg())
    toes = whole.trim_by_plane([1.0, 0.0, 0.0], 0.74 * float(leg().vertices[:, 0].max()))
    return not_feet.as_mesh(whole + toes.hull())


# ------------------------------------------------------------------------------------------------ what comes of it

_NOTHING_THERE = "depth unit|no view shows a foot"
_DO_NOT_FIT = r"views fit together|rather lie .* otherwise"
_NO_FOOT = "does not look like a foot|ending in an open or cut edge"
_ANY = f"{_NOTHING_THERE}|{_DO_NOT_FIT}|{_NO_FOOT}"


def _focal(factor: float) -> Callable[[Way], Frames]:
    return intrinsics(lambda camera: replace(camera, fx=factor * camera.fx, fy=factor * camera.fy))


_NUMBERS = {
    "unit ten times too large": BadRecording(unit(10.0), _NOTHING_THERE),
    "unit a tenth": BadRecording(unit(0.1), f"{_DO_NOT_FIT}|{_NOTHING_THERE}"),
    "metres": BadRecording(unit(1000.0), _NOTHING_THERE),
    "unit twice too large": BadRecording(unit(2.0), _ANY),
    "8 bits wrapped": BadRecording(depths(lambda depth: depth & 0xFF), f"{_DO_NOT_FIT}|{_NOTHING_THERE}"),
    "16 bits wrapped": BadRecording(depths(lambda depth: depth << 7), f"{_DO_NOT_FIT}|{_NOTHING_THERE}"),
    "three bits for something else": BadRecording(depths(lambda depth: depth << 3), _ANY),
    "scale off by 2 %": BadRecording(simulated(leg, scale_error=0.02), measured=True),
}

_IMAGES = {
    "as it should be": BadRecording(_frames, measured=True),
    "blank": BadRecording(depths(np.zeros_like), _NOTHING_THERE),
    "saturated": BadRecording(depths(lambda depth: np.full_like(depth, 0xFFFF)), _NOTHING_THERE),
    "all at one distance": BadRecording(depths(lambda depth: np.full_like(depth, 400)), _ANY),
    "holes saturated": BadRecording(depths(lambda depth: np.where(depth == 0, 0xFFFF, depth)), measured=True),
    "every other blank": BadRecording(
        order(lambda frames: [a if k % 2 else blanked(a) for k, a in enumerate(frames)]), _NO_FOOT, measured=True
    ),
    "the camera upside down": BadRecording(head_over_heels, measured=True),
    "images turned, intrinsics not": BadRecording(
        on_its_side, _ANY, measured=True
    ),  # about right where pixels are square
    "mirrored": BadRecording(mirrored, measured=True, side="right"),  # nothing but a stated side can tell
}

_INTRINSICS = {
    "of another camera": BadRecording(_focal(1.45), _ANY),
    "of a like camera": BadRecording(_focal(1.03), "focal length|rather lie"),
    "of its colour image": BadRecording(_focal(0.96), "focal length|rather lie|views fit together"),
    "of another image size": BadRecording(intrinsics(lambda camera: replace(camera, cx=camera.cx + 40.0)), _ANY),
    "pixels that are not square": BadRecording(intrinsics(lambda camera: replace(camera, fy=1.1 * camera.fy)), _ANY),
}

_ORDER = {
    "shuffled": BadRecording(order(shuffled), measured=True),
    "every image three times": BadRecording(order(lambda frames: [a for a in frames for _ in range(3)]), measured=True),
    "one image twelve times": BadRecording(order(lambda frames: 12 * frames[3:4]), _DO_NOT_FIT),
    "one view": BadRecording(order(lambda frames: frames[:1]), _DO_NOT_FIT),
    # The larger group of views is taken where it is large enough: it must be the first foot's.
    "the second half of another's foot": BadRecording(
        mixed(lambda k, count: k < count // 2, others=True), _DO_NOT_FIT, measured=True
    ),
    "another's foot in between": BadRecording(mixed(lambda k, count: k % 2 == 0, others=True), _DO_NOT_FIT),
    "the second half of the right foot": BadRecording(
        mixed(lambda k, count: k < count // 2, side="right"), _DO_NOT_FIT
    ),
}

_THINGS = {
    "floor only": BadRecording(kept(lambda points: points[:, 2] < 4.0), _ANY),
    "half of every image": BadRecording(
        depths(lambda depth: np.where(np.arange(depth.shape[1]) < depth.shape[1] // 2, depth, 0)), _ANY
    ),
    "forefoot only": BadRecording(kept(lambda points: points[:, 0] > 110.0), _ANY),
    "rearfoot only": BadRecording(kept(lambda points: points[:, 0] < 110.0), _ANY),
    "medial half": BadRecording(kept(lambda points: points[:, 1] < 10.0), _ANY),
    "shoe": BadRecording(simulated(not_feet.shoe), _ANY),
    "hand": BadRecording(simulated(not_feet.hand), _ANY),
    "pot": BadRecording(simulated(lambda: not_feet.pot(6.0)), _ANY),
    "sock": BadRecording(simulated(sock), _NO_FOOT, measured=True),
    "another's foot beside": BadRecording(simulated(another_s_beside), "of one person|two left feet"),
}

#: Found, or of no harm.
_MOVEMENT = {
    "slid by 6 mm": BadRecording(simulated(leg, shift_mm=6.0), _DO_NOT_FIT, measured=True),
    # Where views with moved toes are left out, those that stay may not show the ball from below.
    "wiggling toes": BadRecording(simulated(leg, toes_deg=10.0), f"{_DO_NOT_FIT}|moved|open edge", measured=True),
    "bending ankle": BadRecording(simulated(leg, ankle_deg=6.0), f"{_DO_NOT_FIT}|moved", measured=True),
    "unsteady": BadRecording(simulated(leg, sway_mm=3.0, sway_deg=1.0), _DO_NOT_FIT, measured=True),
}

BAD_RECORDINGS: dict[str, BadRecording] = {
    **_NUMBERS, **_IMAGES, **{f"intrinsics {what}": bad for what, bad in _INTRINSICS.items()}, **_ORDER, **_THINGS,
    **_MOVEMENT,
}  # fmt: skip
