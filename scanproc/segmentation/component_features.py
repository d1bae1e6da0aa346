"""Where the components of a view lie, and how large they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import BoolArray, DepthImage, Intrinsics, Plane
from scanproc.compiled import compiled
from scanproc.depth.images import intrinsics_array
from scanproc.frames import FloatArray
from scanproc.segmentation.connected_components import Components, Labels

_CENTRAL = 0.35  # tangent of the angle to the optical axis at which a pixel counts 1/e: half a foot's length away
_LOW_MM = 60.0  # below it a foot is long, and a leg or a leg of a stool is not
_HIGH_MM = 100.0  # above it a leg is slim, and a stool is not

#: Half of the directions to the corners, edges and faces of a cube.
_DIRECTIONS = np.array([[x, y, z] for x in (-1, 0, 1) for y in (-1, 0, 1) for z in (-1, 0, 1)], dtype=np.float64)[14:]
_DIRECTIONS /= np.linalg.norm(_DIRECTIONS, axis=1)[:, None]


@dataclass(frozen=True)
class ComponentFeatures:
    """Where the P components of a view lie, and how large they are.

    Attributes
    ----------
    area_mm2 : (P,) as seen by the camera, not along the surface.
    central_px : (P,) its pixels, each the less the farther from the optical axis.
    distance_mm : (P,) mean depth.
    lowest_mm, highest_mm : (P,) heights above the floor; along the optical axis if there is none.
    reach_mm : (P, D, 2) least and greatest along each of D directions in space.
    low_reach_mm : (P, 4, 2) the same along four level directions, of what lies low.
    breadth_mm : (P,) greatest horizontal extent of what lies high.
    steps_mm : (P, P) from one component to the other, as in `Components`.
    """

    area_mm2: FloatArray
    central_px: FloatArray
    distance_mm: FloatArray
    lowest_mm: FloatArray
    highest_mm: FloatArray
    reach_mm: FloatArray
    low_reach_mm: FloatArray
    breadth_mm: FloatArray
    steps_mm: FloatArray

    def gaps_mm(self, component: int) -> FloatArray:
        """Return the least gap, (P,), between each component and one: along the direction that separates them best."""
        own = self.reach_mm[component]
        apart = np.maximum(own[:, 0] - self.reach_mm[:, :, 1], self.reach_mm[:, :, 0] - own[:, 1])
        return np.asarray(apart.max(axis=1))

    def lengths_mm(self, together_with: BoolArray) -> FloatArray:
        """Return the greatest level extent, (P,), of what lies low in each component with some others, (P,)."""
        least = self.low_reach_mm[together_with, :, 0].min(axis=0, initial=np.inf)
        greatest = self.low_reach_mm[together_with, :, 1].max(axis=0, initial=-np.inf)
        least = np.minimum(self.low_reach_mm[:, :, 0], least)
        greatest = np.maximum(self.low_reach_mm[:, :, 1], greatest)
        return np.asarray((greatest - least).max(axis=1, initial=0.0))


def component_features(
    components: Components, depth_mm: DepthImage, intrinsics: Intrinsics, floor: Plane | None
) -> ComponentFeatures:
    """Measure the components of a view."""
    up = np.array([0.0, 0.0, 1.0]) if floor is None else floor.normal
    offset_mm = 0.0 if floor is None else floor.offset_mm
    aside = np.array([1.0, 0.0, 0.0]) if abs(up[0]) < 0.7 else np.array([0.0, 1.0, 0.0])
    x = np.cross(up, aside) / np.linalg.norm(np.cross(up, aside))
    y = np.cross(up, x)
    level = np.array([np.cos(a) * x + np.sin(a) * y for a in np.pi / 4.0 * np.arange(4)])
    rows = np.vstack([up, level, level, _DIRECTIONS])
    bands = offset_mm + np.array([_LOW_MM, _HIGH_MM])
    sums, reach = _measure(
        components.labels, len(components.pixels), depth_mm, intrinsics_array(intrinsics), rows, bands
    )
    return ComponentFeatures(
        area_mm2=sums[:, 1],
        central_px=sums[:, 2],
        distance_mm=sums[:, 3] / np.maximum(sums[:, 0], 1.0),
        lowest_mm=reach[:, 0, 0] - offset_mm,
        highest_mm=reach[:, 0, 1] - offset_mm,
        reach_mm=reach[:, 9:],
        low_reach_mm=reach[:, 1:5],
        breadth_mm=(reach[:, 5:9, 1] - reach[:, 5:9, 0]).max(axis=1, initial=0.0),
        steps_mm=components.steps_mm,
    )


@compiled
def _measure(
    labels: Labels,
    count: int,
    depth_mm: DepthImage,
    intrinsics_px: FloatArray,
    directions: FloatArray,
    bands_mm: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return the (P, 4) sums over each component's pixels of 1, area, centrality and depth; and (P, D, 2) reaches.

    The first of the (D, 3) directions is up; along the next four only what lies low counts, along four more only what
    lies high: below and above the two `bands_mm`.
    """
    fx, fy, cx, cy = intrinsics_px
    sums = np.zeros((count, 4))
    reach = np.empty((count, len(directions), 2))
    reach[:, :, 0], reach[:, :, 1] = np.inf, -np.inf
    for v in range(labels.shape[0]):
        for u in range(labels.shape[1]):
            component = labels[v, u] - 1
            if component < 0:
                continue
            z = float(depth_mm[v, u])
            across, down = (u - cx) / fx, (v - cy) / fy
            area = z * z / (fx * fy)
            sums[component, 0] += 1.0
            sums[component, 1] += area
            sums[component, 2] += np.exp(-(across * across + down * down) / (_CENTRAL * _CENTRAL))
            sums[component, 3] += z
            height = (directions[0, 0] * across + directions[0, 1] * down + directions[0, 2]) * z
            for k in range(len(directions)):
                if (1 <= k < 5 and height > bands_mm[0]) or (5 <= k < 9 and height < bands_mm[1]):
                    continue
                along = (directions[k, 0] * across + directions[k, 1] * down + directions[k, 2]) * z
                reach[component, k, 0] = min(reach[component, k, 0], along)
                reach[component, k, 1] = max(reach[component, k, 1], along)
    return sums, reach
