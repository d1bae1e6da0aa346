"""The proof of a faulty design: what is asked is known to the proof without the design's own functions."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from insole_feet import analytic_foot, bowl_sole, mirrored
from test_insole import COARSE, FACTS, made

from scanproc.artifacts import Foot, Mesh, ScanFacts
from scanproc.design import arch, distal_edge, expansion, outline, shape, top, underside, wall
from scanproc.design.shape import design
from scanproc.design.solid import build
from scanproc.pads import table
from scanproc.pads.table import PADS, Pad
from scanproc.prescription.fields import InsoleConfig
from scanproc.prescription.resolve import resolved
from scanproc.proof import sizes
from scanproc.proof.checks import at_least, told, within
from scanproc.proof.prove import prove
from scanproc.proof.walls import lacking_wall_mm

PREVIEW = replace(COARSE, grid_mm=1.0, mesh_deviation_mm=0.1)
THICKER = replace(PREVIEW, medial_thickness=1.4, lateral_thickness=0.9)
WIDER = replace(PREVIEW, heel_expansion_mm=4.0, medial_expansion_mm=2.0, lateral_expansion_mm=3.0)
PADDED = replace(PREVIEW, met_pad_mm=4.8, met_pad_back_mm=14.0)
RELIEVED = replace(PREVIEW, navicular_relief_mm=2.0, cuboid_relief_mm=2.0)


@pytest.fixture(scope="module")
def bowl() -> Foot:
    return analytic_foot(bowl_sole)


def failed(foot: Foot, config: InsoleConfig) -> set[str]:
    return {check.name for check in made(foot, config).checks if not check.passed}


@lru_cache
def well_made(config: InsoleConfig) -> frozenset[str]:
    """Return what fails of the bowl without a fault."""
    return frozenset(failed(analytic_foot(bowl_sole), config))


def swapped_walls(asked: Any, *more: Any) -> Any:
    return wall.asked_wall(
        replace(asked, medial_thickness=asked.lateral_thickness, lateral_thickness=asked.medial_thickness), *more
    )


def thin_wall(*given: Any) -> Any:
    return 0.6 * wall.asked_wall(*given)


def shifted_pad(place: Any) -> Any:
    return lambda plan, pads: place(plan, replace(pads, met_pad_back_mm=pads.met_pad_back_mm + 4.0))


def other_side(place: Any) -> Any:
    return lambda plan, pads: _beside(place(plan, pads))


def misplaced(dose: str, wrong: Callable[[Any], Any]) -> tuple[Pad, ...]:
    return tuple(replace(pad, place=wrong(pad.place)) if pad.dose == dose else pad for pad in PADS)


def _beside(dome: Any) -> Any:
    return replace(dome, centre=dome.centre * np.array([1.0, -1.0]))


def wrong_cut(plan: Any, rx: Any) -> Any:
    other = rx.changed(first_ray_cut=rx.pads.fifth_ray_cut, fifth_ray_cut=rx.pads.first_ray_cut)
    return distal_edge.cut_outs(plan, other)


def swapped_room(sole: Any, plan: Any, fit: Any) -> Any:
    other = replace(fit, medial_expansion_mm=fit.lateral_expansion_mm, lateral_expansion_mm=fit.medial_expansion_mm)
    return expansion.expanded(sole, plan, other)


def half_fill(sole: Any, plan: Any, fill_mm: float) -> Any:
    return 0.5 * arch.arch_fill(sole, plan, fill_mm)


#: Prescription; module, name and replacement of a function; checks that have to fail.
FAULTS: dict[str, tuple[InsoleConfig, Any, str, Any, set[str]]] = {
    "no fill": (PREVIEW, top, "arch_fill", lambda sole, *_: np.zeros(sole.z.shape), {"arch_fill_mm"}),
    "half the fill": (PREVIEW, top, "arch_fill", half_fill, {"arch_fill_mm"}),
    "walls of other sides": (
        THICKER, shape, "asked_wall", swapped_walls, {"thickness_medial_mm", "thickness_lateral_mm"},
    ),
    "a thin wall": (PREVIEW, shape, "asked_wall", thin_wall, {"thickness_mm", "distal_edge_mm"}),
    "a thin block": (replace(PREVIEW, style="block"), shape, "asked_wall", thin_wall, {"thickness_mm"}),
    "no platform": (replace(PREVIEW, heel_lift_mm=5.0), underside, "_posts", lambda *_: [], {"heel_lift_below_mm"}),
    "no base": (replace(PREVIEW, style="block"), underside.Platform, "applied", lambda _, xy, z: z, {"base_flat_mm"}),
    "no lift": (replace(PREVIEW, heel_lift_mm=5.0), top, "lifted", lambda field, *_: field, {"heel_lift_mm"}),
    "no arch support": (
        replace(PREVIEW, arch_support=True), underside.Platform, "applied", lambda _, xy, z: z, {"arch_support_mm2"},
    ),
    "no room": (
        WIDER, top, "expanded", lambda sole, *_: sole,
        {"heel_expansion_mm", "medial_expansion_mm", "lateral_expansion_mm"},
    ),
    "room on other sides": (WIDER, top, "expanded", swapped_room, {"medial_expansion_mm", "lateral_expansion_mm"}),
    "a shifted pad": (PADDED, table, "PADS", misplaced("met_pad_mm", shifted_pad), {"met_pad_back_mm"}),
    "a relief on the other side": (
        RELIEVED, table, "PADS", misplaced("cuboid_relief_mm", other_side), {"cuboid_relief_side"},
    ),
    "another relief on the other side": (
        RELIEVED, table, "PADS", misplaced("navicular_relief_mm", other_side), {"navicular_relief_side"},
    ),
}  # fmt: skip


@pytest.mark.few(5)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_design_is_found(fault: str, bowl: Foot, monkeypatch: pytest.MonkeyPatch) -> None:
    config, where, name, wrong, found = FAULTS[fault]
    assert not found & well_made(config)
    monkeypatch.setattr(where, name, wrong)
    assert found <= failed(bowl, config)


@pytest.mark.parametrize("config", [THICKER, WIDER, PADDED, RELIEVED])
def test_the_other_foot_without_a_fault_passes(config: InsoleConfig, bowl: Foot) -> None:
    """But for what a preview's grid is too coarse for."""
    allowed = ("wall_", "top_", "fit_", "undercut", "letters", "side_mark", "triangles")
    checks = made(mirrored(bowl), config, ScanFacts("test", side="right")).checks
    assert [check for check in checks if not check.passed and not check.name.startswith(allowed)] == []
    assert len(checks) > 20


