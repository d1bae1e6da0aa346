"""Of a long recording, one view of each few is used: that during which the camera held still."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanproc.artifacts import CloudFrame, DepthFrame, Intrinsics, Recording
from scanproc.segmentation.stillest_views import groups_of_views, stillest_of
from scanproc.stages.clean import CleanConfig, clean

CAMERA = Intrinsics(80, 60, 70.0, 70.0, 39.5, 29.5)


def frame(place: int, shift_mm: float, share: float = 1.0) -> DepthFrame:
    """A slope that has come nearer by `shift_mm`, under noise of 1 mm."""
    v, u = np.mgrid[:60, :80]
    noise = np.random.default_rng(place).normal(0.0, 1.0, (60, 80))
    depth = np.rint(400.0 + u + v - shift_mm + noise).astype(np.uint16)
    depth[int(60 * share) :] = 0
    return DepthFrame(f"{place}", depth, 1.0, CAMERA)


@given(count=st.integers(1, 3000), most=st.integers(3, 200))
def test_groups_are_even_and_hold_every_view_once(count: int, most: int) -> None:
    groups = groups_of_views(count, most)
    assert [place for group in groups for place in group] == list(range(count))
    assert len(groups) == min(count, most)
    assert max(map(len, groups)) - min(map(len, groups)) <= 1


@pytest.mark.parametrize("still", [0, 3, 5])
def test_the_view_that_holds_still_is_taken(still: int) -> None:
    """The camera moves by 5 mm a view, but for the steps before and after one."""
    steps = [0.2 if k in (still, still + 1) else 5.0 for k in range(7)]
    frames = [frame(k, shift) for k, shift in enumerate(np.cumsum(steps)[:6])]
    assert stillest_of(frames, range(6)) == still


def test_a_view_that_lost_its_readings_is_not_taken() -> None:
    """Three views of the edge of the foot hardly differ, and blank ones do not at all."""
    frames = [frame(0, 0.0), frame(1, 4.0), frame(2, 8.0), frame(3, 8.0, 0.0), *(frame(k, 8.0, 0.3) for k in (4, 5, 6))]
    assert stillest_of(frames, range(7)) in (0, 1, 2)
    clouds = [CloudFrame(str(k), np.ones((200, 3))) for k in range(5)]
    assert stillest_of(clouds, range(1, 4)) == 2


class Counted(Sequence[DepthFrame]):
    """Frames that are made when they are taken, and count how many of them are alive at once."""

    def __init__(self, count: int) -> None:
        self.count, self.taken = count, [0] * count

    def __len__(self) -> int:
        return self.count

    @overload
    def __getitem__(self, place: int) -> DepthFrame: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[DepthFrame]: ...
    def __getitem__(self, place: int | slice) -> DepthFrame | Sequence[DepthFrame]:
        assert isinstance(place, int), "nobody takes several at once"
        self.taken[place] += 1
        return frame(place, 0.5 * place)


def test_a_long_recording_is_gone_through_once_and_its_chosen_views_again() -> None:
    frames = Counted(37)
    views = clean(Recording(frames), CleanConfig(max_views=5)).views
    assert len(views) == 5
    assert sorted(frames.taken) == [1] * 32 + [2] * 5
    assert [int(view.name) for view in views] == sorted(int(view.name) for view in views)
    short = Counted(5)
    assert len(clean(Recording(short), CleanConfig(max_views=5)).views) == 5
    assert short.taken == [1] * 5
