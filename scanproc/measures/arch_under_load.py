"""What the arch of one foot does from a smaller to a larger load: drop, rigidity, stiffness."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scanproc.artifacts import Measure
from scanproc.measures.two_scans import ScannedFoot, by_one_camera, root_sum_square, sd_of_difference

_DORSUM, _AHI = "dorsum_height_mm", "arch_height_index"
# Of the height of the dorsum between a floor and the plane that supports heel and forefoot, under one rigid foot: the
# planes differ by 1.0 to 1.4 deg of roll, and the dorsum by 0.3 to 0.7 mm (four legs). That was all to one side, of
# the floor's softer contact; feet are not these four, so it counts twice, and is not taken out.
_GROUNDS_SD_MM = 1.2
_GRAVITY = 9.81  # m/s²
_SEATED_TO_STANDING = 0.4  # of body weight on a foot: a tenth when seated, half when standing (Zifchock 2006)


@dataclass(frozen=True)
class _Step:
    """A value under the smaller and the larger load, and the standard uncertainties of both and of its fall."""

    before: float
    after: float
    sd_before: float | None
    sd_after: float | None
    sd_fall: float | None

    @property
    def fall(self) -> float:
        return self.before - self.after


def _step(name: str, less: ScannedFoot, more: ScannedFoot) -> _Step | None:
    """Return a value under two loads; heights above two kinds of ground differ by the grounds, too."""
    before, after = less.foot.measures.get(name), more.foot.measures.get(name)
    if before is None or after is None or before.value is None or after.value is None:
        return None
    sd_fall = sd_of_difference(before, after, by_one_camera(less.facts, more.facts))
    grounds = _sd_of_grounds(name, less, more)
    if sd_fall is not None:
        sd_fall = math.hypot(sd_fall, grounds)
    sd_before = None if before.sd is None else math.hypot(before.sd, grounds)
    return _Step(before.value, after.value, sd_before, after.sd, sd_fall)


def _sd_of_grounds(name: str, less: ScannedFoot, more: ScannedFoot) -> float:
    """Return what two kinds of ground add to the uncertainty of a fall, of the dorsum or of what grows with it."""
    dorsum, measure = less.foot.measures.get(_DORSUM), less.foot.measures[name]
    if less.foot.ground == more.foot.ground or dorsum is None or not dorsum.value or measure.value is None:
        return 0.0
    return _GROUNDS_SD_MM * measure.value / dorsum.value


def remark_on(name: str, measure: Measure) -> str | None:
    """Return what is odd about a measure between two loadings: an arch that rises under load; None if nothing is."""
    fall = {"arch_drop_mm": measure.value, "arch_rigidity_index": None if measure.value is None else 1 - measure.value}
    risen = fall.get(name)
    if risen is None or risen >= 0.0:
        return None
    if measure.sd is not None and -risen <= 2.0 * measure.sd:
        return "the arch rises under the larger load, within the uncertainty: it does not give"
    return (
        "the arch rises under the larger load, which arches do not: check the loadings in scan.toml, and whether the"
        " foot was held alike in both scans"
    )


def arch_drop(less: ScannedFoot, more: ScannedFoot) -> Measure:
    """Dorsum height under the smaller load less that under the larger (McPoil 2008), mm.

    Where one scan stands on a floor and the other on the plane that supports heel and forefoot, the sd holds by how
    much these differ under one rigid foot.
    """
    step = _step(_DORSUM, less, more)
    return _lacking(_DORSUM, less, more) if step is None else _judged(step.fall, step.sd_fall, _DORSUM, less, more)


def arch_rigidity(seated: ScannedFoot, standing: ScannedFoot) -> Measure:
    """Arch height index standing ÷ seated (Butler 2008); 1 is an arch that does not give."""
    undefined = _undefined(seated, standing)
    if undefined is not None:
        return undefined
    step = _step(_AHI, seated, standing)
    if step is None:
        return _lacking(_AHI, seated, standing)
    ratio = step.after / step.before
    relative = root_sum_square(_over(step.sd_before, step.before), _over(step.sd_after, step.after))
    return _judged(ratio, None if relative is None else ratio * relative, _AHI, seated, standing)


def arch_stiffness(seated: ScannedFoot, standing: ScannedFoot) -> Measure:
    """0.4 × body weight ÷ fall of the arch height index (Zifchock 2006), N."""
    undefined = _undefined(seated, standing)
    if undefined is not None:
        return undefined
    mass_kg = standing.facts.mass_kg if standing.facts.mass_kg is not None else seated.facts.mass_kg
    if mass_kg is None:
        return Measure(None, None, "refused", "the body mass is not known; state mass_kg in scan.toml")
    step = _step(_AHI, seated, standing)
    if step is None:
        return _lacking(_AHI, seated, standing)
    if step.fall <= (step.sd_fall or 0.0):  # divided by what may as well be nothing, it would be any figure
        reason = f"the arch height index fell by {step.fall:.3f}, no more than its uncertainty"
        return Measure(None, None, "refused", reason)
    stiffness = _SEATED_TO_STANDING * mass_kg * _GRAVITY / step.fall
    return _judged(stiffness, _over(step.sd_fall, step.fall / stiffness), _AHI, seated, standing)


def _undefined(less: ScannedFoot, more: ScannedFoot) -> Measure | None:
    """Refuse what is defined from seated to standing only, under other loads."""
    if (less.foot.loading, more.foot.loading) == ("seated", "standing"):
        return None
    loads = f"{less.foot.loading} → {more.foot.loading}"
    return Measure(None, None, "refused", f"defined from seated to standing only, not {loads}")


def _judged(value: float, sd: float | None, of: str, *scans: ScannedFoot) -> Measure:
    """Return a measure that is inferred where one of those it is made of was."""
    inferred = [scan for scan in scans if scan.foot.measures[of].status == "inferred"]
    if not inferred:
        return Measure(value, sd, "measured")
    reasons = "; ".join(f"inferred in {scan.facts.name}: {scan.foot.measures[of].reason}" for scan in inferred)
    return Measure(value, sd, "inferred", reasons)


def _lacking(name: str, *scans: ScannedFoot) -> Measure:
    """Refuse, with what refused the measure that is needed."""
    reasons = []
    for scan in scans:
        needed = scan.foot.measures.get(name)
        if needed is None or needed.value is None:
            why = "not measured" if needed is None else needed.reason
            reasons.append(f"{name} is refused in {scan.facts.name}: {why}")
    return Measure(None, None, "refused", "; ".join(reasons))


def _over(sd: float | None, value: float) -> float | None:
    return None if sd is None else sd / abs(value)
