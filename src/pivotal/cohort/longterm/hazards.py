r"""Hazards of adverse events that meet posted incidences in expectation.

Patient :math:`i` has exposure :math:`e_i` in a period. The hazard :math:`\Lambda_g` of any event in a period and
group solves :math:`\mathrm{mean}_i (1 - e^{-\Lambda_g e_i}) = p_g`. A term's share :math:`s` of that hazard, on one
treatment over all periods, solves :math:`\mathrm{mean}_i (1 - e^{-s H_i}) = x/n` with :math:`H_i` the patient's
cumulative hazard on that treatment. Both hold given the exposures of the trial at hand, so no law of exposure is
assumed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
HALVINGS = 60
"""Halvings of the bracket: more than a double's 53 bits."""


def hazard(exposure: Floats, incidence: float) -> float:
    r"""Solve :math:`\mathrm{mean}(1 - e^{-\lambda e}) = p`.

    Parameters
    ----------
    exposure
        Exposures, at least 0, (patient,).
    incidence
        The proportion of patients with an event.

    Returns
    -------
    float
        The hazard per unit of exposure; 0 without patients, without exposure, or for no events. An incidence that the
        exposures cannot reach gives the hazard of the greatest incidence that they can.

    Examples
    --------
    >>> round(hazard(np.ones(5), 0.5), 6)
    0.693147
    """
    able = float((exposure > 0).mean()) if exposure.size else 0.0
    target = min(incidence, able * (1 - 1e-6))
    if target <= 0:
        return 0.0
    low, high = 0.0, 1.0
    while float(-np.expm1(-high * exposure).mean()) < target:
        high *= 2
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        reached = float(-np.expm1(-middle * exposure).mean())
        low, high = (middle, high) if reached < target else (low, middle)
    return (low + high) / 2
