"""The components of a view without its flat faces, and the plane that the middle one of them stands on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.depth.images import pixel_mm
from scanproc.depth.view_image import PixelLimits, ViewImage
from scanproc.segmentation.component_features import component_features
from scanproc.segmentation.connected_components import Components, joined_components
from scanproc.segmentation.floors import ViewPlanes
from scanproc.segmentation.foot_components import main_component
from scanproc.segmentation.plane_clipping import HalfSpace, clip, without_plane_patches
from scanproc.segmentation.plane_fitting import PlaneFit


@dataclass(frozen=True)
class ComponentLimits:
    """What cuts a view into components.

    Attributes
    ----------
    pixels : says what a depth step is.
    join_mm : pieces that come this close in space are one component.
    min_piece_mm2 : smaller pieces are dropped.
    patch_min_spread_mm : standard deviation of a flat face along its shorter direction.
    """

    pixels: PixelLimits
    join_mm: float
    min_piece_mm2: float
    patch_min_spread_mm: float


def view_components(
    image: ViewImage, patches_of: list[HalfSpace], half_spaces: list[HalfSpace], limits: ComponentLimits
) -> Components:
    """Return the components of a view without wide patches of some planes, of what lies above others.

    patches_of : planes, and how close to them a patch lies.
    """
    depth, intrinsics = image.depth_mm, image.intrinsics
    mask = depth > 0
    for face in patches_of:
        mask = without_plane_patches(mask, depth, intrinsics, face, limits.patch_min_spread_mm)
    mask &= clip(depth, intrinsics, half_spaces)
    width_mm = pixel_mm(depth, intrinsics)
    min_pixels = int(limits.min_piece_mm2 / width_mm**2) + 1 if width_mm > 0.0 else 1
    return joined_components(
        mask, depth, intrinsics, limits.pixels.jump_of(depth, intrinsics), limits.join_mm, min_pixels
    )


def supporting_plane(
    image: ViewImage, planes: ViewPlanes, clear_mm: float, touch_mm: float, limits: ComponentLimits
) -> PlaneFit | None:
    """Return the plane that what the camera looks at stands on: a floor, or the top of a step.

    A floor far below a raised foot, a wall, or the top of a stool beside the foot is none.

    Parameters
    ----------
    clear_mm : so close to a plane everything is its own.
    touch_mm : what stands on a plane comes down to this height.
    """
    fits = [*planes.background, *planes.furniture]
    patches_of = [HalfSpace(fit.plane, clear_mm, fit.depth_mm) for fit in fits]
    components = view_components(image, patches_of, [], limits)
    main = main_component(
        component_features(components, image.depth_mm, image.intrinsics, None), None, components.pixels > 0
    )
    if main is None or not fits:
        return None
    lowest_mm = [
        component_features(components, image.depth_mm, image.intrinsics, fit.plane).lowest_mm[main] for fit in fits
    ]
    away_mm = [abs(lowest) if -clear_mm < lowest < touch_mm else np.inf for lowest in lowest_mm]
    nearest = int(np.argmin(away_mm))
    return fits[nearest] if np.isfinite(away_mm[nearest]) else None
