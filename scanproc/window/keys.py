"""The keys, in the words of the list that `?` shows. Everything that the mouse does has one."""

from __future__ import annotations

KEYS: tuple[tuple[str, str], ...] = (
    ("?", "this list; Escape leaves it, and every tool"),
    ("1 - 9", "layer on or off (click its box); Tab: choose, Space: on or off"),
    ("[ ]", "chosen layer more or less opaque (click its bar)"),
    ("t b r f m l", "top, below, rear, front, medial, lateral"),
    ("arrows", "turn (mouse: drag); Shift: move (Shift and drag)"),
    ("+ - 0", "nearer, farther (wheel), all"),
    ("d a h", "distance, angle, height: click points, or arrows and Return"),
    ("s", "section; x y z: square to that axis"),
    ("", "arrows: move 1 mm (Control: 0.1), Shift: incline 2 deg"),
    ("", "drag its dot to move it, its tip to incline it"),
    (", .", "ruler of the section (click in the profile)"),
    ("n v", "keep the other side; show the cut-away half, too"),
    ("e", "landmarks: Tab chooses, drag or arrows move (Shift: 0.2 mm)"),
    ("u w", "undo; write the landmarks"),
    ("c p", "copy what is read as text; picture as PNG"),
    ("PgUp PgDn", "view before, next view"),
    ("q", "leave"),
)

#: The letters of the six views, and each one's name.
SIX_VIEWS = {"t": "top", "b": "below", "r": "rear", "f": "front", "m": "medial", "l": "lateral"}
