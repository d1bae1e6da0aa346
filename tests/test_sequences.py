"""The recorded sequences of docs/sequences: there, shown, and what a hand does today leads to the same."""

from __future__ import annotations

import json
import re
import runpy
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from test_view_pictures import looks_like

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "sequences"


def test_every_picture_is_shown_and_all_are_small() -> None:
    shown = re.findall(r"\(sequences/(\S+)\)", (ROOT / "docs" / "sequences.md").read_text(encoding="utf-8"))
    assert sorted(shown) == sorted(path.name for path in FOLDER.iterdir()) and len(shown) == 16
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 2_000_000


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mouse", "keys"])
def test_a_hand_leads_from_the_demo_to_a_proven_insole_and_its_report(name: str, tmp_path: Path) -> None:
    missing = [program for program in ("Xvfb", "xdotool", "chromium") if shutil.which(program) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} is not installed: no hand here")
    script: dict[str, Any] = runpy.run_path(str(ROOT / "scripts" / "record-sequences"))
    script["record"](name, tmp_path / "pictures", tmp_path)
    made = tmp_path / "outputs" / "demo"
    prescription = (made / "prescription.toml").read_text(encoding="utf-8")
    assert "heel_cup_depth_mm" in prescription and "rearfoot_post_deg = 3.0" in prescription
    (foot,) = json.loads((made / "landmarks.edited.json").read_text(encoding="utf-8"))["feet"]
    assert foot["landmarks"].keys() == {"metatarsale_tibiale"}
    (insole,) = json.loads((made / "6-insole" / "checks.json").read_text(encoding="utf-8"))["feet"]
    assert all(check["pass"] for check in insole["checks"])
    assert (made / "7-export" / "left.stl").is_file() and "rearfoot_post_deg" in (made / "report.html").read_text(
        "utf-8"
    )
    for path in sorted((tmp_path / "pictures").iterdir()):
        with Image.open(path) as now, Image.open(FOLDER / path.name) as then:
            assert path.name.endswith("-8.png") or looks_like(now.convert("RGB"), then.convert("RGB")), path.name
