"""Exact conditional logistic regression for a control and one or two active arms, in every replicate at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pivotal.stats.estimate import Estimate, Floats, Reason, Reasons
from pivotal.stats.exact_inference import Inference, infer
from pivotal.stats.exact_margins import Ints, cross_levels, layout, margin_matrix
from pivotal.stats.exact_refine import distributions

__all__ = [
    "ExactLogistic",
    "NullDistribution",
    "cross_levels",
    "exact_logistic",
    "exact_logistic_null",
    "margin_matrix",
]

GROUP = 1024
"""Replicates whose distributions are held at once: tilts and inference are worked together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactLogistic:
    """What `exact_logistic` gives for every comparison with control; every array is (replicate, active arm).

    Attributes
    ----------
    log_odds_ratio
        Conditional maximum likelihood estimate, standard error from the conditional information, central exact
        limits, p = min(1, 2 smaller tail); the statistic is the arm's responder total.
    p_greater, p_less
        P(T >= observed) and P(T <= observed) under the null distribution.
    p_mid
        Twice the smaller tail, the observed total counting half in it, at most 1.
    p_score
        P(|T - mean| >= |observed - mean|) under the null distribution.
    p_probability
        P(probability of T <= probability of the observed total) under the null distribution.
    mean
        Mean of the arm's responder total under the null distribution.
    """

    log_odds_ratio: Estimate
    p_greater: Floats
    p_less: Floats
    p_mid: Floats
    p_score: Floats
    p_probability: Floats
    mean: Floats

    @property
    def odds_ratio(self) -> Estimate:
        """The same on the odds ratio scale; an odds ratio has no standard error."""
        log = self.log_odds_ratio
        assert log.estimate is not None
        assert log.ci_low is not None
        assert log.ci_high is not None
        with np.errstate(over="ignore"):
            low, middle, high = np.exp(log.ci_low), np.exp(log.estimate), np.exp(log.ci_high)
        return Estimate(
            estimate=middle,
            ci_low=low,
            ci_high=high,
            statistic=log.statistic,
            p=log.p,
            reason=log.reason,
            converged=log.converged,
        )


@dataclass(frozen=True, slots=True)
class NullDistribution:
    """The conditional distribution of an arm's responder total under no effect, for one replicate.

    Attributes
    ----------
    total
        Responder totals, shape (point,).
    probability
        Their probabilities, shape (point,).
    observed
        The observed total.
    """

    total: Ints
    probability: Floats
    observed: int


