"""Familywise error and simultaneous coverage by simulation; seed 61, Monte-Carlo error beside each bound."""

import numpy as np
import pytest
from scipy import stats as scipy_stats

from pivotal import stats
from pivotal.stats import LocalTest

REPLICATES = 40_000
# Four Monte-Carlo standard errors of a rate of 0.05 in 40,000 replicates.
ERROR = 4 * (0.05 * 0.95 / REPLICATES) ** 0.5

N, CONTROL = np.array([30, 60, 30]), 30
CORRELATION = stats.control_correlation(N, CONTROL)
GRAPH = stats.Graph(np.array([0.5, 0.3, 0.2]), np.array([[0, 0.5, 0.5], [0.7, 0, 0.3], [0.4, 0.6, 0.0]]))


def statistics(effect=(0.0, 0.0, 0.0), correlation=CORRELATION, seed=61):
    rng = np.random.default_rng(seed)
    return rng.multivariate_normal(np.zeros(3), correlation, REPLICATES) + np.array(effect)


def one_sided(z):
    return scipy_stats.norm.sf(z)


def familywise(rejected, true=(0, 1, 2)):
    return rejected[:, list(true)].any(axis=1).mean()


@pytest.mark.parametrize("kind", ["bonferroni", "simes", "parametric"])
def test_closed_graph_holds_its_level(kind):
    test = LocalTest(members=(0, 1, 2), test=kind, correlation=CORRELATION)
    p = one_sided(statistics())
    rate = familywise(stats.closed_graph(p, *GRAPH, 0.05, [test], positive_dependence=True).rejected)
    assert rate <= 0.05 + ERROR
    if kind == "parametric":
        assert rate == pytest.approx(0.05, abs=ERROR)  # exhausts it
    p = one_sided(statistics((3.0, 0.0, 0.0), seed=62))
    rejected = stats.closed_graph(p, *GRAPH, 0.05, [test], positive_dependence=True).rejected
    assert familywise(rejected, (1, 2)) <= 0.05 + ERROR
    assert rejected[:, 0].mean() > 0.8


def test_hochberg_holds_its_level():
    p = one_sided(statistics(seed=63))
    test = stats.closed_graph(p, *stats.holm_graph(3), 0.05, "hochberg", positive_dependence=True)
    assert 0.03 < familywise(test.rejected) <= 0.05 + ERROR


@pytest.mark.parametrize("method", ["bonferroni", "holm", "hochberg", "hommel", "sidak", "holm-sidak"])
def test_adjusted_p_values_hold_their_level(method):
    p = one_sided(statistics(correlation=np.eye(3), seed=64))
    rate = familywise(stats.adjust_p(p, method, positive_dependence=True) <= 0.05)
    assert 0.05 * (1 - 0.05) - ERROR <= rate <= 0.05 + ERROR


@pytest.mark.parametrize("method", ["benjamini-hochberg", "benjamini-yekutieli"])
def test_false_discovery_rate(method):
    rng = np.random.default_rng(65)
    z = rng.normal(size=(REPLICATES, 8)) + np.where(np.arange(8) < 3, 2.5, 0.0)
    rejected = stats.adjust_p(one_sided(z), method) <= 0.05
    share = rejected[:, 3:].sum(axis=1) / np.maximum(rejected.sum(axis=1), 1)
    factor = 1 if method == "benjamini-hochberg" else 1 / (1 / np.arange(1, 9)).sum()
    assert share.mean() == pytest.approx(0.05 * 5 / 8 * factor, abs=4 * share.std() / REPLICATES**0.5)


@pytest.mark.slow
@pytest.mark.parametrize("alternative", ["two-sided", "greater"])
def test_dunnett_holds_its_level_and_covers(alternative):
    """2,000 trials with their own variances, 12 degrees of freedom; seed 66."""
    rng = np.random.default_rng(66)
    replicates, n, control, df = 2_000, np.array([3, 5, 4]), 4, 12
    true = np.array([0.0, 1.0, 0.0])
    means = rng.normal(size=(replicates, 3)) / np.sqrt(n) + true - rng.normal(size=(replicates, 1)) / np.sqrt(control)
    sigma = np.sqrt(rng.chisquare(df, (replicates, 1)) / df)
    se = sigma * np.sqrt(1 / n + 1 / control)
    found = stats.dunnett(means, se, n, control, df, alternative=alternative)
    error = 4 * (0.05 * 0.95 / replicates) ** 0.5
    covered = ((found.ci_low <= true) & (true <= found.ci_high)).all(axis=1).mean()
    assert covered == pytest.approx(0.95, abs=error)
    for adjusted in (found.p_single_step, found.p_step_down):
        assert familywise(adjusted <= 0.05, (0, 2)) <= 0.05 + error
    null = stats.dunnett(means - true, se, n, control, df, alternative=alternative)
    assert familywise(null.p_step_down <= 0.05) == pytest.approx(0.05, abs=error)


@pytest.mark.parametrize("effect", [(0.0, 0.0, 0.0), (3.0, 0.0, 1.0), (4.0, 4.0, 4.0)])
def test_graph_limits_cover_together(effect):
    z = statistics(effect, seed=67)
    found = stats.graph_intervals(z, np.ones_like(z), *GRAPH, 0.05)
    assert (found.limit <= np.array(effect)).all(axis=1).mean() >= 0.95 - ERROR
