"""From what a study monitors to its boundaries, and from counts of terms to flags."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pivotal import stats
from pivotal.study.model import Study
from pivotal.study.monitoring import Monitor, Screen

Floats = NDArray[np.float64]
ROUNDING = 1e-9
"""Slack for a number of looks: 0.3 is three times 0.1 but for its last bits."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A monitor with its boundary.

    Attributes
    ----------
    monitor
        As the study file says it.
    boundary
        When to stop.
    limit
        What the boundary holds the events against: a probability, a rate, or a share of all events.
    rates
        The monitor's `truths` in the same terms.
    """

    monitor: Monitor
    boundary: stats.Boundary
    limit: float
    rates: Floats


def watched(study: Study, monitor: Monitor) -> Watched:
    """The boundary of a monitor.

    Parameters
    ----------
    study
        The trial: its allocation makes a blinded rate, or a share of all events, of a ratio.
    monitor
        What is monitored.

    Returns
    -------
    Watched
        The boundary and what it is held against.
    """
    limit = float(_seen(study, monitor, np.array([_limit(monitor)]))[0])
    boundary = _boundary(monitor, _looks(monitor), limit)
    return Watched(monitor, boundary, limit, _seen(study, monitor, np.array(monitor.truths, dtype=np.float64)))


def stops_at(seen: Watched, information: Floats) -> Floats:
    """Events that stop at what is known, planned look or not.

    Parameters
    ----------
    seen
        The monitor with its planned boundary.
    information
        Patients, patient-years or events so far, of any shape.

    Returns
    -------
    Floats
        In that shape; NaN where nothing is known yet.
    """
    made = np.full(information.shape, np.nan)
    known = information > 0
    if known.any():
        looks, place = np.unique(information[known], return_inverse=True)
        made[known] = _at(seen, looks).stop_at[place.reshape(-1)]
    return made


def _at(seen: Watched, looks: Floats) -> stats.Boundary:
    monitor, critical = seen.monitor, seen.boundary.critical
    if monitor.rule == "repeated exact test":
        return stats.repeated_boundary(seen.boundary, looks, seen.limit, shape=monitor.shape)
    assert monitor.prior is not None
    of = stats.gamma_poisson_boundary if monitor.rule == "gamma-poisson" else stats.beta_binomial_boundary
    return of(looks, seen.limit, prior=monitor.prior, threshold=critical)


def evidence(seen: Watched, events: Floats, information: Floats) -> tuple[str, Floats]:
    """What the events say against the limit: ``p`` (exact, one-sided) or ``posterior``, and its values."""
    monitor, law = seen.monitor, seen.boundary.law
    if monitor.rule == "repeated exact test":
        return "p", stats.exact_tail(events, information, seen.limit, law=law)
    assert monitor.prior is not None
    return "posterior", stats.posterior_above(events, information, seen.limit, prior=monitor.prior, law=law)


def chance_with(seen: Watched, information: float) -> float:
    """The chance of stopping at the limit, had one looked at `information` too, beside the planned looks."""
    planned = seen.boundary
    looks = np.union1d(planned.looks, [information])
    stop = np.where(np.isin(looks, planned.looks), 0, 1)
    at = _at(seen, looks).stop_at.copy()
    at[stop == 0] = planned.stop_at
    return float(stats.crossing(stats.Boundary(looks, at, planned.law, planned.critical), seen.limit).probability)


def flags(screen: Screen, p: Floats, patients: NDArray[np.int64]) -> stats.DoubleFdr:
    """Flags of a screen.

    Parameters
    ----------
    screen
        Its levels, and the terms with their classes.
    p
        P-values of the two arms' difference, (replicate, term).
    patients
        Patients with each term in both arms together, (replicate, term).

    Returns
    -------
    DoubleFdr
        A term that too few patients have is not flagged.
    """
    classes = [term.class_ for term in screen.terms]
    return stats.double_fdr(
        p,
        classes,
        tested=patients >= screen.least_patients,
        alpha_class=screen.alpha_class,
        alpha_term=screen.alpha_term,
        second=screen.second,
    )


def compare_terms(x1: NDArray[np.int64], n1: int, x0: NDArray[np.int64], n0: int) -> Floats:
    """Fisher's exact test of each term, two-sided; (replicate, term).

    A term that nobody has gives 1.
    """
    p = stats.fisher_exact(x1, np.full_like(x1, n1), x0, np.full_like(x0, n0)).p
    assert p is not None
    return np.where(np.isnan(p), 1.0, p)


def _limit(monitor: Monitor) -> float:
    given = monitor.limit if monitor.view == "one arm" else monitor.ratio
    return 1.0 if given is None else given


def _seen(study: Study, monitor: Monitor, values: Floats) -> Floats:
    """Rates or ratios as what is counted shows them."""
    if monitor.view == "one arm":
        return values
    if monitor.view == "blinded":
        total = sum(arm.ratio for arm in study.arms)
        treated = 1 - study.arms[study.control].ratio / total
        return stats.blinded_rate(monitor.background or 0.0, values, treated)
    one, other = (study.arms[study.arm_index(name or "")].ratio for name in (monitor.arm, monitor.comparator))
    return stats.treated_share(values, one / (one + other))


def _looks(monitor: Monitor) -> Floats:
    if monitor.looks:
        return np.array(monitor.looks, dtype=np.float64)
    assert monitor.every is not None
    assert monitor.until is not None
    steps = np.arange(1, int(monitor.until / monitor.every + ROUNDING) + 1, dtype=np.float64)
    return np.asarray(monitor.every * steps)


def _boundary(monitor: Monitor, looks: Floats, limit: float) -> stats.Boundary:
    if monitor.rule == "repeated exact test":
        assert monitor.alpha is not None
        of = stats.poisson_boundary if monitor.unit == "patient-years" else stats.binomial_boundary
        return of(looks, limit, alpha=monitor.alpha, shape=monitor.shape)
    assert monitor.prior is not None
    if monitor.rule == "gamma-poisson":
        assert monitor.threshold is not None
        return stats.gamma_poisson_boundary(looks, limit, prior=monitor.prior, threshold=monitor.threshold)
    if monitor.threshold is not None:
        return stats.beta_binomial_boundary(looks, limit, prior=monitor.prior, threshold=monitor.threshold)
    assert monitor.alpha is not None
    return stats.beta_binomial_threshold(looks, limit, prior=monitor.prior, alpha=monitor.alpha)
