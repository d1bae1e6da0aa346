"""Why recordings are no foundation: few views, a foot that moves on, views that pull at each other, a wrong lens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scanproc.registration.joint_alignment import FocalError
from scanproc.registration.still_views import StillViews

_AGAIN = "Record again, slowly, with the foot still and each view overlapping the last."


@dataclass(frozen=True)
class DoubtLimits:
    """When a recording is refused; see the settings of `register` of the same names."""

    min_views: int
    min_share: float
    max_strain_mm: float
    max_strain_sd: float


def doubt_of(still: StillViews, num_shown: int, num_recorded: int, told: str, limits: DoubtLimits) -> str | None:
    """Return why the views that fit together are no foundation, with the number, its limit and what to do, or None.

    Parameters
    ----------
    num_shown : views that show the foot.
    told : why views were left out; empty if none was.
    """
    if still.unrest is not None:
        return f"{still.unrest}, whichever views are left out. {_AGAIN}"
    judged, which = still.judged, " as it lay in most" if still.moved else ""
    placed, num_still = len(judged.poses), num_shown - len(still.moved)
    if placed < limits.min_views or placed < limits.min_share * num_still:
        return (
            f"only {placed} of {num_recorded} views fit together (register.min_views = {limits.min_views},"
            f" min_share = {limits.min_share:g} of {num_still} that show a foot{which})"
            f"{': ' if told else ''}{told}. {_AGAIN}"
        )
    most_mm = max(limits.max_strain_mm, limits.max_strain_sd * judged.noise_mm)
    if judged.strain_mm > most_mm:
        return (
            f"half of the pairs of views would rather lie {judged.strain_mm:.2f} mm or more otherwise"
            f" (most {most_mm:.2f} by register.max_strain_mm = {limits.max_strain_mm:g},"
            f" max_strain_sd = {limits.max_strain_sd:g}, noise {judged.noise_mm:.2f}):"
            f" the foot changed its shape, or the camera's calibration is off. {_AGAIN}"
        )
    return None


def focal_doubt_of(focal: FocalError) -> str | None:
    """Return what is said of views that were made into points by the intrinsics of another camera, or None.

    All lengths would be wrong.
    """
    if focal.is_sure:
        return (
            f"the views fit together best with a focal length {100.0 * abs(focal.share):.1f} %"
            f" {'longer' if focal.share > 0.0 else 'shorter'} (± {100.0 * focal.sd:.1f}) than the one stated"
            f" (at most register.max_focal_error = {100.0 * focal.most:g} %): the intrinsics are those of another"
            " camera, of its colour image, or of another image size. Give those of these depth images."
        )
    return None


def quoted(reasons: Mapping[int, str], names: Sequence[str]) -> str:
    """Return the first few reasons with the names of their views."""
    said = [f"view {names[index]}: {reason}" for index, reason in sorted(reasons.items())]
    return "; ".join(said[:4]) + (f"; and {len(said) - 4} more" if len(said) > 4 else "")
