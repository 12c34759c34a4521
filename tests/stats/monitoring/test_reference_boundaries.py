"""Boundaries and their operating characteristics against other programs' printed numbers."""

from __future__ import annotations

import numpy as np
import pytest

from pivotal import stats

# R clinfun 1.1, help page of toxbdry: "High boundary" (largest acceptable count), pcross.hi, pstop.hi, ess.hi
CLINFUN = [
    (
        [20, 40, 60, 75], 0.2, 0.1, [7, 12, 17, 21],
        [0.20, 0.23, 0.26, 0.29, 0.32, 0.35],
        [0.088, 0.214, 0.406, 0.619, 0.797, 0.911],
        [0.079, 0.188, 0.354, 0.548, 0.727, 0.859],
        [72.0, 68.1, 62.1, 54.7, 47.0, 39.9],
    ),
    (
        [20, 40, 60, 75], 0.2, 0.15, [7, 12, 16, 20],
        [0.20, 0.22, 0.24, 0.26, 0.28, 0.30],
        [0.117, 0.213, 0.341, 0.487, 0.632, 0.758],
        [0.103, 0.186, 0.297, 0.427, 0.562, 0.688],
        [71.6, 69.0, 65.4, 61.0, 56.1, 51.0],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("looks", "limit", "alpha", "most", "rates", "cross", "early", "size"), CLINFUN)
def test_clinfun(looks, limit, alpha, most, rates, cross, early, size):
    rule = stats.binomial_boundary(looks, limit, alpha=alpha)
    found = stats.crossing(rule, rates)
    assert (rule.stop_at - 1).tolist() == most
    assert found.probability.round(3).tolist() == cross
    assert found.early.round(3).tolist() == early
    assert found.expected_look.round(1).tolist() == size


def test_clinfun_continuous_monitoring():
    """Printed as 1/3 2/8 3/13 4/19 5/26 6/30: the largest acceptable count holds up to so many patients."""
    rule = stats.binomial_boundary(range(2, 31), 0.1, alpha=0.1)
    most = {int(n): int(c) - 1 for n, c in zip(rule.looks, rule.stop_at, strict=True)}
    assert [most[n] for n in (3, 8, 13, 19, 26, 30)] == [1, 2, 3, 4, 5, 6]
    assert [most[n] for n in (4, 9, 14, 20, 27)] == [2, 3, 4, 5, 6]
    found = stats.crossing(rule, [0.10, 0.14, 0.18, 0.22, 0.26, 0.30])
    assert found.probability.round(3).tolist() == [0.097, 0.245, 0.441, 0.638, 0.795, 0.898]
    assert found.early.round(3).tolist() == [0.096, 0.239, 0.430, 0.624, 0.781, 0.888]
    assert found.expected_look.round(1).tolist() == [28.1, 25.8, 22.5, 19.0, 15.6, 12.7]


def test_stoppingrule_pocock():
    """R stoppingrule, README: calc.rule.bin(ns = 1:30, p0 = 0.20, alpha = 0.10, type = "Pocock"); OC.rule.bin."""
    rule = stats.binomial_boundary(range(1, 31), 0.2, alpha=0.1)
    assert rule.stop_at.tolist() == [
        2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6, 7, 7, 7, 8, 8, 8, 8, 9, 9, 9, 9, 10, 10, 10, 11, 11, 11,
    ]  # fmt: skip
    found = stats.crossing(rule, [0.2, 0.25, 0.3, 0.35, 0.4])
    reject = [0.09915263, 0.23312769, 0.42603085, 0.63398556, 0.80576733]
    evaluated = [28.16703, 26.04001, 22.98251, 19.37012, 15.75017]
    np.testing.assert_allclose(found.probability, reject, atol=6e-9)
    np.testing.assert_allclose(found.expected_look, evaluated, atol=6e-6)
    # E(events) printed beside them (5.713406, ...) breaks Wald's identity p E(evaluated) by 2 p^2; that of the next
    # rule does not
    np.testing.assert_allclose(found.expected_events, np.multiply(evaluated, [0.2, 0.25, 0.3, 0.35, 0.4]), atol=6e-6)


def test_stoppingrule_beta_binomial():
    """R stoppingrule, README: calc.rule.bin(..., type = "BB", param = c(0.6, 2.4)); cval 0.9630823; OC.rule.bin."""
    printed = [
        2, 3, 3, 3, 4, 4, 5, 5, 5, 5, 6, 6, 6, 7, 7, 7, 7, 8, 8, 8, 9, 9, 9, 9, 10, 10, 10, 10, 11, 11,
    ]  # fmt: skip
    chosen = stats.beta_binomial_threshold(range(1, 31), 0.2, prior=(0.6, 2.4), alpha=0.1)
    assert chosen.stop_at.tolist() == printed
    assert chosen.critical == pytest.approx(0.9630823, abs=1e-6)
    found = stats.crossing(chosen, [0.2, 0.25, 0.3, 0.35, 0.4])
    reject = [0.09957367, 0.23832301, 0.43615256, 0.64555222, 0.81491087]
    events = [5.651197, 6.536293, 6.926712, 6.819377, 6.355803]
    np.testing.assert_allclose(found.probability, reject, atol=6e-9)
    np.testing.assert_allclose(found.expected_events, events, atol=6e-7)


# R c212, help page of c212.DFDR
CLASSES = [1, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4]
P = [
    0.135005, 0.010000, 0.001000, 0.005000, 0.153501, 0.020000, 0.0013, 0.0023, 0.011, 0.023000, 0.016, 0.0109,
    0.559111, 0.751986, 0.308339, 0.837154, 0.325882,
]  # fmt: skip


def test_double_fdr_of_c212():
    found = stats.double_fdr(P, CLASSES)
    assert [n + 1 for n, flag in enumerate(found.flagged) if flag] == [2, 3, 4, 6, 7, 8, 9, 10, 11, 12]
