"""The estimate of Cox's model in units of its standardised design: finite, infinite, or not determined."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pivotal.stats import cholesky
from pivotal.stats.estimate import Floats
from pivotal.stats.survival.cox_likelihood import Evaluation, Likelihood
from pivotal.stats.survival.cox_monotone import is_monotone, running_away
from pivotal.stats.survival.cox_newton import inverse, maximise, newton
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
        run away.
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
        coefficients, converged = top.coefficients, top.converged.copy()
        away = np.zeros(kept.shape, dtype=np.bool_)
        stuck = np.flatnonzero(~converged)
        if stuck.size:
            limit = _limit(likelihood.take(stuck), coefficients[:, stuck], top.step[:, stuck], kept[:, stuck], discrete)
            coefficients[:, stuck], converged[stuck], away[:, stuck] = limit
        last = likelihood.evaluate(coefficients)
        inner = kept & ~away
        return cls(
            coefficients=coefficients + np.where(converged, newton(last, inner), 0.0),
            covariance=inverse(last, inner),
            loglik=last.loglik,
            score_statistic=np.einsum("jr,jkr,kr->r", null.score, swept.inverse, null.score),
            converged=converged,
            kept=kept,
            known=known,
            finite=known & inner & converged,
            infinite=away & converged,
        )


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


def _limit(
    likelihood: Likelihood, coefficients: Floats, step: Floats, kept: Mask, discrete: bool
) -> tuple[Floats, Mask, Mask]:
    """Coefficients with those that do not run away at their limit, whether it is proved, and which run away."""
    away = running_away(step) & kept
    direction = np.where(away, step, 0.0)
    proved = is_monotone(likelihood.ordered, likelihood.design.values, direction, discrete)
    inner = maximise(likelihood, coefficients, kept & ~away)
    # they never turn round: the sign of the last step is that of the infinity
    found = np.where(away, np.copysign(coefficients, step), inner.coefficients)
    return found, proved & inner.converged, away & proved
