"""Measurements by visit and arm: number, mean, standard deviation, median and range, of values and of changes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from pivotal.errors import DataError, Fault
from pivotal.plan.tables.cells import (
    ARM,
    PATIENT,
    TRIAL,
    Patients,
    described,
    few_at_a_time,
    joined,
    of_summary,
    patients,
    plain,
    position,
    stacked,
    valued,
)
from pivotal.plan.tables.table import key, rows_of
from pivotal.records.dataset import Library
from pivotal.stats.summary import Summary
from pivotal.study.measurement_tables import Measurements, MeasurementsAtVisits, MeasurementsByVisit, Occasion
from pivotal.study.model import Study
from pivotal.trials import Row

PARAMETER, POSITION, OCCASION = "_parameter", "_position", "_occasion"
SHOWN = 10
"""Repeated records that an error names."""


@rows_of.register
def by_visit(table: MeasurementsByVisit, study: Study, data: Library) -> Iterator[Row]:
    """For each arm `N`; for each parameter, occasion and arm `n`, `mean`, `sd` of the value, then of the change."""
    who = patients(table, study, data)
    yield from sizes(table, who)
    names = {code: words for panel in table.panels for code, words in panel.parameters.items()}
    values, changes = _summaries(table, who, data, tuple(names), ())
    for p, words in enumerate(names.values()):
        for o, occasion in enumerate(table.occasions):
            for a, arm in enumerate(who.arms):
                about = {"parameter": words, "visit": occasion.words, "arm": arm}
                for quantity, summary in (("value", values), ("change", changes)):
                    if quantity == "change" and occasion.baseline:
                        continue
                    groups = (("quantity", quantity),)
                    for name in ("n", "mean", "sd"):
                        row_key = key(table, statistic=name, groups=groups, **about)
                        yield of_summary(summary, name, (p, 0, o, a), row_key)


@rows_of.register
def at_visits(table: MeasurementsAtVisits, study: Study, data: Library) -> Iterator[Row]:
    """For each arm `N`; for each measure, position, arm and occasion `n`, `mean`, `sd`, `median`, `min`, `max`."""
    who = patients(table, study, data)
    yield from sizes(table, who)
    codes = tuple(dict.fromkeys(measure.parameter for measure in table.measures))
    positions = _positions(table, data)
    values, changes = _summaries(table, who, data, codes, tuple(positions))
    for measure in table.measures:
        summary = values if measure.of == "value" else changes
        for q, where in enumerate(positions.values() or ("",)):
            for a, arm in enumerate(who.arms):
                for o, occasion in enumerate(table.occasions):
                    if measure.of == "change" and occasion.baseline:
                        continue
                    groups = (("position", where),) if where else ()
                    about = {"parameter": measure.words, "visit": occasion.words, "arm": arm, "groups": groups}
                    cell = (codes.index(measure.parameter), q, o, a)
                    for name in ("n", "mean", "sd", "median", "min", "max"):
                        yield of_summary(summary, name, cell, key(table, statistic=name, **about))


def sizes(table: Measurements, who: Patients) -> Iterator[Row]:
    """The patients of each arm."""
    for a, arm in enumerate(who.arms):
        yield valued(key(table, statistic="N", arm=arm), who.size[a])


def _positions(table: MeasurementsAtVisits, data: Library) -> dict[str, str]:
    """Positions of the patient and their words; all that there are, in order, where the table names none."""
    if table.position is None or table.positions:
        return table.positions
    frame = stacked(table, table.also, data, [table.position])
    found = frame.select(plain(frame.schema, table.position)).to_series().drop_nulls().unique().sort()
    return {name: name for name in found}


def _summaries(
    table: Measurements, who: Patients, data: Library, codes: tuple[str, ...], positions: tuple[str, ...]
) -> tuple[Summary, Summary]:
    """Values and changes described, (parameter, position, occasion, arm, replicate)."""
    parts = [_described(table, who, data, few, positions) for few in few_at_a_time(codes, table, table.also, data)]
    values, changes = zip(*parts, strict=True)
    return joined(values), joined(changes)


def _described(
    table: Measurements, who: Patients, data: Library, codes: tuple[str, ...], positions: tuple[str, ...]
) -> tuple[Summary, Summary]:
    rows = _rows(table, who, data, codes, positions)
    shape = (len(codes), max(1, len(positions)), len(table.occasions), len(who.arms), who.trials)
    cell = np.ravel_multi_index([rows[c].to_numpy() for c in (PARAMETER, POSITION, OCCASION, ARM, TRIAL)], shape)
    cell = np.asarray(cell, dtype=np.int64)
    values, changes = rows[table.value].to_numpy(), rows[table.change].to_numpy()
    changed = ~np.isnan(changes)
    return described(cell, values, shape), described(cell[changed], changes[changed], shape)


def _rows(
    table: Measurements, who: Patients, data: Library, codes: tuple[str, ...], positions: tuple[str, ...]
) -> pl.DataFrame:
    """A row a value that counts: its place in the table, the value and the change."""
    place = getattr(table, "position", None)
    named = [c for c in (table.parameter, table.visit, place) if c]
    wanted = [c for o in table.occasions if o.where for c in pl.sql_expr(o.where).meta.root_names()]
    read = [*who.keys, *named, table.value, table.change, table.order, *wanted]
    frame = stacked(table, table.also, data, read, (table.parameter, codes))
    frame = frame.with_columns(
        position(frame, table.parameter, codes).alias(PARAMETER),
        (position(frame, place, positions) if place else pl.lit(0, dtype=pl.Int64)).alias(POSITION),
        *(pl.col(c).cast(pl.Float64).fill_nan(None) for c in (table.value, table.change)),
        plain(frame.schema, table.visit).alias(table.visit),
    ).filter(pl.col(table.value).is_not_null(), pl.col(PARAMETER).is_not_null(), pl.col(POSITION).is_not_null())
    frame = who.rows(frame)
    found = [_of(table, o, n, frame) for n, o in enumerate(table.occasions)]
    kept = [PARAMETER, POSITION, ARM, TRIAL, PATIENT, table.visit, table.value, table.change, *who.keys]
    rows = pl.concat([f.select(*kept, pl.lit(n, dtype=pl.Int64).alias(OCCASION)) for n, f in enumerate(found)])
    _once(table, rows, codes)
    return rows.with_columns(pl.col(table.change).fill_null(float("nan")))


def _of(table: Measurements, occasion: Occasion, number: int, frame: pl.DataFrame) -> pl.DataFrame:
    """The rows of one occasion."""
    rows = frame.filter(pl.col(table.visit).is_in(list(occasion.visits)))
    if occasion.where is not None:
        rows = rows.filter(pl.sql_expr(occasion.where))
    if not occasion.last_of:
        return rows
    cell = [PARAMETER, POSITION, ARM, PATIENT]
    return rows.sort(table.order, nulls_last=False, maintain_order=True).unique(cell, keep="last", maintain_order=True)


def _once(table: Measurements, rows: pl.DataFrame, codes: tuple[str, ...]) -> None:
    """A patient has one value of a parameter at an occasion, or nobody can say which of them counts."""
    cell = [PARAMETER, POSITION, OCCASION, ARM, PATIENT]
    whole = rows.select(cell).n_unique()
    if whole == rows.height:
        return
    again = rows.filter(rows.select(cell).is_duplicated()).unique(cell, maintain_order=True).head(SHOWN)
    raise DataError(
        Fault(
            f"{table.dataset}: {row['USUBJID']}, {codes[row[PARAMETER]]}, {table.occasions[row[OCCASION]].words}",
            "measured more than once",
            "a patient has one value of a parameter at a visit",
            f"Say with `where` in table {table.id} which record counts: ANL01FL = 'Y'.",
        )
        for row in again.iter_rows(named=True)
    )
