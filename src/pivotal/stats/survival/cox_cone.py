"""A direction in which a partial likelihood rises, by linear programming: for the few trials whose step shows none."""

from __future__ import annotations

import numpy as np

from pivotal.stats.estimate import Floats
from pivotal.stats.survival.ordering import Ordered
from pivotal.stats.tables import Mask

# A gain below this, in standard deviations summed over the pairs, is the solver's tolerance.
GAIN = 1e-6


def rising_directions(ordered: Ordered, x: Floats, kept: Mask, discrete: bool) -> Floats:
    """Search every replicate for a direction δ with |δ_k| <= 1, (covariate, replicate); 0 where there is none.

    Maximises the sum of δ'(x_i - x_j) over patients i with an event and j at risk with them, none of which may be
    negative. Under the conditional likelihood j has no event at the time.

    Parameters
    ----------
    ordered, x
        The patients, and their covariates, (covariate, row, position).
    kept
        Columns to move along, (covariate, replicate).
    discrete
        Whether the likelihood is the conditional one.
    """
    found = np.zeros(kept.shape)
    for replicate in range(ordered.replicates):
        rows = range(replicate * ordered.strata, (replicate + 1) * ordered.strata)
        pairs = np.concatenate([_differences(ordered, x[:, row], row, discrete) for row in rows])
        columns = np.flatnonzero(kept[:, replicate])
        found[columns, replicate] = _best(pairs[:, columns])
    return found


def _differences(ordered: Ordered, x: Floats, row: int, discrete: bool) -> Floats:
    """x_i - x_j over the pairs of a row, (pair, covariate), each once."""
    present, event = ordered.present[row], ordered.event[row]
    ends = np.flatnonzero(ordered.last[row])
    group = np.searchsorted(ends, np.arange(len(present)))
    at_risk = group[None, :] <= group[:, None]
    compared = at_risk & event[:, None] & present[None, :]
    if discrete:
        compared &= ~(event[None, :] & (group[None, :] == group[:, None]))
    i, j = np.nonzero(compared)
    differences = (x[:, i] - x[:, j]).T
    return np.unique(differences[np.abs(differences).max(axis=1, initial=0.0) > 0], axis=0)


def _best(pairs: Floats) -> Floats:
    from scipy.optimize import linprog

    if not len(pairs):
        return np.zeros(pairs.shape[1])
    size = np.abs(pairs).max()
    solved = linprog(-pairs.sum(axis=0) / size, A_ub=-pairs / size, b_ub=np.zeros(len(pairs)), bounds=(-1, 1))
    direction = np.zeros(pairs.shape[1]) if solved.x is None else np.asarray(solved.x, dtype=np.float64)
    return direction if (pairs @ direction).sum() > GAIN else np.zeros(pairs.shape[1])
