"""Artifacts as files: every bit comes back, the same artifact gives the same bytes, contracts keep their names."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanproc.artifacts import (
    Check,
    CleanView,
    CleanViews,
    Exports,
    Feet,
    Foot,
    FootMeasures,
    Insole,
    Insoles,
    Intrinsics,
    Landmark,
    Making,
    Measure,
    Measures,
    Mesh,
    OtherFoot,
    PlanCurve,
    Plane,
    ReadGeometry,
    Registration,
    Replicates,
    Report,
    SdParts,
    Side,
    Surface,
    Vertical,
    ViewPose,
)
from scanproc.formats import artifact_files as codecs
from scanproc.formats.ply import read_ply
from scanproc.pipeline import STAGES
from scanproc.proof.checks import within

RNG = np.random.default_rng(7)


def same(a: Any, b: Any) -> bool:
    """Whether two artifacts are equal in kind, in every bit, and in the order of their names."""
    if isinstance(a, np.ndarray):
        return bool(a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes())
    if dataclasses.is_dataclass(a):
        return type(a) is type(b) and all(
            same(getattr(a, item.name), getattr(b, item.name)) for item in dataclasses.fields(a)
        )
    if isinstance(a, tuple):
        return type(b) is tuple and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, Mapping):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return bool(type(a) is type(b) and a == b)


def mesh(count: int = 9) -> Mesh:
    faces = RNG.integers(0, count, (5, 3), dtype=np.int32)
    return Mesh(RNG.normal(scale=1 / 3, size=(count, 3)), faces)


def counts(shape: Mesh) -> Any:
    return RNG.integers(0, 256, len(shape.vertices), dtype=np.uint8)


def clean_views(with_color: bool, with_floor: bool) -> CleanViews:
    size = (4, 6)
    view = CleanView(
        name="000007",
        depth_mm=RNG.uniform(0, 900, size).astype(np.float32),
        normals=RNG.normal(size=(*size, 3)).astype(np.float16),
        silhouette=RNG.random(size) < 0.5,
        intrinsics=Intrinsics(6, 4, 60.5, 61.25, 1 / 3, 23.75),
        floor=Plane(np.array([0.6, 0.0, 0.8]), 401.0 / 3.0) if with_floor else None,
        counts={"recorded": 24, "in range": 20, "after flying pixels": 3},
        color=RNG.integers(0, 256, (*size, 3), dtype=np.uint8) if with_color else None,
        floor_tilt_sd_deg=0.01 / 3.0 if with_floor else None,
    )
    empty = dataclasses.replace(view, name="000008", depth_mm=np.zeros(size, np.float32), counts={})
    return CleanViews((view, empty))


AXIS = Vertical(0.1 / 3.0, "turn")
OTHER_FOOT = OtherFoot(Plane(np.array([0.6, -0.8, 0.0]), 1.0 / 7.0), {"a": np.eye(4) / 3.0}, ("a",), 2.0 / 3.0)


def registration() -> Registration:
    pose = np.eye(4)
    pose[:3, 3] = 1 / 3, -2e-9, 4e5
    views = (
        ViewPose("a", True, residual_rms_mm=0.41 / 3.0, T_scan_camera=pose),
        ViewPose("b", False, reason="overlap 0.12 < register.min_overlap 0.30"),
    )
    return Registration(views, floor_seen=True)


def surface(with_color: bool) -> Surface:
    shape = mesh()
    color = RNG.integers(0, 256, (9, 3), dtype=np.uint8) if with_color else None
    errors = RNG.normal(size=(9, 4)).astype(np.float16) if with_color else None
    return Surface(shape, counts(shape), floor_seen=not with_color, color=color, errors_mm=errors)


def foot(side: Side = "left", with_color: bool = False) -> Foot:
    shape = mesh()
    return Foot(
        side=side,
        side_confidence=0.98,
        ground="floor",
        T_foot_scan=np.linalg.qr(RNG.normal(size=(4, 4)))[0],
        mesh=shape,
        views=counts(shape),
        landmarks={
            "pternion": Landmark(np.array([0.0, 1 / 3, 21.4]), "auto", 0.99),
            "metatarsale_tibiale": Landmark(np.array([180.0, -40.0, 20.0]), "marked", 0.5),
        },
        color=RNG.integers(0, 256, (9, 3), dtype=np.uint8) if with_color else None,
        replicates=replicates() if with_color else None,
    )


def replicates() -> Replicates:
    return Replicates(
        errors_mm=RNG.normal(size=(9, 4)).astype(np.float16),
        T_replicate_foot=RNG.normal(size=(4, 4, 4)),
        landmarks={"pternion": RNG.normal(size=(4, 3)), "second_toe_tip": RNG.normal(size=(4, 3))},
    )


def geometry(scale: float = 1.0) -> ReadGeometry:
    """Return points, lines and curves with coordinates of more digits than are kept."""
    return ReadGeometry(
        {"pternion": scale * RNG.normal(size=3)},
        {"dimension": scale * RNG.normal(size=(2, 3)), "to the border": np.zeros((2, 3))},
        {"über": scale * RNG.normal(size=(7, 3))},
    )


def measures() -> Measures:
    values = {
        "foot_length_mm": Measure(251.3 / 3.0, 0.4, "measured", geometry=geometry(100.0)),
        "ball_angle_deg": Measure(
            3.0, 0.4, "measured", geometry=ReadGeometry(points={"a": np.array([-1e-9, 1.0, 0.0])})
        ),
        "eu_size": Measure(39.5, None, "measured"),
        "instep_girth_mm": Measure(240.0, 2.0, "inferred", "12 % was invented"),
        "arch_index": Measure(None, None, "refused", "the sole was not seen, “0 %”"),
    }
    return Measures((FootMeasures("left", "standing", "floor", values), FootMeasures("right", "seated", "support", {})))


def insoles() -> Insoles:
    checks = (
        Check("watertight", True, True, True),
        Check("wall_min_mm", 3.0, 2.98, False),
        Check("fit", "a", "b", True),
    )
    outline = RNG.normal(size=(7, 2))
    made = Insole(
        "left",
        mesh(),
        outline,
        checks,
        notes=("thickness 3 mm: by rule", "preset größer, unchanged"),
        failed="check wall",
        making=Making("mill", "block", 28.0, 5.0, "EVA"),
        curves=(PlanCurve("met pad", "pad", np.round(RNG.normal(size=(5, 2)), 3)),),
        extension=mesh(),
    )
    return Insoles((made, Insole("right", None, None, (), "the sole was not seen")))


ARTIFACTS: dict[str, Callable[[], Any]] = {
    "clean": lambda: clean_views(with_color=True, with_floor=True),
    "clean, plain": lambda: clean_views(with_color=False, with_floor=False),
    "clean, none": lambda: CleanViews(()),
    "register": registration,
    "surface": lambda: surface(with_color=False),
    "surface, color": lambda: surface(with_color=True),
    "feet": lambda: Feet((foot("left"), foot("right", with_color=True))),
    "measures": measures,
    "insoles": insoles,
    "exports": lambda: Exports({"left.stl": b"\0\xff", "left-outline.dxf": b""}),
    "registration of a turn": lambda: dataclasses.replace(registration(), floor_seen=False, vertical=AXIS),
    "registration of two feet": lambda: dataclasses.replace(registration(), other_foot=OTHER_FOOT),
    "surface of a turn": lambda: dataclasses.replace(surface(with_color=True), vertical=AXIS),
    "surface, torn": lambda: dataclasses.replace(surface(with_color=False), vertical=AXIS, torn=True),
    "exports, none": lambda: Exports({}),
    "report": lambda: Report("<p>größer → “Ω”</p>\n"),
}


@pytest.mark.parametrize("name", ARTIFACTS)
def test_every_artifact_comes_back_bit_for_bit(name: str) -> None:
    artifact = ARTIFACTS[name]()
    files = codecs.encode(artifact)
    assert all(type(data) is bytes for data in files.values())
    assert same(codecs.decode(type(artifact), files), artifact)
    assert codecs.encode(codecs.decode(type(artifact), files)) == files


def test_files_of_before_know_no_vertical() -> None:
    content = json.loads(codecs.encode(ARTIFACTS["registration of a turn"]())["poses.json"])
    del content["vertical"]
    assert codecs.decode(Registration, {"poses.json": json.dumps(content).encode()}).vertical is None


def test_what_every_stage_makes_can_be_kept() -> None:
    assert {stage.makes for stage in STAGES} == {type(make()) for make in ARTIFACTS.values()}


def test_the_comparison_of_these_tests_sees_a_difference() -> None:
    one = surface(with_color=False)
    views = one.views.copy()
    views[0] ^= 1
    assert not same(one, dataclasses.replace(one, views=views))
    assert not same(one, dataclasses.replace(one, mesh=Mesh(np.nextafter(one.mesh.vertices, 1e9), one.mesh.faces)))
    assert not same(measures(), Measures(measures().feet[:1]))


@given(
    st.dictionaries(
        st.text("abcdefgh_", min_size=1),
        st.one_of(
            st.builds(
                lambda v, s: Measure(v, s, "measured"), st.floats(allow_nan=False, allow_infinity=False), st.none()
            ),
            st.builds(
                lambda v, parts: Measure(v, parts.combined, "measured", sd_parts=parts),
                st.floats(0, 9),
                st.builds(SdParts, st.floats(0, 9), st.floats(0, 9), st.floats(0, 9)),
            ),
            st.builds(
                lambda v, name, at: Measure(v, None, "measured", geometry=ReadGeometry({name: np.array(at)})),
                st.floats(0, 9),
                st.text(),
                st.lists(st.floats(-400, 400), min_size=3, max_size=3),
            ),
            st.builds(lambda v, s, r: Measure(v, s, "inferred", r), st.floats(0, 9), st.floats(0, 9), st.text()),
            st.builds(lambda reason: Measure(None, None, "refused", reason), st.text()),
        ),
    )
)
def test_any_measures_come_back(values: dict[str, Measure]) -> None:
    artifact = Measures((FootMeasures("right", "unknown", "support", values),))
    assert same(codecs.decode(Measures, codecs.encode(artifact)), artifact)


# ------------------------------------------------------------------------------------------------ contracts


def test_what_an_uncertainty_is_made_of_stands_beside_it() -> None:
    found = Measure(250.0, 1.1, "measured", sd_parts=SdParts(0.4, 0.14, 1.0))
    (foot,) = json_of(
        Measures((FootMeasures("left", "standing", "floor", {"foot_length_mm": found}),)), "measures.json"
    )["feet"]
    parts = {"repeat": 0.4, "surface": 0.14, "scale": 1.0}
    assert foot["measures"] == {"foot_length_mm": {"value": 250.0, "sd": 1.1, "sd_parts": parts, "status": "measured"}}


def test_what_a_measure_was_read_from_stands_beside_it_to_a_thousandth_of_a_millimetre() -> None:
    line = np.array([[1.23449, -1e-9, 0.0], [2.0 / 3.0, 4.0, 5.0]])
    found = Measure(250.0, 1.1, "measured", geometry=ReadGeometry(lines={"dimension": line}))
    whole = Measures((FootMeasures("left", "standing", "floor", {"foot_length_mm": found}),))
    (entry,) = (foot["measures"]["foot_length_mm"] for foot in json_of(whole, "measures.json")["feet"])
    assert list(entry) == ["value", "sd", "status", "geometry"]
    assert entry["geometry"] == {"lines": {"dimension": [[1.234, 0.0, 0.0], [0.667, 4.0, 5.0]]}}
    assert "-0.0" not in json.dumps(entry)
    bare = dataclasses.replace(whole.feet[0], measures={"foot_length_mm": dataclasses.replace(found, geometry=None)})
    assert codecs.encode(whole)["measures.csv"] == codecs.encode(Measures((bare,)))["measures.csv"]


def json_of(artifact: Any, name: str) -> Any:
    content = json.loads(codecs.encode(artifact)[name])
    assert content["schema"] == 1
    return content


def test_poses_json() -> None:
    content = json_of(registration(), "poses.json")
    accepted, rejected = content["views"]
    assert set(accepted) == {"name", "accepted", "residual_rms_mm", "T_scan_camera"}
    assert np.shape(accepted["T_scan_camera"]) == (4, 4)
    assert rejected == {"name": "b", "accepted": False, "reason": "overlap 0.12 < register.min_overlap 0.30"}


def test_surface_ply_says_how_many_views_saw_each_vertex() -> None:
    made = surface(with_color=False)
    found, views, _ = read_ply(codecs.encode(made)["surface.ply"])
    assert same(views, made.views.copy()) and found.vertices.dtype == np.float64


def test_landmarks_json() -> None:
    made = Feet((foot("left"), foot("right")))
    files = codecs.encode(made)
    assert set(files) == {"landmarks.json", "left.ply", "right.ply"}
    entry = json_of(made, "landmarks.json")["feet"][0]
    assert (entry["side"], entry["side_confidence"]) == ("left", 0.98)
    assert entry["landmarks"]["pternion"] == {"xyz_mm": [0.0, 1 / 3, 21.4], "method": "auto", "confidence": 0.99}


def test_measures_json_and_csv_say_the_same() -> None:
    entries = json_of(measures(), "measures.json")["feet"]
    assert entries[0]["measures"]["arch_index"] == {
        "value": None,
        "sd": None,
        "status": "refused",
        "reason": "the sole was not seen, “0 %”",
    }
    assert set(entries[0]["measures"]["foot_length_mm"]) == {"value", "sd", "status", "geometry"}
    assert set(entries[0]["measures"]["eu_size"]) == {"value", "sd", "status"}
    rows = list(csv.DictReader(io.StringIO(codecs.encode(measures())["measures.csv"].decode())))
    assert [row["side"] for row in rows] == ["left", "right"]
    for entry, row in zip(entries, rows, strict=True):
        for name in ("foot_length_mm", "eu_size", "instep_girth_mm", "arch_index"):
            value = entry["measures"].get(name, {"value": None})["value"]
            assert row[name] == ("" if value is None else repr(value))


def test_a_check_that_everything_passes_is_told_and_can_be_written() -> None:
    """An arch that the design itself raised has no upper bound: JSON has no infinity."""
    check = within("arch_apex_height_mm", 10.0, 14.0, float("inf"))
    assert (check.passed, check.rule, check.tolerance) == (True, "told", 0.0)
    assert not within("arch_apex_height_mm", 10.0, float("nan"), float("inf")).passed


def test_checks_json() -> None:
    made, refused = json_of(insoles(), "checks.json")["feet"]
    failed = {"name": "wall_min_mm", "asked": 3.0, "got": 2.98, "pass": False}
    assert made["checks"][1] == {**failed, "rule": "equal", "tolerance": 0.0}
    assert refused["refused"] == "the sole was not seen"
    assert set(codecs.encode(insoles())) == {"checks.json", "left.ply", "left-extension.ply"}


def test_a_number_that_is_none_is_a_bug_and_not_written() -> None:
    with pytest.raises(ValueError, match="JSON"):
        codecs.encode(
            Measures((FootMeasures("left", "standing", "floor", {"a_mm": Measure(np.nan, None, "measured")}),))
        )
