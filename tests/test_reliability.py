"""Variance components of studies whose truth is known, against textbooks' formulas and a likelihood written out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq, minimize
from studies import simulated

from scanproc.reliability.agreement import Pair, agreement
from scanproc.reliability.nested_model import NestedValues, nested_values
from scanproc.reliability.repeated import LEVELS, Repeated, Value, gate, repeated
from scanproc.reliability.variances import Interval, LikelyVariances

TRUE = (10.0, 0.8, 0.5, 0.3)


def model_of(values: Sequence[Value]) -> NestedValues:
    labels = [[getattr(one, level) for one in values] for level in LEVELS[:-1]]
    return nested_values(
        np.array([one.value for one in values]), list(zip(LEVELS, (*labels, range(len(values))), strict=True))
    )


def written_out(values: Sequence[Value], variances: Sequence[float]) -> float:
    """-2 log of the restricted likelihood by its covariance matrix (Patterson & Thompson 1971)."""
    y = np.array([one.value for one in values])
    keys = [
        [one.subject for one in values],
        [(one.subject, one.session) for one in values],
        [(one.subject, one.session, one.capture) for one in values],
        list(range(len(values))),
    ]
    cov = sum(
        variance * np.array([[a == b for b in key] for a in key]) for variance, key in zip(variances, keys, strict=True)
    )
    ones = np.ones(len(y))
    inverse = np.linalg.inv(cov)
    weight = ones @ inverse @ ones
    off = y - ones @ inverse @ y / weight
    return float(np.linalg.slogdet(cov)[1] + math.log(weight) + off @ inverse @ off)


def test_the_likelihood_is_that_of_the_covariance_matrix() -> None:
    """In a shuffled order, and with groups of unequal size."""
    values = simulated(TRUE, (4, 3, 3, 2), seed=3, lost=0.3)
    shuffled = [values[k] for k in np.random.default_rng(0).permutation(len(values))]
    model = model_of(shuffled)
    assert model.terms == tuple((level,) for level in LEVELS)
    for variances in ((100.0, 0.6, 0.3, 0.1), (1.0, 0.0, 2.0, 0.5), (0.0, 3.0, 0.0, 0.2)):
        assert model.deviance(np.array(variances))[0] == pytest.approx(written_out(values, variances), abs=1e-7)


def test_the_gradient_is_that_of_the_likelihood() -> None:
    model = model_of(simulated(TRUE, (5, 3, 3, 2), seed=3, lost=0.2))
    variances = np.array([50.0, 0.7, 0.3, 0.1])
    for index, slope in enumerate(model.deviance(variances)[1]):
        step = np.zeros(4)
        step[index] = 1e-4 * variances[index]
        ahead, behind = (model.deviance(variances + sign * step)[0] for sign in (1.0, -1.0))
        assert slope == pytest.approx((ahead - behind) / (2.0 * step[index]), rel=1e-4, abs=1e-5)


def test_a_balanced_study_has_the_components_of_the_analysis_of_variance() -> None:
    """Where all are positive, REML is the textbook's: mean squares, each less the one below (Searle 1992, 4.3)."""
    values = simulated(TRUE, (6, 3, 4, 1), seed=2)
    cube = np.array([one.value for one in values]).reshape(6, 3, 4)
    within = cube.var(axis=2, ddof=1).mean()
    sessions = 4.0 * cube.mean(2).var(axis=1, ddof=1).mean()
    feet = 12.0 * cube.mean((1, 2)).var(ddof=1)
    expected = [(feet - sessions) / 12.0, (sessions - within) / 4.0, within]
    likely = LikelyVariances(model_of(values))
    assert likely.estimates == pytest.approx(expected, rel=1e-4)
    mean, error = likely.mean()
    assert mean == pytest.approx(cube.mean())
    assert error == pytest.approx(math.sqrt(feet / cube.size), rel=1e-4)


def test_limits_of_one_variance_are_where_its_likelihood_says() -> None:
    """Of n values alone, deviance is (n - 1) log v + S / v."""
    numbers = np.random.default_rng(5).normal(10.0, 2.0, 12)
    likely = LikelyVariances(nested_values(numbers, [("pick", range(12))]))
    found, square = likely.sum_of([0]), ((numbers - numbers.mean()) ** 2).sum()
    best = square / 11.0

    def excess(variance: float) -> float:
        return float(11.0 * math.log(variance / best) + square / variance - 11.0 - 3.8415)

    assert found.estimate == pytest.approx(best, rel=1e-5)
    assert found.low == pytest.approx(brentq(excess, 0.01 * best, best), rel=1e-4)
    assert found.high == pytest.approx(brentq(excess, best, 100.0 * best), rel=1e-4)


