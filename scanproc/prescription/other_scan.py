"""What another scan of the same foot tells, mostly one under load: how it widens, and how its arch comes down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np

from scanproc.artifacts import Foot, Loading, ScanFacts, Side
from scanproc.errors import ScanError
from scanproc.measures.lengths import dorsum_height, heel_width
from scanproc.measures.readings import FootShape, Reading
from scanproc.prescription.fields import InsoleConfig
from scanproc.prescription.materials import Ruled

#: Measures that the rules below, and that of the wall, can use.
USED = ("heel_width_mm", "dorsum_height_mm", "plantar_arch_height_mm", "arch_height_index")

_LOAD: dict[Loading, int] = {"non-weight-bearing": 0, "seated": 1, "standing": 2}
_MAX_EXPANSION_MM = 10.0
_FILL_MM = (1.6, 6.4)  # what labs fill
_TARGET_MM = (3.0, 60.0)
_MAX_UNSEEN = 0.1
_SCANNED: dict[str, Side] = {"from-left": "left", "from-right": "right"}


@dataclass(frozen=True)
class OtherScan:
    """Measures of one foot from another scan, by name; `more_loaded`: more than the scan that is designed on."""

    scan: str
    side: Side
    loading: Loading
    more_loaded: bool
    values: Mapping[str, float]

    def heel_expansion(self, foot: Foot) -> Ruled:
        """Return how much wider the heel is there."""
        width, here = self.values.get("heel_width_mm"), heel_width(FootShape(foot))
        if width is None or not self.more_loaded or not _is_measured(here):
            return Ruled(0.0, f"heel expansion 0: {self._lack('heel width', here)}")
        wider = width - cast(float, here.value)
        value = round(float(np.clip(wider, 0.0, _MAX_EXPANSION_MM)), 2)
        clipped = "" if abs(value - wider) < 0.01 else f", {wider:.1f} held to 0 to {_MAX_EXPANSION_MM:g}"
        return Ruled(
            value,
            f"heel expansion {value:g} mm: the heel is {width:.1f} wide {self._where}, {here.value:.1f} here{clipped}",
        )

    def arch(self, foot: Foot) -> dict[str, Ruled]:
        """Return the arch's target, or how far it is filled, by name; nothing where that scan does not tell."""
        apex, dorsum = self.values.get("plantar_arch_height_mm"), self.values.get("dorsum_height_mm")
        if not self.more_loaded:
            return {}
        if apex is not None and _TARGET_MM[0] <= apex <= _TARGET_MM[1]:
            value = round(apex, 2)
            return {"arch_target_mm": Ruled(value, f"arch target {value:g} mm: the sole's arch {self._where}")}
        here = dorsum_height(FootShape(foot))
        if dorsum is None or not _is_measured(here):
            return {}
        drop = cast(float, here.value) - dorsum
        value = round(float(np.clip(drop, *_FILL_MM)), 2)
        held = "" if abs(value - drop) < 0.01 else f", held to what labs fill, {_FILL_MM[0]:g} to {_FILL_MM[1]:g}"
        why = f"arch fill {value:g} mm: the dorsum is {drop:.1f} mm lower {self._where}{held}"
        return {"arch_fill_mm": Ruled(value, why)}

    @property
    def _where(self) -> str:
        return f"in scan {self.scan} ({self.loading})"

    def _lack(self, what: str, here: Reading) -> str:
        if not self.more_loaded:
            return f"scan {self.scan} ({self.loading}) is not known to bear more load than this one"
        return f"the {what} was not measured {'here' if not _is_measured(here) else self._where}"


def measures_of_other_scan(config: InsoleConfig, foot: Foot, facts: ScanFacts) -> OtherScan | None:
    """Return what another scan measured of a foot; None if the prescription names none.

    Raises
    ------
    ScanError
        If that scan holds no such foot.
    """
    if not config.measures_of_other_scan:
        return None
    scanned = _SCANNED.get(config.pair, foot.side)  # a mirrored foot is the other side's
    own = [row for row in config.measures_of_other_scan if row[1] == scanned]
    scan, side = config.measures_of_other_scan[0][:2]
    if not own:
        raise ScanError(
            f"found measures of the {side} foot only in scan {scan} (--from), expected some of the {scanned} foot. "
            "Name a scan of the same foot."
        )
    loading = cast("Loading", own[0][2])
    more = loading != "unknown" and facts.loading != "unknown" and _LOAD[loading] > _LOAD[facts.loading]
    return OtherScan(scan, foot.side, loading, more, {row[3]: row[4] for row in own})


def _is_measured(reading: Reading) -> bool:
    return reading.value is not None and reading.unseen_share <= _MAX_UNSEEN
