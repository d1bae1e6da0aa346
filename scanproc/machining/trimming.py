"""The trim line: a flat end mill goes round the outline, layer by layer, over the tabs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage

from scanproc.frames import FloatArray
from scanproc.machining.cutters import Cutter
from scanproc.machining.drop_cutter import DropCutter
from scanproc.machining.setups import AIR_MM, Setup
from scanproc.machining.toolpaths import Cut, ramped
from scanproc.mesh.polygons import offset, resampled
from scanproc.mesh.polyline_distance import nearest_on_curve
from scanproc.solid.height_fields import HeightField

_OFF_MM = 0.01  # the polygon of the way is inscribed into the true one
_ALONG_MM = 0.5


def through_to(under: HeightField, setup: Setup) -> Setup:
    """Return a setup whose trim line goes through to the stock's underside, which was cut before, everywhere round it.

    The first side opens the stock below the part's rim; beside tabs, where its cutters find no room, less.
    """
    outline, wide = setup.part.outline, setup.machine.trim.diameter_mm
    outside = setup.around(under.nodes()).outside_mm.reshape(under.z.shape)
    low = np.where((outside > 0.0) & (outside <= wide), under.z, np.inf)
    reach = 2 * int(np.ceil((wide + _ALONG_MM) / under.step)) + 1
    lowest = ndimage.minimum_filter(low, reach)
    cells = np.round((outline - [under.x0, under.y0]) / under.step).astype(int)
    deep = lowest[cells[:, 0], cells[:, 1]]
    assert setup.trim_z is not None
    return replace(setup, trim_z=np.maximum(np.minimum(setup.trim_z, deep - AIR_MM), setup.floor_z))


def trimming(setup: Setup) -> list[Cut]:
    """Return the passes round the outline, from the ground that roughing has left down to the trim line's depth."""
    tool, cutting = setup.machine.trim, setup.machine.cutting
    cutter = Cutter.of(tool)
    away = cutter.radius_mm + _OFF_MM
    plan = resampled(offset(setup.part.outline, away), _ALONG_MM, closed=True)
    if cutting.milling == "climb":  # a cutter that turns to the right climbs with the part on its right
        plan = plan[::-1]
    plan = np.vstack([plan, plan[:1]])
    near = nearest_on_curve(setup.part.outline, plan, away + 1.0, closed=True)
    assert setup.trim_z is not None
    floor = np.maximum(near.of(setup.trim_z), DropCutter.over(setup.surface, cutter).tip_z(plan))
    floor = _over_edges(floor)
    rim_z = near.of(setup.part.rim_z)
    start = int(np.argmin(floor[:-1]))
    plan, floor, rim_z = (np.concatenate([each[start:-1], each[: start + 1]]) for each in (plan, floor, rim_z))
    steepness = float(np.tan(np.deg2rad(cutting.ramp_deg)))
    cuts = []
    above = float(rim_z.max()) + cutting.leave_mm
    while above > floor.min() + 1e-6:
        layer = max(above - tool.step_down_mm, float(floor.min()))
        z = np.maximum(floor, layer)
        cuts.append(ramped(np.column_stack([plan, z]), above, steepness))
        above = layer
    return cuts


def _over_edges(z: FloatArray) -> FloatArray:
    """Let each place be as high as its higher neighbour round a closed way: between two the cutter meets a tab."""
    return np.append(ndimage.maximum_filter1d(z[:-1], 3, mode="wrap"), max(z[-2], z[0], z[1]))
