"""The testing strategy of a study file: the shortcut and the closed tests behind it."""

from __future__ import annotations

import numpy as np
import pytest
from plan_made import study

from pivotal import stats
from pivotal.errors import StudyError
from pivotal.plan import testing as strategy
from pivotal.study import read, source_text
from pivotal.study.model import Edge

SAME = 1e-12


def with_procedure(procedure, **more):
    trial = study()
    kept = tuple(h.model_copy(update={"weight": 0.5}) for h in trial.testing.hypotheses[:2])
    names = [h.name for h in kept]
    edges = tuple(Edge(**{"from": a, "to": b}) for a, b in (names, names[::-1]))
    update = {"procedure": procedure, "hypotheses": kept, "edges": edges} | more
    return trial.model_copy(update={"testing": trial.testing.model_copy(update=update)})


def adjusted(trial, p):
    rows = [row for row in strategy.test_hypotheses(trial, p, None) if row.key.statistic == "p_adjusted"]
    return np.stack([row.value for row in rows], axis=1)


P = np.random.default_rng(7).random((200, 2)) * 0.08


def test_simes_rejects_what_bonferroni_does_and_more():
    simes = adjusted(with_procedure("simes graph", positive_dependence=True), P)
    assert (simes <= adjusted(with_procedure("bonferroni graph"), P) + SAME).all()
    both = np.minimum(P.max(axis=1), 2 * P.min(axis=1))
    np.testing.assert_allclose(simes.min(axis=1), both, rtol=SAME)


def test_the_parametric_test_takes_the_correlation_of_the_allocation():
    trial = with_procedure("parametric graph")
    arms = [trial.testing.hypotheses[h].arm for h in (0, 1)]
    ratio = {arm.name: arm.ratio for arm in trial.arms}
    comparator = trial.testing.hypotheses[0].comparator
    correlation = stats.control_correlation([float(ratio[a]) for a in arms], float(ratio[comparator]))
    assert correlation[0, 1] == pytest.approx(2 / 3)  # 2:2:1
    weights, transitions = strategy.graph(trial)
    group = stats.LocalTest(members=(0, 1), test="parametric", correlation=correlation, two_sided=True)
    direct = stats.closed_graph(P, weights, transitions, 0.05, [group])
    np.testing.assert_allclose(adjusted(trial, P), direct.adjusted, rtol=SAME)
    assert (direct.adjusted <= adjusted(with_procedure("bonferroni graph"), P) + SAME).all()


@pytest.mark.parametrize("procedure", ["simes graph", "hochberg graph"])
def test_positive_dependence_must_be_declared(procedure):
    text = source_text("true-ad3").replace("[testing]\n", f'[testing]\nprocedure = "{procedure}"\n', 1)
    with pytest.raises(StudyError, match="positively dependent") as caught:
        read(text, "mine.toml")
    assert any("testing.procedure" in str(fault) for fault in caught.value.faults)
