"""A small study, a virtual trial of it, and its data sets as CSV files that a test may spoil."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pivotal.errors import DataError, Fault
from pivotal.records import read, write
from pivotal.study.model import Study
from pivotal.trials import Screening, Trials

ANALYSIS = {"method": "cochran-mantel-haenszel", "covariates": ["IGA", "AGEGR1"]}
SMALL = {
    "study": {"id": "SMALL", "title": "A small trial", "sponsor_id": "SP-1"},
    "variables": {
        "AGE": {"label": "Age", "type": "integer", "range": [2, 11], "unit": "years"},
        "SEX": {"label": "Sex", "type": "category", "categories": ["F", "M"]},
        "IGA": {"label": "IGA at baseline", "type": "integer", "range": [0, 4]},
        "EASI": {"label": "EASI at baseline", "type": "number", "range": [0, 72]},
        "ATOPY": {"label": "Atopy in the family", "type": "boolean"},
        "HGB": {"label": "Haemoglobin", "type": "number", "range": [0, 25], "column": "HGBBL"},
    },
    "population": {"size": 24},
    "analysis_sets": [
        {"name": "ITT", "label": "All"},
        {"name": "OLDER", "label": "Age 6 or more", "criteria": [{"variable": "AGE", "at_least": 6}]},
    ],
    "arms": [{"name": "Vehicle", "ratio": 1, "control": True}, {"name": "Active 1.5%", "ratio": 2}],
    "randomisation": {
        "method": "simple",
        "strata": [
            {
                "name": "IGA",
                "variable": "IGA",
                "levels": [{"label": "2", "any_of": [2]}, {"label": "3", "any_of": [3]}],
            },
            {
                "name": "AGEGR1",
                "variable": "AGE",
                "levels": [{"label": "2-6", "below": 7}, {"label": "7-11", "at_least": 7}],
            },
            {
                "name": "SEXGR1",
                "variable": "SEX",
                "levels": [{"label": "girl", "any_of": ["F"]}, {"label": "boy", "any_of": ["M"]}],
            },
        ],
    },
    "visits": [
        {"name": "Baseline", "day": 1, "baseline": True, "measures": ["IGA", "EASI"]},
        {"name": "Week 2", "day": 15, "measures": ["IGA", "EASI"]},
        {"name": "Week 4", "day": 29, "measures": ["IGA", "EASI", "PAIN"]},
    ],
    "parameters": [
        {"name": "IGA", "label": "Investigator's Global Assessment", "range": [0, 4], "integer": True},
        {"name": "EASI", "label": "Eczema Area and Severity Index", "range": [0, 72]},
        {"name": "PAIN", "label": "Pain, change on a scale", "range": [-3, 3], "integer": True},
    ],
    "endpoints": [
        {
            "name": "IGA-TS",
            "label": "Treatment success",
            "role": "primary",
            "kind": "binary",
            "visit": "Week 4",
            "population": "ITT",
            "derive": {"parameter": "IGA", "value_at_most": 1, "improvement_at_least": 2},
            "summary": "risk difference",
            "analysis": ANALYSIS,
        }
    ],
    "testing": {"alpha": 0.05},
    "scenarios": [
        {
            "name": "published",
            "label": "As published",
            "dropout": [
                {"arm": "Vehicle", "percent": 20, "reasons": {"lack of efficacy": 2, "lost to follow-up": 1}},
                {"arm": "Active 1.5%", "percent": 10, "reasons": {"adverse event": 1, "lost to follow-up": 1}},
            ],
        }
    ],
}


@pytest.fixture(scope="session")
def study() -> Study:
    return Study.model_validate(SMALL)


def made_up(study: Study, *, patients: int = 24, seed: int = 1, replicates: int = 1) -> Trials:
    """A batch without any model behind it, with every kind of column and of missing value."""
    rng = np.random.default_rng(seed)
    shape = (replicates, patients)
    last = rng.choice([0, 1, 2, 2, 2, 2], size=shape).astype(np.int8)
    reason = np.where(last == 2, 0, rng.integers(1, 4, size=shape)).astype(np.int8)
    values: dict[tuple[str, str], np.ndarray] = {}
    for v, visit in enumerate(study.visits):
        gone = (last < v) | (rng.random(shape) < 0.1 * (v > 0))
        values["IGA", visit.name] = np.where(gone, -1, rng.integers(0, 5, size=shape)).astype(np.int8)
        values["EASI", visit.name] = np.where(gone, np.nan, rng.integers(0, 1441, size=shape) / 20.0)
    values["PAIN", "Week 4"] = np.where(last < 2, np.nan, rng.integers(-3, 4, size=shape).astype(float))
    subject = {
        "AGE": rng.integers(2, 12, size=shape).astype(np.float64),
        "SEX": rng.integers(-1, 2, size=shape).astype(np.int16),
        "IGA": rng.integers(2, 4, size=shape).astype(np.float64),
        "EASI": values["EASI", "Baseline"],
        "ATOPY": rng.random(shape) < 0.5,
        "HGB": np.where(rng.random(shape) < 0.2, np.nan, rng.normal(13, 1, size=shape)),
    }
    return Trials(
        arms=tuple(arm.name for arm in study.arms),
        visits=tuple(visit.name for visit in study.visits),
        arm=rng.integers(0, 2, size=shape).astype(np.int8),
        subject=subject,
        values=values,
        last_visit=last,
        reason=reason,
        reasons=("completed", "lack of efficacy", "lost to follow-up", "adverse event"),
        categories={"SEX": ("F", "M")},
        screening=Screening(
            screened=np.full(replicates, 31, dtype=np.int64),
            failures={"I1": np.full(replicates, 5, dtype=np.int64), "I2": np.full(replicates, 2, dtype=np.int64)},
        ),
    )


@pytest.fixture
def trials(study: Study) -> Trials:
    return made_up(study)


@pytest.fixture
def folder(study: Study, trials: Trials, tmp_path: Path) -> Path:
    """The trial's data sets as CSV alone."""
    write(study, trials, tmp_path)
    for file in tmp_path.glob("*.parquet"):
        file.unlink()
    return tmp_path


