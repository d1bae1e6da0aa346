"""What a foot stands on: a floor, or its own sole; of a ground that was not seen, see `unseen_grounds`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from scanproc.anatomy.foot_limits import FootLimits
from scanproc.anatomy.foot_pose import RoughPose, resting_directions, rough_pose
from scanproc.anatomy.foot_profile import FootShape
from scanproc.anatomy.foot_regions import FOOT_HEIGHT_MM
from scanproc.anatomy.landmarks import FootPoints, Support, support
from scanproc.anatomy.plantar_surface import seen_sole_share
from scanproc.artifacts import BoolArray, Ground, Mesh, Vertical
from scanproc.errors import ScanError
from scanproc.frames import FloatArray

LOWEST_SHARE = 0.001  # of the vertices: fewer that lie lower are noise
_STAND_MM = 3.0  # round a point that a foot stands on
_UP = np.array([0.0, 0.0, 1.0])
_STATED_COSINE = 0.707  # which axis of the file points up is stated, and a foot may lie askew in it
_PAIR_MM = 30.0  # half a foot's width: feet that lie nearer run through each other
_PAIR_DEG = 60.0  # feet that hang in the air point down by up to 50 degrees; a reflection, by 180
_HEEL, _BALL = (0.0, 0.25), (0.60, 0.85)  # shares of the length


@dataclass(frozen=True)
class GroundErrors:
    """Standard uncertainties of a ground at z = 0, and of what stands on it.

    Attributes
    ----------
    tilt_sd_deg : of its tilt about x and about y.
    height_sd_mm : of its height.
    border_lean_sd : of the slope, from rear to front, by which the lateral border of the ball lies farther out. It is
        the lowest that a camera sees beside a ground, 14 to 18 mm up, where depth is mixed with that of the ground: of
        four simulated feet it leaned by 0.06 to 0.31 mm over 45 mm with true poses, by 0.07 to 0.38 as they were found.
    """

    tilt_sd_deg: float
    height_sd_mm: float
    border_lean_sd: float = 0.0


@dataclass(frozen=True)
class Stance:
    """What a foot stands on, and a level frame: z up from there; on its own sole, the scan frame as it is.

    `pose.R_foot_scan` is a rough frame as seen from the level one. `errors` of a ground that was guessed by the shape
    of the foot; None where other things tell them, all but `height_sd_mm`.
    """

    ground: Ground
    T_level_scan: FloatArray
    pose: RoughPose
    errors: GroundErrors | None = None
    height_sd_mm: float = 0.0

    @property
    def up(self) -> FloatArray:
        """(3,) unit vector of the scan frame that points up."""
        return np.asarray(self.T_level_scan[:3, :3].T @ self.pose.R_foot_scan[2])


def ground_errors(
    stance: Stance, vertical: Vertical | None, by_floor: GroundErrors, axis_tilt_sd_deg: float
) -> GroundErrors | None:
    """Return how far a ground may be off: as a floor, or square to a turn's axis; None where the sole itself is it."""
    if stance.ground == "support":
        return None
    if stance.errors is not None:
        return stance.errors
    if stance.ground == "floor" or vertical is None:
        return by_floor
    tilt_sd_deg = float(np.hypot(vertical.sd_deg, axis_tilt_sd_deg))
    return replace(by_floor, tilt_sd_deg=tilt_sd_deg, height_sd_mm=stance.height_sd_mm)


def stands_on_floor(mesh: Mesh, touch_mm: float, sink_mm: float) -> bool:
    """Tell whether a foot stands on the floor z = 0.

    Parameters
    ----------
    touch_mm, sink_mm : settings of align, `floor_touch_mm` and `floor_sink_mm`.

    Raises
    ------
    ScanError
        If it reaches further below the floor than that.
    """
    lowest = float(np.quantile(mesh.vertices[:, 2], LOWEST_SHARE))
    if lowest < -sink_mm:
        raise ScanError(
            f"found the foot reaching {-lowest:.0f} mm below the floor, expected at most align.floor_sink_mm = "
            f"{sink_mm:g}. The floor was not found well: scan with more bare floor round the foot."
        )
    return lowest <= touch_mm


def on_floor(shape: FootShape) -> Stance:
    """Return how a foot stands on the floor z = 0."""
    return Stance("floor", np.eye(4), rough_pose(shape, _UP[None]))


def on_sole(shape: FootShape, smooth: Mesh, stated_up: FloatArray | None, contradiction: float) -> Stance:
    """Return how a foot that lies anyhow would stand on its own sole; up within 45 degrees of (3,) `stated_up`.

    Raises
    ------
    ScanError
        If the shape is surer than `contradiction` that up is elsewhere than stated.
    """
    ups = resting_directions(smooth.vertices)
    pose = rough_pose(shape, ups)
    if stated_up is not None:
        if pose.R_foot_scan[2] @ stated_up <= _STATED_COSINE and pose.confidence > contradiction:
            axis = int(np.argmax(np.abs(pose.R_foot_scan[2])))
            found = f"{'-' if pose.R_foot_scan[2, axis] < 0.0 else ''}{'xyz'[axis]}"
            raise ScanError(
                f"found a foot whose up is nearest to {found} of the file (confidence {pose.confidence:.3f}), expected "
                "what scan.toml says of up. Correct up in scan.toml, or leave it out."
            )
        near = ups[ups @ stated_up > _STATED_COSINE]
        pose = rough_pose(shape, near if len(near) else stated_up[None])
    return Stance("support", np.eye(4), pose)


