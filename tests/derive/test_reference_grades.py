"""Grades by CTCAE v5 against the conditions of the R package admiral (atoxgr_criteria_ctcv5), run term by term.

The reference holds a condition in R for each term. It is read here as Python, record by record, and shares nothing with
the product: values on, just below and just above every limit, with limits of normal and baseline known and missing.
"""

from __future__ import annotations

import csv
import itertools
import math
import re
from pathlib import Path

import polars as pl
import pytest

from pivotal.derive.ctcae import criteria
from pivotal.derive.steps import apply
from pivotal.study.recipe_grades import GradeByCtcae, Graded

with (Path(__file__).parent / "data" / "atoxgr_criteria_ctcv5.csv").open(encoding="utf-8") as file:
    TERMS = {row["TERM"]: row for row in csv.DictReader(file)}
UNITS = {"MMOL/L": "mmol/L"}
CASE = re.compile(r'(.+?) ~ (?:"(\d)"|NA_character_)\s*(?:,|$)', re.S)


def of_r(term: str, record: dict[str, float | str | None]) -> str | None:
    """The grade that admiral's condition gives to one record; None for NA."""
    code = re.sub(r"\s+", " ", TERMS[term]["GRADE_CRITERIA_CODE"]).strip()
    body = code.removeprefix("case_when(").removesuffix(")")
    for condition, grade in CASE.findall(body):
        if _true(condition.strip(), record):
            return grade or None
    raise AssertionError(body)


def _true(condition: str, record: dict[str, float | str | None]) -> bool:
    text = condition.replace("BNRIND %in% high_indicator", "(BNRIND == 'HIGH')").replace("TRUE", "True")
    text = re.sub(r"!is\.na\((\w+)\)", r"(\1 is not None)", text)
    text = re.sub(r"is\.na\((\w+)\)", r"(\1 is None)", text)
    text = re.sub(r"signif\(([^,]+), signif_dig\)", r"S(\1)", text)
    text = text.replace("!(", "not (").replace("&", " and ").replace("|", " or ")
    try:
        return bool(eval(text, {"S": _signif}, dict(record)))
    except TypeError:  # a comparison with NA is not true
        return False


def _signif(x: float) -> float:
    return float(f"{x:.15g}")


def records(term: str) -> list[dict[str, float | str | None]]:
    """Values about every limit, with what else the term needs known, and each of it missing once."""
    rules = criteria("5.0").term(term).rules
    lower, upper = 1.1, 3.3
    bases = {"NORMAL": 2.3, "HIGH": 4.7}
    limits = {
        v
        for rule in rules
        for base in (2.3, 4.7)
        for v in _numbers(
            rule.limit, lower, upper, base, UNITS.get(TERMS[term]["UNIT_CHECK"], TERMS[term]["UNIT_CHECK"])
        )
    }
    values = sorted({x for v in limits | {lower, upper} for x in (v, v * 0.999, v * 1.001)})
    whole = [
        {"AVAL": v, "ANRLO": lower, "ANRHI": upper, "BASE": base, "BNRIND": ind}
        for v, (ind, base) in itertools.product(values, bases.items())
    ]
    gaps = [{**r, name: None} for r in whole for name in ("AVAL", "ANRLO", "ANRHI", "BASE", "BNRIND")]
    return [{**r, "PCHG": _change(r)} for r in whole + gaps]


def _numbers(limit, lower, upper, base, unit):
    of = {"ULN": upper, "LLN": lower, "baseline": base}
    if isinstance(limit, float | int):
        return {float(limit)}
    if isinstance(limit, dict):
        return {limit[unit]}
    return {of[limit.of] * limit.times} if hasattr(limit, "times") else {of[limit.of] + limit.plus[unit]}


def _change(record):
    value, base = record["AVAL"], record["BASE"]
    return None if value is None or base is None else 100 * (value - base) / base


def graded(term: str, rows: list[dict], incomplete: str = "certain", unit: str | None = None) -> pl.DataFrame:
    side = criteria("5.0").term(term).direction
    unit = unit or UNITS.get(TERMS[term]["UNIT_CHECK"], TERMS[term]["UNIT_CHECK"]) or None
    step = GradeByCtcae(
        step="grade by CTCAE", parameters={"X": Graded(**{side: term}, unit=unit)}, incomplete=incomplete
    )
    schema = {"AVAL": pl.Float64, "ANRLO": pl.Float64, "ANRHI": pl.Float64, "BASE": pl.Float64, "BNRIND": pl.String}
    frame = pl.DataFrame(rows, schema=schema).with_columns(PARAMCD=pl.lit("X"))
    found = apply(step, frame, {})
    letter = side[0].upper()
    return found.select(grade=f"ATOXGR{letter}", reason=f"ATOXRSN{letter}")


def differs_on_purpose(term: str, record: dict) -> bool:
    """Where the step says otherwise, and why: see docs/methods/laboratory.md."""
    enzyme = "baseline" in TERMS[term]["GRADE_1"] and "BNRIND" in TERMS[term]["VAR_CHECK"]
    if enzyme and record["BNRIND"] == "HIGH":
        # From a high baseline no limit of normal is needed; without the baseline value the grade is unknown, not 0
        return record["ANRHI"] is None or record["BASE"] is None or _first_of_ggt(term, record)
    # Without a baseline value a grade by multiples of it is unknown, not 0
    return term in {"Creatinine increased", "Fibrinogen decreased"} and record["BASE"] is None


def _first_of_ggt(term: str, record: dict) -> bool:
    """CTCAE: grade 1 of GGT from a high baseline starts at 2.0 x baseline; admiral asks for more."""
    value, base = record["AVAL"], record["BASE"]
    return term == "GGT increased" and value is not None and math.isclose(value, 2 * base)


def test_every_term_is_there():
    assert {t.term for t in criteria("5.0").terms} == set(TERMS)


@pytest.mark.parametrize("term", TERMS)
def test_grades_agree_with_admiral(term):
    rows = records(term)
    found = graded(term, rows)
    compared = 0
    for record, grade, reason in zip(rows, found["grade"], found["reason"], strict=True):
        assert (grade is None) == (reason is not None)
        if not differs_on_purpose(term, record):
            assert grade == of_r(term, record), (record, reason)
            compared += 1
    assert compared > 0.6 * len(rows)


@pytest.mark.parametrize("term", TERMS)
def test_what_is_missing_never_lowers_a_grade(term):
    """A grade that is told although something is missing is the grade that is told when nothing is."""
    rows = records(term)
    whole = {
        (r["AVAL"], r["BASE"]): g
        for r, g in zip(rows, graded(term, rows)["grade"], strict=True)
        if None not in r.values()
    }
    for record, grade in zip(rows, graded(term, rows, "unknown")["grade"], strict=True):
        if record["AVAL"] is not None and record["BASE"] is not None and grade is not None:
            assert grade == whole[record["AVAL"], record["BASE"]], record
