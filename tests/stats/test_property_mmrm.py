"""Mixed models for repeated measures: derivatives, invariance, batches, closed forms, and two paths to one number."""

import doctest
import importlib
from dataclasses import replace

import numpy as np
import pytest

from pivotal.stats import fit_mmrm, mmrm_contrasts, mmrm_covariance, mmrm_f_test, visit_design
from pivotal.stats.ancova import ancova, cross_products, fit_ols
from pivotal.stats.mmrm import STRUCTURES
from pivotal.stats.mmrm import data as data_module
from pivotal.stats.mmrm.data import Data
from pivotal.stats.mmrm.likelihood import evaluate
from pivotal.stats.mmrm.sandwich import sandwich
from pivotal.stats.mmrm.spatial import distances, spatial_structure
from pivotal.stats.mmrm.structures import CHOLESKY

# The same sums in another batch: every replicate stops by its own numbers.
SAME = 1e-12
# Two paths sum in another order, and Newton's method ends where the next step would be this small.
OPTIMUM = 1e-7
# Central differences with a step of 1e-5.
DIFFERENCE = 1e-6
SIGMA = np.array([[4.0, 2.0, 1.0, 0.5], [2.0, 5.0, 2.5, 1.0], [1.0, 2.5, 6.0, 3.0], [0.5, 1.0, 3.0, 8.0]])


def trial(seed, replicates=1, patients=60, visits=4, missing=0.15, monotone=False):
    """Outcomes of a trial with two arms and a baseline covariate, and its covariates."""
    draw = np.random.default_rng(seed)
    x = np.column_stack([np.ones(patients), np.arange(patients) % 2, draw.normal(10, 2, patients)])
    noise = draw.multivariate_normal(np.zeros(visits), SIGMA[:visits, :visits], size=(replicates, patients))
    y = noise + (x @ np.array([1.0, 0.5, 0.3]))[:, None]
    if monotone:
        last = np.where(
            draw.random((replicates, patients)) < missing * 2, draw.integers(1, visits, (replicates, patients)), visits
        )
        gone = np.arange(visits) >= last[..., None]
    else:
        gone = draw.random(y.shape) < missing
    return np.where(gone, np.nan, y), x


@pytest.mark.parametrize("name", ["design", "fit", "inference", "long"])
def test_examples(name):
    result = doctest.testmod(importlib.import_module(f"pivotal.stats.mmrm.{name}"))
    assert result.attempted > 0
    assert result.failed == 0


# -- derivatives -------------------------------------------------------------------------------------------------------

TIMES = np.array([0.0, 1.0, 2.5, 4.0])
ALL = {**STRUCTURES, "cholesky": CHOLESKY, "sp_exp": spatial_structure(distances(TIMES))}


def central(function, theta, step=1e-5):
    shifts = np.eye(theta.shape[1]) * step
    return np.stack([(function(theta + s) - function(theta - s)) / (2 * step) for s in shifts], axis=1)


@pytest.mark.parametrize("name", ALL)
def test_derivatives_of_sigma(name):
    structure = ALL[name]
    theta = structure.start(SIGMA[None]) + 0.1
    first = structure.first(theta, 4)
    np.testing.assert_allclose(
        np.broadcast_to(first, (1, *first.shape[1:])), central(lambda t: structure.sigma(t, 4), theta), atol=1e-6
    )
    if structure.second is not None:
        found = central(lambda t: structure.first(t, 4), theta)
        np.testing.assert_allclose(structure.second(theta, 4), found, atol=1e-6)


