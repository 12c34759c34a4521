"""SAS PROC MIXED on the FEV1 data of R's mmrm (Apache-2.0): its printed figures.

Made by SAS, June and October 2022 and January 2024; the logs lie in openpharma/mmrm, `design/SAS`. What is printed has
four decimals at most, and SAS stops its iteration up to 6e-6 above the minimum of -2 log likelihood, which is up to
sqrt(6e-6) of a standard error away.
"""

from pathlib import Path

import numpy as np
import pytest

import pivotal.validate
from pivotal.stats import fit_mmrm, mmrm_contrasts, mmrm_f_test
from pivotal.validate.case import read_table
from pivotal.validate.formula import design

# Half of the last printed decimal, and the early stop.
PRINTED, EARLY = 5.1e-5, 2.5e-3
VISITS = 4


@pytest.fixture(scope="module")
def trial():
    table = read_table(Path(pivotal.validate.__file__).parent / "cases" / "mmrm_fev.csv")
    levels = {"SEX": ["Male", "Female"]}
    columns = design(table, "RACE + SEX + ARMCD * AVISIT", levels=levels)
    where = table.codes("USUBJID"), table.codes("AVISIT")
    shape = (int(where[0].max()) + 1, VISITS)
    y, weights = np.full((1, *shape), np.nan), np.zeros(shape)
    x = np.zeros((*shape, len(columns.names)))
    y[0][where], x[where], weights[where] = table["FEV1"], columns.matrix, table["WEIGHT"]
    return y, x, weights, list(columns.names)


def row(names, **terms):
    """A contrast: coefficients by a part of their name."""
    found = np.zeros(len(names))
    for name, weight in terms.items():
        found[names.index(name.replace("_X_", ":").replace("Black", "Black or African American"))] = weight
    return found


def arm(names, visit):
    """The difference between the arms at a visit."""
    terms = {"ARMCDTRT": 1.0} | ({f"ARMCDTRT_X_AVISITVIS{visit}": 1.0} if visit > 1 else {})
    return row(names, **terms)


def near(found, printed, se):
    assert abs(found - printed) <= PRINTED + EARLY * se


def test_unstructured_reml(trial):
    y, x, _, names = trial
    fit = fit_mmrm(y, x)
    assert -2 * fit.loglik[0] == pytest.approx(3386.44987722, abs=1e-5)
    assert -2 * fit.loglik[0] < 3386.44987722
    printed = [40.5509, 14.3982, 26.5692, 4.9744, 2.7851, 14.8970, 13.3731, 7.4790, 0.9017, 95.5528]
    rows, columns = np.tril_indices(4)
    np.testing.assert_allclose(fit.sigma[0, 0, rows, columns], printed, atol=5e-3)
    found = mmrm_contrasts(fit, [arm(names, visit) for visit in (1, 2, 3, 4)])
    expected = {1: (3.7745, 1.0741, 146, 5.8974), 2: (3.7322, 0.8588, 145, 5.4296), 3: (3.0806, 0.6896, 131, 4.4448)}
    expected[4] = (4.3985, 1.6805, 133, 7.7225)
    for place, (estimate, se, df, upper) in enumerate(expected.values()):
        near(found.estimate[0, place], estimate, se)
        near(found.se[0, place], se, se)
        near(found.ci_high[0, place], upper, 3 * se)
        assert round(found.df[0, place]) == df


