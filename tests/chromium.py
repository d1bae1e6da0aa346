"""Debian's Chromium, driven over a pipe by its own protocol: pages, keys, mouse, and what it asked of whom."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from typing import Any

import pytest

_NO_WEBGL = ["--disable-gpu", "--disable-3d-apis"]
_SECONDS = 60.0  # that anything may take


class Browser:
    """One page of a Chromium without a screen; `asked` are the addresses of all requests, `errors` what went wrong.

    `webgl`: it draws bodies, on the processor; without, a page gets no WebGL.
    """

    def __init__(self, webgl: bool = False) -> None:
        program = shutil.which("chromium") or shutil.which("chromium-browser")
        if program is None:
            pytest.skip("there is no Chromium here")
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        theirs_in, self._to = os.pipe()
        self._from, theirs_out = os.pipe()
        words = ["--headless=new", "--no-sandbox", "--remote-debugging-pipe", "--no-first-run"]
        words += ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"] if webgl else _NO_WEBGL
        words += [f"--user-data-dir={self._profile.name}", "--window-size=1320,960", "about:blank"]

        def give_pipes() -> None:  # Chromium reads from 3 and writes to 4
            os.dup2(theirs_in, 198)
            os.dup2(theirs_out, 199)
            os.dup2(198, 3)
            os.dup2(199, 4)

        self._process = subprocess.Popen(
            [program, *words], preexec_fn=give_pipes, close_fds=False, stderr=subprocess.DEVNULL
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._number, self._rest = 0, b""
        self.asked: list[str] = []
        self.errors: list[str] = []
        self._session = ""
        pages = self.call("Target.getTargets")["targetInfos"]
        page = next(found["targetId"] for found in pages if found["type"] == "page")
        self._session = self.call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> Any:
        """Ask for something, and return the answer."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            part = os.read(self._from, 1 << 16)
            assert part, "Chromium ended"
            self._rest += part
        text, _, self._rest = self._rest.partition(b"\0")
        found: dict[str, Any] = json.loads(text)
        params = found.get("params", {})
        if found.get("method") == "Network.requestWillBeSent":
            self.asked.append(params["request"]["url"])
        elif found.get("method") == "Runtime.exceptionThrown":
            self.errors.append(str(params["exceptionDetails"]["text"]))
        elif found.get("method") == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.errors.append(str(params["entry"]["text"]))
        return found

    def open(self, address: str) -> None:
        self.call("Page.navigate", url=address)

    def value(self, script: str) -> Any:
        """Return what a script comes to."""
        found = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        return found["result"].get("value")

    def wait_for(self, script: str, accept: Callable[[Any], bool] = bool) -> Any:
        """Return what a script comes to as soon as that is accepted."""
        end = time.monotonic() + _SECONDS
        while time.monotonic() < end:
            found = self.value(script)
            if accept(found):
                return found
            time.sleep(0.05)
        raise AssertionError(f"{script} stayed {found!r}")

    def key(self, name: str, text: str = "") -> None:
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=name, **({"text": text} if kind == "keyDown" else {}))

    def mouse(self, kind: str, x: float, y: float) -> None:
        held = "none" if kind == "mouseReleased" else "left"
        self.call(
            "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=int(held == "left"), clickCount=1
        )

    def size(self, width: int, height: int) -> None:
        """Lay the page out in a window of that many pixels."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    def picture(self, whole: bool = False) -> bytes:
        """Return a PNG of the window, or of the whole page."""
        return base64.b64decode(self.call("Page.captureScreenshot", captureBeyondViewport=whole)["data"])

    def pdf(self) -> bytes:
        """Return the page as it is printed on the paper that it asks for."""
        paper = {"paperWidth": 8.27, "paperHeight": 11.69}  # inches
        told = self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True, **paper)
        return base64.b64decode(told["data"])

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._to)
        os.close(self._from)
        self._profile.cleanup()
