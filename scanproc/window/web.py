"""The same window in a browser of this machine: its picture goes there, keys and mouse come back.

One server of the standard library on 127.0.0.1. The address holds a token that opens one browser, once: it gets a
cookie for it, and whoever has none gets nothing. The page loads nothing from elsewhere.
"""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Callable
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from scanproc.errors import ScanError
from scanproc.views.hands import Keys
from scanproc.views.sheet import encode_jpeg
from scanproc.window.designer import Designer
from scanproc.window.viewer import Viewer
from scanproc.window.web_page import PAGE

_LONGEST = 4096  # bytes of an event
_QUALITY, _QUALITY_TURNING = 90, 70
_ELSEWHERE = b"Another browser shows this window. Leave it there with the key q, and start scanproc again.\n"
_TURN_DEG = 0.4  # a pixel

#: Names that X gives to the keys that a browser calls otherwise.
_X_NAMES = {
    "?": "question", " ": "space", "[": "bracketleft", "]": "bracketright", ",": "comma", ".": "period", "+": "plus",
    "-": "minus", "=": "equal", "ArrowLeft": "Left", "ArrowRight": "Right", "ArrowUp": "Up", "ArrowDown": "Down",
    "PageUp": "Prior", "PageDown": "Next", "Enter": "Return", "Backspace": "BackSpace", "/": "slash", "_": "underscore",
}  # fmt: skip


class WebHands:
    """Hands the events of a browser to a viewer; turns the scene where the viewer does not want them."""

    def __init__(self, viewer: Viewer | Designer) -> None:
        self.viewer = viewer
        self.is_done = False
        self._turning: tuple[float, float] | None = None
        viewer.canvas.quit = self._quit  # type: ignore[method-assign]

    def _quit(self) -> None:
        self.is_done = True

    def answer(self, event: dict[str, Any]) -> bytes:
        """Do what an event asks, and return the picture afterwards as a JPEG.

        Raises
        ------
        ValueError, KeyError, TypeError
            If it is no event of the page.
        """
        kind, keys = event["kind"], Keys(bool(event.get("shift")), bool(event.get("control")))
        if kind == "key":
            name = str(event["name"])
            self.viewer.key(_X_NAMES.get(name, name), keys)
        elif kind != "picture":
            self._mouse(kind, float(event["x"]), float(event["y"]), keys, float(event.get("wheel", 0.0)))
        quality = _QUALITY_TURNING if self._turning is not None else _QUALITY
        return encode_jpeg(self.viewer.canvas.pixels(), quality)

    def _mouse(self, kind: str, x: float, y: float, keys: Keys, wheel: float) -> None:
        canvas = self.viewer.canvas
        if kind == "press":
            self._turning = None if self.viewer.press(x, y, keys) else (x, y)
        elif kind == "release":
            self.viewer.release(x, y)
            self._turning = None
            canvas.coarsen(False)
        elif kind == "wheel":
            canvas.camera = canvas.camera.zoomed(1.1 if wheel < 0.0 else 1.0 / 1.1)
        elif kind == "move" and self._turning is not None:
            right, down = x - self._turning[0], y - self._turning[1]
            self._turning = (x, y)
            if keys.shift:
                canvas.camera = canvas.camera.panned(right, down)
            else:
                canvas.turn(-_TURN_DEG * right, _TURN_DEG * down)
        elif kind == "move":
            self.viewer.move(x, y, keys)
        else:
            raise ValueError(kind)


class WebServer(HTTPServer):
    """Serves one viewer to one browser, on 127.0.0.1; port 0 is a free one.

    Raises
    ------
    ScanError
        If somebody else listens at the port.
    """

    def __init__(self, hands: WebHands, port: int = 0) -> None:
        try:
            super().__init__(("127.0.0.1", port), _Request)
        except OSError as error:
            raise ScanError(f"port {port} cannot be used ({error.strerror}). Choose another with --port.") from None
        self.hands = hands
        self.token: str | None = secrets.token_urlsafe(24)
        self.session = secrets.token_urlsafe(24)

    @property
    def address(self) -> str:
        """What is typed into the browser, with the token."""
        return f"http://127.0.0.1:{self.server_port}/?token={self.token}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Let a browser go away in the middle of an answer; all else is a fault of ours."""
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, ConnectionError | TimeoutError):
            raise error

    def serve(self, tell: Callable[[str], None]) -> None:
        """Say the address, and answer until the browser leaves by its key q."""
        tell(self.address)
        while not self.hands.is_done:
            self.handle_request()


class _Request(BaseHTTPRequestHandler):
    server: WebServer
    timeout = 2.0  # one at a time: a connection that says nothing would hold up all others

    def do_GET(self) -> None:
        if self.server.token is not None and self.path == f"/?token={self.server.token}" and self._is_our_host():
            self.server.token = None  # it opens one browser
            self.send_response(303)
            self.send_header("Location", "/")
            self.send_header("Set-Cookie", f"session={self.server.session}; HttpOnly; SameSite=Strict; Path=/")
            self.end_headers()
        elif self.path == "/" and self._is_known():
            nonce = secrets.token_urlsafe(16)
            policy = f"default-src 'none'; img-src blob:; connect-src 'self'; script-src 'nonce-{nonce}'"
            page = PAGE.replace("NONCE", nonce).encode()
            self._send(page, "text/html; charset=utf-8", policy + f"; style-src 'nonce-{nonce}'")
        elif self.path == "/text" and self._is_known():
            self._send(self.server.hands.viewer.as_text().encode(), "text/plain; charset=utf-8")
        elif self.path.partition("?")[0] == "/" and self._is_our_host() and self.server.token is None:
            self._send(_ELSEWHERE, "text/plain; charset=utf-8", status=403)
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if self.path != "/event" or not self._is_known() or not 0 < length <= _LONGEST:
            self.send_error(404)
            return
        try:
            picture = self.server.hands.answer(json.loads(self.rfile.read(length)))
        except (ValueError, KeyError, TypeError, AttributeError):
            self.send_error(400)
            return
        self._send(picture, "image/jpeg")

    def _is_our_host(self) -> bool:
        """A name of another host that leads here is none of ours; a tunnel may begin at another port."""
        return self.headers.get("Host", "").partition(":")[0] in ("127.0.0.1", "localhost")

    def _is_known(self) -> bool:
        cookie = SimpleCookie(self.headers.get("Cookie", "")).get("session")
        held = cookie.value if cookie is not None else ""
        return self._is_our_host() and secrets.compare_digest(held.encode(), self.server.session.encode())

    def _send(self, body: bytes, kind: str, policy: str = "default-src 'none'", status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", policy)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the address, which holds the token, would be in the log."""
