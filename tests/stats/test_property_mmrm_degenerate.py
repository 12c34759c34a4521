"""Mixed models for repeated measures on data that do not determine everything: a defined outcome, with its reason."""

import numpy as np
import pytest

from pivotal.stats import Reason, fit_mmrm, mmrm_contrasts, mmrm_covariance, mmrm_f_test, visit_design
from pivotal.stats.mmrm import STRUCTURES

VISITS = 3


def trial(seed, patients=40, replicates=1):
    draw = np.random.default_rng(seed)
    x = np.column_stack([np.ones(patients), np.arange(patients) % 2])
    return draw.normal(size=(replicates, patients, VISITS)) + draw.normal(size=(replicates, patients, 1)), x


HOWS = [
    {"df": "satterthwaite"},
    {"df": "kenward-roger"},
    {"df": "between-within"},
    {"df": "residual"},
    {"covariance": "CR0"},
    {"covariance": "CR2"},
    {"covariance": "CR3"},
]


def every_number_is_explained(fit):
    """Wherever a number is missing a reason stands beside it."""
    columns = fit.coefficients.shape[1]
    for how in HOWS:
        found = mmrm_contrasts(fit, np.eye(columns), **how)
        for field in ("estimate", "se", "df", "p", "ci_low", "statistic"):
            missing = ~np.isfinite(getattr(found, field))
            assert (found.reason[missing] != Reason.NONE).all(), (how, field)
        test = mmrm_f_test(fit, np.eye(columns)[-2:], **how)
        assert (test.reason[np.isnan(test.p)] != Reason.NONE).all()
    return mmrm_contrasts(fit, np.eye(columns))


@pytest.mark.parametrize("structure", STRUCTURES)
def test_a_visit_without_outcomes(structure):
    y, x = trial(1)
    y[:, :, 1] = np.nan
    fit = fit_mmrm(y, visit_design(x, VISITS), structure=structure)
    found = every_number_is_explained(fit)
    assert fit.converged.all()
    assert fit.reason[0] == Reason.VISIT_EMPTY
    assert np.isnan(fit.coefficients[0, [1, 4]]).all()
    assert (found.reason[0, [1, 4]] == Reason.ALIASED).all()
    if structure in ("us", "csh", "cs"):
        alone = fit_mmrm(y[:, :, [0, 2]], visit_design(x, 2), structure=structure)
        np.testing.assert_allclose(fit.coefficients[0, [0, 2, 3, 5]], alone.coefficients[0], rtol=1e-6)
        expected = mmrm_contrasts(alone, np.eye(4))
        np.testing.assert_allclose(found.df[0, [0, 2, 3, 5]], expected.df[0], rtol=1e-4)


def test_two_visits_never_together():
    y, x = trial(2)
    y[0, :20, 0], y[0, 20:, 2] = np.nan, np.nan
    fit = fit_mmrm(y, visit_design(x, VISITS))
    every_number_is_explained(fit)
    assert fit.converged.all()
    assert fit.reason[0] == Reason.PAIR_EMPTY
    assert np.isnan(fit.sigma[0, 0, 0, 2])
    assert np.isfinite(fit.sigma[0, 0, [0, 1, 2], [0, 1, 2]]).all()
    assert np.isfinite(mmrm_contrasts(fit, np.eye(6)).p).all()


def test_an_arm_without_patients():
    y, x = trial(3)
    x = np.column_stack([x, np.zeros(len(x))])
    fit = fit_mmrm(y, visit_design(x, VISITS))
    found = every_number_is_explained(fit)
    assert (found.reason[0] == Reason.ALIASED).tolist() == [False] * 6 + [True] * 3
    np.testing.assert_allclose(fit.coefficients[0, :6], fit_mmrm(y, visit_design(x[:, :2], VISITS)).coefficients[0])


