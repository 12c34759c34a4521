"""Reference-based imputation with draws from the posterior of the mixed model's parameters."""

from __future__ import annotations

import numpy as np

from pivotal.stats.estimate import Floats
from pivotal.stats.imputation.normal_chain import run_chains
from pivotal.stats.imputation.reference import Imputed, Parameters, impute_with, joined
from pivotal.stats.imputation.reference_model import ReferenceModel
from pivotal.stats.mmrm import VisitDesign


def impute_reference_bayes(
    model: ReferenceModel, imputations: int, rng: np.random.Generator, *, iterations: int = 100
) -> Imputed:
    """Impute by Bayesian reference-based imputation.

    Parameters
    ----------
    model
        From `reference_model`, in which every covariate has a coefficient of its own at each visit and arms share one
        covariance matrix.
    imputations
        Their number, M: as many chains run side by side.
    rng
        Source of random numbers. The same state gives the same bits.
    iterations
        Steps of each chain before its draw is taken, from the REML estimates.

    Returns
    -------
    Imputed
        As `impute_reference`; a replicate whose posterior does not exist is NaN with the reason of `impute_normal`.

    Raises
    ------
    ValueError
        If the model has covariates with one coefficient for all visits, or arms with matrices of their own.

    Notes
    -----
    Data augmentation as in `impute_normal`, under Jeffreys' prior, for the outcomes before the events; then as
    `impute_reference`. R's rbmi with ``method_bayes`` has the same model, a weak inverse Wishart prior about the REML
    estimate, and a Hamiltonian sampler; with a trial's numbers of patients the prior makes no difference beyond the
    Monte-Carlo error.

    Examples
    --------
    >>> from pivotal.stats import reference_model, visit_design
    >>> rng = np.random.default_rng(5)
    >>> arm = np.repeat([0, 1], 20)
    >>> y = rng.normal(size=(1, 40, 2)) + arm[:, None]
    >>> y[0, ::5, 1] = np.nan
    >>> x = np.stack([np.ones(40), arm], axis=1)
    >>> model = reference_model(y, visit_design(x, 2), visit_design(x * [1, 0], 2), arm=arm, strategy="JR")
    >>> impute_reference_bayes(model, 3, rng).y.shape
    (1, 3, 40, 2)
    """
    if model.group.any() or model.reference_group.any():
        raise ValueError("arms have covariance matrices of their own; use impute_reference, or one matrix for all.")
    if not _free(model.own):
        raise ValueError(
            "a covariate has one coefficient for all visits; use impute_reference, or give it one at each."
        )
    return joined([_impute(chunk, imputations, iterations, rng) for chunk in model.chunks(imputations)])


def _free(design: VisitDesign) -> bool:
    """Whether the columns, however they are written, give every covariate its own coefficient at each visit."""
    flat = design.columns.reshape(-1, design.columns.shape[2])
    return bool(flat.shape[0] == flat.shape[1] and np.linalg.matrix_rank(flat) == len(flat))


def _impute(model: ReferenceModel, imputations: int, iterations: int, rng: np.random.Generator) -> Imputed:
    x = np.broadcast_to(model.own.x, (model.replicates, *model.own.x.shape[-2:]))
    drawn = run_chains(model.modelled, np.asarray(x, dtype=np.float64), imputations, iterations, rng)
    coefficients: Floats = np.ascontiguousarray(np.swapaxes(drawn.coefficients, 2, 3))
    parameters = Parameters(
        coefficients=coefficients,
        sigma=drawn.sigma[:, :, None],
        reason=np.repeat(drawn.reason[:, None], imputations, axis=1),
        redrawn=np.zeros(model.replicates, dtype=np.int64),
    )
    return impute_with(model, parameters, rng)
