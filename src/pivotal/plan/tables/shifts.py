"""Shifts from a category at baseline to one on treatment, and how many patients had an abnormal value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from pivotal import stats
from pivotal.plan.rows import row
from pivotal.plan.tables.cells import (
    ARM,
    PATIENT,
    TRIAL,
    Floats,
    Patients,
    counted,
    few_at_a_time,
    patients,
    position,
    stacked,
    valued,
)
from pivotal.plan.tables.table import TOTAL, key, rows_of
from pivotal.records.dataset import Library
from pivotal.study.laboratory_tables import Abnormalities, Shift
from pivotal.study.model import Study
from pivotal.study.table_base import TableBase
from pivotal.trials import Row

PARAMETER, VISIT, FROM, TO = "_parameter", "_visit", "_from", "_to"
NO_BASELINE = "no patient is in this category at baseline"


@rows_of.register
def shift(table: Shift, study: Study, data: Library) -> Iterator[Row]:
    """For each parameter, (visit,) arm and category at baseline `n`, and for each category on treatment `n`, `rate`.

    With a test also `statistic`, `df` and `p` of the parameter (and visit).
    """
    who = patients(table, study, data)
    for a, arm in enumerate(who.arms):
        yield valued(key(table, statistic="N", arm=arm), who.size[a])
    counts, bases = _counts(table, who, data)
    visits = tuple(table.visits.values()) if table.take == "each visit" else (None,)
    categories = tuple(table.categories.values())
    for p, words in enumerate(_names(table).values()):
        for v, visit in enumerate(visits):
            about = {"parameter": words, "visit": visit}
            for a, arm in enumerate(who.arms):
                for b, before in enumerate(categories):
                    groups = (("baseline", before),)
                    n = bases[p, v, a, b]
                    yield valued(key(table, statistic="n", arm=arm, groups=groups, **about), n)
                    for c, after in enumerate(categories):
                        more = (*groups, ("on treatment", after))
                        yield from _share(table, counts[p, v, a, b, c], n, arm=arm, groups=more, **about)
            if table.test == "cmh":
                yield from _cmh(table, study, counts[p, v], about)


def _share(table: TableBase, x: Floats, n: Floats, **about: Any) -> Iterator[Row]:
    yield valued(key(table, statistic="n", **about), x)
    rate = np.divide(x, n, out=np.full(n.shape, np.nan), where=n > 0)
    yield valued(key(table, statistic="rate", **about), rate, NO_BASELINE)


def _cmh(table: Shift, study: Study, counts: Floats, about: dict[str, Any]) -> Iterator[Row]:
    """Arms against category on treatment, a stratum each category at baseline: general association."""
    arms = counts[: len(study.arms)]  # (arm, baseline, category, replicate), the total left out
    found = stats.cmh_tests(np.transpose(arms, (3, 1, 0, 2))).general
    for name in ("statistic", "df", "p"):
        method = "cochran-mantel-haenszel general association"
        yield row(key(table, statistic=name, method=method, **about), getattr(found, name), found.reason)


def _names(table: Shift | Abnormalities) -> dict[str, str]:
    return {code: words for panel in table.panels for code, words in panel.parameters.items()}


def _counts(table: Shift, who: Patients, data: Library) -> tuple[Floats, Floats]:
    """Patients: (parameter, visit, arm, baseline, on treatment, replicate), and whatever category on treatment."""
    some = few_at_a_time(tuple(_names(table)), table, table.also, data)
    counts, bases = zip(*(_counts_of(table, who, data, few) for few in some), strict=True)
    return np.concatenate(counts), np.concatenate(bases)


def _counts_of(table: Shift, who: Patients, data: Library, parameters: tuple[str, ...]) -> tuple[Floats, Floats]:
    codes = tuple(table.categories)
    visits = len(table.visits) if table.take == "each visit" else 1
    rows = _categorised(table, who, data, parameters)
    shape = (len(parameters), visits, len(who.arms), len(codes), len(codes), who.trials)
    cell = [PARAMETER, VISIT, ARM, FROM, TO, TRIAL]
    counts = counted(np.asarray(np.ravel_multi_index(_numpy(rows, cell), shape), dtype=np.int64), shape)
    if table.take != "any":
        return counts, counts.sum(axis=4)
    once = _numpy(rows.unique([PARAMETER, PATIENT, ARM]), [PARAMETER, VISIT, ARM, FROM, TRIAL])
    bases = (*shape[:4], shape[5])
    return counts, counted(np.asarray(np.ravel_multi_index(once, bases), dtype=np.int64), bases)


def _numpy(rows: pl.DataFrame, names: list[str]) -> list[Any]:
    return [rows[name].to_numpy() for name in names]


def _categorised(table: Shift, who: Patients, data: Library, parameters: tuple[str, ...]) -> pl.DataFrame:
    """A row a patient, parameter (visit, or category) with a category at baseline and one on treatment."""
    codes = tuple(table.categories)
    by_visit = table.take == "each visit"
    wanted = [*who.keys, table.parameter, table.baseline, table.category, *([table.visit] if by_visit else [])]
    frame = stacked(table, table.also, data, wanted, (table.parameter, parameters))
    before = position(frame, table.baseline, codes)
    if table.missing_baseline is not None:
        missing = pl.lit(codes.index(table.missing_baseline), dtype=pl.Int64)
        before = pl.when(pl.col(table.baseline).is_null()).then(missing).otherwise(before)
    visit = position(frame, table.visit, tuple(table.visits)) if by_visit else pl.lit(0, dtype=pl.Int64)
    frame = frame.with_columns(
        position(frame, table.parameter, parameters).alias(PARAMETER),
        visit.alias(VISIT),
        before.alias(FROM),
        position(frame, table.category, codes).alias(TO),
    ).drop_nulls([PARAMETER, VISIT, FROM, TO])
    kept = who.rows(frame).select(PARAMETER, VISIT, ARM, TRIAL, PATIENT, FROM, TO)
    if table.take == "any":
        return kept.unique()
    if table.take == "worst":
        ranks = {number: table.worst.index(code) for number, code in enumerate(codes)}
        kept = kept.with_columns(pl.col(TO).replace_strict(ranks, return_dtype=pl.Int64))
    one = kept.group_by(PARAMETER, VISIT, ARM, TRIAL, PATIENT).agg(pl.col(FROM).min(), pl.col(TO).min())
    if table.take == "worst":
        back = {rank: number for number, rank in ranks.items()}
        one = one.with_columns(pl.col(TO).replace_strict(back, return_dtype=pl.Int64))
    return one


@rows_of.register
def abnormalities(table: Abnormalities, study: Study, data: Library) -> Iterator[Row]:
    """For each parameter, criterion and arm `N` (with a value that can be judged), `n`, `rate`; with a test `p`."""
    who = patients(table, study, data)
    for a, arm in enumerate(who.arms):
        yield valued(key(table, statistic="N", arm=arm), who.size[a])
    names = _names(table)
    some = few_at_a_time(tuple(names), table, table.also, data)
    size, met = np.concatenate([_judged_and_met(table, who, data, few) for few in some], axis=2)
    for n, words in enumerate(table.criteria):
        for p, parameter in enumerate(names.values()):
            about = {"parameter": parameter, "groups": (("criterion", words),)}
            for a, arm in enumerate(who.arms):
                yield valued(key(table, statistic="N", arm=arm, **about), size[n, p, a])
                yield from _share(table, met[n, p, a], size[n, p, a], arm=arm, **about)
            if table.test == "fisher":
                yield from _fisher(table, study, met[n, p], size[n, p], about)
            if table.test == "fisher over arms":
                yield from _fisher_over_arms(table, study, met[n, p], size[n, p], about)


def _judged_and_met(table: Abnormalities, who: Patients, data: Library, parameters: tuple[str, ...]) -> Floats:
    """Patients who can be judged, and of them who meet the criterion: (2, criterion, parameter, arm, replicate)."""
    wanted = [c for e in table.criteria.values() for c in pl.sql_expr(e).meta.root_names()]
    read = [*who.keys, table.parameter, *wanted]
    frame = stacked(table, table.also, data, read, (table.parameter, parameters))
    frame = frame.select(
        *who.keys,
        position(frame, table.parameter, parameters).alias(PARAMETER),
        *(pl.sql_expr(e).alias(f"_criterion_{n}") for n, e in enumerate(table.criteria.values())),
    ).drop_nulls(PARAMETER)
    cell = [PARAMETER, ARM, TRIAL, PATIENT]
    seen = who.rows(frame).group_by(cell).agg(pl.col("^_criterion_.*$").max())
    shape = (len(parameters), len(who.arms), who.trials)
    found = []
    for n in range(len(table.criteria)):
        judged = seen.drop_nulls(f"_criterion_{n}")
        found.append([_cells(rows, shape) for rows in (judged, judged.filter(pl.col(f"_criterion_{n}")))])
    return np.swapaxes(np.array(found), 0, 1)


def _cells(rows: pl.DataFrame, shape: tuple[int, ...]) -> Floats:
    cell = np.ravel_multi_index(_numpy(rows, [PARAMETER, ARM, TRIAL]), shape)
    return counted(np.asarray(cell, dtype=np.int64), shape)


def _fisher_over_arms(table: Abnormalities, study: Study, x: Floats, n: Floats, about: dict[str, Any]) -> Iterator[Row]:
    """One p-value of all arms against having such a value or not; counts are (arm, replicate)."""
    arms = range(len(study.arms))  # the total, which comes last, left out
    found = stats.fisher_exact_table(np.stack([x[arms], n[arms] - x[arms]], axis=-1).swapaxes(0, 1))
    assert found.p is not None
    yield row(key(table, statistic="p", method="fisher over arms", **about), found.p, found.reason)


def _fisher(table: Abnormalities, study: Study, x: Floats, n: Floats, about: dict[str, Any]) -> Iterator[Row]:
    control = study.control
    for a, arm in enumerate(study.arms):
        if a != control and arm.name != TOTAL:
            found = stats.fisher_exact(x[a], n[a], x[control], n[control])
            where = key(
                table, statistic="p", arm=arm.name, comparator=study.arms[control].name, method="fisher", **about
            )
            assert found.p is not None
            yield row(where, found.p, np.where(np.isnan(found.p), found.reason, 0).astype(np.uint8))
