"""Dunnett's comparisons of several arms with one control: adjusted p-values, simultaneous limits, critical values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from pivotal.stats.common_factor import any_beyond, control_loadings
from pivotal.stats.estimate import Floats, Reason, Reasons
from pivotal.stats.intersection import quantile
from pivotal.stats.normal import tail
from pivotal.stats.roots import Rows, find_root
from pivotal.stats.tables import Mask, divide, first_reason

Alternative = Literal["two-sided", "greater", "less"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dunnett:
    """Comparisons of several arms with one control.

    Attributes
    ----------
    statistic
        t, or z for infinite degrees of freedom, (replicate, arm).
    p
        Of each comparison alone, (replicate, arm).
    p_single_step, p_step_down
        Adjusted, (replicate, arm).
    ci_low, ci_high
        Simultaneous limits that belong to the single-step test, (replicate, arm); one of them infinite for a one-sided
        alternative.
    critical
        Critical value of the statistic (of its size, or in the alternative's direction), (replicate,).
    reason
        (replicate, arm): `Reason.ARM_EMPTY` where the arm or the control has no patients, `Reason.TOO_FEW` where no
        degrees of freedom are left, `Reason.ZERO_VARIANCE` where
        the standard error is 0, `Reason.NO_STATISTIC` where there is none; everything of that arm is then NaN. The
        other arms are still tested in the family that was planned.
    """

    statistic: Floats
    p: Floats
    p_single_step: Floats
    p_step_down: Floats
    ci_low: Floats
    ci_high: Floats
    critical: Floats
    reason: Reasons


def dunnett(
    estimate: ArrayLike,
    se: ArrayLike,
    n: ArrayLike,
    n_control: ArrayLike,
    df: ArrayLike = np.inf,
    *,
    alternative: Alternative = "two-sided",
    level: float = 0.95,
) -> Dunnett:
    """Compare several arms with one control.

    Parameters
    ----------
    estimate, se
        Differences from the control and their standard errors from the pooled variance, (replicate, arm).
    n, n_control
        Patients, (replicate, arm) or (arm,), and (replicate,) or (). They give the correlation.
    df
        Of the pooled variance, (replicate,) or (); infinite for a known one.
    alternative
        ``two-sided``, ``greater`` (than control) or ``less``.
    level
        Simultaneous confidence; of a one-sided alternative all of `1 - level` is on its side.

    Returns
    -------
    Dunnett

    Raises
    ------
    ValueError
        For another alternative, or a level not between 0 and 1.

    Notes
    -----
    Dunnett (1955), doi:10.1080/01621459.1955.10501294; step-down Dunnett and Tamhane (1991),
    doi:10.1002/sim.4780100614: the greatest statistic against the distribution of the greatest of all, the next against
    that of the greatest of those left, each adjusted p-value at least the one before. The correlation of two
    comparisons is ``sqrt(n_i / (n_i + n_0)) sqrt(n_j / (n_j + n_0))``, for any allocation, and the integral is exact to
    about 1e-12 (`any_beyond`); R `multcomp` (Genz-Bretz) samples it anew at each call (1e-4 to 1e-6), SAS `PROC GLM`
    `LSMEANS / ADJUST=DUNNETT` takes `PROBMC`, for unequal groups with the exact product correlation too (a
    factor-analytic approximation for LS means with covariates).

    Examples
    --------
    >>> found = dunnett([[-0.371, 0.494]], [[0.27878160840555] * 2], [10, 10], 10, 27)
    >>> found.p_single_step.round(5).tolist(), found.p_step_down.round(5).tolist()
    ([[0.3227, 0.15349]], [[0.19439, 0.15349]])
    >>> found.ci_low.round(3).tolist(), float(found.critical[0].round(4))
    ([[-1.022, -0.157]], 2.3334)
    """
    _check(alternative)
    effect, spread = np.broadcast_arrays(np.asarray(estimate, dtype=np.float64), np.asarray(se, dtype=np.float64))
    loadings = np.broadcast_to(control_loadings(n, n_control), effect.shape)
    freedom = np.broadcast_to(np.asarray(df, dtype=np.float64), effect.shape[:1])
    empty = np.broadcast_to(_empty(n, n_control), effect.shape)
    few = np.broadcast_to(~(freedom > 0)[:, None], effect.shape)
    statistic = np.where(empty | few, np.nan, divide(effect, spread))
    reason = first_reason(
        (empty, Reason.ARM_EMPTY),
        (few, Reason.TOO_FEW),
        (np.isfinite(effect) & (spread == 0), Reason.ZERO_VARIANCE),
        (np.isnan(statistic), Reason.NO_STATISTIC),
    )
    two_sided, beyond = alternative == "two-sided", _beyond(statistic, alternative)
    missing = np.isnan(statistic)
    critical = _critical(loadings, freedom, level, two_sided)
    low, high = effect - critical[:, None] * spread, effect + critical[:, None] * spread
    return Dunnett(
        statistic=statistic,
        p=np.where(missing, np.nan, _alone(beyond, freedom, two_sided)),
        p_single_step=np.where(missing, np.nan, _single_step(beyond, loadings, freedom, two_sided)),
        p_step_down=np.where(missing, np.nan, _step_down(beyond, loadings, freedom, two_sided)),
        ci_low=np.where(missing, np.nan, -np.inf if alternative == "less" else low),
        ci_high=np.where(missing, np.nan, np.inf if alternative == "greater" else high),
        critical=critical,
        reason=reason,
    )


def dunnett_critical(
    n: ArrayLike,
    n_control: ArrayLike,
    df: ArrayLike = np.inf,
    *,
    alternative: Alternative = "two-sided",
    level: float = 0.95,
) -> Floats:
    """Critical value of Dunnett's single-step test.

    Parameters
    ----------
    n, n_control, df
        As in `dunnett`, but `n` with its replicate axis, (replicate, arm), or (arm,) for one replicate.
    alternative
        ``two-sided``; ``greater`` and ``less`` have the same value.
    level
        One minus the familywise level.

    Returns
    -------
    Floats
        (replicate,): t is compared with it, or -t, or the size of t.

    Raises
    ------
    ValueError
        For another alternative, or a level not between 0 and 1.

    Examples
    --------
    >>> float(dunnett_critical([10, 10, 10], 10, 36)[0].round(4))
    2.4521
    """
    _check(alternative)
    loadings = np.atleast_2d(control_loadings(n, n_control))
    freedom = np.asarray(df, dtype=np.float64)
    rows = max(len(loadings), freedom.size)
    return _critical(
        np.broadcast_to(loadings, (rows, loadings.shape[1])),
        np.broadcast_to(freedom, (rows,)),
        level,
        alternative == "two-sided",
    )


def _check(alternative: str) -> None:
    if alternative not in get_args(Alternative):
        raise ValueError(f"alternative is {alternative!r}; it is one of {', '.join(get_args(Alternative))}.")


def _empty(n: ArrayLike, n_control: ArrayLike) -> Mask:
    active, control = np.asarray(n), np.asarray(n_control)[..., None]
    return np.asarray((active <= 0) | (control <= 0), dtype=np.bool_)


def _beyond(statistic: Floats, alternative: Alternative) -> Floats:
    """The statistic in the alternative's direction; what is missing is never beyond anything."""
    if alternative == "two-sided":
        return np.nan_to_num(np.abs(statistic), nan=0.0, posinf=np.inf)
    turned = -statistic if alternative == "less" else statistic
    return np.where(np.isnan(turned), -np.inf, turned)


def _alone(beyond: Floats, df: Floats, two_sided: bool) -> Floats:
    freedom = np.broadcast_to(df[:, None], beyond.shape)
    known = np.where(freedom > 0, freedom, np.nan)
    upper = np.where(
        np.isinf(known), special.ndtr(-beyond), special.stdtr(np.where(np.isinf(known), 1, known), -beyond)
    )
    return np.asarray(2 * upper if two_sided else upper, dtype=np.float64)


def _single_step(beyond: Floats, loadings: Floats, df: Floats, two_sided: bool) -> Floats:
    arms = beyond.shape[1]
    each = [any_beyond(np.repeat(beyond[:, [k]], arms, axis=1), loadings, df, two_sided=two_sided) for k in range(arms)]
    return np.stack(each, axis=1)


def _step_down(beyond: Floats, loadings: Floats, df: Floats, two_sided: bool) -> Floats:
    order = (-beyond).argsort(axis=1, kind="stable")
    ordered, ordered_loadings = np.take_along_axis(beyond, order, 1), np.take_along_axis(loadings, order, 1)
    arms = beyond.shape[1]
    each = [
        any_beyond(np.repeat(ordered[:, [k]], arms - k, axis=1), ordered_loadings[:, k:], df, two_sided=two_sided)
        for k in range(arms)
    ]
    adjusted = np.empty(beyond.shape)
    np.put_along_axis(adjusted, order, np.maximum.accumulate(np.stack(each, axis=1), axis=1), 1)
    return adjusted


def _critical(loadings: Floats, df: Floats, level: float, two_sided: bool) -> Floats:
    """Solved once for each allocation and df, between the quantiles for one arm and for all (Bonferroni)."""
    alpha = 2 * tail(level)
    distinct, row = np.unique(np.column_stack([loadings, df]), axis=0, return_inverse=True)
    known, freedom = distinct[:, :-1], distinct[:, -1]
    arms, sides = known.shape[1], 2 if two_sided else 1
    usable = freedom > 0
    shape = (int(usable.sum()),)
    low, high = (-quantile(np.full(shape, alpha / sides / many), freedom[usable]) for many in (1, arms))

    def excess(value: Floats, rows: Rows) -> Floats:
        bounds = np.repeat(value[:, None], arms, axis=1)
        return any_beyond(bounds, known[usable][rows], freedom[usable][rows], two_sided=two_sided) - alpha

    found = np.full(len(distinct), np.nan)
    found[usable] = find_root(excess, low, high)
    return np.asarray(found[row.ravel()], dtype=np.float64)
