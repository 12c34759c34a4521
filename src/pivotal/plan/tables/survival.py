"""Kaplan-Meier curves by arm, their medians, and the log-rank test of all arms: the rows of a figure and its table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pivotal import stats
from pivotal.derive import EventTime
from pivotal.plan.batch import Batch
from pivotal.plan.rows import interval_rows, row
from pivotal.plan.tables.endpoint import endpoint_rows, members_rows, table_key
from pivotal.study.endpoint_tables import SurvivalCurves, SurvivalTimes
from pivotal.trials import Key, Row

TICKS = 8
"""Times at which the patients at risk are counted, at most."""


@endpoint_rows.register
def survival_times(table: SurvivalTimes, batch: Batch) -> Iterator[Row]:
    """Events, N and median by arm, its limits on the table's scale, and the log-rank test of all arms."""
    endpoint = batch.study.endpoint(table.endpoint)
    times = batch.event_time(endpoint, table.visit or endpoint.visit)
    about = table_key(table, endpoint, statistic="")
    yield from members_rows(table, endpoint, batch)
    for key, mask in _arms(about, batch, times):
        yield row(replace(key, statistic="n"), (mask & times.event).sum(axis=1))
        curve = stats.kaplan_meier(times.time, times.event, mask)
        yield from _median(key, curve, table.limits, batch.study.conventions, endpoint.analysis.level)
    known = ~np.isnan(times.time)
    test = stats.log_rank(times.time, times.event, batch.trials.arm, observed=known).two_sided()
    for name in ("statistic", "df", "p"):
        yield row(replace(about, statistic=name, method="log-rank"), getattr(test, name), test.reason)


@endpoint_rows.register
def survival_curves(table: SurvivalCurves, batch: Batch) -> Iterator[Row]:
    """The share without the event by day, and who is at risk at round days; of the first trial of a batch."""
    endpoint = batch.study.endpoint(table.endpoint)
    times = batch.event_time(endpoint, table.visit or endpoint.visit)
    about = table_key(table, endpoint, statistic="")
    yield from members_rows(table, endpoint, batch)
    ticks = round_days(float(np.nanmax(times.time, initial=0.0)))
    for key, mask in _arms(about, batch, times):
        curve = stats.kaplan_meier(times.time, times.event, mask)
        yield from _curve(key, curve)
        at_risk = stats.at_risk_at(curve, ticks)
        for place, day in enumerate(ticks):
            yield row(replace(key, statistic="at risk", groups=(("day", f"{day:g}"),)), at_risk[:, place])


def _arms(about: Key, batch: Batch, times: EventTime) -> Iterator[tuple[Key, NDArray[np.bool_]]]:
    """Each arm's key, and its patients who have a time."""
    for a, arm in enumerate(batch.study.arms):
        yield replace(about, arm=arm.name), np.asarray(batch.trials.arm == a) & ~np.isnan(times.time)


def _median(key: Key, curve: stats.KaplanMeier, limits: str, program: stats.Preset, level: float) -> Iterator[Row]:
    rule = stats.preset("survival_quantile", program) | {"conf_type": limits}
    found = stats.survival_quantile(curve, level=level, **rule)
    yield from interval_rows(replace(key, method=f"kaplan-meier, {limits} limits"), "median", found, (0,))


def _curve(key: Key, curve: stats.KaplanMeier) -> Iterator[Row]:
    days = [float(t) for t in np.unique(curve.time[0][np.isfinite(curve.time[0])])]
    shares = stats.survival_at(curve, np.array(days)).estimate if days else None
    for place, day in enumerate(days):
        assert shares is not None
        yield row(replace(key, statistic="survival", groups=(("day", f"{day:g}"),)), shares[:, place])


def round_days(longest: float) -> list[float]:
    """Round days from 0 to the longest time."""
    steps = (1, 2, 5, 7, 10, 14, 20, 28, 30, 60, 90, 180, 365)
    step = next((s for s in steps if longest / s < TICKS), max(1, int(longest // TICKS)))
    return [float(day) for day in np.arange(0, longest + 1e-9, step)]
