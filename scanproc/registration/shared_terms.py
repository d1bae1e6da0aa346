"""What all views of a recording share beside their poses: the bias of rims, an error of the focal length.

Each is one number, found with all poses together: it is what is left of the pull of the pairs once the poses have
followed (the Schur complement of the normal equations).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import RimTerm
from scanproc.frames import FloatArray
from scanproc.registration.incremental import Poses
from scanproc.registration.pose_graph import PoseGraph
from scanproc.registration.sampled_views import SampledViews
from scanproc.registration.stacked_views import Samples
from scanproc.registration.view_pairs import Pairs, centre_poses, view_centres

#: Steps as long as the last one that are still to come at most: of the focal length each goes half of the way or more.
_LEFT_STEPS = 2.0


def optimise_with_rim_term(
    views: SampledViews, samples: Samples, poses: Poses, pairs: Pairs, gates_mm: Sequence[float], start: RimTerm
) -> tuple[Poses, RimTerm]:
    """Align all views at once with one rim term for all; it is found together with the poses, which it bends."""
    centre = view_centres(views, poses).mean(axis=0)
    current = centre_poses(views, poses)
    samples = samples.with_rims(start.decay_deg)
    value, sd = start.value, start.sd
    for gate in gates_mm:
        grown = samples._replace(points=samples.points * (1.0 + value * samples.rim)[:, None])
        images = views.images._replace(rim_value=value, rim_decay_deg=start.decay_deg)
        graph = PoseGraph.of(views, grown, images, poses, current, pairs, gate, -centre[2])
        rim = _SharedStep.of(graph)
        current = graph.moved(current, rim.steps)
        value += rim.value
        sd = rim.sd(graph)
    current[:, :3, 3] += centre
    return {view: current[view] for view in sorted(poses)}, RimTerm(value, sd, start.decay_deg)


def rim_step(
    views: SampledViews, samples: Samples, poses: Poses, pairs: Pairs, gate_mm: float, decay_deg: float
) -> tuple[float, RimTerm]:
    """Return by how many mm2 the squared distances fall with the best rim term of that decay in one step, and it."""
    current = centre_poses(views, poses)
    samples, images = samples.with_rims(decay_deg), views.images._replace(rim_decay_deg=decay_deg)
    floor_mm = -float(view_centres(views, poses).mean(axis=0)[2])
    graph = PoseGraph.of(views, samples, images, poses, current, pairs, gate_mm, floor_mm)
    rim = _SharedStep.of(graph)
    return rim.value**2 * rim.stiffness, RimTerm(rim.value, rim.sd(graph), decay_deg)


def optimise_with_focal_term(
    views: SampledViews, samples: Samples, poses: Poses, pairs: Pairs, gates_mm: Sequence[float], enough: float
) -> tuple[float, float]:
    """Return how much longer the focal length of all views should be than is said, as a share, and its sd.

    Points at a wrong focal length lie too far from the axis of their camera or too near, which no pose makes good:
    views that look from elsewhere see those places at other distances from their axes.

    Parameters
    ----------
    enough : what stays below this share, wherever the steps lead, is not followed to its end.
    """
    centre = view_centres(views, poses).mean(axis=0)
    current = centre_poses(views, poses)
    value, sd = 0.0, np.inf
    for gate in gates_mm:
        wider = 1.0 + value
        grown = samples._replace(points=samples.points * np.array([wider, wider, 1.0]))
        cameras = views.images.cameras / np.array([1.0, 1.0, wider, wider, 1.0, 1.0])
        images = views.images._replace(cameras=cameras, asks_focal=True)
        graph = PoseGraph.of(views, grown, images, poses, current, pairs, gate, -centre[2])
        step = _SharedStep.of(graph)
        current = graph.moved(current, step.steps)
        value += step.value
        sd = step.sd(graph)
        if abs(value) + _LEFT_STEPS * abs(step.value) < enough:
            break
    return -value, sd


@dataclass(frozen=True)
class _SharedStep:
    """The best change of a shared term and the (P, 6) steps of the poses with it; `along` is what a unit of it asks."""

    value: float
    stiffness: float
    steps: FloatArray
    along: FloatArray

    @classmethod
    def of(cls, graph: PoseGraph) -> _SharedStep:
        coupling = graph.summed(graph.equations.shared_H[:, :6])
        alone, along = graph.steps(graph.right), graph.steps(coupling)
        stiffness = max(float(graph.equations.shared_H[:, 6].sum() + (coupling * along).sum()), 1e-30)
        value = -float(graph.equations.shared_g.sum() + (coupling * alone).sum()) / stiffness
        return cls(value, stiffness, alone + value * along, along)

    def sd(self, graph: PoseGraph) -> float:
        """Return the standard deviation of the term.

        It is that of the sums over the pairs of each view, whose noise has waves in common (a sandwich estimate,
        clustered by view; Liang & Zeger 1986).
        """
        return float(np.sqrt((self._scores(graph) ** 2).sum() / 2.0)) / self.stiffness

    def _scores(self, graph: PoseGraph) -> FloatArray:
        """Return, (P,), what each view's pairs have to say of the term beyond what poses make of it."""
        found, a, b = graph.equations, graph.a, graph.b
        moved, follows = self.steps[a] - self.steps[b], self.along[a] - self.along[b]
        g: FloatArray = found.g + np.einsum("eij,ej->ei", found.H, moved) + self.value * found.shared_H[:, :6]
        shared_g = (
            found.shared_g + np.einsum("ei,ei->e", found.shared_H[:, :6], moved) + self.value * found.shared_H[:, 6]
        )
        scores = shared_g + np.einsum("ei,ei->e", follows, g)
        count = len(graph.placed)
        return np.asarray(np.bincount(a, scores, count) + np.bincount(b, scores, count), np.float64)
