"""How each patient left: the last visit attended, completion, the reason.

Where the data have no LSTVIS, the last visit is the last of the schedule for a patient who completed, and otherwise
the last visit at which the patient has any value, the baseline visit at the least, since a randomised patient was
there. Where they have no EOSSTT, a patient whose last visit is the last of the schedule completed; any other left for
the reason in DCSREAS, or one that is not specified.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pivotal.records.cells import codes
from pivotal.records.faults import Findings
from pivotal.records.layout import (
    ADSL,
    COMPLETED,
    DISCONTINUED,
    LAST_VISIT,
    NOT_RECORDED,
    REASON,
    STATUS,
    VALUE,
    first_visit,
    reasons,
    visit_names,
)
from pivotal.records.subjects import Subjects
from pivotal.records.table import ROW, Table
from pivotal.records.values import Values
from pivotal.study.model import Study


@dataclass(frozen=True, slots=True)
class Leaving:
    """How the patients left.

    Attributes
    ----------
    last_visit
        Position of the last visit attended, (subject,).
    reason
        Code into `reasons`, (subject,); 0 for who completed.
    reasons
        "completed", then every reason that the study names, then those that only the data name.
    """

    last_visit: pl.Series
    reason: pl.Series
    reasons: tuple[str, ...]


def check_leaving(study: Study, subjects: Subjects, values: Values | None, findings: Findings) -> Leaving:
    """Read LSTVIS, EOSSTT and DCSREAS, noting what contradicts itself or the values."""
    table = subjects.table
    final = len(study.visits) - 1
    recorded = _codes(table, LAST_VISIT, visit_names(study), "the study's visits are", findings)
    status = _codes(table, STATUS, (COMPLETED, DISCONTINUED), "a patient is", findings)
    why = table.frame[REASON].cast(pl.String) if table.has(REASON) else _nothing(table, pl.String)
    seen = _last_seen(study, table, values)
    last = recorded.fill_null(pl.select(pl.when(status == 0).then(final).otherwise(seen)).to_series())
    completed = pl.select(pl.when(status.is_null()).then((last == final) & why.is_null()).otherwise(status == 0))
    left = ~completed.to_series()
    _agree(study, table, ~left, last, why, findings)
    if values is not None:
        _not_after(study, values, last, findings)
    return _coded(study, last, left, why)


def _codes(table: Table, column: str, labels: tuple[str, ...], what: str, findings: Findings) -> pl.Series:
    return codes(table, column, labels, findings, what=what) if table.has(column) else _nothing(table, pl.Int16)


def _nothing(table: Table, dtype: type[pl.DataType]) -> pl.Series:
    return pl.repeat(None, len(table.frame), dtype=dtype, eager=True)


def _last_seen(study: Study, table: Table, values: Values | None) -> pl.Series:
    """Position of the last visit with any value, the baseline visit at the least, (subject,)."""
    everyone = pl.DataFrame({"subject": pl.int_range(len(table.frame), eager=True)})
    start = first_visit(study)
    if values is None:
        return pl.repeat(start, len(table.frame), dtype=pl.Int16, eager=True)
    seen = values.frame.drop_nulls(["subject", "value"]).group_by("subject").agg(pl.col("visit").max())
    last = everyone.join(seen, on="subject", how="left", maintain_order="left")["visit"]
    return last.fill_null(start).clip(lower_bound=start)


def _agree(
    study: Study, table: Table, completed: pl.Series, last: pl.Series, why: pl.Series, findings: Findings
) -> None:
    final = study.visits[-1].name
    table.note(
        findings,
        completed & (last != len(study.visits) - 1),
        LAST_VISIT,
        kind="completed",
        allowed=f"the patient is {COMPLETED}, and who completed was at {final!r}",
        mend=f"Correct {LAST_VISIT} or {STATUS}.",
    )
    table.note(
        findings,
        completed & why.is_not_null(),
        REASON,
        kind="completed",
        allowed=f"the patient is {COMPLETED}, and who completed has no reason to leave",
        mend=f"Empty {REASON}, or correct {STATUS}.",
    )


def _not_after(study: Study, values: Values, last: pl.Series, findings: Findings) -> None:
    """Nobody has a value at a visit after the last one attended."""
    frame = values.frame
    end = last.cast(pl.Int16).gather(frame["subject"].cast(pl.UInt32))
    after = ((frame["visit"] > end) & frame["value"].is_not_null()).fill_null(False)
    names = visit_names(study)
    says = {row: names[code] for row, code in zip(frame[ROW].filter(after), end.filter(after), strict=True)}
    values.table.note(
        findings,
        after,
        VALUE,
        kind="after leaving",
        found=lambda row: f"{row[VALUE]}, at a visit after the last one attended",
        allowed=lambda row: f"the patient's last visit attended is {says[row[ROW]]!r}",
        mend=f"Correct the visit, or {LAST_VISIT} in the patient's row of {ADSL}.",
    )


def _coded(study: Study, last: pl.Series, left: pl.Series, why: pl.Series) -> Leaving:
    named = why.fill_null(NOT_RECORDED)
    known = reasons(study)
    every = (*known, *sorted(set(named.filter(left)) - set(known)))
    found = named.replace_strict({name: code for code, name in enumerate(every)}, default=0, return_dtype=pl.Int64)
    return Leaving(last, found * left.cast(pl.Int64), every)
