"""The data of a model for repeated measures: checked, weighted, and brought to the form that is cheapest to fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pivotal.stats.arrays import beside, namespace, to_numpy
from pivotal.stats.estimate import Floats
from pivotal.stats.mmrm.design import VisitDesign, collapse
from pivotal.stats.mmrm.likelihood import Moments
from pivotal.stats.mmrm.moments import pattern_moments
from pivotal.stats.mmrm.patients import PatientMoments
from pivotal.stats.tables import Mask

# Replicates worked on at a time: so many numbers of the largest array, and no more than so many replicates.
CHUNK_NUMBERS = 2**21
CHUNK_REPLICATES = 128
# The same for arrays of another library, which may lie on a device that wants long batches: half a gibibyte.
CHUNK_ELSEWHERE = 2**26
# Patterns are told apart by the bits of an integer.
MOST_VISITS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """Outcomes and design.

    Attributes
    ----------
    y
        Outcomes times the root of their weights, (replicate, patient, visit); 0 where not used.
    seen
        Outcomes used, (replicate, patient, visit).
    design
        `VisitDesign`, or rows times the root of the weights, (replicate or 1, patient, visit, column).
    group
        (replicate or 1, patient)
    frequency
        (replicate or 1, patient)
    unweighted
        The design without weights; None where there are none.
    log_weights
        Sum of the logarithms of the weights of the outcomes used, (replicate,).
    distances
        Between a patient's own times, (patient, visit, visit); None where the times are common.
    elsewhere
        `y` as an array of the library that it was given in, where cross-products are made of it; None for NumPy's, and
        where the model goes patient by patient.
    """

    y: Floats
    seen: Mask
    design: VisitDesign | Floats
    group: NDArray[np.int64]
    frequency: Floats
    unweighted: VisitDesign | Floats | None
    log_weights: Floats
    distances: Floats | None
    elsewhere: Any = None

    @classmethod
    def of(
        cls,
        y: ArrayLike,
        x: ArrayLike | VisitDesign,
        group: ArrayLike | None,
        frequency: ArrayLike | None,
        weights: ArrayLike | None,
        distances: Floats | None,
    ) -> Data:
        """Check and prepare what `fit_mmrm` is given."""
        outcomes = _numbers(y)
        if outcomes.ndim != 3:
            raise ValueError(
                f"y has {outcomes.ndim} axes; outcomes have replicate, patient and visit. Give y[None] for one trial."
            )
        replicates, patients, visits = outcomes.shape
        seen = ~np.isnan(outcomes)
        rows = x if isinstance(x, VisitDesign) else _rows(x, patients, visits)
        if not isinstance(rows, VisitDesign):
            complete = np.asarray(np.isfinite(rows).all(axis=-1))
            seen &= complete
            rows = np.where(complete[..., None], rows, 0.0)
        else:
            seen &= np.isfinite(rows.x).all(axis=-1, keepdims=True)
            rows = VisitDesign(np.where(np.isfinite(rows.x), rows.x, 0.0), rows.columns)
        unweighted, log_weights = None, np.zeros(replicates)
        if weights is not None:
            scale, seen = _scale(weights, seen)
            log_weights = 2 * np.where(seen, np.log(np.where(seen, scale, 1.0)), 0.0).sum(axis=(1, 2))
            outcomes = outcomes * scale
            unweighted = rows if isinstance(rows, VisitDesign) or rows.ndim == 4 else rows[None]
            full = rows.rows() if isinstance(rows, VisitDesign) else rows
            rows = (full if full.ndim == 4 else full[None]) * scale[..., None]
            rows = rows if full.ndim == 4 or len(scale) > 1 else rows[0]
        if distances is not None:
            seen &= np.isfinite(np.einsum("ijj->ij", distances))
            distances = np.where(np.isfinite(distances), distances, 0.0)
        used = np.where(seen, outcomes, 0.0)
        design = _cheapest(rows, visits, distances)
        away = namespace(y) is not np and isinstance(design, VisitDesign)
        return cls(
            y=used,
            seen=seen,
            design=design,
            group=np.zeros((1, patients), np.int64) if group is None else np.atleast_2d(_whole(group)),
            frequency=np.ones((1, patients)) if frequency is None else np.atleast_2d(_numbers(frequency)),
            unweighted=unweighted,
            log_weights=log_weights,
            distances=distances,
            elsewhere=beside(used, y) if away else None,
        )

    @property
    def groups(self) -> int:
        """Number of groups."""
        return int(self.group.max(initial=0)) + 1

    def chunks(self, parameters: int) -> Iterator[Data]:
        """The replicates in runs that fit the processor's cache."""
        replicates, patients, visits = self.y.shape
        if isinstance(self.design, VisitDesign):
            products = parameters * (visits * self.design.x.shape[-1]) ** 2
            one = max(products, patients * min(patients, 2 ** min(visits, MOST_VISITS)))
        else:
            one = 8 * patients * visits * self.design.shape[-1]
        most = CHUNK_NUMBERS if self.elsewhere is None else CHUNK_ELSEWHERE
        run = 1 if self._split() else max(1, most // max(one, 1))
        run = run if self.elsewhere is not None else min(run, CHUNK_REPLICATES)
        for first in range(0, replicates, run):
            yield self.take(slice(first, min(first + run, replicates)))

    def take(self, rows: slice) -> Data:
        """Some replicates."""
        return replace(
            self,
            y=self.y[rows],
            seen=self.seen[rows],
            design=_part(self.design, rows),
            group=self.group if len(self.group) == 1 else self.group[rows],
            frequency=self.frequency if len(self.frequency) == 1 else self.frequency[rows],
            unweighted=None if self.unweighted is None else _part(self.unweighted, rows),
            log_weights=self.log_weights[rows],
            elsewhere=None if self.elsewhere is None else self.elsewhere[rows, ...],
        )

    def shifted(self, coefficients: Floats) -> Data:
        """The data with X b subtracted from the outcomes, so that sums of squares lose no digits to large means."""
        if isinstance(self.design, VisitDesign):
            covariates = self.design.x if self.design.x.ndim == 3 else self.design.x[None]
            fitted = covariates @ np.einsum("jac,rc->raj", self.design.columns, coefficients)
        else:
            fitted = np.einsum(
                "rijc,rc->rij", np.broadcast_to(self.design, (*self.y.shape, self.design.shape[3])), coefficients
            )
        left = np.where(self.seen, self.y - fitted, 0.0)
        return replace(self, y=left, elsewhere=None if self.elsewhere is None else beside(left, self.elsewhere))

    def moments(self) -> Moments:
        """What the likelihood needs."""
        if isinstance(self.design, VisitDesign):
            outcomes = self.y if self.elsewhere is None else self.elsewhere
            return pattern_moments(outcomes, self.design, self.seen, self.frequency, self.group)
        return self.by_patient()

    def by_patient(self) -> PatientMoments:
        """The data with every patient a block of its own."""
        rows = _in_full(self.design)
        used = self.seen if len(rows) > 1 or len(self.seen) == 1 else np.asarray(self.seen.any(axis=0, keepdims=True))
        shown = np.asarray(self.seen.any(axis=2), dtype=np.float64)
        return PatientMoments(
            counts=self.frequency * shown,
            mask=self.seen,
            group=self.group[0],
            x=np.where(used[..., None], rows, 0.0),
            y=self.y,
        )

    def constant_columns(self) -> Mask:
        """Columns of the design that do not change between a patient's outcomes, (replicate, column)."""
        columns = [
            (np.where(self.seen, column, -np.inf).max(axis=2) <= np.where(self.seen, column, np.inf).min(axis=2))
            for column in self._columns()
        ]
        return np.stack([column.all(axis=1) for column in columns], axis=1)

    def intercept_columns(self) -> Mask:
        """Columns of ones, (replicate, column)."""
        return np.stack([(~self.seen | (column == 1)).all(axis=(1, 2)) for column in self._columns()], axis=1)

    def _columns(self) -> Iterator[Floats]:
        """The columns of the design without weights, (replicate or 1, patient, visit)."""
        rows = _in_full(self.design if self.unweighted is None else self.unweighted)
        for column in range(rows.shape[3]):
            yield rows[..., column]

    def _split(self) -> bool:
        """Whether replicates must go one by one: patient by patient a patient's group is that of the block."""
        return not isinstance(self.design, VisitDesign) and len(self.group) > 1


def _numbers(values: ArrayLike) -> Floats:
    return np.asarray(to_numpy(values), dtype=np.float64)


def _whole(values: ArrayLike) -> NDArray[np.int64]:
    return np.asarray(to_numpy(values), dtype=np.int64)


def _rows(x: ArrayLike, patients: int, visits: int) -> Floats:
    rows = _numbers(x)
    if rows.ndim not in (3, 4) or rows.shape[-3:-1] != (patients, visits):
        raise ValueError(
            f"x has the shape {rows.shape}; a design is ([replicate,] patient, visit, column) with {patients} patients "
            f"and {visits} visits as y, or a VisitDesign. Change x."
        )
    return rows


def _scale(weights: ArrayLike, seen: Mask) -> tuple[Floats, Mask]:
    """Roots of the weights, (replicate or 1, patient, visit), and the outcomes whose weight is positive."""
    given = _numbers(weights)
    given = given if given.ndim == 3 else given[None]
    if (given < 0).any():
        raise ValueError("weights has a negative number; a weight is positive, or 0 or NaN to leave an outcome out.")
    used = given > 0
    return np.sqrt(np.where(used, given, 0.0)), seen & used


def _cheapest(rows: VisitDesign | Floats, visits: int, distances: Floats | None) -> VisitDesign | Floats:
    """A `VisitDesign` where cross-products serve, else the rows, (replicate or 1, patient, visit, column)."""
    if distances is None and visits <= MOST_VISITS:
        found = rows if isinstance(rows, VisitDesign) else collapse(rows)
        if found is not None:
            return found
    return _in_full(rows)


def _in_full(design: VisitDesign | Floats) -> Floats:
    """The rows of a design, (replicate or 1, patient, visit, column)."""
    rows = design.rows() if isinstance(design, VisitDesign) else design
    return rows if rows.ndim == 4 else rows[None]


def _part(design: VisitDesign | Floats, rows: slice) -> VisitDesign | Floats:
    """The design of some replicates."""
    if isinstance(design, VisitDesign):
        return VisitDesign(design.x[rows], design.columns) if design.x.ndim == 3 else design
    return design if len(design) == 1 else design[rows]
