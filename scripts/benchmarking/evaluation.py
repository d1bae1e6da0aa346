"""Runs one recording through clean, register and surface, and compares what comes out with its truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from seen_truth import good_views_that_see, lacking_share, sample_truth
from truth import PoseErrors, Truth, pose_errors_of, read_truth, surface_errors, true_registration

from benchmarking.outcome import Outcome
from benchmarking.stages import Stages
from scanproc.artifacts import Recording, Registration, ScanFacts, Surface
from scanproc.frames import FloatArray
from scanproc.scan import open_scan, read_recording

NUM_POINTS = 30_000  # of a surface or of the truth that are looked at
SEEN_COSINE, SEEN_BY, LACKS_WITHIN_MM = 0.25, 2, 2.0


def evaluate(path: Path) -> Outcome:
    """Return what became of a simulated recording."""
    scan, truth = open_scan(path), read_truth(path)
    outcome = Outcome(path.name, truth.config.path != "raised", num_views=len(truth.views))
    outcome.planted = {view.name: view.fault for view in truth.views if view.fault is not None}
    stages = Stages({Recording: read_recording(scan), ScanFacts: scan.facts})
    seen_twice = _points_seen_twice(truth)
    if stages.run("clean", "register"):
        registration: Registration = stages.artifacts[Registration]
        _note_views(outcome, registration, truth)
        poses = pose_errors_of(registration, truth)
        if poses is not None:
            _note_poses(outcome, registration, poses)
        if stages.run("surface") and poses is not None:
            surface: Surface = stages.artifacts[Surface]
            errors = surface_errors(surface, truth.mesh, poses.T_mesh_scan, NUM_POINTS)
            outcome.median_mm, outcome.p95_mm = errors.median, errors.p95
            outcome.lacking = lacking_share(surface.mesh, errors.T_truth_scan, seen_twice, LACKS_WITHIN_MM)
    outcome.seconds = dict(stages.seconds)
    outcome.refused = stages.refused
    stages.artifacts[Registration] = true_registration(truth)
    if "clean" in stages.seconds and stages.run("surface"):
        surface = stages.artifacts[Surface]
        errors = surface_errors(surface, truth.mesh, np.eye(4), NUM_POINTS)
        outcome.true_median_mm, outcome.true_p95_mm = errors.median, errors.p95
        outcome.true_lacking = lacking_share(surface.mesh, errors.T_truth_scan, seen_twice, LACKS_WITHIN_MM)
    return outcome


def _points_seen_twice(truth: Truth) -> FloatArray:
    sample = sample_truth(truth, NUM_POINTS)
    return np.asarray(sample.points[good_views_that_see(truth, sample, SEEN_COSINE) >= SEEN_BY])


def _note_views(outcome: Outcome, registration: Registration, truth: Truth) -> None:
    """Note which bad views were accepted and which good ones were not."""
    for pose, true in zip(registration.views, truth.views, strict=True):
        outcome.num_accepted += int(pose.accepted)
        if pose.accepted and true.fault is not None:
            outcome.missed[true.name] = true.fault
        if not pose.accepted and true.fault is None:
            outcome.lost[true.name] = pose.reason or "no reason given"


def _note_poses(outcome: Outcome, registration: Registration, poses: PoseErrors) -> None:
    outcome.pose_deg, outcome.pose_mm = float(np.median(poses.deg)), float(np.median(poses.mm))
    outcome.pose_max_deg, outcome.pose_max_mm = float(poses.deg.max()), float(poses.mm.max())
    if outcome.standing:
        outcome.floor_seen = bool(registration.floor_seen)
        outcome.tilt_deg, outcome.floor_mm = poses.tilt_deg, poses.floor_mm
