r"""EASI and BSA by body region, at baseline and as the skin heals.

Symbols, for region :math:`r`: :math:`s_r` share in the body (scalp excluded), :math:`w_r` weight in the EASI,
:math:`a_r` percentage affected, :math:`h_r` sum of signs in halves (0 to 24), :math:`A(a)` area score; :math:`B` body
surface affected. At baseline

.. math::
   a_r &= B\,g_r / \textstyle\sum_q s_q g_q, \\
   h_r &= \mathrm{clip}(\mathrm{round}(\kappa\,m^{IGA - 3} e^{\sigma z} c_r), 1, 24)

with :math:`\log g_r` uniform around the log of `TENDENCY` with the spread of `region_spread`, :math:`c_r` uniform on
1 ± `SIGN_NOISE`, and :math:`\kappa, \sigma` so chosen that EASI has its mean and standard deviation.
:math:`B = \sum_r s_r a_r` exactly.

Later a share :math:`f_r = \sqrt{R}\,G_r` of area and of signs remains in each region, where :math:`R` is the
patient's remaining share and :math:`\log G_r` normal and the patient's own; :math:`a_r f_r` and
:math:`\mathrm{round}(h_r f_r)` are scored again. A region without signs is clear. With IGA 0 everything is clear;
with IGA above 0 at least a smallest lesion stays (area score 1, half a sign, 0.1 % of the body) where the skin was
worst at baseline.

A region's score is held in twentieths, :math:`10 w_r \cdot A \cdot h_r`, a whole number.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pivotal.cohort.words import Floats32, Words, lognormal_table
from pivotal.instruments import bsa, easi

SIGN_NOISE = 0.3
TENDENCY = np.array([[0.6], [0.5], [1.4], [1.3]], dtype=np.float32)
"""How much of each region is affected beside the others (assumed), (region, 1): so chosen that the regions' EASI falls
about as posted for NCT04921969 (SKIN meeting abstract 3070): most on the lower and the upper extremities."""
MAX_HALVES = np.float32(2 * easi.MAX_SIGNS)
N_REGIONS = len(easi.REGIONS)
WORDS = 1 + 2 * N_REGIONS
"""Words that a patient's regions take: severity, then area and signs by region, then response by region."""
YOUNGER, OLDER = np.array([[0], [easi.OLDER_FROM]])
Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Skin:
    r"""Constants of the regions.

    Attributes
    ----------
    scale, spread
        :math:`\kappa` and :math:`\sigma` of the signs' severity.
    by_iga
        Log of :math:`m`: severity a grade of IGA.
    area_half_width
        Largest :math:`|\log g_r|`.
    response_spread
        Standard deviation of :math:`\log G_r`, half that of the region's remaining share.
    """

    scale: float
    spread: float
    by_iga: float
    area_half_width: float
    response_spread: float


@dataclass(frozen=True, slots=True)
class Regions:
    """Patients' regions at baseline; every array is (region, patient).

    Attributes
    ----------
    area, halves
        Percentage affected, and sum of signs in halves.
    response
        :math:`G_r`.
    tenths, share
        Weight in the EASI in tenths, and share in the body.
    score
        Weighted score in twentieths.
    """

    area: Floats32
    halves: Floats32
    response: Floats32
    tenths: NDArray[np.int16]
    share: Floats32
    score: NDArray[np.int16]


@lru_cache(maxsize=8)
def _byte_tables(half_width: float) -> tuple[Floats32, Floats32]:
    """Of each byte: :math:`g_r`, and :math:`c_r`."""
    u = (2 * np.arange(256) + 1) / 256 - 1
    return np.exp(half_width * u).astype(np.float32), (1 + SIGN_NOISE * u).astype(np.float32)


