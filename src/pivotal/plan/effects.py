"""What the main analyses found of each hypothesis, on the scale on which it is normal: for simultaneous limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pivotal.plan.batch import Batch
from pivotal.plan.imputed import is_imputed
from pivotal.plan.methods import Outcome, Pair
from pivotal.study.favour import favourable
from pivotal.study.model import Hypothesis, Study

Floats = NDArray[np.float64]
Tests = Mapping[tuple[str, Pair | None], Outcome]


@dataclass(frozen=True, slots=True)
class Effects:
    """Estimates of the hypotheses, in the study's order.

    Attributes
    ----------
    p
        Two-sided p-values, (replicate, hypothesis); NaN where an endpoint was not analysed.
    estimate, se
        Of ratios their logarithms, (replicate, hypothesis).
    df
        Infinite where the analysis is in large samples, (replicate, hypothesis).
    n, n_comparator
        Patients analysed of the arm and of its comparator, (replicate, hypothesis).
    reason
        Why there is no ordinary estimate, codes of `Reason`, (replicate, hypothesis).
    scales
        Of the estimates; "" where there is none.
    sides
        1 where a greater estimate is the favourable one, -1 where a smaller one is, 0 where the study does not say.
    """

    p: Floats
    estimate: Floats
    se: Floats
    df: Floats
    n: Floats
    n_comparator: Floats
    reason: NDArray[np.uint8]
    scales: tuple[str, ...]
    sides: tuple[int, ...]

    @property
    def ratios(self) -> NDArray[np.bool_]:
        """Which estimates are logarithms of ratios, (hypothesis,)."""
        return np.array([scale.endswith("ratio") for scale in self.scales], dtype=np.bool_)


def p_values(batch: Batch, tests: Tests) -> Floats:
    """Two-sided p-values of the hypotheses, (replicate, hypothesis); NaN where an endpoint was not analysed."""
    shape, study = (len(batch.trials.arm),), batch.study
    outcomes = [tests.get((h.endpoint, _pair(study, h))) for h in study.testing.hypotheses]
    found = [None if outcome is None else outcome.estimate.p for outcome in outcomes]
    return np.stack([_filled(p, shape, np.nan) for p in found], axis=1)


def effects(batch: Batch, tests: Tests) -> Effects:
    """Gather the estimates of the hypotheses, and who was analysed for them."""
    study = batch.study
    outcomes = [tests.get((h.endpoint, _pair(study, h))) for h in study.testing.hypotheses]
    found = [_one(batch, h, outcome) for h, outcome in zip(study.testing.hypotheses, outcomes, strict=True)]
    names = ("estimate", "se", "df", "n", "n_comparator")
    columns = {name: np.stack([values[name] for _, values in found], axis=1) for name in names}
    scales = tuple(scale for scale, _ in found)
    sides = tuple(
        favourable(study, study.endpoint(h.endpoint), scale)
        for h, scale in zip(study.testing.hypotheses, scales, strict=True)
    )
    none = np.zeros(len(batch.trials.arm), dtype=np.uint8)
    reason = np.stack([none if each is None else each.estimate.reason for each in outcomes], axis=1)
    return Effects(p=p_values(batch, tests), **columns, reason=reason, scales=scales, sides=sides)


def _pair(study: Study, hypothesis: Hypothesis) -> Pair:
    return study.arm_index(hypothesis.arm), study.arm_index(hypothesis.comparator)


def _one(batch: Batch, hypothesis: Hypothesis, outcome: Outcome | None) -> tuple[str, dict[str, Floats]]:
    """One hypothesis's scale and columns, (replicate,) each; one that was not analysed has its planned numbers."""
    shape, study = (len(batch.trials.arm),), batch.study
    pair = _pair(study, hypothesis)
    if outcome is None:
        planned = [np.full(shape, float(study.arms[index].ratio)) for index in pair]
        nothing = {name: np.full(shape, np.nan) for name in ("estimate", "se")}
        return "", nothing | {"df": np.full(shape, np.inf), "n": planned[0], "n_comparator": planned[1]}
    found = outcome.estimate
    value = _filled(found.estimate, shape, np.nan)
    if outcome.scale.endswith("ratio"):
        with np.errstate(divide="ignore", invalid="ignore"):
            value = np.log(value)
    analysed = _analysed(batch, hypothesis.endpoint)
    numbers = [(analysed & (batch.trials.arm == index)).sum(axis=1).astype(np.float64) for index in pair]
    return outcome.scale, {
        "estimate": value,
        "se": _filled(found.se, shape, np.nan),
        "df": _filled(found.df, shape, np.inf),
        "n": numbers[0],
        "n_comparator": numbers[1],
    }


def _filled(value: Floats | None, shape: tuple[int, ...], otherwise: float) -> Floats:
    return np.full(shape, otherwise) if value is None else np.broadcast_to(value, shape)


def _analysed(batch: Batch, name: str) -> NDArray[np.bool_]:
    """Who is analysed at the endpoint's visit, (replicate, patient); of imputed values the whole analysis set."""
    endpoint = batch.study.endpoint(name)
    members = batch.members(endpoint.population)
    everybody = np.ones(batch.trials.shape, dtype=np.bool_) if members is None else members
    if is_imputed(endpoint):
        return everybody
    if endpoint.kind == "time to event":
        return everybody & ~np.isnan(batch.event_time(endpoint, endpoint.visit).time)
    derived = batch.derived(endpoint, endpoint.visit)
    seen = everybody & ~np.isnan(derived.value.astype(np.float64))
    return seen if derived.included is None else seen & derived.included
