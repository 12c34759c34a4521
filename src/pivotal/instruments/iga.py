"""Investigator's Global Assessment (IGA), five grades: 0 clear to 4 severe.

References
----------
NCT04921969: grades, and treatment success as 0 or 1 with at least 2 grades' improvement. vIGA-AD: NCT03607422.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

LOW, HIGH = 0.0, 4.0
LABELS = ("clear", "almost clear", "mild", "moderate", "severe")
SUCCESS_AT_MOST = 1
SUCCESS_IMPROVEMENT = 2


def success(grade: ArrayLike, baseline: ArrayLike) -> NDArray[np.bool_]:
    """Treatment success: clear or almost clear, and at least two grades better than at baseline.

    From a baseline of 2 that means clear.

    Examples
    --------
    >>> success([0, 1, 1, 2], [2, 2, 3, 4]).tolist()
    [True, False, True, False]
    """
    now, before = np.asarray(grade), np.asarray(baseline)
    return np.asarray((now <= SUCCESS_AT_MOST) & (before - now >= SUCCESS_IMPROVEMENT))
