"""Keys: what must be there, rows told apart, and patients who are known."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from pivotal.errors import nearest
from pivotal.records.checking.finding import ROW, SUBJECT, Rule, noted, numbered, whole
from pivotal.records.checking.standard import is_domain, standard_of
from pivotal.records.dataset import Dataset, Library
from pivotal.study.model import Study

MISSING = Rule("missing variable", "error", "data sets of its kind have it", "Add the variable.")
EMPTY = Rule("missing value", "error", "it is filled in on every row", "Fill it in, or remove the row.")
DUPLICATE = Rule("duplicate keys", "error", "keys tell rows apart", "Remove one of the rows, or correct their keys.")
TWICE = Rule(
    "recorded twice", "warning", "no two rows say the same but for their number", "Remove the row that is there twice."
)
STRANGER = Rule(
    "unknown patient", "error", "every patient is in the data set of patients", "Correct the patient's number."
)
DOMAIN = Rule("wrong domain", "error", "DOMAIN is the name of the data set", "Correct DOMAIN, or name the file by it.")
STUDY = Rule("several studies", "error", "all rows are of one study", "Correct STUDYID, or keep one study's rows.")
ORPHAN = Rule(
    "supplement of nothing",
    "warning",
    "a supplemental qualifier belongs to a row that is there",
    "Correct IDVARVAL, or remove it.",
)
MANY = 50_000_000
"""Cells beyond which rows are not compared whole."""


def required(study: Study, data: Library) -> Iterator[pl.DataFrame]:
    """Variables that are missing, or empty on some row."""
    for found in data.values():
        standard = standard_of(found)
        if standard is None:
            continue
        columns = found.frame.columns
        for name in (*standard.required, *standard.present):
            if name not in columns:
                yield whole(MISSING, found.name, name, None)
        for group in standard.one_of:
            if not set(group) & set(columns):
                yield whole(MISSING, found.name, " or ".join(group), None)
        filled = [name for name in standard.required if name in columns]
        rows = numbered(found)
        for name in filled:
            if found.frame[name].null_count():
                yield noted(EMPTY, found, rows.filter(pl.col(name).is_null()), name)


def unique(study: Study, data: Library) -> Iterator[pl.DataFrame]:
    """Rows that their keys do not tell apart, and rows recorded twice."""
    recipes = {recipe.name: recipe.keys for recipe in study.datasets}
    for found in data.values():
        standard = standard_of(found)
        keys = recipes.get(found.name) or (standard.keys if standard is not None else ())
        keys = tuple(key for key in ("REPLICATE", *keys) if key in found.frame.columns)
        if not keys or (keys == (SUBJECT,) and found.name not in ("DM", "ADSL")):
            continue
        yield from _duplicates(found, keys)
        if is_domain(found) and f"{found.name}SEQ" in found.frame.columns:
            yield from _twice(found)


def _duplicates(found: Dataset, keys: tuple[str, ...]) -> Iterator[pl.DataFrame]:
    values = found.frame.select(keys)
    if values.n_unique() == values.height:
        return
    again = ~values.select(pl.struct(keys).is_first_distinct()).to_series()
    rows = numbered(found)
    first = rows.group_by(keys, maintain_order=True).agg(pl.col(ROW).first().alias("first"))
    twice = rows.filter(again).join(first, on=list(keys), how="left", nulls_equal=True, maintain_order="left")
    says = pl.format("keys tell rows apart; row {} has the same", pl.col("first"))
    yield noted(DUPLICATE, found, twice, ", ".join(keys), _joined(keys), says=says)


def _joined(names: tuple[str, ...]) -> pl.Expr:
    return pl.concat_str([pl.col(name).cast(pl.String).fill_null("") for name in names], separator=", ")


def _twice(found: Dataset) -> Iterator[pl.DataFrame]:
    numbers = {f"{found.name}{end}" for end in ("SEQ", "SPID", "GRPID", "REFID", "LNKID", "LNKGRP")}
    names = [name for name in found.frame.columns if name not in numbers]
    if found.frame.height * len(names) > MANY or SUBJECT not in names:
        return
    said = found.frame.select(pl.struct(names).hash().alias("said"))["said"]
    again = said.is_duplicated() & ~said.is_first_distinct()
    if again.any():
        first = numbered(found).with_columns(said=said).group_by("said").agg(pl.col(ROW).min().alias("first"))
        rows = numbered(found).with_columns(said=said).filter(again).join(first, on="said", how="left")
        like = pl.format("as row {}", pl.col("first"))
        yield noted(TWICE, found, rows.sort(ROW), f"all but {found.name}SEQ", like)


def known(study: Study, data: Library) -> Iterator[pl.DataFrame]:
    """Patients of whom DM or ADSL knows nothing; domains and studies that do not belong."""
    for found in data.values():
        people = _people(found, data)
        if people is not None and SUBJECT in found.frame.columns:
            yield from _strangers(found, people)
        if is_domain(found):
            rows = numbered(found).filter(pl.col("DOMAIN") != found.name)
            yield noted(DOMAIN, found, rows, "DOMAIN")
    yield from _studies(data)


def _people(found: Dataset, data: Library) -> Dataset | None:
    """The data set of patients that one is held against: DM for SDTM, ADSL for ADaM; the other where it is missing."""
    first, second = ("ADSL", "DM") if found.name.startswith("AD") else ("DM", "ADSL")
    people = data.get(first)
    if people is None and first == "ADSL":
        people = data.get(second)
    return None if people is None or people.name == found.name or SUBJECT not in people.frame.columns else people


def _strangers(found: Dataset, people: Dataset) -> Iterator[pl.DataFrame]:
    ids = people.frame[SUBJECT].cast(pl.String).drop_nulls().unique()
    rows = numbered(found).with_columns(pl.col(SUBJECT).cast(pl.String))
    strange = rows.filter(pl.col(SUBJECT).is_not_null() & ~pl.col(SUBJECT).is_in(ids.implode()))
    if strange.height == 0:
        return
    names = ids.sort().to_list()
    one = strange.group_by(SUBJECT, maintain_order=True).agg(pl.col(ROW).first(), pl.len().alias("rows"))
    meant = [_meant(name, names) for name in one[SUBJECT]]
    one = one.with_columns(mend=pl.Series(meant, dtype=pl.String))
    says = f"every patient is in {people.name}"
    yield noted(STRANGER, found, one, SUBJECT, says=says, mend=pl.col("mend"), count=pl.col("rows"))


def _meant(name: str, names: list[str]) -> str:
    near = nearest(name.strip(), names[:5000])
    return near if near.startswith("Did you mean") else STRANGER.mend


def _studies(data: Library) -> Iterator[pl.DataFrame]:
    having = [found for found in data.values() if "STUDYID" in found.frame.columns]
    counts: dict[str, int] = {}
    for found in having:
        for name, n in found.frame["STUDYID"].cast(pl.String).drop_nulls().value_counts().iter_rows():
            counts[name] = counts.get(name, 0) + n
    if len(counts) < 2:
        return
    usual = max(counts, key=lambda name: counts[name])
    for found in having:
        other = numbered(found).filter(pl.col("STUDYID").cast(pl.String) != usual)
        people = [SUBJECT] if SUBJECT in found.frame.columns else []
        one = other.group_by("STUDYID", maintain_order=True).agg(pl.col(ROW, *people).first(), pl.len().alias("rows"))
        yield noted(STUDY, found, one, "STUDYID", says=f"all other rows are of {usual}", count=pl.col("rows"))


def supplements(study: Study, data: Library) -> Iterator[pl.DataFrame]:
    """Supplemental qualifiers whose parent row is not there."""
    for found in data.values():
        columns = set(found.frame.columns)
        if not found.name.startswith("SUPP") or not {SUBJECT, "RDOMAIN", "IDVAR", "IDVARVAL"} <= columns:
            continue
        rows = numbered(found)
        for domain, variable in found.frame.select("RDOMAIN", "IDVAR").unique().drop_nulls().rows():
            parent = data.get(domain)
            if parent is None or not {variable, SUBJECT} <= set(parent.frame.columns):
                continue
            mine = rows.filter(pl.col("RDOMAIN") == domain, pl.col("IDVAR") == variable)
            yield noted(ORPHAN, found, _orphans(mine, parent, variable), f"{variable} of {domain}", pl.col("IDVARVAL"))


def _orphans(rows: pl.DataFrame, parent: Dataset, variable: str) -> pl.DataFrame:
    kind = parent.frame.schema[variable]
    value = pl.col("IDVARVAL").str.strip_chars()
    key = value.cast(pl.Float64, strict=False) if kind.is_numeric() else value
    there = parent.frame.select(SUBJECT, pl.col(variable).cast(pl.Float64 if kind.is_numeric() else pl.String))
    there = there.rename({variable: "key"}).unique()
    return rows.with_columns(key=key).join(there, on=[SUBJECT, "key"], how="anti").sort(ROW)
