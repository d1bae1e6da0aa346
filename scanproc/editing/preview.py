"""What comes out of a prescription while it is edited, and how much higher it is than something else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import Check, Mesh, Side
from scanproc.design.shape import Design
from scanproc.frames import FloatArray
from scanproc.prescription.fields import Prescription
from scanproc.prescription.preview import GRID_MM
from scanproc.proof.advice import advice


@dataclass(frozen=True)
class Preview:
    """What comes out of a prescription for one foot, at 1 mm; where it is refused, the words why and nothing else.

    Attributes
    ----------
    rx : with nothing left open.
    checks : the proof; a check that fails keeps the insole from being exported.
    """

    side: Side
    refused: str = ""
    rx: Prescription | None = None
    asked: Design | None = None
    solid: Mesh | None = None
    checks: tuple[Check, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether it can be made."""
        return not self.refused and all(check.passed for check in self.checks)

    @property
    def remedies(self) -> dict[str, str]:
        """What to change, by the name of the check that failed."""
        return {check.name: advice(check, self.rx) for check in self.checks if not check.passed}


def over(now: Preview, other_z: FloatArray) -> FloatArray:
    """Return the top over other heights at the solid's vertices, (V,) mm; nan off the top and where there are none."""
    assert now.solid is not None and now.asked is not None
    there = now.asked.top_at(now.solid.vertices[:, :2])
    on_top = (np.abs(now.solid.vertices[:, 2] - there) < GRID_MM) & np.isfinite(other_z)
    return np.where(on_top, there - np.where(on_top, other_z, 0.0), np.nan)
