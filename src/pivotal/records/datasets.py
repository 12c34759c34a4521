"""From one trial as arrays to ADSL and ADEFF as data frames."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pivotal.errors import UsageError
from pivotal.records import layout
from pivotal.records.layout import COMPLETED, DISCONTINUED, NO, YES, extra_strata, visit_names
from pivotal.study.model import Study
from pivotal.study.rules import level_codes
from pivotal.trials import Trials, observed

Array = NDArray[Any]


def identifiers(study: Study, trials: Trials) -> tuple[str, ...]:
    """Unique subject identifiers: those of the data, or the study's with a number; SIM marks made-up patients.

    Returns
    -------
    tuple of str
        ``TRuE-AD3-SIM-0001`` and so on, (subject,).
    """
    if trials.ids is not None:
        return trials.ids
    patients = trials.shape[1]
    width = max(4, len(str(patients)))
    stem = f"{study.id}-SIM" if trials.virtual else study.id
    return tuple(f"{stem}-{n:0{width}d}" for n in range(1, patients + 1))


def adsl(study: Study, trials: Trials) -> pl.DataFrame:
    """One trial's subjects: a row a patient.

    Parameters
    ----------
    study
        The trial.
    trials
        Its patients, R = 1.

    Returns
    -------
    polars.DataFrame
        STUDYID, USUBJID, SUBJID, ARM, TRT01P, TRT01PN (from 1, in the study's order); baseline variables by name
        (categories as labels, truth values as Y and N); stratification factors that are not variables, as labels;
        ITTFL, EOSSTT, DCSREAS, LSTVIS, SIMFL. What is missing is null.
    """
    _one(trials)
    ids = identifiers(study, trials)
    arm = trials.arm[0].astype(np.int64)
    names = pl.Series(trials.arms)
    head = {
        layout.STUDY: pl.repeat(study.id, len(ids), eager=True),
        layout.PATIENT: pl.Series(ids, dtype=pl.String),
        "SUBJID": pl.Series([name.removeprefix(f"{study.id}-") for name in ids], dtype=pl.String),
        "ARM": names.gather(arm),
        layout.ARM: names.gather(arm),
        "TRT01PN": pl.Series(arm + 1),
    }
    return pl.DataFrame({**head, **_variables(study, trials), **_strata(study, trials), **_leaving(study, trials)})


def adeff(study: Study, trials: Trials) -> pl.DataFrame:
    """One trial's values in the basic data structure: a row a patient, parameter and visit at which there is a value.

    Parameters
    ----------
    study
        The trial.
    trials
        Its patients, R = 1.

    Returns
    -------
    polars.DataFrame
        STUDYID, USUBJID, TRTP, PARAMCD, PARAM, AVISIT, AVISITN (position in the schedule, baseline 0), ADY (planned
        day), AVAL, BASE, CHG and PCHG (after baseline; percent of a baseline above 0), ABLFL, SIMFL. By patient,
        parameter and visit. A missing value has no row.
    """
    _one(trials)
    parts = [_part(study, trials, parameter.name, place) for place, parameter in enumerate(study.parameters)]
    rows = pl.concat([part for part in parts if part is not None] or [_nobody()])
    rows = rows.sort("subject", "parameter", "visit")
    return rows.select(
        pl.lit(study.id).alias(layout.STUDY),
        _pick(identifiers(study, trials), "subject").alias(layout.PATIENT),
        _pick([trials.arms[a] for a in trials.arm[0]], "subject").alias("TRTP"),
        _pick([p.name for p in study.parameters], "parameter").alias(layout.PARAMETER),
        _pick([p.label for p in study.parameters], "parameter").alias("PARAM"),
        _pick(trials.visits, "visit").alias(layout.VISIT),
        (pl.col("visit") - layout.first_visit(study)).alias("AVISITN"),
        _pick([v.day for v in study.visits], "visit").alias("ADY"),
        "AVAL",
        "BASE",
        "CHG",
        "PCHG",
        "ABLFL",
        pl.lit(mark(trials)).alias(layout.SIMULATED),
    )


def mark(trials: Trials) -> str:
    """SIMFL: Y for made-up patients, N for real ones."""
    return YES if trials.virtual else NO


def _one(trials: Trials) -> None:
    if trials.shape[0] != 1:
        raise UsageError(f"data sets hold one trial, and this batch has {trials.shape[0]}; take trials.replicate(r)")


def _pick(names: Any, column: str) -> pl.Expr:
    return pl.lit(pl.Series(names)).gather(pl.col(column))


def _variables(study: Study, trials: Trials) -> dict[str, pl.Series]:
    """Baseline variables, the study's in its order first."""
    taken = layout.RESERVED & {name.upper() for name in trials.subject}
    if taken:
        raise UsageError(f"a variable cannot be called {', '.join(sorted(taken))}: ADSL has a column of that name")
    names = [n for n in study.variables if n in trials.subject] + [
        n for n in trials.subject if n not in study.variables
    ]
    return {name: _variable(study, trials, name) for name in names}


def _variable(study: Study, trials: Trials, name: str) -> pl.Series:
    values = trials.subject[name][0]
    known = observed(values)
    if name in trials.categories:
        return _labels(trials.categories[name], _codes(values))
    kind = study.variables[name].type if name in study.variables else "number"
    if kind == "boolean":
        return pl.Series([NO, YES]).gather(_nulls(values == 1, known).cast(pl.Int64))
    whole = kind == "integer" and bool(np.all(values[known] == np.round(values[known])))
    return _nulls(values.astype(np.float64), known).cast(pl.Int64 if whole else pl.Float64)


def _nulls(values: Array, known: NDArray[np.bool_]) -> pl.Series:
    """A column with null where nothing is known."""
    column = pl.Series(values)
    return column.set(pl.Series(~known), None)


def _strata(study: Study, trials: Trials) -> dict[str, pl.Series]:
    return {
        stratum.name: _labels(
            [level.label for level in stratum.levels], level_codes(stratum, _plain(trials, stratum.variable))
        )
        for stratum in extra_strata(study)
        if stratum.variable in trials.subject
    }


def _plain(trials: Trials, name: str) -> Array:
    """A variable as the criteria engine reads it: labels rather than codes."""
    values = trials.subject[name][0]
    labels = trials.categories.get(name)
    return values if labels is None else np.asarray(np.array([*labels, ""])[_codes(values)])


def _codes(values: Array) -> NDArray[np.int64]:
    """Codes as whole numbers, -1 where nothing is known."""
    return np.where(observed(values), values, -1).astype(np.int64)


def _labels(labels: Any, codes: Array) -> pl.Series:
    """Labels of codes; null for a negative code."""
    return pl.Series(labels, dtype=pl.String).gather(_nulls(codes.astype(np.int64), codes >= 0))


def _leaving(study: Study, trials: Trials) -> dict[str, pl.Series]:
    reason = trials.reason[0]
    status = np.where(reason < 0, -1, (reason > 0).astype(np.int8))
    why = _labels(trials.reasons, np.where(reason > 0, reason, -1))
    return {
        "ITTFL": pl.repeat(YES, len(reason), eager=True),
        layout.STATUS: _labels((COMPLETED, DISCONTINUED), status),
        layout.REASON: why,
        layout.LAST_VISIT: _labels(visit_names(study), trials.last_visit[0]),
        layout.SIMULATED: pl.repeat(mark(trials), len(reason), eager=True),
    }


def _nobody() -> pl.DataFrame:
    numbers = ("AVAL", "BASE", "CHG", "PCHG")
    whole = dict.fromkeys(("subject", "parameter", "visit"), pl.Int64)
    return pl.DataFrame(schema={**whole, **dict.fromkeys(numbers, pl.Float64), "ABLFL": pl.String})


def _part(study: Study, trials: Trials, parameter: str, place: int) -> pl.DataFrame | None:
    """The rows of one parameter, by visit."""
    baseline = study.baseline_visit.name
    base = _numbers(trials, parameter, baseline)
    visits = [v for v in trials.visits if (parameter, v) in trials.values]
    parts = [_visit(trials, parameter, v, base, layout.first_visit(study)) for v in visits]
    return pl.concat(parts).with_columns(pl.lit(place, dtype=pl.Int64).alias("parameter")) if parts else None


def _numbers(trials: Trials, parameter: str, visit: str) -> NDArray[np.float64]:
    values = trials.value(parameter, visit)[0]
    return np.where(observed(values), values.astype(np.float64), np.nan)


def _percent(change: NDArray[np.float64], base: NDArray[np.float64]) -> NDArray[np.float64]:
    """Change in percent of a baseline above 0; NaN where there is none that a number can hold."""
    percent = np.full_like(change, np.nan)
    with np.errstate(over="ignore"):
        np.divide(100 * change, base, out=percent, where=base > 0)
    return np.where(np.isfinite(percent), percent, np.nan)


def _visit(trials: Trials, parameter: str, visit: str, base: NDArray[np.float64], first: int) -> pl.DataFrame:
    value = _numbers(trials, parameter, visit)
    place = trials.visits.index(visit)
    change = value - base if place > first else np.full_like(value, np.nan)
    percent = _percent(change, base)
    rows = pl.DataFrame({"AVAL": value, "BASE": base, "CHG": change, "PCHG": percent}).fill_nan(None)
    rows = rows.with_columns(
        pl.int_range(pl.len()).alias("subject"),
        pl.lit(place, dtype=pl.Int64).alias("visit"),
        pl.lit(YES if place == first else None, dtype=pl.String).alias("ABLFL"),
    )
    return rows.drop_nulls("AVAL").select(
        "subject", pl.lit(0).alias("parameter"), "visit", pl.exclude("subject", "visit")
    )
