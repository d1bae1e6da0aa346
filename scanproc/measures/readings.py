"""What the measures are read from; and a reading, with how much of its surface was seen and where it was read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar, cast

import numpy as np

from scanproc.anatomy.foot_regions import DORSUM_SECTION, FOOT_HEIGHT_MM, SOLE_HEIGHT_MM, foot_length, rear_of
from scanproc.anatomy.open_boundaries import NOT_THERE, border_cosine, open_boundary_vertices
from scanproc.anatomy.plantar_surface import ArchProfile, Cap, PlantarSurface, arch_profile, sole_cap
from scanproc.anatomy.profiles import Borders, borders_at
from scanproc.artifacts import BoolArray, ByteArray, Foot, Loading, Mesh, ReadGeometry
from scanproc.frames import FloatArray
from scanproc.mesh.meshes import Submesh, any_corner, keep_faces
from scanproc.mesh.sections import Section, axis_section
from scanproc.mesh.smoothing import evened_vertices

Found = TypeVar("Found")

_EVENED_MM = 12.0  # on both sides of a section: evening reaches less far
# How far it goes on above the dorsum: of legs cut level 2 mm above it, with noise, 2.0 and more; below it 0 to 0.6.
# Of caps that lean, more, but they are flat there: within 1 mm of its crest a dorsum is 0.03 to 0.051 of the length
# wide, one cut 3 mm lower 0.067 and more.
_GOES_ON_MM, _CAP_MM, _CREST_MM, _CREST_SHARE = 1.0, 8.0, 1.0, 0.06
LANDMARK_REACH_MM = 4.0  # the surface round a landmark that decides whether it was seen


@dataclass(frozen=True)
class Reading:
    """A value, or the reason why there is none.

    Attributes
    ----------
    unseen_share : of the surface that the value needs, in [0, 1].
    where : what was not seen, in words.
    own_sd : standard uncertainty that replicates of the surface do not show, in the unit of the value.
    geometry : makes what the value was read from; of replicates nobody asks for it.
    """

    value: float | None
    unseen_share: float = 0.0
    where: str = ""
    refused: str | None = None
    own_sd: float = 0.0
    geometry: Callable[[], ReadGeometry] = field(default=ReadGeometry, repr=False, compare=False)


def no_reading(reason: str) -> Reading:
    """Return a reading without a value."""
    return Reading(None, refused=reason)


@dataclass(frozen=True)
class FootShape:
    """A foot, how it was loaded, and the sections that several measures read."""

    foot: Foot
    loading: Loading = "unknown"
    _kept: dict[object, object] = field(default_factory=dict, repr=False)

    def once(self, read: Callable[[FootShape], Found]) -> Found:
        """Return what a function reads from this foot; several measures that want it compute it once.

        Threads that ask for it at the same moment compute the same.
        """
        if read not in self._kept:
            self._kept[read] = read(self)
        return cast(Found, self._kept[read])

    @property
    def itself(self) -> FootShape | None:
        """Of a replicate, the foot that it is one of."""
        return None

    @property
    def medial_y(self) -> float:
        return self.foot.medial_y

    def landmark(self, name: str) -> FloatArray:
        """Return a landmark, (3,) mm, foot frame."""
        return self.foot.landmarks[name].xyz_mm

    @property
    def rear(self) -> float:
        """x of the pternion, mm: 0 unless the landmark was edited."""
        return rear_of(self.foot)

    @cached_property
    def length(self) -> float:
        """Foot length FL, mm."""
        return foot_length(self.foot)

    def at(self, share: float) -> float:
        """Return the x of a share of the foot length, mm."""
        return self.rear + share * self.length

    @cached_property
    def boundary(self) -> BoolArray:
        """The vertices, (V,) bool, on an open border of the surface."""
        return open_boundary_vertices(self.foot.mesh)

    @cached_property
    def _low(self) -> Submesh:
        reaches = self.foot.mesh.vertices[:, 2] <= FOOT_HEIGHT_MM
        return keep_faces(self.foot.mesh, any_corner(reaches, self.foot.mesh.faces))

    @property
    def low_mesh(self) -> Mesh:
        """The foot below 60 mm: whole faces that reach below it."""
        return self._low.mesh

    @cached_property
    def low_views(self) -> ByteArray:
        return self.foot.views[self._low.vertices]

    @cached_property
    def low_boundary(self) -> BoolArray:
        return np.asarray(self.boundary[self._low.vertices])

    @property
    def border_cosine(self) -> float:
        return border_cosine(self.foot.object, self.foot.ground == "estimated")

    def borders(self, x: FloatArray, below_mm: float) -> Borders:
        """Return the borders of the foot below a height at ascending (N,) `x`, mm."""
        return borders_at(self.low_mesh, x, below_mm, self.low_views, self.low_boundary)

    def evened(self, x: float) -> Mesh:
        """Return the foot below 60 mm round a section at `x`, mm, evened."""
        near = np.abs(self.low_mesh.vertices[:, 0] - x) < _EVENED_MM
        slab = keep_faces(self.low_mesh, any_corner(near, self.low_mesh.faces)).mesh
        return Mesh(evened_vertices(slab), slab.faces)

    @cached_property
    def plantar(self) -> PlantarSurface:
        return PlantarSurface.of(self.foot.mesh, self.foot.views)

    @cached_property
    def arch(self) -> ArchProfile:
        return arch_profile(self.plantar, self.rear, self.length, self.medial_y)

    @cached_property
    def midfoot(self) -> Section:
        """The section at half the length, without the leg, which it may cut as well."""
        return without_leg(axis_section(self.foot.mesh, 0, self.at(DORSUM_SECTION), self.foot.views, self.boundary))

    @property
    def dorsum_is_cut(self) -> bool:
        """Whether the surface ends below the dorsum at half the length: at an open edge, or by a cap.

        A cap that was smoothed, or is noisy, is no plane any more, but the scan goes no higher there, or is flat.
        """
        if self.midfoot.extent(2).high_open:
            return True
        if self.foot.object != "foot":
            return False
        whole = self.itself or self
        dorsum = whole.midfoot.extent(2)
        goes_on_mm = float(whole.foot.mesh.vertices[:, 2].max()) - dorsum.high
        points = whole.midfoot.points.reshape(-1, 3)
        flat_mm = float(np.ptp(points[points[:, 2] > dorsum.high - _CREST_MM, 1]))
        is_flat = goes_on_mm < _CAP_MM and flat_mm > _CREST_SHARE * whole.length
        return goes_on_mm < _GOES_ON_MM or is_flat

    @cached_property
    def cap(self) -> Cap:
        """The plane that closes the sole, if any does."""
        return sole_cap(self.foot.mesh, self.arch)

    def unseen(self, name: str) -> float:
        """Return the share of the surface round a landmark that was not seen; all of it where the scan ends there."""
        if name not in self._kept:
            self._kept[name] = self._unseen(name)
        return cast(float, self._kept[name])

    def _unseen(self, name: str) -> float:
        mark = self.foot.landmarks[name]
        if mark.method != "auto":
            return 0.0
        if mark.confidence == NOT_THERE:
            return 1.0
        vertices = self.low_mesh.vertices
        distance = np.linalg.norm(vertices - mark.xyz_mm, axis=1)
        # A hole of a few millimetres that the scan closed does not move a tip: what counts is what is round it.
        near = distance <= max(LANDMARK_REACH_MM, float(distance.min()))
        return float((self.low_views[near] == 0).mean())

    def unseen_points(self, *names: str) -> float:
        """Return the share of the surface round the least seen of the named landmarks that was not seen."""
        return max(self.unseen(name) for name in names)


@dataclass(frozen=True)
class ReplicateShape(FootShape):
    """A replicate of a foot, of which values alone are asked: what was seen of the foot, and what closes it, is known.

    Attributes
    ----------
    ends : (V,) bool, the foot's own `boundary`.
    original : the foot.
    """

    ends: BoolArray = field(kw_only=True)
    original: FootShape = field(kw_only=True, repr=False)

    @property
    def itself(self) -> FootShape | None:
        return self.original

    @cached_property
    def boundary(self) -> BoolArray:
        return self.ends

    @cached_property
    def cap(self) -> Cap:
        return Cap(np.zeros(len(self.foot.mesh.faces), dtype=np.bool_), 0.0, 0.0)

    def unseen(self, name: str) -> float:
        return 0.0


def height_of(point: FloatArray, name: str) -> ReadGeometry:
    """Return the geometry of the height of a (3,) point above the ground."""
    return ReadGeometry({name: point}, {"dimension": np.stack([point * (1.0, 1.0, 0.0), point])})


def without_leg(section: Section) -> Section:
    """Return an upright section without pieces that do not reach below 40 mm: those are leg."""
    kept = [piece for piece in section.pieces() if float(piece.points[:, :, 2].min()) < SOLE_HEIGHT_MM]
    if not kept:
        return section.keep(np.zeros(len(section), dtype=np.bool_))
    names = ("points", "edges", "seen", "open")
    return Section(*(np.concatenate([getattr(piece, name) for piece in kept]) for name in names))
