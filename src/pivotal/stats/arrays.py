"""Arrays of other libraries: which namespace computes with them, and how they come back to NumPy."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pivotal.stats.estimate import Floats


def namespace(array: Any) -> Any:
    """The functions that compute with an array, after the Python array API standard (2024.12); NumPy's for lists.

    Raises
    ------
    TypeError
        For a library that follows the standard only through `array_api_compat`, where that is not installed.
    """
    if isinstance(array, np.ndarray) or not hasattr(array, "device"):
        return np
    if hasattr(array, "__array_namespace__"):
        return array.__array_namespace__()
    try:
        compat = import_module("array_api_compat")
    except ImportError:
        raise TypeError(
            f"{type(array).__module__} arrays need array_api_compat to be computed with where they are. "
            f"Install it, or pass NumPy arrays."
        ) from None
    return compat.array_namespace(array)


def on_host(array: Any) -> Floats:
    """An array as NumPy's, copied from a device where it lies on one."""
    if isinstance(array, np.ndarray):
        return array
    if hasattr(array, "get"):  # CuPy
        return np.asarray(array.get(), dtype=np.float64)
    if hasattr(array, "cpu"):  # PyTorch
        return np.asarray(array.cpu(), dtype=np.float64)
    return np.asarray(np.from_dlpack(array), dtype=np.float64)


def to_numpy(values: ArrayLike) -> NDArray[Any]:
    """NumPy's array of lists or of an array of any library."""
    return np.asarray(values) if namespace(values) is np else on_host(values)


def beside(array: Any, other: Any) -> Any:
    """A NumPy array brought to where another array is; itself where that is NumPy's too."""
    xp = namespace(other)
    return array if xp is np else xp.asarray(array, device=other.device)


def contiguous(array: Any) -> Any:
    """The array in order of memory, where that is NumPy's: its products of matrices want that."""
    return np.ascontiguousarray(array) if isinstance(array, np.ndarray) else array


def pick(array: Any, positions: Any, axis: int) -> Any:
    """Some entries along an axis, by a slice (of the first axis) or by NumPy's array of positions."""
    if isinstance(positions, slice):
        return array[positions, ...]
    if isinstance(array, np.ndarray):
        return array.take(positions, axis=axis)
    return namespace(array).take(array, beside(positions, array), axis=axis)


def take(array: Any, rows: Any) -> Any:
    """Some replicates, the last axis; `rows` are positions, or of NumPy's arrays a mask."""
    return array[..., rows] if rows.dtype == bool else namespace(array).take(array, rows, axis=-1)
