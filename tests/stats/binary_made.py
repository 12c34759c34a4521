"""Random tables, strata and cells for the tests of binary outcomes, small enough to be degenerate now and then."""

import dataclasses

import numpy as np

from pivotal import stats

REPLICATES = 40


def tables(strata=None, seed=11, most=14):
    """x1, n1, x0, n0: (replicate,) or (replicate, stratum)."""
    rng = np.random.default_rng(seed)
    shape = (REPLICATES,) if strata is None else (REPLICATES, strata)
    n1, n0 = rng.integers(0, most, shape), rng.integers(0, most - 2, shape)
    return rng.binomial(n1, 0.45), n1, rng.binomial(n0, 0.2), n0


def cells(seed=12, most=12):
    """Events, totals (replicate, cell) and design: intercept, two arms, stratum."""
    rng = np.random.default_rng(seed)
    design = np.array([[1.0, a == 1, a == 2, s] for a in range(3) for s in range(2)])
    totals = rng.integers(0, most, (REPLICATES, len(design)))
    rate = 1 / (1 + np.exp(-design @ np.array([-1.0, 0.8, 1.2, 0.4])))
    return rng.binomial(totals, rate), totals, design


def arms_of(design):
    """The design with everyone in arm 1, and in control."""
    active, control = design.copy(), design.copy()
    active[..., 1:3], control[..., 1:3] = (1, 0), (0, 0)
    return active, control


def fields(result):
    """Every array of a result, nested results included, by name."""
    found = {}
    for field in dataclasses.fields(result):
        value = getattr(result, field.name)
        if dataclasses.is_dataclass(value):
            found |= {f"{field.name}.{name}": array for name, array in fields(value).items()}
        elif value is not None:
            found[field.name] = np.asarray(value)
    return found


def estimates(result):
    """The Estimates in a result."""
    if isinstance(result, stats.Estimate):
        return [result]
    values = [getattr(result, field.name) for field in dataclasses.fields(result)]
    return [value for value in values if isinstance(value, stats.Estimate)]


def assert_same(one, other, tolerance, where=slice(None)):
    left, right = fields(one), fields(other)
    assert left.keys() == right.keys()
    for name, value in left.items():
        np.testing.assert_allclose(value[where], right[name][where], rtol=tolerance, atol=tolerance, err_msg=name)


def one_by_one(function, *arrays):
    """The fields of every replicate alone, stacked."""
    parts = [fields(function(*(array[[row]] for array in arrays))) for row in range(len(arrays[0]))]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
