"""Adverse events of two arms against each other: patients with each term, the risk difference, the test, the flags."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pivotal import stats
from pivotal.derive.roster import REPLICATE, identifiers
from pivotal.plan.rows import row
from pivotal.plan.tables.table import key, required, rows_of, selected, subjects
from pivotal.records.dataset import Library
from pivotal.stats.estimate import Floats
from pivotal.study.model import Study
from pivotal.study.signal_tables import EventDotPlot, SignalScreen, TwoArmEvents
from pivotal.trials import Row

CLASS, TERM, ARM, TRIAL = "_class", "_term", "_arm", "_trial"
NOT_KEPT = "its class is not kept by the first step"
NOBODY = "nobody in the arm"


@dataclass(frozen=True, slots=True)
class TermCounts:
    """Patients with each term: `class_`, `term`; counts of the arm and its comparator, (replicate, term).

    `n1` and `n0` are the arms' patients, (replicate, 1).
    """

    class_: list[str]
    term: list[str]
    x1: Floats
    x0: Floats
    n1: Floats
    n0: Floats

    def kept(self, which: NDArray[np.bool_]) -> TermCounts:
        """Some of the terms."""
        at = np.flatnonzero(which)
        class_, term = [self.class_[i] for i in at], [self.term[i] for i in at]
        return TermCounts(class_, term, self.x1[:, at], self.x0[:, at], self.n1, self.n0)

    @property
    def tables(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Fourfold tables of every term, as the estimators take them."""
        n1, n0 = (np.broadcast_to(n, self.x1.shape) for n in (self.n1, self.n0))
        return self.x1, n1, self.x0, n0


@rows_of.register
def signal_screen(table: SignalScreen, study: Study, data: Library) -> Iterator[Row]:
    """For each term: `n`, `N`, `rate` of both arms; risk difference and interval; `p`, `p_adjusted`, `rejected`."""
    counts = term_counts(table, data)
    if not counts.term:
        return
    tested = counts.x1 + counts.x0 >= table.least_patients
    p = _fisher(counts)
    flagged = stats.double_fdr(
        p, counts.class_, tested=tested,
        alpha_class=table.alpha_class, alpha_term=table.alpha_term, second=table.second,
    )  # fmt: skip
    for i, rows in enumerate(_compared(table, counts, p)):
        yield from rows
        about = _about(table, counts, i)
        adjusted = np.where(tested[:, i] & np.isfinite(flagged.adjusted[:, i]), flagged.adjusted[:, i], np.nan)
        why = np.where(tested[:, i], np.where(np.isnan(adjusted), NOT_KEPT, ""), _too_few(table))
        yield Row(key(table, statistic="p_adjusted", **about), adjusted, tuple(why.tolist()) if why.any() else None)
        yield Row(key(table, statistic="rejected", **about), flagged.flagged[:, i].astype(np.float64))


def _too_few(table: SignalScreen) -> str:
    return f"fewer than {table.least_patients} patients"


@rows_of.register
def event_dot_plot(table: EventDotPlot, study: Study, data: Library) -> Iterator[Row]:
    """For each frequent term: `n`, `N`, `rate` of both arms; `estimate` (risk difference) with its interval, `p`.

    A term is shown where either arm has the share of patients asked for, over all trials where there are many.
    """
    counts = term_counts(table, data)
    x1, x0, n1, n0 = (part.sum(axis=0) for part in (counts.x1, counts.x0, counts.n1, counts.n0))
    counts = counts.kept((x1 >= table.at_least * n1) | (x0 >= table.at_least * n0))
    for rows in _compared(table, counts, _fisher(counts)):
        yield from rows