def test_a_contrast_of_aliased_columns_that_is_estimable():
    y, x = trial(4)
    both = np.column_stack([x, 1 - x[:, 1]])
    fit = fit_mmrm(y, visit_design(both, VISITS, common=[0, 1, 2]))
    found = mmrm_contrasts(fit, [[0, 1, -1], [0, 1, 0], [1, 1, 0], [1, 0, 1]])
    assert found.reason[0].tolist() == [Reason.NONE, Reason.ALIASED, Reason.NONE, Reason.NONE]
    plain = mmrm_contrasts(fit_mmrm(y, visit_design(x, VISITS, common=[0, 1])), [[0, 1], [1, 1], [1, 0]])
    np.testing.assert_allclose(found.estimate[0, [0, 2, 3]], plain.estimate[0], rtol=1e-9)
    np.testing.assert_allclose(found.df[0, [0, 2, 3]], plain.df[0], rtol=1e-6)


def test_no_outcomes_and_too_few():
    y, x = trial(5, replicates=3)
    y[0] = np.nan
    y[1, 2:] = np.nan
    fit = fit_mmrm(y, visit_design(x, VISITS))
    every_number_is_explained(fit)
    assert fit.reason[:2].tolist() == [Reason.TOO_FEW] * 2
    assert fit.reason[2] == Reason.NONE
    assert np.isnan(fit.coefficients[:2]).all()
    np.testing.assert_allclose(fit.coefficients[2], fit_mmrm(y[2:], visit_design(x, VISITS)).coefficients[0], rtol=1e-9)


def test_fewer_patients_than_the_covariance_matrix_needs():
    y, x = trial(6, patients=4)
    fit = fit_mmrm(y, visit_design(x, VISITS))
    every_number_is_explained(fit)
    assert fit.reason[0] == Reason.SINGULAR_COVARIANCE
    assert not fit.converged[0]
    assert np.isnan(fit.coefficients).all()
    assert fit_mmrm(y, visit_design(x, VISITS), structure="cs").reason[0] == Reason.NONE


def test_two_visits_that_are_one():
    y, x = trial(7)
    y[:, :, 1] = y[:, :, 0]
    fit = fit_mmrm(y, visit_design(x, VISITS))
    every_number_is_explained(fit)
    assert fit.reason[0] == Reason.SINGULAR_COVARIANCE


@pytest.mark.parametrize("structure", ["us", "ar1", "toeph"])
def test_a_constant_outcome(structure):
    y, x = trial(8)
    fit = fit_mmrm(np.full_like(y, 3.0), visit_design(x, VISITS), structure=structure)
    found = every_number_is_explained(fit)
    assert fit.reason[0] == Reason.CONSTANT
    np.testing.assert_allclose(found.estimate[0], [3, 3, 3, 0, 0, 0], atol=1e-12)
    assert (found.se == 0).all()
    assert np.isnan(found.p).all()
    assert (mmrm_covariance(fit) == 0).all()


@pytest.mark.parametrize("structure", STRUCTURES)
def test_one_patient_left_at_the_last_visit(structure):
    y, x = trial(9)
    y[:, 2:, 2] = np.nan
    fit = fit_mmrm(y, visit_design(x, VISITS, common=[0, 1]), structure=structure)
    every_number_is_explained(fit)


def test_a_lone_patient_of_an_arm_has_a_sandwich():
    y, x = trial(10)
    x[:, 1] = 0
    x[7, 1] = 1
    y[0, 7, 1:] = np.nan
    fit = fit_mmrm(y, visit_design(x, VISITS, common=[1]))
    for kind in ("CR0", "CR2", "CR3"):
        assert np.isfinite(mmrm_covariance(fit, kind)).all()
    every_number_is_explained(fit)


def test_degenerate_replicates_leave_the_others_alone():
    y, x = trial(11, replicates=6)
    y[0] = np.nan
    y[1] = 2.0
    y[2, :, 1] = y[2, :, 0]
    y[3, :, 0] = np.nan
    fit = fit_mmrm(y, visit_design(x, VISITS))
    every_number_is_explained(fit)
    assert fit.reason.tolist() == [
        Reason.TOO_FEW, Reason.CONSTANT, Reason.SINGULAR_COVARIANCE, Reason.VISIT_EMPTY, Reason.NONE, Reason.NONE,
    ]  # fmt: skip
    alone = fit_mmrm(y[4:], visit_design(x, VISITS))
    np.testing.assert_allclose(fit.coefficients[4:], alone.coefficients, rtol=1e-9)


