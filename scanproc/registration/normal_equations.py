"""Small motions of many views from the normal equations of their pairs, by conjugate gradients.

The equations of V views have as many blocks as there are pairs, and none between the others: nothing here grows with
the square of V. The sums run in a written order, so that no library with threads of its own has a say in the bytes.

Against scipy.sparse's spsolve of the same blocks (10 neighbours a view): 0.4 ms to 1.3 at 30 views, 23 to 16 at 300;
a run of a demo scan spends 10 to 40 ms here, and loading scipy.sparse alone takes as long. Dense: 0.8 and 277 ms.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scanproc.compiled import compiled
from scanproc.frames import FloatArray

_TOLERANCE = 1e-7  # of the first residual: a tenth of a micrometre where the first step is a millimetre
_MAX_ITERATIONS = 1000


@compiled
def solve_normal_equations(
    H: FloatArray, a: NDArray[np.int64], b: NDArray[np.int64], own: FloatArray, g: FloatArray
) -> FloatArray:
    """Return the (V, 6) steps x at which the pairs' squared distances are smallest.

    Preconditioned by the blocks on the diagonal (block Jacobi; Saad 2003, section 10).

    Parameters
    ----------
    H : (E, 6, 6), of pair e: its views pull at x[a[e]] - x[b[e]].
    own : (V, 6, 6), what else holds each view, and a little damping that keeps all from moving together.
    g : (V, 6) gradients.
    """
    count = len(g)
    inverse = np.empty((count, 6, 6))
    diagonal = own.copy()
    for e in range(len(H)):
        for i in range(6):
            for j in range(6):
                diagonal[a[e], i, j] += H[e, i, j]
                diagonal[b[e], i, j] += H[e, i, j]
    for v in range(count):
        _invert(diagonal[v], inverse[v])
    x = np.zeros((count, 6))
    residual = -g
    z = _each(inverse, residual)
    direction = z.copy()
    energy = _dot(residual, z)
    first = energy
    for _ in range(_MAX_ITERATIONS):
        if energy <= _TOLERANCE**2 * first or energy <= 0.0:
            break
        pulled = _each(own, direction)
        for e in range(len(H)):
            for i in range(6):
                total = 0.0
                for j in range(6):
                    total += H[e, i, j] * (direction[a[e], j] - direction[b[e], j])
                pulled[a[e], i] += total
                pulled[b[e], i] -= total
        length = energy / _dot(direction, pulled)
        x += length * direction
        residual -= length * pulled
        z = _each(inverse, residual)
        before, energy = energy, _dot(residual, z)
        direction = z + (energy / before) * direction
    return x


@compiled
def _each(blocks: FloatArray, x: FloatArray) -> FloatArray:
    """Return each (6, 6) block times its (6,) vector."""
    result = np.zeros(x.shape)
    for v in range(len(x)):
        for i in range(6):
            for j in range(6):
                result[v, i] += blocks[v, i, j] * x[v, j]
    return result


@compiled
def _dot(x: FloatArray, y: FloatArray) -> float:
    total = 0.0
    for v in range(len(x)):
        for i in range(6):
            total += x[v, i] * y[v, i]
    return total


@compiled
def _invert(A: FloatArray, inverse: FloatArray) -> None:
    """Write the inverse of a symmetric positive definite (6, 6) matrix, by Cholesky's factors."""
    L = np.zeros((6, 6))
    for i in range(6):
        for j in range(i + 1):
            total = A[i, j]
            for k in range(j):
                total -= L[i, k] * L[j, k]
            L[i, j] = np.sqrt(max(total, 1e-12)) if i == j else total / L[j, j]
    for column in range(6):
        for i in range(6):
            total = 1.0 if i == column else 0.0
            for k in range(i):
                total -= L[i, k] * inverse[k, column]
            inverse[i, column] = total / L[i, i]
        for i in range(5, -1, -1):
            total = inverse[i, column]
            for k in range(i + 1, 6):
                total -= L[k, i] * inverse[k, column]
            inverse[i, column] = total / L[i, i]
