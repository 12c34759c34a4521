"""Exposure-adjusted incidence rates: events per time at risk, their difference and their ratio."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from pivotal.stats.batches import rounds
from pivotal.stats.estimate import Estimate, Floats, Reason, Reasons
from pivotal.stats.fisher import TIES, Alternative, Rule
from pivotal.stats.normal import tail, two_sided_p, two_sided_quantile
from pivotal.stats.roots import Rows, find_root
from pivotal.stats.tables import divide, first_reason

DAYS = 365.25
"""Days of a year."""

Arms = tuple[Floats, Floats, Floats, Floats]


def patient_years(days: ArrayLike, included: ArrayLike | None = None) -> Floats:
    """Add up time at risk.

    Parameters
    ----------
    days
        Days at risk of each patient, (replicate, patient); NaN counts as none.
    included
        Who counts, (replicate, patient) or (patient,); None for everybody.

    Returns
    -------
    Floats
        Years of 365.25 days, (replicate,).

    Examples
    --------
    >>> patient_years([[365.25, 730.5, np.nan]]).tolist()
    [3.0]
    """
    time = np.nan_to_num(np.asarray(days, dtype=np.float64))
    counted = time if included is None else np.where(np.asarray(included, dtype=np.bool_), time, 0.0)
    return np.asarray(counted.sum(axis=-1) / DAYS, dtype=np.float64)


def incidence_rate(x: ArrayLike, time: ArrayLike, level: float = 0.95) -> Estimate:
    """Estimate a rate with its exact (Garwood) interval.

    Parameters
    ----------
    x, time
        Events, and the time at risk they were seen in, of any shape, broadcast against each other.
    level
        Confidence level.

    Returns
    -------
    Estimate
        `estimate` = x / time, `ci_low`, `ci_high`, per unit of time; NaN with `Reason.NO_EXPOSURE` without time.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Notes
    -----
    χ²(α/2; 2x)/(2 time) and χ²(1 - α/2; 2x + 2)/(2 time): Garwood (1936), doi:10.1093/biomet/28.3-4.437. As R
    `poisson.test`. Events are counted as Poisson: of patients with several events they are not independent, and a
    first event per patient with time until it is the usual choice.

    Examples
    --------
    >>> rate = incidence_rate([23, 0], [140.5, 60.0])
    >>> rate.ci_low.round(6).tolist(), rate.ci_high.round(6).tolist()
    ([0.103772, 0.0], [0.245632, 0.061481])
    """
    outside = tail(level)
    events, exposure = np.broadcast_arrays(np.asarray(x, dtype=np.float64), np.asarray(time, dtype=np.float64))
    low = np.where(events > 0, special.gammaincinv(np.maximum(events, 0.5), outside), 0.0)
    high = special.gammainccinv(events + 1, outside)
    return Estimate(
        estimate=divide(events, exposure),
        ci_low=divide(low, exposure),
        ci_high=divide(high, exposure),
        reason=first_reason((exposure == 0, Reason.NO_EXPOSURE)),
    )


def incidence_difference(
    x1: ArrayLike,
    time1: ArrayLike,
    x0: ArrayLike,
    time0: ArrayLike,
    *,
    method: Literal["wald", "miettinen-nurminen"] = "miettinen-nurminen",
    level: float = 0.95,
) -> Estimate:
    """Estimate the difference of two rates, active minus control.

    Parameters
    ----------
    x1, time1, x0, time0
        Events and time at risk of the active and the control arm, of any shape.
    method
        "miettinen-nurminen", the score interval and test; "wald".
    level
        Confidence level.

    Returns
    -------
    Estimate
        `estimate`, `se` (Wald), limits, `statistic` (normal), `p`. NaN with `Reason.NO_EXPOSURE`. Without any event
        the score interval stands, statistic NaN and p 1, with `Reason.NO_EVENTS`; the Wald interval is the point 0.

    Raises
    ------
    ValueError
        If `method` or `level` is not allowed.

    Notes
    -----
    Wald: x₁/t₁² + x₀/t₀². Score: (d - δ)² = z² (λ₁/t₁ + λ₀/t₀), λ₀ the greater root of
    (t₁ + t₀)λ² + ((t₁ + t₀)δ - x₁ - x₀)λ - x₀δ = 0 and λ₁ = λ₀ + δ; Miettinen and Nurminen (1985),
    doi:10.1002/sim.4780040211, whose factor N/(N - 1) belongs to proportions only. As R `ratesci::scoreci(distrib =
    "poi", skew = FALSE)`. The Wald interval is too short where events are few.

    Examples
    --------
    >>> difference = incidence_difference([23], [140.5], [41], [150.2], method="wald")
    >>> [float(number[0].round(6)) for number in (difference.estimate, difference.ci_low, difference.ci_high)]
    [-0.109268, -0.216306, -0.00223]
    """
    if method not in ("wald", "miettinen-nurminen"):
        raise ValueError(f"method is {method!r}; 'wald' or 'miettinen-nurminen' is allowed.")
    z = two_sided_quantile(level)
    arms = _arms(x1, time1, x0, time0)
    events1, t1, events0, t0 = arms
    difference = divide(events1, t1) - divide(events0, t0)
    se = np.sqrt(divide(events1, t1**2) + divide(events0, t0**2))
    if method == "wald":
        low, high, spread = difference - z * se, difference + z * se, se
    else:
        low, high = _score_limits(arms, difference, z)
        pooled = divide(events1 + events0, t1 + t0)
        spread = np.sqrt(pooled * (divide(1, t1) + divide(1, t0)))
    statistic = divide(difference, spread)
    flat = (events1 + events0 == 0) & (t1 > 0) & (t0 > 0) & (method != "wald")
    return Estimate(
        estimate=difference,
        se=se,
        ci_low=low,
        ci_high=high,
        statistic=statistic,
        p=np.where(flat, 1.0, two_sided_p(statistic)),
        reason=_reasons(arms),
    )


def incidence_ratio(
    x1: ArrayLike,
    time1: ArrayLike,
    x0: ArrayLike,
    time0: ArrayLike,
    *,
    method: Literal["exact", "wald"] = "exact",
    alternative: Alternative = "two-sided",
    rule: Rule = "minlike",
    level: float = 0.95,
) -> Estimate:
    """Estimate the ratio of two rates, active over control.

    Parameters
    ----------
    x1, time1, x0, time0
        Events and time at risk of the active and the control arm, of any shape.
    method
        "exact", conditional on the number of events in both arms; "wald", on the logarithm.
    alternative
        "two-sided", "greater" or "less"; a one-sided one has a one-sided interval.
    rule
        What counts as at least as extreme in a two-sided exact test: "minlike", what is no more likely than the count
        observed (ties to a relative 1e-7, as R); "central", twice the smaller tail, at most 1.
    level
        Confidence level.

    Returns
    -------
    Estimate
        `estimate` and limits on the RATIO scale; "wald" has `se` of the LOG ratio and `statistic`. NaN with
        `Reason.NO_EXPOSURE`. Without any event the limits are 0 and ∞, p 1, with `Reason.NO_EVENTS`; with none in one
        arm the estimate is 0 or ∞, with `Reason.SEPARATION`: "exact" then has an ordinary limit and p, "wald" 0 and ∞
        and NaN.

    Raises
    ------
    ValueError
        If an option or `level` is not allowed.

    Notes
    -----
    Given their sum the active arm's events are binomial with odds ρ t₁/t₀, ρ the ratio: limits are Clopper and
    Pearson's, p that of the binomial test at ρ = 1. As R `poisson.test(c(x1, x0), c(time1, time0))`. Wald: the variance
    of the log ratio is 1/x₁ + 1/x₀.

    Examples
    --------
    >>> ratio = incidence_ratio([23], [140.5], [41], [150.2])
    >>> [float(number[0].round(6)) for number in (ratio.estimate, ratio.ci_low, ratio.ci_high, ratio.p)]
    [0.599705, 0.343521, 1.023167, 0.059829]
    """
    _check_ratio(method, alternative, rule)
    arms = _arms(x1, time1, x0, time0)
    outside = tail(level) if alternative == "two-sided" else 1 - level
    if method == "exact":
        return _exact_ratio(arms, alternative, rule, outside)
    return _wald_ratio(arms, alternative, outside)


def _exact_ratio(arms: Arms, alternative: Alternative, rule: Rule, outside: float) -> Estimate:
    x1, t1, x0, t0 = arms
    usable = (t1 > 0) & (t0 > 0)
    scale = divide(t0, t1)
    low = np.where(x1 > 0, special.betaincinv(np.maximum(x1, 0.5), x0 + 1, outside), 0.0)
    high = np.where(x0 > 0, special.betainccinv(x1 + 1, np.maximum(x0, 0.5), outside), 1.0)
    low = np.zeros(x1.shape) if alternative == "less" else low
    high = np.ones(x1.shape) if alternative == "greater" else high
    return Estimate(
        estimate=np.where(usable, _odds(x1, x0) * scale, np.nan),
        ci_low=np.where(usable, low / (1 - low) * scale, np.nan),
        ci_high=np.where(usable, _odds(high, 1 - high) * scale, np.nan),
        p=np.where(usable, _binomial_p(x1, x1 + x0, divide(t1, t1 + t0), alternative, rule), np.nan),
        reason=_reasons(arms, (x1 == 0) | (x0 == 0)),
    )


def _wald_ratio(arms: Arms, alternative: Alternative, outside: float) -> Estimate:
    x1, t1, x0, t0 = arms
    usable, finite = (t1 > 0) & (t0 > 0), (x1 > 0) & (x0 > 0)
    estimate = np.where(usable, _odds(x1, x0) * divide(t0, t1), np.nan)
    log = np.log(np.where(finite & usable, estimate, 1.0))
    se = np.where(finite & usable, np.sqrt(divide(1, x1) + divide(1, x0)), np.nan)
    half = -float(special.ndtri(outside)) * se
    statistic = divide(np.where(finite & usable, log, np.nan), se)
    one_sided = special.ndtr(-statistic if alternative == "greater" else statistic)
    low = np.zeros(x1.shape) if alternative == "less" else np.where(finite, np.exp(log - half), 0.0)
    high = np.full(x1.shape, np.inf) if alternative == "greater" else np.where(finite, np.exp(log + half), np.inf)
    return Estimate(
        estimate=estimate,
        se=se,
        ci_low=np.where(usable, low, np.nan),
        ci_high=np.where(usable, high, np.nan),
        statistic=statistic,
        p=two_sided_p(statistic) if alternative == "two-sided" else np.asarray(one_sided, dtype=np.float64),
        reason=_reasons(arms, ~finite),
    )


def _binomial_p(x: Floats, n: Floats, share: Floats, alternative: Alternative, rule: Rule) -> Floats:
    """The binomial test of `x` out of `n` events."""
    p = np.nan_to_num(share)
    at_least = np.where(x > 0, special.betainc(np.maximum(x, 0.5), n - x + 1, p), 1.0)
    at_most = np.where(x < n, special.betaincc(x + 1, np.maximum(n - x, 0.5), p), 1.0)
    if alternative == "greater":
        return np.asarray(at_least, dtype=np.float64)
    if alternative == "less":
        return np.asarray(at_most, dtype=np.float64)
    if rule == "central":
        return np.asarray(np.minimum(2 * np.minimum(at_least, at_most), 1.0), dtype=np.float64)
    return _no_more_likely(x, n, p)


def _no_more_likely(x: Floats, n: Floats, p: Floats) -> Floats:
    """Probability of the counts that are no more likely than the one observed."""
    shape = x.shape
    x, n, p = x.ravel(), n.ravel(), p.ravel()
    total = np.empty(x.size)
    width = int(n.max(initial=0)) + 1
    for rows in rounds(x.size, width):
        count, size = np.arange(width), n[rows, None]
        rest = np.maximum(size - count, 0)
        log = special.gammaln(size + 1) - special.gammaln(count + 1) - special.gammaln(rest + 1)
        log = log + special.xlogy(count, p[rows, None]) + special.xlog1py(rest, -p[rows, None])
        law = np.where(count <= size, np.exp(log), 0.0)
        observed = np.take_along_axis(law, x[rows, None].astype(np.intp), axis=1)
        total[rows] = np.where(law <= observed * TIES, law, 0.0).sum(axis=1)
    return np.minimum(total, 1.0).reshape(shape)


def _score_limits(arms: Arms, difference: Floats, z: float) -> tuple[Floats, Floats]:
    """Both limits: the upper one is minus the lower one of the arms exchanged."""
    x1, t1, x0, t0 = arms
    usable = (t1 > 0) & (t0 > 0)
    low, high = np.full(usable.shape, np.nan), np.full(usable.shape, np.nan)
    chosen = (x1[usable], t1[usable], x0[usable], t0[usable])
    low[usable] = _lower_limit(chosen, difference[usable], z)
    high[usable] = -_lower_limit((*chosen[2:], *chosen[:2]), -difference[usable], z)
    return low, high


def _lower_limit(arms: Arms, difference: Floats, z: float) -> Floats:
    x1, t1, x0, t0 = arms
    per_time = 1 / t1 + 1 / t0
    # rates under δ exceed the greater observed one by no more than |d - δ|: this far out (d - δ)² is the larger side
    reach = z * z * per_time + z * np.sqrt(per_time * np.maximum(x1 / t1, x0 / t0))

    def excess(delta: Floats, rows: Rows) -> Floats:
        control = _restricted(delta, x1[rows], t1[rows], x0[rows], t0[rows])
        spread = np.maximum(control + delta, 0.0) / t1[rows] + control / t0[rows]
        return np.asarray(difference[rows] - delta - z * np.sqrt(spread), dtype=np.float64)

    return find_root(excess, difference - 1.01 * reach, difference.copy())


def _restricted(delta: Floats, x1: Floats, t1: Floats, x0: Floats, t0: Floats) -> Floats:
    """Most likely control rate given that the active rate is δ higher."""
    total = t1 + t0
    b = total * delta - x1 - x0
    root = np.sqrt((total * delta - (x1 - x0)) ** 2 + 4 * x1 * x0)
    # the form that does not cancel
    below = np.where(b > 0, b + root, 1.0)
    rate = np.where(b > 0, 2 * x0 * delta / below, (root - b) / (2 * total))
    return np.asarray(np.maximum(rate, np.maximum(-delta, 0.0)), dtype=np.float64)


def _odds(above: Floats, below: Floats) -> Floats:
    """Above / below; infinite over 0, NaN where both are 0."""
    return np.where((below == 0) & (above > 0), np.inf, divide(above, below))


def _arms(x1: ArrayLike, t1: ArrayLike, x0: ArrayLike, t0: ArrayLike) -> Arms:
    one, time1, other, time0 = np.broadcast_arrays(*(np.asarray(part, dtype=np.float64) for part in (x1, t1, x0, t0)))
    return one, time1, other, time0


def _reasons(arms: Arms, separated: np.ndarray | None = None) -> Reasons:
    x1, t1, x0, t0 = arms
    none = np.zeros(x1.shape, dtype=np.bool_)
    return first_reason(
        ((t1 == 0) | (t0 == 0), Reason.NO_EXPOSURE),
        (x1 + x0 == 0, Reason.NO_EVENTS),
        (none if separated is None else separated, Reason.SEPARATION),
    )


def _check_ratio(method: str, alternative: str, rule: str) -> None:
    if method not in ("exact", "wald"):
        raise ValueError(f"method is {method!r}; 'exact' or 'wald' is allowed.")
    if alternative not in ("two-sided", "greater", "less"):
        raise ValueError(f"alternative is {alternative!r}; 'two-sided', 'greater' or 'less' is allowed.")
    if rule not in ("minlike", "central"):
        raise ValueError(f"rule is {rule!r}; 'minlike' or 'central' is allowed.")