def exact_logistic(
    events: ArrayLike,
    totals: ArrayLike,
    levels: ArrayLike | None = None,
    *,
    pairwise: bool = False,
    level: float = 0.95,
) -> ExactLogistic:
    r"""Exact conditional odds ratio of each active arm against control, with main effects of the factors.

    The model is logit P(response) = arm + main effects of the stratification factors. An arm's responder total T is
    referred to its distribution given the sufficient statistics of all else: the responders at every level of every
    factor and, unless `pairwise`, the other active arm's responders,

    .. math:: P_\beta(T = t) = f(t) e^{\beta t} / \sum_u f(u) e^{\beta u},
              \qquad f(t) = \sum_x \prod_{jk} \binom{n_{jk}}{x_{jk}}

    with the sum over all tables of responders that have the fixed margins and T = t.

    Parameters
    ----------
    events, totals
        Responders and patients, shape (replicate, arm, stratum); control is arm 0, then one or two active arms.
    levels
        Level code of every factor in every stratum, shape (stratum, factor); see `cross_levels`. None takes the
        strata as the levels of one factor.
    pairwise
        Leave the other active arm's patients out, rather than condition on their responders.
    level
        Confidence level of the limits.

    Returns
    -------
    ExactLogistic
        On the log odds ratio scale, and with `.odds_ratio` on the other. The estimate is the conditional maximum
        likelihood estimate. Where T is at an end of its range that is infinite: the median unbiased estimate is given
        instead (P(T at the end) = 1/2), se is NaN, one limit is infinite, and the reason is MEDIAN_UNBIASED. Where T
        can take only one value the estimate is NaN, the limits are infinite, every p is 1, and the reason is
        ARM_EMPTY, NO_EVENTS, ALL_EVENTS (both of the two arms compared), or NO_INFORMATION.

    Raises
    ------
    ValueError
        Wrong shapes or counts, more than two active arms without `pairwise`, or factors whose fixed margins need more
        Fourier points than `exact_margins.NODE_LIMIT`. A margin is a level beyond the first of any factor but the
        largest; each takes 15 to 50 points, more with more responders. Four margins are near the limit.

    Notes
    -----
    Sums along T have positive terms only, after a logistic tilt that cancels exactly, so that far tails keep their
    relative accuracy; block totals (the largest factor) are fixed by multiplying polynomials, as in [3]_, the margins
    by Fourier sums, tilted anew wherever one tilt does not centre them. Relative error of p about 1e-12, down to
    p = 1e-25; where arms are nearly confounded with strata 1e-9, and 1e-7 given the other arm's responders. A total
    counts as impossible where the margins, given the arms' totals, are less probable than 1e-9 relative to the best;
    its share of any result is smaller still.

    SAS: `proc logistic; exact arm / estimate=both;` with the arms as indicators gives the same estimates, limits and
    doubled one-sided p; its "Score" and "Probability" tests of one parameter are `p_score` and `p_probability`; the
    mid-p that it prints beside each is that test's own less half the probability of the observed total, whereas `p_mid`
    belongs to the doubled one-sided p. R: `elrm` approximates the distribution by a Markov chain;
    `fisher.test`, for one stratum and two arms, has the same estimate and limits, and its p is `p_probability` (with
    the same relative tie tolerance, 1e-7, which here holds for the distances of `p_score`, too).

    References
    ----------
    .. [1] Cox DR, Snell EJ. Analysis of Binary Data, 2nd ed. Chapman and Hall 1989, doi:10.1201/9781315137391.
    .. [2] Mehta CR, Patel NR. Exact logistic regression: theory and examples. Stat Med 1995;14:2143-2160,
       doi:10.1002/sim.4780141908.
    .. [3] Hirji KF, Mehta CR, Patel NR. Computing distributions for exact logistic regression. JASA
       1987;82:1110-1117, doi:10.1080/01621459.1987.10478547.

    Examples
    --------
    The responders of TRuE-AD3, one stratum, against control alone:

    >>> found = exact_logistic([[[7], [49], [74]]], [[[65], [134], [131]]], pairwise=True)
    >>> found.odds_ratio.estimate.round(2).tolist()
    [[4.74, 10.63]]
    """
    x, n, codes = checked(events, totals, levels)
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; a confidence level lies between 0 and 1, such as 0.95.")
    active = x.shape[1] - 1
    if pairwise:
        found = [_compare(x[:, [0, a]], n[:, [0, a]], codes, level) for a in range(1, active + 1)]
        parts = [part for comparison in found for part in comparison]
    else:
        if active > 2:
            raise ValueError(
                f"events has {active} active arms; at most 2 can be compared given each other's responders. "
                f"Compare them with pairwise=True."
            )
        parts = _compare(x, n, codes, level)
    return _result(parts, x, n)


def exact_logistic_null(
    events: ArrayLike,
    totals: ArrayLike,
    levels: ArrayLike | None = None,
    *,
    arm: int = 1,
    pairwise: bool = False,
) -> NullDistribution:
    """The null conditional distribution that `exact_logistic` uses, of one arm in one replicate.

    Parameters
    ----------
    events, totals
        Responders and patients, shape (arm, stratum).
    levels, pairwise
        As in `exact_logistic`.
    arm
        The active arm, from 1.

    Returns
    -------
    NullDistribution
        The totals of positive probability, and their probabilities.

    Examples
    --------
    >>> exact_logistic_null([[1], [2]], [[3], [3]]).probability.round(3).tolist()
    [0.05, 0.45, 0.45, 0.05]
    """
    x, n, codes = checked(np.asarray(events)[None], np.asarray(totals)[None], levels)
    if not 1 <= arm < x.shape[1]:
        raise ValueError(f"arm is {arm}; the active arms are 1 to {x.shape[1] - 1}.")
    if pairwise:
        x, n, own = x[:, [0, arm]], n[:, [0, arm]], 1
    else:
        own = arm
    weights = distributions(x, n, layout(codes))[own - 1]
    kept = np.isfinite(weights.log[0])
    f = np.exp(weights.log[0] - weights.log[0].max())
    total = weights.low[0] + np.flatnonzero(kept)
    return NullDistribution(total, f[kept] / f.sum(), int(x[0, own].sum()))


