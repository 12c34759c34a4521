"""The testing strategy: hypotheses tested along the study's graph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pivotal import stats
from pivotal.plan.effects import Effects
from pivotal.plan.rows import row
from pivotal.stats.estimate import Reason
from pivotal.study.model import Hypothesis, Study
from pivotal.trials import Key, Row

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Limits:
    """Simultaneous limits on the scale of the estimates, (replicate, hypothesis)."""

    low: Floats
    high: Floats
    reason: NDArray[np.uint8]


def test_hypotheses(study: Study, p: Floats, effects: Effects | None) -> Iterator[Row]:
    """Adjusted p-values, decisions and, where the study asks for them, simultaneous limits.

    Parameters
    ----------
    study
        The study, with its testing strategy.
    p
        Two-sided p-values, (replicate, hypothesis), in the order of the study's hypotheses; NaN is never rejected.
    effects
        The estimates behind them: needed for Dunnett's test and for limits.
    """
    found = _tested(study, p, effects)
    limits = None if effects is None or not study.testing.intervals else _limits(study, effects, found)
    for h, hypothesis in enumerate(study.testing.hypotheses):
        for statistic, value in (
            ("p", p[:, h]),
            ("p_adjusted", found.adjusted[:, h]),
            ("rejected", found.rejected[:, h]),
        ):
            yield row(_key(study, hypothesis, statistic), value)
        if limits is not None and effects is not None:
            for statistic, bound in (("ci_low", limits.low), ("ci_high", limits.high)):
                key = _key(study, hypothesis, statistic)
                key = replace(key, method=f"{key.method}, {study.testing.limits}", scale=effects.scales[h] or None)
                yield row(key, bound[:, h], limits.reason[:, h])


@dataclass(frozen=True, slots=True)
class _ManyToOne:
    """Dunnett's single-step test with its decisions, (replicate, hypothesis)."""

    adjusted: Floats
    rejected: NDArray[np.bool_]
    test: stats.Dunnett


Tested = stats.GraphTest | stats.ClosedTest | _ManyToOne


def _tested(study: Study, p: Floats, effects: Effects | None) -> Tested:
    """The graph's test: the shortcut where there is one, else the closed test behind it; or Dunnett's."""
    alpha, procedure = study.testing.alpha, study.testing.procedure
    if procedure == "dunnett":
        assert effects is not None
        test = _dunnett(effects, alpha)
        return _ManyToOne(test.p_single_step, np.asarray(test.p_single_step <= alpha), test)
    weights, transitions = graph(study)
    if procedure == "bonferroni graph":
        return stats.bonferroni_graph(p, weights, transitions, alpha)
    dependent = study.testing.positive_dependence
    if procedure == "parametric graph":
        return stats.closed_graph(p, weights, transitions, alpha, _many_to_one(study))
    kind: Literal["simes", "hochberg"] = "simes" if procedure == "simes graph" else "hochberg"
    return stats.closed_graph(p, weights, transitions, alpha, kind, positive_dependence=dependent)


def _dunnett(effects: Effects, alpha: float) -> stats.Dunnett:
    """All hypotheses against their one comparator; of several degrees of freedom the fewest, which is conservative."""
    return stats.dunnett(
        effects.estimate,
        effects.se,
        effects.n,
        effects.n_comparator.max(axis=1),
        np.fmin.reduce(effects.df, axis=1),
        level=1 - alpha,
    )


def _limits(study: Study, effects: Effects, tested: Tested) -> Limits:
    """Limits that belong to the procedure: Dunnett's two-sided ones, or the graph's on the favourable side."""
    if isinstance(tested, _ManyToOne):
        return _on_scale(effects, tested.test.ci_low, tested.test.ci_high, tested.test.reason)
    side = np.array(effects.sides, dtype=np.float64)
    weights, transitions = graph(study)
    one = stats.graph_intervals(
        side * effects.estimate, effects.se, weights, transitions, study.testing.alpha / 2, df=effects.df
    )
    unknown = np.broadcast_to(side == 0, one.limit.shape)
    limit = np.where(unknown, np.nan, side * one.limit)
    reason = np.where(unknown, Reason.NO_STATISTIC, one.reason).astype(np.uint8)
    there = ~np.isnan(limit)
    low = np.where(there & (side < 0), -np.inf, limit)
    high = np.where(there & (side > 0), np.inf, limit)
    return _on_scale(effects, low, high, reason)


def _on_scale(effects: Effects, low: Floats, high: Floats, reason: NDArray[np.uint8]) -> Limits:
    """Logarithms of ratios become ratios; where there is no limit the analysis' own reason is the better one."""
    with np.errstate(over="ignore"):
        low, high = (np.where(effects.ratios, np.exp(bound), bound) for bound in (low, high))
    told = np.where((reason > 0) & (effects.reason > 0), effects.reason, reason)
    return Limits(low, high, told.astype(np.uint8))


def _many_to_one(study: Study) -> list[stats.LocalTest]:
    """Hypotheses of one endpoint against one comparator, tested together by the allocation's correlation."""
    ratio = {arm.name: float(arm.ratio) for arm in study.arms}
    groups: dict[tuple[str, str], list[int]] = {}
    for h, hypothesis in enumerate(study.testing.hypotheses):
        groups.setdefault((hypothesis.endpoint, hypothesis.comparator), []).append(h)
    tests = []
    for (_, comparator), members in groups.items():
        arms = [ratio[study.testing.hypotheses[h].arm] for h in members]
        correlation = stats.control_correlation(arms, ratio[comparator])
        tests.append(
            stats.LocalTest(members=tuple(members), test="parametric", correlation=correlation, two_sided=True)
        )
    return tests


def graph(study: Study) -> tuple[Floats, Floats]:
    """Initial weights (hypothesis,) and transitions (hypothesis, hypothesis) of the study's graph."""
    names = [h.name for h in study.testing.hypotheses]
    weights = np.array([h.weight for h in study.testing.hypotheses])
    transitions = np.zeros((len(names), len(names)))
    for edge in study.testing.edges:
        transitions[names.index(edge.from_), names.index(edge.to)] = edge.weight
    return weights, transitions


def _key(study: Study, hypothesis: Hypothesis, statistic: str) -> Key:
    endpoint = study.endpoint(hypothesis.endpoint)
    return Key(
        analysis="testing",
        statistic=statistic,
        endpoint=endpoint.name,
        parameter=endpoint.derive.parameter,
        visit=endpoint.visit,
        population=endpoint.population,
        arm=hypothesis.arm,
        comparator=hypothesis.comparator,
        groups=(("hypothesis", hypothesis.name),),
        method=f"{study.testing.procedure}, alpha {study.testing.alpha:g}",
    )
