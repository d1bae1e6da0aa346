"""The only importer of pyvista: scenes as pixels off-screen; `canvas.py` shows them in a window."""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Any

import numpy as np

from scanproc.artifacts import ByteArray
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.views.colors import CUT
from scanproc.views.scene import Scene, Shot, Skin

#: How the inside of an open or cut body is lit.
INSIDE = {"ambient": 0.1, "diffuse": 0.75, "specular": 0.0}


def pyvista() -> Any:
    """Load pyvista (0.8 s), off-screen through EGL on a Linux without a display.

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
        os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")  # read when vtk is loaded
    import pyvista

    return pyvista


def is_headless() -> bool:
    """Tell whether this is a Linux without a display."""
    return sys.platform == "linux" and not os.environ.get("DISPLAY")


class Studio:
    """One renderer for many pictures, made when the first is drawn: a new one for each took as long as drawing it."""

    def __init__(self) -> None:
        self._plotter: Any = None

    def __enter__(self) -> Studio:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Free the renderer."""
        if self._plotter is not None:
            self._plotter.close()
            self._plotter = None

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
        pv = pyvista()
        if self._plotter is None:
            theme = pv.themes.DocumentTheme()
            self._plotter = pv.Plotter(off_screen=True, window_size=list(size_px), lighting="none", theme=theme)
            self._plotter.disable_anti_aliasing()  # `sheet.py` draws larger and averages
            light(pv, self._plotter)
        plotter = self._plotter
        plotter.clear_actors()
        plotter.render_window.SetSize(*size_px)
        _add_bodies(pv, plotter, shot.scene, size_px[1] / height_mm, shot.below_mm)
        camera = plotter.renderer.camera
        camera.SetFocalPoint(*centre)
        camera.SetPosition(*(centre - 2000.0 * shot.look))
        camera.SetViewUp(*shot.up)
        camera.SetParallelProjection(True)
        camera.SetParallelScale(height_mm / 2.0)
        camera.SetClippingRange(1.0, 4000.0)
        return pixels_of(plotter.render_window)


def pixels_of(window: Any) -> ByteArray:
    """Render a window and return what it shows, (H, W, 3) uint8."""
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkRenderingCore import vtkWindowToImageFilter

    window.Render()
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


def light(pv: Any, plotter: Any) -> None:
    """Light from the eye with a key from the upper left, so that relief shows the same from every side."""
    plotter.add_light(pv.Light(light_type="headlight", intensity=0.55))
    plotter.add_light(pv.Light(position=(-0.7, 0.9, 0.9), light_type="camera light", intensity=0.5))
    plotter.add_light(pv.Light(position=(0.3, -1.0, 0.5), light_type="camera light", intensity=0.25))


def _add_bodies(pv: Any, plotter: Any, scene: Scene, pixels_per_mm: float, below_mm: float | None) -> None:
    for skin in scene.skins:
        body = body_of(pv, skin)
        matt = {"ambient": 0.28, "diffuse": 0.82, "specular": 0.06}
        outside = plotter.add_mesh(body, scalars="color", rgb=True, smooth_shading=True, render=False, **matt)
        if below_mm is not None:  # one looks into what is cut: its inside is shaded, down to the sole
            outside.prop.culling = "back"
            inside = plotter.add_mesh(
                body.copy(), color=CUT, smooth_shading=True, culling="front", render=False, **INSIDE
            )
            _cut_away(outside, below_mm)
            _cut_away(inside, below_mm)
    for cloud in scene.clouds:
        if not len(cloud.points):
            continue
        dots = pv.PolyData(np.array(cloud.points))
        dots.point_data["color"] = np.array(cloud.color)
        size_px = max(2.0, pixels_per_mm)
        plotter.add_mesh(
            dots, scalars="color", rgb=True, style="points", point_size=size_px, lighting=False, render=False
        )


def body_of(pv: Any, skin: Skin) -> Any:
    """Return the skin with its normals; a sharp one has those of its faces where the surface turns by 35 degrees."""
    vertices, faces, color = skin.mesh.vertices, skin.mesh.faces, skin.color
    normals = skin.normals
    if skin.sharp:
        corners = vertices[faces]
        flat = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        flat = np.repeat(flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12), 3, axis=0)
        smooth = normals[faces.ravel()]
        normals = np.where((smooth * flat).sum(axis=1, keepdims=True) > np.cos(np.radians(35.0)), smooth, flat)
        vertices, color = corners.reshape(-1, 3), color[faces.ravel()]
        faces = np.arange(len(vertices), dtype=np.int32).reshape(-1, 3)
    body = pv.PolyData.from_regular_faces(points=np.array(vertices), faces=np.array(faces))
    body.point_data["color"] = np.array(color)
    body.point_data.active_normals = normals
    return body


def _cut_away(actor: Any, below_mm: float) -> None:
    """Hide what lies higher than `below_mm`."""
    from vtkmodules.vtkCommonDataModel import vtkPlane

    plane = vtkPlane()
    plane.SetOrigin(0.0, 0.0, below_mm)
    plane.SetNormal(0.0, 0.0, -1.0)  # towards what is kept
    actor.mapper.AddClippingPlane(plane)
