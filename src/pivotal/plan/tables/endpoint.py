"""Rows of an endpoint's tables: `endpoint_rows` finds the function for a table's kind.

They see the batch that the endpoint's analyses see, so that who is analysed, and what stands in for what is missing, is
the estimand's.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pivotal.derive import derive
from pivotal.plan.batch import Batch, visits
from pivotal.plan.rows import row
from pivotal.stats.summary import summarise
from pivotal.study.endpoint_tables import Change, ChangeOverTime
from pivotal.study.model import Endpoint
from pivotal.study.tables import EndpointTable
from pivotal.trials import Key, Row, observed

STATISTICS = ("n", "mean", "sd", "median", "min", "max")
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@singledispatch
def endpoint_rows(table: Any, batch: Batch) -> Iterator[Row]:
    """The rows of an endpoint's table.

    Parameters
    ----------
    table
        A table of `pivotal.study.endpoint_tables`.
    batch
        Trials under the study's plan.

    Yields
    ------
    Row
        One statistic each, in reading order.
    """
    raise TypeError(f"no table of an endpoint is made for {type(table).__name__}")


def table_key(table: EndpointTable, endpoint: Endpoint, **more: Any) -> Key:
    """The key of a row of an endpoint's table."""
    visit = table.visit or endpoint.visit
    said = {"analysis": table.id, "endpoint": endpoint.name, "parameter": endpoint.derive.parameter, "visit": visit}
    return Key(**(said | {"population": endpoint.population} | more))


def members_rows(table: EndpointTable, endpoint: Endpoint, batch: Batch) -> Iterator[Row]:
    """N of each arm: who is of the endpoint's analysis set, analysed or not."""
    members = batch.members(endpoint.population)
    for a, arm in enumerate(batch.study.arms):
        there = batch.trials.arm == a
        count = there if members is None else there & members
        yield row(table_key(table, endpoint, statistic="N", arm=arm.name), count.sum(axis=1))


@endpoint_rows.register
def change(table: Change, batch: Batch) -> Iterator[Row]:
    """Summaries of the table's parts, by arm, over the patients whom the analysis takes."""
    endpoint = batch.study.endpoint(table.endpoint)
    yield from members_rows(table, endpoint, batch)
    yield from _summaries(table, endpoint, batch, table.visit or endpoint.visit, table.parts, table.baseline_of)


@endpoint_rows.register
def over_time(table: ChangeOverTime, batch: Batch) -> Iterator[Row]:
    """Summaries of value and change at every visit, and of the baseline."""
    endpoint = batch.study.endpoint(table.endpoint)
    yield from members_rows(table, endpoint, batch)
    for visit in visits(endpoint, batch.study):
        yield from _summaries(table, endpoint, batch, visit, ("baseline", "value", "change"))


def _summaries(
    table: EndpointTable,
    endpoint: Endpoint,
    batch: Batch,
    visit: str,
    parts: tuple[str, ...],
    baseline_of: str = "analysed",
) -> Iterator[Row]:
    everybody = batch.members(endpoint.population)
    for part in parts:
        values = _values(endpoint, batch, visit, part)
        analysed = _analysed(endpoint, batch, visit)
        if part == "baseline" and baseline_of == "everybody":
            analysed = np.ones_like(analysed) if everybody is None else everybody
        for a, arm in enumerate(batch.study.arms):
            found = summarise(values, analysed & (batch.trials.arm == a), endpoint.analysis.level)
            for statistic in STATISTICS:
                about = table_key(
                    table, endpoint, statistic=statistic, arm=arm.name, visit=visit, groups=(("quantity", part),)
                )
                yield row(about, getattr(found, statistic))


def _analysed(endpoint: Endpoint, batch: Batch, visit: str) -> Mask:
    derived = batch.derived(endpoint, visit)
    seen = ~np.isnan(derived.value.astype(np.float64))
    return seen if derived.included is None else seen & derived.included


def _values(endpoint: Endpoint, batch: Batch, visit: str, part: str) -> Floats:
    baseline = batch.study.baseline_visit.name
    if part == "baseline":
        found = batch.trials.value(endpoint.derive.parameter, baseline)
        return np.where(observed(found), found, np.nan).astype(np.float64)
    rule = endpoint.derive.model_copy(update={"quantity": part})
    return derive(endpoint.model_copy(update={"derive": rule}), batch.trials, visit, baseline).value.astype(np.float64)
