"""Which recordings the grid consists of: every leg, side, way of recording and camera, and what changes along them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from scanproc.simulation.noise_models import NoiseName
from scanproc.simulation.scene import FAULTS
from scanproc.simulation.settings import SimulationConfig

LEGS = ("leg-0", "leg-1", "leg-2", "leg-3")
SIDES = ("left", "right")
WAYS = ("hand-held", "turntable", "raised")
CAMERAS = ("d405", "d435", "d415")

DISTANCE_MM = {"d405": 300.0, "d435": 380.0, "d415": 450.0}
VIEWS = {"hand-held": (24, 30, 36), "turntable": (12, 12, 12), "raised": (36, 36, 36)}
#: Share of bad views; a turntable's twelve need more for all kinds of fault to come up.
BAD_VIEWS = {"hand-held": (0.1, 0.1, 0.1), "turntable": (0.1, 0.17, 0.1), "raised": (0.1, 0.1, 0.1)}
#: What else is in sight, beyond the foot: a wall behind the turntable, a floor under the raised foot and all cameras.
BEYOND_FOOT_MM = {"turntable": 250.0, "raised": 50.0}
UNITS_MM = (0.1, 1.0)
SWAY = ((0.0, 0.0), (0.3, 0.1), (1.0, 0.3))  # mm and deg, standard deviations

REPEATS, QUICK_REPEATS = 10, 2  # recordings of one leg that differ by their seed

#: Two feet beside each other: way, camera, views.
PAIRS = (("hand-held", "d435", 30), ("hand-held", "d415", 36), ("turntable", "d435", 12), ("turntable", "d415", 12))


@dataclass(frozen=True)
class GridRecording:
    """One recording of the grid: a name that tells what it is, the left leg that it is rendered from, the settings."""

    name: str
    leg: str
    config: SimulationConfig


def grid(noise: NoiseName = "stereo-real") -> list[GridRecording]:
    """Return all recordings: 4 legs x 2 sides x 3 ways x 3 cameras, and the pairs."""
    return [
        replace(recording, name=f"{noise}-{recording.name}", config=replace(recording.config, noise_model=noise))
        for recording in (*_single_feet(), *_pairs())
    ]


def quick_grid(noise: NoiseName = "stereo-real") -> list[GridRecording]:
    """Return every way with every camera once, over all legs, and one pair."""
    recordings = grid(noise)
    singles = [recordings[(i % 4) * 18 + (i // 4 % 2) * 9 + i] for i in range(9)]
    return [*singles, recordings[-4]]


def repeats(count: int = REPEATS) -> list[GridRecording]:
    """Return recordings of each leg standing and raised that differ by their seed alone: noise, path, sway."""
    return [
        GridRecording(f"repeat-{way}-{LEGS[leg]}-seed{seed}", LEGS[leg], _repeat(leg, way, seed))
        for seed, (way, leg) in product(range(count), product(("hand-held", "raised"), range(4)))
    ]


def _repeat(leg: int, way: Any, seed: int) -> SimulationConfig:
    camera: Any = "d435" if way == "hand-held" else "d405"
    return SimulationConfig(
        path=way,
        camera=camera,
        distance_mm=DISTANCE_MM[camera],
        depth_unit_mm=UNITS_MM[0],
        sway_mm=SWAY[1][0],
        sway_deg=SWAY[1][1],
        views=30,
        seed=1000 + 10 * leg + seed,
        side=SIDES[leg % 2],
    )


def _single_feet() -> Iterator[GridRecording]:
    """Depth unit, sway, clutter, number of views and first fault run along the grid as in a Latin square."""
    for leg, side, way, camera in product(range(4), range(2), range(3), range(3)):
        yield _recording(
            leg,
            WAYS[way],
            CAMERAS[camera],
            unit_mm=UNITS_MM[(leg + side + way + camera) % 2],
            sway=SWAY[(leg + 2 * side + way + camera) % 3],
            views=VIEWS[WAYS[way]][(leg + side + 2 * camera) % 3],
            bad_views=BAD_VIEWS[WAYS[way]][(leg + side + camera) % 3],
            background_mm=_background_mm(WAYS[way], CAMERAS[camera]) if (leg + camera + side * way) % 2 else 0.0,
            first_fault=FAULTS[(leg + side + 2 * way + camera) % 4],
            seed=100 + 18 * leg + 9 * side + 3 * way + camera,
            side=SIDES[side],
        )


def _background_mm(way: str, camera: str) -> float:
    return DISTANCE_MM[camera] + BEYOND_FOOT_MM[way] if way in BEYOND_FOOT_MM else 0.0


def _pairs() -> Iterator[GridRecording]:
    for leg, (way, camera, views) in enumerate(PAIRS):
        yield _recording(
            leg,
            way,
            camera,
            unit_mm=UNITS_MM[leg % 2],
            sway=SWAY[leg % 2],
            views=views,
            bad_views=0.1,
            first_fault=FAULTS[leg],
            seed=200 + leg,
            pair=True,
        )


def _recording(
    leg: int, way: Any, camera: Any, unit_mm: float, sway: tuple[float, float], **settings: Any
) -> GridRecording:
    """Name a recording after what it is, for example turntable-d405-leg1-left-unit0.1-sway0.3-clutter."""
    config = SimulationConfig(
        path=way,
        camera=camera,
        distance_mm=0.0 if settings.get("pair") else DISTANCE_MM[camera],
        depth_unit_mm=unit_mm,
        sway_mm=sway[0],
        sway_deg=sway[1],
        **settings,
    )
    who = "pair" if config.pair else config.side
    words = [way, camera, f"leg{leg}", who, f"unit{unit_mm:g}", f"sway{sway[0]:g}", f"{config.views}v"]
    words += ["clutter"] if config.background_mm > 0.0 else []
    return GridRecording("-".join(words), LEGS[leg], config)
