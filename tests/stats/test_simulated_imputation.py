"""Coverage and size of what multiple imputation gives, in simulated trials; every test states seed and replicates."""

import numpy as np
import pytest

from pivotal.stats import (
    ancova_by_visit,
    arm_quantities,
    conditional_mean_jackknife,
    fit_logistic,
    fold_imputations,
    impute_chained,
    impute_monotone,
    impute_normal,
    impute_reference,
    monte_carlo_error,
    reference_ancova,
    reference_model,
    rubin,
    unfold_imputations,
    visit_design,
    wald,
)

# Coverage may lie this many Monte-Carlo errors from its level: 1 test in 740 does by chance.
ERRORS = 3.2
EFFECT = 0.6


def mar_trials(replicates, patients=100, seed=1):
    """Two visits; who does badly at the first leaves before the second, in the treated arm more than in the other."""
    rng = np.random.default_rng(seed)
    arm = np.arange(patients) % 2
    base = rng.normal(size=(replicates, patients))
    first = 0.5 * base + 0.3 * arm + rng.normal(size=base.shape)
    second = 0.7 * first + 0.2 * base + (EFFECT - 0.7 * 0.3) * arm + 0.7 * rng.normal(size=base.shape)
    risk = 1 / (1 + np.exp(1.2 + (0.6 + 0.9 * arm) * first))
    y = np.stack([first, second], axis=2)
    y[..., 1][rng.random(base.shape) < risk] = np.nan
    x = np.stack([np.ones_like(base), np.broadcast_to(arm, base.shape), base], axis=2)
    return y, arm, x


def allowed(level, replicates):
    return ERRORS * np.sqrt(level * (1 - level) / replicates)


def check(low, high, truth, replicates, level=0.95):
    """Coverage is the level's, within the Monte-Carlo error and one percent for small samples."""
    coverage = np.mean((low <= truth) & (truth <= high))
    assert abs(coverage - level) < allowed(level, replicates) + 0.01, coverage


@pytest.mark.parametrize("method", ["chained", "matched", "monotone", "normal", "reference"])
def test_coverage_under_mar(method):
    """600 trials of 100 patients, 10 imputations, seeds 1 and 2: Monte-Carlo error of coverage 0.9 %."""
    replicates, imputations = 600, 10
    y, arm, x = mar_trials(replicates)
    rng = np.random.default_rng(2)
    if method in ("chained", "matched"):
        kinds = ["normal", "normal" if method == "chained" else "matched"]
        completed = impute_chained(y, kinds, imputations, rng, covariates=x[..., 1:], iterations=2).y
    elif method == "monotone":
        completed = impute_monotone(y, ["normal"] * 2, imputations, rng, covariates=x[..., 1:]).y
    elif method == "normal":
        completed = impute_normal(y, imputations, rng, covariates=x[..., 1:], iterations=30).y
    else:
        model = reference_model(y, visit_design(x, 2), visit_design(x * [1, 0, 1], 2), arm=arm)
        completed = impute_reference(model, imputations, rng).y
    pooled = ancova_by_visit(completed, x, [[0, 1, 0]]).pooled()
    estimate = pooled.estimate[:, 1, 0]
    check(pooled.ci_low[:, 1, 0], pooled.ci_high[:, 1, 0], EFFECT, replicates)
    error = estimate.std() / np.sqrt(replicates)
    # matching has a small bias where donors are few
    assert abs(estimate.mean() - EFFECT) < ERRORS * error + (0.03 if method == "matched" else 0)
    # a model-based standard error of the right size, on average
    assert pooled.se[:, 1, 0].mean() == pytest.approx(estimate.std(), rel=0.1)


def test_leaving_out_who_left_is_biased_here():
    """The same 600 trials without imputation: else the tests above would show nothing."""
    y, _, x = mar_trials(600)
    found = []
    for row in range(600):
        seen = ~np.isnan(y[row, :, 1])
        found.append(np.linalg.lstsq(x[row, seen], y[row, seen, 1], rcond=None)[0][1])
    bias = np.mean(found) - EFFECT
    assert abs(bias) > 5 * np.std(found) / np.sqrt(600)


