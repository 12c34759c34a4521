"""The likelihood of a model for repeated measures, its gradient and its observed information, in every replicate.

Notation: V the covariance matrix of all outcomes, block-diagonal with a block Sigma_i (Sigma on the visits observed)
for each patient; W_i = Sigma_i^-1, padded with zeros; X the design; Phi = (X'V^-1 X)^-1; r = y - X beta with beta the
generalised least-squares estimate; V_h the derivative of Sigma in its h-th parameter. Then, REML (Patterson and
Thompson 1971),

    -2 l = (n - p) log 2 pi + log|V| + log|X'V^-1 X| + r'V^-1 r,

    dl/dSigma = S = 1/2 sum_i W_i (r_i r_i' + X_i Phi X_i' - Sigma_i) W_i,   dl/dtheta_h = <S, V_h>,

    -d2l/dtheta_h dtheta_k = sum_i tr(V_h W_i V_k N_i) - u_h' Phi u_k - 1/2 tr(Phi P_h Phi P_k) - <S, V_hk>,

    N_i = W_i (r_i r_i' + X_i Phi X_i') W_i - 1/2 W_i,   u_h = sum_i X_i' W_i V_h W_i r_i,
    P_h = sum_i X_i' W_i V_h W_i X_i.

For maximum likelihood the terms with Phi that do not stand beside u vanish. Patients of one block enter through sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from pivotal.stats.arrays import beside, contiguous, namespace, on_host, pick
from pivotal.stats.estimate import Floats
from pivotal.stats.mmrm import small
from pivotal.stats.mmrm.basis import against, curvature, pairs, sandwiched
from pivotal.stats.mmrm.spatial import spatial_first, spatial_second, spatial_sigma
from pivotal.stats.mmrm.structures import Structure
from pivotal.stats.tables import Mask

Information = Literal["observed", "near", "expected"]
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

    def on_host(self) -> Moments:
        """The same as NumPy's arrays."""

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
        return beside(self.sigma(theta, moments.visits)[:, moments.group], moments.counts)  # type: ignore[no-any-return]

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
            return [beside(found, moments.counts)] * self.groups
        return self._by_group(found, moments)

    def seconds(self, theta: Floats, moments: Moments) -> Sequence[Floats | None]:
        """Second derivatives of every group, None where they vanish."""
        if self.distances is not None:
            return [spatial_second(theta, self.distances)]
        if self.structure.second is None:
            return [None] * self.groups
        return self._by_group(self.structure.second(self.split(theta), moments.visits), moments)

    def _by_group(self, found: Floats, moments: Moments) -> list[Floats]:
        """Arrays (replicate * group, ...), one of (replicate, ...) for each group, where the moments are."""
        apart = np.moveaxis(found.reshape(-1, self.groups, *found.shape[1:]), 1, 0)
        return [beside(own, moments.counts) for own in apart]


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
        Observed information, (replicate, parameter, parameter), or what was asked for in its place.
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
    coefficients: Floats
    covariance: Floats
    inverse: Floats
    valid: Mask

    def take(self, rows: slice) -> Evaluation:
        """Some replicates."""
        return Evaluation(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    def on_host(self) -> Evaluation:
        """The same as NumPy's arrays."""
        copied: dict[str, Any] = {field.name: on_host(getattr(self, field.name)) for field in fields(self)}
        return Evaluation(**{**copied, "valid": copied["valid"].astype(np.bool_, copy=False)})


def evaluate(moments: Moments, model: Model, theta: Floats, information: Information) -> Evaluation:
    """Evaluate the likelihood.

    Parameters
    ----------
    moments
        The data.
    model
        The model.
    theta
        (replicate, group * parameter)
    information
        ``observed``; ``near``, the same but for the term 1/2 tr(Phi P_h Phi P_k), the dearest one, which has the value
        that it takes when all patients are seen at all visits, near enough for a Newton step; ``expected``, so too.
    """
    xp = namespace(moments.counts)
    solved = small.invert(model.sigma_by_block(theta, moments), moments.mask)
    covariance, logdet = _invert_gram(moments.gram(solved.matrix), model.kept)
    valid = xp.all(solved.positive | (moments.counts == 0), axis=1) & xp.isfinite(logdet)
    coefficients = (covariance @ moments.cross(solved.matrix)[:, :, None])[:, :, 0]
    crossed = moments.residual_cross(coefficients)
    squares = moments.residual_squares(coefficients, crossed)
    loglik = -0.5 * (
        (moments.n_obs - (beside(model.kept.sum(axis=1, dtype=np.float64), logdet) if model.reml else 0)) * LOG_2_PI
        + xp.sum(moments.counts * solved.logdet, axis=1)
        + (logdet if model.reml else 0.0)
        + xp.sum(solved.matrix * squares, axis=(1, 2, 3))
    )
    slopes = _Slopes.of(moments, model, theta, solved.matrix, squares, covariance)
    return Evaluation(
        loglik=xp.where(valid, loglik, -xp.inf),
        gradient=slopes.gradient(),
        information=slopes.information(moments, crossed, covariance, information),
        coefficients=coefficients,
        covariance=covariance,
        inverse=solved.matrix,
        valid=valid,
    )


def fill(matrix: Floats, kept: Mask) -> Floats:
    """A matrix with the identity in the rows and columns that are not kept."""
    if kept.all():
        return matrix
    xp = namespace(matrix)
    both = beside(kept[:, :, None] & kept[:, None, :], matrix)
    lost = np.where(kept, 0.0, 1.0)[:, :, None] * np.eye(kept.shape[1])
    filled: Floats = xp.where(both, matrix, 0.0) + beside(lost, matrix)
    return filled


def projections(moments: Moments, inverse: Floats, bases: list[Floats], blocks: list[NDArray[np.int64]]) -> Floats:
    """P_h of every parameter of every group, (replicate, h, column, column)."""
    parts = [
        moments.grams(sandwiched(pick(inverse, chosen, 1), basis), chosen)
        for basis, chosen in zip(bases, blocks, strict=True)
    ]
    found: Floats = namespace(inverse).concat(parts, axis=1)
    return found


def _invert_gram(gram: Floats, kept: Mask) -> tuple[Floats, Floats]:
    """Phi and log|X'V^-1 X| without the aliased columns; NaN for the latter where the matrix is singular."""
    xp = namespace(gram)
    filled = fill(gram, kept)
    sign, logdet = xp.linalg.slogdet(filled)
    if not xp.all(sign > 0):
        filled = xp.where((sign > 0)[:, None, None], filled, beside(np.eye(kept.shape[1]), gram))
    inverse = xp.linalg.inv(filled)
    if not kept.all():
        inverse = xp.where(beside(kept[:, :, None] & kept[:, None, :], gram), inverse, 0.0)
    return inverse, xp.where(sign > 0, logdet, xp.nan)


@dataclass(frozen=True, slots=True)
class _Slopes:
    """Derivatives of the log likelihood, group by group."""

    reml: bool
    inverse: Floats
    bases: list[Floats]
    seconds: Sequence[Floats | None]
    blocks: list[NDArray[np.int64]]
    residual: Floats  # W_i r_i r_i' W_i by block
    fixed: Floats  # W_i X_i Phi X_i' W_i by block, 0 for maximum likelihood
    weighed: Floats  # W_i / 2 by block, as often as it has patients

    @classmethod
    def of(
        cls, moments: Moments, model: Model, theta: Floats, inverse: Floats, squares: Floats, covariance: Floats
    ) -> _Slopes:
        """Derivatives from W, r r' and Phi."""
        residual = inverse @ squares @ inverse
        return cls(
            reml=model.reml,
            inverse=inverse,
            bases=model.bases(theta, moments),
            seconds=model.seconds(theta, moments),
            blocks=model.blocks(moments),
            residual=residual,
            fixed=inverse @ moments.spread(covariance) @ inverse
            if model.reml
            else namespace(residual).zeros_like(residual),
            weighed=0.5 * moments.counts[:, :, None, None] * inverse,
        )

    def gradient(self) -> Floats:
        """dl/dtheta, (replicate, parameter)."""
        slope = self._slope()
        parts = [against(pick(slope, own, 1), basis) for basis, own in zip(self.bases, self.blocks, strict=True)]
        found: Floats = namespace(slope).concat(parts, axis=1)
        return found

    def information(self, moments: Moments, crossed: Floats, covariance: Floats, kind: Information) -> Floats:
        """Minus the second derivatives, or their expectation, (replicate, parameter, parameter)."""
        if kind == "expected":
            return self._traces(self.weighed - 0.5 * self.fixed, curved=False)
        share = 1.0 if kind == "observed" else 0.5
        traces = self._traces(self.residual + share * self.fixed - self.weighed, curved=True)
        found = traces - self._drift(moments, crossed, covariance)
        return found - self._twist(moments, covariance) if kind == "observed" and self.reml else found

    def _slope(self) -> Floats:
        return 0.5 * (self.residual + self.fixed) - self.weighed

    def _traces(self, right: Floats, *, curved: bool) -> Floats:
        """sum_i tr(V_h W_i V_k N_i), less <S, V_hk> where asked for, block-diagonal over the groups."""
        slope = self._slope()
        parts = []
        for basis, second, own in zip(self.bases, self.seconds, self.blocks, strict=True):
            part = pairs(basis, pick(self.inverse, own, 1), pick(right, own, 1))
            parts.append(part - curvature(pick(slope, own, 1), second) if curved and second is not None else part)
        return _diagonal(parts)

    def _drift(self, moments: Moments, crossed: Floats, covariance: Floats) -> Floats:
        """u_h' Phi u_k."""
        parts = [
            moments.scores(self.inverse, crossed, basis, own)
            for basis, own in zip(self.bases, self.blocks, strict=True)
        ]
        xp = namespace(covariance)
        scores = xp.concat(parts, axis=1)
        found: Floats = scores @ covariance @ xp.matrix_transpose(scores)
        return found

    def _twist(self, moments: Moments, covariance: Floats) -> Floats:
        """1/2 tr(Phi P_h Phi P_k)."""
        xp = namespace(covariance)
        projected = covariance[:, None, ...] @ projections(moments, self.inverse, self.bases, self.blocks)
        flat = (*projected.shape[:2], -1)
        turned = xp.reshape(contiguous(xp.matrix_transpose(projected)), flat)
        found: Floats = 0.5 * xp.reshape(projected, flat) @ xp.matrix_transpose(turned)
        return found


def _diagonal(parts: list[Floats]) -> Floats:
    """A block-diagonal matrix of the groups' parts."""
    if len(parts) == 1:
        return parts[0]
    replicates, size, _ = parts[0].shape
    like = {"dtype": parts[0].dtype, "device": parts[0].device}
    found: Floats = namespace(parts[0]).zeros((replicates, size * len(parts), size * len(parts)), **like)
    for number, part in enumerate(parts):
        own = slice(number * size, (number + 1) * size)
        found[:, own, own] = part
    return found
