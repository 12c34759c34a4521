"""Patients' rows of a model: arms other than the comparator, then covariates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pivotal.plan.batch import Batch
from pivotal.plan.methods.outcome import Floats

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rows:
    """A design, patient by patient.

    Attributes
    ----------
    x
        (replicate, patient, column): an intercept if asked for, then arms, then covariates (factors dummy-coded against
        their first level, the rest as numbers).
    column
        The column of each arm, by the arm's index.
    covariates
        The columns of each covariate, by its name.
    known
        Patients whose covariates are all known, (replicate, patient).
    """

    x: Floats
    column: dict[int, int]
    covariates: dict[str, tuple[int, ...]]
    known: Mask


def dose_rows(batch: Batch, names: tuple[str, ...]) -> Rows:
    """The rows of every patient with the arm's dose as a number, in column 1."""
    doses = np.array([np.nan if arm.dose is None else arm.dose for arm in batch.study.arms])
    dose = np.where(batch.trials.arm >= 0, doses[batch.trials.arm], np.nan)
    columns, known = [np.ones(dose.shape), dose], ~np.isnan(dose)
    return _covered(batch, names, columns, known, {})


def patient_rows(batch: Batch, names: tuple[str, ...], comparator: int, *, intercept: bool = True) -> Rows:
    """The rows of every patient under a comparator."""
    arm = batch.trials.arm
    columns = [np.ones(arm.shape)] if intercept else []
    column: dict[int, int] = {}
    for a in range(len(batch.study.arms)):
        if a != comparator:
            column[a] = len(columns)
            columns.append((arm == a).astype(np.float64))
    return _covered(batch, names, columns, np.asarray(arm >= 0), column)


def _covered(batch: Batch, names: tuple[str, ...], columns: list[Floats], known: Mask, column: dict[int, int]) -> Rows:
    """Columns for treatment, and after them those of the covariates."""
    covariates: dict[str, tuple[int, ...]] = {}
    for name in names:
        made, seen = _covariate(batch, name)
        covariates[name] = tuple(range(len(columns), len(columns) + len(made)))
        columns += made
        known = known & seen
    return Rows(np.stack(columns, axis=2), column, covariates, known)


def _covariate(batch: Batch, name: str) -> tuple[list[Floats], Mask]:
    if batch.is_factor(name):
        each = batch.strata((name,)).factors[0]
        dummies = [(each.codes == code).astype(np.float64) for code in range(1, len(each.labels))]
        return dummies, np.asarray(each.codes >= 0)
    numbers = batch.number(name) if name in batch.trials.subject else batch.at_baseline(name)
    return [numbers], ~np.isnan(numbers)
