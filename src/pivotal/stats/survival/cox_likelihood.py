"""The partial likelihood of Cox's model with Breslow's and Efron's treatment of ties, over replicates at once.

Coefficients are (covariate, replicate), second derivatives (pair, replicate) in the order of `cholesky.pairs`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pivotal.stats import cholesky
from pivotal.stats.estimate import Floats
from pivotal.stats.survival.cox_design import Standardised
from pivotal.stats.survival.ordering import Ordered, Places, running

# Sums of exponentials below this have lost the coefficients' meaning; no fit that converges comes near.
TINY = 1e-290


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Log partial likelihood, score, information, and the uncentred second moments that the information is left of."""

    loglik: Floats
    score: Floats
    information: Floats
    raw: Floats


class Likelihood(Protocol):
    """What Newton's method needs."""

    @property
    def ordered(self) -> Ordered:
        """The patients."""

    @property
    def design(self) -> Standardised:
        """Their covariates."""

    def evaluate(self, coefficients: Floats) -> Evaluation:
        """Evaluate at (covariate, replicate)."""

    def take(self, chosen: Places) -> Likelihood:
        """Some replicates."""

    def over(self, ordered: Ordered, values: Floats) -> Likelihood:
        """The same likelihood of patients ordered otherwise; covariates are (covariate, row, position)."""


@dataclass(frozen=True, slots=True)
class TiedLikelihood:
    """Breslow's (1974, doi:10.2307/2529620) or Efron's (1977, doi:10.1080/01621459.1977.10480613) likelihood."""

    ordered: Ordered
    design: Standardised
    efron: bool

    def take(self, chosen: Places) -> TiedLikelihood:
        """Some replicates."""
        return TiedLikelihood(self.ordered.take(chosen), self.design.take(self.ordered, chosen), self.efron)

    def over(self, ordered: Ordered, values: Floats) -> TiedLikelihood:
        """The same likelihood of patients ordered otherwise."""
        return TiedLikelihood(ordered, Standardised(values, self.design.scale), self.efron)

    def evaluate(self, coefficients: Floats) -> Evaluation:
        """Evaluate the likelihood."""
        sets = RiskSums.of(self.ordered, self.design.values, coefficients, self.efron)
        return sets.evaluation(self.ordered, self.design.values)


@dataclass(frozen=True, slots=True)
class RiskSums:
    """What the risk set of every moment, or of every event under Efron's ties, sums to.

    Attributes
    ----------
    predictor
        x'β less the row's largest, (row, position).
    weight
        Its exponential, 0 where absent.
    row, count
        The row of each sum, and for how many events it stands.
    zeroth, means, squares
        Σ exp(x'β); Σ x exp(x'β) and Σ x x' exp(x'β) over it, one array a covariate and a pair.
    """

    predictor: Floats
    weight: Floats
    row: Places
    count: Floats
    zeroth: Floats
    means: list[Floats]
    squares: list[Floats]

    @classmethod
    def of(cls, ordered: Ordered, x: Floats, coefficients: Floats, efron: bool, squares: bool = True) -> RiskSums:
        """Sum over the risk sets."""
        eta = linear_predictor(ordered, x, coefficients)
        weight = np.exp(eta)
        weight *= ordered.present
        weighted = [weight * column for column in x]
        second = [weighted[j] * x[k] for j, k in cholesky.pairs(len(x))] if squares else []
        m = ordered.moments
        spread = efron and m.tied
        sums = [_risk_sum(ordered, values, spread) for values in (weight, *weighted, *second)]
        zeroth = np.maximum(sums[0], TINY)
        ratios = [values / zeroth for values in sums[1:]]
        row = m.row[m.of] if spread else m.row
        count = np.ones(len(m.of)) if spread else m.events
        return cls(eta, weight, row, count, zeroth, ratios[: len(x)], ratios[len(x) :])

    def evaluation(self, ordered: Ordered, x: Floats) -> Evaluation:
        """The likelihood and its derivatives."""
        position = ordered.moments.position
        event_row = position // ordered.width
        loglik = ordered.total(self.predictor.ravel()[position], event_row)
        loglik -= ordered.total(self.count * np.log(self.zeroth), self.row)
        score = [
            ordered.total(column.ravel()[position], event_row) - ordered.total(self.count * mean, self.row)
            for column, mean in zip(x, self.means, strict=True)
        ]
        raw, information = [], []
        for (j, k), square in zip(cholesky.pairs(len(x)), self.squares, strict=True):
            raw.append(ordered.total(self.count * square, self.row))
            information.append(ordered.total(self.count * (square - self.means[j] * self.means[k]), self.row))
        return Evaluation(loglik, np.stack(score), np.stack(information), np.stack(raw))


def linear_predictor(ordered: Ordered, x: Floats, coefficients: Floats) -> Floats:
    """x'β less the largest of its row, (row, position)."""
    by_row = np.repeat(coefficients, ordered.strata, axis=1)
    eta = x[0] * by_row[0][:, None]
    for column, coefficient in zip(x[1:], by_row[1:], strict=True):
        eta += column * coefficient[:, None]
    eta -= eta.max(axis=1, initial=0.0)[:, None]
    return np.asarray(eta, dtype=np.float64)


def _risk_sum(ordered: Ordered, values: Floats, spread: bool) -> Floats:
    """Over every moment's risk set; or over every event's, less Efron's share of those tied with it."""
    moments = ordered.moments
    whole = running(values, moments)
    if not spread:
        return whole
    tied = moments.summed(values.ravel()[moments.position])
    return np.asarray(whole[moments.of] - moments.fraction * tied[moments.of], dtype=np.float64)
