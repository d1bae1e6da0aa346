"""The foot and what stands round it, ready to be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from scanproc.artifacts import Mesh
from scanproc.frames import FloatArray, rigid
from scanproc.open3d_bridge import RayScene
from scanproc.simulation import bodies
from scanproc.simulation.motions import Path
from scanproc.simulation.render import Body

# What can be wrong with a view: no reading, the ankle bent meanwhile, another object, the last one again.
Fault = Literal["blank", "bent", "other", "duplicate"]
FAULTS: tuple[Fault, ...] = ("blank", "bent", "other", "duplicate")

_PLATE_MARGIN_MM, _PLATE_THICKNESS_MM = 60.0, 20.0


@dataclass(frozen=True)
class Bend:
    """How a person holds the foot otherwise in some views; the angle by which each joint is bent, radians."""

    toes_rad: float = 0.0
    heel_rad: float = 0.0
    ankle_rad: float = 0.0

    def applied(self, whole: Mesh) -> Mesh:
        """Return a foot with raised toes, raised heel and bent ankle."""
        for angle_rad, bent in (
            (self.toes_rad, bodies.with_raised_toes),
            (self.heel_rad, bodies.with_raised_heel),
            (self.ankle_rad, bodies.with_bent_ankle),
        ):
            whole = bent(whole, angle_rad) if angle_rad else whole
        return whole


STRAIGHT = Bend()
_BENT = Bend(ankle_rad=float(np.radians(15.0)))  # what is wrong with a view of the fault "bent"


class Scene:
    """A foot on a floor, on a turntable, or in the air.

    Parameters
    ----------
    feet : one, or a pair, mesh frame, mm.
    leg_mm : by how much a leg that was cut flat goes on.
    background_mm : raised: height over a floor. Turntable: from the camera to a wall. 0 for none.
    """

    def __init__(self, feet: Sequence[Mesh], path: Path, leg_mm: float, background_mm: float) -> None:
        self._wholes = [bodies.with_longer_leg(foot, leg_mm) for foot in feet]
        together = bodies.joined(*feet)
        low, high = together.vertices.min(axis=0), together.vertices.max(axis=0)
        middle = (low + high) / 2.0
        self._feet: dict[Bend, list[RayScene]] = {}
        self._other = RayScene(bodies.box(np.array([middle[0], middle[1], 45.0]), np.array([170.0, 80.0, 90.0])))
        self._room: RayScene | None = None
        self._wall: RayScene | None = None
        if path == "hand-held":
            self._room = RayScene(bodies.floor(0.0))
        elif path == "turntable":
            radius = float(np.linalg.norm((high - low)[:2])) / 2.0 + _PLATE_MARGIN_MM
            self._room = RayScene(bodies.plate(middle[:2], radius, _PLATE_THICKNESS_MM))
            self._wall = RayScene(bodies.floor(-background_mm)) if background_mm > 0.0 else None
        elif background_mm > 0.0:
            self._room = RayScene(bodies.floor(-background_mm))

    def bodies(
        self,
        T_mesh_cameras: Sequence[FloatArray],
        T_room_camera: FloatArray,
        fault: Fault | None = None,
        bend: Bend = STRAIGHT,
    ) -> list[Body]:
        """Return what a camera sees from its pose against each foot and against the room."""
        if fault == "other":
            seen = [Body(self._other, T_mesh_cameras[0])]
        else:
            feet = self._bent(_BENT if fault == "bent" else bend)
            seen = [Body(foot, T) for foot, T in zip(feet, T_mesh_cameras, strict=True)]
        if self._room is not None:
            seen.append(Body(self._room, T_room_camera))
        if self._wall is not None:
            seen.append(Body(self._wall, _T_WALL_CAMERA))
        return seen

    def _bent(self, bend: Bend) -> list[RayScene]:
        if bend not in self._feet:
            self._feet[bend] = [RayScene(bend.applied(whole)) for whole in self._wholes]
        return self._feet[bend]


# A turntable's wall stays before the camera, which looks along the wall frame's -z.
_T_WALL_CAMERA = rigid(np.diag([1.0, -1.0, -1.0]), np.zeros(3))
