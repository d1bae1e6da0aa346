"""What the measures are read from, and a reading with how much of its surface was seen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from scanproc.artifacts import Foot, Mesh
from scanproc.frames import FloatArray
from scanproc.geometry.foot_pose import FOOT_HEIGHT_MM
from scanproc.geometry.sections import Section, axis_section, faces_within
from scanproc.geometry.sole import SOLE_HEIGHT_MM, ArchProfile, Underside, arch_profile

LANDMARK_REACH_MM = 4.0  # the surface round a landmark that decides whether it was seen


@dataclass(frozen=True)
class Reading:
    """A value, or the reason why there is none.

    Attributes
    ----------
    unseen_share : of the surface that the value needs, in [0, 1].
    where : what was not seen, in words.
    """

    value: float | None
    unseen_share: float = 0.0
    where: str = ""
    refused: str | None = None


def no_reading(reason: str) -> Reading:
    """Return a reading without a value."""
    return Reading(None, refused=reason)


@dataclass(frozen=True)
class FootShape:
    """A foot with the sections that several measures read."""

    foot: Foot

    @property
    def medial_y(self) -> float:
        return self.foot.medial_y

    def landmark(self, name: str) -> FloatArray:
        """Return a landmark, (3,) mm, foot frame."""
        return self.foot.landmarks[name].xyz_mm

    @property
    def rear(self) -> float:
        """x of the pternion, mm: 0 unless the landmark was edited."""
        return float(self.landmark("pternion")[0])

    @cached_property
    def length(self) -> float:
        """Foot length FL, mm."""
        return float(self.landmark("longest_toe_tip")[0]) - self.rear

    def at(self, share: float) -> float:
        """Return the x of a share of the foot length, mm."""
        return self.rear + share * self.length

    @cached_property
    def low_mesh(self) -> Mesh:
        """The foot below 60 mm: whole faces that reach below it."""
        return faces_within(self.foot.mesh, 2, -np.inf, FOOT_HEIGHT_MM)

    @cached_property
    def under(self) -> Underside:
        return Underside.of(self.foot.mesh, self.foot.views)

    @cached_property
    def arch(self) -> ArchProfile:
        return arch_profile(self.under, self.rear, self.length, self.medial_y)

    @cached_property
    def midfoot(self) -> Section:
        """The section at half the length, without the leg, which it may cut as well."""
        return without_leg(axis_section(self.foot.mesh, 0, self.at(0.5), self.foot.views))

    def unseen_points(self, *names: str) -> float:
        """Return the share of the named landmarks that lie on a surface that was not seen."""
        unseen = 0.0
        for name in names:
            if self.foot.landmarks[name].method == "auto":
                distance = np.linalg.norm(self.foot.mesh.vertices - self.landmark(name), axis=1)
                # A hole of a few millimetres that the scan closed does not move a tip: what counts is what is round it.
                near = distance <= max(LANDMARK_REACH_MM, float(distance.min()))
                unseen += float((self.foot.views[near] == 0).mean())
        return unseen / len(names)


def without_leg(section: Section) -> Section:
    """Return an upright section without pieces that do not reach below 40 mm: those are leg."""
    kept = [piece for piece in section.pieces() if float(piece.points[:, :, 2].min()) < SOLE_HEIGHT_MM]
    if not kept:
        return section.keep(np.zeros(len(section), dtype=np.bool_))
    names = ("points", "edges", "seen", "open")
    return Section(*(np.concatenate([getattr(piece, name) for piece in kept]) for name in names))
