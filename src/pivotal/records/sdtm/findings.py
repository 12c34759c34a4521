"""RS, QS and other findings: every value of every parameter, and baseline characteristics."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import polars as pl

from pivotal.records.datasets import adsl
from pivotal.records.define.describing import Description, Field
from pivotal.records.sdtm.drawn import Drawn
from pivotal.records.sdtm.people import DAY, DOMAIN, EPOCH, STUDY, SUBJECT, sequence, timed, visit_fields
from pivotal.study.sdtm import Finding
from pivotal.trials import observed

LABELS = {
    "RS": "Clinical Classifications",
    "QS": "Questionnaires",
    "VS": "Vital Signs",
    "SC": "Subject Characteristics",
    "FT": "Functional Tests",
    "LB": "Laboratory Test Results",
}
"""Labels of the findings domains, with room for the mark of virtual patients in 40 bytes."""

NO_VISIT = ("SC",)
"""Domains of what does not change: neither visits nor a baseline flag."""


def description(domain: str) -> Description:
    """What is said of a findings domain."""
    d, findings = domain, "Record Qualifier"
    last = f"Y where {d}DTC is the last day with a result on or before RFSTDTC."
    return Description(
        name=d,
        label=LABELS[d],
        structure=f"One record per test per {'subject' if d in NO_VISIT else 'visit per subject'}",
        class_="FINDINGS",
        keys=("STUDYID", "USUBJID", f"{d}TESTCD", *(() if d in NO_VISIT else ("VISITNUM",))),
        fields=(
            STUDY,
            DOMAIN,
            SUBJECT,
            sequence(d),
            Field(name=f"{d}TESTCD", label="Short Name of Test", role="Topic", codelist="own", decode=f"{d}TEST"),
            Field(name=f"{d}TEST", label="Name of Test", role="Synonym Qualifier", codelist="own"),
            Field(name=f"{d}CAT", label="Category", role="Grouping Qualifier", codelist="own"),
            Field(name=f"{d}SCAT", label="Subcategory", role="Grouping Qualifier", codelist="own"),
            _result(f"{d}ORRES", "Result or Finding in Original Units", "Result Qualifier", d),
            Field(name=f"{d}ORRESU", label="Original Units", role="Variable Qualifier", codelist="UNIT"),
            Field(name=f"{d}STRESC", label="Character Result/Finding in Std Format", role="Result Qualifier",
                  origin="Derived", method=f"{d}ORRES, as it stands."),
            Field(name=f"{d}STRESN", label="Numeric Result/Finding in Standard Units", role="Result Qualifier",
                  origin="Derived", method=f"{d}STRESC as a number.", levels=f"{d}TESTCD"),
            Field(name=f"{d}STRESU", label="Standard Units", role="Variable Qualifier", codelist="UNIT"),
            Field(name=f"{d}LOBXFL", label="Last Observation Before Exposure Flag", role=findings, origin="Derived",
                  method=last, codelist="NY"),
            Field(name=f"{d}EVAL", label="Evaluator", role=findings, codelist="EVAL"),
            *visit_fields(),
            EPOCH,
            Field(name=f"{d}DTC", label="Date/Time of Collection", role="Timing", origin="Collected",
                  source="Investigator", date=True),
            Field(name=f"{d}DY", label="Study Day of Collection", role="Timing", origin="Derived", method=DAY),
        ),
        comment="Codes that begin with SP are sponsor-defined and in no controlled terminology."
        if d in ("RS", "QS", "SC") else "",
    )  # fmt: skip


def _result(name: str, label: str, role: str, domain: str) -> Field:
    return Field(name=name, label=label, role=role, origin="Collected", source="Investigator", levels=f"{domain}TESTCD")


def findings(domain: str) -> Callable[[Drawn], pl.DataFrame | None]:
    """What makes a findings domain's rows."""

    def made(drawn: Drawn) -> pl.DataFrame | None:
        parts = [*_measured(drawn, domain), *_characteristics(drawn, domain)]
        if not parts:
            return None
        rows = pl.concat(parts, how="diagonal_relaxed").sort("USUBJID", "order", "VISITNUM", maintain_order=True)
        rows = rows.with_columns(pl.int_range(1, pl.len() + 1).over("USUBJID").alias(f"{domain}SEQ"))
        return _lean(rows, domain)

    return made