@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_variance_at_its_limits_is_just_as_likely_as_limits_are(index: int) -> None:
    """Whatever the others are: their best is looked for by a search that knows no slope."""
    model = model_of(simulated((3.0, 1.2, 0.5, 0.0), (4, 4, 3, 1), seed=1, lost=0.1))
    likely = LikelyVariances(model)
    best = model.deviance(likely.estimates)[0]
    others = [other for other in range(3) if other != index]

    def deviance(logs: np.ndarray, fixed: float) -> float:
        variances = np.full(3, fixed)
        variances[others] = np.exp(logs)
        return model.deviance(variances)[0]

    found = likely.sum_of([index])
    for limit in (found.low, found.high):
        start = np.log(likely.estimates[others])
        least = minimize(deviance, start, args=(limit,), method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-8})
        assert least.fun - best == pytest.approx(3.8415, abs=1e-3)


STUDIES = {
    "balanced": (TRUE, (6, 3, 3, 1), 21, 0.0),
    "a fifth is missing": (TRUE, (8, 3, 3, 1), 12, 0.2),
    "two picks": (TRUE, (8, 3, 2, 2), 23, 0.1),
    "sessions alike": ((8.0, 0.0, 0.5, 0.3), (6, 3, 3, 1), 14, 0.1),
    "sessions rule": ((5.0, 2.0, 0.4, 0.2), (5, 4, 3, 1), 15, 0.2),
    "few feet": (TRUE, (3, 5, 4, 1), 16, 0.1),
}


def inside(found: Interval, truth: float) -> bool:
    return found.low <= truth + 1e-9 and truth <= found.high + 1e-9


@pytest.mark.parametrize("name", STUDIES)
def test_the_components_of_simulated_studies_lie_within_their_limits(name: str) -> None:
    sds, counts, seed, lost = STUDIES[name]
    found = repeated(simulated(sds, counts, seed, lost))
    assert [component.levels for component in found.components] == [(level,) for level in LEVELS]
    for component, sd in zip(found.components, sds, strict=True):
        assert inside(component.sd, sd), component
        assert component.sd.low <= component.sd.estimate <= component.sd.high < 8.0 * max(sds)
    assert found.components[-1].stated is (counts[3] == 1)
    noise = math.hypot(*sds[1:])
    assert found.noise and found.detectable and found.icc and found.complete
    assert inside(found.noise, noise) and found.noise.high < 3.0 * noise
    assert found.detectable.estimate == pytest.approx(2.772 * found.noise.estimate, rel=1e-3)
    assert inside(found.icc, sds[0] ** 2 / (sds[0] ** 2 + noise**2)) and found.icc.low > 0.4
    assert (found.mean - 250.0) ** 2 < (3.0 * sds[0]) ** 2 / counts[0]


@pytest.mark.slow
def test_limits_hold_in_nineteen_of_twenty_studies() -> None:
    """Of 200 studies each: between 90 and 99.5 % of limits, by component."""
    for counts, lost in (((6, 3, 3, 1), 0.2), ((8, 3, 2, 2), 0.1), ((4, 4, 3, 1), 0.0)):
        studies = [repeated(simulated(TRUE, counts, 1000 + seed, lost)) for seed in range(200)]
        for level, sd in enumerate(TRUE):
            held = [inside(one.components[level].sd, sd) for one in studies if not one.components[level].stated]
            assert not held or 0.90 <= np.mean(held) <= 0.995, (counts, LEVELS[level])
        noise = [inside(one.noise, math.hypot(*TRUE[1:])) for one in studies if one.noise]
        assert 0.90 <= np.mean(noise) <= 0.995


def test_what_is_stated_of_a_pick_parts_the_scatter_and_changes_no_noise() -> None:
    values = simulated(TRUE, (6, 3, 3, 1), seed=11)
    unstated = repeated([replace(one, pick_sd=None) for one in values])
    doubled = repeated([replace(one, pick_sd=0.6) for one in values])
    plain = repeated(values)
    assert unstated.noise == plain.noise == doubled.noise
    assert unstated.components[-1].levels == ("capture", "pick")
    whole = unstated.components[-1].sd.estimate
    for found, pick in ((plain, 0.3), (doubled, 0.6)):
        assert found.components[-1].sd.estimate == pytest.approx(pick)
        assert found.components[-2].sd.estimate == pytest.approx(math.sqrt(max(whole**2 - pick**2, 0.0)))
    wild = repeated([replace(one, pick_sd=9.0) for one in values])
    assert wild.noise == plain.noise and wild.components[-2].sd.estimate == 0.0
    assert "more than all that captures scatter by" in wild.reasons[-1]


