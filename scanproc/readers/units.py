"""The unit of a mesh or of clouds: as stated, or found by size and by what is stated of the foot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scanproc.artifacts import MM_OF_UNIT, ScanFacts, Unit
from scanproc.errors import ScanError

_USUAL: tuple[Unit, ...] = ("mm", "cm", "m")  # where several units fit, one of these is meant
# Longest side of the box round one or two feet, with or without the leg: from a toddler's foot to a leg cut below
# the knee.
_PLAUSIBLE_MM = (100.0, 800.0)
_SHORT_MM = 160.0  # a box so short in cm is a toddler's foot, or an adult's in inches (256 to 406 mm)
# The longest side of the box by the foot's length: a foot that lies askew, a leg up to the knee. Units are 2.54 times
# apart or more, so that one at most fits.
_OF_LENGTH = (0.8, 2.0)
# A depth camera sees a foot and what is round it at a median range from 0.08 to 5 m: in cm 8 to 500, in mm 80 to 5000.
# The lower half of these is where recordings are; a number that would be both cm and mm counts as mm from 100 on.
_UNIT_OF_RANGE: tuple[tuple[float, float, Unit], ...] = ((0.08, 5.0, "m"), (8.0, 100.0, "cm"), (100.0, 5000.0, "mm"))
_RANGE_MM = (80.0, 5000.0)
# Such a number may as well be inches as cm: 80 to 315 mm, or 200 to 800, and both are where feet are scanned from.
_CM_OR_INCH = (8.0, 31.5)
_DOUBTFUL: tuple[Unit, ...] = ("cm", "inch")
_SEEN_OF_LENGTH = (
    0.5  # of a foot's length, the least that the largest of some views is across: from the toes, its width
)


@dataclass(frozen=True)
class FoundUnit:
    """A unit, and what tells it in words; none where it was stated."""

    unit: Unit
    remarks: tuple[str, ...] = ()


def unit_of_mesh(path: Path, longest: float, facts: ScanFacts) -> FoundUnit:
    """Find the unit of a mesh by the longest side of its box, in the file's unit, or check the one that is stated.

    Raises
    ------
    ScanError
        If the box is that of a foot in no unit, or in several, or the stated unit does not fit the stated length.
    """
    low, high = _PLAUSIBLE_MM
    length = facts.expected_length_mm
    if length is not None:
        low = _OF_LENGTH[0] * length
    if facts.unit != "auto":
        mm = longest * MM_OF_UNIT[facts.unit]
        if not low <= mm <= high:
            raise ScanError(
                f'{path} is {mm:.4g} mm long with unit = "{facts.unit}"; expected a foot{_as_stated(facts)}, '
                f"{low:.0f} to {high:.0f} mm. Correct the unit in scan.toml, or leave it out."
            )
        return FoundUnit(facts.unit)
    fitting = _fitting(longest, low, high)
    chosen = _beyond_doubt(fitting, longest, facts)
    if chosen is not None:
        return FoundUnit(chosen, (f"unit of the mesh: {chosen}, since {_longest_side(chosen, longest, facts)}",))
    if fitting:
        stating = [f'unit = "{unit}"' for unit in fitting]
        could_be = " and ".join(f"{longest * MM_OF_UNIT[unit]:.0f} mm if it is in {unit}" for unit in fitting)
        raise ScanError(
            f"{path} is {longest:.4g} long, which is {could_be}; expected a unit that is beyond doubt. State"
            f" {' or '.join(stating)} in a scan.toml beside it, or how long the foot is:"
            " foot_length_mm or shoe_size_eu."
        )
    raise ScanError(
        f"{path} is {longest:.4g} long, which is no foot{_as_stated(facts)} in {_one_of(MM_OF_UNIT)}; expected "
        f"{low:.0f} to {high:.0f} mm. Cut it to the foot, or export it in mm."
    )


def unit_of_clouds(folder: Path, median_range: float, extent: float, facts: ScanFacts) -> FoundUnit:
    """Find the unit of clouds by their median range from the camera, or check the one that is stated.

    Parameters
    ----------
    median_range, extent : in the files' unit; `extent` is the longest side of the largest view, with what is round it.

    Raises
    ------
    ScanError
        If the points lie at no distance of a foot, or at one in cm and in inches.
    """
    low, high = _RANGE_MM
    if facts.unit != "auto":
        if not low <= median_range * MM_OF_UNIT[facts.unit] <= high:
            raise ScanError(
                f"{folder}: points lie {median_range * MM_OF_UNIT[facts.unit]:.3g} mm from the camera with unit = "
                f'"{facts.unit}"; expected {low:.0f} to {high:.0f} mm. Correct the unit in scan.toml, or leave it out.'
            )
        return FoundUnit(facts.unit)
    usual = next((unit for least, most, unit in _UNIT_OF_RANGE if least <= median_range < most), None)
    chosen, why = usual, ""
    if facts.expected_length_mm is not None:
        room = _SEEN_OF_LENGTH * facts.expected_length_mm
        least_mm = MM_OF_UNIT[usual] if usual else 0.0
        fitting = [unit for unit in _fitting(median_range, low, high) if MM_OF_UNIT[unit] >= least_mm]
        chosen = next((unit for unit in fitting if extent * MM_OF_UNIT[unit] >= room), None)
        why = f"{_as_stated(facts)} has room in them and "
    if chosen is None:
        raise ScanError(
            f"{folder}: points lie {median_range:.3g} from the camera and {extent:.3g} apart, no distance to a foot"
            f"{_as_stated(facts)} in m, cm or mm; expected {low:.0f} to {high:.0f} mm. Say what the unit is, in"
            f' scan.toml: unit = "mm" (or {", ".join(unit for unit in MM_OF_UNIT if unit != "mm")})'
        )
    if chosen == "cm" and _CM_OR_INCH[0] <= median_range < _CM_OR_INCH[1]:
        could_be = " and ".join(f"{median_range * MM_OF_UNIT[unit]:.0f} mm if they are in {unit}" for unit in _DOUBTFUL)
        raise ScanError(
            f"{folder}: points lie {median_range:.3g} from the camera, which is {could_be}; expected a unit that is"
            ' beyond doubt. State it in scan.toml: unit = "cm" or unit = "inch".'
        )
    lies = f"their points lie {median_range * MM_OF_UNIT[chosen]:.0f} mm from the camera"
    why = f"a foot{why}" if why else ""
    return FoundUnit(chosen, (f"unit of the clouds: {chosen}, since {why}{lies}",))


def _fitting(size: float, low_mm: float, high_mm: float) -> list[Unit]:
    """Return the units, the smallest first, in which a size lies within bounds in mm."""
    return [unit for unit, mm in MM_OF_UNIT.items() if low_mm <= size * mm <= high_mm]


def _beyond_doubt(fitting: Sequence[Unit], longest: float, facts: ScanFacts) -> Unit | None:
    """Return the one unit of those that fit that is meant, or None where that is not known."""
    length = facts.expected_length_mm
    if length is not None:
        told = [unit for unit in fitting if longest * MM_OF_UNIT[unit] <= _OF_LENGTH[1] * length]
        if told:
            return told[0]
    if len(fitting) == 1:
        return fitting[0]
    usual = next((unit for unit in fitting if unit in _USUAL), None)
    if usual is not None and (longest * MM_OF_UNIT[usual] >= _SHORT_MM or facts.is_small_child):
        return usual
    return None


def _longest_side(unit: Unit, longest: float, facts: ScanFacts) -> str:
    stated = "" if facts.expected_length_mm is None else f", that of a foot{_as_stated(facts)}"
    return f"its longest side is then {longest * MM_OF_UNIT[unit]:.0f} mm{stated}"


def _as_stated(facts: ScanFacts) -> str:
    return "" if facts.expected_length_mm is None else f" {facts.expected_length_mm:.0f} mm long (as scan.toml states)"


def _one_of(units: Iterable[Unit]) -> str:
    *others, last = units
    return f"{', '.join(others)} or {last}"
