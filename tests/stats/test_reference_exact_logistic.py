"""Numbers of two independent programs: tests/reference/exact_logistic.json (see ../shared/reference/README.md)."""

import json
from pathlib import Path

import numpy as np
import pytest

from pivotal.stats.estimate import Reason
from pivotal.stats.exact_joint import exact_logistic_joint_test
from pivotal.stats.exact_logistic import exact_logistic, exact_logistic_null

CASES = json.loads((Path(__file__).parents[1] / "reference" / "exact_logistic.json").read_text())["cases"]
ARMS = ["control", "active1", "active2"]
RELATIVE = 1e-10  # the reference's own error is below 1e-12
FAR = 1e-30  # probabilities below this are held to 1e-4 only: they carry nothing


def tables(case):
    cells, factors = case["input"]["cells"], case["input"]["factors"]
    strata = list(dict.fromkeys(tuple(cell[f] for f in factors) for cell in cells))
    events = np.zeros((3, len(strata)), dtype=int)
    totals = np.zeros_like(events)
    for cell in cells:
        at = ARMS.index(cell["arm"]), strata.index(tuple(cell[f] for f in factors))
        events[at], totals[at] = cell["x"], cell["n"]
    levels = [np.unique(column, return_inverse=True)[1] for column in np.array(strata).T]
    return events, totals, np.stack(levels, 1)


def comparison(case):
    _, kind, arm = case["id"].split("/")
    return ARMS.index(arm), kind == "pairwise"


COMPARISONS = [case for case in CASES if "joint_test" not in case["id"]]
JOINT = [case for case in CASES if "joint_test" in case["id"]]


@pytest.mark.parametrize("case", COMPARISONS, ids=lambda case: case["id"])
def test_comparison(case):
    events, totals, levels = tables(case)
    arm, pairwise = comparison(case)
    found = exact_logistic([events], [totals], levels, pairwise=pairwise, level=case["input"]["level"])
    log, wanted = found.log_odds_ratio, case["result"]
    median = "log_or_mue" in wanted
    pairs = [
        (log.estimate, wanted["log_or_mue" if median else "log_or_cmle"]),
        (log.ci_low, wanted["log_or_lower"]),
        (log.ci_high, wanted["log_or_upper"]),
        (log.p, wanted["p_twice_smaller_tail"]),
        (found.p_score, wanted["p_score"]),
        (found.p_probability, wanted["p_probability"]),
        (found.mean, wanted["mean_null"]),
        (log.statistic, wanted["observed"]),
        (found.odds_ratio.ci_high, wanted["or_upper"]),
    ]
    if not median:
        pairs.append((log.se, wanted["se_log_or_conditional_information"]))
    for got, want in pairs:
        assert got[0, arm - 1] == pytest.approx(float(want), rel=RELATIVE)
    assert log.reason[0, arm - 1] == (Reason.MEDIAN_UNBIASED if median else Reason.NONE)


@pytest.mark.parametrize("case", COMPARISONS, ids=lambda case: case["id"])
def test_null_distribution(case):
    events, totals, levels = tables(case)
    arm, pairwise = comparison(case)
    found = exact_logistic_null(events, totals, levels, arm=arm, pairwise=pairwise)
    low, high = case["result"]["support"]
    want = np.array(case["result"]["prob_null"])
    np.testing.assert_array_equal(found.total, np.arange(low, high + 1))
    near = want > FAR
    np.testing.assert_allclose(found.probability[near], want[near], rtol=RELATIVE)
    np.testing.assert_allclose(found.probability, want, rtol=1e-4)


@pytest.mark.parametrize("case", JOINT, ids=lambda case: case["id"])
def test_joint(case):
    events, totals, levels = tables(case)
    found, want = exact_logistic_joint_test([events], [totals], levels), case["result"]
    np.testing.assert_allclose(found.mean[0], want["mean"], rtol=RELATIVE)
    np.testing.assert_allclose(found.variance[0], want["var"], rtol=RELATIVE)
    assert found.score.statistic[0] == pytest.approx(want["score"], rel=RELATIVE, abs=1e-12)
    assert found.score.p[0] == pytest.approx(want["p_score"], rel=RELATIVE)
    assert found.p_probability[0] == pytest.approx(want["p_probability"], rel=RELATIVE)
