"""One rigid foot, standing and in the air: what is measured tells of no load that was not there."""

from __future__ import annotations

import numpy as np
import pytest
from test_measure import leg

from scanproc.measures.arch_under_load import arch_drop
from scanproc.measures.two_scans import ScannedFoot
from scanproc.simulation.motions import Path
from scanproc.simulation.settings import SimulationConfig
from scanproc.simulation.simulate import simulate
from scanproc.stages.align import AlignConfig, align
from scanproc.stages.clean import CleanConfig, clean
from scanproc.stages.measure import MeasureConfig, measure
from scanproc.stages.register import RegisterConfig, register
from scanproc.stages.surface import SurfaceConfig, surface


def scanned(number: int, path: Path, seed: int) -> ScannedFoot:
    config = SimulationConfig(path=path, camera="d435", views=24, seed=seed, noise_model="stereo-real")
    made = simulate(leg(number), config)
    views = clean(made.recording, CleanConfig())
    fused = surface(views, register(views, made.facts, RegisterConfig()), SurfaceConfig())
    [foot] = measure(align(fused, made.facts, AlignConfig()), made.facts, MeasureConfig()).feet
    return ScannedFoot(made.facts, foot)


@pytest.mark.slow
def test_the_arch_of_a_rigid_foot_does_not_drop() -> None:
    drops = [arch_drop(scanned(number, "raised", 5), scanned(number, "hand-held", 5)) for number in range(4)]
    values, sds = (np.array([getattr(drop, name) for drop in drops], dtype=np.float64) for name in ("value", "sd"))
    assert (np.abs(values) < 2.0 * sds).all(), (values, sds)
    assert (sds < 2.0).all()
