"""Solving for a small rigid motion and applying it, within compiled loops."""

from __future__ import annotations

import numpy as np

from scanproc.artifacts import BoolArray
from scanproc.frames import FloatArray
from scanproc.geometry.compiled import compiled


@compiled
def solve_step(H: FloatArray, g: FloatArray, free: BoolArray) -> FloatArray:
    """Return the (6,) step that solves H step = -g by Cholesky's method, 0 where not `free`, (6,)."""
    L = np.zeros((6, 6))
    step = np.zeros(6)
    for i in range(6):
        for j in range(i + 1):
            total = 0.0
            if free[i] and free[j]:
                total = H[i, j] + (1e-6 * H[i, i] + 1e-9 if i == j else 0.0)
            elif i == j:
                total = 1.0
            for k in range(j):
                total -= L[i, k] * L[j, k]
            L[i, j] = np.sqrt(max(total, 1e-12)) if i == j else total / L[j, j]
    for i in range(6):
        total = -g[i] if free[i] else 0.0
        for k in range(i):
            total -= L[i, k] * step[k]
        step[i] = total / L[i, i]
    for i in range(5, -1, -1):
        total = step[i]
        for k in range(i + 1, 6):
            total -= L[k, i] * step[k]
        step[i] = total / L[i, i]
    return step


@compiled
def moved(pose: FloatArray, step: FloatArray, centre: FloatArray) -> FloatArray:
    """Return a (4, 4) pose after a motion (rotation vector about `centre`, translation) in the frame it maps into."""
    angle = np.sqrt(step[0] ** 2 + step[1] ** 2 + step[2] ** 2)
    a, b = (np.sin(angle) / angle, (1.0 - np.cos(angle)) / angle**2) if angle > 1e-9 else (1.0, 0.5)
    K = np.zeros((3, 3))
    K[0, 1], K[0, 2], K[1, 2] = -step[2], step[1], -step[0]
    K[1, 0], K[2, 0], K[2, 1] = step[2], -step[1], step[0]
    result = np.eye(4)
    for i in range(3):
        for j in range(4):
            # Rodrigues' formula applied to each column; the last one is the position, from the centre.
            total = pose[i, j] - (centre[i] if j == 3 else 0.0)
            for k in range(3):
                turn = a * K[i, k]
                for m in range(3):
                    turn += b * K[i, m] * K[m, k]
                total += turn * (pose[k, j] - (centre[k] if j == 3 else 0.0))
            result[i, j] = total + (centre[i] + step[3 + i] if j == 3 else 0.0)
    return result
