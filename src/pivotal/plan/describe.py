"""What is described rather than tested: who was screened, who stayed, who they were, how they responded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pivotal import stats
from pivotal.derive import levels
from pivotal.plan.batch import Batch
from pivotal.plan.rows import interval_rows, row
from pivotal.stats.summary import summarise
from pivotal.study.model import Endpoint
from pivotal.trials import Key, Row

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]
Codes = NDArray[np.signedinteger[Any]]
TOTAL = "Total"
FEW_VALUES = 5
"""An integer variable with at most this many possible values is shown as categories."""


def disposition(batch: Batch) -> Iterator[Row]:
    """Screened and failed, randomised, completed, discontinued by reason."""
    trials = batch.trials
    if trials.screening is not None:
        yield row(Key(analysis="screening", statistic="n", groups=(("event", "screened"),)), trials.screening.screened)
        for criterion, count in trials.screening.failures.items():
            failed = (("event", "screen failure"), ("criterion", criterion))
            yield row(Key(analysis="screening", statistic="n", groups=failed), count)
    for name, mask in _by_arm(batch):
        key = Key(analysis="disposition", statistic="n", arm=name, groups=(("event", "randomised"),))
        yield row(key, mask.sum(axis=1))
        for code, reason in enumerate(trials.reasons):
            event = "completed" if code == 0 else "discontinued"
            groups: tuple[tuple[str, str], ...] = (("event", event),)
            if code > 0:
                groups += (("reason", reason),)
            key = Key(analysis="disposition", statistic="n", arm=name, groups=groups)
            yield row(key, (mask & (trials.reason == code)).sum(axis=1))


def baseline(batch: Batch) -> Iterator[Row]:
    """Baseline variables by arm and in total; categories and stratification factors as counts.

    A yes or no that defines an analysis set is none of the patient's characteristics.
    """
    trials = batch.trials
    sets = set[str]().union(*(c.variables() for each in batch.study.analysis_sets for c in each.criteria))
    for name, variable in batch.study.variables.items():
        if name not in trials.subject or (variable.type == "boolean" and name in sets):
            continue
        if variable.type == "boolean":
            yield from _categories(batch, name, ("No", "Yes"), trials.subject[name].astype(np.int8))
            continue
        few = variable.range is not None and variable.range[1] - variable.range[0] < FEW_VALUES
        if name in trials.categories:
            yield from _categories(batch, name, trials.categories[name], trials.subject[name])
        elif variable.type == "integer" and few:
            yield from _categories(batch, name, *_whole(trials.subject[name]))
        else:
            yield from _numbers(batch, name, batch.number(name))
    for name in dict.fromkeys(endpoint.derive.parameter for endpoint in batch.study.endpoints):
        if name not in batch.study.variables and _measured(batch, name):
            yield from _numbers(batch, name, batch.at_baseline(name))
    for stratum in batch.study.randomisation.strata:
        labels = tuple(level.label for level in stratum.levels)
        if stratum.name not in batch.study.variables:
            yield from _categories(batch, stratum.name, labels, levels(stratum, trials))


def _whole(values: NDArray[np.generic]) -> tuple[tuple[str, ...], Codes]:
    """Codes of whole numbers, and their labels."""
    numbers = np.asarray(values, dtype=np.float64)
    found = [int(v) for v in np.unique(numbers[numbers >= 0])]
    codes = np.full(numbers.shape, -1, dtype=np.int8)
    for code, number in enumerate(found):
        codes[numbers == number] = code
    return tuple(str(v) for v in found), codes


def _categories(batch: Batch, name: str, labels: tuple[str, ...], codes: Codes) -> Iterator[Row]:
    for arm, mask in _by_arm(batch):
        known = (mask & (codes >= 0)).sum(axis=1)
        yield row(Key(analysis="baseline", statistic="N", parameter=name, arm=arm), known)
        for code, label in enumerate(labels):
            count = (mask & (codes == code)).sum(axis=1)
            groups = (("category", label),)
            yield row(Key(analysis="baseline", statistic="n", parameter=name, arm=arm, groups=groups), count)
            rate = stats.clopper_pearson(count.astype(np.float64), known.astype(np.float64))
            key = Key(analysis="baseline", statistic="rate", parameter=name, arm=arm, groups=groups)
            assert rate.estimate is not None
            yield row(key, rate.estimate, rate.reason)


def _measured(batch: Batch, parameter: str) -> bool:
    """Whether a parameter has a value at the baseline visit that means something as a number."""
    kinds = {e.kind for e in batch.study.endpoints if e.derive.parameter == parameter}
    return "continuous" in kinds and bool(np.isfinite(batch.at_baseline(parameter)).any())


def _numbers(batch: Batch, name: str, values: Floats) -> Iterator[Row]:
    options = stats.preset("summarise", batch.study.conventions)
    for arm, mask in _by_arm(batch):
        found = summarise(values, mask, **options)
        for statistic in ("n", "mean", "sd", "q1", "median", "q3", "min", "max"):
            quartiles = f"quantiles, {options['quantiles']}" if statistic in ("q1", "q3") else None
            key = Key(analysis="baseline", statistic=statistic, parameter=name, arm=arm, method=quartiles)
            yield row(key, getattr(found, statistic))


def _by_arm(batch: Batch) -> Iterator[tuple[str, Mask]]:
    for a, arm in enumerate(batch.study.arms):
        yield arm.name, np.asarray(batch.trials.arm == a)
    yield TOTAL, np.ones(batch.trials.shape, dtype=np.bool_)


def response(batch: Batch, endpoint: Endpoint, visit: str, *, intervals: bool = True) -> Iterator[Row]:
    """An endpoint by arm at a visit.

    Rates with Clopper-Pearson and Wilson intervals; means with their SD; events up to the visit and the Kaplan-Meier
    median with log-log limits.
    """
    if endpoint.kind == "binary":
        yield from _rates(batch, endpoint, visit, intervals)
    elif endpoint.kind == "time to event":
        yield from _times(batch, endpoint, visit)
    else:
        yield from _means(batch, endpoint, visit)


def _key(endpoint: Endpoint, visit: str, arm: str, statistic: str, method: str | None = None) -> Key:
    return Key(
        analysis="response",
        statistic=statistic,
        endpoint=endpoint.name,
        parameter=endpoint.derive.parameter,
        visit=visit,
        population=endpoint.population,
        arm=arm,
        method=method,
        dataset="ADEFF",
        where=f"PARAMCD = '{endpoint.derive.parameter}' and AVISIT = '{visit}'",
    )


def _rates(batch: Batch, endpoint: Endpoint, visit: str, intervals: bool) -> Iterator[Row]:
    cells = batch.cells(endpoint, visit)
    for a, arm in enumerate(batch.study.arms):
        x, n = cells.x[:, a], cells.n[:, a]
        yield row(_key(endpoint, visit, arm.name, "n"), x)
        yield row(_key(endpoint, visit, arm.name, "N"), n)
        if not intervals:
            continue
        for method, interval in (("clopper-pearson", stats.clopper_pearson), ("wilson", stats.wilson)):
            found = interval(x, n, level=endpoint.analysis.level)
            yield from interval_rows(_key(endpoint, visit, arm.name, "rate", method), "rate", found)


def _means(batch: Batch, endpoint: Endpoint, visit: str) -> Iterator[Row]:
    derived = batch.derived(endpoint, visit)
    for a, arm in enumerate(batch.study.arms):
        mask = np.asarray(batch.trials.arm == a)
        included = mask if derived.included is None else mask & derived.included
        found = summarise(derived.value, included, endpoint.analysis.level)
        for statistic in ("n", "mean", "ci_low", "ci_high", "sd", "median", "min", "max"):
            yield row(_key(endpoint, visit, arm.name, statistic), getattr(found, statistic))
        if endpoint.kind == "ordinal":
            yield from _ordered(endpoint, visit, arm.name, batch.study.parameter(endpoint.derive.parameter).range,
                                derived.value, included)  # fmt: skip


def _ordered(
    endpoint: Endpoint, visit: str, arm: str, span: tuple[float, float] | None, value: Floats, included: Mask
) -> Iterator[Row]:
    """Patients in each category, of the scale's or, where it has no range, of those that occur."""
    known = value[included & ~np.isnan(value)]
    categories = np.arange(span[0], span[1] + 1) if span is not None else np.unique(known)
    for category in categories:
        key = replace(_key(endpoint, visit, arm, "n"), groups=(("category", f"{category:g}"),))
        yield row(key, (included & (value == category)).sum(axis=1))


def _times(batch: Batch, endpoint: Endpoint, visit: str) -> Iterator[Row]:
    times = batch.event_time(endpoint, visit)
    preset = endpoint.analysis.preset or batch.study.conventions
    for a, arm in enumerate(batch.study.arms):
        mask = np.asarray(batch.trials.arm == a) & ~np.isnan(times.time)
        yield row(_key(endpoint, visit, arm.name, "n"), (mask & times.event).sum(axis=1))
        yield row(_key(endpoint, visit, arm.name, "N"), mask.sum(axis=1))
        curve = stats.kaplan_meier(times.time, times.event, mask)
        median = stats.survival_quantile(
            curve, level=endpoint.analysis.level, **stats.preset("survival_quantile", preset)
        )
        key = _key(endpoint, visit, arm.name, "median", f"kaplan-meier, limits as {preset}")
        yield from interval_rows(key, "median", median, (0,))
