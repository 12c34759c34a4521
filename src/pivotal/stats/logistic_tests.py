"""Tests of several coefficients of a logistic regression at once: score and likelihood ratio."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from pivotal.stats.estimate import Estimate, Floats, Reason, Reasons
from pivotal.stats.logistic import fit_logistic, fitted_exactly, structure
from pivotal.stats.logistic_newton import Cells, Evaluation, empirical_start, maximise
from pivotal.stats.tables import Mask, first_reason


def logistic_score_test(
    events: ArrayLike, totals: ArrayLike, design: ArrayLike, columns: int | Sequence[int]
) -> Estimate:
    """Test that some coefficients of a logistic regression are 0 by the score, without fitting the model that has them.

    Parameters
    ----------
    events, totals, design
        As in `fit_logistic`.
    columns
        The columns of the design to test, one or several.

    Returns
    -------
    Estimate
        (replicate,): `statistic` (chi-square), `df` (columns that add to the others' rank), `p`. With no events, or only
        events, 0 and 1 with the reason. NaN with `Reason.ALIASED` where the tested columns add nothing; where the model
        without them is separated, the cells that it fits exactly have no part in the test.

    Notes
    -----
    U'I⁻¹U with score and information of the whole model at the fit of the one without the columns; Rao (1948),
    doi:10.1017/S0305004100023987. As R `anova(..., test = "Rao")` and, for all covariates together, SAS `PROC LOGISTIC`
    "Testing Global Null Hypothesis". For the arm alone it is Pearson's chi-square; with strata, close to
    `cochran_mantel_haenszel`, whose variance has N - 1.

    Examples
    --------
    >>> design = [[1, 0, 1], [1, 0, 0], [1, 1, 1], [1, 1, 0]]
    >>> test = logistic_score_test([[9, 20, 22, 30]], [[51, 58, 50, 60]], design, 1)
    >>> float(test.statistic[0].round(6)), float(test.p[0].round(6))
    (10.030717, 0.00154)
    """
    cells = Cells.of(events, totals, design)
    tested = _tested(columns, cells.size)
    kept = structure(cells).kept
    others = _rest(cells, tested)
    free = structure(others).kept
    top = maximise(others, empirical_start(others, free), free)
    coefficients = top.coefficients
    stuck = np.flatnonzero(~top.converged)
    converged = top.converged.copy()
    if stuck.size:
        gone = np.zeros(cells.events.shape, dtype=np.bool_)
        gone[:, stuck] = fitted_exactly(others.take(stuck), coefficients[:, stuck])
        cells, others = cells.without(gone), others.without(gone)
        kept, free = structure(cells).kept, structure(others).kept
        again = maximise(others.take(stuck), empirical_start(others, free)[:, stuck], free[:, stuck])
        coefficients = coefficients.copy()
        coefficients[:, stuck] = again.coefficients
        converged[stuck] = again.converged & gone[:, stuck].any(axis=0)
    whole = np.zeros((cells.size, cells.replicates))
    whole[~tested] = coefficients
    here = Evaluation.of(cells, whole)
    score = np.where(kept, here.score, 0.0)
    statistic = (score * here.newton(kept)).sum(axis=0)
    df = kept.sum(axis=0) - free.sum(axis=0)
    return _result(Cells.of(events, totals, design), statistic, df.astype(np.float64), converged)


def logistic_lr_test(events: ArrayLike, totals: ArrayLike, design: ArrayLike, columns: int | Sequence[int]) -> Estimate:
    """Test that some coefficients of a logistic regression are 0 by the likelihood ratio.

    Parameters
    ----------
    events, totals, design
        As in `fit_logistic`.
    columns
        The columns of the design to test, one or several.

    Returns
    -------
    Estimate
        As `logistic_score_test`. Under separation the likelihood's supremum takes the place of its maximum.

    Notes
    -----
    Twice the difference of the log likelihoods with and without the columns; Wilks (1938),
    doi:10.1214/aoms/1177732360. As R `anova(..., test = "LRT")`; SAS `PROC LOGISTIC` for all covariates together. For
    one column, with its profile limits, `logistic_lr`.

    Examples
    --------
    >>> design = [[1, 0, 1], [1, 0, 0], [1, 1, 1], [1, 1, 0]]
    >>> test = logistic_lr_test([[9, 20, 22, 30]], [[51, 58, 50, 60]], design, [1, 2])
    >>> float(test.statistic[0].round(6)), float(test.df[0])
    (13.342624, 2.0)
    """
    cells = Cells.of(events, totals, design)
    tested = _tested(columns, cells.size)
    with_them = fit_logistic(events, totals, design)
    without = fit_logistic(events, totals, np.asarray(design)[..., ~tested])
    df = structure(cells).kept.sum(axis=0) - structure(_rest(cells, tested)).kept.sum(axis=0)
    statistic = np.maximum(2 * (with_them.loglik - without.loglik), 0.0)
    return _result(cells, statistic, df.astype(np.float64), with_them.converged & without.converged)


def _tested(columns: int | Sequence[int], size: int) -> Mask:
    tested = np.zeros(size, dtype=np.bool_)
    tested[np.atleast_1d(np.asarray(columns, dtype=np.intp))] = True
    return tested


def _rest(cells: Cells, tested: Mask) -> Cells:
    design = np.moveaxis(cells.columns[~tested], 0, -1)  # (cell[, replicate], column)
    return Cells.of(cells.events.T, cells.totals.T, design if design.ndim == 2 else np.swapaxes(design, 0, 1))


def _result(cells: Cells, statistic: Floats, df: Floats, converged: Mask) -> Estimate:
    events, totals = cells.events.sum(axis=0), cells.totals.sum(axis=0)
    reason: Reasons = first_reason(
        (totals == 0, Reason.TOO_FEW),
        (events == 0, Reason.NO_EVENTS),
        (events == totals, Reason.ALL_EVENTS),
        (df == 0, Reason.ALIASED),
        (~converged, Reason.NOT_CONVERGED),
    )
    flat = (reason == Reason.NO_EVENTS) | (reason == Reason.ALL_EVENTS)
    known = flat | (reason == Reason.NONE)
    statistic = np.where(known, np.where(flat, 0.0, statistic), np.nan)
    p = np.where(known, special.chdtrc(np.maximum(df, 1), np.where(known, statistic, 0.0)), np.nan)
    return Estimate(statistic=statistic, df=df, p=p, reason=reason, converged=converged | flat)
