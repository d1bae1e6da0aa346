"""One foot in two scans: whether they belong together, and how uncertain a difference of two measures is."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scanproc.artifacts import FootMeasures, Measure, ScanFacts, Side


@dataclass(frozen=True)
class ScannedFoot:
    """The measures of one foot, and the facts of the scan that they come from."""

    facts: ScanFacts
    foot: FootMeasures

    @property
    def side(self) -> Side:
        return self.foot.side

    @property
    def where(self) -> str:
        """The scan and its loading in words, such as "monday (standing)"."""
        return f"{self.facts.name} ({loading_words(self.foot.loading)})"


def by_one_camera(a: ScanFacts, b: ScanFacts) -> bool:
    """Whether one camera took two scans: they are one, or both name the same sensor."""
    return a == b or (a.sensor is not None and a.sensor == b.sensor)


def same_person(a: ScanFacts, b: ScanFacts) -> bool:
    """Whether two scans can be of one person: false only where both state a subject."""
    return a.subject is None or b.subject is None or a.subject == b.subject


def loading_words(loading: str) -> str:
    """Return a loading as a phrase."""
    return "loading unknown" if loading == "unknown" else loading


def sd_of_difference(a: Measure, b: Measure, one_camera: bool) -> float | None:
    """Return the standard uncertainty of B less A in the unit of the measure; None where one of the two is not known.

    Parameters
    ----------
    one_camera : the relative error of the scale is the same in both, whatever it is.
    """
    if not (one_camera and scale_is_told(a, b)):
        return root_sum_square(a.sd, b.sd)
    assert a.sd_parts and b.sd_parts and a.value is not None and b.value is not None
    own = (a.sd_parts.repeat, a.sd_parts.surface, b.sd_parts.repeat, b.sd_parts.surface)
    common = math.copysign(b.sd_parts.scale, b.value) - math.copysign(a.sd_parts.scale, a.value)
    return math.hypot(*own, common)


def own_sd(measure: Measure) -> float | None:
    """Return the standard uncertainty less what the camera's scale has in it, which is alike in all that it took."""
    parts = measure.sd_parts
    return measure.sd if parts is None else math.hypot(parts.repeat, parts.surface)


def scale_is_told(a: Measure, b: Measure) -> bool:
    """Whether both measures say what the camera's scale has in their uncertainty."""
    return a.sd_parts is not None and b.sd_parts is not None


def root_sum_square(first: float | None, second: float | None) -> float | None:
    """Return the root of the sum of two squares; None where one of the two is not known."""
    return None if first is None or second is None else math.hypot(first, second)
