"""Cox's proportional hazards model in every replicate: hazard ratios, three tests, robust variance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from pivotal.stats.estimate import Estimate, Floats, Reason, Reasons
from pivotal.stats.normal import two_sided_p, two_sided_quantile
from pivotal.stats.survival.blocks import in_blocks
from pivotal.stats.survival.cox_design import Standardised, covariate_array
from pivotal.stats.survival.cox_discrete import DiscreteLikelihood
from pivotal.stats.survival.cox_likelihood import Evaluation, Likelihood, TiedLikelihood
from pivotal.stats.survival.cox_residuals import Sandwich
from pivotal.stats.survival.cox_solution import Solution, structure
from pivotal.stats.survival.logrank import quadratic
from pivotal.stats.survival.ordering import Ordered, checked, nobody, stratum_codes
from pivotal.stats.tables import Mask, divide, first_reason

TIES = ("efron", "breslow", "discrete")


@dataclass(frozen=True, slots=True, kw_only=True)
class CoxFit:
    """Cox's model fitted in every replicate, on the LOG HAZARD RATIO scale.

    Attributes
    ----------
    coefficients
        (replicate, covariate). ±inf where the likelihood rises without end in it; NaN where the patients do not
        determine it, or do not once others are infinite. `coefficient_reason` says which.
    covariance
        (replicate, covariate, covariate), the inverse information; NaN in rows and columns of coefficients that are not
        finite.
    robust
        Lin and Wei's sandwich, of the same shape, over clusters if given; None where not asked for.
    loglik, loglik_null
        Log partial likelihood at the estimate (its supremum where that is infinite) and at 0, (replicate,).
    score, likelihood_ratio, wald, robust_score
        Tests that all coefficients are 0, (replicate,): chi-square, df (the columns that are not aliased), p. `wald` is
        from the robust variance if there is one, and NaN where a coefficient is infinite; `robust_score` is None
        without.
    converged
        (replicate,)
    reason, coefficient_reason
        (replicate,), of the fit as a whole (a column dropped as aliased is no matter); (replicate, covariate).
    """

    coefficients: Floats
    covariance: Floats
    robust: Floats | None
    loglik: Floats
    loglik_null: Floats
    score: Estimate
    likelihood_ratio: Estimate
    wald: Estimate
    robust_score: Estimate | None
    converged: Mask
    reason: Reasons
    coefficient_reason: Reasons


def fit_cox(
    time: ArrayLike,
    event: ArrayLike,
    covariates: ArrayLike,
    *,
    ties: str = "efron",
    strata: ArrayLike | None = None,
    observed: ArrayLike | None = None,
    robust: bool = False,
    cluster: ArrayLike | None = None,
) -> CoxFit:
    """Fit a proportional hazards model.

    Parameters
    ----------
    time
        Time to event or censoring, at least 0, (replicate, patient); NaN or infinite for a patient who is absent.
    event
        Whether the event happened, (replicate, patient) or (patient,).
    covariates
        (replicate, patient, covariate), or (patient, covariate) for all replicates; no intercept. A patient with a
        missing covariate is absent.
    ties
        ``efron`` (the default of R), ``breslow`` (the default of SAS) or ``discrete`` (R's ``exact``, SAS's
        ``TIES=DISCRETE``: the conditional likelihood). SAS's ``TIES=EXACT``, the marginal likelihood of times that are
        continuous but grouped, is not offered.
    strata
        Levels of the stratification, each with its own baseline hazard, (replicate, patient) or (patient,).
    observed
        Which patients enter; all by default.
    robust
        Whether to give Lin and Wei's variance.
    cluster
        Groups of patients who are not independent, (replicate, patient) or (patient,): the robust variance is
        then summed over them; implies `robust`.

    Returns
    -------
    CoxFit

    Raises
    ------
    ValueError
        If shapes do not fit, a time is negative, `ties` is not known, or `robust` is asked for with ``discrete`` ties.

    Notes
    -----
    Newton's method from 0 on covariates standardised within each trial, steps halved where the likelihood falls,
    to an error of about 1e-10 standard deviations. R stops when the log likelihood changes by less than 1e-9 of itself,
    SAS when the gradient is small beside it.

    A likelihood without a maximum (all events in one arm; Bryson and Johnson 1981, Technometrics 23, 381-383) is proved
    from the data: a direction is found in which every event has the largest predictor of its risk set. The coefficients
    that run away are ±inf with `Reason.MONOTONE`, the others are those of the limit. R warns that a coefficient may be
    infinite and reports where the iteration stood; SAS reports a huge standard error.

    A column that depends on others is left out in that replicate, and every coefficient whose meaning would hang on
    that choice is NaN with `Reason.ALIASED`: so is the effect of an arm that is empty.

    The robust variance has no small-sample factor, as R ``robust = TRUE`` and SAS ``COVS(AGGREGATE)``. R gives none for
    exact ties.

    Examples
    --------
    >>> fit = fit_cox([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]], [1, 1, 1, 0, 1, 0], [[0], [1], [0], [0], [1], [1]])
    >>> fit.coefficients[0].round(6).tolist(), float(fit.loglik[0].round(6))
    ([-0.834115], -5.235081)
    """
    if ties not in TIES:
        raise ValueError(f"ties is {ties!r}; it is one of {', '.join(TIES)}.")
    robust = robust or cluster is not None
    if robust and ties == "discrete":
        raise ValueError("robust variance is not defined with discrete ties; use ties='efron' or 'breslow'.")
    times, happened, present = checked(time, event, observed)
    x = covariate_array(covariates, times.shape)
    present = present & np.isfinite(x).all(axis=2)
    arrays = {
        "time": times,
        "event": happened & present,
        "present": present,
        "covariates": x,
        "strata": stratum_codes(strata, times.shape),
        "cluster": stratum_codes(cluster, times.shape, "cluster"),
    }

    def fit(**block: NDArray[np.generic] | None) -> CoxFit:
        return _fit(ties, robust, **block)  # type: ignore[arg-type]

    return in_blocks(fit, arrays, times.shape[1])


def cox_wald(fit: CoxFit, column: int = 0, level: float = 0.95) -> Estimate:
    """Estimate one log hazard ratio with its Wald interval and test.

    Parameters
    ----------
    fit
        From `fit_cox`.
    column
        Which covariate.
    level
        Confidence level.

    Returns
    -------
    Estimate
        (replicate,), estimate and limits on the LOG HAZARD RATIO scale, from the robust variance if the fit has
        one. Where the estimate is ±inf the limits are -inf and inf, and se, statistic and p NaN, with
        `Reason.MONOTONE`: take the score or the likelihood-ratio test. Where a robust variance is 0
        statistic and p are NaN, with `Reason.ZERO_VARIANCE`.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Examples
    --------
    >>> fit = fit_cox([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]], [1, 1, 1, 0, 1, 0], [[0], [1], [0], [0], [1], [1]])
    >>> effect = cox_wald(fit)
    >>> float(effect.se[0].round(6)), float(effect.p[0].round(6))
    (1.229924, 0.497655)
    """
    covariance = fit.covariance if fit.robust is None else fit.robust
    estimate = fit.coefficients[:, column]
    se = np.sqrt(covariance[:, column, column])
    finite = np.where(np.isfinite(estimate), estimate, np.nan)
    half = two_sided_quantile(level) * se
    statistic = divide(finite, se)
    reason = fit.coefficient_reason[:, column]
    reason = np.where((reason == Reason.NONE) & (se == 0), np.uint8(Reason.ZERO_VARIANCE), reason)
    unbounded = reason == Reason.MONOTONE
    return Estimate(
        estimate=estimate,
        se=se,
        ci_low=np.where(unbounded, -np.inf, finite - half),
        ci_high=np.where(unbounded, np.inf, finite + half),
        statistic=statistic,
        p=two_sided_p(statistic),
        reason=reason,
        converged=fit.converged,
    )


def hazard_ratio(fit: CoxFit, column: int = 0, level: float = 0.95) -> Estimate:
    """Estimate one hazard ratio with its Wald interval, made on the log scale, and test.

    Parameters
    ----------
    fit, column, level
        As in `cox_wald`.

    Returns
    -------
    Estimate
        (replicate,): as `cox_wald`, estimate and limits exponentiated; `se` is that of the LOG hazard ratio.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Examples
    --------
    >>> fit = fit_cox([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]], [1, 1, 1, 0, 1, 0], [[0], [1], [0], [0], [1], [1]])
    >>> effect = hazard_ratio(fit)
    >>> [float(number[0].round(4)) for number in (effect.estimate, effect.ci_low, effect.ci_high)]
    [0.4343, 0.039, 4.838]
    """
    log = cox_wald(fit, column, level)
    assert log.estimate is not None
    assert log.ci_low is not None
    assert log.ci_high is not None
    with np.errstate(over="ignore"):
        ratio, low, high = np.exp(log.estimate), np.exp(log.ci_low), np.exp(log.ci_high)
    return Estimate(
        estimate=ratio,
        se=log.se,
        ci_low=low,
        ci_high=high,
        statistic=log.statistic,
        p=log.p,
        reason=log.reason,
        converged=log.converged,
    )


def _fit(
    ties: str,
    robust: bool,
    time: Floats,
    event: Mask,
    present: Mask,
    covariates: Floats,
    strata: NDArray[np.intp] | None,
    cluster: NDArray[np.intp] | None,
) -> CoxFit:
    ordered = Ordered.of(time, event, present, strata)
    design = Standardised.of(ordered, covariates, present)
    likelihood: Likelihood = (
        DiscreteLikelihood(ordered, design) if ties == "discrete" else TiedLikelihood(ordered, design, ties == "efron")
    )
    null = likelihood.evaluate(np.zeros(design.scale.shape))
    top = Solution.of(likelihood, null, structure(null), discrete=ties == "discrete")
    sandwich = None
    if robust:
        sandwich = Sandwich.of(ordered, design, top.coefficients, top.covariance, cluster, ties == "efron")
    return _assemble(event, present, design, null, top, sandwich)


def _assemble(
    event: Mask, present: Mask, design: Standardised, null: Evaluation, top: Solution, sandwich: Sandwich | None
) -> CoxFit:
    reasons = first_reason(
        (~top.known & ~nobody(event), Reason.ALIASED),
        (np.broadcast_to(nobody(event), top.known.shape), Reason.NO_EVENT),
        (np.broadcast_to(~top.converged, top.known.shape), Reason.NOT_CONVERGED),
        (top.known & ~top.finite, Reason.MONOTONE),
    )
    reason = first_reason(
        (nobody(present), Reason.TOO_FEW),
        (nobody(event), Reason.NO_EVENT),
        (nobody(top.kept.T), Reason.NO_INFORMATION),
        (~top.converged, Reason.NOT_CONVERGED),
        (~nobody(top.infinite.T), Reason.MONOTONE),
    )
    coefficients = np.where(top.finite, top.coefficients / design.scale, np.nan)
    unbounded = top.infinite & top.known
    coefficients[unbounded] = np.copysign(np.inf, top.coefficients[unbounded])
    robust = None if sandwich is None else sandwich.covariance
    likelihood_ratio = 2 * (top.loglik - null.loglik)
    return CoxFit(
        coefficients=coefficients.T,
        covariance=_unscaled(top.covariance, design.scale, top.finite),
        robust=None if robust is None else _unscaled(robust, design.scale, top.finite),
        loglik=np.where(top.converged, top.loglik, np.nan),
        loglik_null=null.loglik,
        score=_test(top.score_statistic, top, reason, at_null=True),
        likelihood_ratio=_test(np.where(top.converged, np.maximum(likelihood_ratio, 0.0), np.nan), top, reason),
        wald=_test(_wald(top, robust), top, reason),
        robust_score=None if sandwich is None else _test(sandwich.score_statistic, top, reason, at_null=True),
        converged=top.converged,
        reason=reason,
        coefficient_reason=reasons.T,
    )


def _unscaled(covariance: Floats, scale: Floats, finite: Mask) -> Floats:
    """In the covariates' own units, (replicate, covariate, covariate)."""
    shown = finite[:, None] & finite[None]
    return np.moveaxis(np.where(shown, covariance / (scale[:, None] * scale[None]), np.nan), -1, 0)


