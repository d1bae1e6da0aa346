"""A prescription while it is edited: changes, undo, a proven preview of each foot, the difference to what was saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scanproc.artifacts import Check, Feet, Foot, Mesh, ScanFacts, Side
from scanproc.design.mirror import feet_to_design
from scanproc.design.shape import Design
from scanproc.design.sole import ScannedSole
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.prescription.fields import InsoleConfig, Prescription
from scanproc.prescription.files import SIDES, settled_table
from scanproc.prescription.preview import GRID_MM
from scanproc.prescription.sides import OF_BOTH, for_side, laid_over
from scanproc.proof.advice import advice
from scanproc.settings import build_config
from scanproc.stages.insole import proven_insole

Values = Mapping[str, Any]

_KEPT = 8  # previews that undo and compare find again


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
        return {check.name: advice(check) for check in self.checks if not check.passed}


@dataclass
class EditSession:
    """The prescription of one scan, from what was saved to what is on the screen.

    Parameters
    ----------
    feet : as `align` made them, edited landmarks included.
    facts : what is stated of the scan.
    given : the table `insole` that it starts from, with tables `left` and `right` for single feet.
    saved : the one that the scan's last insole was made by, where that is another.
    """

    feet: Feet
    facts: ScanFacts
    given: Values
    saved: Values | None = None
    _saved: dict[str, Any] = field(init=False)
    _history: list[dict[str, Any]] = field(init=False)
    _at: int = field(init=False, default=0)
    _soles: dict[Side, ScannedSole] = field(init=False, default_factory=dict)
    _previews: dict[tuple[str, Side], Preview] = field(init=False, default_factory=dict)
    _feet_by_pair: dict[str, tuple[Foot, ...]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._saved = _copied(self.given if self.saved is None else self.saved)
        self._history = [_copied(self.given)]

    # ---------------------------------------------------------------------------------------------- the values

    @property
    def values(self) -> dict[str, Any]:
        """The table `insole` as it is now."""
        return self._history[self._at]

    @property
    def is_saved(self) -> bool:
        """Whether it is as it was saved."""
        return self.values == self._saved

    def value(self, name: str, side: Side | None = None) -> Any:
        """Return what a field says, of one foot or of both; the preset's or the default where nothing is said.

        Raises
        ------
        ScanError
            If the prescription names a preset or an outline that cannot be read.
        """
        config = _config(self.values)
        return getattr(config if side is None else for_side(config, side), name)

    def change(self, name: str, value: Any, side: Side | None = None) -> None:
        """Set a field, of one foot alone where it is named; None leaves it to the rules.

        Raises
        ------
        ScanError
            If there is no such field, or the value has the wrong type or is out of range.
        """
        build_config(InsoleConfig, {} if value is None else {name: value}, "insole")
        if name == "pair" and value is not None:
            feet_to_design(self.feet.feet, value)
        if side is not None and name in OF_BOTH:
            raise ScanError(f"insole.{name} is said of both feet; expected no single one. Leave the side out.")
        new = _copied(self.values)
        table = new if side is None else new.setdefault(side, {})
        if value is None:
            table.pop(name, None)
        else:
            changed = laid_over(table, {name: value})
            table.clear()
            table.update(changed)
        if side is None:  # what is said of both holds for both
            for own in (new[side] for side in SIDES if side in new):
                own.pop(name, None)
        self._take({key: own for key, own in new.items() if key not in SIDES or own})

    def copy_to_other(self, source: Side) -> None:
        """Give the other foot what is said of this one alone; mirror images need nothing more: medial stays medial."""
        other: Side = "right" if source == "left" else "left"
        new = _copied(self.values)
        new.pop(other, None)
        if source in new:
            new[other] = dict(new[source])
        self._take(new)

    def undo(self) -> bool:
        """Go back by one change; tell whether there was one."""
        return self._go(self._at - 1)

    def redo(self) -> bool:
        """Take the last change that was undone again; tell whether there was one."""
        return self._go(self._at + 1)

    def note_saved(self) -> None:
        """Remember that what is there now was saved: later differences are against it."""
        self._saved = _copied(self.values)

    # ------------------------------------------------------------------------------------------- what comes out

    @property
    def sides(self) -> tuple[Side, ...]:
        """The feet that insoles are made for."""
        return tuple(foot.side for foot in self._feet())

    def foot(self, side: Side) -> Foot:
        """Return the foot that is designed on, in its own frame."""
        return next(foot for foot in self._feet() if foot.side == side)

    def preview(self, side: Side) -> Preview:
        """Return what the prescription makes of a foot, proven on a grid of 1 mm."""
        return self._preview(self.values, side)

    def saved_preview(self, side: Side) -> Preview:
        """Return the same of the prescription that was saved last."""
        return self._preview(self._saved, side)

    def raised_mm(self, side: Side) -> FloatArray | None:
        """Return how much higher the top is than that of the saved prescription, (V,) mm at the solid's vertices.

        It is nan beside the saved top and where the solid does not look up; None where either is refused.
        """
        now, before = self.preview(side), self.saved_preview(side)
        if now.solid is None or now.asked is None or before.asked is None:
            return None
        xy = now.solid.vertices[:, :2]
        there, saved = now.asked.top_at(xy), before.asked.top_at(xy)
        on_top = np.abs(now.solid.vertices[:, 2] - there) < GRID_MM
        return np.where(on_top, there - saved, np.nan)

    def _preview(self, values: dict[str, Any], side: Side) -> Preview:
        key = (repr(values), side)
        if key not in self._previews:
            while len(self._previews) >= _KEPT:
                self._previews.pop(next(iter(self._previews)))
            self._previews[key] = self._made(values, side)
        return self._previews[key]

    def _made(self, values: dict[str, Any], side: Side) -> Preview:
        try:
            before = self._soles.get(side)
            made = proven_insole(self.foot(side), self.facts, _config(values), before, preview=True)
        except ScanError as error:
            return Preview(side, str(error))
        self._soles[side] = made.asked.scanned
        return Preview(side, "", made.rx, made.asked, made.solid, made.checks)

    def _feet(self) -> tuple[Foot, ...]:
        """Return the feet to design for; those of each way to pair them are made once, for soles are kept by foot."""
        pair = _config(self.values).pair
        if pair not in self._feet_by_pair:
            self._feet_by_pair[pair] = feet_to_design(self.feet.feet, pair)
        return self._feet_by_pair[pair]

    def _take(self, values: dict[str, Any]) -> None:
        if values != self.values:
            self._history = [*self._history[: self._at + 1], values]
            self._at += 1

    def _go(self, at: int) -> bool:
        if not 0 <= at < len(self._history):
            return False
        self._at = at
        return True


def _copied(values: Values) -> dict[str, Any]:
    return {name: dict(value) if name in SIDES else value for name, value in values.items()}


def _config(values: dict[str, Any]) -> InsoleConfig:
    config: InsoleConfig = build_config(InsoleConfig, settled_table(values), "insole")
    return config
