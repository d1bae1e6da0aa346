"""The insole: doses of known soles measured back, refusals, symmetry; the whole proof on real shapes."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
from insole_feet import BOWL_REAR, analytic_foot, bowl_sole, leg, mirrored

from scanproc.artifacts import Feet, Foot, Insole, Insoles, ScanFacts
from scanproc.design.shape import design
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.prescription.fields import InsoleConfig
from scanproc.prescription.making_rules import LEAST_STROKE_MM, STROKE_SHARE
from scanproc.prescription.resolve import resolved
from scanproc.settings import build_config, template
from scanproc.solid.letters import lettering
from scanproc.solid.probes import Probe
from scanproc.stages.insole import insole

FACTS = ScanFacts("test", side="left")
COARSE = InsoleConfig(
    thickness_mm=3.0, arch_fill_mm=3.2, mesh_deviation_mm=0.04, wall_tolerance_mm=0.12, surface_tolerance_mm=0.2
)


def made(foot: Foot, config: InsoleConfig, facts: ScanFacts = FACTS) -> Insole:
    (one,) = insole(Feet((foot,)), facts, config).insoles
    return one


def got(one: Insole, name: str) -> float:
    (check,) = [check for check in one.checks if check.name == name]
    return float(check.got)


@pytest.fixture(scope="module")
def bowl() -> Foot:
    return analytic_foot(bowl_sole)


@pytest.fixture(scope="module")
def shell(bowl: Foot) -> Insole:
    return made(bowl, COARSE)


@pytest.mark.parametrize("index", [0, 3])
def test_a_real_shape_gets_a_proven_shell(index: int) -> None:
    one = made(leg(index), InsoleConfig())
    assert [check.name for check in one.checks if not check.passed] == []
    assert one.proven and one.solid is not None
    assert 0.62 < got(one, "length_mm") / leg(index).mesh.vertices[:, 0].max() < 0.75
    assert 20.0 < got(one, "volume_cm3") < 60.0


def test_without_fill_the_top_is_the_sole(bowl: Foot) -> None:
    one = made(bowl, replace(COARSE, arch_fill_mm=0.0, level_front=False))
    assert one.solid is not None
    x, y = np.meshgrid(np.arange(12.0, 150.0, 3.1), np.arange(-33.0, 33.0, 3.1), indexing="ij")
    xy = np.column_stack([x.ravel(), y.ravel()])
    truth = bowl_sole(xy[:, 0] + BOWL_REAR, xy[:, 1])
    gap = truth - Probe(one.solid).top_at(xy)
    slope = np.hypot(*np.gradient(truth.reshape(x.shape), 3.1)).ravel()
    gentle = (slope < 1.0) & np.isfinite(gap)
    assert gentle.sum() > 500
    assert np.abs(gap[gentle]).max() < 0.1


@pytest.mark.few(1)
@pytest.mark.parametrize("fill", [0.0, 1.6, 5.0])
def test_more_fill_lowers_the_arch_by_that_much(bowl: Foot, shell: Insole, fill: float) -> None:
    filled = made(bowl, replace(COARSE, arch_fill_mm=fill))
    assert got(filled, "arch_fill_mm") == pytest.approx(fill, abs=0.1)
    drop = got(shell, "arch_apex_height_mm") - got(filled, "arch_apex_height_mm")
    assert drop == pytest.approx(fill - COARSE.arch_fill_mm, abs=0.2)


@pytest.mark.few(1)
@pytest.mark.parametrize("depth", [6.0, 18.0, 28.0])
def test_the_cup_is_as_deep_as_asked(bowl: Foot, depth: float) -> None:
    one = made(bowl, replace(COARSE, heel_cup_depth_mm=depth))
    for side in ("rear", "medial", "lateral"):
        assert got(one, f"cup_depth_{side}_mm") == pytest.approx(depth, abs=0.2)
    assert one.proven, [check for check in one.checks if not check.passed]


@pytest.mark.parametrize("thickness", [1.5, 4.5])
def test_the_wall_is_as_thick_as_asked_and_even(bowl: Foot, thickness: float) -> None:
    one = made(bowl, replace(COARSE, thickness_mm=thickness, contact_patch_mm2=0.0, level_front=False))
    assert thickness - 0.12 < got(one, "wall_min_mm") <= thickness + 1e-3
    assert thickness - 1e-3 <= got(one, "wall_max_mm") < thickness + 0.12  # built 0.02 thicker: triangles cut corners


@pytest.mark.parametrize("clearance", [2.5])
def test_clearance_is_an_even_gap(bowl: Foot, clearance: float) -> None:
    one = made(bowl, replace(COARSE, clearance_mm=clearance))
    assert got(one, "clearance_mm") == pytest.approx(clearance, abs=0.1)
    assert one.proven, [check for check in one.checks if not check.passed]


def test_a_mirrored_foot_gets_the_mirrored_insole(bowl: Foot, shell: Insole) -> None:
    left, right = shell, made(mirrored(bowl), COARSE, ScanFacts("test", side="right"))
    assert left.solid is not None and right.solid is not None and right.side == "right"
    flip = np.array([1.0, -1.0])
    x, y = np.meshgrid(np.arange(5.0, 160.0, 2.3), np.arange(-40.0, 40.0, 2.3), indexing="ij")
    xy = np.column_stack([x.ravel(), y.ravel()])
    a, b = Probe(left.solid), Probe(right.solid)
    top, mirrored_top = a.top_at(xy), b.top_at(xy * flip)
    both = np.isfinite(top) & np.isfinite(mirrored_top)
    assert both.sum() > 1500 and (np.isfinite(top) ^ np.isfinite(mirrored_top)).sum() < 5
    assert np.percentile(np.abs(top[both] - mirrored_top[both]), 99) < 0.1
    # On the left foot medial is towards -y: there the arch stands.
    medial, lateral = a.top_at(np.array([[112.0, -24.0], [112.0, 24.0]]))
    assert lateral + 5.0 < medial < lateral + 16.0
    assert got(left, "volume_cm3") == pytest.approx(got(right, "volume_cm3"), rel=3e-3)


def test_the_same_foot_gives_the_same_solid(bowl: Foot, shell: Insole) -> None:
    one, again = shell, made(bowl, COARSE)
    assert one.solid is not None and again.solid is not None
    assert np.array_equal(one.solid.vertices, again.solid.vertices) and one.checks == again.checks


def test_a_border_that_hangs_in_the_air_keeps_its_shell() -> None:
    def raised(x: FloatArray, y: FloatArray) -> FloatArray:
        return np.asarray(bowl_sole(x, y) + 9.0 * np.exp(-(((x - 112.0) / 30.0) ** 2)))

    one = made(analytic_foot(raised), COARSE)
    assert one.proven, [check for check in one.checks if not check.passed]
    assert 0.7 < got(one, "waist_share") < 1.0
    assert got(one, "side_edge_mm") == pytest.approx(5.0, abs=0.4)


@pytest.mark.parametrize(("medial", "side"), [(5.0, 3.0), (14.0, 9.0)])
def test_the_edges_stand_as_high_as_asked(bowl: Foot, medial: float, side: float) -> None:
    one = made(bowl, replace(COARSE, medial_edge_mm=medial, side_edge_mm=side))
    assert got(one, "medial_edge_mm") == pytest.approx(medial, abs=0.4)
    assert got(one, "side_edge_mm") == pytest.approx(side, abs=0.4)


def test_the_front_ends_where_and_as_thin_as_asked(bowl: Foot) -> None:
    one = made(bowl, replace(COARSE, distal_gap_mm=15.0, distal_edge_mm=1.0, distal_taper_mm=20.0))
    assert got(one, "distal_gap_mm") == pytest.approx(15.0, abs=0.1)
    off_mm = 1.8  # where it is measured, clear of both rounded edges
    assert got(one, "distal_edge_mm") == pytest.approx(1.0 + off_mm * (3.0 - 1.0) / 20.0, abs=0.1)
    assert got(one, "distal_taper_mm") == pytest.approx(20.0, abs=0.5)


def with_unseen(foot: Foot, where: FloatArray) -> Foot:
    return replace(foot, views=np.where(where, 0, foot.views).astype(np.uint8), landmarks=dict(foot.landmarks))


def test_an_unseen_sole_is_refused_with_share_and_place(bowl: Foot) -> None:
    standing = with_unseen(bowl, bowl.mesh.vertices[:, 2] < 8.0)
    with pytest.raises(ScanError, match=r"the sole under the shell was not seen \(\d+% of it: heel") as error:
        insole(Feet((standing,)), FACTS, COARSE)
    assert "allow_unseen_sole = true" in str(error.value) and "raised" in str(error.value)
    allowed = made(standing, replace(COARSE, allow_unseen_sole=True))
    assert allowed.proven and got(allowed, "unseen_sole") > 0.7


def test_a_missing_sole_counts_as_unseen(bowl: Foot) -> None:
    sole = (bowl.mesh.vertices[bowl.mesh.faces][:, :, 2] < 6.0).all(axis=1)
    open_mesh = replace(bowl.mesh, faces=bowl.mesh.faces[~sole].copy())
    with pytest.raises(ScanError, match="was not seen"):
        insole(Feet((replace(bowl, mesh=open_mesh, landmarks=dict(bowl.landmarks)),)), FACTS, COARSE)


def test_a_hole_of_a_few_mm_is_bridged_smoothly(bowl: Foot) -> None:
    hole = np.hypot(bowl.mesh.vertices[:, 0] - 60.0, bowl.mesh.vertices[:, 1]) < 4.0
    spoiled = bowl.mesh.vertices.copy()
    spoiled[hole, 2] -= 3.0  # what closed the hole is nonsense, and no view saw it
    foot = with_unseen(replace(bowl, mesh=replace(bowl.mesh, vertices=spoiled), landmarks=dict(bowl.landmarks)), hole)
    one = made(foot, COARSE)
    assert one.solid is not None and 0.0 < got(one, "unseen_sole") < 0.02
    assert Probe(one.solid).top_at(np.array([[60.0, 0.0]]))[0] == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize("side", ["auto", "left", "both"])
def test_a_side_in_doubt_is_refused_also_against_what_was_stated(
    bowl: Foot, side: Literal["auto", "left", "both"]
) -> None:
    doubt = replace(bowl, side_confidence=0.6, landmarks=dict(bowl.landmarks))
    with pytest.raises(ScanError, match="left or right is in doubt"):
        insole(Feet((doubt,)), ScanFacts("test", side=side), COARSE)


def test_one_refused_foot_does_not_stop_the_other(bowl: Foot) -> None:
    unseen = with_unseen(bowl, np.ones(len(bowl.mesh.vertices), dtype=bool))
    both = insole(Feet((unseen, mirrored(bowl))), ScanFacts("test", side="both"), COARSE)
    left, right = both.insoles
    assert both.refused_parts == (f"left foot: {left.refused}",)
    assert left.refused is not None and left.solid is None and right.proven


@pytest.mark.few(2)
@pytest.mark.parametrize("step", ["design", "build", "prove"])
@pytest.mark.parametrize("when", ["first", "thickened"])
def test_a_foot_that_cannot_be_built_does_not_stop_the_other(
    bowl: Foot, monkeypatch: pytest.MonkeyPatch, step: str, when: str
) -> None:
    stage = sys.modules[insole.__module__]
    steps = {name: getattr(stage, name) for name in ("design", "build", "prove")}
    calls = []

    def refuses(*given: Any, **how: Any) -> Any:
        calls.append(step)
        if len(calls) == (1 if when == "first" else 2):  # the left foot comes first
            raise ScanError("found a shell that cannot be built. Leave the groove out.")
        return steps[step](*given, **how)

    monkeypatch.setattr(stage, step, refuses)
    monkeypatch.setattr(stage, "lacking_wall_mm", lambda checks: 0.1 if when == "thickened" and len(calls) == 1 else 0)
    coarse = replace(COARSE, fix=True, grid_mm=1.0)
    both = insole(Feet((bowl, mirrored(bowl))), ScanFacts("test", side="both"), coarse)
    assert both.refused_parts == ("left foot: found a shell that cannot be built. Leave the groove out.",)
    assert both.insoles[1].solid is not None


def test_a_failed_proof_counts_as_refused_and_says_what_to_change(bowl: Foot, caplog: pytest.LogCaptureFixture) -> None:
    one = made(bowl, replace(COARSE, max_triangles=10_000, grid_mm=0.5, mesh_deviation_mm=0.005))
    assert one.solid is not None and one.refused is None and not one.proven
    assert (
        one.failed is not None
        and "triangles" in one.failed
        and one.failed.endswith("Set insole.mesh_deviation_mm = 0.00625.")
    )
    assert Insoles((one,)).refused_parts == (f"left foot: {one.failed}",)
    (warning,) = [each.getMessage() for each in caplog.records if each.levelname == "WARNING"]
    assert "left foot" in warning and "failed: triangles; set insole.mesh_deviation_mm = 0.00625" in warning


def test_a_blank_text_is_no_text(bowl: Foot) -> None:
    blank = made(bowl, replace(COARSE, grid_mm=1.0, side_mark=False, text="  "))
    assert not any(check.name == "letters_mm" for check in blank.checks)
    padded = made(bowl, replace(COARSE, grid_mm=1.0, text=" AB "))
    plain = made(bowl, replace(COARSE, grid_mm=1.0, text="AB"))
    assert padded.solid is not None and plain.solid is not None
    assert np.array_equal(padded.solid.vertices, plain.solid.vertices)


def test_the_thinnest_letters_that_are_taken_stand_out(bowl: Foot) -> None:
    assert 2.0 * -lettering("I", 1.0).distance_mm.min() > STROKE_SHARE  # as wide as the rule believes
    least = LEAST_STROKE_MM / STROKE_SHARE
    for text in ("IVT", "L", "1-z"):
        one = made(bowl, replace(COARSE, letter_mm=least, side_mark=False, text=text))
        assert got(one, "letters_mm") == pytest.approx(0.4, abs=0.1), text


def test_missing_landmarks_are_named(bowl: Foot) -> None:
    marks = {name: mark for name, mark in bowl.landmarks.items() if name != "metatarsale_tibiale"}
    with pytest.raises(ScanError, match="metatarsale_tibiale"):
        insole(Feet((replace(bowl, landmarks=marks),)), FACTS, COARSE)


def test_noise_of_the_scan_hardly_reaches_the_top(bowl: Foot) -> None:
    noise = np.random.default_rng(3).normal(0.0, 0.2, len(bowl.mesh.vertices))
    vertices = bowl.mesh.vertices + np.array([0.0, 0.0, 1.0]) * noise[:, None]
    noisy = replace(bowl, mesh=replace(bowl.mesh, vertices=vertices), landmarks=dict(bowl.landmarks))
    xy = np.random.default_rng(4).uniform([40.0, -20.0], [150.0, 20.0], (2000, 2))
    rx = resolved(COARSE, bowl, FACTS)
    roughness = design(noisy, rx).top_at(xy) - design(bowl, rx).top_at(xy)
    assert 0.01 < roughness.std() < 0.12


def test_the_prescription_prints_as_a_template_and_names_ranges() -> None:
    text = template({"insole": InsoleConfig})
    assert "heel_cup_depth_mm = 12.0" in text and "(range 4.0 to 30.0)" in " ".join(text.replace("#", "").split())
    with pytest.raises(ScanError, match=r"insole\.heel_cup_depth_mm = 99\.0 is out of range"):
        build_config(InsoleConfig, {"heel_cup_depth_mm": 99.0}, "insole")
