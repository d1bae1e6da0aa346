"""Scenes as pixels off-screen, drawn by VTK; `canvas.py` shows them in a window."""

from __future__ import annotations

import ctypes
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from scanproc.artifacts import BoolArray, ByteArray, Mesh
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.mesh.facing import faces_by_side
from scanproc.views.scene import Shot

_EYE_MM = 2000.0  # from the middle of a picture: before everything


def prepare_vtk() -> None:
    """Choose how VTK draws, before it is loaded: through EGL on a Linux without a display.

    Raises
    ------
    ScanError
        If there is neither a display nor EGL.
    """
    if is_headless():
        try:
            ctypes.CDLL("libEGL.so.1")
        except OSError:
            raise ScanError(
                "found no display and no libEGL.so.1, one of which is needed to draw pictures; "
                "install it, for example: apt-get install libegl1 libgl1."
            ) from None
        os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")


def is_headless() -> bool:
    """Tell whether this is a Linux without a display."""
    return sys.platform == "linux" and not os.environ.get("DISPLAY")


class Studio:
    """One renderer for many pictures, made when the first is drawn: a new one for each took as long as drawing it.

    It draws on a thread of its own, as VTK asks, and lets go of the GIL: meanwhile others can prepare what comes next.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "drawing")
        self._window: Any = None
        self._renderer: Any = None

    def __enter__(self) -> Studio:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Free the renderer."""
        self._thread.submit(self._free).result()
        self._thread.shutdown()

    def _free(self) -> None:
        if self._window is not None:
            self._window.Finalize()
            self._window = self._renderer = None

    def still(self, shot: Shot, centre: FloatArray, size_px: tuple[int, int], height_mm: float) -> ByteArray:
        """Render skins and clouds of a shot in parallel projection; lines and labels are `sheet.py`'s.

        Parameters
        ----------
        centre : (3,) mm, the point in the middle of the picture.
        size_px : width and height.
        height_mm : what the picture's height stands for.

        Returns
        -------
        (height, width, 3) uint8
        """
        return self._thread.submit(self._still, shot, centre, size_px, height_mm).result()

    def _still(self, shot: Shot, centre: FloatArray, size_px: tuple[int, int], height_mm: float) -> ByteArray:
        if self._window is None:
            prepare_vtk()
            self._window = new_window(size_px, off_screen=True)
            self._renderer = lit_renderer()
            self._window.AddRenderer(self._renderer)
        self._renderer.RemoveAllViewProps()
        self._window.SetSize(*size_px)
        top_mm = float(centre @ shot.up) + 0.5 * height_mm
        for actor in _actors(shot, top_mm, size_px[1] / height_mm):
            self._renderer.AddActor(actor)
        camera = self._renderer.GetActiveCamera()
        camera.SetFocalPoint(*centre)
        camera.SetPosition(*(centre - _EYE_MM * shot.look))
        camera.SetViewUp(*shot.up)
        camera.SetParallelProjection(True)
        camera.SetParallelScale(height_mm / 2.0)
        camera.SetClippingRange(1.0, 2.0 * _EYE_MM)
        self._window.Render()
        return pixels_of(self._window)


def new_window(size_px: tuple[int, int], off_screen: bool) -> Any:
    """Return a window of VTK of some width and height; `prepare_vtk` comes before it."""
    import vtkmodules.vtkRenderingOpenGL2  # noqa: F401  it draws what the next one names
    from vtkmodules.vtkRenderingCore import vtkRenderWindow

    window = vtkRenderWindow()
    window.SetOffScreenRendering(off_screen)
    window.SetMultiSamples(0)  # `sheet.py` draws larger and averages
    window.SetSize(*size_px)
    return window


def lit_renderer() -> Any:
    """Return a white renderer, lit from the eye with a key from the upper left: relief is alike from every side."""
    from vtkmodules.vtkRenderingCore import vtkLight, vtkRenderer

    renderer = vtkRenderer()
    renderer.SetBackground(1.0, 1.0, 1.0)
    for place, intensity in ((None, 0.55), ((-0.7, 0.9, 0.9), 0.5), ((0.3, -1.0, 0.5), 0.25)):
        light = vtkLight()
        light.SetIntensity(intensity)
        if place is None:
            light.SetLightTypeToHeadlight()
        else:
            light.SetLightTypeToCameraLight()
            light.SetPosition(*place)
        renderer.AddLight(light)
    return renderer


def pixels_of(window: Any) -> ByteArray:
    """Return what a window shows, (H, W, 3) uint8."""
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkRenderingCore import vtkWindowToImageFilter

    grabbed = vtkWindowToImageFilter()
    grabbed.SetInput(window)
    grabbed.SetInputBufferTypeToRGB()
    grabbed.ReadFrontBufferOff()
    grabbed.ShouldRerenderOff()
    grabbed.Update()
    image = grabbed.GetOutput()
    width, height, _ = image.GetDimensions()
    pixels: ByteArray = vtk_to_numpy(image.GetPointData().GetScalars())  # type: ignore[no-untyped-call]
    return np.ascontiguousarray(pixels.reshape(height, width, 3)[::-1])


def no_display() -> ScanError:
    """Return the refusal of a window where there is no display."""
    return ScanError(
        "found no display (DISPLAY is not set); expected one to open a window on. "
        "Add --screenshot FILE.png to draw to a file, or --web to look at it in a browser."
    )


def _actors(shot: Shot, top_mm: float, pixels_per_mm: float) -> list[Any]:
    """Return what stands in a shot; of skins that are cut the inside, too: one looks into them, down to the sole."""
    from scanproc.views import bodies

    found = []
    for skin in shot.scene.skins:
        shown = _within(skin.mesh, shot, top_mm)
        towards, away = faces_by_side(skin.mesh, shot.right, shot.up, shown)
        if shot.below_mm is None:  # what is turned away comes last: hidden by then, most of it needs no shading
            found.append(bodies.outside(bodies.body_of(skin, np.concatenate([towards, away]))))
            continue
        cut = [bodies.outside(bodies.body_of(skin, towards)), bodies.inside(bodies.body_of(skin, away))]
        for actor in cut:
            bodies.cut_away(actor, shot.below_mm)
        found += cut
    size_px = max(2.0, pixels_per_mm)
    clouds = [cloud for cloud in shot.scene.clouds if len(cloud.points)]
    return found + [bodies.dots(cloud.points, cloud.color, size_px) for cloud in clouds]


def _within(mesh: Mesh, shot: Shot, top_mm: float) -> BoolArray:
    """Tell which vertices lie neither beyond the top of the picture nor cut away: a leg is half of all faces."""
    within = np.asarray(mesh.vertices @ shot.up <= top_mm)
    return within if shot.below_mm is None else within & (mesh.vertices[:, 2] <= shot.below_mm)
