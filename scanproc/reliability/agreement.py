"""Scans against values that somebody took by hand: bias and limits of agreement."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from scanproc.reliability.nested_model import nested_values
from scanproc.reliability.repeated import LEVELS, Value
from scanproc.reliability.variances import Interval, LikelyVariances


@dataclass(frozen=True)
class Pair:
    """One value of a scan, and the one by hand of the same foot."""

    scan: Value
    by_hand: float


@dataclass(frozen=True)
class Agreement:
    """How scans lie to values by hand: scan less hand.

    Attributes
    ----------
    num_feet, num_pairs : of what it is made.
    bias : mean difference, over feet.
    sd : of a single difference, all levels together.
    lower, upper : limits of agreement, within which 95 % of single differences lie.
    """

    num_feet: int
    num_pairs: int
    bias: Interval
    sd: Interval
    lower: Interval
    upper: Interval


def agreement(pairs: Sequence[Pair]) -> Agreement | None:
    """Return the agreement of pairs; None of fewer than three feet, of which limits would say nothing.

    Limits are bias ± 1.96 sd (Bland & Altman 1986, Lancet 327:307), sd that of a single difference with all that feet,
    sessions and captures add to it, for a foot may have several (Bland & Altman 2007, J Biopharm Stat 17:571). Limits
    of the limits are by the recovery of variances (Zou 2013, Stat Methods Med Res 22:630), those of the bias by
    Student's t with one degree of freedom a foot, less one.
    """
    from scipy.stats import t

    differences = [replace(pair.scan, value=pair.scan.value - pair.by_hand) for pair in pairs]
    num_feet = len({one.subject for one in differences})
    if num_feet < 3:
        return None
    numbers = np.array([one.value for one in differences])
    if np.ptp(numbers) == 0.0:
        same = Interval(float(numbers[0]), float(numbers[0]), float(numbers[0]))
        return Agreement(num_feet, len(pairs), same, Interval(0.0, 0.0, 0.0), same, same)
    labels = [[getattr(one, level) for one in differences] for level in LEVELS[:-1]]
    likely = LikelyVariances(nested_values(numbers, list(zip(LEVELS, (*labels, range(len(numbers))), strict=True))))
    mean, mean_se = likely.mean()
    half = float(t.ppf(0.975, num_feet - 1)) * mean_se
    bias = Interval(mean, mean - half, mean + half)
    sd = likely.sum_of(range(len(likely.model.terms))).through(math.sqrt)
    upper = _limit(bias, sd)
    mirrored = _limit(Interval(-bias.estimate, -bias.high, -bias.low), sd)
    lower = Interval(-mirrored.estimate, -mirrored.high, -mirrored.low)
    return Agreement(num_feet, len(pairs), bias, sd, lower, upper)


def _limit(bias: Interval, sd: Interval) -> Interval:
    """Return the upper limit of agreement, bias + 1.96 sd, with its own limits."""
    below = math.hypot(bias.estimate - bias.low, 1.96 * (sd.estimate - sd.low))
    above = math.hypot(bias.high - bias.estimate, 1.96 * (sd.high - sd.estimate))
    estimate = bias.estimate + 1.96 * sd.estimate
    return Interval(estimate, estimate - below, estimate + above)