class Spoil:
    """A trial's CSV files, spoilt by name, and the faults that reading them finds."""

    def __init__(self, study: Study, folder: Path) -> None:
        self.study = study
        self.folder = folder

    def frame(self, name: str) -> pl.DataFrame:
        return pl.read_csv(self.folder / f"{name}.csv", infer_schema=False)

    def put(self, name: str, frame: pl.DataFrame) -> None:
        frame.write_csv(self.folder / f"{name}.csv")

    def set(self, name: str, row: int, column: str, entry: str | None) -> str:
        """Put an entry into a row (the header is row 1); gives the row's patient."""
        frame = self.frame(name)
        column_ = frame[column].to_list()
        column_[row - 2] = entry
        self.put(name, frame.with_columns(pl.Series(column, column_, dtype=pl.String)))
        return str(frame["USUBJID"][row - 2])

    def change(self, name: str, how: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
        self.put(name, how(self.frame(name)))

    def row(self, name: str, **wanted: str) -> int:
        """Number of the first row with these entries."""
        frame = self.frame(name).with_row_index("place")
        return int(frame.filter(*[pl.col(k) == v for k, v in wanted.items()])["place"][0]) + 2

    def error(self) -> DataError:
        with pytest.raises(DataError) as caught:
            read(self.study, self.folder)
        return caught.value

    def faults(self) -> tuple[Fault, ...]:
        return self.error().faults

    def only(self) -> Fault:
        """The only fault."""
        faults = self.faults()
        assert len(faults) == 1, [str(f) for f in faults]
        return faults[0]


@pytest.fixture
def spoil(study: Study, folder: Path) -> Spoil:
    return Spoil(study, folder)
