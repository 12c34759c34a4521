"""After the blinded weeks: who goes on, which treatment sequence, who leaves and why, and IGA 0 or 1 at each visit.

Control of disease is a stationary first-order process from visit to visit (correlation assumed); IGA is 0 or 1 where it
exceeds the quantile that gives the sequence's rate. Leaving is independent of it, its time even over the period
(assumed), so that the rates hold among those still in the trial. All of it has a random stream of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pivotal.errors import UsageError
from pivotal.study.model import Following, Scenario, Study
from pivotal.trials import Trials

OUTSIDE = -1
"""Stands for a sequence or a visit where a patient did not enter the period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LongTerm:
    """What followed the blinded weeks, all arrays (replicate, subject).

    Attributes
    ----------
    sequences, visits, reasons
        Labels in the study's order; reason 0 is "completed".
    sequence
        Code of the treatment sequence; -1 where the patient did not enter.
    end_day
        Last day in the period; -1 where the patient did not enter.
    reason
        Code of the reason for leaving; -1 where the patient did not enter.
    low_iga
        By visit, whether IGA is 0 or 1: 1 or 0; -1 where the patient was not there.
    """

    sequences: tuple[str, ...]
    visits: tuple[str, ...]
    reasons: tuple[str, ...]
    sequence: NDArray[np.int8]
    end_day: NDArray[np.int16]
    reason: NDArray[np.int8]
    low_iga: dict[str, NDArray[np.int8]]


def followings(study: Study, scenario: Scenario) -> tuple[Following, ...]:
    """A scenario's long-term part, its own or that of the scenario that it is like."""
    found = scenario.following
    while not found and scenario.like is not None:
        scenario = study.scenario(scenario.like)
        found = scenario.following
    return found


def follow(study: Study, scenario: Scenario, trials: Trials, rng: np.random.Generator) -> LongTerm:
    """Draw what follows the blinded weeks of some trials.

    Parameters
    ----------
    study, scenario
        The trial and the truth; the scenario, or one that it is like, states `following`.
    trials
        The blinded weeks; they are not changed.
    rng
        A generator of its own, so that the blinded weeks keep their numbers.

    Raises
    ------
    UsageError
        If the study has no period with visits of its own, or the scenario says nothing of it.
    """
    from scipy.special import ndtri

    period, parts = study.long_term, followings(study, scenario)
    if period is None or not parts or study.cohort is None:
        raise UsageError(f"{study.id}: nothing follows the blinded weeks. Add visits to a period, and `following`.")
    shape = trials.shape
    ratios = {r.arm: dict(zip(r.to, r.ratio, strict=True)) for r in period.rerandomise}
    sequence = np.full(shape, OUTSIDE, dtype=np.int8)
    enters, side = rng.random(shape), rng.random(shape)
    for arm in {f.arm for f in parts}:
        mine = [(code, f) for code, f in enumerate(parts) if f.arm == arm]
        weights = np.array([ratios.get(arm, {}).get(f.treatment, 1) for _, f in mine], dtype=float)
        choice = np.searchsorted(np.cumsum(weights) / weights.sum(), side, side="right")
        goes = (trials.arm == study.arm_index(arm)) & (trials.reason == 0) & (enters < mine[0][1].entering)
        codes = np.array([code for code, _ in mine], dtype=np.int8)
        sequence[goes] = codes[choice[goes]]
    first, last = round(7 * period.from_week) + 1, round(7 * period.to_week) + 1
    place = np.maximum(sequence, 0)
    inside = sequence >= 0
    shares = np.array([f.leaving for f in parts])[place]
    drawn = rng.random(shape)
    leaves = inside & (drawn < shares)
    when = first + (last - first) * drawn / np.where(shares > 0, shares, 1.0)
    end_day = np.where(leaves, when, np.where(inside, last, OUTSIDE)).astype(np.int16)
    reasons = ("completed", *dict.fromkeys(name for f in parts for name in f.reasons))
    reason = np.where(inside, 0, OUTSIDE).astype(np.int8)
    why = rng.random(shape)
    for code, part in enumerate(parts):
        named = np.array([part.reasons.get(name, 0.0) for name in reasons[1:]])
        chosen = leaves & (sequence == code)
        if named.sum() > 0:
            reason[chosen] = 1 + np.searchsorted(np.cumsum(named) / named.sum(), why[chosen], side="right")
    keep = study.cohort.long_term.course_correlation.number
    control, low_iga = rng.standard_normal(shape), {}
    for visit in period.visits:
        control = keep * control + np.sqrt(1 - keep**2) * rng.standard_normal(shape)
        bar = ndtri(1 - np.array([f.rate(visit.name) for f in parts]))[place]
        low_iga[visit.name] = np.where(inside & (end_day >= visit.day), control > bar, OUTSIDE).astype(np.int8)
    return LongTerm(
        sequences=tuple(f.sequence for f in parts),
        visits=tuple(v.name for v in period.visits),
        reasons=reasons,
        sequence=sequence,
        end_day=end_day,
        reason=reason,
        low_iga=low_iga,
    )
