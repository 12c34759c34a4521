"""Descriptive statistics against NumPy and SciPy on one replicate at a time."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as scipy_stats

from pivotal.stats import summarise


def test_each_replicate_is_described_as_if_alone():
    rng = np.random.default_rng(7)
    values = rng.normal(5, 2, (20, 31))
    values[rng.random(values.shape) < 0.2] = np.nan
    included = rng.random(values.shape) < 0.8
    found = summarise(values, included, level=0.9)
    for r in range(20):
        seen = values[r][included[r] & ~np.isnan(values[r])]
        low, high = scipy_stats.t.interval(0.9, len(seen) - 1, seen.mean(), scipy_stats.sem(seen))
        expected = [len(seen), seen.mean(), low, high, seen.std(ddof=1), np.median(seen), seen.min(), seen.max()]
        got = [getattr(found, name)[r] for name in ("n", "mean", "ci_low", "ci_high", "sd", "median", "min", "max")]
        np.testing.assert_allclose(got, expected, rtol=1e-12)


@pytest.mark.parametrize("patients", [0, 1])
def test_too_few_patients_have_no_spread_and_no_warning(patients):
    values = np.full((1, 3), np.nan)
    values[0, :patients] = 4.0
    found = summarise(values)
    assert found.n[0] == patients
    assert np.isnan([found.sd[0], found.ci_low[0], found.ci_high[0]]).all()
    assert np.isnan(found.mean[0]) == (patients == 0)
