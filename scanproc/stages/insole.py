"""Stage 6: the insole. Prescription in, solid and proof out: an even wall under the sole inside a smooth outline."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import BoolArray, Feet, Foot, Insole, Insoles, Mesh, ScanFacts
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.geometry.heightfields import HeightField, SoleField, cast_sole, extend_walls, fill_cells, smoothed
from scanproc.geometry.outlines import inside, resampled, smoothed_curve
from scanproc.geometry.shells import (
    HEEL_CENTRE,
    HEEL_END,
    DistalLine,
    FootPlan,
    RimHeights,
    Shell,
    SoleLine,
    arch_fill,
    shell_outline,
    side_rim,
)
from scanproc.geometry.solids import (
    closed_solid,
    hexagonal_points,
    interior_points,
    parallel_below,
    plan_areas,
    pressed_flat,
    triangulated,
)
from scanproc.prescription import InsoleConfig
from scanproc.shell_checks import prove

log = logging.getLogger(__name__)

_NEEDED = ("metatarsale_tibiale", "metatarsale_fibulare")
_STEEP, _BENT = 0.6, 0.06  # slope, and curvature in 1/mm, from which triangles are smaller ...
_FINE = 0.4  # ... by this factor
_OUTLINE_SIGMA_MM = 1.5
_SAG_MM = 0.02  # flat triangles cut the curved wall by up to twice this: it is built thicker by as much
_NO_SOLE = 0.5  # unseen share of the foot's plan from which there is no sole to speak of


def insole(feet: Feet, facts: ScanFacts, config: InsoleConfig) -> Insoles:
    """Design, build and prove the insole of each foot.

    A foot that cannot be trusted gets no insole but the reason; the other foot of a pair still gets its own.

    Raises
    ------
    ScanError
        If no foot gets an insole.
    """
    insoles = tuple(_insole_or_reason(foot, facts, config) for foot in feet.feet)
    reasons = [f"{made.side} foot: {made.refused}" for made in insoles if made.refused]
    if len(reasons) == len(insoles):
        raise ScanError(" ".join(reasons) or "there is no foot. Scan one.")
    return Insoles(insoles)


def design(foot: Foot, config: InsoleConfig) -> Shell:
    """Return the asked surface and outline of a foot's shell.

    Raises
    ------
    ScanError
        If the sole under the shell was not seen, or a landmark is missing.
    """
    # What the scan saw of the sole, from below.
    sole = cast_sole(foot.mesh, foot.views, config.grid_mm, config.sole_below_mm)
    plan = _foot_plan(foot, sole)
    distal = DistalLine(plan.tibiale - config.distal_gap_mm * plan.ball_normal, plan.ball_normal)
    if not config.allow_unseen_sole:
        # Without an underside there is no border to follow either: refuse before looking for one.
        _refuse_unseen(sole, plan, _low_cells(sole, distal), _NO_SOLE, config)

    # The sole as a smooth field whose walls go on rising beyond the foot.
    holes = sole.covered & (np.isnan(sole.field.z) if config.allow_unseen_sole else ~sole.seen)
    bridged = fill_cells(sole.field, holes)
    walls = extend_walls(bridged, float(np.tan(np.deg2rad(config.wall_slope_deg))))
    base = lowered(smoothed(walls, config.smoothing_mm), config.clearance_mm)

    # The prescription's terms.
    top = base.replaced(base.z - arch_fill(base, plan, config.arch_fill_mm))

    # Where it ends.
    in_heel = sole.covered & (top.x >= 0.0) & (top.x < HEEL_END * plan.length_mm)
    heel_z = float(top.z[in_heel].min()) + config.heel_cup_depth_mm
    line = SoleLine.of(top, base, plan)
    heights = RimHeights(line, heel_z, config.medial_edge_mm, config.side_edge_mm)
    rim = side_rim(top, plan, heights, config.thickness_mm)
    outline = smoothed_curve(shell_outline(rim, distal), _OUTLINE_SIGMA_MM, 0.6 * config.triangle_mm, closed=True)
    covered = _cells_inside(sole, outline)
    if not config.allow_unseen_sole:
        _refuse_unseen(sole, plan, covered, config.max_unseen_sole, config)
    return Shell(plan, line, base, top, distal, rim, outline, _unseen_share(sole, covered))


@dataclass(frozen=True)
class Built:
    """The finished solid, and how far its underside was pressed flat for the printer."""

    solid: Mesh
    pressed_mm: float


def build(shell: Shell, config: InsoleConfig) -> Built:
    """Return the closed solid of a designed shell: its top, and the surface one wall below it."""
    outline = shell.outline
    low, high = outline.min(axis=0), outline.max(axis=0)
    fine_mm = _FINE * config.triangle_mm
    fine = hexagonal_points(low, high, fine_mm)
    detailed = (shell.top.slope_at(fine) > _STEEP) | (shell.top.bend_at(fine) > _BENT) | shell.rim.near(fine, 2.0)
    interior = interior_points(
        outline, hexagonal_points(low, high, config.triangle_mm), fine[detailed], config.triangle_mm, fine_mm
    )
    faces = triangulated(outline, interior)
    xy = np.vstack([outline, interior])
    top_z = shell.top_at(xy)
    wall = wall_at(shell.distal, xy, config)
    bottom_z = parallel_below(Mesh(np.column_stack([xy, top_z]), faces), wall + _SAG_MM)
    pressed = pressed_flat(bottom_z, plan_areas(xy, faces), config.contact_patch_mm2)
    solid = closed_solid(xy, faces, len(outline), top_z, pressed.z)
    log.info("insole: %d points in the plan, %d triangles", len(xy), len(solid.faces))
    return Built(solid, pressed.depth_mm)


def wall_at(distal: DistalLine, xy: FloatArray, config: InsoleConfig) -> FloatArray:
    """Return the asked wall at (N, 2) points, (N,) mm: even, thinning towards the front end."""
    edge = min(config.distal_edge_mm, config.thickness_mm)
    rise = np.clip(distal.behind(xy) / config.distal_taper_mm, 0.0, 1.0)
    return np.asarray(edge + (config.thickness_mm - edge) * rise)


def lowered(field: HeightField, distance_mm: float) -> HeightField:
    """Return the surface an even distance below a field."""
    if distance_mm <= 0.0:
        return field
    z = parallel_below(field.mesh(), np.full(field.z.size, distance_mm))
    return field.replaced(z.reshape(field.z.shape))


def _insole_or_reason(foot: Foot, facts: ScanFacts, config: InsoleConfig) -> Insole:
    try:
        if foot.side_confidence < config.min_side_confidence:
            raise ScanError(
                f"left or right is in doubt (confidence {foot.side_confidence:.2f} < insole.min_side_confidence = "
                f"{config.min_side_confidence}; scan.toml: side = {facts.side}). "
                + ('State it: side = "left" or "right".' if facts.side == "auto" else "Scan this foot alone and again.")
            )
        shell = design(foot, config)
    except ScanError as error:
        return Insole(foot.side, None, None, (), refused=str(error))
    built = build(shell, config)
    checks = prove(built.solid, built.pressed_mm, shell, foot, config)
    failed = [check.name for check in checks if not check.passed]
    log.info("insole: %s, %d checks, failed: %s", foot.side, len(checks), ", ".join(failed) or "none")
    return Insole(foot.side, built.solid, shell.outline, checks)


def _foot_plan(foot: Foot, sole: SoleField) -> FootPlan:
    missing = [name for name in _NEEDED if name not in foot.landmarks]
    if missing:
        raise ScanError(f"the foot has no landmark {', '.join(missing)}. Give it in landmarks.edited.json.")
    tibiale, fibulare = (np.array(foot.landmarks[name].xyz_mm[:2]) for name in _NEEDED)
    below = foot.mesh.vertices[:, 2] < 60.0
    length = float(foot.mesh.vertices[below, 0].max())
    x = HEEL_CENTRE * length
    row = round((x - sole.field.x0) / sole.field.step)
    across = sole.field.y[0, sole.covered[row]]
    if len(across) == 0:
        raise ScanError(f"there is no heel at x = {x:.0f} mm of the foot frame. Check 4-align with `scanproc view`.")
    heel = np.array([x, 0.5 * (across.min() + across.max())])
    return FootPlan(foot.medial_y, length, tibiale, fibulare, heel)


def _low_cells(sole: SoleField, distal: DistalLine) -> BoolArray:
    """Return the cells behind the front end under what can be a sole, (I, J) bool."""
    x, y = np.broadcast_arrays(sole.field.x, sole.field.y)
    behind = distal.behind(np.column_stack([x.ravel(), y.ravel()])).reshape(x.shape) > 0.0
    high = np.isfinite(sole.field.z) & (sole.field.z > 25.0)
    return np.asarray(sole.covered & behind & ~high)


def _cells_inside(sole: SoleField, outline: FloatArray) -> BoolArray:
    """Return the cells of the foot inside the outline whose height shapes the shell, (I, J) bool."""
    cells = np.zeros(sole.covered.shape, dtype=bool)
    i, j = np.nonzero(sole.covered)
    xy = np.column_stack([sole.field.x[i, 0], sole.field.y[0, j]])
    cells[i, j] = inside(resampled(outline, 2.0, closed=True), xy)
    return cells


def _unseen_share(sole: SoleField, cells: BoolArray) -> float:
    """Return which share of some cells no view saw; all of it if there is none."""
    return float((cells & ~sole.seen).sum() / cells.sum()) if cells.any() else 1.0


def _refuse_unseen(sole: SoleField, plan: FootPlan, cells: BoolArray, most: float, config: InsoleConfig) -> None:
    """Refuse a sole of which more than the share `most` was not seen, and say where."""
    share = _unseen_share(sole, cells)
    if share <= most:
        return
    s = np.broadcast_to(sole.field.x / plan.length_mm, cells.shape)
    places = []
    for name, start, end in (("heel", -1.0, 0.3), ("arch", 0.3, 0.6), ("forefoot", 0.6, 2.0)):
        here = cells & (s >= start) & (s < end)
        if here.any():
            places.append(f"{name} {_unseen_share(sole, here):.0%}")
    raise ScanError(
        f"the sole under the shell was not seen ({share:.0%} of it: {', '.join(places)}; insole.max_unseen_sole ="
        f" {config.max_unseen_sole:g}). Scan the foot raised, with its sole free, or set"
        " insole.allow_unseen_sole = true to build on an invented surface."
    )
