"""Negative binomial regression with exposures in every replicate: rate ratios of overdispersed counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from pivotal.stats import cholesky
from pivotal.stats.batches import part, piecewise
from pivotal.stats.counts import Counts
from pivotal.stats.estimate import Estimate, Floats, Reason
from pivotal.stats.likelihood_fit import RegressionFit, Settled, settle
from pivotal.stats.negative_binomial_likelihood import NegativeBinomialLikelihood
from pivotal.stats.newton import fix, maximise
from pivotal.stats.poisson import PoissonLikelihood, count_reasons, fit_reason, settle_poisson, varies
from pivotal.stats.profile import likelihood_ratio
from pivotal.stats.sweep import determined
from pivotal.stats.tables import Mask, divide

# The dispersion that Newton starts from lies between these, whatever the moments say.
LEAST, MOST = 1e-3, 20.0
Information = Literal["expected", "observed"]
# Where the profile starts from if the fit has no overdispersion.
SMALL = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class NegativeBinomialFit(RegressionFit):
    """A negative binomial regression fitted in every replicate, on the LOG RATE scale.

    `covariance` takes the dispersion as known (expected information), unless the observed information was asked for.

    Attributes
    ----------
    observed
        Covariance of the coefficients from the observed information of coefficients and dispersion jointly,
        (replicate, column, column), for `wald(..., covariance=)`.
    dispersion, se_dispersion
        k, and its standard error from the same information, (replicate,). k is 0, its standard error NaN, with
        `Reason.NO_OVERDISPERSION` where the counts are not overdispersed.
    theta, se_theta
        1/k, and its standard error from the observed information of θ alone, (replicate,).
    deviance
        (replicate,)
    """

    observed: Floats
    dispersion: Floats
    se_dispersion: Floats
    theta: Floats
    se_theta: Floats
    deviance: Floats


def fit_negative_binomial(
    y: ArrayLike,
    exposure: ArrayLike,
    design: ArrayLike,
    included: ArrayLike | None = None,
    *,
    information: Information = "expected",
) -> NegativeBinomialFit:
    """Fit a negative binomial regression with log exposure as offset, in every replicate.

    Parameters
    ----------
    y
        Counts of patients, (replicate, patient); NaN is missing. Counts of several patients must not be added up.
    exposure
        Time at risk, (replicate, patient) or (patient,). Patients without exposure do not enter.
    design
        Covariates with the intercept's column, NaN where missing, (patient, column) or (replicate, patient, column).
    included
        Which patients enter, (replicate, patient); None for all.
    information
        Behind `covariance`: "expected", the dispersion taken as known (R), or "observed", of both (SAS).

    Returns
    -------
    NegativeBinomialFit
        Reasons as `fit_poisson`; `Reason.NO_OVERDISPERSION` where the likelihood rises towards k = 0: the
        coefficients, likelihood and covariances are then those of the Poisson model.

    Raises
    ------
    ValueError
        If a count is negative or not whole, or positive without exposure, or `information` is neither.

    Notes
    -----
    Variance μ + kμ² (NB2), maximum likelihood of β and k jointly (Lawless 1987, doi:10.2307/3314912), by Newton's
    method from the Poisson fit. R `MASS::glm.nb` gives the same fit, its standard errors being those of `covariance`
    and `se_theta` (observed information of θ at fixed means). SAS `PROC GENMOD` inverts the observed information of β
    and k together: `observed` and `se_dispersion`. The two differ a little in every sample and agree in the limit.
    Without overdispersion `glm.nb` lets θ grow until its iterations are used up and warns; GENMOD stops near k = 0, or
    below.

    Examples
    --------
    >>> y, arm = [[0, 3, 1, 7, 2, 0, 1, 0, 4, 0]], [1, 1, 1, 1, 1, 0, 0, 0, 0, 0]
    >>> fit = fit_negative_binomial(y, np.ones(10), [[1, a] for a in arm])
    >>> float(fit.coefficients[0, 1].round(6)), float(fit.dispersion[0].round(6))
    (0.955511, 0.894802)
    """
    if information not in ("expected", "observed"):
        raise ValueError(f"information is {information!r}; 'expected' or 'observed' is allowed.")
    counts = np.asarray(y, dtype=np.float64)
    time, model = np.asarray(exposure, dtype=np.float64), np.asarray(design, dtype=np.float64)
    who = None if included is None else np.asarray(included, dtype=np.bool_)

    def fit(rows: slice) -> NegativeBinomialFit:
        chosen = who if who is None else who[rows]
        return _Fitted.of(Counts.of(counts[rows], part(time, rows, 2), part(model, rows, 3), chosen)).result()

    found = piecewise(fit, len(counts), counts.shape[1] * 4)
    return found if information == "expected" else replace(found, covariance=found.observed)


def negative_binomial_lr(
    y: ArrayLike,
    exposure: ArrayLike,
    design: ArrayLike,
    column: int,
    included: ArrayLike | None = None,
    level: float = 0.95,
) -> Estimate:
    """Estimate one coefficient of a negative binomial regression with likelihood-ratio test and profile limits.

    Parameters
    ----------
    y, exposure, design, included
        As in `fit_negative_binomial`.
    column
        Which column of the design.
    level
        Confidence level.

    Returns
    -------
    Estimate
        As `poisson_lr`; the dispersion is estimated anew at every value of the coefficient.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Notes
    -----
    As SAS `PROC GENMOD` `LRCI`. R's `confint` and `anova` on one `glm.nb` fit hold θ fixed; two `glm.nb` fits compared
    by `anova` are this test.

    Examples
    --------
    >>> y, arm = [[0, 3, 1, 7, 2, 0, 1, 0, 4, 0]], [1, 1, 1, 1, 1, 0, 0, 0, 0, 0]
    >>> effect = negative_binomial_lr(y, np.ones(10), [[1, a] for a in arm], 1)
    >>> float(effect.statistic[0].round(6)), float(effect.p[0].round(6))
    (1.324234, 0.249834)
    """
    fitted = _Fitted.of(Counts.of(y, exposure, design, included))
    free = fitted.free()
    start = fitted.fit.coefficients.copy()
    off = (fitted.fit.away != 0).any(axis=0)
    start[:-1] = np.where(off, fitted.likelihood.counts.start(free[:-1]), start[:-1])
    start[-1] = np.where(fitted.flat, np.log(SMALL), start[-1])
    return likelihood_ratio(fitted.likelihood, fitted.result(), start, free, column, level)


@dataclass(slots=True)
class _Fitted:
    """A fit with replicates last; its last coefficient is log k."""

    likelihood: NegativeBinomialLikelihood
    kept: Mask
    known: Mask
    fit: Settled
    flat: Mask

    @classmethod
    def of(cls, counts: Counts) -> _Fitted:
        likelihood = NegativeBinomialLikelihood.of(counts)
        swept, plain = settle_poisson(PoissonLikelihood(counts))
        known = determined(swept)
        mean = counts.mean(plain.coefficients) * varies(counts)
        excess = ((counts.y - mean) ** 2 - counts.y).sum(axis=0)
        flat = excess <= 0
        k = np.clip(divide(excess, (mean**2).sum(axis=0)), LEAST, MOST)
        log_k = np.where(flat, -np.inf, np.log(np.where(np.isfinite(k), k, 1.0)))
        fit = _with_dispersion(plain, log_k)
        rows = np.flatnonzero(~flat)
        if rows.size:
            _replace(fit, rows, _dispersed(likelihood.take(rows), fit, rows, swept.kept, known))
        return cls(likelihood, swept.kept, known, fit, flat)

    def free(self) -> Mask:
        """Coefficients that the profile maximises over, log k among them: away from the estimate k may be positive."""
        some = self.kept & varies(self.likelihood.counts)
        return np.concatenate([some, np.ones((1, some.shape[1]), dtype=np.bool_)])

    def result(self) -> NegativeBinomialFit:
        """Put the replicates first, and name what is not a number."""
        counts = self.likelihood.counts
        at = self.fit.coefficients
        k = np.exp(at[-1])
        size = len(at) - 1
        expected = cholesky.invert(cholesky.factor(fix(self.likelihood.expected(at), self.fit.free[:-1]), size))
        local = self.likelihood.evaluate(at)
        joint = cholesky.invert(cholesky.factor(fix(local.information, self.fit.free), size + 1))
        # at the maximum the score of k is 0: d²/d(log θ)² is d²/d(log k)²
        own = np.where(self.fit.finite[-1] & (local.information[-1] > 0), local.information[-1], np.nan)
        outer = self.fit.part(slice(-1))
        reasons = count_reasons(counts, outer, self.known)
        fit_reasons = fit_reason(counts, outer, reasons)
        none = self.flat & (fit_reasons == Reason.NONE)
        theta = np.where(self.flat, np.inf, 1 / np.where(self.flat, 1.0, k))
        exists = (fit_reasons != Reason.NO_EVENTS) & (fit_reasons != Reason.TOO_FEW)
        return NegativeBinomialFit(
            coefficients=outer.shown(),
            covariance=outer.mask(expected),
            loglik=np.where(varies(counts), self.fit.loglik, 0.0),
            converged=self.fit.converged,
            reason=np.where(none, np.uint8(Reason.NO_OVERDISPERSION), fit_reasons),
            coefficient_reason=reasons.T,
            observed=outer.mask(joint[:-1, :-1]),
            dispersion=np.where(exists, k, np.nan),
            se_dispersion=np.where(self.fit.finite[-1], k * np.sqrt(joint[-1, -1]), np.nan),
            theta=np.where(exists, theta, np.nan),
            se_theta=np.where(self.flat, np.nan, theta / np.sqrt(own)),
            deviance=_deviance(counts, counts.mean(at[:-1]) * varies(counts), k),
        )


def _dispersed(
    likelihood: NegativeBinomialLikelihood, start: Settled, rows: np.ndarray, kept: Mask, known: Mask
) -> Settled:
    """Fit the overdispersed replicates, from the Poisson fit."""
    counts = likelihood.counts
    free = kept[:, rows]
    at = start.coefficients[:, rows].copy()
    off = (start.away[:, rows] != 0).any(axis=0)
    if off.any():
        at[:-1] = np.where(off, counts.start(free), at[:-1])
    every = np.ones((1, rows.size), dtype=np.bool_)
    all_free, all_known = np.concatenate([free, every]), np.concatenate([known[:, rows], every])
    return settle(likelihood, maximise(likelihood, at, all_free), all_free, all_known)


def _with_dispersion(plain: Settled, log_k: Floats) -> Settled:
    none = np.zeros((1, log_k.size), dtype=np.bool_)
    return Settled(
        np.concatenate([plain.coefficients, log_k[None]]),
        np.concatenate([plain.free, none]),
        np.concatenate([plain.finite, none]),
        np.concatenate([plain.away, np.zeros((1, log_k.size))]),
        plain.loglik,
        plain.converged,
    )


def _replace(fit: Settled, rows: np.ndarray, other: Settled) -> None:
    for name in Settled.__slots__:
        getattr(fit, name)[..., rows] = getattr(other, name)


def _deviance(counts: Counts, mean: Floats, k: Floats) -> Floats:
    some = np.where(counts.y > 0, counts.y, 1.0)
    fitted = np.where((counts.y > 0) & (mean > 0), mean, some)
    shape = np.log((1 + k * counts.y) / (1 + k * mean))
    spread = np.where(k > 0, shape / np.where(k > 0, k, 1.0), counts.y - mean)
    return np.asarray(2 * (counts.y * np.log(some / fitted) - counts.y * shape - spread).sum(axis=0), dtype=np.float64)
