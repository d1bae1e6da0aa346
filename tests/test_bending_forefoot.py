"""A sulcus or full length that bends: thin ahead of the metatarsal heads, level below, rigid behind; what does not."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from insole_feet import analytic_foot, bowl_sole
from test_insole import FACTS
from test_stance import PREVIEW

from scanproc.design.shape import Design, design
from scanproc.design.solid import build
from scanproc.design.wall import BEND_MM
from scanproc.frames import FloatArray
from scanproc.prescription.resolve import resolved
from scanproc.proof.finished import Finished
from scanproc.proof.sizes import size_checks
from scanproc.proof.walls import wall_checks


@cache
def asked(**doses: Any) -> Design:
    foot = analytic_foot(bowl_sole)
    return design(foot, resolved(replace(PREVIEW, **doses), foot, FACTS))


def along(made: Design) -> tuple[FloatArray, FloatArray]:
    """Return places along the middle: how far ahead of the metatarsal heads, -60 to 20 mm, and (N, 2)."""
    ahead = np.arange(-60.0, 20.5, 2.0)
    return ahead, np.array([made.plan.on_ball(0.5, float(way)) for way in ahead])


@pytest.mark.parametrize("length", ["sulcus", "full"])
def test_the_wall_thins_behind_the_heads_and_is_thin_ahead(length: str) -> None:
    made = asked(length=length)
    ahead, xy = along(made)
    wall = made.wall_at(xy)
    assert wall[ahead <= BEND_MM[0]] == pytest.approx(3.0)
    inside = (ahead >= BEND_MM[1]) & (made.distal_edge.behind(xy) > 20.0)
    assert inside.sum() > 3 and wall[inside] == pytest.approx(1.2)
    assert (np.diff(wall) < 1e-9).all() and np.diff(wall).min() > -0.35  # no step


def test_the_underside_stays_level_where_the_wall_thins() -> None:
    """On a flat sole: the top sinks by what the wall loses, but for the spring of the toes."""
    thin, even = asked(length="full"), asked(length="full", forefoot_mm=8.0)
    ahead, xy = along(thin)
    assert thin.even is not None and even.even is not None
    off = thin.even.bottom.at(xy) - even.even.bottom.at(xy)
    assert off.min() > -0.03 and off.max() < 0.12  # nowhere lower: it would stand on it
    sunk = even.top_at(xy) - thin.top_at(xy)
    assert sunk[ahead < BEND_MM[0]] == pytest.approx(0.0, abs=1e-4)
    assert sunk[ahead > 8.0] == pytest.approx(1.8, abs=0.02)


@pytest.mark.parametrize(
    "doses",
    [
        {},
        {"length": "full", "material": "TPU"},
        {"length": "full", "style": "block", "process": "mill", "material": "EVA", "block_height_mm": 60.0},
    ],
    ids=["shell", "TPU", "block"],
)
def test_what_ends_behind_or_bends_by_itself_keeps_its_wall(doses: dict[str, Any]) -> None:
    made = asked(**doses)
    assert made.rx.thickness.in_front_mm == made.rx.thickness.thickness_mm
    assert not any("forefoot" in why for why in made.rx.evidence)


def test_the_thin_forefoot_is_measured_back_and_a_thick_one_fails() -> None:
    made = asked(length="full")
    built = build(made)
    done = Finished(built.solid, built.flattened_mm, built.edge_radius_mm, made)
    found = {check.name: check for check in (*wall_checks(done), *size_checks(done))}
    assert found["forefoot_mm"].passed and found["forefoot_mm"].asked == 1.2
    assert found["forefoot_mm"].got == pytest.approx(1.2, abs=0.05)
    assert found["thickness_mm"].asked == 3.0 and found["thickness_mm"].passed
    even = asked(length="full", forefoot_mm=8.0)
    rigid = build(even)
    wrong = Finished(rigid.solid, rigid.flattened_mm, rigid.edge_radius_mm, made)
    failed = {check.name for check in wall_checks(wrong) if not check.passed}
    assert "forefoot_mm" in failed


def test_the_margin_beside_the_forefoot_is_told() -> None:
    """The foot is a bowl of 90 mm; its border at 25 mm is as wide as it gets, and an outline 4 mm wider is 4 mm off."""
    least = {}
    for margin in (0.0, 4.0):
        made = asked(length="full", outline_margin_mm=margin)
        built = build(made)
        done = Finished(built.solid, built.flattened_mm, built.edge_radius_mm, made)
        (told,) = (check for check in size_checks(done) if check.name == "forefoot_margin_mm")
        assert told.rule == "told" and told.passed
        least[margin] = float(told.got)
    assert -15.0 < least[0.0] < 0.0
    assert least[4.0] - least[0.0] == pytest.approx(4.0, abs=0.8)
