"""Contrasts of the coefficients of a mixed model for repeated measures: estimates, intervals, tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from pivotal.stats.arrays import beside, on_host, pick, to_numpy
from pivotal.stats.estimate import Estimate, Floats, Reason, Reasons
from pivotal.stats.mmrm.basis import against
from pivotal.stats.mmrm.fit import MmrmFit, Part, shown
from pivotal.stats.mmrm.kenward_roger import kenward_roger
from pivotal.stats.mmrm.sandwich import Sandwich, sandwich
from pivotal.stats.normal import tail
from pivotal.stats.sweep import sweep
from pivotal.stats.tables import Mask, divide, first_reason

Df = Literal["satterthwaite", "kenward-roger", "between-within", "residual"]
Covariance = Literal["model", "kenward-roger", "kenward-roger-linear", "CR0", "CR2", "CR3"]
SANDWICHES = ("CR0", "CR2", "CR3")
# Numbers in the design of the patients of the replicates whose sandwich is computed at a time.
PATIENT_NUMBERS = 2**21
# Satterthwaite's degrees of freedom of the components of an F test that differ by less than this are taken as one
# number; the rule for combining them is a quotient of differences (lmerTest does the same).
ALIKE = 1e-8
# Contrasts whose covariance matrix has an eigenvalue this small beside its largest depend on each other.
DEPENDENT = 1e-10
# Reasons with which a fit has all its numbers.
FITTED = (Reason.NONE, Reason.VISIT_EMPTY, Reason.PAIR_EMPTY)


@dataclass(frozen=True, slots=True, kw_only=True)
class FTest:
    """A test of several contrasts at once.

    Attributes
    ----------
    statistic
        F, (replicate,), scaled by Kenward and Roger's lambda where asked for.
    df_numerator, df_denominator
        (replicate,)
    p
        (replicate,)
    reason
        (replicate,)
    """

    statistic: Floats
    df_numerator: Floats
    df_denominator: Floats
    p: Floats
    reason: Reasons


def mmrm_covariance(fit: MmrmFit, covariance: Covariance = "model") -> Floats:
    """Estimate the covariance matrix of the coefficients.

    Parameters
    ----------
    fit
        From `fit_mmrm`.
    covariance
        ``model``: (X'V^-1 X)^-1. ``kenward-roger``, ``kenward-roger-linear``: adjusted for the estimation of the
        variances, with and without the second derivatives of the covariance matrix. ``CR0``, ``CR2``, ``CR3``: sandwich
        estimators with patients as clusters.

    Returns
    -------
    Floats
        (replicate, column, column), NaN for aliased columns and without an optimum.

    Raises
    ------
    ValueError
        If the covariance is unknown, or Kenward and Roger's is asked for of a fit by ML.

    Notes
    -----
    R's mmrm calls them Asymptotic, Kenward-Roger, Kenward-Roger-Linear, Empirical, Empirical-Bias-Reduced and
    Empirical-Jackknife. SAS `DDFM=KR` agrees with the linear one for the unstructured covariance matrix,
    `EMPIRICAL` with CR0.

    Examples
    --------
    >>> from pivotal.stats import fit_mmrm, visit_design
    >>> y = [[[1.0, 2.0], [2.0, 4.5], [0.5, 1.0], [1.5, 3.5], [2.5, 3.0], [1.0, 2.5]]]
    >>> fit = fit_mmrm(y, visit_design([[1, 0], [1, 1], [1, 0], [1, 1], [1, 1], [1, 0]], 2))
    >>> [mmrm_covariance(fit, kind)[0, 2, 2].round(4).item() for kind in ("model", "kenward-roger-linear", "CR2")]
    [0.1111, 0.1111, 0.1111]
    """
    _check(fit, "residual", covariance)
    return np.concatenate([shown(part, _covariance(part, covariance)[0]) for part in _pieces(fit, covariance)])


def mmrm_contrasts(
    fit: MmrmFit,
    rows: ArrayLike,
    *,
    df: Df = "satterthwaite",
    covariance: Covariance | None = None,
    level: float = 0.95,
) -> Estimate:
    """Estimate and test contrasts of the coefficients, each by itself.

    Parameters
    ----------
    fit
        From `fit_mmrm`.
    rows
        Contrasts, (contrast, column) or (replicate, contrast, column).
    df
        ``satterthwaite``, ``kenward-roger``, ``between-within`` or ``residual``.
    covariance
        As `mmrm_covariance`; by default ``kenward-roger`` with Kenward and Roger's degrees of freedom, else ``model``.
    level
        Confidence level.

    Returns
    -------
    Estimate
        Every array (replicate, contrast): `estimate`, `se`, limits, `statistic` (t), `df`, `p`, and `converged`. NaN
        with `Reason.ALIASED` where the patients do not determine the contrast; with the fit's reason where it has no
        optimum; with `Reason.CONSTANT`, an exact fit, the estimate with se 0 and no test; with `Reason.DF_UNDEFINED`
        estimate and se without limits and test, where the degrees of freedom do not exist.

    Raises
    ------
    ValueError
        If a name is unknown, Kenward and Roger's method is asked for of a fit by ML, or `level` is not between 0 and 1.

    Notes
    -----
    Satterthwaite: ``2 f^2 / (g' W g)`` with f the contrast's variance under the model, g its gradient in the covariance
    parameters and W their inverse observed information (Giesbrecht and Burns 1985). For a single contrast Kenward
    and Roger's degrees of freedom are the same number, and only the standard error differs. With a sandwich covariance
    those of Bell and McCaffrey (2002) under independence. See docs/methods/mmrm.md.

    Examples
    --------
    >>> from pivotal.stats import fit_mmrm, visit_design
    >>> y = [[[1.0, 2.0], [2.0, 4.5], [0.5, 1.0], [1.5, 3.5], [2.5, 3.0], [1.0, 2.5]]]
    >>> fit = fit_mmrm(y, visit_design([[1, 0], [1, 1], [1, 0], [1, 1], [1, 1], [1, 0]], 2))
    >>> effect = mmrm_contrasts(fit, [[0, 0, 0, 1]])  # the difference between the arms at the second visit
    >>> [float(number[0, 0].round(4)) for number in (effect.estimate, effect.se, effect.df, effect.p)]
    [1.8333, 0.6236, 4.0, 0.0424]
    """
    chosen: Covariance = covariance or ("kenward-roger" if df == "kenward-roger" else "model")
    _check(fit, df, chosen)
    tail(level)
    wanted = np.asarray(to_numpy(rows), dtype=np.float64)
    found = [_contrasts(part, own, df, chosen, level) for part, own in _each(fit, wanted, chosen)]
    names = ("estimate", "se", "ci_low", "ci_high", "statistic", "df", "p", "reason", "converged")
    return Estimate(**{name: np.concatenate([getattr(part, name) for part in found]) for name in names})


def mmrm_f_test(
    fit: MmrmFit, rows: ArrayLike, *, df: Df = "satterthwaite", covariance: Covariance | None = None
) -> FTest:
    """Test several contrasts at once.

    Parameters
    ----------
    fit
        From `fit_mmrm`.
    rows
        Contrasts, (contrast, column), linearly independent.
    df, covariance
        As `mmrm_contrasts`.

    Returns
    -------
    FTest
        NaN with `Reason.ALIASED` where the patients do not determine a contrast, or the contrasts depend on each other;
        with the fit's reason where it has no optimum, or fits exactly; with `Reason.DF_UNDEFINED` where the degrees
        of freedom do not exist.

    Raises
    ------
    ValueError
        As `mmrm_contrasts`.

    Notes
    -----
    Satterthwaite: Fai and Cornelius (1996), doi:10.1080/00949659608811740: the test is split into uncorrelated single
    contrasts, whose degrees of freedom are combined so that F has their expectation. Kenward and Roger (1997): F scaled
    and degrees of freedom by matching two moments. Between-within: the smallest of the coefficients involved.

    Examples
    --------
    >>> from pivotal.stats import fit_mmrm, visit_design
    >>> y = [[[1.0, 2.0], [2.0, 4.5], [0.5, 1.0], [1.5, 3.5], [2.5, 3.0], [1.0, 2.5]]]
    >>> fit = fit_mmrm(y, visit_design([[1, 0], [1, 1], [1, 0], [1, 1], [1, 1], [1, 0]], 2))
    >>> test = mmrm_f_test(fit, [[0, 0, 1, 0], [0, 0, 0, 1]], df="kenward-roger", covariance="kenward-roger-linear")
    >>> [float(number[0].round(4)) for number in (test.statistic, test.df_denominator, test.p)]
    [6.9273, 3.0, 0.0751]
    """
    chosen: Covariance = covariance or ("kenward-roger" if df == "kenward-roger" else "model")
    _check(fit, df, chosen)
    wanted = np.asarray(to_numpy(rows), dtype=np.float64)
    found = [_f_test(part, own, df, chosen) for part, own in _each(fit, wanted, chosen)]
    names = ("statistic", "df_numerator", "df_denominator", "p", "reason")
    return FTest(**{name: np.concatenate([getattr(part, name) for part in found]) for name in names})


def _check(fit: MmrmFit, df: str, covariance: str) -> None:
    if df not in get_args(Df):
        raise ValueError(f"df is {df!r}; there are {', '.join(get_args(Df))}. Change df.")
    if covariance not in get_args(Covariance):
        raise ValueError(
            f"covariance is {covariance!r}; there are {', '.join(get_args(Covariance))}. Change covariance."
        )
    if "kenward-roger" in (df, covariance, covariance.removesuffix("-linear")) and fit.method != "REML":
        raise ValueError("Kenward and Roger's method rests on REML, and the fit is by ML. Fit with method='REML'.")
    if df == "kenward-roger" and covariance in SANDWICHES:
        raise ValueError(f"df 'kenward-roger' does not go with covariance {covariance!r}. Take 'satterthwaite'.")


def _pieces(fit: MmrmFit, covariance: Covariance) -> Iterator[Part]:
    """The parts of a fit; smaller ones where the patients themselves are needed."""
    for part in fit.parts:
        number = run = len(part.theta)
        if covariance in SANDWICHES:
            run = max(1, PATIENT_NUMBERS // (part.data.y[0].size * part.at.coefficients.shape[1]))
        for first in range(0, number, run):
            yield part.take(slice(first, min(first + run, number))) if run < number else part


def _each(fit: MmrmFit, rows: Floats, covariance: Covariance) -> Iterator[tuple[Part, Floats]]:
    first = 0
    for part in _pieces(fit, covariance):
        number = len(part.theta)
        own = rows if rows.ndim == 3 else np.broadcast_to(rows, (number, *rows.shape))
        yield part, own[first : first + number] if rows.ndim == 3 else own
        first += number


def _covariance(part: Part, covariance: Covariance) -> tuple[Floats, Sandwich | None]:
    if covariance in ("CR0", "CR2", "CR3"):
        found = sandwich(part, covariance)
        return found.covariance, found
    if covariance == "model":
        return part.at.covariance, None
    return kenward_roger(part, linear=covariance == "kenward-roger-linear"), None


def _contrasts(part: Part, rows: Floats, df: Df, covariance: Covariance, level: float) -> Estimate:
    matrix, robust = _covariance(part, covariance)
    estimate = (rows @ part.coefficients[:, :, None])[:, :, 0]
    variance = np.maximum(np.einsum("rkc,rkc->rk", rows @ matrix, rows), 0.0)
    freedom = _df(part, rows, df, robust)
    reason = _reason(part, rows)
    lost, exact = reason != Reason.NONE, reason == Reason.CONSTANT
    estimate = np.where(lost & ~exact, np.nan, estimate)
    se = np.where(lost, np.where(exact, 0.0, np.nan), np.sqrt(variance))
    known = ~lost & np.isfinite(freedom) & (freedom > 0)
    freedom = np.where(known, freedom, np.nan)
    statistic = divide(estimate, se)
    half = -special.stdtrit(np.where(known, freedom, 1.0), tail(level)) * np.where(known, se, np.nan)
    p = 2 * special.stdtr(np.where(known, freedom, 1.0), -np.abs(statistic))
    return Estimate(
        estimate=estimate,
        se=se,
        ci_low=estimate - half,
        ci_high=estimate + half,
        statistic=statistic,
        df=freedom,
        p=np.where(known, p, np.nan),
        reason=_worse(reason, (~lost & (se == 0), Reason.ZERO_VARIANCE), (~lost & ~known, Reason.DF_UNDEFINED)),
        converged=np.broadcast_to(part.optimum.converged[:, None], estimate.shape),
    )


def _worse(reason: Reasons, *more: tuple[Mask, Reason]) -> Reasons:
    """A further reason in place of one that leaves the numbers whole."""
    found = first_reason(*more)
    return np.where(found > 0, found, reason)


def _reason(part: Part, rows: Floats) -> Reasons:
    """Reason of each contrast, (replicate, contrast); none where its numbers are whole, whatever else the fit lacks."""
    estimable = _estimable(part, rows)
    own = np.where(np.isin(part.reason, FITTED), np.uint8(Reason.NONE), part.reason)[:, None]
    return np.where(part.broken[:, None] | estimable, own, np.uint8(Reason.ALIASED))


def _estimable(part: Part, rows: Floats) -> Mask:
    """Whether a contrast does not depend on how aliased columns are dropped, (replicate, contrast)."""
    kept = part.model.kept
    found = np.ones(rows.shape[:2], dtype=np.bool_)
    some = np.flatnonzero(~kept.all(axis=1))
    if some.size == 0:
        return found
    moments = part.moments.take(some)
    pairs = (moments.mask[..., :, None] & moments.mask[..., None, :]) * np.eye(moments.visits)
    shape = (*moments.counts.shape, moments.visits, moments.visits)
    swept = sweep(np.ascontiguousarray(np.moveaxis(moments.gram(np.broadcast_to(pairs, shape)), 0, -1)))
    for contrast in range(rows.shape[1]):
        found[some, contrast] = swept.estimable(rows[some, contrast].T)
    return found


def _df(part: Part, rows: Floats, df: Df, robust: Sandwich | None) -> Floats:
    if df == "residual":
        left = part.moments.n_obs - part.model.kept.sum(axis=1)
        return np.broadcast_to(left[:, None], rows.shape[:2])
    if df == "between-within":
        return _between_within(part, rows)
    if robust is not None:
        return robust.df(rows)
    return _satterthwaite(part, rows)


def _satterthwaite(part: Part, rows: Floats) -> Floats:
    """2 f^2 / (g' W g), (replicate, contrast)."""
    along = rows @ part.at.covariance
    variance = np.einsum("rkc,rkc->rk", along, rows)
    there = part.there
    inverse = beside(part.at.inverse, there.counts)[:, None, ...]
    slope = inverse @ there.spreads(beside(along, inverse)) @ inverse
    parts = [
        against(pick(slope, chosen, 2), basis)
        for basis, chosen in zip(part.model.bases(part.theta, there), part.model.blocks(there), strict=True)
    ]
    gradient = np.concatenate([on_host(each) for each in parts], axis=2)
    bottom = np.einsum("rkh,rkh->rk", gradient @ part.theta_covariance(), gradient)
    return divide(2 * variance * variance, bottom)


def _between_within(part: Part, rows: Floats) -> Floats:
    """The smallest of the degrees of freedom of the coefficients involved, as R's mmrm; (replicate, contrast)."""
    kept = part.model.kept
    between = part.data.constant_columns() & kept
    ones = part.data.intercept_columns() & kept
    n_obs, patients = part.moments.n_obs, part.moments.counts.sum(axis=1)
    intercept = ones.any(axis=1)
    number_between = (between & ~ones).sum(axis=1)
    within = n_obs - patients - (kept & ~between).sum(axis=1)
    left = patients - number_between - intercept
    own = np.where(between & ~ones, left[:, None], within[:, None])
    used = (rows != 0) & kept[:, None]
    return np.asarray(np.where(used, own[:, None], np.inf).min(axis=2), dtype=np.float64)


def _f_test(part: Part, rows: Floats, df: Df, covariance: Covariance) -> FTest:
    matrix, robust = _covariance(part, covariance)
    number = rows.shape[1]
    estimate = (rows @ part.coefficients[:, :, None])[:, :, 0]
    values, vectors = np.linalg.eigh(rows @ matrix @ np.swapaxes(rows, 1, 2))
    dependent = values[:, 0] <= DEPENDENT * values[:, -1]
    turned = np.einsum("rki,rk->ri", vectors, estimate)
    statistic = (turned * turned / np.where(dependent[:, None], 1.0, values)).sum(axis=1) / number
    freedom, scale = _denominator(part, rows, df, robust, vectors)
    reason = _reason(part, rows).max(axis=1)
    usable = reason == Reason.NONE
    known = usable & ~dependent & np.isfinite(freedom) & (freedom > 0) & (scale > 0)
    p = special.fdtrc(number, np.where(known, freedom, 1.0), np.where(known, scale * statistic, 1.0))
    return FTest(
        statistic=np.where(known, scale * statistic, np.nan),
        df_numerator=np.full(len(rows), float(number)),
        df_denominator=np.where(known, freedom, np.nan),
        p=np.where(known, p, np.nan),
        reason=_worse(reason, (usable & dependent, Reason.ALIASED), (usable & ~known, Reason.DF_UNDEFINED)),
    )


def _denominator(part: Part, rows: Floats, df: Df, robust: Sandwich | None, vectors: Floats) -> tuple[Floats, Floats]:
    """Denominator degrees of freedom of an F test, and the scale of F, each (replicate,)."""
    one = np.ones(len(rows))
    if df == "kenward-roger":
        return _kenward_roger_df(part, rows)
    if df == "satterthwaite":
        return _combined(_df(part, np.swapaxes(vectors, 1, 2) @ rows, df, robust)), one
    return _df(part, rows, df, robust).min(axis=1), one


def _combined(each: Floats) -> Floats:
    """Denominator degrees of freedom of an F test from those of its components, (replicate, component)."""
    number = each.shape[1]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean, alike = each.mean(axis=1), np.ptp(each, axis=1) < ALIKE
        expected = (each / (each - 2)).sum(axis=1)
        found = 2 * expected / (expected - number)
    found = np.where((each <= 2).any(axis=1), 2.0, found)
    return np.where(alike, mean, found)


def _kenward_roger_df(part: Part, rows: Floats) -> tuple[Floats, Floats]:
    """Denominator degrees of freedom and the scale of F, each (replicate,)."""
    number = rows.shape[1]
    spread, phi = part.theta_covariance(), part.at.covariance
    square = rows @ phi @ np.swapaxes(rows, 1, 2)
    values, vectors = np.linalg.eigh(square)
    root = np.swapaxes(vectors, 1, 2) / np.sqrt(np.maximum(values, 1e-300))[:, :, None]
    z = root @ rows @ phi
    f = z[:, None] @ part.projections() @ np.swapaxes(z, 1, 2)[:, None]  # (replicate, h, contrast, contrast)
    trace = np.einsum("rhkk->rh", f)
    a1 = np.einsum("rh,rhg,rg->r", trace, spread, trace)
    flat = f.reshape(*f.shape[:2], -1)
    a2 = np.einsum("rhx,rhg,rgx->r", flat, spread, flat, optimize=True)
    if number == 1:
        return divide(2.0, a2), np.ones(len(rows))
    return _moments_matched(a1, a2, number)


def _moments_matched(a1: Floats, a2: Floats, c: int) -> tuple[Floats, Floats]:
    """Kenward and Roger (1997), section 4: m and lambda from A1, A2 and the number of contrasts."""
    with np.errstate(invalid="ignore", divide="ignore"):
        b = (a1 + 6 * a2) / (2 * c)
        g = ((c + 1) * a1 - (c + 4) * a2) / ((c + 2) * a2)
        base = 3 * c + 2 * (1 - g)
        c1, c2, c3 = g / base, (c - g) / base, (c + 2 - g) / base
        mean = 1 / (1 - a2 / c)
        variance = 2 / c * (1 + c1 * b) / ((1 - c2 * b) ** 2 * (1 - c3 * b))
        rho = variance / (2 * mean**2)
        m = 4 + (c + 2) / (c * rho - 1)
        return np.asarray(m, dtype=np.float64), np.asarray(m / (mean * (m - 2)), dtype=np.float64)
