"""An image laid flat over a renderer, pixel for pixel."""

from __future__ import annotations

from typing import Any

import numpy as np

from scanproc.artifacts import ByteArray


class FlatImage:
    """(H, W, 4) uint8 pixels at a place of a window, over everything that its renderer shows."""

    def __init__(self, renderer: Any) -> None:
        from vtkmodules.vtkCommonDataModel import vtkImageData
        from vtkmodules.vtkRenderingCore import vtkPolyDataMapper2D, vtkTexture, vtkTexturedActor2D

        self._image = vtkImageData()
        texture = vtkTexture()
        texture.InterpolateOff()
        texture.SetInputData(self._image)
        self._mapper = vtkPolyDataMapper2D()
        self._actor = vtkTexturedActor2D()
        self._actor.SetMapper(self._mapper)
        self._actor.SetTexture(texture)
        self._actor.SetVisibility(False)
        self._size = (0, 0)
        self._kept: ByteArray | None = None
        renderer.AddViewProp(self._actor)

    def show(self, pixels: ByteArray, left: int, bottom: int) -> None:
        """Put other pixels there, their lower left corner at a pixel of the window."""
        from vtkmodules.util.numpy_support import numpy_to_vtk

        height, width = pixels.shape[:2]
        if (width, height) != self._size:
            self._size = (width, height)
            self._image.SetDimensions(width, height, 1)
            self._mapper.SetInputData(_rectangle(width, height))
        self._kept = np.ascontiguousarray(pixels[::-1]).reshape(-1, 4)  # VTK reads from here as long as it shows it
        self._image.GetPointData().SetScalars(numpy_to_vtk(self._kept, deep=False))  # type: ignore[no-untyped-call]
        self._image.Modified()
        self._actor.SetPosition(left, bottom)
        self._actor.SetVisibility(True)


def _rectangle(width: int, height: int) -> Any:
    """Return a rectangle of pixels with the corners of its texture."""
    from vtkmodules.util.numpy_support import numpy_to_vtk
    from vtkmodules.vtkCommonCore import vtkPoints
    from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData

    corners = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    points = vtkPoints()
    for x, y in corners:
        points.InsertNextPoint(x * width, y * height, 0.0)
    cell = vtkCellArray()
    cell.InsertNextCell(4, [0, 1, 2, 3])
    rectangle = vtkPolyData()
    rectangle.SetPoints(points)
    rectangle.SetPolys(cell)
    places = numpy_to_vtk(corners.astype(np.float32), deep=True)  # type: ignore[no-untyped-call]
    rectangle.GetPointData().SetTCoords(places)
    return rectangle
