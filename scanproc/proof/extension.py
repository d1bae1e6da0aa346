"""The soft extension, measured back: one body beside the shell, as thick as asked, flush with the shell's front end."""

from __future__ import annotations

import numpy as np

from scanproc.artifacts import Check, Mesh
from scanproc.design.extension import JOINT_MM, SoftExtension
from scanproc.design.front_platform import stands_level
from scanproc.frames import FloatArray
from scanproc.mesh.polyline_distance import nearest_on_curve
from scanproc.prescription.fields import DENSITY_G_PER_CM3
from scanproc.proof.bodies import body_checks
from scanproc.proof.checks import at_least, at_most, is_so, told, within
from scanproc.proof.finished import Finished
from scanproc.solid.overlap import overlap_mm3
from scanproc.solid.probes import Probe
from scanproc.solid.topology import volume_mm3

_TYPICAL_MM, _END_MM, _JOINT_MM, _STEP_MM, _BELOW_MM = 0.05, 0.1, 0.1, 0.2, 0.1  # tolerances
_FAR_MM = 3.0  # ahead of the shell's front end, beyond which no joint is looked for
_FINE_MM, _OFF_EDGE_MM = 0.02, 0.1
_MOST_ROUNDED = 0.4  # of the shell's front end, above: where it is round its top is drawn on
_OVER_MM = 0.5  # over which the slope at the joint is read


def extension_checks(done: Finished) -> tuple[Check, ...]:
    """Its body, thickness and end; how it meets the shell; whether it reaches below what the shell stands on."""
    part, asked, device = done.extension, done.asked.extension, done.rx.device
    if part is None or asked is None:
        return ()
    probe = Probe(part)
    walls = _walls(done, probe, asked)
    body = all(check.passed for check in body_checks(part))
    grams = volume_mm3(part) / 1e3 * DENSITY_G_PER_CM3[device.extension_material]
    return (
        is_so("extension_closed", True, body),
        at_most("extension_overlap_mm3", 0.0, overlap_mm3(done.solid, part), 0.0),
        within("extension_mm", asked.wall_mm, float(np.median(walls)), _TYPICAL_MM),
        at_least("extension_min_mm", asked.wall_mm, float(walls.min()), done.rx.judgement.wall_tolerance_mm),
        within("extension_end_mm", float(asked.outline[:, 0].max()), float(part.vertices[:, 0].max()), _END_MM),
        *_seam(done, probe),
        _below(done, part),
        told("extension_mass_g", grams, f"measured, {device.extension_material}"),
    )


def _walls(done: Finished, probe: Probe, asked: SoftExtension) -> FloatArray:
    """Return the thickness from below, (N,) mm, clear of the rounded upper edge and of the joint."""
    walls = probe.walls_up(quick=done.quick)
    clear_mm = asked.wall_mm + done.rx.thickness.rim_radius_mm
    off = nearest_on_curve(asked.outline, walls.xy, clear_mm, closed=True).distance_mm
    return walls.distance[np.isinf(off) & np.isfinite(walls.distance)]


def _seam(done: Finished, probe: Probe) -> list[Check]:
    """The widest gap along the middle of the shell's front end, and the largest step of the top across it."""
    distal = done.asked.distal_edge
    if not len(distal.points):  # all of it is cut out
        return []
    ahead = np.arange(0.0, _FAR_MM, _FINE_MM)
    there = np.isfinite(_ahead_of(distal.points, distal.inward, ahead, probe))
    begins = np.where(there.any(axis=0), ahead[there.argmax(axis=0)], np.nan)
    thickness = done.rx.thickness
    rounded_mm = min(thickness.rim_radius_mm, _MOST_ROUNDED * thickness.distal_edge_mm)
    shell = _at_edge(distal.points, distal.inward, np.full(len(begins), rounded_mm + _OFF_EDGE_MM), done.probe)
    soft = _at_edge(distal.points, -distal.inward, begins + _OFF_EDGE_MM, probe)
    return [
        within("extension_gap_mm", JOINT_MM, float(begins.max()), _JOINT_MM),
        at_most("extension_step_mm", 0.0, float(np.abs(shell - soft).max()), _STEP_MM),
    ]


def _ahead_of(points: FloatArray, inward: FloatArray, ahead_mm: FloatArray, probe: Probe) -> FloatArray:
    """Return the height of a top so far ahead of each of (N, 2) points, (M, N) mm; -inf beside it."""
    xy = points - ahead_mm[:, None, None] * inward
    return probe.top_at(xy.reshape(-1, 2)).reshape(len(ahead_mm), -1)


def _at_edge(points: FloatArray, way: FloatArray, off_mm: FloatArray, probe: Probe) -> FloatArray:
    """Return the height that a top has at (N, 2) points of an edge, drawn on from (N,) `off_mm` inside it, (N,) mm.

    It is nan beside the top.
    """
    near, far = (probe.top_at(points + (off_mm + more)[:, None] * way) for more in (0.0, _OVER_MM))
    there = np.isfinite(near) & np.isfinite(far)
    near, far = np.where(there, near, np.nan), np.where(there, far, np.nan)
    return np.asarray(near + (near - far) * off_mm / _OVER_MM)


def _below(done: Finished, part: Mesh) -> Check:
    """How far it reaches below what a level shell stands on, which it would lift; what is inclined is told."""
    below = max(float(done.solid.vertices[:, 2].min() - part.vertices[:, 2].min()), 0.0)
    if stands_level(done.rx):
        return at_most("extension_below_mm", 0.0, below, _BELOW_MM)
    return told("extension_below_mm", below)
