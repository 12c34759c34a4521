"""A screen over all adverse-event terms that controls the false discovery rate, using the classes they belong to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pivotal.stats.estimate import Floats
from pivotal.stats.p_adjust import checked_p

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class DoubleFdr:
    """What the double false discovery rate flags.

    Attributes
    ----------
    flagged
        Terms flagged, (..., term).
    adjusted
        Adjusted p-value of each term in the second step, (..., term); NaN for a term outside the family, or in a class
        that the first step leaves.
    class_adjusted
        Adjusted p-value of each class, (..., class), classes in the order in which `classes` first names them; NaN
        for a class without a term in the family.
    """

    flagged: Mask
    adjusted: Floats
    class_adjusted: Floats


def double_fdr(
    p: ArrayLike,
    classes: ArrayLike,
    *,
    tested: ArrayLike | None = None,
    alpha_class: float = 0.05,
    alpha_term: float = 0.05,
    second: Literal["joint", "within"] = "joint",
) -> DoubleFdr:
    """Flag terms by the double false discovery rate.

    Parameters
    ----------
    p
        P-values, (..., term): leading axes are replicates. NaN (a term that nobody had) counts as 1.
    classes
        The class of each term (system organ class), (term,).
    tested
        Which terms are in the family at all, of the shape of `p`; None for all. Terms that too few patients have cannot
        be significant and only burden the others (Mehrotra and Heyse 2004).
    alpha_class, alpha_term
        Levels of the two steps.
    second
        ``joint``: one family of all terms of the classes that the first step keeps (Mehrotra and Adewale 2012);
        ``within``: each such class a family of its own (Mehrotra and Heyse 2004).

    Returns
    -------
    DoubleFdr
        Flags and adjusted p-values.

    Raises
    ------
    ValueError
        If a level is not between 0 and 1, or `classes` or `tested` do not fit the terms.

    Notes
    -----
    First step: the least Benjamini-Hochberg p-value of a class represents it, and the classes are adjusted by
    Benjamini-Hochberg. Second step: terms of the classes at or below `alpha_class` are adjusted by Benjamini-Hochberg.
    Mehrotra and Heyse (2004), doi:10.1191/0962280204sm363ra; Mehrotra and Adewale (2012), doi:10.1002/sim.5310.
    ``joint`` is R `c212::c212.DFDR`.

    Examples
    --------
    >>> found = double_fdr([0.001, 0.02, 0.6, 0.04, 0.9], ["skin", "skin", "skin", "heart", "heart"])
    >>> found.flagged.tolist()
    [True, True, False, False, False]
    """
    for name, level in (("alpha_class", alpha_class), ("alpha_term", alpha_term)):
        if not 0 < level < 1:
            raise ValueError(f"{name} is {level}; it lies between 0 and 1, without them.")
    values = checked_p(p)
    labels = np.asarray(classes)
    if labels.shape != values.shape[-1:]:
        raise ValueError(f"classes has shape {labels.shape}; p has {values.shape[-1]} terms, and each has one class.")
    family = np.broadcast_to(True if tested is None else np.asarray(tested, dtype=np.bool_), values.shape)
    names, first, codes = np.unique(labels, return_index=True, return_inverse=True)
    order = np.argsort(np.argsort(first))
    code = order[codes]
    members = [np.flatnonzero(code == c) for c in range(len(names))]
    within = np.empty_like(values)
    for terms in members:
        within[..., terms] = _adjusted(values[..., terms], family[..., terms])
    least = np.stack([within[..., terms].min(axis=-1) for terms in members], axis=-1)
    judged = np.stack([family[..., terms].any(axis=-1) for terms in members], axis=-1)
    by_class = _adjusted(least, judged)
    kept = family & (by_class <= alpha_class)[..., code]
    adjusted = np.where(kept, within if second == "within" else _adjusted(values, kept), np.nan)
    return DoubleFdr(kept & (adjusted <= alpha_term), adjusted, np.where(judged, by_class, np.nan))


def _adjusted(p: Floats, family: Mask) -> Floats:
    """Benjamini-Hochberg in a family that differs from replicate to replicate; infinite outside it."""
    ranked = np.where(family, p, np.inf)
    order = ranked.argsort(axis=-1, kind="stable")
    ascending = np.take_along_axis(ranked, order, -1)
    size = np.maximum(family.sum(axis=-1, keepdims=True), 1)
    rank = np.arange(1, p.shape[-1] + 1)
    steps = np.minimum.accumulate((ascending * size / rank)[..., ::-1], axis=-1)[..., ::-1]
    adjusted = np.empty_like(p)
    np.put_along_axis(adjusted, order, steps, -1)
    return adjusted
