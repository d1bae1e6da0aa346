"""Replicates of a foot, whose frame and landmarks are found on moved parts of it, against whole feet moved so."""

from __future__ import annotations

import numpy as np
import pytest
from feet import AnalyticFoot

from scanproc.anatomy.foot_frame import settle
from scanproc.anatomy.foot_replicates import FrameRules, foot_replicates
from scanproc.anatomy.stance import GroundErrors
from scanproc.artifacts import Mesh
from scanproc.frames import transform
from scanproc.mesh.meshes import vertex_normals

NO_EDGE_MM = 0.0  # the mesh stays as it is: how it is averaged is tested with the sections
POINTS = ("pternion", "longest_toe_tip", "second_toe_tip", "metatarsale_tibiale", "metatarsale_fibulare")


@pytest.mark.parametrize("on_floor", [True, False])
def test_a_replicate_settles_as_a_foot_that_was_fused_so(on_floor: bool) -> None:
    """Waves of 0.5 mm, 120 mm long, in other places in each replicate; a raised foot finds its ground anew."""
    surface = AnalyticFoot(step_mm=2.0).mesh()
    frame = settle(surface, np.eye(3), -1.0, on_floor, 2.0)
    phases = 2.0 * np.pi * np.arange(4) / 4.0
    waves = 0.5 * np.cos(surface.vertices @ [0.03, 0.03, 0.03])[:, None] * np.cos(phases)
    waves += 0.5 * np.sin(surface.vertices @ [0.03, 0.03, 0.03])[:, None] * np.sin(phases)
    errors_mm, views = waves.astype(np.float16), np.full(len(surface.vertices), 9, np.uint8)
    rules = FrameRules(-1.0, GroundErrors(0.0, 0.0) if on_floor else None, 2.0, NO_EDGE_MM)
    found = foot_replicates(surface, surface, views, errors_mm, frame, rules)
    moved_by = []
    for k in range(4):
        moved = surface.vertices + vertex_normals(surface) * errors_mm[:, k, None].astype(np.float64)
        expected = settle(Mesh(moved, surface.faces), np.eye(3), -1.0, on_floor, 2.0)
        T = found.T_replicate_foot[k] @ frame.T_foot_scan
        toes = np.array([[250.0, 0.0, 0.0]])
        assert transform(T, toes) == pytest.approx(transform(expected.T_foot_scan, toes), abs=0.1)
        points = expected.points
        for name in POINTS:
            true = points.second_toe.tip if name == "second_toe_tip" else getattr(points, name)
            own = frame.points.second_toe.tip if name == "second_toe_tip" else getattr(frame.points, name)
            at = 0 if not name.startswith("metatarsale") else 1  # along a flat border less is known
            assert found.landmarks[name][k][at] == pytest.approx(true[at], abs=0.1)
            moved_by.append(true[at] - own[at])
    assert np.abs(moved_by).max() > 0.3, "hardly any replicate differs from the foot: this proves nothing"
