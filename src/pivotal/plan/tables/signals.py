"""Adverse events of two arms against each other: patients with each term, the risk difference, the test, the flags."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pivotal import stats
from pivotal.plan.tables.table import key, number, rows_of, selected, subjects
from pivotal.records.dataset import Library
from pivotal.study.model import Study
from pivotal.study.signal_tables import EventDotPlot, SignalScreen, TwoArmEvents
from pivotal.trials import Row

PATIENT = "USUBJID"
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TermCounts:
    """Patients with each term: `class_`, `term`, and counts of the arm and its comparator, (term,)."""

    class_: list[str]
    term: list[str]
    x1: Counts
    x0: Counts
    n1: int
    n0: int

    def kept(self, which: NDArray[np.bool_]) -> TermCounts:
        """Some of the terms."""
        at = np.flatnonzero(which)
        class_, term = [self.class_[i] for i in at], [self.term[i] for i in at]
        return TermCounts(class_, term, self.x1[at], self.x0[at], self.n1, self.n0)


@rows_of.register
def signal_screen(table: SignalScreen, study: Study, data: Library) -> Iterator[Row]:
    """For each term: `n`, `N`, `rate` of both arms; risk difference and interval; `p`, `p_adjusted`, `rejected`."""
    counts = term_counts(table, data)
    tested = counts.x1 + counts.x0 >= table.least_patients
    p = np.asarray(_fisher(counts))
    flagged = stats.double_fdr(
        p, counts.class_, tested=tested,
        alpha_class=table.alpha_class, alpha_term=table.alpha_term, second=table.second,
    ) if counts.term else None  # fmt: skip
    for i, rows in enumerate(_compared(table, counts, p)):
        yield from rows
        assert flagged is not None
        about = _about(table, counts, i)
        low = f"fewer than {table.least_patients} patients" if not tested[i] else None
        adjusted = float(flagged.adjusted[i])
        why = low or (None if np.isfinite(adjusted) else "its class is not kept by the first step")
        yield number(key(table, statistic="p_adjusted", **about), adjusted if why is None else float("nan"), why)
        yield number(key(table, statistic="rejected", **about), float(flagged.flagged[i]))


@rows_of.register
def event_dot_plot(table: EventDotPlot, study: Study, data: Library) -> Iterator[Row]:
    """For each frequent term: `n`, `N`, `rate` of both arms; `estimate` (risk difference) with its interval, `p`."""
    counts = term_counts(table, data)
    least = table.at_least
    counts = counts.kept((counts.x1 >= least * counts.n1) | (counts.x0 >= least * counts.n0))
    for rows in _compared(table, counts, np.asarray(_fisher(counts))):
        yield from rows


def term_counts(table: TwoArmEvents, data: Library) -> TermCounts:
    """Patients with each term in the two arms; a patient with a term twice counts once.

    Parameters
    ----------
    table
        Which events, whose, in which arms.
    data
        Data sets by name.

    Returns
    -------
    TermCounts
        Terms by class, then by name.
    """
    patients = subjects(table, data)
    n1, n0 = (patients.filter(pl.col(table.treatment) == arm).height for arm in (table.arm, table.comparator))
    mine = patients.select(PATIENT, pl.col(table.treatment).alias("_arm"))
    events = selected(table, data).select(
        PATIENT, pl.col(table.class_).alias("_class"), pl.col(table.term).alias("_term")
    )
    once = events.unique([PATIENT, "_class", "_term"]).join(mine, on=PATIENT, how="inner")
    found = (
        once.group_by("_class", "_term")
        .agg(one=(pl.col("_arm") == table.arm).sum(), other=(pl.col("_arm") == table.comparator).sum())
        .filter(pl.col("one") + pl.col("other") > 0)
        .sort("_class", "_term")
    )
    x1, x0 = (found[name].to_numpy().astype(np.int64) for name in ("one", "other"))
    return TermCounts(found["_class"].to_list(), found["_term"].to_list(), x1, x0, n1, n0)


def _fisher(counts: TermCounts) -> NDArray[np.float64]:
    p = stats.fisher_exact(
        counts.x1, np.full_like(counts.x1, counts.n1), counts.x0, np.full_like(counts.x0, counts.n0)
    ).p
    assert p is not None
    return p


def _about(table: TwoArmEvents, counts: TermCounts, i: int) -> dict[str, object]:
    return {
        "arm": table.arm,
        "comparator": table.comparator,
        "groups": (("class", counts.class_[i]), ("term", counts.term[i])),
    }


def _compared(table: TwoArmEvents, counts: TermCounts, p: NDArray[np.float64]) -> Iterator[list[Row]]:
    """The rows of one term after the other."""
    n1, n0 = (np.full_like(counts.x1, n) for n in (counts.n1, counts.n0))
    found = stats.miettinen_nurminen(counts.x1, n1, counts.x0, n0, table.level)
    estimate, low, high = found.estimate, found.ci_low, found.ci_high
    assert estimate is not None
    assert low is not None
    assert high is not None
    for i in range(len(counts.term)):
        about = _about(table, counts, i)
        groups = {"groups": about["groups"]}
        rows = []
        for arm, x, n in ((table.arm, counts.x1[i], counts.n1), (table.comparator, counts.x0[i], counts.n0)):
            rows.append(number(key(table, statistic="n", arm=arm, **groups), float(x)))
            rows.append(number(key(table, statistic="N", arm=arm, **groups), n))
            rows.append(number(key(table, statistic="rate", arm=arm, **groups), x / n if n else float("nan")))
        scale = {"method": "miettinen-nurminen", "scale": "risk difference"}
        for statistic, value in (("estimate", estimate[i]), ("ci_low", low[i]), ("ci_high", high[i])):
            rows.append(number(key(table, statistic=statistic, **about, **scale), float(value)))
        rows.append(number(key(table, statistic="p", **about, method="fisher exact"), float(p[i])))
        yield rows
