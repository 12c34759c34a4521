"""A data set as the field stores it: a frame, and what is known of its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import polars as pl

DataType = Literal["text", "integer", "float", "boolean", "date", "datetime", "time"]
"""What a column holds; a SAS number with a date, datetime or time format is a date, a datetime or a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What is known of a column.

    Attributes
    ----------
    name
        Its name, as stored.
    label
        Its label; empty where there is none.
    type
        What it holds.
    length
        Bytes of a text as stored, or of a number; None where the format of the file does not say.
    format
        Display format as SAS names it: ``DATE9.``; None where there is none.
    more
        What else a file says of it, by the file's own key: Dataset-JSON's ``itemOID``, ``keySequence``, ``dataType``.
    """

    name: str
    label: str = ""
    type: DataType
    length: int | None = None
    format: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A data set: DM, AE, ADSL.

    Attributes
    ----------
    name
        Its name, in capitals.
    label
        Its label; empty where there is none.
    frame
        Its rows. Texts are `pl.String` with null for what is missing (SAS knows no difference between a blank and a
        missing text), numbers `pl.Float64` or `pl.Int64`, dates `pl.Date`, `pl.Datetime`, `pl.Time`.
    columns
        What is known of each column, in the frame's order.
    source
        Where it was read from, as a person would name it: ``sdtm/lb.zip:lb.xpt``; None where it was derived.
    special
        Why a number is missing, where the file says so (SAS's special missing values ``.A`` to ``.Z`` and ``._``): for
        such a column the letter in each row, null elsewhere. `with_frame` drops it, whose rows are others.
    more
        What else a file says of it, by the file's own key: Dataset-JSON's ``studyOID``, ``itemGroupOID``; ``encoding``.
    """

    name: str
    label: str = ""
    frame: pl.DataFrame
    columns: tuple[Column, ...]
    source: str | None = None
    special: Mapping[str, pl.Series] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def with_frame(self, frame: pl.DataFrame) -> Dataset:
        """The same data set with other rows or columns; a column that was not known is described by its type."""
        known = {column.name: column for column in self.columns}
        columns = tuple(
            known.get(name) or Column(name=name, type=type_of(frame.schema[name])) for name in frame.columns
        )
        return replace(self, frame=frame, columns=columns, special={})

    def scan(self) -> pl.LazyFrame:
        """Its rows as a plan: what reads only some columns or rows of a large data set reads them from here."""
        return self.frame.lazy()


Library = Mapping[str, Dataset]
"""Data sets by name, in capitals."""


def type_of(dtype: pl.DataType) -> DataType:
    """What a column of a Polars type holds."""
    if dtype.is_integer():
        return "integer"
    if dtype.is_numeric():
        return "float"
    exact: dict[object, DataType] = {pl.Boolean: "boolean", pl.Date: "date", pl.Datetime: "datetime", pl.Time: "time"}
    return exact.get(dtype.base_type(), "text")


def dataset(name: str, frame: pl.DataFrame, *, label: str = "", labels: Mapping[str, str] | None = None) -> Dataset:
    """A data set from a frame.

    Parameters
    ----------
    name
        Its name.
    frame
        Its rows.
    label
        Its label.
    labels
        Labels of columns by name.

    Returns
    -------
    Dataset
        With a column described for each of the frame's.

    Examples
    --------
    >>> dataset("dm", pl.DataFrame({"AGE": [75]}), labels={"AGE": "Age"}).columns
    (Column(name='AGE', label='Age', type='integer', length=None, format=None, more={}),)
    """
    known = labels or {}
    columns = tuple(Column(name=n, label=known.get(n, ""), type=type_of(t)) for n, t in frame.schema.items())
    return Dataset(name=name.upper(), label=label, frame=frame, columns=columns)
