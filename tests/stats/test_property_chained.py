"""Chained equations and the multivariate normal model: what is drawn, from what, and what there is without data."""

import numpy as np
import pytest

from pivotal.stats import (
    Reason,
    category_counts,
    fit_proportional_odds,
    fold_imputations,
    impute_chained,
    impute_monotone,
    impute_normal,
    unfold_imputations,
)
from pivotal.stats.imputation.convergence import r_hat
from pivotal.stats.imputation.normal_chain import inverse_wishart_root
from pivotal.stats.imputation.ordinal_draws import draw_ordinal
from pivotal.stats.imputation.regression_draws import (
    DONORS,
    Regression,
    augmented,
    draw_binary,
    draw_matched,
    draw_normal,
)

KINDS = ["normal", "matched", "binary", "ordinal"]


def data(replicates=1, patients=80, seed=1, lost=0.2):
    rng = np.random.default_rng(seed)
    shape = (replicates, patients)
    arm = np.arange(patients) % 2
    latent = rng.normal(size=shape) + 0.5 * arm
    columns = [
        latent + rng.normal(size=shape),
        np.round(10 + 3 * latent + rng.normal(size=shape)),
        rng.random(shape) < 1 / (1 + np.exp(-latent)),
        np.digitize(latent + rng.logistic(size=shape), [-1.0, 1.0]),
    ]
    y = np.stack(columns, axis=-1).astype(float)
    y[rng.random(y.shape) < lost] = np.nan
    return y, arm


def test_every_kind_gives_its_own_values():
    y, arm = data(replicates=3)
    found = impute_chained(y, KINDS, 4, np.random.default_rng(1), covariates=arm[:, None], iterations=5)
    assert (found.reason == 0).all()
    assert np.isfinite(found.y).all()
    seen = ~np.isnan(y)
    for imputation in range(4):
        np.testing.assert_array_equal(found.y[:, imputation][seen], y[seen])
    for row in range(3):
        assert np.isin(found.y[row, ..., 1], y[row, seen[row, :, 1], 1]).all()
    assert set(np.unique(found.y[..., 2])) == {0.0, 1.0}
    assert set(np.unique(found.y[..., 3])) == {0.0, 1.0, 2.0}
    assert found.mean.shape == (3, 4, 5, 4)
    last = np.where(found.missing[:, None], found.y, np.nan)
    np.testing.assert_allclose(found.mean[:, :, -1], np.nanmean(last, axis=2), rtol=1e-10)
    np.testing.assert_allclose(found.sd[:, :, -1], np.nanstd(last, axis=2, ddof=1), rtol=1e-10)


@pytest.mark.parametrize("impute", ["chained", "normal", "monotone"])
def test_the_same_seed_gives_the_same_bits(impute):
    y, arm = data()
    y = y[..., :2]
    if impute == "monotone":
        y[..., 0] = np.nan_to_num(y[..., 0])

    def run(seed):
        rng = np.random.default_rng(seed)
        if impute == "normal":
            return impute_normal(y, 3, rng, covariates=arm[:, None], iterations=5).y
        if impute == "monotone":
            return impute_monotone(y, ["normal", "matched"], 3, rng).y
        return impute_chained(y, ["normal", "matched"], 3, rng, iterations=3).y

    np.testing.assert_array_equal(run(1), run(1))
    assert not np.array_equal(run(1), run(2))


@pytest.mark.parametrize("method", ["chained", "normal"])
def test_groups_are_imputed_apart(method):
    """Data of one arm do not touch the imputations of the other."""
    y, arm = data()
    y = y[..., :2]
    other = np.where(arm[:, None] == 0, 50 - 2 * y, y)

    def run(values):
        rng = np.random.default_rng(1)
        if method == "normal":
            return impute_normal(values, 2, rng, by=arm, iterations=4).y
        return impute_chained(values, ["normal", "normal"], 2, rng, by=arm, iterations=4).y

    one, two = run(y)[:, :, arm == 1], run(other)[:, :, arm == 1]
    np.testing.assert_allclose(one, two, rtol=1e-7)


