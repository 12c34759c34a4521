"""DM and SV: who the patients are, and when they were seen."""

from __future__ import annotations

import numpy as np
import polars as pl

from pivotal.records.datasets import adsl
from pivotal.records.define.describing import Description, Field
from pivotal.records.sdtm.drawn import Drawn, iso

STUDY = Field(name="STUDYID", label="Study Identifier", role="Identifier", origin="Protocol", mandatory=True)
DOMAIN = Field(name="DOMAIN", label="Domain Abbreviation", role="Identifier", codelist="own", mandatory=True)
SUBJECT = Field(name="USUBJID", label="Unique Subject Identifier", role="Identifier", mandatory=True)
EPOCH = Field(name="EPOCH", label="Epoch", role="Timing", codelist="EPOCH")

NO_SITE = "SIM"
"""The site of every patient: none is drawn."""

DAY = "Date less RFSTDTC, plus 1 on and after RFSTDTC."
LAST_DAY = "The later of the planned day of the last visit attended before the long-term period and of its last day."
LAST_DOSE = "The largest EXENDTC."


def sequence(prefix: str) -> Field:
    """--SEQ: numbers of a patient's rows."""
    method = "Numbered from 1 within each patient, in the order of the keys."
    return Field(
        name=f"{prefix}SEQ", label="Sequence Number", role="Identifier", origin="Derived", method=method, mandatory=True
    )


def collected(name: str, label: str, role: str, *, source: str = "Investigator", date: bool = False) -> Field:
    """A variable that is collected."""
    return Field(name=name, label=label, role=role, origin="Collected", source=source, date=date)


def visit_fields() -> tuple[Field, ...]:
    """VISITNUM, VISIT and VISITDY."""
    return (
        Field(name="VISITNUM", label="Visit Number", role="Timing", codelist="own", decode="VISIT"),
        Field(name="VISIT", label="Visit Name", role="Timing", codelist="own"),
        Field(name="VISITDY", label="Planned Study Day of Visit", role="Timing", origin="Protocol"),
    )


def _date(name: str, label: str, method: str) -> Field:
    return Field(name=name, label=label, role="Record Qualifier", origin="Derived", method=method, date=True)


DM = Description(
    name="DM",
    label="Demographics",
    structure="One record per subject",
    class_="SPECIAL PURPOSE",
    keys=("STUDYID", "USUBJID"),
    repeating=False,
    fields=(
        STUDY,
        DOMAIN,
        SUBJECT,
        Field(name="SUBJID", label="Subject Identifier for the Study", role="Topic", mandatory=True),
        _date("RFSTDTC", "Subject Reference Start Date/Time", "The day of randomisation."),
        _date("RFENDTC", "Subject Reference End Date/Time", LAST_DAY),
        _date("RFXSTDTC", "Date/Time of First Study Treatment", "The day of randomisation."),
        _date("RFXENDTC", "Date/Time of Last Study Treatment", LAST_DOSE),
        Field(name="RFICDTC", label="Date/Time of Informed Consent", role="Record Qualifier", date=True),
        _date("RFPENDTC", "Date/Time of End of Participation", LAST_DAY),
        Field(name="DTHDTC", label="Date/Time of Death", role="Record Qualifier", date=True),
        Field(name="DTHFL", label="Subject Death Flag", role="Record Qualifier"),
        Field(name="SITEID", label="Study Site Identifier", role="Record Qualifier", mandatory=True),
        collected("AGE", "Age", "Record Qualifier"),
        Field(name="AGEU", label="Age Units", role="Variable Qualifier", codelist="AGEU"),
        Field(
            name="SEX", label="Sex", role="Record Qualifier", origin="Collected", source="Investigator", codelist="SEX"
        ),
        Field(
            name="RACE", label="Race", role="Record Qualifier", origin="Collected", source="Subject", codelist="RACE"
        ),
        Field(
            name="ETHNIC", label="Ethnicity", role="Record Qualifier", origin="Collected", source="Subject",
            codelist="ETHNIC",
        ),
        Field(name="ARMCD", label="Planned Arm Code", role="Record Qualifier", codelist="own", decode="ARM"),
        Field(name="ARM", label="Description of Planned Arm", role="Synonym Qualifier", codelist="own"),
        Field(name="ACTARMCD", label="Actual Arm Code", role="Record Qualifier", codelist="own", decode="ACTARM"),
        Field(name="ACTARM", label="Description of Actual Arm", role="Synonym Qualifier", codelist="own"),
        Field(name="ARMNRS", label="Reason Arm and/or Actual Arm is Null", role="Record Qualifier"),
        Field(name="ACTARMUD", label="Description of Unplanned Actual Arm", role="Synonym Qualifier"),
        Field(name="COUNTRY", label="Country", role="Record Qualifier"),
    ),
    comment=f"No sites and countries are drawn: SITEID is {NO_SITE} for every patient, COUNTRY is missing.",
)  # fmt: skip