def at_baseline(words: Words, older: NDArray[np.bool_], iga: NDArray[Any], surface: Floats32, skin: Skin) -> Regions:
    """Regions of patients at baseline.

    Parameters
    ----------
    words
        Random words, (`WORDS`, patient).
    older
        Whether the weights of adults hold, (patient,).
    iga
        IGA at baseline, (patient,).
    surface
        Body surface affected in percent, (patient,).
    skin
        The constants.

    Returns
    -------
    Regions
        Whose areas make up `surface`.
    """
    area_table, sign_table = _byte_tables(skin.area_half_width)
    byte: Bytes = np.ascontiguousarray(words[1 : 1 + N_REGIONS]).view(np.uint8).reshape(N_REGIONS, -1, 2)
    share = _by_age(bsa.shares(YOUNGER), bsa.shares(OLDER), older, np.float32)
    tenths = _by_age(easi.weights(YOUNGER) * 10, easi.weights(OLDER) * 10, older, np.int16)
    area = area_table.take(byte[..., 1])
    area *= TENDENCY
    area *= surface / np.einsum("rp,rp->p", share, area)
    halves = sign_table.take(byte[..., 0])
    severity = lognormal_table(skin.spread, skin.scale).take(words[0])
    severity *= np.exp(skin.by_iga * (np.arange(5) - 3)).astype(np.float32).take(iga)
    halves *= severity
    np.rint(halves, out=halves)
    np.clip(halves, np.float32(1), MAX_HALVES, out=halves)
    response = lognormal_table(skin.response_spread).take(words[1 + N_REGIONS : WORDS])
    score = _score(area, halves, tenths, np.empty(area.shape, dtype=np.bool_))
    return Regions(area, halves, response, tenths, share, score)


class Healing:
    """Work space for patients' regions at later visits: made once a chunk, filled at each visit.

    Attributes
    ----------
    score
        Weighted score of each region in twentieths, (region, patient).
    total
        EASI in twentieths, (patient,).
    surface
        Body surface affected in tenths of a percent, (patient,).
    """

    def __init__(self, base: Regions) -> None:
        self.base = base
        shape = base.area.shape
        self._factor, self._area, self._halves = (np.empty(shape, dtype=np.float32) for _ in range(3))
        self._mask = np.empty(shape, dtype=np.bool_)
        self.score = base.score
        self.total = base.score.sum(axis=0, dtype=np.int16)
        self.surface = np.empty(shape[1], dtype=np.int16)
        self._surface = np.empty(shape[1], dtype=np.float32)

    def heal(self, root: Floats32, with_lesion: NDArray[np.bool_], *, surface: bool = True) -> None:
        r"""Score the regions where the square root of the remaining share is `root`, (patient,), and 0 where clear.

        Parameters
        ----------
        root
            :math:`\sqrt R`; 0 where IGA is 0.
        with_lesion
            Whether IGA is above 0.
        surface
            Whether the body surface affected is wanted.
        """
        base, area, halves = self.base, self._area, self._halves
        np.multiply(base.response, root, out=self._factor)
        np.multiply(base.area, self._factor, out=area)
        np.minimum(area, np.float32(100), out=area)
        np.multiply(base.halves, self._factor, out=halves)
        np.rint(halves, out=halves)
        np.minimum(halves, MAX_HALVES, out=halves)
        self.score = _score(area, halves, base.tenths, self._mask)
        self.total = np.add.reduce(self.score, axis=0, dtype=np.int16)
        self._keep_smallest(with_lesion)
        if surface:
            self._measure_surface(with_lesion)

    def _keep_smallest(self, with_lesion: NDArray[np.bool_]) -> None:
        patient = np.flatnonzero((self.total == 0) & with_lesion)
        region = self.base.score[:, patient].argmax(axis=0)
        smallest = self.base.tenths[region, patient]
        self.score[region, patient] = smallest
        self.total[patient] = smallest

    def _measure_surface(self, with_lesion: NDArray[np.bool_]) -> None:
        area = self._area
        np.greater(self._halves, 0, out=self._mask)
        np.multiply(area, self._mask, out=area)
        np.multiply(area, self.base.share, out=area)
        np.add.reduce(area, axis=0, out=self._surface)
        self._surface *= np.float32(10)
        np.rint(self._surface, out=self._surface)
        np.copyto(self.surface, self._surface, casting="unsafe")
        np.maximum(self.surface, with_lesion.view(np.int8), out=self.surface)


def _score(area: Floats32, halves: Floats32, tenths: NDArray[np.int16], mask: NDArray[np.bool_]) -> NDArray[np.int16]:
    """Weighted scores in twentieths, (region, patient); `mask` is work space. Without signs the area is idle."""
    level = np.ones(area.shape, dtype=np.int8)
    for bound in easi.AREA_BOUNDS:
        np.greater_equal(area, np.float32(bound), out=mask)
        level += mask.view(np.int8)
    score = halves.astype(np.int16)
    score *= level
    score *= tenths
    return score


def _by_age(younger: NDArray[Any], older: NDArray[Any], is_older: NDArray[np.bool_], dtype: Any) -> NDArray[Any]:
    """Rows of constants by region and age, (region, patient)."""
    low, high = younger.reshape(-1, 1).round(6).astype(dtype), older.reshape(-1, 1).round(6).astype(dtype)
    return np.asarray(low + (high - low) * is_older.astype(dtype))
