"""Every study of the package that has a cohort, and the file to start from, can be simulated as it stands."""

from __future__ import annotations

import pytest

from pivotal.simulate import simulate
from pivotal.study import load, read, shipped, template


@pytest.mark.parametrize("name", [*(name for name in shipped() if load(name).cohort is not None), "template"])
def test_it_runs_and_meets_its_rates(name):
    study = read(template(), "template.toml") if name == "template" else load(name)
    found = simulate(study, scenarios=(study.scenarios[0].name,), replicates=60, seed=8, population=60_000)
    assert found.rows
    for row in found.rates:
        if row["target"] is not None:
            assert row["simulated"] == pytest.approx(row["target"], abs=5 * row["mcse"] + 0.003)
