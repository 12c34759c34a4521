"""Logistic regression against R's glm and refits (tests/reference/binary.json)."""

import numpy as np
import pytest

from pivotal import stats

from .reference import cases, strata
from .tolerances import ESTIMATE, PROFILE, STANDARD_ERROR


def cells(name):
    """Events, totals (1, cell) and design: intercept, arm, strata after the first."""
    x1, n1, x0, n0 = strata(name)
    number = x1.shape[1]
    stratum = np.tile(np.eye(number)[:, 1:], (2, 1))
    arm = np.repeat([1.0, 0.0], number)
    design = np.column_stack([np.ones(2 * number), arm, stratum])
    return np.concatenate([x1, x0], axis=1), np.concatenate([n1, n0], axis=1), design


@pytest.mark.parametrize(("given", "expected"), cases("binary", "/logistic"))
def test_wald(given, expected):
    fit = stats.fit_logistic(*cells(given["csv"]))
    assert fit.converged.all()
    assert float(fit.loglik[0]) == pytest.approx(expected["loglik"], rel=ESTIMATE)
    for column, row in enumerate(expected["coefficients"].values()):
        result = stats.wald(fit, column)
        assert float(result.estimate[0]) == pytest.approx(row["est"], rel=ESTIMATE)
        assert float(result.se[0]) == pytest.approx(row["se"], rel=STANDARD_ERROR)
        assert float(result.statistic[0]) == pytest.approx(row["z"], rel=STANDARD_ERROR)
        assert float(result.p[0]) == pytest.approx(row["p"], rel=ESTIMATE)
    arm = stats.logistic_wald(*cells(given["csv"]), 1)
    assert np.exp([arm.ci_low[0], arm.ci_high[0]]) == pytest.approx(expected["or_wald"], rel=ESTIMATE)


@pytest.mark.parametrize(("given", "expected"), cases("binary", "/logistic"))
def test_likelihood_ratio(given, expected):
    result = stats.logistic_lr(*cells(given["csv"]), 1)
    assert float(result.statistic[0]) == pytest.approx(expected["lrt"], rel=ESTIMATE)
    assert float(result.p[0]) == pytest.approx(expected["lrt_p"], rel=ESTIMATE)


@pytest.mark.parametrize(("given", "expected"), cases("binary", "/logistic_profile_root"))
def test_profile_limits(given, expected):
    result = stats.logistic_lr(*cells(given["csv"]), 1, given["level"])
    assert float(result.estimate[0]) == pytest.approx(expected["est"], rel=ESTIMATE)
    assert float(result.ci_low[0]) == pytest.approx(expected["lower"], rel=PROFILE)
    assert float(result.ci_high[0]) == pytest.approx(expected["upper"], rel=PROFILE)
