"""Score and information of cumulative logits with slopes of their own: Fisher's standard errors, the score test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pivotal.stats.estimate import Floats
from pivotal.stats.ordinal_likelihood import OrdinalLikelihood
from pivotal.stats.tables import divide


@dataclass(frozen=True, slots=True)
class Unconstrained:
    """Score and information of a model in which every threshold has its own slopes, at proportional odds.

    Coefficients are threshold by threshold its ζ and then its slopes. `score` is (replicate, threshold, 1 + column),
    `information` (replicate, threshold, 1 + column, threshold, 1 + column). Thresholds not used have zeros.
    """

    score: Floats
    information: Floats

    @classmethod
    def at(cls, likelihood: OrdinalLikelihood, coefficients: Floats, *, observed: bool = False) -> Unconstrained:
        """From the derivatives of the category probabilities by the thresholds' predictors, cell by cell.

        The information is the expected one, or the one observed.
        """
        u = likelihood.predictor(coefficients)
        active = likelihood.active()[:, None]
        cumulative = np.where(active, 1 / (1 + np.exp(-np.clip(u, -500, 500))), 1.0)
        density = np.where(active, cumulative * (1 - cumulative), 0.0)
        edge = np.zeros((1, *u.shape[1:]))
        probability = np.diff(np.concatenate([edge, cumulative, edge + 1]), axis=0)
        pull = np.nan_to_num(divide(likelihood.counts, probability))
        seen = np.nan_to_num(divide(pull if observed else likelihood.counts.sum(axis=0), probability))
        step = pull[:-1] - pull[1:]
        own = density**2 * (seen[:-1] + seen[1:])
        if observed:
            own = own - density * (1 - 2 * cumulative) * step
        next_ = -density[:-1] * density[1:] * seen[1:-1]
        columns = likelihood.units.columns
        shape = (len(columns), *u.shape[1:])
        slopes = -np.broadcast_to(columns if columns.ndim == 3 else columns[..., None], shape)
        design = np.concatenate([np.ones((1, *u.shape[1:])), slopes])  # (1 + column, cell, replicate)
        score = np.einsum("kcr,pcr->rkp", density * step, design)
        thresholds, size = len(u), len(design)
        information = np.zeros((u.shape[2], thresholds, size, thresholds, size))
        for k in range(thresholds):
            information[:, k, :, k] = _products(own[k], design)
            if k + 1 < thresholds:
                information[:, k, :, k + 1] = information[:, k + 1, :, k] = _products(next_[k], design)
        return cls(score, information)

    def constrained(self) -> Floats:
        """Expected information of β and ζ under proportional odds, (replicate, column, column), β first."""
        information = self.information
        slopes = information[:, :, 1:, :, 1:].sum(axis=(1, 3))
        across = information[:, :, 1:, :, 0].sum(axis=1)  # (replicate, column, threshold)
        zeta = information[:, :, 0, :, 0]
        upper = np.concatenate([slopes, across], axis=2)
        return np.concatenate([upper, np.concatenate([np.swapaxes(across, 1, 2), zeta], axis=2)], axis=1)


def _products(weight: Floats, design: Floats) -> Floats:
    return np.asarray(np.einsum("cr,pcr,qcr->rpq", weight, design, design, optimize=True), dtype=np.float64)
