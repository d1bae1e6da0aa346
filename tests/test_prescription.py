"""The prescription: what is printed reads back, presets give way, rules stop by name, open values are filled in."""

from __future__ import annotations

import json
import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from following import advised_by
from insole_feet import analytic_foot, leg
from setuptools import Distribution

from scanproc.artifacts import Foot, ScanFacts
from scanproc.errors import ScanError
from scanproc.prescription.fields import InsoleConfig, Prescription
from scanproc.prescription.files import LAB, read_prescription, read_settings, settled
from scanproc.prescription.high_arch import judged_arch
from scanproc.prescription.materials import least_wall, wall_by_mass
from scanproc.prescription.presets import preset_names, preset_values, preset_with_reasons
from scanproc.prescription.resolve import resolved
from scanproc.prescription.rules import RULES, block_height_mm, refuse_broken
from scanproc.prescription.sides import for_side
from scanproc.settings import as_table, build_config, parse_overrides, template
from scanproc.toml_files import tomllib

PRESETS = ("diabetic", "dress", "eva-block", "full", "shell", "sport", "sulcus", "ucbl")
RAISED = ScanFacts("raised", side="left", loading="non-weight-bearing")


def config_of(*tables: dict[str, Any]) -> InsoleConfig:
    """Return the prescription that tables below [insole] make, in the order in which a run reads them."""
    found: InsoleConfig = build_config(InsoleConfig, settled([{"insole": t} for t in tables])[-1]["insole"], "insole")
    return found


def refusal(*tables: dict[str, Any]) -> str:
    with pytest.raises(ScanError) as caught:
        config_of(*tables)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# ------------------------------------------------------------------------------------------------ the template


def test_the_template_reads_back_as_the_defaults_and_has_every_group() -> None:
    text = template({"insole": InsoleConfig})
    assert config_of(tomllib.loads(text)["insole"]) == InsoleConfig()
    assert text.count("\n# ---- ") == len(InsoleConfig.__bases__)
    assert max(map(len, text.splitlines())) <= 112
    shown = {item.name for item in fields(InsoleConfig) if not item.metadata["hidden"]}
    assert set(re.findall(r"^(?:# )?(\w+) =", text, re.MULTILINE)) == shown


@pytest.mark.parametrize("name", PRESETS)
def test_a_presets_template_reads_back_as_the_preset(name: str) -> None:
    text = template({"insole": InsoleConfig}, preset_with_reasons(name))
    assert config_of(tomllib.loads(text)["insole"]) == config_of({"preset": name})


# ------------------------------------------------------------------------------------------------ presets


def test_the_presets_are_there() -> None:
    assert preset_names() == PRESETS


def test_a_package_brings_its_presets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[1])
    package = Distribution()
    package.parse_config_files(["setup.cfg"])
    found = [path for pattern in package.package_data["scanproc"] for path in Path("scanproc").glob(pattern)]
    assert {path.stem for path in found if path.parent.name == "presets"} == set(PRESETS)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_keeps_its_name_gives_every_reason_and_breaks_no_rule(name: str) -> None:
    config = config_of({"preset": name})
    assert config.preset == name
    for field, value in preset_values(name).items():
        assert getattr(config, field) == value
    assert all(len(chosen.why) > 10 for chosen in preset_with_reasons(name).values())
    assert sum(getattr(config, item.name) != item.default for item in fields(InsoleConfig)) > 2


def test_what_a_user_gives_wins_over_the_preset_wherever_it_stands() -> None:
    for tables in (
        [{"preset": "ucbl", "heel_cup_depth_mm": 22}],
        [{"heel_cup_depth_mm": 22}, {"preset": "ucbl"}],
        [{"preset": "sport", "heel_cup_depth_mm": 18}, {"preset": "ucbl", "heel_cup_depth_mm": 22}],
    ):
        config = config_of(*tables)
        assert (config.preset, config.heel_cup_depth_mm, config.medial_flange_mm) == ("ucbl", 22.0, 5.0)