@pytest.mark.parametrize("method", ["chained", "normal"])
def test_replicates_do_not_touch_each_other(method):
    y, arm = data(replicates=2)
    other = y.copy()
    other[1, ..., 0] = 30 - 4 * y[1, ..., 0]

    def run(values):
        rng = np.random.default_rng(1)
        if method == "normal":
            return impute_normal(values[..., :2], 2, rng, covariates=arm[:, None], iterations=4).y
        return impute_chained(values, KINDS, 2, rng, covariates=arm[:, None], iterations=3).y

    np.testing.assert_allclose(run(y)[0], run(other)[0], rtol=1e-9)


def test_shift_and_scale_of_a_linear_variable():
    y, arm = data()
    y, moved = y[..., :2], 7 - 2 * y[..., :2]
    one = impute_chained(y, ["normal"] * 2, 3, np.random.default_rng(1), covariates=arm[:, None], iterations=3)
    # a variable's standardised values change their sign with it, and so do its draws' signs: only the unit may change
    two = impute_chained(3 + 2 * y, ["normal"] * 2, 3, np.random.default_rng(1), covariates=arm[:, None], iterations=3)
    np.testing.assert_allclose(two.y, 3 + 2 * one.y, rtol=1e-9)
    assert np.isfinite(impute_chained(moved, ["normal"] * 2, 3, np.random.default_rng(1), iterations=3).y).all()


def test_nothing_missing():
    y, arm = data(lost=0.0)
    found = impute_chained(y, KINDS, 2, np.random.default_rng(1), covariates=arm[:, None], iterations=2)
    np.testing.assert_array_equal(found.y, np.repeat(y[:, None], 2, axis=1))
    assert np.isnan(found.mean).all()
    plain = impute_normal(y[..., :2], 2, np.random.default_rng(1), iterations=2)
    np.testing.assert_array_equal(plain.y[:, 1], y[..., :2])


def test_a_variable_never_observed():
    y, _ = data(replicates=2)
    y[1, :, 0] = np.nan
    found = impute_chained(y, KINDS, 2, np.random.default_rng(1), iterations=2)
    assert found.reason.tolist() == [Reason.NONE, Reason.TOO_FEW]
    assert np.isnan(found.y[1, ..., 0]).all()
    assert np.isfinite(found.y[0]).all()
    plain = impute_normal(y[..., :2], 2, np.random.default_rng(1), iterations=2)
    assert plain.reason.tolist() == [Reason.NONE, Reason.TOO_FEW]
    assert np.isnan(plain.y[1, ..., 0]).all()


def test_more_columns_than_patients():
    y, _ = data(patients=5)
    covariates = np.random.default_rng(1).normal(size=(5, 6))
    y[:] = np.arange(5.0)[:, None] % 2
    y[0, 0] = np.nan
    found = impute_chained(y, ["normal"] * 4, 2, np.random.default_rng(1), covariates=covariates, iterations=2)
    assert found.reason[0] == Reason.TOO_FEW
    assert np.isnan(found.y[0, :, 0, :]).all()
    plain = impute_normal(y, 2, np.random.default_rng(1), covariates=covariates, iterations=2)
    assert plain.reason[0] == Reason.TOO_FEW


@pytest.mark.parametrize("kind", range(4))
def test_an_arm_in_which_a_variable_was_never_observed(kind):
    """Nothing observed tells of it; the covariate's coefficient is not silently put to 0."""
    y, arm = data(replicates=2)
    y[1, arm == 1, kind] = np.nan
    found = impute_chained(y, KINDS, 2, np.random.default_rng(1), covariates=arm[:, None], iterations=2)
    assert found.reason.tolist() == [Reason.NONE, Reason.ALIASED]
    assert np.isnan(found.y[1, :, arm == 1, kind]).all()
    apart = impute_chained(y, KINDS, 2, np.random.default_rng(1), by=arm, iterations=2)
    assert apart.reason.tolist() == [Reason.NONE, Reason.TOO_FEW]
    if kind < 2:
        plain = impute_normal(y[..., :2], 2, np.random.default_rng(1), covariates=arm[:, None], iterations=2)
        assert plain.reason.tolist() == [Reason.NONE, Reason.ALIASED]


