"""What each key does: a row a key. Their list in words is `keys.KEYS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np

from scanproc.artifacts import Mesh
from scanproc.errors import ScanError
from scanproc.views.sheet import encode_png
from scanproc.window.camera_keys import CAMERA_KEYS
from scanproc.window.picking import TOOLS, stepped
from scanproc.window.section_plane import plane_across
from scanproc.window.six_views import steered

if TYPE_CHECKING:
    from scanproc.views.hands import Keys
    from scanproc.window.landmark_edits import Mark
    from scanproc.window.viewer import Viewer

_WAYS = {"Left": (-1, 0), "Right": (1, 0), "Up": (0, -1), "Down": (0, 1)}  # in pixels
_CROSS_PX, _FINE_PX = 8.0, 1.0
_NUDGE_MM, _FINE_MM = 1.0, 0.2
_INCLINE_DEG = 2.0

Action = Callable[["Viewer", "Keys"], None]


def press_key(viewer: Viewer, name: str, keys: Keys) -> bool:
    """Do what a key stands for, by the name that X gives it; False if it stands for nothing."""
    if name in _WAYS:
        _arrow(viewer, name, keys)
    elif len(name) == 1 and name in "123456789":
        viewer.state.layers.toggle(int(name) - 1)
    elif (action := ACTIONS.get(name) or ACTIONS.get(name.lower())) is not None:
        action(viewer, keys)
    elif (look := CAMERA_KEYS.get(name) or CAMERA_KEYS.get(name.lower())) is not None:
        look(viewer)
    else:
        return False
    return True


def _arrow(viewer: Viewer, name: str, keys: Keys) -> None:
    """Move what is held: the cursor of a tool, a landmark, the section, or else the eye."""
    state, camera = viewer.state, viewer.canvas.camera
    x, y = _WAYS[name]
    if state.tool in TOOLS:
        step = _FINE_PX if keys.shift else _CROSS_PX
        at = state.cross or (camera.width_px / 2.0, camera.height_px / 2.0)
        state.cross = (at[0] + step * x, at[1] + step * y)
        state.hovered = state.pick(camera, state.cross)
    elif state.tool == "landmarks" and state.edits is not None and state.edits.chosen is not None:
        _nudge(viewer, state.edits.chosen, _FINE_MM if keys.shift else _NUDGE_MM, np.array([x, y]))
    elif state.section is not None and keys.shift:
        state.section = state.section.inclined(_INCLINE_DEG * y, _INCLINE_DEG * x)
    elif state.section is not None:
        state.section = state.section.moved((x - y) * (0.1 if keys.control else 1.0))
    else:
        viewer.canvas.camera = steered(camera, name, keys.shift)


def _nudge(viewer: Viewer, mark: Mark, step_mm: float, way: np.ndarray) -> None:
    """Move a landmark across the window; one that was not set begins in the middle."""
    state, camera = viewer.state, viewer.canvas.camera
    assert state.edits is not None
    point = state.edits.place(mark)
    at = np.array([camera.width_px, camera.height_px]) / 2.0
    if point is not None:
        shift = state.shift_of(mark)
        foot = state.edits.feet.feet[mark.number].mesh
        at = stepped(camera, Mesh(foot.vertices + shift, foot.faces), point + shift, step_mm * way)
    state.edits.begin(mark)
    viewer.set_landmark(mark, (float(at[0]), float(at[1])))


def _take(tool: str) -> Action:
    """Take a tool in hand, or put it down."""

    def act(viewer: Viewer, keys: Keys) -> None:
        state = viewer.state
        state.tool = "" if state.tool == tool else tool
        state.picks, state.cross = [], None
        if tool == "landmarks" and state.edits is None:
            state.tool, state.message = "", "landmarks are moved in the align stage: scanproc view SCAN align"
        elif state.tool == "landmarks":
            state.message = "landmarks: drag one, or Tab and arrows; w writes, u takes back"

    return act


def _section(axis: Literal["x", "y", "z"] | None) -> Action:
    """Begin a section or end it; by an axis, lay it square to that."""

    def act(viewer: Viewer, keys: Keys) -> None:
        state = viewer.state
        if axis is None and state.section is not None:
            state.section = None
            return
        points = [row.layer.mesh.vertices for row in state.layers.visible if row.layer.mesh is not None]
        if not points:
            state.message = "nothing that can be cut is shown"
            return
        low, high = np.concatenate(points).min(axis=0), np.concatenate(points).max(axis=0)
        at = 0.5 * (low + high) if state.section is None else state.section.point
        state.section = plane_across(axis or "x", at, viewer.canvas.camera)
        state.cut_again()
        state.section, state.ruler_u = state.section.centred(state.cut)

    return act


def _flip(viewer: Viewer, keys: Keys) -> None:
    section = viewer.state.section
    viewer.state.section = None if section is None else section.flipped()


def _halve(viewer: Viewer, keys: Keys) -> None:
    viewer.state.halved = not viewer.state.halved


def _ruler(step_mm: float) -> Action:
    def act(viewer: Viewer, keys: Keys) -> None:
        viewer.state.ruler_u += step_mm * (0.1 if keys.control else 1.0)

    return act


def _fade(step: float) -> Action:
    def act(viewer: Viewer, keys: Keys) -> None:
        viewer.state.layers.fade(step)

    return act


def _page(step: int) -> Action:
    def act(viewer: Viewer, keys: Keys) -> None:
        viewer.turn_page(step)

    return act


def _escape(viewer: Viewer, keys: Keys) -> None:
    state = viewer.state
    state.tool, state.picks, state.cross, state.keys_listed = "", [], None, False


def _tab(step: int) -> Action:
    def act(viewer: Viewer, keys: Keys) -> None:
        state = viewer.state
        way = -step if keys.shift else step
        if state.tool == "landmarks" and state.edits is not None:
            state.edits.choose_next(way)
        else:
            state.layers.choose_next(way)

    return act


def _toggle(viewer: Viewer, keys: Keys) -> None:
    viewer.state.layers.toggle(viewer.state.layers.chosen)


def _set_point(viewer: Viewer, keys: Keys) -> None:
    state, camera = viewer.state, viewer.canvas.camera
    if state.tool in TOOLS:
        picked = state.pick(camera, state.cross or (camera.width_px / 2.0, camera.height_px / 2.0))
        if picked is not None:
            state.add_pick(picked)


def _undo(viewer: Viewer, keys: Keys) -> None:
    if viewer.state.edits is not None:
        viewer.state.message = viewer.state.edits.undo()


def _write(viewer: Viewer, keys: Keys) -> None:
    """Write the landmarks; what refuses them is said in the window, and they stay as they are."""
    edits, save = viewer.state.edits, viewer.outside.save_landmarks
    if edits is None or save is None:
        viewer.state.message = "there are no landmarks to write"
        return
    try:
        viewer.state.message = save(edits.changed())
    except ScanError as error:
        viewer.state.message = str(error)
    else:
        edits.saved()


def _copy(viewer: Viewer, keys: Keys) -> None:
    viewer.state.message = viewer.outside.copy(viewer.as_text())


def _picture(viewer: Viewer, keys: Keys) -> None:
    """Save the window as the next picture of its folder."""
    folder, stem = viewer.outside.folder, viewer.title.replace(": ", "-").replace("/", "-")
    number = next(n for n in range(1, 10_000) if not (folder / f"{stem}-{n}.png").exists())
    path = folder / f"{stem}-{number}.png"
    try:
        path.write_bytes(encode_png(viewer.canvas.pixels()))
    except OSError as error:
        viewer.state.message = f"{path} cannot be written ({error.strerror})"
    else:
        viewer.state.message = f"picture: {path}"


def _design(viewer: Viewer, keys: Keys) -> None:
    """Leave for the design window."""
    if not viewer.outside.can_design:
        viewer.state.message = "scanproc design opens the design window"
        return
    viewer.leads_to_design = True
    _close(viewer)


def _leave(viewer: Viewer, keys: Keys) -> None:
    viewer.leads_to_design = False
    _close(viewer)


def _close(viewer: Viewer) -> None:
    edits = viewer.state.edits
    if edits is not None and edits.is_unsaved and not viewer.is_warned:
        viewer.is_warned = True
        viewer.state.message = "moved landmarks are not written: w writes them, q leaves without"
    else:
        viewer.canvas.quit()


ACTIONS: Mapping[str, Action] = {
    "Escape": _escape,
    "Tab": _tab(1),
    "ISO_Left_Tab": _tab(1),  # what X calls Tab with Shift
    "space": _toggle,
    "bracketleft": _fade(-0.1),
    "bracketright": _fade(0.1),
    "d": _take("distance"),
    "a": _take("angle"),
    "h": _take("height"),
    "e": _take("landmarks"),
    "Return": _set_point,
    "KP_Enter": _set_point,
    "s": _section(None),
    "x": _section("x"),
    "y": _section("y"),
    "z": _section("z"),
    "n": _flip,
    "v": _halve,
    "comma": _ruler(-1.0),
    "period": _ruler(1.0),
    "u": _undo,
    "w": _write,
    "c": _copy,
    "p": _picture,
    "Prior": _page(-1),
    "Next": _page(1),
    "g": _design,
    "q": _leave,
}
