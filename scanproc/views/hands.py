"""Keys and mouse of a window of VTK, handed on to whoever answers them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from scanproc.artifacts import ByteArray


@dataclass(frozen=True)
class Keys:
    """What is held down with a key or a button."""

    shift: bool = False
    control: bool = False


class Handler(Protocol):
    """What answers a window. Pixels count from the upper left corner; True: done, the scene is not to turn."""

    def press(self, x: float, y: float, keys: Keys) -> bool:
        """Answer the left button."""

    def move(self, x: float, y: float, keys: Keys) -> bool:
        """Answer the mouse."""

    def release(self, x: float, y: float) -> bool:
        """Answer the left button that is let go."""

    def key(self, name: str, keys: Keys) -> None:
        """Answer a key, by the name that X gives it."""

    def resized(self) -> None:
        """Fill a window of another size."""

    def glass(self) -> ByteArray:
        """Return what is written over the scene, (H, W, 4) uint8."""


class Shows(Protocol):
    """The window that is handled."""

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""

    def coarsen(self, turning: bool) -> None:
        """Draw fewer faces while the scene turns."""

    def render(self) -> None:
        """Draw the window."""


class Hands:
    """Lets the scene turn by the mouse where the handler does not want it for something else."""

    def __init__(self, canvas: Shows, handler: Handler, interactor: Any, renderer: Any) -> None:
        self._canvas, self._handler, self._interactor = canvas, handler, interactor
        self._style = _trackball()
        self._style.SetDefaultRenderer(renderer)
        self._style.AutoAdjustCameraClippingRangeOff()
        for name in ("KeyPressEvent", "CharEvent", "LeftButtonPressEvent", "LeftButtonReleaseEvent"):
            interactor.RemoveObservers(name)
        interactor.SetInteractorStyle(self._style)
        self._style.AddObserver("LeftButtonPressEvent", self._pressed)
        self._style.AddObserver("MouseMoveEvent", self._moved)
        self._style.AddObserver("LeftButtonReleaseEvent", self._released)
        self._style.AddObserver("CharEvent", lambda *_: None)  # VTK has keys of its own, such as w for wires
        self._style.AddObserver("KeyPressEvent", lambda *_: handler.key(interactor.GetKeySym() or "", self._held()))
        interactor.AddObserver("ConfigureEvent", lambda *_: canvas.render())

    def _at(self) -> tuple[float, float]:
        x, y = self._interactor.GetEventPosition()
        return float(x), float(self._canvas.size_px[1] - 1 - y)

    def _held(self) -> Keys:
        return Keys(bool(self._interactor.GetShiftKey()), bool(self._interactor.GetControlKey()))

    def _pressed(self, *_: Any) -> None:
        if not self._handler.press(*self._at(), self._held()):
            self._canvas.coarsen(True)
            self._style.OnLeftButtonDown()

    def _moved(self, *_: Any) -> None:
        if not self._handler.move(*self._at(), self._held()):
            self._style.OnMouseMove()

    def _released(self, *_: Any) -> None:
        if not self._handler.release(*self._at()):
            self._style.OnLeftButtonUp()
        self._canvas.coarsen(False)


def _trackball() -> Any:
    from vtkmodules.vtkInteractionStyle import vtkInteractorStyleTrackballCamera

    return vtkInteractorStyleTrackballCamera()
