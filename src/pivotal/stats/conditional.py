"""The active arm's events given every margin: distribution, p-values and limits of the odds ratio."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from pivotal.stats.estimate import Floats
from pivotal.stats.roots import Rows, find_root
from pivotal.stats.tables import TwoArms

Alternative = Literal["two-sided", "greater", "less"]
Rule = Literal["minlike", "central", "blaker", "mid-p"]

# R's fisher.test: tables as likely as the observed one count as such though rounding puts them above it.
TIES = 1 + 1e-7
# Log odds ratios are sought between these; a limit beyond exp(±200) cannot come from counts below 10^40.
FARTHEST = 200.0


@dataclass(frozen=True, slots=True)
class Conditional:
    """The noncentral hypergeometric family of each table: the active arm's events given all margins.

    Axes (table, event count); counts beyond a table's support weigh exp(-∞).
    """

    observed: Floats
    support: Floats
    log_weight: Floats

    @classmethod
    def of(cls, arms: TwoArms) -> Conditional:
        """From single tables, arrays (table,)."""
        events = arms.x1 + arms.x0
        least = np.maximum(0.0, events - arms.n0)
        most = np.minimum(arms.n1, events)
        width = int(np.max(most - least, initial=0.0)) + 1
        offset = np.arange(width, dtype=np.float64)
        inside = offset <= (most - least)[:, None]
        support = least[:, None] + np.where(inside, offset, 0.0)
        ways = _log_choose(arms.n1[:, None], support) + _log_choose(arms.n0[:, None], events[:, None] - support)
        return cls(arms.x1, support, np.where(inside, ways, -np.inf))

    @classmethod
    def of_strata(cls, strata: TwoArms) -> Conditional:
        """The total over strata of one common odds ratio, arrays (table, stratum)."""
        fields = [
            TwoArms(strata.x1[:, k], strata.n1[:, k], strata.x0[:, k], strata.n0[:, k])
            for k in range(strata.n1.shape[1])
        ]
        total = cls.of(fields[0])
        for field in fields[1:]:
            total = total._plus(cls.of(field))
        return total

    def _plus(self, other: Conditional) -> Conditional:
        """The sum of two independent counts; in logarithms, so that far tails keep their relative accuracy."""
        width = self.log_weight.shape[1]
        log = np.full((len(self.observed), width + other.log_weight.shape[1] - 1), -np.inf)
        for step in range(other.log_weight.shape[1]):
            part = log[:, step : step + width]
            np.logaddexp(part, self.log_weight + other.log_weight[:, step, None], out=part)
        least = self.support[:, 0] + other.support[:, 0]
        support = least[:, None] + np.where(np.isfinite(log), np.arange(log.shape[1]), 0.0)
        return Conditional(self.observed + other.observed, support, log)

    def take(self, rows: Rows) -> Conditional:
        """Some tables."""
        return Conditional(self.observed[rows], self.support[rows], self.log_weight[rows])

    def mirrored(self) -> Conditional:
        """The same with the events counted down, so that its log odds ratios change their sign."""
        top = self.support.max(axis=1)
        width = (top - self.support[:, 0]).astype(np.intp)[:, None]
        offset = np.arange(self.log_weight.shape[1])
        inside = offset <= width
        log = np.take_along_axis(self.log_weight, np.where(inside, width - offset, 0), axis=1)
        support = -top[:, None] + np.where(inside, offset, 0)
        return Conditional(-self.observed, support.astype(np.float64), np.where(inside, log, -np.inf))

    @property
    def position(self) -> Rows:
        """Where in the support the observed count lies."""
        return np.asarray(self.observed - self.support[:, 0], dtype=np.intp)

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

    def exactly(self, log_odds: Floats, rows: Rows) -> Floats:
        """Probability of the observed count."""
        here = self.position[rows, None]
        return np.take_along_axis(self.probabilities(log_odds, rows), here, axis=1)[:, 0]

    def mean(self, log_odds: Floats, rows: Rows) -> Floats:
        """Expected count."""
        return np.asarray((self.probabilities(log_odds, rows) * self.support[rows]).sum(axis=1), dtype=np.float64)

    def lowest(self) -> Rows:
        """Tables whose observed count is not the least possible."""
        return np.flatnonzero(self.observed > self.support[:, 0])

    def highest(self) -> Rows:
        """Tables whose observed count is not the greatest possible."""
        return np.flatnonzero(self.observed < self.support.max(axis=1))


def exact_p(family: Conditional, alternative: Alternative, rule: Rule) -> Floats:
    """p-value of no effect."""
    rows = np.arange(family.observed.size)
    null = np.zeros(rows.size)
    half = family.exactly(null, rows) / 2 if rule == "mid-p" else 0.0
    if alternative == "greater":
        return _probability(family.at_least(null, rows) - half)
    if alternative == "less":
        return _probability(family.at_most(null, rows) - half)
    if rule in ("central", "mid-p"):
        smaller = np.minimum(family.at_least(null, rows), family.at_most(null, rows))
        return _probability(2 * (smaller - half))
    probability = family.probabilities(null, rows)
    if rule == "blaker":
        return _probability(np.where(_within(_smaller_tail(probability), family), probability, 0.0).sum(axis=1))
    return _probability(np.where(_within(probability, family), probability, 0.0).sum(axis=1))


def _within(measure: Floats, family: Conditional) -> np.ndarray:
    """Counts whose measure is at most that of the observed one."""
    observed = np.take_along_axis(measure, family.position[:, None], axis=1)
    return np.asarray(measure <= observed * TIES, dtype=np.bool_)


def _smaller_tail(probability: Floats) -> Floats:
    below = np.cumsum(probability, axis=1)
    above = np.cumsum(probability[:, ::-1], axis=1)[:, ::-1]
    return np.minimum(below, above)


def _probability(sum_: Floats) -> Floats:
    """A sum of probabilities, at most 1 whatever the rounding."""
    return np.asarray(np.minimum(sum_, 1.0), dtype=np.float64)


def conditional_odds_ratio(family: Conditional) -> Floats:
    """Conditional maximum-likelihood odds ratio: 0 or ∞ at an end of the support, NaN where it is one point."""
    below, above = family.lowest(), family.highest()
    inner = np.intersect1d(below, above)
    ratio = np.full(family.observed.size, np.nan)
    ratio[np.setdiff1d(above, below)] = 0.0
    ratio[np.setdiff1d(below, above)] = np.inf
    ratio[inner] = _solve(inner, lambda odds, rows: family.observed[rows] - family.mean(odds, rows))
    return ratio


def central_limits(family: Conditional, outside: float, *, mid: bool = False) -> tuple[Floats, Floats]:
    """Odds ratios at which the tail beyond the observed count has the probability `outside`."""
    share = 0.5 if mid else 0.0

    def upper_tail(odds: Floats, rows: Rows) -> Floats:
        here = share * family.exactly(odds, rows) if mid else 0.0
        return np.asarray(family.at_least(odds, rows) - here, dtype=np.float64)

    def lower_tail(odds: Floats, rows: Rows) -> Floats:
        here = share * family.exactly(odds, rows) if mid else 0.0
        return np.asarray(family.at_most(odds, rows) - here, dtype=np.float64)

    low = np.zeros(family.observed.size)
    high = np.full(family.observed.size, np.inf)
    rows = family.lowest()
    low[rows] = _solve(rows, lambda odds, tables: _log_ratio(outside, upper_tail(odds, tables)))
    rows = family.highest()
    high[rows] = _solve(rows, lambda odds, tables: -_log_ratio(outside, lower_tail(odds, tables)))
    return low, high


def rule_limits(family: Conditional, alpha: float, rule: Rule) -> tuple[Floats, Floats]:
    """Ends of the set of odds ratios whose two-sided p-value by the rule is above `alpha`."""
    if rule in ("central", "mid-p"):
        return central_limits(family, alpha / 2, mid=rule == "mid-p")
    low = _first_above(family, alpha, rule)
    high = -_first_above(family.mirrored(), alpha, rule)
    with np.errstate(over="ignore"):
        return np.exp(low), np.exp(high)


def _first_above(family: Conditional, alpha: float, rule: Rule) -> Floats:
    """Least log odds ratio with p above `alpha`; -∞ where the observed count is the least possible.

    Below the estimate p is P(X >= x) + P(X <= m), where m grows at certain log odds ratios. Between two of them
    it falls and then rises, so that its ends say whether it passes `alpha`.
    """
    found = np.full(family.observed.size, -np.inf)
    rows = family.lowest()
    if not rows.size:
        return found
    family = family.take(rows)
    starts = _steps(family, rule)  # (table, m): where count m joins
    count = family.position
    table, first = _first_interval(family, starts, alpha)
    left = np.where(first > 0, np.take_along_axis(starts, np.maximum(first - 1, 0)[:, None], axis=1)[:, 0], -FARTHEST)
    jump = (first > 0) & (_p_below(family, left, table, first) > alpha)
    right = np.take_along_axis(starts, np.minimum(first, count - 1)[:, None], axis=1)[:, 0]
    root = find_root(
        lambda odds, which: np.asarray(alpha - _p_below(family, odds, which, first[which]), dtype=np.float64),
        left,
        np.where(jump, left, right),
    )
    found[rows] = np.where(jump, left, root)
    return found


def _first_interval(family: Conditional, starts: Floats, alpha: float) -> tuple[Rows, Rows]:
    """The first interval, by how many low counts have joined there, whose p passes `alpha` at either end."""
    table = np.arange(family.observed.size)
    first = family.position.copy()  # where all lower counts have joined p is 1
    open_ = table
    for joined in range(starts.shape[1]):
        open_ = open_[joined < family.position[open_]]
        if not open_.size:
            break
        many = np.full(open_.size, joined)
        passes = _p_below(family, starts[open_, joined], open_, many) > alpha
        if joined:
            passes |= _p_below(family, starts[open_, joined - 1], open_, many) > alpha
        first[open_[passes]] = joined
        open_ = open_[~passes]
    return table, first


def _p_below(family: Conditional, odds: Floats, rows: Rows, joined: Rows) -> Floats:
    """P(X >= x) + P(X is one of the `joined` lowest counts)."""
    probability = family.probabilities(odds, rows)
    offset = np.arange(probability.shape[1])
    chosen = (offset >= family.position[rows, None]) | (offset < joined[:, None])
    return np.asarray((probability * chosen).sum(axis=1), dtype=np.float64)


def _steps(family: Conditional, rule: Rule) -> Floats:
    """The log odds ratio from which each lower count belongs to the p-value, (table, count); +∞ from x on."""
    width = int(family.position.max())
    offset = np.arange(width)
    lower = offset < family.position[:, None]
    starts = np.full(lower.shape, np.inf)
    table, m = np.nonzero(lower)
    if rule == "minlike":
        here = np.take_along_axis(family.log_weight, family.position[:, None], axis=1)[:, 0]
        starts[table, m] = (family.log_weight[table, m] - here[table]) / (family.position[table] - m)
        return starts

    def excess(odds: Floats, rows: Rows) -> Floats:
        probability = family.probabilities(odds, table[rows])
        place = np.arange(probability.shape[1])
        up = (probability * (place >= family.position[table[rows], None])).sum(axis=1)
        down = (probability * (place <= m[rows, None])).sum(axis=1)
        # 1e-300 stands for a probability that underflowed
        return np.asarray(np.log(np.maximum(down, 1e-300)) - np.log(np.maximum(up, 1e-300)), dtype=np.float64)

    ends = np.full(table.size, FARTHEST)
    starts[table, m] = find_root(excess, -ends, ends)
    return starts


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
