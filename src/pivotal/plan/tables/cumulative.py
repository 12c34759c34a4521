"""The cumulative incidence of a first event by arm: the rows of a figure and of its table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pivotal import stats
from pivotal.derive.first_event import are_among, times_to_first, until_first
from pivotal.derive.occurrence import coded, occurrences
from pivotal.derive.topics import NotCountableError, in_topic
from pivotal.errors import DataError, Fault, nearest
from pivotal.plan.rows import interval_rows, row
from pivotal.plan.tables.events import Setting, left_out, setting
from pivotal.plan.tables.incidence import complement, undated, unknown_exposure
from pivotal.plan.tables.people import People
from pivotal.plan.tables.survival import round_days
from pivotal.plan.tables.table import key, rows_of, selected, subjects
from pivotal.records.dataset import Library
from pivotal.study.incidence_tables import CumulativeIncidence
from pivotal.study.model import Study
from pivotal.study.topic_words import definition
from pivotal.study.topics import Topic
from pivotal.trials import Row

Floats = NDArray[np.float64]
ROW = "row of events"
FIRST, OTHER = 1, 2


@dataclass(frozen=True, slots=True)
class ArmTimes:
    """One arm: days to the first event or to the end of risk, and what ended them: 0 nothing, 1 the event, 2 another.

    Both (replicate, patient), NaN for who has no time and after a replicate's last patient.
    """

    arm: str
    size: Floats
    time: Floats
    cause: Floats

    @property
    def known(self) -> NDArray[np.bool_]:
        """Who has a time."""
        return ~np.isnan(self.time)


@rows_of.register
def cumulative_incidence(table: CumulativeIncidence, study: Study, data: Library) -> Iterator[Row]:
    """For each arm `n`, `n_competing`, `N`, `incidence` and `at risk` by day, shares at `days`; the test of all arms.

    The curve's days are those of a batch's first trial.
    """
    about = _about(table, study)
    extra: list[Row] = []
    if table.time is None:
        arms = _from_events(table, study, data, extra)
    else:
        arms = _from_times(table, study, data)
    longest = max((float(np.nanmax(one.time, initial=0.0)) for one in arms), default=0.0)
    for one in arms:
        yield from _of_arm(table, about | {"arm": one.arm}, one, round_days(longest))
    yield from _test(table, about, [one for one in arms if one.arm != "Total"])
    yield from extra


def _about(table: CumulativeIncidence, study: Study) -> dict[str, Any]:
    if table.topic is None:
        return {}
    return {"where": definition(_topic(table, study)), "groups": (("topic", _topic(table, study).label),)}


def _topic(table: CumulativeIncidence, study: Study) -> Topic:
    found = next((topic for topic in study.topics if topic.name == table.topic), None)
    if found is None:
        names = [topic.name for topic in study.topics]
        place = f"table {table.id}: topic"
        raise DataError([Fault(place, repr(table.topic), "it names [[topics]]", nearest(str(table.topic), names))])
    return found


def _from_events(table: CumulativeIncidence, study: Study, data: Library, extra: list[Row]) -> list[ArmTimes]:
    """First events of the events' data set, under the time at risk of the table."""
    where = setting(table, study, data)
    rows = selected(table, data).with_row_index(ROW)
    placed = occurrences(rows, where.people, columns=[ROW], treatment=table.event_treatment, onset=table.onset)
    events = coded(placed.events, ())
    if table.topic is not None:
        inside = _inside(table, study, rows, data)
        events = events.join(rows.select(ROW).filter(inside), on=ROW, how="semi")
    extra += [*left_out(table, placed), *unknown_exposure(table, where), *_undated(table, where, events)]
    others = None
    if table.competing is not None:
        others = subjects(table, data).filter(pl.sql_expr(table.competing))
    made = []
    for arm, name in enumerate(where.people.arms):
        time, happened = times_to_first(events, where.people, (), arm)
        cause = np.where(happened, FIRST, 0).astype(np.float64)
        if others is not None:
            cause = np.where(are_among(where.people, others, arm) & ~happened, OTHER, cause)
        made.append(ArmTimes(name, where.size[:, arm], time, cause))
    return made


def _inside(table: CumulativeIncidence, study: Study, rows: pl.DataFrame, data: Library) -> pl.Series:
    topic = _topic(table, study)
    try:
        return in_topic(topic, rows, data, table.scope if topic.listed else "")
    except NotCountableError as error:
        where = f"table {table.id}: topic {topic.name}"
        mend = "Give the data what the topic asks, or leave out the table."
        raise DataError([Fault(where, str(error), "its events are looked for in the data", mend)]) from error


def _undated(table: CumulativeIncidence, where: Setting, events: pl.DataFrame) -> Iterator[Row]:
    """Patients whose first event has no known date of onset: it is taken to lie at the end of their time at risk."""
    first = until_first(events, where.people, pl.lit("").alias("path")).filter(pl.col("onset").is_null())
    yield from undated(table, {}, where, where.people.grid(first, pl.len()))


