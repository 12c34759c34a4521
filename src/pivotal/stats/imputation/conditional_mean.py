"""Conditional mean imputation with the jackknife."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from pivotal.stats.estimate import Estimate, Floats
from pivotal.stats.imputation.analysis import ancova_by_visit, arm_quantities
from pivotal.stats.imputation.determined import Determined
from pivotal.stats.imputation.pooling import pool_jackknife
from pivotal.stats.imputation.reference import fitted_parameters, impute_with
from pivotal.stats.imputation.reference_model import ReferenceModel
from pivotal.stats.imputation.strategies import Strategy


def conditional_means(model: ReferenceModel, counts: ArrayLike | None = None) -> Floats:
    """Replace every missing outcome by its mean given the observed ones, at the model's maximum likelihood estimates.

    Parameters
    ----------
    model
        From `reference_model`.
    counts
        How often each patient counts in each of several fits, (replicate, fit, patient); one fit to all if None.

    Returns
    -------
    Floats
        (replicate, fit, patient, visit); NaN where the model could not be fitted.

    Examples
    --------
    >>> from pivotal.stats import visit_design, reference_model
    >>> ones = visit_design(np.ones((4, 1)), 2)
    >>> y = [[[1.0, 2.0], [2.0, 4.0], [3.0, 6.5], [2.0, np.nan]]]
    >>> float(conditional_means(reference_model(y, ones, ones, arm=[0] * 4))[0, 0, 3, 1].round(4))
    4.1667
    """
    replicates, patients = model.arm.shape
    times = np.ones((replicates, 1, patients)) if counts is None else np.asarray(counts, dtype=np.float64)
    return impute_with(model, fitted_parameters(model, times, Determined.of(model)), None).y


def conditional_mean_jackknife(
    model: ReferenceModel,
    x: ArrayLike,
    arm_columns: Sequence[int],
    factors: Sequence[Sequence[int]] = (),
    *,
    level: float = 0.95,
    anchored: bool = False,
) -> Estimate:
    """Reference-based imputation by conditional means, analysed by ANCOVA at every visit, with jackknife errors.

    Parameters
    ----------
    model
        From `reference_model`.
    x
        The analysis's design with its intercept column, (patient, column) or (replicate, patient, column).
    arm_columns, factors
        Its columns of arms and of other factors, as in `ls_means_rows`.
    level
        Confidence level.
    anchored
        Information-anchored standard errors: what the strategy adds to the imputation under MAR is taken as a fixed
        shift, found once from all patients. Otherwise the standard errors are those of the estimator over repeated
        trials under the strategy's own assumption (frequentist).

    Returns
    -------
    Estimate
        (replicate, visit, quantity), the quantities of `arm_quantities`: differences to the reference arm, then LS
        means. Normal limits and test. NaN with `Reason.IMPUTATION_FAILED` where one of the fits fails.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Notes
    -----
    Wolbers et al. (2022), doi:10.1002/pst.2234: model, imputation and analysis are done again without each patient in
    turn. Everything is deterministic. As R's rbmi with ``method_condmean(type = "jackknife")``; ``anchored`` is the
    second analysis of its vignette on conditional mean imputation, and Cro, Carpenter and Kenward (2019),
    doi:10.1111/rssa.12423, say why one may want it.

    Examples
    --------
    >>> from pivotal.stats import reference_model, visit_design
    >>> rng = np.random.default_rng(5)
    >>> arm = np.repeat([0, 1], 20)
    >>> y = rng.normal(size=(1, 40, 2)) + arm[:, None]
    >>> y[0, ::5, 1] = np.nan
    >>> x = np.stack([np.ones(40), arm], axis=1)
    >>> own, control = visit_design(x, 2), visit_design(x * [1, 0], 2)
    >>> model = reference_model(y, own, control, arm=arm, strategy="JR")
    >>> effect = conditional_mean_jackknife(model, x, [1])
    >>> effect.estimate.shape
    (1, 2, 3)
    """
    patients = model.arm.shape[1]
    parts = [
        _jackknife(chunk, x, arm_columns, factors, level, anchored, first)
        for first, chunk in _numbered(model, patients + 1)
    ]
    names = ("estimate", "se", "ci_low", "ci_high", "statistic", "p", "reason")
    return Estimate(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def _numbered(model: ReferenceModel, draws: int) -> list[tuple[int, ReferenceModel]]:
    found, first = [], 0
    for chunk in model.chunks(draws):
        found.append((first, chunk))
        first += chunk.replicates
    return found


def _jackknife(
    model: ReferenceModel,
    x: ArrayLike,
    arm_columns: Sequence[int],
    factors: Sequence[Sequence[int]],
    level: float,
    anchored: bool,
    first: int,
) -> Estimate:
    patients = model.arm.shape[1]
    included = np.concatenate([np.ones((1, patients)), 1 - np.eye(patients)])
    counts = np.broadcast_to(included, (model.replicates, *included.shape))
    completed = conditional_means(model, counts)
    if anchored:
        plain = conditional_means(model.under(Strategy.MAR), counts)
        completed = plain + (completed[:, :1] - plain[:, :1])
    design = np.asarray(x, dtype=np.float64)
    if design.ndim == 3:
        design = design[first : first + model.replicates]
    wide = design if design.ndim == 2 else design[:, None]
    quantities = arm_quantities(wide, arm_columns, factors, included)
    quantities = quantities[None] if design.ndim == 2 else quantities
    found = ancova_by_visit(completed, design, quantities, included)
    return pool_jackknife(found.estimate[:, 0], found.estimate[:, 1:], level)