def test_unstructured_ml_and_type_three_tests(trial):
    y, x, _, names = trial
    fit = fit_mmrm(y, x, method="ML")
    assert -2 * fit.loglik[0] == pytest.approx(3397.57220025, abs=1e-5)
    near(fit.sigma[0, 0, 0, 0], 39.7740, 5.0)
    coefficients = mmrm_contrasts(fit, np.eye(len(names)))
    for name, estimate, se, df in [
        ("(Intercept)", 30.7748, 0.8767, 222),
        ("RACEBlack or African American", 1.5361, 0.6146, 173),
        ("RACEWhite", 5.6436, 0.6548, 161),
        ("SEXFemale", 0.3275, 0.5235, 171),
        ("AVISITVIS4", 15.0480, 1.3027, 140),
        ("ARMCDTRT:AVISITVIS4", 0.6250, 1.8367, 131),
    ]:
        place = names.index(name)
        near(coefficients.estimate[0, place], estimate, se)
        near(coefficients.se[0, place], se, se)
        assert round(coefficients.df[0, place]) == df
    interaction = [row(names, **{f"ARMCDTRT_X_AVISITVIS{visit}": 1.0}) for visit in (2, 3, 4)]
    visits = [row(names, **{f"AVISITVIS{v}": 1.0, f"ARMCDTRT_X_AVISITVIS{v}": 0.5}) for v in (2, 3, 4)]
    races = [row(names, RACEBlack=1.0), row(names, RACEWhite=1.0)]
    arms = [np.mean([arm(names, visit) for visit in (1, 2, 3, 4)], axis=0)]
    for rows, statistic, df, p in [
        (races, 38.12, 170, 0.0),
        (visits, 144.50, 150, 0.0),
        (interaction, 0.26, 150, 0.8525),
        (arms, 32.49, 171, 0.0),
    ]:
        test = mmrm_f_test(fit, rows)
        assert test.statistic[0] == pytest.approx(statistic, abs=5.1e-3, rel=1e-4)
        assert round(test.df_denominator[0]) == df
        assert test.p[0] == pytest.approx(p, abs=1e-4)


def test_weighted(trial):
    """Estimates, standard errors and covariances; the degrees of freedom are others: see the next test."""
    y, x, weights, names = trial
    fit = fit_mmrm(y, x, weights=weights)
    assert -2 * fit.loglik[0] == pytest.approx(3475.77144483, abs=1e-5)
    rows, columns = np.tril_indices(4)
    printed = [22.3763, 6.6766, 13.3115, 2.6988, 1.3677, 8.3589, 6.5390, 3.7323, 0.08496, 49.7530]
    np.testing.assert_allclose(fit.sigma[0, 0, rows, columns], printed, atol=5e-3)
    found = mmrm_contrasts(fit, [arm(names, visit) for visit in (1, 2, 3, 4)] + [row(names, RACEBlack=1.0)])
    expected = [(3.3962, 1.0925), (3.4181, 0.8509), (3.3929, 0.7191), (4.2616, 1.6901), (1.2031, 0.6291)]
    for place, (estimate, se) in enumerate(expected):
        near(found.estimate[0, place], estimate, se)
        near(found.se[0, place], se, se)


def test_degrees_of_freedom_with_weights(trial):
    """SAS leaves the weights out of the derivatives of a variance by the covariance parameters, and only there."""
    y, x, weights, names = trial
    fit = fit_mmrm(y, x, weights=weights)
    contrasts = np.array([arm(names, visit) for visit in (1, 2, 3, 4)] + [row(names, RACEBlack=1.0)])
    ours = mmrm_contrasts(fit, contrasts).df[0]
    full = _Weighted(y[0], x, weights, fit.sigma[0, 0])
    np.testing.assert_allclose(full.df(contrasts, full.root), ours, rtol=1e-4)
    np.testing.assert_array_equal(np.round(full.df(contrasts, 1.0)), [345, 367, 333, 357, 519])


