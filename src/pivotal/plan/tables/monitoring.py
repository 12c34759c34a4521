"""What is monitored, against the data at hand: information and events at each look, the boundary, the evidence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from pivotal.derive.course import Course, course_of_events, course_of_patients, course_of_time
from pivotal.derive.occurrence import occurrences
from pivotal.derive.roster import Roster, roster
from pivotal.derive.topics import NotCountableError, in_topic, scopes
from pivotal.errors import DataError, Fault, nearest
from pivotal.plan.monitoring import Watched, chance_with, evidence, stops_at, watched
from pivotal.plan.tables.events import exposed_rows, setting
from pivotal.plan.tables.table import TOTAL, key, rows_of, selected, subjects
from pivotal.plan.tables.topics import placed
from pivotal.records.dataset import Library
from pivotal.stats.estimate import Floats
from pivotal.stats.incidence import DAYS
from pivotal.study.model import Study
from pivotal.study.monitoring import Monitor
from pivotal.study.monitoring_tables import Monitoring
from pivotal.study.topic_words import definition
from pivotal.study.topics import Topic
from pivotal.trials import Row

ALL, PRESENT = "_all", "present"
NOT_REACHED = "the look is not reached"
NOTHING = "nothing is known yet"


@rows_of.register
def monitoring(table: Monitoring, study: Study, data: Library) -> Iterator[Row]:
    """For each monitor, at each look that was reached and now: `information`, `events`, `stop_at`, and more.

    `crossed` is 1 or 0; `p` or `posterior` says what the events tell against the limit; `planned` is the boundary as
    planned. A row's `where` is the topic's definition. A monitor that the data cannot answer has one row
    `not_countable` whose reason says what is missing. In the blinded view nothing depends on a patient's arm.
    """
    chosen = _chosen(table, study)
    shown = [m for m in chosen if table.view == "unblinded" or m.view == "blinded"]
    if len(shown) < len(chosen):
        hidden = np.array([float(len(chosen) - len(shown))])
        yield Row(key(table, statistic="monitors_not_shown"), hidden)
    faults: list[Fault] = []
    rosters: dict[bool, Roster] = {}
    for monitor in shown:
        blinded = monitor.view == "blinded"
        if blinded not in rosters:
            rosters[blinded] = _everybody(table, data) if blinded else setting(table, study, data).people
        people = rosters[blinded]
        try:
            yield from _of(table, study, monitor, data, people)
        except DataError as error:
            faults += placed(error, f"table {table.id}, monitor {monitor.name}")
        except NotCountableError as error:
            why = (str(error),) * people.replicates
            missing = np.full(people.replicates, np.nan)
            yield Row(key(table, statistic="not_countable", **_about(monitor)), missing, why)
    if faults:
        raise DataError(faults)


def _chosen(table: Monitoring, study: Study) -> list[Monitor]:
    names = [monitor.name for monitor in study.monitoring.monitors]
    unknown = [name for name in table.monitors if name not in names]
    if unknown:
        place = f"table {table.id}: monitors"
        allowed = "it names [[monitoring.monitors]]"
        raise DataError(Fault(place, repr(name), allowed, nearest(name, names)) for name in unknown)
    return [m for m in study.monitoring.monitors if not table.monitors or m.name in table.monitors]


def _everybody(table: Monitoring, data: Library) -> Roster:
    """All patients as one group: no column of treatment is looked at."""
    adsl, at_risk = subjects(table, data), table.at_risk
    one = exposed_rows(table, data).with_columns(pl.lit(TOTAL).alias(ALL))
    return roster(adsl, one, (TOTAL,), treatment=ALL, start=at_risk.start, end=at_risk.end, lag=at_risk.lag)


def _about(monitor: Monitor) -> dict[str, Any]:
    """What the rows of a monitor say of it; no arm where it is blinded."""
    arm, comparator = (None, None) if monitor.view == "blinded" else (monitor.arm, monitor.comparator)
    if monitor.view == "one arm":
        comparator = None
    unit = "events" if monitor.view == "between arms" else monitor.unit
    groups = (("monitor", monitor.label),)
    return {"arm": arm, "comparator": comparator, "groups": groups, "method": monitor.rule, "scale": unit}


def _of(table: Monitoring, study: Study, monitor: Monitor, data: Library, people: Roster) -> Iterator[Row]:
    topic = _topic(study, monitor)
    events = _events(table, monitor, topic, data, people)
    about = _about(monitor) | {"where": definition(topic)}
    seen = watched(study, monitor)
    course = _course(monitor, events, people)
    scale = DAYS if about["scale"] == "patient-years" else 1.0
    yield from _so_far(table, about, course, events, people)
    for statistic, value in (("limit", seen.limit), ("critical", seen.boundary.critical)):
        yield Row(key(table, statistic=statistic, **about), np.full(people.replicates, value))
    yield from _planned(table, about, seen, people)
    looks = seen.boundary.looks
    information, counts = course.at((looks * scale).tolist())
    for at, look in enumerate(looks):
        if not np.isnan(information[:, at]).all():
            yield from _look(table, about, seen, f"{look:g}", information[:, at] / scale, counts[:, at])
    now, count = (part[:, 0] for part in course.present)
    yield from _look(table, about, seen, PRESENT, now / scale, count)
    if people.replicates == 1 and now[0] > 0:
        chance = np.array([chance_with(seen, float(now[0]) / scale)])
        yield Row(key(table, statistic="chance_at_limit", **about), chance)


def _topic(study: Study, monitor: Monitor) -> Topic:
    if monitor.topic is None:
        raise NotCountableError("the monitor names no safety topic, so that its events are not defined")
    names = [topic.name for topic in study.topics]
    if monitor.topic not in names:
        place, allowed = f"monitor {monitor.name}: topic", "it names one of [[topics]]"
        raise DataError([Fault(place, repr(monitor.topic), allowed, nearest(monitor.topic, names))])
    return study.topics[names.index(monitor.topic)]


def _events(table: Monitoring, monitor: Monitor, topic: Topic, data: Library, people: Roster) -> pl.DataFrame:
    """Events of the topic with `replicate`, `patient`, `arm`, `onset`."""
    if topic.patients is not None:
        raise NotCountableError("the topic is of patients, without events and their days")
    rows = selected(table, data)
    scope = monitor.scope if monitor.scope in scopes(topic, data) else scopes(topic, data)[0]
    inside = rows.filter(in_topic(topic, rows, data, scope))
    treatment = None if monitor.view == "blinded" else table.event_treatment
    return occurrences(inside, people, columns=(), treatment=treatment, onset=table.onset).events


def _course(monitor: Monitor, events: pl.DataFrame, people: Roster) -> Course:
    if monitor.view == "blinded":
        arms = [0]
    else:
        named = [name for name in (monitor.arm, monitor.comparator) if name is not None]
        unknown = [name for name in named if name not in people.arms]
        if unknown:
            raise NotCountableError(f"{unknown[0]} is no column of the table")
        arms = [people.arms.index(name) for name in named]
    if monitor.view == "between arms":
        return course_of_events(events, people, *arms)
    of = course_of_time if monitor.unit == "patient-years" else course_of_patients
    return of(events, people, arms[:1])


def _so_far(
    table: Monitoring, about: dict[str, Any], course: Course, events: pl.DataFrame, people: Roster
) -> Iterator[Row]:
    """Patients at risk and their patient-years, of the arms that the monitor looks at; patients of unknown time."""
    arms = [
        at for at, name in enumerate(people.arms) if about["arm"] is None or name in (about["arm"], about["comparator"])
    ]
    yield Row(key(table, statistic="N", **about), people.size()[:, arms].sum(axis=1))
    yield Row(key(table, statistic="patient_years", **about), people.days()[:, arms].sum(axis=1) / DAYS)
    every = np.zeros(people.replicates)
    np.add.at(every, events.filter(pl.col("arm").is_in(arms))["replicate"].to_numpy(), 1)
    yield Row(key(table, statistic="all_events", **about), every)
    if course.left_out.any():
        yield Row(key(table, statistic="n_exposure_unknown", **about), course.left_out)


def _planned(table: Monitoring, about: dict[str, Any], seen: Watched, people: Roster) -> Iterator[Row]:
    """The boundary as planned: events that stop at each look."""
    for look, stop in zip(seen.boundary.looks, seen.boundary.stop_at, strict=True):
        mine = about | {"groups": (*about["groups"], ("planned", f"{look:g}"))}
        yield Row(key(table, statistic="planned", **mine), np.full(people.replicates, float(stop)))


def _look(
    table: Monitoring, about: dict[str, Any], seen: Watched, look: str, information: Floats, events: Floats
) -> Iterator[Row]:
    """What is known at a look, the boundary at just that information, whether it is crossed, and the evidence."""
    mine = about | {"groups": (*about["groups"], ("look", look))}
    stop = stops_at(seen, information)
    crossed = np.where(np.isnan(stop), np.nan, events >= stop)
    name, value = evidence(seen, events, information)
    numbers = {"information": information, "events": events, "stop_at": stop, "crossed": crossed, name: value}
    for statistic, number in numbers.items():
        why = np.where(np.isnan(number), np.where(np.isnan(information), NOT_REACHED, NOTHING), "")
        yield Row(key(table, statistic=statistic, **mine), number, tuple(why.tolist()) if why.any() else None)