@pytest.mark.parametrize("method", ["REML", "ML"])
@pytest.mark.parametrize("name", ["us", "toeph", "ar1", "csh", "ad"])
@pytest.mark.parametrize("groups", [1, 2])
def test_gradient_and_information_are_derivatives_of_the_likelihood(method, name, groups):
    y, x = trial(1)
    group = np.arange(60) // 2 % groups
    part = fit_mmrm(y, visit_design(x, 4, common=[2]), structure=name, method=method, group=group).parts[0]
    theta = part.theta * 1.05

    def loglik(t):
        return evaluate(part.moments, part.model, t, "near").loglik

    def gradient(t):
        return evaluate(part.moments, part.model, t, "near").gradient

    here = evaluate(part.moments, part.model, theta, "observed")
    np.testing.assert_allclose(here.gradient, central(loglik, theta), rtol=DIFFERENCE, atol=1e-5)
    np.testing.assert_allclose(here.information, -central(gradient, theta), rtol=DIFFERENCE, atol=1e-5)


def test_the_optimum_is_tight():
    y, x = trial(2, replicates=20)
    for structure in STRUCTURES:
        fit = fit_mmrm(y, visit_design(x, 4), structure=structure)
        assert fit.converged.all()
        assert fit.gradient.max() < 1e-4
        rises = np.diff(fit.path, axis=1)
        assert (np.isnan(rises) | (rises > -1e-8)).all()
        assert ((~np.isnan(fit.path)).sum(axis=1) == fit.steps).all()
        np.testing.assert_allclose(np.nanmax(fit.path, axis=1), fit.loglik, rtol=1e-11)
        ahead = np.linalg.solve(fit.parts[0].at.information, fit.parts[0].at.gradient[..., None])[..., 0]
        assert np.abs(ahead / np.maximum(np.abs(fit.parts[0].theta), 1e-2)).max() < 1e-6


# -- closed forms ------------------------------------------------------------------------------------------------------


def test_complete_data_give_the_residual_covariance():
    y, x = trial(3, missing=0.0)
    fit = fit_mmrm(y, visit_design(x, 4))
    residual = y[0] - x @ np.linalg.lstsq(x, y[0], rcond=None)[0]
    np.testing.assert_allclose(fit.sigma[0, 0], residual.T @ residual / (60 - 3), rtol=1e-8)
    by_ml = fit_mmrm(y, visit_design(x, 4), method="ML")
    np.testing.assert_allclose(by_ml.sigma[0, 0], residual.T @ residual / 60, rtol=1e-8)


def test_complete_data_give_each_visit_its_ancova():
    y, x = trial(4, missing=0.0)
    fit = fit_mmrm(y, visit_design(x, 4))
    for kind in ("satterthwaite", "kenward-roger"):
        found = mmrm_contrasts(
            fit, np.eye(12)[4:8], df=kind, covariance=None if kind[0] == "s" else "kenward-roger-linear"
        )
        for visit in range(4):
            sums = cross_products(y[:, :, visit], x, np.ones((1, 60), bool))
            expected = ancova(fit_ols(sums.xtx, sums.xty, sums.yty, sums.n), [0, 1, 0])
            for field in ("estimate", "se", "df", "p", "ci_low"):
                np.testing.assert_allclose(getattr(found, field)[:, visit], getattr(expected, field), rtol=1e-6)


def test_one_visit_is_an_ancova():
    y, x = trial(5, visits=1)
    sums = cross_products(y[:, :, 0], x, ~np.isnan(y[:, :, 0]))
    expected = ancova(fit_ols(sums.xtx, sums.xty, sums.yty, sums.n), [0, 1, 0])
    for structure in ("us", "ar1", "csh"):
        found = mmrm_contrasts(fit_mmrm(y, visit_design(x, 1), structure=structure), [[0, 1, 0]])
        for field in ("estimate", "se", "df", "p"):
            np.testing.assert_allclose(getattr(found, field)[:, 0], getattr(expected, field), rtol=1e-8)


