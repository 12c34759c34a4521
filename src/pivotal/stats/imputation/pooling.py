"""Rubin's rules: one result from the analyses of several imputed data sets, with its Monte-Carlo error."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from pivotal.stats.estimate import Estimate, Floats, Reason, Reasons
from pivotal.stats.normal import tail
from pivotal.stats.tables import divide, first_reason

DegreesOfFreedom = Literal["barnard-rubin", "rubin", "normal"]
# A variance between imputations this small beside the square of the estimates is rounding: they are all the same.
SAME = 1e-30


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """A quantity pooled over imputations in every replicate.

    Every array has the shape (replicate, ...): that of what was pooled, without the imputation axis.

    Attributes
    ----------
    estimate, se, ci_low, ci_high, statistic, df, p
        As in `Estimate`: the mean over imputations, the root of `total`, limits and the test by t with `df`.
    within, between, total
        Variance within imputations (their mean), between them, and W + (1 + 1/M) B.
    riv
        Relative increase in variance because of what is missing, (1 + 1/M) B / W.
    lambda_
        Share of the total variance because of what is missing, (1 + 1/M) B / T.
    fmi
        Fraction of missing information, (riv + 2 / (df + 3)) / (riv + 1).
    reason
        `Reason` code.
    imputations
        Their number, M.
    """

    estimate: Floats
    se: Floats
    ci_low: Floats
    ci_high: Floats
    statistic: Floats
    df: Floats
    p: Floats
    within: Floats
    between: Floats
    total: Floats
    riv: Floats
    lambda_: Floats
    fmi: Floats
    reason: Reasons
    imputations: int

    def as_estimate(self) -> Estimate:
        """What every estimator gives, without the parts of the variance."""
        names = ("estimate", "se", "ci_low", "ci_high", "statistic", "df", "p", "reason")
        return Estimate(**{name: getattr(self, name) for name in names})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How imputations are pooled.

    Attributes
    ----------
    df_complete
        Degrees of freedom that the analysis would have without missing data, inf for a normal reference.
    level
        Confidence level.
    df
        ``barnard-rubin`` (1999), ``rubin`` (1987), or ``normal``: no degrees of freedom.
    null
        The value that is tested.
    """

    df_complete: Floats | float = np.inf
    level: float = 0.95
    df: DegreesOfFreedom = "barnard-rubin"
    null: float = 0.0


def rubin(
    estimates: ArrayLike,
    variances: ArrayLike,
    *,
    df_complete: ArrayLike = np.inf,
    level: float = 0.95,
    df: DegreesOfFreedom = "barnard-rubin",
    null: float = 0.0,
) -> Pooled:
    """Pool a quantity over imputations by Rubin's rules.

    Parameters
    ----------
    estimates, variances
        Of each imputed data set, (replicate, imputation, ...). The variance is the squared standard error.
    df_complete
        Degrees of freedom of the analysis of complete data: a number, (replicate,), or with more of the axes of what is
        pooled; inf where it has a normal reference.
    level
        Confidence level.
    df
        ``barnard-rubin`` (1999, small samples), ``rubin`` (1987), ``normal`` (none: limits and test by the normal
        distribution).
    null
        The value that is tested.

    Returns
    -------
    Pooled
        With one imputation `estimate` and `within` only, with `Reason.IMPUTATIONS_TOO_FEW`. NaN throughout with
        `Reason.IMPUTATION_FAILED` where one of the imputed data sets has no finite estimate or variance. Where all
        imputations agree the variance between them is 0 and the degrees of freedom are Barnard and Rubin's for no
        missing information, df_complete (df_complete + 1) / (df_complete + 3). With no variance at all, or none within
        imputations and `df_complete` finite (0 degrees of freedom), statistic and p are NaN with
        `Reason.ZERO_VARIANCE`.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1, `df` is unknown, or shapes do not fit.

    Notes
    -----
    Rubin (1987), doi:10.1002/9780470316696; Barnard and Rubin (1999), doi:10.1093/biomet/86.4.948. With B the variance
    between and W that within imputations, T = W + (1 + 1/M) B, lambda = (1 + 1/M) B / T, the degrees of freedom are
    (M - 1) / lambda^2 (Rubin), and, with df_obs = (1 - lambda) df_complete (df_complete + 1) / (df_complete + 3), the
    harmonic sum of both (Barnard and Rubin). R's mice (which takes lambda to be at least 1e-4) and rbmi, and SAS `PROC
    MIANALYZE` with ``EDF=``, give these; SAS takes Rubin's by default and computes `fmi` with them, mice with those it
    reports, as here.

    Examples
    --------
    >>> pooled = rubin([[1.2, 1.5, 0.9, 1.1, 1.3]], [[0.4, 0.484, 0.361, 0.441, 0.4]], df_complete=96)
    >>> float(pooled.estimate[0].round(4)), float(pooled.se[0].round(4)), float(pooled.df[0].round(2))
    (1.2, 0.6908, 62.06)
    """
    given = np.asarray(estimates, dtype=np.float64)
    spread = np.asarray(variances, dtype=np.float64)
    rules = checked_rules(given, spread, df_complete, level, df, null)
    return _rubin(given, spread, rules)


