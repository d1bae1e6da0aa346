"""What became of one recording, and the bounds it has to keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from benchmarking.bounds import Bounds, bounds_of
from benchmarking.parts import Rows


@dataclass
class Outcome:
    """Figures of one recording. A figure that could not be had is None.

    Attributes
    ----------
    noise_model : which noise it has, and so which bounds. num_feet : before the camera.
    standing : whether a floor was recorded.
    num_views, num_accepted : recorded, and with a pose.
    planted : the planted fault of each bad view, by name.
    missed : bad views that were accepted, by name, with their fault.
    lost : good views that were rejected, by name, with the reason.
    median_mm, p95_mm : distance of the surface, where seen, from the truth after a rigid best fit.
    true_median_mm, true_p95_mm : the same of the fusion of the good views with their true poses.
    tilt_deg, floor_mm : how the scan frame's floor lies in the truth, standing feet alone; floor_seen: if it has one.
    lacking, true_lacking : share of the truth that two good views saw and the surface has not; with true poses.
    pose_deg, pose_mm : median error of the accepted good views' poses; pose_max_deg, pose_max_mm : the worst;
        pose_rms_mm : by which they move the points of the foot.
    measures, true_measures : a row for each measure of each foot, see `measure_errors`; with true poses.
    unmeasured : the refusal of align or measure.
    seconds : of each stage.
    refused : the stage that refused, and its message. crashed : the error that nobody expected.
    """

    name: str
    noise_model: str = "stereo-ideal"
    num_feet: int = 1
    standing: bool = True
    num_views: int = 0
    num_accepted: int = 0
    planted: dict[str, str] = field(default_factory=dict)
    missed: dict[str, str] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)
    median_mm: float | None = None
    p95_mm: float | None = None
    true_median_mm: float | None = None
    true_p95_mm: float | None = None
    floor_seen: bool | None = None
    tilt_deg: float | None = None
    floor_mm: float | None = None
    lacking: float | None = None
    true_lacking: float | None = None
    pose_deg: float | None = None
    pose_mm: float | None = None
    pose_max_deg: float | None = None
    pose_max_mm: float | None = None
    pose_rms_mm: float | None = None
    measures: Rows = field(default_factory=list)
    true_measures: Rows = field(default_factory=list)
    unmeasured: str | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    refused: str | None = None
    crashed: str | None = None

    @property
    def bounds(self) -> Bounds:
        """What is asked of it."""
        return bounds_of(self.noise_model)

    @property
    def verdict(self) -> str:
        """What to say of it in a word: ok, refused, crashed, or the bounds that are broken."""
        if self.crashed:
            return "CRASHED"
        if self.refused:
            return "refused"
        broken = self.broken_bounds()
        return "BROKEN " + ", ".join(broken) if broken else "ok"

    def broken_bounds(self) -> list[str]:
        """Return the names of the bounds that a recording which was not refused breaks."""
        asked = self.bounds
        judged = {
            "median": _within(self.median_mm, asked.allowed(asked.median_mm, self.true_median_mm)),
            "p95": _within(self.p95_mm, asked.allowed(asked.p95_mm, self.true_p95_mm)),
            "tilt": not self.standing or (bool(self.floor_seen) and _within(self.tilt_deg, asked.tilt_deg)),
            "lacking": _within(self.lacking, asked.allowed(asked.lacking_share, self.true_lacking)),
        }
        return [name for name, kept in judged.items() if not kept]


def outcome_of(row: dict[str, Any]) -> Outcome:
    """Return a kept row as it was."""
    return Outcome(**{item.name: row[item.name] for item in fields(Outcome) if item.name in row})


def _within(value: float | None, bound: float) -> bool:
    return value is not None and value <= bound


@dataclass(frozen=True)
class Totals:
    """Sums over a grid."""

    bounds: Bounds
    recordings: int
    ok: int
    refused: int
    broken: int
    planted: int
    found: int
    good: int
    lost: int

    @property
    def kept(self) -> bool:
        """Whether the bounds over the whole grid hold."""
        return (
            self.refused <= self.bounds.refused_share * self.recordings
            and self.found >= self.bounds.bad_found_share * self.planted
            and self.lost <= self.bounds.good_lost_share * self.good
        )


def totals(outcomes: Sequence[Outcome]) -> Totals:
    """Add up; views of refused recordings count neither as found nor as lost."""
    judged = [outcome for outcome in outcomes if not outcome.refused and not outcome.crashed]
    planted = sum(len(outcome.planted) for outcome in judged)
    return Totals(
        bounds=outcomes[0].bounds if outcomes else bounds_of(""),
        recordings=len(outcomes),
        ok=sum(outcome.verdict == "ok" for outcome in outcomes),
        refused=sum(outcome.verdict == "refused" for outcome in outcomes),
        broken=sum(outcome.verdict not in ("ok", "refused") for outcome in outcomes),
        planted=planted,
        found=planted - sum(len(outcome.missed) for outcome in judged),
        good=sum(outcome.num_views for outcome in judged) - planted,
        lost=sum(len(outcome.lost) for outcome in judged),
    )


def line(outcome: Outcome) -> str:
    """Return one line about a recording."""
    head = f"{outcome.name:62}"
    if outcome.crashed or outcome.refused:
        return f"{head} {outcome.verdict}: {outcome.crashed or outcome.refused}"
    found = len(outcome.planted) - len(outcome.missed)
    parts = [
        f"{outcome.num_accepted:3}/{outcome.num_views} views",
        f"bad {found}/{len(outcome.planted)}",
        f"lost {len(outcome.lost)}",
        f"{number(outcome.median_mm)}/{number(outcome.p95_mm)} mm",
        f"true poses {number(outcome.true_median_mm)}/{number(outcome.true_p95_mm)}",
        f"×{ratio(outcome.median_mm, outcome.true_median_mm)}/{ratio(outcome.p95_mm, outcome.true_p95_mm)}",
        f"tilt {number(outcome.tilt_deg, 2)}° floor {number(outcome.floor_mm, 2)}" if outcome.standing else "",
        f"lacking {number(_percent(outcome.lacking), 2)} % (true {number(_percent(outcome.true_lacking), 2)})",
        f"pose {number(outcome.pose_deg, 2)}°/{number(outcome.pose_mm, 2)}",
        f"max {number(outcome.pose_max_deg, 2)}°/{number(outcome.pose_max_mm, 2)} mm",
        " ".join(f"{name[:3]} {seconds:.1f}" for name, seconds in outcome.seconds.items()) + " s",
        outcome.verdict,
    ]
    notes = [f"    missed {name}: {fault}" for name, fault in outcome.missed.items()]
    notes += [f"    lost {name}: {reason}" for name, reason in outcome.lost.items()]
    return "\n".join([head + "  ".join(part for part in parts if part), *notes])


def summary(outcomes: Sequence[Outcome]) -> str:
    """Return a few lines about all recordings."""
    total = totals(outcomes)
    worst = {
        name: max(outcomes, key=lambda outcome, name=name: getattr(outcome, name) or 0.0, default=None)
        for name in ("median_mm", "p95_mm", "tilt_deg", "lacking")
    }
    lines = [
        f"{total.recordings} recordings: {total.ok} within bounds, {total.refused} refused, {total.broken} broken",
        f"bad views found {total.found} of {total.planted}, good views lost {total.lost} of {total.good}"
        f" ({'kept' if total.kept else 'BROKEN'})",
        f"median of medians {_middle(outcomes, 'median_mm')} mm, of p95 {_middle(outcomes, 'p95_mm')} mm;"
        f" with true poses {_middle(outcomes, 'true_median_mm')} / {_middle(outcomes, 'true_p95_mm')} mm",
        *(f"worst {name}: {number(getattr(who, name))} {who.name}" for name, who in worst.items() if who is not None),
        "seconds a recording: " + ", ".join(f"{name} {mean:.2f}" for name, mean in mean_seconds(outcomes).items()),
    ]
    return "\n".join(lines)


def mean_seconds(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Return the mean seconds of each stage, over the recordings in which it ran."""
    names = dict.fromkeys(name for outcome in outcomes for name in outcome.seconds)
    return {name: float(np.mean([o.seconds[name] for o in outcomes if name in o.seconds])) for name in names}


def number(value: float | None, digits: int = 3) -> str:
    """Return a figure, or a dash where there is none."""
    return "–" if value is None else f"{value:.{digits}f}"


def ratio(value: float | None, against: float | None) -> str:
    """Return value / against, or a dash."""
    return "–" if not value or not against else f"{value / against:.2f}"


def _percent(share: float | None) -> float | None:
    return None if share is None else 100.0 * share


def _middle(outcomes: Sequence[Outcome], name: str) -> str:
    values = [getattr(outcome, name) for outcome in outcomes if getattr(outcome, name) is not None]
    return number(float(np.median(values)) if values else None)
