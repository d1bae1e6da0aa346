"""What comes of recordings that went wrong: refused for the reason that holds, or right; never silently wrong."""

from __future__ import annotations

import re
from functools import cache

import pytest
from bad_recordings import BAD_RECORDINGS, BadRecording, Way
from recordings import leg
from truth import true_measures

from scanproc.artifacts import FootMeasures, Measures, ScanFacts, Side
from scanproc.errors import ScanError
from scanproc.simulation.bodies import mirrored
from scanproc.stages.align import AlignConfig, align
from scanproc.stages.clean import CleanConfig, clean
from scanproc.stages.measure import MeasureConfig, measure
from scanproc.stages.register import RegisterConfig, register
from scanproc.stages.surface import SurfaceConfig, surface

FACTS = ScanFacts(name="bad")

#: By how much a measure may be off, unless its own standard deviation says that it may be off by more.
BOUNDS = {
    "foot_length_mm": 1.0, "truncated_foot_length_mm": 1.5, "dorsum_height_mm": 0.7, "arch_height_index": 0.008,
    "foot_width_mm": 1.5, "heel_width_mm": 1.5, "heel_angle_deg": 1.0,
}  # fmt: skip

#: Refused within a second or two.
QUICK = ("blank", "metres", "one view", "all at one distance", "floor only")


def measured(bad: BadRecording, way: Way) -> Measures:
    views = clean(bad.recording(way), CleanConfig())
    feet = align(surface(views, register(views, FACTS, RegisterConfig()), SurfaceConfig()), FACTS, AlignConfig())
    return measure(feet, FACTS, MeasureConfig())


@cache
def truth(side: Side, way: Way) -> dict[str, float | None]:
    return true_measures(leg() if side == "left" else mirrored(leg()), FACTS, on_floor=way == "standing")


def silently_wrong(foot: FootMeasures, way: Way) -> dict[str, str]:
    """Return the measures that are off by more than three of their standard deviations, and more than their bound.

    Of the two hundred values of this table, one in twenty is off by more than two, as it should be.
    """
    wrong = {}
    for name, bound in BOUNDS.items():
        found, true = foot.measures[name], truth(foot.side, way)[name]
        if found.status != "measured" or found.value is None or true is None:
            continue
        if abs(found.value - true) > max(bound, 3.0 * (found.sd or 0.0)):
            wrong[name] = f"{found.value - true:+.3f} ± {found.sd:.3f}"
    return wrong


@pytest.mark.parametrize(
    ("name", "way"),
    [
        pytest.param(name, way, marks=() if name in QUICK and way == "standing" else pytest.mark.slow)
        for name in BAD_RECORDINGS
        for way in ("standing", "raised")
    ],
)
def test_it_is_refused_for_its_reason_or_right(name: str, way: Way) -> None:
    bad = BAD_RECORDINGS[name]
    try:
        (foot,) = measured(bad, way).feet
    except ScanError as refusal:
        assert bad.refused and re.search(bad.refused, str(refusal)), refusal
        return
    assert bad.measured, f"measured: {foot.measures['foot_length_mm']}"
    assert foot.side == bad.side
    assert not silently_wrong(foot, way)
