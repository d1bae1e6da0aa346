"""Opens the window of a scan, or draws what it would show."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from scanproc.editing.session import EditSession
from scanproc.views.canvas import Canvas
from scanproc.views.display import Display
from scanproc.views.hands import Keys
from scanproc.views.sheet import encode_png
from scanproc.window.design_outside import DesignOutside
from scanproc.window.designer import Designer
from scanproc.window.viewer import Outside, Viewer

log = logging.getLogger(__name__)

SIZE_PX = (1280, 800)

Pages = Sequence[Callable[[], Display]]


def panel_px(width_px: int) -> int:
    """Return how wide the panel beside the scene is: a quarter, but wide enough for its texts."""
    return min(360, max(280, width_px // 4))


def open_viewer(
    title: str, pages: Pages, outside: Outside, size_px: tuple[int, int] = SIZE_PX, off_screen: bool = False
) -> Viewer:
    """Return a viewer whose window is there, and waits.

    Raises
    ------
    ScanError
        If there is no display to open it on, or nothing to draw with.
    """
    return Viewer(Canvas(title, size_px, panel_px(size_px[0]), off_screen), title, pages, outside)


def show(title: str, pages: Pages, outside: Outside) -> bool:
    """Open the window; returns when it is closed whether it leads to the design window."""
    viewer = open_viewer(title, pages, outside)
    viewer.canvas.run()
    viewer.canvas.close()
    if viewer.state.edits is not None and viewer.state.edits.is_unsaved:
        log.warning("%s: moved landmarks were not written; the key w writes them", title)
    return viewer.leads_to_design


def design_window(
    title: str,
    session: EditSession,
    outside: DesignOutside,
    size_px: tuple[int, int] = SIZE_PX,
    off_screen: bool = False,
) -> Designer:
    """Return a designer whose window is there, and waits.

    Raises
    ------
    ScanError
        If there is no display to open it on, or nothing to draw with.
    """
    return Designer(Canvas(title, size_px, panel_px(size_px[0]), off_screen), title, session, outside)


def serve(handler: Viewer | Designer, tell: Callable[[str], None], port: int = 0) -> None:
    """Show an off-screen window in a browser of this machine; returns when it is left by its key q.

    Parameters
    ----------
    tell : is told the address, which opens one browser once.
    """
    from scanproc.window.web import WebHands, WebServer

    with WebServer(WebHands(handler), port) as server:
        server.serve(tell)
    handler.canvas.close()


def drawn(
    title: str, pages: Pages, outside: Outside, keys: Sequence[str] = (), size_px: tuple[int, int] = SIZE_PX
) -> bytes:
    """Return the window as a PNG after keys were pressed, without a screen."""
    return after_keys(open_viewer(title, pages, outside, size_px, off_screen=True), keys)


def after_keys(handler: Viewer | Designer, keys: Sequence[str]) -> bytes:
    """Press keys, such as Right or Shift+Right, and return the window as a PNG; it is closed then."""
    for name in keys:
        held = Keys(shift=name.startswith("Shift+"), control=name.startswith("Control+"))
        handler.key(name.rpartition("+")[2] or name, held)
    data = encode_png(handler.canvas.pixels())
    handler.canvas.close()
    return data
