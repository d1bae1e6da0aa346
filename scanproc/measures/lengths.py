"""Lengths, widths, heights and girths of a foot in the foot frame, as a caliper and a tape read them."""

from __future__ import annotations

import numpy as np

from scanproc.anatomy.foot_pose import FOOT_HEIGHT_MM
from scanproc.anatomy.plantar_surface import SOLE_HEIGHT_MM
from scanproc.frames import FloatArray, rotation_about
from scanproc.measures.readings import FootShape, Reading, no_reading, without_leg
from scanproc.mesh.meshes import Submesh, keep_faces
from scanproc.mesh.sections import Outline, Section, plane_section

HEEL_SIDE = 0.05  # of the length: heels are 0.268 +- 0.018 of it wide (ANSUR II), the axis near their middle
HEEL_SECTION = 0.16  # share of the length where the heel's width is read
TOES_FROM = 0.85  # share of the length: ahead of the webs between them
_TAPE_TILT_DEG = 30.0  # a tape round the ball leans by less than this from upright
_TAPE_REACH_MM = 60.0  # a tape that leans so, 60 mm high, and 20 mm below its points
_UNDERSIDE = "the underside"


def foot_length(shape: FootShape) -> Reading:
    """Pternion to the tip of the longest toe, along x."""
    return _along(shape, "longest_toe_tip")


def truncated_foot_length(shape: FootShape) -> Reading:
    """Pternion to metatarsale tibiale, along x."""
    return _along(shape, "metatarsale_tibiale")


def outside_ball_length(shape: FootShape) -> Reading:
    """Pternion to metatarsale fibulare, along x."""
    return _along(shape, "metatarsale_fibulare")


def _along(shape: FootShape, name: str) -> Reading:
    value = float(shape.landmark(name)[0]) - shape.rear
    return Reading(value, shape.unseen_points("pternion", name), f"the pternion or the {name.replace('_', ' ')}")


def foot_width(shape: FootShape) -> Reading:
    """Metatarsale tibiale to fibulare, along y."""
    names = ("metatarsale_tibiale", "metatarsale_fibulare")
    value = abs(float(shape.landmark(names[0])[1] - shape.landmark(names[1])[1]))
    return Reading(value, shape.unseen_points(*names), "a border of the ball")


def ball_angle_deg(shape: FootShape) -> Reading:
    """Line of the two metatarsal points against y; positive where the medial one lies ahead."""
    names = ("metatarsale_tibiale", "metatarsale_fibulare")
    ahead, across, _ = shape.landmark(names[0]) - shape.landmark(names[1])
    return Reading(
        float(np.rad2deg(np.arctan2(ahead, abs(across)))), shape.unseen_points(*names), "a border of the ball"
    )


def heel_width(shape: FootShape) -> Reading:
    """Width of the section at 0.16 of the length, below 40 mm."""
    borders = shape.borders(np.array([shape.at(HEEL_SECTION)]), SOLE_HEIGHT_MM)
    right, left = float(borders.right[0]), float(borders.left[0])
    if np.isnan(right):
        return no_reading("there is no surface at the heel")
    # The axis runs through the heel: without a border well to each side of it, one wall was not seen.
    least = HEEL_SIDE * shape.length
    if borders.open.any() or not right < -least < least < left:
        return no_reading("one side of the heel was not seen")
    return Reading(left - right, 1.0 - float(borders.seen.mean()), "a border of the heel")


def dorsum_height(shape: FootShape) -> Reading:
    """Highest point of the section at half the length."""
    if not len(shape.midfoot):
        return no_reading("there is no surface at half the length")
    extent = shape.midfoot.extent(2)
    if extent.high_open:
        return no_reading("the dorsum was not seen: the surface ends below it, at half the length")
    return Reading(extent.high, 0.0 if extent.high_seen else 1.0, "the dorsum")


def toe_box_height(shape: FootShape) -> Reading:
    """Greatest height of the toes: of the sections from 0.85 of the length on."""
    ahead = shape.low_mesh.vertices[:, 0] >= shape.at(TOES_FROM)
    if not ahead.any():
        return no_reading("there is no surface at the toes")
    if (shape.low_mesh.vertices[ahead, 2] > FOOT_HEIGHT_MM).any():
        return no_reading("something stands on the toes")
    highest = np.flatnonzero(ahead)[np.argmax(shape.low_mesh.vertices[ahead, 2])]
    if shape.low_boundary[highest]:
        return no_reading("the top of the toes was not seen: the surface ends below it")
    seen = bool(shape.low_views[highest])
    return Reading(float(shape.low_mesh.vertices[highest, 2]), 0.0 if seen else 1.0, "the top of the toes")


def malleolus_height(shape: FootShape) -> Reading:
    """Height of the lateral malleolus above the ground."""
    if "lateral_malleolus" not in shape.foot.landmarks:
        return no_reading("no lateral malleolus shows (the ankle was not seen so high, or is too round)")
    return Reading(
        float(shape.landmark("lateral_malleolus")[2]), shape.unseen("lateral_malleolus"), "the lateral malleolus"
    )


