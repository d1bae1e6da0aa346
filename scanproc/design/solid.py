"""Builds the closed solid of a designed insole."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import Mesh
from scanproc.design.shape import Design
from scanproc.geometry.solids import (
    closed_solid,
    hexagonal_points,
    interior_points,
    parallel_below,
    plan_areas,
    pressed_flat,
    triangulated,
)

log = logging.getLogger(__name__)

_STEEP, _BENT = 0.6, 0.06  # slope, and curvature in 1/mm, from which triangles are smaller ...
_COARSE_MM, _FINE_MM = 1.2, 0.48
_SAG_MM = 0.02  # flat triangles cut the curved wall by up to twice this: it is built thicker by as much


@dataclass(frozen=True)
class Built:
    """The finished solid, and how far its underside was pressed flat for the printer."""

    solid: Mesh
    pressed_mm: float


def build(asked: Design) -> Built:
    """Return the closed solid of a design: its top, and the surface one wall below it."""
    outline = asked.outline
    low, high = outline.min(axis=0), outline.max(axis=0)
    fine = hexagonal_points(low, high, _FINE_MM)
    detailed = (asked.top.slope_at(fine) > _STEEP) | (asked.top.bend_at(fine) > _BENT) | asked.rim.near(fine, 2.0)
    interior = interior_points(outline, hexagonal_points(low, high, _COARSE_MM), fine[detailed], _COARSE_MM, _FINE_MM)
    faces = triangulated(outline, interior)
    xy = np.vstack([outline, interior])
    top_z = asked.top_at(xy)
    bottom_z = parallel_below(Mesh(np.column_stack([xy, top_z]), faces), asked.wall_at(xy) + _SAG_MM)
    bottom_z = asked.under.applied(xy, bottom_z)
    patch_mm2 = 0.0 if asked.under.has_platform else asked.rx.contact_patch_mm2
    pressed = pressed_flat(bottom_z, plan_areas(xy, faces), patch_mm2)
    solid = closed_solid(xy, faces, len(outline), top_z, pressed.z)
    log.info("insole: %d points in the plan, %d triangles", len(xy), len(solid.faces))
    return Built(solid, pressed.depth_mm)
