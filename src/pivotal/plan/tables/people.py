"""Patients of a table as arrays, a trial a row: the shape that the estimators take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pivotal.study.model import Study
from pivotal.study.tables import TableBase

REPLICATE = "REPLICATE"
Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class People:
    """Patients of one trial, or of several where the frame has a column `REPLICATE`.

    Attributes
    ----------
    frame
        A row a patient.
    place
        Trial and position of each row, (2, row).
    shape
        Trials, and patients of the largest.
    """

    frame: pl.DataFrame
    place: tuple[Codes, Codes]
    shape: tuple[int, int]

    @classmethod
    def of(cls, frame: pl.DataFrame) -> People:
        """The patients of a frame."""
        if REPLICATE not in frame.columns:
            rows = np.arange(frame.height)
            return cls(frame, (np.zeros(frame.height, dtype=np.int64), rows), (1, frame.height))
        trial = frame[REPLICATE].rank("dense").to_numpy().astype(np.int64) - 1
        within = frame.select(pl.int_range(pl.len()).over(REPLICATE)).to_series().to_numpy().astype(np.int64)
        trials = int(trial.max(initial=-1)) + 1
        return cls(frame, (trial, within), (trials, int(within.max(initial=-1)) + 1))

    def numbers(self, expression: str) -> Floats:
        """An expression's numbers, (trial, patient); NaN where there is none."""
        values = np.full(self.shape, np.nan)
        values[self.place] = self._evaluated(expression).cast(pl.Float64).fill_null(np.nan).to_numpy()
        return values

    def codes(self, expression: str, levels: Sequence[str]) -> Codes:
        """Positions of an expression's entries among `levels`, (trial, patient); -1 where it is none of them."""
        known = {level: code for code, level in enumerate(levels)}
        entries = self._evaluated(expression).cast(pl.String)
        found = np.full(self.shape, -1, dtype=np.int64)
        found[self.place] = entries.replace_strict(known, default=-1, return_dtype=pl.Int64).to_numpy()
        return found

    def holds(self, expression: str | None) -> NDArray[np.bool_]:
        """Where a condition is true, (trial, patient); everywhere that a patient is, where there is none."""
        found = np.zeros(self.shape, dtype=np.bool_)
        wanted = pl.repeat(True, self.frame.height, eager=True) if expression is None else self._evaluated(expression)
        found[self.place] = wanted.cast(pl.Boolean).fill_null(False).to_numpy()
        return found

    def arms(self, table: TableBase, study: Study) -> Codes:
        """Position of each patient's arm, (trial, patient)."""
        return self.codes(f'"{table.treatment}"', [arm.name for arm in study.arms])

    def entries(self, expression: str) -> list[str]:
        """The different entries of an expression, sorted."""
        return sorted(self._evaluated(expression).cast(pl.String).drop_nulls().unique())

    def _evaluated(self, expression: str) -> pl.Series:
        column = pl.col(expression) if expression in self.frame.columns else pl.sql_expr(expression)
        return self.frame.select(column.alias("value")).to_series()