def test_visits_in_another_order():
    y, arm = data()
    found = impute_chained(
        y, KINDS, 2, np.random.default_rng(1), covariates=arm[:, None], sequence=[3, 0, 2, 1], iterations=2
    )
    assert np.isfinite(found.y).all()


def test_a_constant_is_imputed_as_it_is():
    y, _ = data()
    y[..., 1] = np.where(np.isnan(y[..., 1]), np.nan, 4.0)
    found = impute_chained(y, KINDS, 2, np.random.default_rng(1), iterations=2)
    np.testing.assert_allclose(found.y[..., 1], 4.0)
    y[..., 0] = np.where(np.isnan(y[..., 0]), np.nan, 2.0)
    found = impute_chained(y, KINDS, 2, np.random.default_rng(1), iterations=2)
    np.testing.assert_allclose(found.y[..., 0], 2.0)


def test_variables_that_determine_each_other():
    rng = np.random.default_rng(1)
    first = rng.normal(size=50)
    y = np.stack([first, 2 * first], axis=1)[None]
    y[0, 0, 1] = np.nan
    plain = impute_normal(y, 2, rng, iterations=3)
    assert plain.reason[0] == Reason.SINGULAR_COVARIANCE
    chained = impute_chained(y, ["normal"] * 2, 2, rng, iterations=2)
    np.testing.assert_allclose(chained.y[0, :, 0, 1], 2 * first[0], atol=1e-6)


def test_separation_gives_finite_draws():
    x = np.linspace(-2, 2, 40)
    y = np.stack([(x > 0).astype(float), x], axis=1)[None]
    y[0, ::7, 0] = np.nan
    found = impute_chained(y, ["binary", "normal"], 20, np.random.default_rng(1), iterations=1)
    assert found.reason[0] == 0
    # far from the boundary the imputed values are those that separation suggests, mostly
    assert found.y[0, :, 0, 0].mean() < 0.3
    same = y.copy()
    same[0, :, 0] = np.where(np.isnan(same[0, :, 0]), np.nan, 1.0)
    assert (
        impute_chained(same, ["binary", "normal"], 20, np.random.default_rng(1), iterations=1).y[0, :, ::7, 0].mean()
        > 0.8
    )


@pytest.mark.parametrize("categories", [2, 4])
def test_augmentation_weighs_as_much_as_there_are_coefficients(categories):
    rng = np.random.default_rng(1)
    design = np.concatenate([np.ones((3, 30, 1)), rng.normal(size=(3, 30, 2))], axis=2)
    observed = rng.random((3, 30)) < 0.8
    rows, weight = augmented(design, observed, categories)
    np.testing.assert_allclose(weight[:, 30:].sum(axis=1), 2 + categories - 1)
    np.testing.assert_array_equal(weight[:, :30], observed)
    mean = np.stack([design[c, observed[c]].mean(axis=0) for c in range(3)])
    np.testing.assert_allclose(rows[:, 30:].mean(axis=1), mean, rtol=1e-10, atol=1e-12)


# -- single regressions ------------------------------------------------------------------------------------------------


def regression(chains, patients=60, seed=1, binary=False):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=patients)
    y = 1 + 2 * x + rng.normal(size=patients)
    if binary:
        y = (rng.random(patients) < 1 / (1 + np.exp(-x))).astype(float)
    observed = np.arange(patients) >= 3
    design = np.stack([np.ones(patients), x], axis=1)

    def many(array):
        return np.repeat(array[None], chains, axis=0)

    return Regression(many(design), many(y), many(observed), many(~observed))


