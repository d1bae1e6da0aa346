"""What flows between the stages: frozen records that own read-only arrays and check themselves when made.

Lengths in mm, angles in radians; frames as in `frames.py` and the README. One stage makes each of them:

    Recording -> CleanViews -> Registration -> Surface -> Feet -> Measures -> Insoles -> Exports -> Report
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from scanproc.frames import FloatArray

IntArray = NDArray[np.int32]
ByteArray = NDArray[np.uint8]
DepthImage = NDArray[np.float32]
BoolArray = NDArray[np.bool_]

Side = Literal["left", "right"]
Loading = Literal["standing", "seated", "non-weight-bearing", "unknown"]
Ground = Literal["floor", "support", "estimated"]
Status = Literal["measured", "inferred", "refused"]
Process = Literal["print", "mill", "positive", "negative"]
#: Models that a sheet is formed over or in: no insoles themselves.
FORMED: tuple[Process, ...] = ("positive", "negative")
HIGHEST_BLOCK_MM = 80.0  # of EVA, and of plates, as they are sold
Object = Literal["foot", "sole", "cast", "imprint"]
Unit = Literal["um", "mm", "cm", "inch", "dm", "ft", "m"]

#: Units that clouds and meshes come in, the smallest first.
MM_OF_UNIT: Mapping[Unit, float] = MappingProxyType(
    {"um": 0.001, "mm": 1.0, "cm": 10.0, "inch": 25.4, "dm": 100.0, "ft": 304.8, "m": 1000.0}
)
_CHILD_YEARS = 5.0  # younger, a foot may be shorter than 130 mm


def _freeze(record: Any) -> None:
    """Make every array of a frozen dataclass read-only, and every dict unchangeable."""
    for item in fields(record):
        value = getattr(record, item.name)
        if isinstance(value, np.ndarray):
            view = value.view()
            view.flags.writeable = False
            object.__setattr__(record, item.name, view)
        elif isinstance(value, dict):
            object.__setattr__(record, item.name, MappingProxyType(value))


# ---------------------------------------------------------------------------------------------- a scan


@dataclass(frozen=True)
class DepthWarp:
    """What is missing from the depth of a camera over its image.

    Attributes
    ----------
    shares : (rows, columns) of the depth, evenly over the image, rows from the top.
    at_mm : depth at which they hold, where they grow with it, as they do where disparities err; None: they do not.
    """

    shares: FloatArray
    at_mm: float | None = None

    def __post_init__(self) -> None:
        _freeze(self)


@dataclass(frozen=True)
class CameraCertificate:
    """What a check of a camera found.

    Attributes
    ----------
    scale : true lengths divided by recorded ones: what is read is multiplied by it.
    scale_sd : its relative standard uncertainty; None where the scale was not checked, but the warp.
    date : of the check.
    range_mm : (2,) the distances at which it was checked.
    warp : None where the camera bends nothing, or nobody looked.
    serial : of the camera.
    valid_days : between check and recording, beyond which a reader should know.
    """

    scale: float
    scale_sd: float | None
    date: str | None = None
    range_mm: tuple[float, float] | None = None
    warp: DepthWarp | None = field(default=None, compare=False)
    serial: str | None = None
    valid_days: float = 365.0

    def __post_init__(self) -> None:
        _freeze(self)


@dataclass(frozen=True)
class ScanFacts:
    """What `scan.toml` states of a scan; `assumed` names the facts that it does not state."""

    name: str
    side: Literal["left", "right", "both", "auto"] = "auto"
    loading: Loading = "unknown"
    load_kg: float | None = None
    position: Literal["relaxed", "subtalar-neutral", "unknown"] = "unknown"
    mass_kg: float | None = None
    sex: Literal["female", "male"] | None = None
    age_years: float | None = None
    shoe_size_eu: float | None = None
    foot_length_mm: float | None = None
    date: str | None = None
    depth_unit_mm: float = 1.0
    unit: Unit | Literal["auto"] = "auto"
    up: Literal["auto", "x", "-x", "y", "-y", "z", "-z"] = "auto"
    object: Object = "foot"
    motion: Literal["hand-held", "turntable", "fixed-rig"] = "hand-held"
    subject: str | None = None
    session: str | None = None  # one visit of a subject, and one recording of it: what `scanproc study` goes by
    capture: str | None = None
    sensor: str | None = None
    serial: str | None = None  # of the camera, and its firmware and settings, as it stated them itself
    firmware: str | None = None
    camera_settings: str | None = None
    camera: str | None = None  # the file of the camera's certificate, beside scan.toml
    certificate: CameraCertificate | None = None
    assumed: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()  # what the reader found out by itself, for example the unit of clouds

    @property
    def up_vector(self) -> FloatArray | None:
        """(3,) unit vector of the file's frame that points up; None if that is not stated."""
        if self.up == "auto":
            return None
        axis: FloatArray = np.zeros(3)
        axis["xyz".index(self.up[-1])] = -1.0 if self.up.startswith("-") else 1.0
        return axis

    @property
    def scale(self) -> float:
        """What recorded lengths are multiplied by: 1 without a certificate of the camera."""
        return 1.0 if self.certificate is None else self.certificate.scale

    @property
    def expected_length_mm(self) -> float | None:
        """Foot length as stated, or by the shoe size (Paris points of 6.67 mm, 2 of room); None if neither is."""
        if self.foot_length_mm is not None or self.shoe_size_eu is None:
            return self.foot_length_mm
        return (self.shoe_size_eu - 2.0) * 20.0 / 3.0

    @property
    def is_small_child(self) -> bool:
        """Whether the age that is stated is that of a child whose foot may be as short as 130 mm and less."""
        return self.age_years is not None and self.age_years < _CHILD_YEARS


