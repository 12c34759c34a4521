"""Score residuals of Cox's model, and the robust variance they give (Lin and Wei)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pivotal.stats.estimate import Floats
from pivotal.stats.survival.cox_design import Standardised
from pivotal.stats.survival.cox_likelihood import RiskSums
from pivotal.stats.survival.logrank import quadratic
from pivotal.stats.survival.ordering import Moments, Ordered

# A robust variance that is this share of the model's is rounding: the residuals are 0.
NOTHING = 1e-20


def score_residuals(ordered: Ordered, design: Standardised, coefficients: Floats, efron: bool) -> Floats:
    """What every patient adds to the score, (covariate, replicate, patient), in units of the design.

    ∫ (x - x̄(t)) dM(t) (Lin and Wei 1989, doi:10.1080/01621459.1989.10478874, W). Under Efron's ties every one of a
    moment's d events is taken at each of the d steps by which the risk set shrinks, with weight 1/d.
    """
    x = design.values
    sums = RiskSums.of(ordered, x, coefficients, efron, squares=False)
    m = ordered.moments
    spread = efron and m.tied
    fraction = m.fraction if spread else np.zeros(len(sums.row))
    hazard = sums.count / sums.zeroth
    at = _At(ordered, m, spread)
    whole, own = at.up_to(hazard), at.own(hazard * fraction)
    found = np.zeros((len(x), ordered.replicates, ordered.patients))
    for k, mean in enumerate(sums.means):
        pull = at.up_to(hazard * mean), at.own(hazard * fraction * mean)
        residual = -sums.weight * (x[k] * (whole - own) - (pull[0] - pull[1]))
        residual.ravel()[m.position] += x[k].ravel()[m.position] - at.average(mean)
        found[k] = ordered.scatter(residual)
    return found


class _At:
    """Sums over moments, or over the events under Efron's ties, put where the patients are."""

    def __init__(self, ordered: Ordered, moments: Moments, spread: bool) -> None:
        self.ordered, self.moments, self.spread = ordered, moments, spread

    def _by_moment(self, values: Floats) -> Floats:
        return self.moments.summed(values) if self.spread else values

    def up_to(self, values: Floats) -> Floats:
        """At every position the sum over the moments up to its time, (row, position)."""
        laid = np.zeros(self.ordered.place.shape)
        laid.ravel()[self.moments.end] = self._by_moment(values)
        return np.cumsum(laid[:, ::-1], axis=1)[:, ::-1]

    def own(self, values: Floats) -> Floats:
        """At the position of every event the sum over its own moment, elsewhere 0."""
        laid = np.zeros(self.ordered.place.shape)
        laid.ravel()[self.moments.position] = self._by_moment(values)[self.moments.of]
        return laid

    def average(self, values: Floats) -> Floats:
        """For every event the mean over its moment's steps."""
        m = self.moments
        return (m.summed(values) / m.events)[m.of] if self.spread else values[m.of]


def summed_by_cluster(residuals: Floats, cluster: NDArray[np.intp] | None) -> Floats:
    """Sum over the patients of a cluster, (covariate, replicate, cluster); patients by themselves without clusters."""
    if cluster is None:
        return residuals
    replicates, levels = len(cluster), int(cluster.max(initial=0)) + 1
    place = (cluster + (np.arange(replicates) * levels)[:, None]).ravel()
    return np.stack(
        [np.bincount(place, part.ravel(), replicates * levels).reshape(replicates, levels) for part in residuals]
    )


@dataclass(frozen=True, slots=True)
class Sandwich:
    """Lin and Wei's variance, (covariate, covariate, replicate), and the statistic of the robust score test."""

    covariance: Floats
    score_statistic: Floats

    @classmethod
    def of(
        cls,
        ordered: Ordered,
        design: Standardised,
        coefficients: Floats,
        inverse: Floats,
        cluster: NDArray[np.intp] | None,
        efron: bool,
    ) -> Sandwich:
        """Compute both; the score's is U'(Σ uu')⁻U over patients or clusters, at 0."""
        parts = summed_by_cluster(score_residuals(ordered, design, coefficients, efron), cluster)
        moved = np.einsum("jkr,kri->jri", inverse, parts)
        covariance = np.einsum("jri,kri->jkr", moved, moved)
        some = np.einsum("jjr->jr", covariance) > NOTHING * np.einsum("jjr->jr", inverse)
        covariance = np.where(some[:, None] & some[None], covariance, 0.0)
        null = summed_by_cluster(score_residuals(ordered, design, np.zeros(coefficients.shape), efron), cluster)
        total = null.sum(axis=2)
        statistic, _ = quadratic(total.T, np.einsum("jri,kri->rjk", null, null))
        return cls(covariance, statistic)
