"""Girths of a foot, as a tape reads them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from scanproc.anatomy.foot_regions import DORSUM_SECTION
from scanproc.artifacts import ReadGeometry
from scanproc.frames import FloatArray, rotation_about
from scanproc.measures.readings import FootShape, Reading, no_reading, without_leg
from scanproc.mesh.meshes import Submesh, any_corner, keep_faces
from scanproc.mesh.sections import Outline, Section, plane_section

_TAPE_TILT_DEG = 30.0  # a tape round the ball leans by less than this from upright
_TAPE_REACH_MM = 60.0  # a tape that leans so, 60 mm high, and 20 mm below its points
_UNDERSIDE = "the underside"


def instep_girth(shape: FootShape) -> Reading:
    """Tape round the section at half the length."""
    if len(shape.midfoot) < 3:
        return no_reading("there is no surface at half the length")
    sides = shape.midfoot.extent(1)
    if sides.low_open or sides.high_open:
        return no_reading("one side of the midfoot was not seen")
    if shape.dorsum_is_cut:
        return no_reading("the dorsum was not seen: the surface ends below it, at half the length")
    # The arch rises from the floor there: on its side the tape runs straight from the lowest seen point.
    x = shape.at(DORSUM_SECTION)
    return _Tape(
        shape.midfoot, shape, lambda tape: np.column_stack([np.full(len(tape), x), tape]), shape.medial_y
    ).reading()


def ball_girth(shape: FootShape) -> Reading:
    """Shortest tape round the foot through both metatarsal points.

    A taut tape lies nearly in a plane; of all planes through the two points the one with the shortest hull is taken.
    """
    if shape.unseen_points("metatarsale_tibiale", "metatarsale_fibulare") == 1.0:
        return no_reading("a border of the ball was not seen")
    tape = shape.once(_shortest_tape)
    return no_reading(str(tape.refused)) if tape.tape is None else tape.tape.reading()


@dataclass(frozen=True)
class _BallTape:
    """The shortest tape round the ball and how far its plane leans, or why there is none."""

    tape: _Tape | None
    tilt_deg: float = 0.0
    refused: str | None = None


def _shortest_tape(shape: FootShape) -> _BallTape:
    tibiale, fibulare = shape.landmark("metatarsale_tibiale"), shape.landmark("metatarsale_fibulare")
    ball = shape.once(_ball)
    views = shape.low_views[ball.vertices]
    across = (fibulare - tibiale) / np.linalg.norm(fibulare - tibiale)
    upright = np.cross(across, [0.0, 0.0, 1.0])
    upright /= np.linalg.norm(upright)

    boundary = shape.low_boundary[ball.vertices]
    at_ball = without_leg(plane_section(ball.mesh, upright, float(upright @ tibiale), views, boundary))
    if len(at_ball) and at_ball.extent(2).high_open:
        return _BallTape(None, refused="the dorsum was not seen: the surface ends below it, at the ball")

    def tape(tilt_deg: float) -> _Tape | None:
        normal = rotation_about(across, np.deg2rad(tilt_deg)) @ upright
        section = without_leg(plane_section(ball.mesh, normal, float(normal @ tibiale), views))
        plane = _TapePlane(across, normal, float(normal @ tibiale))
        return None if len(section) < 3 else _Tape(plane.flat(section), shape, plane.in_foot_frame)

    def shortest(tilts: FloatArray) -> _BallTape:
        tapes = [(float(tilt), tape(float(tilt))) for tilt in tilts]
        tilt_deg, best = min(tapes, key=lambda one: np.inf if one[1] is None else one[1].length)
        return _BallTape(best, tilt_deg, None if best else "there is no surface round the ball")

    if shape.itself is not None:  # about the shortest, a tilt changes nothing to first order
        return shortest(np.array([shape.itself.once(_shortest_tape).tilt_deg]))
    step = 2.0 * _TAPE_TILT_DEG / 12.0
    roughly = shortest(np.linspace(-_TAPE_TILT_DEG, _TAPE_TILT_DEG, 13))
    return shortest(roughly.tilt_deg + np.linspace(-0.8, 0.8, 9) * step)


def _ball(shape: FootShape) -> Submesh:
    """Return the part of the foot that a tape round the ball can lie on."""
    ends = [float(shape.landmark(f"metatarsale_{name}")[0]) for name in ("tibiale", "fibulare")]
    x = shape.low_mesh.vertices[:, 0]
    near = (x > min(ends) - _TAPE_REACH_MM) & (x < max(ends) + _TAPE_REACH_MM)
    return keep_faces(shape.low_mesh, any_corner(near, shape.low_mesh.faces))


@dataclass(frozen=True)
class _TapePlane:
    """The plane normal . p = offset, upright but for its tilt; `across` lies in it, (3,) unit vectors."""

    across: FloatArray
    normal: FloatArray
    offset: float

    @property
    def up(self) -> FloatArray:
        up = np.cross(self.normal, self.across)
        return np.asarray(up * np.sign(up[2]))

    def flat(self, section: Section) -> Section:
        """Return a section with the plane's axes as coordinates 1 and 2; coordinate 2 stays 0 on the ground."""
        rise = self.up[2]  # a tilted plane meets the ground where z = 0, that is where up-coordinate = z / rise
        height = section.points[:, :, 2] / rise
        return Section(
            np.stack([np.zeros_like(height), section.points @ self.across, height], axis=2),
            section.edges,
            section.seen,
            section.open,
        )

    def in_foot_frame(self, flat: FloatArray) -> FloatArray:
        """Return (N, 3) points of the foot frame by their (N, 2) coordinates 1 and 2 in `flat`."""
        raised = flat[:, 1] - (flat[:, 0] * self.across[2] + self.offset * self.normal[2]) / self.up[2]
        in_plane = np.column_stack([flat[:, 0], raised, np.full(len(flat), self.offset)])
        return np.asarray(in_plane @ np.stack([self.across, self.up, self.normal]))


