"""What a define.xml says of the data sets of the periods after the blinded weeks."""

from __future__ import annotations

from dataclasses import replace

from pivotal.records import longterm
from pivotal.records.define.describing import Description, Field

SEQUENCE = Field(name=longterm.SEQUENCE, label="Planned Sequence of Treatments", codelist="own")
TREATMENT = Field(name=longterm.TREATMENT, label="Planned Treatment for Period 02", codelist="own")
"""What the periods add to ADSL."""

_ACTUAL = Field(name="TRTA", label="Actual Treatment", codelist="own")
_FIRST = Field(name="ASTDY", label="Analysis Start Relative Day")
_LAST = Field(name="AENDY", label="Analysis End Relative Day")
_PERIOD = Field(name="APERIOD", label="Period")


def described_periods(head: tuple[Field, ...], tail: tuple[Field, ...]) -> dict[str, Description]:
    """Descriptions of ADLT, ADAE, ADPER and ADDOSE, by name.

    Parameters
    ----------
    head, tail
        The variables that every data set begins and ends with.
    """
    found = (
        _described(
            longterm.ADLT, "Long-Term Values", "One record per subject per parameter per analysis visit",
            ("STUDYID", "USUBJID", "PARAMCD", "ADY"), "BASIC DATA STRUCTURE",
            (SEQUENCE, _ACTUAL, Field(name="PARAMCD", label="Parameter Code", codelist="own"),
             Field(name="AVISIT", label="Analysis Visit", codelist="own"),
             Field(name="ADY", label="Analysis Relative Day"), Field(name="AVAL", label="Analysis Value")),
        ),
        _described(
            longterm.ADAE, "Adverse Events", "One record per subject per adverse event",
            ("STUDYID", "USUBJID", "AESEQ"), "OCCURRENCE DATA STRUCTURE",
            (Field(name="AESEQ", label="Sequence Number"), _ACTUAL,
             Field(name="AEBODSYS", label="Body System or Organ Class"),
             Field(name="AEDECOD", label="Dictionary-Derived Term"),
             Field(name="AESEV", label="Severity/Intensity", codelist="own"),
             Field(name="AESER", label="Serious Event", codelist="own"), _FIRST, _LAST, _PERIOD,
             Field(name="TRTEMFL", label="Treatment Emergent Analysis Flag", codelist="NY")),
        ),
        _described(
            longterm.ADPER, "Periods", "One record per subject per period", ("STUDYID", "USUBJID", "APERIOD"),
            "ADAM OTHER",
            (_PERIOD, Field(name="APERIODC", label="Period (C)", codelist="own"), _ACTUAL, _FIRST, _LAST,
             Field(name="EOPSTT", label="End of Period Status", codelist="own"),
             Field(name="DCPREAS", label="Reason for Discontinuation from Period", codelist="own")),
        ),
        _described(
            longterm.ADDOSE, "Courses of Treatment", "One record per subject per course of treatment",
            ("STUDYID", "USUBJID", "EXSEQ"), "ADAM OTHER",
            (_ACTUAL, Field(name="EXSEQ", label="Sequence Number"), _FIRST, _LAST,
             Field(name="LESCLR", label="Lesions Cleared Flag", codelist="own")),
        ),
    )  # fmt: skip
    return {each.name: replace(each, fields=(*head, *each.fields, *tail)) for each in found}


def _described(
    name: str, label: str, structure: str, keys: tuple[str, ...], class_: str, fields: tuple[Field, ...]
) -> Description:
    return Description(
        name=name, label=label, structure=structure, class_=class_, keys=keys, purpose="Analysis", standard="ADaMIG",
        fields=fields,
    )  # fmt: skip
