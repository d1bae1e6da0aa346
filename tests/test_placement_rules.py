"""Doses that the edge, a cut-out or the front end takes are refused by name; all others show whole on the top."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from insole_feet import leg, mirrored

from scanproc.design.placement_rules import refuse_off_device
from scanproc.design.shape import design
from scanproc.errors import ScanError
from scanproc.mesh.polyline_distance import inside
from scanproc.pads.table import placed_pads
from scanproc.prescription.fields import Prescription

RX = Prescription().changed(thickness_mm=3.0, arch_fill_mm=1.6, heel_expansion_mm=0.0, grid_mm=1.0)

LOST: list[tuple[dict[str, Any], str]] = [
    (
        {"navicular_relief_mm": 4.0, "medial_edge_mm": 2.0},
        r"insole\.navicular_relief_mm = 4 .*set insole\.medial_edge_mm = 2\.5",
    ),
    (
        {"met_pad_mm": 4.8, "met_pad_back_mm": 2.0, "distal_gap_mm": 30.0},
        r"insole\.met_pad_mm = 4\.8 .*set insole\.met_pad_back_mm = 10",
    ),
    (
        {"met_bar_mm": 3.0, "met_bar_back_mm": 0.0, "distal_gap_mm": 25.0},
        r"insole\.met_bar_mm = 3 .*set insole\.met_bar_back_mm = 10",
    ),
]


@pytest.mark.parametrize(("asked", "words"), LOST)
@pytest.mark.parametrize("other", [False, True])
def test_a_dose_that_the_edge_takes_is_refused_by_name(asked: dict[str, Any], words: str, other: bool) -> None:
    foot = mirrored(leg(1)) if other else leg(1)
    with pytest.raises(ScanError, match=f"rule dose-on-device: found {words}"):
        design(foot, RX.changed(**asked))


@pytest.mark.parametrize("name", ["groove_mm", "mortons_extension_mm", "toe_crest_mm"])
def test_a_cut_out_is_named_only_where_there_is_one(name: str) -> None:
    made = design(leg(1), RX.changed(length="full"))
    for cut, words in ((False, r"outline_margin_mm|groove_width_mm"), (True, r"set insole\.first_ray_cut = false")):
        asked = RX.changed(length="full", first_ray_cut=cut, **{name: 3.0})
        with pytest.raises(ScanError, match=words) as error:
            refuse_off_device(
                placed_pads(made.plan, asked.pads),
                made.outline,
                made.top,
                made.top.replaced(made.top.z - 9.0),
                asked,
            )
        assert cut or ("cut out" not in str(error.value) and "_cut =" not in str(error.value))


KEPT: list[dict[str, Any]] = [
    {"met_pad_mm": 4.8},
    {"met_bar_mm": 3.0, "met_bar_back_mm": 8.0},
    {"navicular_relief_mm": 3.0, "medial_edge_mm": 12.0, "cuboid_relief_mm": 2.0, "groove_mm": 2.0},
    {"length": "full", "toe_crest_mm": 3.0, "mortons_extension_mm": 3.0},
]


@pytest.mark.few(6)
@pytest.mark.parametrize("asked", KEPT)
@pytest.mark.parametrize("index", [0, 1, 2, 3])
def test_a_dose_that_is_not_refused_shows_whole(index: int, asked: dict[str, Any]) -> None:
    rx = RX.changed(**asked)
    made = design(leg(index), rx)
    xy = np.random.default_rng(0).uniform(made.outline.min(axis=0), made.outline.max(axis=0), (60_000, 2))
    xy = xy[inside(made.outline, xy)]
    xy = xy[made.top_at(xy) > made.top.at(xy) - 1e-3]
    placed = placed_pads(made.plan, rx.pads)
    assert {one.pad.dose for one in placed} == {
        name for name in asked if name.endswith("_mm") and not name.endswith(("edge_mm", "back_mm"))
    }
    for one in placed:
        assert abs(one.height_mm) * (1.0 - one.place.share(xy).max()) < 0.12
