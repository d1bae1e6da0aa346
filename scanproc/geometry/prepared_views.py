"""Views ready for alignment: levelled, stacked, and sampled at three spacings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import CleanView, Plane
from scanproc.frames import FloatArray, rigid, rotation_between
from scanproc.geometry.view_stack import Images, Samples, sample, stack_images

_UP = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True)
class PreparedViews:
    """All usable views, ready for alignment.

    Attributes
    ----------
    T_level_camera : puts each view's floor at z = 0; the identity without a floor.
    tiny, coarse, fine : points of each view, ever closer, for first guesses, their judgement, and the alignment.
    """

    views: Sequence[CleanView]
    images: Images
    T_level_camera: Sequence[FloatArray]
    tiny: Samples
    coarse: Samples
    fine: Samples

    def __len__(self) -> int:
        return len(self.views)

    @property
    def floors(self) -> list[Plane | None]:
        return [view.floor for view in self.views]


def prepare(views: Sequence[CleanView], coarse_mm: float, fine_mm: float) -> PreparedViews:
    """Bring views into the form that alignment wants."""
    return PreparedViews(
        views=views,
        images=stack_images(views),
        T_level_camera=[np.eye(4) if view.floor is None else levelling(view.floor) for view in views],
        tiny=sample(views, 2.0 * coarse_mm),
        coarse=sample(views, coarse_mm),
        fine=sample(views, fine_mm),
    )


def levelling(floor: Plane) -> FloatArray:
    """Return the T_level_camera that turns the floor's normal up and puts the floor at z = 0."""
    return rigid(rotation_between(floor.normal, _UP), np.array([0.0, 0.0, -floor.offset_mm]))
