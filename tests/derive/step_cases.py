"""Each step on a few rows, with what comes out reckoned by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl

NO, YES = None, "Y"


@dataclass(frozen=True)
class Case:
    """A step, the rows that it is done to, and the columns that it must give, rows in the order of `by`.

    `across`: the step looks across patients. `only` are the data sets that it may take from.
    """

    name: str
    step: Mapping[str, Any]
    rows: Mapping[str, list[Any]]
    gives: Mapping[str, list[Any]]
    by: tuple[str, ...] = ("USUBJID", "N")
    known: Mapping[str, Mapping[str, list[Any]]] = field(default_factory=dict)
    across: bool = False
    types: Mapping[str, Any] = field(default_factory=dict)

    def frame(self) -> pl.DataFrame:
        return pl.DataFrame(dict(self.rows), schema_overrides=dict(self.types))


def day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def days(*texts: str | None) -> list[date | None]:
    return [day(text) for text in texts]


VISITS = {
    "USUBJID": ["1", "1", "1", "1", "2", "2"],
    "PARAMCD": ["X", "X", "X", "Y", "X", "X"],
    "N": [1, 2, 3, 4, 5, 6],
    "AVISITN": [0.0, 8.0, 16.0, 0.0, 0.0, 8.0],
    "AVAL": [10.0, 12.0, None, 5.0, 0.0, 4.0],
    "ABLFL": ["Y", None, None, "Y", "Y", None],
}
FULL = {"STUDYID": ["S"] * 4, "USUBJID": ["1", "1", "2", "3"], "N": [1, 2, 3, 4]}
EVENTS = {
    "USUBJID": ["1", "1", "1", "2"],
    "AESEQ": [1.0, 2.0, 3.0, 1.0],
    "AESEV": ["MILD", "SEVERE", None, "MILD"],
    "DAY": [30.0, 10.0, None, 7.0],
}
PEOPLE = {"USUBJID": ["1", "2", "3"], "N": [1, 2, 3]}

CASES = (
    Case(
        "keep: an unknown comparison does not select",
        {"step": "keep", "where": "AVAL > 4"},
        VISITS,
        {"N": [1, 2, 4]},
    ),
    Case(
        "compute: one column from the one before it",
        {"step": "compute", "columns": {"TWICE": "2 * AVAL", "MORE": "TWICE + 1"}},
        VISITS,
        {"TWICE": [20, 24, NO, 10, 0, 8], "MORE": [21, 25, NO, 11, 1, 9]},
    ),
    Case(
        "compute: where the condition is not true the column stays",
        {"step": "compute", "columns": {"AVAL": "-1.0", "NEW": "1.0"}, "where": "AVAL > 4"},
        VISITS,
        {"AVAL": [-1, -1, NO, -1, 0, 4], "NEW": [1, 1, NO, 1, NO, NO]},
    ),
    Case(
        "join: columns by key, missing where there is no row",
        {"step": "join", "from": "DM", "columns": {"YEARS": "AGE"}, "where": "AGE > 60"},
        FULL,
        {"YEARS": [70, 70, NO, NO]},
        known={"DM": {"USUBJID": ["1", "2"], "AGE": [70.0, 50.0]}},
    ),
    Case("rename", {"step": "rename", "columns": {"VALUE": "AVAL"}}, VISITS, {"VALUE": [10, 12, NO, 5, 0, 4]}),
    Case(
        "pick: the first by an order, missing last",
        {"step": "pick", "from": "AE", "take": "first", "order_by": ["DAY"], "columns": {"A": "AESEV", "D": "DAY + 1"}},
        PEOPLE,
        {"A": ["SEVERE", "MILD", NO], "D": [11, 8, NO]},
        known={"AE": EVENTS},
    ),
    Case(
        "pick: the last of those selected",
        {"step": "pick", "from": "AE", "take": "last", "order_by": ["DAY"], "where": "DAY > 8",
         "columns": {"D": "DAY"}},
        PEOPLE,
        {"D": [30, NO, NO]},
        known={"AE": EVENTS},
    ),
    Case(
        "aggregate: without a row nothing, counts of 0 and no 'any'",
        {
            "step": "aggregate",
            "from": "AE",
            "columns": {
                "EVENTS": {"of": "AESEQ", "by": "count"},
                "TOTAL": {"of": "DAY", "by": "sum"},
                "MEAN": {"of": "DAY", "by": "mean"},
                "LEAST": {"of": "DAY", "by": "min"},
                "MOST": {"of": "DAY", "by": "max"},
                "SEVERE": {"of": "AESEV = 'SEVERE'", "by": "any"},
            },
        },
        PEOPLE,
        {
            "EVENTS": [3, 1, 0],
            "TOTAL": [40, 7, NO],
            "MEAN": [20, 7, NO],
            "LEAST": [10, 7, NO],
            "MOST": [30, 7, NO],
            "SEVERE": [True, False, False],
        },
        known={"AE": EVENTS},
    ),
    Case(
        "aggregate: of missing values alone there is no sum",
        {"step": "aggregate", "from": "AE", "where": "AESEQ = 3", "columns": {"TOTAL": {"of": "DAY", "by": "sum"}}},
        PEOPLE,
        {"TOTAL": [NO, NO, NO]},
        known={"AE": EVENTS},
    ),
    Case(
        "dates: partial ones are missing",
        {"step": "dates", "columns": {"ADT": "DTC"}},
        FULL | {"DTC": ["2014-02-03T11:45", "2014-02", "2014", None]},
        {"ADT": days("2014-02-03", None, None, None)},
    ),
    Case(
        "dates: first day and a month imputed, and flagged",
        {"step": "dates", "columns": {"ADT": "DTC"}, "day": "first", "month": 1, "flags": {"ADTF": "ADT"}},
        FULL | {"DTC": ["2014-02-03", "2014-02", "2014", None]},
        {"ADT": days("2014-02-03", "2014-02-01", "2014-01-01", None), "ADTF": [NO, "D", "M", NO]},
    ),
    Case(
        "dates: last day, of a leap year too",
        {"step": "dates", "columns": {"ADT": "DTC"}, "day": "last", "month": 12, "flags": {"ADTF": "ADT"}},
        FULL | {"DTC": ["2016-02", "2015-02", "2014", "2014-02-30"]},
        {"ADT": days("2016-02-29", "2015-02-28", "2014-12-31", None), "ADTF": ["D", "D", "M", NO]},
    ),
    Case(
        "dates: a day of the month",
        {"step": "dates", "columns": {"ADT": "DTC"}, "day": 15},
        FULL | {"DTC": ["2014-02", "2014", "x", ""]},
        {"ADT": days("2014-02-15", None, None, None)},
    ),
    Case(
        "study days: there is no day 0",
        {"step": "study days", "columns": {"ADY": "ADT"}, "reference": "TRTSDT"},
        FULL
        | {"ADT": days("2014-01-02", "2014-01-01", "2014-03-01", None)}
        | {"TRTSDT": days(*["2014-01-02"] * 4)},
        {"ADY": [1, -1, 59, NO]},
    ),
    Case(
        "days between: both days count",
        {"step": "days between", "column": "D", "start": "A", "end": "B"},
        FULL
        | {"A": days(*["2014-01-01"] * 4), "B": days("2014-01-01", "2014-01-31", "2013-12-31", None)},
        {"D": [1, 31, 0, NO]},
    ),
    Case(
        "days between: in months, to one decimal",
        {"step": "days between", "column": "D", "start": "A", "end": "B", "unit": "months", "inclusive": False},
        FULL
        | {"A": days(*["2014-01-01"] * 4), "B": days("2014-01-01", "2014-01-31", "2015-01-01", None)},
        {"D": [0.0, 1.0, 12.0, NO]},
    ),
    Case(
        "groups: ends within or without",
        {
            "step": "groups",
            "column": "AGE",
            "into": "G",
            "code": "GN",
            "groups": [
                {"label": "<65", "code": 1, "below": 65},
                {"label": "65-80", "code": 2, "at_least": 65, "at_most": 80},
                {"label": ">90", "code": 3, "above": 90},
            ],
        },
        FULL | {"AGE": [64.9, 65.0, 80.0, 90.0]},
        {"G": ["<65", "65-80", "65-80", NO], "GN": [1, 2, 2, NO]},
    ),
    Case(
        "codes: numbers for words",
        {"step": "codes", "column": "SEX", "into": "SEXN", "values": {"M": 1, "F": 2}},
        FULL | {"SEX": ["F", "M", None, "F"]},
        {"SEXN": [2, 1, NO, 2]},
    ),
    Case(
        "codes: others become what `otherwise` says, missing stays missing",
        {"step": "codes", "column": "SEX", "into": "WORD", "values": {"M": "Male"}, "otherwise": "Other"},
        FULL | {"SEX": ["F", "M", None, "U"]},
        {"WORD": ["Other", "Male", NO, "Other"]},
    ),
    Case(
        "pool: sites with too few in any arm",
        {"step": "pool", "column": "SITE", "into": "POOLED", "across": "ARM", "least": 2, "label": "900"},
        {
            "USUBJID": [str(n) for n in range(9)],
            "N": list(range(9)),
            "SITE": ["a"] * 4 + ["b"] * 3 + ["c"] * 2,
            "ARM": ["P", "P", "X", "X", "P", "P", "X", "P", "P"],
        },
        {"POOLED": ["a"] * 4 + ["900"] * 5},
        across=True,
    ),
    Case(
        "round: a half goes away from zero, whatever its last bits",
        {"step": "round", "columns": {"AVAL": 1}},
        FULL | {"AVAL": [0.25, -0.25, 0.1 * 3.5, None]},
        {"AVAL": [0.3, -0.3, 0.4, NO]},
    ),
    Case(
        "first occurrence, of those selected",
        {"step": "first occurrence", "column": "F", "order_by": ["AVAL"], "where": "AVISITN < 16"},
        VISITS,
        {"F": [NO, NO, NO, YES, YES, NO]},
    ),
    Case(
        "first occurrence: the last by parameter; a missing order comes first",
        {"step": "first occurrence", "column": "F", "by": ["USUBJID", "PARAMCD"], "order_by": ["AVAL"], "take": "last"},
        VISITS,
        {"F": [NO, YES, NO, YES, NO, YES]},
    ),
    Case(
        "flags: N where false or unknown",
        {"step": "flags", "columns": {"A": "AVAL > 4", "B": "A = 'Y' AND AVISITN > 0"}},
        VISITS,
        {"A": ["Y", "Y", "N", "Y", "N", "N"], "B": ["N", "Y", "N", "N", "N", "N"]},
    ),
    Case(
        "flags: missing where false or unknown",
        {"step": "flags", "columns": {"A": "AVAL > 4"}, "otherwise": "missing"},
        VISITS,
        {"A": [YES, YES, NO, YES, NO, NO]},
    ),
    Case(
        "time to event: an event on the first day takes one day",
        {
            "step": "time to event", "start": "S", "event": "E", "censor": "C",
            "texts": {"EVNTDESC": ["Event", "Censored"]},
        },
        {
            "USUBJID": ["1", "2", "3"],
            "N": [1, 2, 3],
            "S": days("2014-01-01", "2014-01-01", None),
            "E": days("2014-01-01", None, "2014-02-01"),
            "C": days("2014-03-01", "2014-01-31", "2014-03-01"),
        },
        {
            "AVAL": [1, 31, NO],
            "CNSR": [0, 1, 0],
            "ADT": days("2014-01-01", "2014-01-31", "2014-02-01"),
            "EVNTDESC": ["Event", "Censored", "Event"],
        },
    ),
    Case(
        "windows: both ends within, none for a day between two",
        {
            "step": "windows",
            "range": "AWRANGE",
            "target": "AWTARGET",
            "first": "AWLO",
            "last": "AWHI",
            "distance": "AWTDIFF",
            "windows": [
                {"label": "Baseline", "code": 0, "target": 1, "last": 1, "range": "<= 1"},
                {"label": "Week 8", "code": 8, "target": 56, "first": 3, "last": 84, "range": "3 - 84"},
            ],
        },
        {"USUBJID": ["1"] * 6, "N": [1, 2, 3, 4, 5, 6], "ADY": [1.0, 2.0, 3.0, 84.0, 85.0, None]},
        {
            "AVISIT": ["Baseline", NO, "Week 8", "Week 8", NO, NO],
            "AVISITN": [0, NO, 8, 8, NO, NO],
            "AWRANGE": ["<= 1", NO, "3 - 84", "3 - 84", NO, NO],
            "AWTARGET": [1, NO, 56, 56, NO, NO],
            "AWLO": [NO, NO, 3, 3, NO, NO],
            "AWHI": [1, NO, 84, 84, NO, NO],
            "AWTDIFF": [0, NO, 53, 28, NO, NO],
        },
    ),
    Case(
        "baseline: on all rows of its group",
        {"step": "baseline", "columns": {"BASE": "AVAL"}},
        VISITS,
        {"BASE": [10, 10, 10, 5, 0, 0]},
    ),
    Case(
        "change: no per cent of a baseline of 0",
        {"step": "change", "percent": "PCHG", "where": "ABLFL IS NULL"},
        VISITS | {"BASE": [10.0, 10.0, 10.0, 5.0, 0.0, 0.0]},
        {"CHG": [NO, 2, NO, NO, NO, 4], "PCHG": [NO, 20, NO, NO, NO, NO]},
    ),
    Case(
        "score: items missing are made good, up to a share of them",
        {
            "step": "score", "into": "S", "by": ["USUBJID", "AVISITN"], "missing": 0.34,
            "items": {"A": 10, "B": 5, "C": 5},
        },
        {
            "USUBJID": ["1"] * 3 + ["2"] * 3,
            "N": [1, 2, 3, 4, 5, 6],
            "AVISITN": [0.0] * 6,
            "PARAMCD": [*"ABC"] * 2,
            "AVAL": [4.0, 2.0, None, 4.0, None, None],
        },
        {"S": [8, 8, 8, NO, NO, NO]},
    ),
    Case(
        "carry forward: a visit without a row gets the last before it",
        {
            "step": "carry forward", "visits": [8, 16, 24], "order_by": ["AVISITN"], "where": "AVAL IS NOT NULL",
            "columns": {"DTYPE": "'LOCF'"},
        },
        VISITS,
        {
            "AVISITN": [0, 8, 16, 16, 24, 0, 8, 16, 24, 0, 8, 16, 24],
            "AVAL": [10, 12, 12, NO, 12, 5, 5, 5, 5, 0, 4, 4, 4],
            "DTYPE": [NO, NO, "LOCF", NO, "LOCF", NO, *["LOCF"] * 3, NO, NO, "LOCF", "LOCF"],
        },
        by=("USUBJID", "PARAMCD", "AVISITN", "N"),
    ),
    Case(
        "copies: below the rows, with columns changed",
        {"step": "copies", "where": "AVAL > 10", "columns": {"PARAMCD": "CONCAT('_', PARAMCD)", "AVAL": "AVAL / 2"}},
        VISITS,
        {"PARAMCD": ["X", "X", "X", "Y", "_X", "X", "X"], "AVAL": [10, 12, NO, 5, 6, 0, 4]},
        by=("USUBJID", "PARAMCD", "N"),
    ),
    Case(
        "summaries: a row a group, of those with a value",
        {
            "step": "summaries", "by": ["USUBJID", "PARAMCD"], "take": "mean", "where": "AVISITN >= 0",
            "columns": {"AVISITN": "98"},
        },
        VISITS,
        {"AVISITN": [0, 8, 16, 98, 0, 98, 0, 8, 98], "AVAL": [10, 12, NO, 11, 5, 5, 0, 4, 2]},
        by=("USUBJID", "PARAMCD", "AVISITN"),
    ),
    Case(
        "previous: the row before, of those selected",
        {"step": "previous", "order_by": ["AVISITN"], "where": "AVISITN <> 8", "columns": {"BEFORE": "AVAL"}},
        VISITS,
        {"BEFORE": [NO, NO, 10, NO, NO, NO]},
    ),
    Case(
        "last value: that of the row itself among them",
        {"step": "last value", "order_by": ["AVISITN"], "columns": {"LAST": "AVAL"}},
        VISITS,
        {"LAST": [10, 12, 12, 5, 0, 4]},
    ),
    Case(
        "grade by CTCAE: by multiples of the upper limit",
        {"step": "grade by CTCAE", "parameters": {"X": {"high": "Alanine aminotransferase increased"}}},
        VISITS | {"ANRLO": [0.0] * 6, "ANRHI": [3.0] * 6, "BASE": [1.0] * 6, "BNRIND": ["NORMAL"] * 6},
        {"ATOXGRH": ["2", "2", NO, NO, "0", "1"], "BTOXGRH": ["2", "2", "2", NO, "0", "0"]},
    ),
)  # fmt: skip
