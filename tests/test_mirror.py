"""A pair from one foot: the mirror image is a whole foot of the other side, and medial stays medial."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import trimesh
from insole_feet import leg

from scanproc.artifacts import Foot, ScanFacts
from scanproc.design.mirror import feet_to_design, is_mirrored, mirrored_foot
from scanproc.design.shape import design
from scanproc.errors import ScanError
from scanproc.prescription.fields import InsoleConfig
from scanproc.prescription.resolve import resolved

FACTS = ScanFacts("test", side="left", loading="standing")


@pytest.fixture(scope="module")
def foot() -> Foot:
    return leg(0)


def volume(foot: Foot) -> float:
    return float(trimesh.Trimesh(foot.mesh.vertices, foot.mesh.faces, process=False).volume)


def test_a_mirrored_foot_is_of_the_other_side_and_looks_outwards(foot: Foot) -> None:
    other = mirrored_foot(foot)
    assert (foot.side, other.side) == ("left", "right")
    assert volume(other) == pytest.approx(volume(foot), rel=1e-12) and volume(foot) > 0.0
    assert np.array_equal(other.mesh.vertices * [1.0, -1.0, 1.0], foot.mesh.vertices)
    for name, mark in foot.landmarks.items():
        assert np.array_equal(other.landmarks[name].xyz_mm, mark.xyz_mm * [1.0, -1.0, 1.0])
    medial = other.landmarks["metatarsale_tibiale"].xyz_mm[1] - other.landmarks["metatarsale_fibulare"].xyz_mm[1]
    assert other.medial_y * medial > 0.0
    assert np.array_equal(other.views, foot.views)
    assert np.linalg.det(other.T_foot_scan[:3, :3]) == pytest.approx(-1.0)


def test_twice_mirrored_is_the_foot_itself(foot: Foot) -> None:
    again = mirrored_foot(mirrored_foot(foot))
    assert again.side == foot.side
    assert np.array_equal(again.mesh.vertices, foot.mesh.vertices) and np.array_equal(again.mesh.faces, foot.mesh.faces)
    assert np.array_equal(again.T_foot_scan, foot.T_foot_scan)
    assert np.array_equal(again.landmarks["pternion"].xyz_mm, foot.landmarks["pternion"].xyz_mm)


def test_a_pair_is_one_foot_and_its_image_the_left_one_first(foot: Foot) -> None:
    right = mirrored_foot(foot)
    assert feet_to_design((foot, right), "as-scanned") == (foot, right)
    made = feet_to_design((foot,), "from-left")
    assert [each.side for each in made] == ["left", "right"] and made[0] is foot
    assert [is_mirrored(each, "from-left") for each in made] == [False, True]
    made = feet_to_design((right,), "from-right")
    assert [each.side for each in made] == ["left", "right"] and made[1] is right
    assert not any(is_mirrored(each, "as-scanned") for each in made)
    with pytest.raises(ScanError, match=r"found no right foot in the scan.*insole\.pair = from-right"):
        feet_to_design((foot,), "from-right")


@pytest.mark.parametrize(
    "config",
    [
        InsoleConfig(medial_skive_mm=4.0, heel_cup_depth_mm=16.0, medial_flange_mm=8.0),
        InsoleConfig(rearfoot_post_deg=4.0, rearfoot_posting="intrinsic", met_pad_mm=4.8),
        InsoleConfig(forefoot_post_deg=3.0, groove_mm=2.0, navicular_relief_mm=2.0),
    ],
)
def test_medial_means_medial_on_the_image(foot: Foot, config: InsoleConfig) -> None:
    """The same words on the mirror image give the mirror image of the same design."""
    config = replace(config, grid_mm=1.0)
    other = mirrored_foot(foot)
    left = design(foot, resolved(config, foot, FACTS))
    right = design(other, resolved(config, other, FACTS))
    xy = np.random.default_rng(5).uniform([10.0, -25.0], [150.0, 25.0], (4000, 2))
    flipped = xy * [1.0, -1.0]
    gap = left.top_at(xy) - right.top_at(flipped)
    assert np.percentile(np.abs(gap), 99) < 0.02
    # and it is no accident of a symmetric foot: the same place of the other foot is another height
    assert np.percentile(np.abs(left.top_at(xy) - right.top_at(xy)), 50) > 0.5


def test_what_is_said_of_one_foot_is_said_of_its_image_alone(foot: Foot) -> None:
    config = InsoleConfig(pair="from-left", right=(("heel_lift_mm", 4.0),))
    lifts = [resolved(config, each, FACTS).heel.heel_lift_mm for each in feet_to_design((foot,), "from-left")]
    assert lifts == [0.0, 4.0]
