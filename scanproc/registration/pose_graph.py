"""Alignment of all views at once: every overlapping pair pulls, and an error is spread over every loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import Plane
from scanproc.frames import FloatArray, rotate, transform
from scanproc.registration.incremental import Poses
from scanproc.registration.normal_equations import solve_normal_equations
from scanproc.registration.point_to_plane import MIN_MATCHES, apply_step
from scanproc.registration.sampled_views import SampledViews
from scanproc.registration.stacked_views import Images, Samples
from scanproc.registration.view_pairs import EdgeEquations, Pairs, centre_poses, edge_equations, view_centres

_LEVER_MM = 100.0  # half a foot: makes the tilt of a floor comparable with its height


def optimise_pose_graph(
    views: SampledViews,
    samples: Samples,
    poses: Poses,
    pairs: Pairs,
    gates_mm: Sequence[float],
    settled_share: float = 0.0,
) -> Poses:
    """Return all T_common_camera after one Gauss-Newton step a gate on all pairs at once.

    No view is held fast: that would slow the others down. What all views may do together is damped.

    Parameters
    ----------
    poses : first guesses; where views have floors, these are near z = 0 and are pulled there.
    pairs : of overlapping views, both ways.
    settled_share : of a gate; a step by less ends it.
    """
    # About the middle of the foot: about a far origin turns and shifts are hardly told apart.
    centre = view_centres(views, poses).mean(axis=0)
    current = centre_poses(views, poses)
    for gate in gates_mm:
        graph = PoseGraph.of(views, samples, views.images, poses, current, pairs, gate, -centre[2])
        steps = graph.steps(graph.right)
        current = graph.moved(current, steps)
        if _largest_mm(steps) < settled_share * gate:
            break
    current[:, :3, 3] += centre
    return {view: current[view] for view in sorted(poses)}


def optimise_one_pose(
    views: SampledViews, samples: Samples, poses: Poses, view: int, pairs: Pairs, gates_mm: Sequence[float]
) -> Poses:
    """Return the poses after one Gauss-Newton step a gate of one view alone, in its pairs; all others are held fast."""
    centre = view_centres(views, poses).mean(axis=0)
    current = centre_poses(views, poses)
    for gate in gates_mm:
        graph = PoseGraph.of(views, samples, views.images, poses, current, pairs, gate, -centre[2])
        number = int(np.searchsorted(graph.placed, view))
        step = np.linalg.solve(graph.own[number] + graph.equations.H.sum(axis=0), -graph.right[number])
        current[view] = apply_step(current[view], step, np.zeros(3))
    current[:, :3, 3] += centre
    return poses | {view: current[view]}


def _largest_mm(steps: FloatArray) -> float:
    """Return how far the largest of (P, 6) steps moves what lies half a foot away, mm."""
    ways = _LEVER_MM * np.linalg.norm(steps[:, :3], axis=1) + np.linalg.norm(steps[:, 3:], axis=1)
    return float(ways.max(initial=0.0))


@dataclass(frozen=True)
class PoseGraph:
    """The normal equations of the poses of P placed views, about the middle of the foot: what E pairs and floors pull.

    Attributes
    ----------
    placed : (P,) the views, in order.
    a, b : (E,) number of source and target of each pair among them.
    equations : of the pairs.
    own : (P, 6, 6), what holds each view by itself: its floor, and a little damping.
    right : (P, 6), gradient of all squared distances.
    """

    placed: NDArray[np.int64]
    a: NDArray[np.int64]
    b: NDArray[np.int64]
    equations: EdgeEquations
    own: FloatArray
    right: FloatArray

    @classmethod
    def of(
        cls,
        views: SampledViews,
        samples: Samples,
        images: Images,
        poses: Poses,
        current: FloatArray,
        pairs: Pairs,
        gate_mm: float,
        floor_mm: float,
    ) -> PoseGraph:
        """Return the equations at the poses `current`, (V, 4, 4) as of `centre_poses`, where floors belong at floor_mm.

        Of `poses` it only counts which views have one.
        """
        placed = np.array(sorted(poses))
        number = np.zeros(len(views), dtype=np.int64)
        number[placed] = np.arange(len(placed))
        a, b = np.ascontiguousarray(number[pairs].T)
        found = edge_equations(samples, images, current, pairs, gate_mm)
        found = found.of_pairs(found.matches >= MIN_MATCHES)  # a pair with fewer pulls at nothing
        graph = cls(placed, a, b, found, np.zeros((len(placed), 6, 6)), np.zeros((len(placed), 6)))
        pulls = graph.summed(found.g)
        diagonal = np.zeros_like(graph.own)
        for ends in (a, b):
            np.add.at(diagonal, ends, found.H)
        floor_pulls = np.zeros_like(graph.own)
        for k, view in enumerate(placed):
            floor = views.views[view].floor
            if floor is not None:
                weight = max(float(np.trace(diagonal[k][3:, 3:])) / 3.0, 1.0)
                floor_pulls[k], gf = _floor_equations(floor, current[view], floor_mm, weight)
                pulls[k] += gf
        damping = 1e-6 * np.einsum("vii->vi", diagonal + floor_pulls) + 1e-9
        return replace(graph, own=floor_pulls + damping[:, :, None] * np.eye(6), right=pulls)

    def summed(self, values: FloatArray) -> FloatArray:
        """Return the sum over the pairs of each view, (P, 6): with the sign of the end that it is."""
        total = np.zeros((len(self.placed), 6))
        np.add.at(total, self.a, values)
        np.add.at(total, self.b, -values)
        return total

    def steps(self, right: FloatArray) -> FloatArray:
        """Return the (P, 6) steps at which the gradients, (P, 6), vanish."""
        return np.asarray(solve_normal_equations(self.equations.H, self.a, self.b, self.own, right))

    def moved(self, current: FloatArray, steps: FloatArray) -> FloatArray:
        """Return the (V, 4, 4) poses after the (P, 6) steps of those that are placed."""
        after: FloatArray = current.copy()
        for view, step in zip(self.placed, steps, strict=True):
            after[view] = apply_step(current[view], step, np.zeros(3))
        return after


def _floor_equations(
    floor: Plane, T_common_camera: FloatArray, height_mm: float, weight: float
) -> tuple[FloatArray, FloatArray]:
    """Return H and g of the pull of a view's floor towards z = `height_mm`, as strong as all of its point pairs."""
    normal = rotate(T_common_camera, floor.normal[None])[0]
    point = transform(T_common_camera, (floor.normal * floor.offset_mm)[None])[0]
    # A turn w moves the normal, all but upright, by w x z. Of turns about z and of shifts along the floor it says
    # nothing at all: whatever it said, all views would follow together, for nothing else holds them, and far.
    J = np.zeros((3, 6))
    J[0, 1], J[1, 0], J[2, 5] = _LEVER_MM, -_LEVER_MM, 1.0
    offsets = np.array([_LEVER_MM * normal[0], _LEVER_MM * normal[1], float(normal @ point) - height_mm])
    return weight * J.T @ J, weight * J.T @ offsets
