r"""Eczema Area and Severity Index (EASI), 0 to 72.

With region :math:`r` (head and neck, trunk, upper extremities, lower extremities), weight :math:`w_r`, area score
:math:`A_r \in \{0..6\}` and the sum :math:`S_r \in [0, 12]` of four signs (erythema, induration or papulation,
excoriation, lichenification; each 0 to 3, halves allowed),

.. math:: \mathrm{EASI} = \sum_r w_r A_r S_r .

The weights are multiples of 0.1 and the sums of signs multiples of 0.5, so a score is a whole number of twentieths:
`TWENTIETHS` times a score is exact in whole numbers, and a score is best kept so until it is written.

References
----------
NCT03539601: both formulas, by age. Hanifin JM et al. (2001), doi:10.1034/j.1600-0625.2001.100102.x. Bands: NCT04921969.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]

REGIONS = ("EASIHN", "EASITR", "EASIUE", "EASILE")
"""PARAMCD of each region's weighted part."""
REGION_NAMES = ("head and neck", "trunk", "upper extremities", "lower extremities")
OLDER_FROM = 8
"""Age in years from which the weights of adults hold."""
TENTHS_OLDER = (1, 3, 2, 4)
"""Region weights from age 8, in tenths."""
TENTHS_YOUNGER = (2, 3, 2, 3)
"""Region weights from 0 to 7 years, in tenths."""
WEIGHTS_BY_REGION = tuple((y / 10, o / 10) for y, o in zip(TENTHS_YOUNGER, TENTHS_OLDER, strict=True))
AREA_BOUNDS = (10.0, 30.0, 50.0, 70.0, 90.0)
"""Percentages of a region at which its area score rises from 1 to 2, ... 5 to 6; any lesion at all scores 1."""
MAXIMUM = 72.0
TWENTIETHS = 20
MAX_SIGNS = 12.0
BANDS = (
    ("clear", 0.0),
    ("almost clear", 1.0),
    ("mild", 7.0),
    ("moderate", 21.0),
    ("severe", 50.0),
    ("very severe", 72.0),
)
"""Name and upper end of each band of severity."""


def weights(age: ArrayLike) -> NDArray[np.float64]:
    """Weight of each region by age.

    Parameters
    ----------
    age
        Age in years.

    Returns
    -------
    numpy.ndarray
        (..., region), in the order of `REGIONS`.

    Examples
    --------
    >>> weights([7, 8]).tolist()
    [[0.2, 0.3, 0.2, 0.3], [0.1, 0.3, 0.2, 0.4]]
    """
    older = np.asarray(age)[..., None] >= OLDER_FROM
    return np.where(older, np.array(TENTHS_OLDER), np.array(TENTHS_YOUNGER)) / 10.0


def area_score(percent: ArrayLike) -> NDArray[np.int8]:
    """Area score 0 to 6 of the percentage of a region that is affected.

    Bounds are printed for whole percentages (1-9, 10-29, ...); a fraction belongs to the band that it has not left, so
    that 29.5 % scores 2. Anything above 0 scores at least 1.

    Examples
    --------
    >>> area_score([0, 0.4, 9.9, 10, 29.5, 30, 50, 70, 89, 90, 100]).tolist()
    [0, 1, 1, 2, 2, 3, 4, 5, 5, 6, 6]
    """
    share = np.asarray(percent)
    score = (share > 0).astype(np.int8)
    for bound in AREA_BOUNDS:
        score += share >= bound
    return score


def region_score(weight: ArrayLike, area: ArrayLike, signs: ArrayLike) -> NDArray[np.float64]:
    """A region's weighted part of the total.

    Parameters
    ----------
    weight
        Weight of the region, a multiple of 0.1 (see `weights`).
    area
        Area score, 0 to 6.
    signs
        Sum of the four signs, 0 to 12 in halves.

    Returns
    -------
    numpy.ndarray
        The nearest number to a whole count of twentieths, so that 8.35 is 8.35 when read back.

    Examples
    --------
    >>> float(region_score(0.3, 2, 5.5))
    3.3
    """
    tenths = np.rint(np.asarray(weight) * 10)
    halves = np.rint(np.asarray(signs) * 2)
    return np.asarray(tenths * np.asarray(area) * halves / TWENTIETHS)


def total(regions: ArrayLike) -> NDArray[np.float64]:
    """Total score of region scores on the last axis, summed in twentieths and so exact.

    Examples
    --------
    >>> float(total([0.1, 0.2, 0.3, 7.75]))
    8.35
    """
    return np.asarray(np.rint(np.asarray(regions) * TWENTIETHS).sum(axis=-1) / TWENTIETHS)


def band(score: ArrayLike) -> NDArray[np.int8]:
    """Band of severity, an index into `BANDS`; a score between printed bounds belongs to the upper band.

    Examples
    --------
    >>> [BANDS[b][0] for b in band([0, 0.1, 1, 1.1, 7, 21, 21.1, 72])]
    ['clear', 'almost clear', 'almost clear', 'mild', 'mild', 'moderate', 'severe', 'very severe']
    """
    tops = np.array([top for _, top in BANDS[:-1]])
    return np.searchsorted(tops, np.asarray(score), side="left").astype(np.int8)
