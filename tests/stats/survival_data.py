"""Made trials with times to event."""

import dataclasses

import numpy as np

from pivotal.stats import Estimate


def trials(replicates=12, patients=40, seed=1, tied=True, absent=True):
    """Times, events, arms, one covariate and strata, (replicate, patient); some patients absent, some times tied."""
    rng = np.random.default_rng(seed)
    shape = (replicates, patients)
    arm, x = rng.integers(0, 2, shape), rng.standard_normal(shape)
    survival = rng.exponential(10 * np.exp(-0.3 * arm - 0.4 * x))
    censoring = rng.uniform(2, 25, shape)
    time = np.minimum(survival, censoring)
    time = np.ceil(time) if tied else time
    event = survival <= censoring
    if absent:
        time = np.where(rng.random(shape) < 0.1, np.nan, time)
    return time, event, arm, x, rng.integers(0, 3, shape)


def one_by_one(function, *arrays):
    """The results of a function for every replicate by itself."""
    return [function(*(array[[row]] for array in arrays)) for row in range(len(arrays[0]))]


def fields_of(result):
    """Names and arrays of a result, those of results inside it too."""
    for field in dataclasses.fields(result):
        value = getattr(result, field.name)
        if isinstance(value, Estimate):
            yield from ((f"{field.name}.{name}", part) for name, part in fields_of(value))
        elif value is not None:
            yield field.name, np.asarray(value)


def assert_same(one, other, tolerance, leave_out=()):
    """Two results agree in every array."""
    for (name, left), (_, right) in zip(fields_of(one), fields_of(other), strict=True):
        if name not in leave_out:
            width = min(left.shape[1], right.shape[1]) if left.ndim > 1 else None
            left, right = (part if width is None else part[:, :width] for part in (left, right))
            np.testing.assert_allclose(left, right, rtol=tolerance, atol=tolerance, err_msg=name)
