"""Adjusted p-values of hypotheses and families tested in an order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from pivotal.stats.estimate import Floats
from pivotal.stats.graph import bonferroni_graph
from pivotal.stats.graphs import each_once, fallback_graph
from pivotal.stats.p_adjust import adjust_p, checked_p


def fixed_sequence(p: ArrayLike) -> Floats:
    """Adjust p-values of hypotheses tested in the order given, each at the full level, until one is not rejected.

    Parameters
    ----------
    p
        (..., hypothesis); NaN counts as 1.

    Returns
    -------
    Floats
        The greatest p-value so far.

    Notes
    -----
    Maurer, Hothorn and Lehmacher (1995); Westfall and Krishen (2001), doi:10.1016/S0378-3758(01)00077-5.

    Examples
    --------
    >>> fixed_sequence([0.01, 0.2, 0.001]).tolist()
    [0.01, 0.2, 0.2]
    """
    return np.asarray(np.maximum.accumulate(checked_p(p), axis=-1), dtype=np.float64)


def fallback(p: ArrayLike, weights: ArrayLike) -> Floats:
    """Adjust p-values of hypotheses in the order given, each with a share of alpha, passed on when it is rejected.

    Parameters
    ----------
    p
        (..., hypothesis); NaN counts as 1.
    weights
        Shares of alpha, (hypothesis,), at most 1 in all.

    Returns
    -------
    Floats
        Adjusted p-values.

    Notes
    -----
    Wiens (2003), doi:10.1002/pst.64; as a closed test Wiens and Dmitrienko (2005), doi:10.1080/10543400500265660: in an
    intersection, each hypothesis has its own share and those of the hypotheses just before it that are not in it.
    The last one's share is not passed back (`fallback_graph` can do that).

    Examples
    --------
    >>> fallback([0.04, 0.012, 0.028], [0.5, 0.3, 0.2]).round(6).tolist()
    [0.08, 0.04, 0.056]
    """
    values = checked_p(p)
    flat = values.reshape(-1, values.shape[-1])
    return bonferroni_graph(flat, *fallback_graph(weights), alpha=0.5).adjusted.reshape(values.shape)


def serial_gatekeeper(p: ArrayLike, families: Sequence[Sequence[int]]) -> Floats:
    """Adjust p-values of families tested one after the other: the next only when all of a family are rejected.

    Parameters
    ----------
    p
        (..., hypothesis); NaN counts as 1.
    families
        Positions of the hypotheses of each family, in the order of testing; every hypothesis once.

    Returns
    -------
    Floats
        Holm's adjusted p-values within a family, no less than any of the families before.

    Raises
    ------
    ValueError
        If the families do not hold every hypothesis once.

    Notes
    -----
    Westfall and Krishen (2001), doi:10.1016/S0378-3758(01)00077-5; Dmitrienko, Offen and Westfall (2003),
    doi:10.1002/sim.1526.

    Examples
    --------
    >>> serial_gatekeeper([0.01, 0.02, 0.001], [[0, 1], [2]]).tolist()
    [0.02, 0.02, 0.02]
    """
    values = checked_p(p)
    each_once(families, values.shape[-1])
    adjusted = np.empty_like(values)
    before = np.zeros(values.shape[:-1])
    for family in families:
        within = np.maximum(adjust_p(values[..., list(family)], "holm"), before[..., None])
        adjusted[..., list(family)] = within
        before = within.max(axis=-1)
    return adjusted
