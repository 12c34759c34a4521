"""Adjusted risk ratios by modified Poisson regression: a log-linear model with a robust variance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pivotal.stats import cholesky
from pivotal.stats.estimate import Estimate, Floats, Reason, Reasons
from pivotal.stats.logistic import BOUNDARY, structure
from pivotal.stats.logistic_newton import Cells
from pivotal.stats.newton import Quadratic, fix, maximise
from pivotal.stats.normal import two_sided_p, two_sided_quantile
from pivotal.stats.roots import Rows
from pivotal.stats.sweep import determined
from pivotal.stats.tables import Mask, divide, first_reason
from pivotal.stats.units import unpack

# Log of the largest fitted count a step may reach.
LARGEST = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModifiedPoissonFit:
    """A log-linear model of risks fitted in every replicate, on the LOG RISK scale.

    Attributes
    ----------
    coefficients
        (replicate, column); NaN where `coefficient_reason` says why.
    model_covariance
        Poisson's, too wide for risks, (replicate, column, column).
    covariance
        The HC0 sandwich, (replicate, column, column).
    patients, rank
        Patients with an outcome, and independent columns, (replicate,).
    converged
        (replicate,)
    coefficient_reason
        (replicate, column)
    """

    coefficients: Floats
    model_covariance: Floats
    covariance: Floats
    patients: Floats
    rank: Floats
    converged: Mask
    coefficient_reason: Reasons


def fit_modified_poisson(events: ArrayLike, totals: ArrayLike, design: ArrayLike) -> ModifiedPoissonFit:
    """Fit log-linear risks to counts in cells, in every replicate, with a robust variance.

    Parameters
    ----------
    events, totals
        Events and patients of each cell, (replicate, cell): cells of patients alike, or patients one by one (totals 1,
        0 where the outcome is missing).
    design
        Covariates of the cells with the intercept's column, (cell, column) or (replicate, cell, column).

    Returns
    -------
    ModifiedPoissonFit
        Where a coefficient runs to -∞, as that of an arm or a stratum without events, all are NaN with
        `Reason.SEPARATION`; without events `Reason.NO_EVENTS`; those that the patients do not determine
        `Reason.ALIASED`.

    Notes
    -----
    Poisson's likelihood for 0/1 outcomes with a log link, its covariance A⁻¹BA⁻¹, A = Σ n μ dd',
    B = Σ (x (1-μ)² + (n-x) μ²) dd'. Zou (2004), doi:10.1093/aje/kwh090. As SAS `PROC GENMOD` with `REPEATED` by
    patient and R `sandwich::vcovHC(type = "HC0")`.

    Examples
    --------
    >>> fit = fit_modified_poisson([[9, 20, 22, 30]], [[51, 58, 50, 60]], [[1, 0, 1], [1, 0, 0], [1, 1, 1], [1, 1, 0]])
    >>> fit.coefficients[0].round(6).tolist()
    [-1.188879, 0.570696, -0.315019]
    """
    cells = Cells.of(events, totals, design)
    whole = structure(cells)
    top = maximise(_LogLinear(cells), _start(cells, whole.kept), whole.kept)
    found, converged = top.coefficients, top.converged
    mean = np.exp(cells.predictor(found))
    inverse = np.where(
        whole.kept[:, None] & whole.kept[None],
        cholesky.invert(cholesky.factor(fix(cells.information(cells.totals * mean), whole.kept), cells.size)),
        0.0,
    )
    squares = cells.events * (1 - mean) ** 2 + (cells.totals - cells.events) * mean**2
    meat = unpack(cells.information(squares), cells.size)
    robust = np.einsum("ijr,jkr,klr->ilr", inverse, meat, inverse)
    known = determined(whole) & converged
    both = known[:, None] & known[None]
    runs = (cells.events == 0) & (cells.totals > 0) & (mean < BOUNDARY)
    reasons = first_reason(
        (np.broadcast_to(cells.totals.sum(axis=0) == 0, known.shape), Reason.TOO_FEW),
        (np.broadcast_to(cells.events.sum(axis=0) == 0, known.shape), Reason.NO_EVENTS),
        (~determined(whole), Reason.ALIASED),
        (np.broadcast_to(~converged & runs.any(axis=0), known.shape), Reason.SEPARATION),
        (np.broadcast_to(~converged, known.shape), Reason.NOT_CONVERGED),
    )
    known &= reasons == Reason.NONE
    return ModifiedPoissonFit(
        coefficients=np.where(known, found, np.nan).T,
        model_covariance=np.moveaxis(np.where(both, inverse, np.nan), -1, 0),
        covariance=np.moveaxis(np.where(both, robust, np.nan), -1, 0),
        patients=cells.totals.sum(axis=0),
        rank=whole.rank,
        converged=converged,
        coefficient_reason=reasons.T,
    )


def modified_poisson(
    fit: ModifiedPoissonFit, column: int, level: float = 0.95, *, small_sample: bool = False
) -> Estimate:
    """Estimate one coefficient of a modified Poisson regression with its robust interval and test.

    Parameters
    ----------
    fit
        From `fit_modified_poisson`.
    column
        Which column of the design.
    level
        Confidence level.
    small_sample
        Multiply the robust variance by n/(n - rank): HC1.

    Returns
    -------
    Estimate
        (replicate,), estimate and limits on the LOG RISK RATIO scale: exponentiate them; `statistic` (normal), `p`. NaN
        where the coefficient is.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Examples
    --------
    >>> design = [[1, 0, 1], [1, 0, 0], [1, 1, 1], [1, 1, 0]]
    >>> effect = modified_poisson(fit_modified_poisson([[9, 20, 22, 30]], [[51, 58, 50, 60]], design), 1)
    >>> [round(float(number[0]), 6) for number in (effect.estimate, effect.se, effect.p)]
    [0.570696, 0.186798, 0.00225]
    """
    factor = divide(fit.patients, fit.patients - fit.rank) if small_sample else np.ones(fit.patients.shape)
    se = np.sqrt(fit.covariance[:, column, column] * factor)
    estimate = fit.coefficients[:, column]
    half = two_sided_quantile(level) * se
    statistic = divide(estimate, se)
    reason = fit.coefficient_reason[:, column]
    return Estimate(
        estimate=estimate,
        se=se,
        ci_low=estimate - half,
        ci_high=estimate + half,
        statistic=statistic,
        p=two_sided_p(statistic),
        reason=np.where((reason == 0) & (se == 0), np.uint8(Reason.ZERO_VARIANCE), reason).astype(np.uint8),
        converged=fit.converged,
    )


@dataclass(frozen=True, slots=True)
class _LogLinear:
    """Poisson's likelihood of cells."""

    cells: Cells

    @property
    def replicates(self) -> int:
        """Number of replicates."""
        return self.cells.replicates

    def take(self, rows: Rows | Mask) -> _LogLinear:
        """Some replicates."""
        return _LogLinear(self.cells.take(rows))

    def evaluate(self, coefficients: Floats) -> Quadratic:
        """The likelihood near (column, replicate)."""
        cells = self.cells
        eta = cells.predictor(coefficients)
        # a step too far would overflow: it is halved all the same
        mean = cells.totals * np.exp(np.minimum(eta, LARGEST))
        return Quadratic(
            loglik=(cells.events * eta - mean).sum(axis=0),
            score=cells.score(cells.events - mean),
            information=cells.information(mean),
        )


def _start(cells: Cells, free: Mask) -> Floats:
    weight = np.where(cells.totals > 0, cells.events + 0.5, 0.0)
    log = np.log((cells.events + 0.5) / (cells.totals + 1))
    lower = cholesky.factor(fix(cells.information(weight), free), cells.size)
    return cholesky.solve(lower, np.where(free, cells.score(weight * log), 0.0))