@dataclass(frozen=True)
class Intrinsics:
    """A pinhole camera. Pixel centres lie at integer coordinates; all in pixels."""

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float


@dataclass(frozen=True)
class DepthFrame:
    """One recorded image: (H, W) uint16 depth in steps of `depth_unit_mm` (0 = no reading), (H, W, 3) uint8 colour.

    What the camera's certificate says of its depth is to be applied: the scale is in the unit, the warp stands beside.
    """

    name: str
    depth: NDArray[np.uint16]
    depth_unit_mm: float
    intrinsics: Intrinsics
    color: ByteArray | None = None
    warp: DepthWarp | None = None

    def __post_init__(self) -> None:
        _freeze(self)


@dataclass(frozen=True)
class CloudFrame:
    """One recorded cloud: (N, 3) float64 points in mm in its camera's frame, (N, 3) uint8 colours."""

    name: str
    points: FloatArray
    color: ByteArray | None = None

    def __post_init__(self) -> None:
        _freeze(self)


@dataclass(frozen=True)
class Recording:
    """What a depth camera recorded, view by view, in recorded order; of a long one, a frame is decoded when taken."""

    frames: Sequence[DepthFrame | CloudFrame]

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the views; a recording that is decoded as it is taken knows them by itself."""
        known: tuple[str, ...] | None = getattr(self.frames, "names", None)
        return tuple(frame.name for frame in self.frames) if known is None else known


# ------------------------------------------------------------------------------------------- stages 1-3


@dataclass(frozen=True)
class Plane:
    """The points p with normal . p = offset_mm; `normal` is (3,) float64 of unit length."""

    normal: FloatArray
    offset_mm: float

    def __post_init__(self) -> None:
        _freeze(self)

    def heights(self, points: FloatArray) -> FloatArray:
        """Return the signed distances in mm of (N, 3) points, positive on the normal's side."""
        return np.asarray(points @ self.normal - self.offset_mm, dtype=np.float64)

    def moved(self, T: FloatArray) -> Plane:
        """Return the plane after a rigid motion, (4, 4)."""
        normal = T[:3, :3] @ self.normal
        return Plane(normal, self.offset_mm + float(normal @ T[:3, 3]))


