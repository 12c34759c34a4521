"""Treatment: what was given against what was allocated."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from pivotal.errors import nearest
from pivotal.records.checking.finding import ROW, SUBJECT, Rule, noted, numbered
from pivotal.records.dataset import Dataset, Library
from pivotal.study.model import Arm, Study

ARM = Rule("no arm of the study", "error", "", "Correct it, or the name of the arm in the study file.")
OTHER = Rule(
    "treated otherwise than randomised", "warning", "", "Check which is right; both are kept, and analyses say which."
)
COPY = Rule("treatment differs", "error", "", "Correct one of the two.")
ACTUAL = Rule("actual treatment differs", "warning", "", "Check which is right, or say how it was derived.")
GIVEN = Rule("treatment against allocation", "error", "", "Check the kit and the arm of this patient.")
HIGH = Rule("dose above the arm's", "warning", "", "Check the dose.")
NEVER = Rule("randomised and not treated", "note", "EX has rows of every patient in an arm", "Check EX, or the arm.")
UNALLOCATED = Rule(
    "treated and not randomised", "error", "only patients who were allocated are treated", "Check DM and EX."
)
LISTED = Rule("allocation against the list", "error", "", "Check the patient's arm and number.")
NOBODY = ("screen failure", "scrnfail", "not assigned", "notassgn", "not treated", "nottrt", "unplanned treatment", "")
"""Words of DM for those in no arm (SDTM implementation guide)."""
PLACEBO = "placebo"


def arms(study: Study, data: Library) -> Iterator[pl.DataFrame]:
    """Arms that the study does not have, and patients treated in another arm than theirs."""
    names = [arm.name for arm in study.arms]
    for name, planned, actual in (("DM", "ARM", "ACTARM"), ("ADSL", "TRT01P", "TRT01A")):
        found = data.get(name)
        if found is None:
            continue
        for column in (planned, actual):
            if column in found.frame.columns:
                yield from _unknown(found, column, names)
        if {planned, actual} <= set(found.frame.columns):
            rows = numbered(found).filter(pl.col(planned) != pl.col(actual))
            yield noted(OTHER, found, rows, actual, says=pl.format(f"{planned} is {{}}", pl.col(planned)))


def _unknown(found: Dataset, column: str, names: list[str]) -> Iterator[pl.DataFrame]:
    value = pl.col(column).cast(pl.String)
    rows = numbered(found).filter(~value.is_in(names) & ~value.str.to_lowercase().is_in(list(NOBODY)))
    one = rows.group_by(column, maintain_order=True).agg(
        pl.col(ROW).first(), *(pl.col(n).first() for n in (SUBJECT,) if n in rows.columns), pl.len().alias("rows")
    )
    mends = pl.Series([nearest(str(given), names) for given in one[column]], dtype=pl.String)
    says = f"arms are {', '.join(names)}"
    yield noted(ARM, found, one.with_columns(mend=mends), column, says=says, mend=pl.col("mend"), count=pl.col("rows"))


def copies(study: Study, data: Library) -> Iterator[pl.DataFrame]:
    """Treatments of ADSL that are not DM's, and of other data sets that are not ADSL's."""
    adsl, dm = data.get("ADSL"), data.get("DM")
    if adsl is None or SUBJECT not in adsl.frame.columns:
        return
    if dm is not None and SUBJECT in dm.frame.columns:
        for rule, mine, theirs in ((COPY, "TRT01P", "ARM"), (COPY, "ARM", "ARM"), (ACTUAL, "TRT01A", "ACTARM")):
            yield from _differs(rule, adsl, mine, dm, theirs)
    if "TRT02P" in adsl.frame.columns:
        return  # of a cross-over each period has its own
    for found in data.values():
        for mine, theirs in (("TRTP", "TRT01P"), ("TRTA", "TRT01A")):
            yield from _differs(COPY, found, mine, adsl, theirs)


def _differs(rule: Rule, found: Dataset, mine: str, people: Dataset, theirs: str) -> Iterator[pl.DataFrame]:
    if mine not in found.frame.columns or theirs not in people.frame.columns or SUBJECT not in found.frame.columns:
        return
    own = people.frame.unique(SUBJECT, keep="first").select(SUBJECT, pl.col(theirs).cast(pl.String).alias("own"))
    rows = numbered(found).join(own, on=SUBJECT, how="inner", maintain_order="left")
    other = rows.filter(pl.col(mine).cast(pl.String) != pl.col("own"))
    one = other.group_by(SUBJECT, maintain_order=True).agg(
        pl.col(ROW).first(), pl.col(mine).first(), pl.col("own").first(), pl.len().alias("rows")
    )
    says = pl.format(f"{people.name}.{theirs} of this patient is {{}}", pl.col("own"))
    yield noted(rule, found, one, mine, says=says, count=pl.col("rows"))


def exposure(study: Study, data: Library) -> Iterator[pl.DataFrame]:
    """What EX gives against the arm that DM (or ADSL) says."""
    ex = data.get("EX")
    people, column = _allocated(data)
    if ex is None or people is None or SUBJECT not in ex.frame.columns:
        return
    first = people.frame.unique(SUBJECT, keep="first", maintain_order=True)
    arm = first.select(SUBJECT, pl.col(column).cast(pl.String).alias("arm"))
    rows = numbered(ex).join(arm, on=SUBJECT, how="inner", maintain_order="left")
    nobody = pl.col("arm").is_null() | pl.col("arm").str.to_lowercase().is_in(list(NOBODY))
    treated = rows.filter(nobody).unique(SUBJECT, keep="first", maintain_order=True)
    yield noted(UNALLOCATED, ex, treated, "EXTRT", pl.format("in {}", pl.col("arm").fill_null("no arm")))
    for each in study.arms:
        yield from _of_arm(ex, rows.filter(pl.col("arm") == each.name), each)
    yield from _never(people, column, ex, [arm.name for arm in study.arms])


def _allocated(data: Library) -> tuple[Dataset | None, str]:
    for name, column in (("DM", "ARM"), ("ADSL", "TRT01P")):
        found = data.get(name)
        if found is not None and {SUBJECT, column} <= set(found.frame.columns):
            return found, column
    return None, ""


def _of_arm(ex: Dataset, rows: pl.DataFrame, arm: Arm) -> Iterator[pl.DataFrame]:
    if "EXTRT" not in rows.columns or rows.height == 0:
        return
    is_placebo = PLACEBO in f"{arm.name} {arm.label or ''} {arm.treatment or ''}".lower()
    given = pl.col("EXTRT").cast(pl.String).str.to_lowercase().str.contains(PLACEBO)
    if is_placebo and arm.control:
        yield noted(GIVEN, ex, rows.filter(~given), "EXTRT", says=f"the patient is in {arm.name}")
    elif not is_placebo:
        never = rows.filter(given.all().over(SUBJECT)).unique(SUBJECT, keep="first", maintain_order=True)
        yield noted(GIVEN, ex, never, "EXTRT", says=f"the patient is in {arm.name} and has only had this")
    if "EXDOSE" in rows.columns and rows.schema["EXDOSE"].is_numeric() and arm.dose is not None:
        above = rows.filter(pl.col("EXDOSE") > arm.dose)
        yield noted(HIGH, ex, above, "EXDOSE", says=f"the dose of {arm.name} is {arm.dose:g}")


def _never(people: Dataset, column: str, ex: Dataset, names: list[str]) -> Iterator[pl.DataFrame]:
    had = ex.frame.select(pl.col(SUBJECT)).unique()
    rows = numbered(people).filter(pl.col(column).cast(pl.String).is_in(names)).join(had, on=SUBJECT, how="anti")
    yield noted(NEVER, people, rows.sort(ROW), column)