def test_kenward_roger_is_hotelling_for_complete_data():
    y, x = trial(6, patients=20, missing=0.0)
    arms = x[:, :2]
    test = mmrm_f_test(
        fit_mmrm(y, visit_design(arms, 4)), np.eye(8)[4:], df="kenward-roger", covariance="kenward-roger-linear"
    )
    one, two = y[0, arms[:, 1] == 1], y[0, arms[:, 1] == 0]
    gap = one.mean(axis=0) - two.mean(axis=0)
    pooled = (9 * np.cov(one.T) + 9 * np.cov(two.T)) / 18
    squared = 5 * gap @ np.linalg.solve(pooled, gap)
    assert test.df_denominator[0] == pytest.approx(15, rel=1e-6)
    assert test.statistic[0] == pytest.approx(squared * 15 / (18 * 4), rel=1e-6)


def test_compound_symmetry_is_a_random_intercept():
    """Balanced and complete: between and within mean squares, Searle, Casella and McCulloch (1992), chapter 3."""
    y, _ = trial(7, missing=0.0, patients=30)
    fit = fit_mmrm(y, visit_design(np.ones((30, 1)), 4), structure="cs")
    centred = y[0] - y[0].mean(axis=0)
    between = 4 * (centred.mean(axis=1) ** 2).sum() / 29
    within = ((centred - centred.mean(axis=1, keepdims=True)) ** 2).sum() / (29 * 3)
    assert fit.sigma[0, 0, 0, 1] == pytest.approx((between - within) / 4, rel=1e-6)
    assert fit.sigma[0, 0, 0, 0] == pytest.approx((between - within) / 4 + within, rel=1e-6)


# -- batches and paths -------------------------------------------------------------------------------------------------


def numbers(fit, rows, **how):
    found = mmrm_contrasts(fit, rows, **how)
    return np.stack([found.estimate, found.se, found.df, found.p])


def assert_same_numbers(one, other):
    """Estimates agree beside their standard errors, the rest beside itself."""
    np.testing.assert_allclose(one[0] / other[1], other[0] / other[1], rtol=SAME, atol=SAME)
    np.testing.assert_allclose(one[1:], other[1:], rtol=SAME)


@pytest.mark.parametrize("monotone", [False, True])
@pytest.mark.parametrize("structure", ["us", "ar1h", "toeph", "cs"])
def test_batch_is_one_by_one(structure, monotone, monkeypatch):
    y, x = trial(8, replicates=7, monotone=monotone)
    design = visit_design(x, 4)
    whole = fit_mmrm(y, design, structure=structure)
    for how in ({"df": "satterthwaite"}, {"df": "kenward-roger"}, {"covariance": "CR2"}, {"df": "between-within"}):
        together = numbers(whole, np.eye(12)[4:8], **how)
        for replicate in range(7):
            alone = fit_mmrm(y[replicate : replicate + 1], design, structure=structure)
            assert_same_numbers(together[:, replicate], numbers(alone, np.eye(12)[4:8], **how)[:, 0])
    monkeypatch.setattr(data_module, "CHUNK_REPLICATES", 3)
    chunked = fit_mmrm(y, design, structure=structure)
    assert len(chunked.parts) == 3
    assert_same_numbers(numbers(chunked, np.eye(12)), numbers(whole, np.eye(12)))
    for one, other in zip(mmrm_covariance(chunked), mmrm_covariance(whole), strict=True):
        np.testing.assert_allclose(one, other, rtol=SAME, atol=SAME * np.abs(np.diag(other)).min())


def test_sandwiches_of_pieces_are_those_of_the_whole(monkeypatch):
    y, x = trial(23, replicates=5)
    fit = fit_mmrm(y, visit_design(x, 4))
    rows = np.stack([np.eye(12)[4:8] * (1 + replicate) for replicate in range(5)])
    whole = numbers(fit, rows, covariance="CR2")
    test = mmrm_f_test(fit, np.eye(12)[4:8], covariance="CR2")
    monkeypatch.setattr("pivotal.stats.mmrm.inference.PATIENT_NUMBERS", 2 * 60 * 4 * 12)
    np.testing.assert_allclose(numbers(fit, rows, covariance="CR2"), whole, rtol=1e-12)
    np.testing.assert_allclose(mmrm_f_test(fit, np.eye(12)[4:8], covariance="CR2").p, test.p, rtol=1e-12)
    assert mmrm_covariance(fit, "CR2").shape == (5, 12, 12)


