"""Types: what a variable holds by its name, and data sets in which every variable holds it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Literal

import polars as pl

from pivotal.records.checking.finding import ROW, SUBJECT, Rule, noted
from pivotal.records.dataset import Dataset, Library

TYPE = Rule("wrong type", "error", "", "Correct the value, or the type of the column.")
Kind = Literal["text", "number", "date"]
NUMBER = re.compile(
    r"AGE|AVAL|BASE|CHG|PCHG|VISITNUM|VISITDY|AVISITN|ADY|A(ST|EN)DY|CNSR|TRTDUR|AVGDD|CUMDOSE|TAETORD"
    r"|A1LO|A1HI|ANRLO|ANRHI|[A-Z][A-Z0-9](SEQ|DY|STDY|ENDY|STRESN|STNRLO|STNRHI|DOSE|TPTNUM)"
)
DATE = re.compile(r"ADT|A(ST|EN)DT|TRT[SE]DT|TR0\dSDT|TR0\dEDT|BRTHDT|DTHDT|RFICDT|STARTDT")
TEXT = re.compile(
    r"STUDYID|R?DOMAIN|USUBJID|SUBJID|SITEID|SEX|RACE|ETHNIC|AGEU|(ACT)?ARM(CD)?|A?VISIT|PARAM(CD)?|AVALU|BASETYPE|DTYPE"
    r"|ATPT|PARCAT1|TRT0\d[PA]|TRT[PA]|IDVAR(VAL)?|QNAM|COUNTRY|[A-Z0-9]+DTC|[A-Z0-9]+FL"
    r"|[A-Z][A-Z0-9](TESTCD|TEST|CAT|SCAT|SPEC|LOC|LAT|POS|METHOD|TPT|ORRES|ORRESU|ORNRLO|ORNRHI|STRESC|STRESU|NRIND|TRT|DECOD"
    r"|TERM|SEV|SER|OUT|DOSU|DOSFRM|DOSFRQ|ROUTE)"
)
DAYS_TO_1960 = 3653
"""Days from SAS's first day, 1 January 1960, to that of Unix, 1 January 1970."""


def kind_of(variable: str) -> Kind | None:
    """What a variable of SDTM or ADaM holds; None where its name does not say."""
    if NUMBER.fullmatch(variable):
        return "number"
    if DATE.fullmatch(variable):
        return "date"
    return "text" if TEXT.fullmatch(variable) else None


def typed(data: Library) -> tuple[dict[str, Dataset], list[pl.DataFrame]]:
    """Data sets whose variables hold what they should, and findings of values that cannot be read so.

    A number where a text should stand is read as its text; so is a text that is a number or a date, where these should.
    """
    found: list[pl.DataFrame] = []
    made = {}
    for name, each in data.items():
        casts: dict[str, pl.Series] = {}
        for variable, given in each.frame.schema.items():
            kind = kind_of(variable)
            if kind is not None and not _is(given, kind):
                casts[variable] = _read(each.frame[variable], kind)
                found += _unread(each, variable, casts[variable], kind)
        made[name] = each.with_frame(each.frame.with_columns(**casts)) if casts else each
    return made, found


def _is(given: pl.DataType, kind: Kind) -> bool:
    if kind == "number":
        return given.is_numeric()
    return given == pl.String if kind == "text" else given in (pl.Date, pl.Datetime)


def _read(values: pl.Series, kind: Kind) -> pl.Series:
    if values.dtype == pl.Null:
        return values.cast({"number": pl.Float64, "text": pl.String, "date": pl.Date}[kind])
    if kind == "number":
        return values.cast(pl.String, strict=False).str.strip_chars().cast(pl.Float64, strict=False)
    if kind == "text":
        whole = values.dtype.is_float() and (values.drop_nulls() == values.drop_nulls().round()).all()
        return (values.cast(pl.Int64, strict=False) if whole else values).cast(pl.String)
    if values.dtype == pl.String:
        return values.str.head(10).str.to_date("%Y-%m-%d", strict=False)
    if values.dtype.is_numeric():
        return (values.cast(pl.Int32, strict=False) - DAYS_TO_1960).cast(pl.Date)
    return pl.Series(values.name, [None] * values.len(), dtype=pl.Date)


def _unread(data: Dataset, variable: str, read: pl.Series, kind: Kind) -> Iterator[pl.DataFrame]:
    """Values that could not be read, each once."""
    lost = data.frame[variable].is_not_null() & read.is_null()
    if data.frame.schema[variable] == pl.String:
        lost = lost & (data.frame[variable].str.strip_chars() != "")
    if not lost.any():
        return
    people = [SUBJECT] if SUBJECT in data.frame.columns and variable != SUBJECT else []
    rows = data.frame.with_row_index(ROW, 1).filter(lost)
    one = rows.group_by(variable, maintain_order=True).agg(
        pl.col(ROW).first(), pl.col(people).first(), pl.len().alias("rows")
    )
    yield noted(TYPE, data, one, variable, says=f"{variable} is a {kind}", count=pl.col("rows"))


def by_name(data: Mapping[str, Dataset]) -> dict[str, Dataset]:
    """Data sets whose columns are in capitals, as the rules name them."""
    made = {}
    for name, each in data.items():
        upper = {column: column.upper() for column in each.frame.columns}
        clash = len(set(upper.values())) < len(upper)
        made[name] = (
            each if clash or all(a == b for a, b in upper.items()) else each.with_frame(each.frame.rename(upper))
        )
    return made
