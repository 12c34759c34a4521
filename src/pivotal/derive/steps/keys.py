"""Keys of rows: a frame of many trials has the replicate as one more."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

REPLICATE = "REPLICATE"


def keyed(by: Sequence[str], frame: pl.DataFrame | pl.LazyFrame) -> list[str]:
    """The keys, with the replicate in front where the frame has one."""
    names = frame.collect_schema().names()
    return [*([REPLICATE] if REPLICATE in names and REPLICATE not in by else []), *by]
