"""Whether a joint bent while the foot was recorded: two parts of it that turned against each other at some moment.

Alignment shares out among all poses what a joint does, so that no two views lie far apart anywhere. Therefore the bend
is solved for together with the poses: one part, cut off by a plane, makes one more motion from some view on, in the
plane in which a foot bends. What poses can do about it counts nothing.

Whether it is real is told by the views: each one's own share of that bend, solved for again with all poses, must lie
near 0 before and near 1 after. Noise fits a bend as well, but its views scatter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import BoolArray
from scanproc.frames import FloatArray
from scanproc.parallel import parallel_map
from scanproc.registration.foot_axes import axes_of_feet
from scanproc.registration.incremental import Poses
from scanproc.registration.regional_equations import (
    RegionalEquations,
    coupling_with_views,
    regional_equations,
    symmetric,
)
from scanproc.registration.sampled_views import SampledViews

#: Which views are compared where movement is sought: two views of one spot from within 60 deg err alike there.
MAX_ANGLE_DEG, NUM_NEIGHBOURS = 60.0, 16

_SIZE_MM = 20.0  # of the cubes that parts are made of
_GATE_MM = 8.0  # movements are shared out among views: what is farther apart is hidden or not the same
_MIN_VIEWS = 4  # before and after: three of a ring that a view has left open may lie off by themselves
_MAX_VIEWS = 48  # that are asked
_USUAL_VIEWS = 30.0
_MAX_MOMENTS = 24  # at which a joint may have bent
_NUM_DIRECTIONS = 6  # of planes that part the foot
_SHARES = (0.12, 0.3, 0.5, 0.7, 0.88)  # of what was seen, on one side of them
_LEVER_MM = 100.0  # turns are told by what they move at half a foot's length
_DAMPING = 1e-4
_KNOWN = 0.03  # of the largest information that a view gives: with less its share is noise


@dataclass(frozen=True)
class BendLimits:
    """What counts as a bend.

    Attributes
    ----------
    max_strength : t value of the step that the views' shares make, times how many sd of the noise the bend explains.
        Both grow with the root of the number of views, also of errors that views from one side share: of more than 30
        views, as if they were 30.
    min_t : that t value from which on a bend counts. Waves of the depth of phones and time-of-flight cameras explain
        as much as a bend does, but not alike in all views: of 102 recordings of still feet it was 8 at most wherever a
        strength of 200 was reached, of 13 feet with a joint that bent, 17 at least.
    """

    max_strength: float
    min_t: float = 12.0


@dataclass(frozen=True)
class Bending:
    """A bend in a joint.

    Attributes
    ----------
    moved : the views before or after it, whichever are fewer.
    distance_mm : RMS way of the points of one part against the other.
    strength : see `BendLimits`.
    """

    moved: tuple[int, ...]
    distance_mm: float
    strength: float


def find_bending(views: SampledViews, poses: Poses, limits: BendLimits) -> Bending | None:
    """Return the bend that explains most, or None where no joint bent."""
    placed = np.array(sorted(poses))
    if len(placed) < 2 * _MIN_VIEWS:
        return None
    asked = placed[np.unique(np.linspace(0, len(placed) - 1, _MAX_VIEWS).round().astype(int))]
    told = {int(view): poses[view] for view in asked}
    problem = _Problem.of(
        regional_equations(views, told, _SIZE_MM, _GATE_MM, MAX_ANGLE_DEG, NUM_NEIGHBOURS), len(asked)
    )
    bends = [bend for bend in problem.bends() if bend.t_value > limits.min_t]
    best = max(bends, key=lambda bend: bend.strength, default=None)
    if best is None or best.strength <= limits.max_strength:
        return None
    late = placed >= asked[np.argmax(best.late)]
    late[np.isin(placed, asked)] = best.is_late()
    smaller = placed[late] if late.sum() <= len(late) / 2 else placed[~late]
    return Bending(tuple(int(view) for view in smaller), best.distance_mm, best.strength)


@dataclass(frozen=True)
class _Bend:
    """The best bend between two parts: from when on, each view's share of it, and how well that is known, (V,)."""

    late: BoolArray
    share: FloatArray
    information: FloatArray
    distance_mm: float
    explained_sd: float

    @property
    def _known(self) -> BoolArray:
        return np.asarray(self.information > _KNOWN * self.information.max())

    @property
    def strength(self) -> float:
        """See `BendLimits.max_strength`."""
        return self.t_value * self.explained_sd / self._excess

    @property
    def _excess(self) -> float:
        """Return how much both parts of the strength have grown by the number of views alone, the root of it each."""
        return float(np.sqrt(max(1.0, len(self.share) / _USUAL_VIEWS)))

    @property
    def t_value(self) -> float:
        """Return that of the step that the views' shares make; 0 where too few views tell of it."""
        groups = [self._known & group for group in (self.late, ~self.late)]
        if min(group.sum() for group in groups) < _MIN_VIEWS:
            return 0.0
        weights = [self.information[group] for group in groups]
        shares = [self.share[group] for group in groups]
        means = [float(np.average(share, weights=w)) for share, w in zip(shares, weights, strict=True)]
        squares = sum(float(w @ (x - m) ** 2) for x, w, m in zip(shares, weights, means, strict=True))
        variance = squares / (sum(map(len, shares)) - 2)
        t = (means[0] - means[1]) / np.sqrt(variance * sum(1.0 / w.sum() for w in weights) + 1e-18)
        return float(abs(t)) / self._excess

    def is_late(self) -> BoolArray:
        """Return which views lie nearer to those after the bend; by their order where they do not tell."""
        early, late = (
            np.average(self.share[group], weights=self.information[group] + 1e-12) for group in (~self.late, self.late)
        )
        nearer = (self.share - early) / (late - early) > 0.5
        return np.asarray(np.where(self._known, nearer, self.late))


