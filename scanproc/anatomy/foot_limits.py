"""What a shape must be like to count as a foot, and the refusal of what is not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.anatomy.foot_profile import FootShape, Likeness
from scanproc.artifacts import Mesh
from scanproc.errors import ScanError
from scanproc.frames import rotation_between

_MIN_VERTICES = 200  # a shape of fewer has no toes to tell
_HALF_SHARE = 0.7  # of the outline: half a foot 0.85, the cut of a leg at its ankle 0.5 and less
_CELL_MM = 8.0  # of the outline
_UNDER_COSINE = 0.7


@dataclass(frozen=True)
class FootLimits:
    """Settings of align of the same names."""

    min_length_mm: float
    max_length_mm: float
    max_misfit: float

    def admit(self, found: Likeness) -> bool:
        """Tell whether a shape in its frame is like a foot."""
        return self.min_length_mm <= found.length_mm <= self.max_length_mm and found.misfit <= self.max_misfit

    def check_likeness(self, found: Likeness) -> None:
        """Refuse what is not like a foot.

        Raises
        ------
        ScanError
            With the length, or what deviates most.
        """
        if not self.min_length_mm <= found.length_mm <= self.max_length_mm:
            raise self._not_a_foot(f"a length of {found.length_mm:.0f} mm")
        if not self.admit(found):
            raise ScanError(
                f"this does not look like a foot: found {found.worst}, misfit {found.misfit:.1f}, expected the profile "
                f"of a foot from heel to toes, at most align.max_misfit = {self.max_misfit}. {found.advice}"
            )

    def check_size(self, mesh: Mesh) -> None:
        """Refuse what cannot be a foot by size alone, before its shape is looked at.

        Raises
        ------
        ScanError
            With the size.
        """
        centred = mesh.vertices - mesh.vertices.mean(axis=0)
        extent = np.ptp(centred @ np.linalg.eigh(centred.T @ centred)[1], axis=0)
        largest, smallest = float(extent.max()), float(extent.min())
        if len(mesh.vertices) < _MIN_VERTICES or largest < self.min_length_mm or smallest < 0.1 * self.min_length_mm:
            size = f"{largest:.0f} mm long and {smallest:.0f} mm thick"
            raise self._not_a_foot(f"{len(mesh.vertices)} vertices, {size}")
        if largest > 3.0 * self.max_length_mm:
            raise self._not_a_foot(f"something {largest:.0f} mm long")

    def check_whole(self, shape: FootShape, floor_seen: bool) -> None:
        """Refuse what has an opening as large as it looks from there: half a foot.

        Parameters
        ----------
        floor_seen : whether z = 0 is the floor that it stands on, which hides its underside.

        Raises
        ------
        ScanError
            With the share of the silhouette.
        """
        cuts = shape.cuts
        is_open = ~np.isin(np.arange(len(cuts.areas)), cuts.cut_of_face)
        for normal, area in zip(cuts.normals[is_open], cuts.areas[is_open], strict=True):
            if floor_seen and normal[2] < -_UNDER_COSINE:
                continue
            across = shape.points @ rotation_between(normal, np.array([0.0, 0.0, 1.0])).T
            cells = np.unique(np.floor(across[:, :2] / _CELL_MM).astype(np.int64), axis=0)
            share = float(area) / (_CELL_MM**2 * len(cells))
            if share > _HALF_SHARE:
                raise ScanError(
                    f"this does not look like a foot: found an opening of {min(share, 1.0):.0%} of the outline (like "
                    "half a foot), expected one seen from all sides up to above its ankle: one side is missing. Scan "
                    "it all round."
                )

    def _not_a_foot(self, found: str) -> ScanError:
        length = f"{self.min_length_mm:.0f} to {self.max_length_mm:.0f} mm"
        return ScanError(
            f"this does not look like a foot: found {found}, expected {length} from heel to toes below an ankle. Check "
            "that nothing else is one with it, such as a stand or the other foot, that heel, toes and ankle are in "
            "view, and the unit in scan.toml (unit, depth_unit_mm)."
        )
