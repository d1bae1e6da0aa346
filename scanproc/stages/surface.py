"""Stage 3: one fused mesh from the original depth of all accepted views."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial

import numpy as np

from scanproc.artifacts import (
    BoolArray,
    ByteArray,
    CleanView,
    CleanViews,
    Mesh,
    OtherFoot,
    Registration,
    RimTerm,
    Surface,
    ViewPose,
)
from scanproc.depth.rims import (
    low_rim_trust,
    rim_shift_mm,
    rim_trust,
    with_fine_rims,
    without_floor_contact,
    without_rim_bias,
)
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.fusion.border_morphology import dilated, opened, shrunk
from scanproc.fusion.dual_marching_cubes import dual_marching_cubes
from scanproc.fusion.jackknife import (
    common_errors,
    extrapolate_errors,
    jackknife_errors,
    regional_spread,
    stretch_errors,
)
from scanproc.fusion.posed_views import PosedView, averaged
from scanproc.fusion.tsdf import TsdfLimits, integrate
from scanproc.fusion.visibility import VisibilityLimits, visibility
from scanproc.mesh.hole_filling import close_holes
from scanproc.mesh.meshes import Submesh, all_corners, component_labels, keep_faces
from scanproc.parallel import meanwhile, parallel_map
from scanproc.registration.dividing_planes import parted
from scanproc.segmentation.joined_feet import faces_between_feet
from scanproc.settings import setting

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SurfaceConfig:
    """How views become one mesh."""

    voxel_mm: float = setting(1.0, "edge of a voxel, mm", low=0.3, high=4.0)
    truncation_mm: float = setting(4.0, "distance from a view's surface, along its normal, that is fused, mm", low=1.0)
    reach_mm: float = setting(5.0, "the same along the line of sight, mm", low=1.0)
    cosine_power: float = setting(
        0.5, "of the cosine between normal and line of sight, in the weight of a pixel", low=0.0
    )
    smoothing_mm: float = setting(1.2, "distance of the eight pixels that each is averaged with, mm", low=0.0, high=5.0)
    min_views: int = setting(2, "views that must have seen a vertex", low=1, high=255)
    min_trust: float = setting(
        0.4, "views without a rim that must have seen a vertex, where rims err; one at a rim counts less", low=0.0
    )
    seen_tolerance_mm: float = setting(
        3.0, "distance from a view's surface at which the view saw a vertex, mm", low=0.1
    )
    seen_min_cosine: float = setting(
        0.15, "smallest cosine between normal and line of sight to be seen", low=0.0, high=1.0
    )
    fringe_mm: float = setting(4.0, "how far the surface goes on where fewer views saw it, mm", low=0.0, high=50.0)
    tatters_mm: float = setting(1.0, "tongues of the rim narrower than twice this are cut off, mm", low=0.0, high=20.0)
    rim_doubt: float = setting(
        0.8, "standard uncertainty of what is corrected at rims, as a share of it: they differ by place", low=0.0
    )
    torn_mm: float = setting(
        5.0, "width of the border that is cut off where rims err and the foot stood on a ground not seen, mm", low=0.0
    )
    shared_doubt: float = setting(
        0.8, "standard uncertainty of what all views share, as a share of what an eighth of them errs by", low=0.0
    )
    stretch: float = setting(
        0.0015, "standard uncertainty of the size of what no floor holds, as a share of it", low=0.0, high=0.1
    )
    max_bridge_mm: float = setting(
        30.0, "two standing feet that hang together by less than this are parted, mm", low=0.0, high=50.0
    )
    min_part_share: float = setting(0.05, "parts smaller than this share of the largest are dropped", low=0.0, high=1.0)
    num_replicates: int = setting(8, "groups of views that the uncertainty is taken from", low=2, high=64)
    max_hole_mm: float = setting(60.0, "holes with a longer border than this stay open, mm", low=0.0, high=300.0)


def surface(views: CleanViews, registration: Registration, config: SurfaceConfig) -> Surface:
    """Fuse the accepted views.

    Raises
    ------
    ScanError
        If nothing was seen by enough views.
    """
    tsdf_limits = _tsdf_limits(config)
    posed = _posed_views(views, registration, config.smoothing_mm, 0.5 * tsdf_limits.truncation_mm)
    fused = dual_marching_cubes(integrate(posed, tsdf_limits))
    num_groups = min(config.num_replicates, len(posed))
    limits = VisibilityLimits(config.seen_tolerance_mm, config.seen_min_cosine, tsdf_limits.cosine_power)
    seen = visibility(fused, posed, limits, num_groups)

    # What of it is kept, and how far the groups of views differ there.
    is_upright = registration.floor_seen or registration.vertical is not None
    rims_err = registration.rim is not None
    trusted = np.where(seen.trust >= config.min_trust, seen.views, 0).astype(np.uint8) if rims_err else seen.views
    # Depth beside a ground is mixed with it. A raised foot has none, and its borders err no more than what is inside.
    stood_unseen = registration.vertical is not None and not registration.floor_seen
    torn_mm = config.torn_mm if rims_err and stood_unseen else 0.0
    with meanwhile(partial(jackknife_errors, seen.distances)) as jackknife:
        kept = _kept_parts(fused, trusted, is_upright, torn_mm, config)
        own_errors_mm = jackknife()[kept.vertices]
    if not len(kept.mesh.faces):
        raise ScanError(
            f"no point was seen by {config.min_views} views (surface.min_views) within {config.seen_tolerance_mm:g} mm"
            " of each other (surface.seen_tolerance_mm); expected a surface. Record more views that overlap."
        )

    # Errors that all views share; meanwhile holes are closed.
    with meanwhile(partial(close_holes, kept.mesh, config.max_hole_mm, config.voxel_mm)) as closed:
        shared_mm = config.shared_doubt * regional_spread(kept.mesh, own_errors_mm)
        doubt_mm = np.hypot(shared_mm, config.rim_doubt * seen.shift_mm[kept.vertices])
        common_mm = common_errors(kept.mesh.vertices, doubt_mm, num_groups)
        if not registration.floor_seen:
            common_mm += stretch_errors(kept.mesh, config.stretch, num_groups)
        kept_errors_mm = own_errors_mm + common_mm.astype(np.float16)
        filled = closed()
    invented = len(filled.mesh.vertices) - filled.num_original
    log.info(
        "surface: %d views → %d vertices; holes: %d closed, %d left open, the longest border %.0f mm",
        len(posed),
        len(filled.mesh.vertices),
        filled.num_closed,
        len(filled.open_mm),
        max(filled.open_mm, default=0.0),
    )

    # What was invented was seen by no view, is grey, and errs as its border does.
    counts = np.concatenate([seen.views[kept.vertices], np.zeros(invented, dtype=np.uint8)])
    color = seen.color
    if color is not None:
        color = np.vstack([color[kept.vertices], np.full((invented, 3), 128, dtype=np.uint8)])
    errors_mm = np.full((len(counts), num_groups), np.nan, dtype=np.float16)
    errors_mm[: filled.num_original] = kept_errors_mm
    errors_mm = extrapolate_errors(filled.mesh, errors_mm, ~np.isnan(errors_mm[:, 0]))
    vertical = registration.vertical
    return Surface(filled.mesh, counts, registration.floor_seen, color, errors_mm, vertical, torn=torn_mm > 0.0)


def _posed_views(
    views: CleanViews, registration: Registration, smoothing_mm: float, limit_mm: float
) -> list[PosedView]:
    """Return the accepted views in their places, `averaged`; where rims err, without that, and less trusted there."""
    accepted = [pair for pair in zip(views.views, registration.views, strict=True) if pair[1].accepted]
    if (other := registration.other_foot) is None:
        halves = [(view, pose.T_scan_camera) for view, pose in accepted]
    else:  # foot after foot, so that each group of the jackknife goes all round both
        by_foot = zip(*(_single_feet(view, pose, other) for view, pose in accepted), strict=True)
        halves = [half for foot in by_foot for half in foot]
    seen = [(view, pose) for view, pose in halves if pose is not None]

    def posed(one: tuple[CleanView, FloatArray]) -> PosedView:
        view, pose = one
        return averaged(_posed_view(with_fine_rims(view), pose, registration.rim), smoothing_mm, limit_mm)

    return parallel_map(posed, seen, "correcting rims")


def _single_feet(view: CleanView, pose: ViewPose, other: OtherFoot) -> list[tuple[CleanView, FloatArray | None]]:
    """Return a view of each of two feet, with its pose."""
    assert pose.T_scan_camera is not None  # it is accepted
    return list(zip(parted(view, pose.T_scan_camera, other.divide), other.poses_of(pose), strict=True))


def _posed_view(view: CleanView, pose: FloatArray, rim: RimTerm | None) -> PosedView:
    if rim is None or view.rim_deg is None:
        trust = low_rim_trust(view)
        view = without_floor_contact(view)
        return PosedView(view.depth_mm, view.normals, view.intrinsics, pose, view.color, trust)
    trust, shift_mm = rim_trust(view.rim_deg), rim_shift_mm(view, rim)
    view = without_rim_bias(without_floor_contact(view), rim)
    return PosedView(view.depth_mm, view.normals, view.intrinsics, pose, view.color, trust, shift_mm)


def _tsdf_limits(config: SurfaceConfig) -> TsdfLimits:
    wider = max(1.0, 2.0 * config.voxel_mm / config.truncation_mm)  # two voxels on either side make a surface
    return TsdfLimits(
        voxel_mm=config.voxel_mm,
        truncation_mm=wider * config.truncation_mm,
        reach_mm=wider * config.reach_mm,
        cosine_power=config.cosine_power,
    )


def _kept_parts(fused: Mesh, views: ByteArray, is_upright: bool, torn_mm: float, config: SurfaceConfig) -> Submesh:
    """Return what was seen by enough views, and what one view saw beside it; two feet apart, no tatters, no debris."""
    # Fusion leaves back sides at rims: what no view saw as it is goes.
    mesh = _faces_at(fused, views > 0)
    mesh = _faces_at(mesh, dilated(views >= config.min_views, mesh, round(config.fringe_mm / config.voxel_mm)))
    if is_upright:
        mesh = Mesh(mesh.vertices, mesh.faces[~faces_between_feet(mesh, config.voxel_mm, config.max_bridge_mm)])
    tatters = round(config.tatters_mm / config.voxel_mm)
    mesh = _faces_at(mesh, opened(mesh, config.max_hole_mm, tatters))
    if torn_mm > 0.0:
        mesh = _faces_at(mesh, shrunk(mesh, config.max_hole_mm, round(torn_mm / config.voxel_mm)))
    labels = component_labels(mesh)[mesh.faces[:, 0]]
    sizes = np.bincount(labels)
    return keep_faces(mesh, (sizes >= config.min_part_share * sizes.max(initial=0))[labels])


def _faces_at(mesh: Mesh, kept: BoolArray) -> Mesh:
    """Return the mesh of the faces with all corners at the (V,) kept vertices; it has the same vertices."""
    return Mesh(mesh.vertices, mesh.faces[all_corners(kept, mesh.faces)])
