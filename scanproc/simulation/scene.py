"""The foot and what stands round it, ready to be looked at."""

from __future__ import annotations

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

_BEND_RAD = np.radians(15.0)
_PLATE_MARGIN_MM, _PLATE_THICKNESS_MM = 60.0, 20.0


class Scene:
    """A foot on a floor, on a turntable, or in the air.

    Parameters
    ----------
    foot : mesh frame, mm.
    leg_mm : by how much a leg that was cut flat goes on.
    background_mm : raised: height over a floor. Turntable: from the camera to a wall. 0 for none.
    """

    def __init__(self, foot: Mesh, path: Path, leg_mm: float, background_mm: float) -> None:
        whole = bodies.with_longer_leg(foot, leg_mm)
        low, high = foot.vertices.min(axis=0), foot.vertices.max(axis=0)
        middle = (low + high) / 2.0
        self._foot = RayScene(whole)
        self._bent = RayScene(bodies.with_bent_ankle(whole, _BEND_RAD))
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

    def bodies(self, T_mesh_camera: FloatArray, T_room_camera: FloatArray, fault: Fault | None) -> list[Body]:
        """Return what a camera sees from its pose against the foot and against the room."""
        foot = {"bent": self._bent, "other": self._other}.get(fault or "", self._foot)
        seen = [Body(foot, T_mesh_camera)]
        if self._room is not None:
            seen.append(Body(self._room, T_room_camera))
        if self._wall is not None:
            seen.append(Body(self._wall, _T_WALL_CAMERA))
        return seen


# A turntable's wall stays before the camera, which looks along the wall frame's -z.
_T_WALL_CAMERA = rigid(np.diag([1.0, -1.0, -1.0]), np.zeros(3))
