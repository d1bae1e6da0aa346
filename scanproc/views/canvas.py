"""The layers of a display in a window of VTK, or off-screen: what is seen, clipped and turned, and what lies over it.

Three renderers lie on each other: bodies and points; lines, which are drawn over them; and two flat images, the glass
over the scene and the panel beside it. What stands on those, and what keys and the mouse do, is the handler's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from scanproc.artifacts import ByteArray, Plane
from scanproc.views.camera import Camera
from scanproc.views.flat_image import FlatImage
from scanproc.views.hands import Handler, Hands
from scanproc.views.render import is_headless, lit_renderer, new_window, no_display, pixels_of, prepare_vtk
from scanproc.views.scene import Scene

if TYPE_CHECKING:
    from scanproc.views.actors import Actors


class Canvas:
    """A window that shows layers by their names; off-screen, the image of one.

    Raises
    ------
    ScanError
        If there is no display to open it on, or nothing to draw with.
    """

    def __init__(self, title: str, size_px: tuple[int, int], panel_px: int, off_screen: bool = False) -> None:
        prepare_vtk()
        if is_headless() and not off_screen:
            raise no_display()
        self.off_screen = off_screen
        self._window = new_window(size_px, off_screen)
        self._window.SetWindowName(title)
        self._renderer = lit_renderer()
        self._window.AddRenderer(self._renderer)
        self._interactor = None if off_screen else _interactor(self._window)
        self.panel_px = panel_px
        self._layers: dict[str, Actors] = {}
        self._plane: Plane | None = None
        self._over, self._flat = self._more_renderers()
        self._glass, self._panel = FlatImage(self._flat), FlatImage(self._flat)
        self._handler: Handler | None = None
        self._size = (0, 0)
        self.is_turning = False

    def _more_renderers(self) -> tuple[Any, Any]:
        """Add the renderers of lines and of flat images."""
        from vtkmodules.vtkRenderingCore import vtkRenderer

        self._window.SetNumberOfLayers(3)
        found = []
        for number in (1, 2):
            renderer = vtkRenderer()
            renderer.SetLayer(number)
            renderer.SetInteractive(False)
            renderer.SetPreserveColorBuffer(True)
            self._window.AddRenderer(renderer)
            found.append(renderer)
        found[0].SetActiveCamera(self._renderer.GetActiveCamera())
        return found[0], found[1]

    # ---------------------------------------------------------------------------------------------- layers

    def put(self, name: str, scene: Scene, opacity: float) -> None:
        """Show a scene as the layer of a name, in place of what it held."""
        from scanproc.views.actors import build_actors

        self.drop(name)
        self._layers[name] = build_actors(self._renderer, self._over, scene)
        self.fade(name, opacity)
        self._clip()

    def drop(self, name: str) -> None:
        """Take a layer away."""
        old = self._layers.pop(name, None)
        if old is None:
            return
        for actor in old.bodies:
            self._renderer.RemoveActor(actor)
        for actor in old.lines:
            self._over.RemoveActor(actor)

    def show(self, name: str, shown: bool) -> None:
        """Show a layer or hide it."""
        found = self._layers[name]
        for actor in found.all:
            actor.SetVisibility(shown)
        for actor in found.insides:
            actor.SetVisibility(shown and self._plane is not None)

    def fade(self, name: str, opacity: float) -> None:
        """Let one see through a layer; of what is translucent, only what faces the eye is drawn."""
        found = self._layers[name]
        for actor in (*found.all, *found.insides):
            actor.GetProperty().SetOpacity(opacity)
        for actor, _, _ in found.skins:
            actor.GetProperty().SetBackfaceCulling(opacity < 1.0 or self._plane is not None)

    def clip(self, plane: Plane | None) -> None:
        """Hide what of all bodies and points lies below a plane; None shows all."""
        self._plane = plane
        self._clip()
        for found in self._layers.values():
            for (actor, _, _), inside in zip(found.skins, found.insides, strict=True):
                inside.SetVisibility(bool(actor.GetVisibility()) and plane is not None)
                is_clear = actor.GetProperty().GetOpacity() < 1.0
                actor.GetProperty().SetBackfaceCulling(is_clear or plane is not None)

    def _clip(self) -> None:
        from vtkmodules.vtkCommonDataModel import vtkPlane

        plane = None
        if self._plane is not None:
            plane = vtkPlane()
            plane.SetOrigin(*(self._plane.offset_mm * self._plane.normal))
            plane.SetNormal(*self._plane.normal)
        for found in self._layers.values():
            for actor in found.bodies:
                actor.GetMapper().RemoveAllClippingPlanes()
                if plane is not None:
                    actor.GetMapper().AddClippingPlane(plane)

    # ------------------------------------------------------------------------------------- camera and images

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the whole window."""
        width, height = self._window.GetSize()
        return int(width), int(height)

    @property
    def camera(self) -> Camera:
        """From where the scene is looked at just now."""
        found = self._renderer.GetActiveCamera()
        look = np.array(found.GetDirectionOfProjection())
        up = np.array(found.GetViewUp())
        up = up - (up @ look) * look
        width, height = self.size_px
        size = (max(width - self.panel_px, 1), max(height, 1))
        centre = np.array(found.GetFocalPoint())
        return Camera(centre, look, up / np.linalg.norm(up), 2.0 * found.GetParallelScale(), *size)

    @camera.setter
    def camera(self, camera: Camera) -> None:
        found = self._renderer.GetActiveCamera()
        found.SetParallelProjection(True)
        found.SetFocalPoint(*camera.centre)
        found.SetPosition(*camera.eye)
        found.SetViewUp(*camera.up)
        found.SetParallelScale(camera.height_mm / 2.0)
        found.SetClippingRange(1.0, 2.0 * float(np.linalg.norm(camera.centre - camera.eye)))

    def panel(self, pixels: ByteArray) -> None:
        """Lay (H, W, 4) uint8 onto the right border of the window."""
        self._panel.show(pixels, self.size_px[0] - pixels.shape[1], 0)

    def render(self) -> None:
        """Draw the window."""
        width, height = self.size_px
        if (width, height) != self._size:
            self._size = (width, height)
            share = max(0.1, 1.0 - self.panel_px / max(width, 1))
            for renderer in (self._renderer, self._over):
                renderer.SetViewport(0.0, 0.0, share, 1.0)
            if self._handler is not None:
                self._handler.resized()
        self._window.Render()

    def pixels(self) -> ByteArray:
        """Return what the window shows, (H, W, 3) uint8."""
        self.render()
        return pixels_of(self._window)

    # --------------------------------------------------------------------------------------------- events

    def attach(self, handler: Handler) -> None:
        """Let a handler answer keys and mouse, and lay its glass over every picture."""
        self._handler = handler
        self._renderer.AddObserver("StartEvent", lambda *_: self._glass.show(handler.glass(), 0, 0))
        if self._interactor is not None:
            self._hands = Hands(self, handler, self._interactor, self._renderer)

    def coarsen(self, turning: bool) -> None:
        """While the scene turns, large bodies are drawn with fewer faces."""
        self.is_turning, changed = turning, False
        for found in self._layers.values():
            for (actor, body, small), inside in zip(found.skins, found.insides, strict=True):
                if small is not body:
                    actor.GetMapper().SetInputData(small if turning else body)
                    inside.GetMapper().SetInputData(small if turning else body)
                    changed = True
        if changed and not turning:
            self.render()

    def turn(self, azimuth_deg: float, elevation_deg: float) -> None:
        """Turn the scene as the mouse does, with coarse bodies, and draw it."""
        self.coarsen(True)
        found = self._renderer.GetActiveCamera()
        found.Azimuth(azimuth_deg)
        found.Elevation(elevation_deg)
        found.OrthogonalizeViewUp()
        self.render()

    def run(self) -> None:
        """Answer keys and mouse until the window is closed."""
        self.render()
        assert self._interactor is not None  # it is on a screen
        self._interactor.Initialize()
        self.render()
        self._interactor.Start()

    def quit(self) -> None:
        """Leave `run`."""
        if self._interactor is not None:
            self._interactor.TerminateApp()

    def close(self) -> None:
        """Free the window."""
        self._window.Finalize()


def _interactor(window: Any) -> Any:
    """Return what hands the events of a window on."""
    import vtkmodules.vtkRenderingUI  # noqa: F401  that of each system
    from vtkmodules.vtkRenderingCore import vtkRenderWindowInteractor

    interactor = vtkRenderWindowInteractor()
    interactor.SetRenderWindow(window)
    return interactor
