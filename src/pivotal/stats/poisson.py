"""Poisson regression with exposures in every replicate: rate ratios, robust and quasi-likelihood variances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pivotal.stats import cholesky
from pivotal.stats.batches import part, piecewise
from pivotal.stats.counts import Counts
from pivotal.stats.estimate import Estimate, Floats, Reason, Reasons
from pivotal.stats.likelihood_fit import RegressionFit, Settled, settle
from pivotal.stats.newton import Quadratic, maximise
from pivotal.stats.profile import likelihood_ratio
from pivotal.stats.roots import Rows
from pivotal.stats.sweep import Swept, determined
from pivotal.stats.tables import Mask, divide, first_reason
from pivotal.stats.units import unpack

# A unit without events whose expected count is below this is fitted exactly, as far as its information goes.
GONE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class PoissonFit(RegressionFit):
    """A Poisson regression fitted in every replicate, on the LOG RATE scale.

    Attributes
    ----------
    robust
        The sandwich covariance (HC0), (replicate, column, column), for `wald(..., covariance=)`.
    deviance, pearson
        (replicate,); Pearson's chi-square over `df` is the dispersion.
    dispersion
        (replicate,) Pearson's; NaN without residual degrees of freedom.
    df
        Residual degrees of freedom, (replicate,).
    """

    robust: Floats
    deviance: Floats
    pearson: Floats
    dispersion: Floats
    df: Floats

    @property
    def quasi(self) -> Floats:
        """The covariance times Pearson's dispersion."""
        return self.covariance * self.dispersion[:, None, None]


@dataclass(frozen=True, slots=True)
class PoissonLikelihood:
    """The Poisson log likelihood; coefficients (column, replicate)."""

    counts: Counts

    @property
    def replicates(self) -> int:
        """Number of replicates."""
        return self.counts.replicates

    def take(self, rows: Rows | Mask) -> PoissonLikelihood:
        """Some replicates."""
        return PoissonLikelihood(self.counts.take(rows))

    def evaluate(self, coefficients: Floats) -> Quadratic:
        """Log likelihood, score and information."""
        counts = self.counts
        eta = counts.log_mean(coefficients)
        mean = counts.mean_at(eta)
        return Quadratic(
            loglik=(counts.y * eta - mean).sum(axis=0) - counts.log_factorials,
            score=counts.units.score(counts.y - mean),
            information=counts.units.information(mean),
        )

    def rest(self, coefficients: Floats) -> Floats:
        """The information without units fitted exactly."""
        mean = self.counts.mean(coefficients)
        return self.counts.units.information(np.where((self.counts.y == 0) & (mean < GONE), 0.0, mean))


def fit_poisson(y: ArrayLike, exposure: ArrayLike, design: ArrayLike, included: ArrayLike | None = None) -> PoissonFit:
    """Fit a Poisson regression with log exposure as offset, in every replicate.

    Parameters
    ----------
    y
        Counts of patients, or of cells of patients who share their covariates, (replicate, unit); NaN is missing.
    exposure
        Time at risk, (replicate, unit) or (unit,); the unit of time is that of the rates. Units without exposure do
        not enter.
    design
        Covariates with the intercept's column, NaN where missing, (unit, column) or (replicate, unit, column).
    included
        Which units enter, (replicate, unit); None for all.

    Returns
    -------
    PoissonFit
        `Reason.NO_EVENTS` where no unit has an event, `Reason.TOO_FEW` where nobody enters; `Reason.SEPARATION` with
        coefficients of ±inf where a group has no event.

    Raises
    ------
    ValueError
        If a count is negative, or positive without exposure.

    Notes
    -----
    log E(y) = log exposure + x'β by Newton's method. As R `glm(poisson)` with `offset(log(exposure))` and SAS `PROC
    GENMOD`. Model-based variance (X'WX)⁻¹; `robust` is HC0, as R `sandwich::vcovHC(type = "HC0")`; `quasi` multiplies
    with Pearson's dispersion, as R's `quasipoisson` (which tests by t with `df`) and SAS `PSCALE` (which tests by the
    normal distribution). From cells of patients the estimates are the same, but robust variance, deviance and
    dispersion are not.
    The log likelihood has the factorials, as R's `logLik`.

    Examples
    --------
    >>> fit = fit_poisson([[3, 1, 6, 4]], [1.0, 1.0, 2.0, 1.0], [[1, 0], [1, 0], [1, 1], [1, 1]])
    >>> fit.coefficients[0].round(6).tolist(), float(fit.deviance[0].round(6))
    ([0.693147, 0.510826], 1.240743)
    """
    counts = np.asarray(y, dtype=np.float64)
    time, model = np.asarray(exposure, dtype=np.float64), np.asarray(design, dtype=np.float64)
    who = None if included is None else np.asarray(included, dtype=np.bool_)

    def fit(rows: slice) -> PoissonFit:
        chosen = who if who is None else who[rows]
        return _fit(Counts.of(counts[rows], part(time, rows, 2), part(model, rows, 3), chosen))

    return piecewise(fit, len(counts), counts.shape[1] * 2)


