"""From checked data sets to one trial as arrays: `Trials` with R = 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pivotal.records.layout import planned
from pivotal.records.leaving import Leaving
from pivotal.records.subjects import UNKNOWN, Subjects
from pivotal.records.values import Values
from pivotal.study.model import Parameter, Study
from pivotal.trials import Screening, Trials

Array = NDArray[Any]


def assemble(
    study: Study, subjects: Subjects, values: Values, leaving: Leaving, screening: Screening | None = None
) -> Trials:
    """One trial, its patients in the order of ADSL.

    Numbers are float64 with NaN where missing, truth values bool (int8 with -1 if any is missing), categories int16
    codes with -1; values of a whole-numbered parameter from 0 to at most 127 are int8 with -1, of any other float64
    with NaN.
    """
    return Trials(
        arms=tuple(arm.name for arm in study.arms),
        visits=tuple(visit.name for visit in study.visits),
        arm=_row(subjects.arm.to_numpy().astype(np.int8)),
        subject={name: _row(_subject(column)) for name, column in subjects.variables.items()},
        values={key: _row(column) for key, column in _values(study, values, len(subjects.patient)).items()},
        last_visit=_row(leaving.last_visit.to_numpy().astype(np.int8)),
        reason=_row(leaving.reason.to_numpy().astype(np.int8)),
        reasons=leaving.reasons,
        categories=subjects.categories,
        screening=screening,
        ids=tuple(subjects.patient),
        virtual=subjects.virtual,
    )


def _row(column: Array) -> Array:
    return column[np.newaxis]  # (replicate, subject)


def _subject(column: pl.Series) -> Array:
    if column.dtype == pl.Boolean:
        if column.null_count():
            return column.cast(pl.Int8).fill_null(UNKNOWN).to_numpy()
        return column.to_numpy()
    if column.dtype == pl.Float64:
        return column.fill_null(np.nan).to_numpy()
    return column.fill_null(UNKNOWN).to_numpy()


def _values(study: Study, values: Values, patients: int) -> Mapping[tuple[str, str], Array]:
    """Every planned pair, and every other that was recorded."""
    dtypes = {parameter.name: _dtype(parameter) for parameter in study.parameters}
    columns = {key: _empty(dtypes[key[0]], patients) for key in planned(study) if key[0] in dtypes}
    groups = values.frame.drop_nulls("value").partition_by("parameter", "visit", as_dict=True, maintain_order=True)
    for (parameter, visit), rows in groups.items():
        key = (study.parameters[parameter].name, study.visits[visit].name)
        column = columns.setdefault(key, _empty(dtypes[key[0]], patients))
        column[rows["subject"].to_numpy()] = rows["value"].to_numpy()
    return columns


def _dtype(parameter: Parameter) -> type[np.generic]:
    small = parameter.range is not None and parameter.range[0] >= 0 and parameter.range[1] <= np.iinfo(np.int8).max
    return np.int8 if parameter.integer and small else np.float64


def _empty(dtype: type[np.generic], patients: int) -> Array:
    return np.full(patients, UNKNOWN if dtype is np.int8 else np.nan, dtype=dtype)
