"""The Veterans' Administration lung cancer trial (Kalbfleisch and Prentice 1980), as published analyses have it.

The data are under the GPL or LGPL and are not part of this package: the tests read them where they are at hand, from
`PIVOTAL_VETERAN` or beside the checkout.
"""

import os
from pathlib import Path

import numpy as np
import pytest

from pivotal.stats import cox_wald, fit_cox
from pivotal.validate.case import read_table

PLACES = [os.environ.get("PIVOTAL_VETERAN", "")]
PLACES += [str(parent / "shared/data/rct/veteran.csv") for parent in Path(__file__).resolve().parents]
FOUND = next((Path(place) for place in PLACES if place and Path(place).is_file()), None)
pytestmark = pytest.mark.skipif(FOUND is None, reason="veteran.csv is not at hand: set PIVOTAL_VETERAN to its path")


@pytest.fixture(scope="module")
def veteran():
    return read_table(FOUND)


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
