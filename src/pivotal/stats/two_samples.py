"""Two or more groups of continuous outcomes without covariates: t tests, one-way F tests, effect size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from pivotal.stats.estimate import Estimate, Floats, Reason
from pivotal.stats.normal import tail, two_sided_p, two_sided_quantile
from pivotal.stats.tables import divide, first_reason

# A sum of squares about the mean this small beside the sum of squares is rounding: the group does not vary.
CONSTANT = 1e-26


@dataclass(frozen=True, slots=True)
class Moments:
    """Number, mean and sum of squares about the mean of a group, each (replicate,); mean NaN without patients."""

    n: Floats
    mean: Floats
    squares: Floats

    @classmethod
    def of(cls, y: ArrayLike, group: ArrayLike) -> Moments:
        """From outcomes (replicate, patient), NaN missing, and who belongs to the group."""
        values = np.asarray(y, dtype=np.float64)
        seen = np.asarray(group, dtype=np.bool_) & ~np.isnan(values)
        n = seen.sum(axis=1).astype(np.float64)
        kept = np.where(seen, values, 0.0)
        mean = divide(kept.sum(axis=1), n)
        squares = (np.where(seen, kept - mean[:, None], 0.0) ** 2).sum(axis=1)
        flat = squares <= CONSTANT * np.maximum((kept**2).sum(axis=1), 1e-300)
        return cls(n, mean, np.where(flat, 0.0, squares))

    @property
    def variance(self) -> Floats:
        """Sample variance; NaN for fewer than two patients."""
        return divide(self.squares, np.maximum(self.n - 1, 0))


def t_test(
    y: ArrayLike,
    active: ArrayLike,
    included: ArrayLike | None = None,
    *,
    equal_variances: bool = True,
    level: float = 0.95,
) -> Estimate:
    """Compare the means of two arms by the t test.

    Parameters
    ----------
    y
        Outcomes, (replicate, patient); NaN is missing.
    active
        True for the active arm, False for control, (patient,) or (replicate, patient).
    included
        Who enters, (replicate, patient); None for everybody.
    equal_variances
        True for the pooled variance (Student), False for one an arm (Welch-Satterthwaite).
    level
        Confidence level.

    Returns
    -------
    Estimate
        (replicate,): `estimate`, active minus control, `se`, limits, `statistic`, `df`, `p`. NaN with
        `Reason.ARM_EMPTY`; `Reason.TOO_FEW` where the variance has no degrees of freedom; where neither arm varies
        se is 0, statistic and p NaN with `Reason.CONSTANT`.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Notes
    -----
    Welch (1947), doi:10.1093/biomet/34.1-2.28. As R `t.test(var.equal = )` and both lines of SAS `PROC TTEST`.

    Examples
    --------
    >>> test = t_test([[5.0, 7.0, 9.0, 1.0, 2.0, 6.0]], [True, True, True, False, False, False])
    >>> float(test.estimate[0]), float(test.df[0]), float(test.p[0].round(6))
    (4.0, 4.0, 0.104957)
    """
    one, other = _arms(y, active, included)
    enough = (one.n > 1) & (other.n > 1) if not equal_variances else one.n + other.n > 2
    if equal_variances:
        df = one.n + other.n - 2
        pooled = divide(one.squares + other.squares, np.maximum(df, 0))
        variance = pooled * (divide(1, one.n) + divide(1, other.n))
    else:
        first, second = divide(one.variance, one.n), divide(other.variance, other.n)
        variance = first + second
        own = divide(first**2, one.n - 1) + divide(second**2, other.n - 1)
        df = np.where(variance > 0, divide(variance**2, own), one.n + other.n - 2)
    difference, se = one.mean - other.mean, np.sqrt(variance)
    exists = enough & (one.n > 0) & (other.n > 0)
    safe = np.where(exists, df, 1.0)
    half = -np.asarray(special.stdtrit(safe, tail(level))) * se
    statistic = divide(difference, se)
    return Estimate(
        estimate=difference,
        se=se,
        ci_low=difference - half,
        ci_high=difference + half,
        statistic=statistic,
        df=np.where(exists, df, np.nan),
        p=np.asarray(2 * special.stdtr(safe, -np.abs(statistic)), dtype=np.float64),
        reason=first_reason(
            ((one.n == 0) | (other.n == 0), Reason.ARM_EMPTY), (~enough, Reason.TOO_FEW), (se == 0, Reason.CONSTANT)
        ),
    )


def standardised_mean_difference(
    y: ArrayLike, active: ArrayLike, included: ArrayLike | None = None, *, hedges: bool = True, level: float = 0.95
) -> Estimate:
    """Estimate the difference of two means in standard deviations.

    Parameters
    ----------
    y, active, included, level
        As in `t_test`.
    hedges
        Whether to take out the bias of the small sample.

    Returns
    -------
    Estimate
        (replicate,): `estimate` (Hedges' g, or Cohen's d), `se`, normal limits, `statistic` and `p`. NaN with the
        reasons of `t_test`.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Notes
    -----
    g = J (ȳ₁ - ȳ₀)/s, s pooled, J = Γ(ν/2) / (√(ν/2) Γ((ν - 1)/2)), ν = n₁ + n₀ - 2: Hedges (1981),
    doi:10.3102/10769986006002107, the exact factor, not 1 - 3/(4ν - 1). Variance 1/n₁ + 1/n₀ + g²/(2(n₁ + n₀)), as
    R `metafor::escalc(measure = "SMD")`.

    Examples
    --------
    >>> effect = standardised_mean_difference([[5.0, 7.0, 9.0, 1.0, 2.0, 6.0]], [True, True, True, False, False, False])
    >>> float(effect.estimate[0].round(6)), float(effect.se[0].round(6))
    (1.360876, 0.90609)
    """
    one, other = _arms(y, active, included)
    total = one.n + other.n
    df = np.maximum(total - 2, 0)
    sd = np.sqrt(divide(one.squares + other.squares, df))
    cohen = divide(one.mean - other.mean, sd)
    many = np.maximum(df, 2)
    bias = np.exp(special.gammaln(many / 2) - special.gammaln((many - 1) / 2)) / np.sqrt(many / 2)
    few = df < 2 if hedges else df < 1
    effect = np.where(few, np.nan, cohen * bias if hedges else cohen)
    se = np.sqrt(divide(1, one.n) + divide(1, other.n) + divide(effect**2, 2 * total))
    half, statistic = two_sided_quantile(level) * se, divide(effect, se)
    return Estimate(
        estimate=effect,
        se=se,
        ci_low=effect - half,
        ci_high=effect + half,
        statistic=statistic,
        p=two_sided_p(statistic),
        reason=first_reason(
            ((one.n == 0) | (other.n == 0), Reason.ARM_EMPTY), (few, Reason.TOO_FEW), (sd == 0, Reason.CONSTANT)
        ),
    )


def one_way(
    y: ArrayLike, groups: ArrayLike, levels: int, included: ArrayLike | None = None, *, equal_variances: bool = True
) -> Estimate:
    """Test that several groups have one mean.

    Parameters
    ----------
    y
        Outcomes, (replicate, patient); NaN is missing.
    groups
        0, 1, ..., (patient,) or (replicate, patient).
    levels
        How many groups there are. Groups without patients take no part.
    included
        Who enters, (replicate, patient); None for everybody.
    equal_variances
        True for Fisher's F, False for Welch's.

    Returns
    -------
    Estimate
        (replicate,): `statistic` (F), `df` (the denominator's), `p`. NaN with `Reason.ARM_EMPTY` for fewer than two
        groups with patients, `Reason.TOO_FEW` without degrees of freedom, `Reason.CONSTANT` where no variance remains
        (Welch: where it is 0 in any group).

    Notes
    -----
    Welch (1951), doi:10.1093/biomet/38.3-4.330. As R `oneway.test(var.equal = )` and SAS `PROC GLM` `MEANS / WELCH`.

    Examples
    --------
    >>> test = one_way([[5.0, 7.0, 9.0, 1.0, 2.0, 6.0]], [0, 0, 0, 1, 1, 1], 2)
    >>> float(test.statistic[0].round(6)), float(test.p[0].round(6))
    (4.363636, 0.104957)
    """
    who = _included(y, included)
    codes = np.broadcast_to(np.asarray(groups), who.shape)
    each = [Moments.of(y, who & (codes == group)) for group in range(levels)]
    n, mean = np.stack([g.n for g in each]), np.stack([g.mean for g in each])
    filled = n > 0
    squares = np.stack([g.squares for g in each])
    count = filled.sum(axis=0)
    if equal_variances:
        weight, df = n, np.maximum(n.sum(axis=0) - count, 0)
        scale = divide(squares.sum(axis=0), df)
        enough = df > 0
    else:
        weight = divide(n, np.stack([g.variance for g in each]))
        enough = (n[:, :] != 1).all(axis=0)
        share = 1 - divide(weight, np.nansum(weight, axis=0))
        lack = np.nansum(divide(share**2, n - 1) * np.where(filled, 1.0, np.nan), axis=0)
        df = divide(count**2 - 1, 3 * lack)
        scale = 1 + divide(2 * (count - 2) * lack, count**2 - 1)
        scale = np.where((filled & np.isnan(weight)).any(axis=0), np.nan, scale)
    centre = divide(np.nansum(weight * mean, axis=0), np.nansum(np.where(filled, weight, 0.0), axis=0))
    between = divide(np.nansum(weight * (mean - centre) ** 2, axis=0), count - 1)
    f = np.where(enough, divide(between, scale), np.nan)
    p = special.fdtrc(np.maximum(count - 1, 1), np.where(df > 0, df, np.nan), f)
    return Estimate(
        statistic=f,
        df=np.where(enough, df, np.nan),
        p=np.asarray(p, dtype=np.float64),
        reason=first_reason((count < 2, Reason.ARM_EMPTY), (~enough, Reason.TOO_FEW), (np.isnan(f), Reason.CONSTANT)),
    )


def _arms(y: ArrayLike, active: ArrayLike, included: ArrayLike | None) -> tuple[Moments, Moments]:
    who, arm = _included(y, included), np.asarray(active, dtype=np.bool_)
    return Moments.of(y, who & arm), Moments.of(y, who & ~arm)


def _included(y: ArrayLike, included: ArrayLike | None) -> np.ndarray:
    shape = np.shape(y)
    return np.ones(shape, dtype=np.bool_) if included is None else np.asarray(included, dtype=np.bool_)