def instep_girth(shape: FootShape) -> Reading:
    """Tape round the section at half the length."""
    if len(shape.midfoot) < 3:
        return no_reading("there is no surface at half the length")
    # The arch rises from the floor there: on its side the tape runs straight from the lowest seen point.
    return _tape(shape.midfoot, (1, 2), shape, arch_y=shape.medial_y)


def ball_girth(shape: FootShape) -> Reading:
    """Shortest tape round the foot through both metatarsal points.

    A taut tape lies nearly in a plane; of all planes through the two points the one with the shortest hull is taken.
    """
    tibiale, fibulare = shape.landmark("metatarsale_tibiale"), shape.landmark("metatarsale_fibulare")
    ball = shape.once(_ball)
    views = shape.low_views[ball.vertices]
    across = (fibulare - tibiale) / np.linalg.norm(fibulare - tibiale)
    upright = np.cross(across, [0.0, 0.0, 1.0])
    upright /= np.linalg.norm(upright)

    def girth(tilt_deg: float) -> Reading:
        normal = rotation_about(across, np.deg2rad(tilt_deg)) @ upright
        section = without_leg(plane_section(ball.mesh, normal, float(normal @ tibiale), views))
        if len(section) < 3:
            return no_reading("there is no surface round the ball")
        up = np.cross(normal, across)
        return _tape(_in_plane(section, across, up * np.sign(up[2])), (1, 2), shape)

    tilts = np.linspace(-_TAPE_TILT_DEG, _TAPE_TILT_DEG, 13)
    readings = [girth(float(tilt)) for tilt in tilts]
    best = int(np.argmin([np.inf if reading.value is None else reading.value for reading in readings]))
    step = float(tilts[1] - tilts[0])
    finer = [girth(float(tilts[best] + share * step)) for share in np.linspace(-0.8, 0.8, 9)]
    return min([*readings, *finer], key=lambda reading: np.inf if reading.value is None else reading.value)


def _ball(shape: FootShape) -> Submesh:
    """Return the part of the foot that a tape round the ball can lie on."""
    ends = [float(shape.landmark(f"metatarsale_{name}")[0]) for name in ("tibiale", "fibulare")]
    x = shape.low_mesh.vertices[:, 0]
    near = (x > min(ends) - _TAPE_REACH_MM) & (x < max(ends) + _TAPE_REACH_MM)
    return keep_faces(shape.low_mesh, np.asarray(near[shape.low_mesh.faces].any(axis=1)))


def _in_plane(section: Section, across: FloatArray, up: FloatArray) -> Section:
    """Return a section with its plane's axes as coordinates 1 and 2; coordinate 2 stays 0 on the ground."""
    rise = up[2]  # a tilted plane meets the ground where z = 0, that is where up-coordinate = z / rise
    height = section.points[:, :, 2] / rise
    return Section(
        np.stack([np.zeros_like(height), section.points @ across, height], axis=2),
        section.edges,
        section.seen,
        section.open,
    )


def _tape(section: Section, axes: tuple[int, int], shape: FootShape, arch_y: float = 0.0) -> Reading:
    """Return the length of a tape round a section whose second axis is the height above the ground.

    Where the underside of a standing foot was not seen, the tape is closed along the floor: from the lowest seen
    point on each side at 45°, between the straight drop (4 mm too long on a ball seen down to 3 mm) and the straight
    cut (2 mm too short); not on the side of an arch, -1 or +1.
    """
    unseen = section.unseen_share(axes)
    points = section.points.reshape(-1, 3)[:, axes]
    if shape.foot.ground == "floor" and unseen > 0.0:
        points = _closed_on_floor(section.points[section.seen].reshape(-1, 3)[:, axes], arch_y)
    if len(points) < 3:
        return no_reading("the section was not seen")
    return Reading(Outline.of(points).perimeter, unseen, _UNDERSIDE)


def _closed_on_floor(seen: FloatArray, arch_y: float) -> FloatArray:
    """Return (N, 2) seen points of a section, (across, height), and where they would meet the floor."""
    if len(seen) < 3:
        return seen
    middle = (seen[:, 0].min() + seen[:, 0].max()) / 2.0
    corners = []
    for inward, half in ((1.0, seen[seen[:, 0] <= middle]), (-1.0, seen[seen[:, 0] > middle])):
        if len(half) and inward != -arch_y:
            across, height = half[np.argmin(half[:, 1])]
            corners.append([across + inward * max(height, 0.0), 0.0])
    return np.concatenate([seen, np.array(corners).reshape(-1, 2)])


def mondopoint(shape: FootShape) -> Reading:
    """Shoe size in Mondopoint, ISO 9407: the foot length in mm to the nearest 5."""
    return _size(shape, step=5.0, per_mm=1.0, room=0.0)


def eu_size(shape: FootShape) -> Reading:
    """Shoe size in Paris points of 6.67 mm, with 2 points of room before the toes, to the nearest half."""
    return _size(shape, step=0.5, per_mm=0.15, room=2.0)


def _size(shape: FootShape, step: float, per_mm: float, room: float) -> Reading:
    """Return the step next to a foot's length; how far a length may lie from its step is part of the uncertainty."""
    length = foot_length(shape)
    size = step * round((shape.length * per_mm + room) / step)
    return Reading(size, length.unseen_share, length.where, own_sd=step / np.sqrt(12.0))  # evenly spread: GUM 4.3.7
