"""A prescription as it is made for the eye, while it is changed: on a coarser grid, with fewer triangles."""

from __future__ import annotations

from scanproc.prescription.fields import Prescription

GRID_MM = 1.0
_COARSER = 2.4  # times the deviation of the triangles: half as many


def for_preview(rx: Prescription) -> Prescription:
    """Return what a preview is made by and judged by, on a grid of 1 mm.

    Triangles that lie farther off the surfaces cut so much more off a wall, on both sides; and off a dose, which is
    measured upright, twice as much on walls of 60 degrees. By that the tolerances are wider: what fails is the design
    and not its preview.
    """
    more_mm = (_COARSER - 1.0) * rx.making.mesh_deviation_mm
    return rx.changed(
        grid_mm=GRID_MM,
        mesh_deviation_mm=_COARSER * rx.making.mesh_deviation_mm,
        wall_tolerance_mm=rx.judgement.wall_tolerance_mm + 2.0 * more_mm,
        surface_tolerance_mm=rx.judgement.surface_tolerance_mm + more_mm,
        dose_tolerance_mm=rx.judgement.dose_tolerance_mm + 2.0 * more_mm,
    )
