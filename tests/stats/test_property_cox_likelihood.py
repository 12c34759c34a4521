"""Cox's likelihoods against enumeration, and what is said where they have no maximum."""

from itertools import combinations

import numpy as np
import pytest

from pivotal.stats import Reason, cox_wald, fit_cox, hazard_ratio

from .survival_data import trials


def efron(time, event, x, beta, breslow=False):
    """The log likelihood written as in the paper."""
    total, theta = 0.0, np.exp(x @ beta)
    for t in np.unique(time[event]):
        here, risk = event & (time == t), time >= t
        d = here.sum()
        total += (x[here] @ beta).sum()
        for step in range(d):
            total -= np.log(theta[risk].sum() - (0 if breslow else step / d) * theta[here].sum())
    return total


def breslow(time, event, x, beta):
    return efron(time, event, x, beta, breslow=True)


def discrete(time, event, x, beta):
    """Every set of as many patients at risk as had the event."""
    total, eta = 0.0, x @ beta
    for t in np.unique(time[event]):
        here, risk = event & (time == t), np.flatnonzero(time >= t)
        sets = [sum(eta[list(chosen)]) for chosen in combinations(risk, here.sum())]
        total += eta[here].sum() - np.log(np.exp(sets).sum())
    return total


@pytest.mark.parametrize("likelihood", [efron, breslow, discrete], ids=lambda f: f.__name__)
def test_the_maximum_is_one(likelihood):
    time, event, arm, x, _ = trials(replicates=3, patients=18, absent=False, seed=8)
    time = np.ceil(time / 3)
    covariates = np.stack([arm, x], 2)
    fit = fit_cox(time, event, covariates, ties=likelihood.__name__)
    step = 1e-4
    for row in range(3):
        here = fit.coefficients[row]
        value = lambda beta, row=row: likelihood(time[row], event[row], covariates[row], beta)  # noqa: E731
        assert fit.loglik[row] == pytest.approx(value(here), rel=1e-12)
        assert fit.loglik_null[row] == pytest.approx(value(np.zeros(2)), rel=1e-12)
        unit = step * np.eye(2)
        slope = [(value(here + e) - value(here - e)) / (2 * step) for e in unit]
        np.testing.assert_allclose(slope, 0, atol=1e-6)
        curve = [
            [
                (value(here + a + b) - value(here + a - b) - value(here - a + b) + value(here - a - b)) / (4 * step**2)
                for a in unit
            ]
            for b in unit
        ]
        np.testing.assert_allclose(-np.linalg.inv(curve), fit.covariance[row], rtol=1e-4)


def test_robust_variance_is_the_jackknifes_limit():
    time, event, arm, x, _ = trials(replicates=1, patients=400, absent=False, seed=9)
    covariates = np.stack([arm, x], 2)
    fit = fit_cox(time, event, covariates, robust=True)
    left_out = np.ones((400, 400), dtype=bool) ^ np.eye(400, dtype=bool)
    repeated = [np.repeat(part, 400, axis=0) for part in (time, event, covariates)]
    without = fit_cox(*repeated, observed=left_out).coefficients
    centred = without - without.mean(axis=0)
    np.testing.assert_allclose(fit.robust[0], centred.T @ centred, rtol=0.05)


def test_patients_who_are_their_own_cluster_change_nothing():
    time, event, arm, x, _ = trials()
    covariates = np.stack([arm, x], 2)
    one = fit_cox(time, event, covariates, robust=True)
    other = fit_cox(time, event, covariates, cluster=np.arange(time.shape[1]))
    np.testing.assert_allclose(one.robust, other.robust, rtol=1e-10)
    np.testing.assert_allclose(one.robust_score.statistic, other.robust_score.statistic, rtol=1e-10)


@pytest.mark.parametrize("ties", ["efron", "breslow", "discrete"])
def test_all_events_in_one_arm(ties):
    time = np.arange(1.0, 13.0)[None]
    arm = np.tile([1, 0], 6)
    event = (arm == 1) & (time[0] < 9)
    fit = fit_cox(time, event, arm[:, None], ties=ties)
    assert fit.coefficients[0, 0] == np.inf
    assert fit.reason[0] == Reason.MONOTONE
    assert fit.converged[0]
    wald = cox_wald(fit)
    assert (wald.ci_low[0], wald.ci_high[0]) == (-np.inf, np.inf)
    assert np.isnan([wald.se[0], wald.p[0], fit.wald.p[0]]).all()
    ratio = hazard_ratio(fit)
    assert (ratio.estimate[0], ratio.ci_low[0], ratio.ci_high[0]) == (np.inf, 0.0, np.inf)
    assert 0 < fit.likelihood_ratio.p[0] < 0.2
    assert 0 < fit.score.p[0] < 0.2
    turned = fit_cox(time, event, 1 - arm[:, None], ties=ties)
    assert turned.coefficients[0, 0] == -np.inf
    # the limit: every event is compared with its own arm only
    own = fit_cox(time, event, np.zeros((12, 1)), observed=arm == 1, ties=ties)
    assert fit.loglik[0] == pytest.approx(own.loglik_null[0], abs=1e-8)


