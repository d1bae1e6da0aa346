"""The table of stages: everything that derives from it holds together."""

from __future__ import annotations

import dataclasses
import re
import typing
from typing import Any

import pytest

from scanproc.artifacts import Feet, Measures, Recording, Refusals, ScanFacts, Surface
from scanproc.pipeline import STAGES, Input, Stage, config_types
from scanproc.scan import GIVEN_BY_MESH

#: What a run starts with, beside what the stages make.
GIVEN = (ScanFacts, Recording, Refusals)
CONTRACT = ["1-clean", "2-register", "3-surface", "4-align", "5-measure", "6-insole", "7-export", "8-report"]


def test_the_folders_are_the_contract() -> None:
    assert [stage.folder for stage in STAGES] == CONTRACT


def test_stages_are_numbered_from_one_without_a_gap() -> None:
    assert [stage.number for stage in STAGES] == list(range(1, len(STAGES) + 1))
    assert len({stage.name for stage in STAGES}) == len(STAGES)


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_what_a_stage_takes_is_given_or_was_made_before(stage: Stage) -> None:
    before = {*GIVEN, *(other.makes for other in STAGES[: stage.number - 1])}
    assert {need.artifact for need in stage.takes.values()} <= before


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_a_stage_is_a_function_of_artifacts_with_its_settings_last(stage: Stage) -> None:
    assert stage.function.__name__ == stage.name
    assert stage.function.__module__ == f"scanproc.stages.{stage.name}"
    names = list(typing.get_type_hints(stage.function))
    assert names[-2:] == ["config", "return"]
    assert [*stage.takes, "config", "return"] == names
    assert stage.config.__name__ == f"{stage.name.capitalize()}Config"
    assert dataclasses.is_dataclass(stage.config) and stage.config.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert dataclasses.is_dataclass(stage.makes) and stage.makes.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert re.match(r"\S.*[.:]", (stage.function.__doc__ or "").strip().splitlines()[0])


def test_no_two_stages_make_the_same_and_a_mesh_stands_in_for_one_of_them() -> None:
    made = [stage.makes for stage in STAGES]
    assert len(set(made)) == len(made)
    assert GIVEN_BY_MESH in made


def test_stages_after_a_mesh_need_nothing_of_the_views() -> None:
    first = next(stage.number for stage in STAGES if stage.makes is GIVEN_BY_MESH)
    views = {stage.makes for stage in STAGES[: first - 1]}
    for stage in STAGES[first:]:
        assert not any(need.artifact in views and not need.optional for need in stage.takes.values()), stage.name


def test_the_report_can_do_without_anything_that_may_be_refused() -> None:
    report = STAGES[-1]
    needed = {need.artifact for need in report.takes.values() if not need.optional}
    assert report.name == "report" and needed <= set(GIVEN)


def test_config_types_are_those_of_the_stages_in_their_order() -> None:
    assert list(config_types().items()) == [(stage.name, stage.config) for stage in STAGES]


def test_annotations_are_read() -> None:
    def measure(feet: Feet, surface: Surface | None, config: Any) -> Measures: ...

    hints = typing.get_type_hints(measure)
    assert Input.of(hints["feet"]) == Input(Feet, optional=False)
    assert Input.of(hints["surface"]) == Input(Surface, optional=True)
