"""Reference-based imputation: means and covariances by strategy, conditional draws, invariances, degenerate data."""

import numpy as np
import pytest

from pivotal.stats import (
    Reason,
    Strategy,
    ancova,
    ancova_by_visit,
    arm_quantities,
    bootstrap_counts,
    conditional_mean_jackknife,
    conditional_means,
    cross_products,
    fit_mmrm,
    fit_ols,
    impute_reference,
    impute_reference_bayes,
    last_observed,
    reference_ancova,
    reference_model,
    visit_design,
)
from pivotal.stats.imputation.conditional import complete
from pivotal.stats.imputation.strategies import joined_covariance, joined_mean

# Two fits from the same data in another order: Newton's last step is exact to about the root of rounding.
REFITTED = 1e-8
NAMES = ("MAR", "JR", "CR", "CIR", "LMCF")


def trial(replicates=1, patients=40, visits=3, seed=1, lost=0.3):
    """Two arms, a baseline covariate, monotone dropout after the first visit, one intermittent gap."""
    rng = np.random.default_rng(seed)
    arm = np.arange(patients) % 2
    base = rng.normal(size=patients)
    y = rng.normal(size=(replicates, patients, visits)) + rng.normal(size=(replicates, patients, 1))
    y += 0.5 * base[:, None] + arm[:, None] * np.arange(visits)
    leaves = np.where(
        rng.random((replicates, patients)) < lost, rng.integers(1, visits, (replicates, patients)), visits
    )
    y[np.arange(visits) >= leaves[..., None]] = np.nan
    whole = np.flatnonzero(leaves[0] == visits)[3]
    y[0, whole, 1] = np.nan
    return y, arm, np.stack([np.ones(patients), arm, base], axis=1)


def model_of(y, arm, x, strategy="JR", **more):
    visits = y.shape[2]
    own, reference = visit_design(x, visits), visit_design(x * [1, 0, 1], visits)
    return reference_model(y, own, reference, arm=arm, strategy=strategy, **more)


# -- strategies --------------------------------------------------------------------------------------------------------

OWN, REFERENCE = np.array([1.0, 2.0, 3.0, 4.0]), np.array([10.0, 20.0, 40.0, 80.0])


@pytest.mark.parametrize(
    ("strategy", "event", "expected"),
    [
        (Strategy.MAR, 2, [1, 2, 3, 4]),
        (Strategy.JUMP_TO_REFERENCE, 2, [1, 2, 40, 80]),
        (Strategy.COPY_REFERENCE, 2, [10, 20, 40, 80]),
        (Strategy.COPY_INCREMENTS, 2, [1, 2, 22, 62]),
        (Strategy.LAST_MEAN_CARRIED, 2, [1, 2, 2, 2]),
        (Strategy.JUMP_TO_REFERENCE, 0, [10, 20, 40, 80]),
        (Strategy.COPY_INCREMENTS, 0, [10, 20, 40, 80]),
        (Strategy.LAST_MEAN_CARRIED, 0, [np.nan] * 4),
        (Strategy.JUMP_TO_REFERENCE, 4, [1, 2, 3, 4]),
        (Strategy.COPY_REFERENCE, 4, [1, 2, 3, 4]),
        (Strategy.COPY_INCREMENTS, 4, [1, 2, 3, 4]),
        (Strategy.LAST_MEAN_CARRIED, 4, [1, 2, 3, 4]),
        (Strategy.LAST_MEAN_CARRIED, 1, [1, 1, 1, 1]),
    ],
)
def test_means_by_hand(strategy, event, expected):
    found = joined_mean(OWN[None], REFERENCE[None], np.array([event]), np.array([int(strategy)]))
    np.testing.assert_array_equal(found[0], expected)


def covariances(seed=2, size=4):
    root = np.random.default_rng(seed).normal(size=(2, size, size + 3))
    return root @ np.swapaxes(root, 1, 2)


