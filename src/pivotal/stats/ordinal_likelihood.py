"""The proportional odds likelihood of category counts, and its derivatives.

With u_j = ζ_j - x'β and F the logistic function, the probability of category j between thresholds is

    F(u_j) - F(u_{j-1}) = F(u_j) (1 - F(u_{j-1})) (1 - exp(-(ζ_j - ζ_{j-1}))),

so that the log likelihood is that of binary regressions, one a threshold, of the category just below it against the one
just above, plus a term in the gaps between thresholds alone. Coefficients are β followed by ζ, (column, replicate);
arrays of thresholds are (threshold, cell, replicate).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pivotal.stats import cholesky
from pivotal.stats.estimate import Floats
from pivotal.stats.newton import Quadratic
from pivotal.stats.roots import Rows
from pivotal.stats.sweep import Swept, sweep
from pivotal.stats.tables import Mask
from pivotal.stats.units import Units, unpack

# Fitted this near to 0 or 1 against what was seen, a cell is fitted exactly, as far as its information goes.
GONE = 1e-6


@dataclass(frozen=True, slots=True)
class OrdinalLikelihood:
    """Category counts of cells that share their covariates; categories without patients are taken out.

    Attributes
    ----------
    counts
        (category, cell, replicate): the categories with patients first, in their order, empty ones behind.
    order
        Which category stands where, (category, replicate).
    used
        Categories with patients, (replicate,).
    units
        The design, without intercept.
    """

    counts: Floats
    order: NDArray[np.intp]
    used: NDArray[np.intp]
    units: Units

    @classmethod
    def of(cls, counts: Floats, units: Units) -> OrdinalLikelihood:
        """From counts (category, cell, replicate)."""
        empty = counts.sum(axis=1) == 0
        order = np.argsort(empty, axis=0, kind="stable")
        packed = np.take_along_axis(counts, order[:, None], axis=0) if empty.any() else counts
        return cls(packed, order, (~empty).sum(axis=0), units)

    @property
    def replicates(self) -> int:
        """Number of replicates."""
        return int(self.counts.shape[2])

    @property
    def thresholds(self) -> int:
        """Number of thresholds, used or not."""
        return len(self.counts) - 1

    def take(self, rows: Rows | Mask) -> OrdinalLikelihood:
        """Some replicates."""
        return OrdinalLikelihood(self.counts[..., rows], self.order[:, rows], self.used[rows], self.units.take(rows))

    def active(self) -> Mask:
        """Thresholds that lie between categories with patients, (threshold, replicate)."""
        return np.asarray(np.arange(self.thresholds)[:, None] < self.used - 1, dtype=np.bool_)

    def structure(self) -> Swept:
        """Which columns the cells with patients tell apart, the first an intercept."""
        filled = (self.counts.sum(axis=0) > 0).astype(np.float64)
        size = self.units.size
        gram = np.empty((size + 1, size + 1, self.replicates))
        gram[1:, 1:] = unpack(self.units.information(filled), size)
        gram[0, 1:] = gram[1:, 0] = self.units.score(filled)
        gram[0, 0] = filled.sum(axis=0)
        return sweep(gram)

    def start(self) -> Floats:
        """No effect of the covariates; thresholds at the cumulative log odds of all patients, half a patient added."""
        below = self.counts.sum(axis=1).cumsum(axis=0)
        zeta = np.log(below[:-1] + 0.5) - np.log(below[-1] - below[:-1] + 0.5)
        # thresholds that are not used stand in order behind the others
        zeta = np.where(self.active(), zeta, 40.0 + np.arange(self.thresholds)[:, None])
        return np.concatenate([np.zeros((self.units.size, self.replicates)), zeta])

    def binary(self) -> tuple[Floats, Floats]:
        """Events and patients of the binary regressions, (threshold, cell, replicate)."""
        active = self.active()[:, None]
        below = np.where(active, self.counts[:-1], 0.0)
        return below, below + np.where(active, self.counts[1:], 0.0)

    def evaluate(self, coefficients: Floats) -> Quadratic:
        """Log likelihood, score and observed information."""
        events, totals = self.binary()
        u = self.predictor(coefficients)
        small = np.exp(-np.abs(u))
        larger = 1 / (1 + small)
        probability = larger * np.where(u >= 0, 1.0, small)
        residual = events - totals * probability
        loglik = (events * u - totals * (np.maximum(u, 0) - np.log(larger))).sum(axis=(0, 1))
        gap = self._gaps(coefficients)
        score_zeta = residual.sum(axis=1)
        score_zeta[1:] += gap.score
        score_zeta[:-1] -= gap.score
        return Quadratic(
            loglik=loglik + gap.loglik,
            score=np.concatenate([-self.units.score(residual.sum(axis=0)), score_zeta]),
            information=self._information(totals * small * larger * larger, gap.information),
        )

    def rest(self, coefficients: Floats) -> Floats:
        """The observed information without what is fitted exactly."""
        events, totals = self.binary()
        u = self.predictor(coefficients)
        small = np.exp(-np.abs(u))
        probability = np.where(u >= 0, 1.0, small) / (1 + small)
        gone = ((events == 0) & (probability < GONE)) | ((events == totals) & (probability > 1 - GONE))
        weight = np.where(gone, 0.0, totals * small / (1 + small) ** 2)
        return self._information(weight, self._gaps(coefficients).information)

    def predictor(self, coefficients: Floats) -> Floats:
        """ζ - x'β, (threshold, cell, replicate)."""
        size = self.units.size
        return np.asarray(coefficients[size:, None] - self.units.predictor(coefficients[:size]), dtype=np.float64)

    def _gaps(self, coefficients: Floats) -> Quadratic:
        """The term of the gaps: its value, and by each gap its first and minus its second derivative."""
        inner = np.where(self.active()[1:], self.counts.sum(axis=1)[1:-1], 0.0)
        width = np.diff(coefficients[self.units.size :], axis=0)
        ordered = width > 0
        # where thresholds have crossed the likelihood is 0: the step is taken back, whatever the derivatives
        positive = np.where(ordered, np.minimum(width, 500.0), 1.0)
        odds = 1 / np.expm1(positive)
        log = np.where(inner > 0, inner * np.log(-np.expm1(-positive)), 0.0).sum(axis=0)
        crossed = (~ordered & (inner > 0)).any(axis=0)
        return Quadratic(np.where(crossed, -np.inf, log), inner * odds, inner * odds * (1 + odds))

    def _information(self, weight: Floats, curvature: Floats) -> Floats:
        """Packed, from the weights of the binary regressions and of the gaps."""
        size = self.units.size
        entry = dict(zip(cholesky.pairs(size), self.units.information(weight.sum(axis=0)), strict=True))
        zero = np.zeros(self.replicates)
        for k in range(self.thresholds):
            across = self.units.score(weight[k])
            entry |= {(i, size + k): -across[i] for i in range(size)}
            entry |= {(size + k, size + later): zero for later in range(k + 1, self.thresholds)}
            entry[size + k, size + k] = weight[k].sum(axis=0)
        for k, value in enumerate(curvature):
            for pair in ((size + k, size + k), (size + k + 1, size + k + 1)):
                entry[pair] = entry[pair] + value
            entry[size + k, size + k + 1] = -value
        return np.stack([entry[pair] for pair in cholesky.pairs(size + self.thresholds)])
