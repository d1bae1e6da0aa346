"""The job sheet for the lab: an insole a page, its doses, material, side in large letters, and its outline 1:1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import Insole
from scanproc.frames import FloatArray
from scanproc.pages.clinic import Clinic
from scanproc.pages.details import CheckRow, proof
from scanproc.pages.first_screen import Fact, device_text
from scanproc.pages.html import fill
from scanproc.pages.sentences import Said
from scanproc.pages.words import Words

_ROOM_MM = 222.0  # of an A4 page below its head: a longer outline is drawn at half size
_BORDER_MM = 3.0


@dataclass(frozen=True)
class Plan:
    """An outline seen from above, toes up, as paths of an SVG in mm; `scale` is 1 or 0.5."""

    width_mm: float
    height_mm: float
    box: str
    trim_line: str
    pads: tuple[str, ...]
    marks: tuple[str, ...]
    scale: float


@dataclass(frozen=True)
class Job:
    """One page: whose insole, how it is made, its doses and its outline; `stop` says why it is not to be made."""

    side: str
    letter: str
    facts: tuple[Fact, ...]
    doses: tuple[CheckRow, ...]
    notes: tuple[Said, ...]
    plan: Plan | None
    stop: Said
    template: str


def job_sheet(words: Words, insoles: Sequence[Insole], clinic: Clinic, who: Sequence[Fact]) -> str:
    """Return the sheet as a page of HTML, an A4 page an insole; `who` is pseudonym and date."""
    jobs = [_job(words, insole, who) for insole in insoles]
    return fill("job-sheet.html", t=words, jobs=jobs, clinic=clinic)


def _job(words: Words, insole: Insole, who: Sequence[Fact]) -> Job:
    side = words(f"SIDE.{insole.side}")
    checks = {check.name: check for check in insole.checks}
    facts = [*who, Fact(words("device"), device_text(words, insole))]
    for name, key in (("print_size_mm", "job.size"), ("mass_g", "job.mass")):
        if name in checks:
            facts.append(Fact(words(key), f"{words.asked_or_got(checks[name].got)} {words.check(name)[1]}"))
    plan, proven = None if insole.outline is None else plan_of(insole), proof(words, insole)
    return Job(
        side,
        side[0],
        tuple(facts),
        proven.doses,
        proven.notes,
        plan,
        words.tell(insole.why_not),
        f"{insole.side}-template.pdf",
    )


def plan_of(insole: Insole) -> Plan:
    """Return an insole's outline, pads, extension and marks with the toes (x) up, still seen from above."""
    assert insole.outline is not None
    flat = _upright(insole.outline)
    drawn = np.concatenate([flat, *(_upright(curve.xy) for curve in insole.curves)])
    low, high = drawn.min(axis=0) - _BORDER_MM, drawn.max(axis=0) + _BORDER_MM
    width, height = (high - low).tolist()
    scale = 1.0 if height <= _ROOM_MM else 0.5
    borders = [_path(_upright(curve.xy), closed=True) for curve in insole.curves if curve.kind != "mark"]
    marks = [_path(_upright(curve.xy), closed=False) for curve in insole.curves if curve.kind == "mark"]
    return Plan(
        round(scale * width, 2),
        round(scale * height, 2),
        f"{low[0]:.2f} {low[1]:.2f} {width:.2f} {height:.2f}",
        _path(flat, closed=True),
        tuple(borders),
        tuple(marks),
        scale,
    )


def _upright(xy: FloatArray) -> FloatArray:
    """Return (N, 2) places in an SVG, whose y points down: toes up, the foot's left to the left."""
    return np.stack([-xy[:, 1], -xy[:, 0]], axis=1)


def _path(xy: FloatArray, closed: bool) -> str:
    return "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in xy) + ("Z" if closed else "")
