r"""Body surface affected (BSA), in percent of the whole body.

With the share :math:`s_r` of region :math:`r` in the body and the percentage :math:`a_r` of the region that is
affected, :math:`\mathrm{BSA} = \sum_r s_r a_r`. A patient's handprint is about 1 %.

References
----------
NCT05032859: 10, 20, 30 and 40 handprints on head, upper extremities, trunk and lower extremities. NCT04921969: scalp
excluded. The shares are those of the EASI's weights (NCT03539601). That the scalp is four tenths of head and neck is
assumed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pivotal.instruments import easi

HIGH = 100.0
SCALP_OF_HEAD = 0.4
"""Part of the surface of head and neck that is scalp (assumed)."""


def shares(age: ArrayLike, *, scalp: bool = False) -> NDArray[np.float64]:
    """Share of each region in the body's surface, (..., region) in the order of `easi.REGIONS`.

    Parameters
    ----------
    age
        Age in years.
    scalp
        Whether the scalp counts; without it the head's share is smaller and the shares sum to less than 1.

    Examples
    --------
    >>> shares(10).round(3).tolist(), shares(4, scalp=True).tolist()
    ([0.06, 0.3, 0.2, 0.4], [0.2, 0.3, 0.2, 0.3])
    """
    found = easi.weights(age)
    if not scalp:
        found[..., 0] *= 1 - SCALP_OF_HEAD
    return found


def affected(area: ArrayLike, age: ArrayLike, *, scalp: bool = False) -> NDArray[np.float64]:
    """Body surface affected, in percent, of the percentage affected in each region (last axis).

    Examples
    --------
    >>> float(affected([0, 10, 0, 20], 30).round(6))
    11.0
    """
    return np.asarray((np.asarray(area) * shares(age, scalp=scalp)).sum(axis=-1))
