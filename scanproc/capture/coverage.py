"""What of the foot was seen so far: which directions round it, by how many frames.

A direction is seen by a frame that shows the surface there at an angle that *surface* can use. It is missing until as
many frames have seen it as it takes to average their noise and to find out what does not fit. The leg's opening, and
the ground that a foot stands on, are no directions of a foot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import BoolArray, CleanView
from scanproc.capture.foot_box import FootBox, foot_box
from scanproc.capture.settings import CaptureConfig
from scanproc.frames import FloatArray, transform
from scanproc.registration.stacked_views import sample

Stated = Literal["left", "right", "both", "auto"]

_NUM_DIRECTIONS = 80  # 25 deg apart: a toe's width of the stretched box
_LEG_COSINE = 0.77  # within 40 deg of straight up the leg goes on
_GROUND = -0.5  # below that a standing foot curves under itself, and shows its sole to nobody
_LEAST_POINTS = 3  # of a frame in a direction


@dataclass(frozen=True)
class SeenSurface:
    """What one kept frame saw well: (N, 3) points, mm, in the frame of the map, and its T_map_camera."""

    points: FloatArray
    T_map_camera: FloatArray


@dataclass(frozen=True)
class Coverage:
    """How often each direction of a foot was seen.

    Attributes
    ----------
    box : which the directions are of.
    directions : (C, 3) unit vectors in the frame of the box: to the toes, to the left, up.
    times : (C,) kept frames that saw each.
    asked : (C,) bool, those that a foot has and a camera can see.
    enough : times that it takes.
    """

    box: FootBox
    directions: FloatArray
    times: NDArray[np.int64]
    asked: BoolArray
    enough: int

    @property
    def lacking(self) -> BoolArray:
        """Return the directions that were not seen often enough, (C,)."""
        return np.asarray(self.asked & (self.times < self.enough))

    @property
    def share(self) -> float:
        """Return the share of the foot's directions that were seen."""
        return 1.0 - float(self.lacking.sum() / self.asked.sum())

    def missing(self, side: Stated) -> tuple[str, ...]:
        """Return the parts of the foot that lack a direction, in words, that which lacks most first."""
        if not self.lacking.any():
            return ()
        if not self.box.has_leg:
            return ("all round",)  # heel and toes cannot be told apart yet
        own = _parts_of(self.directions)
        counts = np.bincount(own[self.lacking], minlength=6)
        names = part_names(side)
        return tuple(names[part] for part in np.argsort(-counts, kind="stable") if counts[part] > 0)


def seen_surface(view: CleanView, T_map_camera: FloatArray, config: CaptureConfig) -> SeenSurface:
    """Return the surface that a frame saw at an angle that counts."""
    points, normals = sample([view], config.seen_spacing_mm).of(0)
    cosine = -np.einsum("ij,ij->i", points, normals) / np.maximum(np.linalg.norm(points, axis=1), 1e-9)
    return SeenSurface(transform(T_map_camera, points[cosine > config.min_cosine]), T_map_camera)


def coverage(seen: Sequence[SeenSurface], stands: bool, is_pair: bool, config: CaptureConfig) -> Coverage | None:
    """Return what was seen of the foot; None as long as nothing was."""
    if not sum(len(each.points) for each in seen):
        return None
    points = np.vstack([each.points for each in seen])
    box = foot_box(points, [each.T_map_camera for each in seen], stands, is_pair)
    directions = sphere_directions(_NUM_DIRECTIONS)
    times = np.zeros(len(directions), np.int64)
    for each in seen:
        own = box.directions(each.points[box.holds(each.points)])
        nearest = np.argmax(own @ directions.T, axis=1)
        times += np.bincount(nearest, minlength=len(directions)) >= _LEAST_POINTS
    return Coverage(box, directions, times, asked_directions(directions, stands), config.min_times_seen)


def asked_directions(directions: FloatArray, stands: bool) -> BoolArray:
    """Return which directions, in the frame of the box, a foot has and a camera can see, (C,)."""
    asked = directions[:, 2] < _LEG_COSINE
    return np.asarray(asked & (directions[:, 2] > _GROUND) if stands else asked)


def sphere_directions(count: int) -> FloatArray:
    """Return (count, 3) unit vectors evenly over the sphere: Fibonacci's lattice (Gonzalez 2010)."""
    number = np.arange(count) + 0.5
    z = 1.0 - 2.0 * number / count
    azimuth = np.pi * (1.0 + np.sqrt(5.0)) * number
    level = np.sqrt(1.0 - z * z)
    return np.column_stack([level * np.cos(azimuth), level * np.sin(azimuth), z])


def _parts_of(directions: FloatArray) -> NDArray[np.int64]:
    """Return for each direction the face of the box that it goes through: 2 k for axis k, 2 k + 1 for its other end."""
    axis = np.argmax(np.abs(directions), axis=1)
    backwards = directions[np.arange(len(directions)), axis] < 0.0
    return np.asarray(2 * axis + backwards, np.int64)


def part_names(side: Stated) -> tuple[str, ...]:
    """Return what the faces of the box are called, in the order of `Coverage.missing`: x, -x, y, -y, z, -z."""
    inner_is_left = {"right": True, "left": False}.get(side)
    if inner_is_left is None:
        left, right = "the left side", "the right side"
    else:
        left, right = ("the inner side", "the outer side") if inner_is_left else ("the outer side", "the inner side")
    return "the toes", "the heel", left, right, "the instep", "the sole"