def test_a_target_takes_the_place_of_the_presets_fill_and_one_foots_of_both() -> None:
    config = config_of({"preset": "ucbl", "arch_target_mm": 20.0, "right": {"arch_fill_mm": 3.2}})
    left, right = for_side(config, "left"), for_side(config, "right")
    assert (left.arch_target_mm, left.arch_fill_mm) == (20.0, None)
    assert (right.arch_target_mm, right.arch_fill_mm) == (None, 3.2)


def test_a_lab_keeps_presets_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "house.toml").write_text(
        "# Ours.\n[insole]\nheel_cup_depth_mm = 16.0  # we like it\n", encoding="utf-8"
    )
    (tmp_path / "rx.toml").write_text('preset = "house.toml"\ngroove_mm = 2.0\n', encoding="utf-8")
    config = config_of(read_prescription(tmp_path / "rx.toml")["insole"])
    assert (config.preset, config.heel_cup_depth_mm, config.groove_mm) == ("house", 16.0, 2.0)
    (tmp_path / "house.toml").write_text('preset = "ucbl"\n', encoding="utf-8")
    with pytest.raises(ScanError, match="holds preset"):
        config_of(read_prescription(tmp_path / "rx.toml")["insole"])


def test_a_preset_that_is_not_there_is_refused_with_the_likeliest() -> None:
    assert "there is no preset 'ucbll'; expected 'ucbl'" in refusal({"preset": "ucbll"})
    assert "wrong type" in refusal({"preset": 3})


def test_a_presets_name_in_a_whole_template_is_refused_for_it_would_do_nothing() -> None:
    printed = tomllib.loads(template({"insole": InsoleConfig}))["insole"]
    assert "undo all of it" in refusal({**printed, "preset": "ucbl"})
    assert config_of({"preset": "shell", "rearfoot_post_deg": 0.0, "rearfoot_motion_deg": 0.0}).preset == "shell"


def test_the_report_says_what_differs_from_the_preset() -> None:
    foot = analytic_foot(lambda x, y: 0.002 * (x - 120.0) ** 2 + 0.01 * y**2)
    assert resolved(config_of({"preset": "ucbl"}), foot, RAISED).evidence[0] == "preset ucbl, unchanged"
    changed = resolved(config_of({"preset": "ucbl", "heel_cup_depth_mm": 22.0}), foot, RAISED)
    assert changed.evidence[0] == "preset ucbl, but for heel_cup_depth_mm = 22.0 (preset: 25.0)"
    beside = resolved(config_of({"preset": "ucbl", "groove_mm": 2.0, "text": "A"}), foot, RAISED)
    assert beside.evidence[0] == "preset ucbl, but for groove_mm = 2.0 (default: 0.0), text = A (default: left out)"


# ------------------------------------------------------------------------------------------------ files and feet


@pytest.mark.parametrize(
    "text",
    [
        "heel_cup_depth_mm = 16\n[left]\nheel_lift_mm = 4\n",
        "[insole]\nheel_cup_depth_mm = 16\n[insole.left]\nheel_lift_mm = 4\n",
        "heel_cup_depth_mm = 16\n[insole.left]\nheel_lift_mm = 4\n",
    ],
)
def test_a_prescription_is_a_table_or_its_fields_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / "rx.toml").write_text(text, encoding="utf-8")
    config = config_of(read_prescription(tmp_path / "rx.toml")["insole"])
    left, right = for_side(config, "left"), for_side(config, "right")
    assert (left.heel_cup_depth_mm, left.heel_lift_mm) == (16.0, 4.0)
    assert (right.heel_cup_depth_mm, right.heel_lift_mm) == (16.0, 0.0)


def test_set_reaches_one_foot_and_is_put_together_with_the_file() -> None:
    sets = parse_overrides(["insole.left.heel_lift_mm=6", "insole.groove_mm=2"])["insole"]
    config = config_of({"left": {"heel_lift_mm": 4.0, "met_pad_mm": 4.8}}, sets)
    assert config.left == (("heel_lift_mm", 6.0), ("met_pad_mm", 4.8))
    assert for_side(config, "right").groove_mm == 2.0
    with pytest.raises(ScanError, match="not a table"):
        parse_overrides(["insole.left=3", "insole.left.heel_lift_mm=6"])


