"""Products of small matrices, replicate by replicate: the same bits however many replicates there are.

`einsum` chooses the order in which it adds by the shape of the whole batch; these call one kernel a replicate.
"""

from __future__ import annotations

import numpy as np

from pivotal.stats.estimate import Floats


def dots(a: Floats, b: Floats) -> Floats:
    """Inner products over the last axis, (..., n) and (..., n) -> (...)."""
    rows, columns = np.ascontiguousarray(a)[..., None, :], np.ascontiguousarray(b)[..., None]
    return np.asarray((rows @ columns)[..., 0, 0], dtype=np.float64)


def times(matrix: Floats, vector: Floats) -> Floats:
    """Matrices times vectors, (..., m, n) and (..., n) -> (..., m)."""
    product = np.ascontiguousarray(matrix) @ np.ascontiguousarray(vector)[..., None]
    return np.asarray(product[..., 0], dtype=np.float64)


def form(vector: Floats, matrix: Floats) -> Floats:
    """Quadratic forms, (..., n) and (..., n, n) -> (...)."""
    return dots(vector, times(matrix, vector))


def replicates_first(stack: Floats) -> Floats:
    """(row, column, replicate) as (replicate, row, column), laid out anew."""
    return np.ascontiguousarray(np.moveaxis(stack, -1, 0))
