"""Whether a partial likelihood rises without end: a direction in which every event is the extreme of its risk set."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pivotal.stats.estimate import Floats
from pivotal.stats.survival.cox_likelihood import Likelihood
from pivotal.stats.survival.ordering import Ordered
from pivotal.stats.tables import Mask

# Where several coefficients run away, one that moves less than this share of the fastest has no sure direction.
DIRECTION = 1e-3
# How far an event may fall short of the largest of its risk set, in standard deviations along the direction: the
# rounding, and what is left of a step's error after 30 of Newton's.
SHORT = 1e-6


def running_away(step: Floats) -> Mask:
    """Coefficients that the last step still moves in earnest, (covariate, replicate)."""
    return np.asarray(np.abs(step) > DIRECTION * np.abs(step).max(axis=0), dtype=np.bool_)


def is_monotone(ordered: Ordered, x: Floats, direction: Floats, discrete: bool) -> Mask:
    """Check a direction, (replicate,).

    The likelihood never falls along it where at every event time the patients with the event have the largest x'δ of
    those at risk (Bryson and Johnson 1981, Technometrics 23, 381-383), or, where tied events are compared as a set
    (`discrete`), none smaller than a patient's without.

    Parameters
    ----------
    ordered
        The patients.
    x
        Covariates, (covariate, row, position).
    direction
        δ, (covariate, replicate).
    discrete
        Whether the likelihood is the conditional one.
    """
    by_row = np.repeat(direction, ordered.strata, axis=1)
    along = np.einsum("krp,kr->rp", x, by_row)
    along = np.where(ordered.present, along, -np.inf)
    m = ordered.moments
    if not len(m.end):
        return np.zeros(ordered.replicates, dtype=np.bool_)
    largest = np.maximum.accumulate(np.where(ordered.event, -np.inf, along) if discrete else along, axis=1)
    bound = largest.ravel()[m.end]
    if discrete:
        bound = np.maximum(bound, _before(ordered, along))
    least = np.minimum.reduceat(along.ravel()[m.position], m.first)
    length = np.abs(direction).max(axis=0)
    short = bound > least + SHORT * length[m.row // ordered.strata]
    return np.asarray((ordered.total(short.astype(np.float64), m.row) == 0) & (length > 0), dtype=np.bool_)


def limiting(likelihood: Likelihood, direction: Floats) -> Likelihood:
    """The likelihood far out along a direction in which it rises.

    There, only those patients of a risk set count who have its largest x'δ, that of the patients with the event: the
    model stratified by x'δ too.
    """
    ordered, x = likelihood.ordered, likelihood.design.values
    by_row = np.repeat(direction, ordered.strata, axis=1)
    level = _levels(ordered, np.einsum("krp,kr->rp", x, by_row), SHORT * np.abs(by_row).max(axis=0))
    whole = (ordered.replicates, ordered.strata * ordered.width)
    stratum = np.repeat(np.arange(ordered.strata), ordered.width)
    time, event = ordered.time.reshape(whole), ordered.event.reshape(whole)
    again = Ordered.of(time, event, ordered.present.reshape(whole), level.reshape(whole) * ordered.strata + stratum)
    values = np.stack([np.where(again.present, again.gather(column.reshape(whole)), 0.0) for column in x])
    return likelihood.over(again, values)


def _levels(ordered: Ordered, along: Floats, apart: Floats) -> NDArray[np.intp]:
    """Number the distinct values of a row, those no further apart taken as one."""
    filled = np.where(ordered.present, along, np.inf)
    order = np.argsort(filled, axis=1)
    ranked = np.take_along_axis(np.where(ordered.present, along, along.max(axis=1, keepdims=True)), order, axis=1)
    none = np.zeros((len(along), 1), dtype=np.bool_)
    steps = np.concatenate([none, np.diff(ranked, axis=1) > apart[:, None]], axis=1)
    level = np.empty(along.shape, dtype=np.intp)
    np.put_along_axis(level, order, np.cumsum(steps, axis=1), axis=1)
    return level


def _before(ordered: Ordered, along: Floats) -> Floats:
    """The largest value among those with later times than each moment's; -inf for the latest."""
    m = ordered.moments
    ends = np.flatnonzero(ordered.last)
    which = np.searchsorted(ends, m.end)
    previous = ends[np.maximum(which - 1, 0)]
    largest = np.maximum.accumulate(along, axis=1).ravel()[previous]
    same_row = (which > 0) & (previous // ordered.width == m.row)
    return np.where(same_row, largest, -np.inf)