def by_patient(monkeypatch):
    """Make every fit go patient by patient."""
    monkeypatch.setattr(data_module, "collapse", lambda rows: None)


HOWS = [
    {"df": "satterthwaite"},
    {"df": "kenward-roger"},
    {"df": "kenward-roger", "covariance": "kenward-roger-linear"},
    {"df": "between-within"},
    {"df": "residual", "covariance": "CR0"},
    {"df": "satterthwaite", "covariance": "CR3"},
]


@pytest.mark.parametrize("structure", ["us", "toep", "csh", "adh", "sp_exp"])
@pytest.mark.parametrize("groups", [1, 2])
def test_patterns_and_patients_give_the_same_numbers(structure, groups, monkeypatch):
    y, x = trial(9, replicates=2)
    rows = visit_design(x, 4, common=[2]).rows()
    times = TIMES if structure == "sp_exp" else None
    group = np.arange(60) // 2 % groups
    one = fit_mmrm(y, rows, structure=structure, times=times, group=group)
    by_patient(monkeypatch)
    two = fit_mmrm(y, rows, structure=structure, times=times, group=group)
    assert type(one.parts[0].moments) is not type(two.parts[0].moments)
    np.testing.assert_allclose(two.loglik, one.loglik, rtol=1e-11)
    np.testing.assert_allclose(two.sigma, one.sigma, rtol=1e-5, atol=1e-6)
    for how in HOWS:
        np.testing.assert_allclose(
            numbers(two, np.eye(9), **how), numbers(one, np.eye(9), **how), rtol=OPTIMUM, atol=1e-9
        )


def test_times_of_each_patient_that_are_alike_are_common_times():
    y, x = trial(10, replicates=2)
    design = visit_design(x, 4)
    common = fit_mmrm(y, design, structure="sp_exp", times=TIMES)
    own = fit_mmrm(y, design, structure="sp_exp", times=np.tile(TIMES, (60, 1)))
    np.testing.assert_allclose(own.loglik, common.loglik, rtol=1e-11)
    for how in HOWS:
        np.testing.assert_allclose(
            numbers(own, np.eye(12), **how), numbers(common, np.eye(12), **how), rtol=OPTIMUM, atol=1e-9
        )


def test_equal_weights_only_scale_the_covariance():
    y, x = trial(11)
    design = visit_design(x, 4)
    plain, weighted = fit_mmrm(y, design), fit_mmrm(y, design, weights=np.full((60, 4), 2.5))
    np.testing.assert_allclose(weighted.sigma, 2.5 * plain.sigma, rtol=1e-5)
    np.testing.assert_allclose(weighted.loglik, plain.loglik, rtol=1e-11)
    for how in HOWS:
        np.testing.assert_allclose(
            numbers(weighted, np.eye(12), **how), numbers(plain, np.eye(12), **how), rtol=OPTIMUM, atol=1e-9
        )


def test_weight_zero_leaves_an_outcome_out():
    y, x = trial(12)
    weights = np.ones((60, 4))
    weights[3, 2] = 0
    without = y.copy()
    without[0, 3, 2] = np.nan
    design = visit_design(x, 4)
    np.testing.assert_allclose(
        fit_mmrm(y, design, weights=weights).coefficients, fit_mmrm(without, design).coefficients, rtol=1e-8
    )


def test_frequencies_are_copies():
    y, x = trial(13)
    often = np.random.default_rng(13).integers(0, 4, 60)
    copies = np.repeat(np.arange(60), often)
    counted = fit_mmrm(y, visit_design(x, 4), frequency=often)
    copied = fit_mmrm(y[:, copies], visit_design(x[copies], 4))
    np.testing.assert_allclose(counted.loglik, copied.loglik, rtol=1e-11)
    for how in HOWS:
        np.testing.assert_allclose(
            numbers(counted, np.eye(12), **how), numbers(copied, np.eye(12), **how), rtol=OPTIMUM, atol=1e-9
        )


