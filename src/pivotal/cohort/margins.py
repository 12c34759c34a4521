r"""Baseline distributions of the enrolled: one variable at a time, met exactly.

A variable with `shares` is categorical. A variable with a mean :math:`m` and a standard deviation :math:`s` on a
range has the discrete distribution of greatest entropy with these two moments,

.. math:: p(x) \propto \exp(a x + b x^2), \qquad \sum x\,p(x) = m, \quad \sum (x - m)^2 p(x) = s^2 ,

on whole numbers, or tenths where the variable is not an integer. With :math:`b > 0` it is U-shaped, which a spread
wider than that of the uniform distribution needs. :math:`a` and :math:`b` minimise the convex :math:`\log \sum e^{a x
+ b x^2} - a\,E x - b\,E x^2` (Newton). The support is cut to values that the study's criteria let in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pivotal.cohort.words import value_table
from pivotal.errors import UsageError
from pivotal.study.criteria import Criterion, passes
from pivotal.study.model import Baseline, Study

Floats = NDArray[np.float64]
MAX_SUPPORT = 5000
STEP = 0.1


@dataclass(frozen=True, slots=True)
class Margin:
    """A discrete distribution of one baseline variable.

    Attributes
    ----------
    variable
        Name.
    values
        Support in ascending order; the codes 0, 1, ... of a category.
    probabilities
        Same length.
    dtype
        How it is stored: int8 codes and grades, int16 whole numbers, float64.
    categories
        Labels of the codes; empty for numbers.
    """

    variable: str
    values: tuple[float, ...]
    probabilities: tuple[float, ...]
    dtype: str
    categories: tuple[str, ...] = ()

    @property
    def mean(self) -> float:
        """Its mean."""
        return float(np.dot(self.values, self.probabilities))

    @property
    def sd(self) -> float:
        """Its standard deviation."""
        return float(np.sqrt(np.dot((np.array(self.values) - self.mean) ** 2, self.probabilities)))

    def table(self, dtype: str | None = None) -> NDArray[np.generic]:
        """Value of each 16-bit word."""
        return value_table(self.values, self.probabilities, dtype or self.dtype)


def margins(study: Study) -> dict[str, Margin]:
    """The distribution of each variable in the study's `cohort.baseline`, by name.

    Raises
    ------
    UsageError
        If a mean and standard deviation cannot occur on their range, or a share's label is unknown.
    """
    assert study.cohort is not None
    return {b.variable: margin(study, b) for b in study.cohort.baseline}


def margin(study: Study, baseline: Baseline) -> Margin:
    """The distribution of one variable."""
    variable = study.variables.get(baseline.variable)
    kind = variable.type if variable is not None else "number"
    if baseline.shares is not None:
        return _from_shares(baseline, variable.categories or () if variable is not None else (), kind)
    limits = baseline.range or (variable.range if variable is not None else None)
    if baseline.mean is None or baseline.sd is None or limits is None:
        raise UsageError(
            f"cohort.baseline of {baseline.variable} gives no distribution; it takes shares, or mean, sd and range."
        )
    support = _allowed(study, baseline.variable, _grid(limits, kind == "integer"))
    probabilities = maximum_entropy(support, baseline.mean, baseline.sd, baseline.variable)
    dtype = "float64" if kind != "integer" else ("int16" if limits[1] > 100 or limits[1] - limits[0] > 20 else "int8")
    if baseline.variable == "AGE":
        dtype = "int16"
    return Margin(baseline.variable, tuple(support.tolist()), tuple(probabilities.tolist()), dtype)


def maximum_entropy(support: Floats, mean: float, sd: float, name: str = "the variable") -> Floats:
    """Probabilities on a support with a given mean and standard deviation, and otherwise of greatest entropy.

    Raises
    ------
    UsageError
        If no distribution on the support has these moments.

    Examples
    --------
    >>> p = maximum_entropy(np.arange(2.0, 12.0), 6.5, 2.93)
    >>> round(float(p @ np.arange(2.0, 12.0)), 6), bool(p[0] > p[4])
    (6.5, True)
    """
    centre, half = (support[0] + support[-1]) / 2, max((support[-1] - support[0]) / 2, 1e-9)
    z = (support - centre) / half
    x = np.stack([z, z * z])
    m = (mean - centre) / half
    target = np.array([m, (sd / half) ** 2 + m * m])
    theta = np.zeros(2)
    p = np.full(len(z), 1 / len(z))
    for _ in range(200):
        gap = x @ p - target
        if np.abs(gap).max() < 1e-10:
            return p
        hessian = (x * p) @ x.T - np.outer(x @ p, x @ p) + 1e-13 * np.eye(2)
        step = np.linalg.solve(hessian, gap)
        theta = theta - step * min(1.0, 2.0 / float(np.abs(step).max()))
        logit = theta @ x
        p = np.exp(logit - logit.max())
        p /= p.sum()
    raise UsageError(
        f"cohort.baseline of {name}: no distribution on {support[0]:g} to {support[-1]:g} has mean {mean:g} and SD "
        f"{sd:g}; bring the mean nearer the middle, or lower the SD."
    )


def _from_shares(baseline: Baseline, categories: tuple[str, ...], kind: str) -> Margin:
    assert baseline.shares is not None
    total = sum(baseline.shares.values())
    if kind == "category":
        unknown = set(baseline.shares) - set(categories)
        if unknown:
            raise UsageError(
                f"cohort.baseline of {baseline.variable} names {sorted(unknown)}; its categories are "
                f"{list(categories)}."
            )
        shares = [baseline.shares.get(label, 0.0) / total for label in categories]
        codes = tuple(float(code) for code in range(len(categories)))
        return Margin(baseline.variable, codes, tuple(shares), "int8", categories)
    ordered = sorted((float(value), share / total) for value, share in baseline.shares.items())
    dtype = "int8" if kind in {"integer", "boolean"} and ordered[-1][0] <= 100 else "float64"
    return Margin(baseline.variable, tuple(v for v, _ in ordered), tuple(s for _, s in ordered), dtype)


def _grid(limits: tuple[float, float], whole: bool) -> Floats:
    low, high = limits
    if whole:
        return np.arange(np.ceil(low), np.floor(high) + 1)
    count = round((high - low) / STEP) + 1
    if count > MAX_SUPPORT:
        return np.linspace(low, high, MAX_SUPPORT)
    return np.rint(np.linspace(low, high, count) / STEP) / round(1 / STEP)


def _allowed(study: Study, name: str, support: Floats) -> Floats:
    """The part of a support that the criteria on this variable alone let in (their `when` taken to hold)."""
    keep = np.ones(len(support), dtype=np.bool_)
    for criterion in study.population.criteria:
        bare: Criterion = criterion.model_copy(update={"when": None})
        if bare.variables() == {name}:
            keep &= passes(bare, {name: support}) == 1
    if not keep.any():
        raise UsageError(
            f"cohort.baseline of {name}: the criteria let in no value from {support[0]:g} to {support[-1]:g}."
        )
    return support[keep]
