"""The likelihood of a model for repeated measures, its gradient and its observed information, in every replicate.

Notation: V the covariance matrix of all outcomes, block-diagonal with a block Sigma_i (Sigma on the visits observed)
for each patient; W_i = Sigma_i^-1, padded with zeros; X the design; Phi = (X'V^-1 X)^-1; r = y - X beta with beta the
generalised least-squares estimate; V_h the derivative of Sigma in its h-th parameter. Then, REML (Patterson and Thompson 1971),

    -2 l = (n - p) log 2 pi + log|V| + log|X'V^-1 X| + r'V^-1 r,

    dl/dSigma = S = 1/2 sum_i W_i (r_i r_i' + X_i Phi X_i' - Sigma_i) W_i,   dl/dtheta_h = <S, V_h>,

    -d2l/dtheta_h dtheta_k = sum_i tr(V_h W_i V_k N_i) - u_h' Phi u_k - 1/2 tr(Phi P_h Phi P_k) - <S, V_hk>,

    N_i = W_i (r_i r_i' + X_i Phi X_i') W_i - 1/2 W_i,   u_h = sum_i X_i' W_i V_h W_i r_i,
    P_h = sum_i X_i' W_i V_h W_i X_i.

For maximum likelihood the terms with Phi that do not stand beside u vanish. Patients of one block enter through sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pivotal.stats.estimate import Floats
from pivotal.stats.mmrm import small
from pivotal.stats.mmrm.basis import against, curvature, pairs, sandwiched
from pivotal.stats.mmrm.spatial import spatial_first, spatial_second, spatial_sigma
from pivotal.stats.mmrm.structures import Structure
from pivotal.stats.tables import Mask

LOG_2_PI = float(np.log(2 * np.pi))


class Moments(Protocol):
    """What the likelihood asks of the data; see `PatternMoments` for the methods' meaning."""

    @property
    def counts(self) -> Floats:
        """Patients, (replicate, block)."""

    @property
    def mask(self) -> Mask:
        """Visits observed, (replicate or 1, block, visit)."""

    @property
    def group(self) -> NDArray[np.int64]:
        """Group of each block, (block,)."""

    @property
    def visits(self) -> int:
        """Number of visits."""

    @property
    def n_obs(self) -> Floats:
        """Outcomes observed, (replicate,)."""

    def take(self, rows: NDArray[np.int64] | slice) -> Moments:
        """Some replicates."""

    def gram(self, weight: Floats) -> Floats:
        """Sum of X_i' W X_i over patients."""

    def grams(self, weights: Floats, blocks: NDArray[np.int64]) -> Floats:
        """The same for several weights of some blocks."""

    def cross(self, weight: Floats) -> Floats:
        """Sum of X_i' W y_i over patients."""

    def residual_cross(self, coefficients: Floats) -> Floats:
        """What `residual_squares` and `scores` need of the residuals."""

    def residual_squares(self, coefficients: Floats, crossed: Floats) -> Floats:
        """Sum of r r' over the patients of a block."""

    def spread(self, covariance: Floats) -> Floats:
        """Sum of X_i C X_i' over the patients of a block."""

    def spreads(self, vectors: Floats) -> Floats:
        """Sum of X_i z z' X_i' over the patients of a block for vectors z."""

    def scores(self, inverse: Floats, crossed: Floats, basis: Floats, blocks: NDArray[np.int64]) -> Floats:
        """Sum of X_i' W V_h W r_i over patients."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What is fitted: the covariance structure of every group, by REML or ML, without aliased columns.

    Attributes
    ----------
    structure
        The covariance structure.
    groups
        Number of groups with a covariance matrix of their own.
    reml
        Restricted maximum likelihood rather than maximum likelihood.
    kept
        Columns of the design that do not depend on earlier ones, (replicate, column).
    distances
        Of a spatial structure with times that differ between patients, (patient, visit, visit); else None.
    """

    structure: Structure
    groups: int
    reml: bool
    kept: Mask
    distances: Floats | None = None

    def take(self, rows: NDArray[np.int64] | slice) -> Model:
        """Some replicates."""
        return replace(self, kept=self.kept[rows])

    def split(self, theta: Floats) -> Floats:
        """Parameters of the groups, (replicate * group, parameter)."""
        return theta.reshape(len(theta) * self.groups, -1)

    def sigma(self, theta: Floats, visits: int) -> Floats:
        """Covariance matrices, (replicate, group, visit, visit)."""
        return self.structure.sigma(self.split(theta), visits).reshape(len(theta), self.groups, visits, visits)

    def sigma_by_block(self, theta: Floats, moments: Moments) -> Floats:
        """Covariance matrices, (replicate, block, visit, visit)."""
        if self.distances is not None:
            return spatial_sigma(theta, self.distances)
        return self.sigma(theta, moments.visits)[:, moments.group]

    def blocks(self, moments: Moments) -> list[NDArray[np.int64]]:
        """The blocks of every group."""
        if self.groups == 1:
            return [np.arange(len(moments.group))]
        return [np.flatnonzero(moments.group == group) for group in range(self.groups)]

    def bases(self, theta: Floats, moments: Moments) -> list[Floats]:
        """First derivatives of every group; see `basis`."""
        if self.distances is not None:
            return [spatial_first(theta, self.distances)]
        found = self.structure.first(self.split(theta), moments.visits)
        if len(found) == 1:
            return [found] * self.groups
        return list(np.moveaxis(found.reshape(len(theta), self.groups, *found.shape[1:]), 1, 0))

    def seconds(self, theta: Floats, moments: Moments) -> Sequence[Floats | None]:
        """Second derivatives of every group, None where they vanish."""
        if self.distances is not None:
            return [spatial_second(theta, self.distances)]
        if self.structure.second is None:
            return [None] * self.groups
        found = self.structure.second(self.split(theta), moments.visits)
        return list(np.moveaxis(found.reshape(len(theta), self.groups, *found.shape[1:]), 1, 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The likelihood at a point.

    Attributes
    ----------
    loglik
        (replicate,); -inf where a covariance matrix is not positive definite.
    gradient
        (replicate, parameter)
    information
        Observed information, (replicate, parameter, parameter).
    expected
        Expected information, the same shape.
    coefficients, covariance
        beta (replicate, column) and Phi (replicate, column, column); 0 for aliased columns.
    inverse
        W by block, (replicate, block, visit, visit).
    valid
        Whether every covariance matrix is positive definite, (replicate,).
    """

    loglik: Floats
    gradient: Floats
    information: Floats
    expected: Floats
    coefficients: Floats
    covariance: Floats
    inverse: Floats
    valid: Mask


def evaluate(moments: Moments, model: Model, theta: Floats, *, exact: bool) -> Evaluation:
    """Evaluate the likelihood.

    Parameters
    ----------
    moments
        The data.
    model
        The model.
    theta
        (replicate, group * parameter)
    exact
        Whether the information has its term 1/2 tr(Phi P_h Phi P_k), the dearest one, or the value that it takes when
        all patients are seen at all visits, which is near enough for a Newton step.
    """
    solved = small.invert(model.sigma_by_block(theta, moments), moments.mask)
    valid = (solved.positive | (moments.counts == 0)).all(axis=1)
    covariance, logdet = _invert_gram(moments.gram(solved.matrix), model.kept)
    coefficients = (covariance @ moments.cross(solved.matrix)[:, :, None])[:, :, 0]
    crossed = moments.residual_cross(coefficients)
    squares = moments.residual_squares(coefficients, crossed)
    observations = moments.n_obs
    loglik = -0.5 * (
        (observations - (model.kept.sum(axis=1) if model.reml else 0)) * LOG_2_PI
        + (moments.counts * solved.logdet).sum(axis=1)
        + (logdet if model.reml else 0.0)
        + np.einsum("rbjk,rbjk->r", solved.matrix, squares)
    )
    slopes = _Slopes.of(moments, model, theta, solved.matrix, squares, covariance)
    drift = slopes.drift(moments, crossed, covariance)
    twist = slopes.twist(moments, covariance) if exact and model.reml else None
    return Evaluation(
        loglik=np.where(valid, loglik, -np.inf),
        gradient=slopes.gradient,
        information=slopes.information(drift, twist),
        expected=slopes.expected(twist),
        coefficients=coefficients,
        covariance=covariance,
        inverse=solved.matrix,
        valid=valid,
    )


def _invert_gram(gram: Floats, kept: Mask) -> tuple[Floats, Floats]:
    """Phi and log|X'V^-1 X| without the aliased columns."""
    if kept.all():
        return np.linalg.inv(gram), np.linalg.slogdet(gram)[1]
    both = kept[:, :, None] & kept[:, None, :]
    filled = fill(gram, kept)
    return np.where(both, np.linalg.inv(filled), 0.0), np.linalg.slogdet(filled)[1]


def fill(matrix: Floats, kept: Mask) -> Floats:
    """A matrix with the identity in the rows and columns that are not kept."""
    if kept.all():
        return matrix
    both = kept[:, :, None] & kept[:, None, :]
    return np.where(both, matrix, 0.0) + np.where(kept, 0.0, 1.0)[:, :, None] * np.eye(kept.shape[1])


@dataclass(frozen=True, slots=True)
class _Slopes:
    """Derivatives of the log likelihood, group by group."""

    model: Model
    inverse: Floats
    basis: list[Floats]  # of a group, (replicate or 1, h, visit, visit)
    blocks: list[NDArray[np.int64]]
    observed: list[Floats]  # sum_i tr(V_h W_i V_k N_i), with what stands for the exact term when there is none
    mean: list[Floats]  # its expectation with the sign of the information
    bend: list[Floats]  # 1/2 sum_i tr(V_h W_i V_k W_i G_i W_i), which the exact term replaces
    curved: list[Floats | float]  # <S, V_hk>
    gradient: Floats

    @classmethod
    def of(
        cls, moments: Moments, model: Model, theta: Floats, inverse: Floats, squares: Floats, covariance: Floats
    ) -> _Slopes:
        """Derivatives from W, r r' and Phi."""
        weighed = 0.5 * moments.counts[:, :, None, None] * inverse
        residual = inverse @ squares @ inverse
        fixed = inverse @ moments.spread(covariance) @ inverse if model.reml else np.zeros_like(residual)
        slope = 0.5 * (residual + fixed) - weighed
        bases, blocks = model.bases(theta, moments), model.blocks(moments)
        seconds = model.seconds(theta, moments)
        observed, mean, bend, curved, gradient = [], [], [], [], []
        for basis, chosen, second in zip(bases, blocks, seconds, strict=True):
            own = slope[:, chosen]
            gradient.append(against(own, basis))
            w, f = inverse[:, chosen], fixed[:, chosen]
            observed.append(pairs(basis, w, residual[:, chosen] + 0.5 * f - weighed[:, chosen]))
            mean.append(pairs(basis, w, weighed[:, chosen] - 0.5 * f))
            bend.append(pairs(basis, w, 0.5 * f) if model.reml else np.zeros_like(mean[-1]))
            curved.append(0.0 if second is None else curvature(own, second))
        return cls(model, inverse, bases, blocks, observed, mean, bend, curved, np.concatenate(gradient, axis=1))

    def drift(self, moments: Moments, crossed: Floats, covariance: Floats) -> Floats:
        """u_h' Phi u_k."""
        parts = [
            moments.scores(self.inverse, crossed, basis, blocks)
            for basis, blocks in zip(self.basis, self.blocks, strict=True)
        ]
        scores = np.concatenate(parts, axis=1)
        return scores @ covariance @ np.swapaxes(scores, 1, 2)

    def twist(self, moments: Moments, covariance: Floats) -> Floats:
        """1/2 tr(Phi P_h Phi P_k)."""
        projected = covariance[:, None] @ self.projections(moments)
        turned = np.ascontiguousarray(np.swapaxes(projected, 2, 3))
        return 0.5 * _flat(projected) @ np.swapaxes(_flat(turned), 1, 2)

    def projections(self, moments: Moments) -> Floats:
        """P_h, (replicate, h, column, column)."""
        return projections(moments, self.inverse, self.basis, self.blocks)

    def information(self, drift: Floats, twist: Floats | None) -> Floats:
        """Observed information."""
        own = [o - c for o, c in zip(self.observed, self.curved, strict=True)]
        if twist is None:
            return _diagonal(own) - drift
        return _diagonal([o + b for o, b in zip(own, self.bend, strict=True)]) - drift - twist

    def expected(self, twist: Floats | None) -> Floats:
        """Expected information."""
        if twist is None:
            return _diagonal(self.mean)
        return _diagonal([m - b for m, b in zip(self.mean, self.bend, strict=True)]) + twist


def projections(moments: Moments, inverse: Floats, basis: list[Floats], blocks: list[NDArray[np.int64]]) -> Floats:
    """P_h = sum_i X_i' W_i V_h W_i X_i of every parameter of every group, (replicate, h, column, column)."""
    parts = [
        moments.grams(sandwiched(inverse[:, chosen], vectors), chosen)
        for vectors, chosen in zip(basis, blocks, strict=True)
    ]
    return np.concatenate(parts, axis=1)


def _flat(matrices: Floats) -> Floats:
    return matrices.reshape(*matrices.shape[:2], -1)


def _diagonal(parts: list[Floats]) -> Floats:
    """A block-diagonal matrix of the groups' parts."""
    if len(parts) == 1:
        return parts[0]
    size = parts[0].shape[1]
    found = np.zeros((len(parts[0]), size * len(parts), size * len(parts)))
    for number, part in enumerate(parts):
        own = slice(number * size, (number + 1) * size)
        found[:, own, own] = part
    return found
