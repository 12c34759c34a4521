"""What a define.xml beside CSV files says of them: labels, lengths, formats, and what is a text, a number, a date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl

from pivotal.errors import DataError, Fault, Findings
from pivotal.records.dataset import Column, Dataset, type_of
from pivotal.records.define.model import DATA_TYPES, Defined, Variable
from pivotal.records.define.reading import read_define
from pivotal.records.formats import moments, sas

NAME = "define.xml"
CSV = (".csv", ".csv.gz")


def defined_beside(folder: Path, findings: Findings) -> Mapping[str, Defined]:
    """The data sets of a folder's define.xml by name; none where there is no such file, or no CSV file to describe."""
    names = [path.name.lower() for path in folder.iterdir()] if folder.is_dir() else []
    if NAME not in names or not any(name.endswith(CSV) for name in names):
        return {}
    try:
        return read_define(next(path for path in folder.iterdir() if path.name.lower() == NAME))
    except DataError as error:
        for fault in error.faults:
            findings.add(NAME, fault)
        return {}


def column_of(variable: Variable) -> Column:
    """What is known of a variable as a column: a number under a SAS date format is a date."""
    kind = DATA_TYPES.get(variable.type, "text")
    form = sas.parsed(variable.format) if variable.format is not None and kind != "text" else None
    if form is not None and form.kind is not None:
        kind = form.kind
    return Column(name=variable.name, label=variable.label, type=kind, length=variable.length, format=variable.format)


def texts(found: Defined | None) -> tuple[Column, ...]:
    """The columns that are text whatever they look like: ``007`` is not seven."""
    columns = map(column_of, found.variables) if found is not None else ()
    return tuple(column for column in columns if column.type == "text")


def told(data: Dataset, found: Defined | None, findings: Findings) -> Dataset:
    """The data set with what the define.xml says of it; a value that is not what it says is noted."""
    if found is None:
        return data
    known = {variable.name.upper(): column_of(variable) for variable in found.variables}
    made, columns = [], []
    for values, column in zip(data.frame, data.columns, strict=True):
        about = known.get(column.name.upper())
        made.append(_as(about, values, data, findings) if about is not None else values)
        kind = type_of(made[-1].dtype)
        about = about or column
        columns.append(replace(column, label=about.label, length=about.length, format=about.format, type=kind))
    return replace(data, label=found.label, frame=pl.DataFrame(made), columns=tuple(columns))


def _as(about: Column, values: pl.Series, data: Dataset, findings: Findings) -> pl.Series:
    if values.null_count() == len(values) or about.type == "text":
        return values
    if about.type in ("date", "datetime", "time"):
        return _moments(about, values, data, findings)
    if not values.dtype.is_numeric():
        row = next(n for n, v in enumerate(values.to_list()) if v is not None and not _number(v))
        _note(about, values, row, "a number", data, findings)
        return values
    return values.cast(pl.Float64) if about.type == "float" else values


def _moments(about: Column, values: pl.Series, data: Dataset, findings: Findings) -> pl.Series:
    """Dates as text of ISO 8601, or as the numbers that SAS stores."""
    if values.dtype.is_numeric():
        numbers = values.cast(pl.Float64)
        return {"date": sas.dates, "datetime": sas.datetimes, "time": sas.times}[about.type](numbers)
    found, wrong = moments.from_text(about.type, values.to_list())
    for row in wrong:
        _note(about, values, row, moments.allowed(about.type), data, findings)
    dtypes = {"date": pl.Date(), "datetime": pl.Datetime("us"), "time": pl.Time()}
    return values if wrong else pl.Series(values.name, found, dtype=dtypes[about.type])


def _number(text: str) -> bool:
    return pl.Series([text]).cast(pl.Float64, strict=False).null_count() == 0


def _note(about: Column, values: pl.Series, row: int, allowed: str, data: Dataset, findings: Findings) -> None:
    where = f"{data.source} row {row + 2:,}: {values.name}"
    words = f"{NAME} says that {about.name} is {allowed}"
    findings.add(f"{data.name} {values.name}", Fault(where, repr(values[row]), words, f"Correct it, or {NAME}."))