def test_settings_are_the_same_json_whatever_the_order_in_which_they_were_given() -> None:
    one = config_of({"left": {"heel_lift_mm": 4, "met_pad_mm": 4.8}, "preset": "shell"})
    two = config_of({"preset": "shell", "left": {"met_pad_mm": 4.8, "heel_lift_mm": 4.0}})
    table = as_table(one)
    assert json.loads(json.dumps(table)) == table
    assert json.dumps(table, sort_keys=True) == json.dumps(as_table(two), sort_keys=True)
    assert table["left"] == [["heel_lift_mm", 4.0], ["met_pad_mm", 4.8]]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"heel_cup": 12}, "there is no setting insole.heel_cup; expected 'heel_cup_depth_mm'"),
        ({"skive": 4}, "'medial_skive_mm'"),
        ({"heel_cup_depth_mm": 99}, "insole.heel_cup_depth_mm = 99.0 is out of range; expected 4.0 to 30.0"),
        ({"heel_cup_depth_mm": "deep"}, "wrong type; expected a number, without unit"),
        ({"rearfoot_post": "medial"}, "expected one of varus, valgus"),
        ({"rearfoot_post_deg": -4}, 'angles have no sign: set insole.rearfoot_post = "valgus".'),
        ({"forefoot_post_deg": -4}, 'angles have no sign: set insole.forefoot_post = "valgus".'),
        ({"left": {"heel_lft_mm": 4}}, "there is no setting insole.left.heel_lft_mm; expected 'heel_lift_mm'"),
        ({"left": {"heel_lift_mm": 40}}, "insole.left.heel_lift_mm = 40.0 is out of range"),
        ({"left": 3}, "insole.left = 3 is not a table"),
        ({"right": {"preset": "ucbl"}}, "insole.right.preset is one foot's alone"),
        ({"left": {"measures_of_other_scan": ()}}, "insole.left.measures_of_other_scan is one foot's alone"),
        ({"outline_curve": [[0, 0]]}, "wrong type"),
        ({"outline_file": "nowhere.dxf"}, "nowhere.dxf"),
    ],
)
def test_a_wrong_field_is_refused_by_name(table: dict[str, Any], words: str) -> None:
    assert words in refusal(table)


def test_a_prescription_holds_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "rx.toml").write_text("[insole]\n[clean]\nmax_range_mm = 800\n", encoding="utf-8")
    with pytest.raises(ScanError, match=r"table \[clean\]; expected \[insole\] alone"):
        read_prescription(tmp_path / "rx.toml")
    (tmp_path / "rx.toml").write_text("insole = 3\n", encoding="utf-8")
    with pytest.raises(ScanError, match="not a table"):
        read_prescription(tmp_path / "rx.toml")


def write_square_svg(path: Path, size_mm: float) -> None:
    corners = f"M 0 0 L {size_mm} 0 L {size_mm} 90 L 0 90 Z"
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size_mm}mm" height="90mm" viewBox="0 0 {size_mm} 90">'
        f'<path d="{corners}"/></svg>',
        encoding="utf-8",
    )


@pytest.mark.parametrize(("read", "table"), [(read_prescription, "insole"), (read_settings, LAB)])
def test_an_outline_lies_beside_its_prescription_and_its_curve_is_a_setting(
    tmp_path: Path, read: Any, table: str
) -> None:
    folder = tmp_path / "shoes"
    folder.mkdir()
    write_square_svg(folder / "shoe.svg", 260.0)
    (folder / "rx.toml").write_text('[insole]\noutline_file = "shoe.svg"\n', encoding="utf-8")
    config = config_of(read(folder / "rx.toml")[table])
    assert config.outline_file == "shoe.svg"  # wherever it lies, the same bytes
    assert np.allclose(np.ptp(np.array(config.outline_curve), axis=0), [260.0, 90.0], atol=0.01)
    write_square_svg(folder / "shoe.svg", 250.0)
    assert config_of(read(folder / "rx.toml")[table]) != config  # a changed drawing is another prescription
    own = config_of({"left": {"outline_file": str(folder / "shoe.svg")}})
    assert len(for_side(own, "left").outline_curve) > 3 and for_side(own, "right").outline_curve == ()


# ------------------------------------------------------------------------------------------------ rules

