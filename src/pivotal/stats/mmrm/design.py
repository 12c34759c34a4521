"""The design of a model for repeated measures: covariates of a patient, and how each visit uses them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pivotal.stats.ancova import ls_means_rows
from pivotal.stats.arrays import to_numpy
from pivotal.stats.estimate import Floats
from pivotal.stats.tables import divide


@dataclass(frozen=True, slots=True)
class VisitDesign:
    """A design whose row of a patient at a visit is made of covariates that do not change over time.

    Row of the design of patient i at visit j: ``sum_a x[i, a] * columns[j, a, :]``.

    Attributes
    ----------
    x
        Covariates, (patient, covariate) or (replicate, patient, covariate).
    columns
        (visit, covariate, column)
    """

    x: Floats
    columns: Floats

    def rows(self) -> Floats:
        """The design in full, (..., patient, visit, column)."""
        return np.asarray(np.einsum("...a,jac->...jc", self.x, self.columns), dtype=np.float64)


def visit_design(x: ArrayLike, visits: int, common: Sequence[int] = ()) -> VisitDesign:
    """Make a design in which every covariate has a coefficient of its own at each visit, or one for all visits.

    Parameters
    ----------
    x
        Covariates, (patient, covariate) or (replicate, patient, covariate), with a column of ones for the intercept.
    visits
        Number of visits.
    common
        Positions of the covariates with one coefficient for all visits.

    Returns
    -------
    VisitDesign
        Columns: covariate by covariate in the order of `x`; of a covariate that is not common visit by visit.

    Examples
    --------
    >>> design = visit_design([[1.0, 0.0, 5.5], [1.0, 1.0, 6.5]], 2, common=[2])
    >>> design.rows()[1].tolist()  # mean at visits 1, 2; effect of the second covariate at visits 1, 2; the third
    [[1.0, 0.0, 1.0, 0.0, 6.5], [0.0, 1.0, 0.0, 1.0, 6.5]]
    """
    covariates = np.asarray(to_numpy(x), dtype=np.float64)
    number = covariates.shape[-1]
    blocks = []
    for covariate in range(number):
        width = 1 if covariate in common else visits
        block = np.zeros((visits, number, width))
        block[:, covariate, :] = np.ones((visits, 1)) if width == 1 and covariate in common else np.eye(visits)
        blocks.append(block)
    return VisitDesign(covariates, np.concatenate(blocks, axis=2))


def collapse(rows: Floats) -> VisitDesign | None:
    """Write a design given row by row as a `VisitDesign`, if that is smaller.

    Every different column over patients of the design at a visit becomes a covariate. That is always possible, and
    worth it where the covariates do not change over time.

    Parameters
    ----------
    rows
        (patient, visit, column) or (replicate, patient, visit, column)

    Returns
    -------
    VisitDesign or None
        None where the covariates would outnumber the columns, or where replicates differ in which columns are alike.
    """
    first = rows if rows.ndim == 3 else rows[0]
    patients, visits, width = first.shape
    flat = first.reshape(patients, visits * width).T
    different, position = np.unique(flat, axis=0, return_inverse=True)
    position = np.asarray(position).reshape(visits, width)
    if len(different) > width + 1:
        return None
    empty = (different == 0).all(axis=1)
    columns = np.zeros((visits, len(different), width))
    visit, column = np.indices((visits, width))
    columns[visit, position, column] = 1.0
    columns = columns[:, ~empty]
    if rows.ndim == 3:
        return VisitDesign(np.ascontiguousarray(different[~empty].T), columns)
    where = [np.argwhere(position == number)[0] for number in np.flatnonzero(~empty)]
    covariates = np.stack([rows[:, :, j, c] for j, c in where], axis=-1)
    found = VisitDesign(covariates, columns)
    return found if np.array_equal(found.rows(), rows) else None


def visit_means_rows(
    y: ArrayLike, design: VisitDesign, arm_columns: Sequence[int], factors: Sequence[Sequence[int]] = ()
) -> Floats:
    """Rows of the design at which LS means of the arms at the visits are taken.

    Covariates stand at their means over the outcomes observed, the levels of every other factor have equal weights.
    For designs without products of covariates: an interaction must be built by hand.

    Parameters
    ----------
    y
        Outcomes, (replicate, patient, visit); NaN where not observed.
    design
        From `visit_design`.
    arm_columns
        Covariates of the design that are indicators of the arms other than the reference arm.
    factors
        For every other factor the covariates that are indicators of its levels other than the first.

    Returns
    -------
    Floats
        (replicate, arm, visit, column); the reference arm first, then in the order of `arm_columns`. For
        `mmrm_contrasts` bring arms and visits to one axis; differences of rows are contrasts between arms.

    Notes
    -----
    The means of R `emmeans` (weights equal), whose covariates stand at their means over the rows of the model frame,
    and of SAS `LSMEANS`: a patient counts as often as the patient has outcomes.

    Examples
    --------
    >>> y = [[[1.0, 2.0], [2.0, np.nan], [0.5, 1.0]]]
    >>> design = visit_design([[1.0, 0.0, 4.0], [1.0, 1.0, 5.0], [1.0, 1.0, 6.0]], 2, common=[2])
    >>> visit_means_rows(y, design, [1])[0, 1].tolist()  # the second arm, with the covariate at its mean
    [[1.0, 0.0, 1.0, 0.0, 5.0], [0.0, 1.0, 0.0, 1.0, 5.0]]
    """
    outcomes = (~np.isnan(np.asarray(y, dtype=np.float64))).sum(axis=2).astype(np.float64)  # of a patient
    covariates = design.x if design.x.ndim == 3 else design.x[None]
    sums = (outcomes[:, None, :] @ np.where(np.isfinite(covariates), covariates, 0.0))[:, 0]
    means = divide(sums, outcomes.sum(axis=1, keepdims=True))
    rows = ls_means_rows(means, arm_columns, factors)
    return np.asarray(np.einsum("rka,jac->rkjc", rows, design.columns), dtype=np.float64)
