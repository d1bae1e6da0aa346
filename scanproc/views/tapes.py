"""Where the tapes of the girths run over the foot, for the pictures of the measures."""

from __future__ import annotations

import numpy as np

from scanproc.artifacts import Foot
from scanproc.frames import FloatArray, rotation_about
from scanproc.measures.readings import without_leg
from scanproc.mesh.sections import Outline, Section, axis_section, faces_within, plane_section

_TILTS_DEG = np.linspace(-30.0, 30.0, 13)  # as far as the tape round the ball may lean
_REACH_MM = 60.0  # of a tape that leans so


def instep_tape(foot: Foot, x: float) -> FloatArray:
    """Return (K, 3) points of the tape round the section at `x`, from one border of the foot over its top."""
    section = without_leg(axis_section(foot.mesh, 0, x))
    return _over_the_top(section, _hull(section, np.eye(3)[1], np.eye(3)[2]), np.eye(3)[1:])


def ball_tape(foot: Foot) -> FloatArray:
    """Return (K, 3) points of the shortest tape through both metatarsal points, from one border over the top."""
    tibiale, fibulare = (foot.landmarks[f"metatarsale_{name}"].xyz_mm for name in ("tibiale", "fibulare"))
    across = (fibulare - tibiale) / np.linalg.norm(fibulare - tibiale)
    upright = np.cross(across, [0.0, 0.0, 1.0])
    ends = sorted((float(tibiale[0]), float(fibulare[0])))
    ball = faces_within(foot.mesh, 0, ends[0] - _REACH_MM, ends[1] + _REACH_MM)
    tapes = []
    for tilt_deg in _TILTS_DEG:
        normal = rotation_about(across, np.deg2rad(tilt_deg)) @ (upright / np.linalg.norm(upright))
        up = np.cross(normal, across)
        axes = np.stack([across, up * np.sign(up[2])])
        section = without_leg(plane_section(ball, normal, float(normal @ tibiale)))
        if len(section) > 2:
            hull = _hull(section, *axes)
            tapes.append((hull.perimeter, _over_the_top(section, hull, axes)))
    return min(tapes, key=lambda tape: tape[0])[1] if tapes else np.zeros((0, 3))


def _hull(section: Section, across: FloatArray, up: FloatArray) -> Outline:
    return Outline.of(section.points.reshape(-1, 3) @ np.stack([across, up]).T)


def _over_the_top(section: Section, hull: Outline, axes: FloatArray) -> FloatArray:
    """Return the part of a hull from its greatest to its least coordinate along the first axis, over the second."""
    corners = np.roll(hull.points, -int(np.argmax(hull.points[:, 0])), axis=0)  # counter-clockwise: first over the top
    top = corners[: int(np.argmin(corners[:, 0])) + 1]
    normal = np.cross(axes[0], axes[1])
    return np.asarray(top @ axes + normal * float(np.mean(section.points.reshape(-1, 3) @ normal)))