def test_linear_draws_are_from_the_posterior_predictive():
    """20,000 draws, seed 2: mean x'b and variance RSS / (df - 2) (1 + x'(X'X)^-1 x), within 4.5 standard errors.

    Twelve patients, so that the draw of the coefficients has a fair share of the variance.
    """
    chains = 20_000
    one = regression(chains, patients=15)
    drawn = draw_normal(one, np.random.default_rng(2)).values[:, :3]
    x, y = one.design[0], one.y[0]
    seen = one.observed[0]
    inverse = np.linalg.inv(x[seen].T @ x[seen])
    b = inverse @ x[seen].T @ y[seen]
    df = seen.sum() - 2
    rss = ((y[seen] - x[seen] @ b) ** 2).sum()
    variance = rss / (df - 2) * (1 + np.einsum("ij,jk,ik->i", x[:3], inverse, x[:3]))
    assert (np.abs(drawn.mean(axis=0) - x[:3] @ b) < 4.5 * np.sqrt(variance / chains)).all()
    # the kurtosis of t with 10 degrees of freedom is 4
    assert (np.abs(drawn.var(axis=0) / variance - 1) < 4.5 * np.sqrt(3 / chains)).all()
    assert (variance > 1.1 * rss / (df - 2)).all()


def test_logistic_draws_average_to_the_fitted_rate():
    """4,000 draws, seed 3: the augmented fit's rate, smeared a little by the draws of the coefficients."""
    one = regression(4000, patients=300, binary=True)
    drawn = draw_binary(one, np.random.default_rng(3)).values[:, :3]
    expected = 1 / (1 + np.exp(-one.design[0, :3, 1]))
    assert (np.abs(drawn.mean(axis=0) - expected) < 0.1).all()


def test_proportional_odds_draws_average_to_the_fitted_rates():
    """4,000 draws, seed 7: the lowest and the highest category against the fit without augmentation, to 0.03."""
    chains, patients = 4000, 300
    rng = np.random.default_rng(7)
    x = np.concatenate([[-1.5, 0.0, 1.5], rng.normal(size=patients - 3)])
    y = np.digitize(1.2 * x + rng.logistic(size=patients), [-1.0, 1.0]).astype(float)
    observed = np.arange(patients) >= 3
    design = np.stack([np.ones(patients), x], axis=1)
    parts = [np.repeat(part[None], chains, axis=0) for part in (design, y, observed, ~observed)]
    drawn = draw_ordinal(Regression(*parts, levels=3), rng).values[:, :3]
    counts = category_counts(y[None, 3:], 3)
    fit = fit_proportional_odds(counts, x[3:, None])
    lowest, highest = fit.thresholds[0]
    slope = fit.coefficients[0, 0] * x[:3]
    below, above = 1 / (1 + np.exp(slope - lowest)), 1 / (1 + np.exp(highest - slope))
    assert (np.abs((drawn == 0).mean(axis=0) - below) < 0.03).all()
    assert (np.abs((drawn == 2).mean(axis=0) - above) < 0.03).all()


@pytest.mark.parametrize("ties", [False, True])
def test_matching_picks_among_the_nearest_donors(ties):
    one = regression(200)
    if ties:
        one = Regression(np.sign(one.design), np.round(one.y), one.observed, one.wanted)
    drawn = draw_matched(one, np.random.default_rng(4))
    donors = one.y[0, one.observed[0]]
    assert np.isin(drawn.values[:, :3], donors).all()
    if not ties:
        # outcomes of the five nearest at the fitted line; the drawn line wanders by less than its double spread
        line = 1 + 2 * one.design[0, :3, 1]
        assert (np.abs(np.median(drawn.values[:, :3], axis=0) - line) < 2.0).all()
        assert (np.array([len(np.unique(column)) for column in drawn.values[:, :3].T]) >= DONORS).all()


def test_fewer_donors_than_five():
    one = regression(50, patients=6)
    drawn = draw_matched(one, np.random.default_rng(5))
    assert (drawn.reason == 0).all()
    assert np.isin(drawn.values[:, :3], one.y[0, 3:]).all()


