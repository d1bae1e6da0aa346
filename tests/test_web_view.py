"""`scanproc view --web`: the window in the one browser that was given the token, and in no other."""

from __future__ import annotations

import http.client
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image
from test_views import brick_foot

from scanproc.artifacts import Feet
from scanproc.errors import ScanError
from scanproc.pipeline import STAGES
from scanproc.store import open_store
from scanproc.views import pages
from scanproc.views.camera import Camera
from scanproc.views.scene import ABOVE
from scanproc.window.show import SIZE_PX, panel_px
from scanproc.window.web import WebServer
from scanproc.window.web_page import PAGE


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Browser:
    """A browser that may hold a cookie, and asks a port of this machine."""

    port: int
    cookie: str = ""

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        sent = {"Cookie": self.cookie} if self.cookie else {}
        data = None if body is None else json.dumps(body)
        connection.request(method, path, data, {**sent, **headers})
        answer = connection.getresponse()
        found = Answer(answer.status, dict(answer.getheaders()), answer.read())
        connection.close()
        return found

    def event(self, kind: str, **others: Any) -> np.ndarray:
        answer = self.ask("POST", "/event", {"kind": kind, **others})
        assert answer.status == 200 and answer.headers["Content-Type"] == "image/jpeg"
        return np.asarray(Image.open(io.BytesIO(answer.body))).astype(int)

    def text(self) -> str:
        return self.ask("GET", "/text").body.decode()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    store = open_store(tmp_path / "outputs", "demo")
    store.save(next(stage for stage in STAGES if stage.name == "align"), Feet((brick_foot(),)), {})
    command = [sys.executable, "-m", "scanproc", "view", "demo", "align", "--web"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, encoding="utf-8")
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


def test_one_browser_sees_measures_and_leaves_and_another_gets_nothing(
    served: tuple[subprocess.Popen[str], str],
) -> None:
    process, address = served
    assert address.startswith("http://127.0.0.1:")
    port, query = urlsplit(address).port, urlsplit(address).query
    assert port is not None
    stranger, browser = Browser(port), Browser(port)
    assert stranger.ask("GET", "/").status == 404 and stranger.ask("GET", "/?token=guess").status == 404
    assert stranger.ask("POST", "/event", {"kind": "picture"}).status == 404
    # a name of another host that leads to this machine
    assert stranger.ask("GET", f"/?{query}", Host="evil.example").status == 404
    welcome = browser.ask("GET", f"/?{query}")
    assert welcome.status == 303 and "HttpOnly; SameSite=Strict" in welcome.headers["Set-Cookie"]
    browser.cookie = welcome.headers["Set-Cookie"].split(";")[0]
    late = stranger.ask("GET", f"/?{query}")  # the token opens once
    assert late.status == 403 and b"Another browser" in late.body and "Set-Cookie" not in late.headers
    assert stranger.ask("POST", "/event", {"kind": "picture"}).status == 404

    page = browser.ask("GET", "/")
    assert page.status == 200 and "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert browser.ask("GET", "/", Host="evil.example").status == 404
    assert browser.ask("POST", "/event", ["no event"]).status == 400
    assert browser.ask("POST", "/event", {"kind": "move", "x": "a", "y": 0}).status == 400

    browser.event("key", name="t")
    shown = np.concatenate([layer.scene.extent() for layer in pages(Feet((brick_foot(),)))[0]().layers])
    camera = Camera.round(shown, *ABOVE, (SIZE_PX[0] - panel_px(SIZE_PX[0]), SIZE_PX[1]))
    browser.event("key", name="d")
    for point in ([60.0, 20.0, 60.0], [160.0, 20.0, 60.0]):
        x, y = camera.pixels(np.array([point]))[0]
        browser.event("press", x=float(x), y=float(y))
        browser.event("release", x=float(x), y=float(y))
    assert "distance 100.00 mm" in browser.text()  # to the digit: no pixel is rounded here

    before = browser.event("key", name="Escape")
    browser.event("press", x=40, y=400)
    browser.event("move", x=140, y=430)
    turned = browser.event("release", x=140, y=430)
    assert before.shape == turned.shape == (SIZE_PX[1], SIZE_PX[0], 3)
    assert (np.abs(before - turned).max(axis=2) > 40).mean() > 0.05
    closer = browser.event("wheel", x=10, y=10, wheel=-1.0)
    assert (np.abs(closer - turned).max(axis=2) > 40).mean() > 0.01
    browser.event("key", name="q")
    assert process.wait(timeout=60) == 0


def test_the_page_asks_no_other_host() -> None:
    assert re.findall(r"(?:https?:)?//[a-z]", PAGE) == []
    assert set(re.findall(r'fetch\("([^"]+)"', PAGE)) == {"/event", "/text"}


def test_a_port_that_is_taken_is_told() -> None:
    class Nothing:
        pass

    with WebServer(Nothing(), 0) as server:  # type: ignore[arg-type]
        assert f":{server.server_port}/?token=" in server.address
        with pytest.raises(ScanError, match="--port"):
            WebServer(Nothing(), server.server_port)  # type: ignore[arg-type]
