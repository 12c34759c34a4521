"""Who goes on after the blinded weeks, into which treatment sequence, until when, and why a patient leaves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pivotal.study.model import Following, Period, Study
from pivotal.trials import Trials
from pivotal.trials.longterm import OUTSIDE


def sequences(
    study: Study, period: Period, parts: Sequence[Following], trials: Trials, rng: np.random.Generator
) -> NDArray[np.int8]:
    """Code of each patient's treatment sequence, (replicate, subject): completers go on with their arm's share, and a
    re-randomised arm is allocated by its ratio, each patient independently."""
    ratios = {r.arm: dict(zip(r.to, r.ratio, strict=True)) for r in period.rerandomise}
    sequence = np.full(trials.shape, OUTSIDE, dtype=np.int8)
    enters, side = rng.random(trials.shape), rng.random(trials.shape)
    for arm in dict.fromkeys(f.arm for f in parts):
        mine = [(code, f) for code, f in enumerate(parts) if f.arm == arm]
        weights = np.array([ratios.get(arm, {}).get(f.treatment, 1) for _, f in mine], dtype=float)
        choice = np.searchsorted(np.cumsum(weights) / weights.sum(), side, side="right")
        goes = (trials.arm == study.arm_index(arm)) & (trials.reason == 0) & (enters < mine[0][1].entering)
        codes = np.array([code for code, _ in mine], dtype=np.int8)
        sequence[goes] = codes[choice[goes]]
    return sequence


def leaving(
    parts: Sequence[Following],
    reasons: Sequence[str],
    sequence: NDArray[np.int8],
    days: tuple[int, int],
    rng: np.random.Generator,
) -> tuple[NDArray[np.int16], NDArray[np.int8]]:
    """Last day in the period and reason of leaving; the time of leaving is even over the period (assumed)."""
    first, last = days
    inside = sequence >= 0
    shares = np.array([f.leaving for f in parts])[np.maximum(sequence, 0)]
    drawn, why = rng.random(sequence.shape), rng.random(sequence.shape)
    leaves = inside & (drawn < shares)
    when = first + (last - first) * drawn / np.where(shares > 0, shares, 1.0)
    end_day = np.where(leaves, when, np.where(inside, last, OUTSIDE)).astype(np.int16)
    reason = np.where(inside, 0, OUTSIDE).astype(np.int8)
    for code, part in enumerate(parts):
        named = np.array([part.reasons.get(name, 0.0) for name in reasons[1:]])
        chosen = leaves & (sequence == code)
        if named.sum() > 0:
            reason[chosen] = 1 + np.searchsorted(np.cumsum(named) / named.sum(), why[chosen], side="right")
    return end_day, reason
