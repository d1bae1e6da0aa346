"""What of a scan's noise is printed into a shell, and how well its top fits the true sole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from truth import best_fit, surface_errors, true_registration

from benchmarking.design import grid
from benchmarking.evaluation import NUM_POINTS, Case, as_mostly_seen, case_at, pose_errors_of
from benchmarking.parts import Rows
from benchmarking.rendering import missing_legs, rendered
from benchmarking.stages import Stages
from benchmarking.tables import table
from scanproc.artifacts import Feet, Foot, Mesh, Recording, Registration, ScanFacts, Surface
from scanproc.frames import FloatArray, inverse, transform
from scanproc.mesh.polyline_distance import inside
from scanproc.open3d_bridge import RayScene
from scanproc.prescription.fields import InsoleConfig
from scanproc.solid.edge_rounding import inner_row
from scanproc.solid.probes import Probe
from scanproc.stages.insole import Proven, proven_insole

RECORDED = "stereo-real-raised-d405"  # each leg's left foot of the grid
NO_FILL = InsoleConfig(arch_fill_mm=0.0)  # the default shell, which follows the sole all over
_OFF_RIM_MM, _FOLLOWS_MM = 8.0, 0.005  # where the top is the sole
_RADIUS_MM, _STEP_MM, _NUM_PLACES = 6.0, 1.0, 400  # of the quadrics that noise is what is left of
BOUNDS = {"residual_rms_mm": 0.015, "fit_median_mm": 0.05, "fit_p99_mm": 0.15}


def measure_printed(folder: Path) -> Rows:
    """Return rows for each leg: as it is found, of the same views with their true poses, and of the true mesh."""
    recordings = [one for one in grid() if one.name.startswith(RECORDED) and "-left-" in one.name]
    left_out = missing_legs(recordings)
    rows: Rows = []
    for recording in recordings:
        if recording.leg not in left_out:
            rows += _rows(recording.leg, case_at(rendered(recording, folder)))
            print(rows[-1], flush=True)
    return rows


def _rows(leg: str, case: Case) -> Rows:
    stages = Stages({Recording: case.recording, ScanFacts: case.facts})
    if not stages.run("clean", "register"):
        return [{"leg": leg, "refused": stages.refused}]
    found: Registration = stages.artifacts[Registration]
    truth = as_mostly_seen(case.truth, found)
    poses = pose_errors_of(found, truth)
    assert poses is not None
    ways = {
        "poses as found": (found, truth.mesh, poses.T_mesh_scan),
        "true poses": (replace(true_registration(case.truth), rim=found.rim), case.truth.mesh, np.eye(4)),
    }
    rows: Rows = [
        {"leg": leg, "of": way, **_recorded(Stages({**stages.artifacts, Registration: registration}), mesh, T)}
        for way, (registration, mesh, T) in ways.items()
    ]
    whole = Stages(
        {ScanFacts: case.facts, Surface: Surface(truth.mesh, np.full(len(truth.mesh.vertices), 9, np.uint8), True)}
    )
    noiseless = _figures(whole, truth.mesh, np.eye(4)) if whole.run("align") else {"refused": whole.refused}
    return [*rows, {"leg": leg, "of": "the true mesh", **noiseless}]


def _recorded(stages: Stages, true_mesh: Mesh, T_truth_scan: FloatArray) -> dict[str, float | str | None]:
    """Return the figures of a registered recording."""
    if not stages.run("surface", "align"):
        return {"refused": stages.refused}
    surface: Surface = stages.artifacts[Surface]
    return _figures(stages, true_mesh, surface_errors(surface, true_mesh, T_truth_scan, NUM_POINTS).T_truth_scan)


def _figures(stages: Stages, true_mesh: Mesh, T_truth_scan: FloatArray) -> dict[str, float | str | None]:
    """Return what the insole of an aligned foot owes to its noise, in mm."""
    feet: Feet = stages.artifacts[Feet]
    (foot,) = feet.feet
    proven = proven_insole(foot, stages.artifacts[ScanFacts], NO_FILL)
    T_insole_truth = _onto_insole(foot, proven) @ foot.T_foot_scan @ inverse(T_truth_scan)
    sole = RayScene(Mesh(transform(T_insole_truth, true_mesh.vertices), true_mesh.faces))
    xy = _follows_the_sole(proven)
    probe, clearance_mm = Probe(proven.solid), proven.rx.fit.clearance_mm + proven.rx.fit.top_cover_mm
    off = np.abs(sole.closest(np.column_stack([xy, probe.top_at(xy)])).distance - clearance_mm)
    places = np.random.default_rng(0).permutation(len(xy))[:_NUM_PLACES]
    return {
        "residual_rms_mm": _residual_rms_mm(probe, xy[places]),
        "fit_median_mm": float(np.median(off)),
        "fit_p99_mm": float(np.quantile(off, 0.99)),
        "failed": ", ".join(check.name for check in proven.checks if not check.passed),
    }


def _onto_insole(foot: Foot, proven: Proven) -> FloatArray:
    """Return the motion by which a foot was balanced for its insole."""
    return best_fit(foot.mesh.vertices, proven.asked.scanned.foot.mesh.vertices)


def _follows_the_sole(proven: Proven) -> FloatArray:
    """Return the (N, 2) points at which the top is the sole, lowered by the clearance alone."""
    nodes, asked = proven.asked.top.nodes(), proven.asked
    nodes = nodes[inside(inner_row(asked.outline, np.full(len(asked.outline), _OFF_RIM_MM)), nodes)]
    return np.asarray(nodes[np.abs(asked.top_at(nodes) - asked.sole.at(nodes)) < _FOLLOWS_MM])


def _residual_rms_mm(probe: Probe, xy: FloatArray) -> float:
    """Return how far a top lies off the quadrics through it round (N, 2) points, RMS, mm."""
    steps = np.arange(-_RADIUS_MM, _RADIUS_MM + 0.5 * _STEP_MM, _STEP_MM)
    dx, dy = (part.ravel() for part in np.meshgrid(steps, steps))
    dx, dy = (part[np.hypot(dx, dy) <= _RADIUS_MM] for part in (dx, dy))
    terms = np.column_stack([np.ones_like(dx), dx, dy, dx * dx, dx * dy, dy * dy])
    z = probe.top_at((xy[:, None] + np.column_stack([dx, dy])).reshape(-1, 2)).reshape(len(xy), -1)
    whole = z[np.isfinite(z).all(axis=1)].T
    quadrics = np.linalg.lstsq(terms, whole, rcond=None)[0]
    upright = np.hypot(np.hypot(quadrics[1], quadrics[2]), 1.0)  # of a millimetre along the normal
    return float(np.sqrt(np.mean(((whole - terms @ quadrics) / upright) ** 2)))


def printed_section(rows: Rows) -> str:
    """Return the table, with what is asked of the insoles as their recordings are found."""
    names = tuple(BOUNDS)
    body = table(
        ("leg", "of", "residual RMS", "fit, median", "fit, p99", "failed or refused"),
        (
            (row["leg"], row.get("of", "–"), *(f"{row[name]:.3f}" if name in row else "–" for name in names),
             row.get("failed") or row.get("refused") or "–")
            for row in rows
        ),
    )  # fmt: skip
    return f"""## Noise in a shell

Default shells without fill of raised feet (D405 at 300 mm, realistic noise). *residual*: of the top off quadrics
through it, {_RADIUS_MM:g} mm round; *fit*: where the top is the sole, from the true sole after a rigid best fit of the
surface, less the clearance; *true poses*: of the same views; *the true mesh*: what a form without noise has.
Asked: {", ".join(map(str, BOUNDS.values()))} mm.

{body}"""
