"""Fisher's exact test of a two-by-two table, with the conditional odds ratio and its exact limits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from pivotal.stats.conditional import (
    Alternative,
    Conditional,
    Rule,
    central_limits,
    conditional_odds_ratio,
    exact_p,
    rule_limits,
)
from pivotal.stats.estimate import Estimate, Floats, Reason, Reasons
from pivotal.stats.normal import tail
from pivotal.stats.roots import Rows
from pivotal.stats.tables import TwoArms

Limits = Literal["central", "rule"]

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
    limits: Limits = "central",
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
        one observed (ties to a relative 1e-7, as R); "central", twice the smaller tail, at most 1; "blaker", the
        tables whose smaller tail is no larger than that of the one observed; "mid-p", as central, the observed
        table counting half (also in one-sided tests; not guaranteed to keep the level).
    limits
        "central": exact central limits whatever the rule. "rule": the ends of the set of odds ratios that the
        rule's own test does not reject, so that test and interval agree (for minlike and Blaker the set can
        have gaps: then the limits enclose it, and may rarely hold 1 though p is below 1 - level).

    Returns
    -------
    Estimate
        `estimate`, the conditional maximum-likelihood odds ratio; `ci_low`, `ci_high`, the exact limits
        (one-sided for a one-sided alternative) on the ODDS RATIO scale; `p`. An estimate of 0 or ∞ has
        `Reason.SEPARATION`. With no events, or only events, p is 1, the limits 0 and ∞ and the estimate NaN.

    Raises
    ------
    ValueError
        If `level`, `alternative`, `rule` or `limits` is not one of those allowed.

    Notes
    -----
    Fisher (1935), doi:10.2307/2342435; the rules: Fay (2010), doi:10.1093/biostatistics/kxp050; Blaker (2000),
    doi:10.2307/3315916. R's `exact2x2` has the four rules with their own limits, to four decimals. R `fisher.test`
    has the minlike p-value with the central limits and finds estimate and limits to about 1e-4 only; here they
    are solved to 1e-12. SAS `PROC FREQ` `FISHER` has the minlike p-value; its exact odds ratio limits are the
    central ones, its odds ratio the unconditional one.

    Examples
    --------
    >>> result = fisher_exact([4], [12], [1], [11])
    >>> [float(number[0].round(6)) for number in (result.estimate, result.ci_low, result.ci_high, result.p)]
    [4.676252, 0.364169, 270.336392, 0.31677]
    """
    check(alternative, rule, limits)
    arms = TwoArms.of(x1, n1, x0, n0)
    tables, back = _distinct(arms)
    numbers = np.full((4, tables.n1.size), np.nan)
    for chosen in _rounds(tables):
        family = Conditional.of(TwoArms(*(count[chosen] for count in _counts(tables))))
        numbers[:, chosen] = exact_numbers(family, level, alternative, rule, limits)
    numbers[:, (tables.n1 == 0) | (tables.n0 == 0)] = np.nan
    estimate, low, high, p = (number[back].reshape(arms.n1.shape) for number in numbers)
    return Estimate(estimate=estimate, ci_low=low, ci_high=high, p=p, reason=_reasons(arms, estimate))


def exact_numbers(family: Conditional, level: float, alternative: Alternative, rule: Rule, limits: Limits) -> Floats:
    """Estimate, limits and p of every table, (4, table)."""
    if limits == "rule" and alternative == "two-sided":
        low, high = rule_limits(family, 2 * tail(level), rule)
    else:
        outside = tail(level) if alternative == "two-sided" else 2 * tail(level)
        low, high = central_limits(family, outside, mid=limits == "rule" and rule == "mid-p")
        low = np.zeros(low.shape) if alternative == "less" else low
        high = np.full(high.shape, np.inf) if alternative == "greater" else high
    return np.stack([conditional_odds_ratio(family), low, high, exact_p(family, alternative, rule)])


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


def check(alternative: str, rule: str, limits: str) -> None:
    """Whether the words are among those allowed."""
    if alternative not in ("two-sided", "greater", "less"):
        raise ValueError(f"alternative is {alternative!r}; 'two-sided', 'greater' or 'less' is allowed.")
    if rule not in ("minlike", "central", "blaker", "mid-p"):
        raise ValueError(f"rule is {rule!r}; 'minlike', 'central', 'blaker' or 'mid-p' is allowed.")
    if limits not in ("central", "rule"):
        raise ValueError(f"limits is {limits!r}; 'central' or 'rule' is allowed.")
