"""The proof of an insole: every dose that was asked, measured back from the finished solid."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from scanproc.artifacts import BoolArray, Check, Foot, Mesh
from scanproc.design.plan import HEEL_END
from scanproc.design.shape import Design
from scanproc.design.solid import Built
from scanproc.frames import FloatArray
from scanproc.geometry.doses import Probe, cup_depth, edge_heights, lowest_of_half, wall_range, widths
from scanproc.geometry.outlines import inside, resampled
from scanproc.geometry.proof import contact_area_mm2, crossing_faces, topology, undercut_mm2, volume_mm3
from scanproc.open3d_bridge import RayScene
from scanproc.prescription.fields import DENSITY_G_PER_CM3, Prescription


def prove(built: Built, shell: Design, foot: Foot) -> tuple[Check, ...]:
    """Measure a finished solid against what was asked, in the order of `checks.json`.

    Parameters
    ----------
    built : its solid rounded to single precision, as it is going to be written.
    foot : the scan, which the clearance is measured from.
    """
    solid, pressed_mm, config = built.solid, built.pressed_mm, shell.rx
    probe = Probe(solid)
    return (
        *body_checks(solid),
        *_wall_checks(probe, pressed_mm, shell, config),
        *_surface_checks(probe, shell, config),
        *_size_checks(probe, shell, config),
        *_heel_checks(probe, shell, foot, config),
        *_arch_checks(probe, shell, config),
        *_edge_checks(probe, shell, config),
        at_most("unseen_sole", 1.0 if config.allow_unseen_sole else config.max_unseen_sole, shell.unseen_share),
        *_making_checks(solid, config),
    )


def body_checks(solid: Mesh) -> tuple[Check, ...]:
    """Prove that a mesh bounds one body: also of a file that was read back."""
    form = topology(solid)
    outward = form.flipped_edges == 0 and form.volume_mm3 > 0.0
    crossings = crossing_faces(solid)
    return (
        Check("watertight", True, form.open_edges == 0, form.open_edges == 0),
        Check("one_body", 1.0, float(form.bodies), form.bodies == 1),
        Check("outward_winding", True, outward, outward),
        Check("self_intersections", 0.0, float(crossings), crossings == 0),
        Check("flat_triangles", 0.0, float(form.flat_faces), form.flat_faces == 0),
    )


def within(name: str, asked: float, got: float, tolerance: float) -> Check:
    """Return a check that passes if the two differ by no more than the tolerance."""
    return Check(name, round(float(asked), 4), round(float(got), 4), bool(abs(got - asked) <= tolerance))


def at_least(name: str, asked: float, got: float, tolerance: float = 0.0) -> Check:
    """Return a check of a lower bound."""
    return Check(name, round(float(asked), 4), round(float(got), 4), bool(got >= asked - tolerance))


def at_most(name: str, asked: float, got: float, tolerance: float = 0.0) -> Check:
    """Return a check of an upper bound."""
    return Check(name, round(float(asked), 4), round(float(got), 4), bool(got <= asked + tolerance))


def _wall_checks(probe: Probe, pressed_mm: float, shell: Design, config: Prescription) -> tuple[Check, ...]:
    """The wall off the rim, in the taper, at the rim, and at the front end."""
    walls, slack = probe.walls, config.wall_tolerance_mm
    edge = min(config.distal_edge_mm, config.thickness_mm)
    # A wall seen obliquely can end up to one wall further back than the place it is measured from.
    taper_end = config.distal_taper_mm + config.thickness_mm if edge < config.thickness_mm else 0.0

    def zones(xy: FloatArray) -> tuple[BoolArray, BoolArray, BoolArray]:
        on_rim = off_outline(shell, xy, config.rim_band_mm) < config.rim_band_mm
        in_taper = shell.distal.behind(xy) < taper_end
        return ~on_rim & ~in_taper, ~on_rim & in_taper, on_rim

    up, down = zones(walls.up_xy), zones(walls.down_xy)
    body, taper, rim = (wall_range(walls, u, d) for u, d in zip(up, down, strict=True))
    return (
        at_least("wall_min_mm", config.thickness_mm, body.least, slack),
        at_most("wall_max_mm", config.thickness_mm + pressed_mm, body.greatest, slack),
        at_least("wall_min_taper_mm", edge, taper.least, slack),
        at_least("wall_min_rim_mm", edge, rim.least, slack),
        within("distal_edge_mm", edge, _distal_edge(probe, shell), config.dose_tolerance_mm),
    )


def _surface_checks(probe: Probe, shell: Design, config: Prescription) -> tuple[Check, ...]:
    """The finished top against the asked one, square to the surface, on a grid of 0.4 mm that no triangle knows."""
    xy = _grid_inside(shell, 0.37, 0.3)
    asked, got = shell.top_at(xy), probe.top_at(xy)
    ex, ey = np.array([0.2, 0.0]), np.array([0.0, 0.2])
    rise = np.hypot(shell.top_at(xy + ex) - shell.top_at(xy - ex), shell.top_at(xy + ey) - shell.top_at(xy - ey))
    deviation = np.abs(got - asked) / np.hypot(rise / 0.4, 1.0)
    tolerance = config.surface_tolerance_mm
    return (
        at_most("top_deviation_max_mm", tolerance, float(deviation.max())),
        at_most("top_deviation_rms_mm", 0.3 * tolerance, float(np.sqrt(np.mean(deviation**2)))),
    )


def _size_checks(probe: Probe, shell: Design, config: Prescription) -> tuple[Check, ...]:
    """Length and width against the outline, the front end against the heads of the metatarsals."""
    asked, got = np.ptp(shell.outline, axis=0), np.ptp(probe.solid.vertices[:, :2], axis=0)
    front = float(shell.plan.ahead_of_ball(probe.solid.vertices[:, :2]).max())
    return (
        within("length_mm", asked[0], got[0], 0.1),
        within("width_mm", asked[1], got[1], 0.1),
        within("distal_gap_mm", config.distal_gap_mm, -front, config.dose_tolerance_mm),
    )


def _heel_checks(probe: Probe, shell: Design, foot: Foot, config: Prescription) -> tuple[Check, ...]:
    """The cup's depth on three sides, and the gap between heel and shell."""
    plan, tolerance = shell.plan, config.dose_tolerance_mm
    depth = cup_depth(probe, HEEL_END * plan.length_mm, plan.medial_y)
    heel = _grid_inside(shell, 1.0, 8.0)
    heel = heel[heel[:, 0] < HEEL_END * plan.length_mm]
    points = np.column_stack([heel, probe.top_at(heel)])
    gap = float(np.median(RayScene(foot.mesh).closest(points).distance))
    asked = config.heel_cup_depth_mm
    return (
        within("cup_depth_rear_mm", asked, depth.rear, tolerance),
        within("cup_depth_medial_mm", asked, depth.medial, tolerance),
        within("cup_depth_lateral_mm", asked, depth.lateral, tolerance),
        within("cup_depth_mm", asked, min(depth.rear, depth.medial, depth.lateral), tolerance),
        within("clearance_mm", config.clearance_mm, gap, tolerance),
    )