@pytest.mark.parametrize("strategy", [Strategy.JUMP_TO_REFERENCE, Strategy.COPY_INCREMENTS])
@pytest.mark.parametrize("event", [1, 2, 3])
def test_joined_covariance_has_own_past_and_the_references_future_given_it(strategy, event):
    own, reference = covariances()
    found = joined_covariance(own, reference, event, strategy)
    before, after = slice(0, event), slice(event, 4)
    np.testing.assert_allclose(found, found.T, rtol=1e-12)
    np.testing.assert_array_equal(found[before, before], own[before, before])

    def given_past(matrix):
        slope = matrix[after, before] @ np.linalg.inv(matrix[before, before])
        return slope, matrix[after, after] - slope @ matrix[before, after]

    for mine, theirs in zip(given_past(found), given_past(reference), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-9)
    assert np.linalg.eigvalsh(found)[0] > 0
    np.testing.assert_allclose(joined_covariance(own, own, event, strategy), own, rtol=1e-10)


def test_the_other_strategies_keep_one_arms_covariance():
    own, reference = covariances()
    assert joined_covariance(own, reference, 2, Strategy.MAR) is own
    assert joined_covariance(own, reference, 2, Strategy.LAST_MEAN_CARRIED) is own
    assert joined_covariance(own, reference, 2, Strategy.COPY_REFERENCE) is reference
    assert joined_covariance(own, reference, 0, Strategy.JUMP_TO_REFERENCE) is reference


# -- conditional draws -------------------------------------------------------------------------------------------------


def test_draws_have_the_conditional_distribution():
    """20,000 draws, seed 3; 4.5 standard errors of means and variances."""
    draws, rng = 20_000, np.random.default_rng(3)
    sigma, mean = covariances()[0], np.array([1.0, -1.0, 2.0, 0.5])
    y, seen = np.array([2.0, 0.0, 1.0, 0.0]), np.array([True, False, True, False])
    found = complete(
        y[None, None],
        seen[None, None],
        np.broadcast_to(mean, (1, draws, 1, 4)),
        np.broadcast_to(sigma, (1, draws, 1, 4, 4)),
        np.zeros((1, 1), dtype=np.int64),
        rng.standard_normal((1, draws, 1, 4)),
    )[0, :, 0]
    np.testing.assert_array_equal(found[:, seen], np.broadcast_to(y[seen], (draws, 2)))
    slope = sigma[np.ix_(~seen, seen)] @ np.linalg.inv(sigma[np.ix_(seen, seen)])
    expected = mean[~seen] + slope @ (y - mean)[seen]
    spread = sigma[np.ix_(~seen, ~seen)] - slope @ sigma[np.ix_(seen, ~seen)]
    error = np.sqrt(np.diag(spread) / draws)
    assert (np.abs(found[:, ~seen].mean(axis=0) - expected) < 4.5 * error).all()
    sampled = np.cov(found[:, ~seen].T)
    size = np.sqrt(np.outer(np.diag(spread), np.diag(spread)) + spread**2) / np.sqrt(draws)
    assert (np.abs(sampled - spread) < 4.5 * size).all()


def test_kinds_with_their_own_covariance_and_many_replicates():
    """Every patient's conditional mean by the textbook formula."""
    rng = np.random.default_rng(4)
    replicates, draws, patients, visits = 3, 2, 6, 4
    sigma = np.stack([covariances(10 + number) for number in range(replicates * draws)])
    sigma = sigma.reshape(replicates, draws, 2, visits, visits)
    mean = rng.normal(size=(replicates, draws, patients, visits))
    y = rng.normal(size=(replicates, patients, visits))
    masks = np.array([[True, True, False, False], [False, True, False, True]])
    kind = rng.integers(0, 2, (replicates, patients))
    seen = masks[kind]
    found = complete(y, seen, mean, sigma, kind)
    for r in range(replicates):
        for m in range(draws):
            for i in range(patients):
                s, mask = sigma[r, m, kind[r, i]], seen[r, i]
                slope = s[np.ix_(~mask, mask)] @ np.linalg.inv(s[np.ix_(mask, mask)])
                expected = mean[r, m, i, ~mask] + slope @ (y[r, i] - mean[r, m, i])[mask]
                np.testing.assert_allclose(found[r, m, i, ~mask], expected, rtol=1e-9, atol=1e-9)
                np.testing.assert_array_equal(found[r, m, i, mask], y[r, i, mask])


