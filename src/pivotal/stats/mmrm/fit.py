"""Fit a mixed model for repeated measures in every replicate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pivotal.stats.estimate import Floats, Reason, Reasons
from pivotal.stats.mmrm import small
from pivotal.stats.mmrm.design import VisitDesign, collapse
from pivotal.stats.mmrm.likelihood import Evaluation, Model, Moments, evaluate
from pivotal.stats.mmrm.moments import pattern_moments
from pivotal.stats.mmrm.newton import Optimum, maximise
from pivotal.stats.mmrm.structures import STRUCTURES, Structure, reported, unvech, vech
from pivotal.stats.sweep import sweep
from pivotal.stats.tables import Mask, first_reason

Method = Literal["REML", "ML"]
# Replicates worked on at a time: their cross-products stay in the processor's cache.
CHUNK = 128
# Shares of the correlations kept when the moments' matrix is not positive definite.
SHRUNK = (1.0, 0.9, 0.75, 0.5, 0.25, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A run of replicates as fitted, with what inference needs of them.

    Attributes
    ----------
    moments, model
        The data and the model.
    theta
        Parameters as fitted, (replicate, parameter).
    free
        Parameters that the data determine, (replicate, parameter).
    optimum
        How they were found.
    at
        The likelihood there, with its exact information.
    reason
        (replicate,)
    """

    moments: Moments
    model: Model
    theta: Floats
    free: Mask
    optimum: Optimum
    at: Evaluation
    reason: Reasons

    def theta_covariance(self) -> Floats:
        """Inverse observed information, zero for parameters that the data do not determine."""
        both = self.free[:, :, None] & self.free[:, None, :]
        filled = np.where(both, self.at.information, 0.0)
        filled = filled + np.where(self.free, 0.0, 1.0)[:, :, None] * np.eye(self.free.shape[1])
        broken = ~np.isfinite(filled).all(axis=(1, 2)) | (np.abs(np.linalg.slogdet(np.nan_to_num(filled))[0]) == 0)
        filled[broken] = np.eye(self.free.shape[1])
        return np.where(both & ~broken[:, None, None], np.linalg.inv(filled), 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class MmrmFit:
    """A mixed model for repeated measures, fitted in every replicate.

    Attributes
    ----------
    coefficients
        (replicate, column); NaN where a column depends on earlier ones.
    covariance
        Model-based covariance matrix of the coefficients, (X'V^-1 X)^-1, (replicate, column, column).
    sigma
        Covariance matrices of a patient's outcomes, (replicate, group, visit, visit); one group unless groups were
        given. NaN in elements that the data do not determine.
    loglik
        Log likelihood at the optimum, restricted under REML, (replicate,).
    n_obs, n_patients
        Outcomes observed, and patients with at least one, (replicate,).
    n_parameters
        Covariance parameters, of all groups.
    converged
        (replicate,)
    steps
        Evaluations of the likelihood, (replicate,).
    gradient
        Largest absolute element of the gradient at the optimum, (replicate,).
    reason
        (replicate,)
    structure, method
        As asked for.
    parts
        The replicates in the runs in which they were fitted, for `mmrm_contrasts` and its kin.
    """

    coefficients: Floats
    covariance: Floats
    sigma: Floats
    loglik: Floats
    n_obs: Floats
    n_patients: Floats
    n_parameters: int
    converged: Mask
    steps: NDArray[np.int64]
    gradient: Floats
    reason: Reasons
    structure: str
    method: Method
    parts: tuple[Part, ...] = field(repr=False)

    @property
    def theta(self) -> Floats:
        """Covariance parameters in the parametrisation of R's mmrm, (replicate, group * parameter)."""
        found = []
        for part in self.parts:
            structure = part.model.structure
            if structure.name == "us":
                sigma = part.model.sigma(part.theta, part.moments.visits)
                flat = reported(structure).start(sigma.reshape(-1, *sigma.shape[2:]))
                found.append(flat.reshape(len(part.theta), -1))
            else:
                found.append(part.theta)
        return np.concatenate(found)

    @property
    def aic(self) -> Floats:
        """Akaike's criterion, counting covariance parameters only, as mmrm and SAS under REML; (replicate,)."""
        return -2 * self.loglik + 2 * self.n_parameters

    @property
    def bic(self) -> Floats:
        """Schwarz's criterion with the number of patients, (replicate,)."""
        return -2 * self.loglik + self.n_parameters * np.log(self.n_patients)


def fit_mmrm(
    y: ArrayLike,
    x: ArrayLike | VisitDesign,
    *,
    structure: str = "us",
    method: Method = "REML",
    group: ArrayLike | None = None,
    frequency: ArrayLike | None = None,
) -> MmrmFit:
    """Fit a mixed model for repeated measures in every replicate.

    Parameters
    ----------
    y
        Outcomes, (replicate, patient, visit); NaN where not observed.
    x
        The design: a `VisitDesign`, or in full (patient, visit, column) or (replicate, patient, visit, column); rows of
        outcomes not observed may be NaN.
    structure
        Covariance structure: ``us``, ``toep``, ``toeph``, ``ar1``, ``ar1h``, ``cs``, ``csh``, ``ad``, ``adh``.
    method
        ``REML`` or ``ML``.
    group
        Whose covariance matrix a patient has, 0, 1, ..., (patient,) or (replicate, patient); all the same if None.
    frequency
        How often each patient counts (a bootstrap's multiplicities), (patient,) or (replicate, patient); once if None.

    Returns
    -------
    MmrmFit
    """
    outcomes = np.asarray(y, dtype=np.float64)
    replicates, patients, _ = outcomes.shape
    groups = np.zeros((1, patients), dtype=np.int64) if group is None else np.atleast_2d(np.asarray(group, np.int64))
    often = np.ones((1, patients)) if frequency is None else np.atleast_2d(np.asarray(frequency, dtype=np.float64))
    design = x if isinstance(x, VisitDesign) else _as_design(np.asarray(x, dtype=np.float64))
    count = int(groups.max()) + 1
    parts = []
    for rows in _chunks(replicates):
        block = outcomes[rows]
        seen = ~np.isnan(block)
        here = VisitDesign(design.x[rows], design.columns) if design.x.ndim == 3 else design
        moments = pattern_moments(np.where(seen, block, 0.0), here, seen, _some(often, rows), _some(groups, rows))
        parts.append(_fit(moments, STRUCTURES[structure], count, method == "REML"))
    return _assemble(parts, structure, method)


def _as_design(rows: Floats) -> VisitDesign:
    found = collapse(rows)
    if found is None:
        raise NotImplementedError
    return found


def _some(values: NDArray[np.generic], rows: slice) -> NDArray[np.generic]:
    return values if len(values) == 1 else values[rows]


def _chunks(replicates: int) -> Iterator[slice]:
    for first in range(0, replicates, CHUNK):
        yield slice(first, min(first + CHUNK, replicates))


def _fit(moments: Moments, structure: Structure, groups: int, reml: bool) -> Part:
    kept = _independent(moments)
    model = Model(structure=structure, groups=groups, reml=reml, kept=kept)
    free = _determined(moments, model)
    optimum = maximise(moments, model, _start(moments, model), free)
    at = evaluate(moments, model, optimum.theta, exact=True)
    reason = first_reason((~optimum.converged, Reason.NOT_CONVERGED))
    return Part(moments=moments, model=model, theta=optimum.theta, free=free, optimum=optimum, at=at, reason=reason)


def _independent(moments: Moments) -> Mask:
    """Columns of the design that do not depend on earlier ones, (replicate, column)."""
    identity = np.broadcast_to(
        np.eye(moments.visits) * moments.mask[:, :, None], (*moments.counts.shape, *[moments.visits] * 2)
    )
    gram = moments.gram(np.ascontiguousarray(identity))
    return np.ascontiguousarray(sweep(np.ascontiguousarray(np.moveaxis(gram, 0, -1))).kept.T)


def _determined(moments: Moments, model: Model) -> Mask:
    """Parameters that some patient's outcomes depend on, (replicate, group * parameter)."""
    pairs = moments.mask[:, :, None] & moments.mask[:, None, :]
    visits = moments.visits
    identity = np.broadcast_to(np.eye(visits), (model.groups, visits, visits))
    theta = model.structure.start(identity).reshape(1, -1)
    first = model.first(theta, visits)
    found = []
    for group in range(model.groups):
        chosen = moments.group == group
        seen = np.tensordot((moments.counts[:, chosen] > 0).astype(np.float64), pairs[chosen].astype(np.float64), 1) > 0
        vectors = first[0, group if first.shape[1] > 1 else 0]
        found.append((seen[:, None] & (vectors != 0)).any(axis=(2, 3)))
    return np.concatenate(found, axis=1)


def _start(moments: Moments, model: Model) -> Floats:
    """Covariance matrices of least-squares residuals, shrunk until positive definite."""
    visits = moments.visits
    shape = (*moments.counts.shape, visits, visits)
    identity = np.ascontiguousarray(np.broadcast_to(np.eye(visits) * moments.mask[:, :, None], shape))
    gram = moments.gram(identity)
    both = model.kept[:, :, None] & model.kept[:, None, :]
    filled = np.where(both, gram, 0.0) + np.where(model.kept, 0.0, 1.0)[:, :, None] * np.eye(gram.shape[1])
    right = np.where(model.kept, moments.cross(identity), 0.0)
    coefficients = np.linalg.solve(filled, right[:, :, None])[:, :, 0]
    squares = moments.residual_squares(coefficients, moments.residual_cross(coefficients))
    pairs = (moments.mask[:, :, None] & moments.mask[:, None, :]).astype(np.float64)
    theta = []
    for group in range(model.groups):
        chosen = moments.group == group
        total = np.tensordot(moments.counts[:, chosen], pairs[chosen], 1)
        theta.append(model.structure.start(_usable(squares[:, chosen].sum(axis=1), total)))
    return np.concatenate(theta, axis=1)


def _usable(sums: Floats, number: Floats) -> Floats:
    """A positive definite covariance matrix near sums of products over numbers of pairs."""
    moment = sums / np.maximum(number, 1.0)
    variance = np.einsum("rjj->rj", moment)
    typical = variance.max(axis=1, keepdims=True)
    variance = np.where(variance > 1e-8 * typical, variance, np.where(typical > 0, typical, 1.0))
    spread = np.sqrt(variance)
    product = spread[:, :, None] * spread[:, None, :]
    correlation = np.where(np.eye(moment.shape[1]) > 0, 1.0, moment / product)
    found = correlation
    for share in SHRUNK:
        shrunk = np.where(np.eye(moment.shape[1]) > 0, 1.0, share * correlation)
        if share == 1.0:
            good = small.positive_definite(shrunk)
            found = shrunk
        else:
            found = np.where(good[:, None, None], found, shrunk)
            good = good | small.positive_definite(shrunk)
        if good.all():
            break
    return found * product


def _assemble(parts: list[Part], structure: str, method: Method) -> MmrmFit:
    counts = [part.moments.counts for part in parts]
    return MmrmFit(
        coefficients=np.concatenate([np.where(p.model.kept, p.at.coefficients, np.nan) for p in parts]),
        covariance=np.concatenate([_shown(p) for p in parts]),
        sigma=np.concatenate([p.model.sigma(p.theta, p.moments.visits) for p in parts]),
        loglik=np.concatenate([p.at.loglik for p in parts]),
        n_obs=np.concatenate([(p.moments.counts * p.moments.mask.sum(axis=1)).sum(axis=1) for p in parts]),
        n_patients=np.concatenate([count.sum(axis=1) for count in counts]),
        n_parameters=parts[0].theta.shape[1],
        converged=np.concatenate([p.optimum.converged for p in parts]),
        steps=np.concatenate([p.optimum.steps for p in parts]),
        gradient=np.concatenate([np.abs(np.where(p.free, p.at.gradient, 0.0)).max(axis=1) for p in parts]),
        reason=np.concatenate([p.reason for p in parts]),
        structure=structure,
        method=method,
        parts=tuple(parts),
    )


def _shown(part: Part) -> Floats:
    both = part.model.kept[:, :, None] & part.model.kept[:, None, :]
    return np.where(both, part.at.covariance, np.nan)
