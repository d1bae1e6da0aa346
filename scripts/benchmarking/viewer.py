"""How long a foot of 300,000 triangles takes to open in the viewer, and how often a second it turns, off-screen."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from scanproc.artifacts import Feet, Foot, Landmark, Mesh
from scanproc.views import pages
from scanproc.window.show import SIZE_PX, open_viewer
from scanproc.window.viewer import Outside

AROUND, ALONG = 480, 314  # triangles: twice their product, less the two ends
ROUNDS, TURNS = 3, 30
LEAST_FPS, MOST_SECONDS = 20.0, 3.0


def rough_foot() -> Foot:
    """Return an ellipsoid as long, wide and rough as a scanned foot, with twelve landmarks."""
    u, v = np.meshgrid(np.arange(AROUND) * 2.0 * np.pi / AROUND, np.linspace(0.02, np.pi - 0.02, ALONG), indexing="ij")
    unit = np.stack([np.cos(v), np.sin(v) * np.cos(u), np.sin(v) * np.sin(u)], axis=-1).reshape(-1, 3)
    points = unit * (125.0, 48.0, 40.0) + (125.0, 0.0, 40.0)
    points += unit * np.random.default_rng(0).normal(0.0, 0.05, (len(unit), 1))
    index = np.arange(AROUND * ALONG).reshape(AROUND, ALONG)
    a, b, c, d = index[:, :-1], np.roll(index, -1, 0)[:, :-1], np.roll(index, -1, 0)[:, 1:], index[:, 1:]
    faces = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
    names = [f"landmark {number}" for number in range(12)]
    marks = {name: Landmark(points[12_000 * k % len(points)], "auto", 0.9) for k, name in enumerate(names)}
    views = np.full(len(points), 5, np.uint8)
    return Foot("left", 0.98, "floor", np.eye(4), Mesh(points, faces.astype(np.int32)), views, marks)


def measure_viewer() -> list[str]:
    """Return the lines of a table: of each the seconds that passed and those of the processor, the best of some rounds.

    On a busy machine the first say more of the others than of the viewer.
    """
    foot = rough_foot()
    opening, turning = [], []
    for _ in range(ROUNDS + 1):  # the first compiles loops, and loads what is loaded late
        start, busy = time.perf_counter(), time.process_time()
        viewer = open_viewer("benchmark", pages(Feet((foot,))), Outside(Path(), str), SIZE_PX, off_screen=True)
        viewer.canvas.pixels()
        opening.append((time.perf_counter() - start, time.process_time() - busy))
        viewer.canvas.turn(3.0, 0.0)
        start, busy = time.perf_counter(), time.process_time()
        for _ in range(TURNS):
            viewer.canvas.turn(3.0, 1.0)
        viewer.canvas.pixels()
        turning.append(((time.perf_counter() - start) / TURNS, (time.process_time() - busy) / TURNS))
        viewer.canvas.close()
    opened, turned = (np.min(found[1:], axis=0) for found in (opening, turning))
    size = f"{SIZE_PX[0]} x {SIZE_PX[1]}"
    return [
        f"| viewer, {len(foot.mesh.faces):,} triangles, {size}, off-screen | seconds | of the processor | asked |",
        "|---|---|---|---|",
        f"| open, after imports | {opened[0]:.2f} | {opened[1]:.2f} | {MOST_SECONDS:g} |",
        f"| turn, a frame | {turned[0]:.3f} ({1.0 / turned[0]:.0f} a second) | {turned[1]:.3f} |"
        f" {1.0 / LEAST_FPS:g} ({LEAST_FPS:g} a second) |",
    ]
