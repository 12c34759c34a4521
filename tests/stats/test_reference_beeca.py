"""Standardised risks against the SAS macros of Ge et al. (2011) and %Margins, on beeca's trial01.

Data and outputs are licensed otherwise than this package and are read where they lie beside it.
"""

import csv
from pathlib import Path

import numpy as np
import pytest

from pivotal import stats

BESIDE = [each / "shared/data/rct" for each in Path(__file__).resolve().parents]
FOLDER = next((each for each in BESIDE if each.is_dir()), BESIDE[-1])
DATA = FOLDER / "beeca_trial01.csv"
# The macro's IML optimiser stops at a gradient of about 1e-6, which leaves 2e-7 in the difference.
GE_MACRO = 1e-5
# %Margins prints from PROC GENMOD, converged to 1e-8 of the likelihood.
MARGINS = 1e-7

pytestmark = pytest.mark.skipif(not DATA.exists(), reason=f"{DATA} is not here: it is not ours to ship")


def rows(path):
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def risks():
    data = rows(DATA)
    columns = [[float(row[name] or "nan") for row in data] for name in ("aval", "trtp", "bl_cov")]
    y, arm, covariate = (np.array(column) for column in columns)
    seen = ~np.isnan(y) & ~np.isnan(arm) & ~np.isnan(covariate)
    design = np.nan_to_num(np.column_stack([np.ones(len(y)), arm, covariate]))
    active, control = design.copy(), design.copy()
    active[:, 1], control[:, 1] = 1, 0
    return stats.marginal_risks(np.nan_to_num(y)[None], seen[None].astype(float), design, active, control)


def test_ge_macro():
    (want,) = rows(FOLDER / "reference_outputs" / "beeca_ge_macro_trial01.csv")
    found = risks()
    pairs = [
        (found.difference.estimate, "diff"),
        (found.difference.se, "se"),
        (found.active.estimate, "pt"),
        (found.control.estimate, "pC"),
        (found.difference.estimate - 1.96 * found.difference.se, "lower"),  # the macro rounds the quantile
        (found.difference.estimate + 1.96 * found.difference.se, "upper"),
    ]
    for got, name in pairs:
        assert float(got[0]) == pytest.approx(float(want[name]), rel=GE_MACRO)


def test_margins_macro():
    (want,) = rows(FOLDER / "reference_outputs" / "beeca_sas_margins_trial01.csv")
    found = risks().difference
    pairs = [
        (found.estimate, "Estimate"),
        (found.se, "StdErr"),
        (found.statistic**2, "ChiSq"),
        (found.p, "Pr"),
        (found.ci_low, "Lower"),
    ]
    for got, name in pairs:
        assert float(got[0]) == pytest.approx(float(want[name]), rel=MARGINS)
