"""From what was recorded to what is analysed: one endpoint at one visit, intercurrent events handled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pivotal.study.model import Derivation, Endpoint
from pivotal.study.rules import responds
from pivotal.trials import Trials, observed

Array = NDArray[Any]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Derived:
    """An endpoint's value for every patient.

    Attributes
    ----------
    value
        Responder (bool) or measurement (float), (replicate, subject).
    included
        Who enters the analysis under the estimand's strategies, (replicate, subject); None where everybody does.
    """

    value: Array
    included: Mask | None


def derive(endpoint: Endpoint, trials: Trials, visit: str, baseline: str) -> Derived:
    """Derive an endpoint at a visit.

    Parameters
    ----------
    endpoint
        The endpoint: its derivation and how each intercurrent event is handled.
    trials
        The patients.
    visit, baseline
        Names of the visit and of the baseline visit.

    Returns
    -------
    Derived
        Under `non-response` a missing response is a non-response and everybody is included; under `observed cases`
        only who has a value is; under `last observation carried forward` the last value at or before the visit
        stands in, the baseline value where there is no later one. Where `mean_over` names visits the value is the mean
        of what was seen at them, whatever the visit.
    """
    rule = endpoint.derive
    strategies = {endpoint.intercurrent.discontinuation, endpoint.intercurrent.missing}
    base = trials.value(rule.parameter, baseline)
    carried = "last observation carried forward" in strategies
    if rule.mean_over:
        value = _mean(trials, rule.parameter, rule.mean_over)
    else:
        value = _carried_forward(endpoint, trials, visit) if carried else trials.value(rule.parameter, visit)
    seen = observed(value)
    if _needs_baseline(rule):
        seen &= observed(base)
    if not rule.is_binary:
        return Derived(_quantity(rule, value, base), None if seen.all() else seen)
    response = responds(rule, value, base)
    response &= seen
    return Derived(response, _included(endpoint, trials, visit, seen))


def _needs_baseline(rule: Derivation) -> bool:
    relative = (rule.improvement_at_least, rule.percent_improvement_at_least)
    return any(bound is not None for bound in relative) or rule.quantity in {"change", "percent change"}


def _quantity(rule: Derivation, value: Array, base: Array) -> Array:
    if rule.quantity == "value":
        return value.astype(np.float64)
    change = value.astype(np.float64) - base
    if rule.quantity == "change":
        return change
    percent = np.full(change.shape, np.nan)
    np.divide(100 * change, base, out=percent, where=np.asarray(base > 0))
    return percent


def _included(endpoint: Endpoint, trials: Trials, visit: str, seen: Mask) -> Mask | None:
    events = endpoint.intercurrent
    if events.discontinuation == events.missing == "non-response":
        return None
    left = ~trials.attended(visit)
    included = np.ones(trials.shape, dtype=np.bool_)
    if events.discontinuation != "non-response":
        included &= seen | ~left
    if events.missing != "non-response":
        included &= seen | left
    return included


def _mean(trials: Trials, parameter: str, visits: tuple[str, ...]) -> Array:
    """The mean of the values seen at some visits, NaN where there is none."""
    values = np.stack([trials.value(parameter, visit) for visit in visits], axis=2)
    seen = observed(values)
    total = np.where(seen, values, 0.0).sum(axis=2)
    count = seen.sum(axis=2)
    return np.asarray(np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0))


def _carried_forward(endpoint: Endpoint, trials: Trials, visit: str) -> Array:
    parameter = endpoint.derive.parameter
    carried = np.full(trials.shape, np.nan)
    for name in trials.visits[: trials.visits.index(visit) + 1]:
        found = trials.values.get((parameter, name))
        if found is not None:
            carried = np.where(observed(found), found, carried)
    return carried
