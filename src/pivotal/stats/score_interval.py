"""Score intervals and tests of a risk difference, a risk ratio or an odds ratio, in one table and over strata."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from pivotal.stats.estimate import Estimate, Floats, Reason, Reasons
from pivotal.stats.normal import two_sided_p, two_sided_quantile
from pivotal.stats.roots import Rows, find_root
from pivotal.stats.score_functions import Contrast, ScoreFunction, Weights
from pivotal.stats.tables import Mask, TwoArms, first_reason

CONTRASTS = ("difference", "ratio", "odds ratio")
WEIGHTS = ("mantel-haenszel", "inverse-variance", "miettinen-nurminen")
# Ratios are sought between exp(±60): counts below 10^12 give no limit beyond.
FARTHEST = 60.0
# A score that comes this near to its value at the far end only tends to it: there it is of the order of exp(-30).
NEAR = 1e-6


def score_interval(
    x1: ArrayLike,
    n1: ArrayLike,
    x0: ArrayLike,
    n0: ArrayLike,
    level: float = 0.95,
    *,
    contrast: Contrast = "difference",
    skewness: bool = False,
    inflated: bool = True,
    unbiased: bool = False,
) -> Estimate:
    """Estimate a risk difference, risk ratio or odds ratio with its score interval and score test.

    Parameters
    ----------
    x1, n1
        Events and patients of the active arm, shape (replicate, ...).
    x0, n0
        Events and patients of the control arm.
    level
        Confidence level.
    contrast
        "difference", "ratio" or "odds ratio".
    skewness
        Correct for the score's skewness: SCAS.
    inflated
        Multiply the variance by N/(N-1), as Miettinen and Nurminen; False gives Mee's interval of a difference,
        Koopman's of a ratio.
    unbiased
        Take the score's second-order bias from it, as `ratesci` does by default; odds ratio only.

    Returns
    -------
    Estimate
        `estimate`, where the score is 0 (the observed contrast, without `skewness` and `unbiased`); `ci_low`, `ci_high`
        on the contrast's own scale; `statistic` (normal) and `p` of no effect. Without events, or with events only,
        statistic 0 and p 1; of a ratio then estimate NaN where nothing is known, the limits 0 and ∞.
        An empty arm gives NaN.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1, or `contrast` is none of the three.

    Notes
    -----
    The limits solve S(θ)/√V(θ) = ±z with S = p1 - p0 - θ, p1 - θ p0, or x1 less its expectation divided by its
    variance, and V at the rates that are most likely under θ. Miettinen and Nurminen (1985), doi:10.1002/sim.4780040211;
    Koopman (1984), doi:10.2307/2531405; with skewness S/√V = z + A(z² - 1), A = μ3/(6 V^1.5), Gart and Nam (1990),
    doi:10.2307/2532084, Laud (2017), doi:10.1002/pst.1813. The bias of the odds ratio's score is
    (p1 - p0)/(n1 p1 q1 + n0 p0 q0), Gart (1985), in Laud (2018), doi:10.1002/pst.1855. As R `ratesci::scoreci`; SAS
    `PROC FREQ` `RISKDIFF(CL=MN)`, `RELRISK(CL=SCORE)` and `OR(CL=SCORE)`, the last two without N/(N-1).

    Examples
    --------
    >>> result = score_interval([49], [134], [7], [65], contrast="ratio")
    >>> float(result.ci_low[0].round(6)), float(result.ci_high[0].round(6))
    (1.701103, 7.105507)
    """
    arms = TwoArms.of(x1, n1, x0, n0)
    shape = arms.n1.shape
    strata = TwoArms(*(count.reshape(-1, 1) for count in (arms.x1, arms.n1, arms.x0, arms.n0)))
    return _interval(strata, shape, level, contrast, "mantel-haenszel", skewness, inflated, unbiased)


def stratified_score_interval(
    x1: ArrayLike,
    n1: ArrayLike,
    x0: ArrayLike,
    n0: ArrayLike,
    level: float = 0.95,
    *,
    contrast: Contrast = "difference",
    weights: Weights = "mantel-haenszel",
    skewness: bool = False,
    inflated: bool = True,
    unbiased: bool = False,
) -> Estimate:
    """Estimate a common risk difference, risk ratio or odds ratio over strata with its score interval and test.

    Parameters
    ----------
    x1, n1
        Events and patients of the active arm, shape (replicate, ..., stratum).
    x0, n0
        Events and patients of the control arm, the same shape.
    level
        Confidence level.
    contrast, skewness, inflated, unbiased
        As in `score_interval`.
    weights
        "mantel-haenszel": n1 n0/N. "inverse-variance": of the score, at every value tried. "miettinen-nurminen":
        1/(ω/n1 + 1/n0), ω the ratio of p(1-p) in the two arms at the weighted rates; difference only.

    Returns
    -------
    Estimate
        As `score_interval`, without the stratum axis. Strata with an empty arm have no weight; `Reason.NO_INFORMATION`
        where no stratum has both arms.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1, or `contrast` or `weights` is not one of those allowed.

    Notes
    -----
    Σ w S / √(Σ w² V), with a factor N/(N-1) to each stratum's V and Σ w³ μ3 for the skewness. Miettinen and Nurminen
    (1985), doi:10.1002/sim.4780040211; Laud (2017), doi:10.1002/pst.1813. With Mantel-Haenszel weights and without
    skewness, the test of a difference is `cochran_mantel_haenszel`. As R `ratesci::scoreci(stratified = TRUE)`. SAS
    `PROC FREQ` `COMMONRISKDIFF(CL=SCORE)` is another method: the strata's score intervals combined with weights from
    their widths.

    Examples
    --------
    >>> result = stratified_score_interval([[30, 22]], [[60, 50]], [[20, 9]], [[58, 51]])
    >>> float(result.ci_low[0].round(6)), float(result.ci_high[0].round(6))
    (0.078405, 0.325827)
    """
    strata = TwoArms.of(x1, n1, x0, n0)
    shape, size = strata.n1.shape[:-1], strata.n1.shape[-1]
    flat = TwoArms(*(count.reshape(-1, size) for count in (strata.x1, strata.n1, strata.x0, strata.n0)))
    return _interval(flat, shape, level, contrast, weights, skewness, inflated, unbiased)


def _interval(
    strata: TwoArms,
    shape: tuple[int, ...],
    level: float,
    contrast: Contrast,
    weights: Weights,
    skewness: bool,
    inflated: bool,
    unbiased: bool,
) -> Estimate:
    _check(contrast, weights)
    z = two_sided_quantile(level)
    present = (strata.n1 > 0) & (strata.n0 > 0)
    filled = _without_empty(strata, present)
    function = ScoreFunction(filled, present.astype(np.float64), contrast, weights, skewness, inflated, unbiased)
    rows = np.flatnonzero(_tells(filled, present, contrast))
    known = present.any(axis=1)
    start, end = (np.nan, np.nan) if contrast == "difference" else (0.0, np.inf)
    low, estimate, high = (np.where(known, value, np.nan) for value in (start, np.nan, end))
    low[rows] = _solve(function, rows, contrast, z)
    estimate[rows] = _solve(function, rows, contrast, 0.0)
    high[rows] = _solve(function, rows, contrast, -z)
    statistic = np.where(known, 0.0, np.nan)
    null = 0.0 if contrast == "difference" else 1.0
    varies = np.flatnonzero(_varies(filled, present))
    statistic[varies] = function.at(np.full(varies.size, null), varies)
    reason = _reasons(strata, known, estimate, contrast)
    estimate, low, high, statistic, reason = (each.reshape(shape) for each in (estimate, low, high, statistic, reason))
    return Estimate(
        estimate=estimate, ci_low=low, ci_high=high, statistic=statistic, p=two_sided_p(statistic), reason=reason
    )


def _solve(function: ScoreFunction, rows: Rows, contrast: Contrast, z: float) -> Floats:
    """Where the score is z; an end of the range where it does not come down, or up, to it."""
    if contrast == "difference":
        ends = np.ones(rows.size)
        return find_root(lambda value, which: function.at(value, rows[which]) - z, -ends, ends)

    def excess(log: Floats, which: Rows) -> Floats:
        return function.at(np.exp(log), rows[which]) - z

    every, ends = np.arange(rows.size), np.full(rows.size, FARTHEST)
    found = np.exp(find_root(excess, -ends, ends))
    found = np.where(excess(ends, every) > -NEAR, np.inf, found)
    return np.where(excess(-ends, every) < NEAR, 0.0, found)


def _without_empty(strata: TwoArms, present: Mask) -> TwoArms:
    """One patient and no event in each arm of strata that do not count: harmless numbers."""
    x1, x0 = (np.where(present, count, 0.0) for count in (strata.x1, strata.x0))
    n1, n0 = (np.where(present, count, 1.0) for count in (strata.n1, strata.n0))
    return TwoArms(x1, n1, x0, n0)


def _varies(strata: TwoArms, present: Mask) -> Mask:
    events = strata.x1 + strata.x0
    return np.asarray((present & (events > 0) & (events < strata.total)).any(axis=1), dtype=np.bool_)


def _tells(strata: TwoArms, present: Mask, contrast: Contrast) -> Mask:
    """Whether the data bound the contrast: a difference always, a ratio where there are events."""
    if contrast == "difference":
        return np.asarray(present.any(axis=1), dtype=np.bool_)
    if contrast == "odds ratio":
        return _varies(strata, present)
    return np.asarray((present & (strata.x1 + strata.x0 > 0)).any(axis=1), dtype=np.bool_)


def _reasons(strata: TwoArms, known: Mask, estimate: Floats, contrast: Contrast) -> Reasons:
    infinite = ((estimate == 0) | np.isinf(estimate)) if contrast != "difference" else np.zeros_like(known)
    whole = strata.summed()
    return first_reason(
        ((whole.n1 == 0) | (whole.n0 == 0), Reason.ARM_EMPTY),
        (~known, Reason.NO_INFORMATION),
        (whole.x1 + whole.x0 == 0, Reason.NO_EVENTS),
        (whole.x1 + whole.x0 == whole.total, Reason.ALL_EVENTS),
        (np.isnan(estimate), Reason.NO_INFORMATION),
        (infinite, Reason.SEPARATION),
    )


def _check(contrast: str, weights: str) -> None:
    if contrast not in CONTRASTS:
        raise ValueError(f"contrast is {contrast!r}; {', '.join(map(repr, CONTRASTS))} are allowed. Change contrast.")
    if weights not in WEIGHTS:
        raise ValueError(f"weights is {weights!r}; {', '.join(map(repr, WEIGHTS))} are allowed. Change weights.")
    if weights == "miettinen-nurminen" and contrast != "difference":
        raise ValueError(f"weights is {weights!r}, which are for a difference; contrast is {contrast!r}.")
