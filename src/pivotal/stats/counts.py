"""Counts with their exposures, ready to be regressed: who enters, replicates last."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from pivotal.stats import cholesky
from pivotal.stats.estimate import Floats
from pivotal.stats.newton import fix
from pivotal.stats.roots import Rows
from pivotal.stats.sweep import Swept, sweep
from pivotal.stats.tables import Mask
from pivotal.stats.units import Units, unpack


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts and log exposures, (unit, replicate), both 0 for units that do not enter; who enters; the design.

    `log_factorials` is Σ log y!, (replicate,).
    """

    y: Floats
    offset: Floats
    seen: Floats
    units: Units
    log_factorials: Floats

    @classmethod
    def of(cls, y: ArrayLike, exposure: ArrayLike, design: ArrayLike, included: ArrayLike | None) -> Counts:
        """From arrays with replicates first; units without exposure or with anything missing do not enter.

        Raises
        ------
        ValueError
            If a count is negative, or positive without exposure.
        """
        counts = np.asarray(y, dtype=np.float64)
        time = np.broadcast_to(np.asarray(exposure, dtype=np.float64), counts.shape)
        model = np.asarray(design, dtype=np.float64)
        here = ~np.isnan(counts) & ~np.isnan(time) & ~np.isnan(model.sum(axis=-1))
        if included is not None:
            here &= np.asarray(included, dtype=np.bool_)
        if (counts[here] < 0).any():
            raise ValueError("y has a negative count; counts are 0 or more. Correct it or leave the unit out.")
        if ((time <= 0) & (counts > 0) & here).any():
            raise ValueError("exposure is 0 where y is not; who has an event was exposed. Correct it or leave it out.")
        here &= time > 0
        seen = here.T.astype(np.float64)
        y_seen = np.ascontiguousarray(np.where(here, counts, 0.0).T)
        return cls(
            y_seen,
            np.ascontiguousarray(np.log(np.where(here, time, 1.0)).T),
            seen,
            Units.of(np.nan_to_num(model)),
            np.asarray(special.gammaln(y_seen + 1).sum(axis=0), dtype=np.float64),
        )

    @property
    def replicates(self) -> int:
        """Number of replicates."""
        return int(self.y.shape[1])

    def take(self, rows: Rows | Mask) -> Counts:
        """Some replicates."""
        return Counts(
            self.y[:, rows], self.offset[:, rows], self.seen[:, rows], self.units.take(rows), self.log_factorials[rows]
        )

    def log_mean(self, coefficients: Floats) -> Floats:
        """Logarithms of the expected counts, (unit, replicate)."""
        return self.units.predictor(coefficients) + self.offset

    def mean(self, coefficients: Floats) -> Floats:
        """Expected counts, (unit, replicate); 0 for units that do not enter."""
        return self.mean_at(self.log_mean(coefficients))

    def mean_at(self, log_mean: Floats) -> Floats:
        """Expected counts from their logarithms; 0 for units that do not enter."""
        # no count is as large as exp(100): a step that went there is taken back
        return np.exp(np.minimum(log_mean, 100.0)) * self.seen

    def structure(self) -> Swept:
        """Which columns the units that enter tell apart."""
        return sweep(unpack(self.units.information(self.seen), self.units.size))

    def start(self, free: Mask) -> Floats:
        """Weighted least squares on the logarithms of the counts, half an event added."""
        raised = (self.y + 0.5) * self.seen
        log = np.log(np.where(self.seen > 0, self.y + 0.5, 1.0)) - self.offset
        lower = cholesky.factor(fix(self.units.information(raised), free), self.units.size)
        return cholesky.solve(lower, np.where(free, self.units.score(raised * log), 0.0))
