"""DM, SV, DS and EX: who the patients are, when they were seen, how they left, what they were given."""

from __future__ import annotations

import numpy as np
import polars as pl

from pivotal.records.datasets import adsl
from pivotal.records.define.describing import Description, Field
from pivotal.records.define.terminology import LISTS
from pivotal.records.sdtm.drawn import Drawn, iso

STUDY = Field(name="STUDYID", label="Study Identifier", role="Identifier", origin="Protocol", mandatory=True)
DOMAIN = Field(name="DOMAIN", label="Domain Abbreviation", role="Identifier", codelist="own", mandatory=True)
SUBJECT = Field(name="USUBJID", label="Unique Subject Identifier", role="Identifier", mandatory=True)
EPOCH = Field(name="EPOCH", label="Epoch", role="Timing", codelist="EPOCH")

NO_SITE = "SIM"
"""The site of every patient: none is drawn."""

DAY = "Date less RFSTDTC, plus 1 on and after RFSTDTC."
BY_VISIT = "The planned day of the patient's last visit attended, from RFSTDTC."


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
        _date("RFENDTC", "Subject Reference End Date/Time", BY_VISIT),
        _date("RFXSTDTC", "Date/Time of First Study Treatment", "The day of randomisation."),
        _date("RFXENDTC", "Date/Time of Last Study Treatment", BY_VISIT),
        Field(name="RFICDTC", label="Date/Time of Informed Consent", role="Record Qualifier", date=True),
        _date("RFPENDTC", "Date/Time of End of Participation", BY_VISIT),
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
    start, end = iso(drawn.start), iso(drawn.last_dates())
    frame = pl.DataFrame({
        **drawn.head("DM"), "SUBJID": subjects["SUBJID"], "RFSTDTC": start, "RFENDTC": end, "RFXSTDTC": start,
        "RFXENDTC": end, "RFPENDTC": end, "SITEID": NO_SITE, "ARMCD": codes, "ARM": subjects["ARM"],
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
    comment="A row for each visit up to the last that the patient attended, at its planned day.",
)  # fmt: skip


def timed(drawn: Drawn, domain: str, visit: int) -> pl.DataFrame:
    """A row a patient with the columns of a visit, all patients; `here` says who was there."""
    named = {"VISITNUM": visit + 1, "VISIT": drawn.study.visits[visit].name, "VISITDY": drawn.planned_day(visit)}
    return pl.DataFrame({
        **drawn.head(domain), **named, "DTC": iso(drawn.dates(visit)), "DY": drawn.planned_day(visit),
        "EPOCH": drawn.epoch(visit), "here": drawn.trials.last_visit[0] >= visit,
    })  # fmt: skip


def sv(drawn: Drawn) -> pl.DataFrame:
    """A row a patient and visit attended."""
    rows = pl.concat([timed(drawn, "SV", visit) for visit in range(len(drawn.study.visits))]).filter("here")
    made = rows.with_columns(
        pl.col("DTC").alias("SVSTDTC"),
        pl.col("DTC").alias("SVENDTC"),
        pl.col("DY").alias("SVSTDY"),
        pl.col("DY").alias("SVENDY"),
    )
    return made.sort("USUBJID", "VISITNUM")


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
    comment="A patient who left is shown as leaving on the day of the last visit attended: no later day is drawn.",
)


def ds(drawn: Drawn) -> pl.DataFrame:
    """Randomisation, and how each patient left."""
    trials = drawn.trials
    baseline = drawn.study.visit_index(drawn.study.baseline_visit.name)
    epochs = pl.Series([drawn.epoch(v) for v in range(len(drawn.study.visits))])
    begun = pl.DataFrame({
        **drawn.head("DS"), "DSSEQ": 1, "DSTERM": "RANDOMIZED", "DSDECOD": "RANDOMIZED",
        "DSCAT": "PROTOCOL MILESTONE", "EPOCH": drawn.epoch(baseline), "DSSTDTC": iso(drawn.start), "DSSTDY": 1,
    })  # fmt: skip
    last = trials.last_visit[0].astype(np.int64)
    days = pl.Series([drawn.planned_day(v) for v in range(len(drawn.study.visits))]).gather(last)
    reasons = pl.Series(trials.reasons).gather(np.maximum(trials.reason[0], 0).astype(np.int64))
    decoded = worded(drawn, "DSDECOD", reasons)
    known = decoded.is_in(list(LISTS["NCOMPLT"].terms))
    ended = pl.DataFrame({
        **drawn.head("DS"), "DSSEQ": 2, "DSTERM": reasons,
        "DSDECOD": decoded.zip_with(known, pl.Series(["OTHER"])), "DSCAT": "DISPOSITION EVENT",
        "EPOCH": epochs.gather(last), "DSSTDTC": iso(drawn.last_dates()), "DSSTDY": days,
    })  # fmt: skip
    known_ends = ended.filter(pl.Series(trials.reason[0] >= 0))
    return pl.concat([begun, known_ends.select(begun.columns)], how="vertical_relaxed").sort("USUBJID", "DSSEQ")


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
        EPOCH,
        collected("EXSTDTC", "Start Date/Time of Treatment", "Timing", date=True),
        collected("EXENDTC", "End Date/Time of Treatment", "Timing", date=True),
        Field(name="EXSTDY", label="Study Day of Start of Treatment", role="Timing", origin="Derived", method=DAY),
        Field(name="EXENDY", label="Study Day of End of Treatment", role="Timing", origin="Derived", method=DAY),
    ),
    comment="One interval from randomisation to the last visit attended: adherence is not drawn.",
)


def ex(drawn: Drawn) -> pl.DataFrame | None:
    """A row a patient of an arm whose exposure the study file tells."""
    told = {each.arm: each for each in drawn.part.exposure}
    arms = [drawn.trials.arms[a] for a in drawn.trials.arm[0]]
    known = [told.get(arm) for arm in arms]
    if not told:
        return None
    last = drawn.trials.last_visit[0].astype(np.int64)
    days = pl.Series([drawn.planned_day(v) for v in range(len(drawn.study.visits))]).gather(last)
    texts = {
        name: pl.Series([getattr(each, key) if each else None for each in known])
        for name, key in (("EXTRT", "treatment"), ("EXDOSE", "dose"), ("EXDOSU", "unit"), ("EXDOSFRM", "form"),
                          ("EXDOSFRQ", "frequency"), ("EXROUTE", "route"))
    }  # fmt: skip
    frame = pl.DataFrame({
        **drawn.head("EX"), "EXSEQ": 1, **texts, "EPOCH": drawn.epoch(drawn.study.visit_index(
            drawn.study.baseline_visit.name)), "EXSTDTC": iso(drawn.start), "EXENDTC": iso(drawn.last_dates()),
        "EXSTDY": 1, "EXENDY": days,
    })  # fmt: skip
    return frame.drop_nulls("EXTRT").sort("USUBJID")
