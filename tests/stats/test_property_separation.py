"""Separation is reported where, and only where, a linear programme finds a direction in which the likelihood rises."""

import numpy as np
from scipy.optimize import linprog

from pivotal import stats
from pivotal.stats import Reason

TRIALS = 40


def rises(never_falls, level):
    """Whether some direction has every product of the first at least 0, one of them positive, and of the second 0."""
    rows, equal = np.asarray(never_falls), np.asarray(level)
    fixed = {"A_eq": equal, "b_eq": np.zeros(len(equal))} if len(equal) else {}
    best = linprog(-rows.sum(axis=0), A_ub=-rows, b_ub=np.zeros(len(rows)), bounds=[(-1, 1)] * rows.shape[1], **fixed)
    return -best.fun > 1e-7


def ordinal_directions(y, x):
    """Thresholds above a patient's category less its predictor, and the predictor less those below."""
    codes = np.searchsorted(np.unique(y), y)
    last, rows = codes.max(), []
    for code, covariates in zip(codes, x, strict=True):
        unit = np.eye(last + 1)[:, :last]
        rows += [np.concatenate([unit[code], -covariates])] if code < last else []
        rows += [np.concatenate([-unit[code - 1], covariates])] if code > 0 else []
    return rows


def test_ordered_categories():
    rng = np.random.default_rng(21)
    found = {True: 0, False: 0}
    for n in (6, 12, 25):
        x = np.stack([rng.random((TRIALS, n)) < 0.4, rng.normal(size=(TRIALS, n))], axis=-1).astype(float)
        y = np.digitize(2 * x[..., 0] + rng.logistic(size=(TRIALS, n)), [-1, 1])
        fit = stats.fit_proportional_odds(stats.category_counts(y, 3), x)
        for row in np.flatnonzero(fit.reason != Reason.CONSTANT):
            separated = rises(ordinal_directions(y[row], x[row]), [])
            assert (fit.reason[row] == Reason.SEPARATION) == separated
            found[separated] += 1
    assert min(found.values()) > 20


def test_counts():
    rng = np.random.default_rng(22)
    found = {True: 0, False: 0}
    for n in (6, 12, 25):
        x = np.stack([np.ones((TRIALS, n)), rng.random((TRIALS, n)) < 0.4, rng.normal(size=(TRIALS, n))], axis=-1)
        y = rng.poisson(0.5 * rng.gamma(0.7, 1 / 0.7, (TRIALS, n)))
        fits = [fit(y, np.ones(n), x) for fit in (stats.fit_poisson, stats.fit_negative_binomial)]
        for row in np.flatnonzero(y.any(axis=1)):
            none = y[row] == 0
            separated = bool(none.any()) and rises(-x[row][none], x[row][~none])
            assert [fit.reason[row] == Reason.SEPARATION for fit in fits] == [separated] * 2
            found[separated] += 1
    assert min(found.values()) > 20


def test_no_step_is_left_hanging_where_all_is_separated():
    """A complete separation with a covariate that nothing is left to tell of: found, not given up."""
    rng = np.random.default_rng(23)
    x = np.concatenate([np.linspace(-1, 1, 20)[:, None], rng.normal(size=(20, 1)) * 1e-3], axis=1)
    y = (x[:, 0] > 0) * 1
    fit = stats.fit_proportional_odds(stats.category_counts(y[None], 2), x)
    assert fit.reason.tolist() == [Reason.SEPARATION]
    assert fit.converged.all()
