"""The Veterans' Administration lung cancer trial (Kalbfleisch and Prentice 1980), as published analyses have it.

The data are under the GPL or LGPL and are not part of this package: the tests read them where they are at hand, from
`PIVOTAL_VETERAN` or beside the checkout.
"""

import os
from pathlib import Path

import numpy as np
import pytest

from pivotal.stats import Reason, cox_wald, fit_cox, kaplan_meier, log_rank, survival_quantile
from pivotal.validate.case import read_table

PLACES = [os.environ.get("PIVOTAL_VETERAN", "")]
PLACES += [str(parent / "shared/data/rct/veteran.csv") for parent in Path(__file__).resolve().parents]
FOUND = next((Path(place) for place in PLACES if place and Path(place).is_file()), None)
pytestmark = pytest.mark.skipif(FOUND is None, reason="veteran.csv is not at hand: set PIVOTAL_VETERAN to its path")


@pytest.fixture(scope="module")
def veteran():
    return read_table(FOUND)


def test_sas_users_guide(veteran):
    """SAS/STAT User's Guide, PROC LIFETEST, example on the VA lung cancer data: equality over cell types."""
    cell = veteran.codes("celltype")
    by_weight = {"log-rank": (25.4037, 5e-5), "gehan": (19.4331, 5e-5)}
    for weight, (statistic, half_a_digit) in by_weight.items():
        test = log_rank(veteran["time"][None], veteran["status"] == 1, cell, weight=weight)
        assert test.statistic[0] == pytest.approx(statistic, abs=half_a_digit)
        assert test.df[0] == 3
        assert test.reason[0] == Reason.NONE
    assert test.p[0] == pytest.approx(0.0002, abs=5e-5)


def test_medians_as_r_prints_them(veteran):
    """R's survfit(Surv(time, status) ~ trt, veteran): median and limits; 52.5 is the middle of a flat stretch."""
    for trt, (patients, events, *expected) in {1: (69, 64, 103, 59, 132), 2: (68, 64, 52.5, 44, 95)}.items():
        curve = kaplan_meier(veteran["time"][None], veteran["status"] == 1, veteran["trt"] == trt)
        median = survival_quantile(curve, preset="r")
        assert (curve.patients[0], np.nansum(curve.events)) == (patients, events)
        assert [median.estimate[0, 0], median.ci_low[0, 0], median.ci_high[0, 0]] == expected


def test_cox_model_as_r_prints_it(veteran):
    """R's coxph(Surv(time, status) ~ age + celltype + prior + karno + diagtime + trt, veteran), Efron."""
    order = [veteran["celltype"] == level for level in ("smallcell", "adeno", "large")]
    others = [veteran[name] for name in ("prior", "karno", "diagtime", "trt")]
    covariates = np.stack([veteran["age"], *order, *others], 1).astype(float)
    fit = fit_cox(veteran["time"][None], veteran["status"] == 1, covariates)
    printed = [(-8.706e-3, 9.300e-3, 0.34920), (0.8616, 0.2753, 0.00175), (1.196, 0.3009, 7.05e-5)]
    for column, (estimate, se, p) in enumerate(printed):
        effect = cox_wald(fit, column)
        assert effect.estimate[0] == pytest.approx(estimate, rel=5e-4)
        assert effect.se[0] == pytest.approx(se, rel=5e-4)
        assert effect.p[0] == pytest.approx(p, rel=5e-3)
