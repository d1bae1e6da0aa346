"""Measure: what the foot frame, the landmarks and the sections tell of each foot."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from scanproc.artifacts import Feet, Foot, FootMeasures, Measure, Measures, ScanFacts
from scanproc.fusion.jackknife import replicate_of
from scanproc.measures import arches, heels, lengths, toes
from scanproc.measures.population import rare_values
from scanproc.measures.readings import FootShape, Reading, no_reading
from scanproc.measures.uncertainty import ErrorSources, sd_parts
from scanproc.parallel import parallel_map
from scanproc.settings import setting

log = logging.getLogger(__name__)

# What each measure is read with; definitions and sources stand with the functions.
_READERS: dict[str, Callable[[FootShape], Reading]] = {
    "foot_length_mm": lengths.foot_length,
    "truncated_foot_length_mm": lengths.truncated_foot_length,
    "outside_ball_length_mm": lengths.outside_ball_length,
    "foot_width_mm": lengths.foot_width,
    "ball_girth_mm": lengths.ball_girth,
    "heel_width_mm": lengths.heel_width,
    "dorsum_height_mm": lengths.dorsum_height,
    "instep_girth_mm": lengths.instep_girth,
    "toe_box_height_mm": lengths.toe_box_height,
    "malleolus_height_mm": lengths.malleolus_height,
    "arch_height_index": arches.arch_height_index,
    "plantar_arch_height_mm": arches.plantar_arch_height,
    "arch_volume_mm3": arches.arch_volume,
    "heel_angle_deg": heels.heel_angle_deg,
    "leg_angle_deg": heels.leg_angle_deg,
    "leg_heel_angle_deg": heels.leg_heel_angle_deg,
    "forefoot_angle_deg": heels.forefoot_angle_deg,
    "heel_contact_offset_mm": heels.heel_contact_offset,
    "hallux_angle_deg": toes.hallux_angle_deg,
    "fifth_toe_angle_deg": toes.fifth_toe_angle_deg,
    "ball_angle_deg": lengths.ball_angle_deg,
    "mondopoint": lengths.mondopoint,
    "eu_size": lengths.eu_size,
}


@dataclass(frozen=True)
class MeasureConfig:
    """How much of a surface must have been seen to measure on it, and what else makes a measure uncertain."""

    max_unseen_share: float = setting(0.1, "a measure with more of its surface unseen is inferred", low=0.0, high=1.0)
    max_inferred_share: float = setting(0.5, "a measure with more of its surface unseen is refused", low=0.0, high=1.0)
    scale_sd: float = setting(
        0.004, "relative standard uncertainty of the camera's scale; less once it was checked", low=0.0, high=0.1
    )
    surface_sd_mm: float = setting(0.1, "standard uncertainty of where the surface is fused, mm", low=0.0, high=5.0)


def measure(feet: Feet, facts: ScanFacts, config: MeasureConfig) -> Measures:
    """Measure each foot.

    Parameters
    ----------
    feet : in the foot frame; landmarks that were edited count as they are.
    facts : the loading decides whether there is a print.
    """
    return Measures(tuple(_measure_foot(foot, facts, config) for foot in feet.feet))


def _measure_foot(foot: Foot, facts: ScanFacts, config: MeasureConfig) -> FootMeasures:
    """Judge every measure of one foot, and say how sure it is."""
    readings = _readings(foot, facts)
    replicates: list[dict[str, Reading]] = []
    if foot.replicates is not None:
        replicates = parallel_map(
            lambda k: _readings(replicate_of(foot, k), facts), range(len(foot.replicates)), "measure: how sure it is"
        )
    measures = {}
    for name, reading in readings.items():
        judged = _judged(reading, config)
        if judged.value is not None and replicates:
            others = [other[name].value for other in replicates]
            sources = ErrorSources(config.scale_sd, config.surface_sd_mm)
            parts = sd_parts(name, judged.value, others, sources, reading.own_sd)
            judged = replace(judged, sd=parts.combined if parts else None, sd_parts=parts)
        measures[name] = judged
    refused = [name for name, found in measures.items() if found.status == "refused"]
    log.info(
        "measure: %s foot, %d measures, %d refused: %s", foot.side, len(measures), len(refused), ", ".join(refused)
    )
    rare = rare_values(measures, facts)
    for name, why in rare.items():
        log.info("measure: %s foot, rare: %s %.1f, %s", foot.side, name, measures[name].value, why)
    return FootMeasures(foot.side, facts.loading, foot.ground, measures, rare)


def _readings(foot: Foot, facts: ScanFacts) -> dict[str, Reading]:
    """Read every measure of one foot, in the order of the table."""
    shape = FootShape(foot)
    readings = {name: read(shape) for name, read in _READERS.items()}
    readings["arch_index"] = arches.arch_index(shape, weight_bearing=facts.loading in ("standing", "seated"))
    readings["navicular_height_mm"] = _navicular_height(shape)
    return readings


def _navicular_height(shape: FootShape) -> Reading:
    """Height of the navicular landmark, which no shape gives away: it must be marked or set by hand."""
    if "navicular" not in shape.foot.landmarks:
        return no_reading("no landmark navicular was given (a marker on the skin, or by hand)")
    return Reading(float(shape.landmark("navicular")[2]))


def _judged(reading: Reading, config: MeasureConfig) -> Measure:
    """Turn a reading into a measure, by how much of its surface was seen."""
    if reading.value is None:
        return Measure(None, None, "refused", reading.refused)
    if reading.unseen_share > config.max_inferred_share:
        return Measure(
            None, None, "refused", f"{reading.where} was not seen ({100.0 * (1.0 - reading.unseen_share):.0f} % of it)"
        )
    if reading.unseen_share > config.max_unseen_share:
        return Measure(
            reading.value, None, "inferred", f"{100.0 * reading.unseen_share:.0f} % of {reading.where} was not seen"
        )
    return Measure(reading.value, None, "measured")
