"""One measure of the same feet, time and again: which part of its scatter is of what, and what can be told from it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from scanproc.reliability.nested_model import NestedValues, nested_values
from scanproc.reliability.variances import Interval, LikelyVariances

#: What a value scatters by: people differ; a foot differs from visit to visit; a recording from the next one; and what
#: is read from one recording has an error of its own.
LEVELS = ("subject", "session", "capture", "pick")
_NOISE = LEVELS[1:]

Gate = Literal["pass", "marginal", "fail"]


@dataclass(frozen=True)
class Value:
    """One value of a foot; a session counts within its subject, a capture within its session.

    Attributes
    ----------
    pick_sd : standard uncertainty that was stated of reading it; None if none was.
    """

    subject: str
    session: str
    capture: str
    value: float
    pick_sd: float | None = None


@dataclass(frozen=True)
class Component:
    """A standard deviation, and the levels that it is of: several where the study cannot tell them apart.

    Attributes
    ----------
    stated : it is what the measures state, and was not seen to scatter.
    """

    levels: tuple[str, ...]
    sd: Interval
    stated: bool = False


@dataclass(frozen=True)
class Repeated:
    """What a study tells of one measure; None where it does not, and `reasons` say why.

    Attributes
    ----------
    counts : number of subjects, sessions, captures and values.
    mean, mean_se : over feet, weighted as the components ask, and its standard error.
    components : from coarse to fine.
    noise : the standard error of measurement: of one value of one capture in one session.
    detectable : the smallest detectable change between two of them.
    icc : share of the variance that is between feet, for one value.
    complete : whether the noise is of sessions, captures and picks alike.
    """

    counts: tuple[int, int, int, int]
    mean: float
    mean_se: float | None
    components: tuple[Component, ...] = ()
    noise: Interval | None = None
    icc: Interval | None = None
    complete: bool = False
    reasons: tuple[str, ...] = ()

    @property
    def detectable(self) -> Interval | None:
        """1.96 · √2 · the standard error of measurement (Weir 2005, J Strength Cond Res 19:231)."""
        return None if self.noise is None else self.noise.through(lambda noise: 1.96 * math.sqrt(2.0) * noise)


def repeated(values: Sequence[Value]) -> Repeated:
    """Tell the noise of a measure from what differs between feet.

    The noise is the root of what sessions, captures and picks add up to, each estimated from the values alone. The
    uncertainty that is stated of each value does not weigh in: a statement that is too small must not make a study
    pass. It only parts what one capture scatters by into pick, as stated, and the rest. Where a capture has several
    values, as when landmarks are set anew, the pick is estimated, too.

    The intraclass correlation is that of a single value, between feet over all (Shrout & Fleiss 1979, Psychol Bull
    86:420, ICC(1,1), here with sessions between foot and value).
    """
    counts = _counts(values)
    numbers = np.array([one.value for one in values])
    labels = ([one.subject for one in values], [one.session for one in values], [one.capture for one in values])
    model = nested_values(numbers, list(zip(LEVELS, (*labels, range(len(values))), strict=True)))
    if len(values) < 2 or np.ptp(numbers) == 0.0:
        alone = "there is one value" if len(values) < 2 else "all values are the same"
        return Repeated(counts, float(numbers.mean()), None, reasons=(f"{alone}: nothing scatters",))
    likely = LikelyVariances(model)
    mean, mean_se = likely.mean()
    noisy = [index for index, term in enumerate(model.terms) if "subject" not in term]
    reasons = _reasons(model)
    if not noisy:
        own = tuple(Component(term, likely.sum_of([k]).through(math.sqrt)) for k, term in enumerate(model.terms))
        return Repeated(counts, mean, mean_se, own, reasons=reasons)
    complete = set(_NOISE) <= {level for index in noisy for level in model.terms[index]}
    components, remarks = _components(model, likely, values)
    between = [index for index, term in enumerate(model.terms) if "subject" in term]
    icc = likely.ratio(between, noisy).through(_share) if between and complete else None
    noise = likely.sum_of(noisy).through(math.sqrt)
    return Repeated(counts, mean, mean_se, components, noise, icc, complete, (*reasons, *remarks))


def gate(noise: float, wanted: float) -> Gate:
    """Judge the noise by the change that somebody wants to see: under half of it, under all of it, or not."""
    return "pass" if noise < 0.5 * wanted else "marginal" if noise < wanted else "fail"


def _share(ratio: float) -> float:
    return 1.0 if ratio == math.inf else ratio / (1.0 + ratio)


def _counts(values: Sequence[Value]) -> tuple[int, int, int, int]:
    sessions = {(one.subject, one.session) for one in values}
    captures = {(one.subject, one.session, one.capture) for one in values}
    return len({one.subject for one in values}), len(sessions), len(captures), len(values)


def _reasons(model: NestedValues) -> tuple[str, ...]:
    """Return what the design of a study hides."""
    reasons = []
    with_subject = {level for term in (*model.terms, model.absorbed) if "subject" in term for level in term}
    if "subject" in model.absorbed:
        reasons.append("one foot alone: what differs between feet, and so the ICC, is not known")
    if "pick" in with_subject:
        reasons.append("no foot has two values: its noise is not known")
    elif "session" in with_subject:
        reasons.append("no foot was recorded in two sessions: what sessions add to the noise is not known")
    return tuple(reasons)


def _components(
    model: NestedValues, likely: LikelyVariances, values: Sequence[Value]
) -> tuple[tuple[Component, ...], tuple[str, ...]]:
    """Return the components, the pick as stated parted from what it is seen together with; and remarks on that."""
    found = [Component(term, likely.sum_of([index]).through(math.sqrt)) for index, term in enumerate(model.terms)]
    finest = found[-1]
    stated = [one.pick_sd for one in values if one.pick_sd is not None]
    if finest.levels == ("pick",) or len(stated) < len(values):
        return tuple(found), ()
    pick = math.sqrt(sum(sd**2 for sd in stated) / len(stated))
    rest = finest.sd.through(lambda sd: math.sqrt(max(sd**2 - pick**2, 0.0)))
    found[-1:] = [
        Component(finest.levels[:-1], rest),
        Component(("pick",), Interval(pick, pick, pick), stated=True),
    ]
    if pick > finest.sd.high:
        return tuple(found), ("the uncertainty that is stated of a value is more than all that captures scatter by",)
    return tuple(found), ()