def checked_rules(
    estimates: Floats, variances: Floats, df_complete: ArrayLike, level: float, df: str, null: float
) -> Rules:
    """The rules, once the shapes of what is pooled, the level and the name of the degrees of freedom are checked."""
    if estimates.ndim < 2 or estimates.shape != variances.shape:
        raise ValueError(
            f"estimates are {estimates.shape}, variances {variances.shape}; both are (replicate, imputation, ...). "
            "Give them the same shape, one trial as estimates[None]."
        )
    if df not in ("barnard-rubin", "rubin", "normal"):
        raise ValueError(f"df is {df!r}; it is 'barnard-rubin', 'rubin' or 'normal'. Change df.")
    tail(level)
    given = np.asarray(df_complete, dtype=np.float64)
    behind = (1,) * (estimates.ndim - 1 - given.ndim) if given.ndim else ()
    complete = np.broadcast_to(given.reshape(given.shape + behind), estimates[:, 0].shape)
    return Rules(df_complete=complete, level=level, df=df, null=null)  # type: ignore[arg-type]


def _rubin(estimates: Floats, variances: Floats, rules: Rules) -> Pooled:
    sums = _Sums.of(estimates, variances)
    return _pool(sums.mean, sums.within, sums.between, sums.failed, sums.number, rules)


@dataclass(frozen=True, slots=True)
class _Sums:
    """Mean, variance within and between, whether an imputation failed, and how many there are."""

    mean: Floats
    within: Floats
    between: Floats
    failed: np.ndarray
    number: int

    @classmethod
    def of(cls, estimates: Floats, variances: Floats) -> _Sums:
        number = estimates.shape[1]
        finite = (np.isfinite(estimates) & np.isfinite(variances)).all(axis=1)
        failed = np.asarray(~finite, dtype=np.bool_)
        sound = np.where(failed[:, None], 0.0, estimates)
        mean = sound.mean(axis=1)
        between = ((sound - mean[:, None]) ** 2).sum(axis=1) / max(number - 1, 1)
        between = np.where(between <= SAME * mean * mean, 0.0, between)
        within = np.where(failed[:, None], 0.0, variances).mean(axis=1)
        return cls(mean, within, between, failed, number)