BROKEN: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    # the rule, what breaks it, what has to be changed to keep it
    ("skive-needs-cup", {"medial_skive_mm": 2.0, "heel_cup_depth_mm": 13.9}, {"heel_cup_depth_mm": 14.0}),
    ("turned-heel-needs-deep-cup", {"medial_skive_mm": 6.0, "heel_cup_depth_mm": 19.9}, {"heel_cup_depth_mm": 20.0}),
    (
        "turned-heel-needs-deep-cup",
        {"medial_skive_mm": 2.0, "cast_balance": "inverted", "balance_deg": 4.0, "heel_cup_depth_mm": 16.0},
        {"balance_deg": 3.0},
    ),
    (
        "turned-heel-needs-deep-cup",
        {"cast_balance": "everted", "balance_deg": 6.0},
        {"cast_balance": "tripod", "balance_deg": 0.0},
    ),
    (
        "skives-exclude",
        {"medial_skive_mm": 2.0, "lateral_skive_mm": 2.0, "heel_cup_depth_mm": 16.0},
        {"lateral_skive_mm": 0.0},
    ),
    ("lift-needs-support", {"heel_lift_mm": 10.5}, {"arch_support": True}),
    ("lift-needs-support", {"heel_lift_mm": 10.5}, {"heel_lift_mm": 10.0}),
    ("dress-cup", {"shoe": "dress", "heel_cup_depth_mm": 10.5}, {"heel_cup_depth_mm": 10.0}),
    ("dress-cup", {"shoe": "dress", "heel_cup_depth_mm": 12.0}, {"shoe": "any", "preset": "dressage"}),
    ("arch-one-way", {"arch_target_mm": 20.0, "arch_fill_mm": 1.6}, {"arch_fill_mm": None}),
    ("balance-has-direction", {"balance_deg": 2.0}, {"cast_balance": "inverted"}),
    ("balance-has-direction", {"cast_balance": "inverted"}, {"cast_balance": "heel_vertical"}),
    ("motion-within-post", {"rearfoot_post_deg": 2.0, "rearfoot_motion_deg": 6.5}, {"rearfoot_motion_deg": 6.0}),
    (
        "motion-within-post",
        {"rearfoot_post_deg": 4.0, "rearfoot_motion_deg": 4.0, "rearfoot_posting": "intrinsic"},
        {"rearfoot_posting": "extrinsic"},
    ),
    (
        "intrinsic-alone",
        {"rearfoot_post_deg": 4.0, "rearfoot_posting": "intrinsic", "medial_skive_mm": 2.0, "heel_cup_depth_mm": 16.0},
        {"medial_skive_mm": 0.0},
    ),
    (
        "intrinsic-alone",
        {"forefoot_post_deg": 4.0, "forefoot_posting": "intrinsic", "met_pad_mm": 4.8},
        {"met_pad_mm": 0.0},
    ),
    (
        "intrinsic-alone",
        {"forefoot_post_deg": 4.0, "forefoot_posting": "intrinsic", "first_ray_cut": True},
        {"first_ray_cut": False},
    ),
    (
        "intrinsic-alone",
        {"rearfoot_post_deg": 4.0, "rearfoot_posting": "intrinsic", "groove_mm": 2.0},
        {"rearfoot_posting": "extrinsic"},
    ),
    (
        "block-posts-extrinsic",
        {"style": "block", "forefoot_post_deg": 3.0, "forefoot_posting": "intrinsic"},
        {"forefoot_posting": "extrinsic"},
    ),
    (
        "block-posts-extrinsic",
        {"style": "block", "rearfoot_post_deg": 2.0, "rearfoot_posting": "intrinsic"},
        {"style": "shell"},
    ),
    ("pad-or-bar", {"met_pad_mm": 4.8, "met_bar_mm": 3.0}, {"met_bar_mm": 0.0}),
    ("pads-are-gentle", {"met_pad_mm": 5.0, "met_pad_width_mm": 19.0}, {"met_pad_width_mm": 20.0}),
    ("pads-are-gentle", {"groove_mm": 3.0, "groove_width_mm": 11.0}, {"groove_width_mm": 12.0}),
    ("forefoot-needs-length", {"mortons_extension_mm": 3.0}, {"length": "sulcus"}),
    ("forefoot-needs-length", {"toe_crest_mm": 3.0, "length": "sulcus"}, {"length": "full"}),
    ("first-ray-one-way", {"first_ray_cut": True, "mortons_extension_mm": 3.0, "length": "full"},
     {"first_ray_cut": False}),
    ("outline-one-way", {"outline_file": "shoe.dxf", "shoe_size_eu": 42.0}, {"shoe_size_eu": None}),
    ("least-wall", {"material": "TPU", "thickness_mm": 0.9, "distal_edge_mm": 0.8},
     {"thickness_mm": 1.0, "distal_edge_mm": 1.0}),
    ("least-wall", {"process": "mill", "thickness_mm": 0.9, "distal_edge_mm": 0.8},
     {"thickness_mm": 1.0, "distal_edge_mm": 1.0}),
    ("least-wall", {"material": "TPU", "thickness_mm": 1.2, "medial_thickness": 0.8, "distal_edge_mm": 1.0},
     {"medial_thickness": 0.9}),
    ("least-wall", {"material": "TPU", "distal_edge_mm": 0.9}, {"distal_edge_mm": 1.0}),
    ("least-wall", {"length": "full", "material": "TPU", "forefoot_mm": 0.9}, {"forefoot_mm": 1.0}),
    ("forefoot-is-there", {"forefoot_mm": 1.2}, {"length": "sulcus"}),
    ("forefoot-is-there", {"length": "full", "style": "block", "forefoot_mm": 1.2}, {"style": "shell"}),
    ("extension-ahead-of-shell", {"extension_mm": 1.2}, {"extension": "sulcus"}),
    ("extension-ahead-of-shell", {"extension": "full", "length": "sulcus"}, {"length": "shell"}),
    ("extension-ahead-of-shell", {"extension": "full", "style": "block"}, {"style": "shell"}),
    ("extension-ahead-of-shell", {"extension": "full", "process": "positive"}, {"extension": "none"}),
    ("extension-is-flush", {"extension": "full", "extension_mm": 1.6}, {"distal_edge_mm": 1.6}),
    ("edge-within-wall", {"thickness_mm": 2.0, "distal_edge_mm": 2.1}, {"distal_edge_mm": 2.0}),
    ("taper-is-gentle", {"thickness_mm": 4.0, "distal_edge_mm": 1.0, "distal_taper_mm": 1.7}, {"distal_taper_mm": 1.8}),
    ("taper-is-gentle", {"thickness_mm": 2.0, "lateral_thickness": 2.0, "distal_edge_mm": 1.0, "distal_taper_mm": 1.5},
     {"lateral_thickness": 1.0}),
    ("eva-is-milled-block", {"material": "EVA"}, {"style": "block", "process": "mill"}),
    ("arch-fits-block", {"process": "mill", "arch_target_mm": 34.0, "thickness_mm": 3.0, "block_height_mm": 35.0},
     {"arch_target_mm": 32.0}),
    ("arch-fits-block", {"process": "mill", "heel_cup_depth_mm": 30.0, "heel_lift_mm": 8.0, "wall_slope_deg": 70.0,
                         "block_height_mm": 35.0}, {"heel_lift_mm": 5.0}),
    ("arch-fits-block", {"process": "mill", "style": "block", "heel_cup_depth_mm": 30.0, "heel_lift_mm": 8.0,
                         "block_height_mm": 35.0}, {"block_height_mm": None}),
    ("milled-cup-needs-draft", {"process": "mill", "heel_cup_depth_mm": 20.0, "wall_slope_deg": 78.0},
     {"wall_slope_deg": 75.0}),
    ("readable-text", {"text": "Größe 42"}, {"text": "Groesse 42"}),
    ("readable-text", {"text": "x" * 25}, {"text": " " + "x" * 24 + " "}),
    ("readable-text", {"text": "-"}, {"text": " "}),
    ("strokes-print", {"letter_mm": 3.9}, {"letter_mm": 4.0}),
    ("strokes-print", {"letter_mm": 3.0, "side_mark": False, "text": "A"}, {"text": " "}),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "values", "mended"), BROKEN)
