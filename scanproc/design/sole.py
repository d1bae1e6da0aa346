"""The scanned sole as a smooth field, and what of it was seen."""

from __future__ import annotations

import dataclasses
from dataclasses import astuple, dataclass, replace
from functools import cached_property

import numpy as np

from scanproc.anatomy.foot_plan import DistalLine, FootPlan
from scanproc.anatomy.foot_regions import ARCH_WINDOW, surface_length
from scanproc.artifacts import BoolArray, Foot, Mesh
from scanproc.design.balance import balanced
from scanproc.design.memo import Memo
from scanproc.design.plan import HEEL_CENTRE
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.mesh.meshes import all_corners, face_normals, keep_faces
from scanproc.mesh.polygons import resampled
from scanproc.mesh.polyline_distance import inside
from scanproc.prescription.fields import Judgement, Prescription
from scanproc.solid.denoising import denoised, smoothing_asked_mm
from scanproc.solid.face_grid import FaceGrid
from scanproc.solid.height_fields import HeightField
from scanproc.solid.plantar_height_field import PlantarField, extend_walls, fill_cells, plantar_height_field

_NEEDED = ("metatarsale_tibiale", "metatarsale_fibulare")
_HEEL_BULGE_MM = 15.0  # over its lowest point a heel is nearly as wide as it gets
_ROOM_MM = 15.0  # beside the foot, for the trim line
_LEAST_TOE_ROOM_MM = 12.0  # in front of it, for a full length
_NO_SOLE = 0.5  # unseen share of the foot's plan from which there is no sole to speak of
#: Of the sole by name, shares of the length.
_PLACES = (("heel", -1.0, ARCH_WINDOW[0]), ("arch", *ARCH_WINDOW), ("forefoot", ARCH_WINDOW[1], 2.0))


@dataclass(frozen=True)
class Casting:
    """What the rays depend on besides the foot and its balance."""

    grid_mm: float
    below_mm: float
    beside_mm: float
    ahead_mm: float


@dataclass(frozen=True)
class Finishing:
    """What is made of their hits."""

    allow_unseen: bool
    wall_slope_deg: float
    smoothing_mm: float | None


@dataclass(frozen=True)
class SoleFaces:
    """The faces of a foot that look down and lie low: all of them, and those that were seen."""

    whole: FaceGrid
    seen: FaceGrid


@dataclass(frozen=True)
class ScannedSole:
    """The underside of a foot: smooth, its holes bridged, its walls rising on beyond the foot.

    It is made once for a foot, and handed on to all that is designed on it and proven by it.

    Attributes
    ----------
    scan, foot : as it was scanned, and as it was balanced.
    balance : kind and angle, deg.
    field : heights, before clearance and the prescription's terms.
    raw : what the rays found.
    memo : what was designed on it before, for the next prescription.
    """

    scan: Foot
    balance: tuple[str, float]
    foot: Foot
    casting: Casting
    finishing: Finishing
    plan: FootPlan
    field: HeightField
    raw: PlantarField
    memo: Memo = dataclasses.field(default_factory=Memo, repr=False, compare=False)

    @cached_property
    def faces(self) -> SoleFaces:
        """The faces that the rays can have hit."""
        mesh = self.foot.mesh
        low = mesh.vertices[:, 2] < self.casting.below_mm
        whole, seen = (_looking_down(mesh, keep) for keep in (low, low & (self.foot.views > 0)))
        return SoleFaces(FaceGrid.of(whole), FaceGrid.of(seen))

    def unseen_share(self, outline: FloatArray, judgement: Judgement) -> float:
        """Return which share of the sole inside an outline no view saw; refuse too much of it, and say where."""
        cells = _cells_inside(self.raw, outline)
        if not judgement.allow_unseen_sole:
            _refuse_unseen(self.raw, self.plan, cells, judgement.max_unseen_sole, judgement)
        return _unseen_share(self.raw, cells)


def scanned_sole(foot: Foot, rx: Prescription, before: ScannedSole | None = None) -> ScannedSole:
    """Balance a foot, cast its sole, bridge its small holes, and smooth it.

    Parameters
    ----------
    before : of the same foot, by another prescription; what would come out the same is taken from it.

    Raises
    ------
    ScanError
        If there is no sole to speak of, or a landmark is missing.
    """
    # A landmark that was moved leaves the mesh as it is, and all that depends on it alone.
    before = before if before is not None and before.scan.mesh is foot.mesh and before.scan.side == foot.side else None
    same_marks = before is not None and before.scan is foot
    balance = (rx.posts.cast_balance, rx.posts.balance_deg)
    casting, finishing = _casting(rx), _finishing(rx)
    same_balance = before is not None and before.balance == balance
    level = before.foot if before is not None and same_balance and same_marks else balanced(foot, rx.posts)
    same_rays = before is not None and before.foot.mesh is level.mesh and before.casting == casting
    if before is not None and same_rays:
        raw = before.raw
        plan = before.plan if same_marks else _foot_plan(level, raw)
    else:
        raw = plantar_height_field(level.mesh, level.views, *astuple(casting))
        plan = _foot_plan(level, raw)
    if not rx.judgement.allow_unseen_sole:
        # Without an underside there is no border to follow either: refuse before looking for one.
        end = DistalLine(plan.tibiale - rx.arch.distal_gap_mm * plan.ball_normal, plan.ball_normal)
        _refuse_unseen(raw, plan, _low_cells(raw, end), _NO_SOLE, rx.judgement)
    if before is not None and same_rays and before.finishing == finishing:
        return before if same_marks else replace(before, scan=foot, balance=balance, foot=level, plan=plan, memo=Memo())
    return ScannedSole(foot, balance, level, casting, finishing, plan, _finished(raw, finishing), raw)


