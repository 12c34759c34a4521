"""The testing strategy: hypotheses tested along the study's graph."""

from __future__ import annotations

from collections.abc import Iterator

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
    weights, transitions = graph(study)
    found = stats.bonferroni_graph(p, weights, transitions, study.testing.alpha)
    for h, hypothesis in enumerate(study.testing.hypotheses):
        for statistic, value in (
            ("p", p[:, h]),
            ("p_adjusted", found.adjusted[:, h]),
            ("rejected", found.rejected[:, h]),
        ):
            yield row(_key(study, hypothesis, statistic), value)


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
