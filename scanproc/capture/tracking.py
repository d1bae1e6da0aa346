"""Where the camera was in each frame: the frames kept so far are the map, and nothing else is known.

A frame is brought to its nearest neighbours in the map as *register* places views (`registration.incremental`): from
where the camera was last, and from all sides where that fails. Frame by frame the error adds up to some degrees in a
turn, which the directions of a foot bear; *register* closes the loops later, with all frames at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from scanproc.artifacts import CleanView
from scanproc.capture.settings import CaptureConfig
from scanproc.frames import FloatArray
from scanproc.registration.agreement import Ranking
from scanproc.registration.candidates import SearchLimits
from scanproc.registration.incremental import register_more
from scanproc.registration.sampled_views import sample_views

#: As in `register`: where another place need not be looked for, and how much agreement counts against overlap.
_RANKING = Ranking(consistency_power=6.0, stop_overlap=0.60, stop_consistency=0.97)
_NUM_GUESSES = 4
_FINE_SHARE = 0.6  # of the coarse spacing


@dataclass
class Tracker:
    """The kept frames and their poses; the map's frame is level where the first frame shows the floor."""

    config: CaptureConfig
    views: list[CleanView] = field(default_factory=list)
    poses: list[FloatArray] = field(default_factory=list)  # T_map_camera

    @property
    def stands(self) -> bool:
        """Whether the foot stands on the map's z = 0."""
        return bool(self.views) and self.views[0].floor is not None

    def locate(self, view: CleanView, near: FloatArray | None) -> FloatArray | None:
        """Return the T_map_camera of a frame, (4, 4), or None where it fits nowhere.

        Parameters
        ----------
        near : the pose of the frame before, or of any kept frame that may be near; None for the last one kept.
        """
        if np.count_nonzero(view.depth_mm) < self.config.min_points:
            return None
        if not self.views:
            return sample_views([view], *self._spacings).T_level_camera[0]
        neighbours = self._neighbours(self.poses[-1] if near is None else near)
        sampled = sample_views([*(self.views[index] for index in neighbours), view], *self._spacings)
        own = len(neighbours)
        placed = {number: self.poses[index] for number, index in enumerate(neighbours)}
        return register_more(sampled, placed, self._limits, [own]).poses.get(own)

    def keep(self, view: CleanView, T_map_camera: FloatArray) -> None:
        """Make a frame a part of the map."""
        self.views.append(view)
        self.poses.append(T_map_camera)

    @property
    def _spacings(self) -> tuple[float, float]:
        return self.config.spacing_mm, _FINE_SHARE * self.config.spacing_mm

    @property
    def _limits(self) -> SearchLimits:
        return SearchLimits(
            tolerance_mm=self.config.tolerance_mm,
            min_overlap=self.config.min_overlap,
            min_consistency=self.config.min_consistency,
            num_guesses=_NUM_GUESSES,
            search_back=self.config.num_neighbours,
            ranking=_RANKING,
        )

    def _neighbours(self, near: FloatArray) -> list[int]:
        """Return the kept frames that look most like a pose, the nearest last: next to the frame, in recorded order."""
        alike = [float(pose[:3, 2] @ near[:3, 2]) for pose in self.poses]
        return sorted(np.argsort(alike, kind="stable")[-self.config.num_neighbours :].tolist(), key=alike.__getitem__)
