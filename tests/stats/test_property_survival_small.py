"""Thousands of tiny trials of every kind: nothing warns, and no number is missing without a reason."""

import numpy as np
import pytest

from pivotal.stats import (
    Reason,
    cox_wald,
    cumulative_incidence,
    fit_cox,
    gray_test,
    hazard_ratio,
    incidence_at,
    kaplan_meier,
    log_rank,
    rmst_difference,
    rmst_ratio,
    survival_at,
    survival_quantile,
)

from .test_property_cox_likelihood import breslow, discrete, efron

TRIALS = 100


def tiny(seed):
    """Two to twelve patients, tied or not, few or all with the event; a covariate of few values or of any scale."""
    rng = np.random.default_rng(seed)
    shape = TRIALS, int(rng.integers(2, 13))
    time = rng.exponential(4, shape)
    time = np.ceil(time) if seed % 2 else time
    time = np.where(rng.random(shape) < 0.1, np.nan, time)
    event = rng.random(shape) < rng.choice([0.1, 0.5, 0.9, 1.0])
    scale = 10.0 ** rng.integers(-3, 4)
    x = rng.integers(0, 3, shape) if seed % 3 else scale * rng.standard_normal(shape)
    strata = rng.integers(0, 2, shape) if seed % 4 == 0 else None
    return time, event, rng.integers(0, 2, shape), x, strata


def complete(reason, *numbers):
    return not any((np.isnan(part) & (reason == Reason.NONE)).any() for part in numbers)


@pytest.mark.parametrize("ties", ["efron", "breslow", "discrete"])
@pytest.mark.parametrize("seed", range(12))
def test_cox(seed, ties):
    time, event, arm, x, strata = tiny(seed)
    covariates = np.stack([arm, x], 2)
    fit = fit_cox(time, event, covariates, ties=ties, strata=strata, robust=ties != "discrete")
    for column in range(2):
        effect, ratio = cox_wald(fit, column), hazard_ratio(fit, column)
        assert complete(effect.reason, effect.estimate, effect.se, effect.ci_low, effect.ci_high, effect.p)
        assert complete(ratio.reason, ratio.estimate, ratio.ci_low, ratio.ci_high)
    for test in (fit.score, fit.likelihood_ratio, fit.wald, fit.robust_score):
        assert test is None or complete(test.reason, test.statistic, test.p)
    assert (fit.reason == Reason.NOT_CONVERGED).mean() <= 0.02
    reached = fit.loglik >= fit.loglik_null - 1e-9
    assert (reached | np.isnan(fit.loglik)).all()


@pytest.mark.parametrize("likelihood", [efron, breslow, discrete], ids=lambda f: f.__name__)
def test_no_coefficients_do_better_than_the_supremum(likelihood):
    time, event, arm, x, _ = tiny(1)
    covariates = np.stack([arm, x], 2).astype(float)
    fit = fit_cox(time, event, covariates, ties=likelihood.__name__)
    rng = np.random.default_rng(1)
    monotone = np.flatnonzero(fit.reason == Reason.MONOTONE)
    assert len(monotone) > 10
    for row in monotone[:30]:
        there = ~np.isnan(time[row])
        trial = time[row][there], event[row][there], covariates[row][there]
        tried = [likelihood(*trial, beta) for scale in (1, 5, 20) for beta in scale * rng.standard_normal((40, 2))]
        assert max(tried) <= fit.loglik[row] + 1e-9
        # far out along the infinite coefficients it comes as near as one likes, where the others are known
        if np.isfinite(fit.coefficients[row]).any() or np.isinf(fit.coefficients[row]).all():
            assert max(tried) > fit.loglik[row] - 3.0


@pytest.mark.parametrize("seed", range(12))
def test_everything_else(seed):
    time, event, arm, x, strata = tiny(seed)
    for weight in ("log-rank", "gehan", (1.0, 1.0)):
        test = log_rank(time, event, arm, weight=weight, strata=strata)
        assert complete(test.reason, test.statistic, test.p, test.z)
    one, two = kaplan_meier(time, event, arm == 1), kaplan_meier(time, event, arm == 0)
    for found in (survival_at(one, [1, 3, 8]), survival_quantile(one, [0.25, 0.5])):
        assert complete(found.reason, found.estimate)
    for found in (rmst_difference(one, two, 3.0), rmst_ratio(one, two, 3.0)):
        assert complete(found.reason, found.estimate, found.p)
    cause = np.where(event, 1 + (arm ^ (np.nan_to_num(x) > 0)), 0)
    found = incidence_at(cumulative_incidence(time, cause), [1, 4])
    assert complete(found.reason, found.estimate, found.se)
    gray = gray_test(time, cause, arm, strata=strata)
    assert complete(gray.reason, gray.statistic, gray.p)
