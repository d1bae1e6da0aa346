"""Every reader, and every TOML, against files that hypothesis damages: read or refused, never a traceback.

`scripts/fuzz` goes on from here, with limits on time and memory. What it found has a test in test_hostile_files.py.
"""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

import pytest
from damage import KINDS, Edit, damaged, drawn
from hostile_inputs import INPUTS, valid, write_all
from hypothesis import given, settings
from hypothesis import strategies as st

from scanproc.errors import ScanError

EDITS = st.lists(
    st.builds(
        Edit, st.sampled_from(KINDS), st.floats(0.0, 1.0, exclude_max=True), st.integers(1, 512), st.integers(0, 65535)
    ),
    min_size=1,
    max_size=4,
)


def files_of(name: str) -> dict[str, bytes]:
    try:
        return valid(name)
    except ImportError as error:
        pytest.skip(f"{error.name} is not installed: nothing writes one here")


@pytest.mark.parametrize("name", INPUTS)
def test_what_is_whole_is_read(name: str, tmp_path: Path) -> None:
    """Or nothing that is damaged says anything."""
    write_all(tmp_path, files_of(name))
    INPUTS[name].reads(tmp_path)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", INPUTS)
def test_what_is_damaged_is_read_or_refused(name: str) -> None:
    whole = files_of(name)

    @settings(max_examples=15)
    @given(st.sampled_from(sorted(whole)), EDITS)
    def check(which: str, edits: list[Edit]) -> None:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place) / "in"
            write_all(folder, {**whole, which: damaged(whole[which], edits)})
            with contextlib.suppress(ScanError):
                INPUTS[name].reads(folder)
            assert [path.name for path in Path(place).iterdir()] == ["in"], "written outside"

    check()


@given(st.binary(max_size=200), EDITS)
def test_damage_is_the_same_for_the_same_edits_and_bounded(data: bytes, edits: list[Edit]) -> None:
    found = damaged(data, edits)
    assert found == damaged(data, edits) and len(found) <= 4_000_000


def test_every_kind_of_damage_changes_something() -> None:
    import numpy as np

    data = b"width = 32, depth_unit = 1.5\n" * 20
    seen = {edit.kind for seed in range(60) for edit in drawn(np.random.default_rng(seed)) if edit.apply(data) != data}
    assert seen == set(KINDS)
