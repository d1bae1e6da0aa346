"""Units of meshes and clouds: found, stated, settled by what is known of the foot, or asked for."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import trimesh
from feet import AnalyticFoot

from scanproc.anatomy.stated_length import check_length
from scanproc.artifacts import MM_OF_UNIT, CloudFrame, Mesh, Recording, ScanFacts, Unit
from scanproc.errors import ScanError
from scanproc.readers.facts import facts_stating
from scanproc.readers.units import unit_of_clouds, unit_of_mesh
from scanproc.scan import open_scan, read_mesh, read_recording, write_recording
from scanproc.stages.align import AlignConfig, align

LENGTH = 261.0
UNITS = tuple(MM_OF_UNIT)


@cache
def foot() -> Mesh:
    return AnalyticFoot(length=LENGTH, step_mm=5.0).mesh()


def in_unit(folder: Path, unit: Unit, toml: str = "") -> Path:
    """Write the foot in a unit, with a scan.toml beside it."""
    folder.mkdir(exist_ok=True)
    trimesh.Trimesh(foot().vertices / MM_OF_UNIT[unit], foot().faces, process=False).export(folder / "foot.stl")
    (folder / "scan.toml").write_text(toml)
    return folder


def length_of(path: Path) -> float:
    scan = open_scan(path)
    marks = align(read_mesh(scan), scan.facts, AlignConfig()).feet[0].landmarks
    return float(marks["longest_toe_tip"].xyz_mm[0] - marks["pternion"].xyz_mm[0])


@pytest.mark.few(8)
@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("fact", ["unit", "foot_length_mm = 258", "shoe_size_eu = 41"])
def test_a_mesh_is_read_in_every_unit_that_is_stated_or_settled(tmp_path: Path, unit: Unit, fact: str) -> None:
    scan = open_scan(in_unit(tmp_path, unit, f'unit = "{unit}"' if fact == "unit" else fact))
    assert scan.facts.unit == unit
    assert np.ptp(read_mesh(scan).mesh.vertices[:, 0]) == pytest.approx(LENGTH, abs=0.1)


def test_a_foot_in_inches_is_never_measured_as_a_small_one(tmp_path: Path) -> None:
    """Asked for where nothing is stated; refused where what is stated would make a tenth of a metre of it."""
    with pytest.raises(
        ScanError, match=r'104 mm if it is in cm and 265 mm if it is in inch.*"cm" or unit = "inch".*foot_length_mm'
    ):
        unit_of_mesh(Path("foot.stl"), 265.0 / 25.4, facts_stating("foot"))
    stated_cm = in_unit(tmp_path / "cm", "inch", 'unit = "cm"')
    with pytest.raises(ScanError, match=r"found a foot 103 mm long.*261 mm if the file is in inch"):
        length_of(stated_cm)
    with pytest.raises(ScanError, match=r'102.* mm long with unit = "cm"; expected a foot 261 mm long'):
        open_scan(in_unit(tmp_path / "both", "inch", 'unit = "cm"\nfoot_length_mm = 261'))
    assert length_of(in_unit(tmp_path / "inch", "inch", 'unit = "inch"')) == pytest.approx(LENGTH, abs=0.4)
    assert length_of(in_unit(tmp_path / "settled", "inch", "foot_length_mm = 261")) == pytest.approx(LENGTH, abs=0.4)


@pytest.mark.parametrize("toml", ["age_years = 1.5", "shoe_size_eu = 17.5", "foot_length_mm = 103"])
def test_a_small_child_s_foot_is_measured_where_age_or_size_says_so(tmp_path: Path, toml: str) -> None:
    small = in_unit(tmp_path, "inch", f'unit = "cm"\n{toml}')
    assert length_of(small) == pytest.approx(LENGTH / 2.54, abs=0.4)


@pytest.mark.parametrize("leg_mm", [120.0, 300.0, 500.0])
@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("stated_mm", [120.0, 261.0, 320.0])
def test_a_stated_length_settles_the_unit_with_any_leg_up_to_the_knee(
    unit: Unit, leg_mm: float, stated_mm: float
) -> None:
    longest = max(min(leg_mm, 1.9 * stated_mm), stated_mm)
    facts = facts_stating("foot", foot_length_mm=stated_mm)
    assert unit_of_mesh(Path("foot.stl"), longest / MM_OF_UNIT[unit], facts).unit == unit


def test_what_is_usual_is_found_and_what_may_be_two_is_asked_for() -> None:
    found = {size: _unit(size) for size in (261.0, 26.1, 0.261, 9.9, 0.85, 3.0, 261e3, 10.3, 1.5, 6.0)}
    usual = {261.0: "mm", 26.1: "cm", 0.261: "m", 9.9: "inch", 0.85: "ft", 3.0: "dm", 261e3: "um"}
    assert found == {**usual, 10.3: None, 1.5: None, 6.0: None}


def _unit(longest: float) -> str | None:
    try:
        return unit_of_mesh(Path("foot.stl"), longest, facts_stating("foot")).unit
    except ScanError as refusal:
        assert "beyond doubt" in str(refusal)
        return None


@pytest.mark.parametrize("unit", UNITS)
def test_clouds_are_read_in_every_unit(tmp_path: Path, unit: Unit) -> None:
    points = foot().vertices + np.array([0.0, 0.0, 400.0])
    write_recording(tmp_path, Recording((CloudFrame("0", points),)), facts_stating("feet", unit=unit))
    scan = open_scan(tmp_path)
    read = read_recording(scan).frames[0]
    assert isinstance(read, CloudFrame)
    np.testing.assert_allclose(read.points, points, atol=1e-3)
    (tmp_path / "scan.toml").write_text("shoe_size_eu = 41")
    # In dm and ft it is as far and as large as a room in m: such a foot is refused in `align`.
    assert open_scan(tmp_path).facts.unit == {"dm": "m", "ft": "m"}.get(unit, unit)


def test_clouds_in_inches_are_not_taken_for_a_small_foot() -> None:
    inches = facts_stating("feet")  # 400 mm away, 261 mm across
    for seen in (inches, replace(inches, foot_length_mm=261.0)):  # with a floor round it, 750 mm across
        with pytest.raises(ScanError, match=r'157 mm if they are in cm and 399 mm if they are in inch.*unit = "inch"'):
            unit_of_clouds(Path("clouds"), 15.7, 29.5, seen)
    with pytest.raises(ScanError, match="beyond doubt"):
        unit_of_clouds(Path("clouds"), 15.7, 10.3, inches)
    assert unit_of_clouds(Path("clouds"), 15.7, 29.5, replace(inches, unit="cm")).unit == "cm"
    assert unit_of_clouds(Path("clouds"), 40.0, 60.0, inches).unit == "cm"
    assert unit_of_clouds(Path("clouds"), 15.7, 10.3, replace(inches, foot_length_mm=261.0)).unit == "inch"
    scene = replace(inches, foot_length_mm=261.0)  # in cm, with two metres of the room behind
    assert unit_of_clouds(Path("clouds"), 40.0, 200.0, scene).unit == "cm"


def test_a_length_is_held_against_what_is_stated() -> None:
    check_length(129.0, facts_stating("child", age_years=2.0))
    check_length(131.0, facts_stating("adult"))
    check_length(129.0, facts_stating("child", shoe_size_eu=21.0))
    check_length(250.0, facts_stating("adult", shoe_size_eu=43.0))
    for length, facts in (
        (129.0, facts_stating("adult")),
        (129.0, facts_stating("adult", age_years=41.0)),
        (180.0, facts_stating("adult", shoe_size_eu=41.0)),
        (330.0, facts_stating("adult", foot_length_mm=261.0)),
    ):
        with pytest.raises(ScanError, match=r"found a foot \d+ mm long"):
            check_length(length, facts)
    assert ScanFacts("adult", shoe_size_eu=41.0).expected_length_mm == pytest.approx(260.0)
