"""What one version of an insole has that another has not: what was asked, what was measured back, the top's height."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from scanproc.anatomy.foot_regions import ARCH_WINDOW, foot_length
from scanproc.artifacts import Feet, Foot, Insole, Insoles, Mesh, Side
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.pages.first_screen import DOSES
from scanproc.pages.words import Words
from scanproc.pipeline import maker_of
from scanproc.prescription.fields import InsoleConfig
from scanproc.prescription.sides import OF_BOTH
from scanproc.prescription.version_names import OWN
from scanproc.solid.face_grid import FaceGrid
from scanproc.store import Store

_TOLD = (*DOSES, "arch_apex_height_mm", "length_mm", "width_mm", "mass_g")  # checks, in this order
_LEAST = 0.05  # mm, deg or g, of what is measured back: less is the noise of measuring
_STEP_MM = 1.0  # of the places where two tops are compared
_ON_TOP_MM = 0.05
_MOST_OF = (1.0, 99.0)  # per cent of the places of a region: along a steep wall a shift sideways is a height
_LEAST_REGION = 20  # places


@dataclass(frozen=True)
class Change:
    """A field of the prescription or a check, and what it is in A and in B; None: left to a rule, or not there."""

    field: str
    a: Any
    b: Any

    @property
    def name(self) -> str:
        """What it is called, with its unit."""
        words, unit = Words().check(self.field)
        return f"{words}, {unit}" if unit else words

    @property
    def said(self) -> tuple[str, str]:
        """What it is in A and in B, in words."""
        return _said(self.a), _said(self.b)


@dataclass(frozen=True)
class Region:
    """A part of the top, and how much higher than A it is in B: from `low_mm` to `high_mm`, `mean_mm` on an average."""

    name: str
    low_mm: float
    mean_mm: float
    high_mm: float


@dataclass(frozen=True)
class FootDifference:
    """Two insoles of one foot.

    Attributes
    ----------
    asked, measured : what was prescribed, and what was measured back, where they differ.
    regions : of the part of the plan that both have.
    solid : of B, foot frame.
    raised_mm : (V,) how much higher the top of B is at the solid's vertices; NaN off the top, and beside A.
    no_map : why there is no solid to compare; then the last three are empty.
    """

    side: Side
    asked: tuple[Change, ...]
    measured: tuple[Change, ...]
    regions: tuple[Region, ...]
    solid: Mesh | None
    raised_mm: FloatArray | None
    no_map: str = ""


@dataclass(frozen=True)
class VersionDifference:
    """Version B against version A."""

    a: str
    b: str
    feet: tuple[FootDifference, ...]


def version_difference(a: Store, b: Store) -> VersionDifference:
    """Compare two versions that were made.

    Raises
    ------
    ScanError
        If they were made on different feet: of an earlier alignment, or of the left and of the right one.
    """
    stage = maker_of(Insoles)
    asked = [store.manifest(stage) for store in (a, b)]
    names = a.version or OWN, b.version or OWN
    if asked[0]["inputs"] != asked[1]["inputs"]:
        raise ScanError(
            f"{names[0]} and {names[1]} were made on two states of the scan (its alignment or landmarks changed in "
            f"between), expected one. Run scanproc insole SCAN --as NAME for both again ({OWN}: without --as)."
        )
    made: list[dict[Side, Insole]] = [{one.side: one for one in store.load(stage).insoles} for store in (a, b)]
    feet = {foot.side: foot for foot in b.load(maker_of(Feet)).feet}
    other = next(iter(feet.values()))  # a mirror image has no foot of its own
    sides = [side for side in made[0] if side in made[1]]
    if not sides:
        raise ScanError(f"{names[0]} and {names[1]} have no foot in common; expected insoles of one side.")
    found = [
        _of_foot((made[0][side], made[1][side]), (asked[0]["settings"], asked[1]["settings"]), feet.get(side, other))
        for side in sides
    ]
    return VersionDifference(*names, tuple(found))


def _of_foot(
    made: tuple[Insole, Insole], settings: tuple[Mapping[str, Any], Mapping[str, Any]], foot: Foot
) -> FootDifference:
    side = made[0].side
    asked = _asked(*(_of_side(table, side) for table in settings))
    solids = [one.solid for one in made]
    if solids[0] is None or solids[1] is None:
        reason = "; ".join(str(one.refused) for one in made if one.refused)
        return FootDifference(side, asked, (), (), None, None, reason)
    raised = raised_mm(solids[0], solids[1])
    regions = raised_regions(solids[0], solids[1], foot_length(foot), -1.0 if side == "left" else 1.0)
    return FootDifference(side, asked, _measured(*made), regions, solids[1], raised)


# ------------------------------------------------------------------------------------------------ doses


def _of_side(settings: Mapping[str, Any], side: Side) -> dict[str, Any]:
    """Return the fields of one foot, as the manifest of its insole has them."""
    return {**settings, **dict(settings.get(side, []))}


def _asked(a: Mapping[str, Any], b: Mapping[str, Any]) -> tuple[Change, ...]:
    names = [name for name in InsoleConfig.__dataclass_fields__ if name not in OF_BOTH or name in ("preset", "pair")]
    differing = [name for name in names if a.get(name) != b.get(name)]
    return tuple(Change(name, a.get(name), b.get(name)) for name in differing)


def _measured(a: Insole, b: Insole) -> tuple[Change, ...]:
    checks = [{check.name: check.got for check in one.checks} for one in (a, b)]
    names = [name for name in _TOLD if any(name in table for table in checks)]
    pairs = [(name, checks[0].get(name), checks[1].get(name)) for name in names]
    return tuple(Change(*pair) for pair in pairs if _differ(*pair[1:]))


def _differ(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) > _LEAST
    return bool(a != b)


def _said(value: Any) -> str:
    if value is None:
        return "–"
    return Words().asked_or_got(value) if value != "" else "none"


# ------------------------------------------------------------------------------------------------ heights


def raised_mm(a: Mesh, b: Mesh) -> FloatArray:
    """Return how much higher the top of B is than that of A at B's vertices, (V,) mm; NaN off the top and beside A."""
    xy = np.ascontiguousarray(b.vertices[:, :2])
    own, other = (FaceGrid.of(solid).touched(xy, from_above=True).z for solid in (b, a))
    known = np.isfinite(other) & (np.abs(own - b.vertices[:, 2]) < _ON_TOP_MM)
    return np.where(known, b.vertices[:, 2] - np.where(known, other, 0.0), np.nan)


