"""Analysis data sets with labels, dates and what a define.xml says of them."""

from __future__ import annotations

import polars as pl

from pivotal.records import layout
from pivotal.records.dataset import Dataset
from pivotal.records.datasets import adeff, adsl, mark
from pivotal.records.define.describing import Description, Field, described
from pivotal.records.longterm import long_term_sets, with_sequence
from pivotal.records.longterm_described import SEQUENCE, TREATMENT, described_periods
from pivotal.records.screened import screen
from pivotal.records.sdtm.domains import MARK, Made
from pivotal.records.sdtm.drawn import Drawn
from pivotal.study.model import Study
from pivotal.trials import Screening, Trials


def adam(study: Study, trials: Trials, drawn: Drawn | None) -> dict[str, Made]:
    """A trial's analysis data sets.

    Parameters
    ----------
    study
        The trial.
    trials
        Its patients, R = 1.
    drawn
        The same with dates; None where the study file has no `[sdtm]`, and the data sets no dates.

    Returns
    -------
    dict of str to Made
        ADSL, ADEFF, those of the periods after the blinded weeks, and, where it is known, SCREEN.
    """
    subjects, values = with_sequence(adsl(study, trials), trials), adeff(study, trials)
    if drawn is not None:
        dates = pl.DataFrame({layout.PATIENT: subjects[layout.PATIENT], "TRTSDT": drawn.start})
        subjects = subjects.with_columns(
            drawn.start.alias("RANDDT"), drawn.start.alias("TRTSDT"), drawn.last_dates().alias("TRTEDT")
        )
        first = study.baseline_visit.day
        values = values.join(dates, on=layout.PATIENT, how="left", maintain_order="left").with_columns(
            (pl.col("TRTSDT") + pl.duration(days=pl.col("ADY") - first)).alias("ADT")
        )
    found = {
        layout.ADSL: _made(_subject_level(study, trials), subjects, trials),
        layout.ADEFF: _made(_efficacy(), values, trials),
    }
    periods = described_periods((STUDY, PATIENT), (SIMULATED,))
    found |= {name: _made(periods[name], frame, trials) for name, frame in long_term_sets(study, trials).items()}
    if trials.screening is not None:
        found[layout.SHORT] = _made(_screening(), _counts(study, trials.screening, trials), trials)
    return found


def _counts(study: Study, screening: Screening, trials: Trials) -> pl.DataFrame:
    frame = screen(study, screening, mark(trials))
    return frame.rename({layout.CRITERION: layout.SHORT_CRITERION})


def _made(description: Description, frame: pl.DataFrame, trials: Trials) -> Made:
    data: Dataset = described(description, frame, mark=MARK if trials.virtual else "")
    return Made(data, description)


def label_of(study: Study, name: str, label: str) -> str:
    """The label of a variable or parameter in data sets: that of [sdtm.labels], where there is one."""
    return study.sdtm.labels.get(name, label) if study.sdtm is not None else label


def _predecessor(name: str, label: str, of: str, **more: bool) -> Field:
    return Field(
        name=name, label=label, origin="Predecessor", source=None, text=of, mandatory=more.get("mandatory", False)
    )


SIMULATED = Field(
    name=layout.SIMULATED, label="Simulated Patient Flag", codelist="NY", mandatory=True, text="Y: made up; N: real"
)
STUDY = _predecessor("STUDYID", "Study Identifier", "DM.STUDYID", mandatory=True)
PATIENT = _predecessor("USUBJID", "Unique Subject Identifier", "DM.USUBJID", mandatory=True)


def _derived(name: str, label: str, method: str, *, levels: str | None = None, codelist: str | None = None) -> Field:
    return Field(name=name, label=label, origin="Derived", method=method, levels=levels, codelist=codelist)


