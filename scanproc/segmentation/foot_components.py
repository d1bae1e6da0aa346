"""Which components of a view are the foot's, and which are what stands round it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from scanproc.artifacts import BoolArray
from scanproc.segmentation.component_features import ComponentFeatures

_RANGE_SHARE = 0.35  # of the usual distance: a component that much nearer or farther counts half
_LEAST_SHARE = 0.05  # of what other views show of the foot is nothing

_LEG_MM = 150.0  # what is higher is or has a leg
_LEG_OVERLAP_MM = 50.0  # by which a leg that goes on behind a hole may reach below the top of what is seen of it
_LEG_MAX_BREADTH_MM = 170.0  # of what is higher than an ankle; a stool is broader, and two legs are
_FOOT_MIN_HEIGHT_MM = 35.0  # of what is seen of one
_FOOT_SEEN_MM = 140.0  # so much of its length tells it from a leg
_FOOT_MAX_LENGTH_MM = 340.0
_TOE_GAP_MM = 20.0  # a small component this close to the foot is a toe ...
_TOE_MIN_HEIGHT_MM = 16.0  # ... if it is no cable

_CUFF_MIN_HEIGHT_MM = 100.0  # lower it is a shoe or a blanket
_CUFF_MIN_SHARE = 0.4  # of the views must show a cuff: from behind, a calf hangs before a heel


@dataclass(frozen=True)
class FootLimits:
    """What belongs to a foot.

    Attributes
    ----------
    min_share : smaller components than this share of the main one are nothing.
    touch_mm : height at which the lowest seen point of what stands on the floor lies at most.
    part_gap_mm : components farther from the foot are not its own.
    pair_gap_mm : a second foot is not farther from the first than this, nor a leg from the foot that hides its ankle.
    pair_min_share : of the views must show a second foot.
    min_views : fewer cannot outvote each other.
    """

    min_share: float
    touch_mm: float
    part_gap_mm: float
    pair_gap_mm: float
    pair_min_share: float
    min_views: int


def main_component(features: ComponentFeatures, usual_mm: float | None, candidates: BoolArray) -> int | None:
    """Return the component that the camera looks at: large, central, as far away as in other views if that is known."""
    weight = features.central_px * candidates
    if usual_mm is not None:
        weight = weight / (1.0 + ((features.distance_mm - usual_mm) / (_RANGE_SHARE * usual_mm)) ** 2)
    return int(np.argmax(weight)) if len(weight) and weight.max() > 0.0 else None


def standing_components(features: ComponentFeatures, limits: FootLimits) -> BoolArray:
    """Return which components, (P,), come down to the floor and rise from it."""
    return np.asarray((features.lowest_mm < limits.touch_mm) & (features.highest_mm > _FOOT_MIN_HEIGHT_MM))


def second_feet(features: ComponentFeatures, main: int, limits: FootLimits) -> BoolArray:
    """Return which components, (P,), may be the other foot of a standing pair: near the main one, of a foot's size."""
    near = features.gaps_mm(main) < limits.pair_gap_mm
    near[main] = False
    lengths_mm = features.lengths_mm(np.zeros(len(near), dtype=bool))
    is_long = (lengths_mm > _FOOT_SEEN_MM) & (lengths_mm < _FOOT_MAX_LENGTH_MM)
    return np.asarray(
        near & standing_components(features, limits) & is_long & (features.breadth_mm < _LEG_MAX_BREADTH_MM)
    )


@dataclass(frozen=True)
class Situation:
    """How the foot was recorded.

    Attributes
    ----------
    stands : on a floor.
    is_bare : the views show no wide plane, such as clouds from which a program has removed the floor, or a raised foot
        before a camera that does not reach the room. There, all that is seen is of the foot, or the pair.
    is_pair : two feet stand side by side.
    """

    stands: bool
    is_bare: bool
    is_pair: bool = False


