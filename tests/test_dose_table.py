"""One row a dose: each setting has its row, and each row's checks are made of the solid when the dose is asked."""

from __future__ import annotations

import dataclasses
import sys
from functools import cache
from types import CodeType
from typing import Any

import pytest
from insole_feet import analytic_foot, bowl_sole
from test_insole import COARSE, FACTS, made

from scanproc.artifacts import Feet, Insoles
from scanproc.design.shape import design
from scanproc.design.solid import build
from scanproc.pads.table import PADS, Pads
from scanproc.prescription.fields import GROUPS, InsoleConfig, Judgement, Prescription
from scanproc.prescription.resolve import resolved
from scanproc.proof.finished import Finished
from scanproc.proof.table import CHECKS, DOSES
from scanproc.views.shell import insole_shots

#: Settings that are no dose: what starts a prescription, what rules and costs depend on, how it is drawn and judged.
NO_DOSE = {
    "preset", "pair", "process", "shoe", "outline_curve", "block_height_mm", "rearfoot_posting", "forefoot_posting",
    "letter_mm", "grid_mm", "sole_below_mm", "left", "right", "preset_values", "measures_of_other_scan",
    *(item.name for item in dataclasses.fields(Judgement)),
}  # fmt: skip
#: Together they ask every dose.
ASKED: dict[str, dict[str, Any]] = {
    "plain": {},
    "shell": {
        "heel_cup_depth_mm": 20.0, "medial_skive_mm": 4.0, "heel_lift_mm": 5.0, "rearfoot_post_deg": 4.0,
        "rearfoot_motion_deg": 3.0, "forefoot_post_deg": 3.0, "met_pad_mm": 4.8, "met_pad_back_mm": 14.0,
        "met_pad_width_mm": 36.0, "groove_mm": 2.0, "navicular_relief_mm": 2.0, "cuboid_relief_mm": 2.0, "text": "A-7",
        "heel_expansion_mm": 4.0, "medial_expansion_mm": 2.0, "lateral_expansion_mm": 3.0, "shoe_width_mm": 110.0,
        "medial_thickness": 1.2, "cast_balance": "inverted", "balance_deg": 1.0,
    },
    "full": {
        "length": "full", "met_bar_mm": 3.0, "met_bar_back_mm": 14.0, "mortons_extension_mm": 3.0, "toe_crest_mm": 3.0,
    },
    "block": {"style": "block", "process": "mill", "cutter_mm": 4.0, "block_height_mm": 60.0},
    "cut": {
        "first_ray_cut": True, "fifth_ray_cut": True, "arch_support": True, "arch_fill_mm": None,
        "arch_target_mm": 12.0, "lateral_skive_mm": 2.0, "heel_cup_depth_mm": 16.0,
    },
    "low": {"arch_fill_mm": 9.0},
    "extended": {"extension": "full", "extension_material": "EVA"},
}  # fmt: skip


@cache
def finished_by(name: str) -> tuple[Finished, frozenset[CodeType]]:
    """Return a finished solid, and the functions that made it."""
    foot = analytic_foot(bowl_sole)
    config = dataclasses.replace(COARSE, grid_mm=1.0, mesh_deviation_mm=0.1, **ASKED[name])
    rx = resolved(config, foot, FACTS)
    called: set[CodeType] = set()
    sys.setprofile(lambda frame, *_: called.add(frame.f_code))
    try:
        asked = design(foot, rx)
        built = build(asked)
    finally:
        sys.setprofile(None)
    return Finished(built.solid, built.flattened_mm, built.edge_radius_mm, asked, extension=built.extension), frozenset(
        called
    )


def finished(name: str) -> Finished:
    return finished_by(name)[0]


@cache
def names_of(check: Any, name: str) -> frozenset[str]:
    return frozenset(one.name for one in check(finished(name)))


def test_every_setting_is_a_dose_with_one_row_or_none() -> None:
    rows = [dose.field for dose in DOSES]
    settings = {item.name for item in dataclasses.fields(InsoleConfig)}
    assert len(rows) == len(set(rows))
    pads = {item.name for item in dataclasses.fields(Pads)}
    shapes = {
        name for pad in PADS for name in pads if name.startswith(pad.dose.removesuffix("mm")) and name != pad.dose
    }
    assert set(rows) | shapes | NO_DOSE == settings and not set(rows) & (NO_DOSE | shapes)


@pytest.mark.parametrize("dose", DOSES, ids=lambda dose: dose.field)
def test_a_row_holds_together(dose: Any) -> None:
    assert dose.setting.metadata["meaning"] and dose.check in CHECKS
    assert dose.term.__module__.split(".")[1] in ("design", "pads", "solid")


@pytest.mark.few(20)
@pytest.mark.parametrize("dose", DOSES, ids=lambda dose: dose.field)
def test_a_dose_that_is_asked_is_measured_back(dose: Any) -> None:
    measured = {name for asked in ASKED for name in names_of(dose.check, asked)}
    assert set(dose.names) <= measured


@pytest.mark.parametrize("dose", [dose for dose in DOSES if dose.field != "outline_file"], ids=lambda dose: dose.field)
def test_a_dose_that_is_asked_is_made_by_its_term(dose: Any) -> None:
    """But for the shoe's own outline, which is read from a file: `test_polygons` lays it."""
    assert any(dose.term.__code__ in finished_by(asked)[1] for asked in ASKED)


@pytest.mark.parametrize("pad", PADS, ids=lambda pad: pad.dose)
def test_a_pad_is_placed_only_where_it_is_asked(pad: Any) -> None:
    for name, asked in ASKED.items():
        assert (pad.place.__code__ in finished_by(name)[1]) == (pad.dose in asked)


@pytest.mark.parametrize("pad", PADS, ids=lambda pad: pad.dose)
def test_a_pad_that_is_not_asked_is_not_measured(pad: Any) -> None:
    plain = {name for check in CHECKS for name in names_of(check, "plain")}
    assert not plain & set(pad.checks)


@pytest.mark.slow
def test_the_pictures_of_the_table_are_drawn() -> None:
    foot = analytic_foot(bowl_sole)
    one = made(foot, dataclasses.replace(COARSE, grid_mm=1.0))
    titles = {shot.title for shot in insole_shots(Insoles((one,)), Feet((foot,)))}
    assert {dose.view for dose in DOSES} <= titles


def test_pads_are_rows_of_their_settings() -> None:
    fields = {item.name for item in dataclasses.fields(Pads)}
    assert fields == {item.name for item in dataclasses.fields(GROUPS["pads"])}
    for pad in PADS:
        assert {pad.dose, *filter(None, (pad.begins, pad.width))} <= fields
        assert pad.asked(Pads()) == 0.0 and pad.mend and pad.advice


def test_a_dose_is_changed_in_its_group_and_an_unknown_one_is_a_bug() -> None:
    rx = Prescription().changed(groove_mm=2.0, heel_lift_mm=3.0)
    assert (rx.pads.groove_mm, rx.heel.heel_lift_mm) == (2.0, 3.0)
    assert rx.changed(groove_mm=0.0, heel_lift_mm=0.0) == Prescription()
    with pytest.raises(TypeError, match="no field hel_lift_mm"):
        rx.changed(hel_lift_mm=1.0)
