"""How heel, leg and forefoot stand to each other in the frontal plane."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from scanproc.anatomy.landmarks import HEAD_REACH_MM, HEAD_SHARE, HEEL_SHARE
from scanproc.anatomy.plantar_surface import sole_map
from scanproc.artifacts import ReadGeometry
from scanproc.measures.arches import CONTACT_MM
from scanproc.measures.frontal_lines import HEEL_HEIGHTS, LEG_HEIGHTS, FrontalLine, heel_line, leg_line
from scanproc.measures.lengths import heel_width
from scanproc.measures.readings import FootShape, Reading, no_reading


def heel_angle_deg(shape: FootShape) -> Reading:
    """Calcaneal line against the ground's normal; valgus, its top leaning medially, is positive."""
    return _lean(shape.once(heel_line), shape, _heel_geometry, "the heel")


def leg_angle_deg(shape: FootShape) -> Reading:
    """Leg axis against the ground's normal; its top leaning medially is positive, varus of the tibia negative.

    Of the stretch from 90 to 160 mm above the ground, wherever the scan ends above it; without all of it there is none.
    """
    return _lean(shape.once(leg_line), shape, _leg_geometry, "the leg")


def _lean(found: FrontalLine, shape: FootShape, geometry: Callable[[FootShape], ReadGeometry], where: str) -> Reading:
    if found.line is None:
        return no_reading(str(found.refused))
    slope = found.line.slope
    sd_deg = float(np.rad2deg(found.slope_sd / (1.0 + slope**2)))
    value = float(np.rad2deg(np.arctan(slope * shape.medial_y)))
    return Reading(value, found.unseen_share, where, own_sd=sd_deg, geometry=partial(geometry, shape))


def _heel_geometry(shape: FootShape) -> ReadGeometry:
    return shape.once(heel_line).drawn("heel", HEEL_HEIGHTS)


def _leg_geometry(shape: FootShape) -> ReadGeometry:
    return shape.once(leg_line).drawn("leg", LEG_HEIGHTS)


def leg_heel_angle_deg(shape: FootShape) -> Reading:
    """Heel angle less leg angle; refused with either."""
    heel, leg = shape.once(heel_angle_deg), shape.once(leg_angle_deg)
    if heel.value is None or leg.value is None:
        return heel if heel.value is None else leg
    worse = max(heel, leg, key=lambda reading: reading.unseen_share)
    read_from = partial(_heel_and_leg, shape)
    return Reading(heel.value - leg.value, worse.unseen_share, worse.where, own_sd=heel.own_sd, geometry=read_from)


def _heel_and_leg(shape: FootShape) -> ReadGeometry:
    heel, leg = _heel_geometry(shape), _leg_geometry(shape)
    return ReadGeometry(lines={**heel.lines, **leg.lines}, curves={**heel.curves, **leg.curves})


def forefoot_angle_deg(shape: FootShape) -> Reading:
    """Line under the 1st and 5th metatarsal heads against the perpendicular of the heel line; varus is positive.

    Turning the foot until the heel line is upright raises the medial side by the heel's valgus: the angle is the sum of
    the heads' own tilt and the heel angle.
    """
    if shape.foot.ground != "support":
        return no_reading("the floor under the foot hides it (raised scans only)")
    heel = shape.once(heel_angle_deg)
    if heel.value is None:
        return heel
    if shape.unseen_points("metatarsale_tibiale", "metatarsale_fibulare") == 1.0:
        return no_reading("a border of the ball was not seen")
    tibiale, fibulare = shape.landmark("metatarsale_tibiale"), shape.landmark("metatarsale_fibulare")
    vertices, seen = shape.low_mesh.vertices, shape.low_views > 0
    across = (vertices[:, 1] - tibiale[1]) / (fibulare[1] - tibiale[1])
    heads = []
    for inside, point in ((across <= HEAD_SHARE, tibiale), (across >= 1.0 - HEAD_SHARE, fibulare)):
        region = np.flatnonzero(inside & (np.abs(vertices[:, 0] - point[0]) <= HEAD_REACH_MM))
        if not len(region):
            return no_reading("there is no surface under a metatarsal head")
        heads.append(region[np.argmin(vertices[region, 2])])
    first, fifth = vertices[heads[0]], vertices[heads[1]]
    tilt = np.rad2deg(np.arctan2(first[2] - fifth[2], abs(first[1] - fifth[1])))
    unseen = max(heel.unseen_share, 1.0 - float(seen[heads].mean()))

    def read_from() -> ReadGeometry:
        found = _heel_geometry(shape)
        points = {"1st metatarsal head": first, "5th metatarsal head": fifth}
        return ReadGeometry(points, {**found.lines, "metatarsal heads": np.stack([first, fifth])}, found.curves)

    where = "the heel or a metatarsal head"
    return Reading(float(tilt) + heel.value, unseen, where, own_sd=heel.own_sd, geometry=read_from)


def heel_contact_offset(shape: FootShape) -> Reading:
    """Centre of the heel's contact across, from the leg's axis dropped to the ground, mm; lateral is positive."""
    leg = shape.once(leg_line)
    if leg.line is None:
        return no_reading(str(leg.refused))
    if (width := shape.once(heel_width)).value is None:
        return width
    border = shape.low_mesh.vertices[:, 1]
    sole = sole_map(shape.plantar, shape.rear, shape.at(HEEL_SHARE), float(border.min()), float(border.max()))
    contact = (sole.height < CONTACT_MM) & sole.seen
    if contact.sum() < 100:  # 1 cm2: less is no contact of a heel
        return no_reading("the sole of the heel was not seen")
    middle = float((contact * sole.y).sum() / contact.sum())
    axis_y = leg.line.at_zero

    def read_from() -> ReadGeometry:
        x = float((contact * sole.x[:, None]).sum() / contact.sum())
        points = {"leg axis on the ground": np.array([x, axis_y, 0.0]), "centre of contact": np.array([x, middle, 0.0])}
        found = _leg_geometry(shape)
        return ReadGeometry(points, {**found.lines, "dimension": np.stack(list(points.values()))}, found.curves)

    offset = (axis_y - middle) * shape.medial_y
    return Reading(offset, leg.unseen_share, "the heel or the leg", geometry=read_from)