def kept(values: Sequence[Value], **only: str) -> Repeated:
    return repeated([one for one in values if all(getattr(one, name) == word for name, word in only.items())])


def test_what_the_design_of_a_study_hides_is_said() -> None:
    values = simulated(TRUE, (6, 3, 3, 1), seed=11, stated=False)
    one_foot = kept(values, subject="s1")
    assert one_foot.icc is None and one_foot.noise and one_foot.complete
    assert "the ICC, is not known" in one_foot.reasons[0]
    one_day = kept(values, session="day 1")
    assert [component.levels for component in one_day.components] == [("subject", "session"), ("capture", "pick")]
    assert one_day.noise and not one_day.complete and one_day.icc is None
    assert "no foot was recorded in two sessions" in one_day.reasons[0]
    one_capture = kept(values, capture="c0")
    assert [component.levels for component in one_capture.components] == [("subject",), ("session", "capture", "pick")]
    assert one_capture.complete and one_capture.icc and one_capture.reasons == ()
    once = kept(values, session="day 1", capture="c0")
    assert once.noise is None and "no foot has two values" in once.reasons[0]
    single = kept(values, subject="s1", session="day 1", capture="c0")
    assert single.reasons == ("there is one value: nothing scatters",)
    alike = repeated([replace(one, value=250.0) for one in values])
    assert alike.reasons == ("all values are the same: nothing scatters",) and alike.mean == 250.0


@pytest.mark.parametrize(
    ("noise", "says"), [(0.49, "pass"), (0.5, "marginal"), (0.99, "marginal"), (1.0, "fail"), (5.0, "fail")]
)
def test_the_gate_turns_at_half_and_at_all_of_the_change(noise: float, says: str) -> None:
    assert gate(2.0 * noise, 2.0) == says


def test_agreement_of_single_pairs_is_that_of_bland_and_altman() -> None:
    """Their table of peak flow, 17 people by two meters: bias -2.1, sd 38.8, limits -80 and 76 l/min (1986)."""
    wright = (494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427)
    mini = (512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451)
    pairs = [
        Pair(Value(f"s{number}", "1", "1", float(a)), float(b))
        for number, (a, b) in enumerate(zip(wright, mini, strict=True))
    ]
    found = agreement(pairs)
    assert found and found.num_feet == found.num_pairs == 17
    assert found.bias.estimate == pytest.approx(-2.1, abs=0.05)
    assert (found.bias.low, found.bias.high) == pytest.approx((-22.0, 17.8), abs=0.1)  # as they print it
    assert found.sd.estimate == pytest.approx(38.8, abs=0.05)
    assert (found.lower.estimate, found.upper.estimate) == pytest.approx((-78.1, 73.9), abs=0.1)  # by 1.96, they take 2
    # Of the limits they print ± 34.5, which is symmetric; those of variances reach farther outwards.
    assert 20.0 < found.upper.estimate - found.upper.low < 34.5 < found.upper.high - found.upper.estimate < 55.0
    assert found.upper.high - found.upper.estimate == pytest.approx(found.lower.estimate - found.lower.low)


def test_agreement_of_a_study_holds_what_sessions_and_captures_add() -> None:
    """By hand each foot is known with an error of its own, sd 1, and a bias of 2."""
    values = simulated((10.0, 0.8, 0.5, 0.0), (40, 2, 2, 1), seed=4)
    rng = np.random.default_rng(1)
    true = {one.subject: one.value for one in simulated((10.0, 0.0, 0.0, 0.0), (40, 1, 1, 1), seed=0)}
    errors = {subject: rng.normal(2.0, 1.0) for subject in true}
    pairs = [
        Pair(replace(one, value=one.value - feet), -errors[one.subject])
        for one in values
        for feet in [np.mean([other.value for other in values if other.subject == one.subject])]
    ]
    found = agreement(pairs)
    assert found and inside(found.bias, 2.0) and abs(found.bias.estimate - 2.0) < 0.5
    assert 1.0 < found.sd.estimate < 1.6  # root of 1 + 0.64 + 0.25 is 1.37, less what a foot's own mean takes away
    assert found.lower.estimate == pytest.approx(found.bias.estimate - 1.96 * found.sd.estimate)
    assert agreement(pairs[:8]) is None  # two feet