def checked(events: ArrayLike, totals: ArrayLike, levels: ArrayLike | None) -> tuple[Ints, Ints, Ints]:
    """Arguments as whole numbers of fitting shapes."""
    x, n = np.asarray(events), np.asarray(totals)
    if x.ndim != 3 or x.shape != n.shape:
        raise ValueError(
            f"events has the shape {x.shape} and totals {n.shape}; both must be (replicate, arm, stratum) alike."
        )
    if x.shape[1] < 2 or x.shape[2] < 1:
        raise ValueError(f"events has the shape {x.shape}; it needs control, an active arm, and one stratum at least.")
    if not (np.equal(x, np.floor(x)).all() and np.equal(n, np.floor(n)).all()):
        raise ValueError("events and totals must be whole numbers: they count patients.")
    if (x < 0).any() or (x > n).any():
        where = np.argwhere((x < 0) | (x > n))[0].tolist()
        raise ValueError(f"events{where} lies outside 0 .. totals{where}; responders are some of the patients.")
    codes = np.arange(x.shape[2])[:, None] if levels is None else np.asarray(levels)
    if codes.ndim != 2 or codes.shape[0] != x.shape[2]:
        raise ValueError(f"levels has the shape {codes.shape}; it must be ({x.shape[2]} strata, factor).")
    return x.astype(np.int64), n.astype(np.int64), codes.astype(np.int64)


def _compare(x: Ints, n: Ints, codes: Ints, level: float) -> list[Inference]:
    """Inference on every active arm of the model of all the arms given."""
    plan, replicates = layout(codes), len(x)
    if not replicates:  # one trial without patients, dropped at the end
        x = n = np.zeros((1, *x.shape[1:]), dtype=np.int64)
    order = np.argsort(x.sum((1, 2)), kind="stable")
    active = x.shape[1] - 1
    found: list[list[Inference]] = [[] for _ in range(active)]
    for start in range(0, order.size, GROUP):
        rows = order[start : start + GROUP]
        for a, weights in enumerate(distributions(x[rows], n[rows], plan)):
            found[a].append(infer(weights.log, weights.low, x[rows, a + 1].sum(1), level))
    back = np.argsort(order, kind="stable")[:replicates]
    return [_joined(parts, back) for parts in found]


def _joined(parts: list[Inference], back: Ints) -> Inference:
    """One result in the caller's order."""
    names = Inference.__dataclass_fields__
    return Inference(**{name: np.concatenate([getattr(part, name) for part in parts])[back] for name in names})


def _result(parts: list[Inference], x: Ints, n: Ints) -> ExactLogistic:
    """Stack the comparisons along the last axis and say why where there is no ordinary number."""

    def stacked(pick: Callable[[Inference], Floats]) -> Floats:
        return np.stack([pick(part) for part in parts], axis=1)

    return ExactLogistic(
        log_odds_ratio=Estimate(
            estimate=stacked(lambda part: part.estimate),
            se=stacked(lambda part: part.se),
            ci_low=stacked(lambda part: part.low),
            ci_high=stacked(lambda part: part.high),
            statistic=x[:, 1:].sum(2).astype(float),
            p=stacked(lambda part: part.p),
            reason=np.stack([_reasons(part, x[:, [0, a + 1]], n[:, [0, a + 1]]) for a, part in enumerate(parts)], 1),
            converged=np.stack([part.converged for part in parts], axis=1),
        ),
        p_greater=stacked(lambda part: part.p_greater),
        p_less=stacked(lambda part: part.p_less),
        p_mid=stacked(lambda part: part.p_mid),
        p_score=stacked(lambda part: part.p_score),
        p_probability=stacked(lambda part: part.p_probability),
        mean=stacked(lambda part: part.mean),
    )


def _reasons(part: Inference, x: Ints, n: Ints) -> Reasons:
    """Reason of each replicate of one comparison, the most telling first."""
    conditions = [
        (n.sum(2) == 0).any(1),
        part.degenerate & (x.sum((1, 2)) == 0),
        part.degenerate & (x.sum((1, 2)) == n.sum((1, 2))),
        part.degenerate,
        ~part.converged,
        part.median_unbiased,
    ]
    codes = [
        Reason.ARM_EMPTY,
        Reason.NO_EVENTS,
        Reason.ALL_EVENTS,
        Reason.NO_INFORMATION,
        Reason.NOT_CONVERGED,
        Reason.MEDIAN_UNBIASED,
    ]
    return np.select(conditions, [np.uint8(code) for code in codes], np.uint8(Reason.NONE)).astype(np.uint8)
