"""Fisher's exact test of a two-by-two table, with the conditional odds ratio and its exact limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from pivotal.stats.estimate import Estimate, Floats, Reason, Reasons
from pivotal.stats.normal import tail
from pivotal.stats.roots import Rows, find_root
from pivotal.stats.tables import TwoArms

Alternative = Literal["two-sided", "greater", "less"]
Rule = Literal["minlike", "central"]

# R's fisher.test: tables as likely as the observed one count as such though rounding puts them above it.
TIES = 1 + 1e-7
# Log odds ratios are sought between these; a limit beyond exp(±200) cannot come from counts below 10^40.
FARTHEST = 200.0
# Numbers held at once; tables beyond it wait for the next round.
WORKSPACE = 4_000_000


def fisher_exact(
    x1: ArrayLike,
    n1: ArrayLike,
    x0: ArrayLike,
    n0: ArrayLike,
    level: float = 0.95,
    *,
    alternative: Alternative = "two-sided",
    rule: Rule = "minlike",
) -> Estimate:
    """Test a two-by-two table exactly and estimate its odds ratio, given both margins.

    Parameters
    ----------
    x1, n1
        Events and patients of the active arm, shape (replicate, ...).
    x0, n0
        Events and patients of the control arm.
    level
        Confidence level.
    alternative
        "two-sided", or that the odds ratio is "greater" or "less" than 1.
    rule
        What counts as at least as extreme in a two-sided test: "minlike", the tables no more likely than the
        one observed (ties to a relative 1e-7, as R); "central", twice the smaller tail, at most 1, which
        agrees with the limits.

    Returns
    -------
    Estimate
        `estimate`, the conditional maximum-likelihood odds ratio; `ci_low`, `ci_high`, the exact limits
        (central; one-sided for a one-sided alternative) on the ODDS RATIO scale; `p`. An estimate of 0 or ∞ has
        `Reason.SEPARATION`. With no events, or only events, p is 1, the limits 0 and ∞ and the estimate NaN.

    Raises
    ------
    ValueError
        If `level`, `alternative` or `rule` is not one of those allowed.

    Notes
    -----
    Fisher (1935), doi:10.2307/2342435; the rules: Fay (2010), doi:10.1093/biostatistics/kxp050. R `fisher.test`
    has the minlike p-value with the central limits and finds estimate and limits to about 1e-4 only; here they
    are solved to 1e-12. SAS `PROC FREQ` `FISHER` has the minlike p-value; its exact odds ratio limits are the
    central ones, its odds ratio the unconditional one.

    Examples
    --------
    >>> result = fisher_exact([4], [12], [1], [11])
    >>> [float(number[0].round(6)) for number in (result.estimate, result.ci_low, result.ci_high, result.p)]
    [4.676252, 0.364169, 270.336392, 0.31677]
    """
    _check(alternative, rule)
    outside = tail(level) if alternative == "two-sided" else 2 * tail(level)
    arms = TwoArms.of(x1, n1, x0, n0)
    tables, back = _distinct(arms)
    numbers = np.full((4, tables.n1.size), np.nan)
    for chosen in _rounds(tables):
        family = _Conditional.of(TwoArms(*(count[chosen] for count in _counts(tables))))
        numbers[:, chosen] = _exact(family, outside, alternative, rule)
    numbers[:, (tables.n1 == 0) | (tables.n0 == 0)] = np.nan
    estimate, low, high, p = (number[back].reshape(arms.n1.shape) for number in numbers)
    return Estimate(estimate=estimate, ci_low=low, ci_high=high, p=p, reason=_reasons(arms, estimate))


@dataclass(frozen=True, slots=True)
class _Conditional:
    """The noncentral hypergeometric family of each table: the active arm's events given both margins.

    Axes (table, event count); counts beyond a table's support weigh exp(-∞).
    """

    observed: Floats
    support: Floats
    log_weight: Floats

    @classmethod
    def of(cls, arms: TwoArms) -> _Conditional:
        events = arms.x1 + arms.x0
        least = np.maximum(0.0, events - arms.n0)
        most = np.minimum(arms.n1, events)
        width = int(np.max(most - least, initial=0.0)) + 1
        offset = np.arange(width, dtype=np.float64)
        inside = offset <= (most - least)[:, None]
        support = least[:, None] + np.where(inside, offset, 0.0)
        ways = _log_choose(arms.n1[:, None], support) + _log_choose(arms.n0[:, None], events[:, None] - support)
        return cls(arms.x1, support, np.where(inside, ways, -np.inf))

    def probabilities(self, log_odds: Floats, rows: Rows) -> Floats:
        """Distribution at a log odds ratio, for the tables `rows`."""
        tilted = self.log_weight[rows] + log_odds[:, None] * self.support[rows]
        weight = np.exp(tilted - tilted.max(axis=1, keepdims=True))
        return np.asarray(weight / weight.sum(axis=1, keepdims=True), dtype=np.float64)

    def at_least(self, log_odds: Floats, rows: Rows) -> Floats:
        """Probability of the observed count or more."""
        above = self.support[rows] >= self.observed[rows, None]
        return np.asarray((self.probabilities(log_odds, rows) * above).sum(axis=1), dtype=np.float64)

    def at_most(self, log_odds: Floats, rows: Rows) -> Floats:
        """Probability of the observed count or less."""
        below = self.support[rows] <= self.observed[rows, None]
        return np.asarray((self.probabilities(log_odds, rows) * below).sum(axis=1), dtype=np.float64)

    def mean(self, log_odds: Floats, rows: Rows) -> Floats:
        """Expected count."""
        return np.asarray((self.probabilities(log_odds, rows) * self.support[rows]).sum(axis=1), dtype=np.float64)

    def lowest(self) -> Rows:
        """Tables whose observed count is not the least possible."""
        return np.flatnonzero(self.observed > self.support[:, 0])

    def highest(self) -> Rows:
        """Tables whose observed count is not the greatest possible."""
        return np.flatnonzero(self.observed < self.support.max(axis=1))


def _exact(family: _Conditional, outside: float, alternative: Alternative, rule: Rule) -> Floats:
    low = np.zeros(family.observed.size) if alternative == "less" else _lower(family, outside)
    high = np.full(family.observed.size, np.inf) if alternative == "greater" else _upper(family, outside)
    return np.stack([_conditional_odds_ratio(family), low, high, _p_value(family, alternative, rule)])


def _p_value(family: _Conditional, alternative: Alternative, rule: Rule) -> Floats:
    rows = np.arange(family.observed.size)
    null = np.zeros(rows.size)
    if alternative == "greater":
        return _probability(family.at_least(null, rows))
    if alternative == "less":
        return _probability(family.at_most(null, rows))
    if rule == "central":
        return _probability(2 * np.minimum(family.at_least(null, rows), family.at_most(null, rows)))
    probability = family.probabilities(null, rows)
    seen = family.observed - family.support[:, 0]
    observed = np.take_along_axis(probability, seen.astype(np.intp)[:, None], axis=1)
    return _probability(np.where(probability <= observed * TIES, probability, 0.0).sum(axis=1))


def _probability(sum_: Floats) -> Floats:
    """A sum of probabilities, at most 1 whatever the rounding."""
    return np.asarray(np.minimum(sum_, 1.0), dtype=np.float64)


def _conditional_odds_ratio(family: _Conditional) -> Floats:
    below, above = family.lowest(), family.highest()
    inner = np.intersect1d(below, above)
    ratio = np.full(family.observed.size, np.nan)
    ratio[np.setdiff1d(above, below)] = 0.0
    ratio[np.setdiff1d(below, above)] = np.inf
    ratio[inner] = _solve(inner, lambda odds, rows: family.observed[rows] - family.mean(odds, rows))
    return ratio


def _lower(family: _Conditional, outside: float) -> Floats:
    low = np.zeros(family.observed.size)
    rows = family.lowest()
    low[rows] = _solve(rows, lambda odds, tables: _log_ratio(outside, family.at_least(odds, tables)))
    return low


def _upper(family: _Conditional, outside: float) -> Floats:
    high = np.full(family.observed.size, np.inf)
    rows = family.highest()
    high[rows] = _solve(rows, lambda odds, tables: -_log_ratio(outside, family.at_most(odds, tables)))
    return high


def _solve(rows: Rows, function: Callable[[Floats, Rows], Floats]) -> Floats:
    """Odds ratio at which a function that falls with the log odds ratio is zero, for the tables `rows`."""
    ends = np.full(rows.size, FARTHEST)
    return np.exp(find_root(lambda odds, which: function(odds, rows[which]), -ends, ends))


def _log_ratio(outside: float, probability: Floats) -> Floats:
    # 1e-300 stands for a probability that underflowed
    return np.asarray(np.log(outside) - np.log(np.maximum(probability, 1e-300)), dtype=np.float64)


def _log_choose(n: Floats, k: Floats) -> Floats:
    ways = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    return np.asarray(ways, dtype=np.float64)


def _counts(arms: TwoArms) -> tuple[Floats, Floats, Floats, Floats]:
    return arms.x1, arms.n1, arms.x0, arms.n0


def _distinct(arms: TwoArms) -> tuple[TwoArms, Rows]:
    """Every table once, and where each replicate finds its own: replicates share tables more often than not."""
    stacked = np.stack([count.ravel() for count in _counts(arms)], axis=1)
    tables, back = np.unique(stacked, axis=0, return_inverse=True)
    return TwoArms(*tables.T), back.ravel()


def _rounds(tables: TwoArms) -> Iterator[slice]:
    widest = int(np.max(np.minimum(tables.n1, tables.n0), initial=0.0)) + 1
    step = max(1, WORKSPACE // widest)
    for start in range(0, tables.n1.size, step):
        yield slice(start, start + step)


def _reasons(arms: TwoArms, estimate: Floats) -> Reasons:
    return arms.reason(((estimate == 0) | np.isinf(estimate), Reason.SEPARATION))


def _check(alternative: str, rule: str) -> None:
    if alternative not in ("two-sided", "greater", "less"):
        raise ValueError(f"alternative is {alternative!r}; 'two-sided', 'greater' or 'less' is allowed.")
    if rule not in ("minlike", "central"):
        raise ValueError(f"rule is {rule!r}; 'minlike' or 'central' is allowed.")
