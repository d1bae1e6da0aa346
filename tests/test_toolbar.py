"""Buttons over a scene, and words that stand beside each other."""

from __future__ import annotations

import numpy as np
import pytest

from scanproc.artifacts import Mesh
from scanproc.views.camera import Camera
from scanproc.views.pen import font_of, rows_of
from scanproc.views.scene import ABOVE, Label
from scanproc.window.camera_keys import CAMERA_BUTTONS, CAMERA_KEYS
from scanproc.window.glass import place_labels
from scanproc.window.inline_labels import are_hidden, beside_each_other
from scanproc.window.toolbar import key_at, laid_out, more_rows_px


@pytest.mark.parametrize("width", [300, 744, 960])
def test_buttons_lie_in_the_window_none_over_another_and_are_found(width: int) -> None:
    boxes = laid_out(CAMERA_BUTTONS, width, 600)
    for box in boxes:
        assert 0.0 < box.left < box.right < width and 300.0 < box.top < box.bottom < 600.0
        assert key_at(CAMERA_BUTTONS, (width, 600), box.left + 1.0, box.top + 1.0) == CAMERA_BUTTONS[box.number].key
        others = [other for other in boxes if other is not box]
        assert all(box.right < o.left or o.right < box.left or box.bottom < o.top or o.bottom < box.top for o in others)
    assert key_at(CAMERA_BUTTONS, (width, 600), 2.0, 2.0) is None
    assert all(button.key in CAMERA_KEYS for button in CAMERA_BUTTONS)


def test_words_at_one_place_stand_beside_each_other() -> None:
    at = np.array([[100.0, 100.0], [101.0, 101.0], [100.0, 99.0], [300.0, 100.0]])
    places = beside_each_other(at, [20.0] * 4)
    assert np.array_equal(places[[0, 3]], at[[0, 3]])
    apart = np.abs(places[:, None] - places[None])
    free = (apart[..., 0] >= 20.0) | (apart[..., 1] >= 14.0)
    assert free[~np.eye(4, dtype=bool)].all() and np.abs(places - at).max() < 40.0


def test_a_point_behind_a_body_is_hidden() -> None:
    plate = Mesh(
        np.array([[-50.0, -50.0, 0.0], [50.0, -50.0, 0.0], [50.0, 50.0, 0.0], [-50.0, 50.0, 0.0]]),
        np.array([[0, 1, 2], [0, 2, 3]], dtype=np.int32),
    )
    points = np.array([[0.0, 0.0, -10.0], [0.0, 10.0, 10.0], [10.0, 0.0, -1.0], [70.0, 0.0, -10.0]])
    camera = Camera.round(plate.vertices, *ABOVE, (400, 400))
    assert are_hidden(points, camera, [plate]) == [True, False, False, False]
    assert are_hidden(points, camera, []) == [False] * 4


def test_a_long_text_is_written_in_rows() -> None:
    text, font = "a prescription that was saved to some folder " * 5, font_of(14)
    rows = rows_of(text, 200.0, font)
    assert " ".join(rows) == text.strip() and max(font.getlength(row) for row in rows) <= 200.0
    assert rows_of("", 200.0, font) == []


def test_more_rows_of_buttons_keep_scene_and_names_free() -> None:
    assert more_rows_px(CAMERA_BUTTONS, 960) == 0.0 and more_rows_px((), 100) == 0.0
    below = more_rows_px(CAMERA_BUTTONS, 300)
    top = min(box.top for box in laid_out(CAMERA_BUTTONS, 300, 800))
    assert 300.0 < top == 800.0 - 56.0 - below
    body = np.array([[-10.0, -40.0, 0.0], [10.0, 40.0, 5.0]])  # higher than wide, seen from above with y upwards
    look, up = np.array([0.0, 0.0, -1.0]), np.array([0.0, 1.0, 0.0])
    camera = Camera.round(body, look, up, (300, 800), below)
    y = camera.pixels(body)[:, 1]
    assert y.min() > 0.0 and y.max() < top
    assert y.min() == pytest.approx(800.0 - below - y.max())  # in the middle of what is free
    labels = [Label(f"name {number}", np.array([0.0, -40.0 + number, 0.0])) for number in range(30)]
    assert all(placed.top + 18.0 <= top for placed in place_labels(labels, camera, below))
