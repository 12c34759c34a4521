"""A user's own time-to-event cases: other data, other columns, other formulas."""

import json

import numpy as np
import pytest

from pivotal.stats import fit_cox, log_rank
from pivotal.validate import compare, read_cases
from pivotal.validate.registry import rule_for

CALLS = {
    "own/cox": "coxph(Surv(days, dead==2) ~ arm + factor(stage) + age + strata(region), data=d, ties='breslow')",
    "own/logrank": "survdiff(Surv(days, dead) ~ arm + strata(region), rho=1)",
    "own/km_here": "survfit(Surv(days, dead) ~ arm, conf.type='plain')",
}


@pytest.fixture
def folder(tmp_path):
    """Sixty patients, events coded 2, some ages missing."""
    rng = np.random.default_rng(4)
    columns = {
        "days": np.ceil(rng.exponential(20, 60)).astype(int),
        "dead": 1 + (rng.random(60) < 0.7),
        "arm": rng.choice(["Placebo", "Active"], 60),
        "stage": rng.integers(1, 4, 60),
        "region": rng.choice(["N", "S"], 60),
        "age": np.where(rng.random(60) < 0.1, "NA", rng.integers(20, 70, 60).astype(str)),
    }
    rows = [",".join(columns), *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))]
    (tmp_path / "d.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    results = {
        "own/cox": {"names": ["armPlacebo", "factor(stage)2", "factor(stage)3", "age"], "coef": [0.0] * 4},
        "own/logrank": {"chisq": 0.0, "obs": [0.0, 0.0]},
        "own/km_here": {"rows": [{"arm": "arm=Active", "n_risk": 0}], "quantile": [[0, 0, 0]], "rmst": [[0, 0, 0, 0]]},
    }
    given = {"csv": "d.csv", "times": [5, 10]}
    cases = [{"id": key, "call": call, "input": given, "result": results[key]} for key, call in CALLS.items()]
    (tmp_path / "own.json").write_text(json.dumps({"area": "own", "cases": cases}), encoding="utf-8")
    return tmp_path


def test_they_run_and_every_quantity_is_computed(folder):
    cases = {case.id: case for case in read_cases(folder)}
    found = {}
    for key, case in cases.items():
        rule = rule_for(case)
        found[key] = rule.run(case)
        assert not [check.quantity for check in compare(case, rule, found[key]) if check.agrees is None]
    table = cases["own/cox"].table()
    assert found["own/cox"]["names"] == cases["own/cox"].result["names"]
    time, event = table["days"][None], table["dead"] == 2
    arm, region = table.codes("arm"), table.codes("region")
    columns = [arm == 1, table["stage"] == 2, table["stage"] == 3, table["age"]]
    fit = fit_cox(time, event, np.stack(columns, 1).astype(float), ties="breslow", strata=region)
    np.testing.assert_allclose(found["own/cox"]["coef"], fit.coefficients[0], rtol=1e-9)
    test = log_rank(time, event, arm, weight=(1.0, 0.0), strata=region)
    assert found["own/logrank"]["chisq"] == pytest.approx(test.statistic[0])
    assert found["own/km_here"]["rmst"][0][:2] == [(arm == 0).sum(), ((arm == 0) & event).sum()]
