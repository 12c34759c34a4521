"""Completed data analysed by analysis of covariance at every visit, ready for pooling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pivotal.stats.ancova import ancova, fit_ols, ls_means_rows
from pivotal.stats.estimate import Floats, Reasons
from pivotal.stats.imputation.pooling import DegreesOfFreedom, Pooled, rubin
from pivotal.stats.tables import Mask, divide


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitResults:
    """Analyses of completed data sets.

    Attributes
    ----------
    estimate, variance
        (replicate, imputation, visit, quantity)
    df
        Residual degrees of freedom, (replicate, imputation, visit).
    reason
        (replicate, imputation, visit, quantity)
    """

    estimate: Floats
    variance: Floats
    df: Floats
    reason: Reasons

    def pooled(self, level: float = 0.95, df: DegreesOfFreedom = "barnard-rubin") -> Pooled:
        """Pool over imputations by `rubin`: (replicate, visit, quantity)."""
        return rubin(self.estimate, self.variance, df_complete=self.df[:, 0], level=level, df=df)


def arm_quantities(
    x: ArrayLike,
    arm_columns: Sequence[int],
    factors: Sequence[Sequence[int]] = (),
    included: ArrayLike | None = None,
) -> Floats:
    """Contrasts of an analysis of covariance: differences to the reference arm, then LS means of all arms.

    Parameters
    ----------
    x
        The analysis's design, (patient, column) or (replicate, patient, column).
    arm_columns, factors
        As in `ls_means_rows`.
    included
        Patients over whom covariates are averaged, (..., patient); all if None.

    Returns
    -------
    Floats
        (..., quantity, column): the differences in the order of `arm_columns`, the reference arm's LS mean, and those
        of the other arms.

    Examples
    --------
    >>> arm_quantities([[1, 0, 10.0], [1, 1, 20.0], [1, 1, 30.0]], [1]).tolist()
    [[0.0, 1.0, 0.0], [1.0, 0.0, 20.0], [1.0, 1.0, 20.0]]
    """
    design = np.asarray(x, dtype=np.float64)
    if included is None:
        means = design.mean(axis=-2)
    else:
        used = np.asarray(included, dtype=np.float64)
        means = divide((used[..., None, :] @ design)[..., 0, :], used.sum(axis=-1)[..., None])
    rows = ls_means_rows(means, arm_columns, factors)
    differences = np.zeros((*rows.shape[:-2], len(arm_columns), rows.shape[-1]))
    for number, column in enumerate(arm_columns):
        differences[..., number, column] = 1.0
    return np.concatenate([differences, rows], axis=-2)


def ancova_by_visit(
    y: ArrayLike, x: ArrayLike, quantities: ArrayLike, included: ArrayLike | None = None
) -> VisitResults:
    """Analyse every completed data set at every visit by least squares.

    Parameters
    ----------
    y
        Completed outcomes, (replicate, imputation, patient, visit).
    x
        Design with its intercept column, (patient, column) or (replicate, patient, column).
    quantities
        Contrasts of the coefficients, (quantity, column), or with axes replicate and imputation in front.
    included
        Patients analysed, (imputation, patient) or (replicate, imputation, patient); all if None.

    Returns
    -------
    VisitResults
        As `ancova` in every data set; NaN where it has missing values.

    Examples
    --------
    >>> y = np.array([1.0, 2.0, 4.0, 5.0]).reshape(1, 1, 4, 1)
    >>> found = ancova_by_visit(y, [[1, 0], [1, 0], [1, 1], [1, 1]], [[0, 1]])
    >>> float(found.estimate[0, 0, 0, 0]), float(found.variance[0, 0, 0, 0].round(6))
    (3.0, 0.5)
    """
    outcome = np.asarray(y, dtype=np.float64)
    replicates, imputations, patients, visits = outcome.shape
    design = np.asarray(x, dtype=np.float64)
    design = design[None, None] if design.ndim == 2 else design[:, None]
    lost = np.asarray(np.isnan(outcome).any(axis=2), dtype=np.bool_)
    used = np.ones((1, 1, patients), dtype=np.bool_) if included is None else np.asarray(included, dtype=np.bool_)
    used = used if used.ndim == 3 else used[None]
    sums = _sums(np.where(lost[:, :, None], 0.0, outcome), design, used)
    shape = (replicates, imputations, visits)
    fit = fit_ols(*(np.broadcast_to(part, shape + part.shape[3:]).reshape(-1, *part.shape[3:]) for part in sums))
    contrasts = np.asarray(quantities, dtype=np.float64)
    contrasts = contrasts[None, None] if contrasts.ndim == 2 else contrasts
    wide = np.broadcast_to(contrasts[:, :, None], (*shape, *contrasts.shape[2:])).reshape(-1, *contrasts.shape[2:])
    found = [ancova(fit, wide[:, quantity]) for quantity in range(wide.shape[1])]

    def stacked(name: str) -> Floats:
        return np.stack([getattr(one, name).reshape(shape) for one in found], axis=-1)

    return VisitResults(
        estimate=np.where(lost[..., None], np.nan, stacked("estimate")),
        variance=np.where(lost[..., None], np.nan, stacked("se") ** 2),
        df=fit.df.reshape(shape),
        reason=np.stack([one.reason.reshape(shape) for one in found], axis=-1),
    )


def _sums(outcome: Floats, design: Floats, used: Mask) -> tuple[Floats, Floats, Floats, Floats]:
    """X'X, X'y, y'y and n with the axes (replicate, imputation, visit, ...), of length 1 where all are alike."""
    if used.all():
        rows, kept = design, outcome
    else:
        rows, kept = design * used[..., None], outcome * used[..., None]
    across = np.swapaxes(rows, -1, -2)
    return (
        (across @ rows)[:, :, None],
        np.swapaxes(across @ kept, -1, -2),
        (kept * kept).sum(axis=2),
        used.sum(axis=-1).astype(np.float64)[:, :, None],
    )
