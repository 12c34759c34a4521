"""The testing strategy: hypotheses tested along the study's graph."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pivotal import stats
from pivotal.plan.rows import row
from pivotal.study.model import Hypothesis, Study
from pivotal.trials import Key, Row

Floats = NDArray[np.float64]


def test_hypotheses(study: Study, p: Floats) -> Iterator[Row]:
    """Adjusted p-values and decisions.

    Parameters
    ----------
    study
        The study, with its testing graph.
    p
        Two-sided p-values, (replicate, hypothesis), in the order of the study's hypotheses; NaN is never rejected.
    """
    found = _tested(study, p)
    for h, hypothesis in enumerate(study.testing.hypotheses):
        for statistic, value in (
            ("p", p[:, h]),
            ("p_adjusted", found.adjusted[:, h]),
            ("rejected", found.rejected[:, h]),
        ):
            yield row(_key(study, hypothesis, statistic), value)


def _tested(study: Study, p: Floats) -> stats.GraphTest | stats.ClosedTest:
    """The graph's test: the shortcut where there is one, else the closed test behind it."""
    weights, transitions = graph(study)
    alpha, procedure = study.testing.alpha, study.testing.procedure
    if procedure == "bonferroni graph":
        return stats.bonferroni_graph(p, weights, transitions, alpha)
    dependent = study.testing.positive_dependence
    if procedure == "parametric graph":
        return stats.closed_graph(p, weights, transitions, alpha, _many_to_one(study))
    kind: Literal["simes", "hochberg"] = "simes" if procedure == "simes graph" else "hochberg"
    return stats.closed_graph(p, weights, transitions, alpha, kind, positive_dependence=dependent)


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
