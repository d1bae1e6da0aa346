"""Where a scan ends although the foot goes on: open rims, and planes that close a cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanproc.anatomy.foot_regions import FOOT_HEIGHT_MM, HEEL_SECTION, SOLE_HEIGHT_MM, foot_length, rear_of
from scanproc.anatomy.landmarks import FootPoints, FrontProfile, front_profile
from scanproc.anatomy.profiles import Borders, borders_at
from scanproc.artifacts import BoolArray, Foot, Mesh, Object
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.mesh.hole_filling import border_loops, perimeter_mm
from scanproc.mesh.meshes import all_corners, face_areas, face_normals, keep_faces, vertex_normals

NOT_THERE = 0.0  # confidence of a landmark that lies where the scan ends and the foot does not
_SMALL_HOLE_MM = 20.0  # borders of holes up to 6 mm across, which take at most 0.5 mm off the tip of a toe
_END_BAND_MM = 1.0  # what lies as far out as this decides where a foot ends
_END_REACH_MM = 15.0  # and as near as this to its end
# How far the surface has turned outward at an end: whole toes 0.78 and more, heels 0.99; cut by 5 and 10 mm 0.45, 0.75.
_TOE_COSINE, _HEEL_COSINE = 0.7, 0.9
_ASIDE_COSINE = 0.5  # no end of a closed surface faces so far aside: one lies there that was never closed
_BESIDE_MM, _BESIDE_VERTICES = 4.0, 8
_COARSE_REACH = 1.5  # times the distance of those eight
_BORDER_REACH_MM, _BORDER_COSINE = 6.0, 0.9  # 26 degrees short of upright: 1 mm of a border with a radius of 10 mm
# Seen from below on a grid of 1 mm, the last face before the border is no steeper. Where the lower border of a foot was
# torn, over a ground that was not seen, 0.83 and more are left: a border with a radius of 10 mm lacks 2 mm there.
_LOOSE_BORDER_COSINE = 0.75
_RIM_VERTICES = 3  # fewer are noise
_FLAT_MM, _FLAT_COSINE = 0.05, 0.99996  # one plane: 0.5 degrees
_LEVEL_RIM_MM = 5.0  # of toes torn from below 0.4 to 2.7, of toes cut off 8 to 14
_UNDER_TOE_SHARE = 0.9  # of the height of a toe, up to which a lower border may be torn
_STEP_MM = 3.0  # from one strip of the front to the next: more is another toe
_CUT_AREA_MM2 = 200.0  # no heel and no toe has as much skin in one plane
_CUT_COSINE = 0.6  # between the plane of a cut and straight across the foot
_CUT_NEAR_MM = 80.0
_FRONT_STRIPS = 9  # of 1 % of the width: fewer are a cleft between toes


def open_boundary_vertices(mesh: Mesh) -> BoolArray:
    """Return (V,) the vertices on an open border, but for small holes."""
    boundary = np.zeros(len(mesh.vertices), dtype=np.bool_)
    for loop in border_loops(mesh.faces):
        boundary[loop] = boundary[loop] | (perimeter_mm(mesh.vertices[loop]) > _SMALL_HOLE_MM)
    return boundary


@dataclass(frozen=True)
class OpenEnds:
    """Which ends of a foot are ends of the scan alone.

    The heel, the second toe's tip (the axis), the longest toe, the medial and the lateral border of the ball.
    axis_lost : the second toe is cut off, not torn at one height alone, or the longest toe's own tip is open as well.
    """

    heel_open: bool
    axis_open: bool
    axis_lost: bool
    toes_open: bool
    tibiale_open: bool = False
    fibulare_open: bool = False


def open_ends(
    mesh: Mesh, boundary: BoolArray, points: FootPoints, is_torn: bool = False, what: Object = "foot"
) -> OpenEnds:
    """Judge both ends of a foot in its frame.

    Parameters
    ----------
    mesh : smoothed, see `smoothing.smoothed_vertices`.
    boundary : (V,) bool, of `open_boundary_vertices`.
    is_torn : whether the lower border was torn and cut off, so that it may run through whole toes.
    what : was scanned.
    """
    forward = vertex_normals(mesh)[:, 0]
    medial, lateral = float(points.metatarsale_tibiale[1]), float(points.metatarsale_fibulare[1])
    front = front_profile(mesh, float(points.pternion[0] + 0.7 * points.length_mm), medial, lateral)
    second, cosine = points.second_toe.tip, border_cosine(what, is_torn)
    axis_open = _ends_open(mesh, boundary, second, 1.0, forward, is_torn)
    longest_open = _ends_open(mesh, boundary, points.longest_toe_tip, 1.0, forward, is_torn)
    return OpenEnds(
        heel_open=_ends_open(mesh, boundary, points.pternion, -1.0, forward, is_torn),
        axis_open=axis_open,
        axis_lost=axis_open and (longest_open or not _has_level_rim(mesh, boundary, second)),
        toes_open=longest_open or _front_is_open(mesh, boundary, front, forward, is_torn),
        tibiale_open=border_is_open(mesh, boundary, points.metatarsale_tibiale, np.sign(medial - lateral), cosine),
        fibulare_open=border_is_open(mesh, boundary, points.metatarsale_fibulare, np.sign(lateral - medial), cosine),
    )


def border_is_open(mesh: Mesh, boundary: BoolArray, point: FloatArray, outward_y: float, cosine: float) -> bool:
    """Tell whether a (3,) point of a foot's border is one of the scan alone: an open rim before it faces sideways.

    Parameters
    ----------
    cosine : see `border_cosine`.
    """
    apart = np.linalg.norm(mesh.vertices - point, axis=1)
    if np.count_nonzero(boundary & (apart < max(_BORDER_REACH_MM, _coarse_reach(apart)))) < _RIM_VERTICES:
        return False
    return not _has_turned(apart, vertex_normals(mesh)[:, 1], outward_y, cosine)


def open_stations(mesh: Mesh, boundary: BoolArray, borders: Borders, below_mm: float, cosine: float) -> BoolArray:
    """Tell at which of the N stations of borders below a height, (N,), the scan ends and the foot does not.

    A rim near that height cuts off nothing that counts.
    """
    is_open = borders.open & (borders.points[:, :, 2] < below_mm - _BORDER_REACH_MM)
    rim = keep_faces(mesh, np.asarray(boundary[mesh.faces].any(axis=1))).mesh
    sideways = vertex_normals(rim)[:, 1]
    for station, side in np.argwhere(is_open):
        apart = np.linalg.norm(rim.vertices - borders.points[station, side], axis=1)
        is_open[station, side] = not _has_turned(apart, sideways, 2.0 * side - 1.0, cosine)
    return np.asarray(is_open.any(axis=1))


def border_cosine(what: Object, is_torn: bool) -> float:
    """Return how far a border must have turned sideways: all the way, but of a sole alone and where it was torn."""
    return _BORDER_COSINE if what == "foot" and not is_torn else _LOOSE_BORDER_COSINE


def unseen_borders(foot: Foot) -> tuple[str, ...]:
    """Name the borders of a foot, of ball and heel, at which the scan ends and the foot does not."""
    marks = {"medial": "metatarsale_tibiale", "lateral": "metatarsale_fibulare"}
    named = [
        side for side, name in marks.items() if name in foot.landmarks and foot.landmarks[name].confidence == NOT_THERE
    ]
    found = [f"the {side} border of the ball" for side in named]
    boundary = open_boundary_vertices(foot.mesh)
    if boundary.any():
        cosine = border_cosine(foot.object, foot.ground == "estimated")
        x = np.array([rear_of(foot) + HEEL_SECTION * foot_length(foot)])
        for point, outward_y in zip(borders_at(foot.mesh, x, SOLE_HEIGHT_MM).points[0], (-1.0, 1.0), strict=True):
            if not np.isfinite(point).all() or border_is_open(foot.mesh, boundary, point, outward_y, cosine):
                found.append(f"the {'medial' if outward_y == foot.medial_y else 'lateral'} border of the heel")
    return tuple(found)


def refuse_open_ends(ends: OpenEnds) -> None:
    """Refuse a foot whose heel or axis was not scanned: nothing else has a place without them.

    Where the toes end truly but the second, what is left of it still shows where its middle runs. A camera over a
    standing foot sees the thin second toe down to where noise bends it most, and the longest toe lower: the second may
    then be the longer one, so that the length is not known, but where the foot points is.

    Raises
    ------
    ScanError
        If the heel, or the tip of the second toe and the front of the toes, is an end of the scan alone.
    """
    if ends.heel_open:
        raise ScanError(
            "found the heel ending in an open or cut edge, expected it rounded off: the rear of the heel was not "
            "covered, and every measure starts there. Scan the heel from behind."
        )
    if ends.axis_lost and ends.toes_open:
        raise ScanError(
            "found the toes ending in an open or cut edge, expected the tip of the second toe: the toes were cut off "
            "or not covered, and they give the foot its axis. Scan the toes from the front."
        )


def _ends_open(
    mesh: Mesh, boundary: BoolArray, tip: FloatArray, outward: float, forward: FloatArray, is_torn: bool
) -> bool:
    """Tell whether a foot ends at a (3,) tip only because its scan does: by an open rim, or the plane of a cut.

    The rim of a standing foot, seen from above, may well run through the tips of its toes. What tells is whether the
    surface beside it has turned outward, as at a true end.

    Parameters
    ----------
    outward : +1 for a tip of the toes, -1 for one of the heel.
    forward : (V,) x of the unit normals.
    """
    apart = np.linalg.norm(mesh.vertices - tip, axis=1)
    end = (apart < _END_REACH_MM) & (outward * (mesh.vertices[:, 0] - tip[0]) > -_END_BAND_MM)
    on_rim = bool(np.count_nonzero(boundary & (end | (apart < _coarse_reach(apart)))) >= _RIM_VERTICES)
    if not on_rim and not is_torn and not _has_turned(apart, forward, outward, _ASIDE_COSINE):
        return True
    if on_rim and is_torn and outward > 0.0:
        on_rim = not _is_under_toe(mesh.vertices[:, 2], boundary & end, apart < _END_REACH_MM)
    return (on_rim and not _has_turned(apart, forward, outward)) or _is_cut(mesh, end, tip, outward)


def _has_level_rim(mesh: Mesh, boundary: BoolArray, tip: FloatArray) -> bool:
    """Tell whether the rim at a (3,) tip is level, as where a camera above saw no lower; a cut goes round the toe."""
    near = np.linalg.norm(mesh.vertices - tip, axis=1) < _END_REACH_MM
    rim = mesh.vertices[boundary & near & (mesh.vertices[:, 0] - tip[0] > -_END_BAND_MM), 2]
    return bool(len(rim) and np.ptp(rim) < _LEVEL_RIM_MM)


def _is_under_toe(height: FloatArray, on_rim: BoolArray, near: BoolArray) -> bool:
    """Tell whether the rim at a tip, of vertices at (V,) heights, is the lower one alone: a cut goes up to the nail.

    A camera beside a standing foot hardly sees the lower half of a toe, and its depth is torn there.
    """
    return bool(height[on_rim].max() < _UNDER_TOE_SHARE * np.quantile(height[near], 0.95))


def _has_turned(apart: FloatArray, forward: FloatArray, outward: float, least: float | None = None) -> bool:
    """Tell whether the surface near a place, at (V,) distances from it, faces outward as that of a true end does."""
    if least is None:
        least = _TOE_COSINE if outward > 0.0 else _HEEL_COSINE
    beside = apart <= max(_BESIDE_MM, _beside_mm(apart))
    rotated = float(np.quantile(outward * forward[beside], 0.9))
    return rotated > least


def _beside_mm(apart: FloatArray) -> float:
    """Return how far the vertices beside a place reach, at (V,) distances from it."""
    return float(np.partition(apart, _BESIDE_VERTICES)[_BESIDE_VERTICES])


def _coarse_reach(apart: FloatArray) -> float:
    """Return how near three vertices of a rim lie where vertices are farther apart than in a fine mesh; else nought."""
    beside_mm = _beside_mm(apart)
    return _COARSE_REACH * beside_mm if beside_mm > _BESIDE_MM else 0.0


def _is_cut(mesh: Mesh, end: BoolArray, tip: FloatArray, outward: float) -> bool:
    """Tell whether any face with a corner at the end of the foot lies in a large plane across it."""
    near = mesh.faces[all_corners(np.abs(mesh.vertices - tip).max(axis=1) < _CUT_NEAR_MM, mesh.faces)]
    around = Mesh(mesh.vertices, near)
    normals, areas = face_normals(around), face_areas(around)
    across = np.flatnonzero(outward * normals[:, 0] > _CUT_COSINE)
    at_end = across[end[near[across]].any(axis=1)]
    middles = mesh.vertices[near].mean(axis=1)
    for face in at_end[np.argsort(-areas[at_end], kind="stable")][:10]:  # a cut's own faces are among the largest
        normal = normals[face]
        even = across[normals[across] @ normal > _FLAT_COSINE]
        flat = even[np.abs((middles[even] - middles[face]) @ normal) < _FLAT_MM]
        if areas[flat].sum() > _CUT_AREA_MM2:
            return True
    return False


def _front_is_open(mesh: Mesh, boundary: BoolArray, front: FrontProfile, forward: FloatArray, is_torn: bool) -> bool:
    """Tell whether a toe that could be the longest one ends in an open rim.

    A stretch of the front border that is open may go on by twice its breadth: a toe is no longer than that.
    """
    ahead = (mesh.vertices[:, 0] >= front.points[:, 0][np.isfinite(front.points[:, 0])].min() - _BESIDE_MM) & (
        mesh.vertices[:, 2] < FOOT_HEIGHT_MM
    )
    vertices, on_rim, forward = mesh.vertices[ahead], boundary[ahead], forward[ahead]

    def is_open(point: FloatArray) -> bool:
        apart = np.linalg.norm(vertices - point, axis=1)
        at_rim = on_rim & (apart < _END_BAND_MM)
        if not at_rim.any() or (is_torn and _is_under_toe(vertices[:, 2], at_rim, apart < _END_REACH_MM)):
            return False
        return not _has_turned(apart, forward, 1.0)

    found = np.array([bool(np.isfinite(point).all()) and is_open(point) for point in front.points])
    places = np.flatnonzero(found)
    longest = float(front.points[:, 0].max())
    for stretch in np.split(places, np.flatnonzero(np.diff(places) > 1) + 1):
        reach = 2.0 * len(stretch) * front.strip_mm
        could_be = len(stretch) >= _FRONT_STRIPS and float(front.points[stretch, 0].max()) + reach > longest
        if could_be and not _goes_on_beside(front.points[:, 0], stretch):
            return True
    return False


def _goes_on_beside(x: FloatArray, stretch: NDArray[np.int64]) -> bool:
    """Tell whether a stretch of the front, (N,) x, is the flank of a toe: it rises into a part that ends truly."""
    foremost = int(stretch[np.argmax(x[stretch])])
    beside = [place for place in (foremost - 1, foremost + 1) if 0 <= place < len(x) and place not in stretch]
    return any(0.0 <= x[place] - x[foremost] < _STEP_MM for place in beside)
