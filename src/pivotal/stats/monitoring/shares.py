"""What a limit on an arm means for what is seen: of all patients while blinded, of the arms' events when unblinded."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from pivotal.stats.estimate import Floats


def blinded_rate(background: ArrayLike, ratio: ArrayLike, treated: ArrayLike) -> Floats:
    """Give the rate among all patients together, treatment unknown, that a ratio between the arms makes.

    Parameters
    ----------
    background
        Probability or rate of the event on control.
    ratio
        Risk or rate on treatment as a multiple of it.
    treated
        Share of the patients (or of their time at risk) on treatment.

    Returns
    -------
    Floats
        background × (1 + treated × (ratio - 1)), broadcast.

    Examples
    --------
    >>> blinded_rate(0.01, 2, 0.8).round(4).tolist()
    0.018
    """
    share = np.asarray(treated, dtype=np.float64)
    return np.asarray(np.asarray(background, dtype=np.float64) * (1 + share * (np.asarray(ratio) - 1)))


def treated_share(ratio: ArrayLike, treated: ArrayLike) -> Floats:
    """Give the share of all events that falls on the treated, given a ratio between the arms.

    Parameters
    ----------
    ratio
        Rate on treatment as a multiple of that on control; 1 under the null hypothesis.
    treated
        Share of the time at risk on treatment.

    Returns
    -------
    Floats
        treated × ratio / (treated × ratio + 1 - treated), broadcast.

    Notes
    -----
    Given the total of two Poisson counts, one of them is binomial with this probability (Przyborowski and Wilenski
    1940, doi:10.1093/biomet/31.3-4.313): a boundary for two arms is a binomial one whose looks are numbers of events.

    Examples
    --------
    >>> treated_share([1, 2], 0.8).round(4).tolist()
    [0.8, 0.8889]
    """
    part = np.asarray(treated, dtype=np.float64) * np.asarray(ratio, dtype=np.float64)
    return np.asarray(part / (part + 1 - np.asarray(treated, dtype=np.float64)))