@pytest.mark.parametrize("ties", ["efron", "breslow", "discrete"])
def test_the_other_coefficients_are_those_of_the_limit(ties):
    rng = np.random.default_rng(12)
    time, x = np.ceil(rng.exponential(9, (1, 40))), rng.standard_normal((1, 40))
    arm = np.tile([1, 0], 20)[None]
    event = (arm == 1) & (rng.random((1, 40)) < 0.8)
    fit = fit_cox(time, event, np.stack([arm, x], 2), ties=ties)
    alone = fit_cox(time, event, x[..., None], observed=arm == 1, ties=ties)
    assert fit.coefficients[0, 0] == np.inf
    assert fit.coefficients[0, 1] == pytest.approx(alone.coefficients[0, 0], rel=1e-8)
    assert fit.covariance[0, 1, 1] == pytest.approx(alone.covariance[0, 0, 0], rel=1e-8)
    assert fit.coefficient_reason[0].tolist() == [Reason.MONOTONE, Reason.NONE]


def test_events_in_the_order_of_a_covariate():
    time = np.arange(1.0, 31.0)[None]
    x = np.linspace(3, -3, 30) ** 3
    fit = fit_cox(time, np.ones(30), x[:, None])
    assert fit.coefficients[0, 0] == np.inf
    assert fit.reason[0] == Reason.MONOTONE
    nearly = x.copy()
    nearly[[14, 15]] = nearly[[15, 14]]
    close = fit_cox(time, np.ones(30), nearly[:, None])
    assert np.isfinite(close.coefficients[0, 0]) or close.reason[0] == Reason.NOT_CONVERGED


def test_a_batch_with_all_sorts():
    time = np.tile(np.arange(1.0, 13.0), (5, 1))
    arm = np.tile([1, 0], (5, 6))
    event = np.ones((5, 12))
    event[0] = 0
    event[1] = arm[1]
    arm[2] = 0
    event[3] = np.arange(12) == 4
    fit = fit_cox(time, event, np.stack([arm, arm], 2))
    assert fit.reason.tolist() == [Reason.NO_EVENT, Reason.MONOTONE, Reason.NO_INFORMATION, Reason.MONOTONE, 0]
    one = fit_cox(time, event, arm[..., None])
    assert one.coefficient_reason[:, 0].tolist() == [
        Reason.NO_EVENT, Reason.MONOTONE, Reason.ALIASED, Reason.MONOTONE, 0,
    ]  # fmt: skip
    assert (fit.coefficient_reason[4] == Reason.ALIASED).all()
    assert np.isnan(fit.coefficients[4]).all()
    assert fit.likelihood_ratio.statistic[4] == pytest.approx(one.likelihood_ratio.statistic[4])
    assert fit.wald.statistic[4] == pytest.approx(one.wald.statistic[4])


def test_all_events_at_one_time():
    time, arm = np.ones((1, 10)), np.tile([0, 1], 5)
    event = np.arange(10) < 6
    fits = {ties: fit_cox(time, event, arm[:, None], ties=ties) for ties in ("efron", "breslow", "discrete")}
    for fit in fits.values():
        assert fit.coefficients[0, 0] == pytest.approx(0, abs=1e-9)
    every = fit_cox(time, np.ones(10), arm[:, None], ties="discrete")
    assert every.coefficient_reason[0, 0] == Reason.ALIASED
    assert every.reason[0] == Reason.NO_INFORMATION


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ties": "exact"}, "ties is 'exact'"),
        ({"ties": "discrete", "robust": True}, "robust variance is not defined"),
        ({"covariates": np.zeros((3, 1))}, "covariates have the shape"),
        ({"time": np.full((1, 4), -1.0)}, "a time to event is 0 or more"),
        ({"time": np.ones(4)}, "time has 1 axes"),
        ({"event": np.ones(3)}, "event has the shape"),
    ],
)
def test_what_is_refused(change, words):
    given = {"time": np.ones((1, 4)), "event": np.ones(4), "covariates": np.zeros((4, 1))} | change
    with pytest.raises(ValueError, match=words):
        fit_cox(**given)
