"""Arrays of other libraries: the strictest implementation of the array API and PyTorch give NumPy's numbers."""

import dataclasses

import numpy as np
import pytest

from pivotal import stats
from pivotal.stats.arrays import namespace, on_host

from .binary_made import cells, fields, tables
from .tolerances import SAME_ROOT

LIBRARIES = ("array_api_strict", "torch")


def made(library):
    """What makes an array of a library, double precision kept; the test is skipped where the library is not there."""
    there = pytest.importorskip(library, reason=f"{library} is not installed")
    if library == "torch":
        pytest.importorskip("array_api_compat", reason="array_api_compat is not installed")
    return there.asarray


def test_lists_and_numpy_are_numpys():
    assert namespace([1, 2]) is np
    assert namespace(np.zeros(2)) is np
    values = np.arange(3.0)
    assert on_host(values) is values


def test_a_library_without_the_standard_is_named():
    class Odd:
        device = "cpu"

    try:
        import array_api_compat  # noqa: F401
    except ImportError:
        with pytest.raises(TypeError, match="array_api_compat"):
            namespace(Odd())


@pytest.mark.parametrize("library", LIBRARIES)
def test_logistic_fit_of_another_librarys_arrays(library):
    asarray = made(library)
    events, totals, design = cells(most=9)
    there = [asarray(each.astype(np.float64)) for each in (events, totals)]
    found, want = stats.fit_logistic(*there, design), stats.fit_logistic(events, totals, design)
    assert (want.reason > 0).any()  # separated ones among them
    for field in dataclasses.fields(want):
        value = getattr(found, field.name)
        assert isinstance(value, np.ndarray)
        np.testing.assert_allclose(value, getattr(want, field.name), rtol=SAME_ROOT, atol=SAME_ROOT)
    effect = stats.logistic_wald(*there, design, 1)
    np.testing.assert_allclose(effect.p, stats.wald(want, 1).p, rtol=SAME_ROOT)
    with pytest.raises(ValueError, match="design differs between the replicates"):
        stats.fit_logistic(*there, np.tile(design, (len(events), 1, 1)))


CELLS = {
    "wilson": lambda x1, n1, x0, n0: stats.wilson(x1, n1),
    "newcombe": stats.newcombe,
    "mantel_haenszel": stats.mantel_haenszel,
    "mantel_haenszel_risk_ratio": stats.mantel_haenszel_risk_ratio,
    "stratified_newcombe": stats.stratified_newcombe,
    "stratified_score_interval": lambda *counts: stats.stratified_score_interval(*counts, contrast="difference"),
    "cochran_mantel_haenszel": stats.cochran_mantel_haenszel,
}


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("name", CELLS)
def test_counts_of_another_library_are_copied(library, name):
    asarray = made(library)
    counts = tables(3)
    want = fields(CELLS[name](*counts))
    for field, value in fields(CELLS[name](*(asarray(count) for count in counts))).items():
        np.testing.assert_array_equal(value, want[field], err_msg=field)


def outcomes(monotone, seed=1, replicates=9, patients=60, visits=4):
    """Outcomes of two arms with a baseline, some missing, and covariates."""
    draw = np.random.default_rng(seed)
    x = np.column_stack([np.ones(patients), np.arange(patients) % 2, draw.normal(10, 2, patients)])
    y = draw.normal(size=(replicates, patients, 1)) + draw.normal(size=(replicates, patients, visits)) + x[:, 1:2]
    last = np.where(draw.random(y.shape[:2]) < 0.3, draw.integers(1, visits, y.shape[:2]), visits)
    gone = np.arange(visits) >= last[..., None] if monotone else draw.random(y.shape) < 0.15
    return np.where(gone, np.nan, y), x


