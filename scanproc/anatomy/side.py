"""Left or right: a vote of what differs between the two borders of a foot.

Every cue is a share of length or width that is positive on left feet, negative on right ones, and exactly opposite for
the mirrored shape. Together they give log odds; one cue alone, which a bunion, a Morton's toe or a flat arch can turn
round, cannot outvote the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scanproc.anatomy.foot_regions import FOOT_HEIGHT_MM
from scanproc.anatomy.landmarks import front_profile
from scanproc.anatomy.profiles import borders_at
from scanproc.artifacts import Mesh, ScanFacts, Side
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.mesh.sections import axis_section

# Cue, its mean on left feet and its sd between them (nine feet, sds doubled: nine are few), and the most
# that it may say. A likelihood ratio of two normal distributions is linear: 2 * mean / sd² * value.
_CUES = (
    ("toe line", 0.09, 0.06, 4.0),
    ("ball line", 0.09, 0.08, 2.0),
    ("hollow", 0.08, 0.06, 2.5),
    ("instep ridge", 0.20, 0.12, 2.0),
)
_OUTLINE_MM = 15.0  # the outline near the ground shows the hollow; above it the instep hides it


@dataclass(frozen=True)
class SideVote:
    """What the shape says of the side, as log odds of left."""

    log_odds_left: float

    @property
    def side(self) -> Side:
        return "left" if self.log_odds_left >= 0.0 else "right"

    @property
    def confidence(self) -> float:
        """How likely `side` is, in [0.5, 1)."""
        return _probability(abs(self.log_odds_left))


def vote(mesh: Mesh, pose_confidence: float, has_dorsum: bool = True) -> SideVote:
    """Judge the side of a foot in a rough frame with x forward, z up from the ground; a sole alone has no instep.

    If the foot lies another way, as it does with 1 - `pose_confidence`, this shape does not tell its side.
    """
    values = side_cues(mesh, has_dorsum)
    odds = sum(float(np.clip(2.0 * mean / sd**2 * values[name], -most, most)) for name, mean, sd, most in _CUES)
    left = 0.5 + pose_confidence * (_probability(odds) - 0.5)
    return SideVote(float(np.log(left / (1.0 - left))))


@dataclass(frozen=True)
class SideJudgement:
    """The side that a foot is taken for, and the probability that it is right."""

    side: Side
    confidence: float


def judge_feet(
    votes: Sequence[SideVote], inside_out: bool, facts: ScanFacts, stated_confidence: float, contradiction: float
) -> tuple[SideJudgement, ...]:
    """Judge the sides of one foot, or of two together; of a mesh that was inside out they are in doubt unless stated.

    Raises
    ------
    ScanError
        As `_judge_one` and `_judge_pair`.
    """
    if len(votes) == 2:
        sides: tuple[SideJudgement, ...] = _judge_pair(votes[0], votes[1], facts, contradiction)
    else:
        sides = (_judge_one(votes[0], facts, stated_confidence, contradiction),)
    if inside_out and facts.side in ("auto", "both"):
        return tuple(SideJudgement(judged.side, 0.5) for judged in sides)  # it may be the image of a foot in a mirror
    return sides


def _judge_one(vote: SideVote, facts: ScanFacts, stated_confidence: float, contradiction: float) -> SideJudgement:
    """Judge the side of a single foot; what scan.toml says counts as one more voice, the strongest.

    Raises
    ------
    ScanError
        If the vote is surer than `contradiction` of the other side, or scan.toml tells of two feet.
    """
    if facts.side == "both":
        raise ScanError(
            'found one foot, expected two, as scan.toml says side = "both". Correct side in scan.toml; if there '
            "are two, scan them apart from each other."
        )
    if facts.side == "auto":
        return SideJudgement(vote.side, vote.confidence)
    if vote.side != facts.side and vote.confidence > contradiction:
        raise ScanError(
            f"found the shape of a {vote.side} foot (confidence {vote.confidence:.3f}), expected what scan.toml says: "
            f'side = "{facts.side}". Correct side in scan.toml; if it is right, the camera mirrors its images.'
        )
    stated = float(np.log(stated_confidence / (1.0 - stated_confidence)))
    odds = stated + vote.log_odds_left * (1.0 if facts.side == "left" else -1.0)
    return SideJudgement(facts.side, _probability(odds))


def _judge_pair(
    first: SideVote, second: SideVote, facts: ScanFacts, contradiction: float
) -> tuple[SideJudgement, SideJudgement]:
    """Judge the sides of two feet together: one of each, by the difference of their votes.

    Raises
    ------
    ScanError
        If scan.toml tells of one foot, or both votes are surer than `contradiction` of the same side.
    """
    if facts.side not in ("both", "auto"):
        raise ScanError(
            f'found two feet, expected one, as scan.toml says side = "{facts.side}". Write side = "both" there, or '
            "scan one foot alone."
        )
    if first.side == second.side and min(first.confidence, second.confidence) > contradiction:
        raise ScanError(
            f"found two {first.side} feet, expected a left and a right one. Scan both feet of one person, or one."
        )
    odds = first.log_odds_left - second.log_odds_left
    left, right = SideJudgement("left", _probability(abs(odds))), SideJudgement("right", _probability(abs(odds)))
    return (left, right) if odds >= 0.0 else (right, left)


def _probability(log_odds: float) -> float:
    return float(1.0 / (1.0 + np.exp(-log_odds)))


def side_cues(mesh: Mesh, has_dorsum: bool = True) -> dict[str, float]:
    """Return the value of each cue; see the functions below."""
    used = np.zeros(len(mesh.vertices), dtype=np.bool_)
    used[mesh.faces] = True
    low = mesh.vertices[used]
    low = low[low[:, 2] < FOOT_HEIGHT_MM]
    rear, length = float(low[:, 0].min()), float(np.ptp(low[:, 0]))
    shares = np.linspace(0.05, 0.85, 41)
    wide = _borders(mesh, rear + shares * length, FOOT_HEIGHT_MM)
    near = _borders(mesh, rear + shares * length, _OUTLINE_MM)
    return {
        "toe line": _toe_line(mesh, rear, length, wide),
        "ball line": _ball_line(shares, wide),
        "hollow": (_hollow(shares, -near[:, 0]) - _hollow(shares, near[:, 1])) / length,
        "instep ridge": _instep_ridge(mesh, rear, length, wide, shares) if has_dorsum else 0.0,
    }


def _borders(mesh: Mesh, x: FloatArray, below: float) -> FloatArray:
    """Return (N, 2) least and greatest y of the sections at `x` below height `below`; nan where there is none."""
    return borders_at(mesh, x, below).points[:, :, 1]


def _toe_line(mesh: Mesh, rear: float, length: float, wide: FloatArray) -> float:
    """How far the front border lies ahead on the right-hand side, y < 0: the hallux is longer than the fifth toe."""
    right, left = float(np.nanmin(wide[20:, 0])), float(np.nanmax(wide[20:, 1]))
    x = front_profile(mesh, rear + 0.6 * length, right, left, strips=50).points[:, 0]
    x[~np.isfinite(x)] = rear + 0.6 * length
    return float(x[5:20].mean() - x[30:45].mean()) / length


def _ball_line(shares: FloatArray, wide: FloatArray) -> float:
    """How far ahead the widest place of the right-hand border lies of that of the left-hand one."""
    ball = (shares >= 0.5) & (shares <= 0.82)
    return float(shares[ball][np.nanargmin(wide[ball, 0])] - shares[ball][np.nanargmax(wide[ball, 1])])


def _hollow(shares: FloatArray, outward: FloatArray) -> float:
    """Greatest depth in mm of a border, near the ground, behind the line from the heel to the ball."""
    heel, ball = (shares < 0.25) & np.isfinite(outward), (shares > 0.55) & np.isfinite(outward)
    if not heel.any() or not ball.any():
        return 0.0
    h = np.flatnonzero(heel)[np.argmax(outward[heel])]
    b = np.flatnonzero(ball)[np.argmax(outward[ball])]
    chord = np.interp(shares, shares[[h, b]], outward[[h, b]])
    return float(np.nanmax((chord - outward)[h : b + 1]))


def _instep_ridge(mesh: Mesh, rear: float, length: float, wide: FloatArray, shares: FloatArray) -> float:
    """How far right of the middle, as a share of the width, the dorsum is highest at 0.50 to 0.65 of the length."""
    offsets = []
    for index in np.flatnonzero((shares >= 0.50) & (shares <= 0.65)):
        points = axis_section(mesh, 0, rear + shares[index] * length).points.reshape(-1, 3)
        if len(points):
            right, left = wide[index]
            offsets.append(((right + left) / 2.0 - points[np.argmax(points[:, 2]), 1]) / (left - right))
    return float(np.median(offsets)) if offsets else 0.0
