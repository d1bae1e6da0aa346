"""What is in a picture and from where it is looked at: plain data, drawn by `render.py` and `sheet.py`."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from scanproc.artifacts import ByteArray, Mesh
from scanproc.frames import FloatArray
from scanproc.mesh.meshes import vertex_normals
from scanproc.views.colors import INK, VIRIDIS, Rgb, colors_of, in_bands


@dataclass(frozen=True)
class Skin:
    """A mesh with (V, 3) uint8 colours; `sharp`: its edges are not rounded by the shading."""

    mesh: Mesh
    color: ByteArray
    sharp: bool = False

    @cached_property
    def normals(self) -> FloatArray:
        """(V, 3) unit normals; found once for all pictures of the skin."""
        return vertex_normals(self.mesh)


@dataclass(frozen=True)
class Cloud:
    """(N, 3) float64 points in mm with (N, 3) uint8 colours."""

    points: FloatArray
    color: ByteArray


@dataclass(frozen=True)
class Line:
    """A line through (K, 3) float64 points in mm, drawn over everything; `ticks`: it ends in the ticks of a dimension.

    Points of shape (K, 2, 3) are K separate segments. `behind`: a window hides it behind bodies, as ink on their skin.
    """

    points: FloatArray
    color: Rgb = INK
    width: float = 2.0
    ticks: bool = False
    behind: bool = False


@dataclass(frozen=True)
class Label:
    """What a (3,) point in mm is called, and its value; beside the picture with a leader, or `inline` at the point.

    One that is `hidden` behind a body has a ring, not a dot.
    """

    name: str
    point: FloatArray
    value: str = ""
    color: Rgb = INK
    dot: bool = True
    inline: bool = False
    hidden: bool = False


@dataclass(frozen=True)
class Legend:
    """What the colours mean: a map from `low` to `high` (shown as a `bar`), and single colours with their words.

    `band`: the width of the classes that values are told apart by; 0 where the map is smooth.
    """

    title: str
    low: float = 0.0
    high: float = 0.0
    steps: tuple[str, ...] = VIRIDIS
    marks: tuple[tuple[Rgb, str], ...] = ()
    unit: str = ""
    bar: bool = True
    band: float = 0.0

    def ramp(self, count: int) -> ByteArray:
        """Return the (count, 3) uint8 colours of the bar from left to right."""
        return self.colors(np.linspace(self.low, self.high, count, endpoint=False))

    def colors(self, values: FloatArray) -> ByteArray:
        """Return the (..., 3) uint8 colours of values; what lies outside the bar takes the nearer end."""
        inside = np.clip(values, self.low, self.high - 0.5 * self.band)
        return colors_of(in_bands(inside, self.band, self.low), self.low, self.high, self.steps)

    @property
    def ticks(self) -> tuple[tuple[float, str], ...]:
        """Where figures stand below the bar, 0 to 1, and which; those of classes stand below their middles."""
        count = max(round((self.high - self.low) / self.band), 1) if self.band else 0
        places = [(round(k * (count - 1) / 4) + 0.5) / count if count else k / 4 for k in range(5)]
        return tuple((at, f"{self.low + at * (self.high - self.low):.3g}") for at in dict.fromkeys(places))


@dataclass(frozen=True)
class Scene:
    """Everything that is drawn together, in one frame, mm."""

    skins: tuple[Skin, ...] = ()
    clouds: tuple[Cloud, ...] = ()
    lines: tuple[Line, ...] = ()
    labels: tuple[Label, ...] = ()

    def extent(self) -> FloatArray:
        """Return (N, 3) points in mm that a picture of the scene must hold."""
        parts = [skin.mesh.vertices for skin in self.skins]
        parts += [cloud.points for cloud in self.clouds] + [line.points.reshape(-1, 3) for line in self.lines]
        parts += [label.point[None] for label in self.labels if label.inline]
        return np.concatenate(parts) if any(len(part) for part in parts) else np.zeros((1, 3))


def direction(x: float, y: float, z: float) -> FloatArray:
    """Return (3,) float64 of unit length."""
    vector = np.array([x, y, z], dtype=np.float64)
    return np.asarray(vector / np.linalg.norm(vector))


@dataclass(frozen=True)
class Shot:
    """A scene seen in parallel projection.

    Attributes
    ----------
    look, up : (3,) unit vectors, from the eye and upwards in the picture.
    top_mm : what lies higher (along `up`) is cut off, where given: a long leg would dwarf the foot.
    below_mm : what is higher above the ground (along z) is cut away, where given: a leg seen from above hides the foot.
    scale : of this picture against the others.
    scale_bar : its length in mm; 0 for none.
    """

    title: str
    scene: Scene
    look: FloatArray
    up: FloatArray
    top_mm: float | None = None
    below_mm: float | None = None
    scale: float = 1.0
    scale_bar: float = 50.0
    right: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "right", np.cross(self.look, self.up))

    def extent(self) -> FloatArray:
        """Return (N, 3) points in mm that the picture must hold."""
        points = self.scene.extent()
        kept = points if self.below_mm is None else points[points[:, 2] <= self.below_mm]
        return kept if len(kept) else points


ABOVE = (direction(0, 0, -1), direction(1, 0, 0))
BELOW = (direction(0, 0, 1), direction(1, 0, 0))
REAR = (direction(1, 0, 0), direction(0, 0, 1))
FRONT = (direction(-1, 0, 0), direction(0, 0, 1))


def medial(medial_y: float) -> tuple[FloatArray, FloatArray]:
    """Return look and up of the medial view of a foot whose medial side lies towards `medial_y` (-1 or 1)."""
    return direction(0, -medial_y, 0), direction(0, 0, 1)


def lateral(medial_y: float) -> tuple[FloatArray, FloatArray]:
    """Return look and up of the lateral view."""
    return medial(-medial_y)