def test_a_broken_rule_is_named_and_alone_and_the_neighbour_passes(
    rule: str, values: dict[str, Any], mended: dict[str, Any]
) -> None:
    with pytest.raises(ScanError) as caught:
        refuse_broken(InsoleConfig(**values))
    message = str(caught.value)
    assert message.startswith(f"rule {rule}: found ") and message.count("rule ") == 1, message
    assert "insole." in message or "skive" in message or rule == "eva-is-milled-block"
    refuse_broken(InsoleConfig(**{**values, **mended}))


@pytest.mark.parametrize(("rule", "values", "mended"), BROKEN)
def test_a_script_that_follows_what_a_broken_rule_says_mends_it(
    rule: str, values: dict[str, Any], mended: dict[str, Any]
) -> None:
    given = InsoleConfig(**values)
    for _ in range(2):  # foam takes two changes: to a block, and to be milled
        try:
            refuse_broken(given)
        except ScanError as error:
            followed = advised_by(str(error), given)
            assert followed != given, f"{error} names no value that would change anything"
            given = followed
    refuse_broken(given)


def test_every_rule_is_tested_and_several_broken_ones_are_all_named() -> None:
    assert {rule for rule, *_ in BROKEN} == set(RULES)
    message = refusal({"medial_skive_mm": 6, "left": {"toe_crest_mm": 3.0}})
    for rule in ("skive-needs-cup", "turned-heel-needs-deep-cup", "forefoot-needs-length"):
        assert f"rule {rule}: " in message