def test_covariates_missing_leave_an_outcome_out():
    y, x = trial(12)
    rows = visit_design(x, VISITS).rows()
    rows[5, 1] = np.nan
    without = y.copy()
    without[0, 5, 1] = np.nan
    np.testing.assert_allclose(
        fit_mmrm(y, rows).coefficients, fit_mmrm(without, visit_design(x, VISITS)).coefficients, rtol=1e-8
    )


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"structure": "unstructured"}, "structure is 'unstructured'; there are us, toep"),
        ({"method": "PQL"}, "method is 'PQL'"),
        ({"structure": "sp_exp"}, "without times"),
        ({"times": [1.0, 2.0, 3.0]}, "no use for them"),
        ({"weights": -np.ones((40, VISITS))}, "negative"),
        ({"structure": "sp_exp", "times": np.ones((40, VISITS)), "group": np.arange(40) % 2}, "group is given"),
    ],
)
def test_errors_say_what_is_wrong(how, words):
    y, x = trial(13)
    with pytest.raises(ValueError, match=words):
        fit_mmrm(y, visit_design(x, VISITS), **how)


def test_errors_of_shapes_and_inference():
    y, x = trial(14)
    with pytest.raises(ValueError, match="Give y"):
        fit_mmrm(y[0], visit_design(x, VISITS))
    with pytest.raises(ValueError, match="x has the shape"):
        fit_mmrm(y, x)
    fit = fit_mmrm(y, visit_design(x, VISITS), method="ML")
    with pytest.raises(ValueError, match="rests on REML"):
        mmrm_contrasts(fit, np.eye(6), df="kenward-roger")
    with pytest.raises(ValueError, match="df is"):
        mmrm_contrasts(fit, np.eye(6), df="kr")
    with pytest.raises(ValueError, match="covariance is"):
        mmrm_covariance(fit, "robust")
    with pytest.raises(ValueError, match="level is"):
        mmrm_contrasts(fit, np.eye(6), level=95)


def test_whatever_the_data_a_missing_number_has_a_reason():
    """Few patients, much missing, large means, groups of any size: 60 trials drawn with seed 5."""
    draw = np.random.default_rng(5)
    names = list(STRUCTURES)
    for _ in range(60):
        visits, patients = draw.integers(1, 6), draw.integers(1, 14)
        x = np.column_stack([np.ones(patients), draw.integers(0, 2, patients), draw.normal(size=patients)])
        y = draw.normal(size=(3, patients, visits)) * 10.0 ** draw.integers(-3, 4) + draw.integers(-2, 3) * 1e3
        y[draw.random(y.shape) < draw.random() * 0.9] = np.nan
        design = visit_design(x, visits, common=[2] if draw.random() < 0.5 else [])
        group = None if draw.random() < 0.7 else draw.integers(0, 2, patients)
        every_number_is_explained(fit_mmrm(y, design, structure=names[draw.integers(0, 9)], group=group))


def test_large_means_lose_no_digits():
    y, x = trial(15)
    design = visit_design(x, VISITS)
    plain, lifted = fit_mmrm(y, design), fit_mmrm(y + 1e6, design)
    np.testing.assert_allclose(lifted.sigma, plain.sigma, rtol=1e-6)
    np.testing.assert_allclose(lifted.coefficients[0, 3:], plain.coefficients[0, 3:], atol=1e-8)
    for kind in ("CR2", "kenward-roger"):
        np.testing.assert_allclose(mmrm_covariance(lifted, kind), mmrm_covariance(plain, kind), rtol=1e-6)


def test_criteria_count_what_is_determined():
    y, x = trial(16)
    whole = fit_mmrm(y, visit_design(x, VISITS))
    assert whole.n_parameters.tolist() == [6]
    y[:, :, 1] = np.nan
    fit = fit_mmrm(y, visit_design(x, VISITS))
    alone = fit_mmrm(y[:, :, [0, 2]], visit_design(x, 2))
    np.testing.assert_allclose([fit.aic[0], fit.bic[0]], [alone.aic[0], alone.bic[0]], rtol=1e-10)
    assert np.isnan(fit.theta).all()
    assert np.isfinite(alone.theta).all()
