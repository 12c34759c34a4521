"""Examples printed in the SAS/STAT User's Guide and by PSI's CAMIS, held to the digits printed."""

import numpy as np
import pytest

from pivotal import stats

# LOGISTIC, example "Ordinal Logistic Regression" (McCullagh and Nelder 1989, p. 175): four additives, nine ratings.
CHEESE = [
    [0, 0, 1, 7, 8, 8, 19, 8, 1],
    [6, 9, 12, 11, 7, 6, 1, 0, 0],
    [1, 1, 6, 8, 23, 7, 5, 1, 0],
    [0, 0, 0, 1, 3, 7, 14, 16, 11],
]
AGAINST_FOURTH = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]]
# NPAR1WAY, examples "Exact Wilcoxon Two-Sample Test" and "Hodges-Lehmann Estimation": reaction times.
STIMULUS_1 = [1.94, 1.94, 2.92, 2.92, 2.92, 2.92, 3.27, 3.27, 3.27, 3.27, 3.70, 3.70, 3.74]
STIMULUS_2 = [3.27, 3.27, 3.27, 3.70, 3.70, 3.74]
# https://psiaims.github.io/CAMIS/SAS/nparestimate.html
GROUP_A = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
GROUP_B = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]

FOUR_DIGITS = 6e-5


def samples(one, other):
    return np.array([[*one, *other]]), np.arange(len(one) + len(other)) < len(one)


def test_proportional_odds():
    """The text of the example quotes the first additive's coefficient."""
    fit = stats.fit_proportional_odds([CHEESE], AGAINST_FOURTH, favours="lower")
    assert float(fit.coefficients[0, 0]) == pytest.approx(1.6128, abs=FOUR_DIGITS)


def test_exact_wilcoxon_with_ties():
    y, second = samples(STIMULUS_2, STIMULUS_1)
    test = stats.rank_sum(y, second, method="exact", rule="distance")
    assert float(test.statistic[0]) + 6 * 7 / 2 == 79.5
    assert float(test.p[0]) == pytest.approx(0.1054, abs=FOUR_DIGITS)


@pytest.mark.parametrize(("limits", "low", "high"), [("moses", 0.0, 0.82), ("exact-ties", 0.0, 1.33)])
def test_hodges_lehmann_of_reaction_times(limits, low, high):
    y, second = samples(STIMULUS_2, STIMULUS_1)
    shift = stats.hodges_lehmann(y, second, limits=limits, level=0.98)
    found = [float(number[0]) for number in (shift.estimate, shift.ci_low, shift.ci_high)]
    np.testing.assert_allclose(found, [0.35, low, high], atol=FOUR_DIGITS)


@pytest.mark.parametrize(("limits", "low", "high"), [("moses", -0.37, 1.183), ("exact-ties", -0.22, 1.082)])
def test_hodges_lehmann_of_camis(limits, low, high):
    y, first = samples(GROUP_A, GROUP_B)
    shift = stats.hodges_lehmann(y, first, limits=limits)
    found = [float(number[0]) for number in (shift.estimate, shift.ci_low, shift.ci_high)]
    np.testing.assert_allclose(found, [0.56, low, high], atol=FOUR_DIGITS)
