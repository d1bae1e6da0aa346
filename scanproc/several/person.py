"""One person in several scans: raised for sole, arch and insole, standing for posture; one page of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scanproc.artifacts import Refusal, ScanFacts
from scanproc.errors import ScanError
from scanproc.measures.two_scans import ScannedFoot, loading_words
from scanproc.several.scans import ScanResults


@dataclass(frozen=True)
class ScanRefusal:
    """A stage that refused one of several scans; `covered`: another scan has what it would have made."""

    scan: str
    refusal: Refusal
    covered: bool

    @property
    def message(self) -> str:
        return f"{self.scan}: {self.refusal.stage}: {self.refusal.message}"


@dataclass(frozen=True)
class Person:
    """All scans of one person, in the order in which they were given."""

    scans: tuple[ScanResults, ...]

    @property
    def sides(self) -> tuple[str, ...]:
        """The sides that were measured, left first."""
        return tuple(side for side in ("left", "right") if any(side in scan.scanned_feet for scan in self.scans))

    def scanned(self, side: str) -> tuple[ScannedFoot, ...]:
        """Return one foot in every scan that holds it."""
        return tuple(scan.scanned_feet[side] for scan in self.scans if side in scan.scanned_feet)

    @property
    def refusals(self) -> tuple[ScanRefusal, ...]:
        """What was refused in any scan. A standing scan needs no insole where a raised one has it."""
        proven = {
            insole.side
            for scan in self.scans
            for insole in (scan.insoles.insoles if scan.insoles else ())
            if insole.proven
        }
        return tuple(
            ScanRefusal(
                scan.facts.name,
                refusal,
                refusal.stage in ("insole", "export") and _without(scan, refusal) <= proven,
            )
            for scan in self.scans
            for refusal in scan.refusals
        )


def _without(scan: ScanResults, refusal: Refusal) -> set[str]:
    """Return the sides that a refusal leaves without an insole: one of a pair, or all that the scan holds."""
    refused = [insole.side for insole in scan.insoles.insoles if insole.why_not is not None] if scan.insoles else []
    parts = dict(zip(scan.insoles.refused_parts, refused, strict=True)) if scan.insoles else {}
    return {parts[refusal.message]} if refusal.message in parts else set(scan.scanned_feet)


def check_one_person(facts: Sequence[ScanFacts]) -> None:
    """Refuse scans that state different people.

    Raises
    ------
    ScanError
        If two scans state another subject, or another sex.
    """
    for name in ("subject", "sex"):
        stated = {scan.name: getattr(scan, name) for scan in facts if getattr(scan, name) is not None}
        if len(set(stated.values())) > 1:
            found = " and ".join(f"{value} ({scan})" for scan, value in stated.items())
            raise ScanError(
                f"found {name} {found}; expected scans of one person. Leave one out, or correct {name} in scan.toml."
            )


def check_sides(person: Person) -> None:
    """Refuse scans whose feet do not go together.

    Raises
    ------
    ScanError
        If nothing was measured, one foot was scanned twice under one load, or two scans have neither a side nor a
        loading in common, as when one of them is named the wrong side.
    """
    feet = [foot for side in person.sides for foot in person.scanned(side)]
    if not feet:
        raise ScanError("no scan could be measured; expected one at least. " + person.refusals[0].message)
    for index, foot in enumerate(feet):
        for other in feet[:index]:
            if (foot.side, foot.foot.loading) == (other.side, other.foot.loading):
                raise ScanError(
                    f"{other.facts.name} and {foot.facts.name} both hold a {foot.side} foot,"
                    f" {loading_words(foot.foot.loading)}; expected one scan of a foot and loading. Leave one out,"
                    " state the loading in scan.toml, or use scanproc compare."
                )
    for foot in feet:
        others = [other for other in feet if other.facts.name != foot.facts.name]
        if others and not any(_go_together(foot, other, feet) for other in others):
            raise ScanError(
                f"the sides contradict: found a {foot.side} foot in {foot.where}, and a {others[0].side} foot in"
                f" {others[0].where}; expected scans of the same feet, or of both feet under one load. Correct side in"
                " scan.toml, or leave one out."
            )


def _go_together(foot: ScannedFoot, other: ScannedFoot, feet: Sequence[ScannedFoot]) -> bool:
    """Whether two scans share a side or a loading, or the foot's own scan holds its pair, which is judged then."""
    in_pair = any(each.facts.name == foot.facts.name and each.side != foot.side for each in feet)
    return in_pair or foot.side == other.side or foot.foot.loading == other.foot.loading
