"""The patients of two arms, as methods without a model see them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pivotal.plan.batch import Batch
from pivotal.plan.methods.outcome import Floats, Pair
from pivotal.study.model import Endpoint

Mask = NDArray[np.bool_]


def two_arms(batch: Batch, endpoint: Endpoint, visit: str, pair: Pair) -> tuple[Floats, Mask, Mask]:
    """Values, who of the two arms has one, and who is of the first."""
    derived = batch.derived(endpoint, visit)
    value = derived.value.astype(np.float64)
    compared = np.isin(batch.trials.arm, pair) & ~np.isnan(value)
    if derived.included is not None:
        compared &= derived.included
    return value, compared, np.asarray(batch.trials.arm == pair[0])


def numbers(compared: Mask) -> dict[str, Floats]:
    """The statistic N: how many are compared."""
    return {"N": compared.sum(axis=1).astype(np.float64)}
