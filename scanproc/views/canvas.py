"""The layers of a display in a window of VTK, or off-screen: what is seen, clipped and turned, and what lies over it.

Three renderers lie on each other: bodies and points; lines, which are drawn over them; and two flat images, the glass
over the scene and the panel beside it. What stands on those, and what keys and the mouse do, is the handler's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from scanproc.artifacts import ByteArray, Plane
from scanproc.views.camera import Camera
from scanproc.views.coarse import coarse
from scanproc.views.colors import CUT
from scanproc.views.flat_image import FlatImage
from scanproc.views.hands import Handler, Hands
from scanproc.views.render import body_of, is_headless, light, no_display, pyvista
from scanproc.views.scene import Line, Scene

_MANY_FACES = 60_000  # of more, a coarser mesh is shown while the scene turns: software draws it fast enough


@dataclass(frozen=True)
class _Bodies:
    """The actors of a layer; those of skins with their whole and coarse meshes, and what shows their insides."""

    skins: tuple[tuple[Any, Any, Any], ...]
    insides: tuple[Any, ...]
    clouds: tuple[Any, ...]
    lines: tuple[Any, ...]


class Canvas:
    """A window that shows layers by their names; off-screen, the image of one.

    Raises
    ------
    ScanError
        If there is no display to open it on, or nothing to draw with.
    """

    def __init__(self, title: str, size_px: tuple[int, int], panel_px: int, off_screen: bool = False) -> None:
        self._pv = pv = pyvista()
        if is_headless() and not off_screen and not pv.OFF_SCREEN:
            raise no_display()
        self.off_screen = off_screen or pv.OFF_SCREEN
        self._plotter = plotter = pv.Plotter(
            title=title, off_screen=self.off_screen, window_size=list(size_px), lighting="none",
            theme=pv.themes.DocumentTheme(),
        )  # fmt: skip
        plotter.disable_anti_aliasing()
        light(pv, plotter)
        self._window = plotter.render_window
        self.panel_px = panel_px
        self._layers: dict[str, _Bodies] = {}
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
        found[0].SetActiveCamera(self._plotter.renderer.camera)
        return found[0], found[1]

    # ---------------------------------------------------------------------------------------------- layers

    def put(self, name: str, scene: Scene, opacity: float) -> None:
        """Show a scene as the layer of a name, in place of what it held."""
        self.drop(name)
        skins, insides = [], []
        matt = {"ambient": 0.28, "diffuse": 0.82, "specular": 0.06}
        for skin in scene.skins:
            body = body_of(self._pv, skin)
            small = body_of(self._pv, coarse(skin)) if len(skin.mesh.faces) > _MANY_FACES else body
            actor = self._plotter.add_mesh(
                body, scalars="color", rgb=True, smooth_shading=True, opacity=opacity, render=False, **matt
            )
            inside = self._plotter.add_mesh(
                body, color=CUT, culling="front", opacity=opacity, render=False, ambient=0.45, diffuse=0.4
            )
            inside.mapper.scalar_visibility = False
            inside.visibility = False
            skins.append((actor, body, small))
            insides.append(inside)
        clouds = tuple(self._cloud(scene, opacity)) if any(len(cloud.points) for cloud in scene.clouds) else ()
        lines = tuple(self._line(line, opacity) for line in scene.lines if len(line.points))
        self._layers[name] = _Bodies(tuple(skins), tuple(insides), clouds, lines)
        self.fade(name, opacity)
        self._clip()

    def drop(self, name: str) -> None:
        """Take a layer away."""
        old = self._layers.pop(name, None)
        if old is None:
            return
        for actor in (*(skin[0] for skin in old.skins), *old.insides, *old.clouds):
            self._plotter.remove_actor(actor, render=False)
        for actor in old.lines:
            self._over.RemoveActor(actor)
            self._plotter.renderer.RemoveActor(actor)

    def show(self, name: str, shown: bool) -> None:
        """Show a layer or hide it."""
        found = self._layers[name]
        for actor in (*(skin[0] for skin in found.skins), *found.clouds, *found.lines):
            actor.SetVisibility(shown)
        for actor in found.insides:
            actor.SetVisibility(shown and self._plane is not None)

    def fade(self, name: str, opacity: float) -> None:
        """Let one see through a layer; of what is translucent, only what faces the eye is drawn."""
        found = self._layers[name]
        for actor in (*(skin[0] for skin in found.skins), *found.insides, *found.clouds, *found.lines):
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
            for actor in (*(skin[0] for skin in found.skins), *found.insides, *found.clouds):
                actor.GetMapper().RemoveAllClippingPlanes()
                if plane is not None:
                    actor.GetMapper().AddClippingPlane(plane)

    def _cloud(self, scene: Scene, opacity: float) -> list[Any]:
        dots = self._pv.PolyData(np.concatenate([cloud.points for cloud in scene.clouds]))
        dots.point_data["color"] = np.concatenate([cloud.color for cloud in scene.clouds])
        options = {"style": "points", "point_size": 3.0, "lighting": False, "render": False, "opacity": opacity}
        return [self._plotter.add_mesh(dots, scalars="color", rgb=True, **options)]

    def _line(self, line: Line, opacity: float) -> Any:
        """Add a line over the bodies, or as ink on their skin."""
        pv = self._pv
        points = np.array(line.points).reshape(-1, 3)
        body = pv.line_segments_from_points(points) if line.points.ndim == 3 else pv.lines_from_points(points)
        actor = pv.Actor(mapper=pv.DataSetMapper(body))
        actor.prop.color, actor.prop.line_width, actor.prop.lighting = line.color, line.width, False
        actor.prop.opacity = opacity
        if line.behind:
            actor.GetMapper().SetResolveCoincidentTopologyToPolygonOffset()
            actor.GetMapper().SetRelativeCoincidentTopologyLineOffsetParameters(0.0, -8.0)
            self._plotter.renderer.AddActor(actor)
        else:
            self._over.AddActor(actor)
        return actor

    # ------------------------------------------------------------------------------------- camera and images

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the whole window."""
        width, height = self._window.GetSize()
        return int(width), int(height)

    @property
    def camera(self) -> Camera:
        """From where the scene is looked at just now."""
        found = self._plotter.renderer.camera
        look = np.array(found.GetDirectionOfProjection())
        up = np.array(found.GetViewUp())
        up = up - (up @ look) * look
        width, height = self.size_px
        size = (max(width - self.panel_px, 1), max(height, 1))
        centre = np.array(found.GetFocalPoint())
        return Camera(centre, look, up / np.linalg.norm(up), 2.0 * found.GetParallelScale(), *size)

    @camera.setter
    def camera(self, camera: Camera) -> None:
        found = self._plotter.renderer.camera
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
            for renderer in (self._plotter.renderer, self._over):
                renderer.SetViewport(0.0, 0.0, share, 1.0)
            if self._handler is not None:
                self._handler.resized()
        self._window.Render()

    def pixels(self) -> ByteArray:
        """Return what the window shows, (H, W, 3) uint8."""
        from vtkmodules.util.numpy_support import vtk_to_numpy
        from vtkmodules.vtkRenderingCore import vtkWindowToImageFilter

        self.render()
        grabbed = vtkWindowToImageFilter()
        grabbed.SetInput(self._window)
        grabbed.SetInputBufferTypeToRGB()
        grabbed.ReadFrontBufferOff()
        grabbed.Update()
        image = grabbed.GetOutput()
        width, height, _ = image.GetDimensions()
        pixels: ByteArray = vtk_to_numpy(image.GetPointData().GetScalars())  # type: ignore[no-untyped-call]
        return np.ascontiguousarray(pixels.reshape(height, width, 3)[::-1])

    # --------------------------------------------------------------------------------------------- events

    def attach(self, handler: Handler) -> None:
        """Let a handler answer keys and mouse, and lay its glass over every picture."""
        self._handler = handler
        self._plotter.renderer.AddObserver("StartEvent", lambda *_: self._glass.show(handler.glass(), 0, 0))
        if self._plotter.iren is not None:
            self._hands = Hands(self, handler, self._plotter.iren.interactor, self._plotter.renderer)

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
        found = self._plotter.renderer.camera
        found.Azimuth(azimuth_deg)
        found.Elevation(elevation_deg)
        found.OrthogonalizeViewUp()
        self.render()

    def run(self) -> None:
        """Answer keys and mouse until the window is closed."""
        self.render()
        hands = self._plotter.iren.interactor
        hands.Initialize()
        self.render()
        hands.Start()

    def quit(self) -> None:
        """Leave `run`."""
        if self._plotter.iren is not None:
            self._plotter.iren.interactor.TerminateApp()

    def close(self) -> None:
        """Free the window."""
        self._plotter.close()
