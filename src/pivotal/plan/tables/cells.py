"""Cells of a table, for all arms and replicates at once: who is in which arm, and values described cell by cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pivotal.plan.tables.table import TOTAL, columns, looked_at, subjects
from pivotal.records.dataset import Library
from pivotal.stats.summary import Summary, summarise
from pivotal.study.model import Study
from pivotal.study.table_base import TableBase
from pivotal.trials import Key, Row

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

REPLICATE, SUBJECT = "REPLICATE", "USUBJID"
ARM, TRIAL, PATIENT = "_arm", "_trial", "_patient"
WORKSPACE = 4_000_000
"""Values that are described at a time: 32 MB."""
AT_ONCE = 3_000_000
"""Rows of data sets that are in memory at a time, of parameters about as frequent as each other: some 500 MB."""
NOBODY = "no patient has a value"
ALONE = "one patient has no standard deviation"


@dataclass(frozen=True, slots=True)
class Patients:
    """The patients of a table: their arm and replicate as numbers.

    Attributes
    ----------
    frame
        A row a patient (and once more where all together are a column), keys first, then `_arm`, `_trial`, `_patient`.
    keys
        What tells patients apart: USUBJID, and REPLICATE where there are many trials.
    arms
        Names of the columns.
    size
        Patients, (arm, replicate).
    """

    frame: pl.DataFrame
    keys: tuple[str, ...]
    arms: tuple[str, ...]
    size: Floats

    @property
    def trials(self) -> int:
        """How many replicates."""
        return int(self.size.shape[1])

    def rows(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Rows of these patients, with their arm, replicate and number."""
        return frame.drop(ARM, TRIAL, PATIENT, strict=False).join(self.frame, on=list(self.keys), how="inner")


def patients(table: TableBase, study: Study, data: Library) -> Patients:
    """The table's patients, by arm and replicate."""
    frame = subjects(table, data)
    keys = (REPLICATE, SUBJECT) if REPLICATE in frame.columns else (SUBJECT,)
    arms = columns(table, study)
    numbers = {name: number for number, name in enumerate(arms) if name != TOTAL}
    trial = pl.col(REPLICATE).rank("dense") - 1 if REPLICATE in frame.columns else pl.lit(0)
    frame = (
        frame.with_columns(trial.cast(pl.Int64).alias(TRIAL))
        .select(
            *keys,
            pl.col(table.treatment).replace_strict(numbers, default=None, return_dtype=pl.Int64).alias(ARM),
            TRIAL,
            pl.int_range(pl.len(), dtype=pl.Int64).alias(PATIENT),
        )
        .filter(pl.col(ARM).is_not_null())
    )
    trials = int(frame[TRIAL].to_numpy().max(initial=0)) + 1
    if table.total:
        frame = pl.concat([frame, frame.with_columns(pl.lit(len(arms) - 1, dtype=pl.Int64).alias(ARM))])
    size = counted(frame[ARM].to_numpy() * trials + frame[TRIAL].to_numpy(), (len(arms), trials))
    return Patients(frame, keys, tuple(arms), size)


def stacked(
    table: TableBase,
    also: tuple[str, ...],
    data: Library,
    wanted: list[str],
    among: tuple[str, Sequence[str]] | None = None,
) -> pl.DataFrame:
    """The rows of a table's data sets that it looks at, one data set below the other.

    With `among`, a column and names of values, the rows with one of those values; the others are never in memory.
    """
    frames = []
    for name in (table.dataset, *also):
        found = looked_at(table.model_copy(update={"dataset": name}), data)
        schema = found.collect_schema()
        if among is not None:
            found = found.filter(plain(schema, among[0]).is_in(list(among[1])))
        frames.append(found.select(c for c in dict.fromkeys([REPLICATE, *wanted]) if c in schema))
    return pl.concat(frames, how="diagonal_relaxed").collect()


