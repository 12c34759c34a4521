"""Levels of stratification factors for a data set's patients, through the study's one criteria engine."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pivotal.study.criteria import Criterion, evaluate
from pivotal.study.model import Level, Stratum


def level_of(stratum: Stratum, values: NDArray[Any]) -> NDArray[np.int8]:
    """Level of a stratification factor for each patient.

    Parameters
    ----------
    stratum
        The factor.
    values
        Its variable, (subject,): numbers, or labels with "" where it is unknown.

    Returns
    -------
    numpy.ndarray
        int8 position among the factor's levels, (subject,); -1 where none fits.

    Examples
    --------
    >>> levels = (Level(label="2-6", below=7), Level(label="7-11", at_least=7))
    >>> ages = Stratum(name="AGEGR1", variable="AGE", levels=levels)
    >>> level_of(ages, np.array([2.0, 7.0, np.nan])).tolist()
    [0, 1, -1]
    """
    codes = np.full(values.shape, -1, dtype=np.int8)
    for code, level in enumerate(stratum.levels):
        codes[evaluate(_criterion(stratum, level), {stratum.variable: values}) == 1] = code
    return codes


def _criterion(stratum: Stratum, level: Level) -> Criterion:
    return Criterion(variable=stratum.variable, **level.model_dump(exclude={"label"}, exclude_none=True))