def test_one_foots_rules_are_kept_by_that_foot() -> None:
    assert "rule skive-needs-cup" in refusal({"right": {"medial_skive_mm": 2.0}})
    config_of({"right": {"medial_skive_mm": 2.0, "heel_cup_depth_mm": 14.0}})


def test_what_stands_above_its_block_is_refused() -> None:
    milled = Prescription().changed(process="mill", block_height_mm=35.0)
    assert block_height_mm(34.9, milled) == 35.0
    with pytest.raises(ScanError, match=r"rule fits-block: .* is 35\.1 mm high.* insole.block_height_mm = 36\."):
        block_height_mm(35.1, milled.changed(style="block"))
    block_height_mm(60.0, milled.changed(process="print"))  # it is built up


@pytest.mark.parametrize(("highest_mm", "block_mm"), [(12.0, 35.0), (35.0, 35.0), (35.1, 50.0), (79.9, 80.0)])
def test_a_block_that_is_left_out_is_the_lowest_usual_one(highest_mm: float, block_mm: float) -> None:
    assert block_height_mm(highest_mm, Prescription().changed(style="block", process="mill")) == block_mm


@pytest.mark.parametrize("block_mm", [None, 35.0, 80.0])
def test_no_block_is_advised_that_is_higher_than_any(block_mm: float | None) -> None:
    milled = Prescription().changed(process="mill", block_height_mm=block_mm, heel_lift_mm=20.0, lateral_flange_mm=9.0)
    with pytest.raises(
        ScanError, match=r"^rule fits-block: the device is 80\.1 mm high, expected at most 80 mm"
    ) as told:
        block_height_mm(80.02, milled)
    values = dict(re.findall(r"insole\.(\w+) = (\d+)", str(told.value)))
    assert values == {"lateral_flange_mm": "8", "heel_lift_mm": "18", "heel_cup_depth_mm": "11"}
    with pytest.raises(ScanError, match="Lower edges, cup, lift and arch, or print it instead") as told:
        block_height_mm(120.0, milled)
    assert "=" not in str(told.value)


# ------------------------------------------------------------------------------------------------ the wall