def _subject_level(study: Study, trials: Trials) -> Description:
    return Description(
        name=layout.ADSL,
        label="Subject-Level Analysis",
        structure="One record per subject",
        class_="SUBJECT LEVEL ANALYSIS DATASET",
        keys=("STUDYID", "USUBJID"),
        repeating=False,
        purpose="Analysis",
        standard="ADaMIG",
        fields=(
            STUDY,
            PATIENT,
            _predecessor("SUBJID", "Subject Identifier for the Study", "DM.SUBJID"),
            _predecessor("ARM", "Description of Planned Arm", "DM.ARM"),
            Field(name="TRT01P", label="Planned Treatment for Period 01", codelist="own", origin="Predecessor",
                  source=None, text="DM.ARM"),
            Field(name="TRT01PN", label="Planned Treatment for Period 01 (N)", codelist="own", decode="TRT01P"),
            *[_variable(study, name) for name in (*study.variables, *trials.subject) if name in trials.subject],
            *[_stratum(study, stratum.name) for stratum in layout.extra_strata(study)],
            _derived("RANDDT", "Date of Randomization", "The date of DM.RFSTDTC."),
            _derived("TRTSDT", "Date of First Exposure to Treatment", "The date of DM.RFXSTDTC."),
            _derived("TRTEDT", "Date of Last Exposure to Treatment", "The date of DM.RFXENDTC."),
            Field(name="ITTFL", label="Intent-To-Treat Population Flag", codelist="NY", mandatory=True),
            _derived("EOSSTT", "End of Study Status", "COMPLETED where DS says so; else DISCONTINUED.", codelist="own"),
            _derived("DCSREAS", "Reason for Discontinuation from Study", "DS.DSTERM of the disposition event.",
                     codelist="own"),
            _derived("LSTVIS", "Last Visit Attended", "SV.VISIT with the largest SV.VISITNUM.", codelist="own"),
            SEQUENCE,
            TREATMENT,
            SIMULATED,
        ),
        comment="Variables besides the standard's are baseline values, under their names in the study file.",
    )  # fmt: skip


def _variable(study: Study, name: str) -> Field:
    """A baseline variable: of DM, the baseline of a parameter, or a characteristic."""
    known = study.variables.get(name)
    label = label_of(study, name, known.label if known is not None else name)
    codelist = "own" if known is not None and known.type == "category" else None
    if name in ("AGE", "SEX"):
        return Field(name=name, label=label, origin="Predecessor", source=None, text=f"DM.{name}", codelist=codelist)
    if name in ("RACE", "ETHNIC"):
        method = f"DM.{name}, in the words of the study file."
    else:
        part = study.sdtm
        test = part.test(name) if part is not None else None
        found = (
            test or next((c for c in part.characteristics if c.variable == name), None) if part is not None else None
        )
        where = (
            f"{found.domain}.{found.domain}STRESC where {found.domain}TESTCD is {found.code}" if found else "As drawn"
        )
        method = f"{where}, at baseline."
    return _derived(name, label, method, codelist=codelist)


def _stratum(study: Study, name: str) -> Field:
    stratum = next(s for s in study.randomisation.strata if s.name == name)
    method = f"The level of {stratum.variable}: {', '.join(level.label for level in stratum.levels)}."
    return _derived(name, label_of(study, name, stratum.label or name), method, codelist="own")


def _efficacy() -> Description:
    return Description(
        name=layout.ADEFF,
        label="Efficacy Analysis",
        structure="One record per subject per parameter per analysis visit",
        class_="BASIC DATA STRUCTURE",
        keys=("STUDYID", "USUBJID", "PARAMCD", "AVISITN"),
        purpose="Analysis",
        standard="ADaMIG",
        fields=(
            STUDY,
            PATIENT,
            _predecessor("TRTP", "Planned Treatment", "ADSL.TRT01P"),
            Field(name="PARAMCD", label="Parameter Code", codelist="own", decode="PARAM", mandatory=True),
            Field(name="PARAM", label="Parameter", codelist="own", mandatory=True),
            _derived("AVISIT", "Analysis Visit", "The planned visit.", codelist="own"),
            Field(name="AVISITN", label="Analysis Visit (N)", codelist="own", decode="AVISIT"),
            _derived("ADT", "Analysis Date", "The date of --DTC."),
            _derived("ADY", "Analysis Relative Day", "The planned day of the visit."),
            _derived("AVAL", "Analysis Value", "The result in standard units (--STRESN).", levels="PARAMCD"),
            _derived("BASE", "Baseline Value", "AVAL where ABLFL is Y."),
            _derived("CHG", "Change from Baseline", "AVAL - BASE, after baseline."),
            _derived("PCHG", "Percent Change from Baseline", "100 x CHG / BASE, where BASE is above 0."),
            _derived("ABLFL", "Baseline Record Flag", "Y at the baseline visit.", codelist="NY"),
            SIMULATED,
        ),
        comment="A value that is missing has no row.",
    )


def _screening() -> Description:
    return Description(
        name=layout.SHORT,
        label="Screening Counts",
        structure="One record per count",
        class_="ADAM OTHER",
        keys=("STUDYID", "EVENT", "CRIT"),
        purpose="Analysis",
        standard="ADaMIG",
        reference=True,
        fields=(
            STUDY,
            Field(name="EVENT", label="Event", codelist="own", mandatory=True),
            Field(name=layout.SHORT_CRITERION, label="Criterion That Failed First"),
            _derived("COUNT", "Number of Candidates", "Counted under the first criterion that fails."),
            SIMULATED,
        ),
    )
