"""Arrays of another library: the strictest implementation of the array API standard gives NumPy's numbers."""

import dataclasses

import numpy as np
import pytest

from pivotal import stats
from pivotal.stats.arrays import namespace, on_host

from .binary_made import cells
from .tolerances import SAME_ROOT


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


def test_fit_of_another_librarys_arrays():
    strict = pytest.importorskip("array_api_strict", reason="array_api_strict is not installed")
    events, totals, design = cells(most=9)
    there = [strict.asarray(each, dtype=strict.float64) for each in (events, totals)]
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
