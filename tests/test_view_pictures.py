"""The pictures of the window in docs/views are there, small, and those of the code as it stands."""

from __future__ import annotations

import io
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "views"
_CELL_PX = 10
#: Of cells of 10 x 10 pixels, 0 to 255: other figures and another driver's edges stay below, a layer more does not.
MEAN, FAR, FAR_SHARE = 2.0, 40.0, 0.02


def script() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "scripts" / "draw-views"))


def opened(name: str) -> Image.Image:
    with Image.open(FOLDER / f"{name}.png") as image:
        return image.convert("RGB")


def cells_of(image: Image.Image) -> np.ndarray:
    width, height = image.width // _CELL_PX, image.height // _CELL_PX
    return np.asarray(image.convert("RGB").resize((width, height), Image.Resampling.BOX)).astype(float)


def looks_like(image: Image.Image, reference: Image.Image) -> bool:
    """Tell whether two pictures show the same, but for figures and edges."""
    if image.size != reference.size:
        return False
    apart = np.abs(cells_of(image) - cells_of(reference)).max(axis=2)
    return bool(apart.mean() <= MEAN and (apart > FAR).mean() <= FAR_SHARE)


def test_every_scene_has_its_picture_and_all_are_small() -> None:
    views = script()["VIEWS"]
    designs = script()["DESIGNS"]
    assert {path.stem for path in FOLDER.glob("*")} == {*views, *designs}
    assert {opened(name).size for name in (*views, *designs)} == {script()["SIZE_PX"]}
    assert sum(path.stat().st_size for path in FOLDER.glob("*.png")) < 3_000_000
    assert {view.stage for view in views.values()} == {
        "clean", "register", "surface", "align", "measure", "insole", "export",
    }  # fmt: skip


def test_a_layer_more_or_another_view_is_noticed_and_a_figure_is_not() -> None:
    names = ("insole-wall", "insole-deviation", "section", "measures", "measures-above", "landmarks", "keys")
    pictures = {name: opened(name) for name in names}
    for name, picture in pictures.items():
        assert looks_like(picture, picture)
        assert not any(looks_like(picture, other) for key, other in pictures.items() if key != name)
    figure = pictures["landmarks"].copy()
    figure.paste((255, 255, 255), (12, 570, 120, 590))  # a figure and its words beside the scene
    assert looks_like(figure, pictures["landmarks"])


@pytest.mark.slow
def test_the_pictures_are_those_of_today(tmp_path: Path) -> None:
    drawn = script()
    drawn["make_outputs"](tmp_path)
    for name in drawn["VIEWS"]:
        now = Image.open(io.BytesIO(drawn["draw"](name, tmp_path)))
        assert looks_like(now, opened(name)), f"docs/views/{name}.png: run scripts/draw-views"
    for name, keys in drawn["DESIGNS"].items():
        asked = drawn["DesignOf"](drawn["ROOT"] / "scans" / "demo", tmp_path)
        drawn["draw_design"](asked, tmp_path / "now.png", keys.split())
        now = Image.open(tmp_path / "now.png")
        assert looks_like(now, opened(name)), f"docs/views/{name}.png: run scripts/draw-views"
