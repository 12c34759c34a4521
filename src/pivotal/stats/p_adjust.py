"""P-values adjusted for several hypotheses, without the data: from the p-values alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from pivotal.stats.estimate import Floats

Method = Literal[
    "bonferroni", "holm", "hochberg", "hommel", "sidak", "holm-sidak", "benjamini-hochberg", "benjamini-yekutieli"
]
POSITIVE = ("hochberg", "hommel")


def adjust_p(p: ArrayLike, method: Method, *, positive_dependence: bool = False) -> Floats:
    """Adjust p-values for all hypotheses of a family.

    Parameters
    ----------
    p
        P-values, (..., hypothesis); NaN counts as 1.
    method
        ``bonferroni``, ``holm``, ``sidak``, ``holm-sidak``, ``hochberg``, ``hommel`` control the familywise error,
        ``benjamini-hochberg`` and ``benjamini-yekutieli`` the false discovery rate.
    positive_dependence
        Must be True for ``hochberg`` and ``hommel``: they rest on Simes' inequality, which holds for independent and
        for positively dependent p-values (Sarkar 1998, doi:10.1214/aos/1024691360), and not for all others.

    Returns
    -------
    Floats
        Adjusted p-values of the same shape, at most 1: a hypothesis is rejected at `alpha` where its own is at most
        `alpha`.

    Raises
    ------
    ValueError
        For an unknown method, p-values outside 0 to 1, or a method that needs a positive dependence not declared.

    Notes
    -----
    Holm (1979, www.jstor.org/stable/4615733), Hochberg (1988, doi:10.1093/biomet/75.4.800), Hommel (1988,
    doi:10.1093/biomet/75.2.383), Šidák (1967, doi:10.1080/01621459.1967.10482935), Benjamini and Hochberg (1995,
    doi:10.1111/j.2517-6161.1995.tb02031.x), Benjamini and Yekutieli (2001, doi:10.1214/aos/1013699998).
    Šidák's methods hold for independent p-values and for two-sided ones of normal statistics however correlated.
    Benjamini-Hochberg holds for positive regression dependence, Benjamini-Yekutieli for any. R `p.adjust` leaves a
    missing p-value out of the family; here the family is the one planned, and the missing one can't be rejected. SAS
    `PROC MULTTEST` leaves it out too.

    Examples
    --------
    >>> adjust_p([0.01, 0.02, 0.03], "holm").round(4).tolist()
    [0.03, 0.04, 0.04]
    """
    if method not in get_args(Method):
        raise ValueError(f"method is {method!r}; it is one of {', '.join(get_args(Method))}. Choose one.")
    if method in POSITIVE:
        require_positive_dependence(method, positive_dependence)
    values = checked_p(p)
    order = values.argsort(axis=-1, kind="stable")
    ascending = np.take_along_axis(values, order, -1)
    adjusted = np.empty_like(values)
    np.put_along_axis(adjusted, order, np.minimum(_METHODS[method](ascending), 1.0), -1)
    return adjusted


def checked_p(p: ArrayLike) -> Floats:
    """P-values as floats, NaN as 1; ValueError outside 0 to 1."""
    raw = np.asarray(p, dtype=np.float64)
    if raw.ndim == 0 or raw.shape[-1] == 0:
        raise ValueError(f"p has shape {raw.shape}; at least one hypothesis is wanted on the last axis.")
    values = np.where(np.isnan(raw), 1.0, raw)
    if (values < 0).any() or (values > 1).any():
        raise ValueError(f"a p-value is {float(values[(values < 0) | (values > 1)][0])}; it lies between 0 and 1.")
    return values


def require_positive_dependence(what: str, declared: bool) -> None:
    """ValueError unless the plan declares the positive dependence that Simes' inequality rests on."""
    if declared is not True:
        raise ValueError(
            f"{what} rests on Simes' inequality, which holds for independent or positively dependent p-values only (as "
            "one-sided ones of positively correlated normal statistics). Where the plan declares that, pass "
            "positive_dependence=True; else use 'holm' or 'bonferroni'."
        )


def _rank(p: Floats) -> Floats:
    return np.arange(1, p.shape[-1] + 1, dtype=np.float64)


def _up(values: Floats) -> Floats:
    """The least of this and all later ones."""
    return np.asarray(np.minimum.accumulate(values[..., ::-1], axis=-1)[..., ::-1], dtype=np.float64)


def _down(values: Floats) -> Floats:
    """The greatest of this and all earlier ones."""
    return np.asarray(np.maximum.accumulate(values, axis=-1), dtype=np.float64)


def _bonferroni(p: Floats) -> Floats:
    return np.asarray(p * p.shape[-1], dtype=np.float64)


def _holm(p: Floats) -> Floats:
    return _down(p * _rank(p)[::-1])


def _hochberg(p: Floats) -> Floats:
    return _up(p * _rank(p)[::-1])


def _at_least_one(p: Floats, tests: Floats) -> Floats:
    """Šidák's 1 - (1-p)^tests, which keeps the digits of a small p."""
    with np.errstate(divide="ignore"):
        return np.asarray(-np.expm1(tests * np.log1p(-p)), dtype=np.float64)


def _sidak(p: Floats) -> Floats:
    return _at_least_one(p, np.full(p.shape[-1], float(p.shape[-1])))


def _holm_sidak(p: Floats) -> Floats:
    return _down(_at_least_one(p, _rank(p)[::-1]))


def _benjamini_hochberg(p: Floats) -> Floats:
    return _up(p * p.shape[-1] / _rank(p))


def _benjamini_yekutieli(p: Floats) -> Floats:
    return _up(p * (p.shape[-1] * (1 / _rank(p)).sum()) / _rank(p))


def _hommel(p: Floats) -> Floats:
    """The closed test with Simes tests.

    The worst intersection of `size` hypotheses that holds hypothesis i has i and the greatest of the others: its Simes
    p-value is least(size p_(j) / j) over its ordered members.
    """
    hypotheses = p.shape[-1]
    adjusted = p.copy()
    for size in range(2, hypotheses + 1):
        top = p[..., hypotheses - size :] * size / np.arange(1, size + 1)  # the greatest `size`, as an intersection
        others = top[..., 1:].min(axis=-1, keepdims=True)
        worst = np.minimum(p * size, others)
        worst[..., hypotheses - size :] = np.minimum(top[..., :1], others)
        adjusted = np.maximum(adjusted, worst)
    return adjusted


_METHODS: dict[str, Callable[[Floats], Floats]] = {
    "bonferroni": _bonferroni,
    "holm": _holm,
    "hochberg": _hochberg,
    "hommel": _hommel,
    "sidak": _sidak,
    "holm-sidak": _holm_sidak,
    "benjamini-hochberg": _benjamini_hochberg,
    "benjamini-yekutieli": _benjamini_yekutieli,
}
