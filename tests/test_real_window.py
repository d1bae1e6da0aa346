"""A real window on a real display server: keys and mouse come through X, and what it says is what is computed.

Skipped with a word where Xvfb or xdotool is not installed (Debian: apt-get install xvfb xdotool).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from test_views import brick_foot

from scanproc.artifacts import Feet
from scanproc.pipeline import STAGES
from scanproc.store import open_store
from scanproc.views import pages
from scanproc.views.camera import Camera
from scanproc.views.scene import ABOVE
from scanproc.window.layers import LayerList
from scanproc.window.panel import paint_panel
from scanproc.window.show import SIZE_PX, panel_px
from scanproc.window.state import State

missing = [name for name in ("Xvfb", "xdotool") if shutil.which(name) is None]
if missing:
    pytest.skip(f"{' and '.join(missing)} is not installed: no real window here", allow_module_level=True)

PATIENCE_SECONDS = 120.0
FEET = Feet((brick_foot(),))


def wait_for(what: Callable[[], bool], words: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not what():
        assert time.monotonic() < end, f"waited in vain for {words}"
        time.sleep(0.1)


class Window:
    """A window of `scanproc view` on a display of its own."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder, self.environment = folder, environment
        command = [sys.executable, "-m", "scanproc", "view", "demo", "align"]
        without_programs = {**environment, "PATH": str(folder)}  # no clipboard: what is copied comes as a file
        self.process = subprocess.Popen(command, cwd=folder, env=without_programs, stderr=subprocess.PIPE)

    def x(self, *words: object) -> str:
        done = subprocess.run(
            ["xdotool", *map(str, words)], env=self.environment, check=False, capture_output=True, encoding="utf-8"
        )
        return done.stdout.strip()

    def is_open(self) -> bool:
        assert self.process.poll() is None, self.process.stderr.read() if self.process.stderr else ""
        return bool(self.x("search", "--name", "demo: align"))

    def said(self) -> str:
        """Copy what the window reads; without a clipboard it is written to a file."""
        path = self.folder / "demo-view.txt"
        path.unlink(missing_ok=True)
        self.x("key", "c")
        wait_for(lambda: path.is_file() and path.read_text(encoding="utf-8").endswith("\n"), "the copied text")
        return path.read_text(encoding="utf-8")

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        self.x("mousemove", *start, "sleep", 0.3, "mousedown", 1, "sleep", 0.3)
        self.x("mousemove", *end, "sleep", 0.3, "mouseup", 1, "sleep", 0.3)


@pytest.fixture
def window(tmp_path: Path) -> Iterator[Window]:
    """Open the brick foot's landmarks on a new display."""
    auto = {name: replace(mark, method="auto") for name, mark in FEET.feet[0].landmarks.items()}
    store = open_store(tmp_path / "outputs", "demo")
    store.save(
        next(stage for stage in STAGES if stage.name == "align"), Feet((replace(FEET.feet[0], landmarks=auto),)), {}
    )
    read_end, write_end = os.pipe()
    # A server resets when its last client leaves, as each xdotool is one, and who comes meanwhile is turned away.
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write_end), "-screen", "0", "1400x900x24", "-nolisten", "tcp", "-noreset"],
        pass_fds=[write_end],
        stderr=subprocess.DEVNULL,
    )
    os.close(write_end)
    with os.fdopen(read_end) as pipe:
        number = pipe.readline().strip()
    inherited = {name: value for name, value in os.environ.items() if name != "VTK_DEFAULT_OPENGL_WINDOW"}  # off-screen
    environment = {**inherited, "DISPLAY": f":{number}", "PYTHONPATH": str(Path(__file__).parents[1])}
    opened = Window(tmp_path, environment)
    try:
        wait_for(opened.is_open, "the window")
        opened.x("mousemove", 600, 60, "sleep", 0.5)
        yield opened
    finally:
        opened.process.kill()
        opened.process.communicate()
        server.terminate()
        server.wait()


