"""All fields of a prescription. A user's field is `insole.name`, whatever its group.

`InsoleConfig` is what a user gives for both feet, flat. `Prescription` is one foot's with nothing left open, by groups:
what design and proof are handed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

from scanproc.pads.table import Pads
from scanproc.prescription.device import Device, Fit, Making, Marks, Material, Thickness
from scanproc.prescription.doses import Arch, Heel, Posts
from scanproc.settings import setting

AS_THICK_MM = 8.0  # a forefoot's wall that nowhere thins another one

#: Of the solid material, data sheets.
DENSITY_G_PER_CM3: dict[Material, float] = {"PA12": 1.01, "PP": 0.90, "TPU": 1.20, "PETG": 1.27, "EVA": 0.25}


@dataclass(frozen=True)
class Judgement:
    """How strictly the scan and the finished solid are judged."""

    allow_unseen_sole: bool = setting(
        False, "build on a sole that no view saw: it was invented to close the surface, and the insole may not fit"
    )
    max_unseen_sole: float = setting(
        0.02, "share of the sole under the shell that may be unseen (and is bridged)", low=0.0, high=0.2
    )
    min_side_confidence: float = setting(0.8, "least confidence in left or right", low=0.5, high=1.0)
    wall_tolerance_mm: float = setting(0.05, "how much thinner than asked the wall may be, mm", low=0.01, high=0.5)
    surface_tolerance_mm: float = setting(0.1, "how far the top may lie off the asked surface, mm", low=0.02, high=1.0)
    dose_tolerance_mm: float = setting(
        0.2, "how far a dose measured back may lie off the asked one, mm", low=0.05, high=2.0
    )
    angle_tolerance_deg: float = setting(
        0.1, "how far a post's angle measured back may lie off the asked one, deg", low=0.02, high=1.0
    )
    rim_band_mm: float = setting(3.0, "width of the rim, mm, where the wall is judged by itself", low=1.0, high=10.0)
    min_waist_share: float | None = setting(
        None,
        "narrowest width of the shell, as a share of the foot's width there: less is no sole that was followed; left "
        "out: 0.55, in a dress shoe, whose low edge stands far inside the border of a high arch, 0.35",
        low=0.3,
        high=0.9,
    )
    max_roughness_mm: float = setting(
        0.05,
        "noise of the top, mm RMS: 0.15 mm costs a quarter more print time, 0.5 mm twice as much",
        low=0.01,
        high=0.5,
    )
    fix: bool = setting(
        False, "thicken a wall that came out thin, by at most 0.3 mm, and say so; false: a thin wall is not exported"
    )
    max_triangles: int = setting(60_000, "most triangles of one insole", low=10_000)


@dataclass(frozen=True)
class InsoleConfig(Judgement, Making, Marks, Pads, Posts, Heel, Arch, Fit, Thickness, Device):  # fields: last first
    """The prescription of both feet; what differs on one goes below, under [insole.left] or [insole.right]."""

    left: tuple[tuple[str, object], ...] = setting((), "what differs on the left foot", hidden=True)
    right: tuple[tuple[str, object], ...] = setting((), "what differs on the right foot", hidden=True)
    preset_values: tuple[tuple[str, object], ...] = setting(
        (), "what the preset says, to tell what was changed", hidden=True
    )
    measures_of_other_scan: tuple[tuple[str, str, str, str, float], ...] = setting(
        (), "rows of another scan's measures: scan, side, loading, name, value", hidden=True
    )


# ------------------------------------------------------------------------------- one foot's, with nothing left open


@dataclass(frozen=True)
class RuledThickness(Thickness):
    """The wall, as asked or as a rule gave it."""

    thickness_mm: float = 3.0
    forefoot_mm: float = AS_THICK_MM
    extension_mm: float = 1.5

    @property
    def in_front_mm(self) -> float:
        """The wall ahead of the metatarsal heads, from which the front end thins: no thicker than that behind."""
        return min(self.forefoot_mm, self.thickness_mm)


@dataclass(frozen=True)
class RuledFit(Fit):
    """Room between foot, insole and shoe, as asked or as a rule gave it."""

    heel_expansion_mm: float = 0.0


@dataclass(frozen=True)
class RuledArch(Arch):
    """The arch, as asked or as a rule gave it."""

    arch_fill_mm: float = 3.2


@dataclass(frozen=True)
class RuledJudgement(Judgement):
    """How strictly the scan and the finished solid are judged, as asked or as a rule gave it."""

    min_waist_share: float = 0.55


#: What a prescription is handed on in: a function of the design takes the group that it needs.
GROUPS: dict[str, type] = {
    "device": Device,
    "thickness": RuledThickness,
    "fit": RuledFit,
    "arch": RuledArch,
    "heel": Heel,
    "posts": Posts,
    "pads": Pads,
    "marks": Marks,
    "making": Making,
    "judgement": RuledJudgement,
}


@dataclass(frozen=True)
class Prescription:
    """The prescription of one foot by groups, with nothing left open: what was left out is filled in by a rule.

    Attributes
    ----------
    evidence : why each value that a rule gave is what it is, and what is advised against, for the report.
    """

    device: Device = field(default_factory=Device)
    thickness: RuledThickness = field(default_factory=RuledThickness)
    fit: RuledFit = field(default_factory=RuledFit)
    arch: RuledArch = field(default_factory=RuledArch)
    heel: Heel = field(default_factory=Heel)
    posts: Posts = field(default_factory=Posts)
    pads: Pads = field(default_factory=Pads)
    marks: Marks = field(default_factory=Marks)
    making: Making = field(default_factory=Making)
    judgement: RuledJudgement = field(default_factory=RuledJudgement)
    evidence: tuple[str, ...] = ()

    @property
    def gap_mm(self) -> float:
        """By how much the insole ends behind the line of the metatarsal heads, mm; 0 where it reaches further."""
        return self.arch.distal_gap_mm if self.device.length == "shell" else 0.0

    @classmethod
    def of(cls, given: InsoleConfig, evidence: tuple[str, ...] = ()) -> Prescription:
        """Return the prescription of one foot; fields that were left open were filled in before."""
        groups: dict[str, Any] = {
            name: kind(**{item.name: getattr(given, item.name) for item in fields(kind)})
            for name, kind in GROUPS.items()
        }
        return cls(**groups, evidence=evidence)

    def value(self, name: str) -> Any:
        """Return a setting by its name, whatever its group."""
        return next(getattr(group, name) for group in map(self.__getattribute__, GROUPS) if hasattr(group, name))

    def changed(self, **doses: Any) -> Prescription:
        """Return it with other doses, each by the name of its field, whatever its group."""
        groups: dict[str, Any] = {}
        for name, kind in GROUPS.items():
            own = {item.name: doses.pop(item.name) for item in fields(kind) if item.name in doses}
            groups |= {name: replace(getattr(self, name), **own)} if own else {}
        if doses:
            raise TypeError(f"a prescription has no field {', '.join(doses)}")
        return replace(self, **groups)