def test_a_group_with_everything_of_its_own_is_a_fit_of_its_own():
    y, x = trial(14)
    arm = x[:, 1].astype(int)
    apart = np.column_stack([x[:, [0, 2]] * (1 - arm)[:, None], x[:, [0, 2]] * arm[:, None]])
    both = fit_mmrm(y, visit_design(apart, 4), group=arm)
    for own in (0, 1):
        alone = fit_mmrm(y[:, arm == own], visit_design(x[arm == own][:, [0, 2]], 4))
        np.testing.assert_allclose(both.sigma[:, own], alone.sigma[:, 0], rtol=1e-5, atol=1e-6)
        rows = np.eye(16)[8 * own : 8 * own + 8]
        for how in HOWS[:3]:
            np.testing.assert_allclose(
                numbers(both, rows, **how), numbers(alone, np.eye(8), **how), rtol=OPTIMUM, atol=1e-9
            )


# -- invariance --------------------------------------------------------------------------------------------------------


def test_order_of_patients_and_scale_do_not_matter():
    y, x = trial(15)
    design = visit_design(x, 4)
    order = np.random.default_rng(0).permutation(60)
    base = fit_mmrm(y, design)
    shuffled = fit_mmrm(y[:, order], visit_design(x[order], 4))
    scaled = fit_mmrm(3 * y + 100, design)
    rows = np.eye(12)[4:8]
    for how in HOWS:
        expected = numbers(base, rows, **how)
        np.testing.assert_allclose(numbers(shuffled, rows, **how), expected, rtol=OPTIMUM)
        factor = np.array([3.0, 3.0, 1.0, 1.0])[:, None, None]
        np.testing.assert_allclose(numbers(scaled, rows, **how), factor * expected, rtol=OPTIMUM)


def test_the_arms_names_do_not_matter():
    y, x = trial(16)
    turned = x.copy()
    turned[:, 1] = 1 - x[:, 1]
    one = mmrm_contrasts(fit_mmrm(y, visit_design(x, 4)), np.eye(12)[4:8])
    two = mmrm_contrasts(fit_mmrm(y, visit_design(turned, 4)), np.eye(12)[4:8])
    np.testing.assert_allclose(one.estimate, -two.estimate, rtol=OPTIMUM)
    np.testing.assert_allclose(one.p, two.p, rtol=OPTIMUM)


