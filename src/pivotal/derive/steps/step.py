"""The one function that all steps share."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

import polars as pl

from pivotal.records.dataset import Library


@singledispatch
def apply(step: Any, frame: pl.DataFrame, known: Library) -> pl.DataFrame:
    """The frame after a step.

    Parameters
    ----------
    step
        A step of `pivotal.study.recipes`.
    frame
        The rows so far.
    known
        Data sets that a step may take columns from.

    Returns
    -------
    polars.DataFrame
        The rows after it.
    """
    raise TypeError(f"no step is done for {type(step).__name__}")
