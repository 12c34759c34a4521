"""The estimate of Cox's model in units of its standardised design: finite, infinite, or not determined."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pivotal.stats import cholesky
from pivotal.stats.estimate import Floats
from pivotal.stats.survival.cox_cone import rising_directions
from pivotal.stats.survival.cox_likelihood import Evaluation, Likelihood
from pivotal.stats.survival.cox_monotone import is_monotone, limiting, running_away
from pivotal.stats.survival.cox_newton import inverse, maximise, newton
from pivotal.stats.survival.ordering import Places
from pivotal.stats.sweep import Swept, sweep
from pivotal.stats.tables import Mask

# Information this small beside the uncentred second moments it is the difference of is rounding: no risk set tells
# patients apart by the covariate.
NO_SPREAD = 1e-12


@dataclass(frozen=True, slots=True)
class Solution:
    """What maximising a partial likelihood gave.

    Attributes
    ----------
    coefficients, covariance
        (covariate, replicate), (covariate, covariate, replicate). A coefficient that runs away stands where it was
        left.
    loglik, score_statistic
        (replicate,): log likelihood at the estimate; the score statistic at 0.
    converged
        (replicate,): a maximum was found, or it was proved that there is none.
    kept
        Columns that do not depend on earlier ones, (covariate, replicate).
    known, finite, infinite
        Coefficients that do not hang on which columns were kept; those of them that have a number; the kept ones that
        run away. One that is known and neither was lost on the way: in the limit nothing determines it.
    """

    coefficients: Floats
    covariance: Floats
    loglik: Floats
    score_statistic: Floats
    converged: Mask
    kept: Mask
    known: Mask
    finite: Mask
    infinite: Mask

    @classmethod
    def of(cls, likelihood: Likelihood, null: Evaluation, swept: Swept, discrete: bool) -> Solution:
        """Maximise; where there is no maximum, find the limit."""
        kept = swept.kept
        unit = np.eye(len(kept))
        known = np.stack([swept.estimable(unit[:, [column]]) for column in range(len(unit))])
        top = maximise(likelihood, np.zeros(kept.shape), kept, null)
        last = likelihood.evaluate(top.coefficients)
        found = cls(
            coefficients=top.coefficients + np.where(top.converged, newton(last, kept), 0.0),
            covariance=inverse(last, kept),
            loglik=last.loglik,
            score_statistic=np.einsum("jr,jkr,kr->r", null.score, swept.inverse, null.score),
            converged=top.converged,
            kept=kept,
            known=known,
            finite=known & kept & top.converged,
            infinite=np.zeros(kept.shape, dtype=np.bool_),
        )
        stuck = np.flatnonzero(~top.converged)
        if stuck.size:
            found.replace(stuck, likelihood.take(stuck), top.step[:, stuck], discrete)
        return found

    def replace(self, stuck: Places, likelihood: Likelihood, step: Floats, discrete: bool) -> None:
        """Put the limit in place of where Newton stood, in replicates for which it is proved that there is one."""
        direction = np.where(running_away(step) & self.kept[:, stuck], step, 0.0)
        proved = is_monotone(likelihood.ordered, likelihood.design.values, direction, discrete)
        doubtful = np.flatnonzero(~proved)
        if doubtful.size:
            rest = likelihood.take(doubtful)
            ordered, x = rest.ordered, rest.design.values
            direction[:, doubtful] = rising_directions(ordered, x, self.kept[:, stuck[doubtful]], discrete)
            proved[doubtful] = is_monotone(ordered, x, direction[:, doubtful], discrete)
        if proved.any():
            chosen = np.flatnonzero(proved)
            self.follow(stuck[chosen], likelihood.take(chosen), direction[:, chosen], discrete)

    def follow(self, rows: Places, likelihood: Likelihood, direction: Floats, discrete: bool) -> None:
        """Put the limit along a direction in the place of these replicates."""
        away = direction != 0
        problem = limiting(likelihood, direction)
        null = problem.evaluate(np.zeros(away.shape))
        limit = Solution.of(problem, null, structure(null), discrete)
        ran = np.copysign(self.coefficients[:, rows], direction)
        self.coefficients[:, rows] = np.where(away, ran, limit.coefficients)
        self.covariance[..., rows] = limit.covariance
        self.loglik[rows], self.converged[rows] = limit.loglik, limit.converged
        self.infinite[:, rows] = (away | limit.infinite) & limit.converged
        self.finite[:, rows] = self.known[:, rows] & limit.finite & ~away


def structure(null: Evaluation) -> Swept:
    """Which covariates the risk sets tell apart, from the information at 0."""
    size = len(null.score)
    gram = np.zeros((size, size, null.score.shape[1]))
    for index, (j, k) in enumerate(cholesky.pairs(size)):
        gram[j, k] = gram[k, j] = null.information[index]
        if j == k:
            seen = null.information[index] > NO_SPREAD * null.raw[index]
            gram[j, j] = np.where(seen, null.information[index], 0.0)
    return sweep(gram)
