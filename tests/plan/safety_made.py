"""Trials with made-up events, laboratory values and exposure, and a table of every kind that safety has."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
from pydantic import TypeAdapter

from pivotal.plan.tables import rows_of
from pivotal.records.dataset import Dataset, dataset
from pivotal.study.tables import Table
from pivotal.study.topics import Topic

ARMS = ("A", "B", "C")
START = date(2022, 1, 1)
HEAD = {"id": "t", "title": "t", "treatment": "TRT01A"}
PANEL = [{"parameters": {"ALT": "ALT", "AST": "AST", "BILI": "Bilirubin", "ALP": "ALP"}}]
CATEGORIES = {"L": "Low", "N": "Normal", "H": "High"}
VISITS = {"Week 2": "Wk 2", "Week 4": "Wk 4"}
TOPICS = (
    Topic.model_validate(
        {"name": "t1", "label": "T1", "assumed": "so",
         "lists": [{"terms": ["t0", "t1"]}, {"scope": "broad", "terms": ["t2"]}],
         "contested": [{"term": "t1", "why": "some lists lack it"}]}
    ),
    Topic.model_validate({"name": "serious", "label": "Serious", "assumed": "so", "where": "AESER = 'Y'"}),
    Topic.model_validate({"name": "dead", "label": "Deaths", "assumed": "so", "patients": "DTHFL = 'Y'"}),
)  # fmt: skip
STUDY: Any = SimpleNamespace(
    conventions="sas",
    arms=tuple(SimpleNamespace(name=name, control=name == "A") for name in ARMS),
    control=0,
    topics=TOPICS,
)
EVENTS = {"dataset": "ADAE", "total": True}
LAB = {"dataset": "ADLB", "panels": PANEL, "total": True}
SHIFT = LAB | {"kind": "shift", "categories": CATEGORIES}
TABLES: dict[str, dict[str, Any]] = {
    "adverse events": EVENTS | {"kind": "adverse events", "p_values": {}, "risk_differences": {},
                                "split": {"column": "AESEV", "categories": {"MILD": "Mild", "SEVERE": "Severe"}}},
    "incidence": EVENTS | {"kind": "incidence", "time_to_first": True, "days": [30, 90]},
    "incidence, all events": EVENTS | {"kind": "incidence", "count": "all", "levels": ["AEBODSYS"]},
    "safety topics": EVENTS | {"kind": "safety topics", "risk_differences": {}},
    "signal screen": {"dataset": "ADAE", "kind": "signal screen", "arm": "B", "comparator": "A", "least_patients": 3},
    "event dot plot": {"dataset": "ADAE", "kind": "event dot plot", "arm": "C", "comparator": "A", "at_least": 0.0},
    "measurements by visit": LAB | {"kind": "measurements by visit", "occasions": [
        {"words": "Wk 2", "visit": "Week 2"}, {"words": "End", "last_of": ["Week 2", "Week 4"]}]},
    "measurements at visits": {"dataset": "ADLB", "kind": "measurements at visits", "total": True,
                               "measures": [{"parameter": "ALT", "words": "ALT"},
                                            {"parameter": "AST", "words": "AST", "of": "change"}],
                               "occasions": [{"words": "Wk 4", "visit": "Week 4"}]},
    "exposure": {"kind": "exposure", "total": True, "groups": [{"words": "All"}, {"words": "Old", "where": "AGE > 60"}],
                 "amounts": [{"column": "DOSE", "words": "Dose", "at_least": [20, 40]}]},
    "shift, worst": SHIFT | {"worst": ["H", "L", "N"], "test": "cmh"},
    "shift, any": SHIFT | {"take": "any", "missing_baseline": "N"},
    "shift, each visit": SHIFT | {"take": "each visit", "visits": VISITS, "test": "cmh"},
    "abnormalities": LAB | {"kind": "abnormalities", "test": "fisher",
                            "criteria": {"high": "AVAL > ANRHI", "low": "AVAL < 0.2 * ANRHI"}},
    "abnormalities, over arms": LAB | {"kind": "abnormalities", "test": "fisher over arms",
                                       "criteria": {"high": "AVAL > ANRHI"}},
    "liver injury": {"dataset": "ADLB", "kind": "liver injury", "total": True},
}  # fmt: skip


def table(name: str) -> Any:
    """A table of a kind."""
    made: Any = TypeAdapter(Table).validate_python(HEAD | TABLES[name])
    return made


def rows(name: str, data: dict[str, Dataset]) -> list[Any]:
    """Its rows."""
    return list(rows_of(table(name), STUDY, data))


def trial(rng: np.random.Generator, patients: int, events: int) -> dict[str, pl.DataFrame]:
    """One trial: some values, dates, categories and baselines are missing."""
    who = [f"{n:03}" for n in range(patients)]
    start = [START + timedelta(days=int(d)) for d in rng.integers(0, 60, patients)]
    end = [s + timedelta(days=int(d)) for s, d in zip(start, rng.integers(20, 120, patients), strict=True)]
    adsl = pl.DataFrame(
        {
            "USUBJID": who, "TRT01A": rng.choice(ARMS, patients), "TRTSDT": start,
            "TRTEDT": [None if rng.random() < 0.05 else e for e in end],
            "AGE": rng.integers(40, 80, patients).astype(float),
            "DOSE": np.where(rng.random(patients) < 0.1, np.nan, rng.normal(30, 15, patients)),
            "DTHFL": rng.choice(["Y", "N"], patients, p=[0.1, 0.9]),
        },
        schema_overrides={"USUBJID": pl.String, "TRT01A": pl.String, "TRTSDT": pl.Date, "TRTEDT": pl.Date,
                          "DTHFL": pl.String},
    )  # fmt: skip
    at = rng.integers(0, max(patients, 1), events if patients else 0)
    term = rng.integers(0, 6, len(at))
    adae = pl.DataFrame(
        {
            "USUBJID": [who[i] for i in at],
            "ASTDT": [None if rng.random() < 0.1 else start[i] + timedelta(days=int(rng.integers(0, 100))) for i in at],
            "AEBODSYS": [f"c{t % 2}" for t in term], "AEDECOD": [f"t{t}" for t in term],
            "AESEV": [[None, "MILD", "SEVERE"][k] for k in rng.integers(0, 3, len(at))],
            "AESER": [["Y", "N"][k] for k in rng.integers(0, 2, len(at))],
        },
        schema={"USUBJID": pl.String, "ASTDT": pl.Date, "AEBODSYS": pl.String, "AEDECOD": pl.String,
                "AESEV": pl.String, "AESER": pl.String},
    )  # fmt: skip
    return {"ADSL": adsl, "ADAE": adae, "ADLB": _laboratory(rng, who, start)}


def _laboratory(rng: np.random.Generator, who: list[str], start: list[date]) -> pl.DataFrame:
    rows = []
    for patient, first in zip(who, start, strict=True):
        for code in PANEL[0]["parameters"]:
            base = [None, "L", "N", "H"][int(rng.choice(4, p=[0.1, 0.2, 0.5, 0.2]))]
            for week, visit in ((2, "Week 2"), (4, "Week 4")):
                value = None if rng.random() < 0.1 else float(rng.lognormal(3, 1))
                category = None if value is None else ["L", "N", "H"][int(rng.choice(3, p=[0.2, 0.6, 0.2]))]
                day = first + timedelta(days=7 * week)
                upper = None if rng.random() < 0.05 else 20.0
                rows.append((patient, code, visit, day, 7 * week, value, float(rng.normal()), upper, base, category))
    names = {"USUBJID": pl.String, "PARAMCD": pl.String, "AVISIT": pl.String, "ADT": pl.Date, "ADY": pl.Int64,
             "AVAL": pl.Float64, "CHG": pl.Float64, "ANRHI": pl.Float64, "BNRIND": pl.String,
             "ANRIND": pl.String}  # fmt: skip
    return pl.DataFrame(rows, schema=names, orient="row")


def together(trials: list[dict[str, pl.DataFrame]], seed: int) -> dict[str, Dataset]:
    """Many trials in one library, their rows in any order."""
    made = {}
    for name in trials[0]:
        frames = [t[name].with_columns(REPLICATE=pl.lit(n)) for n, t in enumerate(trials)]
        made[name] = dataset(name, pl.concat(frames).sample(fraction=1.0, shuffle=True, seed=seed))
    return made


def alone(frames: dict[str, pl.DataFrame]) -> dict[str, Dataset]:
    """One trial as a library."""
    return {name: dataset(name, frame) for name, frame in frames.items()}
