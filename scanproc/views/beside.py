"""What else is known of a scan beside the artifact that is shown; a picture uses what it can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scanproc.artifacts import CleanViews, Feet, Insoles, Recording, Registration, Surface


@dataclass(frozen=True)
class Beside:
    """Other artifacts of the scan; None where there is none."""

    recording: Recording | None = None
    views: CleanViews | None = None
    registration: Registration | None = None
    surface: Surface | None = None
    feet: Feet | None = None
    insoles: Insoles | None = None

    @staticmethod
    def of(artifacts: Sequence[object]) -> Beside:
        """Take what a picture may use from any artifacts."""
        kinds = {
            Recording: "recording",
            CleanViews: "views",
            Registration: "registration",
            Surface: "surface",
            Feet: "feet",
            Insoles: "insoles",
        }
        return Beside(**{kinds[type(item)]: item for item in artifacts if type(item) in kinds})  # type: ignore[arg-type]