def term_counts(table: TwoArmEvents, data: Library) -> TermCounts:
    """Patients with each term in the two arms; a patient with a term twice counts once.

    Parameters
    ----------
    table
        Which events, whose, in which arms.
    data
        Data sets by name; with a column `REPLICATE`, many trials.

    Returns
    -------
    TermCounts
        Terms by class, then by name; an event without a term or a class is of "Not coded".
    """
    patients, events = subjects(table, data), selected(table, data)
    required(patients, [table.treatment], f"table {table.id}: treatment", "ADSL")
    required(events, [table.class_, table.term], f"table {table.id}", table.dataset)
    keys = identifiers(patients)
    trial = pl.col(REPLICATE).rank("dense") - 1 if REPLICATE in keys else pl.lit(0)
    arms = {table.arm: 0, table.comparator: 1}
    arm = pl.col(table.treatment).replace_strict(arms, default=None, return_dtype=pl.Int64)
    numbered = patients.select(*keys, arm.alias(ARM), trial.cast(pl.Int64).alias(TRIAL))
    trials = int(numbered[TRIAL].to_numpy().max(initial=0)) + 1
    mine = numbered.drop_nulls(ARM)
    named = (
        pl.col(c).cast(pl.String).fill_null("Not coded").alias(n)
        for c, n in ((table.class_, CLASS), (table.term, TERM))
    )
    once = events.select(*keys, *named).unique().join(mine, on=keys, how="inner")
    terms = once.select(CLASS, TERM).unique().sort(CLASS, TERM)
    size, x = np.zeros((2, trials)), np.zeros((2, trials, terms.height))
    np.add.at(size, (mine[ARM].to_numpy(), mine[TRIAL].to_numpy()), 1)
    at = once.join(terms.with_row_index("at"), on=[CLASS, TERM], how="inner")
    np.add.at(x, (at[ARM].to_numpy(), at[TRIAL].to_numpy(), at["at"].to_numpy()), 1)
    return TermCounts(terms[CLASS].to_list(), terms[TERM].to_list(), x[0], x[1], size[0, :, None], size[1, :, None])


def _fisher(counts: TermCounts) -> Floats:
    p = stats.fisher_exact(*counts.tables).p
    assert p is not None
    return p


def _about(table: TwoArmEvents, counts: TermCounts, i: int) -> dict[str, Any]:
    return {
        "arm": table.arm,
        "comparator": table.comparator,
        "groups": (("class", counts.class_[i]), ("term", counts.term[i])),
    }


def _compared(table: TwoArmEvents, counts: TermCounts, p: Floats) -> Iterator[list[Row]]:
    """The rows of one term after the other."""
    found = stats.miettinen_nurminen(*counts.tables, table.level)
    for i in range(len(counts.term)):
        about = _about(table, counts, i)
        rows = []
        for arm, x, n in ((table.arm, counts.x1, counts.n1), (table.comparator, counts.x0, counts.n0)):
            rows += _of_arm(table, {"arm": arm, "groups": about["groups"]}, x[:, i], n[:, 0])
        scale = {"method": "miettinen-nurminen", "scale": "risk difference"}
        for statistic in ("estimate", "ci_low", "ci_high"):
            value = getattr(found, statistic)[:, i]
            rows.append(row(key(table, statistic=statistic, **about, **scale), value, found.reason[:, i]))
        absent = np.isnan(p[:, i])
        why = tuple(np.where(absent, NOBODY, "").tolist()) if absent.any() else None
        rows.append(Row(key(table, statistic="p", **about, method="fisher exact"), p[:, i], why))
        yield rows


def _of_arm(table: TwoArmEvents, mine: dict[str, Any], x: Floats, n: Floats) -> list[Row]:
    rate = np.divide(x, n, out=np.full(x.shape, np.nan), where=n > 0)
    why = tuple(np.where(n > 0, "", NOBODY).tolist()) if (n == 0).any() else None
    return [
        Row(key(table, statistic="n", **mine), np.ascontiguousarray(x)),
        Row(key(table, statistic="N", **mine), n),
        Row(key(table, statistic="rate", **mine), rate, why),
    ]
