"""Long batches of replicates taken a part at a time, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import TypeVar

import numpy as np

from pivotal.stats.estimate import Floats

Result = TypeVar("Result")

# Numbers that one array of a part may hold: 1 MiB, which stays in the cache.
WORKSPACE = 2**17


def rounds(replicates: int, width: int, workspace: int = WORKSPACE) -> Iterator[slice]:
    """Slices of the replicates, each of at most `workspace` numbers where a replicate has `width`."""
    step = max(1, workspace // max(width, 1))
    for start in range(0, replicates, step):
        yield slice(start, start + step)


def piecewise(function: Callable[[slice], Result], replicates: int, width: int) -> Result:
    """Apply a function that gives a dataclass of arrays to the parts, and put the results together."""
    parts = [function(rows) for rows in rounds(max(replicates, 1), width)]
    if len(parts) == 1:
        return parts[0]
    held = {field.name: [getattr(part, field.name) for part in parts] for field in fields(parts[0])}  # type: ignore[arg-type]
    whole = {name: None if values[0] is None else np.concatenate(values) for name, values in held.items()}
    return type(parts[0])(**whole)


def part(array: Floats, rows: slice, axes: int) -> Floats:
    """The replicates of an array that has `axes` axes where it has them, the array itself where they share it."""
    return array[rows] if array.ndim == axes else array
