"""The design window in a real browser: turned, a bar drawn, a value typed, saved; nothing asked of another host."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from chromium import Browser
from insole_feet import FEET, leg

from scanproc.artifacts import Feet, ScanFacts
from scanproc.editing.session import EditSession
from scanproc.pipeline import STAGES
from scanproc.prescription.files import read_prescription
from scanproc.store import open_store
from scanproc.window.design_outside import DesignOutside
from scanproc.window.panel import Box
from scanproc.window.show import design_window

_TEXT = 'fetch("/text").then(answer => answer.text())'
_PICTURE = 'document.getElementById("view").src'


@pytest.fixture
def browser() -> Iterator[Browser]:
    found = Browser()
    yield found
    found.close()


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    store = open_store(tmp_path / "outputs", "leg-1")
    store.save(next(stage for stage in STAGES if stage.name == "align"), Feet((leg(1),)), {})
    command = [sys.executable, "-m", "scanproc", "-q", "design", str(FEET / "leg-1.ply"), "--web"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, encoding="utf-8")
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        process.communicate()


def boxes(*keys: str) -> tuple[float, dict[tuple[str, int], Box]]:
    """Return where the panel begins, and its boxes after keys were pressed, of the same window off-screen."""
    from scanproc.views.hands import Keys

    window = design_window(
        "leg", EditSession(Feet((leg(1),)), ScanFacts("leg"), {}), DesignOutside(str, str), off_screen=True
    )
    for key in keys:
        window.key(key, Keys())
    assert window._panel is not None
    found = {(box.kind, box.number): box for box in window._panel.boxes}
    left = float(window.canvas.camera.width_px)
    window.canvas.close()
    return left, found


def test_a_dose_is_changed_by_mouse_and_keys_and_saved_from_a_browser(
    address: str, browser: Browser, tmp_path: Path
) -> None:
    browser.open(address)
    before = browser.wait_for(_PICTURE)
    assert "left insole" in browser.value(_TEXT)

    browser.mouse("mousePressed", 400, 400)
    for x in (420, 460, 500):
        browser.mouse("mouseMoved", x, 420)
    browser.mouse("mouseReleased", 500, 420)
    turned = browser.wait_for(_PICTURE, lambda src: src != before)

    left, found = boxes("Tab", "Tab", "Tab", "Tab")  # Heel
    tab, bar = found["section", 4], found["slider", 0]
    for kind in ("mousePressed", "mouseReleased"):
        browser.mouse(kind, left + tab.left + 5, tab.top + 5)
    y = 0.5 * (bar.top + bar.bottom)
    browser.mouse("mousePressed", left + bar.left + 20, y)
    browser.mouse("mouseMoved", left + bar.left + 38, y)
    browser.mouse("mouseReleased", left + bar.left + 38, y)
    text = browser.wait_for(_TEXT, lambda text: "heel_cup_depth_mm = 17" in text)
    assert "cup_depth_rear_mm: 1" in text
    assert browser.value(_PICTURE) != turned

    for key in ("Enter", "1", "4", ".", "5", "Enter", "s"):
        browser.key(key)
    browser.wait_for(_TEXT, lambda text: "heel_cup_depth_mm = 14.5" in text)
    path = tmp_path / "outputs" / "leg-1" / "prescription.toml"
    browser.wait_for("1", lambda _: path.is_file())
    assert read_prescription(path)["insole"] == {"heel_cup_depth_mm": 14.5}

    assert browser.errors == []
    hosts = {urlsplit(asked).netloc for asked in browser.asked if asked.startswith("http")}
    assert hosts == {urlsplit(address).netloc}
    browser.key("q")
    browser.wait_for("fetch('/text').then(() => false, () => true)")  # the window has gone
