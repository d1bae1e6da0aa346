"""The pictures of the pages in docs/pages are there, small, and those of the pages as they are."""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "pages"
_CELL_PX = 10
#: Of cells of 10 x 10 pixels, 0 to 255, what another machine's letters may change; another section changes more.
MEAN, FAR, FAR_SHARE = 6.0, 60.0, 0.04


def script() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "scripts" / "draw-pages"))


def cells_of(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        size = (image.width // _CELL_PX, image.height // _CELL_PX)
        return np.asarray(image.convert("RGB").resize(size, Image.Resampling.BOX)).astype(float)


def looks_like(path: Path, reference: Path) -> bool:
    now, then = cells_of(path), cells_of(reference)
    if now.shape != then.shape:
        return False
    apart = np.abs(now - then).max(axis=2)
    return bool(apart.mean() <= MEAN and (apart > FAR).mean() <= FAR_SHARE)


def test_the_pictures_are_there_and_small() -> None:
    found = {path.stem for path in FOLDER.glob("*.png")}
    screens = {f"{name}-{size}" for name in script()["SCREENS"] for size in script()["SIZES_PX"]}
    assert screens | {"job-sheet-a4", "wearer-a4", "report-a4-1"} <= found
    assert len([name for name in found if name.startswith("report-a4-")]) <= 5  # one foot on five pages at most
    assert sum(path.stat().st_size for path in FOLDER.glob("*.png")) < 3_000_000


def test_another_page_is_noticed() -> None:
    # What the last page has left over may be a few lines, and is like any other that is mostly white.
    paths = [path for path in sorted(FOLDER.glob("*.png")) if (255.0 - cells_of(path)).mean() > 3.0]
    assert len(paths) >= 8
    for path in paths:
        assert [other.stem for other in paths if looks_like(other, path)] == [path.stem]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no Chromium here")
def test_the_pictures_are_those_of_today(tmp_path: Path) -> None:
    drawn = script()
    drawn["make_outputs"](tmp_path)
    for path in drawn["draw"](tmp_path, tmp_path):
        assert looks_like(path, FOLDER / path.name), f"docs/pages/{path.name}: run scripts/draw-pages"
