"""Cumulative incidence beside scikit-survival 0.28.0, and Gray's test beside R's cmprsk.

The first data are those of Scrucca, Santucci and Aversa (2007), doi:10.1038/sj.bmt.1705727: 35 patients after
a transplant, 1 death from it, 2 relapse. The numbers are of
``cumulative_incidence_competing_risks(status, ftime, conf_type="log-log", var_type=...)`` on ``load_bmt()``.
"""

from pathlib import Path

import numpy as np
import pytest

from pivotal.stats import cumulative_incidence, gray_test, incidence_at
from pivotal.validate.case import read_table

TIME = [
    13, 1, 72, 7, 8, 67, 9, 5, 70, 4, 7, 68, 1, 10, 7, 3, 4, 4, 3, 3, 22, 8, 2, 0, 0, 35, 35, 4, 14, 26, 3, 2, 8, 32,
    12,
]  # fmt: skip
CAUSE = [2, 1, 0, 2, 2, 0, 2, 2, 0, 0, 0, 0, 2, 2, 2, 1, 1, 1, 1, 1, 2, 1, 2, 2, 1, 0, 0, 2, 2, 2, 2, 0, 0, 0, 1]
AT = [1.0, 4.0, 10.0, 35.0]
INCIDENCE = [0.05714285714285714, 0.20492610837438424, 0.23771163637868942, 0.27283898781187355]
LIMITS = {
    "aalen": (  # var_type="Aalen"
        [0.00993355899481377, 0.0889235961334161, 0.11008408906869313, 0.13313612255372795],
        [0.1692563355512857, 0.3540710569628949, 0.3924061042479583, 0.4331451668679278],
    ),
    "delta": (  # var_type="Dinse_Approx"
        [0.010251939159757858, 0.09024892566972252, 0.11170565090109001, 0.1352700470011758],
        [0.1671980914548964, 0.35181706842007077, 0.38996482740076965, 0.4302741102198868],
    ),
}


@pytest.mark.parametrize("variance", LIMITS)
def test_incidence_and_its_limits(variance):
    found = incidence_at(cumulative_incidence([TIME], CAUSE, variance=variance), AT)
    low, high = LIMITS[variance]
    np.testing.assert_allclose(found.estimate[0], INCIDENCE, rtol=1e-12)
    np.testing.assert_allclose(found.ci_low[0], low, rtol=1e-11)
    np.testing.assert_allclose(found.ci_high[0], high, rtol=1e-11)


@pytest.mark.parametrize(("of", "statistic", "p"), [(1, 2.8623325, 0.09067592), (2, 0.4481279, 0.50322531)])
def test_grays_test_is_near_that_of_cmprsk(of, statistic, p):
    """R's ``cmprsk::cuminc(ftime, Status, D)`` on bmtcrr: 177 transplants.

    Scrucca, Santucci and Aversa (2010), doi:10.1038/bmt.2009.359; the data are those of R package casebase (MIT).
    cmprsk takes limits and ties otherwise than Gray's formulas as implemented here, hence 0.2%.
    """
    table = read_table(Path(__file__).parents[1] / "reference" / "incidence_bmtcrr.csv")
    test = gray_test(table["ftime"][None], table["Status"], table.codes("D"), of=of)
    assert test.statistic[0] == pytest.approx(statistic, rel=2e-3)
    assert test.p[0] == pytest.approx(p, rel=3e-3)