@dataclass(frozen=True)
class CleanView:
    """One view with the foot alone in it, cropped to the foot.

    Attributes
    ----------
    depth_mm : (H, W) float32, 0 where the pixel is not the foot's.
    normals : (H, W, 3) float16, camera frame, towards the camera, 0 where unknown (half precision: 0.03 deg).
    silhouette : (H, W) bool, pixels in or near the foot's outline, also where its depth was dropped; beyond them the
        camera looked past the foot.
    intrinsics : of the cropped image.
    floor : the plane that the foot stands on, camera frame, normal towards the foot; None if there is none.
    counts : pixels left after each filter, in the order of the filters.
    color : (H, W, 3) uint8, or None.
    rim_deg : (H, W) float16, angle from where the pixel's surface ends, see `depth.rims`; None if nobody looked.
    fine_rim_deg : (H, W) float16, the same where it may end before what is hardly farther; None as well.
    floor_tilt_sd_deg : standard uncertainty of the direction of the floor's normal; None if there is no floor.
    """

    name: str
    depth_mm: DepthImage
    normals: NDArray[np.float16]
    silhouette: BoolArray
    intrinsics: Intrinsics
    floor: Plane | None
    counts: Mapping[str, int]
    color: ByteArray | None = None
    floor_tilt_sd_deg: float | None = None
    rim_deg: NDArray[np.float16] | None = None
    fine_rim_deg: NDArray[np.float16] | None = None

    def __post_init__(self) -> None:
        if self.depth_mm.shape != (self.intrinsics.height, self.intrinsics.width):
            raise ValueError(f"view {self.name}: depth {self.depth_mm.shape} does not fit its intrinsics")
        _freeze(self)


@dataclass(frozen=True)
class CleanViews:
    """All views, also those with hardly a pixel left: which of them are used is `register`'s word."""

    views: tuple[CleanView, ...]


@dataclass(frozen=True)
class ViewPose:
    """Where a view's camera was, or why the view is not used."""

    name: str
    accepted: bool
    reason: str | None = None
    residual_rms_mm: float | None = None
    T_scan_camera: FloatArray | None = None

    def __post_init__(self) -> None:
        if self.accepted != (self.T_scan_camera is not None) or self.accepted == (self.reason is not None):
            raise ValueError(f"view {self.name}: an accepted view has a pose, a rejected one a reason")
        _freeze(self)


@dataclass(frozen=True)
class RimTerm:
    """By how much the inverse depth is too large at rims, 1/mm, with its standard uncertainty: see `depth.rims`.

    It falls inwards as exp(-angle / decay_deg).
    """

    value: float
    sd: float
    decay_deg: float


@dataclass(frozen=True)
class Vertical:
    """How the z of a scan frame is known to be upright, where no floor was seen; which end of it is up is not known.

    Attributes
    ----------
    sd_deg : standard uncertainty of its tilt about each of the two other axes.
    source : what it was found from: the axis of a turn that all cameras went round.
    """

    sd_deg: float
    source: Literal["turn"]


@dataclass(frozen=True)
class OtherFoot:
    """The one of two feet that moved against each other which has poses beside those of the views.

    Attributes
    ----------
    divide : between the feet, scan frame: above it lies this foot, where the views' own poses bring it.
    T_scan_camera : of this foot, by the name of the view; without those that hardly saw it, or in which it moved.
    alone : names of the views to which that happened with the foot below: their own pose is that of this foot.
    apart_mm : by how much it moved against the other from view to view, RMS.
    """

    divide: Plane
    T_scan_camera: Mapping[str, FloatArray]
    alone: tuple[str, ...]
    apart_mm: float

    def poses_of(self, view: ViewPose) -> tuple[FloatArray | None, FloatArray | None]:
        """Return the T_scan_camera of the foot below the divide, and of this one; None where the view has none."""
        below = None if view.name in self.alone else view.T_scan_camera
        return below, self.T_scan_camera.get(view.name)


@dataclass(frozen=True)
class Registration:
    """The poses of all views, in recorded order.

    Attributes
    ----------
    floor_seen : whether the scan frame's z = 0 is the floor under the foot.
    vertical : how z is known to be upright without a floor; None if there is a floor, or the frame lies anyhow.
    rim : what the poses take the depth at rims to be wrong by; None where the recording shows no such thing.
    other_foot : None where all that was recorded is one rigid body.
    """

    views: tuple[ViewPose, ...]
    floor_seen: bool
    rim: RimTerm | None = None
    vertical: Vertical | None = None
    other_foot: OtherFoot | None = None


