"""Random prescriptions on the legs: made and proven, or refused; the written files judged by other libraries."""

from __future__ import annotations

import io

import numpy as np
import pytest
from insole_feet import all_feet, all_legs
from prescriptions import prescription

from scanproc.artifacts import Feet, Foot, Insoles, ScanFacts
from scanproc.errors import ScanError
from scanproc.stages.export import ExportConfig, export
from scanproc.stages.insole import insole


def judge(seed: int, grid_mm: float, feet: list[tuple[str, Foot]]) -> str:
    """Make one insole; return what became of it: made, refused, not milled, or the checks that failed."""
    foot = feet[seed % len(feet)][1]
    facts = ScanFacts("grid", side=foot.side)
    try:
        made = insole(Feet((foot,)), facts, prescription(seed, grid_mm=grid_mm)).insoles[0]
    except ScanError as refusal:
        assert "expected" in str(refusal) or "rule" in str(refusal) or "insole." in str(refusal)
        return "refused"
    bodily = ("watertight", "one_body", "outward_winding", "self_intersections", "flat_triangles")
    assert all(check.passed for check in made.checks if check.name in bodily)
    failed = [check.name for check in made.checks if not check.passed]
    if failed:
        with pytest.raises(ScanError, match=failed[0]):
            export(Insoles((made,)), facts, ExportConfig())
        return ", ".join(failed)
    try:
        files = export(Insoles((made,)), facts, ExportConfig()).files
    except ScanError as refusal:
        assert "no milling program is written" in str(refusal) or "machine.toml" in str(refusal)
        return "not milled"
    assert_sound(files[f"{made.side}.stl"])
    return "made"


def assert_sound(stl: bytes) -> None:
    pymeshlab, trimesh = pytest.importorskip("pymeshlab"), pytest.importorskip("trimesh")
    solid = trimesh.load(io.BytesIO(stl), file_type="stl")
    assert solid.is_watertight and solid.is_winding_consistent and solid.body_count == 1 and solid.volume > 0.0
    meshes = pymeshlab.MeshSet()
    meshes.add_mesh(pymeshlab.Mesh(np.asarray(solid.vertices), np.asarray(solid.faces)))
    meshes.compute_selection_by_self_intersections_per_face()
    assert meshes.current_mesh().selected_face_number() == 0


def test_a_sample_of_random_prescriptions() -> None:
    became = [judge(seed, 1.0, all_legs()) for seed in range(20, 25)]
    assert became.count("made") >= 2 and became.count("refused") >= 1


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 200, 20))
def test_two_hundred_random_prescriptions(first: int) -> None:
    became = [judge(seed, 0.5, all_feet()) for seed in range(first, first + 20)]
    assert became.count("made") >= 4
