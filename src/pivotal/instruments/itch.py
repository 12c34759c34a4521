"""Numerical rating scale (NRS) of the worst itch in 24 hours, whole numbers 0 to 10, from age 6.

References
----------
NCT04921969: asked from age 6; response is a fall of at least 4 where it was at least 4 at baseline. Bands:
PMC5906166.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

LOW, HIGH = 0.0, 10.0
FROM_AGE = 6
RESPONSE = 4
"""Points of improvement that count as a response, and least baseline from which they can be had."""


def response(value: ArrayLike, baseline: ArrayLike) -> NDArray[np.bool_]:
    """Itch response (NRS4): at least four points better than at baseline.

    Examples
    --------
    >>> response([0, 4, 5], [4, 8, 8]).tolist()
    [True, True, False]
    """
    return np.asarray(np.asarray(baseline) - np.asarray(value) >= RESPONSE)