def check_pose(pose: RoughPose, up: str, least: float) -> None:
    """Refuse a foot that may as well lie another way.

    Parameters
    ----------
    up : what scan.toml states of it.

    Raises
    ------
    ScanError
        With how likely the pose is.
    """
    if pose.confidence < least:
        advice = 'Of a finished mesh, state the axis that points up in scan.toml, such as up = "z"; or scan'
        raise ScanError(
            f"found more than one way that the foot may lie, the likeliest with confidence {pose.confidence:.2f}; "
            f"expected align.min_pose_confidence = {least:g}: sole and dorsum, or heel and toes, are not told apart. "
            f"{advice if up == 'auto' else 'Scan'} more of the leg, the heel and the toes."
        )


def check_pair(ups: Sequence[FloatArray], vertices: Sequence[FloatArray]) -> None:
    """Refuse two feet of one scan that do not stand the same way up, or in one place: people's do, reflections do not.

    Parameters
    ----------
    ups, vertices : of each foot, (3,) and (V, 3), scan frame.

    Raises
    ------
    ScanError
        With the angle between them, or their distance.
    """
    if len(ups) < 2:
        return
    apart_deg = float(np.rad2deg(np.arccos(np.clip(ups[0] @ ups[1], -1.0, 1.0))))
    if apart_deg > _PAIR_DEG:
        raise ScanError(
            f"found two feet whose soles look {apart_deg:.0f} degrees apart, expected a pair that stands the same way, "
            f"within {_PAIR_DEG:g}: below a glass plate lies the reflection of the foot on it, which is of the other "
            "side. Cut away the one that is no foot, or give each its own file."
        )
    apart_mm = float(np.linalg.norm(vertices[0].mean(axis=0) - vertices[1].mean(axis=0)))
    if apart_mm < _PAIR_MM:
        raise ScanError(
            f"found two feet in one place, {apart_mm:.1f} mm apart, expected a pair side by side: layers of a scan "
            "that were not put together, or the inside of a hollow model. Keep the one that is the skin."
        )


def shows_sole(
    smooth: Mesh, boundary: BoolArray, stance: Stance, seen: BoolArray, limits: FootLimits, min_share: float
) -> bool:
    """Tell whether a foot, roughly as its shape alone says, shows enough of its sole to be levelled by it.

    So it does unless the lowest of its heel, or of either side of its ball, lies at an open edge.
    """
    rough = smooth.vertices @ stance.pose.R_foot_scan.T
    rough = rough - [0.0, 0.0, rough[:, 2].min()]
    if not limits.admit(stance.pose.likeness) or seen_sole_share(Mesh(rough, smooth.faces), seen) < min_share:
        return False
    share = _length_shares(rough)
    ball, middle = _within(share, _BALL), float(np.median(rough[_within(share, _BALL), 1]))
    regions = (_within(share, _HEEL), ball & (rough[:, 1] < middle), ball & (rough[:, 1] >= middle))
    lowest = [rough[region][np.argmin(rough[region, 2])] for region in regions]
    return all(np.linalg.norm(rough[boundary] - point, axis=1).min(initial=np.inf) > _STAND_MM for point in lowest)


def _length_shares(rough: FloatArray) -> FloatArray:
    """Return where (N, 3) points in a rough frame lie along the foot, (N,) from 0 at its rear."""
    low = rough[rough[:, 2] < rough[:, 2].min() + FOOT_HEIGHT_MM, 0]
    return np.asarray((rough[:, 0] - low.min()) / np.ptp(low))


def _within(share: FloatArray, limits: tuple[float, float]) -> BoolArray:
    return np.asarray((share >= limits[0]) & (share <= limits[1]))


def refuse_unlevel(mesh: Mesh, seen: BoolArray, boundary: BoolArray, points: FootPoints, min_share: float) -> None:
    """Refuse a foot in its frame that neither a floor nor its own sole levels.

    Raises
    ------
    ScanError
        If less than a share of its sole was seen, or the sole ends where the foot would stand.
    """
    share = seen_sole_share(mesh, seen)
    if share < min_share:
        raise ScanError(
            f"found no floor under the foot and {100.0 * share:.0f} % of its sole, expected the floor or "
            f"{100.0 * min_share:.0f} % of the sole (align.min_sole_share), or a turn all round whose axis "
            "is upright. Scan with the floor in view, or the raised foot from below."
        )
    _refuse_open_sole(support(mesh.vertices, points), mesh.vertices[boundary])


def _refuse_open_sole(stand: Support, edge: FloatArray) -> None:
    """Refuse a foot that would be levelled by the (K, 3) edge of its sole: a foot stands on no edge.

    Raises
    ------
    ScanError
        If a point that it stands on lies at the edge.
    """
    places = (
        ("heel", stand.heel),
        ("1st metatarsal head", stand.first_head),
        ("5th metatarsal head", stand.fifth_head),
    )
    for name, point in places:
        if len(edge) and np.linalg.norm(edge - point, axis=1).min() < _STAND_MM:
            raise ScanError(
                f"found the sole ending in an open edge under the {name}, expected skin there: without a floor the "
                "foot is levelled by it. Scan the floor with it, or the whole sole from below."
            )
