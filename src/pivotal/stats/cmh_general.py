"""Cochran-Mantel-Haenszel tests of tables with any number of rows and columns, over strata."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from pivotal.stats.estimate import Estimate, Floats, Reason
from pivotal.stats.tables import divide, first_reason

# A direction with this share of the largest variance, or less, has none: it comes of an empty row or column.
NO_VARIANCE = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class CmhTests:
    """The three Cochran-Mantel-Haenszel statistics (chi-square), as SAS prints them.

    Attributes
    ----------
    correlation
        Rows and columns ordinal: one degree of freedom.
    row_means
        Columns ordinal: do the rows' mean scores differ? Rows - 1 degrees of freedom.
    general
        Neither: (rows - 1)(columns - 1) degrees of freedom.
    """

    correlation: Estimate
    row_means: Estimate
    general: Estimate


def cmh_tests(
    counts: ArrayLike, row_scores: ArrayLike | None = None, column_scores: ArrayLike | None = None
) -> CmhTests:
    """Test that rows and columns are independent within strata, against three kinds of alternative.

    Parameters
    ----------
    counts
        Patients, shape (replicate, stratum, row, column): a row an arm, a column a category of the outcome.
    row_scores, column_scores
        Scores of the rows and the columns, shape (row,) and (column,), or (replicate, stratum, row) and so on where they
        differ between strata, such as ranks; by default 1, 2, ... .

    Returns
    -------
    CmhTests
        Degrees of freedom are the rank of the variance: a row or column empty in all strata takes its own. NaN with
        `Reason.NO_INFORMATION`, and 0 degrees of freedom, where no stratum has two patients who differ in both.

    Raises
    ------
    ValueError
        If `counts` has not four axes.

    Notes
    -----
    Q = G'V⁻¹G, G = Σ B_h (n_h - m_h), V = Σ B_h Var_h B_h', with the multiple hypergeometric mean and variance of each
    stratum, and B_h picks all but the last row and column (general), the rows' score sums (row means), or their
    correlation. Landis, Heyman and Koch (1978), doi:10.2307/1402373. As SAS `PROC FREQ` `CMH` with table scores; R
    `mantelhaen.test` has the general one (and fails where a row or column is empty), `vcdExtra::CMHtest` all three. In
    2x2 tables all three are `cochran_mantel_haenszel` without correction.

    Examples
    --------
    >>> found = cmh_tests([[[[6, 4, 2], [3, 4, 6]], [[5, 5, 1], [2, 3, 5]]]])
    >>> [float(test.statistic[0].round(4)) for test in (found.correlation, found.row_means, found.general)]
    [6.2737, 6.2737, 6.7484]
    """
    table = np.asarray(counts, dtype=np.float64)
    if table.ndim != 4:
        raise ValueError(f"counts has the shape {table.shape}; it must be (replicate, stratum, row, column).")
    size, rows, columns = table.sum(axis=(-1, -2)), table.sum(axis=-1), table.sum(axis=-2)
    excess = table - divide(rows[..., :, None] * columns[..., None, :], size[..., None, None])
    excess = np.nan_to_num(excess)  # (replicate, stratum, row, column)
    # Var of cell (i,j) with (k,l): R[i,k] C[j,l] / (N²(N-1)), R and C the margins' multinomial parts
    scale = np.nan_to_num(divide(1, size**2 * np.maximum(size - 1, 0)))
    of_rows, of_columns = _margin(rows, size) * scale[..., None, None], _margin(columns, size)
    a, c = _scores(row_scores, rows), _scores(column_scores, columns)
    means = np.einsum("rhij,rhj->rhi", excess, c)
    along = np.einsum("rhj,rhjl,rhl->rh", c, of_columns, c)
    across = np.einsum("rhi,rhik,rhk->rh", a, of_rows, a)
    last = table.shape[0], -1
    variance = np.einsum("rhik,rhjl->rijkl", of_rows[..., :-1, :-1], of_columns[..., :-1, :-1])
    inner = (table.shape[2] - 1) * (table.shape[3] - 1)
    return CmhTests(
        correlation=_test(np.einsum("rhi,rhi->r", a, means)[:, None], (across * along).sum(axis=1)[:, None, None]),
        row_means=_test(means.sum(axis=1)[:, :-1], np.einsum("rhik,rh->rik", of_rows[..., :-1, :-1], along)),
        general=_test(excess.sum(axis=1)[:, :-1, :-1].reshape(last), variance.reshape(-1, inner, inner)),
    )


def _margin(margin: Floats, size: Floats) -> Floats:
    """N diag(n) - nn', (replicate, stratum, level, level)."""
    diagonal = margin[..., None] * np.eye(margin.shape[-1]) * size[..., None, None]
    return np.asarray(diagonal - margin[..., :, None] * margin[..., None, :], dtype=np.float64)


def _scores(scores: ArrayLike | None, margin: Floats) -> Floats:
    given = np.arange(1.0, margin.shape[-1] + 1) if scores is None else np.asarray(scores, dtype=np.float64)
    return np.broadcast_to(given, margin.shape)


def _test(sums: Floats, variance: Floats) -> Estimate:
    size, axes = np.linalg.eigh(variance)  # (replicate, axis), (replicate, component, axis)
    used = size > NO_VARIANCE * np.maximum(size.max(axis=1, initial=0.0, keepdims=True), 1e-300)
    along = np.einsum("rca,rc->ra", axes, sums)
    df = used.sum(axis=1).astype(np.float64)
    chi = np.where(used, divide(along**2, np.where(used, size, 1.0)), 0.0).sum(axis=1)
    none = df == 0
    statistic = np.where(none, np.nan, chi)
    p = np.where(none, np.nan, special.chdtrc(np.maximum(df, 1), chi))
    return Estimate(statistic=statistic, df=df, p=p, reason=first_reason((none, Reason.NO_INFORMATION)))
