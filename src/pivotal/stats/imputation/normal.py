"""Multiple imputation under a multivariate normal model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from pivotal.stats.estimate import Floats, Reasons
from pivotal.stats.imputation.convergence import r_hat
from pivotal.stats.imputation.folding import by_replicate
from pivotal.stats.imputation.normal_chain import ChainDraws, run_chains
from pivotal.stats.tables import Mask

Fill = Literal["full", "monotone"]
# Numbers of the largest array worked on at a time.
CHUNK_NUMBERS = 2**22


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalImputed:
    """Data sets completed under a multivariate normal model.

    Attributes
    ----------
    y
        (replicate, imputation, patient, variable); with ``fill="monotone"`` still NaN in what is monotone missing.
    missing
        What was filled in, (replicate, patient, variable).
    mean, sd
        Draws of the variables' means (averaged over the covariates) and residual standard deviations after each
        iteration, (replicate, imputation, iteration, variable).
    r_hat
        Potential scale reduction of `mean` over the second half of the iterations, (replicate, variable).
    reason
        (replicate,). `Reason.TOO_FEW` where patients are too few or a variable is never observed,
        `Reason.SINGULAR_COVARIANCE` where variables determine each other, `Reason.ALIASED` where a covariate's effect
        on a variable is not determined (an arm in which it was never observed): what is missing stays NaN.
    """

    y: Floats
    missing: Mask
    mean: Floats
    sd: Floats
    r_hat: Floats
    reason: Reasons


def impute_normal(
    y: ArrayLike,
    imputations: int,
    rng: np.random.Generator,
    *,
    covariates: ArrayLike | None = None,
    by: ArrayLike | None = None,
    iterations: int = 100,
    fill: Fill = "full",
) -> NormalImputed:
    """Impute variables under a multivariate normal model by data augmentation.

    Parameters
    ----------
    y
        Variables, (replicate, patient, variable); NaN where missing.
    imputations
        Their number, M: as many chains run side by side.
    rng
        Source of random numbers. The same state gives the same bits.
    covariates
        Complete variables to regress on, without an intercept's column, (patient, column) or (replicate, patient,
        column). It makes no difference to the imputations whether a complete variable stands here or in `y`, but here
        it may be of any kind.
    by
        Groups (arms) with parameters of their own, (patient,) or (replicate, patient).
    iterations
        Steps of each chain before its imputation is taken, from the maximum likelihood estimates.
    fill
        ``full``, or ``monotone``: only what stands before a patient's last observed variable, so that the rest is
        monotone missing (see `impute_monotone`).

    Returns
    -------
    NormalImputed

    Raises
    ------
    ValueError
        If shapes do not fit or a covariate is not finite.

    Notes
    -----
    Schafer (1997), doi:10.1201/9780367803025, chapter 5: what is missing is drawn given the parameters, then
    the parameters given complete data; Sigma from the inverse Wishart distribution with n - q degrees of freedom and
    the residual cross-products as scale, the coefficients given Sigma from the normal distribution about least squares.
    That is the posterior under Jeffreys' prior |Sigma|^-((k + 1) / 2), SAS `PROC MI`'s default; without covariates the
    model is that of `PROC MI` ``MCMC``, with `by` that of its ``BY`` statement. SAS takes all imputations from one
    chain (200 steps, then one in 100) unless ``CHAIN=MULTIPLE``; here every imputation has a chain of its own, so that
    they are independent. R's norm, and mice with ``norm`` throughout, draw from nearly the same distribution.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> first = rng.normal(size=100)
    >>> y = np.stack([first, first + rng.normal(size=100)], axis=1)
    >>> y[::4, 1] = np.nan
    >>> impute_normal(y[None], 5, rng).y.shape
    (1, 5, 100, 2)
    """
    data = np.asarray(y, dtype=np.float64)
    if data.ndim != 3:
        raise ValueError(f"y has {data.ndim} axes; it is (replicate, patient, variable). Give y[None] for one trial.")
    if imputations < 1 or iterations < 1:
        raise ValueError(f"imputations is {imputations}, iterations {iterations}; there is at least 1 of each.")
    replicates, patients, size = data.shape
    extra = np.zeros((patients, 0)) if covariates is None else np.asarray(covariates, dtype=np.float64)
    if extra.shape[-2:-1] != (patients,) or not np.isfinite(extra).all():
        raise ValueError("covariates are ([replicate,] patient, column) as y, without missing values.")
    x = np.concatenate([np.ones((replicates, patients, 1)), by_replicate(extra, 3, replicates)], axis=2)
    groups = by_replicate(np.zeros(patients) if by is None else by, 2, replicates)
    run = max(1, CHUNK_NUMBERS // max(1, imputations * patients * size))
    parts = [
        _run(
            data[first : first + run], x[first : first + run], groups[first : first + run], imputations, iterations, rng
        )
        for first in range(0, replicates, run)
    ]
    values, mean, sd, reason = (np.concatenate([part[place] for part in parts]) for place in range(4))
    seen = ~np.isnan(data)
    missing = ~seen if fill == "full" else ~seen & (np.cumsum(seen[..., ::-1], axis=2)[..., ::-1] > 0)
    return NormalImputed(
        y=np.where((missing | seen)[:, None], values, np.nan),
        missing=missing,
        mean=mean,
        sd=sd,
        r_hat=r_hat(mean),
        reason=reason,
    )


def _run(
    y: Floats, x: Floats, groups: np.ndarray, imputations: int, iterations: int, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats, Reasons]:
    """Every group by itself: values, traces (of the groups together), reasons."""
    values = np.repeat(y[:, None], imputations, axis=1)
    means, spreads, weights = [], [], []
    reason = np.zeros(len(y), dtype=np.uint8)
    for group in np.unique(groups):
        there = groups == group
        most = int(there.sum(axis=1).max())
        rows = np.argsort(~there, axis=1, kind="stable")[:, :most]
        own = np.take_along_axis(there, rows, axis=1)[..., None]
        inner = np.where(own, np.take_along_axis(y, rows[..., None], axis=1), np.nan)
        found = run_chains(inner, np.take_along_axis(x, rows[..., None], axis=1), imputations, iterations, rng)
        _put(values, rows, own, found)
        means.append(found.mean_trace)
        spreads.append(found.sd_trace)
        weights.append(there.mean(axis=1)[:, None, None, None])
        empty = ~there.any(axis=1)
        reason = np.where((reason == 0) & ~empty, found.reason, reason).astype(np.uint8)
    mean = np.asarray(sum(w * part for w, part in zip(weights, means, strict=True)), dtype=np.float64)
    sd = np.asarray(sum(w * part for w, part in zip(weights, spreads, strict=True)), dtype=np.float64)
    return values, mean, sd, reason


def _put(values: Floats, rows: np.ndarray, own: Mask, found: ChainDraws) -> None:
    place = np.broadcast_to(rows[:, None, :, None], found.y.shape)
    here = np.take_along_axis(values, place, axis=2)
    np.put_along_axis(values, place, np.where(own[:, None], found.y, here), axis=2)
