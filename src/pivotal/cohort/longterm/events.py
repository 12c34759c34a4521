"""Adverse events of both periods, drawn so that posted incidences hold in expectation.

Events of a patient are a Poisson process over the days in a period (`hazards`). Each event has one of the posted terms,
by its share of the hazard on the treatment at onset, else the term `OTHER`. A posted term's repeats follow an event in
the same patient and period, as many on average as the posted number of events asks; they are neither first nor severe,
so they change no incidence. Severe events are a thinning of the process that meets the posted incidence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pivotal.cohort.longterm.hazards import hazard
from pivotal.study.model import LongTermSettings, PostedEvent, Study
from pivotal.study.periods import OTHER, proportion
from pivotal.trials import Trials
from pivotal.trials.longterm import Events

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stay:
    """Patients in one period: who, its group (index of an arm, or of a sequence), treatment, first and last day."""

    period: int
    trial: NDArray[np.intp]
    subject: NDArray[np.intp]
    group: NDArray[np.intp]
    treatment: NDArray[np.intp]
    first: NDArray[np.int64]
    last: NDArray[np.int64]

    @property
    def exposure(self) -> Floats:
        """Days in the period."""
        return (self.last - self.first + 1).astype(np.float64)


def adverse_events(
    study: Study,
    trials: Trials,
    stays: Sequence[Stay],
    names: Mapping[str, Sequence[str]],
    settings: LongTermSettings,
    rng: np.random.Generator,
) -> Events:
    """Draw the events of all stays; `names` are each period's name and groups, in the order of the stays."""
    hazards, severe = (
        [_hazards(study, period, stay, names[period], what) for period, stay in zip(names, stays, strict=True)]
        for what in ("adverse event", "severe adverse event")
    )
    shares, repeats = _shares(study, trials, stays, hazards)
    parts = [_of_stay(study, s, h, v, shares, repeats, settings, rng)
             for s, h, v in zip(stays, hazards, severe, strict=True)]  # fmt: skip
    joined = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    order = np.lexsort((joined["term"], joined["start"], joined["subject"], joined["trial"]))
    return Events(**{key: column[order] for key, column in joined.items()})


def _hazards(study: Study, period: str, stay: Stay, names: Sequence[str], statistic: str) -> Floats:
    """Hazard a day in each group of a period; 0 where nothing is posted."""
    found = next((r for r in study.period_results if (r.period, r.statistic) == (period, statistic)), None)
    wanted = [proportion(found.counts[n]) if found and n in found.counts else 0.0 for n in names]
    exposure = stay.exposure
    return np.array([hazard(exposure[stay.group == g], p) for g, p in enumerate(wanted)])


def _shares(study: Study, trials: Trials, stays: Sequence[Stay], hazards: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Of each posted event and treatment, (event, treatment): its share of the hazard, and repeats of an event."""
    shape = (len(study.posted_events), len(study.arms))
    shares, repeats = np.zeros(shape), np.zeros(shape)
    for k, arm in enumerate(study.arms):
        total, there = np.zeros(trials.shape), np.zeros(trials.shape, dtype=bool)
        for stay, rates in zip(stays, hazards, strict=True):
            on = stay.treatment == k
            total[stay.trial[on], stay.subject[on]] += rates[stay.group[on]] * stay.exposure[on]
            there[stay.trial[on], stay.subject[on]] = True
        cumulative = total[there]
        for e, posted in enumerate(study.posted_events):
            affected, n = posted.affected(arm.name)
            if affected and n and cumulative.size:
                shares[e, k] = hazard(cumulative, affected / n)
                firsts = n * shares[e, k] * cumulative.mean()
                repeats[e, k] = max(0.0, (posted.events(arm.name) or 0) / firsts - 1) if firsts > 0 else 0.0
    most = shares.sum(axis=0)
    return shares / np.maximum(most, 1.0), repeats


def _of_stay(
    study: Study,
    stay: Stay,
    hazards: Floats,
    severe: Floats,
    shares: Floats,
    repeats: Floats,
    settings: LongTermSettings,
    rng: np.random.Generator,
) -> dict[str, NDArray[np.generic]]:
    """The events of one period."""
    who = np.repeat(np.arange(len(stay.trial)), rng.poisson(hazards[stay.group] * stay.exposure))
    kind = _kinds(shares, stay.treatment[who], rng)
    grave = rng.random(len(who)) * hazards[stay.group[who]] < severe[stay.group[who]]
    start = stay.first[who] + (rng.random(len(who)) * stay.exposure[who]).astype(np.int64)
    known = np.vstack([repeats, np.zeros((1, repeats.shape[1]))])
    mean = known[kind, stay.treatment[who]]
    more = np.where(mean > 0, rng.geometric(1 / (1 + mean)) - 1, 0)
    again = np.repeat(np.arange(len(who)), more)
    later = start[again] + (rng.random(len(again)) * (stay.last[who[again]] - start[again] + 1)).astype(np.int64)
    who, kind = np.concatenate([who, who[again]]), np.concatenate([kind, kind[again]])
    grave = np.concatenate([grave, np.zeros(len(again), dtype=bool)])
    start = np.concatenate([start, later])
    end = start + rng.geometric(1 / max(1.0, settings.event_days.number), len(who)) - 1
    mild = rng.random(len(who)) < settings.mild_event_share.number
    codes, serious = _codes(study)
    return {
        "trial": stay.trial[who].astype(np.int32),
        "subject": stay.subject[who].astype(np.int32),
        "period": np.full(len(who), stay.period, dtype=np.int8),
        "treatment": stay.treatment[who].astype(np.int8),
        "term": codes[kind],
        "severity": np.where(grave, 2, np.where(mild, 0, 1)).astype(np.int8),
        "serious": serious[kind],
        "start": start.astype(np.int16),
        "end": np.where(end > stay.last[who], -1, end).astype(np.int16),
    }


def _kinds(shares: Floats, treatment: NDArray[np.intp], rng: np.random.Generator) -> NDArray[np.intp]:
    """Which posted event each is, or the number of posted events for `OTHER`."""
    up_to = np.cumsum(shares, axis=0).T
    drawn = rng.random(len(treatment))
    kind = np.full(len(treatment), shares.shape[0], dtype=np.intp)
    for k in range(shares.shape[1]):
        mine = treatment == k
        kind[mine] = np.searchsorted(up_to[k], drawn[mine], side="right")
    return kind


def _codes(study: Study) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
    """Code of the term, and whether it is serious, by posted event; `OTHER` last."""
    known = {name: code for code, name in enumerate(study.event_terms)}
    events: tuple[PostedEvent, ...] = study.posted_events
    codes = [known[e.system, e.term] for e in events] + [known[OTHER]]
    return np.array(codes, dtype=np.int16), np.array([*(e.serious for e in events), False])