@dataclass(frozen=True)
class Mesh:
    """A triangle mesh: (V, 3) float64 vertices in mm, (F, 3) int32 faces, counter-clockwise seen from outside."""

    vertices: FloatArray
    faces: IntArray

    def __post_init__(self) -> None:
        if self.vertices.ndim != 2 or self.vertices.shape[1] != 3 or self.faces.ndim != 2 or self.faces.shape[1] != 3:
            raise ValueError(f"not a triangle mesh: vertices {self.vertices.shape}, faces {self.faces.shape}")
        if not np.isfinite(self.vertices).all():
            raise ValueError("a mesh with a vertex that is not finite")
        _freeze(self)


@dataclass(frozen=True)
class Surface:
    """The fused surface, in the scan frame.

    Attributes
    ----------
    views : (V,) uint8, number of accepted views that saw the vertex; 0 = invented to close a hole; saturates at 255.
    color : (V, 3) uint8, or None.
    floor_seen : whether the scan frame's z = 0 is the floor that the foot touches.
    errors_mm : (V, K) float16, K replicates of the surface's error along its normal, see `fusion.jackknife`; None
        where the recording does not tell, as for the mesh of another scanner.
    vertical : as in `Registration`.
    inside_out : whether the faces of a finished mesh had to be turned, all of them: it may be the image of a foot.
    finished : whether another scanner made it, which does not say what of it was seen.
    torn : whether its border was cut off, which ended in a mixture with the ground.
    """

    mesh: Mesh
    views: ByteArray
    floor_seen: bool
    color: ByteArray | None = None
    errors_mm: NDArray[np.float16] | None = None
    vertical: Vertical | None = None
    inside_out: bool = False
    finished: bool = False
    torn: bool = False

    def __post_init__(self) -> None:
        if self.views.shape != (len(self.mesh.vertices),):
            raise ValueError(f"{len(self.mesh.vertices)} vertices but {self.views.shape} view counts")
        _freeze(self)


# ------------------------------------------------------------------------------------------- stages 4-8


@dataclass(frozen=True)
class Landmark:
    """An anatomical point, foot frame: (3,) float64 mm; confidence in [0, 1]."""

    xyz_mm: FloatArray
    method: Literal["auto", "marked", "edited"]
    confidence: float

    def __post_init__(self) -> None:
        _freeze(self)


@dataclass(frozen=True)
class Replicates:
    """K other feet that a recording of the same foot might have given, each with a frame and landmarks of its own.

    Attributes
    ----------
    errors_mm : (V, K) float16, by how much each vertex lies further out, along its normal.
    T_replicate_foot : (K, 4, 4), from the foot frame into the replicate's own.
    landmarks : (K, 3) mm by name, in the replicate's own frame.
    """

    errors_mm: NDArray[np.float16]
    T_replicate_foot: FloatArray
    landmarks: Mapping[str, FloatArray]

    def __post_init__(self) -> None:
        _freeze(self)

    def __len__(self) -> int:
        return len(self.T_replicate_foot)


@dataclass(frozen=True)
class Foot:
    """One foot in the foot frame: x to the second toe, y to the left, z up from the ground, origin under the pternion.

    Attributes
    ----------
    side_confidence : in [0, 1]; 0.5 is a guess.
    ground : what z = 0 is: the floor that the foot touches, the plane that supports heel and forefoot, or, where
        neither was seen, a guess of the floor: square to the vertical, a little below the lowest skin that was seen.
    T_foot_scan : (4, 4), from the scan frame.
    views, color : as in `Surface`.
    landmarks : by name, such as "pternion".
    replicates : what else the recording might have given; None where it does not tell.
    object : what was scanned; all but a foot has a sole alone.
    """

    side: Side
    side_confidence: float
    ground: Ground
    T_foot_scan: FloatArray
    mesh: Mesh
    views: ByteArray
    landmarks: Mapping[str, Landmark]
    color: ByteArray | None = None
    replicates: Replicates | None = None
    object: Object = "foot"

    def __post_init__(self) -> None:
        _freeze(self)

    @property
    def medial_y(self) -> float:
        """-1.0 where medial is towards -y (a left foot), +1.0 where it is towards +y (a right foot)."""
        return -1.0 if self.side == "left" else 1.0


