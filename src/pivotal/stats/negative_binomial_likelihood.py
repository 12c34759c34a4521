"""The negative binomial log likelihood of counts with exposures, its derivatives, and safe Newton steps.

With mean μ and dispersion k = 1/θ (variance μ + kμ²; NB2),

    log f(y) = Σ_{j<y} log(1 + kj) - log y! + y log μ - (y + 1/k) log(1 + kμ),

which has no gamma functions: the first sum needs only how many units have more than j events. Coefficients are those of
the design followed by log k, (column + 1, replicate).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pivotal.stats import cholesky
from pivotal.stats.counts import Counts
from pivotal.stats.estimate import Floats
from pivotal.stats.newton import LAST_STEP, fix
from pivotal.stats.roots import Rows
from pivotal.stats.tables import Mask

# Below this kμ the series are used: the closed forms lose (kμ)³ of their digits, eight terms are exact to (kμ)⁸.
SERIES = 1e-2
# The largest step of log k: its likelihood is flat far from the maximum.
LONGEST = 2.0
# A unit without events whose expected count is below this is fitted exactly, as far as its information goes.
GONE = 1e-6


@dataclass(frozen=True, slots=True)
class NegativeBinomialLocal:
    """Log likelihood, score and observed information (packed) at some coefficients, log k the last of them."""

    loglik: Floats
    score: Floats
    information: Floats

    def newton(self, free: Mask) -> Floats:
        """Newton step; where the information is not positive, one that rises along log k alone."""
        size = len(free)
        fixed = fix(self.information, free)
        last = cholesky.pairs(size).index((size - 1, size - 1))
        cross = [cholesky.pairs(size).index((i, size - 1)) for i in range(size - 1)]
        block = np.delete(fixed, [*cross, last], axis=0)
        lower = cholesky.factor(block, size - 1)
        right = np.where(free, self.score, 0.0)
        along = cholesky.solve(lower, fixed[cross])
        own = fixed[last] - (fixed[cross] * along).sum(axis=0)
        safe = own > LAST_STEP * np.abs(fixed[last])
        rise = right[-1] - (along * right[:-1]).sum(axis=0)
        curved = np.where(safe, own, np.maximum(np.abs(fixed[last]), np.abs(right[-1])) + 1e-300)
        step_k = np.clip(np.where(safe, rise, right[-1]) / curved, -LONGEST, LONGEST)
        step_k = np.where(free[-1], step_k, 0.0)
        rest = cholesky.solve(lower, right[:-1]) - along * step_k
        return np.concatenate([np.where(free[:-1], rest, 0.0), step_k[None]])

    def arrived(self, step: Floats) -> Mask:
        """Whether the step, measured in standard errors, is the last."""
        gain = (step * self.score).sum(axis=0)
        return np.asarray((np.abs(gain) < LAST_STEP**2) & (np.abs(step[-1]) < LONGEST), dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class NegativeBinomialLikelihood:
    """Counts, and how many units of each replicate have more than j events, (j, replicate)."""

    counts: Counts
    more: Floats

    @classmethod
    def of(cls, counts: Counts) -> NegativeBinomialLikelihood:
        """Count the units.

        Raises
        ------
        ValueError
            If a count is not a whole number.
        """
        if (counts.y != np.rint(counts.y)).any():
            raise ValueError("y has a count that is not a whole number; the negative binomial is of whole numbers.")
        return cls(counts, _more(counts.y.astype(np.int64)))

    @property
    def replicates(self) -> int:
        """Number of replicates."""
        return self.counts.replicates

    def take(self, rows: Rows | Mask) -> NegativeBinomialLikelihood:
        """Some replicates."""
        return NegativeBinomialLikelihood(self.counts.take(rows), self.more[:, rows])

    def evaluate(self, coefficients: Floats) -> NegativeBinomialLocal:
        """Log likelihood, score and observed information."""
        counts, units = self.counts, self.counts.units
        k = np.exp(np.clip(coefficients[-1], -100.0, 50.0))
        eta = counts.log_mean(coefficients[:-1])
        mean = counts.mean_at(eta)
        x = k * mean
        grown = 1 + x
        at = np.arange(len(self.more))[:, None]
        ladder = 1 + k * at
        log_grown = np.log1p(x)
        loglik = (self.more * np.log(ladder)).sum(axis=0) - counts.log_factorials
        loglik = loglik + (counts.y * (eta - log_grown) - log_grown / k).sum(axis=0)
        by_k = (self.more * at / ladder).sum(axis=0) + (mean * mean * _first(x) - counts.y * mean / grown).sum(axis=0)
        by_kk = (mean * mean * mean * _second(x) + counts.y * (mean / grown) ** 2).sum(axis=0)
        by_kk = by_kk - (self.more * (at / ladder) ** 2).sum(axis=0)
        block = units.information(mean * (1 + k * counts.y) / grown**2)
        cross = k * units.score((counts.y - mean) * mean / grown**2)
        return NegativeBinomialLocal(
            loglik=loglik,
            score=np.concatenate([units.score((counts.y - mean) / grown), (k * by_k)[None]]),
            information=_bordered(block, cross, -k * (by_k + k * by_kk)),
        )

    def expected(self, coefficients: Floats) -> Floats:
        """Expected information of the design's coefficients, packed: that of log k is orthogonal to it."""
        mean = self.counts.mean(coefficients[:-1])
        return self.counts.units.information(mean / (1 + np.exp(coefficients[-1]) * mean))

    def rest(self, coefficients: Floats) -> Floats:
        """The observed information without units fitted exactly."""
        gone = (self.counts.y == 0) & (self.counts.mean(coefficients[:-1]) < GONE)
        part = replace(self.counts, seen=np.where(gone, 0.0, self.counts.seen))
        return NegativeBinomialLikelihood(part, self.more).evaluate(coefficients).information