def test_jump_to_reference_by_the_formula():
    """One patient's imputed mean from the fitted model, written out."""
    y, arm, x = trial()
    fit = fit_mmrm(y, visit_design(x, 3))
    beta, sigma = fit.coefficients[0].reshape(3, 3), fit.sigma[0, 0]
    found = conditional_means(model_of(y, arm, x))[0, 0]
    event = last_observed(y[0])
    patient = int(np.flatnonzero((event == 1) & (arm == 1))[0])
    own, reference = x[patient] @ beta, (x[patient] * [1, 0, 1]) @ beta
    expected = reference[1:] + sigma[1:, 0] / sigma[0, 0] * (y[0, patient, 0] - own[0])
    np.testing.assert_allclose(found[patient, 1:], expected, rtol=1e-8)
    gap = int(np.flatnonzero(np.isnan(y[0, :, 1]) & ~np.isnan(y[0, :, 2]))[0])
    ends = np.ix_([0, 2], [0, 2])
    mean = x[gap] @ beta
    expected = mean[1] + sigma[1, [0, 2]] @ np.linalg.solve(sigma[ends], (y[0, gap] - mean)[[0, 2]])
    assert found[gap, 1] == pytest.approx(expected, rel=1e-8)


def test_what_is_seen_after_the_event_does_not_teach_the_model_but_is_kept():
    y, arm, x = trial()
    event = last_observed(y[0])
    complete_patient = int(np.flatnonzero((event == 3) & (arm == 1))[0])
    event[complete_patient] = 1
    model = model_of(y, arm, x, event=event)
    assert np.isnan(model.modelled[0, complete_patient, 1:]).all()
    np.testing.assert_array_equal(conditional_means(model)[0, 0, complete_patient], y[0, complete_patient])
    assert not np.isnan(model.under("MAR").modelled[0, complete_patient]).any()


# -- invariances -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", NAMES)
def test_jackknife_batched_is_one_by_one(strategy):
    y, arm, x = trial(replicates=4)
    whole = conditional_mean_jackknife(model_of(y, arm, x, strategy), x, [1])
    for row in range(4):
        one = conditional_mean_jackknife(model_of(y[[row]], arm, x, strategy), x, [1])
        for name in ("estimate", "se", "ci_low", "p"):
            np.testing.assert_allclose(getattr(whole, name)[row], getattr(one, name)[0], rtol=1e-12, err_msg=name)


def test_a_design_of_every_replicate():
    y, arm, x = trial(replicates=3)
    each = np.stack([x, x * [1, 1, 2], x])
    whole = conditional_mean_jackknife(model_of(y, arm, each), each, [1])
    one = conditional_mean_jackknife(model_of(y[[2]], arm, x), x, [1])
    np.testing.assert_allclose(whole.se[2], one.se[0], rtol=REFITTED)
    # a covariate's unit does not matter
    other = conditional_mean_jackknife(model_of(y[[1]], arm, x), x, [1])
    np.testing.assert_allclose(whole.se[1], other.se[0], rtol=1e-7)


@pytest.mark.parametrize("strategy", NAMES)
def test_the_order_of_patients_does_not_matter(strategy):
    y, arm, x = trial()
    order = np.random.default_rng(1).permutation(len(arm))
    one = conditional_mean_jackknife(model_of(y, arm, x, strategy), x, [1])
    other = conditional_mean_jackknife(model_of(y[:, order], arm[order], x[order], strategy), x[order], [1])
    np.testing.assert_allclose(other.estimate, one.estimate, rtol=REFITTED, atol=1e-9)
    np.testing.assert_allclose(other.se, one.se, rtol=REFITTED)


