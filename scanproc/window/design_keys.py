"""What each key does in the design window: a row a key. Their list in words is `designer.KEYS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from scanproc.views.hands import Keys

if TYPE_CHECKING:
    from scanproc.window.designer import Designer

_MANY = 5  # steps with Shift
_SIGNS = {"period": ".", "comma": ".", "minus": "-", "slash": "/", "space": " ", "underscore": "_"}

Action = Callable[["Designer", Keys], None]


def press_design_key(designer: Designer, name: str, keys: Keys) -> bool:
    """Do what a key stands for, by the name that X gives it; False if it stands for nothing."""
    if designer.typed is not None:
        return _type(designer, name)
    action = ACTIONS.get(name) or ACTIONS.get(name.lower())
    if action is None:
        return False
    designer.message = ""
    action(designer, keys)
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
    designer.message = designer.copy(designer.as_text())


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
        designer.coloring = number

    return act


def _foot(designer: Designer, keys: Keys) -> None:
    designer.foot_shown = not designer.foot_shown


def _fade(step: float) -> Action:
    def act(designer: Designer, keys: Keys) -> None:
        designer.foot_opacity = round(min(1.0, max(0.1, designer.foot_opacity + step)), 2)

    return act


def _view(letter: str) -> Action:
    def act(designer: Designer, keys: Keys) -> None:
        designer.look_from(*designer.six_view(letter))

    return act


def _zoom(factor: float) -> Action:
    def act(designer: Designer, keys: Keys) -> None:
        designer.canvas.camera = designer.canvas.camera.zoomed(factor)

    return act


def _all(designer: Designer, keys: Keys) -> None:
    designer.look_from(designer.canvas.camera.look, designer.canvas.camera.up)


def _list_keys(designer: Designer, keys: Keys) -> None:
    designer.keys_listed = not designer.keys_listed


def _escape(designer: Designer, keys: Keys) -> None:
    designer.keys_listed = False


def _save(designer: Designer, keys: Keys) -> None:
    designer.save()


def _leave(designer: Designer, keys: Keys) -> None:
    if not designer.session.is_saved and not designer.is_warned:
        designer.is_warned = True
        designer.message = "changes are not saved: s saves them, q leaves without"
    else:
        designer.canvas.quit()


ACTIONS: Mapping[str, Action] = {
    "question": _list_keys,
    "F1": _list_keys,
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
    "4": _foot,
    "bracketleft": _fade(-0.1),
    "bracketright": _fade(0.1),
    **{letter: _view(letter) for letter in "tbrfml"},
    "plus": _zoom(1.25),
    "equal": _zoom(1.25),
    "KP_Add": _zoom(1.25),
    "minus": _zoom(0.8),
    "KP_Subtract": _zoom(0.8),
    "0": _all,
    "s": _save,
    "q": _leave,
}