@dataclass(frozen=True)
class Feet:
    """The feet of a scan: one, or a pair with the left foot first."""

    feet: tuple[Foot, ...]


@dataclass(frozen=True)
class SdParts:
    """What a standard uncertainty is made of, in the unit of its measure.

    Attributes
    ----------
    repeat : what another recording of the same foot would change: noise, poses, landmarks, ground.
    surface : where fusion puts a surface that all views agree on.
    scale : of the camera, the same in all that one camera records.
    """

    repeat: float
    surface: float
    scale: float

    @property
    def combined(self) -> float:
        """The root of the sum of their squares."""
        return math.hypot(self.repeat, self.surface, self.scale)


@dataclass(frozen=True, eq=False)
class ReadGeometry:
    """What a value was read from, each by a name of its own: foot frame, mm, to 0.001 mm.

    Attributes
    ----------
    points : (3,) float64.
    lines : (2, 3) float64, straight; "dimension" is as long as the value.
    curves : (K, 3) float64, through these points in their order.
    """

    points: Mapping[str, FloatArray] = field(default_factory=dict)
    lines: Mapping[str, FloatArray] = field(default_factory=dict)
    curves: Mapping[str, FloatArray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for kind in fields(self):
            rounded = {}
            for name, points in getattr(self, kind.name).items():
                rounded[name] = np.round(np.asarray(points, dtype=np.float64), 3) + 0.0  # no -0.0
                rounded[name].flags.writeable = False
            object.__setattr__(self, kind.name, MappingProxyType(rounded))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ReadGeometry) and self.as_lists() == other.as_lists()

    def __hash__(self) -> int:
        return hash(repr(self.as_lists()))

    def as_lists(self) -> dict[str, dict[str, Any]]:
        """Return the coordinates as nested lists, by kind and name; kinds that there are none of are left out."""
        kinds = {kind.name: getattr(self, kind.name) for kind in fields(self)}
        return {
            kind: {name: points.tolist() for name, points in named.items()} for kind, named in kinds.items() if named
        }


@dataclass(frozen=True)
class Measure:
    """A value in the unit of its row in `measures.table`, or the reason why there is none.

    Attributes
    ----------
    sd : combined standard uncertainty; None if not known.
    sd_parts : what it is made of; None if not known.
    geometry : what it was read from; None of a refused one, and where it is not known.
    """

    value: float | None
    sd: float | None
    status: Status
    reason: str | None = None
    sd_parts: SdParts | None = None
    geometry: ReadGeometry | None = None

    def __post_init__(self) -> None:
        if (self.status == "refused") != (self.value is None) or (self.status == "measured") != (self.reason is None):
            raise ValueError(f"a refused measure has a reason and no value, a measured one the opposite: {self}")


@dataclass(frozen=True)
class FootMeasures:
    """All measures of one foot, by the names of `measures.json`; `flags` says of some in words why they are odd."""

    side: Side
    loading: Loading
    ground: Ground
    measures: Mapping[str, Measure]
    flags: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _freeze(self)


@dataclass(frozen=True)
class Measures:
    """The measures of each foot, in the order of `Feet`.

    Attributes
    ----------
    camera, certificate : the file that lengths and their uncertainties go by, and what it says; None without one.
    """

    feet: tuple[FootMeasures, ...]
    camera: str | None = None
    certificate: CameraCertificate | None = None


@dataclass(frozen=True)
class Check:
    """One line of the proof: what was asked of the finished solid, what was measured back from it.

    `rule` says which values pass, and `tolerance` by how much more, in the unit of the name; "told" judges nothing.
    """

    name: str
    asked: float | bool | str
    got: float | bool | str
    passed: bool
    rule: Literal["equal", "at least", "at most", "told"] = "equal"
    tolerance: float = 0.0


