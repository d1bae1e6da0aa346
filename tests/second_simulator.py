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
SHAPES = ("ball", "flat", "bull")


@dataclass(frozen=True)
class Job:
    """A program: facts of its header by name, corners (N, 3), and of the move to each whether it is rapid, its feed."""

    header: dict[str, str]
    corners: FloatArray
    rapid: BoolArray
    feed: FloatArray


@dataclass(frozen=True)
class Probed:
    """Heights that are left at the probes, and how deep the worst rapid move went into the stock there, mm."""

    z: FloatArray
    rapid_mm: float


def read(text: str) -> Job:
    header = dict(re.findall(r"^\((\w+) = (.*)\)$", text, re.MULTILINE))
    x = y = z = feed = np.nan
    motion, corners, rapid, feeds = None, [], [], []
    for line in text.splitlines():
        words = re.sub(r"\(.*?\)", "", line).split()
        moves = False
        for word in words:
            letter, value = word[0], float(word[1:])
            if letter == "G" and value in (0.0, 1.0):
                motion = value
            elif letter == "F":
                feed = value
            elif letter in "XYZ":
                moves = True
                x, y, z = (value if letter == name else old for name, old in zip("XYZ", (x, y, z), strict=True))
        if moves:
            corners.append((x, y, z))
            rapid.append(motion == 0.0)
            feeds.append(feed)
    return Job(header, np.array(corners), np.array(rapid), np.array(feeds))


def above_tip(tool: str, r: FloatArray) -> FloatArray:
    """Return the cutter's height over its tip at distances from the axis; its header's words say which cutter."""
    kind, *sizes = tool.split()
    radius = 0.5 * float(sizes[0])
    corner = {"ball": radius, "flat": 0.0, "bull": float(sizes[-1])}[kind]
    inside = np.clip(r - (radius - corner), 0.0, corner)
    return np.where(r <= radius, corner - np.sqrt(corner**2 - inside**2), np.inf)


def cut(job: Job, probes: FloatArray, z: FloatArray) -> Probed:
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
    reached = cKDTree(tips[:, :2]).query_ball_point(probes, radius, return_sorted=True)
    left, worst = z.copy(), 0.0
    for probe, near in enumerate(reached):
        if not near:
            continue
        r = np.hypot(*(tips[near, :2] - probes[probe]).T)
        under = tips[near, 2] + above_tip(job.header["tool"], r)
        before = np.minimum.accumulate(np.concatenate([[z[probe]], under]))
        worst = max(worst, float(np.max((before[:-1] - under)[rapid[move[near]]], initial=0.0)))
        left[probe] = before[-1]
    return Probed(left, worst)
