"""Simple randomisation: every patient independently, by the ratio."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pivotal.randomise.ratio import Arms, checked_ratio, draw_below, one_round


def allocate_simple(shape: int | tuple[int, ...], ratio: Sequence[int], rng: np.random.Generator) -> Arms:
    """Allocate every patient independently of all others, with probabilities in the ratio.

    Each patient draws one of the ``sum(ratio)`` places of the ratio with equal probability, so the probability of
    arm a is exactly ``ratio[a] / sum(ratio)``. The arms' sizes are multinomial: nothing balances them.

    Parameters
    ----------
    shape
        Shape of the result, usually (replicate, patient).
    ratio
        Whole number of at least 1 for every arm, in the order of the arms.
    rng
        Source of randomness; one draw a patient.

    Returns
    -------
    int8 array of `shape`
        Arm of every patient, 0 to ``len(ratio) - 1``.

    Raises
    ------
    ValueError
        If the ratio has fewer than two arms or a part that is not a whole number of at least 1.

    References
    ----------
    Lachin JM (1988). Properties of simple randomization in clinical trials. Controlled Clinical Trials 9:312-326.
    doi:10.1016/0197-2456(88)90046-3

    Examples
    --------
    >>> import numpy as np
    >>> arm = allocate_simple((2, 10_000), [2, 2, 1], np.random.default_rng(1))
    >>> (arm == 2).mean(axis=1).round(1).tolist()
    [0.2, 0.2]
    """
    places = one_round(checked_ratio(ratio))
    size = shape if isinstance(shape, tuple) else (shape,)
    return places.take(draw_below(places.size, size, rng))