def at(camera: Camera, point: tuple[float, float, float]) -> tuple[int, int]:
    x, y = camera.pixels(np.array([point]))[0]
    return round(x), round(y)


def test_a_real_window_answers_keys_drags_a_landmark_and_moves_a_plane(window: Window) -> None:
    window.x("key", "t")
    assert window.said().startswith("demo: align (foot frame)\n")
    scene = (SIZE_PX[0] - panel_px(SIZE_PX[0]), SIZE_PX[1])
    shown = np.concatenate([layer.scene.extent() for layer in pages(FEET)[0]().layers])
    camera = Camera.round(shown, *ABOVE, scene)

    window.x("key", "d")  # two clicks, 100 mm apart along x
    for point in ((60.0, 20.0, 60.0), (160.0, 20.0, 60.0)):
        window.x("mousemove", *at(camera, point), "sleep", 0.3, "click", 1, "sleep", 0.3)
    distance = float(window.said().split("distance ")[1].split(" mm")[0])
    assert distance == pytest.approx(100.0, abs=1.5 * camera.mm_per_px)

    window.x("key", "Escape", "key", "e")
    window.drag(at(camera, (170.0, -45.0, 20.0)), at(camera, (160.0, -35.0, 60.0)))
    window.x("key", "w")
    edits = window.folder / "outputs" / "demo" / "landmarks.edited.json"
    wait_for(edits.is_file, "the landmarks")
    (foot,) = json.loads(edits.read_text(encoding="utf-8"))["feet"]
    assert foot["landmarks"]["metatarsale_tibiale"]["xyz_mm"] == pytest.approx(
        [160.0, -35.0, 60.0], abs=1.5 * camera.mm_per_px
    )

    window.x("key", "Escape", "key", "s", "sleep", 0.5, "key", "Right", "key", "Right")
    text = window.said()
    assert "section: normal (1.000, 0.000, 0.000), offset 122.00 mm" in text  # the middle of 240 mm, and two on
    assert "foot: 90.00 wide, 60.00 mm high\n  thick 60.00 mm (v 0.00 to 60.00)" in text
    window.drag(at(camera, (122.0, 0.0, 30.0)), at(camera, (180.0, 0.0, 30.0)))
    offset = float(window.said().split("offset ")[1].split(" mm")[0])
    assert offset == pytest.approx(180.0, abs=1.5 * camera.mm_per_px)

    window.x("key", "p")
    picture = window.folder / "demo-align-1.png"
    wait_for(picture.is_file, "the picture")
    time.sleep(1.0)
    pixels = np.asarray(Image.open(picture)).astype(int)
    assert pixels.shape == (SIZE_PX[1], SIZE_PX[0], 3)
    x, y = at(camera, (60.0, 20.0, 60.0))
    assert pixels[y, x].min() > 240  # cut away
    x, y = at(camera, (210.0, 20.0, 60.0))
    assert pixels[y, x].min() < 240
    assert check_box_is_ticked(pixels)
    window.x("key", "1", "sleep", 0.5, "key", "p")
    wait_for((window.folder / "demo-align-2.png").is_file, "the second picture")
    time.sleep(1.0)
    assert not check_box_is_ticked(np.asarray(Image.open(window.folder / "demo-align-2.png")).astype(int))

    window.x("key", "q")
    wait_for(lambda: window.process.poll() is not None, "its end")
    assert window.process.returncode == 0


def check_box_is_ticked(pixels: np.ndarray) -> bool:
    """Tell whether the box of the first layer has a tick, by the layout that the panel itself tells."""
    state = State(pages(FEET)[0](), LayerList(pages(FEET)[0]().layers))
    box = paint_panel(state.contents(), panel_px(SIZE_PX[0]), SIZE_PX[1]).boxes[0]
    left = SIZE_PX[0] - panel_px(SIZE_PX[0])
    inside = pixels[round(box.top) + 5 : round(box.top) + 14, left + 14 : left + 24]
    return bool((inside.max(axis=2) < 120).sum() > 8)
