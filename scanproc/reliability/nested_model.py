"""Values in groups within groups, such as captures in sessions in feet, and how likely variances make them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanproc.frames import FloatArray

Groups = NDArray[np.int64]


@dataclass(frozen=True)
class NestedValues:
    """Values and the groups that they are in: value = mean + one draw for each of its groups, coarse to fine.

    Attributes
    ----------
    values : (N,) float64.
    terms : of each variance, from coarse to fine, the levels that it is of; several where nothing tells them apart.
    parents : of each term, from coarse to fine, the index of the group that holds each of its own: the first all 0.
    absorbed : levels of one group, whose draw is in the mean.
    """

    values: FloatArray
    terms: tuple[tuple[str, ...], ...]
    parents: tuple[Groups, ...]
    absorbed: tuple[str, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of groups of each term."""
        return tuple(len(parent) for parent in self.parents)

    def deviance(self, variances: FloatArray) -> tuple[float, FloatArray]:
        """Return -2 log of the restricted likelihood, but for a constant, and its gradient.

        Groups are folded into their parents from fine to coarse: the weighted mean of independent normal values is all
        that they tell of what is above them (Felsenstein 1973, Am J Hum Genet 25:471, who calls it REML by contrasts).
        With the mean taken out at the top like any other group, it is the likelihood of Patterson & Thompson (1971,
        Biometrika 58:545), unbalanced groups or not, in time and memory that grow with N.

        Parameters
        ----------
        variances : (T,) of each term, coarse to fine; all but the last may be 0.
        """
        number = len(self.terms)
        mean, d_mean = self.values, np.zeros((number, len(self.values)))
        variance, d_variance = np.zeros(len(self.values)), np.zeros((number, len(self.values)))
        total, d_total = 0.0, np.zeros(number)
        for term in reversed(range(number)):
            variance = variance + variances[term]
            d_variance[term] += 1.0
            parent = self.parents[term]
            weight = 1.0 / variance
            d_weight = -(weight**2) * d_variance
            weights, d_weights = _sums(parent, weight), _sums(parent, d_weight)
            pooled = _sums(parent, weight * mean) / weights
            off = mean - pooled[parent]
            total += np.log(variance).sum() + np.log(weights).sum() + (weight * off**2).sum()
            d_total += (d_variance * weight).sum(1) + (d_weights / weights).sum(1)
            d_total += (d_weight * off**2 + 2.0 * weight * off * d_mean).sum(1)
            d_mean = _sums(parent, d_weight * off + weight * d_mean) / weights
            mean, variance, d_variance = pooled, 1.0 / weights, -d_weights / weights**2
        return float(total), d_total

    def mean(self, variances: FloatArray) -> tuple[float, float]:
        """Return the mean by generalised least squares, and its standard error."""
        mean, variance = self.values, np.zeros(len(self.values))
        for term in reversed(range(len(self.terms))):
            weight = 1.0 / (variance + variances[term])
            weights = _sums(self.parents[term], weight)
            mean, variance = _sums(self.parents[term], weight * mean) / weights, 1.0 / weights
        return float(mean[0]), float(np.sqrt(variance[0]))


def nested_values(values: FloatArray, levels: Sequence[tuple[str, Sequence[object]]]) -> NestedValues:
    """Put values into their groups.

    Parameters
    ----------
    values : (N,).
    levels : name and (N,) labels of each level, from coarse to fine; a label counts within its group above only. Each
        value has a label of its own in the last.
    """
    groups = np.zeros(len(values), np.int64)
    terms: list[list[str]] = [[]]  # the first: of all values at once
    members = [groups]
    for name, labels in levels:
        _, own = np.unique(np.array([str(label) for label in labels]), return_inverse=True)
        _, groups = np.unique(groups * len(values) + own.ravel(), return_inverse=True)
        if groups.max() == members[-1].max():
            terms[-1].append(name)  # as many groups as above: the same ones
        else:
            terms.append([name])
            members.append(groups)
    parents = tuple(_parents(above, below) for above, below in itertools.pairwise(members))
    # The finest groups are the values, in the values' order.
    return NestedValues(
        np.asarray(values, np.float64)[_firsts(members[-1])],
        tuple(tuple(name) for name in terms[1:]),
        parents,
        tuple(terms[0]),
    )


def _firsts(groups: Groups) -> Groups:
    """Return of each group the first value that is in it."""
    first: Groups = np.unique(groups, return_index=True)[1]
    return first


def _parents(above: Groups, below: Groups) -> Groups:
    return above[_firsts(below)]


def _sums(groups: Groups, values: FloatArray) -> FloatArray:
    """Return the sum of the values of each group, along the last axis; groups are sorted."""
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    sums: FloatArray = np.add.reduceat(values, starts, axis=-1)
    return sums