def test_a_cut_out_under_the_other_ray_is_found(bowl: Foot, monkeypatch: pytest.MonkeyPatch) -> None:
    config = replace(PREVIEW, first_ray_cut=True)
    assert not well_made(config) & {"first_ray_cut_mm2", "cut_out_mm2"}
    for user in (outline, sizes):
        monkeypatch.setattr(user, "cut_outs", wrong_cut)
    assert "first_ray_cut_mm2" in failed(bowl, config)


def test_of_a_low_arch_half_is_left_and_told() -> None:
    low = analytic_foot(
        lambda x, y: bowl_sole(x, y) - 8.0 * np.exp(-(((x - 112.0) / 28.0) ** 2) - ((y + 30.0) / 20.0) ** 2)
    )
    checks = {check.name: check for check in made(low, replace(PREVIEW, arch_fill_mm=8.0)).checks}
    assert checks["arch_fill_mm"].passed and checks["arch_fill_limited_mm"].passed
    assert 2.0 < float(checks["arch_fill_limited_mm"].got) < 6.0


# --------------------------------------------------------------------------------------------- what is not measured


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_measured_fails_and_can_be_written(value: float) -> None:
    checks = (within("wall_min_mm", 3.0, value, 1.0), at_least("b", 1.0, value), told("c", value))
    assert [(check.got, check.passed) for check in checks] == [("not measured", False)] * 3
    assert lacking_wall_mm(checks) == 0.0
    json.dumps([vars(check) for check in checks], allow_nan=False)  # as `checks.json` is written
    assert not within("d", value, value, np.inf).passed


def test_a_spoiled_outline_is_measured(bowl: Foot) -> None:
    asked = design(bowl, resolved(PREVIEW, bowl, FACTS))
    built = build(asked)
    moved = built.solid.vertices.copy()
    moved[:, 1] += 3.0 * (moved[:, 0] > 100.0)
    checks = prove(replace(built, solid=Mesh(moved, built.solid.faces)), asked)
    (outline,) = [check for check in checks if check.name == "outline_deviation_mm"]
    assert not outline.passed and 2.0 < float(outline.got) < 4.0
    assert all(isinstance(check.got, str) or np.isfinite(check.got) for check in checks)