def _more(y: np.ndarray) -> Floats:
    """How many units have more than j events, j = 0, 1, ..., (j, replicate)."""
    most, replicates = int(y.max(initial=0)), y.shape[1]
    flat = y * replicates + np.arange(replicates)
    histogram = np.bincount(flat.ravel(), minlength=(most + 1) * replicates).reshape(most + 1, replicates)
    return np.asarray(histogram[::-1].cumsum(axis=0)[::-1][1:], dtype=np.float64)


def _bordered(block: Floats, cross: Floats, own: Floats) -> Floats:
    """The packed upper triangle with a row and column added."""
    size = len(cross)
    entry = dict(zip(cholesky.pairs(size), block, strict=True))
    entry |= {(i, size): cross[i] for i in range(size)}
    entry[size, size] = own
    return np.stack([entry[pair] for pair in cholesky.pairs(size + 1)])


def _first(x: Floats) -> Floats:
    """(log(1 + x) - x/(1 + x)) / x²."""
    series = _power_series(x, [(-1) ** n * (n - 1) / n for n in range(2, 11)])
    large = np.where(x < SERIES, 1.0, x)
    return np.where(x < SERIES, series, (np.log1p(large) - large / (1 + large)) / large**2)


def _second(x: Floats) -> Floats:
    """(-2 log(1 + x) + 2x/(1 + x) + x²/(1 + x)²) / x³."""
    series = _power_series(x, [(-1) ** n * (2 / n + n - 3) for n in range(3, 12)])
    large = np.where(x < SERIES, 1.0, x)
    ratio = large / (1 + large)
    return np.where(x < SERIES, series, (-2 * np.log1p(large) + 2 * ratio + ratio * ratio) / (large * large * large))


def _power_series(x: Floats, terms: list[float]) -> Floats:
    """Σ terms[n] xⁿ where x is small."""
    small = np.minimum(x, SERIES)
    total = np.full(x.shape, terms[-1])
    for term in reversed(terms[:-1]):
        total = total * small + term
    return total
