"""Exact conditional logistic regression: one arm against control, and both active arms together."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pivotal.stats import Reason, exact_logistic, exact_logistic_joint_test, exact_logistic_null
from pivotal.validate.case import Case
from pivotal.validate.rule import Rule

Ints = NDArray[np.int64]


def run_comparison(case: Case) -> dict[str, Any]:
    """One active arm against control, given the other's responders or without its patients."""
    arms, events, totals, levels = _tables(case)
    arm, pairwise = arms.index(case.input["arm"]), _pairwise(case)
    level = float(case.input.get("level", 0.95))
    found = exact_logistic([events], [totals], levels, pairwise=pairwise, level=level)
    null = exact_logistic_null(events, totals, levels, arm=arm, pairwise=pairwise)
    log = found.log_odds_ratio
    estimate, low, high, se, observed, p = (
        float(np.asarray(each)[0, arm - 1])
        for each in (log.estimate, log.ci_low, log.ci_high, log.se, log.statistic, log.p)
    )
    result = {
        "observed": observed,
        "support": [int(null.total[0]), int(null.total[-1])],
        "prob_null": null.probability,
        "mean_null": found.mean[0, arm - 1],
        "p_greater": found.p_greater[0, arm - 1],
        "p_less": found.p_less[0, arm - 1],
        "p_twice_smaller_tail": p,
        "p_midp_twice_smaller_tail": found.p_mid[0, arm - 1],
        "p_score": found.p_score[0, arm - 1],
        "p_probability": found.p_probability[0, arm - 1],
        "log_or_lower": low,
        "log_or_upper": high,
        "or_lower": float(np.exp(low)),
        "or_upper": float(np.exp(high)),
    }
    if log.reason[0, arm - 1] == Reason.MEDIAN_UNBIASED:
        end = np.inf if np.isinf(high) else -np.inf
        of_estimate = {"log_or_mue": estimate, "or_mue": float(np.exp(estimate)), "log_or_cmle": end}
        return result | of_estimate | {"or_cmle": float(np.exp(end))}
    of_estimate = {"log_or_cmle": estimate, "or_cmle": float(np.exp(estimate))}
    return result | of_estimate | {"se_log_or_conditional_information": se}


def run_joint(case: Case) -> dict[str, Any]:
    """Both active arms, two degrees of freedom."""
    _, events, totals, levels = _tables(case)
    found = exact_logistic_joint_test([events], [totals], levels)
    assert found.score.statistic is not None
    assert found.score.p is not None
    return {
        "observed": events[1:].sum(axis=1),
        "mean": found.mean[0],
        "var": found.variance[0],
        "score": found.score.statistic[0],
        "p_score": found.score.p[0],
        "p_probability": found.p_probability[0],
    }


def _tables(case: Case) -> tuple[list[str], Ints, Ints, Ints]:
    """Arms, control first; responders and patients (arm, stratum); level codes (stratum, factor)."""
    cells, factors = case.input["cells"], case.input["factors"]
    arms = list(dict.fromkeys(cell["arm"] for cell in cells))
    control = case.input.get("control", "control" if "control" in arms else arms[0])
    arms.sort(key=lambda arm: arm != control)
    strata = list(dict.fromkeys(tuple(cell[factor] for factor in factors) for cell in cells))
    events = np.zeros((len(arms), len(strata)), dtype=np.int64)
    totals = np.zeros_like(events)
    for cell in cells:
        at = arms.index(cell["arm"]), strata.index(tuple(cell[factor] for factor in factors))
        events[at] += cell["x"]
        totals[at] += cell["n"]
    codes = [np.unique([str(stratum[f]) for stratum in strata], return_inverse=True)[1] for f in range(len(factors))]
    return arms, events, totals, np.stack(codes, axis=1).astype(np.int64)


def _pairwise(case: Case) -> bool:
    return "pairwise" in case.parts or "only control and that arm" in case.call


def _is_comparison(case: Case) -> bool:
    return {"cells", "factors", "arm"} <= case.input.keys() and case.call.startswith("logit P(y) = arm")


RULES = (
    Rule("exact logistic regression, joint test", lambda case: case.kind == "joint_test", run_joint),
    Rule("exact logistic regression", _is_comparison, run_comparison),
)
