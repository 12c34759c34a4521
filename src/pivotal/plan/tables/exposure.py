"""Exposure: dose and duration of treatment, by groups of patients and arm."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from pivotal.plan.tables.cells import ARM, TRIAL, Patients, counted, described, of_summary, patients, valued
from pivotal.plan.tables.table import key, rows_of
from pivotal.records.dataset import Library
from pivotal.study.measurement_tables import Amount, Exposure, Group
from pivotal.study.model import Study
from pivotal.trials import Row


@rows_of.register
def exposure(table: Exposure, study: Study, data: Library) -> Iterator[Row]:
    """For each group and arm `N`; for each amount `n`, `mean`, `sd`, `median`, `min`, `max`, and who reaches what."""
    who = patients(table, study, data)
    frame = data[table.dataset].frame
    chosen = frame if table.where is None else frame.filter(pl.sql_expr(table.where))
    for group in table.groups:
        rows = who.rows(chosen if group.where is None else chosen.filter(pl.sql_expr(group.where)))
        there = counted(_codes(rows, who), who.size.shape)
        for a, arm in enumerate(who.arms):
            yield valued(key(table, statistic="N", arm=arm, groups=(("group", group.words),)), there[a])
        for amount in table.amounts:
            yield from _amount(table, who, group, amount, rows)


def _amount(table: Exposure, who: Patients, group: Group, amount: Amount, rows: pl.DataFrame) -> Iterator[Row]:
    known = rows.with_columns(pl.col(amount.column).cast(pl.Float64).fill_nan(None)).drop_nulls(amount.column)
    values, codes = known[amount.column].to_numpy(), _codes(known, who)
    summary = described(codes, values, who.size.shape)
    for a, arm in enumerate(who.arms):
        about = {"parameter": amount.words, "arm": arm, "groups": (("group", group.words),)}
        for name in ("n", "mean", "sd", "median", "min", "max"):
            yield of_summary(summary, name, (a,), key(table, statistic=name, **about))
    for limit in amount.at_least:
        reached = counted(codes[values >= limit], who.size.shape)
        for a, arm in enumerate(who.arms):
            groups = (("group", group.words), ("at least", f"{limit:g}"))
            about = {"parameter": amount.words, "arm": arm, "groups": groups}
            yield valued(key(table, statistic="n", **about), reached[a])
            share = np.divide(reached[a], summary.n[a], out=np.full(who.trials, np.nan), where=summary.n[a] > 0)
            yield valued(key(table, statistic="rate", **about), share)


def _codes(rows: pl.DataFrame, who: Patients) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.asarray(rows[ARM].to_numpy() * who.trials + rows[TRIAL].to_numpy(), dtype=np.int64)
