"""Reference-based imputation: the mean and the covariance matrix that a patient has after an intercurrent event."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from pivotal.stats.estimate import Floats

Whole = NDArray[np.int64]


class Strategy(IntEnum):
    """What is assumed of a patient's outcomes from the intercurrent event on.

    Carpenter, Roger and Kenward (2013), doi:10.1080/10543406.2013.834911. mu_a is the mean of the patient's own arm,
    mu_r that of the reference arm, both at the patient's covariates; t the last visit before the event.
    """

    MAR = 0
    """As in the patient's own arm: mu_a."""
    JUMP_TO_REFERENCE = 1
    """mu_r from the event on."""
    COPY_REFERENCE = 2
    """mu_r at all visits, before the event too."""
    COPY_INCREMENTS = 3
    """mu_a(t) + mu_r(j) - mu_r(t) from the event on."""
    LAST_MEAN_CARRIED = 4
    """mu_a(t) from the event on."""


CODES = {
    "MAR": Strategy.MAR,
    "JR": Strategy.JUMP_TO_REFERENCE,
    "J2R": Strategy.JUMP_TO_REFERENCE,
    "CR": Strategy.COPY_REFERENCE,
    "CIR": Strategy.COPY_INCREMENTS,
    "LMCF": Strategy.LAST_MEAN_CARRIED,
}
"""The names that R's rbmi and the SAS macros have for them."""


def joined_mean(own: Floats, reference: Floats, event: Whole, strategy: Whole) -> Floats:
    """The mean of each patient over the visits.

    Parameters
    ----------
    own, reference
        Means by the patient's own and by the reference arm, (..., patient, visit).
    event
        The first visit at or after the event, the number of visits where there is none, (..., patient).
    strategy
        Codes of `Strategy`, (..., patient).

    Returns
    -------
    Floats
        (..., patient, visit). From the first visit on copied increments are the reference's means, and there is no
        mean to carry forward: NaN.
    """
    visits = own.shape[-1]
    later = np.arange(visits) >= event[..., None]
    none = event[..., None] >= visits
    code = np.where(none, Strategy.MAR, strategy[..., None])
    last = np.broadcast_to(np.clip(event - 1, 0, visits - 1)[..., None], (*own.shape[:-1], 1))
    first = (event == 0)[..., None]
    own_last = np.where(first, 0.0, np.take_along_axis(own, last, axis=-1))
    reference_last = np.where(first, 0.0, np.take_along_axis(reference, last, axis=-1))
    after = np.select(
        [code == Strategy.JUMP_TO_REFERENCE, code == Strategy.COPY_INCREMENTS, code == Strategy.LAST_MEAN_CARRIED],
        [reference, reference + own_last - reference_last, np.where(first, np.nan, own_last)],
        default=own,
    )
    joined = np.where(later, after, own)
    return np.where(code == Strategy.COPY_REFERENCE, reference, joined)


def joined_covariance(own: Floats, reference: Floats, event: int, strategy: int) -> Floats:
    """The covariance matrix of a patient where arms have their own.

    Parameters
    ----------
    own, reference
        Covariance matrices, (..., visit, visit).
    event, strategy
        As in `joined_mean`, for all alike.

    Notes
    -----
    Under jump to reference and copy increments in reference what came before the event has the own arm's matrix, and
    what comes after, given what came before, the regression and the residual covariance of the reference arm (Carpenter
    et al. 2013, appendix). With one matrix for all arms it is that one.
    """
    visits = own.shape[-1]
    if event >= visits or strategy in (Strategy.MAR, Strategy.LAST_MEAN_CARRIED):
        return own
    if event == 0 or strategy == Strategy.COPY_REFERENCE:
        return reference
    before, after = slice(0, event), slice(event, visits)
    slope = np.swapaxes(np.linalg.solve(reference[..., before, before], reference[..., before, after]), -1, -2)
    joined = np.empty_like(own)
    joined[..., before, before] = own[..., before, before]
    joined[..., after, before] = slope @ own[..., before, before]
    joined[..., before, after] = np.swapaxes(joined[..., after, before], -1, -2)
    gap = reference[..., before, before] - own[..., before, before]
    joined[..., after, after] = reference[..., after, after] - slope @ gap @ np.swapaxes(slope, -1, -2)
    return joined
