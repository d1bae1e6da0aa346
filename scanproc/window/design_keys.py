"""What each key does in the design window: a row a key. Their list in words is `designer.KEYS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from scanproc.views.hands import Keys
from scanproc.views.preview_display import COLORINGS
from scanproc.window.camera_keys import CAMERA_KEYS

if TYPE_CHECKING:
    from scanproc.window.designer import Designer

_WAYS = {"Left": (-1.0, 0.0), "Right": (1.0, 0.0), "Up": (0.0, -1.0), "Down": (0.0, 1.0)}  # in pixels
_NUDGE_MM, _FINE_MM = 1.0, 0.2
_MANY = 5  # steps with Shift
_SIGNS = {"period": ".", "comma": ".", "minus": "-", "slash": "/", "space": " ", "underscore": "_"}

Action = Callable[["Designer", Keys], None]


def press_design_key(designer: Designer, name: str, keys: Keys) -> bool:
    """Do what a key stands for, by the name that X gives it; False if it stands for nothing."""
    if designer.typed is not None:
        return _type(designer, name)
    designer.message = ""
    if designer.points.is_on and name in _WAYS:
        designer.nudge(np.array(_WAYS[name]), _FINE_MM if keys.shift else _NUDGE_MM)
    elif designer.points.is_on and name in ("Tab", "ISO_Left_Tab"):
        designer.points.choose_next(-1 if keys.shift else 1)
    elif (action := ACTIONS.get(name) or ACTIONS.get(name.lower())) is not None:
        action(designer, keys)
    elif (look := CAMERA_KEYS.get(name) or CAMERA_KEYS.get(name.lower())) is not None:
        look(designer)
    else:
        return False
    return True


def _type(designer: Designer, name: str) -> bool:
    """Take one more sign of a value, or the value with Return."""
    assert designer.typed is not None
    if name == "Escape":
        designer.typed = None
    elif name in ("Return", "KP_Enter"):
        text, designer.typed, field = designer.typed, None, designer.field
        if text or field.kind == "text":
            designer.change(field, _value(text, field.kind))
    elif name == "BackSpace":
        designer.typed = designer.typed[:-1]
    elif len(name) == 1 or name in _SIGNS or name.removeprefix("KP_").isdigit():
        designer.typed += _SIGNS.get(name, name.removeprefix("KP_"))
    else:
        return False
    return True


def _value(text: str, kind: str) -> Any:
    """Return what was typed as a field's value; what is no number is left for the settings to refuse in words."""
    if kind == "number":
        try:
            return float(text)
        except ValueError:
            return text
    return text


def _choose(step: int) -> Action:
    def act(designer: Designer, keys: Keys) -> None:
        designer.chosen = (designer.chosen + step) % len(designer.sections[designer.section].fields)

    return act


def _open(step: int) -> Action:
    def act(designer: Designer, keys: Keys) -> None:
        way = -step if keys.shift else step
        designer.section, designer.chosen = (designer.section + way) % len(designer.sections), 0

    return act


def _step(way: int) -> Action:
    def act(designer: Designer, keys: Keys) -> None:
        field = designer.field
        if field.kind == "text":
            designer.message = "Return types a value"
            return
        now = designer.session.value(field.name, designer.side)
        designer.change(field, field.next(now, way * (_MANY if keys.shift and field.kind == "number" else 1)))

    return act


def _begin_to_type(designer: Designer, keys: Keys) -> None:
    if designer.field.kind in ("number", "text"):
        designer.typed = ""
    else:
        _step(1)(designer, keys)


def _leave_open(designer: Designer, keys: Keys) -> None:
    designer.change(designer.field, None)


def _alone(designer: Designer, keys: Keys) -> None:
    designer.alone = not designer.alone


def _other(designer: Designer, keys: Keys) -> None:
    if len(designer.session.sides) < 2:
        designer.message = f"there is a {designer.side} foot alone; Device, pair makes the other insole from it"
    designer.side_number += 1


def _copy(designer: Designer, keys: Keys) -> None:
    designer.message = designer.outside.copy(designer.as_text())


def _give(designer: Designer, keys: Keys) -> None:
    designer.session.copy_to_other(designer.side)
    designer.message = f"the other foot has what the {designer.side} one has: medial stays medial"


def _undo(designer: Designer, keys: Keys) -> None:
    if not designer.session.undo():
        designer.message = "nothing to undo"


def _redo(designer: Designer, keys: Keys) -> None:
    if not designer.session.redo():
        designer.message = "nothing to redo"


def _color(number: int) -> Action:
    def act(designer: Designer, keys: Keys) -> None:
        if COLORINGS[number] == "earlier" and not designer.session.earlier:
            designer.message = "--with OTHER lays the insole of another scan, or of other outputs, under this one"
            return
        designer.coloring = number

    return act


def _foot(designer: Designer, keys: Keys) -> None:
    designer.foot_shown = not designer.foot_shown


def _fade(step: float) -> Action:
    def act(designer: Designer, keys: Keys) -> None:
        designer.foot_opacity = round(min(1.0, max(0.1, designer.foot_opacity + step)), 2)

    return act


def _escape(designer: Designer, keys: Keys) -> None:
    designer.keys_listed, designer.points.is_on = False, False


def _save(designer: Designer, keys: Keys) -> None:
    designer.save()


def _set_up(designer: Designer, keys: Keys) -> None:
    designer.points.is_on = not designer.points.is_on
    if designer.points.is_on:
        designer.message = "three points: drag one, or Tab and arrows (Shift: 0.2 mm); u takes back, s saves"


def _make(designer: Designer, keys: Keys) -> None:
    designer.make()


def _report(designer: Designer, keys: Keys) -> None:
    if designer.outside.open_report is None:
        designer.message = "there is no report here"
    else:
        designer.message = designer.outside.open_report()


def _leave(designer: Designer, keys: Keys) -> None:
    if not designer.session.is_saved and not designer.is_warned:
        designer.is_warned = True
        designer.message = "changes are not saved: s saves them, q leaves without"
    else:
        designer.canvas.quit()


ACTIONS: Mapping[str, Action] = {
    "Escape": _escape,
    "Tab": _open(1),
    "ISO_Left_Tab": _open(1),  # what X calls Tab with Shift
    "Up": _choose(-1),
    "Down": _choose(1),
    "Left": _step(-1),
    "Right": _step(1),
    "Return": _begin_to_type,
    "KP_Enter": _begin_to_type,
    "Delete": _leave_open,
    "i": _alone,
    "o": _other,
    "g": _give,
    "c": _copy,
    "u": _undo,
    "y": _redo,
    "1": _color(0),
    "2": _color(1),
    "3": _color(2),
    "5": _color(3),
    "4": _foot,
    "e": _set_up,
    "bracketleft": _fade(-0.1),
    "bracketright": _fade(0.1),
    "s": _save,
    "k": _make,
    "j": _report,
    "q": _leave,
}
