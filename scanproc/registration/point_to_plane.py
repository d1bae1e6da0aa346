"""What alignment is made of, within compiled loops: moving points, adding up distances, solving for a small motion."""

from __future__ import annotations

import numpy as np

from scanproc.artifacts import BoolArray
from scanproc.compiled import compiled
from scanproc.frames import FloatArray

#: Cosine of 45 deg: beyond it two points lie on different sides of a toe or a malleolus.
_MIN_NORMAL_AGREEMENT = 0.7
#: Fewer matched points do not hold six degrees of freedom against noise.
MIN_MATCHES = 30


@compiled
def rotate_vector(T: FloatArray, x: float, y: float, z: float) -> tuple[float, float, float]:
    """Return a direction after the rotation of a (4, 4) transform."""
    return (
        T[0, 0] * x + T[0, 1] * y + T[0, 2] * z,
        T[1, 0] * x + T[1, 1] * y + T[1, 2] * z,
        T[2, 0] * x + T[2, 1] * y + T[2, 2] * z,
    )


@compiled
def transform_point(T: FloatArray, x: float, y: float, z: float) -> tuple[float, float, float]:
    """Return a point after a (4, 4) transform."""
    x, y, z = rotate_vector(T, x, y, z)
    return x + T[0, 3], y + T[1, 3], z + T[2, 3]


@compiled
def inverse(T: FloatArray) -> FloatArray:
    """Return the inverse of a (4, 4) rigid motion."""
    result = np.eye(4)
    for i in range(3):
        for j in range(3):
            result[i, j] = T[j, i]
            result[i, 3] -= T[j, i] * T[j, 3]
    return result


@compiled
def compose(T_a_b: FloatArray, T_b_c: FloatArray) -> FloatArray:
    """Return T_a_c."""
    result = np.zeros((4, 4))
    for i in range(4):
        for j in range(4):
            for k in range(4):
                result[i, j] += T_a_b[i, k] * T_b_c[k, j]
    return result


@compiled
def mean_normal(nx: float, ny: float, nz: float, mx: float, my: float, mz: float) -> tuple[float, float, float, bool]:
    """Return the mean of two unit normals, which is less noisy than either, and whether they agree."""
    x, y, z = nx + mx, ny + my, nz + mz
    scale = 1.0 / (np.sqrt(x * x + y * y + z * z) + 1e-12)
    return x * scale, y * scale, z * scale, nx * mx + ny * my + nz * mz > _MIN_NORMAL_AGREEMENT


@compiled
def robust_weight(distance: float, gate_mm: float) -> float:
    """Return the weight of a distance after Geman & McClure.

    Its width follows the gate: one that follows the residuals converges from 2, not 10 deg.
    """
    scaled = distance * (1.5 / gate_mm)
    return float(1.0 / (1.0 + scaled * scaled) ** 2)


@compiled
def point_to_plane_row(
    lever: tuple[float, float, float], normal: tuple[float, float, float]
) -> tuple[float, float, float, float, float, float]:
    """Return by how much a point-to-plane distance grows with a turn about where levers start, and with a shift."""
    (lx, ly, lz), (nx, ny, nz) = lever, normal
    return ly * nz - lz * ny, lz * nx - lx * nz, lx * ny - ly * nx, nx, ny, nz


@compiled
def add_rows(H: FloatArray, g: FloatArray, rows: FloatArray, weights: FloatArray) -> None:
    """Add distances to the lower half of the normal equations H, (N, N), and g, (N,), of N <= 7 unknowns.

    Row by row of H, with sums that stay in registers: added up distance by distance, they would take twice as long.

    Parameters
    ----------
    rows : (M, 8), by how much each distance grows with each of seven unknowns, and the distance itself.
    weights : (M,) of each.
    """
    for i in range(len(g)):
        s0, s1, s2, s3, s4, s5, s6, s7 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for m in range(len(rows)):
            weighted = weights[m] * rows[m, i]
            s0 += weighted * rows[m, 0]
            s1 += weighted * rows[m, 1]
            s2 += weighted * rows[m, 2]
            s3 += weighted * rows[m, 3]
            s4 += weighted * rows[m, 4]
            s5 += weighted * rows[m, 5]
            s6 += weighted * rows[m, 6]
            s7 += weighted * rows[m, 7]
        sums = (s0, s1, s2, s3, s4, s5, s6)
        for j in range(i + 1):
            H[i, j] += sums[j]
        g[i] += s7


@compiled
def add_rotated(H: FloatArray, g: FloatArray, own_H: FloatArray, own_g: FloatArray, T_common_own: FloatArray) -> None:
    """Add equations of a turn and a shift, (6,), and maybe of one number more, that hold in another frame.

    Parameters
    ----------
    H, g : (N, N) and (N,), in the common frame, added to.
    own_H, own_g : of the same unknowns about the same point in the frame of T_common_own; of own_H the lower half.
    """
    size = len(g)
    B = np.zeros((size, size))
    B[6:, 6:] = np.eye(size - 6)
    for i in range(3):
        for j in range(3):
            B[i, j] = B[3 + i, 3 + j] = T_common_own[i, j]
    for i in range(size):
        for j in range(i):
            own_H[j, i] = own_H[i, j]
    for i in range(size):
        for j in range(i + 1):
            total = 0.0
            for k in range(size):
                if B[i, k] != 0.0:
                    for m in range(size):
                        total += B[i, k] * own_H[k, m] * B[j, m]
            H[i, j] += total
            H[j, i] = H[i, j]
        for k in range(size):
            g[i] += B[i, k] * own_g[k]


@compiled
def solve_step(H: FloatArray, g: FloatArray, free: BoolArray) -> FloatArray:
    """Return the (6,) step that solves H step = -g by Cholesky's method; of H the lower half counts.

    `free`, (6,), says which of the unknowns may differ from 0.
    """
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
def apply_step(pose: FloatArray, step: FloatArray, centre: FloatArray) -> FloatArray:
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
