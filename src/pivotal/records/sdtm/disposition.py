"""DS: randomisation, and how each patient left each period."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pivotal.records.define.describing import Description, Field
from pivotal.records.define.terminology import LISTS
from pivotal.records.sdtm.drawn import Drawn, iso
from pivotal.records.sdtm.people import DAY, DOMAIN, EPOCH, STUDY, SUBJECT, collected, sequence, worded

DS = Description(
    name="DS",
    label="Disposition",
    structure="One record per disposition status or protocol milestone per subject",
    class_="EVENTS",
    keys=("STUDYID", "USUBJID", "DSSTDTC", "DSSEQ"),
    fields=(
        STUDY,
        DOMAIN,
        SUBJECT,
        sequence("DS"),
        collected("DSTERM", "Reported Term for the Disposition Event", "Topic"),
        Field(name="DSDECOD", label="Standardized Disposition Term", role="Synonym Qualifier", codelist="NCOMPLT"),
        Field(name="DSCAT", label="Category for Disposition Event", role="Grouping Qualifier", codelist="DSCAT"),
        EPOCH,
        collected("DSSTDTC", "Start Date/Time of Disposition Event", "Timing", date=True),
        Field(
            name="DSSTDY", label="Study Day of Start of Disposition Event", role="Timing", origin="Derived", method=DAY
        ),
    ),
    comment="A patient who left the first period is shown as leaving on the day of the last visit attended: no later "
    "day is drawn. One who left the long-term period is shown on the day of leaving.",
)


def ds(drawn: Drawn) -> pl.DataFrame:
    """Randomisation, how each patient left the first period, and allocation anew and leaving in the long-term one."""
    parts = [_randomised(drawn), _left_first(drawn), *_left_later(drawn)]
    rows = pl.concat(parts, how="diagonal_relaxed").sort("who", "DSSTDY", maintain_order=True)
    return rows.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("who").alias("DSSEQ"))


def _milestone(drawn: Drawn, who: NDArray[Any], terms: object, epoch: str, day: int) -> pl.DataFrame:
    days = np.full(len(who), day)
    return drawn.rows("DS", who, {
        "DSTERM": terms, "DSDECOD": "RANDOMIZED", "DSCAT": "PROTOCOL MILESTONE", "EPOCH": epoch,
        "DSSTDTC": iso(drawn.on(days, who)), "DSSTDY": days,
    })  # fmt: skip


def _ending(
    drawn: Drawn, who: NDArray[Any], reasons: pl.Series, epochs: pl.Series | str, days: NDArray[Any]
) -> pl.DataFrame:
    decoded = worded(drawn, "DSDECOD", reasons)
    known = decoded.is_in(list(LISTS["NCOMPLT"].terms))
    return drawn.rows("DS", who, {
        "DSTERM": reasons, "DSDECOD": decoded.zip_with(known, pl.Series(["OTHER"])), "DSCAT": "DISPOSITION EVENT",
        "EPOCH": epochs, "DSSTDTC": iso(drawn.on(days, who)), "DSSTDY": days,
    })  # fmt: skip


def _randomised(drawn: Drawn) -> pl.DataFrame:
    baseline = drawn.study.visit_index(drawn.study.baseline_visit.name)
    everyone = np.arange(drawn.trials.shape[1])
    return _milestone(drawn, everyone, "RANDOMIZED", drawn.epoch(baseline), 1)


def _left_first(drawn: Drawn) -> pl.DataFrame:
    trials = drawn.trials
    who = np.flatnonzero(trials.reason[0] >= 0)
    epochs = pl.Series([drawn.epoch(v) for v in range(len(drawn.study.visits))])
    reasons = pl.Series(trials.reasons).gather(trials.reason[0][who].astype(np.int64))
    last = epochs.gather(trials.last_visit[0][who].astype(np.int64))
    return _ending(drawn, who, reasons, last, drawn.last_visit_days()[who])


def _left_later(drawn: Drawn) -> list[pl.DataFrame]:
    """Who was allocated anew, and how each patient left the long-term period; nothing where there is none."""
    later, period = drawn.trials.longterm, drawn.later_period
    if later is None or period is None:
        return []
    epoch = drawn.period_epoch(period.name)
    arms = {drawn.study.arm_index(each.arm) for each in period.rerandomise}
    entered = np.flatnonzero(later.sequence[0] >= 0)
    anew = entered[np.isin(drawn.trials.arm[0][entered], list(arms))]
    terms = pl.Series([f"RANDOMIZED TO {drawn.trials.arms[arm]}" for arm in later.onto], dtype=pl.String)
    reasons = pl.Series(later.reasons).gather(later.reason[0][entered].astype(np.int64))
    return [
        _milestone(drawn, anew, terms.gather(later.sequence[0][anew].astype(np.int64)), epoch, later.first_day),
        _ending(drawn, entered, reasons, epoch, later.end_day[0][entered].astype(np.int64)),
    ]
