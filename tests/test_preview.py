"""A preview judges as the full proof does: what is made passes both, and a wall that is thin fails both."""

from __future__ import annotations

import pytest
from insole_feet import all_legs, leg
from prescriptions import prescription

from scanproc.artifacts import ScanFacts
from scanproc.design.shape import design
from scanproc.design.solid import build
from scanproc.errors import ScanError
from scanproc.prescription.fields import Prescription
from scanproc.prescription.preview import for_preview
from scanproc.proof.prove import prove
from scanproc.stages.insole import proven_insole


def test_a_preview_of_a_wall_that_is_too_thin_fails() -> None:
    rx = Prescription().changed(thickness_mm=3.0)
    asked = design(leg(1), for_preview(rx))
    for thinner, fails in ((0.0, False), (0.25, True)):
        built = build(design(leg(1), for_preview(rx.changed(thickness_mm=3.0 - thinner)), asked.scanned))
        failed = {check.name for check in prove(built, asked, quick=True) if not check.passed}
        assert ("wall_min_mm" in failed) is fails, (thinner, failed)


def verdict(seed: int, *, preview: bool) -> str:
    legs = all_legs()
    foot = legs[seed % len(legs)][1]
    try:
        made = proven_insole(foot, ScanFacts("preview", side=foot.side), prescription(seed), preview=preview)
    except ScanError:
        return "not made"
    return "made" if all(check.passed for check in made.checks) else "not made"


@pytest.mark.slow
def test_previews_of_random_prescriptions_are_judged_as_by_the_full_proof() -> None:
    """Of 130 two were not, seeds 100 to 229: a flange at the border of what was seen, a wall 0.02 mm too thick."""
    differ = [seed for seed in range(100, 160) if verdict(seed, preview=True) != verdict(seed, preview=False)]
    assert len(differ) <= 3, differ
