"""Why a view is rejected, in words, with the number that decided and its limit."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np

from scanproc.artifacts import CleanViews
from scanproc.parallel import parallel_map
from scanproc.registration.agreement import Agreement
from scanproc.registration.bending import Bending, BendLimits
from scanproc.registration.candidates import SearchLimits
from scanproc.registration.movement import Movement, MovementLimits
from scanproc.registration.pair_statistics import AgreementLimits, RejectedView


def no_place_reason(fit: Agreement, limits: SearchLimits) -> str:
    """Return why a view has no place, with what is short where it fits best."""
    if fit.overlap < limits.min_overlap:
        return (
            f"fits no other view: overlap {_short(fit.overlap)} < register.min_place_overlap {limits.min_overlap:.2f}"
        )
    return (
        f"fits no other view: consistency {_short(fit.consistency)}"
        f" < register.min_place_consistency {limits.min_consistency:.2f}"
    )


def misfit_reasons(misfits: Mapping[int, RejectedView], limits: AgreementLimits) -> dict[int, str]:
    """Return why each placed view was dropped."""
    return {index: _misfit_reason(misfit, limits) for index, misfit in misfits.items()}


def _misfit_reason(misfit: RejectedView, limits: AgreementLimits) -> str:
    if misfit.apart:
        return f"overlap {_short(misfit.overlap)} with most views < register.min_overlap {limits.min_overlap:.2f}"
    if misfit.overlap < limits.min_overlap:
        return f"overlap {_short(misfit.overlap)} < register.min_overlap {limits.min_overlap:.2f}"
    if misfit.consistency < limits.min_consistency:
        return f"consistency {_short(misfit.consistency)} < register.min_consistency {limits.min_consistency:.2f}"
    too_far = f"residual {np.ceil(100.0 * misfit.rms_mm) / 100.0:.2f} mm RMS > {_short(misfit.limit_mm)} mm"
    return f"{too_far} (register.max_residual_mm, max_residual_ratio, max_others_ratio)"


def moved_reason(movement: Movement, limits: MovementLimits) -> str:
    """Return what is said of a part of the foot that moved."""
    return (
        f"the foot moved: {100.0 * movement.share:.0f} % of it lies {movement.distance_mm:.1f} mm off, noise"
        f" {movement.noise_mm:.1f} mm (movement {np.ceil(movement.strength):.0f} > register.max_movement"
        f" {limits.max_strength:g})"
    )


def bent_reason(bending: Bending, limits: BendLimits) -> str:
    """Return what is said of a part of the foot that moved against the rest."""
    return (
        f"the foot moved: a part of it lies {bending.distance_mm:.1f} mm off against the rest"
        f" (bend {np.ceil(bending.strength):.0f} > register.max_bend {limits.max_strength:g})"
    )


def _short(share: float) -> str:
    """Return a share with two decimals, cut off: what falls short of a limit must not read as if it did not."""
    return f"{np.floor(100.0 * share) / 100.0:.2f}"


def unusable_reasons(views: CleanViews, min_points: int) -> dict[int, str]:
    """Return the reasons against views that cannot take part: hardly any foot, or a copy of an earlier image."""
    reasons, seen = {}, dict[str, str]()
    digests = parallel_map(lambda view: hashlib.sha256(view.depth_mm.tobytes()).hexdigest(), views.views, "comparing")
    for index, (view, digest) in enumerate(zip(views.views, digests, strict=True)):
        pixels = int((view.depth_mm > 0).sum())
        if pixels < min_points:
            reasons[index] = f"{pixels} points of a foot < register.min_points {min_points}"
        elif digest in seen:
            reasons[index] = f"the same image as view {seen[digest]}"
        seen.setdefault(digest, view.name)
    return reasons