def _pool(mean: Floats, within: Floats, between: Floats, failed: np.ndarray, number: int, rules: Rules) -> Pooled:
    """Rubin's rules from the three sums."""
    alone = number < 2
    added = (1 + 1 / number) * between
    total = within + added
    share = np.where(total > 0, divide(added, total), 0.0)
    riv = np.where(added > 0, np.where(within > 0, divide(added, within), np.inf), 0.0)
    df = degrees_of_freedom(share, number, rules)
    se = np.sqrt(total)
    low, high, statistic, p = student(mean, se, df, rules)
    reason = first_reason(
        (failed, Reason.IMPUTATION_FAILED),
        (np.full(failed.shape, alone), Reason.IMPUTATIONS_TOO_FEW),
        ((total == 0) | (df == 0), Reason.ZERO_VARIANCE),
    )
    with np.errstate(invalid="ignore"):
        fmi = np.where(np.isinf(riv), 1.0, (riv + 2 / (df + 3)) / (riv + 1))
    gone = failed | alone
    parts = {"se": se, "ci_low": low, "ci_high": high, "statistic": statistic, "df": df, "p": p}
    parts |= {"between": between, "total": total, "riv": riv, "lambda_": share, "fmi": fmi}
    return Pooled(
        estimate=np.where(failed, np.nan, mean),
        within=np.where(failed, np.nan, within),
        **{name: np.where(gone, np.nan, value) for name, value in parts.items()},
        reason=reason,
        imputations=number,
    )


def degrees_of_freedom(share: Floats, number: int, rules: Rules) -> Floats:
    """Degrees of freedom of M imputations with `share` of the variance between them."""
    complete = np.asarray(rules.df_complete, dtype=np.float64)
    if rules.df == "normal":
        return np.full(np.broadcast_shapes(share.shape, complete.shape), np.inf)
    if number < 2:
        return np.full(share.shape, np.nan)
    with np.errstate(divide="ignore"):
        old = (number - 1) / share**2
        if rules.df == "rubin":
            return np.asarray(old, dtype=np.float64)
        finite = np.where(np.isinf(complete), 1.0, complete)
        observed = np.where(np.isinf(complete), np.inf, (finite + 1) / (finite + 3) * finite * (1 - share))
        return np.asarray(1 / (1 / old + 1 / observed), dtype=np.float64)


def student(mean: Floats, se: Floats, df: Floats, rules: Rules) -> tuple[Floats, Floats, Floats, Floats]:
    """Limits, statistic and p-value by t, by the normal distribution where df is infinite; no limits at df 0."""
    normal, none = np.isinf(df), df == 0
    some = np.where(normal | none | np.isnan(df), 1.0, df)
    quantile = -np.where(normal, special.ndtri(tail(rules.level)), special.stdtrit(some, tail(rules.level)))
    half = np.where(none & (se > 0), np.inf, quantile * se)
    statistic = np.where(none, np.nan, divide(mean - rules.null, se))
    away = -np.abs(statistic)
    p = 2 * np.where(normal, special.ndtr(away), special.stdtr(some, away))
    return mean - half, mean + half, statistic, np.asarray(p, dtype=np.float64)


def monte_carlo_error(
    estimates: ArrayLike,
    variances: ArrayLike,
    *,
    df_complete: ArrayLike = np.inf,
    level: float = 0.95,
    df: DegreesOfFreedom = "barnard-rubin",
    null: float = 0.0,
) -> Pooled:
    """Monte-Carlo error of every pooled figure: by how much it would vary over another set of as many imputations.

    Parameters
    ----------
    estimates, variances, df_complete, level, df, null
        As in `rubin`.

    Returns
    -------
    Pooled
        Each field is the Monte-Carlo standard error of that field of `rubin`'s result. NaN with fewer than three
        imputations (`Reason.IMPUTATIONS_TOO_FEW`) or where pooling fails; NaN too in a field that is infinite.

    Raises
    ------
    ValueError
        As `rubin`.

    Notes
    -----
    White, Royston and Wood (2011), doi:10.1002/sim.4067, section 7.2: the jackknife over imputations, with figures f_m
    pooled without imputation m, sqrt((M - 1) / M sum (f_m - mean f)^2). Of the estimate it is sqrt(B / M) exactly. As
    Stata's ``mi estimate, mcerror``; mice and SAS have no such option.

    Examples
    --------
    >>> error = monte_carlo_error([[1.2, 1.5, 0.9, 1.1, 1.3]], [[0.4, 0.484, 0.361, 0.441, 0.4]], df_complete=96)
    >>> float(error.estimate[0].round(4)), float(error.se[0].round(4)), float(error.p[0].round(4))
    (0.1, 0.0363, 0.0256)
    """
    given = np.asarray(estimates, dtype=np.float64)
    spread = np.asarray(variances, dtype=np.float64)
    rules = checked_rules(given, spread, df_complete, level, df, null)
    whole = _Sums.of(given, spread)
    number = whole.number
    enough = number >= 3
    without = _leave_one_out(given, spread, rules) if enough else None
    numbers = {}
    for field in fields(Pooled):
        if field.name in ("reason", "imputations"):
            continue
        numbers[field.name] = _jackknife(getattr(without, field.name), number) if enough else whole.mean * np.nan
    few = np.full(whole.failed.shape, not enough)
    reason = first_reason((whole.failed, Reason.IMPUTATION_FAILED), (few, Reason.IMPUTATIONS_TOO_FEW))
    return Pooled(**numbers, reason=reason, imputations=number)


