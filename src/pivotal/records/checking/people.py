"""Who is who: one patient a number, and the same of a patient in every data set."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from pivotal.records.checking.finding import ROW, SUBJECT, Rule, noted, numbered
from pivotal.records.dataset import Dataset, Library
from pivotal.study.model import Study

TWO = Rule(
    "two patients with one USUBJID",
    "error",
    "a USUBJID is one person's: number, site, birth and sex are the same on all rows",
    "Give each person a USUBJID of their own, or correct what differs.",
)
SHARED = Rule(
    "one SUBJID, two USUBJID", "warning", "within a site a SUBJID is one patient's", "Correct SUBJID or USUBJID."
)
DIFFERS = Rule("differs from DM", "error", "it is the patient's own, as DM says it", "Correct one of the two.")
PERSONAL = ("SUBJID", "SITEID", "BRTHDTC", "SEX")
COPIED = ("SUBJID", "SITEID", "SEX", "RACE", "ETHNIC", "AGE")
"""What other data sets copy from DM, or from ADSL where there is no DM."""


def identity(study: Study, data: Library) -> Iterator[pl.DataFrame]:
    """Two patients with one USUBJID; one patient with two; and copies that differ."""
    for name in ("DM", "ADSL"):
        found = data.get(name)
        if found is not None and SUBJECT in found.frame.columns:
            yield from _two(found)
            yield from _shared(found)
    first = data.get("DM") or data.get("ADSL")
    if first is None or SUBJECT not in first.frame.columns:
        return
    for found in data.values():
        if found.name != first.name and SUBJECT in found.frame.columns:
            yield from _copies(found, first)


def _two(found: Dataset) -> Iterator[pl.DataFrame]:
    """Rows of one USUBJID that are of another person than its first row."""
    names = [name for name in PERSONAL if name in found.frame.columns]
    rows = numbered(found)
    if not names or not rows[SUBJECT].drop_nulls().is_duplicated().any():
        return
    firsts = [pl.col(name).first().over(SUBJECT).alias(f"first {name}") for name in names]
    held = rows.filter(pl.col(SUBJECT).is_not_null()).with_columns(*firsts)
    for name in names:
        other = held.filter(pl.col(name).ne_missing(pl.col(f"first {name}")))
        says = pl.format(
            "a USUBJID is one person's; the first row of this one has {}", pl.col(f"first {name}").fill_null("none")
        )
        yield noted(TWO, found, other, name, says=says)


def _shared(found: Dataset) -> Iterator[pl.DataFrame]:
    if not {"SUBJID", "SITEID"} <= set(found.frame.columns):
        return
    rows = numbered(found).drop_nulls(["SUBJID", "SITEID", SUBJECT])
    one = rows.with_columns(first=pl.col(SUBJECT).first().over("SITEID", "SUBJID"))
    other = one.filter(pl.col(SUBJECT) != pl.col("first"))
    says = pl.format("within a site a SUBJID is one patient's; this one is {}'s too", pl.col("first"))
    yield noted(SHARED, found, other, "SUBJID", says=says)


def _copies(found: Dataset, first: Dataset) -> Iterator[pl.DataFrame]:
    names = [name for name in COPIED if name in found.frame.columns and name in first.frame.columns]
    if not names:
        return
    own = first.frame.unique(SUBJECT, keep="first").select(SUBJECT, *(pl.col(n).alias(f"own {n}") for n in names))
    rows = numbered(found).select(ROW, SUBJECT, *names).join(own, on=SUBJECT, how="inner", maintain_order="left")
    for name in names:
        one, other = pl.col(name).cast(pl.String), pl.col(f"own {name}").cast(pl.String)
        differ = rows.filter(one != other)
        if differ.height:
            firsts = differ.group_by(SUBJECT, maintain_order=True).agg(
                pl.col(ROW).first(), pl.col(name).first(), pl.col(f"own {name}").first(), pl.len().alias("rows")
            )
            says = pl.format(f"{first.name} says {{}} of this patient", pl.col(f"own {name}").cast(pl.String))
            yield noted(DIFFERS, found, firsts, name, says=says, count=pl.col("rows"))
