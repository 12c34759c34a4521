"""Proportional odds regression of ordered categories in every replicate: common odds ratios and their tests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from pivotal.stats import cholesky
from pivotal.stats.batches import part, piecewise
from pivotal.stats.estimate import Estimate, Floats, Reason
from pivotal.stats.likelihood_fit import RegressionFit, Settled, settle
from pivotal.stats.newton import maximise
from pivotal.stats.ordinal_likelihood import OrdinalLikelihood
from pivotal.stats.ordinal_scores import Unconstrained
from pivotal.stats.profile import likelihood_ratio
from pivotal.stats.sweep import determined, sweep
from pivotal.stats.tables import Mask, first_reason
from pivotal.stats.units import Units

Favours = Literal["higher", "lower"]
Information = Literal["observed", "expected"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProportionalOddsFit(RegressionFit):
    """A proportional odds regression fitted in every replicate, on the LOG ODDS scale.

    `covariance` is that of the coefficients from the observed information, unless the expected one was asked for.

    Attributes
    ----------
    expected
        Covariance of the coefficients from the expected information, (replicate, column, column), for
        `wald(..., covariance=)`.
    thresholds, se_thresholds
        ζ, the log odds of a category at or below each but the last where all covariates are 0, and standard errors
        from the observed information, (replicate, threshold). Around a category without patients two thresholds are
        equal; beyond the first or the last category with patients ∓inf.
    """

    expected: Floats
    thresholds: Floats
    se_thresholds: Floats


def category_counts(
    y: ArrayLike, categories: int, cells: ArrayLike | None = None, size: int = 0, included: ArrayLike | None = None
) -> Floats:
    """Count patients by cell and category.

    Parameters
    ----------
    y
        0, 1, ..., (replicate, patient); negative or NaN is missing.
    categories
        How many categories there are.
    cells
        Which cell each patient belongs to, (patient,) or (replicate, patient); None for every patient a cell.
    size
        How many cells there are, with `cells`.
    included
        Who enters, (replicate, patient); None for everybody.

    Returns
    -------
    Floats
        (replicate, cell, category).

    Examples
    --------
    >>> category_counts([[0, 2, 1, 2]], 3, [0, 0, 1, 1], 2)[0].tolist()
    [[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]]
    """
    values = np.asarray(y, dtype=np.float64)
    seen = (values >= 0) & (values < categories)
    if included is not None:
        seen &= np.asarray(included, dtype=np.bool_)
    codes = np.where(seen, values, 0).astype(np.int64)
    if cells is None:
        return np.asarray((codes[..., None] == np.arange(categories)) & seen[..., None], dtype=np.float64)
    of = np.broadcast_to(np.asarray(cells, dtype=np.int64), codes.shape)
    flat = (np.arange(len(codes))[:, None] * size + of) * categories + codes
    counts = np.bincount(flat[seen], minlength=len(codes) * size * categories)
    return counts.reshape(len(codes), size, categories).astype(np.float64)


def fit_proportional_odds(
    counts: ArrayLike, design: ArrayLike, *, favours: Favours = "higher", information: Information = "observed"
) -> ProportionalOddsFit:
    """Fit a cumulative logit model with proportional odds, in every replicate.

    Parameters
    ----------
    counts
        Patients of each cell in each category, lowest first, (replicate, cell, category). A cell holds patients who
        share their covariates, or is one patient: see `category_counts`.
    design
        Covariates without an intercept's column, (cell, column) or (replicate, cell, column); cells with one missing
        (NaN) do not enter.
    favours
        Whether a positive coefficient means "higher" categories, logit P(Y <= j) = ζ_j - x'β, or "lower" ones,
        logit P(Y <= j) = ζ_j + x'β.
    information
        Behind `covariance`: "observed" (R) or "expected" (SAS).

    Returns
    -------
    ProportionalOddsFit
        `Reason.CONSTANT` where all patients are in one category, `Reason.TOO_FEW` without patients,
        `Reason.SEPARATION` with coefficients of ±inf where the likelihood has no maximum; `Reason.EMPTY_CATEGORY`
        (of the fit as a whole; its coefficients are ordinary) where a category has no patients and is left out.

    Raises
    ------
    ValueError
        If `favours` or `information` is neither, or there are fewer than two categories.

    Notes
    -----
    McCullagh (1980), doi:10.1111/j.2517-6161.1980.tb01109.x, by Newton's method with the observed information, written
    so that no probability is a difference (see the module `ordinal_likelihood`). R `MASS::polr` is "higher", with the
    observed information; its own standard errors come from a numerical Hessian and are good to about 1e-5. SAS `PROC
    LOGISTIC` is "lower" (for the ascending order of the response), with standard errors from the expected information:
    `expected`. The two differ in small samples.

    Examples
    --------
    >>> counts = [[[10, 8, 2], [4, 9, 7]]]
    >>> fit = fit_proportional_odds(counts, [[0.0], [1.0]])
    >>> fit.coefficients[0].round(6).tolist(), fit.thresholds[0].round(6).tolist()
    ([1.456077], [0.019446, 2.103569])
    """
    _check_information(information)
    table, model = _checked(counts, favours), np.asarray(design, dtype=np.float64)
    width = table.shape[1] * table.shape[2] * 2

    def fit(rows: slice) -> ProportionalOddsFit:
        return _Fitted.of(_likelihood(table[rows], part(model, rows, 3), favours)).result()

    found = piecewise(fit, len(table), width)
    return found if information == "observed" else replace(found, covariance=found.expected)


def proportional_odds_lr(
    counts: ArrayLike, design: ArrayLike, column: int, *, favours: Favours = "higher", level: float = 0.95
) -> Estimate:
    """Estimate one coefficient of a proportional odds model with likelihood-ratio test and profile limits.

    Parameters
    ----------
    counts, design, favours
        As in `fit_proportional_odds`.
    column
        Which column of the design.
    level
        Confidence level.

    Returns
    -------
    Estimate
        (replicate,), estimate and limits on the LOG ODDS scale: exponentiate them for a common odds ratio;
        `statistic` (chi-square), `df` = 1, `p`. Under separation the estimate and one limit are infinite, the other
        limit and p ordinary numbers.

    Raises
    ------
    ValueError
        As `fit_proportional_odds`, or if `level` is not between 0 and 1.

    Notes
    -----
    As SAS `PROC LOGISTIC` `CLODDS=PL` and R `confint` on `polr`, which interpolates.

    Examples
    --------
    >>> effect = proportional_odds_lr([[[10, 8, 2], [4, 9, 7]]], [[0.0], [1.0]], 0)
    >>> float(effect.statistic[0].round(6)), float(effect.p[0].round(6))
    (5.61461, 0.017811)
    """
    fitted = _Fitted.of(_likelihood(_checked(counts, favours), np.asarray(design, dtype=np.float64), favours))
    off = (fitted.fit.away != 0).any(axis=0)
    start = np.where(off, fitted.likelihood.start(), fitted.fit.coefficients)
    return likelihood_ratio(fitted.likelihood, fitted.result(), start, fitted.some, column, level)


def proportional_odds_test(counts: ArrayLike, design: ArrayLike, *, information: Information = "observed") -> Estimate:
    """Test whether odds are proportional, against slopes that differ between the thresholds.

    Parameters
    ----------
    counts, design
        As in `fit_proportional_odds`.
    information
        The information that the score is measured by: "observed", as SAS, or "expected".

    Returns
    -------
    Estimate
        (replicate,): `statistic` (chi-square), `df` (thresholds but one, times covariates), `p`. NaN with the reason
        of the fit, or `Reason.NO_INFORMATION` where fewer than three categories have patients.

    Notes
    -----
    U'I⁻U, U the score of the larger model at the smaller one's estimates. SAS `PROC LOGISTIC` prints it with the
    observed information (so its published example shows) and a generalised inverse where zeros in the table make that
    singular. It rejects too often where cells are thin (Peterson and Harrell 1990, doi:10.2307/2347760); a small p is
    a reason to look, not to change the analysis.

    Examples
    --------
    >>> test = proportional_odds_test([[[10, 8, 2], [4, 9, 7]]], [[0.0], [1.0]])
    >>> float(test.statistic[0].round(6)), float(test.df[0])
    (0.042258, 1.0)
    """
    _check_information(information)
    table = _checked(counts, "higher")
    likelihood = _likelihood(table, np.asarray(design, dtype=np.float64), "higher")
    fitted = _Fitted.of(likelihood)
    result = fitted.result()
    model = Unconstrained.at(likelihood, fitted.fit.coefficients, observed=information == "observed")
    replicates, _, size = model.score.shape
    kept = np.concatenate([np.ones((1, replicates), dtype=np.bool_), fitted.some[: size - 1]])
    free = (likelihood.active()[:, None] & kept[None]).reshape(-1, replicates).T
    usable = fitted.fit.converged & ~(fitted.fit.away != 0).any(axis=0) & (likelihood.used > 2) & kept[1:].any(axis=0)
    score = np.where(free, model.score.reshape(replicates, -1), 0.0)
    matrix = _with_identity(model.information.reshape(replicates, free.shape[1], -1), free & usable[:, None])
    inverse = sweep(np.ascontiguousarray(np.moveaxis(matrix, 0, -1))).inverse
    statistic = np.einsum("ri,ijr,rj->r", score, inverse, score, optimize=True)
    df = np.where(usable, np.maximum(likelihood.used - 2, 0) * kept[1:].sum(axis=0), np.nan)
    found = np.where(usable, statistic, np.nan)
    lost = (result.reason == Reason.NONE) | (result.reason == Reason.EMPTY_CATEGORY)
    return Estimate(
        statistic=found,
        df=df,
        p=np.asarray(special.chdtrc(np.where(usable, df, 1.0), found), dtype=np.float64),
        reason=np.where(lost & ~usable, np.uint8(Reason.NO_INFORMATION), result.reason),
        converged=result.converged,
    )


@dataclass(slots=True)
class _Fitted:
    """A fit with replicates last; its coefficients are β and then ζ."""

    likelihood: OrdinalLikelihood
    some: Mask
    known: Mask
    fit: Settled

    @classmethod
    def of(cls, likelihood: OrdinalLikelihood) -> _Fitted:
        swept = likelihood.structure()
        varies = likelihood.used > 1
        active = likelihood.active()
        some = np.concatenate([swept.kept[1:] & varies, active])
        known = np.concatenate([determined(swept)[1:], active])
        top = maximise(likelihood, likelihood.start(), some)
        return cls(likelihood, some, known, settle(likelihood, top, some, known))

    def result(self) -> ProportionalOddsFit:
        """Put the replicates first, and name what is not a number."""
        size = self.likelihood.units.size
        at, used = self.fit.coefficients, self.likelihood.used
        covariance = cholesky.invert(self.likelihood.evaluate(at).factor(self.fit.free))
        known = self.known[:size]
        slopes = self.fit.part(slice(size))
        constant = np.broadcast_to(used == 1, known.shape)
        reasons = np.where(constant & known, np.uint8(Reason.CONSTANT), slopes.reasons(known))
        information = Unconstrained.at(self.likelihood, at).constrained()
        expected = np.asarray(np.linalg.inv(_with_identity(information, self.fit.free.T)), dtype=np.float64)
        se = np.sqrt(np.diagonal(covariance)[:, size:])
        thresholds = self.fit.shown()[:, size:]
        return ProportionalOddsFit(
            coefficients=slopes.shown(),
            covariance=slopes.mask(covariance[:size, :size]),
            loglik=np.where(used > 1, self.fit.loglik, 0.0),
            converged=self.fit.converged,
            reason=first_reason(
                (used == 0, Reason.TOO_FEW),
                (used == 1, Reason.CONSTANT),
                (~self.fit.converged, Reason.NOT_CONVERGED),
                ((self.fit.away != 0).any(axis=0), Reason.SEPARATION),
                (used < len(self.likelihood.counts), Reason.EMPTY_CATEGORY),
            ),
            coefficient_reason=reasons.T,
            expected=slopes.mask(np.moveaxis(expected[:, :size, :size], 0, -1)),
            thresholds=self._spread(thresholds, ends=True),
            se_thresholds=self._spread(np.where(np.isfinite(thresholds), se, np.nan), ends=False),
        )

    def _spread(self, packed: Floats, *, ends: bool) -> Floats:
        """Thresholds of the categories with patients, put where all categories have theirs, (replicate, threshold)."""
        likelihood = self.likelihood
        filled = np.zeros(likelihood.order.shape, dtype=np.bool_)
        here = np.arange(len(filled))[:, None] < likelihood.used
        np.put_along_axis(filled, likelihood.order, here, axis=0)
        below = filled.cumsum(axis=0)[:-1].T  # categories with patients at or below each threshold
        value = np.take_along_axis(packed, np.clip(below - 1, 0, packed.shape[1] - 1), axis=1)
        used = likelihood.used[:, None]
        value = np.where((below == 0) & (used > 1), -np.inf if ends else np.nan, value)
        value = np.where((below == used) & (used > 1), np.inf if ends else np.nan, value)
        return np.where(used > 1, value, np.nan)


def _likelihood(table: Floats, model: Floats, favours: Favours) -> OrdinalLikelihood:
    complete = ~np.isnan(model.sum(axis=-1, keepdims=True))
    table, design = np.where(complete, table, 0.0), np.nan_to_num(model)
    units = Units.of(design if favours == "higher" else -design)
    return OrdinalLikelihood.of(np.ascontiguousarray(np.transpose(table, (2, 1, 0))), units)


def _with_identity(matrix: Floats, free: Mask) -> Floats:
    """The matrices (replicate, column, column) with rows and columns that are not free put to those of the identity."""
    both = free[:, :, None] & free[:, None]
    return np.where(both, matrix, np.eye(free.shape[1]))


def _check_information(information: str) -> None:
    if information not in ("observed", "expected"):
        raise ValueError(f"information is {information!r}; 'observed' or 'expected' is allowed.")


def _checked(counts: ArrayLike, favours: str) -> Floats:
    table = np.asarray(counts, dtype=np.float64)
    if favours not in ("higher", "lower"):
        raise ValueError(f"favours is {favours!r}; 'higher' or 'lower' is allowed.")
    if table.ndim != 3 or table.shape[2] < 2:
        raise ValueError(f"counts has shape {table.shape}; it is (replicate, cell, category), of 2 categories or more.")
    return table
