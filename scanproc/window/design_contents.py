"""What the panel of the design window holds, and the buttons over its scene."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scanproc.editing.form import Field
from scanproc.views.colors import BLUE, GREY, INK
from scanproc.views.display import Layer
from scanproc.views.preview_display import COLORINGS
from scanproc.window.camera_keys import CAMERA_BUTTONS
from scanproc.window.form_panel import FieldRow, FormContents
from scanproc.window.toolbar import Button

if TYPE_CHECKING:
    from scanproc.window.designer import Designer

KEYS: tuple[tuple[str, str], ...] = (
    ("?", "this list; Escape leaves it"),
    ("Tab", "next section (Shift: the one before; click it)"),
    ("Up Down", "choose a field (click it)"),
    ("Left Right", "change it by a step (Shift: by five; drag its bar)"),
    ("Return", "type a value, Return takes it (click the value)"),
    ("Delete", "leave it to the rules, or to the default"),
    ("i", "change this foot alone, or both"),
    ("o g", "other foot; give it what this one alone has"),
    ("u y", "undo; redo (all of these are buttons, too)"),
    ("1 2 3 5", "insole plain, by its wall, over the saved one, over an earlier one (--with)"),
    ("e", "heel, 1st and 5th metatarsal head: drag one, or Tab and arrows"),
    ("4 [ ]", "foot on or off; more or less opaque"),
    ("t b r f m l", "top, below, rear, front, medial, lateral"),
    ("mouse", "drag turns, Shift moves, wheel zooms; a light shows its place"),
    ("+ - 0", "nearer, farther, all"),
    ("c s", "copy the proof as text; save"),
    ("k j q", "save and make: run to the report; open the report; leave"),
)

_PASSED = {True: "passed", False: "FAILED"}


def form_contents(designer: Designer, layers: Sequence[Layer]) -> FormContents:
    """Return what the panel holds."""
    section = designer.sections[designer.section]
    whose = "both feet" if len(designer.session.sides) > 1 else "the foot"
    whose = f"{designer.side} foot alone" if designer.alone else whose
    head = [(INK, f"{designer.side} insole; changes hold for {whose}")]
    head.append((GREY, "as saved") if designer.session.is_saved else (BLUE, "changed, not saved: s saves"))
    shown = [layer.legend for layer in layers if layer.legend is not None]
    return FormContents(
        head=head,
        sections=[each.title for each in designer.sections],
        section=designer.section,
        rows=[_row(designer, each) for each in section.fields],
        chosen=designer.chosen,
        refused=designer.preview.refused,
        lights=designer.lights,
        legend=shown[0] if shown else None,
    )


def proof_text(designer: Designer) -> str:
    """Return what was asked and what came out, to be copied."""
    asked = [f"{name} = {value}" for name, value in designer.session.values.items()]
    got = [f"{each.name}: {each.got} (asked {each.asked}), {_PASSED[each.passed]}" for each in designer.lights]
    return "\n".join([f"{designer.title}, {designer.side} insole", *asked, designer.preview.refused, *got]) + "\n"


def _row(designer: Designer, field: Field) -> FieldRow:
    value = designer.session.value(field.name, designer.side)
    text = "by rule" if value is None else ("on" if value else "off") if field.kind == "switch" else str(value)
    if isinstance(value, float):
        text = f"{value:g}"
    if designer.typed is not None and field is designer.field:
        text = f"{designer.typed}_"
    return FieldRow(field, value, text, value != field.default)


def buttons(designer: Designer) -> tuple[Button, ...]:
    """The buttons over the scene."""
    now = COLORINGS[designer.coloring]
    return (
        Button("undo", "u"), Button("redo", "y"), Button("save", "s"), Button("make", "k"), Button("report", "j"),
        Button("plain", "1", now == "plain"), Button("wall", "2", now == "wall"),
        Button("changed", "3", now == "changed"),
        *((Button("earlier", "5", now == "earlier"),) if designer.session.earlier else ()),
        Button("foot", "4", designer.foot_shown), Button("3 points", "e", designer.points.is_on),
        *((Button("other foot", "o"),) if len(designer.session.sides) > 1 else ()), *CAMERA_BUTTONS,
    )  # fmt: skip
