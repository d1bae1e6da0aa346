"""A foot's length against what is stated of it, and the other's: a wrong unit, or a foot of somebody else."""

from __future__ import annotations

from collections.abc import Sequence

from scanproc.artifacts import MM_OF_UNIT, ScanFacts
from scanproc.errors import ScanError

_ASKED_BELOW_MM = 130.0  # EU 21.5: of a child under five years
_AGREES = (0.8, 1.25)  # of the stated length: shoes are bought up to three sizes too large, units are 2.54 apart
_MOST_UNLIKE = 0.12  # of the shorter foot: four sizes of a shoe, chosen, not measured


def check_lengths(lengths_mm: Sequence[float], facts: ScanFacts) -> None:
    """Refuse lengths that contradict what is stated, and two feet that can hardly be one person's unless stated so.

    Raises
    ------
    ScanError
        As `check_length`, and of two feet with what to do.
    """
    for length_mm in lengths_mm:
        check_length(length_mm, facts)
    shorter, longer = min(lengths_mm), max(lengths_mm)
    if facts.side == "auto" and longer > (1.0 + _MOST_UNLIKE) * shorter:
        raise ScanError(
            f"found feet {shorter:.0f} and {longer:.0f} mm long, expected two of one person, alike within"
            f' {100.0 * _MOST_UNLIKE:.0f} %. Scan one person alone; if both are hers or his, write side = "both" in'
            " scan.toml."
        )


def check_length(length_mm: float, facts: ScanFacts) -> None:
    """Refuse a length that contradicts what is stated, and ask about one that only small children have.

    Raises
    ------
    ScanError
        With the unit that would make it right, where one would.
    """
    stated = facts.expected_length_mm
    if stated is None:
        if length_mm < _ASKED_BELOW_MM and not facts.is_small_child:
            raise ScanError(
                f"found a foot {length_mm:.0f} mm long, which is a small child's{_in_other_units(length_mm, facts)};"
                f" expected at least {_ASKED_BELOW_MM:.0f} mm, or a scan.toml that states such an age_years,"
                f" shoe_size_eu or foot_length_mm. State one of them, or correct {_what_scales(facts)}."
            )
        return
    if not _AGREES[0] * stated <= length_mm <= _AGREES[1] * stated:
        fact = "foot_length_mm" if facts.foot_length_mm is not None else "shoe_size_eu"
        raise ScanError(
            f"found a foot {length_mm:.0f} mm long{_in_other_units(length_mm, facts)}; expected about {stated:.0f} mm,"
            f" as {fact} = {getattr(facts, fact):g} in scan.toml states. Correct it, or {_what_scales(facts)}."
        )


def _in_other_units(length_mm: float, facts: ScanFacts) -> str:
    """Say what the length is if the file's unit is another one, where that is a foot's."""
    if facts.unit == "auto":
        return ""
    low, high = (f * facts.expected_length_mm for f in _AGREES) if facts.expected_length_mm else (200.0, 320.0)
    others = {unit: length_mm * mm / MM_OF_UNIT[facts.unit] for unit, mm in MM_OF_UNIT.items() if unit != facts.unit}
    told = [f"{length:.0f} mm if the file is in {unit}" for unit, length in others.items() if low <= length <= high]
    return f" ({', '.join(told)})" if told else ""


def _what_scales(facts: ScanFacts) -> str:
    return "the scale of the depth, depth_unit_mm" if facts.unit == "auto" else f'unit = "{facts.unit}"'