def assert_same_fit(found, want):
    for field in ("coefficients", "covariance", "sigma", "loglik", "n_obs", "n_patients", "n_parameters", "theta"):
        value, expected = getattr(found, field), getattr(want, field)
        assert isinstance(value, np.ndarray), field
        if field == "loglik":  # of an exact fit it is the logarithm of rounding
            value, expected = (np.where(want.reason == stats.Reason.CONSTANT, 0.0, each) for each in (value, expected))
        np.testing.assert_allclose(value, expected, rtol=SAME_ROOT, atol=SAME_ROOT, err_msg=field)
    np.testing.assert_array_equal(found.reason, want.reason)
    np.testing.assert_array_equal(found.converged, want.converged)
    for how in ({"df": "satterthwaite"}, {"df": "kenward-roger"}, {"covariance": "CR2"}, {"df": "between-within"}):
        one, other = (stats.mmrm_contrasts(fit, np.eye(12)[4:8], **how) for fit in (found, want))
        for field in dataclasses.fields(other):
            given = getattr(other, field.name)
            np.testing.assert_allclose(
                getattr(one, field.name), given, rtol=SAME_ROOT, atol=SAME_ROOT, err_msg=f"{how} {field.name}"
            )


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("monotone", [True, False])
@pytest.mark.parametrize("structure", ["us", "ar1h", "toep", "adh"])
def test_mixed_model_of_another_librarys_arrays(library, monotone, structure):
    asarray = made(library)
    y, x = outcomes(monotone)
    want = stats.fit_mmrm(y, stats.visit_design(x, 4), structure=structure)
    found = stats.fit_mmrm(asarray(y), stats.visit_design(asarray(x), 4), structure=structure)
    assert found.parts[0].data.elsewhere is not None
    assert_same_fit(found, want)


@pytest.mark.parametrize("library", LIBRARIES)
def test_mixed_model_elsewhere_with_groups_frequencies_and_large_means(library):
    asarray = made(library)
    y, x = outcomes(False)
    group, frequency = np.arange(60) % 2, np.tile(np.arange(60) % 3 + 1.0, (9, 1))
    for more, outcome in (
        ({"group": group}, y),
        ({"frequency": frequency}, y),
        ({"method": "ML"}, y + 1e4),
        ({"group": group, "structure": "csh"}, y),
    ):
        there = {name: asarray(value) if isinstance(value, np.ndarray) else value for name, value in more.items()}
        want = stats.fit_mmrm(outcome, stats.visit_design(x, 4), **more)
        found = stats.fit_mmrm(asarray(outcome), stats.visit_design(x, 4), **there)
        np.testing.assert_allclose(found.coefficients, want.coefficients, rtol=SAME_ROOT, atol=SAME_ROOT)
        np.testing.assert_allclose(found.covariance, want.covariance, rtol=SAME_ROOT, atol=SAME_ROOT)
        np.testing.assert_allclose(found.loglik, want.loglik, rtol=SAME_ROOT)


@pytest.mark.parametrize("library", LIBRARIES)
def test_degenerate_trials_elsewhere(library):
    """An empty visit, a constant outcome, two patients, visits that are one, an aliased column."""
    asarray = made(library)
    y, x = outcomes(True)
    y[0, :, 3], y[1], y[2, 2:], y[3, :, 1], y[4, :30:2, 2:] = np.nan, 1.0, np.nan, y[3, :, 0], np.nan
    want = stats.fit_mmrm(y, stats.visit_design(x, 4))
    assert len(set(want.reason.tolist())) >= 4
    assert_same_fit(stats.fit_mmrm(asarray(y), stats.visit_design(x, 4)), want)


@pytest.mark.parametrize("library", LIBRARIES)
def test_patient_by_patient_comes_to_numpy(library):
    asarray = made(library)
    y, x = outcomes(False, replicates=2)
    times = np.cumsum(np.random.default_rng(2).uniform(0.5, 2, y.shape[1:]), axis=1)
    want = stats.fit_mmrm(y, stats.visit_design(x, 4), structure="sp_exp", times=times)
    found = stats.fit_mmrm(asarray(y), stats.visit_design(x, 4), structure="sp_exp", times=asarray(times))
    assert found.parts[0].data.elsewhere is None
    np.testing.assert_array_equal(found.coefficients, want.coefficients)
