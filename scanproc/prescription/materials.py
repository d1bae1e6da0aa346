"""What is known of materials and processes: the least wall, and the wall that carries a body."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from scanproc.prescription.device import Material


@dataclass(frozen=True)
class LeastWall:
    """Below `least_mm` it cannot be made; below `advised_mm` it breaks or warps too easily."""

    least_mm: float
    advised_mm: float
    source: str


#: Of prints (multi jet fusion for powders, two lines of a 0.4 mm nozzle for PETG).
PRINTED: dict[Material, LeastWall] = {
    "PA12": LeastWall(0.5, 1.0, "multi jet fusion of PA12"),
    "PP": LeastWall(0.6, 1.0, "multi jet fusion of PP"),
    "TPU": LeastWall(1.0, 1.5, "multi jet fusion of TPU"),
    "PETG": LeastWall(0.8, 1.2, "two and three lines of a 0.4 mm nozzle"),
    "EVA": LeastWall(1.0, 3.0, "EVA foam, which tears when thin"),
}
#: A thin wall gives way under the cutter.
MILLED = LeastWall(1.0, 2.0, "milling")
#: Ahead of the metatarsal heads, where a long device bends: 1.2 mm of PA12 have 6 % of the stiffness of 3.
FOREFOOT_MM: dict[Material, float] = {"PA12": 1.2, "PP": 1.5, "PETG": 1.2}
WARN_BELOW_MM = 0.8  # programs of labs warn here, whatever the material


def least_wall(material: Material, process: Literal["print", "mill"]) -> LeastWall:
    """Return the least wall of a material made by a process: the stricter of the two."""
    of_material = PRINTED[material]
    if process == "print" or of_material.least_mm > MILLED.least_mm:
        return of_material
    return LeastWall(MILLED.least_mm, max(MILLED.advised_mm, of_material.advised_mm), f"{MILLED.source} {material}")


@dataclass(frozen=True)
class Ruled:
    """A value that a rule gave, and why."""

    value: float
    why: str


@dataclass(frozen=True)
class ArchJudgement:
    """Whether an arch is high, and how that was judged."""

    high: bool
    why: str


@dataclass(frozen=True)
class _Wall:
    """Wall in mm by body mass: each step holds below its mass (or up to it); `unknown_mm` where no mass is stated."""

    steps: tuple[tuple[float, float], ...]
    unknown_mm: float
    source: str
    up_to: bool = False

    def of(self, mass_kg: float) -> float:
        return next(mm for limit, mm in self.steps if mass_kg < limit or (self.up_to and mass_kg == limit))


_PP = _Wall(((75.0, 4.0), (math.inf, 4.5)), 4.0, "a lab's table for polypropylene: 4.0 mm below 75 kg, 4.5 from there")
_PP_HIGH_ARCH = _Wall(
    ((75.0, 3.0), (math.inf, 4.0)),
    3.0,
    "a lab's table for polypropylene under a high arch, which is stiff by its form: 3.0 mm below 75 kg, 4.0 from there",
)
_OTHER = _Wall(
    ((77.0, 3.2), (95.0, 4.0), (113.0, 4.8), (math.inf, 6.4)),
    4.0,
    "another lab's table: up to 77 kg 3.2 mm, 95 kg 4.0, 113 kg 4.8, above 6.4",
    up_to=True,
)
_PA12 = _Wall(((60.0, 2.5), (90.0, 3.0), (math.inf, 3.5)), 3.0, "printed PA12 is 2.5 to 3.5 mm: thirds at 60 and 90 kg")
_EVA = _Wall(((math.inf, 4.0),), 4.0, "4 mm of EVA under the lowest point do not bottom out")
_WALLS: dict[Material, _Wall] = {"PA12": _PA12, "PP": _PP, "TPU": _OTHER, "PETG": _OTHER, "EVA": _EVA}


def wall_by_mass(material: Material, mass_kg: float | None, arch: ArchJudgement | None = None) -> Ruled:
    """Return the wall that a material takes for a body mass, mm, and the evidence.

    Parameters
    ----------
    mass_kg : of the person; None where it is not stated.
    arch : None where it was not judged; only polypropylene has a rule for it.
    """
    wall = _PP_HIGH_ARCH if material == "PP" and arch is not None and arch.high else _WALLS[material]
    thick = wall.unknown_mm if mass_kg is None else wall.of(mass_kg)
    who = "body mass unknown (scan.toml: mass_kg), so the usual wall" if mass_kg is None else f"{mass_kg:g} kg"
    whose = material if len(wall.steps) == 1 else f"{material}, {who}"
    why = f"thickness {thick:g} mm: {whose}; {wall.source}"
    return Ruled(thick, why if arch is None else f"{why}; {arch.why}")
