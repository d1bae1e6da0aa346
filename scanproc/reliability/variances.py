"""The likeliest variances of nested values (REML), and the limits of what is made of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from scanproc.frames import FloatArray
from scanproc.reliability.nested_model import NestedValues

#: 95 % of chi-square with one degree of freedom: so much deviance more than the least have the limits.
_CHI2_95 = 3.8415
#: Logarithms of variances in units of the values' own variance: one that is as good as none, and one beyond all reason.
_BOUNDS = (-20.0, 16.0)
_NONE = 1e-7
_START = -12.0  # from where the search for limits begins, for a variance that is none: at its own place, all is flat


@dataclass(frozen=True)
class Interval:
    """An estimate and its 95 % limits; `high` is inf where the values set none."""

    estimate: float
    low: float
    high: float

    def through(self, function: Callable[[float], float]) -> Interval:
        """Return the same of a growing function of it."""
        return Interval(function(self.estimate), function(self.low), function(self.high))


class LikelyVariances:
    """Variances of nested values by restricted maximum likelihood (Harville 1977, J Am Stat Assoc 72:320).

    Limits are those of the profile likelihood: the least and the greatest that any variances make whose deviance is
    within chi-square's 95 % of the best (Venzon & Moolgavkar 1988, Appl Stat 37:87). They hold for groups of unequal
    size, stay where variances can be, and are as wide as few groups make them. The search is in logarithms. (Of twelve
    unbalanced studies of 6 × 3 × 3, MixedLM of statsmodels 0.15 stopped short of the likeliest in six, by 6 to 28 of
    deviance; in the others both agree to four digits. It has no such limits.)

    Attributes
    ----------
    model : the values; not all may be the same.
    """

    def __init__(self, model: NestedValues) -> None:
        self.model = model
        self._unit = float(np.var(model.values))
        scaled = (model.values - model.values.mean()) / np.sqrt(self._unit)
        self._scaled = NestedValues(scaled, model.terms, model.parents, model.absorbed)

    @cached_property
    def estimates(self) -> FloatArray:
        """(T,) variances, from coarse to fine, in the square of the values' unit."""
        found: FloatArray = self._unit * np.where(np.exp(self._best) > _NONE, np.exp(self._best), 0.0)
        return found

    def mean(self) -> tuple[float, float]:
        """Return the mean, weighted as the variances ask, and its standard error."""
        floor = _NONE * self._unit
        return self.model.mean(np.maximum(self.estimates, floor))

    def sum_of(self, terms: Sequence[int]) -> Interval:
        """Return the sum of the variances of some terms."""
        estimate = float(self.estimates[list(terms)].sum())
        low, high = (self._unit * limit for limit in self._limits(terms, ()))
        return Interval(estimate, low, high)

    def ratio(self, terms: Sequence[int], others: Sequence[int]) -> Interval:
        """Return the sum of the variances of some terms, divided by that of others."""
        below = float(self.estimates[list(others)].sum())
        estimate = float(self.estimates[list(terms)].sum()) / below if below > 0.0 else np.inf
        return Interval(estimate, *self._limits(terms, others))

    @cached_property
    def _best(self) -> FloatArray:
        """(T,) logarithms of the likeliest variances, scaled: the best of searches from several starts."""
        from scipy.optimize import minimize

        number = len(self.model.terms)
        starts = [np.full(number, -1.0), np.linspace(0.0, -5.0, number), np.linspace(-5.0, 0.0, number)]
        bounds = [_BOUNDS] * number
        found = [
            minimize(
                self._deviance, start, jac=True, method="SLSQP", bounds=bounds, options={"maxiter": 300, "ftol": 1e-9}
            )
            for start in starts
        ]
        best: FloatArray = min(found, key=lambda one: one.fun).x
        return best

    def _deviance(self, logs: FloatArray) -> tuple[float, FloatArray]:
        variances = np.exp(logs)
        deviance, gradient = self._scaled.deviance(variances)
        return deviance, gradient * variances

    def _limits(self, terms: Sequence[int], others: Sequence[int]) -> tuple[float, float]:
        """Return the limits of a sum of variances, or of the ratio of two sums, scaled."""
        low, high = (self._limit(terms, others, sign) for sign in (1.0, -1.0))
        return low if low > _NONE else 0.0, high if high < np.exp(_BOUNDS[1] - 1.0) else np.inf

    def _limit(self, terms: Sequence[int], others: Sequence[int], sign: float) -> float:
        """Return one limit, scaled: the lower one with sign +1, the upper one with -1."""
        from scipy.optimize import NonlinearConstraint, minimize

        def wanted(logs: FloatArray) -> tuple[float, FloatArray]:
            value, gradient = _log_sum(logs, terms)
            if others:
                below, below_gradient = _log_sum(logs, others)
                value, gradient = value - below, gradient - below_gradient
            return sign * value, sign * gradient

        likely = NonlinearConstraint(
            lambda logs: np.array([self._deviance(logs)[0]]),
            -np.inf,
            self._deviance(self._best)[0] + _CHI2_95,
            jac=lambda logs: self._deviance(logs)[1][None],
        )
        found = minimize(
            wanted,
            np.maximum(self._best, _START),
            jac=True,
            method="SLSQP",
            bounds=[_BOUNDS] * len(self.model.terms),
            constraints=likely,
            options={"maxiter": 300, "ftol": 1e-9},
        )
        return float(np.exp(sign * found.fun))


def _log_sum(logs: FloatArray, terms: Sequence[int]) -> tuple[float, FloatArray]:
    """Return the logarithm of a sum of variances, and its gradient, (T,)."""
    chosen = list(terms)
    top = logs[chosen].max()
    parts = np.exp(logs[chosen] - top)
    gradient = np.zeros(len(logs))
    gradient[chosen] = parts / parts.sum()
    return float(top + np.log(parts.sum())), gradient
