"""Two versions of a data set held against each other, value by value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

TOLERANCE = 1e-9
"""Relative difference of numbers that are the same but for the order of their arithmetic."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How one column differs.

    Attributes
    ----------
    column
        Its name.
    rows
        Rows with another value.
    examples
        Some of them: the keys, then one value and the other.
    """

    column: str
    rows: int
    examples: tuple[tuple[object, ...], ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two versions of a data set differ.

    Attributes
    ----------
    rows
        Rows with the same keys.
    compared
        Columns in both.
    only_one, only_other
        Rows whose keys only one version has.
    differences
        One a column that differs.
    missing, extra
        Columns that only the other, or only the one has.
    """

    rows: int
    compared: int
    only_one: int
    only_other: int
    differences: tuple[Difference, ...]
    missing: tuple[str, ...]
    extra: tuple[str, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Rows that differ, by column."""
        return {difference.column: difference.rows for difference in self.differences}


def compare(
    one: pl.DataFrame, other: pl.DataFrame, keys: Sequence[str], *, tolerance: float = TOLERANCE, examples: int = 3
) -> Comparison:
    """Compare two versions of a data set value by value.

    Parameters
    ----------
    one, other
        The versions: as derived, as published.
    keys
        Columns that tell rows apart in both; rows with equal keys are paired as they stand.
    tolerance
        Relative difference that numbers may have; texts and dates are equal or not. Missing equals missing, and a
        blank text is missing.
    examples
        How many rows to show for a column that differs.

    Returns
    -------
    Comparison
        What differs.

    Examples
    --------
    >>> one = pl.DataFrame({"ID": [1, 2], "A": [0.1 + 0.2, 5.0]})
    >>> found = compare(one, pl.DataFrame({"ID": [1, 2], "A": [0.3, 6.0]}), ["ID"])
    >>> found.counts, found.differences[0].examples
    ({'A': 1}, ((2, 5.0, 6.0),))
    """
    ours, theirs = (_numbered(frame, keys) for frame in (one, other))
    apart = {
        key: _shared(ours.schema[key], theirs.schema[key]) for key in keys if ours.schema[key] != theirs.schema[key]
    }
    ours, theirs = (frame.cast(apart) for frame in (ours, theirs))  # type: ignore[arg-type]
    on = [*keys, "_nth"]
    both = ours.join(theirs, on=on, how="inner", suffix=" of the other", nulls_equal=True)
    shared = [name for name in one.columns if name in other.columns and name not in keys]
    differences = [_difference(both, name, keys, tolerance, examples) for name in shared]
    return Comparison(
        rows=both.height,
        compared=len(shared),
        only_one=ours.height - both.height,
        only_other=theirs.height - both.height,
        differences=tuple(d for d in differences if d.rows),
        missing=tuple(name for name in other.columns if name not in one.columns),
        extra=tuple(name for name in one.columns if name not in other.columns),
    )


def _shared(one: pl.DataType, other: pl.DataType) -> type[pl.DataType]:
    """The type in which keys of two types are paired."""
    return pl.Float64 if one.is_numeric() and other.is_numeric() else pl.String


def _numbered(frame: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Rows with equal keys numbered; blank texts missing."""
    plain = frame.with_columns(
        pl.col(pl.String).str.strip_chars_end().replace("", None),
    )
    return plain.with_columns(pl.int_range(pl.len()).over(list(keys)).alias("_nth"))


def _difference(both: pl.DataFrame, name: str, keys: Sequence[str], tolerance: float, examples: int) -> Difference:
    one, other = pl.col(name), pl.col(f"{name} of the other")
    kinds = (both.schema[name], both.schema[f"{name} of the other"])
    if any(kind.is_numeric() for kind in kinds):  # a site 701 is the number or the text, as the file's format has it
        one, other = (
            pl.col(column).cast(pl.Float64, strict=False)
            for column in (one.meta.output_name(), other.meta.output_name())
        )
        close = (one - other).abs() <= tolerance * pl.max_horizontal(one.abs(), other.abs(), pl.lit(1e-300))
        same = pl.when(one.is_null() | other.is_null()).then(one.is_null() & other.is_null()).otherwise(close)
    elif kinds[0] == kinds[1]:
        same = one.eq_missing(other)
    else:
        same = one.cast(pl.String).eq_missing(other.cast(pl.String))
    wrong = both.filter(~same).select(*keys, name, f"{name} of the other")
    return Difference(name, wrong.height, tuple(wrong.head(examples).rows()))
