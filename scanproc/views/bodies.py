"""Skins, points and lines as actors of VTK. Loaded once `render.prepare_vtk` has chosen how VTK draws."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPlane, vtkPolyData
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

from scanproc.artifacts import ByteArray, IntArray
from scanproc.frames import FloatArray
from scanproc.views.colors import CUT, Rgb
from scanproc.views.scene import Line, Skin

_SHARP_DEG = 35.0
_SPECULAR_POWER = 100.0  # a small light spot


def body_of(skin: Skin, shown: IntArray | None = None) -> vtkPolyData:
    """Return the skin with its normals; a sharp one has those of its faces where the surface turns by 35 degrees.

    Parameters
    ----------
    shown : numbers of the faces that are drawn, in that order; None: all.
    """
    vertices, color, normals = skin.mesh.vertices, skin.color, skin.normals
    faces = skin.mesh.faces if shown is None else skin.mesh.faces[shown]
    if skin.sharp:
        corners = vertices[faces]
        flat = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        flat = np.repeat(flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12), 3, axis=0)
        smooth = normals[faces.ravel()]
        is_smooth = (smooth * flat).sum(axis=1, keepdims=True) > np.cos(np.radians(_SHARP_DEG))
        normals = np.where(is_smooth, smooth, flat)
        vertices, color = corners.reshape(-1, 3), color[faces.ravel()]
        faces = np.arange(len(vertices), dtype=np.int32).reshape(-1, 3)
    body = _points(vertices, color)
    body.SetPolys(_cells(faces))
    body.GetPointData().SetNormals(numpy_to_vtk(normals, deep=True))  # type: ignore[no-untyped-call]
    return body


def outside(body: vtkPolyData) -> vtkActor:
    """Return a body in its own colours, matt."""
    return _matt(body, 0.28, 0.82, 0.06)


def inside(body: vtkPolyData) -> vtkActor:
    """Return the inside of a body, for where it is open or cut."""
    actor = _matt(body, 0.1, 0.75, 0.0)
    actor.GetMapper().ScalarVisibilityOff()
    actor.GetProperty().SetColor(*_unit(CUT))
    actor.GetProperty().FrontfaceCullingOn()
    return actor


def dots(points: FloatArray, color: ByteArray, size_px: float) -> vtkActor:
    """Return (N, 3) points in their (N, 3) uint8 colours, unshaded."""
    cloud = _points(points, color)
    cloud.SetVerts(_cells(np.arange(len(points)).reshape(-1, 1)))
    actor = _actor(cloud)
    actor.GetProperty().SetPointSize(size_px)
    actor.GetProperty().LightingOff()
    return actor


def wire(line: Line) -> vtkActor:
    """Return a line, or its separate segments, in one colour, unshaded."""
    body, numbers = vtkPolyData(), np.arange(line.points.size // 3)
    body.SetPoints(_at(line.points.reshape(-1, 3)))
    body.SetLines(_cells(numbers.reshape(-1, 2) if line.points.ndim == 3 else numbers[None]))
    actor = _actor(body)
    actor.GetProperty().SetColor(*_unit(line.color))
    actor.GetProperty().SetLineWidth(line.width)
    actor.GetProperty().LightingOff()
    return actor


def cut_away(actor: vtkActor, above_mm: float) -> None:
    """Hide what lies higher."""
    plane = vtkPlane()
    plane.SetOrigin(0.0, 0.0, above_mm)
    plane.SetNormal(0.0, 0.0, -1.0)  # towards what is kept
    actor.GetMapper().AddClippingPlane(plane)


def _matt(body: vtkPolyData, ambient: float, diffuse: float, specular: float) -> vtkActor:
    actor = _actor(body)
    look = actor.GetProperty()
    look.SetInterpolationToPhong()
    look.SetAmbient(ambient)
    look.SetDiffuse(diffuse)
    look.SetSpecular(specular)
    look.SetSpecularPower(_SPECULAR_POWER)
    return actor


def _actor(body: vtkPolyData) -> vtkActor:
    mapper, actor = vtkPolyDataMapper(), vtkActor()
    mapper.SetInputData(body)
    mapper.SetColorModeToDirectScalars()
    actor.SetMapper(mapper)
    return actor


def _points(points: FloatArray, color: ByteArray) -> vtkPolyData:
    body = vtkPolyData()
    body.SetPoints(_at(points))
    body.GetPointData().SetScalars(numpy_to_vtk(color, deep=True))  # type: ignore[no-untyped-call]
    return body


def _at(points: FloatArray) -> vtkPoints:
    places = vtkPoints()
    places.SetData(numpy_to_vtk(np.ascontiguousarray(points), deep=True))  # type: ignore[no-untyped-call]
    return places


def _cells(corners: NDArray[np.integer]) -> vtkCellArray:
    """Return (N, K) numbers of points as N cells of K corners."""
    cells, numbers = vtkCellArray(), np.ascontiguousarray(corners, dtype=np.int64)
    cells.SetData(corners.shape[1], numpy_to_vtkIdTypeArray(numbers.ravel(), deep=True))  # type: ignore[no-untyped-call]
    return cells


def _unit(color: Rgb) -> tuple[float, float, float]:
    red, green, blue = (part / 255.0 for part in color)
    return red, green, blue