def test_coverage_of_a_log_odds_ratio():
    """600 trials of 200 patients, 10 imputations, seeds 3 and 4: a binary endpoint missing by an earlier score."""
    replicates, imputations, patients = 600, 10, 200
    rng = np.random.default_rng(3)
    arm = np.arange(patients) % 2
    score = rng.normal(size=(replicates, patients)) + 0.5 * arm
    outcome = (rng.random(score.shape) < 1 / (1 + np.exp(0.3 - 0.8 * score))).astype(float)
    truth_rng = np.random.default_rng(9)
    many = truth_rng.normal(size=2_000_000)
    rates = [np.mean(1 / (1 + np.exp(0.3 - 0.8 * (many + shift)))) for shift in (0.0, 0.5)]
    truth = np.log(rates[1] / (1 - rates[1]) * (1 - rates[0]) / rates[0])
    lost = rng.random(score.shape) < 1 / (1 + np.exp(1.0 + score))
    y = np.stack([score, np.where(lost, np.nan, outcome)], axis=2)
    completed = impute_chained(
        y, ["normal", "binary"], imputations, np.random.default_rng(4), covariates=arm[:, None], iterations=1
    ).y[..., 1]
    folded = fold_imputations(completed)
    counts = np.stack([folded[:, arm == 0].sum(axis=1), folded[:, arm == 1].sum(axis=1)], axis=1)
    effect = wald(fit_logistic(counts, np.full(counts.shape, patients / 2), [[1, 0], [1, 1]]), 1)
    estimates, errors = (unfold_imputations(part, imputations) for part in (effect.estimate, effect.se))
    pooled = rubin(estimates, errors**2)
    check(pooled.ci_low, pooled.ci_high, truth, replicates)
    assert abs(pooled.estimate.mean() - truth) < ERRORS * pooled.estimate.std() / np.sqrt(replicates) + 0.02


def jumping_trials(replicates, patients, seed):
    """Treated patients who leave have the reference arm's mean from then on, given their past: jump to reference."""
    rng = np.random.default_rng(seed)
    arm = np.arange(patients) % 2
    mean = np.array([0.4, 0.8])
    base = rng.normal(size=(replicates, patients))
    noise = rng.normal(size=(replicates, patients, 2)) @ np.linalg.cholesky([[1.0, 0.5], [0.5, 1.0]]).T
    y = 0.4 * base[..., None] + mean * arm[:, None] + noise
    gone = rng.random(base.shape) < 0.3
    full = y.copy()
    full[..., 1] -= np.where(gone, mean[1] * arm, 0.0)
    y[..., 1][gone] = np.nan
    x = np.stack([np.ones_like(base), np.broadcast_to(arm, base.shape), base], axis=2)
    truth = mean[1] * 0.7
    return y, arm, x, truth


@pytest.mark.slow
def test_jump_to_reference_over_repeated_trials():
    """300 trials of 60 patients, 30 imputations, seeds 5 and 6: Monte-Carlo error of coverage 1.3 %.

    The jackknife of conditional means has the estimator's own standard error, Rubin's rules a larger one
    (Bartlett 2023, doi:10.1080/19466315.2021.1983455); the anchored jackknife is near Rubin's.
    """
    replicates = 300
    y, arm, x, truth = jumping_trials(replicates, 60, 5)
    model = reference_model(y, visit_design(x, 2), visit_design(x * [1, 0, 1], 2), arm=arm, strategy="JR")
    own = conditional_mean_jackknife(model, x, [1])
    check(own.ci_low[:, 1, 0], own.ci_high[:, 1, 0], truth, replicates)
    spread = own.estimate[:, 1, 0].std()
    assert own.se[:, 1, 0].mean() == pytest.approx(spread, rel=0.12)
    pooled = reference_ancova(model, x, [1], imputations=30, rng=np.random.default_rng(6)).pooled
    covered = np.mean((pooled.ci_low[:, 1, 0] <= truth) & (truth <= pooled.ci_high[:, 1, 0]))
    assert covered > 0.95 - allowed(0.95, replicates)
    assert pooled.se[:, 1, 0].mean() > 1.1 * own.se[:, 1, 0].mean()
    anchored = conditional_mean_jackknife(model, x, [1], anchored=True)
    np.testing.assert_allclose(anchored.estimate, own.estimate, rtol=1e-9)
    assert anchored.se[:, 1, 0].mean() == pytest.approx(pooled.se[:, 1, 0].mean(), rel=0.08)


def test_monte_carlo_errors_are_the_spread_over_repetitions():
    """One trial imputed 300 times with 25 imputations each, seed 7: standard deviations known to 4 %."""
    repetitions, imputations = 300, 25
    y, _, x = mar_trials(1, seed=8)
    rng = np.random.default_rng(7)
    many = np.repeat(y, repetitions, axis=0)
    completed = impute_monotone(many, ["normal"] * 2, imputations, rng, covariates=x[0, :, 1:]).y
    found = ancova_by_visit(completed, x[0], arm_quantities(x[0], [1]))
    estimates, variances = found.estimate[:, :, 1, 0], found.variance[:, :, 1, 0]
    pooled = rubin(estimates, variances, df_complete=97)
    error = monte_carlo_error(estimates, variances, df_complete=97)
    for name, margin in (("estimate", 0.15), ("se", 0.2), ("ci_low", 0.2), ("df", 0.25), ("fmi", 0.25)):
        assert getattr(error, name).mean() == pytest.approx(getattr(pooled, name).std(), rel=margin), name
