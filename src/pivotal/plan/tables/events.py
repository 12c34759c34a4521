"""What tables of adverse events share: who is at risk, the events of the table, and rows a term and arm."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from pivotal.derive.occurrence import (
    Counts,
    Occurrences,
    Path,
    coded,
    count,
    frequent,
    occurrences,
    ordered,
)
from pivotal.derive.roster import Roster, roster
from pivotal.errors import DataError, Fault, nearest
from pivotal.plan.tables.table import held, key, required, selected, subjects
from pivotal.records.dataset import Library
from pivotal.stats import Estimate, fisher_exact, miettinen_nurminen, newcombe, wald
from pivotal.stats.estimate import Floats, Reason, Reasons
from pivotal.study.event_tables import EventTable, TermTable
from pivotal.study.model import Study
from pivotal.trials import Row

LEVELS = {
    "AESOC": "system organ class",
    "AEBODSYS": "system organ class",
    "AEHLGT": "high level group term",
    "AEHLT": "high level term",
    "AEDECOD": "preferred term",
    "AELLT": "lowest level term",
    "AETERM": "reported term",
}
"""What the dictionary's columns are called in the rows' `groups`; another column keeps its name."""

FISHER = "fisher exact"
NO_LIMIT = "cannot be estimated"
DIFFERENCE: dict[str, Callable[..., Estimate]] = {
    "miettinen-nurminen": miettinen_nurminen,
    "newcombe": newcombe,
    "wald": wald,
}


@dataclass(frozen=True, slots=True)
class Setting:
    """Who is at risk, in which columns, and which of them is the control."""

    people: Roster
    size: Floats
    control: int

    @property
    def active(self) -> list[int]:
        """Positions of the arms that are compared with the control."""
        return [arm for arm in self.single if arm != self.control]

    @property
    def single(self) -> list[int]:
        """Positions of the arms without their total."""
        return list(range(len(self.people.arms) - self.people.total))


def setting(table: EventTable, study: Study, data: Library) -> Setting:
    """Who is at risk for a table: a row of ADSL each, or the treatment periods that it names."""
    adsl, at_risk = subjects(table, data), table.at_risk
    rows = exposed_rows(table, data)
    arms = table.arms or tuple(arm.name for arm in study.arms)
    treatment = at_risk.treatment or table.treatment
    required(rows, [treatment], f"table {table.id}: the treatment of who is at risk", at_risk.dataset)
    people = roster(
        adsl,
        rows,
        arms,
        treatment=treatment,
        start=at_risk.start,
        end=at_risk.end,
        total=table.total,
        lag=at_risk.lag,
    )
    control = table.comparator or study.arms[study.control].name
    return Setting(people, people.size(), arms.index(control) if control in arms else -1)


def exposed_rows(table: EventTable, data: Library) -> pl.DataFrame:
    """Who is at risk, from when to when: rows of ADSL, or of the data set of periods that the table names."""
    at_risk, place = table.at_risk, f"table {table.id}: at_risk"
    if at_risk.dataset not in data:
        allowed = "it names a data set that is read or derived"
        raise DataError(
            [Fault(f"{place}.dataset", repr(at_risk.dataset), allowed, nearest(at_risk.dataset, list(data)))]
        )
    rows = subjects(table, data) if at_risk.dataset == "ADSL" else data[at_risk.dataset].frame
    return held(rows, at_risk.where, f"{place}.where", at_risk.dataset)


def events_of(table: EventTable, data: Library, people: Roster, columns: Sequence[str]) -> Occurrences:
    """The table's events, each in its arm."""
    rows = selected(table, data)
    required(rows, columns, f"table {table.id}", table.dataset)
    if table.event_treatment is not None:
        required(rows, [table.event_treatment], f"table {table.id}: event_treatment", table.dataset)
    return occurrences(rows, people, columns=columns, treatment=table.event_treatment, onset=table.onset)


def by_term(table: TermTable, data: Library, where: Setting, columns: Sequence[str] = ()) -> tuple[Occurrences, Counts]:
    """The table's events with their paths, and counts of its terms in reading order."""
    found = events_of(table, data, where.people, [*table.levels, *columns])
    events = coded(found.events, table.levels)
    depths = range(0 if table.any else 1, len(table.levels) + 1)
    counts = ordered(count(events, where.people, depths), table.order, _frequencies(table, where))
    if table.threshold is not None:
        counts = frequent(counts, where.size, table.threshold / 100)
    return Occurrences(events, found.left_out), counts


