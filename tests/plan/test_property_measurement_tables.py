"""Tables of measurements and shifts: many trials at once are the trials one by one; repeated records are refused."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from pivotal.errors import DataError
from pivotal.plan.tables import rows_of
from pivotal.records.dataset import dataset
from pivotal.study.laboratory_tables import Shift
from pivotal.study.measurement_tables import MeasurementsByVisit

STUDY = SimpleNamespace(
    conventions="sas", arms=[SimpleNamespace(name=n, control=n == "A") for n in ("A", "B")], control=0
)
TRIALS, EACH = 3, 12
BY_VISIT = MeasurementsByVisit(
    kind="measurements by visit", id="t", title="t", dataset="ADLB", panels=[{"parameters": {"ALT": "ALT"}}],
    occasions=[{"words": "Wk 2", "visit": "Week 2"}, {"words": "End", "last_of": ["Week 2", "Week 4"]}], total=True,
)  # fmt: skip
SHIFT = Shift(
    kind="shift", id="t", title="t", dataset="ADLB", panels=[{"parameters": {"ALT": "ALT"}}],
    categories={"N": "Normal", "H": "High"}, worst=["H", "N"], test="cmh",
)  # fmt: skip


def library(trial=None):
    rng = np.random.default_rng(20)
    shape = TRIALS * EACH
    patients = pl.DataFrame(
        {
            "REPLICATE": np.repeat(np.arange(TRIALS), EACH),
            "USUBJID": [f"{n % EACH:02}" for n in range(shape)],
            "TRT01P": rng.permutation(["A", "B"] * (shape // 2)),
        }
    )
    visits = pl.DataFrame({"AVISIT": ["Week 2", "Week 4"], "ADT": ["2026-01-15", "2026-01-29"]})
    n = 2 * shape
    rows = (
        patients.drop("TRT01P")
        .join(visits, how="cross")
        .with_columns(
            PARAMCD=pl.lit("ALT"),
            AVAL=pl.Series(np.where(rng.random(n) < 0.2, np.nan, rng.normal(20, 5, n))),
            CHG=pl.Series(rng.normal(0, 1, n)),
            BNRIND=pl.col("USUBJID").str.slice(1).cast(pl.Int64).mod(3).eq(0).replace_strict({True: "H", False: "N"}),
            ANRIND=pl.Series(rng.choice(["N", "H"], n)),
        )
    )
    if trial is not None:
        patients, rows = (f.filter(pl.col("REPLICATE") == trial).drop("REPLICATE") for f in (patients, rows))
    return {"ADSL": dataset("ADSL", patients), "ADLB": dataset("ADLB", rows)}


@pytest.mark.parametrize("table", [BY_VISIT, SHIFT], ids=lambda t: t.kind)
def test_many_trials_are_the_trials_one_by_one(table):
    together = list(rows_of(table, STUDY, library()))
    alone = [list(rows_of(table, STUDY, library(trial))) for trial in range(TRIALS)]
    assert together
    assert {len(rows) for rows in alone} == {len(together)}
    for n, row in enumerate(together):
        single = np.array([rows[n].value[0] for rows in alone])
        np.testing.assert_allclose(row.value, single, rtol=1e-12, atol=1e-12, err_msg=row.key.id)
        assert all(rows[n].key == row.key for rows in alone)


def test_two_values_at_one_occasion_are_refused():
    data = library(0)
    twice = pl.concat([data["ADLB"].frame, data["ADLB"].frame.drop_nans("AVAL").head(1)])
    with pytest.raises(DataError, match="measured more than once"):
        list(rows_of(BY_VISIT, STUDY, data | {"ADLB": dataset("ADLB", twice)}))