def test_linear_kenward_roger_does_not_depend_on_the_parametrisation(monkeypatch):
    y, x = trial(17)
    design = visit_design(x, 4)
    own = fit_mmrm(y, design)
    monkeypatch.setattr("pivotal.stats.mmrm.fit.STRUCTURES", {"us": replace(CHOLESKY, name="by its Cholesky factor")})
    other = fit_mmrm(y, design)
    for kind in ("kenward-roger", "kenward-roger-linear"):
        np.testing.assert_allclose(mmrm_covariance(own, kind), mmrm_covariance(other, kind), rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(numbers(own, np.eye(12)), numbers(other, np.eye(12)), rtol=1e-5)


# -- F tests and sandwiches --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", HOWS)
def test_an_f_test_of_one_contrast_is_its_t_test(how):
    y, x = trial(18, replicates=3)
    fit = fit_mmrm(y, visit_design(x, 4))
    row = np.eye(12)[[7]] - np.eye(12)[[4]]
    t, f = mmrm_contrasts(fit, row, **how), mmrm_f_test(fit, row, **how)
    np.testing.assert_allclose(f.statistic, t.statistic[:, 0] ** 2, rtol=1e-10)
    np.testing.assert_allclose(f.df_denominator, t.df[:, 0], rtol=1e-10)
    np.testing.assert_allclose(f.p, t.p[:, 0], rtol=1e-9)


@pytest.mark.parametrize("how", HOWS)
def test_an_f_test_does_not_depend_on_how_its_space_is_spanned(how):
    y, x = trial(19)
    fit = fit_mmrm(y, visit_design(x, 4))
    rows = np.eye(12)[4:8]
    mixed = np.array([[1, 0, 0, 0], [-1, 1, 0, 0], [0, -1, 1, 0], [2, 0, -1, 1]]) @ rows
    one, two = mmrm_f_test(fit, rows, **how), mmrm_f_test(fit, mixed, **how)
    np.testing.assert_allclose(one.statistic, two.statistic, rtol=1e-8)
    if how["df"] == "kenward-roger":
        np.testing.assert_allclose(one.df_denominator, two.df_denominator, rtol=1e-8)


@pytest.mark.parametrize("correction", ["CR0", "CR2", "CR3"])
def test_sandwich_from_its_definition(correction):
    y, x = trial(20, patients=24)
    fit = fit_mmrm(y, visit_design(x, 4))
    rows, seen = visit_design(x, 4).rows(), ~np.isnan(y[0])
    phi, sigma, beta = fit.covariance[0], fit.sigma[0, 0], fit.coefficients[0]
    blocks = []
    for i in range(24):
        values, vectors = np.linalg.eigh(sigma[np.ix_(seen[i], seen[i])])
        half = (
            vectors / np.sqrt(values) @ vectors.T
        )  # another root than Cholesky's: the estimator does not depend on it
        blocks.append((half @ rows[i, seen[i]], half @ (y[0, i, seen[i]] - rows[i, seen[i]] @ beta)))
    stacked = np.concatenate([block for block, _ in blocks])
    residual_maker = np.eye(len(stacked)) - stacked @ phi @ stacked.T
    ends = np.cumsum([len(block) for block, _ in blocks])
    meat, g = np.zeros((12, 12)), []
    contrast = np.eye(12)[5] + np.eye(12)[6]
    for (block, residual), end in zip(blocks, ends, strict=True):
        values, vectors = np.linalg.eigh(np.eye(len(block)) - block @ phi @ block.T)
        power = {"CR0": 0.0, "CR2": -0.5, "CR3": -1.0}[correction]
        a = vectors * values**power @ vectors.T
        score = block.T @ a @ residual
        meat += np.outer(score, score)
        g.append(residual_maker[end - len(block) : end].T @ a @ block @ phi @ contrast)
    gram = np.array(g) @ np.array(g).T
    np.testing.assert_allclose(mmrm_covariance(fit, correction)[0], phi @ meat @ phi, rtol=1e-8)
    found = mmrm_contrasts(fit, contrast[None], covariance=correction)
    assert found.df[0, 0] == pytest.approx(np.trace(gram) ** 2 / (gram**2).sum(), rel=1e-8)
    assert sandwich(fit.parts[0], correction).covariance.shape == (1, 12, 12)


def test_the_design_is_recognised():
    y, x = trial(21)
    rows = visit_design(x, 4, common=[2]).rows()
    found = Data.of(y, rows, None, None, None, None)
    assert found.design.x.shape == (60, 3)
    np.testing.assert_array_equal(found.design.rows(), rows)
    changing = rows + np.random.default_rng(1).normal(size=rows.shape)
    assert Data.of(y, changing, None, None, None, None).design.shape == (1, 60, 4, 9)


def test_designs_of_replicates_may_differ():
    y, x = trial(22, replicates=3)
    many = np.stack([x, x[::-1], np.roll(x, 7, axis=0)])
    whole = fit_mmrm(y, visit_design(many, 4))
    full = fit_mmrm(y, visit_design(many, 4).rows())
    for replicate in range(3):
        alone = fit_mmrm(y[replicate : replicate + 1], visit_design(many[replicate], 4))
        np.testing.assert_allclose(whole.coefficients[replicate], alone.coefficients[0], rtol=1e-9)
        np.testing.assert_allclose(full.coefficients[replicate], alone.coefficients[0], rtol=1e-9)
