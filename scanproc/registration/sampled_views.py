"""Views ready for alignment: levelled, stacked, and sampled at three spacings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from scanproc.artifacts import CleanView, Plane
from scanproc.depth.images import pixel_mm
from scanproc.frames import FloatArray, inverse, rigid, rotate, rotation_between, transform
from scanproc.parallel import parallel_map
from scanproc.registration.depth_noise import DepthNoise
from scanproc.registration.stacked_views import Images, Samples, sample, stack_images

_MOST_RIM = 0.8  # of a view: what is all rim is left as it is
# Rims and a foot that sways err from afar as from near.
_MOST_WEIGHT_ORDER = 2
# Noise is largest beside a rim, and the true one lies 0.3 to 0.7 deg beyond what was seen, by the foot's curvature.
# Of 22 recordings with realistic noise, dorsums were 0.5 mm too low with what is nearer, and 0.3 without.
_WORST_RIM_DEG = 0.4
_UP = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True)
class PickedPoints:
    """Points of views at three spacings, each picked when it is first wanted, once for all that is said of the views.

    `SampledViews` that differ in the noise or in the weights alone share them.

    Attributes
    ----------
    coarse_mm, fine_mm : how far points of `coarse` and `fine` lie apart; those of `coarsest` twice as far as `coarse`.
    """

    views: Sequence[CleanView]
    coarse_mm: float
    fine_mm: float

    @cached_property
    def coarsest(self) -> Samples:
        return sample(self.views, 2.0 * self.coarse_mm)

    @cached_property
    def coarse(self) -> Samples:
        return sample(self.views, self.coarse_mm)

    @cached_property
    def fine(self) -> Samples:
        return sample(self.views, self.fine_mm)


@dataclass(frozen=True)
class SampledViews:
    """All usable views, ready for alignment.

    Attributes
    ----------
    numbers : of each in the recording: what lies between two was not usable.
    T_level_camera : puts each view's floor at z = 0; the identity without a floor.
    inner : the same views without their rims, if a search is to judge them by that; None where rims count as well.
    """

    picked: PickedPoints
    numbers: Sequence[int]
    images: Images
    T_level_camera: Sequence[FloatArray]
    inner: SampledViews | None = None

    @property
    def views(self) -> Sequence[CleanView]:
        return self.picked.views

    @property
    def coarse_mm(self) -> float:
        return self.picked.coarse_mm

    def __len__(self) -> int:
        return len(self.views)

    def gap(self, view: int, other: int) -> int:
        """Return how many steps farther another was recorded, of those that most usable views lie apart."""
        return round(abs(self.numbers[view] - self.numbers[other]) / self._usual_step)

    @cached_property
    def _usual_step(self) -> float:
        return float(np.median(np.diff(self.numbers))) if len(self.numbers) > 1 else 1.0

    def with_views(self, views: Sequence[CleanView], coarse_mm: float) -> SampledViews:
        """Return the same views with another choice of their pixels, sampled at another spacing."""
        picked = PickedPoints(views, coarse_mm, self.picked.fine_mm)
        return replace(self, picked=picked, images=self.images.with_depths(views))

    def at_spacing(self, coarse_mm: float) -> SampledViews:
        """Return the same views, sampled at another spacing."""
        return replace(self, picked=replace(self.picked, coarse_mm=coarse_mm))

    def with_noise(self, noise: DepthNoise) -> SampledViews:
        """Return the same views, which are judged by the noise at their depth, and weigh alike."""
        images = self.images._replace(noise_at_mm=noise.at_mm, noise_order=noise.order, weight_order=0)
        return replace(self, images=images)

    @property
    def weighs_noise(self) -> bool:
        return self.images.weight_order > 0

    def weighed_alike(self) -> SampledViews:
        """Return the same views, whose points weigh alike wherever they are."""
        return replace(self, images=self.images._replace(weight_order=0))

    def weighed_by_noise(self) -> SampledViews:
        """Return the same views, whose points weigh by the noise at their depth in an alignment."""
        order = min(self.images.noise_order, _MOST_WEIGHT_ORDER)
        return replace(self, images=self.images._replace(weight_order=order))

    @property
    def coarsest(self) -> Samples:
        """Return the points of each view that first guesses are made with."""
        return self.picked.coarsest

    @property
    def coarse(self) -> Samples:
        """Return the points of each view by which guesses and views are judged, closer to each other."""
        return self.picked.coarse

    @property
    def fine(self) -> Samples:
        """Return the points of each view that are aligned in the end, closest to each other."""
        return self.picked.fine

    @cached_property
    def middles(self) -> FloatArray:
        """Return the mean point that each view saw, (V, 3) mm, camera frame."""
        seen = [self.coarse.of(view)[0] for view in range(len(self))]
        return np.array([points.mean(axis=0) if len(points) else np.zeros(3) for points in seen])

    @cached_property
    def depths_mm(self) -> FloatArray:
        """Return the RMS depth of what each view saw, (V,); 1 where it saw nothing."""
        seen = [self.coarse.of(view)[0][:, 2] for view in range(len(self))]
        return np.array([np.sqrt(np.mean(depth_mm**2)) if len(depth_mm) else 1.0 for depth_mm in seen])

    @property
    def noise_shares(self) -> FloatArray:
        """Return the noise of each view beside that of the recording, (V,); 1 until it is known."""
        return np.asarray((self.depths_mm / self.images.noise_at_mm) ** (0.5 * self.images.noise_order))

    @cached_property
    def pixel_mm(self) -> float:
        """Return the width on the foot of a pixel of the median view."""
        return float(np.median([pixel_mm(view.depth_mm, view.intrinsics) for view in self.views]))

    @property
    def floors(self) -> list[Plane | None]:
        return [view.floor for view in self.views]


def sample_views(
    views: Sequence[CleanView], coarse_mm: float, fine_mm: float, numbers: Sequence[int] | None = None
) -> SampledViews:
    """Bring views into the form that alignment wants; without `numbers` they are all of the recording."""
    return SampledViews(
        picked=PickedPoints(views, coarse_mm, fine_mm),
        numbers=range(len(views)) if numbers is None else numbers,
        images=stack_images(views),
        T_level_camera=[np.eye(4) if view.floor is None else levelling(view.floor) for view in views],
    )


@dataclass(frozen=True)
class WholeAndInner:
    """The same views twice: with their rims, which hold the poses best, and without, which tell how well they fit."""

    whole: SampledViews
    inner: SampledViews

    def __len__(self) -> int:
        return len(self.whole)

    @property
    def judged_by_inner(self) -> SampledViews:
        """Return the whole views for a search that judges them by the inner ones."""
        return replace(self.whole, inner=self.inner)

    @cached_property
    def clear(self) -> SampledViews:
        """Return the whole views but for what is nearest to a rim, where one term for all rims is right least."""
        return self.whole.with_views(without_rims(self.whole.views, _WORST_RIM_DEG), self.whole.coarse_mm)

    def with_noise(self, noise: DepthNoise) -> WholeAndInner:
        """Return the same views, which are aligned and judged by the noise at their depth."""
        return WholeAndInner(self.whole.with_noise(noise).weighed_by_noise(), self.inner.with_noise(noise))


def whole_and_inner(
    views: Sequence[CleanView],
    coarse_mm: float,
    fine_mm: float,
    rim_deg: float,
    numbers: Sequence[int] | None = None,
) -> WholeAndInner:
    """Sample views with and without their rims, which are `rim_deg` wide."""
    whole, inner = sample_views(views, coarse_mm, fine_mm, numbers), without_rims(views, rim_deg)
    return WholeAndInner(whole, whole.with_views(inner, coarse_mm))


def without_rims(views: Sequence[CleanView], width_deg: float) -> list[CleanView]:
    """Return the views without the depth at their rims; their silhouettes stay."""

    def inner(view: CleanView) -> CleanView:
        rim = np.zeros(view.depth_mm.shape, np.bool_) if view.rim_deg is None else view.rim_deg <= width_deg
        is_small = np.count_nonzero(rim & (view.depth_mm > 0)) > _MOST_RIM * np.count_nonzero(view.depth_mm)
        return view if is_small else replace(view, depth_mm=np.where(rim, np.float32(0), view.depth_mm))

    return parallel_map(inner, views, "sampling views")


def levelling(floor: Plane) -> FloatArray:
    """Return the T_level_camera that turns the floor's normal up and puts the floor at z = 0."""
    return rigid(rotation_between(floor.normal, _UP), np.array([0.0, 0.0, -floor.offset_mm]))


def frame_of_floors(views: SampledViews, poses: Mapping[int, FloatArray]) -> FloatArray:
    """Return the T_scan_common that puts the mean of all floors at z = 0; without floors, the first camera's frame.

    Parameters
    ----------
    poses : T_common_camera of the views that count.
    """
    seen = [(pose, floor) for view, pose in poses.items() if (floor := views.floors[view]) is not None]
    if not seen:
        return inverse(next(iter(poses.values())))
    normals = np.array([rotate(pose, floor.normal[None])[0] for pose, floor in seen])
    points = np.array([transform(pose, (floor.normal * floor.offset_mm)[None])[0] for pose, floor in seen])
    normal = normals.mean(axis=0)
    normal /= np.linalg.norm(normal)
    return levelling(Plane(normal, float(np.mean(np.einsum("ij,ij->i", normals, points)))))
