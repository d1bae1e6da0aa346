"""A prescription while it is edited: changes, undo, a proven preview of each foot, the difference to what was saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scanproc.artifacts import Feet, Foot, Mesh, ScanFacts, Side
from scanproc.design.mirror import feet_to_design
from scanproc.design.sole import ScannedSole
from scanproc.editing.preview import Preview, over
from scanproc.errors import ScanError
from scanproc.formats.edited_landmarks import edit_of, landmarks_of_edit
from scanproc.frames import FloatArray
from scanproc.prescription.fields import InsoleConfig
from scanproc.prescription.files import SIDES, settled_table
from scanproc.prescription.sides import OF_BOTH, for_side, laid_over
from scanproc.settings import build_config
from scanproc.solid.face_grid import FaceGrid
from scanproc.stages.insole import proven_insole

Values = Mapping[str, Any]

#: Landmarks set by hand, by side and name: x, y, z in mm of the foot frame.
Marks = Mapping[Side, Mapping[str, tuple[float, ...]]]

_KEPT = 8  # previews that undo and compare find again


@dataclass(frozen=True)
class Step:
    """What undo goes back to: the table `insole`, and the landmarks that were set by hand."""

    values: dict[str, Any]
    marks: Marks


@dataclass
class EditSession:
    """The prescription of one scan, from what was saved to what is on the screen.

    Parameters
    ----------
    feet : as `align` found them, without what was set by hand.
    facts : what is stated of the scan.
    given : the table `insole` that it starts from, with tables `left` and `right` for single feet.
    saved : the one that the scan's last insole was made by, where that is another.
    marks : where landmarks are that somebody set by hand; they may be moved further here.
    earlier : insoles to compare with, by side, in the frame of the foot.
    """

    feet: Feet
    facts: ScanFacts
    given: Values
    saved: Values | None = None
    marks: Marks = field(default_factory=dict)
    earlier: Mapping[Side, Mesh] = field(default_factory=dict)
    _saved: Step = field(init=False)
    _history: list[Step] = field(init=False)
    _at: int = field(init=False, default=0)
    _soles: dict[Side, ScannedSole] = field(init=False, default_factory=dict)
    _previews: dict[tuple[str, Side], Preview] = field(init=False, default_factory=dict)
    _feet_made: dict[str, tuple[Foot, ...]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._saved = Step(_copied(self.given if self.saved is None else self.saved), self.marks)
        self._history = [Step(_copied(self.given), self.marks)]

    # ---------------------------------------------------------------------------------------------- the values

    @property
    def values(self) -> dict[str, Any]:
        """The table `insole` as it is now."""
        return self.now.values

    @property
    def now(self) -> Step:
        """Prescription and landmarks as they are now."""
        return self._history[self._at]

    @property
    def is_saved(self) -> bool:
        """Whether it is as it was saved."""
        return self.now == self._saved

    @property
    def are_marks_saved(self) -> bool:
        """Whether the landmarks are where they were saved."""
        return self.now.marks == self._saved.marks

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
        self._take(Step({key: own for key, own in new.items() if key not in SIDES or own}, self.now.marks))

    def move(self, name: str, point: FloatArray, side: Side) -> None:
        """Put a landmark of a scanned foot at a (3,) point of its skin, in mm; the insole follows.

        Raises
        ------
        ScanError
            If the foot was not scanned, or the point lies off its skin or far from where the landmark was found.
        """
        if side not in {foot.side for foot in self.feet.feet}:
            raise ScanError(f"the {side} foot is a mirror image; expected one that was scanned. Move the other one's.")
        place = tuple(float(x) for x in point)
        marks = {**self.now.marks, side: {**self.now.marks.get(side, {}), name: place}}
        edit_of(self.feet, _points(marks))
        self._take(Step(self.values, marks))

    def copy_to_other(self, source: Side) -> None:
        """Give the other foot what is said of this one alone; mirror images need nothing more: medial stays medial."""
        other: Side = "right" if source == "left" else "left"
        new = _copied(self.values)
        new.pop(other, None)
        if source in new:
            new[other] = dict(new[source])
        self._take(Step(new, self.now.marks))

    def undo(self) -> bool:
        """Go back by one change; tell whether there was one."""
        return self._go(self._at - 1)

    def redo(self) -> bool:
        """Take the last change that was undone again; tell whether there was one."""
        return self._go(self._at + 1)

    def note_saved(self) -> None:
        """Remember that what is there now was saved: later differences are against it."""
        self._saved = self.now

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
        return self._preview(self.now, side)

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
        return over(now, before.asked.top_at(xy))

    def over_earlier_mm(self, side: Side) -> FloatArray | None:
        """Return how much higher the top is than that of the insole to compare with, as `raised_mm` does."""
        now, solid = self.preview(side), self.earlier.get(side)
        if now.solid is None or solid is None:
            return None
        return over(now, FaceGrid.of(solid).touched(now.solid.vertices[:, :2].copy(), from_above=True).z)

    def _preview(self, step: Step, side: Side) -> Preview:
        key = (repr(step), side)
        if key not in self._previews:
            while len(self._previews) >= _KEPT:
                self._previews.pop(next(iter(self._previews)))
            self._previews[key] = self._made(step, side)
        return self._previews[key]

    def _made(self, step: Step, side: Side) -> Preview:
        try:
            foot = next((foot for foot in self._feet(step) if foot.side == side), None)
            if foot is None:
                return Preview(side, f"there was no {side} foot")
            made = proven_insole(foot, self.facts, _config(step.values), self._soles.get(side), preview=True)
        except ScanError as error:
            return Preview(side, str(error))
        self._soles[side] = made.asked.scanned
        return Preview(side, "", made.rx, made.asked, made.solid, made.checks)

    def _feet(self, step: Step | None = None) -> tuple[Foot, ...]:
        """Return the feet to design for; those of one way to pair them are made once, for soles are kept by foot."""
        step = step or self.now
        pair = _config(step.values).pair
        key = repr((pair, step.marks))
        if key not in self._feet_made:
            while len(self._feet_made) >= _KEPT:
                self._feet_made.pop(next(iter(self._feet_made)))
            edit = edit_of(self.feet, _points(step.marks))
            feet = self.feet if edit is None else landmarks_of_edit(edit, self.feet)
            self._feet_made[key] = feet_to_design(feet.feet, pair)
        return self._feet_made[key]

    def _take(self, step: Step) -> None:
        if step != self.now:
            self._history = [*self._history[: self._at + 1], step]
            self._at += 1

    def _go(self, at: int) -> bool:
        if not 0 <= at < len(self._history):
            return False
        self._at = at
        return True


def _points(marks: Marks) -> dict[Side, dict[str, FloatArray]]:
    return {side: {name: np.array(xyz) for name, xyz in own.items()} for side, own in marks.items()}


def _copied(values: Values) -> dict[str, Any]:
    return {name: dict(value) if name in SIDES else value for name, value in values.items()}


def _config(values: dict[str, Any]) -> InsoleConfig:
    config: InsoleConfig = build_config(InsoleConfig, settled_table(values), "insole")
    return config