def _wald(top: Solution, robust: Floats | None) -> Floats:
    covariance = top.covariance if robust is None else robust
    kept = top.kept & ~top.infinite
    between = np.where(kept[:, None] & kept[None], covariance, 0.0)
    statistic, _ = quadratic(np.where(kept, top.coefficients, 0.0).T, np.moveaxis(between, -1, 0))
    return np.where(top.converged & nobody(top.infinite.T), statistic, np.nan)


def _test(statistic: Floats, top: Solution, reason: Reasons, at_null: bool = False) -> Estimate:
    """A chi-square test; at the null it does not mind where the estimate went."""
    df = top.kept.sum(axis=0).astype(np.float64)
    shown = np.where(df > 0, statistic, np.nan)
    gone = np.isnan(shown) | (df == 0)
    if at_null:
        reason = np.where(np.isin(reason, (Reason.NOT_CONVERGED, Reason.MONOTONE)), np.uint8(0), reason)
    reason = np.where(gone & (reason == Reason.NONE), np.uint8(Reason.ZERO_VARIANCE), reason)
    p = special.chdtrc(np.maximum(df, 1.0), np.where(gone, 0.0, shown))
    return Estimate(statistic=shown, df=df, p=np.where(gone, np.nan, p), reason=reason.astype(np.uint8))
