"""Impossible values: outside the study's ranges, negative doses, results that contradict themselves."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from pivotal.records.checking.finding import SUBJECT, Rule, noted, numbered
from pivotal.records.checking.standard import limits
from pivotal.records.dataset import Dataset, Library
from pivotal.study.model import Study

RANGE = Rule("out of range", "error", "", "Correct the value, or the range in the study file.")
WHOLE = Rule("not a whole number", "error", "the study counts it in whole numbers", "Correct the value.")
AGE = Rule("impossible age", "error", "an age is from 0 to 120 years", "Correct it.")
DOSE = Rule("negative dose", "error", "a dose is at least 0", "Correct it.")
VITAL = Rule("hardly possible", "warning", "", "Check value and unit.")
LIMITS = Rule("limits of normal crossed", "error", "the lower limit is at most the upper one", "Correct the limits.")
INDICATOR = Rule(
    "indicator against limits",
    "warning",
    "an indicator says where the value lies between its limits of normal",
    "Correct the indicator, the value or the limits.",
)
RESULT = Rule("two results", "warning", "the numeric result is the one in characters", "Correct one of the two.")
CHANGE = Rule("change", "error", "a change is the value less its baseline", "Correct CHG, AVAL or BASE.")
OLDEST = 120
NEAR = 1e-6
"""Relative difference of a stored change from the one computed that is still one number: decimals as stored."""
INDICATED = (("STRESN", "STNRLO", "STNRHI", "NRIND"),)


def ranges(study: Study, data: Library) -> Iterator[pl.DataFrame]:
    """Values outside the ranges that the study states for its parameters and variables."""
    for parameter in study.parameters:
        origin = parameter.origin
        found = data.get(origin.dataset) if origin is not None else None
        if origin is None or found is None or origin.value not in found.frame.columns:
            continue
        rows = _selected(found, origin.condition(parameter.name))
        if rows is not None:
            yield from _within(found, rows, origin.value, parameter.name, parameter.range, whole=parameter.integer)
    adsl = data.get("ADSL")
    if adsl is not None:
        for key, variable in study.variables.items():
            name = variable.column or key
            if variable.type in ("number", "integer") and name in adsl.frame.columns:
                rows = numbered(adsl)
                yield from _within(adsl, rows, name, key, variable.range, whole=variable.type == "integer")


def _selected(found: Dataset, condition: str) -> pl.DataFrame | None:
    """The rows that a condition of the study file selects; None where the data set cannot answer it."""
    try:
        return numbered(found).filter(pl.sql_expr(condition))
    except pl.exceptions.PolarsError:
        return None


def _within(
    found: Dataset, rows: pl.DataFrame, column: str, name: str, bounds: tuple[float, float] | None, *, whole: bool
) -> Iterator[pl.DataFrame]:
    value = pl.col(column).cast(pl.Float64, strict=False)
    if bounds is not None:
        beyond = rows.filter((value < bounds[0]) | (value > bounds[1]))
        yield noted(RANGE, found, beyond, column, says=f"{name} runs from {bounds[0]:g} to {bounds[1]:g}")
    if whole:
        yield noted(WHOLE, found, rows.filter(value != value.round()), column)


def people(study: Study, data: Library) -> Iterator[pl.DataFrame]:
    """Impossible ages and doses."""
    for found in data.values():
        frame = found.frame
        if found.name in ("DM", "ADSL") and "AGE" in frame.columns:
            age, years = pl.col("AGE").cast(pl.Float64, strict=False), pl.lit(True)
            if "AGEU" in frame.columns:
                years = pl.col("AGEU").fill_null("YEARS") == "YEARS"
            yield noted(AGE, found, numbered(found).filter((age < 0) | (years & (age > OLDEST))), "AGE")
        for name in (f"{found.name}DOSE", "DOSE", "AVGDD", "CUMDOSE"):
            if name in frame.columns and frame.schema[name].is_numeric():
                yield noted(DOSE, found, numbered(found).filter(pl.col(name) < 0), name)


def results(study: Study, data: Library) -> Iterator[pl.DataFrame]:
    """Results of findings domains that contradict themselves, and vital signs that nobody has."""
    for found in data.values():
        yield from _limits(found)
        yield from _characters(found)
    if "VS" in data:
        yield from _vital(data["VS"], "VSTESTCD", "VSSTRESN", "VSSTRESU")


def _limits(found: Dataset) -> Iterator[pl.DataFrame]:
    prefix = found.name
    columns = found.frame.columns
    for low, high in ((f"{prefix}STNRLO", f"{prefix}STNRHI"), ("ANRLO", "ANRHI"), ("A1LO", "A1HI")):
        if {low, high} <= set(columns) and all(found.frame.schema[c].is_numeric() for c in (low, high)):
            crossed = numbered(found).filter(pl.col(low) > pl.col(high))
            yield noted(LIMITS, found, crossed, low, says=pl.format(f"{high} is {{}}", pl.col(high)))
    for ends in INDICATED:
        value, low, high, said = (f"{prefix}{end}" for end in ends)
        if {value, low, high, said} <= set(columns) and found.frame.schema[value].is_numeric():
            yield from _indicated(found, value, low, high, said)


def _indicated(found: Dataset, value: str, low: str, high: str, said: str) -> Iterator[pl.DataFrame]:
    """NORMAL beyond a limit, or LOW or HIGH within both."""
    v, lower, upper = (pl.col(c).cast(pl.Float64, strict=False) for c in (value, low, high))
    word = pl.col(said).str.to_uppercase()
    right = pl.when(v < lower).then(pl.lit("LOW")).when(v > upper).then(pl.lit("HIGH"))
    right = right.when(v.is_between(lower, upper)).then(pl.lit("NORMAL"))
    rows = numbered(found).with_columns(right=right)
    wrong = rows.filter(word.is_in(["LOW", "HIGH", "NORMAL"]) & (word != pl.col("right")))
    wrong = _not_as_collected(found, wrong, word)
    says = pl.format("{} is {} between {} and {}", pl.col(value), pl.col("right"), pl.col(low), pl.col(high))
    yield noted(INDICATOR, found, wrong, said, says=says)


def _not_as_collected(found: Dataset, rows: pl.DataFrame, word: pl.Expr) -> pl.DataFrame:
    """Rows whose indicator is wrong in the units as collected, too: where conversion rounds, it goes by these."""
    names = [f"{found.name}{end}" for end in ("ORRES", "ORNRLO", "ORNRHI")]
    if not set(names) <= set(rows.columns):
        return rows
    v, lower, upper = (pl.col(name).cast(pl.Float64, strict=False) for name in names)
    agrees = (
        pl.when(word == "LOW")
        .then(v < lower)
        .when(word == "HIGH")
        .then(v > upper)
        .otherwise(v.is_between(lower, upper))
    )
    return rows.filter(~agrees.fill_null(False))


def _characters(found: Dataset) -> Iterator[pl.DataFrame]:
    text, number = f"{found.name}STRESC", f"{found.name}STRESN"
    if not {text, number} <= set(found.frame.columns) or found.frame.schema[text] != pl.String:
        return
    read = pl.col(text).str.strip_chars().cast(pl.Float64, strict=False)
    value = pl.col(number).cast(pl.Float64, strict=False)
    decimals = pl.col(text).str.extract(r"\.(\d*)").str.len_chars().fill_null(0)
    last = 0.5 * pl.lit(10.0).pow(-decimals.cast(pl.Float64))  # characters may be rounded
    differ = read.is_finite() & ((value - read).abs() > last + NEAR * read.abs().clip(1.0, None))
    rows = numbered(found).filter(differ.fill_null(False))
    yield noted(RESULT, found, rows, number, says=pl.format(f"{text} is {{}}", pl.col(text)))
    empty = numbered(found).filter(value.is_null() & read.is_finite().fill_null(False))
    says = pl.format(f"{text} is the number {{}}", pl.col(text))
    yield noted(RESULT, found, empty, number, says=says, mend=f"Fill in {number}.")


def _vital(found: Dataset, test: str, value: str, unit: str) -> Iterator[pl.DataFrame]:
    if not {test, value, unit} <= set(found.frame.columns) or not found.frame.schema[value].is_numeric():
        return
    table = [
        {test: name, unit: u, "lowest": float(low), "highest": float(high)}
        for name, units in limits().items()
        for u, (low, high) in units.items()
    ]
    rows = numbered(found).join(pl.DataFrame(table), on=[test, unit], how="inner", maintain_order="left")
    beyond = rows.filter((pl.col(value) < pl.col("lowest")) | (pl.col(value) > pl.col("highest")))
    parts = (pl.col(test), pl.col("lowest"), pl.col("highest"), pl.col(unit))
    yield noted(VITAL, found, beyond, value, says=pl.format("{} is from {} to {} {}", *parts))


def changes(study: Study, data: Library) -> Iterator[pl.DataFrame]:
    """Changes that are not the value less its baseline."""
    for found in data.values():
        if not {"AVAL", "BASE", "CHG", SUBJECT} <= set(found.frame.columns):
            continue
        if not all(found.frame.schema[name].is_numeric() for name in ("AVAL", "BASE", "CHG")):
            continue
        right = pl.col("AVAL") - pl.col("BASE")
        scale = pl.max_horizontal(pl.col("AVAL").abs(), pl.col("BASE").abs(), pl.lit(1.0))
        wrong = numbered(found).filter((pl.col("CHG") - right).abs() > NEAR * scale)
        parts = (pl.col("AVAL"), pl.col("BASE"), right)
        yield noted(CHANGE, found, wrong, "CHG", says=pl.format("{} less {} is {}", *parts))
