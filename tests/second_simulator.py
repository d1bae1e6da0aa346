"""A second simulation of milling programs, by another method than the product's: probes, not a map.

Each probe is an upright line in the stock at a place of its own; each move is so many places of the tip; a tree finds
which of them reach which probe. Its reader of programs is its own, too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from scanproc.artifacts import BoolArray
from scanproc.frames import FloatArray

SPACING_MM = 0.08
ARC_MM = 0.05
RUBS_MM = 0.4  # a wall so near beside the cutter touches its shank


@dataclass(frozen=True)
class Job:
    """A program: facts of its header by name, corners (N, 3), and of the move to each whether it is rapid, its feed.

    An arc is read as corners a twentieth of a millimetre apart at most.
    """

    header: dict[str, str]
    corners: FloatArray
    rapid: BoolArray
    feed: FloatArray


@dataclass(frozen=True)
class Above:
    """What is above a cutter's end: length of its flutes, length out of the holder, the holder's diameter, mm."""

    flute_mm: float
    out_mm: float
    holder_mm: float


@dataclass(frozen=True)
class Probed:
    """Heights that are left at the probes, and how deep rapid moves, shank and holder went into the stock there, mm."""

    z: FloatArray
    rapid_mm: float
    shank_mm: float = 0.0
    holder_mm: float = 0.0


def read(text: str) -> Job:
    header = dict(re.findall(r"^\((\w+) = (.*)\)$", text, re.MULTILINE))
    x = y = z = feed = np.nan
    motion, corners, rapid, feeds = None, [], [], []
    for line in text.splitlines():
        words = re.sub(r"\(.*?\)", "", line).split()
        moves, to_centre, start = False, {"I": 0.0, "J": 0.0}, (x, y, z)
        for word in words:
            letter, value = word[0], float(word[1:])
            if letter == "G" and value in (0.0, 1.0, 2.0, 3.0):
                motion = value
            elif letter in to_centre:
                to_centre[letter] = value
            elif letter == "F":
                feed = value
            elif letter in "XYZ":
                moves = True
                x, y, z = (value if letter == name else old for name, old in zip("XYZ", (x, y, z), strict=True))
        if moves:
            turn = {2.0: -1.0, 3.0: 1.0}.get(motion or 0.0)
            ends = [(x, y, z)] if turn is None else arc(start, (x, y, z), complex(*to_centre.values()), turn)
            corners += ends
            rapid += [motion == 0.0] * len(ends)
            feeds += [feed] * len(ends)
    return Job(header, np.array(corners), np.array(rapid), np.array(feeds))


Place = tuple[float, float, float]


def arc(start: Place, end: Place, to_centre: complex, turn: float) -> list[Place]:
    """Return places on an arc, its end the last: the spoke from the centre is turned on in the complex plane."""
    spoke = -to_centre
    centre = complex(*start[:2]) + to_centre
    whole = float(np.angle((complex(*end[:2]) - centre) / spoke))
    whole += 2.0 * np.pi * turn if whole * turn < 0.0 else 0.0
    share = np.linspace(0.0, 1.0, int(np.ceil(abs(spoke * whole) / ARC_MM)) + 1)[1:]
    places = centre + spoke * np.exp(1j * share * whole)
    places[-1] = complex(*end[:2])
    return list(zip(places.real, places.imag, start[2] + share * (end[2] - start[2]), strict=True))


def above_tip(tool: str, r: FloatArray) -> FloatArray:
    """Return the cutter's height over its tip at distances from the axis; its header's words say which cutter."""
    kind, *sizes = tool.split()
    radius = 0.5 * float(sizes[0])
    corner = {"ball": radius, "flat": 0.0, "bull": float(sizes[-1])}[kind]
    inside = np.clip(r - (radius - corner), 0.0, corner)
    return np.where(r <= radius, corner - np.sqrt(corner**2 - inside**2), np.inf)


def cut(job: Job, probes: FloatArray, z: FloatArray, above: Above | None = None) -> Probed:
    """Cut (P, 2) probes of heights z, (P,), by one program, in the order of its moves."""
    ends = job.corners[np.isfinite(job.corners).all(axis=1)]
    rapid = job.rapid[np.isfinite(job.corners).all(axis=1)][1:]
    step = np.linalg.norm(np.diff(ends, axis=0), axis=1)
    low = np.minimum(ends[1:, 2], ends[:-1, 2]) < z.max()
    count = np.where(low, np.ceil(step / SPACING_MM).astype(int), 0)
    move = np.repeat(np.arange(len(step)), count)
    share = (np.arange(len(move)) - np.repeat(np.cumsum(count) - count, count) + 1.0) / count[move]
    tips = ends[move] + share[:, None] * (ends[move + 1] - ends[move])
    radius = 0.5 * float(job.header["tool"].split()[1])
    widest = radius if above is None else max(radius + RUBS_MM, 0.5 * above.holder_mm)
    reached = cKDTree(tips[:, :2]).query_ball_point(probes, widest, return_sorted=True)
    left, worst = z.copy(), np.zeros(3)
    for probe, near in enumerate(reached):
        if not near:
            continue
        r = np.hypot(*(tips[near, :2] - probes[probe]).T)
        under = tips[near, 2] + above_tip(job.header["tool"], r)
        before = np.minimum.accumulate(np.concatenate([[z[probe]], under]))
        left[probe] = before[-1]
        deep = [np.where(rapid[move[near]], before[:-1] - under, 0.0)]
        if above is not None:
            rubs = (r <= radius + RUBS_MM) & ~rapid[move[near]]
            deep.append(np.where(rubs, before[:-1] - tips[near, 2] - above.flute_mm, 0.0))
            deep.append(np.where(r < 0.5 * above.holder_mm, before[:-1] - tips[near, 2] - above.out_mm, 0.0))
        worst[: len(deep)] = np.maximum(worst[: len(deep)], [each.max(initial=0.0) for each in deep])
    return Probed(left, *worst.tolist())
