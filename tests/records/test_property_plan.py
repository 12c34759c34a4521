"""The plan on R trials read one by one from files gives what it gives on the batch, number for number."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pivotal import cohort
from pivotal.plan import Plan
from pivotal.records import read, write
from pivotal.study.load import load
from pivotal.study.model import Study
from pivotal.trials import Trials, observed

from .conftest import made_up
from .test_property_round_trip import bits

REPLICATES = 3


def one_by_one_equals_the_batch(study: Study, batch: Trials, folder: Path, suffix: str) -> None:
    """Each row of the batch's results stands in every trial's own, to 1e-12; reasons nobody had may be added."""
    whole = Plan(study).analyse(batch)
    for r in range(batch.shape[0]):
        for path in write(study, batch.replicate(r), folder / str(r)):
            if path.suffix not in {suffix, ".txt"}:
                path.unlink()
        one = Plan(study).analyse(read(study, folder / str(r)))
        assert one.virtual
        mine = {row.key: row.value[0] for row in one}
        for row in whole:
            np.testing.assert_allclose(mine[row.key], row.value[r], rtol=1e-12, atol=1e-12, err_msg=row.key.id)
        extra = set(mine) - {row.key for row in whole}
        assert all(key.analysis == "disposition" and mine[key] == 0 for key in extra)


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_patients_without_a_model(study: Study, tmp_path: Path, suffix: str) -> None:
    one_by_one_equals_the_batch(study, made_up(study, patients=60, replicates=REPLICATES), tmp_path, suffix)


@pytest.mark.parametrize(
    ("name", "scenario"), [("true-ad3", "published"), ("true-ad3", "heavy dropout"), ("mrc-1948", "null")]
)
def test_virtual_patients(name: str, scenario: str, tmp_path: Path) -> None:
    study = load(name)
    batch = cohort.build(study, scenario).draw(REPLICATES, np.random.default_rng(1))
    for suffix in (".parquet", ".csv"):
        one_by_one_equals_the_batch(study, batch, tmp_path / suffix, suffix)
        for r in range(REPLICATES):
            same_bits(batch.replicate(r), read(study, tmp_path / suffix / str(r)))


def same_bits(drawn: Trials, read_back: Trials) -> None:
    """Every value that was drawn, as 64 bits; that nothing is there where nothing was drawn."""
    for mine, theirs in ((drawn.subject, read_back.subject), (drawn.values, read_back.values)):
        for key, column in mine.items():
            np.testing.assert_array_equal(bits(column), bits(theirs[key]), err_msg=str(key))
        assert not any(observed(theirs[key]).any() for key in set(theirs) - set(mine))
    for name in ("arm", "last_visit"):
        np.testing.assert_array_equal(getattr(drawn, name), getattr(read_back, name))
    assert [drawn.reasons[c] for c in drawn.reason[0]] == [read_back.reasons[c] for c in read_back.reason[0]]
