"""What a check finds: one frame for all rules, a row a finding."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import polars as pl

from pivotal.records.dataset import Dataset, Library
from pivotal.study.model import Study

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""error: cannot be; warning: hardly meant; note: worth knowing."""
ROW = "row of the data set"
SUBJECT = "USUBJID"
SCHEMA = {
    "severity": pl.String,
    "dataset": pl.String,
    "row": pl.Int64,
    "patient": pl.String,
    "rule": pl.String,
    "variable": pl.String,
    "value": pl.String,
    "says": pl.String,
    "mend": pl.String,
    "rows": pl.Int64,
}


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the data.

    Attributes
    ----------
    name
        What findings are counted under: ``duplicate keys``.
    severity
        How bad it is where the rule is broken.
    says
        The rule itself.
    mend
        What to do where it is broken.
    """

    name: str
    severity: Severity
    says: str
    mend: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding.

    Attributes
    ----------
    severity
        ``error``, ``warning`` or ``note``.
    dataset
        Name of the data set.
    row
        Its row, from 1; None where it is of the data set as a whole.
    patient
        USUBJID of the row; None where there is none.
    rule
        Name of the rule that is broken.
    variable
        The variable, or several.
    value
        What stands there; None where nothing does.
    says
        What the rule says.
    mend
        What to do.
    rows
        How many rows it is about, where one finding stands for many; `row` is the first of them.
    """

    severity: Severity
    dataset: str
    row: int | None
    patient: str | None
    rule: str
    variable: str | None
    value: str | None
    says: str
    mend: str
    rows: int = 1


Check = Callable[[Study, Library], Iterator[pl.DataFrame]]
"""A group of rules: frames of findings from a study and its data sets."""


def numbered(data: Dataset) -> pl.DataFrame:
    """The rows of a data set with their numbers, from 1."""
    return data.frame.with_row_index(ROW, 1)


def noted(
    rule: Rule,
    data: Dataset,
    rows: pl.DataFrame,
    variable: str,
    value: pl.Expr | str | None = None,
    *,
    says: pl.Expr | str | None = None,
    mend: pl.Expr | str | None = None,
    count: pl.Expr | None = None,
) -> pl.DataFrame:
    """Findings, one for each of some rows.

    Parameters
    ----------
    rule
        The rule that they break.
    data
        The data set that they are of.
    rows
        The rows, as `numbered` numbers them.
    variable
        The variable.
    value
        What stands there: an expression over the rows, or a text; by default the variable's value.
    says, mend
        In place of the rule's own.
    count
        How many rows each stands for.

    Returns
    -------
    polars.DataFrame
        Of `SCHEMA`.
    """
    patient = pl.col(SUBJECT).cast(pl.String) if SUBJECT in rows.columns else pl.lit(None, pl.String)
    row = pl.col(ROW).cast(pl.Int64) if ROW in rows.columns else pl.lit(None, pl.Int64)
    shown = pl.col(variable) if value is None else value
    parts = {
        "severity": pl.lit(rule.severity),
        "dataset": pl.lit(data.name),
        "row": row,
        "patient": patient,
        "rule": pl.lit(rule.name),
        "variable": pl.lit(variable),
        "value": pl.lit(shown) if isinstance(shown, str) else shown.cast(pl.String),
        "says": _text(says, rule.says),
        "mend": _text(mend, rule.mend),
        "rows": pl.lit(1, pl.Int64) if count is None else count.cast(pl.Int64),
    }
    return rows.select(part.alias(name) for name, part in parts.items())


def whole(
    rule: Rule, name: str, variable: str | None, value: str | None, *, says: str = "", mend: str = ""
) -> pl.DataFrame:
    """One finding of a data set as a whole."""
    row = {
        "severity": rule.severity,
        "dataset": name,
        "rule": rule.name,
        "variable": variable,
        "value": value,
        "says": says or rule.says,
        "mend": mend or rule.mend,
        "rows": 1,
    }
    return pl.DataFrame([row], schema=SCHEMA)


def _text(given: pl.Expr | str | None, default: str) -> pl.Expr:
    return given.cast(pl.String) if isinstance(given, pl.Expr) else pl.lit(default if given is None else given)
