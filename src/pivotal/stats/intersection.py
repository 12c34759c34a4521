"""Tests of one intersection hypothesis: weighted Bonferroni, Simes, Hochberg, and parametric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from scipy import special

from pivotal.stats.estimate import Floats
from pivotal.stats.general_tail import checked_correlation, tail
from pivotal.stats.p_adjust import require_positive_dependence

Kind = Literal["bonferroni", "simes", "hochberg", "parametric"]

# Weights that are equal in the plan may differ by rounding after the graph's updates (1/3 written in decimals).
EQUAL = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalTest:
    """Hypotheses that are tested together within every intersection.

    Attributes
    ----------
    members
        Their positions.
    test
        How: ``bonferroni``, ``simes``, ``hochberg`` (equal weights only) or ``parametric``.
    correlation
        Of a parametric test: of the members' statistics, (member, member), known from the design, as
        `control_correlation` has it from the allocation. Statistics of different endpoints have no known correlation:
        they belong in different tests.
    df
        Of a parametric test: the statistics' degrees of freedom; infinite for normal ones.
    two_sided
        Of a parametric test: whether the p-values are two-sided.
    """

    members: tuple[int, ...]
    test: Kind = "bonferroni"
    correlation: Floats | None = None
    df: float = np.inf
    two_sided: bool = False


def checked_tests(
    tests: Sequence[LocalTest] | Kind, hypotheses: int, positive_dependence: bool
) -> tuple[LocalTest, ...]:
    """The local tests, one for all where only its kind is given; ValueError where they break their rules."""
    given = (LocalTest(members=tuple(range(hypotheses)), test=tests),) if isinstance(tests, str) else tuple(tests)
    if sorted(h for one in given for h in one.members) != list(range(hypotheses)):
        raise ValueError(
            f"tests hold {[list(one.members) for one in given]}; "
            f"each of the hypotheses 0 to {hypotheses - 1} is wanted once."
        )
    for one in given:
        if one.test not in get_args(Kind):
            raise ValueError(f"test is {one.test!r}; it is one of {', '.join(get_args(Kind))}. Choose one.")
        if one.test in ("simes", "hochberg"):
            require_positive_dependence(one.test, positive_dependence)
        if one.test == "parametric":
            _check_parametric(one)
    return given


def _check_parametric(one: LocalTest) -> None:
    if one.correlation is None:
        raise ValueError(
            "a parametric test has no correlation; give the one known from the design, such as control_correlation(n, "
            "n_control)."
        )
    size = len(checked_correlation(one.correlation))
    if size != len(one.members):
        raise ValueError(f"correlation has side {size} for {len(one.members)} members; give one row each.")
    if not one.df > 0:
        raise ValueError(f"df is {one.df}; degrees of freedom are positive, infinite for normal statistics.")


def intersection_p(p: Floats, weights: Floats, one: LocalTest) -> tuple[Floats, Floats]:
    """P-value of the intersection of a local test's members, and its Monte-Carlo error.

    Parameters
    ----------
    p
        (replicate, hypothesis) without NaN.
    weights
        Of the intersection, (hypothesis,); what is not in it has 0.
    one
        The test.

    Returns
    -------
    tuple[Floats, Floats]
        (replicate,) each; the p-value is on the scale of the whole level, so that it is compared with alpha and not
        with the members' share of it. Infinite where no member has weight.
    """
    members = [h for h in one.members if weights[h] > 0]
    none = np.zeros(len(p))
    if not members:
        return np.full(len(p), np.inf), none
    values, share = p[:, members], weights[members]
    if len(members) == 1:
        return values[:, 0] / share[0], none
    if one.test == "parametric":
        return _parametric(values, share, one, [one.members.index(h) for h in members])
    return {"bonferroni": _bonferroni, "simes": _simes, "hochberg": _hochberg}[one.test](values, share), none


def _bonferroni(p: Floats, share: Floats) -> Floats:
    return np.asarray((p / share).min(axis=1), dtype=np.float64)


def _simes(p: Floats, share: Floats) -> Floats:
    """Weighted Simes (Benjamini and Hochberg 1997, doi:10.1111/1467-9469.00072): p_(j) over all weight up to it."""
    order = p.argsort(axis=1, kind="stable")
    return np.asarray((np.take_along_axis(p, order, 1) / share[order].cumsum(axis=1)).min(axis=1), dtype=np.float64)


def _hochberg(p: Floats, share: Floats) -> Floats:
    """Xi and Bretz (2019), doi:10.1002/sim.8375: p_(j) (n - j + 1) over the whole weight."""
    if np.ptp(share) > EQUAL * share.max():
        raise ValueError(
            f"a hochberg test meets the weights {share.tolist()} in one intersection; it is defined for equal ones. "
            "Use 'simes', or a graph that keeps the members' weights equal."
        )
    ranks = np.arange(share.size, 0, -1)
    return np.asarray((np.sort(p, axis=1) * ranks).min(axis=1) / share.sum(), dtype=np.float64)


def _parametric(p: Floats, share: Floats, one: LocalTest, places: list[int]) -> tuple[Floats, Floats]:
    """Bretz et al. (2011), doi:10.1002/bimj.201000239; Xi et al. (2017), doi:10.1002/bimj.201600233."""
    least = _bonferroni(p, share)[:, None]
    local = np.minimum(least * share, 1.0)
    bounds = -quantile(local / 2 if one.two_sided else local, one.df)
    correlation = np.asarray(one.correlation, dtype=np.float64)[np.ix_(places, places)]
    found = tail(bounds, correlation, one.df, two_sided=one.two_sided)
    return found.probability / share.sum(), found.error / share.sum()


def quantile(probability: Floats, df: Floats | float) -> Floats:
    """Quantile of the t distribution, the normal one where `df` is infinite; infinite at 0 and 1."""
    freedom = np.broadcast_to(np.asarray(df, dtype=np.float64), probability.shape)
    finite = np.isfinite(freedom) & (freedom > 0)
    inside = finite & (probability > 0) & (probability < 1)
    safe = special.stdtrit(np.where(inside, freedom, 1.0), np.where(inside, probability, 0.5))
    return np.asarray(np.where(inside, safe, special.ndtri(probability)), dtype=np.float64)
