"""The likelihood of grouped logistic regression and its maximum, over replicates at once.

Replicates are the last axis here, so that every operation runs along memory: coefficients (column, replicate),
cells (cell, replicate).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pivotal.stats import cholesky
from pivotal.stats.estimate import Floats
from pivotal.stats.newton import LAST_STEP, MAX_STEPS, Maximum, fix, maximise
from pivotal.stats.roots import Rows
from pivotal.stats.tables import Mask

__all__ = ["MAX_STEPS", "Cells", "Evaluation", "Maximum", "empirical_start", "maximise"]


@dataclass(frozen=True, slots=True)
class Cells:
    """Events and patients of cells that share their covariates, with the design.

    `events` and `totals` are (cell, replicate). `columns` is the design, (column, cell) for all replicates or
    (column, cell, replicate); `products` its column products in the order of `cholesky.pairs`.
    """

    events: Floats
    totals: Floats
    columns: Floats
    products: Floats

    @classmethod
    def of(cls, events: ArrayLike, totals: ArrayLike, design: ArrayLike) -> Cells:
        """From arrays with the replicate axis first."""
        model = np.asarray(design, dtype=np.float64)
        columns = np.ascontiguousarray(model.T if model.ndim == 2 else np.transpose(model, (2, 1, 0)))
        products = np.stack([columns[i] * columns[j] for i, j in cholesky.pairs(len(columns))])
        return cls(_cells_first(events), _cells_first(totals), columns, products)

    @property
    def size(self) -> int:
        """Number of coefficients."""
        return len(self.columns)

    @property
    def replicates(self) -> int:
        """Number of replicates."""
        return int(self.events.shape[1])

    def take(self, rows: Rows | Mask) -> Cells:
        """Some replicates."""
        if self.columns.ndim == 2:
            return Cells(self.events[:, rows], self.totals[:, rows], self.columns, self.products)
        return Cells(*(part[..., rows] for part in (self.events, self.totals, self.columns, self.products)))

    def without(self, dropped: Mask) -> Cells:
        """The same cells, some of them (cell, replicate) emptied."""
        kept = np.where(dropped, 0.0, 1.0)
        return Cells(self.events * kept, self.totals * kept, self.columns, self.products)

    def evaluate(self, coefficients: Floats) -> Evaluation:
        """The likelihood near these coefficients."""
        return Evaluation.of(self, coefficients)

    def predictor(self, coefficients: Floats) -> Floats:
        """Log odds of every cell."""
        if self.columns.ndim == 2:
            return np.asarray(self.columns.T @ coefficients, dtype=np.float64)
        return np.asarray(np.einsum("pcr,pr->cr", self.columns, coefficients), dtype=np.float64)

    def score(self, residual: Floats) -> Floats:
        """Design times residuals, (column, replicate)."""
        if self.columns.ndim == 2:
            return np.asarray(self.columns @ residual, dtype=np.float64)
        return np.asarray(np.einsum("pcr,cr->pr", self.columns, residual), dtype=np.float64)

    def information(self, weight: Floats) -> Floats:
        """Weighted cross-products of the design, (pair, replicate)."""
        if self.columns.ndim == 2:
            return np.asarray(self.products @ weight, dtype=np.float64)
        return np.asarray(np.einsum("tcr,cr->tr", self.products, weight), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Log likelihood, score and information at some coefficients."""

    loglik: Floats
    score: Floats
    information: Floats
    probability: Floats

    @classmethod
    def of(cls, cells: Cells, coefficients: Floats) -> Evaluation:
        """Evaluate the binomial likelihood, without its binomial coefficients, as glm on patients has it."""
        eta = cells.predictor(coefficients)
        small = np.exp(-np.abs(eta))
        larger = 1 / (1 + small)
        probability = larger * np.where(eta >= 0, 1.0, small)
        log_sum = np.maximum(eta, 0) - np.log(larger)
        return cls(
            loglik=(cells.events * eta - cells.totals * log_sum).sum(axis=0),
            score=cells.score(cells.events - cells.totals * probability),
            information=cells.information(cells.totals * small * larger * larger),
            probability=probability,
        )

    def factor(self, free: Mask) -> list[list[Floats]]:
        """Cholesky factor of the information, with rows and columns not free put to those of the identity."""
        return cholesky.factor(fix(self.information, free), len(free))

    def newton(self, free: Mask) -> Floats:
        """Newton step of the free coefficients."""
        return cholesky.solve(self.factor(free), np.where(free, self.score, 0.0))

    def arrived(self, step: Floats) -> Mask:
        """Whether the step is the last."""
        return np.asarray(np.abs(step).max(axis=0) < LAST_STEP, dtype=np.bool_)


def empirical_start(cells: Cells, free: Mask) -> Floats:
    """Weighted least squares on the empirical log odds, half an event added: near the maximum in one step."""
    rest = cells.totals - cells.events
    weight = (cells.events + 0.5) * (rest + 0.5) / (cells.totals + 1) * (cells.totals > 0)
    log_odds = np.log((cells.events + 0.5) / (rest + 0.5))
    lower = cholesky.factor(fix(cells.information(weight), free), cells.size)
    return cholesky.solve(lower, np.where(free, cells.score(weight * log_odds), 0.0))


def _cells_first(count: ArrayLike) -> Floats:
    return np.ascontiguousarray(np.asarray(count, dtype=np.float64).T)
