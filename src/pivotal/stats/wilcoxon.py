"""Wilcoxon's rank tests: two samples, paired differences, strata (van Elteren), several groups (Kruskal-Wallis)."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from pivotal.stats.estimate import Estimate, Floats, Reason
from pivotal.stats.exact_ranks import mann_whitney_cdf, rank_sum_tails, signed_rank_tails
from pivotal.stats.normal import two_sided_p
from pivotal.stats.ranks import RankSum, mid_ranks, rows_of
from pivotal.stats.tables import Mask, divide, first_reason

Method = Literal["normal", "exact"]
Rule = Literal["central", "distance"]


def rank_sum(
    y: ArrayLike,
    active: ArrayLike,
    included: ArrayLike | None = None,
    *,
    method: Method = "normal",
    correction: bool = True,
    rule: Rule = "central",
) -> Estimate:
    """Compare two arms by Wilcoxon's rank-sum (Mann-Whitney) test.

    Parameters
    ----------
    y
        Outcomes, (replicate, patient); NaN is missing.
    active
        True for the active arm, False for control, (patient,) or (replicate, patient).
    included
        Who enters, (replicate, patient); None for everybody.
    method
        "normal", with the variance given the ties, or "exact", the permutation distribution given the ties.
    correction
        With "normal", bring the statistic half a pair nearer to its expectation.
    rule
        What the two-sided exact p is: "central", twice the smaller tail, at most 1, as R; "distance", whatever is at
        least as far from the expectation on either side, as SAS. Without ties they are the same.

    Returns
    -------
    Estimate
        (replicate,): `estimate`, the share of pairs of an active and a control patient in which the active one has
        more, a tie counting one half; `statistic`, W (the number of such pairs) for "exact", z for "normal"; `p`,
        two-sided. NaN with `Reason.ARM_EMPTY`; where all outcomes are tied z is NaN, p 1, with `Reason.CONSTANT`.

    Raises
    ------
    ValueError
        If `method` or `rule` is not one of those named.

    Notes
    -----
    Wilcoxon (1945), doi:10.2307/3001968; Mann and Whitney (1947), doi:10.1214/aoms/1177730491. As R `wilcox.test`,
    which refuses the exact test with ties; SAS `EXACT WILCOXON` and R `coin` have it, by the rule "distance". SAS's
    normal approximation, `PROC NPAR1WAY WILCOXON`, is that with correction, as R's default. R's W and the U here belong
    to the first sample (active); SAS's rank sum is W + n₁(n₁ + 1)/2.

    Examples
    --------
    >>> y, active = [[1.1, 2.4, 3.0, 0.2, 0.9, 1.7]], [True, True, True, False, False, False]
    >>> test = rank_sum(y, active, method="exact")
    >>> float(test.statistic[0]), float(test.p[0].round(6))
    (8.0, 0.2)
    """
    _check(method)
    if rule not in ("central", "distance"):
        raise ValueError(f"rule is {rule!r}; 'central' or 'distance' is allowed.")
    values, seen = rows_of(y, included)
    arm = np.broadcast_to(np.asarray(active, dtype=np.bool_), seen.shape)
    sums = RankSum.of(values, arm, seen)
    empty = (sums.n1 == 0) | (sums.n0 == 0)
    if method == "exact":
        statistic, p = np.where(empty, np.nan, sums.u), _exact_p(sums, empty, rule)
    else:
        excess = _towards_zero(sums.excess, 0.5) if correction else sums.excess
        statistic = divide(excess, np.sqrt(sums.variance))
        p = np.where(~empty & (sums.variance == 0), 1.0, two_sided_p(statistic))
    return Estimate(
        estimate=divide(sums.u, sums.n1 * sums.n0),
        statistic=statistic,
        p=p,
        reason=first_reason((empty, Reason.ARM_EMPTY), (sums.variance == 0, Reason.CONSTANT)),
    )


def _exact_p(sums: RankSum, empty: Mask, rule: Rule) -> Floats:
    """Two-sided exact p; replicates without ties share the distribution of their sizes."""
    p = np.full(len(empty), np.nan)
    sizes = np.stack([sums.n1, sums.n0], axis=1).astype(np.int64)
    plain = np.flatnonzero(~empty & _no_ties(sums.ranks, sums.n1 + sums.n0))
    for n1, n0 in np.unique(sizes[plain], axis=0):
        rows = plain[(sizes[plain] == (n1, n0)).all(axis=1)]
        least = np.minimum(sums.u[rows], n1 * n0 - sums.u[rows]).astype(np.int64)
        p[rows] = 2 * mann_whitney_cdf(int(n1), int(n0))[least]
    tied = np.setdiff1d(np.flatnonzero(~empty), plain)
    if tied.size:
        p[tied] = _tied_p(sums, sizes[:, 0], tied, rule)
    return np.asarray(np.minimum(p, 1.0), dtype=np.float64)


def _tied_p(sums: RankSum, n1: NDArray[np.int64], rows: NDArray[np.intp], rule: Rule) -> Floats:
    total = sums.u[rows] + sums.n1[rows] * (sums.n1[rows] + 1) / 2
    if rule == "central":
        lower, upper = rank_sum_tails(sums.ranks[rows], n1[rows], total, total)
        return np.asarray(2 * np.minimum(lower, upper), dtype=np.float64)
    far, centre = np.abs(sums.excess[rows]), total - sums.excess[rows]
    below, above = rank_sum_tails(sums.ranks[rows], n1[rows], centre - far, centre + far)
    return np.where(far == 0, 1.0, below + above)


def _no_ties(ranks: Floats, n: Floats) -> Mask:
    """Whether the ranks are 1 to n: their squares then have the greatest sum."""
    return np.asarray((ranks**2).sum(axis=1) == n * (n + 1) * (2 * n + 1) / 6, dtype=np.bool_)


def signed_rank(
    differences: ArrayLike, included: ArrayLike | None = None, *, method: Method = "normal", correction: bool = True
) -> Estimate:
    """Test that paired differences are symmetric about zero, by Wilcoxon's signed-rank test.

    Parameters
    ----------
    differences
        (replicate, pair); NaN is missing. Zeros are left out.
    included
        Which pairs enter, (replicate, pair); None for all.
    method
        "normal", with the variance given the ties, or "exact", the distribution of the signs given the ties.
    correction
        With "normal", bring the statistic half a rank nearer to its expectation.

    Returns
    -------
    Estimate
        (replicate,): `statistic`, V (the sum of the ranks of positive differences) for "exact", z for "normal"; `p`,
        two-sided. `Reason.TOO_FEW` without a pair, `Reason.CONSTANT` (p 1, z NaN) where every difference is 0.

    Raises
    ------
    ValueError
        If `method` is neither.

    Notes
    -----
    Wilcoxon (1945), doi:10.2307/3001968. As R `wilcox.test(differences)`; R refuses the exact test with ties or zeros.
    SAS `PROC UNIVARIATE` has S = V - n(n + 1)/4, its exact p for up to 20 pairs (with ties as here) and for more a t
    approximation, which is neither of R's.

    Examples
    --------
    >>> test = signed_rank([[1.2, -0.3, 2.2, 0.8, 0.0]], method="exact")
    >>> float(test.statistic[0]), float(test.p[0])
    (9.0, 0.25)
    """
    _check(method)
    values, seen = rows_of(differences, included)
    counts = seen & (values != 0)
    ranks = mid_ranks(np.abs(values), counts)
    n = counts.sum(axis=1)
    v = np.where(values > 0, ranks, 0.0).sum(axis=1)
    if method == "exact":
        statistic = np.where(n > 0, v, np.nan)
        p = np.minimum(2 * np.minimum(*signed_rank_tails(ranks, v)), 1.0)
    else:
        excess = v - ranks.sum(axis=1) / 2
        excess = _towards_zero(excess, 0.5) if correction else excess
        statistic = divide(excess, np.sqrt((ranks**2).sum(axis=1)) / 2)
        p = np.where(n == 0, 1.0, two_sided_p(statistic))
    none = seen.sum(axis=1) == 0
    return Estimate(
        statistic=statistic,
        p=np.where(none, np.nan, p),
        reason=first_reason((none, Reason.TOO_FEW), (n == 0, Reason.CONSTANT)),
    )


def van_elteren(y: ArrayLike, active: ArrayLike, strata: ArrayLike, included: ArrayLike | None = None) -> Estimate:
    """Compare two arms by Wilcoxon's test within strata, combined with van Elteren's weights.

    Parameters
    ----------
    y, active, included
        As in `rank_sum`.
    strata
        0, 1, ..., (patient,) or (replicate, patient); a negative code leaves the patient out.

    Returns
    -------
    Estimate
        (replicate,): `estimate`, Σ (rank sum - expectation)/(N + 1) over the strata, `se` its standard deviation under
        the hypothesis, `statistic` = z (its square is chi-square with one degree of freedom), `p`. Strata with one arm
        only add nothing. NaN with `Reason.ARM_EMPTY`, `Reason.NO_INFORMATION` where no stratum compares the arms,
        `Reason.CONSTANT` where within strata all are tied.

    Notes
    -----
    Van Elteren (1960): the weights 1/(N + 1) are the best where the shift is the same in all strata. Variance
    n₁n₀/(N(N - 1)) Σ(r - r̄)²/(N + 1)². As SAS `PROC FREQ` `CMH2 SCORES=MODRIDIT` (the row mean scores statistic) and
    R `coin`; no continuity correction.

    Examples
    --------
    >>> y, active = [[1.0, 4.0, 2.0, 7.0, 3.0, 9.0]], [False, True, False, True, False, True]
    >>> test = van_elteren(y, active, [0, 0, 0, 1, 1, 1])
    >>> float(test.statistic[0].round(6)), float(test.p[0].round(6))
    (1.732051, 0.083265)
    """
    values, seen = rows_of(y, included)
    arm = np.broadcast_to(np.asarray(active, dtype=np.bool_), seen.shape)
    codes = np.broadcast_to(np.asarray(strata), seen.shape)
    seen = seen & (codes >= 0)
    numerator, variance = np.zeros(len(values)), np.zeros(len(values))
    compared = np.zeros(len(values), dtype=np.bool_)
    for stratum in range(int(codes.max(initial=-1)) + 1):
        sums = RankSum.of(values, arm, seen & (codes == stratum))
        weight = 1 / (sums.n1 + sums.n0 + 1)
        both = (sums.n1 > 0) & (sums.n0 > 0)
        compared |= both
        numerator += np.where(both, sums.excess * weight, 0.0)
        variance += np.where(both, sums.variance * weight**2, 0.0)
    empty = ((seen & arm).sum(axis=1) == 0) | ((seen & ~arm).sum(axis=1) == 0)
    z = divide(numerator, np.sqrt(variance))
    return Estimate(
        estimate=np.where(compared, numerator, np.nan),
        se=np.where(compared, np.sqrt(variance), np.nan),
        statistic=z,
        p=two_sided_p(z),
        reason=first_reason(
            (empty, Reason.ARM_EMPTY), (~compared, Reason.NO_INFORMATION), (variance == 0, Reason.CONSTANT)
        ),
    )


def kruskal_wallis(y: ArrayLike, groups: ArrayLike, levels: int, included: ArrayLike | None = None) -> Estimate:
    """Test that several groups have one distribution, by ranks.

    Parameters
    ----------
    y, included
        As in `rank_sum`.
    groups
        0, 1, ..., (patient,) or (replicate, patient).
    levels
        How many groups there are; those without patients take no part.

    Returns
    -------
    Estimate
        (replicate,): `statistic` (chi-square, corrected for ties), `df`, `p`. NaN with `Reason.ARM_EMPTY` for fewer
        than two groups with patients, `Reason.CONSTANT` where all are tied.

    Notes
    -----
    (N - 1) Σ n(r̄ - R̄)² / Σ(r - R̄)²: Kruskal and Wallis (1952), doi:10.1080/01621459.1952.10483441. As R
    `kruskal.test` and SAS `PROC NPAR1WAY WILCOXON`.

    Examples
    --------
    >>> test = kruskal_wallis([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]], [0, 0, 1, 1, 2, 2], 3)
    >>> float(test.statistic[0].round(6)), float(test.p[0].round(6))
    (4.571429, 0.101701)
    """
    values, seen = rows_of(y, included)
    codes = np.broadcast_to(np.asarray(groups), seen.shape)
    ranks = mid_ranks(values, seen)
    total = seen.sum(axis=1).astype(np.float64)
    centred = np.where(seen, ranks - (total[:, None] + 1) / 2, 0.0)
    members = [seen & (codes == group) for group in range(levels)]
    n = np.stack([mask.sum(axis=1) for mask in members])
    between = np.stack([np.where(mask, centred, 0.0).sum(axis=1) for mask in members]) ** 2
    filled = (n > 0).sum(axis=0)
    spread = (centred**2).sum(axis=1)
    enough = np.asarray(filled > 1, dtype=np.bool_)
    h = divide((total - 1) * np.nansum(divide(between, n), axis=0), np.where(enough, spread, 0.0))
    df = np.where(enough, filled - 1, np.nan)
    return Estimate(
        statistic=h,
        df=df,
        p=np.asarray(special.chdtrc(np.where(enough, df, 1.0), h), dtype=np.float64),
        reason=first_reason((~enough, Reason.ARM_EMPTY), (spread == 0, Reason.CONSTANT)),
    )


def _towards_zero(excess: Floats, by: float) -> Floats:
    return np.asarray(excess - by * np.sign(excess), dtype=np.float64)


def _check(method: str) -> None:
    if method not in ("normal", "exact"):
        raise ValueError(f"method is {method!r}; 'normal' or 'exact' is allowed.")
