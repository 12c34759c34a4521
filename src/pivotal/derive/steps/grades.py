"""The step that grades laboratory values by CTCAE."""

from __future__ import annotations

from functools import reduce
from typing import Literal

import polars as pl

from pivotal.derive.ctcae import Criteria, Limit, Plus, Rule, Term, Times, criteria
from pivotal.derive.steps.step import apply
from pivotal.errors import DataError, Fault, StudyError, nearest
from pivotal.records.dataset import Library
from pivotal.study.recipe_grades import GradeByCtcae, Graded

DIGITS = 15
"""Significant digits in which a value and its limit are compared: those that a decimal number keeps as a double, so
that 3.3 is not below 3 x 1.1. admiral compares alike."""
ROW, UNIT = "_row", "_unit"
NOTHING = pl.lit(None, dtype=pl.String)
MISSING = {
    "ULN": "the upper limit of normal is missing",
    "LLN": "the lower limit of normal is missing",
    "baseline": "the baseline value is missing",
    "baseline high": "whether baseline was high is missing",
}


@apply.register
def grade_by_ctcae(step: GradeByCtcae, frame: pl.DataFrame, known: Library) -> pl.DataFrame:
    """Grades 0 to 4 as texts, or why there is none, in both directions; and the baseline's on every record."""
    book = criteria(step.version)
    _known(step, book)
    numbered = frame.with_row_index(ROW)
    graded = [_parameter(step, book, code, g, numbered) for code, g in step.parameters.items()]
    made = [f"ATOX{what}{side}" for side in ("L", "H") for what in ("DSC", "GR", "RSN")]
    frame = numbered.drop(made, strict=False).join(pl.concat(graded), on=ROW, how="left", maintain_order="left")
    return _with_baseline(step, frame.drop(ROW))


def _known(step: GradeByCtcae, book: Criteria) -> None:
    """Each term is one of this version, and of its direction."""
    faults = []
    for code, graded in step.parameters.items():
        sides: tuple[tuple[Literal["low", "high"], str | None], ...] = (("low", graded.low), ("high", graded.high))
        for side, name in sides:
            term = book.term(name) if name is not None else None
            if name is not None and (term is None or term.direction != side):
                names = [t.term for t in book.terms if t.direction == side]
                where = f"grade by CTCAE: parameters.{code}.{side}"
                allowed = f"CTCAE {step.version} has {len(names)} terms for {side} laboratory values"
                faults.append(Fault(where, repr(name), allowed, nearest(name, names)))
    if faults:
        raise StudyError(faults)


def _parameter(step: GradeByCtcae, book: Criteria, code: str, graded: Graded, frame: pl.DataFrame) -> pl.DataFrame:
    """Grades of one parameter's records, by row."""
    rows = frame.filter(pl.col(step.parameter) == code)
    rows = rows.with_columns(_unit(step, book, graded, rows).alias(UNIT))
    texts = []
    for side, name in (("L", graded.low), ("H", graded.high)):
        term = book.term(name) if name is not None else None
        grade, why = (NOTHING, NOTHING) if term is None else _grade(step, term, rows)
        said = pl.lit(None if term is None else term.term, dtype=pl.String)
        texts += [said.alias(f"ATOXDSC{side}"), grade.alias(f"ATOXGR{side}"), why.alias(f"ATOXRSN{side}")]
    return rows.select(ROW, *texts)


def _unit(step: GradeByCtcae, book: Criteria, graded: Graded, rows: pl.DataFrame) -> pl.Expr:
    """The unit of each record as the criteria spell it."""
    if graded.unit is not None:
        return pl.lit(book.unit(graded.unit))
    if step.unit is None:
        return pl.lit(None, dtype=pl.String)
    spelt = {unit: book.unit(unit) for unit in rows[step.unit].drop_nulls().unique()}
    return pl.col(step.unit).replace_strict(spelt, return_dtype=pl.String) if spelt else pl.lit(None, dtype=pl.String)


def _grade(step: GradeByCtcae, term: Term, rows: pl.DataFrame) -> tuple[pl.Expr, pl.Expr]:
    """The grade and, where there is none, the reason: the first of what is missing."""
    has_unit = pl.lit(True) if term.units is None else pl.col(UNIT).is_in(list(term.units)).fill_null(False)
    can = pl.col(step.value).is_not_null() & has_unit
    held = {g: _any([_holds(step, r, term, rows) for r in term.rules if r.grade == g]) for g in _grades(term)}
    cases: list[tuple[pl.Expr, pl.Expr]] = [(can.not_(), NOTHING)]
    for number, holds in held.items():
        if step.incomplete == "unknown":
            cases.append((holds.is_null(), NOTHING))
        cases.append((holds, pl.lit(str(number))))
    cases.append((_any([holds.is_null() for holds in held.values()]), NOTHING))
    grade = _first(cases, pl.lit("0"))
    causes: list[tuple[pl.Expr, pl.Expr]] = [
        (grade.is_not_null(), NOTHING),
        (pl.col(step.value).is_null(), pl.lit("the value is missing")),
        (has_unit.not_() & pl.col(UNIT).is_null(), pl.lit("the unit is missing")),
        (has_unit.not_(), pl.format("CTCAE has no limit in {}", pl.col(UNIT))),
    ]
    for what in dict.fromkeys(what for rule in term.rules for what in sorted(rule.looks_at)):
        causes.append((_about(step, what, rows).is_null(), pl.lit(MISSING[what])))
    return grade, _first(causes, NOTHING)


