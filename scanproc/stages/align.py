"""Align: each foot in the foot frame, its side, its landmarks."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from scanproc.anatomy.border_gaps import with_border_gaps
from scanproc.anatomy.cut_ends import CutEnds, cut_ends
from scanproc.anatomy.cut_off_ends import with_cut_off_ends
from scanproc.anatomy.foot_frame import refuse_leg_behind, settle
from scanproc.anatomy.foot_limits import FootLimits
from scanproc.anatomy.foot_profile import FootShape, likeness
from scanproc.anatomy.foot_regions import foot_length
from scanproc.anatomy.foot_replicates import FrameRules, foot_replicates
from scanproc.anatomy.fused_plates import Bare, without_mount
from scanproc.anatomy.invented_soles import believed_views
from scanproc.anatomy.lone_soles import faces_out, in_rough_frame, lone_sole, object_of, sole_likeness
from scanproc.anatomy.loose_parts import recognised_parts, ways_up
from scanproc.anatomy.named_landmarks import named_landmarks
from scanproc.anatomy.open_boundaries import open_boundary_vertices, open_ends, refuse_open_ends
from scanproc.anatomy.open_undersides import over_open_underside
from scanproc.anatomy.plantar_surface import PlantarSurface, arch_profile, sole_cap
from scanproc.anatomy.scanner_errors import without_loud_noise
from scanproc.anatomy.seen_soles import refuse_no_sole, sole_up
from scanproc.anatomy.side import SideJudgement, SideVote, judge_feet, vote
from scanproc.anatomy.skin_markers import skin_markers
from scanproc.anatomy.stance import (
    GroundErrors,
    Stance,
    check_pair,
    check_pose,
    ground_errors,
    on_floor,
    on_sole,
    refuse_unlevel,
    shows_sole,
    stands_on_floor,
)
from scanproc.anatomy.stated_length import check_lengths
from scanproc.anatomy.unseen_grounds import SeenSkin, over_unseen_ground
from scanproc.artifacts import BoolArray, ByteArray, Feet, Foot, IntArray, Mesh, Object, ScanFacts, Surface
from scanproc.errors import ScanError
from scanproc.frames import transform
from scanproc.measures.sensor_classes import sensor_class
from scanproc.mesh.meshes import keep_faces, submesh
from scanproc.mesh.smoothing import smoothed_vertices
from scanproc.parallel import meanwhile
from scanproc.settings import setting

log = logging.getLogger(__name__)

_GROUNDS = 8  # that a foot may stand on, where only its ground is uncertain


@dataclass(frozen=True)
class AlignConfig:
    """How a foot is told from other things, and its side and its ground are judged."""

    min_length_mm: float = setting(100.0, "shortest foot, mm", low=0.0)
    max_length_mm: float = setting(350.0, "longest foot, mm", low=0.0)
    max_misfit: float = setting(
        1.05, "largest deviation from the profile of feet; feet have 0.3 to 0.9, hands 1.1, boxes over 2", low=0.0
    )
    min_part_share: float = setting(
        0.25, "smallest loose part that may be a foot, share of the largest part's area", low=0.0, high=1.0
    )
    min_pose_confidence: float = setting(0.95, "how sure up and forward must be", low=0.5, high=1.0)
    floor_sink_mm: float = setting(5.0, "a foot that reaches lower below the floor is refused, mm", low=0.0)
    floor_touch_mm: float = setting(
        20.0, "a foot seen down to this height stands on the floor: its own bulge hides what is lower, mm", low=0.0
    )
    min_sole_share: float = setting(
        0.3, "share of the sole that must be seen to level a foot without a floor", low=0.0, high=1.0
    )
    toe_gap_mm: float = setting(2.0, "depth of the gap beside the hallux that shows the second toe, mm", low=0.0)
    denoise_edge_mm: float = setting(
        1.5, "landmarks are sought on a surface averaged along edges up to this, mm", low=0.0
    )
    ground_tilt_sd_deg: float = setting(0.05, "standard uncertainty of the floor's tilt, deg", low=0.0, high=5.0)
    axis_tilt_sd_deg: float = setting(
        0.3, "standard uncertainty of the tilt of a turn's axis against the ground, deg", low=0.0, high=5.0
    )
    unseen_ground_mm: float = setting(6.0, "usual height of the lowest skin, ground not seen, mm", low=0.0, high=30.0)
    torn_ground_mm: float = setting(13.5, "the same where a torn border was cut off, mm", low=0.0, high=30.0)
    torn_toes_mm: float = setting(1.0, "by which toes are seen too high there, mm", low=0.0, high=5.0)
    unseen_ground_sd_mm: float = setting(3.0, "standard uncertainty of either, mm", low=0.1, high=30.0)
    border_lean_sd: float = setting(
        0.008, "standard uncertainty of the slope of a lateral border beside a ground, mm by mm", low=0.0, high=0.1
    )
    stated_side_confidence: float = setting(0.98, "how far the side in scan.toml is trusted", low=0.5, high=0.9999)
    contradiction: float = setting(
        0.95, "confidence of the shape's own side or way up above which it may contradict scan.toml", low=0.5, high=1.0
    )


@dataclass(frozen=True)
class _Part:
    """A loose part of the surface that is a foot: level frame, as it is and quiet for landmarks, roughly judged."""

    vertices: IntArray
    mesh: Mesh
    smooth: Mesh
    boundary: BoolArray
    cuts: CutEnds
    views: ByteArray
    stance: Stance
    vote: SideVote
    object: Object = "foot"


def align(surface: Surface, facts: ScanFacts, config: AlignConfig) -> Feet:
    """Put each foot of a surface in the foot frame and name its side and its landmarks.

    Parameters
    ----------
    surface : in the scan frame; z = 0 is the floor only where `floor_seen`, otherwise it lies anyhow, or upright where
        `vertical` says so.

    Raises
    ------
    ScanError
        If it does not look like a foot, side or length contradicts `scan.toml`, or nothing tells where the ground is.
    """
    if facts.loading == "non-weight-bearing":
        surface = replace(surface, vertical=None)  # how a foot hangs in the air has nothing to do with what is upright
    surface = replace(surface, finished=surface.errors_mm is None)
    *others, last = without_mount(surface, facts.object)
    for bare in others:
        with contextlib.suppress(ScanError):
            return _align_bare(bare, facts, config)
    return _align_bare(last, facts, config)


def _align_bare(bare: Bare, facts: ScanFacts, config: AlignConfig) -> Feet:
    surface, kind = bare.surface, sensor_class(facts.sensor)
    if surface.finished and len(surface.mesh.faces):
        surface = without_loud_noise(surface, None if kind is None else kind.form_sd_mm)
    parts = _find_feet(surface, bare.is_sole, facts, config)
    votes = [part.vote for part in parts]
    sides = judge_feet(votes, surface.inside_out, facts, config.stated_side_confidence, config.contradiction)
    feet = [_place(surface, bare.surface.mesh, part, side, config) for part, side in zip(parts, sides, strict=True)]
    check_lengths([foot_length(foot) for foot in feet], facts)
    if bare.cut is not None:
        log.info("align: cut off %s", bare.cut)
        feet = [replace(foot, T_foot_scan=foot.T_foot_scan @ bare.T_bare_scan) for foot in feet]
    return Feet(tuple(sorted(feet, key=lambda foot: foot.side)))  # left first


# ------------------------------------------------------------------------------------------ which parts are feet


def _find_feet(surface: Surface, is_sole: bool, facts: ScanFacts, config: AlignConfig) -> list[_Part]:
    """Return the parts that are feet, or soles where nothing else will do, and say what was dropped."""
    if len(surface.mesh.faces) == 0:
        raise ScanError(
            "the surface is empty; expected a foot. Scan again, or look at the stages before with scanproc view."
        )
    ups = ways_up(facts.up_vector, surface.floor_seen) if surface.finished and not is_sole else None
    feet = recognised_parts(
        surface.mesh, config.min_part_share, lambda part: _recognise(surface, part, is_sole, facts, config), ups
    )
    if len(feet) > 2:
        raise ScanError(f"found {len(feet)} feet in one scan, expected one or two. Cut the others away, or scan again.")
    check_pair([part.stance.up for part in feet], [surface.mesh.vertices[part.vertices] for part in feet])
    kept = sum(len(part.vertices) for part in feet)
    log.info("align: %d feet; %d -> %d vertices", len(feet), len(surface.mesh.vertices), kept)
    return feet


def _recognise(surface: Surface, piece: IntArray, is_sole: bool, facts: ScanFacts, config: AlignConfig) -> _Part:
    """Check that a part is a foot, and find roughly how it lies, on what, and which side it is of."""
    mesh = submesh(surface.mesh, piece)
    limits = _foot_limits(config)
    limits.check_size(mesh)
    with meanwhile(partial(cut_ends, mesh)) as found_cuts:
        smooth = Mesh(smoothed_vertices(mesh, config.denoise_edge_mm), mesh.faces)
        boundary, views, cuts = open_boundary_vertices(mesh), surface.views[piece], found_cuts()
    may_be_alone = (surface.finished or facts.object != "foot") and not surface.floor_seen  # recorded: if stated
    alone = lone_sole(smooth, limits, sole_up(smooth) if is_sole else None) if may_be_alone else None
    if is_sole:
        refuse_no_sole(smooth, facts.object, alone)
    if alone is not None:
        what, faces = object_of(facts, alone), faces_out(smooth, alone.R_foot_scan)
        mesh, smooth = Mesh(mesh.vertices, faces), Mesh(smooth.vertices, faces)
        judged = vote(in_rough_frame(smooth, alone), alone.confidence, has_dorsum=False)
        return _Part(piece, mesh, smooth, boundary, cuts, views, Stance("support", np.eye(4), alone), judged, what)
    shape = FootShape.of(smooth, cuts)
    if surface.floor_seen and stands_on_floor(mesh, config.floor_touch_mm, config.floor_sink_mm):
        stance, is_level = on_floor(shape), True
    else:
        stance = on_sole(shape, smooth, facts.up_vector, config.contradiction)
        is_level = shows_sole(smooth, boundary, stance, views > 0, limits, config.min_sole_share)
        if surface.vertical is not None and not is_level:
            torn, intact = (config.torn_ground_mm, config.torn_toes_mm), (config.unseen_ground_mm, 0.0)
            seen = SeenSkin(*(torn if surface.torn else intact), config.unseen_ground_sd_mm)
            stance = over_unseen_ground(shape, smooth, limits, seen)
        elif surface.finished and not is_level:
            stance = over_open_underside(shape, smooth, limits, facts.loading) or stance
    if not limits.admit(stance.pose.likeness):
        limits.check_whole(shape, stance.ground == "floor")
    limits.check_likeness(stance.pose.likeness)
    if is_level or stance.ground != "support":  # what nothing levels is refused for that
        check_pose(stance.pose, facts.up, config.min_pose_confidence)
    skin = keep_faces(mesh, cuts.skin(stance.up))
    mesh, smooth = (
        Mesh(transform(stance.T_level_scan, each.vertices[skin.vertices]), skin.mesh.faces) for each in (mesh, smooth)
    )
    rough = smooth.vertices @ stance.pose.R_foot_scan.T
    if stance.ground == "support":
        rough = rough - [0.0, 0.0, rough[:, 2].min()]
    judged = vote(Mesh(rough, mesh.faces), stance.pose.confidence)
    cuts, boundary = cuts.moved(stance.T_level_scan), open_boundary_vertices(mesh)
    return _Part(piece[skin.vertices], mesh, smooth, boundary, cuts, views[skin.vertices], stance, judged)


def _foot_limits(config: AlignConfig) -> FootLimits:
    return FootLimits(config.min_length_mm, config.max_length_mm, config.max_misfit)


# ------------------------------------------------------------------------------------------- frame and landmarks


def _place(surface: Surface, scanned: Mesh, part: _Part, judged: SideJudgement, config: AlignConfig) -> Foot:
    """Settle the foot frame of one foot, check it there, name its landmarks; its noise as scanned tells of skin."""
    medial_y, ground = -1.0 if judged.side == "left" else 1.0, part.stance.ground
    frame = settle(part.smooth, part.stance.pose.R_foot_scan, medial_y, ground != "support", config.toe_gap_mm)
    if (turn_deg := float(np.rad2deg(frame.last_turn_rad))) > 0.01:
        log.warning("align: the %s foot's frame did not settle: its last turn was %.3f°", judged.side, turn_deg)
    is_foot, points, errors_mm = part.object == "foot", frame.points, surface.errors_mm
    if errors_mm is None and part.stance.errors is not None:  # nothing is known but how far the ground may be off
        errors_mm = np.zeros((len(surface.views), _GROUNDS), dtype=np.float16)
    own_errors_mm = None if errors_mm is None else errors_mm[part.vertices]
    by_floor = GroundErrors(config.ground_tilt_sd_deg, 0.0, 0.0 if surface.finished else config.border_lean_sd)
    ground_sd = ground_errors(part.stance, surface.vertical, by_floor, config.axis_tilt_sd_deg)
    rules = FrameRules(medial_y, ground_sd, config.toe_gap_mm, config.denoise_edge_mm)
    settling = partial(foot_replicates, part.mesh, part.smooth, part.views, own_errors_mm, frame, rules)
    with meanwhile(settling) as replicates:
        T, faces, cuts = frame.T_foot_scan, part.mesh.faces, part.cuts.moved(frame.T_foot_scan)
        mesh, smooth = (Mesh(transform(T, each.vertices), faces) for each in (part.mesh, part.smooth))
        _foot_limits(config).check_likeness(likeness(FootShape.of(smooth, cuts)) if is_foot else sole_likeness(smooth))
        # Wide means would bend the rims by which a cut is told from an end.
        narrow = Mesh(transform(T, smoothed_vertices(part.mesh, config.denoise_edge_mm, rounds=1)), faces)
        ends = open_ends(narrow, part.boundary, points, ground == "estimated", part.object)
        if surface.finished and is_foot:
            ends = with_border_gaps(ends, narrow, part.boundary, points)
            ends = with_cut_off_ends(ends, cuts.closed_rims(), points)
        refuse_leg_behind(points)
        refuse_open_ends(ends)
        plantar = PlantarSurface.of(smooth, part.views)
        arch = arch_profile(plantar, float(points.pternion[0]), points.length_mm, medial_y)
        cap, seen = sole_cap(mesh, arch), part.views > 0
        if ground == "support" and not cap.closes_the_arch:
            refuse_unlevel(mesh, seen, part.boundary, points, config.min_sole_share)
        named = named_landmarks(points, ends, arch, smooth, seen, medial_y)
        color = None if surface.color is None else surface.color[part.vertices]
        named |= {} if color is None else skin_markers(mesh, color, seen, points, medial_y)
        T_foot_scan = T @ part.stance.T_level_scan
        as_scanned = Mesh(transform(T_foot_scan, scanned.vertices[part.vertices]), faces)
        return Foot(
            side=judged.side,
            side_confidence=judged.confidence,
            ground=ground,
            T_foot_scan=T_foot_scan,
            mesh=mesh,
            views=believed_views(part.views, mesh, as_scanned, cap, points if surface.finished and is_foot else None),
            landmarks=named,
            color=color,
            replicates=replicates(),
            object=part.object,
        )
