"""A folder of one's own: other data, column names, formulas and levels run through the same rules."""

import json

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats as scipy_stats

from pivotal.validate import compare, read_cases
from pivotal.validate.registry import rule_for

CELLS = [("B", 1, 12, 31), ("A", 1, 9, 22), ("C", 1, 11, 25), ("B", 0, 5, 29), ("A", 0, 6, 24), ("C", 0, 4, 23)]
COLUMNS = "centre, drug (1 active / 0 control), cured, treated"


def held(tmp_path, *cases):
    given = [{"package": "statsmodels", "version": "0", **case} for case in cases]
    (tmp_path / "ours.json").write_text(json.dumps({"area": "ours", "cases": given}))
    checks = []
    for case in read_cases(tmp_path):
        rule = rule_for(case)
        assert rule is not None, case.id
        checks += compare(case, rule, rule.run(case))
    assert all(check.agrees for check in checks), [check for check in checks if not check.agrees]
    return checks


def write(path, head, rows):
    path.write_text("\n".join([head, *(",".join(map(str, row)) for row in rows)]) + "\n")


def fitted(design):
    counts = np.array([(x, n - x) for _, _, x, n in CELLS])
    return sm.GLM(counts, design, family=sm.families.Binomial()).fit(tol=1e-13)


@pytest.mark.parametrize("formula", ["y~drug+factor(centre)", "y~drug", "y ~ drug + centre"])
def test_other_columns_and_formulas(tmp_path, formula):
    write(tmp_path / "trial.csv", "centre,drug,cured,treated", CELLS)
    arm = np.array([float(arm) for _, arm, _, _ in CELLS])
    b, c = (np.array([centre == level for centre, *_ in CELLS], dtype=float) for level in "BC")
    columns, names = [np.ones(6), arm], ["(Intercept)", "drug"]
    if "centre" in formula:
        columns, names = [*columns, b, c], [*names, "centreB", "centreC"]
    whole, rest = fitted(np.column_stack(columns)), fitted(np.column_stack([columns[0], *columns[2:]]))
    rows = zip(whole.params, whole.bse, whole.tvalues, whole.pvalues, strict=True)
    result = {
        "coefficients": {
            str(j + 1): dict(zip(("est", "se", "z", "p"), row, strict=True)) for j, row in enumerate(rows)
        },
        "names": names,
        "or": float(np.exp(whole.params[1])),
        "or_wald": [float(value) for value in np.exp(whole.conf_int(0.1)[1])],
        "lrt": float(rest.deviance - whole.deviance),
    }
    given = {"csv": "trial.csv", "level": 0.9, "columns": COLUMNS}
    held(tmp_path, {"id": "t/logistic", "call": f"glm({formula}, binomial)", "input": given, "result": result})


def test_patients_one_by_one_in_a_log_linear_model(tmp_path):
    rng = np.random.default_rng(2)
    arm, weight = rng.integers(0, 2, 80), rng.normal(70, 9, 80).round(1)
    cured = rng.binomial(1, 0.3 + 0.2 * arm)
    write(tmp_path / "people.csv", "arm,weight,cured", zip(arm, weight, cured, strict=True))
    fit = sm.GLM(cured, np.column_stack([np.ones(80), arm, weight]), family=sm.families.Poisson()).fit(
        cov_type="HC0", tol=1e-13
    )
    rows = zip(("(Intercept)", "arm", "weight"), fit.params, fit.bse, strict=True)
    result = {
        "coef": [{"name": name, "est": est, "se": se} for name, est, se in rows],
        "rr": float(np.exp(fit.params[1])),
    }
    call = "glm(cured~arm+weight,poisson(log)) with sandwich HC0"
    held(tmp_path, {"id": "modified_poisson/people", "call": call, "input": {"csv": "people.csv"}, "result": result})


def test_other_counts_and_levels(tmp_path):
    table = {"x1": 8, "n1": 19, "x0": 3, "n0": 17, "level": 0.9}
    counts = np.array([[8, 11], [3, 14]])
    chi = scipy_stats.chi2_contingency(counts, correction=False)
    exact = scipy_stats.contingency.odds_ratio(counts).confidence_interval(0.9)
    held(
        tmp_path,
        {"id": "a/chisq", "call": "chisq.test", "input": table, "result": {"pearson": {"statistic": chi.statistic}}},
        {
            "id": "a/fisher",
            "call": "fisher.test(m)",
            "input": table,
            "result": {"p_two_sided": scipy_stats.fisher_exact(counts).pvalue, "or_upper": exact.high},
        },
    )


def test_other_names_of_arms_and_factors(tmp_path):
    cells = [
        {"site": site, "arm": arm, "n": n, "x": x}
        for site, arm, n, x in [("u", "low", 9, 5), ("u", "none", 8, 2), ("v", "low", 7, 4), ("v", "none", 9, 1)]
    ]
    given = {"factors": ["site"], "level": 0.95, "cells": cells, "arm": "low", "control": "none"}
    call = "logit P(y) = arm + main effects of the factors; only control and that arm"
    held(tmp_path, {"id": "t/low", "call": call, "input": given, "result": {"observed": 9, "support": [0, 12]}})
