"""Covariates of a Cox model, standardised within each trial and laid in the order of the risk sets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pivotal.stats.estimate import Floats
from pivotal.stats.survival.ordering import Ordered, Places
from pivotal.stats.tables import Mask

# A covariate whose standard deviation is this share of its largest value does not vary: the rest is rounding.
FLAT = 1e-12


def covariate_array(covariates: ArrayLike, shape: tuple[int, ...]) -> Floats:
    """Covariates as (replicate, patient, covariate).

    Parameters
    ----------
    covariates
        (replicate, patient, covariate), (patient, covariate) for all replicates.
    shape
        (replicate, patient)

    Raises
    ------
    ValueError
        If the shape does not fit.
    """
    given = np.asarray(covariates, dtype=np.float64)
    wanted = (*shape, given.shape[-1] if given.ndim else 0)
    if given.ndim not in (2, 3) or given.shape[-2] != shape[1] or (given.ndim == 3 and given.shape[0] != shape[0]):
        raise ValueError(
            f"covariates have the shape {given.shape}; give (replicate, patient, covariate) or (patient, covariate) "
            f"for {shape[0]} replicates of {shape[1]} patients. One covariate is x[..., None]."
        )
    return np.broadcast_to(given, wanted)


@dataclass(frozen=True, slots=True)
class Standardised:
    """Covariates with mean 0 and standard deviation 1 over a trial's patients.

    Attributes
    ----------
    values
        (covariate, row, position), 0 where absent, and throughout where the covariate does not vary.
    scale
        The standard deviations, (covariate, replicate); 1 where the covariate does not vary.
    """

    values: Floats
    scale: Floats

    @classmethod
    def of(cls, ordered: Ordered, covariates: Floats, present: Mask) -> Standardised:
        """Standardise covariates of (replicate, patient, covariate)."""
        size = covariates.shape[2]
        values = np.zeros((size, *ordered.place.shape))
        scale = np.ones((size, ordered.replicates))
        n = np.maximum(present.sum(axis=1), 1)
        for k in range(size):
            x = np.where(present, covariates[..., k], 0.0)
            centred = np.where(present, x - (x.sum(axis=1) / n)[:, None], 0.0)
            spread = np.sqrt((centred**2).sum(axis=1) / n)
            varies = spread > FLAT * np.abs(x).max(axis=1, initial=0.0)
            scale[k] = np.where(varies, spread, 1.0)
            values[k] = ordered.gather(np.where(varies[:, None], centred / scale[k][:, None], 0.0))
            values[k][~ordered.present] = 0.0
        return cls(values, scale)

    def take(self, ordered: Ordered, chosen: Places) -> Standardised:
        """Some replicates."""
        rows = (chosen[:, None] * ordered.strata + np.arange(ordered.strata)).ravel()
        return Standardised(self.values[:, rows], self.scale[:, chosen])
