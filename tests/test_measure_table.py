"""The table of measures: every row is whole, and says of itself what its name, its values and its norms say."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

import numpy as np
import pytest
from feet import AnalyticFoot, as_surface, scaled

from scanproc.artifacts import Measure, ScanFacts
from scanproc.measures.plain_words import group_of, uncertainty_text, value_of, words_of
from scanproc.measures.readings import FootShape, Reading
from scanproc.measures.rows import ANGLE, DIMENSIONS, FORCE, INDEX, LENGTH, SIZE_MM, SIZE_PARIS, VOLUME, Dimension
from scanproc.measures.table import BETWEEN_LOADINGS, MEASURES, ROWS, MeasureRow, in_table_order
from scanproc.measures.two_scans import ScannedFoot
from scanproc.measures.uncertainty import ErrorSources, sd_parts
from scanproc.pages.words import Words
from scanproc.stages.align import AlignConfig, align
from scanproc.stages.measure import MeasureConfig, measure

FLOOR = ScanFacts("a", side="left", loading="standing")
FOOT = AnalyticFoot(step_mm=4.0, heel_deg=5.0)
SIZES = (SIZE_MM, SIZE_PARIS)


def measured(larger: float = 1.0) -> Mapping[str, Measure]:
    surface = as_surface(scaled(FOOT.mesh(), larger) if larger != 1.0 else FOOT.mesh(), floor_seen=True)
    return measure(align(surface, FLOOR, AlignConfig()), FLOOR, MeasureConfig()).feet[0].measures


@pytest.fixture(scope="module")
def found() -> Mapping[str, Measure]:
    return measured()


def test_a_key_names_one_row() -> None:
    assert len(ROWS) == len(MEASURES) + len(BETWEEN_LOADINGS)
    assert all(ROWS[key].key == key for key in ROWS)
    assert len({row.words for row in ROWS.values()}) == len(ROWS)
    assert len({row.read for row in ROWS.values()}) == len(ROWS)


@pytest.mark.parametrize("row", MEASURES, ids=lambda row: row.key)
def test_a_reader_reads_a_foot_and_nothing_else(row: MeasureRow) -> None:
    (asked,) = inspect.signature(row.read, eval_str=True).parameters.values()
    assert asked.annotation is FootShape
    assert inspect.signature(row.read, eval_str=True).return_annotation is Reading
    assert row.read.__doc__


def test_a_reader_between_two_loadings_reads_two_feet() -> None:
    for row in BETWEEN_LOADINGS:
        told = inspect.signature(row.read, eval_str=True)
        assert [asked.annotation for asked in told.parameters.values()] == [ScannedFoot] * 2
        assert told.return_annotation is Measure


def test_names_end_in_the_unit_of_their_dimension() -> None:
    """The contract of `measures.json`: millimetres and degrees are in the name."""
    for key, row in ROWS.items():
        assert row.dimension in DIMENSIONS
        assert key.endswith(row.dimension.name_end), key
        if not row.dimension.name_end:
            assert not key.endswith(tuple(other.name_end for other in DIMENSIONS if other.name_end)), key


def test_dimensions_scale_as_the_foot_does(found: Mapping[str, Measure]) -> None:
    """A foot a twentieth larger: every value grows by the power that its dimension says."""
    larger = measured(1.05)
    grown = 0
    for row in MEASURES:
        before, after = found[row.key].value, larger[row.key].value
        if before is None or after is None or row.dimension.in_steps or row.dimension.scale_power == 0:
            continue
        # Windows in mm (leg and heel, 40 mm of a section) do not grow along.
        power = np.log(after / before) / np.log(1.05)
        if row.key not in ("heel_contact_offset_mm", "arch_volume_mm3"):
            assert power == pytest.approx(row.dimension.scale_power, abs=0.15), row.key
            grown += 1
    assert grown >= 10
    volume = (found["arch_volume_mm3"].value or 0.0, larger["arch_volume_mm3"].value or 0.0)
    assert np.log(volume[1] / volume[0]) / np.log(1.05) == pytest.approx(VOLUME.scale_power, abs=0.15)


@pytest.mark.parametrize(
    ("dimension", "surface", "scale"),
    [
        (LENGTH, np.sqrt(2.0) * 0.1, 0.4),
        (VOLUME, 0.0, 1.2),
        (ANGLE, 0.0, 0.0),
        (INDEX, 0.0, 0.0),
        (FORCE, 0.0, 0.0),
        (SIZE_MM, 0.0, 0.4),
        (SIZE_PARIS, 0.0, 0.4),
    ],
    ids=lambda value: getattr(value, "unit", None),
)
def test_what_is_uncertain_follows_from_the_dimension(dimension: Dimension, surface: float, scale: float) -> None:
    parts = sd_parts(dimension, 100.0, [100.0] * 4, ErrorSources(scale_sd=0.004, surface_sd_mm=0.1))
    assert parts is not None
    assert (parts.surface, parts.scale) == (pytest.approx(surface), pytest.approx(scale))


def test_words_units_and_directions_come_from_the_row() -> None:
    for key, row in ROWS.items():
        text = value_of(key, Measure(-12.0, 0.5, "measured"))
        assert words_of(key) == row.words and group_of(key) == row.group
        if row.leanings:
            assert text == f"12.0{row.dimension.written} {row.leanings[1]}"
            assert Words().difference(key, 2.0) == f"2.0{row.dimension.written} towards {row.leanings[0]}"
        else:
            figure = "-12" if row.dimension in SIZES else f"{-12:.{row.dimension.digits}f}"
            assert text == figure + row.dimension.written
        assert uncertainty_text(key, Measure(-12.0, 0.5, "measured")) == f"± {0.5:.{row.dimension.digits}f}"
    assert {key for key, row in ROWS.items() if row.leanings} == {
        "heel_angle_deg", "leg_angle_deg", "leg_heel_angle_deg", "forefoot_angle_deg", "heel_contact_offset_mm"
    }  # fmt: skip


def test_norms_are_of_the_measure_that_they_stand_beside(found: Mapping[str, Measure]) -> None:
    """A foot built with common proportions lies within four standard deviations of what people are like."""
    judged = 0
    for row in MEASURES:
        for norm in row.norms:
            assert norm.source and norm.text and norm.sd > 0.0 and norm.per in (None, *ROWS)
            value, per = found[row.key].value, 1.0 if norm.per is None else found[norm.per].value
            if value is not None and per is not None and row.dimension is LENGTH:
                assert abs(value / per - norm.mean) < 4.0 * norm.sd, (row.key, norm.text)
                judged += 1
    assert judged >= 10


def test_unknown_measures_come_last_by_name() -> None:
    names = ["z_mm", "eu_size", "arch_drop_mm", "a_mm", "foot_length_mm"]
    assert in_table_order(names) == ["foot_length_mm", "eu_size", "arch_drop_mm", "a_mm", "z_mm"]


def test_a_measure_of_another_version_is_shown_by_the_unit_in_its_name() -> None:

    def shown(name: str, value: float) -> str:
        return value_of(name, Measure(value, None, "measured"))

    assert shown("a_new_length_mm", 12.0) == "12.0 mm" and words_of("a_new_length_mm") == "A new length"
    assert shown("a_new_volume_mm3", 1234.0) == "1,234 mm³" and shown("a_new_angle_deg", -2.0) == "-2.0°"
    assert shown("a_new_index", 0.5) == "0.500" and group_of("a_new_index") == "Others"