def _first(cases: list[tuple[pl.Expr, pl.Expr]], otherwise: pl.Expr) -> pl.Expr:
    """What belongs to the first case that is true."""
    return reduce(lambda rest, case: pl.when(case[0]).then(case[1]).otherwise(rest), reversed(cases), otherwise)


def _grades(term: Term) -> list[int]:
    """The grades that it has, the worst first."""
    return sorted({rule.grade for rule in term.rules}, reverse=True)


def _any(parts: list[pl.Expr]) -> pl.Expr:
    """Whether any holds: unknown where none does and one is unknown."""
    return reduce(lambda a, b: a | b, parts)


def _holds(step: GradeByCtcae, rule: Rule, term: Term, rows: pl.DataFrame) -> pl.Expr:
    """Whether a rule holds: true, false or unknown."""
    value, limit = _rounded(pl.col(step.value)), _rounded(_limit(step, rule.limit, rows))
    compared = {
        "above": value > limit, "at_least": value >= limit, "below": value < limit, "at_most": value <= limit,
    }[rule.comparison]  # fmt: skip
    if rule.given is None:
        return compared
    if rule.given == "below LLN":
        return (value < _rounded(_about(step, "LLN", rows))) & compared
    high = _about(step, "baseline high", rows)
    if step.incomplete == "certain":
        high = high.fill_null(False)
    return (high if rule.given == "baseline high" else high.not_()) & compared


def _rounded(number: pl.Expr) -> pl.Expr:
    return number.round_sig_figs(DIGITS)


def _limit(step: GradeByCtcae, limit: Limit, rows: pl.DataFrame) -> pl.Expr:
    if isinstance(limit, Times):
        return limit.times * _about(step, limit.of, rows)
    if isinstance(limit, Plus):
        return _about(step, limit.of, rows) + _in_unit(limit.plus)
    return _in_unit(limit) if isinstance(limit, dict) else pl.lit(float(limit))


def _in_unit(numbers: dict[str, float]) -> pl.Expr:
    return pl.col(UNIT).replace_strict(numbers, default=None, return_dtype=pl.Float64)


def _about(step: GradeByCtcae, what: str, rows: pl.DataFrame) -> pl.Expr:
    """A limit of normal, the baseline value, or whether baseline was high; missing where there is no such column."""
    names = {"ULN": step.upper, "LLN": step.lower, "baseline": step.baseline, "baseline high": step.baseline_indicator}
    if names[what] not in rows.columns:
        return pl.lit(None, dtype=pl.Boolean if what == "baseline high" else pl.Float64)
    if what != "baseline high":
        return pl.col(names[what]).cast(pl.Float64).fill_nan(None)
    return pl.col(names[what]).str.to_uppercase().is_in([word.upper() for word in step.high_words])


def _one_each(step: GradeByCtcae, flagged: pl.DataFrame, keys: list[str]) -> None:
    """Nothing, if a patient has one baseline record a parameter; else every patient who has more, all at once."""
    twice = flagged.group_by(keys, maintain_order=True).len().filter(pl.col("len") > 1)
    if twice.height:
        allowed = "a patient has one baseline record a parameter"
        mend = f"Leave {step.baseline_flag} = 'Y' on the one that counts."
        raise DataError(
            Fault(
                f"grade by CTCAE: {', '.join(f'{name} {record[name]}' for name in keys)}",
                f"flagged {step.baseline_flag} = 'Y' on {record['len']} records",
                allowed,
                mend,
            )
            for record in twice.iter_rows(named=True)
        )


def _with_baseline(step: GradeByCtcae, frame: pl.DataFrame) -> pl.DataFrame:
    """The grades of the baseline record on every record of its patient and parameter."""
    if step.baseline_flag not in frame.columns:
        return frame
    keys = [name for name in ("REPLICATE", "USUBJID", step.parameter) if name in frame.columns]
    new = {f"BTOXGR{side}": f"ATOXGR{side}" for side in ("L", "H")}
    flagged = frame.filter(pl.col(step.baseline_flag) == "Y")
    _one_each(step, flagged, keys)
    at_baseline = flagged.select(*keys, *(pl.col(old).alias(name) for name, old in new.items()))
    rest = frame.drop(list(new), strict=False)
    return rest.join(at_baseline, on=keys, how="left", validate="m:1", maintain_order="left")
