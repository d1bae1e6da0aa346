"""What is milled: a part as one side of it is seen from the spindle."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from scanproc.artifacts import Mesh
from scanproc.frames import FloatArray
from scanproc.mesh.polygons import begun_behind, joined

_ON_RIM_MM = 0.02  # corners of a solid that lie on its outline
_SAME_RIM_MM = 1e-4
HALF_TURN = np.array([1.0, -1.0, -1.0])  # about x


@dataclass(frozen=True)
class Part:
    """A part whose one side looks up.

    Attributes
    ----------
    solid : closed; only what looks up is cut.
    outline : (K, 2) mm, its border seen from above, counter-clockwise.
    rim_z, under_z : (K,) mm, upper and lower end of its border there.
    """

    solid: Mesh
    outline: FloatArray
    rim_z: FloatArray
    under_z: FloatArray

    @property
    def low_z(self) -> float:
        """Its lowest point, mm."""
        return float(min(self.solid.vertices[:, 2].min(), self.under_z.min()))

    @property
    def high_z(self) -> float:
        """Its highest point, mm."""
        return float(self.solid.vertices[:, 2].max())

    def turned_over(self, shift: FloatArray) -> Part:
        """Return it after half a turn about x and a (3,) shift: its other side looks up."""
        outline = (self.outline * HALF_TURN[:2] + shift[:2])[::-1]
        solid = Mesh(self.solid.vertices * HALF_TURN + shift, self.solid.faces)
        return Part(solid, outline, shift[2] - self.under_z[::-1], shift[2] - self.rim_z[::-1])


def part_of(solid: Mesh, outline: FloatArray, printed: Mesh) -> Part:
    """Return a part in the print frame, that of its STL.

    Parameters
    ----------
    solid, outline : foot frame; the outline's points lie on corners of the solid, (K, 2).
    printed : the same solid in the print frame, its corners in the same order.

    Where the print frame is tilted, the outline is that of the upper and the lower border together.
    """
    tree = cKDTree(solid.vertices[:, :2])
    nearest = np.asarray(tree.query(outline)[1])
    near = [tree.query_ball_point(xy, _ON_RIM_MM) for xy in outline]
    corners = [found or [one] for found, one in zip(near, nearest.tolist(), strict=True)]
    upper = np.array([found[int(np.argmax(solid.vertices[found, 2]))] for found in corners])
    lower = np.array([found[int(np.argmin(solid.vertices[found, 2]))] for found in corners])
    above, below = printed.vertices[upper], printed.vertices[lower]
    part = Part(printed, above[:, :2], above[:, 2], below[:, 2])
    if np.abs(above[:, :2] - below[:, :2]).max() < _SAME_RIM_MM:
        return part
    whole = begun_behind(joined([above[:, :2], below[:, :2]]), float(above[:, 1].mean()))
    upper_at, lower_at = cKDTree(above[:, :2]).query(whole)[1], cKDTree(below[:, :2]).query(whole)[1]
    return replace(part, outline=whole, rim_z=above[upper_at, 2], under_z=below[lower_at, 2])


def positive_of(part: Part, base_mm: float) -> Part:
    """Return the model of the foot that an insole's top was made over, lying on its back: to form a sheet over.

    It is the top after half a turn about x, seen from its other side; its walls go down to a flat base.
    """
    shift = turning_shift(part)
    over = part.turned_over(shift)
    top = _top_of(part)
    surface = Mesh(top.vertices * HALF_TURN + shift, top.faces[:, ::-1])
    base = np.full(len(over.outline), float((shift[2] - part.rim_z).min()) - base_mm)
    return Part(surface, over.outline, shift[2] - part.rim_z[::-1], base)


def turning_shift(part: Part) -> FloatArray:
    """Return the (3,) shift after half a turn about x that brings a part back over its place, its top down at z = 0."""
    return np.array([0.0, part.outline[:, 1].min() + part.outline[:, 1].max(), part.high_z])


def negative_of(part: Part, base_mm: float) -> Part:
    """Return the mould of the foot: an insole's top, over a flat base that far below its lowest point."""
    top = _top_of(part)
    base = np.full(len(part.outline), float(top.vertices[top.faces][:, :, 2].min()) - base_mm)
    return replace(part, solid=top, under_z=base)


def _top_of(part: Part) -> Mesh:
    """Return the faces of a part that look up."""
    corners = part.solid.vertices[part.solid.faces]
    up = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 2] > 1e-9
    return Mesh(part.solid.vertices, part.solid.faces[up])


def flat_below_z(part: Part, share: float, within_mm: float) -> float | None:
    """Return the height of a flat base that makes up a share of the underside at least; None without one.

    Letters stand below the base, its edge is rounded above it.
    """
    corners = part.solid.vertices[part.solid.faces]
    double = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    down = double[:, 2] < -0.05 * np.linalg.norm(double, axis=1)
    middle, area = corners[down].mean(axis=1)[:, 2], -0.5 * double[down, 2]
    order = np.argsort(middle, kind="stable")
    base = float(middle[order][np.searchsorted(np.cumsum(area[order]), 0.5 * area.sum())])
    level = np.abs(corners[down][:, :, 2] - base).max(axis=1) <= within_mm
    return base if area[level].sum() >= share * area.sum() else None
