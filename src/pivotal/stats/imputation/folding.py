"""The imputation axis folded into the replicate axis, and taken apart again."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Scalar = TypeVar("Scalar", bound=np.generic)


def fold_imputations(values: NDArray[Scalar]) -> NDArray[Scalar]:
    """Make a replicate of every imputed data set: (replicate, imputation, ...) to (replicate * imputation, ...).

    Any estimator of this package then analyses them all at once; `unfold_imputations` brings its numbers back.

    Examples
    --------
    >>> fold_imputations(np.zeros((10, 5, 330))).shape
    (50, 330)
    """
    return values.reshape(values.shape[0] * values.shape[1], *values.shape[2:])


def unfold_imputations(values: NDArray[Scalar], imputations: int) -> NDArray[Scalar]:
    """Undo `fold_imputations`: (replicate * imputation, ...) to (replicate, imputation, ...), as `rubin` takes them.

    Raises
    ------
    ValueError
        If the first axis is no multiple of `imputations`.

    Examples
    --------
    >>> unfold_imputations(np.zeros((50, 4)), 5).shape
    (10, 5, 4)
    """
    if imputations < 1 or len(values) % imputations:
        raise ValueError(f"{len(values)} data sets do not divide into runs of {imputations} imputations.")
    return values.reshape(len(values) // imputations, imputations, *values.shape[1:])


def by_replicate(values: Any, axes: int, replicates: int) -> NDArray[Any]:
    """Give an array that may lack its replicate axis one, of length `replicates`."""
    array = np.asarray(values)
    if array.ndim == axes - 1:
        array = array[None]
    return np.broadcast_to(array, (replicates, *array.shape[1:]))