def _casting(rx: Prescription) -> Casting:
    fit = rx.fit
    beside = _ROOM_MM + max(fit.outline_margin_mm, 0.0) + 0.5 * fit.heel_expansion_mm
    beside += max(fit.medial_expansion_mm, fit.lateral_expansion_mm)
    ahead = max(fit.toe_room_mm, _LEAST_TOE_ROOM_MM) if "full" in (rx.device.length, rx.device.extension) else 0.0
    making = rx.making
    return Casting(making.grid_mm, making.sole_below_mm, float(np.ceil(beside)), float(np.ceil(beside + ahead)))


def _finishing(rx: Prescription) -> Finishing:
    return Finishing(rx.judgement.allow_unseen_sole, rx.making.wall_slope_deg, rx.making.smoothing_mm)


def _finished(raw: PlantarField, finishing: Finishing) -> HeightField:
    """Return the smooth sole, its holes bridged, its walls opened."""
    holes = raw.covered & (np.isnan(raw.field.z) if finishing.allow_unseen else ~raw.seen)
    bridged = fill_cells(raw.field, holes)
    walls = extend_walls(bridged, float(np.tan(np.deg2rad(finishing.wall_slope_deg))))
    trusted = raw.seen & (walls.z == raw.field.z)
    sigma_mm = smoothing_asked_mm(walls, trusted) if finishing.smoothing_mm is None else finishing.smoothing_mm
    return denoised(walls, sigma_mm, trusted)


def _looking_down(mesh: Mesh, vertices: BoolArray) -> Mesh:
    """Return the faces that look down and have only vertices that are kept, (V,) bool."""
    some = keep_faces(mesh, all_corners(vertices, mesh.faces)).mesh
    return keep_faces(some, face_normals(some)[:, 2] < 0.0).mesh


def _foot_plan(foot: Foot, sole: PlantarField) -> FootPlan:
    missing = [name for name in _NEEDED if name not in foot.landmarks]
    if missing:
        raise ScanError(f"the foot has no landmark {', '.join(missing)}. Give it in landmarks.edited.json.")
    tibiale, fibulare = (np.array(foot.landmarks[name].xyz_mm[:2]) for name in _NEEDED)
    length = surface_length(foot)
    right, left = _heel_borders(sole, HEEL_CENTRE * length)
    heel = np.array([HEEL_CENTRE * length, 0.5 * (right + left)])
    mark = foot.landmarks.get("navicular")
    navicular = None if mark is None else np.array(mark.xyz_mm[:2])
    return FootPlan(foot.medial_y, length, tibiale, fibulare, heel, left - right, navicular)


def _heel_borders(sole: PlantarField, x: float) -> tuple[float, float]:
    """Return the y of the heel's right and left border at x, mm, between the cells: where the underside bulges up."""
    row = round((x - sole.field.x0) / sole.field.step)
    z, covered = sole.field.z[row], sole.covered[row]
    if not np.isfinite(z[covered]).any():
        raise ScanError(f"there is no heel at x = {x:.0f} mm of the foot frame. Check 4-align with `scanproc view`.")
    level = float(np.nanmin(z)) + _HEEL_BULGE_MM
    low = np.flatnonzero(covered & ~(z > level))  # holes are low, too
    borders = []
    for cell, outward in ((low[0], -1), (low[-1], 1)):
        here, beyond = z[cell], z[min(max(cell + outward, 0), len(z) - 1)]
        share = (level - here) / (beyond - here) if beyond > here else 0.0
        borders.append(float(sole.field.y[0, cell]) + outward * share * sole.field.step)
    return borders[0], borders[1]


def _low_cells(sole: PlantarField, distal: DistalLine) -> BoolArray:
    """Return the cells behind the front end under what can be a sole, (I, J) bool."""
    x, y = np.broadcast_arrays(sole.field.x, sole.field.y)
    behind = distal.behind(np.column_stack([x.ravel(), y.ravel()])).reshape(x.shape) > 0.0
    high = np.isfinite(sole.field.z) & (sole.field.z > 25.0)
    return np.asarray(sole.covered & behind & ~high)


def _cells_inside(sole: PlantarField, outline: FloatArray) -> BoolArray:
    """Return the cells of the foot inside the outline whose height shapes the shell, (I, J) bool."""
    cells = np.zeros(sole.covered.shape, dtype=bool)
    i, j = np.nonzero(sole.covered)
    xy = np.column_stack([sole.field.x[i, 0], sole.field.y[0, j]])
    cells[i, j] = inside(resampled(outline, 2.0, closed=True), xy)
    return cells


def _unseen_share(sole: PlantarField, cells: BoolArray) -> float:
    """Return which share of some cells no view saw; all of it if there is none."""
    return float((cells & ~sole.seen).sum() / cells.sum()) if cells.any() else 1.0


def _refuse_unseen(sole: PlantarField, plan: FootPlan, cells: BoolArray, most: float, judgement: Judgement) -> None:
    """Refuse a sole of which more than the share `most` was not seen, and say where."""
    share = _unseen_share(sole, cells)
    if share <= most:
        return
    s = np.broadcast_to(sole.field.x / plan.length_mm, cells.shape)
    places = []
    for name, start, end in _PLACES:
        here = cells & (s >= start) & (s < end)
        if here.any():
            places.append(f"{name} {_unseen_share(sole, here):.0%}")
    raise ScanError(
        f"the sole under the shell was not seen ({share:.0%} of it: {', '.join(places)}; insole.max_unseen_sole ="
        f" {judgement.max_unseen_sole:g}). Scan the foot raised, with its sole free, or set"
        " insole.allow_unseen_sole = true to build on an invented surface."
    )
