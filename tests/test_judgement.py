"""What is said of placed views as a whole: the noise of a recording, and silhouettes that contradict the others."""

from __future__ import annotations

from posed import pose, prepared, view

from scanproc.frames import FloatArray
from scanproc.registration.judgement import Judgement, JudgementLimits, judge_views, noise_mm_of, odd_views
from scanproc.registration.pair_statistics import AgreementLimits

AZIMUTHS = tuple(range(20, 340, 40))
AGREEMENT = AgreementLimits(min_overlap=0.2, min_consistency=0.9, max_residual_mm=2.5, max_residual_ratio=2.0)
LIMITS = JudgementLimits(
    tolerance_mm=4.0,
    tolerance_sd=3.0,
    max_tolerance_mm=7.0,
    residual_sd=1.75,
    others_ratio=1.29,
    num_judges=24,
    min_pair_overlap=0.1,
    agreement=AGREEMENT,
)


def poses() -> dict[int, FloatArray]:
    return {k: pose(azimuth) for k, azimuth in enumerate(AZIMUTHS)}


def judged(placed: dict[int, FloatArray]) -> Judgement:
    return Judgement(placed, dict.fromkeys(placed, 0.5), 0.5, 0.1, {})


def test_the_noise_is_that_of_all_views_not_of_those_that_fit_before_it_is_known() -> None:
    views, placed = prepared([view(azimuth) for azimuth in AZIMUTHS]), poses()
    assert noise_mm_of(views, placed, LIMITS) < 0.2
    for k in (1, 4, 7):  # as if these cameras read 5 mm less
        placed[k] = placed[k].copy()
        placed[k][:3, 3] += 5.0 * placed[k][:3, 2]
    kept = judge_views(views, placed, LIMITS)
    assert kept.misfits
    assert noise_mm_of(views, placed, LIMITS) > 1.0
    assert noise_mm_of(views, placed, LIMITS) > 1.2 * kept.noise_mm


def test_a_silhouette_that_contradicts_as_no_other_does_is_found() -> None:
    straight = prepared([view(azimuth) for azimuth in AZIMUTHS])
    assert odd_views(straight, judged(poses()), LIMITS) == {}
    bent = prepared([view(azimuth, name="bent" if k == 3 else "leg") for k, azimuth in enumerate(AZIMUTHS)])
    found = odd_views(bent, judged(poses()), LIMITS)
    assert list(found) == [3]
    assert found[3].consistency < AGREEMENT.min_consistency


def test_where_all_contradict_none_is_odd() -> None:
    """What the noise of a recording does to all of its silhouettes speaks against none of them."""
    views, placed = prepared([view(azimuth) for azimuth in AZIMUTHS]), poses()
    for k in placed:
        placed[k] = placed[k].copy()
        placed[k][:3, 3] += 8.0 * (-1) ** k * placed[k][:3, 0]
    assert odd_views(views, judged(placed), LIMITS) == {}
    assert judge_views(views, placed, LIMITS).misfits


def test_of_no_view_nothing_is_said() -> None:
    views = prepared([view(azimuth) for azimuth in AZIMUTHS[:2]])
    assert odd_views(views, judged({}), LIMITS) == {}
