"""R's mmrm at its own parameters.

mmrm stops its optimiser a little early, which the family's tolerances must allow for. Here our inference is evaluated
at the covariance parameters that mmrm printed, where the same formulas must give the same numbers. And its optimum must
not be better than ours.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import pivotal.stats.mmrm.fit as fitting
import pivotal.validate
from pivotal.stats.mmrm.newton import Optimum
from pivotal.stats.mmrm.structures import CHOLESKY, STRUCTURES
from pivotal.validate.case import read_cases
from pivotal.validate.compare import compare
from pivotal.validate.families.mmrm import RULES
from pivotal.validate.rule import Tolerance

CASES = [case for case in read_cases(Path(pivotal.validate.__file__).parent / "cases") if RULES[0].matches(case)]
# At the same parameters nothing but rounding is left in estimates, likelihood and model-based standard errors.
ROUNDED = Tolerance(1e-9, 1e-9)
# Degrees of freedom, adjusted standard errors and what follows from them have the Hessian in them, by automatic
# differentiation, and the Jacobian of Satterthwaite's method, a finite difference.
DIFFERENCED = Tolerance(1e-6, 1e-9)
TAILS = Tolerance(1e-5, 1e-12)
TIGHT = {
    "coef.est": ROUNDED,
    "emmean": ROUNDED,
    "estimate": ROUNDED,
    "coef.se": DIFFERENCED,
    "SE": DIFFERENCED,
    "df": DIFFERENCED,
    "coef.t": DIFFERENCED,
    "t.ratio": DIFFERENCED,
    "lower.CL": DIFFERENCED,
    "upper.CL": DIFFERENCED,
    "coef.p": TAILS,
    "p.value": TAILS,
    "loglik": ROUNDED,
    "AIC": ROUNDED,
    "BIC": ROUNDED,
    "neg2_reml_or_ml_deviance": ROUNDED,
    "neg2loglik": ROUNDED,
    "theta": ROUNDED,
    "covariance_matrix": ROUNDED,
}


# The unstructured matrix is fitted in its own elements; here it stands in mmrm's parametrisation, on which the Hessian
# at a point that is not quite the optimum depends.
AS_MMRM = {**STRUCTURES, "us": replace(CHOLESKY, name="us by its Cholesky factor")}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_at_the_parameters_of_mmrm(case, monkeypatch):
    rule = RULES[0]
    printed = Optimum(
        np.array(case.result["theta"])[None], np.ones(1, bool), np.ones(1, int), np.zeros(1), np.zeros((1, 1))
    )
    with monkeypatch.context() as patched:
        patched.setattr(fitting, "STRUCTURES", AS_MMRM)
        patched.setattr(fitting, "maximise", lambda moments, model, start, free: printed)
        there = rule.run(case)
    checks = compare(case, replace(rule, tolerances=TIGHT), there)
    assert not [(check.quantity, check.expected, check.got) for check in checks if not check.agrees]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_optimum_is_not_below_that_of_mmrm(case):
    deviance = case.result.get("neg2_reml_or_ml_deviance", case.result.get("neg2loglik"))
    assert RULES[0].run(case)["neg2loglik"] <= deviance + 1e-9
