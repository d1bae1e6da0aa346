"""A foot that stands, z upright, on a ground that was not seen: how far the ground lies below it.

Two things tell, each for itself: how low skin is seen, and how high the toes reach. How large the underside is open
does not: of 111 simulated pairs of six legs on rings it was 0.66 to 0.78 of length times width, whether the cut below
was 0.5 mm up or 12. Skin that overhangs is hardly seen from above, and where it is upright, openings are alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from scanproc.anatomy.foot_limits import FootLimits
from scanproc.anatomy.foot_pose import rough_pose
from scanproc.anatomy.foot_profile import FootShape
from scanproc.anatomy.foot_regions import FOOT_HEIGHT_MM
from scanproc.anatomy.stance import LOWEST_SHARE, Stance
from scanproc.artifacts import Mesh
from scanproc.errors import ScanError
from scanproc.frames import rigid
from scanproc.mesh.meshes import vertex_normals

_UP = np.array([0.0, 0.0, 1.0])
# The height below which nine tenths of the toes' upper skin lie, from 90 to 95 % of the length, as a share of it: five
# standing feet have 0.082 to 0.096, a mean of 0.092. (Four that hang, whose toes point up, have 0.114 to 0.144.)
_TOES = (0.90, 0.95)
_TOES_BELOW = 0.9
_TOE_HEIGHT, _TOE_HEIGHT_SD = 0.092, 0.008
_UPPER_COSINE = 0.5  # between up and the normal of upper skin


@dataclass(frozen=True)
class SeenSkin:
    """How low skin is seen above such a ground, whatever foot it is.

    Attributes
    ----------
    lowest_mm : height of the lowest skin that is seen over the ground.
    toes_mm : by how much the upper side of toes is seen too high.
    sd_mm : standard uncertainty of `lowest_mm`.
    """

    lowest_mm: float
    toes_mm: float
    sd_mm: float


@dataclass(frozen=True)
class GroundBelow:
    """How far a ground lies below the lowest skin, mm, and its standard uncertainty, mm."""

    depth_mm: float
    sd_mm: float


def over_unseen_ground(shape: FootShape, smooth: Mesh, limits: FootLimits, seen: SeenSkin) -> Stance:
    """Return how a foot stands whose z is upright, by its shape up or down; the ground lies below what was seen.

    A foot that hangs in the air, by more than 8 degrees, is not like one that stands: at 6 its length is 0.7 mm off.

    Raises
    ------
    ScanError
        If it is a foot either way up.
    """
    up, down = rough_pose(shape, _UP[None]), rough_pose(shape, -_UP[None])
    if limits.admit(up.likeness) and limits.admit(down.likeness):
        raise ScanError(
            f"found a shape that is a foot either way up (misfit {up.likeness.misfit:.2f} and "
            f"{down.likeness.misfit:.2f}), expected one way. Scan the ankle too, or the floor."
        )
    is_up = up.likeness.misfit <= down.likeness.misfit
    pose, R_level_scan = (up, np.eye(3)) if is_up else (down, np.diag([1.0, -1.0, -1.0]))
    rough = smooth.vertices @ pose.R_foot_scan.T
    lowest = float(np.quantile(rough[:, 2], LOWEST_SHARE))
    by_skin = GroundBelow(seen.lowest_mm, seen.sd_mm)
    by_toes = _below_toes(Mesh(rough - [0.0, 0.0, lowest], smooth.faces), seen.toes_mm)
    found = by_skin if by_toes is None else _combined((by_skin, by_toes))
    T_level_scan = rigid(R_level_scan, np.array([0.0, 0.0, max(found.depth_mm, 0.0) - lowest]))
    pose = replace(pose, R_foot_scan=pose.R_foot_scan @ R_level_scan.T)
    return Stance("estimated", T_level_scan, pose, height_sd_mm=found.sd_mm)


def _below_toes(rough: Mesh, too_high_mm: float) -> GroundBelow | None:
    """Return how far the ground lies below z = 0 of a foot in a rough frame, x forward, by how high its toes reach."""
    x, z = rough.vertices[:, 0], rough.vertices[:, 2]
    low = z < z.min() + FOOT_HEIGHT_MM
    length_mm = float(np.ptp(x[low]))
    share = (x - x[low].min()) / length_mm
    toes = low & (share > _TOES[0]) & (share < _TOES[1]) & (vertex_normals(rough)[:, 2] > _UPPER_COSINE)
    if not toes.any():
        return None
    reach_mm = float(np.quantile(z[toes], _TOES_BELOW)) - too_high_mm
    return GroundBelow(_TOE_HEIGHT * length_mm - reach_mm, _TOE_HEIGHT_SD * length_mm)


def _combined(found: Sequence[GroundBelow]) -> GroundBelow:
    """Return the mean weighted by the uncertainties; its own grows where they disagree, as of toes that are held up."""
    depth_mm, weights = np.array([each.depth_mm for each in found]), np.array([each.sd_mm**-2.0 for each in found])
    mean = float(weights @ depth_mm / weights.sum())
    disagreement = float(weights @ (depth_mm - mean) ** 2) / (len(found) - 1)
    return GroundBelow(mean, float(np.sqrt(max(disagreement, 1.0) / weights.sum())))