def arm_code(arm: int) -> str:
    """ARMCD of an arm, by its place in the study file."""
    return f"ARM{arm + 1}"


def worded(drawn: Drawn, name: str, values: pl.Series) -> pl.Series:
    """The study's words as SDTM's, by [sdtm.terms]; else in capitals."""
    terms = drawn.part.terms.get(name, {})
    words = {value: terms.get(value, value.upper()) for value in values.drop_nulls().unique().to_list()}
    return values.replace_strict(words, default=None, return_dtype=pl.String)


def dm(drawn: Drawn) -> pl.DataFrame:
    """A row a patient."""
    subjects = adsl(drawn.study, drawn.trials)
    arms = drawn.trials.arm[0].astype(np.int64)
    codes = pl.Series([arm_code(a) for a in range(len(drawn.trials.arms))]).gather(arms)
    start, end = iso(drawn.start), iso(drawn.on(drawn.last_days()))
    frame = pl.DataFrame({
        **drawn.head("DM"), "SUBJID": subjects["SUBJID"], "RFSTDTC": start, "RFENDTC": end, "RFXSTDTC": start,
        "RFXENDTC": iso(drawn.last_dates()), "RFPENDTC": end, "SITEID": NO_SITE, "ARMCD": codes, "ARM": subjects["ARM"],
        "ACTARMCD": codes, "ACTARM": subjects["ARM"],
    })  # fmt: skip
    empty = ("RFICDTC", "DTHDTC", "DTHFL", "ARMNRS", "ACTARMUD", "COUNTRY")
    frame = frame.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in empty)
    age = drawn.study.variables.get("AGE")
    if "AGE" in subjects.columns and age is not None:
        unit = (age.unit or "years").upper()
        known = pl.when(subjects["AGE"].is_not_null()).then(pl.lit(unit))
        frame = frame.with_columns(subjects["AGE"], known.alias("AGEU"))
    worded_ = [worded(drawn, n, subjects[n]).alias(n) for n in ("SEX", "RACE", "ETHNIC") if n in subjects.columns]
    return frame.with_columns(worded_)


SV = Description(
    name="SV",
    label="Subject Visits",
    structure="One record per actual visit per subject",
    class_="SPECIAL PURPOSE",
    keys=("STUDYID", "USUBJID", "VISITNUM"),
    fields=(
        STUDY,
        DOMAIN,
        SUBJECT,
        *visit_fields(),
        collected("SVSTDTC", "Start Date/Time of Observation", "Timing", date=True),
        collected("SVENDTC", "End Date/Time of Observation", "Timing", date=True),
        Field(
            name="SVSTDY", label="Study Day of Start of Observation", role="Timing", origin="Derived", method=DAY
        ),
        Field(name="SVENDY", label="Study Day of End of Observation", role="Timing", origin="Derived", method=DAY),
        EPOCH,
    ),
    comment="A row for each visit before the patient left, at its planned day.",
)  # fmt: skip


def timed(drawn: Drawn, domain: str, visit: int) -> pl.DataFrame:
    """A row a patient with the columns of a visit, all patients; `here` says who was there."""
    named = {"VISITNUM": visit + 1, "VISIT": drawn.visits[visit].name, "VISITDY": drawn.planned_day(visit)}
    return pl.DataFrame({
        **drawn.head(domain), **named, "DTC": iso(drawn.dates(visit)), "DY": drawn.planned_day(visit),
        "EPOCH": drawn.epoch(visit), "here": drawn.attended(visit),
    })  # fmt: skip


def sv(drawn: Drawn) -> pl.DataFrame:
    """A row a patient and visit attended."""
    rows = pl.concat([timed(drawn, "SV", visit) for visit in range(len(drawn.visits))]).filter("here")
    made = rows.with_columns(
        pl.col("DTC").alias("SVSTDTC"),
        pl.col("DTC").alias("SVENDTC"),
        pl.col("DY").alias("SVSTDY"),
        pl.col("DY").alias("SVENDY"),
    )
    return made.sort("USUBJID", "VISITNUM")
