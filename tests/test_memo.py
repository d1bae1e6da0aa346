"""What several designs of one foot share: made once, and the same as made anew."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from insole_feet import analytic_foot, bowl_sole

from scanproc.artifacts import Foot
from scanproc.design import memo as memo_module
from scanproc.design import top as top_module
from scanproc.design.memo import Memo
from scanproc.design.sole import ScannedSole, scanned_sole
from scanproc.design.top import designed_top
from scanproc.errors import ScanError
from scanproc.prescription.fields import Prescription

RX = Prescription().changed(length="full", clearance_mm=1.0, met_pad_mm=3.0, grid_mm=1.0)


@pytest.fixture(scope="module")
def foot() -> Foot:
    return analytic_foot(bowl_sole)


@pytest.fixture
def scanned(foot: Foot) -> ScannedSole:
    return scanned_sole(foot, RX)


def test_two_threads_that_ask_for_one_thing_make_it_once() -> None:
    memo, begun, made = Memo(), threading.Event(), []

    def make() -> list[int]:
        begun.wait(1.0)
        made.append(1)
        return made

    threads = [threading.Thread(target=lambda: memo.of("it", make)) for _ in range(4)]
    for thread in threads:
        thread.start()
    begun.set()
    for thread in threads:
        thread.join()
    assert memo.of("it", make) is made and len(made) == 1


def test_what_failed_is_not_kept_and_the_oldest_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    memo = Memo()

    def refuse() -> int:
        raise ScanError("no")

    with pytest.raises(ScanError):
        memo.of("a", refuse)
    assert memo.of("a", lambda: 1) == 1
    monkeypatch.setattr(memo_module, "_MOST", 2)
    memo.of("b", lambda: 2)
    assert memo.of("a", lambda: 3) == 1  # was used last: "b" is the older one
    memo.of("c", lambda: 4)
    assert memo.of("b", lambda: 5) == 5


def test_what_a_change_does_not_touch_is_not_made_again(monkeypatch: pytest.MonkeyPatch, scanned: ScannedSole) -> None:
    made = []
    for name in ("lowered", "without_toes", "padded"):
        real = getattr(top_module, name)
        monkeypatch.setattr(
            top_module, name, lambda *args, name=name, real=real, **more: made.append(name) or real(*args, **more)
        )
    first = designed_top(scanned, RX)
    assert made == ["lowered", "without_toes", "padded"]
    assert designed_top(scanned, RX.changed(heel_cup_depth_mm=18.0, side_edge_mm=8.0, text="AB")) is first
    assert made == ["lowered", "without_toes", "padded"]
    higher = designed_top(scanned, RX.changed(met_pad_mm=5.0))
    assert made[3:] == ["padded"] and 1.9 < (higher.field.z - first.field.z).max() < 2.1
    designed_top(scanned, RX.changed(clearance_mm=2.0))
    assert made[4:] == ["lowered", "without_toes", "padded"]


@pytest.mark.parametrize(
    "doses",
    [
        {"heel_cup_depth_mm": 20.0, "medial_edge_mm": 12.0, "lateral_flange_mm": 5.0},
        {"medial_skive_mm": 4.0},
        {"heel_lift_mm": 6.0},
        {"arch_fill_mm": 6.4},
        {"rearfoot_post_deg": 4.0, "rearfoot_posting": "intrinsic"},
        {"forefoot_post_deg": 4.0},
        {"forefoot_mm": 1.0},
        {"heel_expansion_mm": 4.0},
        {"length": "shell", "level_front": False},
    ],
)
def test_a_top_made_with_what_was_there_is_that_made_anew(foot: Foot, doses: dict[str, object]) -> None:
    scanned = scanned_sole(foot, RX)
    designed_top(scanned, RX)
    rx = RX.changed(**doses)
    after, anew = designed_top(scanned, rx), designed_top(scanned_sole(foot, RX), rx)
    for name in ("sole", "arched", "field"):
        assert np.array_equal(getattr(after, name).z, getattr(anew, name).z)
