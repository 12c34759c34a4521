"""Potentially serious liver injury: each patient's highest transaminase and bilirubin, by quadrant and arm."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from pivotal.plan.tables.cells import ARM, PATIENT, SUBJECT, TRIAL, Patients, counted, patients, plain, stacked, valued
from pivotal.plan.tables.table import key, number, rows_of
from pivotal.records.dataset import Library
from pivotal.study.laboratory_tables import LiverInjury
from pivotal.study.model import Study
from pivotal.trials import Row

QUADRANTS = ("Normal range", "Hyperbilirubinemia", "Temple's corollary", "Hy's law range")
"""By whether the transaminase lies above its threshold (2) and the bilirubin above its own (1)."""
UNKNOWN = "Not known"
TRANSAMINASE, BILIRUBIN = "Transaminase", "Bilirubin"
RATIO, DATE, DAY, CODE = "_ratio", "_date", "_day", "_code"
CASE = 3


@rows_of.register
def liver_injury(table: LiverInjury, study: Study, data: Library) -> Iterator[Row]:
    """For each arm `N`, and in each quadrant `n`, `rate`; for one trial, each patient's peaks, and Hy's law cases."""
    who = patients(table, study, data)
    control = study.arms[study.control].name
    for a, arm in enumerate(who.arms):
        role = (("role", "control"),) if arm == control else ()
        yield valued(key(table, statistic="N", arm=arm, groups=role), who.size[a])
    values = _multiples(table, who, data)
    peaks = _peaks(table, values)
    yield from _quadrants(table, who, peaks)
    if who.trials == 1:
        yield from _points(table, who, peaks)
        yield from _cases(table, who, values, peaks)


def _multiples(table: LiverInjury, who: Patients, data: Library) -> pl.DataFrame:
    """Values in multiples of the upper limit of normal, where both are known."""
    wanted = [*who.keys, table.parameter, table.value, table.upper, table.order, *([table.day] if table.day else [])]
    frame = stacked(table, (), data, wanted)
    codes = [p.parameter for p in (*table.transaminases, table.bilirubin)]
    codes += [table.phosphatase.parameter] if table.phosphatase is not None else []
    upper = pl.col(table.upper).cast(pl.Float64)
    day = pl.col(table.day).cast(pl.Float64) if table.day else pl.lit(None, dtype=pl.Float64)
    ratio = pl.when(upper > 0).then(pl.col(table.value).cast(pl.Float64) / upper).fill_nan(None)
    frame = frame.with_columns(
        plain(frame.schema, table.parameter).alias(CODE),
        ratio.alias(RATIO),
        day.alias(DAY),
        pl.col(table.order).alias(DATE),
    )
    rows = who.rows(frame.filter(pl.col(CODE).is_in(codes), pl.col(RATIO).is_not_null()))
    return rows.select(SUBJECT, ARM, TRIAL, PATIENT, CODE, RATIO, DATE, DAY)


def _peaks(table: LiverInjury, values: pl.DataFrame) -> pl.DataFrame:
    """A row a patient (and column of the table): the highest of each, and the quadrant, null where one is unknown."""
    codes = [peak.parameter for peak in table.transaminases]
    of_patient = values.group_by(ARM, TRIAL, PATIENT, SUBJECT).agg(
        pl.col(RATIO).filter(pl.col(CODE).is_in(codes)).max().alias(TRANSAMINASE),
        pl.col(RATIO).filter(pl.col(CODE) == table.bilirubin.parameter).max().alias(BILIRUBIN),
    )
    right, upper = pl.col(TRANSAMINASE) > table.transaminase_above, pl.col(BILIRUBIN) > table.bilirubin_above
    quadrant = 2 * right.cast(pl.Int64) + upper.cast(pl.Int64)
    return of_patient.with_columns(quadrant.alias("quadrant")).sort(ARM, PATIENT)


def _quadrants(table: LiverInjury, who: Patients, peaks: pl.DataFrame) -> Iterator[Row]:
    known = peaks.drop_nulls("quadrant")
    shape = (len(QUADRANTS), len(who.arms), who.trials)
    codes = np.ravel_multi_index([known[c].to_numpy() for c in ("quadrant", ARM, TRIAL)], shape)
    counts = counted(np.asarray(codes, dtype=np.int64), shape)
    total = counts.sum(axis=0)
    for q, words in enumerate(QUADRANTS):
        for a, arm in enumerate(who.arms):
            about = {"arm": arm, "groups": (("quadrant", words),)}
            yield valued(key(table, statistic="n", **about), counts[q, a])
            rate = np.divide(counts[q, a], total[a], out=np.full(who.trials, np.nan), where=total[a] > 0)
            yield valued(key(table, statistic="rate", **about), rate)
    for a, arm in enumerate(who.arms):
        unknown = key(table, statistic="n", arm=arm, groups=(("quadrant", UNKNOWN),))
        yield valued(unknown, who.size[a] - total[a])


def _points(table: LiverInjury, who: Patients, peaks: pl.DataFrame) -> Iterator[Row]:
    """Each patient's two peaks, in the patient's own arm."""
    own = peaks.drop_nulls("quadrant").unique(PATIENT, keep="first", maintain_order=True)
    for row in own.iter_rows(named=True):
        for name in (TRANSAMINASE, BILIRUBIN):
            about = {"arm": who.arms[row[ARM]], "groups": (("subject", row[SUBJECT]),)}
            yield number(key(table, statistic="times ULN", parameter=name, **about), row[name])


def _cases(table: LiverInjury, who: Patients, values: pl.DataFrame, peaks: pl.DataFrame) -> Iterator[Row]:
    """For each patient in the range of Hy's law: peaks with their days, phosphatase when ALT or AST peaked."""
    own = peaks.filter(pl.col("quadrant") == CASE).unique(PATIENT, keep="first", maintain_order=True)
    of = values.unique([PATIENT, CODE, DATE, RATIO], maintain_order=True).sort(DATE, nulls_last=True)
    for row in own.iter_rows(named=True):
        his = of.filter(pl.col(PATIENT) == row[PATIENT])
        about = {"arm": who.arms[row[ARM]]}
        case = (("case", row[SUBJECT]), ("of", "Hy's law"))
        for peak in (*table.transaminases, table.bilirubin):
            yield from _peak(table, his.filter(pl.col(CODE) == peak.parameter), peak.words, case, about)
        if table.phosphatase is not None:
            yield from _phosphatase(table, his, case, about)