def _arch_checks(probe: Probe, shell: Design, config: Prescription) -> tuple[Check, ...]:
    """How far the arch was lowered, and how high it stands, on the line of `plantar_arch_height_mm`."""
    line = _arch_line(shell)
    sole, top = shell.sole.at(line), probe.top_at(line)
    lowered = float((sole - top).max())
    # Of a low arch no more than half is taken: what the design could give is asked.
    limited = min(config.arch_fill_mm, float((shell.sole.at(line) - shell.top.at(line)).max()))
    return (
        within("arch_fill_mm", limited, lowered, config.dose_tolerance_mm),
        within("arch_apex_height_mm", float(shell.top_at(line).max()), float(top.max()), config.dose_tolerance_mm),
    )


def _edge_checks(probe: Probe, shell: Design, config: Prescription) -> tuple[Check, ...]:
    """How high the edges stand where they are asked at their full height, and how long the front end's taper is."""
    plan, tolerance = shell.plan, config.dose_tolerance_mm
    at_medial, at_lateral = (plan.length_mm * np.linspace(start, start + 0.04, 5) for start in (0.43, 0.52))
    quarter = np.column_stack([at_medial, shell.line.at(at_medial, shell.line.quarter_y)])
    medial = edge_heights(probe, at_medial, plan.medial_y) - probe.top_at(quarter)
    lateral = edge_heights(probe, at_lateral, -plan.medial_y) - lowest_of_half(probe, at_lateral, -plan.medial_y)
    checks = [
        within("medial_edge_mm", config.medial_edge_mm, float(np.median(medial)), 2.0 * tolerance),
        within("side_edge_mm", config.side_edge_mm, float(np.median(lateral)), 2.0 * tolerance),
        at_least("waist_share", config.min_waist_share, _waist_share(probe, shell)),
    ]
    if config.distal_edge_mm < config.thickness_mm:
        checks.append(within("distal_taper_mm", config.distal_taper_mm, _taper(probe, shell, config), 1.0))
    return tuple(checks)


