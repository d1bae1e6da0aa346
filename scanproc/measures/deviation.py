"""How far one foot's surface lies from another's: a robust rigid alignment, then the signed distance at each vertex."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.anatomy.foot_profile import surface_samples
from scanproc.anatomy.foot_regions import FOOT_HEIGHT_MM
from scanproc.artifacts import BoolArray, Foot, Mesh
from scanproc.errors import ScanError
from scanproc.frames import FloatArray, rigid, rotation_about, rotation_angle_rad, transform
from scanproc.mesh.edges import border_edges, edges_of
from scanproc.mesh.meshes import face_areas, face_normals, keep_faces, vertex_normals
from scanproc.open3d_bridge import RayScene

_OUTLIERS = 0.002  # share of the surface on either side that no figure tells of
TOP_MM = 150.0  # the leg above is not compared: it swings against the foot
FAR_MM = 20.0  # what lies farther apart is not the same place of a foot
_FACING = 0.5  # least cosine of the normals of two surfaces that are compared: a sole is not its dorsum
_SAMPLES = 8000
_MIN_SAMPLES = 300
_MAX_STEPS = 60
_CONVERGED = 1e-6  # mm, and rad: 0.1 um at the toes
_TUKEY = 4.685 * 1.4826  # of the median residual: 95 % as efficient as least squares where nothing changed
_LEAST_SPREAD_MM = 0.05  # of residuals, or two equal surfaces would give no point a weight
# Two foot frames of one foot differ by less, also under other loads; what goes farther has slid along another shape.
_MAX_TURN_DEG, _MAX_SHIFT_MM = 10.0, 15.0


@dataclass(frozen=True)
class Deviation:
    """How surface B lies to surface A, in the foot frame of A.

    Attributes
    ----------
    mesh : B moved onto A.
    distance_mm : (V,) float64, positive where B lies outside A; NaN where one of them was not seen or ends.
    T_a_b : (4, 4), from the foot frame of B.
    medial_y : of both feet, as in `Foot`.
    """

    mesh: Mesh
    distance_mm: FloatArray
    T_a_b: FloatArray
    medial_y: float

    @property
    def compared(self) -> FloatArray:
        """(N,) mm, the distances that there are."""
        return self.distance_mm[np.isfinite(self.distance_mm)]

    @property
    def areas_mm2(self) -> FloatArray:
        """(N,) mm², the surface round each vertex that was compared."""
        corners = self.mesh.faces.reshape(-1)
        thirds = np.repeat(face_areas(self.mesh) / 3.0, 3)
        areas = np.bincount(corners, thirds, len(self.mesh.vertices))
        return np.asarray(areas[np.isfinite(self.distance_mm)], dtype=np.float64)

    def summary(self) -> DeviationSummary:
        """Return the distances in figures, each counted by its area."""
        found, areas = self.compared, self.areas_mm2
        order = np.argsort(found)
        below = (np.cumsum(areas[order]) - 0.5 * areas[order]) / areas.sum()
        least, low, median, high, most = np.interp((_OUTLIERS, 0.05, 0.5, 0.95, 1.0 - _OUTLIERS), below, found[order])
        return DeviationSummary(
            compared_share=float(len(found) / max(int((self.mesh.vertices[:, 2] < TOP_MM).sum()), 1)),
            median_mm=float(median),
            inmost_mm=float(least),
            p5_mm=float(low),
            p95_mm=float(high),
            outmost_mm=float(most),
            rms_mm=float(np.sqrt((found**2 @ areas) / areas.sum())),
        )


@dataclass(frozen=True)
class DeviationSummary:
    """The signed distances of a `Deviation` in figures; the share is of the vertices below 150 mm.

    Beyond `inmost_mm` and `outmost_mm` lies 1/500 of the surface each: a swelling shows, a torn border does not.
    """

    compared_share: float
    median_mm: float
    inmost_mm: float
    p5_mm: float
    p95_mm: float
    outmost_mm: float
    rms_mm: float


def deviation(a: Foot, b: Foot) -> Deviation:
    """Lay foot B onto foot A, which is of the same side, and measure how far it lies from it.

    Raises
    ------
    ScanError
        If the two have too little seen surface in common, or do not lie on each other.
    """
    if a.side != b.side:
        raise ValueError(f"a {a.side} and a {b.side} foot: geometry is never mirrored")
    target = _Target.of(a)
    samples = surface_samples(_seen(b, FOOT_HEIGHT_MM), _SAMPLES)
    T_a_b = _aligned(target, samples)
    _check_small(T_a_b, samples.mean(axis=0))
    moved = Mesh(transform(T_a_b, b.mesh.vertices), b.mesh.faces)
    distance = np.full(len(moved.vertices), np.nan)
    asked = (b.views > 0) & (moved.vertices[:, 2] < TOP_MM)
    normals = vertex_normals(moved)[asked]
    found = target.nearest(moved.vertices[asked])
    outward = found.normal + normals  # on an edge the face that is found is either of two
    sign = np.sign((found.offset * outward).sum(axis=1))
    good = found.inside & (found.distance < FAR_MM) & ((found.normal * normals).sum(axis=1) > _FACING)
    if int(good.sum()) < _MIN_SAMPLES:
        raise _nothing_in_common(int(good.sum()))
    distance[asked] = np.where(good, sign * found.distance, np.nan)
    return Deviation(moved, distance, T_a_b, a.medial_y)


@dataclass(frozen=True)
class _Nearest:
    """The nearest places on a surface, of N points.

    Attributes
    ----------
    offset : (N, 3) mm, from there to the point.
    normal : (N, 3), of the face there.
    inside : (N,), whether the surface goes on there to all sides.
    distance : (N,) mm.
    """

    offset: FloatArray
    normal: FloatArray
    inside: BoolArray
    distance: FloatArray


@dataclass(frozen=True)
class _Target:
    """The seen surface of a foot, to measure distances from."""

    scene: RayScene
    normals: FloatArray
    is_inner: BoolArray

    @classmethod
    def of(cls, foot: Foot) -> _Target:
        mesh = _seen(foot, np.inf)
        on_border = np.zeros(len(mesh.vertices), dtype=np.bool_)
        on_border[border_edges(edges_of(mesh.faces, len(mesh.vertices)))] = True
        return cls(RayScene(mesh), face_normals(mesh), np.asarray(~on_border[mesh.faces].any(axis=1)))

    def nearest(self, points: FloatArray) -> _Nearest:
        found = self.scene.closest(points)
        return _Nearest(points - found.point, self.normals[found.face], self.is_inner[found.face], found.distance)


def _seen(foot: Foot, top_mm: float) -> Mesh:
    """Return the faces of a foot that were seen and lie below a height."""
    ok = (foot.views > 0) & (foot.mesh.vertices[:, 2] < top_mm)
    mesh = keep_faces(foot.mesh, np.asarray(ok[foot.mesh.faces].all(axis=1))).mesh
    if len(mesh.faces) < _MIN_SAMPLES:
        raise _nothing_in_common(len(mesh.faces))
    return mesh


def _aligned(target: _Target, points: FloatArray) -> FloatArray:
    """Return T_a_b that lays (N, 3) points of B onto A: point to plane, by Tukey's weights (Holland & Welsch 1977).

    It starts from the two foot frames, which agree to a few degrees. Where the shape changed the residuals are large,
    and count little or not at all.
    """
    T = np.eye(4)
    for _ in range(_MAX_STEPS):
        moved = transform(T, points)
        found = target.nearest(moved)
        usable = found.inside & (found.distance < FAR_MM)
        if int(usable.sum()) < _MIN_SAMPLES:
            raise _nothing_in_common(int(usable.sum()))
        step = _step(moved[usable], found.normal[usable], found.offset[usable])
        T = step @ T
        if np.abs(step - np.eye(4)).max() < _CONVERGED:
            break
    return T


def _step(points: FloatArray, normals: FloatArray, offsets: FloatArray) -> FloatArray:
    """Return the small motion that brings (N, 3) points nearer to the planes at `points - offsets`."""
    residual = (offsets * normals).sum(axis=1)
    reach = _TUKEY * max(float(np.median(np.abs(residual))), _LEAST_SPREAD_MM)
    weight = np.clip(1.0 - (residual / reach) ** 2, 0.0, None) ** 2
    centre = points.mean(axis=0)
    rows = np.hstack([np.cross(points - centre, normals), normals])
    weighted = rows * weight[:, None]
    turn = np.linalg.lstsq(weighted.T @ rows, -weighted.T @ residual, rcond=None)[0]
    angle = float(np.linalg.norm(turn[:3]))
    rotation = rotation_about(turn[:3], angle) if angle > 0.0 else np.eye(3)
    return rigid(rotation, centre + turn[3:] - rotation @ centre)


def _check_small(T_a_b: FloatArray, centre: FloatArray) -> None:
    turn_deg = float(np.rad2deg(rotation_angle_rad(T_a_b[:3, :3])))
    shift_mm = float(np.linalg.norm(transform(T_a_b, centre[None])[0] - centre))
    if turn_deg > _MAX_TURN_DEG or shift_mm > _MAX_SHIFT_MM:
        raise ScanError(
            f"laying one surface onto the other turned it by {turn_deg:.0f}° and moved it by {shift_mm:.0f} mm,"
            f" expected at most {_MAX_TURN_DEG:.0f}° and {_MAX_SHIFT_MM:.0f} mm. Compare scans of one foot."
        )


def _nothing_in_common(count: int) -> ScanError:
    return ScanError(
        f"found {count} places of the two surfaces side by side, expected at least {_MIN_SAMPLES}."
        " Compare scans that saw the same parts of the foot."
    )
