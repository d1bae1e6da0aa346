"""Lengths, widths, heights and sizes of a foot in the foot frame, as a caliper reads them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from scanproc.anatomy.foot_regions import FOOT_HEIGHT_MM, HEEL_SECTION, SOLE_HEIGHT_MM
from scanproc.anatomy.open_boundaries import border_is_open
from scanproc.anatomy.profiles import borders_at
from scanproc.artifacts import ReadGeometry
from scanproc.frames import FloatArray
from scanproc.measures.readings import FootShape, Reading, height_of, no_reading
from scanproc.mesh.sections import axis_section

HEEL_SIDE = 0.05  # of the length: heels are 0.268 +- 0.018 of it wide (ANSUR II), the axis near their middle
TOES_FROM = 0.85  # share of the length: ahead of the webs between them
_ROWS, _TORN_MM = 5, 1.0  # rows of a heel's wall that tell where the next one lies, and how far out a torn one does
# Of the length: nine feet have 0.71 to 0.74. Of 300 feet scanned with realistic noise six had a point outside of these
# limits, and a truncated length wrong by 17 to 26 mm.
_HEAD_SHARES = (0.67, 0.78)
_BALL = ("metatarsale_tibiale", "metatarsale_fibulare")
# Where the dimension lines of lengths are put, as on a drawing.
_BESIDE_MM = 8.0  # from the lateral border
_BELOW_MM = 7.0  # the ground


def foot_length(shape: FootShape) -> Reading:
    """Pternion to the tip of the longest toe, along x."""

    def read_from() -> ReadGeometry:
        low = shape.low_mesh.vertices[shape.low_mesh.vertices[:, 2] < FOOT_HEIGHT_MM, 1]
        lateral = float(low.max()) + _BESIDE_MM if shape.medial_y < 0.0 else float(low.min()) - _BESIDE_MM
        return _along_geometry(shape, "longest_toe_tip", lateral, 0.0)

    return _along(shape, "longest_toe_tip", read_from)


def truncated_foot_length(shape: FootShape) -> Reading:
    """Pternion to metatarsale tibiale, along x; none where no foot has its first metatarsal head."""
    name = "metatarsale_tibiale"
    share = (float(shape.landmark(name)[0]) - shape.rear) / shape.length
    low, high = _HEAD_SHARES
    was_found = shape.itself is None and shape.foot.landmarks[name].method == "auto"
    if was_found and shape.unseen("longest_toe_tip") < 1.0 and not low <= share <= high:
        return no_reading(
            f"the medial border of the ball is widest at {100.0 * share:.0f} % of the length, expected"
            f" {100.0 * low:.0f} to {100.0 * high:.0f} %: what lies there is not of the first metatarsal head;"
            " set metatarsale_tibiale by hand"
        )
    return _along(shape, name, lambda: _along_geometry(shape, name, 0.0, -_BELOW_MM))


def outside_ball_length(shape: FootShape) -> Reading:
    """Pternion to metatarsale fibulare, along x."""
    name = "metatarsale_fibulare"
    return _along(shape, name, lambda: _along_geometry(shape, name, 0.0, -_BELOW_MM))


def _along(shape: FootShape, name: str, read_from: Callable[[], ReadGeometry]) -> Reading:
    value = float(shape.landmark(name)[0]) - shape.rear
    where = f"the pternion or the {name.replace('_', ' ')}"
    return Reading(value, shape.unseen_points("pternion", name), where, geometry=read_from)


def _along_geometry(shape: FootShape, name: str, y: float, z: float) -> ReadGeometry:
    """Return the two points that a length lies between, and its dimension line at this `y` and `z`, mm."""
    pternion, end = shape.landmark("pternion"), shape.landmark(name)
    line = np.array([[end[0], y, z], [pternion[0], y, z]])
    return ReadGeometry({"pternion": pternion, name: end}, {"dimension": line})


def foot_width(shape: FootShape) -> Reading:
    """Metatarsale tibiale to fibulare, along y."""
    value = abs(float(shape.landmark(_BALL[0])[1] - shape.landmark(_BALL[1])[1]))

    def read_from() -> ReadGeometry:
        points = _ball_points(shape)
        x = 0.5 * (points[_BALL[0]][0] + points[_BALL[1]][0])
        ends = {name: np.array([x, point[1], 0.0]) for name, point in points.items()}
        lines = {f"to the {name}": np.stack([ends[name], point]) for name, point in points.items()}
        return ReadGeometry(points, {"dimension": np.stack([ends[_BALL[1]], ends[_BALL[0]]]), **lines})

    return Reading(value, shape.unseen_points(*_BALL), "a border of the ball", geometry=read_from)


def ball_angle_deg(shape: FootShape) -> Reading:
    """Line of the two metatarsal points against y; positive where the medial one lies ahead."""
    ahead, across, _ = shape.landmark(_BALL[0]) - shape.landmark(_BALL[1])

    def read_from() -> ReadGeometry:
        points = _ball_points(shape)
        return ReadGeometry(points, {"ball line": np.stack([points[name] for name in _BALL])})

    value = float(np.rad2deg(np.arctan2(ahead, abs(across))))
    return Reading(value, shape.unseen_points(*_BALL), "a border of the ball", geometry=read_from)


def _ball_points(shape: FootShape) -> dict[str, FloatArray]:
    return {name: shape.landmark(name) for name in _BALL}


def heel_width(shape: FootShape) -> Reading:
    """Width of the section at 0.16 of the length, below 40 mm."""
    x = np.array([shape.at(HEEL_SECTION)])
    borders = shape.borders(x, SOLE_HEIGHT_MM)
    if np.isnan(borders.right[0]):
        return no_reading("there is no surface at the heel")
    slab = shape.evened(float(x[0]))
    section, even = axis_section(slab, 0, float(x[0])).points.reshape(-1, 3), borders_at(slab, x, SOLE_HEIGHT_MM)
    walls = [_untorn(end, section, out) for end, out in zip(even.points[0], (-1.0, 1.0), strict=True)]
    right, left = float(walls[0][1]), float(walls[1][1])
    # The axis runs through the heel: without a border well to each side of it, one wall was not seen.
    least = HEEL_SIDE * shape.length
    ends = zip(borders.points[0], borders.open[0], (-1.0, 1.0), strict=True)
    is_open = any(
        on_rim and border_is_open(shape.low_mesh, shape.low_boundary, end, out, shape.border_cosine)
        for end, on_rim, out in ends
    )
    if is_open or not right < -least < least < left:
        return no_reading("one side of the heel was not seen")

    def read_from() -> ReadGeometry:
        sides = dict(zip(("right border", "left border"), walls, strict=True))
        lateral, medial = sides.values() if shape.medial_y > 0.0 else reversed(sides.values())
        return ReadGeometry(sides, {"dimension": np.stack([lateral, medial]) * (1.0, 1.0, 0.0)})

    return Reading(left - right, 1.0 - float(borders.seen.mean()), "a border of the heel", geometry=read_from)


def _untorn(border: FloatArray, section: FloatArray, outward_y: float) -> FloatArray:
    """Return the (3,) border of a heel's (N, 3) section on one side, or the outermost point within a rim that is torn.

    A wall is round: no row of it, 1 mm high, lies outside of the line through those before it. At a rim, where hardly
    a view saw what lies beside the floor, a surface may stick out by millimetres.
    """
    outward = outward_y * section[:, 1]
    wall = section[(section[:, 2] < SOLE_HEIGHT_MM) & (outward >= np.median(outward))]
    if not len(wall):
        return border
    row = np.floor(wall[:, 2])
    rows = _every_row(np.array([wall[row == z][np.argmax(outward_y * wall[row == z, 1])] for z in np.unique(row)]))
    middle = len(rows) // 2
    first = middle - _before_a_tear(outward_y * rows[middle::-1, 1]) + 1
    last = middle + _before_a_tear(outward_y * rows[middle:, 1])
    torn_below = first > 0 and border[2] < rows[first, 2]
    torn_above = last < len(rows) and border[2] > rows[last - 1, 2]
    if not torn_below and not torn_above:
        return border
    return np.asarray(rows[first + int(np.argmax(outward_y * rows[first:last, 1]))])


def _every_row(rows: FloatArray) -> FloatArray:
    """Return (N, 3) outermost points of rows from below, with those of rows between that a coarse section skips."""
    heights = rows[0, 2] + np.arange(np.floor(rows[-1, 2] - rows[0, 2]) + 1.0)
    between = np.array([z for z in heights if np.abs(rows[:, 2] - z).min() >= 1.0]).reshape(-1)
    added = np.column_stack([np.interp(between, rows[:, 2], rows[:, axis]) for axis in range(3)])
    every = np.vstack([rows, added])
    return np.asarray(every[np.argsort(every[:, 2], kind="stable")])


def _before_a_tear(outward: FloatArray) -> int:
    """Return how many of (N,) rows come before one that sticks out from those before it."""
    for end in range(_ROWS, len(outward)):
        slope, start = np.polyfit(np.arange(_ROWS), outward[end - _ROWS : end], 1)
        if outward[end] > start + slope * _ROWS + _TORN_MM:
            return end
    return len(outward)


def dorsum_height(shape: FootShape) -> Reading:
    """Highest point of the section at half the length."""
    if not len(shape.midfoot):
        return no_reading("there is no surface at half the length")
    extent = shape.midfoot.extent(2)
    if shape.dorsum_is_cut:
        return no_reading("the dorsum was not seen: the surface ends below it, at half the length")
    unseen = 0.0 if extent.high_seen else 1.0
    return Reading(extent.high, unseen, "the dorsum", geometry=partial(height_of, extent.high_point, "dorsum"))


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
    top, seen = shape.low_mesh.vertices[highest], bool(shape.low_views[highest])
    unseen = 0.0 if seen else 1.0
    return Reading(float(top[2]), unseen, "the top of the toes", geometry=partial(height_of, top, "top of the toes"))


def malleolus_height(shape: FootShape) -> Reading:
    """Height of the lateral malleolus above the ground."""
    if "lateral_malleolus" not in shape.foot.landmarks:
        return no_reading("no lateral malleolus shows (the ankle was not seen so high, or is too round)")
    mark, unseen = shape.landmark("lateral_malleolus"), shape.unseen("lateral_malleolus")
    read_from = partial(height_of, mark, "lateral_malleolus")
    return Reading(float(mark[2]), unseen, "the lateral malleolus", geometry=read_from)


def navicular_height(shape: FootShape) -> Reading:
    """Height of the navicular landmark, which no shape gives away: it must be marked or set by hand."""
    if "navicular" not in shape.foot.landmarks:
        return no_reading("no landmark navicular was given (a marker on the skin, or by hand)")
    mark = shape.landmark("navicular")
    return Reading(float(mark[2]), geometry=partial(height_of, mark, "navicular"))


def mondopoint(shape: FootShape) -> Reading:
    """Shoe size in Mondopoint, ISO 9407, before it is rounded: the foot length in mm."""
    return _size(shape, shape.length)


def eu_size(shape: FootShape) -> Reading:
    """Shoe size in Paris points of 6.67 mm, before it is rounded."""
    return _size(shape, paris_points(shape.length))


def paris_points(length_mm: float) -> float:
    """Return the size of a foot in Paris points of 6.67 mm, with 2 points of room before the toes."""
    return 0.15 * length_mm + 2.0


def _size(shape: FootShape, size: float) -> Reading:
    length = foot_length(shape)

    def read_from() -> ReadGeometry:
        found = length.geometry()
        return ReadGeometry(found.points, {"foot length": found.lines["dimension"]})

    return Reading(size, length.unseen_share, length.where, geometry=read_from)