def _peak(
    table: LiverInjury, rows: pl.DataFrame, words: str, case: tuple[tuple[str, str], ...], about: dict[str, str]
) -> Iterator[Row]:
    """The first of the highest values, and its day."""
    top = rows.filter(pl.col(RATIO) == pl.col(RATIO).max()).head(1)
    for statistic, column in (("times ULN", RATIO), ("day", DAY)):
        value = top[column][0] if top.height else None
        where = key(table, statistic=statistic, parameter=words, groups=case, **about)
        yield number(where, np.nan if value is None else value, "no value" if value is None else None)


def _phosphatase(
    table: LiverInjury, his: pl.DataFrame, case: tuple[tuple[str, str], ...], about: dict[str, str]
) -> Iterator[Row]:
    """Phosphatase on the date of the highest transaminase: whether it speaks against cholestasis."""
    assert table.phosphatase is not None
    rows = his.filter(pl.col(CODE).is_in([peak.parameter for peak in table.transaminases]))
    top = rows.filter(pl.col(RATIO) == pl.col(RATIO).max()).head(1)
    same = his.filter(pl.col(CODE) == table.phosphatase.parameter, pl.col(DATE) == top[DATE][0])
    yield from _peak(table, same, table.phosphatase.words, case, about)
    words = key(table, statistic="without cholestasis", parameter=table.phosphatase.words, groups=case, **about)
    if same.height:
        yield number(words, float(same[RATIO].to_numpy().max() < table.phosphatase_below))
    else:
        yield number(words, np.nan, f"no {table.phosphatase.words} on the day of the highest transaminase")
