"""Work through a batch of trials a block at a time, so that memory is bounded and a block fits the cache."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

Result = TypeVar("Result")

# Numbers of one array in a block: 2 MB of float64, near a core's second-level cache. Measured: 2**17 to 2**19 alike.
BLOCK = 2**18


def in_blocks(compute: Callable[..., Result], arrays: Mapping[str, NDArray[Any] | None], width: int) -> Result:
    """Call `compute` on blocks of replicates and join what it returns.

    Parameters
    ----------
    compute
        Takes the arrays by name and returns a dataclass of arrays with the replicate axis first.
    arrays
        Each with the replicate axis first, or None.
    width
        Numbers of one replicate in the largest array.
    """
    replicates = next(len(array) for array in arrays.values() if array is not None)
    size = max(1, BLOCK // max(width, 1))
    if replicates <= size:
        return compute(**arrays)
    starts = range(0, replicates, size)
    parts = [
        compute(**{name: None if array is None else array[start : start + size] for name, array in arrays.items()})
        for start in starts
    ]
    return cast(Result, _joined(parts))


def _joined(parts: list[Any]) -> Any:
    """Join dataclasses field by field; arrays whose second axis differs are padded at its end with NaN or zero."""
    first = parts[0]
    if is_dataclass(first):
        made: Any = type(first)
        return made(**{f.name: _joined([getattr(part, f.name) for part in parts]) for f in fields(first)})
    if not isinstance(first, np.ndarray):
        return first
    if first.ndim > 1 and len({part.shape[1] for part in parts}) > 1:
        widest = max(part.shape[1] for part in parts)
        parts = [_padded(part, widest) for part in parts]
    return np.concatenate(parts)


def _padded(array: NDArray[Any], width: int) -> NDArray[Any]:
    filler = np.nan if array.dtype.kind == "f" else 0
    pad = np.full((array.shape[0], width - array.shape[1], *array.shape[2:]), filler, dtype=array.dtype)
    return np.concatenate([array, pad], axis=1)
