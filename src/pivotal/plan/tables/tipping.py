"""Tipping points: an endpoint's own analysis of the same imputations, imputed values moved by one delta after another.

The imputation, the scale of the instrument, the derivation, the analysis and the pooling are those of the plan
(`plan.imputed`); only the deltas differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import product

import numpy as np
from numpy.typing import NDArray

from pivotal.plan.batch import Batch
from pivotal.plan.imputed import Case, pooled_cases
from pivotal.plan.methods import Outcome, Pair, run
from pivotal.plan.rows import estimate_rows, row
from pivotal.plan.tables.endpoint import endpoint_rows, members_rows, table_key
from pivotal.stats.estimate import Reason
from pivotal.study.model import Analysis, Endpoint, Study
from pivotal.study.sensitivity_tables import TippingPoint
from pivotal.trials import Key, Row

Floats = NDArray[np.float64]
Deltas = tuple[float, float]
"""Of the arm, and of its comparator."""

OF_A_TABLE = ("role", "table")
"""Keeps comparisons out of the report's lists of analyses."""


@endpoint_rows.register
def tipping_points(table: TippingPoint, batch: Batch) -> Iterator[Row]:
    """Pooled estimate, limits and p of each pair of arms and of deltas; the deltas that lose the conclusion."""
    endpoint = batch.study.endpoint(table.endpoint)
    analysis = _analysis(table, endpoint)
    about = table_key(table, endpoint, statistic="")
    yield from members_rows(table, endpoint, batch)
    yield row(replace(about, statistic="alpha"), np.full(len(batch.trials.arm), batch.study.testing.alpha))
    yield row(replace(about, statistic="level"), np.full(len(batch.trials.arm), analysis.level))
    wanted = [
        (pair, deltas)
        for pair in compared(table, batch.study)
        for deltas in ((delta, other) for other, delta in product(table.comparator_deltas, table.deltas))
    ]
    visit = table.visit or endpoint.visit
    cases = [
        Case(_added(batch.study, endpoint, pair, deltas), partial(_compare, analysis=analysis, visit=visit, pair=pair))
        for pair, deltas in wanted
    ]
    found = pooled_cases(batch, endpoint, visit, analysis.level, cases)
    outcomes = {case: each[0] for case, each in zip(wanted, found, strict=True)}
    for (pair, (delta, other)), outcome in outcomes.items():
        key = replace(_about(about, batch.study, pair, outcome), groups=_groups(delta=delta, comparator=other))
        yield from estimate_rows(key, outcome.estimate, {})
    for pair in compared(table, batch.study):
        for other in table.comparator_deltas:
            line = {delta: outcomes[pair, (delta, other)] for delta in table.deltas}
            key = _about(about, batch.study, pair, line[table.deltas[0]])
            yield from _tipping(key, other, line, batch.study.testing.alpha)


def compared(table: TippingPoint, study: Study) -> list[Pair]:
    """The pairs of arms of the table: the one that it names, or each arm against the comparator."""
    comparator = study.control if table.comparator is None else study.arm_index(table.comparator)
    arms = range(len(study.arms)) if table.arm is None else [study.arm_index(table.arm)]
    return [(arm, comparator) for arm in arms if arm != comparator]


def _analysis(table: TippingPoint, endpoint: Endpoint) -> Analysis:
    if table.analysis is None:
        return endpoint.analysis
    return next(a for a in (endpoint.analysis, *endpoint.supplementary) if a.name == table.analysis)


def _compare(batch: Batch, endpoint: Endpoint, *, analysis: Analysis, visit: str, pair: Pair) -> list[Outcome]:
    return run(batch, endpoint, analysis, visit, [pair])


def _added(study: Study, endpoint: Endpoint, pair: Pair, deltas: Deltas) -> dict[str, float]:
    """What is added by arm: the imputation's own delta, and on top of it the table's."""
    assert endpoint.imputation is not None
    own = endpoint.imputation.delta
    names = [study.arms[index].name for index in pair]
    return own | {name: own.get(name, 0.0) + delta for name, delta in zip(names, deltas, strict=True)}


def _about(about: Key, study: Study, pair: Pair, outcome: Outcome) -> Key:
    arm, comparator = (study.arms[index].name for index in pair)
    return replace(about, arm=arm, comparator=comparator, method=outcome.method, scale=outcome.scale)


def _groups(*, delta: float | None = None, comparator: float, **more: str) -> tuple[tuple[str, str], ...]:
    shown = {} if delta is None else {"delta": said(delta)}
    return tuple((shown | {"delta of comparator": said(comparator)} | more | dict([OF_A_TABLE])).items())


def said(delta: float) -> str:
    """A delta as the rows' groups name it: ``-1.5``."""
    return f"{delta:.12g}"


def _tipping(about: Key, other: float, line: dict[float, Outcome], alpha: float) -> Iterator[Row]:
    """A row a direction: the first delta away from 0 at which the arms no longer differ as they did."""
    for direction, deltas in directions(tuple(line)):
        value, reason = first_lost(deltas, [line[delta] for delta in deltas], alpha)
        key = replace(about, statistic="tipping point", groups=_groups(comparator=other, direction=direction))
        yield row(replace(key, scale=None, method=None), value, reason)


def directions(deltas: Sequence[float]) -> list[tuple[str, list[float]]]:
    """Deltas away from 0, upwards and downwards; a direction without any is left out.

    Examples
    --------
    >>> directions([-1, 0, 2, 1])
    [('up', [0, 1, 2]), ('down', [0, -1])]
    >>> directions([0])
    [('up', [0])]
    """
    up, down = sorted(d for d in deltas if d >= 0), sorted((d for d in deltas if d <= 0), reverse=True)
    found = [("up", up)] if any(up) or not any(down) else []
    return found + ([("down", down)] if any(down) else [])


def first_lost(deltas: list[float], outcomes: list[Outcome], alpha: float) -> tuple[Floats, NDArray[np.uint8]]:
    """The first delta at which p exceeds alpha or the effect has changed sides, (replicate,).

    Infinite with `Reason.NOT_TIPPED` where none does, NaN with the analysis' reason where it has no p on the way.
    """
    value = np.full(len(outcomes[0].estimate.reason), np.inf)
    reason = np.full(value.shape, Reason.NOT_TIPPED, dtype=np.uint8)
    open_ = np.ones(value.shape, dtype=np.bool_)
    first = _side(outcomes[0])
    for delta, outcome in zip(deltas, outcomes, strict=True):
        p = outcome.estimate.p
        assert p is not None
        failed, lost = open_ & np.isnan(p), open_ & ((p > alpha) | (_side(outcome) != first))
        value = np.where(failed, np.nan, np.where(lost, delta, value))
        failure = np.where(outcome.estimate.reason > 0, outcome.estimate.reason, Reason.IMPUTATION_FAILED)
        reason = np.where(failed, failure, np.where(lost, Reason.NONE, reason)).astype(np.uint8)
        open_ = open_ & ~failed & ~lost
    return value, reason


def _side(outcome: Outcome) -> Floats:
    """Which side of no effect the estimate is on."""
    assert outcome.estimate.estimate is not None
    return np.sign(outcome.estimate.estimate - (1.0 if outcome.scale.endswith("ratio") else 0.0))
