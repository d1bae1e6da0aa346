"""The lines of heel and leg in the frontal plane, through the middles of their slices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from scanproc.artifacts import BoolArray, ReadGeometry
from scanproc.frames import FloatArray
from scanproc.measures.extrapolation import extrapolated
from scanproc.measures.readings import FootShape
from scanproc.mesh.meshes import face_normals, keep_faces
from scanproc.mesh.sections import Line, Outline, Section, axis_section, part_within, theil_sen

HEEL_HEIGHTS = (15.0, 50.0)  # mm above the ground: above the fat pad's bulge, below the malleoli
HEEL_STEP_MM = 2.0
HEEL_CHORD_MM = 10.0  # in front of each slice's rear-most point
_OFFSETS_MM = np.arange(-5.0, 5.1)  # from the chord: wider, the parabola misses how a heel's border turns
_AT_MIDDLE = np.linalg.pinv(np.vander(_OFFSETS_MM, 3))[2]  # of the least-squares parabola, by Savitzky & Golay (1964)
_FEW_TRIALS = 5.0 / 3.0  # of a variance: trials overlap, about five are independent (JCGM 101:2008, 6.4.9.4)
_REAR_GAP_MM = 12.0  # a heel, 30 mm round, bulges by 0.6 mm over a gap so wide
_MAX_REAR_SLOPE, _MAX_STEPS = 1.0, 2  # heels lean by up to 0.6 there; a slice or two may be missing between
LEG_HEIGHTS = (90.0, 160.0)
LEG_STEP_MM = 5.0
_MAX_LEG_MISSING = 3  # slices between the lowest and the highest that may be missing: no bend hides there
MIN_SLICES, MIN_HEIGHT_MM = 8, 25.0  # fewer midpoints do not make an angle
_HEEL_REACH_MM = 100.0  # ahead of the pternion: there the rear of a slice that is open behind would be no heel's
_DRAWN_BEYOND_MM = 12.0  # what a line is drawn longer than the stretch it was fitted to, at each end
_MAX_SLICE_UNSEEN = 0.25  # a leg slice that is open by more has no middle
_CAP_NORMAL_Z = 0.8  # faces this level, up on the leg, close the end that the scan was cut at
_MAX_SLICE_CAP = 0.03  # share of a slice's outline that may run along such faces


@dataclass(frozen=True)
class FrontalLine:
    """A line in the frontal plane: y = slope * z + at_zero, or the reason why there is none.

    Attributes
    ----------
    middles : (N, 3) float64, mm, the points it was fitted to.
    unseen_share : of the slices it was fitted to, those that lie on an invented surface.
    slope_sd : standard uncertainty of the slope from slices that were hidden; 0 where none was.
    """

    line: Line | None
    middles: FloatArray
    unseen_share: float
    refused: str | None = None
    slope_sd: float = 0.0

    def drawn(self, name: str, heights: tuple[float, float]) -> ReadGeometry:
        """Return the middles, and the line at their middle x, a little longer than the `heights` that it is read at."""
        if self.line is None:
            return ReadGeometry()
        z = np.array([heights[0] - _DRAWN_BEYOND_MM, heights[1] + _DRAWN_BEYOND_MM])
        x = np.full(2, np.median(self.middles[:, 0]))
        ends = np.column_stack([x, self.line.slope * z + self.line.at_zero, z])
        return ReadGeometry(lines={f"{name} line": ends}, curves={f"{name} middles": self.middles})


def heel_line(shape: FootShape) -> FrontalLine:
    """Fit the calcaneal line: midpoints of the chords 10 mm in front of the rear-most point of each slice.

    A camera that looks down on a standing heel does not see the lowest slices: its own bulge hides them. Midlines of
    heels bend by degrees, so the line of the other slices alone would be another measure; both borders are continued.
    """
    heights = np.arange(HEEL_HEIGHTS[0], HEEL_HEIGHTS[1] + 1e-9, HEEL_STEP_MM)
    heel = part_within(shape.low_mesh, 0, -np.inf, shape.rear + _HEEL_REACH_MM)
    views, boundary = shape.low_views[heel.vertices], shape.low_boundary[heel.vertices]
    sections = [axis_section(heel.mesh, 2, float(z), views, boundary) for z in heights]
    rear = _rear_points(sections, heights)
    borders, seen = np.full((len(heights), 2), np.nan), np.zeros(len(heights), dtype=np.bool_)
    for k, section in enumerate(sections):
        borders[k], seen[k] = _chord(section, rear.points[k])
    whole = np.isfinite(borders).all(axis=1)
    # What a guessed rear is off by moves both borders alike, apart; of one alone it would move the middle.
    borders[~whole & ~rear.seen] = np.nan
    chords = whole & rear.seen
    middles = np.column_stack([rear.points[:, 0] + HEEL_CHORD_MM, borders.mean(axis=1), heights])
    # A slice that is not there was not invented: too few of them are refused.
    found = _fit(middles[chords], int(seen[chords].sum()), max(int(chords.sum()), 1))
    if found.line is None or chords.all():
        return found
    return _with_hidden_slices(found, heights, borders)


@dataclass(frozen=True)
class _Rears:
    """Rear-most points of N slices: (N, 2) mm, nan where nothing tells; and whether each was seen, (N,) bool."""

    points: FloatArray
    seen: BoolArray


def _rear_points(sections: Sequence[Section], heights: FloatArray) -> _Rears:
    """Find the rear-most points of N slices; of a slice that is open behind, from its neighbours.

    The profile of a heel from the side is a parabola over 16 mm, within 0.3 mm: 0.1 mm for the middle of a chord.
    """
    points = np.full((len(sections), 2), np.nan)
    for k, section in enumerate(sections):
        if len(section):
            rear = section.extent(0)
            if not rear.low_open or _gap_behind(section, rear.low_point) <= _REAR_GAP_MM:
                points[k] = rear.low_point[:2]
    seen = _one_profile(points[:, 0])
    known = np.flatnonzero(seen)
    points[~seen] = np.nan
    if len(known) >= MIN_SLICES:
        for hidden in np.flatnonzero(~seen):
            near = known[np.argsort(np.abs(known - hidden), kind="stable")[:MIN_SLICES]]
            profile = np.polynomial.Polynomial.fit(heights[near], points[near, 0], 2)
            across = np.interp(heights[hidden], heights[known], points[known, 1])
            points[hidden] = float(profile(heights[hidden])), across
    return _Rears(points, seen)


def _one_profile(x: FloatArray) -> BoolArray:
    """Return which of (N,) rear-most x go on from the rear-most of all: elsewhere the torn edge of a side was taken."""
    goes_on = np.zeros(len(x), dtype=np.bool_)
    if np.isnan(x).all():
        return goes_on
    start = int(np.nanargmin(x))
    for others in (range(start, len(x)), range(start, -1, -1)):
        last = start
        for k in others:
            if abs(k - last) <= _MAX_STEPS and abs(x[k] - x[last]) <= _MAX_REAR_SLOPE * HEEL_STEP_MM * abs(k - last):
                goes_on[k], last = True, k
    return goes_on


def _chord(section: Section, rear: FloatArray) -> tuple[FloatArray, bool]:
    """Return y of the borders right and left of the (2,) rear point, nan where there is none; and if both were seen.

    Each is read from a parabola through the border 5 mm before and behind: the same point, less of its noise. On ten
    heels without noise the angle stays within 0.1 deg.
    """
    at_chord, seen = _borders_at(section, rear, np.array([HEEL_CHORD_MM]))
    around, _ = _borders_at(section, rear, HEEL_CHORD_MM + _OFFSETS_MM)
    smooth = _AT_MIDDLE @ around
    return np.where(np.isfinite(smooth), smooth, at_chord[0]), bool(seen.all())


def _borders_at(section: Section, rear: FloatArray, ahead_mm: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Return where a slice is cut (N,) mm ahead of its (2,) rear point: (N, 2) y right and left, and what was seen."""
    (x, y), (x_end, y_end) = section.points[:, 0, :2].T, section.points[:, 1, :2].T
    level = rear[0] + ahead_mm[:, None]
    crossed = (x > level) != (x_end > level)
    cut = y + (level - x) / np.where(crossed, x_end - x, 1.0) * (y_end - y)
    borders, seen = np.full((len(ahead_mm), 2), np.nan), np.zeros((len(ahead_mm), 2), dtype=np.bool_)
    if len(section):
        for k, side in enumerate((cut < rear[1], cut > rear[1])):  # two crossings of one wall: the other was not seen
            away = np.where(crossed & side, np.abs(cut - rear[1]), -1.0)
            there, outer = np.flatnonzero(away.max(axis=1) >= 0.0), away.argmax(axis=1)
            borders[there, k] = cut[there, outer[there]]
            seen[there, k] = section.seen[outer[there]]
    return borders, seen


