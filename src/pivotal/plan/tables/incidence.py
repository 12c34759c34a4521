"""Incidence with exposure: rates per patient-years, differences between arms, time to the first event."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from pivotal.derive.first_event import first_events, times_to_first
from pivotal.derive.occurrence import Counts, Path
from pivotal.plan.tables.events import (
    Setting,
    by_term,
    counted,
    estimated,
    left_out,
    named,
    pair,
    risk_differences,
    setting,
)
from pivotal.plan.tables.table import key, rows_of
from pivotal.records.dataset import Library
from pivotal.stats import (
    Estimate,
    Preset,
    incidence_difference,
    incidence_rate,
    kaplan_meier,
    preset,
    survival_at,
    survival_quantile,
)
from pivotal.stats.estimate import Floats
from pivotal.stats.incidence import DAYS
from pivotal.study.event_tables import Incidence
from pivotal.study.model import Study
from pivotal.trials import Row

QUARTILE, MEDIAN = 0.25, 0.5


@rows_of.register
def incidence(table: Incidence, study: Study, data: Library) -> Iterator[Row]:
    """For each term: counts, `patient_years`, rate and differences with intervals, times to the first event."""
    where = setting(table, study, data)
    found, counts = by_term(table, data, where)
    seen, years, without = at_risk(table, found.events, where, counts)
    rates = per_years(seen, years, table.per, table.level)
    risks = table.risk_differences
    risk = risk_differences(where, counts.n, risks.method, risks.level) if risks else {}
    for term, path in enumerate(counts.paths):
        about = named(table, path)
        yield from counted(table, about, where, counts.n[:, term], counts.events[:, term])
        yield from exposed(table, about, where, rates, years, term)
        yield from undated(table, about, where, without[:, term])
        for arm, difference in risk.items():
            more = pair(where, arm) | {"method": risks.method if risks else None, "scale": "risk difference"}
            yield from estimated(table, about | more, difference, term, "estimate", "ci_low", "ci_high")
        yield from _rate_differences(table, about, where, (seen[:, term], years[:, term]))
        if table.time_to_first or table.days:
            yield from _times(table, about, where, found.events, path, study.conventions)
    yield from left_out(table, found)
    yield from unknown_exposure(table, where)


def at_risk(table: Incidence, events: pl.DataFrame, where: Setting, counts: Counts) -> tuple[Floats, Floats, Floats]:
    """Events that a rate counts, patient-years that it counts them in, patients without a date of onset; by term."""
    first = first_events(events, where.people, counts.paths)
    if table.count == "first":
        return first.n, first.days / DAYS, first.undated
    years = np.broadcast_to(where.people.days()[:, None, :] / DAYS, counts.events.shape)
    return counts.events, years, np.zeros(counts.events.shape)


def per_years(seen: Floats, years: Floats, per: float, level: float) -> Estimate:
    """Rates per so many patient-years with exact limits, (replicate, term, arm)."""
    return incidence_rate(seen, years / per, level)


def exposed(
    table: Any, about: dict[str, Any], where: Setting, rates: Estimate, years: Floats, term: int
) -> Iterator[Row]:
    """`patient_years`, and the rate with its limits, of every arm."""
    for arm, name in enumerate(where.people.arms):
        mine = about | {"arm": name}
        yield Row(key(table, statistic="patient_years", **mine), np.ascontiguousarray(years[:, term, arm]))
        more = mine | {"method": "garwood", "scale": scale(table.per)}
        yield from estimated(table, more, _arm(rates, arm), term, "estimate", "ci_low", "ci_high")


def scale(per: float) -> str:
    """What a rate is given for."""
    return f"per {per:g} patient-years"


def unknown_exposure(table: Any, where: Setting) -> Iterator[Row]:
    """Patients at risk whose days are not known, of the arms that have any."""
    without = where.size - where.people.timed()
    for arm, name in enumerate(where.people.arms):
        if without[:, arm].any():
            yield Row(key(table, statistic="n_exposure_unknown", arm=name), without[:, arm])


def undated(table: Any, about: dict[str, Any], where: Setting, patients: Floats) -> Iterator[Row]:
    """Patients whose first event has no known date of onset, of the arms that have any, (replicate, arm)."""
    for arm, name in enumerate(where.people.arms):
        if patients[:, arm].any():
            yield Row(key(table, statistic="n_onset_unknown", arm=name, **about), patients[:, arm])


def _rate_differences(
    table: Incidence, about: dict[str, Any], where: Setting, numbers: tuple[Floats, Floats]
) -> Iterator[Row]:
    if table.rate_differences is None or where.control < 0:
        return
    seen, years = numbers
    for arm in where.active:
        found = incidence_difference(
            seen[:, [arm]],
            years[:, [arm]] / table.per,
            seen[:, [where.control]],
            years[:, [where.control]] / table.per,
            method=table.rate_differences,
            level=table.level,
        )
        more = pair(where, arm) | {"method": table.rate_differences, "scale": f"rate difference {scale(table.per)}"}
        yield from estimated(table, about | more, found, 0, "estimate", "ci_low", "ci_high", "p")


def _times(
    table: Incidence, about: dict[str, Any], where: Setting, events: pl.DataFrame, path: Path, program: Preset
) -> Iterator[Row]:
    for arm, name in enumerate(where.people.arms):
        curve = kaplan_meier(*times_to_first(events, where.people, path, arm))
        mine = about | {"arm": name, "method": "kaplan-meier"}
        if table.time_to_first:
            rule = preset("survival_quantile", program)
            times = survival_quantile(curve, (QUARTILE, MEDIAN), level=table.level, **rule)
            for at, words in enumerate(("days to first event, quartile", "days to first event, median")):
                yield from estimated(table, mine | {"scale": words}, times, at, "estimate", "ci_low", "ci_high")
        if table.days:
            alive = survival_at(curve, table.days, level=table.level)
            share = complement(alive)
            for at, day in enumerate(table.days):
                more = mine | {"scale": f"share with an event by day {day:g}"}
                yield from estimated(table, more, share, at, "estimate", "ci_low", "ci_high")


def complement(share: Estimate) -> Estimate:
    """The share of the others, with its limits."""
    return Estimate(
        estimate=_rest(share.estimate), ci_low=_rest(share.ci_high), ci_high=_rest(share.ci_low), reason=share.reason
    )


def _rest(share: Floats | None) -> Floats | None:
    return None if share is None else 1 - share


def _arm(found: Estimate, arm: int) -> Estimate:
    parts = {name: getattr(found, name) for name in ("estimate", "ci_low", "ci_high")}
    return Estimate(**{k: v[:, :, arm] for k, v in parts.items()}, reason=found.reason[:, :, arm])
