"""A foot's length is one: what is measured is what an insole is built on, also where an end was set by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from insole_feet import analytic_foot, bowl_sole

from scanproc.anatomy.foot_regions import foot_length, rear_of, surface_length
from scanproc.artifacts import Foot, Landmark
from scanproc.design.sole import scanned_sole
from scanproc.measures.lengths import foot_length as read_length
from scanproc.measures.readings import FootShape
from scanproc.prescription.fields import Prescription


def edited(foot: Foot, name: str, ahead_mm: float, method: str = "edited") -> Foot:
    xyz = foot.landmarks[name].xyz_mm + np.array([ahead_mm, 0.0, 0.0])
    return replace(foot, landmarks={**foot.landmarks, name: Landmark(xyz, method, 1.0)})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def foot() -> Foot:
    return analytic_foot(bowl_sole)


@pytest.mark.parametrize(("name", "ahead_mm"), [("longest_toe_tip", -6.0), ("longest_toe_tip", 4.0), ("pternion", 5.0)])
def test_an_edited_end_counts_for_the_measure_and_the_insole_alike(foot: Foot, name: str, ahead_mm: float) -> None:
    moved = edited(foot, name, ahead_mm)
    measured = read_length(FootShape(moved)).value
    designed = scanned_sole(moved, Prescription().changed(allow_unseen_sole=True)).plan.length_mm
    assert measured == designed == surface_length(moved) == foot_length(moved)
    before = foot_length(foot)
    assert designed == pytest.approx(before + (ahead_mm if name != "pternion" else -ahead_mm), abs=1e-9)
    assert rear_of(moved) == pytest.approx(rear_of(foot) + (ahead_mm if name == "pternion" else 0.0), abs=1e-9)


def test_without_an_edit_an_insole_is_built_on_all_of_the_surface(foot: Foot) -> None:
    smoothed = edited(foot, "longest_toe_tip", -0.2, "auto")  # as `align` finds it, on a smoothed surface
    low = foot.mesh.vertices[foot.mesh.vertices[:, 2] < 60.0]
    assert surface_length(smoothed) == low[:, 0].max() == scanned_sole(smoothed, Prescription()).plan.length_mm
    assert foot_length(smoothed) == pytest.approx(surface_length(smoothed) - 0.2, abs=1e-9)
    other = edited(foot, "metatarsale_tibiale", 3.0)
    assert surface_length(other) == low[:, 0].max()