def _making_checks(solid: Mesh, config: Prescription) -> tuple[Check, ...]:
    """What printer, mill and scales ask."""
    volume = volume_mm3(solid) / 1e3
    mass = volume * DENSITY_G_PER_CM3[config.material]
    size = np.ptp(solid.vertices, axis=0)
    return (
        at_least(
            "contact_patch_mm2", config.contact_patch_mm2, contact_area_mm2(solid), 0.1 * config.contact_patch_mm2
        ),
        at_most("undercut_mm2", 0.0, undercut_mm2(solid), 0.5),
        Check("volume_cm3", "measured", round(volume, 3), bool(volume > 0.0)),
        Check("mass_g", f"measured, {config.material}", round(mass, 2), bool(mass > 0.0)),
        Check("print_size_mm", "measured", " x ".join(f"{length:.1f}" for length in size), bool((size > 0.0).all())),
        at_most("triangles", float(config.max_triangles), float(len(solid.faces))),
    )


def _distal_edge(probe: Probe, shell: Design) -> float:
    """Return the wall along the middle of the front end, mm."""
    return float(_walls_behind_front(probe, shell, np.array([0.1]))[0])


def _taper(probe: Probe, shell: Design, config: Prescription) -> float:
    """Return the length over which the wall thins: twice the way to where it is halfway, mm."""
    behind = np.arange(0.1, 60.0, 0.25)
    walls = _walls_behind_front(probe, shell, behind)
    halfway = 0.5 * (config.distal_edge_mm + config.thickness_mm)
    return float(2.0 * np.interp(halfway, np.maximum.accumulate(walls), behind))


def _walls_behind_front(probe: Probe, shell: Design, behind_mm: FloatArray) -> FloatArray:
    """Return the median wall over the middle half of the front end, at (N,) distances behind it, (N,) mm."""
    end = shell.outline[shell.distal.behind(shell.outline) < 0.3]
    along = np.array([-shell.distal.forward[1], shell.distal.forward[0]])
    first, last = (float(np.quantile(end @ along, share)) for share in (0.25, 0.75))
    base = (shell.distal.point @ shell.distal.forward) * shell.distal.forward
    front = base + np.linspace(first, last, 21)[:, None] * along
    xy = (front[None, :, :] - behind_mm[:, None, None] * shell.distal.forward).reshape(-1, 2)
    points = np.column_stack([xy, probe.bottom_at(xy)])
    walls = RayScene(probe.top).closest(points).distance
    return np.asarray(np.median(walls.reshape(len(behind_mm), -1), axis=1))


def _arch_line(shell: Design) -> FloatArray:
    """Return the points of the arch's line, (N, 2), from 0.30 to 0.60 of the foot's length."""
    s = shell.line.x / shell.plan.length_mm
    arch = (s >= 0.30) & (s <= 0.60)
    return np.column_stack([shell.line.x[arch], shell.line.quarter_y[arch]])


def _waist_share(probe: Probe, shell: Design) -> float:
    """Return the least width of the solid from 0.30 to 0.60 of the foot's length, as a share of the foot's there."""
    x = shell.plan.length_mm * np.linspace(0.30, 0.60, 31)
    return float((widths(probe, x) / shell.line.at(x, shell.line.width_mm)).min())


def _grid_inside(shell: Design, step_mm: float, off_rim_mm: float) -> FloatArray:
    """Return the points of a square grid inside the outline, further than `off_rim_mm` from it, (N, 2)."""
    low, high = shell.outline.min(axis=0), shell.outline.max(axis=0)
    x, y = np.meshgrid(np.arange(low[0], high[0], step_mm), np.arange(low[1], high[1], step_mm), indexing="ij")
    xy = np.column_stack([x.ravel(), y.ravel()])
    xy = xy[inside(resampled(shell.outline, 2.0, closed=True), xy)]
    return xy[off_outline(shell, xy, off_rim_mm) >= off_rim_mm]


def off_outline(shell: Design, xy: FloatArray, up_to_mm: float) -> FloatArray:
    """Return the distance of (N, 2) points from the outline, (N,) mm; inf from `up_to_mm` on."""
    rim = cKDTree(resampled(shell.outline, 0.1, closed=True))
    return np.asarray(rim.query(xy, distance_upper_bound=up_to_mm)[0])