def _from_times(table: CumulativeIncidence, study: Study, data: Library) -> list[ArmTimes]:
    """Times of a data set with a row a patient, for the patients of the table."""
    _once(table, selected(table, data))
    keys = [name for name in ("REPLICATE", "USUBJID") if name in data[table.dataset].frame.columns]
    patients = subjects(table, data).select(*keys, table.treatment)
    timed = selected(table, data).drop(table.treatment, strict=False)
    people = People.of(patients.join(timed, on=keys, how="left", maintain_order="left"))
    assert table.time is not None
    names = table.arms or tuple(arm.name for arm in study.arms)
    arm, time = people.codes(f'"{table.treatment}"', names), people.numbers(table.time)
    happened = people.numbers(table.censor) == 0
    other = people.holds(table.competing) & ~happened if table.competing else np.zeros(happened.shape, dtype=np.bool_)
    cause = np.where(happened, FIRST, np.where(other, OTHER, 0)).astype(np.float64)
    made = [(name, arm == code) for code, name in enumerate(names)]
    if table.total:
        made.append(("Total", arm >= 0))
    return [
        ArmTimes(name, mine.sum(axis=1).astype(np.float64), np.where(mine, time, np.nan), cause) for name, mine in made
    ]


def _once(table: CumulativeIncidence, rows: pl.DataFrame) -> None:
    keys = [name for name in ("REPLICATE", "USUBJID") if name in rows.columns]
    twice = rows.filter(rows.select(keys).is_duplicated())
    if twice.height:
        place = f"data set {table.dataset}, table {table.id}"
        found = f"patient {twice['USUBJID'][0]} has several times"
        mend = "Choose one by where: PARAMCD = 'TTDE'."
        raise DataError([Fault(place, found, "a patient has one time to the first event", mend)])


def _of_arm(table: CumulativeIncidence, about: dict[str, Any], one: ArmTimes, days: list[float]) -> Iterator[Row]:
    yield row(key(table, statistic="n", **about), ((one.cause == FIRST) & one.known).sum(axis=1))
    if table.competing is not None:
        yield row(key(table, statistic="n_competing", **about), ((one.cause == OTHER) & one.known).sum(axis=1))
    yield row(key(table, statistic="N", **about), one.size)
    at_risk = stats.at_risk_at(stats.kaplan_meier(one.time, one.cause > 0), days)
    for place, day in enumerate(days):
        yield row(key(table, statistic="at risk", **_on(about, day)), at_risk[:, place])
    first = one.time[0][one.known[0]]
    steps = [float(day) for day in np.unique(first)]
    method = "kaplan-meier complement" if table.competing is None else "aalen-johansen"
    if steps:
        shares = _shares(table, one, steps)
        assert shares.estimate is not None
        for place, day in enumerate(steps):
            more = _on(about, day) | {"method": method}
            yield row(key(table, statistic="incidence", **more), shares.estimate[:, place], shares.reason[:, place])
    if table.days:
        found = _shares(table, one, table.days)
        for place, day in enumerate(table.days):
            limits, scale = f"{method}, {table.limits} limits", f"share with an event by day {day:g}"
            mine = key(table, statistic="estimate", **about | {"method": limits, "scale": scale})
            yield from interval_rows(mine, "estimate", found, (place,))


def _on(about: dict[str, Any], day: float) -> dict[str, Any]:
    return about | {"groups": (*about.get("groups", ()), ("day", f"{day:g}"))}


def _shares(table: CumulativeIncidence, one: ArmTimes, days: list[float] | tuple[float, ...]) -> stats.Estimate:
    """Share with an event by given days and its limits, (replicate, day)."""
    if table.competing is not None:
        curve = stats.cumulative_incidence(one.time, one.cause)
        return stats.incidence_at(curve, days, table.limits, table.level)
    alive = stats.survival_at(stats.kaplan_meier(one.time, one.cause == FIRST), days, table.limits, table.level)
    return complement(alive)


def _test(table: CumulativeIncidence, about: dict[str, Any], arms: list[ArmTimes]) -> Iterator[Row]:
    """The log-rank test of the event's hazards, or Gray's of its incidence, over all arms."""
    if table.test is None or not arms:
        return
    time = np.concatenate([one.time for one in arms], axis=1)
    cause = np.concatenate([one.cause for one in arms], axis=1)
    codes = np.concatenate([np.full(one.time.shape[1], a) for a, one in enumerate(arms)])
    known = ~np.isnan(time)
    test: stats.LogRank | stats.GrayTest
    if table.test == "gray":
        test = stats.gray_test(time, cause, codes, of=FIRST, observed=known, arms=len(arms))
    else:
        test = stats.log_rank(time, cause == FIRST, codes, observed=known, arms=len(arms))
    for name in ("statistic", "df", "p"):
        yield row(key(table, statistic=name, method=table.test, **about), getattr(test, name), test.reason)
