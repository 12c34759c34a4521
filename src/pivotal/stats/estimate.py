"""What an estimator gives back: numbers over replicates, and the reason where there is no number."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Reasons = NDArray[np.uint8]


class Reason(IntEnum):
    """Why a result is not an ordinary number; `text` is what a reader is told."""

    NONE = 0
    ARM_EMPTY = 1
    NO_EVENTS = 2
    ALL_EVENTS = 3
    SEPARATION = 4
    NOT_CONVERGED = 5
    NO_INFORMATION = 6
    MEDIAN_UNBIASED = 7
    TOO_FEW = 8
    CONSTANT = 9
    ALIASED = 10
    ZERO_VARIANCE = 11
    TABLE_TOO_LARGE = 20
    SINGULAR_COVARIANCE = 30
    VISIT_EMPTY = 31
    PAIR_EMPTY = 32
    DF_UNDEFINED = 33
    NOT_REACHED = 40
    BEYOND_FOLLOW_UP = 41
    NO_EVENT = 42
    MONOTONE = 43
    EMPTY_CATEGORY = 50
    NO_OVERDISPERSION = 51
    LEVERAGE = 52
    LEVEL_OUT_OF_REACH = 53
    NO_EXPOSURE = 54
    IMPUTATIONS_TOO_FEW = 60
    IMPUTATION_FAILED = 61
    NO_MEAN_TO_CARRY = 62
    NOT_MONOTONE = 63
    NOT_TIPPED = 64
    NO_STATISTIC = 70

    @property
    def text(self) -> str:
        """The reason in words."""
        return _TEXT[self]


_TEXT = {
    Reason.NONE: "",
    Reason.ARM_EMPTY: "an arm has no patients",
    Reason.NO_EVENTS: "no events in either arm",
    Reason.ALL_EVENTS: "every patient has the event",
    Reason.SEPARATION: "complete or quasi-complete separation: the estimate is infinite",
    Reason.NOT_CONVERGED: "the iteration did not converge",
    Reason.NO_INFORMATION: "no stratum compares the two arms",
    Reason.MEDIAN_UNBIASED: "the conditional estimate is infinite: the median-unbiased one is given",
    Reason.TOO_FEW: "too few patients for the model",
    Reason.CONSTANT: "the outcome does not vary",
    Reason.ALIASED: "the patients observed cannot tell this effect from the other terms of the model",
    Reason.ZERO_VARIANCE: "the estimated variance is zero",
    Reason.TABLE_TOO_LARGE: "too many tables have these margins to go through them all",
    Reason.SINGULAR_COVARIANCE: "the likelihood rises without end as the visits' covariance matrix becomes singular",
    Reason.VISIT_EMPTY: "a visit has no outcome",
    Reason.PAIR_EMPTY: "two visits are never observed in the same patient: their covariance is not determined",
    Reason.DF_UNDEFINED: "too few patients for the degrees of freedom to exist",
    Reason.NOT_REACHED: "the survival curve does not fall this far within the follow-up",
    Reason.BEYOND_FOLLOW_UP: "the time lies beyond the longest follow-up",
    Reason.NO_EVENT: "no event was observed",
    Reason.MONOTONE: "the likelihood rises without end in this effect: the estimate is infinite",
    Reason.EMPTY_CATEGORY: "a category without patients",
    Reason.NO_OVERDISPERSION: "the counts do not vary more than a Poisson model expects: the dispersion is zero",
    Reason.LEVERAGE: "a patient alone determines a coefficient: this variance does not exist",
    Reason.LEVEL_OUT_OF_REACH: "too few patients for an interval of this level",
    Reason.NO_EXPOSURE: "an arm has no exposure",
    Reason.IMPUTATIONS_TOO_FEW: "too few imputations to tell how they vary",
    Reason.IMPUTATION_FAILED: "an imputed data set has no result",
    Reason.NO_MEAN_TO_CARRY: "a patient leaves before the first visit: there is no mean to carry forward",
    Reason.NOT_MONOTONE: "the missing values are not monotone: a value follows a missing one",
    Reason.NOT_TIPPED: "no delta that was tried changes the conclusion",
    Reason.NO_STATISTIC: "the comparison has no test statistic",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One quantity estimated in every replicate.

    Every array has the shape (replicate,) or, where a method's docstring says so, more axes after it. A field
    that the method does not give is None. A number that does not exist is NaN, an unbounded limit is ±inf;
    either way `reason` says why, replicate by replicate.

    Attributes
    ----------
    estimate, se, ci_low, ci_high
        The estimate on the method's scale, its standard error, its confidence limits.
    statistic, df, p
        The test statistic, its degrees of freedom, the two-sided p-value.
    reason
        Code of `Reason`; 0 where everything is ordinary.
    converged
        False where an iteration did not converge (None for closed forms).
    """

    estimate: Floats | None = None
    se: Floats | None = None
    ci_low: Floats | None = None
    ci_high: Floats | None = None
    statistic: Floats | None = None
    df: Floats | None = None
    p: Floats | None = None
    reason: Reasons
    converged: NDArray[np.bool_] | None = None
