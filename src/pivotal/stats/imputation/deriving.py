"""Endpoints derived from imputed scores: first imputed, then brought to the instrument's values, then derived."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pivotal.stats.estimate import Floats

Rounding = Literal["nearest", "down", "up", "none"]
# A multiple of the step that floating point misses by this share of a step is met.
STEP_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreGrid:
    """The values that an instrument can give.

    Attributes
    ----------
    lowest, highest
        The ends of its range.
    step
        Distance of neighbouring values.
    rounding
        ``nearest`` (halves go up), ``down``, ``up``, or ``none``: only cut to the range.
    """

    lowest: float
    highest: float
    step: float = 1.0
    rounding: Rounding = "nearest"


def to_grid(values: ArrayLike, grid: ScoreGrid) -> Floats:
    """Bring scores to the values that the instrument can give.

    Parameters
    ----------
    values
        Of any shape; NaN stays.
    grid
        The instrument's values.

    Returns
    -------
    Floats

    Raises
    ------
    ValueError
        If the step is not positive, the range is empty, or the rounding is unknown.

    Examples
    --------
    >>> to_grid([-0.4, 3.5, 7.49, 11.2], ScoreGrid(lowest=0, highest=10)).tolist()
    [0.0, 4.0, 7.0, 10.0]
    """
    if not grid.step > 0 or not grid.highest > grid.lowest:
        raise ValueError(f"{grid}: the step is positive and the highest value above the lowest. Change the grid.")
    steps = (np.asarray(values, dtype=np.float64) - grid.lowest) / grid.step
    if grid.rounding == "nearest":
        steps = np.floor(steps + 0.5)
    elif grid.rounding == "down":
        steps = np.floor(steps + STEP_ROUNDING)
    elif grid.rounding == "up":
        steps = np.ceil(steps - STEP_ROUNDING)
    elif grid.rounding != "none":
        raise ValueError(f"rounding is {grid.rounding!r}; it is 'nearest', 'down', 'up' or 'none'. Change rounding.")
    return np.asarray(np.clip(grid.lowest + steps * grid.step, grid.lowest, grid.highest), dtype=np.float64)


def derive_completed(
    y: ArrayLike, missing: ArrayLike, grid: ScoreGrid | None, rule: Callable[[Floats], NDArray[Any]]
) -> NDArray[Any]:
    """Derive an endpoint from completed scores.

    The order is: impute the scores (as continuous, on the days on which they were recorded), bring what was imputed,
    and only that, to the instrument's values, derive the endpoint of every completed data set by the rule that serves
    complete patients. Deriving first and imputing the endpoint would throw away the scores of other days; rounding what
    was observed would change data.

    Parameters
    ----------
    y
        Completed scores, (replicate, imputation, patient, day).
    missing
        What was imputed, (replicate, patient, day).
    grid
        The instrument's values; None to leave imputed values as they are.
    rule
        From scores (replicate, imputation, patient, day) to the endpoint, without regard to what was missing.

    Returns
    -------
    NDArray
        What `rule` gives. Fold it by `fold_imputations` for a method's analysis and pool that.

    Notes
    -----
    Rounding biases the rate of a threshold's response when imputed values lie close to it: White, Royston and Wood
    (2011), section 4.3. `rounding="none"` compares the unrounded values with the threshold. The choice belongs in the
    analysis plan.

    Examples
    --------
    An improvement of 4 points or more from day 0 to the last day:

    >>> y = np.array([[[[8.0, 3.6], [9.0, 6.0]]]])
    >>> missing = [[[False, True], [False, False]]]
    >>> derive_completed(y, missing, ScoreGrid(lowest=0, highest=10), lambda s: s[..., 0] - s[..., -1] >= 4).tolist()
    [[[True, False]]]
    """
    scores = np.asarray(y, dtype=np.float64)
    if grid is not None:
        scores = np.where(np.asarray(missing, dtype=np.bool_)[:, None], to_grid(scores, grid), scores)
    return rule(scores)
