"""EX: what each patient was given, and when."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pivotal.records.define.describing import Description, Field
from pivotal.records.sdtm.drawn import Drawn, iso
from pivotal.records.sdtm.people import DAY, DOMAIN, EPOCH, STUDY, SUBJECT, collected, sequence

EX = Description(
    name="EX",
    label="Exposure",
    structure="One record per constant dosing interval per subject",
    class_="INTERVENTIONS",
    keys=("STUDYID", "USUBJID", "EXTRT", "EXSTDTC"),
    fields=(
        STUDY,
        DOMAIN,
        SUBJECT,
        sequence("EX"),
        collected("EXTRT", "Name of Treatment", "Topic"),
        collected("EXDOSE", "Dose", "Record Qualifier"),
        Field(name="EXDOSU", label="Dose Units", role="Variable Qualifier", codelist="UNIT"),
        Field(name="EXDOSFRM", label="Dose Form", role="Variable Qualifier", codelist="FRM"),
        Field(name="EXDOSFRQ", label="Dosing Frequency per Interval", role="Variable Qualifier", codelist="FREQ"),
        Field(name="EXROUTE", label="Route of Administration", role="Variable Qualifier", codelist="ROUTE"),
        collected("EXADJ", "Reason for Dose Adjustment", "Record Qualifier"),
        EPOCH,
        collected("EXSTDTC", "Start Date/Time of Treatment", "Timing", date=True),
        collected("EXENDTC", "End Date/Time of Treatment", "Timing", date=True),
        Field(name="EXSTDY", label="Study Day of Start of Treatment", role="Timing", origin="Derived", method=DAY),
        Field(name="EXENDY", label="Study Day of End of Treatment", role="Timing", origin="Derived", method=DAY),
    ),
    comment="One interval from randomisation to the last day of the first period, and one a course of treatment in the "
    "long-term period: adherence is not drawn. EXADJ says why a course stopped before the patient's time was over.",
)


CLEARED = "LESIONS CLEARED"
"""EXADJ of a course that stopped because lesions had gone."""

TEXTS = {"EXTRT": "treatment", "EXDOSE": "dose", "EXDOSU": "unit", "EXDOSFRM": "form", "EXDOSFRQ": "frequency",
         "EXROUTE": "route"}  # fmt: skip
"""Columns that say what is given, by what the study file calls it."""


def ex(drawn: Drawn) -> pl.DataFrame | None:
    """A row a patient, and a row a course in the long-term period, of arms whose exposure the study file tells."""
    if not drawn.part.exposure:
        return None
    parts = [_first_period(drawn), *_later_courses(drawn)]
    rows = pl.concat(parts, how="diagonal_relaxed").drop_nulls("EXTRT").sort("who", "EXSTDY")
    return rows.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("who").alias("EXSEQ"))


def _first_period(drawn: Drawn) -> pl.DataFrame:
    everyone = np.arange(drawn.trials.shape[1])
    baseline = drawn.epoch(drawn.study.visit_index(drawn.study.baseline_visit.name))
    first = np.ones(len(everyone), dtype=np.int64)
    return _given(drawn, everyone, drawn.trials.arm[0], baseline, first, drawn.first_period_days())


def _later_courses(drawn: Drawn) -> list[pl.DataFrame]:
    later, period = drawn.trials.longterm, drawn.later_period
    if later is None or period is None:
        return []
    rows = later.courses
    arms = np.array(later.onto)[later.sequence[0][rows.subject]]
    made = _given(drawn, rows.subject, arms, drawn.period_epoch(period.name), rows.start, rows.stop)
    why = pl.when(pl.Series(rows.cleared)).then(pl.lit(CLEARED)).alias("EXADJ")
    return [made.with_columns(why)]


def _given(
    drawn: Drawn, who: NDArray[Any], arms: NDArray[Any], epoch: str, first: NDArray[Any], last: NDArray[Any]
) -> pl.DataFrame:
    """Intervals of dosing, each with an arm's treatment and its first and last study day."""
    told = {each.arm: each for each in drawn.part.exposure}
    known = [told.get(drawn.trials.arms[arm]) for arm in arms]
    texts = {name: pl.Series([getattr(e, key) if e else None for e in known]) for name, key in TEXTS.items()}
    return drawn.rows("EX", who, {
        **texts, "EPOCH": epoch, "EXSTDTC": iso(drawn.on(first, who)), "EXENDTC": iso(drawn.on(last, who)),
        "EXSTDY": first.astype(np.int64), "EXENDY": last.astype(np.int64),
    })  # fmt: skip
