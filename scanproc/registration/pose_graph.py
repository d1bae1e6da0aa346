"""Alignment of all views at once: every overlapping pair pulls, and an error is spread over every loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import Plane
from scanproc.compiled import compiled
from scanproc.frames import FloatArray, rotate, transform
from scanproc.parallel import parallel_map
from scanproc.registration.incremental import Poses
from scanproc.registration.normal_equations import solve_normal_equations
from scanproc.registration.point_to_plane import apply_step, compose, inverse
from scanproc.registration.projective_icp import add_normal_equations, count_inliers
from scanproc.registration.sampled_views import SampledViews
from scanproc.registration.stacked_views import Images, Samples

_CHUNK = 64  # pairs that one thread takes at a time
_MIN_MATCHES = 30  # fewer do not hold six degrees of freedom against noise; such a pair pulls at nothing
_LEVER_MM = 100.0  # half a foot: makes the tilt of a floor comparable with its height

Pairs = NDArray[np.int64]  # (E, 2) indices of a source and a target view


def sample_pairs(views: SampledViews, poses: Poses, max_angle_deg: float, count: int) -> Pairs:
    """Return for each placed view `count` others whose cameras lie at evenly spread angles round the foot, both ways.

    Near ones hold a view best, far ones keep the whole from bending; all pairs would be quadratic.
    """
    placed = np.array(sorted(poses))
    directions = np.array([poses[view][:3, 3] for view in placed]) - _centres(views, poses).mean(axis=0)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    cosines = directions @ directions.T
    np.fill_diagonal(cosines, np.inf)
    pairs = set()
    for own, row in enumerate(cosines):
        others = np.argsort(-row, kind="stable")[1:]
        others = others[row[others] >= np.cos(np.radians(max_angle_deg)) - 1e-9]
        picked = np.linspace(0, len(others) - 1, min(count, len(others))).round().astype(int)
        for other in others[picked]:
            pairs |= {(int(placed[own]), int(placed[other])), (int(placed[other]), int(placed[own]))}
    return np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)


@dataclass(frozen=True)
class EdgeAgreement:
    """For each of E pairs: inliers and free-space violations of the source, see `projective_icp.count_inliers`."""

    inliers: FloatArray
    violations: FloatArray


def count_pairs(
    samples: Samples, images: Images, poses: FloatArray, pairs: Pairs, tolerance_mm: float
) -> EdgeAgreement:
    """Count how the views of each pair agree."""
    chunks = [pairs[k : k + _CHUNK] for k in range(0, len(pairs), _CHUNK)]
    found = parallel_map(
        lambda chunk: _count_pairs(samples, images, poses, chunk, tolerance_mm), chunks, "comparing views"
    )
    counts = np.vstack([np.zeros((0, 2)), *found])
    return EdgeAgreement(counts[:, 0], counts[:, 1])


@compiled
def _count_pairs(samples: Samples, images: Images, poses: FloatArray, pairs: Pairs, tolerance_mm: float) -> FloatArray:
    counts = np.zeros((len(pairs), 2))
    unused = np.zeros(np.max(samples.first[1:] - samples.first[:-1]))
    for e in range(len(pairs)):
        T = compose(inverse(poses[pairs[e, 1]]), poses[pairs[e, 0]])
        inliers, violations = count_inliers(samples, pairs[e, 0], images, pairs[e, 1], T, tolerance_mm, unused)
        counts[e, 0], counts[e, 1] = inliers, violations
    return counts


@dataclass(frozen=True)
class EdgeEquations:
    """Normal equations of E pairs: (E, 6, 6), (E, 6), sums of squared distances (E,) mm2, number of matches (E,)."""

    H: FloatArray
    g: FloatArray
    squares: FloatArray
    matches: FloatArray


def edge_equations(samples: Samples, images: Images, poses: FloatArray, pairs: Pairs, gate_mm: float) -> EdgeEquations:
    """Return the equations of each pair, about the origin of the common frame."""
    chunks = [pairs[k : k + _CHUNK] for k in range(0, len(pairs), _CHUNK)]
    found = parallel_map(
        lambda chunk: _edge_equations(samples, images, poses, chunk, gate_mm), chunks, "aligning all views"
    )
    rows = np.vstack([np.zeros((0, 44)), *found])
    return EdgeEquations(rows[:, :36].reshape(-1, 6, 6), rows[:, 36:42], rows[:, 42], rows[:, 43])


@compiled
def _edge_equations(samples: Samples, images: Images, poses: FloatArray, pairs: Pairs, gate_mm: float) -> FloatArray:
    rows = np.zeros((len(pairs), 44))
    origin = np.zeros(3)
    for e in range(len(pairs)):
        a, b = pairs[e, 0], pairs[e, 1]
        H, g = np.zeros((6, 6)), np.zeros(6)
        squares, matches = add_normal_equations(samples, a, images, b, poses[a], poses[b], origin, gate_mm, H, g)
        rows[e, :36] = H.ravel()
        rows[e, 36:42] = g
        rows[e, 42], rows[e, 43] = squares, matches
    return rows


def optimise_pose_graph(
    views: SampledViews, samples: Samples, poses: Poses, pairs: Pairs, gates_mm: Sequence[float]
) -> Poses:
    """Return all T_common_camera after one Gauss-Newton step a gate on all pairs at once.

    No view is held fast: that would slow the others down. What all views may do together is damped.

    Parameters
    ----------
    poses : first guesses; where views have floors, these are near z = 0 and are pulled there.
    pairs : of overlapping views, both ways.
    """
    placed = np.array(sorted(poses))
    number = np.zeros(len(views), dtype=np.int64)
    number[placed] = np.arange(len(placed))
    a, b = np.ascontiguousarray(number[pairs].T)
    # About the middle of the foot: about a far origin turns and shifts are hardly told apart.
    centre = _centres(views, poses).mean(axis=0)
    current = centre_poses(views, poses)
    for gate in gates_mm:
        found = edge_equations(samples, views.images, current, pairs, gate)
        held = found.matches >= _MIN_MATCHES
        H, g = found.H * held[:, None, None], found.g * held[:, None]
        own, right = np.zeros((len(placed), 6, 6)), np.zeros((len(placed), 6))
        for ends, sign in ((a, 1.0), (b, -1.0)):
            np.add.at(own, ends, H)
            np.add.at(right, ends, sign * g)
        floor_pulls = np.zeros_like(own)
        for k, view in enumerate(placed):
            floor = views.views[view].floor
            if floor is not None:
                weight = max(float(np.trace(own[k][3:, 3:])) / 3.0, 1.0)
                floor_pulls[k], gf = _floor_equations(floor, current[view], -centre[2], weight)
                right[k] += gf
        damping = 1e-6 * np.einsum("vii->vi", own + floor_pulls) + 1e-9
        steps = solve_normal_equations(H, a, b, floor_pulls + damping[:, :, None] * np.eye(6), right)
        for view, step in zip(placed, steps, strict=True):
            current[view] = apply_step(current[view], step, np.zeros(3))
    current[:, :3, 3] += centre
    return {int(view): current[view] for view in placed}


def stack_poses(views: SampledViews, poses: Poses) -> FloatArray:
    """Return the poses as (V, 4, 4), the identity for views that have no place."""
    return np.array([poses.get(view, np.eye(4)) for view in range(len(views))])


def centre_poses(views: SampledViews, poses: Poses) -> FloatArray:
    """Return the stacked poses in a frame about the middle of what they saw."""
    stack = stack_poses(views, poses)
    stack[:, :3, 3] -= _centres(views, poses).mean(axis=0)
    return stack


def _centres(views: SampledViews, poses: Poses) -> FloatArray:
    """Return the mean point that each placed view saw, (P, 3) mm, common frame."""
    return np.array([transform(poses[view], views.coarse.of(view)[0].mean(axis=0)[None])[0] for view in sorted(poses)])


def _floor_equations(
    floor: Plane, T_common_camera: FloatArray, height_mm: float, weight: float
) -> tuple[FloatArray, FloatArray]:
    """Return H and g of the pull of a view's floor towards z = `height_mm`, as strong as all of its point pairs."""
    normal = rotate(T_common_camera, floor.normal[None])[0]
    point = transform(T_common_camera, (floor.normal * floor.offset_mm)[None])[0]
    # A turn w moves the normal by w x n and the height of the plane at the origin through its point.
    J = np.zeros((3, 6))
    J[0, :3] = _LEVER_MM * np.array([0.0, normal[2], -normal[1]])
    J[1, :3] = _LEVER_MM * np.array([-normal[2], 0.0, normal[0]])
    J[2, 3:] = normal
    offsets = np.array([_LEVER_MM * normal[0], _LEVER_MM * normal[1], float(normal @ point) - height_mm])
    return weight * J.T @ J, weight * J.T @ offsets
