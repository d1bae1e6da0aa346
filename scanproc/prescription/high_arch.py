"""Whether an arch is high: its arch height index against people scanned under the same load."""

from __future__ import annotations

from scanproc.artifacts import Foot, Loading, ScanFacts
from scanproc.measures.arches import arch_height_index
from scanproc.measures.readings import FootShape
from scanproc.measures.table import ROWS
from scanproc.prescription.materials import ArchJudgement
from scanproc.prescription.other_scan import OtherScan

#: Mean and standard deviation of the arch height index.
_NORMS: dict[Loading, tuple[float, float]] = {
    loading: (norm.mean, norm.sd) for norm in ROWS["arch_height_index"].norms for loading in norm.loadings
}
#: The dorsum of an unloaded foot is 10 mm higher than standing (McPoil 2008), by a truncated length of 190 mm.
_UNLOADED = (_NORMS["standing"][0] + 10.0 / 190.0, _NORMS["standing"][1])
_HIGH_SD = 1.5  # from so far above the mean an arch counts as high
_MAX_UNSEEN = 0.1


def judged_arch(foot: Foot, facts: ScanFacts, other: OtherScan | None) -> ArchJudgement:
    """Judge an arch by the other scan of it, where there is one; an arch that cannot be judged is not high."""
    if other is not None and "arch_height_index" in other.values:
        return _judged(other.values["arch_height_index"], other.loading, f"of scan {other.scan}")
    reading = arch_height_index(FootShape(foot))
    if reading.value is None or reading.unseen_share > _MAX_UNSEEN:
        return ArchJudgement(False, "arch height not measured: taken as usual")
    return _judged(reading.value, facts.loading, "of this scan")


def _judged(index: float, loading: Loading, whose: str) -> ArchJudgement:
    if loading == "unknown":
        return ArchJudgement(False, "loading unknown, so the arch is not judged: taken as usual")
    mean, sd = _UNLOADED if loading == "non-weight-bearing" else _NORMS[loading]
    high = index > mean + _HIGH_SD * sd
    return ArchJudgement(
        high,
        f"arch {'high' if high else 'not high'}: arch height index {index:.3f} {whose}, {loading} people "
        f"{mean:.3f} ± {sd:.3f}",
    )