def test_inverse_wishart_draws():
    """20,000 draws, seed 6: the mean is scale / (df - k - 1), within 4.5 standard errors."""
    draws, df = 20_000, 12.0
    scale = np.array([[2.0, 0.5, 0.1], [0.5, 1.0, 0.3], [0.1, 0.3, 1.5]])
    root = inverse_wishart_root(np.broadcast_to(scale, (1, draws, 3, 3)), np.array([df]), np.random.default_rng(6))
    found = (root @ np.swapaxes(root, 2, 3))[0]
    assert (np.abs(found.mean(axis=0) - scale / (df - 4)) < 4.5 * found.std(axis=0) / np.sqrt(draws)).all()


# -- monotone data -----------------------------------------------------------------------------------------------------


def test_monotone_data_and_others():
    rng = np.random.default_rng(1)
    y = rng.normal(size=(2, 40, 3)).cumsum(axis=2)
    y[:, ::4, 2] = np.nan
    y[:, ::8, 1] = np.nan
    y[1, 1, 1] = np.nan
    found = impute_monotone(y, ["normal"] * 3, 2, rng)
    assert found.reason.tolist() == [Reason.NONE, Reason.NOT_MONOTONE]
    assert np.isfinite(found.y[0]).all()
    assert np.isnan(found.y[1, :, 1, 1]).all()


def test_gaps_first_dropout_after():
    rng = np.random.default_rng(2)
    y = rng.normal(size=(2, 40, 3)).cumsum(axis=2)
    y[:, ::4, 2] = np.nan
    y[:, 1, 1] = np.nan
    filled = impute_normal(y, 3, rng, iterations=5, fill="monotone")
    assert np.isfinite(filled.y[:, :, 1, 1]).all()
    assert np.isnan(filled.y[:, :, ::4, 2]).all()
    folded = fold_imputations(filled.y)
    done = impute_monotone(folded, ["normal"] * 3, 1, rng)
    assert (done.reason == 0).all()
    assert unfold_imputations(done.y[:, 0], 3).shape == (2, 3, 40, 3)


def test_patients_without_any_outcome_do_not_matter_to_the_parameters():
    rng = np.random.default_rng(1)
    y = rng.normal(size=(1, 60, 2))
    y[0, ::5, 1] = np.nan
    lost = np.concatenate([y, np.full((1, 200, 2), np.nan)], axis=1)
    one = impute_normal(y, 400, np.random.default_rng(2), iterations=20)
    other = impute_normal(lost, 400, np.random.default_rng(3), iterations=20)
    gap = one.sd[0, :, -1].mean(axis=0) - other.sd[0, :, -1].mean(axis=0)
    assert (np.abs(gap) < 4.5 * one.sd[0, :, -1].std(axis=0) * np.sqrt(2 / 400)).all()


def test_r_hat():
    rng = np.random.default_rng(1)
    mixed = rng.normal(size=(1, 6, 400, 1))
    assert r_hat(mixed)[0, 0] == pytest.approx(1, abs=0.02)
    apart = mixed + np.arange(6)[:, None, None]
    assert r_hat(apart)[0, 0] > 1.5
    assert np.isnan(r_hat(mixed[:, :1])).all()


def test_folding():
    values = np.arange(24).reshape(2, 3, 4)
    np.testing.assert_array_equal(unfold_imputations(fold_imputations(values), 3), values)
    with pytest.raises(ValueError, match="divide"):
        unfold_imputations(np.zeros((5, 2)), 2)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kinds": ["normal", "poisson", "binary", "ordinal"]}, "kinds"),
        ({"kinds": ["binary", "matched", "binary", "ordinal"]}, "binary"),
        ({"kinds": ["ordinal", "matched", "binary", "ordinal"]}, "ordinal"),
        ({"kinds": ["normal"]}, "kind for each"),
        ({"imputations": 0}, "imputations"),
        ({"iterations": 0}, "iterations"),
        ({"sequence": [0, 1, 3]}, "sequence"),
        ({"covariates": np.full((80, 1), np.nan)}, "covariates"),
    ],
)
def test_wrong_arguments(change, says):
    y, _ = data()
    arguments = {"y": y, "kinds": KINDS, "imputations": 2, "rng": np.random.default_rng(1)} | change
    with pytest.raises(ValueError, match=says):
        impute_chained(**arguments)
