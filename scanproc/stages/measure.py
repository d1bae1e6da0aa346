"""Measure: what the foot frame, the landmarks and the sections tell of each foot."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from scanproc.anatomy.lone_soles import in_words
from scanproc.artifacts import Feet, Foot, FootMeasures, Measure, Measures, ScanFacts
from scanproc.measures.population import rare_values
from scanproc.measures.readings import FootShape, Reading, no_reading
from scanproc.measures.replicates import replicate_shapes
from scanproc.measures.sensor_classes import scale_sd_of
from scanproc.measures.table import MEASURES, MeasureRow
from scanproc.measures.uncertainty import ErrorSources, sd_parts
from scanproc.measures.unseen_length import unsure_of_length
from scanproc.parallel import parallel_map, shares
from scanproc.settings import setting

log = logging.getLogger(__name__)

_NO_GROUND = "the height of the ground is not known: neither floor nor sole was seen (record the floor round the foot)"


@dataclass(frozen=True)
class MeasureConfig:
    """How much of a surface must have been seen to measure on it, and what else makes a measure uncertain."""

    max_unseen_share: float = setting(0.1, "a measure with more of its surface unseen is inferred", low=0.0, high=1.0)
    max_inferred_share: float = setting(0.5, "a measure with more of its surface unseen is refused", low=0.0, high=1.0)
    scale_sd: float | None = setting(
        None,
        "relative standard uncertainty of the camera's scale; none: of its certificate, or 0.01, of phones 0.05",
        low=0.0,
        high=0.1,
    )
    surface_sd_mm: float = setting(0.1, "standard uncertainty of where the surface is fused, mm", low=0.0, high=5.0)


def measure(feet: Feet, facts: ScanFacts, config: MeasureConfig) -> Measures:
    """Measure each foot.

    Parameters
    ----------
    feet : in the foot frame; landmarks that were edited count as they are.
    facts : the loading decides whether there is a print.
    """
    if not all(foot.replicates for foot in feet.feet):  # the finished mesh of a scanner of which nothing is known
        log.info(
            "measure: no uncertainty is known: state the scanner in scan.toml, such as sensor ="
            ' "structured-light scanner", "depth camera" or "phone"'
        )
    measured = tuple(_measure_foot(foot, facts, config) for foot in feet.feet)
    return Measures(measured, facts.camera if facts.certificate else None, facts.certificate)


def _measure_foot(foot: Foot, facts: ScanFacts, config: MeasureConfig) -> FootMeasures:
    """Judge every measure of one foot, and say how sure it is."""
    shape = FootShape(foot, facts.loading)
    # Neighbours in the table read the same lines: shares of them hardly compute anything twice.
    found = parallel_map(partial(_readings, shape), shares(MEASURES), "measuring")
    readings = {key: reading for share in found for key, reading in share.items()}
    rows = [row for row in MEASURES if readings[row.key].value is not None]
    readings = unsure_of_length(shape, readings, partial(_values, rows=rows))
    makers = replicate_shapes(shape)
    replicates = parallel_map(lambda make: _values(make(), rows), makers, "measure: how sure it is")
    sources = ErrorSources(scale_sd_of(facts) if config.scale_sd is None else config.scale_sd, config.surface_sd_mm)
    measures = {}
    for row in MEASURES:
        reading = readings[row.key]
        judged = _judged(reading, config)
        if judged.value is not None and replicates:
            others = [other[row.key] for other in replicates]
            parts = sd_parts(row.dimension, judged.value, others, sources, reading.own_sd)
            judged = replace(judged, sd=parts.combined if parts else None, sd_parts=parts)
            if parts is None and foot.ground == "estimated":  # there or not by where the ground is thought to be
                judged = Measure(None, None, "refused", _NO_GROUND)
        if judged.value is not None:
            judged = replace(judged, value=row.dimension.rounded(judged.value))
        measures[row.key] = judged
    refused = [name for name, found in measures.items() if found.status == "refused"]
    log.info(
        "measure: %s foot, %d measures, %d refused: %s", foot.side, len(measures), len(refused), ", ".join(refused)
    )
    rare = rare_values(measures, facts)
    for name, why in rare.items():
        log.info("measure: %s foot, rare: %s %.1f, %s", foot.side, name, measures[name].value, why)
    return FootMeasures(foot.side, facts.loading, foot.ground, measures, rare)


def _readings(shape: FootShape, rows: Sequence[MeasureRow]) -> dict[str, Reading]:
    """Read measures of one foot, in the order of the table."""
    guessed, is_sole = shape.foot.ground == "estimated", shape.foot.object != "foot"

    def read(row: MeasureRow) -> Reading:
        if row.needs_foot and is_sole:
            return no_reading(f"it lies above the sole, and what was scanned is {in_words(shape.foot.object)}")
        return no_reading(_NO_GROUND) if row.needs_ground and guessed else shape.once(row.read)

    return {row.key: read(row) for row in rows}


def _values(shape: FootShape, rows: Sequence[MeasureRow]) -> dict[str, float | None]:
    """Return the values alone: a reading keeps what it was read from, of all replicates together too much."""
    return {name: reading.value for name, reading in _readings(shape, rows).items()}


def _judged(reading: Reading, config: MeasureConfig) -> Measure:
    """Turn a reading into a measure, by how much of its surface was seen."""
    if reading.value is None:
        return Measure(None, None, "refused", reading.refused)
    if reading.unseen_share > config.max_inferred_share:
        return Measure(
            None, None, "refused", f"{reading.where} was not seen ({100.0 * (1.0 - reading.unseen_share):.0f} % of it)"
        )
    geometry = reading.geometry()
    if reading.unseen_share > config.max_unseen_share:
        reason = f"{100.0 * reading.unseen_share:.0f} % of {reading.where} was not seen"
        return Measure(reading.value, None, "inferred", reason, geometry=geometry)
    return Measure(reading.value, None, "measured", geometry=geometry)