def _leave_one_out(estimates: Floats, variances: Floats, rules: Rules) -> Pooled:
    """Pooled without each imputation in turn, (replicate, imputation, ...)."""
    whole, number = _Sums.of(estimates, variances), estimates.shape[1]
    mean, between = whole.mean[:, None], whole.between[:, None]
    failed = np.broadcast_to(whole.failed[:, None], estimates.shape)
    away = np.where(failed, 0.0, estimates - mean)
    variances = np.where(failed, 0.0, variances)
    left = (between * (number - 1) - number / (number - 1) * away**2) / (number - 2)
    others = Rules(df_complete=np.asarray(rules.df_complete)[:, None], level=rules.level, df=rules.df, null=rules.null)
    # a remainder that is negative by rounding is none
    return _pool(
        mean - away / (number - 1),
        (whole.within[:, None] * number - variances) / (number - 1),
        np.where(left > SAME * mean**2, left, 0.0),
        failed,
        number - 1,
        others,
    )


def _jackknife(values: Floats, number: int) -> Floats:
    with np.errstate(invalid="ignore"):
        away = values - values.mean(axis=1, keepdims=True)
        return np.asarray(np.sqrt((number - 1) / number * (away**2).sum(axis=1)), dtype=np.float64)


def pool_jackknife(estimate: ArrayLike, without: ArrayLike, level: float = 0.95, null: float = 0.0) -> Estimate:
    """Combine an estimate with those that leave each patient out: jackknife standard error, normal limits and test.

    Parameters
    ----------
    estimate
        Of all patients, (replicate, ...).
    without
        Without each patient in turn, (replicate, patient, ...).
    level
        Confidence level.
    null
        The value that is tested.

    Returns
    -------
    Estimate
        NaN but for the estimate, with `Reason.IMPUTATION_FAILED`, where one of `without` is not finite; with fewer
        than two patients `Reason.TOO_FEW`; `Reason.ZERO_VARIANCE` where all are alike.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Notes
    -----
    se^2 = (n - 1) / n sum (f_i - mean f)^2, as R's rbmi for ``method_condmean(type = "jackknife")``; Wolbers et al.
    (2022), doi:10.1002/pst.2234.

    Examples
    --------
    >>> pooled = pool_jackknife([2.0], [[1.5, 2.0, 2.5]])  # of a mean: the usual standard error
    >>> float(pooled.se[0].round(6))
    0.57735
    """
    value = np.asarray(estimate, dtype=np.float64)
    others = np.asarray(without, dtype=np.float64)
    number = others.shape[1]
    failed = ~np.isfinite(others).all(axis=1) | ~np.isfinite(value)
    few = np.full(value.shape, number < 2)
    sound = np.where(failed[:, None], 0.0, others)
    se = np.where(failed | few, np.nan, _jackknife(sound, number))
    low, high, statistic, p = student(value, se, np.full(value.shape, np.inf), Rules(level=level, null=null))
    reason = first_reason((failed, Reason.IMPUTATION_FAILED), (few, Reason.TOO_FEW), (se == 0, Reason.ZERO_VARIANCE))
    return Estimate(estimate=value, se=se, ci_low=low, ci_high=high, statistic=statistic, p=p, reason=reason)