@pytest.mark.parametrize(
    ("material", "mass_kg", "wall_mm"),
    [
        ("PP", 74.9, 4.0),
        ("PP", 75.0, 4.5),
        ("PETG", 77.0, 3.2),
        ("PETG", 77.1, 4.0),
        ("TPU", 95.0, 4.0),
        ("PETG", 113.0, 4.8),
        ("PETG", 113.1, 6.4),
        ("PA12", 59.9, 2.5),
        ("PA12", 60.0, 3.0),
        ("PA12", 90.0, 3.5),
        ("PA12", None, 3.0),
        ("EVA", 90.0, 4.0),
    ],
)
def test_the_wall_follows_the_labs_tables_and_says_so(material: Any, mass_kg: float | None, wall_mm: float) -> None:
    found = wall_by_mass(material, mass_kg)
    assert found.value == wall_mm
    assert f"{wall_mm:g} mm" in found.why and material in found.why
    assert material == "EVA" or (f"{mass_kg:g} kg" if mass_kg else "body mass unknown") in found.why


@pytest.mark.parametrize("process", ["print", "mill"])
@pytest.mark.parametrize("material", ["PA12", "PP", "TPU", "PETG", "EVA"])
def test_no_rule_gives_a_wall_that_cannot_be_made(material: Any, process: Literal["print", "mill"]) -> None:
    least = least_wall(material, process)
    assert 0.5 <= least.least_mm < least.advised_mm
    for mass_kg in (None, 5.0, 60.0, 75.0, 150.0):
        assert least.advised_mm <= wall_by_mass(material, mass_kg).value <= 8.0


def test_walls_below_what_is_advised_are_told_not_refused() -> None:
    foot = analytic_foot(lambda x, y: 0.002 * (x - 120.0) ** 2 + 0.01 * y**2)
    told = resolved(InsoleConfig(thickness_mm=0.7, distal_edge_mm=0.6), foot, RAISED).evidence
    assert any("1 is advised" in why for why in told) and any("below 0.8 mm" in why for why in told)
    fine = resolved(InsoleConfig(thickness_mm=1.0, distal_edge_mm=0.6), foot, RAISED).evidence
    assert not any("advice" in why for why in fine)


@pytest.mark.parametrize(
    ("process", "material", "told"), [("mill", "PA12", True), ("print", "PA12", False), ("mill", "PP", False)]
)
def test_a_printing_powder_that_is_to_be_milled_is_told(process: Any, material: Any, told: bool) -> None:
    evidence = resolved(InsoleConfig(process=process, material=material), leg(0), RAISED).evidence
    assert any("PA12 is a printing powder" in why for why in evidence) == told


def test_a_rules_wall_thinner_than_the_asked_edge_is_refused() -> None:
    with pytest.raises(ScanError, match="rule edge-within-wall"):
        resolved(InsoleConfig(distal_edge_mm=3.5), leg(0), RAISED)


@pytest.mark.parametrize(("mass_kg", "high", "usual"), [(60.0, 3.0, 4.0), (80.0, 4.0, 4.5)])
def test_polypropylene_is_thinner_under_a_high_arch(mass_kg: float, high: float, usual: float) -> None:
    foot = leg(0)
    facts = ScanFacts("stands", side="left", loading="standing", mass_kg=mass_kg)
    judged = judged_arch(foot, facts, None)
    wall = resolved(InsoleConfig(material="PP"), foot, facts)
    assert wall.thickness.thickness_mm == (high if judged.high else usual)
    assert any(judged.why in why and f"{mass_kg:g} kg" in why for why in wall.evidence)
    tall = replace(foot, mesh=replace(foot.mesh, vertices=foot.mesh.vertices * [1.0, 1.0, 1.6]))
    assert judged_arch(tall, facts, None).high != judged_arch(squeezed(foot), facts, None).high
    assert resolved(InsoleConfig(material="PP"), tall, facts).thickness.thickness_mm == high
    assert resolved(InsoleConfig(material="PP"), squeezed(foot), facts).thickness.thickness_mm == usual


def squeezed(foot: Foot) -> Foot:
    return replace(foot, mesh=replace(foot.mesh, vertices=foot.mesh.vertices * [1.0, 1.0, 0.7]))


# ------------------------------------------------------------------------------------------------ the arch


