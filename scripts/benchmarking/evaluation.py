"""Runs one recording through the stages, and compares what comes out with its truth."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from seen_truth import good_views_that_see, lacking_share, sample_truth
from truth import (
    PoseErrors,
    SurfaceErrors,
    Truth,
    pose_errors_of,
    read_truth,
    surface_errors,
    true_measures_by_side,
    true_registration,
)

from benchmarking.measure_errors import measure_rows
from benchmarking.outcome import Outcome
from benchmarking.parts import Rows
from benchmarking.stages import Stages
from scanproc.artifacts import Measures, Recording, Registration, ScanFacts, Surface
from scanproc.frames import FloatArray, inverse, transform
from scanproc.scan import open_scan, read_recording
from scanproc.simulation.scene import STRAIGHT

NUM_POINTS = 30_000  # of a surface or of the truth that are looked at
NUM_MOVED, FOOT_MM = 300, 100.0  # points of the foot, up to this height, whose shifts tell how far poses are off
SEEN_COSINE, SEEN_BY, LACKS_WITHIN_MM = 0.25, 2, 2.0


@dataclass(frozen=True)
class Case:
    """A recording with its truth."""

    name: str
    recording: Recording
    facts: ScanFacts
    truth: Truth


def case_at(path: Path) -> Case:
    """Read a simulated scan."""
    scan = open_scan(path)
    return Case(path.name, read_recording(scan), scan.facts, read_truth(path))


def evaluate(case: Case, with_measures: bool = False) -> Outcome:
    """Return what became of a simulated recording: to the surface, or to the measures."""
    truth = case.truth
    outcome = Outcome(case.name, truth.config.noise_model, 1 + truth.config.pair, truth.shows_floor, len(truth.views))
    outcome.planted = {view.name: view.fault for view in truth.views if view.fault is not None}
    stages = Stages({Recording: case.recording, ScanFacts: case.facts})
    seen_twice = _points_seen_twice(truth)
    if stages.run("clean", "register"):
        registration: Registration = stages.artifacts[Registration]
        _note_views(outcome, registration, truth)
        truth = as_mostly_seen(truth, registration)
        poses = pose_errors_of(registration, truth)
        if poses is not None:
            _note_poses(outcome, registration, truth, poses)
        if stages.run("surface") and poses is not None:
            errors, lacking = _surface_figures(stages, truth, poses.T_mesh_scan, seen_twice)
            outcome.median_mm, outcome.p95_mm, outcome.lacking = errors.median, errors.p95, lacking
    outcome.seconds, outcome.refused = dict(stages.seconds), stages.refused
    if with_measures and not stages.refused:
        outcome.measures = _measures(stages, truth)
        outcome.unmeasured = stages.refused
    if "clean" in stages.seconds:
        _note_true_poses(outcome, stages, case, seen_twice, with_measures)
    return outcome


def _note_true_poses(outcome: Outcome, stages: Stages, case: Case, seen_twice: FloatArray, with_measures: bool) -> None:
    """Note what the same fusion makes of the good views with their true poses, and the rim term that was found."""
    found: Registration | None = stages.artifacts.get(Registration)
    ideal = replace(true_registration(case.truth), rim=None if found is None else found.rim)
    stages = Stages({**stages.artifacts, Registration: ideal})
    if not stages.run("surface"):
        return
    errors, lacking = _surface_figures(stages, case.truth, np.eye(4), seen_twice)
    outcome.true_median_mm, outcome.true_p95_mm, outcome.true_lacking = errors.median, errors.p95, lacking
    if with_measures:
        outcome.true_measures = _measures(stages, case.truth)


def as_mostly_seen(truth: Truth, registration: Registration) -> Truth:
    """Return the truth with the foot held as in most of the accepted views."""
    pairs = zip(registration.views, truth.views, strict=True)
    bends = Counter(true.bend for pose, true in pairs if pose.accepted and true.fault is None)
    bend = bends.most_common(1)[0][0] if bends else STRAIGHT
    return truth if bend == STRAIGHT else replace(truth, mesh=bend.applied(truth.mesh))


def _points_seen_twice(truth: Truth) -> FloatArray:
    sample = sample_truth(truth, NUM_POINTS)
    return np.asarray(sample.points[good_views_that_see(truth, sample, SEEN_COSINE) >= SEEN_BY])


def _surface_figures(
    stages: Stages, truth: Truth, T_mesh_scan: FloatArray, seen_twice: FloatArray
) -> tuple[SurfaceErrors, float]:
    """Return how far the surface is off, and the share of the points seen twice that it lacks."""
    surface: Surface = stages.artifacts[Surface]
    errors = surface_errors(surface, truth.mesh, T_mesh_scan, NUM_POINTS)
    return errors, lacking_share(surface.mesh, errors.T_truth_scan, seen_twice, LACKS_WITHIN_MM)


def _measures(stages: Stages, truth: Truth) -> Rows:
    """Return the errors of all measures; none where a stage refuses."""
    if not stages.run("align", "measure"):
        return []
    found: Measures = stages.artifacts[Measures]
    expected = true_measures_by_side(truth.mesh, stages.artifacts[ScanFacts], truth.stands)
    return [row for foot in found.feet for row in measure_rows(foot, expected.get(foot.side, {}))]


def _note_views(outcome: Outcome, registration: Registration, truth: Truth) -> None:
    """Note which bad views were accepted and which good ones were not."""
    for pose, true in zip(registration.views, truth.views, strict=True):
        outcome.num_accepted += int(pose.accepted)
        if pose.accepted and true.fault is not None:
            outcome.missed[true.name] = true.fault
        if not pose.accepted and true.fault is None:
            outcome.lost[true.name] = pose.reason or "no reason given"


def _note_poses(outcome: Outcome, registration: Registration, truth: Truth, poses: PoseErrors) -> None:
    outcome.pose_deg, outcome.pose_mm = float(np.median(poses.deg)), float(np.median(poses.mm))
    outcome.pose_max_deg, outcome.pose_max_mm = float(poses.deg.max()), float(poses.mm.max())
    outcome.pose_rms_mm = _pose_rms_mm(registration, truth, poses.T_mesh_scan)
    if outcome.standing:
        outcome.floor_seen = bool(registration.floor_seen)
        outcome.tilt_deg, outcome.floor_mm = poses.tilt_deg, poses.floor_mm


def _pose_rms_mm(registration: Registration, truth: Truth, T_mesh_scan: FloatArray) -> float:
    """Return by how much, RMS, the poses of the accepted good views move the points of the foot."""
    foot = truth.mesh.vertices[truth.mesh.vertices[:, 2] < FOOT_MM]
    points = np.random.default_rng(0).choice(foot, NUM_MOVED)
    moved = [
        transform(T_mesh_scan @ pose.T_scan_camera @ inverse(true.T_mesh_camera), points) - points
        for pose, true in zip(registration.views, truth.views, strict=True)
        if pose.T_scan_camera is not None and true.fault is None
    ]
    return float(np.sqrt((np.array(moved) ** 2).sum(axis=-1).mean()))