def _lean(rows: pl.DataFrame, domain: str) -> pl.DataFrame:
    """Permissible columns without any value are left out."""
    permissible = [f"{domain}{name}" for name in ("CAT", "SCAT", "EVAL", "STRESN", "ORRESU", "STRESU")]
    empty = [name for name in permissible if rows[name].null_count() == rows.height]
    unknown = ["VISITNUM", "VISIT", "VISITDY", f"{domain}LOBXFL"] if domain in NO_VISIT else []
    return rows.drop(empty + unknown)


def _measured(drawn: Drawn, domain: str) -> list[pl.DataFrame]:
    """The rows of the parameters of a domain, a frame a visit."""
    parts = []
    later = drawn.trials.longterm
    recorded = {**drawn.trials.values, **(later.values if later is not None else {})}
    baseline = drawn.study.visit_index(drawn.study.baseline_visit.name)
    for order, test in enumerate(drawn.part.tests):
        for visit, planned in enumerate(drawn.visits):
            found = recorded.get((test.parameter, planned.name))
            if test.domain == domain and found is not None:
                numbers = found[0].astype("float64")
                values = pl.Series(numbers).fill_nan(None).set(pl.Series(~observed(found[0])), None)
                parts.append(_rows(drawn, test, values, visit, order, flag=visit == baseline))
    return parts


def _characteristics(drawn: Drawn, domain: str) -> list[pl.DataFrame]:
    """Baseline variables that are neither in DM nor the baseline values of a parameter."""
    subjects = adsl(drawn.study, drawn.trials)
    baseline = drawn.study.visit_index(drawn.study.baseline_visit.name)
    chosen = [each for each in drawn.part.characteristics if each.domain == domain]
    return [
        _rows(drawn, each, subjects[each.variable], baseline, 1000 + order, flag=True)
        for order, each in enumerate(chosen)
        if each.variable in subjects.columns
    ]


def _rows(drawn: Drawn, test: Finding, values: pl.Series, visit: int, order: int, *, flag: bool) -> pl.DataFrame:
    """One test at one visit: a row a patient with a value."""
    d = test.domain
    text = values if values.dtype == pl.String else pl.Series([plain(v) for v in values.to_list()], dtype=pl.String)
    number = values.cast(pl.Float64) if values.dtype.is_numeric() else pl.repeat(None, len(values), dtype=pl.Float64)
    frame = timed(drawn, d, visit).with_columns(
        pl.lit(test.code).alias(f"{d}TESTCD"),
        pl.lit(test.name).alias(f"{d}TEST"),
        pl.lit(test.category, dtype=pl.String).alias(f"{d}CAT"),
        pl.lit(test.subcategory, dtype=pl.String).alias(f"{d}SCAT"),
        text.alias(f"{d}ORRES"),
        pl.lit(test.unit, dtype=pl.String).alias(f"{d}ORRESU"),
        text.alias(f"{d}STRESC"),
        number.alias(f"{d}STRESN"),
        pl.lit(test.unit, dtype=pl.String).alias(f"{d}STRESU"),
        pl.lit("Y" if flag else None, dtype=pl.String).alias(f"{d}LOBXFL"),
        pl.lit(test.evaluator, dtype=pl.String).alias(f"{d}EVAL"),
        pl.col("DTC").alias(f"{d}DTC"),
        pl.col("DY").alias(f"{d}DY"),
        pl.lit(order).alias("order"),
    )
    return frame.drop_nulls(f"{d}ORRES")


def plain(value: float | None) -> str | None:
    """A number as it is written down: whole ones without a point, none with an exponent.

    Examples
    --------
    >>> plain(3.0), plain(10.45), plain(1e-07), plain(None)
    ('3', '10.45', '0.0000001', None)
    """
    return None if value is None else format(Decimal(repr(value)), "f").removesuffix(".0")
