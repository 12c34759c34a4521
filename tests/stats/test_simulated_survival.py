"""Size and coverage of the time-to-event methods in made trials.

10,000 trials of exponential times with uniform censoring, seed below. The Monte-Carlo error of a rate of 0.05 is
0.0022; a rate passes within three of them and 0.003 for the asymptotic method's own error at these sizes.
"""

import numpy as np
import pytest

from pivotal.stats import (
    cox_wald,
    cumulative_incidence,
    fit_cox,
    gray_test,
    incidence_at,
    kaplan_meier,
    log_rank,
    max_combo,
    preset,
    rmst_difference,
    rmst_ratio,
    survival_at,
    survival_quantile,
)

SEED, TRIALS, PATIENTS = 20261125, 10_000, 200
ALLOWED = 3 * np.sqrt(0.05 * 0.95 / TRIALS) + 0.003
LOG_RATIO = -0.5


@pytest.fixture(scope="module")
def null():
    return drawn(0.0)


@pytest.fixture(scope="module")
def alternative():
    return drawn(LOG_RATIO)


def drawn(log_ratio):
    """Time, event, arm, covariate; the hazard is 0.1 exp(log_ratio arm + 0.5 x)."""
    rng = np.random.default_rng(SEED)
    arm = np.tile([0, 1], PATIENTS // 2)
    x = rng.standard_normal((TRIALS, PATIENTS))
    survival = rng.exponential(10 / np.exp(log_ratio * arm + 0.5 * x))
    censoring = rng.uniform(3, 25, survival.shape)
    return np.minimum(survival, censoring), survival <= censoring, arm, x


def missed(found, truth):
    return np.mean((found.ci_low > truth) | (found.ci_high < truth))


@pytest.mark.parametrize(
    "weight", ["log-rank", "gehan", "tarone-ware", "peto", "modified peto", (1, 0), (0, 1), (1, 1)]
)
def test_size_of_log_rank(null, weight):
    time, event, arm, _ = null
    test = log_rank(time, event, arm, weight=weight)
    assert abs(np.mean(test.p < 0.05) - 0.05) < ALLOWED
    assert abs(np.mean(test.p_fewer < 0.025) - 0.025) < ALLOWED


@pytest.mark.slow
def test_size_of_max_combo(null):
    time, event, arm, _ = null
    test = max_combo(time[:1500], event[:1500], arm)
    assert abs(np.mean(test.p < 0.05) - 0.05) < 3 * np.sqrt(0.05 * 0.95 / 1500) + 0.003


def test_size_of_log_rank_with_strata_and_three_arms(null):
    time, event, _, x = null
    test = log_rank(time, event, np.tile([0, 1, 2, 0], PATIENTS // 4), strata=np.digitize(x, [-0.5, 0.5]))
    assert abs(np.mean(test.p < 0.05) - 0.05) < ALLOWED


@pytest.mark.parametrize("ties", ["efron", "breslow", "discrete"])
def test_coverage_of_cox(alternative, ties):
    time, event, arm, x = alternative
    few = slice(0, 1000 if ties == "discrete" else None)
    covariates = np.stack(np.broadcast_arrays(arm, x[few]), 2)
    fit = fit_cox(time[few], event[few], covariates, ties=ties)
    for column, truth in enumerate((LOG_RATIO, 0.5)):
        assert abs(missed(cox_wald(fit, column), truth) - 0.05) < ALLOWED * (2 if ties == "discrete" else 1)


def test_size_of_the_tests_of_cox(null):
    time, event, arm, _ = null
    fit = fit_cox(time, event, arm[:, None], robust=True)
    for test in (fit.score, fit.likelihood_ratio, fit.wald, fit.robust_score):
        assert abs(np.mean(test.p < 0.05) - 0.05) < ALLOWED


def test_robust_variance_covers_with_clusters(null):
    time, event, arm = null[0][:3000], null[1][:3000], null[2]
    # every patient twice: the naive variance is half what it should be
    twice = [np.concatenate([part, part], axis=-1) for part in (time, event, arm)]
    patient = np.concatenate([np.arange(PATIENTS)] * 2)
    robust = cox_wald(fit_cox(twice[0], twice[1], twice[2][:, None], ties="breslow", cluster=patient))
    naive = cox_wald(fit_cox(twice[0], twice[1], twice[2][:, None], ties="breslow"))
    assert abs(missed(robust, 0.0) - 0.05) < 2 * ALLOWED  # 3,000 trials
    assert missed(naive, 0.0) > 0.1


@pytest.fixture(scope="module")
def plain():
    """Exponential times of mean 10 in one arm of 100, uniform censoring."""
    rng = np.random.default_rng(SEED + 1)
    survival, censoring = rng.exponential(10, (TRIALS, 100)), rng.uniform(3, 40, (TRIALS, 100))
    return np.minimum(survival, censoring), survival <= censoring


@pytest.mark.parametrize("conf_type", ["log-log", "log", "logit", "arcsine", "plain"])
def test_coverage_of_kaplan_meier(plain, conf_type):
    curve = kaplan_meier(*plain)
    found = survival_at(curve, [4.0, 10.0], conf_type)
    for column, time in enumerate((4.0, 10.0)):
        rate = np.mean((found.ci_low[:, column] > np.exp(-time / 10)) | (found.ci_high[:, column] < np.exp(-time / 10)))
        assert abs(rate - 0.05) < ALLOWED + 0.005


@pytest.mark.parametrize("program", ["sas", "r"])
def test_coverage_of_the_median(plain, program):
    found = survival_quantile(kaplan_meier(*plain), **preset("survival_quantile", program))
    truth = 10 * np.log(2)
    rate = np.mean((found.ci_low[:, 0] > truth) | (found.ci_high[:, 0] < truth))
    assert abs(rate - 0.05) < ALLOWED + 0.01
    assert abs(np.mean(found.estimate) - truth) < 0.15


def test_coverage_of_restricted_means(plain):
    time, event = plain
    half = np.arange(100) < 50
    curves = kaplan_meier(time, event, half), kaplan_meier(time, event, ~half)
    assert abs(missed(rmst_difference(*curves, 8.0), 0.0) - 0.05) < ALLOWED + 0.005
    assert abs(missed(rmst_ratio(*curves, 8.0), 1.0) - 0.05) < ALLOWED + 0.005


@pytest.mark.parametrize("variance", ["delta", "aalen"])
def test_coverage_of_incidence(plain, variance):
    time, event = plain
    rng = np.random.default_rng(SEED + 2)
    cause = np.where(event, 1 + (rng.random(event.shape) < 0.4), 0)
    found = incidence_at(cumulative_incidence(time, cause, variance=variance), [6.0])
    truth = 0.6 * (1 - np.exp(-0.6))
    assert abs(np.mean(found.estimate) - truth) < 0.005
    assert abs(np.mean((found.ci_low > truth) | (found.ci_high < truth)) - 0.05) < ALLOWED


@pytest.mark.parametrize("rho", [0.0, 1.0])
def test_size_of_grays_test_where_other_causes_differ(rho):
    rng = np.random.default_rng(SEED + 3)
    arm, first = np.arange(100) % 2, rng.random((TRIALS, 100)) < 0.5
    # the incidence of cause 1 is the same in both arms, the other cause comes sooner in one
    survival = rng.exponential(np.where(first, 10.0, np.where(arm == 1, 3.0, 10.0)))
    censoring = rng.uniform(3, 40, survival.shape)
    cause = np.where(survival <= censoring, np.where(first, 1, 2), 0)
    time = np.minimum(survival, censoring)
    assert abs(np.mean(gray_test(time, cause, arm, rho=rho).p < 0.05) - 0.05) < ALLOWED + 0.003
    cause_specific = log_rank(time, cause == 1, arm)
    assert np.mean(cause_specific.p < 0.05) > 0.08  # it tests another hypothesis