class _Weighted:
    """The restricted likelihood of a weighted model patient by patient, its information by differences."""

    def __init__(self, y, x, weights, sigma):
        self.seen = ~np.isnan(y) & (weights > 0)
        self.y, self.x = np.where(self.seen, y, 0.0), np.where(self.seen[..., None], x, 0.0)
        root = 1 / np.sqrt(np.where(self.seen, weights, 1.0))
        self.both = self.seen[:, :, None] & self.seen[:, None]
        self.root = root[:, :, None] * root[:, None] * self.both
        self.places = np.tril_indices(VISITS)
        self.theta = sigma[self.places]

    def inverse(self, theta):
        """Of each patient's covariance matrix, 0 where nothing was seen; and the log determinants."""
        v = self.matrix(theta) * self.root + np.eye(VISITS) * ~self.seen[:, :, None]
        return np.linalg.inv(v) * self.both, np.linalg.slogdet(v)[1].sum()

    def matrix(self, theta):
        sigma = np.zeros((VISITS, VISITS))
        sigma[self.places] = theta
        return np.tril(sigma) + np.tril(sigma, -1).T

    def loglik(self, theta):
        inverse, logdet = self.inverse(theta)
        across = np.einsum("nik,nij->nkj", self.x, inverse)
        m, b = np.einsum("nkj,njl->kl", across, self.x), np.einsum("nkj,nj->k", across, self.y)
        square = np.einsum("ni,nij,nj->", self.y, inverse, self.y) - b @ np.linalg.solve(m, b)
        return -0.5 * (logdet + np.linalg.slogdet(m)[1] + square)

    def information(self):
        steps = np.diag(1e-3 * np.maximum(np.abs(self.theta), 1))
        signs = [(1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)]
        found = [
            [
                sum(s * self.loglik(self.theta + a * i + b * j) for a, b, s in signs) / (4 * i.max() * j.max())
                for j in steps
            ]
            for i in steps
        ]
        return -np.array(found)

    def df(self, contrasts, scale):
        """2 v^2 / (g' W g), g the derivatives of the variance v, taken of matrices times `scale`."""
        inverse, _ = self.inverse(self.theta)
        across = np.einsum("nik,nij->nkj", self.x, inverse)
        covariance = np.linalg.inv(np.einsum("nkj,njl->kl", across, self.x))
        spread = np.linalg.inv(self.information())
        freedom = []
        for contrast in contrasts:
            along = np.einsum("nkj,k->nj", across, covariance @ contrast)
            each = along[:, :, None] * along[:, None] * scale  # twice off the diagonal
            g = (each.sum(axis=0) * (2 - np.eye(VISITS)))[self.places]
            freedom.append(2 * (contrast @ covariance @ contrast) ** 2 / (g @ spread @ g))
        return np.array(freedom)


def test_intercept_only(trial):
    y, _, _, _ = trial
    fit = fit_mmrm(y, np.ones((*y.shape[1:], 1)))
    assert -2 * fit.loglik[0] == pytest.approx(3700.94648570, abs=1e-5)
    found = mmrm_contrasts(fit, [[1.0]])
    near(found.estimate[0, 0], 42.8338, 0.3509)
    near(found.se[0, 0], 0.3509, 0.3509)
    assert round(found.df[0, 0]) == 171
    printed = [44.0193, 4.9722, 27.2643, -8.5335, 23.0555, 158.17, 49.8999, 2.7459, -40.4566, 113.63]
    order = np.array([1, 2, 3, 0])  # SAS read the visits as 2, 3, 4, 1
    rows, columns = np.tril_indices(4)
    np.testing.assert_allclose(fit.sigma[0, 0][order[rows], order[columns]], printed, atol=0.06)


def test_two_factors_with_limits(trial):
    y, x, _, names = trial
    columns = [names.index(name) for name in ("(Intercept)", "ARMCDTRT", "SEXFemale")]
    fit = fit_mmrm(y, x[..., columns])
    assert -2 * fit.loglik[0] == pytest.approx(3666.96698281, abs=2e-5)
    found = mmrm_contrasts(fit, np.eye(3))
    printed = [
        (41.0762, 0.5504, 156, 39.9890, 42.1634),
        (3.8265, 0.6421, 161, 2.5584, 5.0945),
        (-0.1404, 0.6434, 161, -1.4108, 1.1301),
    ]
    for place, (estimate, se, df, low, high) in enumerate(printed):
        near(found.estimate[0, place], estimate, se)
        near(found.se[0, place], se, se)
        near(found.ci_low[0, place], low, 2 * se)
        near(found.ci_high[0, place], high, 2 * se)
        assert round(found.df[0, place]) == df