def _fit(counts: Counts) -> PoissonFit:
    likelihood = PoissonLikelihood(counts)
    swept, settled = settle_poisson(likelihood)
    known = determined(swept)
    covariance = cholesky.invert(likelihood.evaluate(settled.coefficients).factor(settled.free))
    mean = counts.mean(settled.coefficients) * varies(counts)
    residual = counts.y - mean
    meat = unpack(counts.units.information(residual**2), counts.units.size)
    robust = np.einsum("ijr,jkr,klr->ilr", covariance, meat, covariance, optimize=True)
    log = np.log(np.where(counts.y > 0, counts.y, 1.0) / np.where(counts.y > 0, np.maximum(mean, 1e-300), 1.0))
    pearson = (residual**2 / np.where(mean > 0, mean, 1.0)).sum(axis=0)
    df = np.maximum(counts.seen.sum(axis=0) - swept.rank, 0.0)
    reasons = count_reasons(counts, settled, known)
    return PoissonFit(
        coefficients=settled.shown(),
        covariance=settled.mask(covariance),
        loglik=np.where(varies(counts), settled.loglik, 0.0),
        converged=settled.converged,
        reason=fit_reason(counts, settled, reasons),
        coefficient_reason=reasons.T,
        robust=settled.mask(robust),
        deviance=2 * (counts.y * log - residual).sum(axis=0),
        pearson=pearson,
        dispersion=divide(pearson, df),
        df=df,
    )


def poisson_lr(
    y: ArrayLike,
    exposure: ArrayLike,
    design: ArrayLike,
    column: int,
    included: ArrayLike | None = None,
    level: float = 0.95,
) -> Estimate:
    """Estimate one coefficient of a Poisson regression with likelihood-ratio test and profile limits.

    Parameters
    ----------
    y, exposure, design, included
        As in `fit_poisson`.
    column
        Which column of the design.
    level
        Confidence level.

    Returns
    -------
    Estimate
        (replicate,), estimate and limits on the LOG RATE scale: exponentiate them for a rate ratio; `statistic`
        (chi-square), `df` = 1, `p`. Where an arm has no events the estimate and one limit are infinite, the other
        limit and p ordinary numbers, with `Reason.SEPARATION`. Without any event the statistic is 0, p 1, the limits
        infinite.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Notes
    -----
    As SAS `PROC GENMOD` `LRCI` and R `confint` (MASS), which interpolates.

    Examples
    --------
    >>> effect = poisson_lr([[3, 1, 6, 4]], [1.0, 1.0, 2.0, 1.0], [[1, 0], [1, 0], [1, 1], [1, 1]], 1)
    >>> float(effect.statistic[0].round(6)), float(effect.ci_low[0].round(6))
    (0.79529, -0.584312)
    """
    counts = Counts.of(y, exposure, design, included)
    likelihood = PoissonLikelihood(counts)
    fit = _fit(counts)
    swept, settled = settle_poisson(likelihood)
    free = swept.kept & varies(counts)
    start = np.where((settled.away != 0).any(axis=0), counts.start(free), settled.coefficients)
    return likelihood_ratio(likelihood, fit, start, free, column, level)


def varies(counts: Counts) -> Mask:
    """Whether anybody has an event, (replicate,)."""
    return np.asarray(counts.y.sum(axis=0) > 0, dtype=np.bool_)


def settle_poisson(likelihood: PoissonLikelihood) -> tuple[Swept, Settled]:
    """The fit, and which columns the units tell apart."""
    swept = likelihood.counts.structure()
    free = swept.kept & varies(likelihood.counts)
    top = maximise(likelihood, likelihood.counts.start(free), free)
    return swept, settle(likelihood, top, free, determined(swept))


def count_reasons(counts: Counts, settled: Settled, known: Mask) -> Reasons:
    """Why a coefficient is not a number, (column, replicate)."""
    none = np.broadcast_to(~varies(counts), known.shape)
    reasons = settled.reasons(known)
    return np.where(none & known, np.uint8(Reason.NO_EVENTS), reasons)


def fit_reason(counts: Counts, settled: Settled, reasons: Reasons) -> Reasons:
    """Why a fit is not an ordinary one, (replicate,)."""
    return first_reason(
        (counts.seen.sum(axis=0) == 0, Reason.TOO_FEW),
        (~varies(counts), Reason.NO_EVENTS),
        (~settled.converged, Reason.NOT_CONVERGED),
        ((reasons == Reason.SEPARATION).any(axis=0), Reason.SEPARATION),
    )