def raised_regions(a: Mesh, b: Mesh, foot_length_mm: float, medial_y: float) -> tuple[Region, ...]:
    """Return how much higher the top of B is than that of A, region by region, where both have a top.

    Parameters
    ----------
    foot_length_mm : heel, arch and forefoot are shares of it.
    medial_y : -1 or 1, the sign of y on the medial side.
    """
    low, high = b.vertices[:, :2].min(axis=0), b.vertices[:, :2].max(axis=0)
    axes = [np.arange(first, last + _STEP_MM, _STEP_MM) for first, last in zip(low, high, strict=True)]
    xy = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    tops = [FaceGrid.of(solid).touched(xy, from_above=True).z for solid in (a, b)]
    both = np.isfinite(tops[0]) & np.isfinite(tops[1])
    xy, raised = xy[both], tops[1][both] - tops[0][both]
    along = np.digitize(xy[:, 0] / foot_length_mm, ARCH_WINDOW)
    found = []
    for number, name in enumerate(("heel", "arch", "forefoot")):
        of_length = along == number
        middle = float(np.median(xy[of_length, 1])) if of_length.any() else 0.0
        is_medial = (xy[:, 1] - middle) * medial_y > 0.0
        for side, here in (("medial", of_length & is_medial), ("lateral", of_length & ~is_medial)):
            if int(here.sum()) >= _LEAST_REGION:
                least, most = np.percentile(raised[here], _MOST_OF)
                found.append(Region(f"{name}, {side}", float(least), float(raised[here].mean()), float(most)))
    return tuple(found)