@dataclass(frozen=True)
class Making:
    """How an insole is made: by which process, of a shell or a block, from stock how high, by a ball how wide, of what.

    `reach`: it ends behind the metatarsal heads (shell), at the sulcus, or under the toes (full); so does `extension`,
    the soft part ahead of a shell.
    Lengths are in mm.
    """

    process: Process = "print"
    style: Literal["shell", "block"] = "shell"
    block_height_mm: float = 35.0
    cutter_mm: float = 6.0
    material: str = "PA12"
    reach: Literal["shell", "sulcus", "full"] = "shell"
    extension: Literal["none", "sulcus", "full"] = "none"
    extension_material: str = "TPU"


@dataclass(frozen=True)
class PlanCurve:
    """A line on an insole seen from above, to cut or to place something by.

    Attributes
    ----------
    name : such as "met pad".
    kind : "pad", the border of a pad or a hollow, closed; "extension", that of the soft part ahead of a shell, closed;
        "mark", a line between places of the foot.
    xy : (N, 2) float64 mm, foot frame.
    """

    name: str
    kind: Literal["pad", "mark", "extension"]
    xy: FloatArray

    def __post_init__(self) -> None:
        _freeze(self)


@dataclass(frozen=True)
class Insole:
    """The shell of one foot and its proof, or the reason why there is none.

    Attributes
    ----------
    solid : closed mesh in the foot frame; None if the insole of this foot is refused.
    outline : (K, 2) float64 mm, the shell's border seen from above, counter-clockwise, its first point not repeated.
    refused : the message, where it is refused.
    notes : why what the prescription left open is as it is, and what is advised against, a sentence each.
    failed : which check failed and what to change, where one failed; the solid is there to be looked at.
    making : how it is made.
    curves : of its pads and marks.
    extension : closed mesh in the foot frame, the soft part ahead of a shell, where one was asked.
    """

    side: Side
    solid: Mesh | None
    outline: FloatArray | None
    checks: tuple[Check, ...]
    refused: str | None = None
    notes: tuple[str, ...] = ()
    failed: str | None = None
    making: Making = Making()
    curves: tuple[PlanCurve, ...] = ()
    extension: Mesh | None = None

    def __post_init__(self) -> None:
        if (self.solid is None) != (self.refused is not None):
            raise ValueError("an insole has a solid or a refusal")
        _freeze(self)

    @property
    def proven(self) -> bool:
        """Whether there is a solid and every check passed: only then it may leave the program."""
        return self.solid is not None and all(check.passed for check in self.checks)

    @property
    def why_not(self) -> str | None:
        """Why this insole is none to be made: it was refused, or its proof failed."""
        return self.refused if self.refused is not None else self.failed


@dataclass(frozen=True)
class Insoles:
    """The insole of each foot, in the order of `Feet`."""

    insoles: tuple[Insole, ...]

    @property
    def refused_parts(self) -> tuple[str, ...]:
        """Why a foot got no insole, or none that may leave the program, for each such foot."""
        return tuple(f"{insole.side} foot: {insole.why_not}" for insole in self.insoles if insole.why_not is not None)


@dataclass(frozen=True)
class Exports:
    """Finished files by their name in the export folder."""

    files: Mapping[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _freeze(self)

    @property
    def refused_parts(self) -> tuple[str, ...]:
        """Why a part was not exported, for each; its file `<side>-not-exported.txt` says the same."""
        return tuple(data.decode().strip() for name, data in self.files.items() if name.endswith("-not-exported.txt"))


@dataclass(frozen=True)
class Refusal:
    """A stage that refused this scan, and its message."""

    stage: str
    message: str

    def is_said_by(self, earlier: Iterable[Refusal]) -> bool:
        """Tell whether earlier refusals say all that this one does."""
        rest = self.message
        for refusal in earlier:
            rest = rest.replace(refusal.message, "")
        return not rest.strip()


@dataclass(frozen=True)
class Refusals:
    """What was refused so far in a run, in the order of the stages."""

    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True)
class Report:
    """Pages that are looked at, shared and printed, each one HTML text that needs nothing else.

    Attributes
    ----------
    html : the report.
    job_sheet : what the lab gets, a page an insole; None where no insole was asked for.
    wearer : what the person who was scanned gets, in plain words.
    """

    html: str
    job_sheet: str | None = None
    wearer: str | None = None