def foot_components(features: ComponentFeatures, main: int, situation: Situation, limits: FootLimits) -> BoolArray:
    """Return which components, (P,), are the foot's, or the pair's: those within a gap of it, one after the other."""
    stands, is_pair = situation.stands, situation.is_pair
    gap_mm = limits.pair_gap_mm if is_pair or situation.is_bare else limits.part_gap_mm
    is_large = features.area_mm2 >= limits.min_share * features.area_mm2[main]
    allowed = np.ones(len(is_large), dtype=bool)
    is_tall = np.zeros(len(allowed), dtype=bool)
    if stands:
        allowed &= (features.breadth_mm < _LEG_MAX_BREADTH_MM) & (features.highest_mm > _TOE_MIN_HEIGHT_MM)
        is_tall = features.highest_mm > _LEG_MM
    kept = np.zeros(len(allowed), dtype=bool)
    gaps = np.full(len(allowed), np.inf)
    component: int | None = main
    while component is not None:
        kept[component] = True
        gaps = np.minimum(gaps, features.gaps_mm(component))
        if stands:  # a cuff hangs before the leg, and does not come down to the floor
            allowed &= (features.steps_mm[component] >= 0.0) | (features.lowest_mm < limits.touch_mm)
        near = allowed & ~kept & (gaps < np.where(is_large, gap_mm, _TOE_GAP_MM))
        if not is_pair and is_tall[kept].any():  # one foot, one leg, which may go on higher up
            near &= ~is_tall | (features.lowest_mm > features.highest_mm[kept].max() - _LEG_OVERLAP_MM)
        if not is_pair and stands:
            near &= features.lengths_mm(kept) < _FOOT_MAX_LENGTH_MM
        component = int(np.argmin(np.where(near, gaps, np.inf))) if near.any() else None
    return kept


@dataclass(frozen=True)
class Choice:
    """What a recording is of.

    Attributes
    ----------
    what : two standing feet, one, or, where nothing else was recorded, or too few views to tell, all that there is.
    kept : of each view, which components are the foot's, (P,).
    cuff_mm : height above the floor of a trouser cuff that hangs round the leg; infinite if there is none.
    """

    what: Literal["a pair", "a foot", "all there is"]
    kept: list[BoolArray]
    cuff_mm: float


def choose(views: Sequence[ComponentFeatures], situation: Situation, limits: FootLimits) -> Choice:
    """Choose the components of the foot in all views of a recording.

    A single view may show another leg before the foot, or hide what tells the foot from a leg: the views vote.
    """
    if situation.stands and len(views) < limits.min_views:
        return Choice("all there is", [_upright_components(view, limits) for view in views], np.inf)
    mains = _main_components(views, situation, limits)
    looked = [(view, main) for view, main in zip(views, mains, strict=True) if main is not None]
    shown = sum(bool(second_feet(view, main, limits).any()) for view, main in looked)
    is_pair = situation.stands and shown > limits.pair_min_share * len(looked)
    situation = replace(situation, is_pair=is_pair)
    kept = [
        foot_components(view, main, situation, limits) if main is not None else np.zeros(len(view.area_mm2), dtype=bool)
        for view, main in zip(views, mains, strict=True)
    ]
    if situation.is_bare:
        return Choice("all there is", kept, np.inf)
    return Choice(
        "a pair" if is_pair else "a foot", kept, _cuff_mm(views, kept, limits) if situation.stands else np.inf
    )


def _main_components(views: Sequence[ComponentFeatures], situation: Situation, limits: FootLimits) -> list[int | None]:
    """Return of each view the component that is the foot's, or one of it, at about the same distance in most views."""
    candidates = [standing_components(view, limits) if situation.stands else view.area_mm2 > 0.0 for view in views]
    candidates = [own if own.any() else view.area_mm2 > 0.0 for own, view in zip(candidates, views, strict=True)]
    usual_mm: float | None = None
    for _ in range(2):
        mains = [main_component(view, usual_mm, own) for view, own in zip(views, candidates, strict=True)]
        distances = [view.distance_mm[main] for view, main in zip(views, mains, strict=True) if main is not None]
        usual_mm = float(np.median(distances)) if distances else None
    sizes = [0.0 if main is None else view.central_px[main] for view, main in zip(views, mains, strict=True)]
    # Where something hides the foot, a bit of the floor at the border may be all that there is.
    least = _LEAST_SHARE * float(np.median(sizes))
    return [main if own > least else None for main, own in zip(mains, sizes, strict=True)]


def _upright_components(features: ComponentFeatures, limits: FootLimits) -> BoolArray:
    is_large = features.area_mm2 >= limits.min_share * features.area_mm2.max(initial=0.0)
    return np.asarray(is_large & (features.lowest_mm < limits.touch_mm))


def _cuff_mm(views: Sequence[ComponentFeatures], kept: Sequence[BoolArray], limits: FootLimits) -> float:
    """Return the height at which many views show something hang before the leg: where it touches, it is the leg's."""
    lowest = []
    for view, own in zip(views, kept, strict=True):
        hangs = ~own & (view.steps_mm[own] < 0.0).any(axis=0) & (view.lowest_mm > _CUFF_MIN_HEIGHT_MM)
        hangs &= view.area_mm2 >= limits.min_share * view.area_mm2.max(initial=0.0)
        if hangs.any():
            lowest.append(float(view.lowest_mm[hangs].min()))
    return float(np.median(lowest)) if len(lowest) > _CUFF_MIN_SHARE * len(views) else np.inf
