"""Recordings as real cameras make them: good ones, bad ones, and feet that do not hold still."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from benchmarking.design import GridRecording
from scanproc.simulation.cameras import CameraName
from scanproc.simulation.noise_models import NoiseName
from scanproc.simulation.settings import SimulationConfig

SEEDS = 3  # recordings of each group
STOPS = (8, 12, 24, 36)
VIEWS = {"hand-held": 30, "raised": 36}
BAD_VIEWS = 0.1  # of what is hand-held or raised
LEGS = ("leg-1", "leg-0", "leg-3")  # they come with the project
SIDES = ("left", "right")

#: What is wrong with a bad recording: a view of a ring, the stated depth unit, lens or scale.
Wrong = Literal["other feet", "too large", "unit", "lens", "scale"]

#: How a person does not hold still, standing and, where it can be, with the foot raised.
UNREST: tuple[tuple[str, tuple[str, ...], dict[str, Any]], ...] = (
    ("still, for comparison", ("hand-held", "raised"), {}),
    ("toes raised by 5° in a third", ("hand-held", "raised"), {"toes_deg": 5.0}),
    ("shift of 3 mm mid-way", ("hand-held", "raised"), {"shift_mm": 3.0}),
    ("drift of 2 mm", ("hand-held", "raised"), {"drift_mm": 2.0}),
    ("heel raised by 3° mid-way", ("hand-held",), {"heel_rise_deg": 3.0}),
    ("feet apart by 1.5 mm", ("hand-held",), {"pair_sway_mm": 1.5, "pair": True}),
)


@dataclass(frozen=True)
class Setup:
    """A camera, its noise, and how far it stands from a pair on a ring."""

    camera: CameraName
    noise: NoiseName
    ring_mm: float

    @property
    def name(self) -> str:
        return f"{self.camera} {self.noise}"


D435 = Setup("d435", "stereo-real", 490.0)  # as it was recorded; the others: a quarter beyond their usual distance
SETUPS = (
    D435,
    Setup("d405", "stereo-real", 375.0),
    Setup("d415", "stereo-real", 560.0),
    Setup("truedepth", "phone-truedepth", 440.0),
    Setup("azure-kinect", "tof", 750.0),
    Setup("d435", "structured-light", 490.0),
)


@dataclass(frozen=True)
class RealRecording(GridRecording):
    """One recording.

    Attributes
    ----------
    section : good, bad, or a person who does not hold still.
    group : those that differ by their seed alone.
    on_ring : a pair as clouds without floor, see `tests/rings.py`; others are simulated by their settings alone.
    wrong : what is wrong with a bad one.
    """

    section: Literal["good", "bad", "unrest"]
    group: str
    on_ring: bool = False
    wrong: Wrong | None = None


def real_recordings(seeds: int = SEEDS, setups: tuple[Setup, ...] = SETUPS) -> list[RealRecording]:
    """Return all recordings, the seeds of a group one after the other."""
    seedless = [*_good(setups), *_bad(), *_unrest()]
    return [_seeded(recording, seed) for recording in seedless for seed in range(seeds)]


def _good(setups: tuple[Setup, ...]) -> Iterator[RealRecording]:
    for setup in setups:
        for stops in STOPS:
            yield _on_ring("good", f"ring of {stops}, {setup.name}", setup, stops)
        yield _simulated("good", f"hand-held pair, {setup.name}", setup, "hand-held", bad_views=BAD_VIEWS, pair=True)
        for path in ("hand-held", "raised"):
            yield _simulated("good", f"{path}, {setup.name}", setup, path, bad_views=BAD_VIEWS)


def _bad() -> Iterator[RealRecording]:
    yield _on_ring("bad", "one view of other feet", D435, 8, "other feet")
    yield _on_ring("bad", "one view 15 % too large", D435, 8, "too large")
    yield replace(_simulated("bad", "depth unit stated as 10 mm for 1", D435, "hand-held"), wrong="unit")
    yield replace(_simulated("bad", "lens stated 1.42 times as long", D435, "hand-held"), wrong="lens")
    yield replace(_simulated("bad", "all 10 % too large", D435, "hand-held", scale_error=0.1), wrong="scale")


def _unrest() -> Iterator[RealRecording]:
    for name, paths, settings in UNREST:
        for path in paths:
            yield _simulated("unrest", f"{name}, {path}", D435, path, **settings)


def _on_ring(section: Any, group: str, setup: Setup, stops: int, wrong: Wrong | None = None) -> RealRecording:
    recording = _simulated(section, group, setup, "turntable", views=stops, pair=True, distance_mm=setup.ring_mm)
    return replace(recording, on_ring=True, wrong=wrong)


def _simulated(section: Any, group: str, setup: Setup, path: Any, **settings: Any) -> RealRecording:
    settings = {"views": VIEWS.get(path, 0), **settings}
    config = SimulationConfig(path=path, camera=setup.camera, noise_model=setup.noise, **settings)
    return RealRecording(group, LEGS[0], config, section, group)


def _seeded(recording: RealRecording, seed: int) -> RealRecording:
    """Return a recording of a group: leg and side change with the seed; a ring's feet are always the same."""
    leg, side = (LEGS[0], "left") if recording.on_ring else (LEGS[seed % len(LEGS)], SIDES[seed % 2])
    config = replace(recording.config, seed=300 + seed, side="left" if recording.config.pair else side)  # type: ignore[arg-type]
    words = recording.group.replace(",", "").replace("%", "percent").replace("°", "deg").split()
    return replace(recording, name="-".join([recording.section, *words, f"seed{seed}"]), leg=leg, config=config)