def _with_hidden_slices(found: FrontalLine, heights: FloatArray, borders: FloatArray) -> FrontalLine:
    """Return the line through all slices, the hidden ones at the ends continued from (N, 2) borders."""
    whole = extrapolated(heights, borders)
    middle = whole.values.mean(axis=1)
    there = np.isfinite(middle)
    z, y = heights[there], middle[there]
    line = theil_sen(z, y)
    variance = 0.0
    for trials in whole.trials:
        shifts = [theil_sen(z, y + trial.mean(axis=1)[there]).slope - line.slope for trial in trials]
        variance += float(np.mean(np.square(shifts))) * _FEW_TRIALS if shifts else 0.0
    x = np.interp(z, found.middles[:, 2], found.middles[:, 0])
    return replace(found, line=line, middles=np.column_stack([x, y, z]), slope_sd=float(np.sqrt(variance)))


def _gap_behind(section: Section, rear: FloatArray) -> float:
    """Return how far apart across the ends of a slice are that is open at its (3,) rear-most point, mm."""
    ends = section.points[section.open]
    near = ends[np.linalg.norm(ends - rear, axis=1) < 3.0 * HEEL_CHORD_MM]
    return float(np.ptp(near[:, 1])) if len(near) > 1 else np.inf


def leg_line(shape: FootShape) -> FrontalLine:
    """Fit the leg's axis: centres of its slices from 90 to 160 mm.

    Legs bend: the axis of the slices up to 130 mm leans up to 7 deg otherwise than that of those up to 160 mm (four
    legs). So the stretch is the same for every leg, and one that was cut within it has no such angle.
    """
    leg = part_within(shape.foot.mesh, 2, *LEG_HEIGHTS)
    mesh, views = leg.mesh, shape.foot.views[leg.vertices]
    heights = np.arange(LEG_HEIGHTS[0], LEG_HEIGHTS[1] + 1e-9, LEG_STEP_MM)
    cap = keep_faces(mesh, face_normals(mesh)[:, 2] > _CAP_NORMAL_Z).mesh
    whole_as = None if shape.itself is None else set(shape.itself.once(leg_line).middles[:, 2])
    middles = []
    for z in heights if whole_as is None else sorted(whole_as):  # what was seen of a replicate is known
        pieces = axis_section(mesh, 2, float(z), views).pieces()
        if not pieces or len(pieces[0]) < 3:
            continue
        if whole_as is None and not _is_whole(pieces[0], axis_section(cap, 2, float(z))):
            continue
        middles.append([*Outline.of(pieces[0].points.reshape(-1, 3)[:, :2]).centroid, z])
    found = np.array(middles).reshape(-1, 3)
    whole = set(found[:, 2])
    if {heights[0], heights[-1]} <= whole and len(heights) - len(whole) <= _MAX_LEG_MISSING:
        return FrontalLine(theil_sen(found[:, 2], found[:, 1]), found, 0.0)
    seen = f"seen whole from {found[0, 2]:.0f} to {found[-1, 2]:.0f} mm" if len(found) else "not seen whole"
    reason = (
        f"the leg was {seen} above the ground, in {len(found)} of {len(heights)} slices; needed are"
        f" {LEG_HEIGHTS[0]:.0f} to {LEG_HEIGHTS[1]:.0f} mm (legs bend: a shorter piece leans otherwise)"
    )
    return FrontalLine(None, found, 1.0, reason)


def _is_whole(slice_: Section, of_cap: Section) -> bool:
    """Tell whether a slice of a leg was seen all round, and not where the leg was cut and closed."""
    if slice_.unseen_share((0, 1)) > _MAX_SLICE_UNSEEN:
        return False
    return bool(of_cap.lengths().sum() <= _MAX_SLICE_CAP * slice_.lengths().sum())


def _fit(middles: FloatArray, seen: int, asked: int) -> FrontalLine:
    """Fit y over z through a heel's slice middles, unless they are too few or too close together."""
    height = float(np.ptp(middles[:, 2])) if len(middles) else 0.0
    if len(middles) < MIN_SLICES or height < MIN_HEIGHT_MM:
        seen_part = f"only {len(middles)} slices over {height:.0f} mm of the heel were seen"
        reason = f"{seen_part} ({MIN_SLICES} and {MIN_HEIGHT_MM:.0f} mm needed)"
        return FrontalLine(None, middles, 1.0, reason)
    return FrontalLine(theil_sen(middles[:, 2], middles[:, 1]), middles, 1.0 - seen / asked)
