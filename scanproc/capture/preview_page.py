"""The preview in a browser of this machine: picture, words, and the browser's voice, since hands are on the foot.

One server of the standard library on 127.0.0.1; whoever does not know the address, which holds a token, gets nothing.
"""

from __future__ import annotations

import json
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from scanproc.capture.coverage import Stated
from scanproc.capture.preview import as_jpeg, draw_status
from scanproc.capture.session import Status
from scanproc.errors import ScanError

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>scanproc capture</title>
<style>body{font:20px sans-serif;margin:1em;background:#fafaf8;color:#1e1e1e}img{max-width:100%;image-rendering:auto}
p{font-size:1.4em}button{font:inherit;padding:.4em 1em}</style>
<img id="picture" alt="what the camera sees, and which directions of the foot are missing">
<p id="words" role="status" aria-live="polite">waiting for the first frame</p>
<button id="voice" aria-pressed="false">speak</button> <button id="take">take the next stop</button>
<script>
let said = "", speaks = false
document.getElementById("voice").onclick = event => {
  speaks = !speaks
  event.target.setAttribute("aria-pressed", speaks)
  event.target.textContent = speaks ? "be quiet" : "speak"
}
document.getElementById("take").onclick = () => fetch("take", {method: "POST"})
async function look() {
  try {
    const state = await (await fetch("state")).json()
    document.getElementById("words").textContent = state.words
    document.getElementById("picture").src = "picture?" + state.number
    if (speaks && state.advice !== said) {
      said = state.advice; speechSynthesis.cancel(); speechSynthesis.speak(new SpeechSynthesisUtterance(said))
    }
    setTimeout(look, 200)
  } catch { document.getElementById("words").textContent += " (ended)" }
}
look()
</script></html>
"""


class PreviewPage:
    """Shows the last status in a browser; port 0 is a free one. With a trigger it has a button for the next stop.

    Raises
    ------
    ScanError
        If somebody else listens at the port.
    """

    def __init__(self, side: Stated, port: int = 0, has_trigger: bool = True) -> None:
        self._side, self._has_trigger = side, has_trigger
        self._token = secrets.token_urlsafe(24)
        self._status: Status | None = None
        self._words, self._announced, self._number = "waiting for the first frame", "", 0
        self.is_triggered = threading.Event()
        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", port), _Request)
        except OSError as error:
            raise ScanError(f"port {port} cannot be used ({error.strerror}). Choose another with --port.") from None
        self._server.page = self  # type: ignore[attr-defined]
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        """What is typed into the browser."""
        return f"http://127.0.0.1:{self._server.server_port}/{self._token}/"

    def show(self, status: Status) -> None:
        """Take the next status: a listener of capture."""
        self._status, self._words = status, status.words(self._side)
        self._number += 1

    def announce(self, words: str) -> None:
        """Show a sentence before all others, until the next one."""
        self._announced = words

    def close(self) -> None:
        """End the server."""
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, is_post: bool) -> tuple[str, bytes] | None:
        """Return type and bytes of what lies at a path; None where nothing does."""
        head, _, name = path.partition("?")[0].removeprefix("/").partition("/")
        if not secrets.compare_digest(head.encode(), self._token.encode()):
            return None
        if is_post:
            if name == "take":
                self.is_triggered.set()
            return ("text/plain", b"") if name == "take" else None
        if name == "":
            page = _PAGE if self._has_trigger else _PAGE.replace('id="take"', 'id="take" hidden')
            return "text/html; charset=utf-8", page.encode()
        if name == "state":
            return "application/json", json.dumps(self._state()).encode()
        if name == "picture" and self._status is not None:  # drawn only where somebody looks
            return "image/jpeg", as_jpeg(draw_status(self._status, self._side))
        return None

    def _state(self) -> dict[str, Any]:
        words = "; ".join(filter(None, (self._announced, self._words)))
        return {"number": self._number, "words": words, "advice": self._announced or words.rpartition("; ")[2]}


class _Request(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer(is_post=False)

    def do_POST(self) -> None:
        self._answer(is_post=True)

    def _answer(self, is_post: bool) -> None:
        page: PreviewPage = self.server.page  # type: ignore[attr-defined]
        found = page.answer(self.path, is_post)
        kind, data = found or ("text/plain", b"nothing here\n")
        self.send_response(404 if found is None else 200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", "default-src 'self' 'unsafe-inline'")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep requests out of the terminal."""
