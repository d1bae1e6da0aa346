"""Settings: whatever a user can get wrong is refused by name, and what is printed can be read back."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanproc.errors import ScanError
from scanproc.pipeline import config_types
from scanproc.settings import (
    build_config,
    build_configs,
    one_of,
    parse_overrides,
    setting,
    summary,
    template,
)
from scanproc.simulation.settings import SimulationConfig
from scanproc.toml_files import read_toml, tomllib


@dataclass(frozen=True)
class CutConfig:
    """How a shell is cut.

    Second paragraph.
    """

    depth_mm: float = setting(3.0, "how deep, mm", low=0.5, high=9.0)
    passes: int = setting(2, "how often", low=1)
    share: float = setting(0.5, "how much", high=1.0)
    dry: bool = setting(False, "cut air")
    tool: Literal["ball", "flat"] = setting("ball", "which tool")
    note: str = setting("none", "for the operator")
    load_kg: float | None = setting(None, "measured load, kg", low=0.0)
    tilt_deg: float = setting(0.0, "of the tool, deg", low=0.0, high=9.0, instead_of_minus='set tool = "flat"')


TYPES: dict[str, type] = {"cut": CutConfig}


def refusal(values: dict[str, Any]) -> str:
    with pytest.raises(ScanError) as caught:
        build_config(CutConfig, values, "cut")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_defaults_hold_where_nothing_is_set() -> None:
    assert build_configs(TYPES) == {"cut": CutConfig()}


def test_later_tables_win() -> None:
    built = build_configs(TYPES, {"cut": {"depth_mm": 4.0, "passes": 3}}, {"cut": {"depth_mm": 5.0}})
    assert built["cut"] == CutConfig(depth_mm=5.0, passes=3)


def test_a_whole_number_is_a_float_where_a_float_is_wanted() -> None:
    depth = build_config(CutConfig, {"depth_mm": 4, "load_kg": 36}, "cut")
    assert (type(depth.depth_mm), depth.depth_mm, depth.load_kg) == (float, 4.0, 36.0)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"depht_mm": 4.0}, ["cut.depht_mm", "'depth_mm'"]),
        ({"depth_mm": "4"}, ["cut.depth_mm = '4'", "expected a number, without unit"]),
        ({"depth_mm": True}, ["True", "expected a number, without unit"]),
        ({"depth_mm": [4.0]}, ["[4.0]", "expected a number, without unit"]),
        ({"depth_mm": float("nan")}, ["cut.depth_mm = nan", "finite"]),
        ({"share": float("-inf")}, ["cut.share = -inf", "finite"]),
        ({"depth_mm": 0.4}, ["0.4", "expected 0.5 to 9.0"]),
        ({"depth_mm": 9.5}, ["9.5", "expected 0.5 to 9.0"]),
        ({"passes": 0}, ["expected from 1"]),
        ({"share": 1.5}, ["expected up to 1.0"]),
        ({"passes": 2.0}, ["2.0", "expected a whole number"]),
        ({"passes": True}, ["True", "expected a whole number"]),
        ({"dry": 1}, ["cut.dry = 1", "expected true or false"]),
        ({"note": 7}, ["expected text in quotes"]),
        ({"tool": "drill"}, ["'drill'", "ball, flat"]),
        ({"tool": ["ball"]}, ["['ball']", "ball, flat"]),
        ({"load_kg": "much"}, ["expected a number, without unit"]),
        ({"load_kg": -1.0}, ["expected from 0.0"]),
    ],
)
def test_a_wrong_value_is_refused_with_what_was_expected(values: dict[str, Any], words: list[str]) -> None:
    message = refusal(values)
    for word in words:
        assert word in message


@pytest.mark.parametrize("value", [0.5, 9.0])
def test_ranges_are_inclusive(value: float) -> None:
    assert build_config(CutConfig, {"depth_mm": value}, "cut").depth_mm == value


@given(st.floats(allow_nan=True) | st.integers(-20, 20))
def test_a_number_is_taken_if_and_only_if_it_is_in_range(value: float) -> None:
    if 0.5 <= value <= 9.0:
        assert build_config(CutConfig, {"depth_mm": value}, "cut").depth_mm == value
    else:
        refusal({"depth_mm": value})


def test_an_unknown_stage_is_refused_with_the_likeliest() -> None:
    with pytest.raises(ScanError, match="'cutt'; expected 'cut'"):
        build_configs(TYPES, {"cutt": {"depth_mm": 4.0}})


def test_a_setting_outside_its_table_is_refused() -> None:
    with pytest.raises(ScanError, match="not a table"):
        build_configs(TYPES, {"cut": 3})  # type: ignore[dict-item]


# ------------------------------------------------------------------------------------------------ TOML and --set


def test_a_template_reads_back_as_the_defaults_of_every_stage() -> None:
    types = {**config_types(), "simulate": SimulationConfig}
    tables = tomllib.loads(template(types))
    assert list(tables) == list(types)
    for stage, kind in types.items():
        printed = {item.name for item in fields(kind) if item.default is not None and not item.metadata["hidden"]}
        assert set(tables[stage]) == printed
    assert build_configs(types, tables) == {stage: kind() for stage, kind in types.items()}


def test_a_template_says_meaning_range_and_choices() -> None:
    text = template({"cut": CutConfig})
    assert "# How a shell is cut.\n[cut]\n# how deep, mm (range 0.5 to 9.0)\ndepth_mm = 3.0\n" in text
    assert "# how often (range from 1)\n" in text
    assert "# how much (range up to 1.0)\n" in text
    assert "# which tool: ball, flat\n" in text
    assert "dry = false" in text


def test_a_template_leaves_a_setting_without_default_out() -> None:
    assert "# load_kg =\n" in template({"cut": CutConfig})
    assert build_configs(TYPES, tomllib.loads(template(TYPES))) == {"cut": CutConfig()}


def test_every_default_keeps_to_its_own_type_and_range() -> None:
    for stage, kind in {**config_types(), "simulate": SimulationConfig}.items():
        values = {item.name: item.default for item in fields(kind) if item.default is not None}
        assert build_config(kind, values, stage) == kind()


def test_every_setting_says_what_it_means_and_names_its_unit() -> None:
    for stage, kind in {**config_types(), "simulate": SimulationConfig}.items():
        assert summary(kind), stage
        for item in fields(kind):
            meaning = item.metadata["meaning"]
            assert meaning, f"{stage}.{item.name}"
            assert not item.name.endswith("_mm") or "per" in item.name or "mm" in meaning, f"{stage}.{item.name}"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("cut.depth_mm=4", 4),
        ("cut.depth_mm = 4.5", 4.5),
        ("cut.depth_mm=true", True),
        ("cut.depth_mm=flat", "flat"),
        ('cut.depth_mm="flat"', "flat"),
        ("cut.depth_mm=a=b", "a=b"),
        ("cut.depth_mm=", ""),
        ("cut.depth_mm=[1, 2]", [1, 2]),
    ],
)
def test_overrides_are_toml_or_bare_words(text: str, value: Any) -> None:
    assert parse_overrides([text]) == {"cut": {"depth_mm": value}}


@pytest.mark.parametrize(
    "text",
    ["2026-11-23", "1234", "1_000", "1.50", "0x1F", "1e3", "+5", "nan", "07:30:00", "2026-11-23 07:30:00", "007"],
)
def test_a_text_that_looks_like_a_number_or_a_date_is_taken_as_it_is_written(text: str) -> None:
    built = build_configs(TYPES, parse_overrides([f"cut.note= {text} "]))["cut"]
    assert (type(built.note), built.note) == (str, text)
    assert "2026" in refusal(parse_overrides(["cut.depth_mm=2026-11-23"])["cut"])


@pytest.mark.parametrize(
    ("name", "text", "value"), [("depth_mm", "4", 4.0), ("depth_mm", "4.5", 4.5), ("passes", "3", 3)]
)
def test_a_number_of_an_override_is_a_plain_number(name: str, text: str, value: float) -> None:
    built = getattr(build_configs(TYPES, parse_overrides([f"cut.{name}={text}"]))["cut"], name)
    assert (type(built), built) == (type(value), value)


def test_a_negative_value_says_what_to_set_instead() -> None:
    assert refusal({"tilt_deg": -4}).endswith('expected 0.0 to 9.0; set tool = "flat".')
    assert "flat" not in refusal({"tilt_deg": 10})


def test_overrides_of_several_stages_and_the_last_of_a_name() -> None:
    assert parse_overrides(["a.x=1", "b.y=2", "a.z=3", "a.x=4"]) == {"a": {"x": 4, "z": 3}, "b": {"y": 2}}
    assert parse_overrides([]) == {}


@pytest.mark.parametrize("text", ["", "=", "cut", "cut.depth_mm", "depth_mm=4", ".depth_mm=4", "cut.=4", "=4"])
def test_an_override_without_stage_name_or_value_is_refused(text: str) -> None:
    with pytest.raises(ScanError, match=r"expected stage\.name=value"):
        parse_overrides([text])


@given(st.text(max_size=30))
def test_no_override_is_a_bug(text: str) -> None:
    try:
        tables = parse_overrides([text])
        build_configs(TYPES, tables)
    except ScanError as error:
        assert str(error)


def test_toml_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "ok.toml").write_text('[cut]\nnote = "größer"\n', encoding="utf-8")
    assert read_toml(tmp_path / "ok.toml") == {"cut": {"note": "größer"}}


@pytest.mark.parametrize("content", [b"[cut\n", b"depth = = 3", b"\xff\xfe\x00", b"a = 1\na = 2\n"])
def test_what_is_no_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.toml").write_bytes(content)
    with pytest.raises(ScanError, match="is not TOML"):
        read_toml(tmp_path / "bad.toml")


def test_a_missing_file_or_a_folder_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(ScanError, match="cannot be read"):
            read_toml(path)


def test_the_likeliest_name_comes_first() -> None:
    assert one_of("claen", ["register", "clean"]) == "'clean', or one of register, clean"
    assert one_of("xyz", ["register", "clean"]) == "one of register, clean"
