"""Numbers that SAS and R give side by side, each by its own conventions.

Data and numbers are those of CAMIS (github.com/PSIAIMS/CAMIS, Apache-2.0), where SAS is 9.4 M7; `survival_lung.csv` has
time, event and arm of its lung_cancer.csv, the lung data of R `survival` with arms added. The leukaemia data are R's
`survival::aml`; the SAS figures for them are those of the tests of R `lrstat`.
"""

from pathlib import Path

import numpy as np
import pytest

from pivotal import stats
from pivotal.validate.case import read_table

SMOKERS = [3.18, 2.74, 2.9, 3.27, 3.65, 3.42, 3.23, 2.86, 3.6, 3.65, 3.69, 3.53, 2.38, 2.34]
OTHERS = [3.99, 3.89, 3.6, 3.73, 3.31, 3.7, 4.08, 3.61, 3.83, 3.41, 4.13, 3.36, 3.54, 3.51, 2.71]
WEIGHTS = np.array([SMOKERS + OTHERS])
SMOKED = np.arange(len(SMOKERS) + len(OTHERS))[None] < len(SMOKERS)


@pytest.fixture(scope="module")
def lung():
    table = read_table(Path(__file__).parents[1] / "reference" / "survival_lung.csv")
    return table["time"][None], table["event"][None], (table.columns["arm"] == "Active")[None]


def test_restricted_means(lung):
    """PROC LIFETEST RMST(TAU=350) and R `survRM2`: the same numbers, without a correction of the variance."""
    time, event, active = lung
    curves = stats.kaplan_meier(time, event, active), stats.kaplan_meier(time, event, ~active)
    for curve, mean, se in zip(curves, (248.2156, 272.9520), (9.2343, 11.9889), strict=True):
        found = stats.rmst(curve, 350)
        assert (found.estimate[0], found.se[0]) == pytest.approx((mean, se), abs=5e-5)
    found = stats.rmst_difference(*curves, 350)
    assert (found.estimate[0], found.se[0], found.p[0]) == pytest.approx((-24.7364, 15.1330, 0.1021), abs=5e-5)
    assert found.statistic[0] ** 2 == pytest.approx(2.6719, abs=5e-5)


def test_restricted_mean_of_the_leukaemia_data():
    """PROC LIFETEST RMST(TAU=161) on the arm with maintenance."""
    curve = stats.kaplan_meier([[9, 13, 13, 18, 23, 28, 31, 34, 45, 48, 161]], [[1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0]])
    found = stats.rmst(curve, 161)
    assert (found.estimate[0], found.se[0]) == pytest.approx((52.64545, 19.8286), abs=5e-5)


def test_a_median_on_a_stretch_that_no_event_ends():
    """R takes the middle of 87 and the last follow-up, SAS says that the median is not estimable."""
    time = [[54, 75, 77, 84, 87, 92, 103, 105, 112, 118]]
    curve = stats.kaplan_meier(time, [[1] * 5 + [0] * 5])
    as_r = stats.survival_quantile(curve, **stats.preset("survival_quantile", "r"))
    as_sas = stats.survival_quantile(curve, **stats.preset("survival_quantile", "sas"))
    assert as_r.estimate[0, 0] == 102.5
    assert np.isnan(as_sas.estimate[0, 0])
    assert as_sas.reason[0, 0] == stats.Reason.NOT_REACHED


def test_rank_sum_tests():
    """Birth weights, with ties (Kirkwood and Sterne, table 30.4): PROC NPAR1WAY, R `wilcox.test` and `coin`."""
    assert stats.rank_sum(WEIGHTS, SMOKED).p[0] == pytest.approx(0.01001, abs=5e-6)
    assert stats.rank_sum(WEIGHTS, SMOKED, correction=False).p[0] == pytest.approx(0.009392, abs=5e-7)
    assert stats.rank_sum(WEIGHTS, SMOKED, method="exact", rule="distance").p[0] == pytest.approx(0.008181, abs=5e-7)


@pytest.mark.parametrize(("limits", "low", "high"), [("moses", -0.77, -0.09), ("exact-ties", -0.76, -0.10)])
def test_hodges_lehmann_limits(limits, low, high):
    """The same birth weights: PROC NPAR1WAY HL, asymptotic (Moses) and exact."""
    found = stats.hodges_lehmann(WEIGHTS, SMOKED, limits=limits)
    assert (found.ci_low[0], found.ci_high[0]) == pytest.approx((low, high), abs=1e-9)


@pytest.mark.parametrize(("program", "q1"), [("sas", 30.0), ("r", 32.5)])
def test_quartiles(program, q1):
    """PROC UNIVARIATE gives 30, R's `quantile` 32.5."""
    values = np.array([[10.0, 20, 30, 40, 150, 160, 170, 180, 190, 200]])
    assert stats.summarise(values, **stats.preset("summarise", program)).q1[0] == q1