def named(table: TermTable, path: Path) -> dict[str, Any]:
    """The parts of a row's key that say which term it is of."""
    labels = [LEVELS.get(level, level) for level in table.levels]
    return {"parameter": table.any if not path else None, "groups": tuple(zip(labels, path, strict=False))}


def counted(
    table: EventTable, about: dict[str, Any], where: Setting, n: Floats, events: Floats | None
) -> Iterator[Row]:
    """`n`, `N`, `rate`, and `events` where they are counted, of every arm; (replicate, arm)."""
    rate = np.divide(n, where.size, out=np.full(n.shape, np.nan), where=where.size > 0)
    for arm, name in enumerate(where.people.arms):
        mine = about | {"arm": name}
        yield Row(key(table, statistic="n", **mine), n[:, arm])
        yield Row(key(table, statistic="N", **mine), where.size[:, arm])
        reasons = _in_words(np.where(where.size[:, arm] > 0, Reason.NONE, Reason.ARM_EMPTY).astype(np.uint8))
        yield Row(key(table, statistic="rate", **mine), rate[:, arm], reasons)
        if events is not None:
            yield Row(key(table, statistic="events", **mine), events[:, arm])


def pair(where: Setting, arm: int) -> dict[str, str]:
    """An arm and the control."""
    return {"arm": where.people.arms[arm], "comparator": where.people.arms[where.control]}


def fisher(where: Setting, n: Floats) -> dict[int, Estimate]:
    """Fisher's exact test of each arm against the control, n (replicate, term, arm)."""
    size, control = where.size[:, None, :], where.control
    return {arm: fisher_exact(*_against(n, size, arm, control)) for arm in (where.active if control >= 0 else [])}


def risk_differences(where: Setting, n: Floats, method: str, level: float) -> dict[int, Estimate]:
    """Difference of each arm's share of patients to the control's, n (replicate, term, arm)."""
    size, control = where.size[:, None, :], where.control
    return {
        arm: DIFFERENCE[method](*_against(n, size, arm, control), level)
        for arm in (where.active if control >= 0 else [])
    }


def estimated(table: EventTable, about: dict[str, Any], found: Estimate, term: int, *names: str) -> Iterator[Row]:
    """Rows of an estimate's numbers for one term, found (replicate, term)."""
    codes = found.reason[:, term]
    for name in names:
        whole = getattr(found, name)
        if whole is not None:
            value = whole[:, term]
            without = np.isnan(value) & (codes == Reason.NONE)
            texts = _in_words(codes) or ("",) * len(value)
            reasons = tuple(NO_LIMIT if none else text for none, text in zip(without, texts, strict=True))
            yield Row(key(table, statistic=name, **about), value, reasons if any(reasons) else None)


def left_out(table: EventTable, found: Occurrences) -> Iterator[Row]:
    """How many of the table's events belong to no patient at risk; no row where none does."""
    if found.left_out:
        yield Row(key(table, statistic="events_left_out"), np.array([float(found.left_out)]))


def _in_words(reasons: Reasons) -> tuple[str, ...] | None:
    return tuple(Reason(int(code)).text for code in reasons) if reasons.any() else None


def _against(n: Floats, size: Floats, arm: int, control: int) -> tuple[Floats, Floats, Floats, Floats]:
    shape = n.shape[:2]
    return (
        n[:, :, arm],
        np.broadcast_to(size[:, :, arm], shape),
        n[:, :, control],
        np.broadcast_to(size[:, :, control], shape),
    )


def _frequencies(table: TermTable, where: Setting) -> list[int]:
    if table.order_by is None:
        return where.single
    if table.order_by not in where.people.arms:
        names = list(where.people.arms)
        raise DataError(
            [
                Fault(
                    f"table {table.id}: order_by",
                    repr(table.order_by),
                    "it is a column",
                    nearest(table.order_by, names),
                )
            ]
        )
    return [where.people.arms.index(table.order_by)]