@pytest.mark.parametrize(
    ("loading", "fill"), [("non-weight-bearing", 3.2), ("unknown", 3.2), ("seated", 1.6), ("standing", 0.0)]
)
def test_an_arch_is_filled_by_the_load_it_was_scanned_under(loading: Any, fill: float) -> None:
    foot = leg(0)
    facts = ScanFacts("scan", side="left", loading=loading)
    rx = resolved(InsoleConfig(), foot, facts)
    assert rx.arch.arch_fill_mm == fill
    assert any(f"arch fill {fill:g} mm" in why for why in rx.evidence)
    given = resolved(InsoleConfig(arch_fill_mm=6.4), foot, facts)
    assert given.arch.arch_fill_mm == 6.4 and not any("arch fill" in why for why in given.evidence)
    aimed = resolved(InsoleConfig(arch_target_mm=15.0), foot, facts)
    assert (aimed.arch.arch_target_mm, aimed.arch.arch_fill_mm) == (15.0, 0.0)


# ------------------------------------------------------------------------------------------------ another scan


def rows(loading: str = "standing", side: str = "left", **values: float) -> tuple[Any, ...]:
    return tuple(("other", side, loading, name, value) for name, value in values.items())


def heel_width_of(foot: Foot) -> float:
    from scanproc.measures.lengths import heel_width
    from scanproc.measures.readings import FootShape

    value = heel_width(FootShape(foot)).value
    assert value is not None
    return value


@pytest.mark.parametrize(("wider", "expansion"), [(4.0, 4.0), (-2.0, 0.0), (14.0, 10.0)])
def test_the_heel_is_as_much_wider_as_it_is_in_the_other_scan(wider: float, expansion: float) -> None:
    foot = leg(0)
    here = heel_width_of(foot)
    rx = resolved(InsoleConfig(measures_of_other_scan=rows(heel_width_mm=here + wider)), foot, RAISED)
    assert rx.fit.heel_expansion_mm == pytest.approx(expansion, abs=0.01)
    assert any("heel expansion" in why and "scan other (standing)" in why for why in rx.evidence)
    asked = InsoleConfig(heel_expansion_mm=1.0, measures_of_other_scan=rows(heel_width_mm=here + wider))
    assert resolved(asked, foot, RAISED).fit.heel_expansion_mm == 1.0  # what is prescribed wins


def test_a_scan_under_no_more_load_tells_nothing() -> None:
    foot = leg(0)
    for loading, facts in (("standing", replace(RAISED, loading="standing")), ("unknown", RAISED)):
        config = InsoleConfig(measures_of_other_scan=rows(loading, heel_width_mm=90.0, plantar_arch_height_mm=12.0))
        rx = resolved(config, foot, facts)
        assert (rx.fit.heel_expansion_mm, rx.arch.arch_target_mm) == (0.0, None)
        assert any("not known to bear more load" in why for why in rx.evidence)


def test_the_arch_comes_down_as_in_the_other_scan() -> None:
    foot = leg(0)
    sole = resolved(InsoleConfig(measures_of_other_scan=rows(plantar_arch_height_mm=12.34)), foot, RAISED)
    assert (sole.arch.arch_target_mm, sole.arch.arch_fill_mm) == (12.34, 0.0)
    asked = InsoleConfig(arch_fill_mm=3.2, measures_of_other_scan=rows(plantar_arch_height_mm=12.34))
    assert resolved(asked, foot, RAISED).arch.arch_target_mm is None
    from scanproc.measures.lengths import dorsum_height
    from scanproc.measures.readings import FootShape

    here = dorsum_height(FootShape(foot)).value
    assert here is not None
    for drop, fill in ((4.0, 4.0), (0.5, 1.6), (11.0, 6.4)):
        rx = resolved(InsoleConfig(measures_of_other_scan=rows(dorsum_height_mm=here - drop)), foot, RAISED)
        assert rx.arch.arch_fill_mm == pytest.approx(fill, abs=0.01)
        assert any(f"the dorsum is {drop:.1f} mm lower in scan other" in why for why in rx.evidence)


def test_measures_of_the_other_foot_are_refused_but_for_its_mirror_image() -> None:
    config = InsoleConfig(measures_of_other_scan=rows(side="right", heel_width_mm=70.0))
    with pytest.raises(ScanError, match=r"right foot only in scan other \(--from\), expected some of the left foot"):
        resolved(config, leg(0), RAISED)
    assert resolved(replace(config, pair="from-right"), leg(0), RAISED).fit.heel_expansion_mm >= 0.0
