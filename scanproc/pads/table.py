"""One row a pad: what is asked, where it lies, which rules it keeps, how it is measured back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from scanproc.anatomy.foot_plan import FootPlan
from scanproc.changes import Change, higher, lower
from scanproc.pads.cuboid_relief import CuboidRelief, cuboid_relief
from scanproc.pads.fascia_groove import FasciaGroove, fascia_groove
from scanproc.pads.forms import Length, Place
from scanproc.pads.met_bar import MetBar, met_bar
from scanproc.pads.met_pad import MetPad, met_pad
from scanproc.pads.mortons_extension import MortonsExtension, mortons_extension
from scanproc.pads.navicular_relief import NavicularRelief, navicular_relief
from scanproc.pads.ray_cuts import RayCuts
from scanproc.pads.toe_crest import ToeCrest, toe_crest


@dataclass(frozen=True)
class Pads(  # fields: last first
    ToeCrest, CuboidRelief, NavicularRelief, FasciaGroove, MortonsExtension, RayCuts, MetBar, MetPad
):
    """Pads, reliefs and cut-outs; places are in mm behind the line of the metatarsal heads, or in named spots."""


@dataclass(frozen=True)
class Pad:
    """A row of the table.

    Attributes
    ----------
    dose : the setting of its height or depth, mm; also the name of its check.
    place : its place and form on a foot.
    mend : what to change where the insole's edge cuts it, the least first.
    advice : what to change where the finished solid does not show it.
    hollow : whether it is taken from the top instead of laid on it.
    begins : the setting that says how far behind the metatarsal heads it begins; measured back.
    side : the half of the foot that it has to lie on; measured back.
    width : the setting of its width, which keeps it from being a ridge.
    lengths : of the insoles that reach to it.
    flattened_by : intrinsic posts that press the top flat where it lies.
    beside_rays : whether a cut-out under a ray takes it.
    """

    dose: str
    place: Callable[[FootPlan, Pads], Place]
    mend: tuple[Change, ...]
    advice: tuple[Change, ...]
    hollow: bool = False
    begins: str = ""
    side: Literal["medial", "lateral", ""] = ""
    width: str = ""
    lengths: tuple[Length, ...] = ("shell", "sulcus", "full")
    flattened_by: tuple[Literal["rearfoot", "forefoot"], ...] = ()
    beside_rays: bool = False

    @property
    def checks(self) -> tuple[str, ...]:
        """Names of its checks in `checks.json`: height, and, where asked, where it begins and on which side it lies."""
        side = (self.dose.replace("_mm", "_side"),) if self.side else ()
        return (self.dose, *((self.begins,) if self.begins else ()), *side)

    def asked(self, pads: Pads) -> float:
        """Return its height or depth, mm; 0 where it is not asked."""
        return float(getattr(pads, self.dose))


#: In the order of the prescription.
PADS = (
    Pad(
        "met_pad_mm", met_pad, begins="met_pad_back_mm", width="met_pad_width_mm", flattened_by=("forefoot",),
        mend=(higher("met_pad_back_mm", at_least=10.0), lower("distal_gap_mm")),
        advice=(lower("met_pad_mm"), higher("met_pad_back_mm")),
    ),
    Pad(
        "met_bar_mm", met_bar, begins="met_bar_back_mm", flattened_by=("forefoot",),
        mend=(higher("met_bar_back_mm", at_least=10.0), lower("distal_gap_mm")),
        advice=(lower("met_bar_mm"), higher("met_bar_back_mm")),
    ),
    Pad(
        "mortons_extension_mm", mortons_extension, side="medial", lengths=("sulcus", "full"), beside_rays=True,
        mend=(Change("length", to="full"), higher("outline_margin_mm", at_least=2.0)),
        advice=(Change("length", to="full"), lower("mortons_extension_mm")),
    ),
    Pad(
        "groove_mm", fascia_groove, hollow=True, side="medial", width="groove_width_mm", beside_rays=True,
        flattened_by=("rearfoot", "forefoot"), mend=(lower("groove_width_mm"), higher("medial_edge_mm")),
        advice=(higher("groove_width_mm"), lower("groove_mm")),
    ),
    Pad(
        "navicular_relief_mm", navicular_relief, hollow=True, side="medial", mend=(higher("medial_edge_mm"),),
        advice=(lower("navicular_relief_mm"),),
    ),
    Pad(
        "cuboid_relief_mm", cuboid_relief, hollow=True, side="lateral", mend=(higher("side_edge_mm"),),
        advice=(lower("cuboid_relief_mm"),),
    ),
    Pad(
        "toe_crest_mm", toe_crest, lengths=("full",), beside_rays=True,
        mend=(higher("toe_room_mm"), higher("outline_margin_mm", at_least=2.0)), advice=(lower("toe_crest_mm"),),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class PlacedPad:
    """A pad that is asked on a foot: its place, and its height in mm, negative of a hollow."""

    pad: Pad
    place: Place
    height_mm: float


def placed_pads(plan: FootPlan, pads: Pads) -> tuple[PlacedPad, ...]:
    """Return all pads that are asked, in the order in which they add up: hills first, those without an end last."""
    placed = [
        PlacedPad(pad, pad.place(plan, pads), -asked if pad.hollow else asked)
        for pad in PADS
        if (asked := pad.asked(pads)) > 0.0
    ]
    return tuple(sorted(placed, key=lambda one: (one.pad.hollow, np.isinf(one.place.reach_mm))))