@dataclass(frozen=True)
class _Tape:
    """A tape round a section whose coordinates 1 and 2 are across and the height above the ground.

    Where the underside of a standing foot was not seen, the tape is closed along the floor: from the lowest seen
    point on each side at 45°, between the straight drop (4 mm too long on a ball seen down to 3 mm) and the straight
    cut (2 mm too short); not on the side of an arch, -1 or +1.
    """

    section: Section
    shape: FootShape
    in_foot_frame: Callable[[FloatArray], FloatArray]
    arch_y: float = 0.0

    @cached_property
    def _round_section(self) -> Outline:
        return self.section.outline((1, 2))

    @cached_property
    def unseen_share(self) -> float:
        return self.section.unseen_share((1, 2), self._round_section)

    @cached_property
    def outline(self) -> Outline | None:
        """The tape; None where the section was not seen."""
        if len(self.section) < 2:
            return None
        if self.shape.foot.ground == "support" or self.unseen_share == 0.0:
            return self._round_section
        points = _closed_on_floor(self.section.points[self.section.seen].reshape(-1, 3)[:, 1:], self.arch_y)
        return None if len(points) < 3 else Outline.of(points)

    @property
    def length(self) -> float:
        """Its length, mm; infinite where the section was not seen."""
        return np.inf if self.outline is None else self.outline.perimeter

    def reading(self) -> Reading:
        """Return its length."""
        tape = self.outline
        if tape is None:
            return no_reading("the section was not seen")
        geometry = partial(_two_halves, tape, self.in_foot_frame)
        return Reading(tape.perimeter, self.unseen_share, _UNDERSIDE, geometry=geometry)


def _two_halves(tape: Outline, in_foot_frame: Callable[[FloatArray], FloatArray]) -> ReadGeometry:
    """Return a tape from one end across to the other over the foot, and from there back under it."""
    corners = np.roll(tape.points, -int(np.argmax(tape.points[:, 0])), axis=0)  # counter-clockwise: first over the top
    end = int(np.argmin(corners[:, 0]))
    halves = {"over the foot": corners[: end + 1], "under the foot": np.concatenate([corners[end:], corners[:1]])}
    return ReadGeometry(curves={name: in_foot_frame(half) for name, half in halves.items()})


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