@dataclass(frozen=True)
class _Problem:
    """The equations of E pairs of V views, in which bends are solved for with all poses; turns in units of `_LEVER_MM`.

    Attributes
    ----------
    ends : (V, E), 1 where a view is the source of a pair, -1 where it is the target.
    inverse : (6 V, 6 V), of the normal matrix of all poses.
    steps : (E, 6) by which the views of each pair would move against each other if poses alone were free.
    noise_mm : RMS distance that this leaves.
    late : (T, V), which views come after each moment.
    axes : (3, 3) those of what was seen, from side to side first.
    """

    equations: RegionalEquations
    ends: FloatArray
    inverse: FloatArray
    steps: FloatArray
    noise_mm: float
    late: BoolArray
    axes: FloatArray

    @classmethod
    def of(cls, found: RegionalEquations, count: int) -> _Problem:
        views = np.arange(count)
        ends = (found.a == views[:, None]).astype(np.float64) - (found.b == views[:, None])
        scale = np.repeat([1.0 / _LEVER_MM, 1.0], 3)
        H = symmetric(found.H.sum(axis=1)) * scale[:, None] * scale
        normal = np.einsum("ve,we,eij->viwj", ends, ends, H, optimize=True).reshape(6 * count, 6 * count)
        normal += np.eye(6 * count) * _DAMPING * np.trace(normal) / (6 * count)
        inverse = np.linalg.inv(normal)
        g = found.g.sum(axis=1) * scale
        pulls = ends @ g
        steps = ends.T @ -(inverse @ pulls.ravel()).reshape(count, 6)
        left = found.squares + float((steps * g).sum()) * 2.0
        left += float(np.einsum("ei,eij,ej->", steps, H, steps))
        moments = np.unique(np.linspace(_MIN_VIEWS, count - _MIN_VIEWS, _MAX_MOMENTS).round().astype(int))
        axes = axes_of_feet(found.middle, found.weight)
        noise_mm = float(np.sqrt(max(left, 1e-9) / found.weight.sum()))
        return cls(found, ends, inverse, steps, noise_mm, views >= moments[:, None], axes)

    def bends(self) -> list[_Bend]:
        """Return the best bend of each part against the rest, at the best moment.

        A foot bends about the axis from side to side.
        """
        scale = np.repeat([1.0 / _LEVER_MM, 1.0], 3)
        # A turn about that axis and two shifts across it.
        basis = np.zeros((6, 3))
        basis[:3, 0], basis[3:, 1:] = self.axes[0], self.axes[1:].T
        jump = self.late @ self.ends  # (T, E): whether a pair has a view before and one after
        ends_of_jump = (jump[:, None] * self.ends).reshape(-1, self.ends.shape[1])
        parts = np.array(list(self._beyond_planes()))
        lower = np.tensordot(parts.astype(np.float64), self.equations.H, axes=(1, 1))
        pulls = np.tensordot(parts.astype(np.float64), self.equations.g, axes=(1, 1)) * scale

        def bend_of(place: int) -> _Bend:
            H = symmetric(lower[place]) * scale[:, None] * scale @ basis
            g = pulls[place] @ basis + np.einsum("eik,ei->ek", H, self.steps)
            return self._bend(parts[place], basis, H, g, jump, ends_of_jump)

        return parallel_map(bend_of, range(len(parts)), "seeking movement")

    def _beyond_planes(self) -> Iterator[BoolArray]:
        """Yield the regions, (R,), on one side of planes that hold the axis about which a foot bends."""
        weight = self.equations.weight
        for angle in np.pi * np.arange(_NUM_DIRECTIONS) / _NUM_DIRECTIONS:
            height = self.equations.middle @ (np.cos(angle) * self.axes[1] + np.sin(angle) * self.axes[2])
            order = np.argsort(height, kind="stable")
            below = np.cumsum(weight[order]) / weight.sum()
            for share in _SHARES:
                yield np.asarray(height > height[order][np.searchsorted(below, share)])

    def _bend(
        self, part: BoolArray, basis: FloatArray, H: FloatArray, g: FloatArray, jump: FloatArray, ends: FloatArray
    ) -> _Bend:
        """Return the best bend of a part.

        Parameters
        ----------
        basis : (6, 3) of the bends.
        H, g : (E, 6, 3) and (E, 3), equations of the part.
        jump, ends : (T, E) which pairs see it bend at each moment, and (T V, E) which ends they have.
        """
        count, moments = len(self.ends), len(jump)
        H_bend = basis.T @ H
        coupling = (ends @ H.reshape(len(H), 18)).reshape(moments, 6 * count, 3)
        solved = (self.inverse @ coupling.transpose(1, 0, 2).reshape(6 * count, -1)).reshape(6 * count, moments, 3)
        S = np.tensordot(jump**2, H_bend, axes=1) - np.swapaxes(coupling, 1, 2) @ solved.transpose(1, 0, 2)
        S += np.eye(3) * (_DAMPING * np.trace(S, axis1=1, axis2=2) / 3.0 + 1e-6)[:, None, None]
        bends = -np.linalg.solve(S, (jump @ g)[..., None])[..., 0]
        gain = np.einsum("ti,tij,tj->t", bends, S, bends)
        best = int(np.argmax(gain))
        bend = bends[best]
        share, information = self._shares(H @ bend, bend @ H_bend @ bend, g @ bend)
        turn, shift = (basis @ bend)[:3] / _LEVER_MM, (basis @ bend)[3:]
        ways = np.cross(turn, self.equations.middle[part]) + shift
        return _Bend(
            self.late[best],
            share,
            information,
            distance_mm=float(np.sqrt(np.average((ways**2).sum(axis=1), weights=self.equations.weight[part] + 1e-12))),
            explained_sd=float(np.sqrt(max(gain[best], 0.0))) / self.noise_mm,
        )

    def _shares(self, H: FloatArray, stiffness: FloatArray, g: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return each view's share of a bend, and the information about it, (V,): H, (E, 6), couples it with poses."""
        count = len(self.ends)
        coupling = coupling_with_views(self.equations.a, self.equations.b, H, count)
        S = (self.ends * stiffness) @ self.ends.T - coupling.T @ (self.inverse @ coupling)
        values, vectors = np.linalg.eigh((S + S.T) / 2.0)
        kept = values > 1e-3 * values.max()  # all views alike, and what hardly any view tells
        pulls = self.ends @ g
        share = -(vectors[:, kept] / values[kept]) @ (vectors[:, kept].T @ pulls)
        return np.asarray(share), np.asarray(np.diag(S).clip(0.0), np.float64)
