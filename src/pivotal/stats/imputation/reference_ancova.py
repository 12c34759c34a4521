"""Reference-based imputation from model to pooled result, chunk by chunk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from pivotal.stats.imputation.analysis import VisitResults, ancova_by_visit, arm_quantities
from pivotal.stats.imputation.pooling import DegreesOfFreedom, Pooled, monte_carlo_error
from pivotal.stats.imputation.reference import Imputed, impute_reference
from pivotal.stats.imputation.reference_bayes import impute_reference_bayes
from pivotal.stats.imputation.reference_model import ReferenceModel
from pivotal.stats.imputation.strategies import Whole

Draws = Literal["bootstrap", "bayes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceResult:
    """Reference-based multiple imputation, analysed and pooled.

    Attributes
    ----------
    pooled
        (replicate, visit, quantity), the quantities of `arm_quantities`.
    error
        Its Monte-Carlo standard errors, field by field; see `monte_carlo_error`.
    redrawn
        Bootstrap samples drawn anew because their fit failed, (replicate,).
    """

    pooled: Pooled
    error: Pooled
    redrawn: Whole


def reference_ancova(
    model: ReferenceModel,
    x: ArrayLike,
    arm_columns: Sequence[int],
    factors: Sequence[Sequence[int]] = (),
    *,
    imputations: int,
    rng: np.random.Generator,
    draws: Draws = "bootstrap",
    shift: ArrayLike | None = None,
    level: float = 0.95,
    df: DegreesOfFreedom = "barnard-rubin",
) -> ReferenceResult:
    """Impute by reference, analyse every visit by ANCOVA, and pool.

    Parameters
    ----------
    model
        From `reference_model`.
    x
        The analysis's design with its intercept column, (patient, column) or (replicate, patient, column).
    arm_columns, factors
        Its columns of arms and of other factors, as in `ls_means_rows`.
    imputations
        Their number, M.
    rng
        Source of random numbers. The same state gives the same bits.
    draws
        ``bootstrap`` (`impute_reference`) or ``bayes`` (`impute_reference_bayes`).
    shift
        What is added to imputed values, (replicate, patient, visit); see `delta_shifts`.
    level, df
        As in `rubin`; the complete-data degrees of freedom are the residual ones of the analysis.

    Returns
    -------
    ReferenceResult

    Raises
    ------
    ValueError
        As the functions that it joins.

    Examples
    --------
    >>> from pivotal.stats import reference_model, visit_design
    >>> rng = np.random.default_rng(5)
    >>> arm = np.repeat([0, 1], 20)
    >>> y = rng.normal(size=(1, 40, 2)) + arm[:, None]
    >>> y[0, ::5, 1] = np.nan
    >>> x = np.stack([np.ones(40), arm], axis=1)
    >>> model = reference_model(y, visit_design(x, 2), visit_design(x * [1, 0], 2), arm=arm, strategy="JR")
    >>> found = reference_ancova(model, x, [1], imputations=20, rng=np.random.default_rng(1))
    >>> found.pooled.estimate.shape, bool(found.error.estimate[0, 1, 0] > 0)
    ((1, 2, 3), True)
    """
    design = np.asarray(x, dtype=np.float64)
    moved = None if shift is None else np.asarray(shift, dtype=np.float64)
    parts, redrawn, first = [], [], 0
    for chunk in model.chunks(imputations):
        rows = slice(first, first + chunk.replicates)
        first += chunk.replicates
        imputed = _imputed(chunk, imputations, rng, draws)
        y = imputed.y if moved is None else imputed.y + moved[rows][:, None]
        own = design if design.ndim == 2 else design[rows]
        quantities = arm_quantities(own, arm_columns, factors)
        found = ancova_by_visit(y, own, quantities if design.ndim == 2 else quantities[:, None])
        parts.append((found.pooled(level, df), _error(found, level, df)))
        redrawn.append(imputed.redrawn)
    pooled, error = (_stacked([part[place] for part in parts]) for place in (0, 1))
    return ReferenceResult(pooled=pooled, error=error, redrawn=np.concatenate(redrawn))


def _imputed(model: ReferenceModel, imputations: int, rng: np.random.Generator, draws: Draws) -> Imputed:
    if draws == "bootstrap":
        return impute_reference(model, imputations, rng)
    if draws == "bayes":
        return impute_reference_bayes(model, imputations, rng)
    raise ValueError(f"draws is {draws!r}; it is 'bootstrap' or 'bayes'. Change draws.")


def _error(found: VisitResults, level: float, df: DegreesOfFreedom) -> Pooled:
    return monte_carlo_error(found.estimate, found.variance, df_complete=found.df[:, 0], level=level, df=df)


def _stacked(parts: list[Pooled]) -> Pooled:
    names = [field.name for field in fields(Pooled) if field.name != "imputations"]
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return Pooled(**joined, imputations=parts[0].imputations)
