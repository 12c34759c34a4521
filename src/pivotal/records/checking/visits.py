"""Visits: within their windows, planned, and each with one name."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from pivotal.records.checking.finding import ROW, SUBJECT, Rule, noted, numbered
from pivotal.records.dataset import Dataset, Library
from pivotal.study.model import Study
from pivotal.study.recipe_visits import Windows

OUTSIDE = Rule("visit outside its window", "warning", "", "Check the date and the visit; analyses go by the window.")
OTHER = Rule("analysis visit outside its window", "error", "", "Correct the analysis visit, or the windows.")
BETWEEN = Rule("day of no window", "note", "every day belongs to some visit", "Widen the windows, if it should count.")
UNPLANNED = Rule("visit not planned", "note", "", "Check the visit, or add it to the plan.")
NAMES = Rule("visit number and name", "error", "a visit number has one name", "Correct the number or the name.")


def windows(study: Study, data: Library) -> Iterator[pl.DataFrame]:
    """Visits on days that their windows do not hold, of data sets with a recipe that has windows."""
    told: set[tuple[str, str]] = set()
    for recipe in study.datasets:
        for step in recipe.steps:
            if not isinstance(step, Windows):
                continue
            found = data.get(recipe.name)
            if found is not None:
                yield from _analysed(found, step)
            source = data.get(recipe.from_)
            shape = (recipe.from_, str([(w.label, w.first, w.last) for w in step.windows]))
            if source is not None and shape not in told:
                told.add(shape)
                yield from _recorded(source, step)


def _table(step: Windows, key: pl.Expr) -> pl.DataFrame:
    frame = pl.DataFrame(
        {
            "label": [w.label for w in step.windows],
            "opens": [w.first for w in step.windows],
            "closes": [w.last for w in step.windows],
        },
        schema={"label": pl.String, "opens": pl.Float64, "closes": pl.Float64},
    )
    return frame.with_columns(key=key)


def _analysed(found: Dataset, step: Windows) -> Iterator[pl.DataFrame]:
    """Rows whose analysis visit is not the one that holds their day; rows made from others are not looked at."""
    if not {step.day, step.visit} <= set(found.frame.columns):
        return
    rows = numbered(found)
    if "DTYPE" in rows.columns:
        rows = rows.filter(pl.col("DTYPE").is_null())
    out = _outside(rows, step, pl.col(step.visit), pl.col("label"))
    yield noted(OTHER, found, out, step.visit, _on(step.visit, step.day), says=_window())
    none = rows.filter(pl.col(step.day).is_not_null() & pl.col(step.visit).is_null())
    yield noted(BETWEEN, found, none, step.day)


def _recorded(found: Dataset, step: Windows) -> Iterator[pl.DataFrame]:
    """Rows of SDTM whose visit is named like a window that does not hold their day; one for a patient and visit."""
    day = f"{found.name}DY"
    if not {"VISIT", day, SUBJECT} <= set(found.frame.columns):
        return
    name = pl.col("VISIT").str.to_lowercase()
    out = _outside(numbered(found), step, name, pl.col("label").str.to_lowercase())
    one = out.group_by([SUBJECT, "VISIT"], maintain_order=True).agg(
        pl.col(ROW).first(), pl.col(day, "opens", "closes", "label").first(), pl.len().alias("rows")
    )
    yield noted(OUTSIDE, found, one, "VISIT", _on("VISIT", day), says=_window(), count=pl.col("rows"))


def _outside(rows: pl.DataFrame, step: Windows, visit: pl.Expr, label: pl.Expr) -> pl.DataFrame:
    day_column = (
        step.day if step.day in rows.columns else next(n for n in rows.columns if n.endswith("DY") and n != "VISITDY")
    )
    day = pl.col(day_column)
    joined = rows.with_columns(key=visit).join(_table(step, label), on="key", how="inner", maintain_order="left")
    return joined.filter((day < pl.col("opens")) | (day > pl.col("closes")))


def _on(visit: str, day: str) -> pl.Expr:
    return pl.format("{} on day {}", pl.col(visit), pl.col(day).cast(pl.Int64))


def _window() -> pl.Expr:
    opens = pl.col("opens").cast(pl.Int64).cast(pl.String).fill_null("the start")
    closes = pl.col("closes").cast(pl.Int64).cast(pl.String).fill_null("the end")
    return pl.format("the window of {} is day {} to {}", pl.col("label"), opens, closes)


def planned(study: Study, data: Library) -> Iterator[pl.DataFrame]:
    """Visits that the plan of visits (TV) does not have, and numbers with two names."""
    plan = data.get("TV")
    numbers = (
        plan.frame["VISITNUM"].drop_nulls().unique() if plan is not None and "VISITNUM" in plan.frame.columns else None
    )
    for found in data.values():
        if found.name in ("TV", "ADSL") or not {"VISITNUM", "VISIT"} <= set(found.frame.columns):
            continue
        if not found.frame.schema["VISITNUM"].is_numeric() or SUBJECT not in found.frame.columns:
            continue
        each = (
            numbered(found)
            .drop_nulls("VISITNUM")
            .group_by("VISITNUM", "VISIT")
            .agg(pl.col(ROW).min(), pl.col(SUBJECT).first(), pl.len().alias("rows"))
        )
        scheduled = ~pl.col("VISIT").fill_null("").str.to_lowercase().str.contains("unsch")
        whole = pl.col("VISITNUM") == pl.col("VISITNUM").round()
        named = each.filter(scheduled & whole).sort("rows", descending=True)
        named = named.with_columns(usual=pl.col("VISIT").drop_nulls().first().over("VISITNUM"))
        says = pl.format("visit {} is {} elsewhere", pl.col("VISITNUM"), pl.col("usual"))
        yield noted(
            NAMES,
            found,
            named.filter(pl.col("VISIT") != pl.col("usual")).sort(ROW),
            "VISIT",
            says=says,
            count=pl.col("rows"),
        )
        if numbers is not None:
            other = each.filter(scheduled & whole & ~pl.col("VISITNUM").is_in(numbers.implode())).sort(ROW)
            what = pl.format("{} ({})", pl.col("VISIT").fill_null("no name"), pl.col("VISITNUM"))
            yield noted(UNPLANNED, found, other, "VISITNUM", what, says="TV has no such visit", count=pl.col("rows"))
