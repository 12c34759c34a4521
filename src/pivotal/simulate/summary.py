"""From sums over replicates to power, error, bias and coverage, each with its Monte-Carlo standard error."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pivotal.cohort import resolve
from pivotal.simulate.tally import Tally
from pivotal.study.model import Study

Floats = NDArray[np.float64]
JSON = dict[str, Any]


def share(x: float, n: float) -> tuple[float | None, float | None]:
    """A proportion and its Monte-Carlo standard error sqrt(p (1 - p) / n); None where n is 0."""
    if n == 0:
        return None, None
    p = x / n
    return p, math.sqrt(p * (1 - p) / n)


def mean(total: float, squares: float, n: float) -> tuple[float | None, float | None]:
    """A mean and its Monte-Carlo standard error, from the sum and the sum of squares."""
    if n < 2:
        return None, None
    average = total / n
    variance = max(squares / n - average**2, 0.0) * n / (n - 1)
    return average, math.sqrt(variance / n)


def hypothesis_rows(
    study: Study,
    scenario: str,
    found: Tally,
    truth: Floats,
    true_null: NDArray[np.bool_],
    endpoints: tuple[str, ...] | None,
) -> list[JSON]:
    """A row for each hypothesis that was analysed; the family-wise error is the scenario's."""
    rows = []
    fwer, fwer_mcse = family_wise_error(found, true_null)
    for h, hypothesis in enumerate(study.testing.hypotheses):
        endpoint = study.endpoint(hypothesis.endpoint)
        if endpoints is not None and endpoint.name not in endpoints:
            continue
        power, mcse = share(found.rejected[h], found.replicates)
        bias, bias_mcse = mean(found.error[h], found.error2[h], found.estimable[h])
        coverage, coverage_mcse = share(found.covered[h], found.covering[h])
        known = bool(np.isfinite(truth[h]))
        rows.append(
            {
                "scenario": scenario,
                "hypothesis": hypothesis.name,
                "endpoint": endpoint.name,
                "visit": endpoint.visit,
                "arm": hypothesis.arm,
                "comparator": hypothesis.comparator,
                "method": endpoint.analysis.method,
                "true_null": bool(true_null[h]),
                "power": power,
                "mcse": mcse,
                "fwer": fwer,
                "fwer_mcse": fwer_mcse,
                "truth": float(truth[h]) if known else None,
                "truth_scale": f"log {endpoint.summary}" if endpoint.summary.endswith("ratio") else endpoint.summary,
                "bias": bias if known else None,
                "bias_mcse": bias_mcse if known else None,
                "coverage": coverage if known else None,
                "coverage_mcse": coverage_mcse if known else None,
                "replicates": found.replicates,
                "not_estimable": int(found.replicates - found.estimable[h]) if known else None,
                "not_converged": int(found.not_converged[h]),
            }
        )
    return rows


def family_wise_error(found: Tally, true_null: NDArray[np.bool_]) -> tuple[float | None, float | None]:
    """Share of replicates that reject a true null hypothesis, and its error; None where none is true."""
    return share(found.false_rejected, found.replicates) if true_null.any() else (None, None)


def scenario_row(study: Study, scenario: str, found: Tally, true_null: NDArray[np.bool_]) -> JSON:
    """Family-wise error (where a true null hypothesis exists), power for any and for all hypotheses."""
    any_power, any_mcse = share(found.any_rejected, found.replicates)
    all_power, all_mcse = share(found.all_rejected, found.replicates)
    fwer, fwer_mcse = family_wise_error(found, true_null)
    return {
        "scenario": scenario,
        "label": study.scenario(scenario).label,
        "replicates": found.replicates,
        "true_nulls": [h.name for h, true in zip(study.testing.hypotheses, true_null, strict=True) if true],
        "fwer": fwer,
        "fwer_mcse": fwer_mcse,
        "power_any": any_power,
        "power_any_mcse": any_mcse,
        "power_all": all_power,
        "power_all_mcse": all_mcse,
    }


def rate_rows(study: Study, scenario: str, found: Tally, counted: list[tuple[str, str]]) -> list[JSON]:
    """Simulated response by endpoint, visit and arm, beside what the scenario asks for."""
    wanted = {(r.endpoint, r.visit): r for r in resolve(study, scenario).rates}
    rows = []
    arms = [arm.name for arm in study.arms]
    for index, (endpoint, visit) in enumerate(counted):
        for a, arm in enumerate(arms):
            position = index * len(arms) + a
            rate, mcse = share(found.responders[position], found.patients[position])
            target = wanted.get((endpoint, visit))
            rows.append(
                {
                    "scenario": scenario,
                    "endpoint": endpoint,
                    "visit": visit,
                    "arm": arm,
                    "simulated": rate,
                    "mcse": mcse,
                    "target": target.proportion(arm) if target is not None else None,
                }
            )
    return rows