def few_at_a_time(
    names: tuple[str, ...], table: TableBase, also: tuple[str, ...], data: Library
) -> list[tuple[str, ...]]:
    """Parameters in so many parts that rows of one part fit in memory; all in one, where the data sets are small."""
    rows = sum(data[name].scan().select(pl.len()).collect().item() for name in (table.dataset, *also))
    each = max(1, len(names) * AT_ONCE // max(rows, 1))
    return [names[start : start + each] for start in range(0, len(names), each)] or [names]


def plain(schema: pl.Schema, column: str) -> pl.Expr:
    """A column as the words of a study file name its values: texts without blanks around them, 1.0 as 1."""
    kind = schema[column]
    if kind.is_float():
        whole = pl.col(column).cast(pl.Int64, strict=False)
        return pl.when(pl.col(column) == whole).then(whole.cast(pl.String)).otherwise(pl.col(column).cast(pl.String))
    return pl.col(column).cast(pl.String).str.strip_chars()


def position(frame: pl.DataFrame, column: str, names: tuple[str, ...]) -> pl.Expr:
    """The place of each row's value among some names; null for any other value."""
    numbers = {name: number for number, name in enumerate(names)}
    known = frame.select(pl.col(column).alias("raw"), plain(frame.schema, column).alias("name")).unique()
    places = {raw: numbers[name] for raw, name in known.iter_rows() if name in numbers}
    if not places:
        return pl.lit(None, dtype=pl.Int64)
    return pl.col(column).replace_strict(places, default=None, return_dtype=pl.Int64)


def counted(codes: Integers, shape: tuple[int, ...]) -> Floats:
    """How many there are of each code, in the given shape."""
    return np.bincount(codes, minlength=int(np.prod(shape))).astype(np.float64).reshape(shape)


def described(codes: Integers, values: Floats, shape: tuple[int, ...]) -> Summary:
    """Number, mean, standard deviation, median and range of the values in every cell, in the given shape.

    Cells are laid side by side, (cell, value), and described as many at a time as fit the workspace.
    """
    cells = int(np.prod(shape))
    order = np.argsort(codes, kind="stable")
    codes, values = codes[order], values[order]
    starts = np.searchsorted(codes, np.arange(cells + 1))
    found = joined([_described(values, starts[low : high + 1]) for low, high in _chunks(starts)])
    return Summary(**{name: getattr(found, name).reshape(shape) for name in Summary.__slots__})


def joined(parts: Sequence[Summary]) -> Summary:
    """Descriptions of some cells, and of others below them."""
    return Summary(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in Summary.__slots__})


def _chunks(starts: Integers) -> Iterator[tuple[int, int]]:
    low, widest = 0, 1
    for cell, width in enumerate(np.diff(starts)):
        widest = max(widest, int(width))
        if cell > low and widest * (cell + 1 - low) > WORKSPACE:
            yield low, cell
            low, widest = cell, max(1, int(width))
    yield low, len(starts) - 1


def _described(values: Floats, starts: Integers) -> Summary:
    sizes = np.diff(starts)
    padded = np.full((len(sizes), int(sizes.max(initial=0))), np.nan)
    padded[np.arange(padded.shape[1]) < sizes[:, None]] = values[starts[0] : starts[-1]]
    return summarise(padded)


def valued(key: Key, value: Floats, why: str = NOBODY) -> Row:
    """A row over replicates; where it has no number, the reason."""
    missing = np.isnan(value)
    return Row(key, value, tuple(np.where(missing, why, "")) if missing.any() else None)


def of_summary(summary: Summary, statistic: str, cell: tuple[int, ...], key: Key) -> Row:
    """One statistic of one cell over replicates; the reason where there is none."""
    value = np.asarray(getattr(summary, statistic)[cell], dtype=np.float64)
    if statistic != "sd":
        return valued(key, value)
    n, missing = summary.n[cell], np.isnan(value)
    why = tuple(np.where(missing, np.where(n == 0, NOBODY, ALONE), ""))
    return Row(key, value, why if missing.any() else None)