@pytest.mark.parametrize("strategy", NAMES)
def test_shift_and_scale(strategy):
    y, arm, x = trial()
    one = conditional_mean_jackknife(model_of(y, arm, x, strategy), x, [1])
    other = conditional_mean_jackknife(model_of(5 - 3 * y, arm, x, strategy), x, [1])
    np.testing.assert_allclose(other.estimate[..., 0], -3 * one.estimate[..., 0], rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(other.se, 3 * one.se, rtol=1e-7)


def test_a_design_in_full_is_the_same_design():
    y, arm, x = trial()
    own, reference = visit_design(x, 3), visit_design(x * [1, 0, 1], 3)
    one = reference_model(y, own, reference, arm=arm, strategy="JR")
    other = reference_model(y, own.rows(), reference.rows(), arm=arm, strategy="JR")
    np.testing.assert_allclose(conditional_means(other), conditional_means(one), rtol=REFITTED)
    moving = np.concatenate([own.rows(), np.random.default_rng(1).normal(size=(40, 3, 1))], axis=2)
    still = np.concatenate([reference.rows(), moving[..., -1:]], axis=2)
    assert np.isfinite(conditional_means(reference_model(y, moving, still, arm=arm, strategy="CIR"))).all()


def test_patients_of_the_reference_arm_are_imputed_alike_whatever_is_assumed():
    y, arm, x = trial()
    means = [conditional_means(model_of(y, arm, x, name))[0, 0, arm == 0] for name in ("MAR", "JR", "CR", "CIR")]
    for other in means[1:]:
        np.testing.assert_allclose(other, means[0], rtol=1e-9)


def test_strategies_by_patient():
    y, arm, x = trial()
    mixed = np.where(np.arange(40) < 20, "JR", "CIR")
    found = conditional_means(model_of(y, arm, x, mixed))[0, 0]
    for name, rows in (("JR", slice(0, 20)), ("CIR", slice(20, 40))):
        np.testing.assert_allclose(found[rows], conditional_means(model_of(y, arm, x, name))[0, 0, rows], rtol=1e-9)


def test_arms_with_their_own_covariance_by_the_formula():
    """After the event the regression on the past is the reference arm's."""
    y, arm, x = trial(patients=80)
    model = model_of(y, arm, x, group=arm, reference_group=np.zeros(80, dtype=int))
    fit = fit_mmrm(y, visit_design(x, 3), group=arm)
    beta, sigma = fit.coefficients[0].reshape(3, 3), fit.sigma[0, 0]
    found = conditional_means(model)[0, 0]
    patient = int(np.flatnonzero((last_observed(y[0]) == 1) & (arm == 1))[0])
    own, reference = x[patient] @ beta, (x[patient] * [1, 0, 1]) @ beta
    expected = reference[1:] + sigma[1:, 0] / sigma[0, 0] * (y[0, patient, 0] - own[0])
    np.testing.assert_allclose(found[patient, 1:], expected, rtol=1e-8)
    drawn = impute_reference(model, 3, np.random.default_rng(1))
    assert np.isfinite(drawn.y).all()


# -- random numbers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("impute", [impute_reference, impute_reference_bayes])
def test_the_same_seed_gives_the_same_bits(impute):
    y, arm, x = trial()
    model = model_of(y, arm, x)
    one, same, other = (impute(model, 4, np.random.default_rng(seed)).y for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("impute", [impute_reference, impute_reference_bayes])
def test_replicates_do_not_touch_each_other(impute):
    y, arm, x = trial(replicates=2)
    other = y.copy()
    other[1] = 30 - 4 * y[1]
    one, two = (impute(model_of(values, arm, x), 3, np.random.default_rng(1)).y for values in (y, other))
    np.testing.assert_allclose(one[0], two[0], rtol=REFITTED)


@pytest.mark.parametrize("impute", [impute_reference, impute_reference_bayes])
def test_imputations_are_about_the_conditional_mean(impute):
    """1,000 imputations of 120 patients, seed 6: within 4.5 Monte-Carlo errors and a small-sample bias of 0.02."""
    y, arm, x = trial(patients=120)
    model = model_of(y, arm, x, "CIR")
    imputed = impute(model, 1000, np.random.default_rng(6))
    np.testing.assert_array_equal(imputed.missing, np.isnan(y))
    found = ancova_by_visit(imputed.y, x, arm_quantities(x, [1])).pooled()
    target = ancova_by_visit(conditional_means(model), x, arm_quantities(x, [1])).estimate[:, 0]
    error = np.sqrt(found.between / 1000)
    assert (np.abs(found.estimate - target) < 4.5 * error + 0.02).all()


def test_bootstrap_within_strata_of_every_replicate():
    strata = np.array([[0, 1, 0, 1, 1, 2], [3, 3, 3, 3, 3, 3]])
    counts = bootstrap_counts(strata, 2000, np.random.default_rng(1))
    for row in range(2):
        for stratum in np.unique(strata[row]):
            there = strata[row] == stratum
            assert (counts[row][:, there].sum(axis=1) == there.sum()).all()
    # each patient is drawn once on average: the standard error is at most 1 / sqrt(2000)
    assert (np.abs(counts.mean(axis=1) - 1) < 4.5 / np.sqrt(2000)).all()


def test_the_whole_path_is_its_parts():
    y, arm, x = trial(replicates=3)
    model = model_of(y, arm, x)
    whole = reference_ancova(model, x, [1], imputations=6, rng=np.random.default_rng(2))
    imputed = impute_reference(model, 6, np.random.default_rng(2))
    parts = ancova_by_visit(imputed.y, x, arm_quantities(x, [1])).pooled()
    np.testing.assert_array_equal(whole.pooled.estimate, parts.estimate)
    np.testing.assert_array_equal(whole.pooled.p, parts.p)
    assert whole.error.estimate.shape == (3, 3, 3)
    shifted = reference_ancova(
        model, x, [1], imputations=6, rng=np.random.default_rng(2), shift=np.where(np.isnan(y), 10.0, 0.0)
    )
    assert (shifted.pooled.estimate[:, 2, 1] > whole.pooled.estimate[:, 2, 1]).all()
    with pytest.raises(ValueError, match="draws"):
        reference_ancova(model, x, [1], imputations=6, rng=np.random.default_rng(2), draws="jackknife")


def test_analyses_are_those_of_ancova():
    y, _, x = trial(replicates=2, lost=0.0)
    y = np.where(np.isnan(y), 0.0, y)
    found = ancova_by_visit(y[:, None], x, arm_quantities(x, [1]))
    for visit in range(3):
        sums = cross_products(y[..., visit], x, np.ones((2, 40), dtype=bool))
        effect = ancova(fit_ols(sums.xtx, sums.xty, sums.yty, sums.n), [0, 1, 0])
        np.testing.assert_allclose(found.estimate[:, 0, visit, 0], effect.estimate, rtol=1e-10)
        np.testing.assert_allclose(found.variance[:, 0, visit, 0], effect.se**2, rtol=1e-10)
        np.testing.assert_array_equal(found.df[:, 0, visit], effect.df)


# -- degenerate data ---------------------------------------------------------------------------------------------------


def test_nothing_missing():
    y, arm, x = trial(lost=0.0)
    y = np.where(np.isnan(y), 0.0, y)
    model = model_of(y, arm, x)
    np.testing.assert_array_equal(impute_reference(model, 3, np.random.default_rng(1)).y, np.repeat(y[:, None], 3, 1))
    np.testing.assert_array_equal(impute_reference_bayes(model, 2, np.random.default_rng(1)).y[:, 0], y)
    pooled = reference_ancova(model, x, [1], imputations=3, rng=np.random.default_rng(1)).pooled
    assert (pooled.between == 0).all()
    assert (pooled.reason == 0).all()
    assert np.isfinite(conditional_mean_jackknife(model, x, [1]).se).all()


def test_a_visit_never_observed():
    y, arm, x = trial()
    y[:, :, 2] = np.nan
    model = model_of(y, arm, x)
    for imputed in (
        impute_reference(model, 2, np.random.default_rng(1)),
        impute_reference_bayes(model, 2, np.random.default_rng(1)),
    ):
        assert (imputed.reason != 0).all()
        assert np.isnan(imputed.y[..., 2]).all()
    pooled = reference_ancova(model, x, [1], imputations=2, rng=np.random.default_rng(1)).pooled
    assert (pooled.reason[:, 2] == Reason.IMPUTATION_FAILED).all()
    assert (conditional_mean_jackknife(model, x, [1]).reason[:, 2] == Reason.IMPUTATION_FAILED).all()


def test_one_replicate_without_data_does_not_spoil_the_others():
    y, arm, x = trial(replicates=2)
    y[1, :, 2] = np.nan
    imputed = impute_reference(model_of(y, arm, x), 3, np.random.default_rng(1))
    assert (imputed.reason[0] == 0).all()
    assert np.isfinite(imputed.y[0]).all()
    assert (imputed.reason[1] != 0).all()


def test_no_mean_to_carry_forward():
    y, arm, x = trial()
    y[0, 4] = np.nan
    imputed = impute_reference(model_of(y, arm, x, "LMCF"), 2, np.random.default_rng(1))
    assert (imputed.reason == Reason.NO_MEAN_TO_CARRY).all()
    assert np.isfinite(impute_reference(model_of(y, arm, x, "CIR"), 2, np.random.default_rng(1)).y).all()


def test_a_column_that_depends_on_others_is_left_out():
    y, arm, x = trial()
    twice = np.concatenate([x, x[:, [2]]], axis=1)
    model = reference_model(y, visit_design(twice, 3), visit_design(twice * [1, 0, 1, 1], 3), arm=arm, strategy="JR")
    np.testing.assert_allclose(conditional_means(model), conditional_means(model_of(y, arm, x)), rtol=1e-7)
    assert np.isfinite(impute_reference(model, 2, np.random.default_rng(1)).y).all()


def test_an_arm_never_seen_has_no_mean_of_its_own():
    """Missing at random needs it; jump to reference does not."""
    y, arm, x = trial()
    y[0, arm == 1] = np.nan
    for impute in (impute_reference, impute_reference_bayes):
        imputed = impute(model_of(y, arm, x, "MAR"), 2, np.random.default_rng(1))
        assert (imputed.reason == Reason.ALIASED).all(), impute
        assert np.isnan(imputed.y[0][:, arm == 1]).all()
    jumped = impute_reference(model_of(y, arm, x, "JR"), 2, np.random.default_rng(1))
    assert (jumped.reason == 0).all()
    assert np.isfinite(jumped.y).all()


def test_an_arm_never_seen_at_the_last_visit():
    y, arm, x = trial()
    y[0, arm == 1, 2] = np.nan
    for strategy, reason in (("MAR", Reason.ALIASED), ("JR", 0), ("CIR", 0), ("LMCF", 0)):
        model = model_of(y, arm, x, strategy)
        imputed = impute_reference(model, 2, np.random.default_rng(1))
        assert (imputed.reason == reason).all(), strategy
        means = conditional_means(model)
        assert np.isfinite(means).all() == (reason == 0), strategy
    assert (impute_reference_bayes(model_of(y, arm, x), 2, np.random.default_rng(1)).reason == Reason.ALIASED).all()


def test_samples_that_lack_an_arms_visit_are_drawn_anew():
    """Only two treated patients reach the last visit, so that one sample in seven or so has none."""
    y, arm, x = trial(patients=24, lost=0.0)
    y = np.where(np.isnan(y), 0.0, y)
    treated = np.flatnonzero(arm == 1)
    y[:, treated[2:], 2] = np.nan
    imputed = impute_reference(
        model_of(y, arm, x[:, :2] @ np.array([[1, 0, 0], [0, 1, 0]])), 200, np.random.default_rng(1)
    )
    assert imputed.redrawn[0] > 0
    assert np.isfinite(imputed.y).all()


def test_wrong_arguments():
    y, arm, x = trial()
    own, reference = visit_design(x, 3), visit_design(x, 3)
    with pytest.raises(ValueError, match="strategy"):
        reference_model(y, own, reference, arm=arm, strategy="BOCF")
    with pytest.raises(ValueError, match="arm"):
        reference_model(y, own, reference, arm=arm[:5])
    with pytest.raises(ValueError, match="axes"):
        reference_model(y[0], own, reference, arm=arm)
    with pytest.raises(ValueError, match="own"):
        reference_model(y, visit_design(x * np.nan, 3), reference, arm=arm)
    with pytest.raises(ValueError, match="two kinds"):
        reference_model(y, own, reference.rows(), arm=arm)
    with pytest.raises(ValueError, match="imputations"):
        impute_reference(model_of(y, arm, x), 0, np.random.default_rng(1))
    model = reference_model(y, visit_design(x, 3, [2]), visit_design(x, 3, [2]), arm=arm)
    with pytest.raises(ValueError, match="one coefficient for all visits"):
        impute_reference_bayes(model, 2, np.random.default_rng(1))
