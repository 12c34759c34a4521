"""Generalised estimating equations against statsmodels, whose scale and exchangeable correlation are those of SAS."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from pivotal import stats

# Both stop iterating: statsmodels when the score is below 1e-10, this one when a step is below 1e-8 standard errors.
STOPPED = 1e-6


def trial(seed, family="binomial", patients=80, visits=4, missing=0.2):
    rng = np.random.default_rng(seed)
    arm, age = np.arange(patients) % 2, rng.normal(0, 1, patients)
    frailty = rng.normal(0, 1, (patients, 1))
    eta = -0.3 + 0.5 * arm[:, None] + 0.3 * age[:, None] + 0.15 * np.arange(visits) + frailty
    if family == "binomial":
        y = (rng.random((patients, visits)) < 1 / (1 + np.exp(-eta))).astype(float)
    else:
        y = rng.poisson(np.exp(eta)).astype(float)
    y[rng.random(y.shape) < missing] = np.nan
    return y, np.column_stack([np.ones(patients), arm, age])


def theirs(y, rows, family, correlation, kind):
    import statsmodels.api as sm
    from statsmodels.genmod import cov_struct, families

    structure = {"independence": cov_struct.Independence, "exchangeable": cov_struct.Exchangeable}[correlation]
    seen = ~np.isnan(y)
    group = np.repeat(np.arange(len(y)), y.shape[1]).reshape(y.shape)
    model = sm.GEE(
        y[seen], rows[seen], groups=group[seen], cov_struct=structure(),
        family=families.Binomial() if family == "binomial" else families.Poisson(),
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(maxiter=200, ctol=1e-10, cov_type=kind, scale="X2" if kind == "naive" else None)


@pytest.mark.parametrize("kind", ["robust", "naive", "bias_reduced"])
@pytest.mark.parametrize("correlation", ["independence", "exchangeable"])
@pytest.mark.parametrize("family", ["binomial", "poisson"])
@pytest.mark.parametrize("common", [(1, 2), (2,)])
def test_statsmodels(common, family, correlation, kind):
    y, x = trial(7, family)
    design = stats.visit_design(x, 4, common)
    found = stats.fit_gee(y[None], design, family=family, correlation=correlation)
    other = theirs(y, design.rows(), family, correlation, kind)
    covariance = {"robust": found.covariance, "naive": found.model, "bias_reduced": found.bias_reduced}[kind][0]
    assert found.converged.all()
    np.testing.assert_allclose(found.coefficients[0], other.params, rtol=STOPPED, atol=STOPPED)
    np.testing.assert_allclose(np.sqrt(np.diag(covariance)), other.bse, rtol=STOPPED)
    if correlation == "exchangeable":
        assert found.correlation[0, 0, 1] == pytest.approx(other.model.cov_struct.dep_params, abs=STOPPED)
