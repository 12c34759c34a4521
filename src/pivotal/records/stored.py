"""A data set that is larger than memory should hold: it stays on disk, in Parquet files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from pivotal.records.dataset import Column, Dataset, type_of


class Stored(Dataset):
    """A data set in Parquet files, one below the other.

    It stands wherever a `Dataset` does. `scan` reads the columns and rows that are asked for; `frame` reads all of it,
    anew each time, and keeps nothing.

    Parameters
    ----------
    name
        Its name.
    pieces
        The files, at least one, all of the same columns.
    label
        Its label.
    columns
        What is known of each column; by default its name and type.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     pl.DataFrame({"USUBJID": ["1", "2"], "AVAL": [5.0, 6.0]}).write_parquet(Path(folder) / "1.parquet")
    ...     lab = Stored("LB", [Path(folder) / "1.parquet"])
    ...     print(lab, lab.scan().filter(pl.col("AVAL") > 5).select("USUBJID").collect().rows())
    Stored('LB', 1 piece) [('2',)]
    """

    __slots__ = ("pieces",)
    pieces: tuple[Path, ...]

    def __init__(
        self, name: str, pieces: Sequence[Path], *, label: str = "", columns: tuple[Column, ...] | None = None
    ) -> None:
        if columns is None:
            schema = pl.read_parquet_schema(pieces[0])
            columns = tuple(Column(name=name, type=type_of(kind)) for name, kind in schema.items())
        self._set("name", name.upper())
        self._set("label", label)
        self._set("columns", columns)
        self._set("pieces", tuple(pieces))
        self._set("source", None)
        self._set("special", {})
        self._set("more", {})

    def _set(self, attribute: str, value: object) -> None:
        object.__setattr__(self, attribute, value)

    def __repr__(self) -> str:
        return f"Stored({self.name!r}, {len(self.pieces)} piece{'s' if len(self.pieces) != 1 else ''})"

    @property
    def frame(self) -> pl.DataFrame:
        """All rows, read from the files."""
        return self.scan().collect()

    def scan(self) -> pl.LazyFrame:
        """The rows as a plan."""
        return pl.scan_parquet(list(self.pieces))

    def with_frame(self, frame: pl.DataFrame) -> Dataset:
        """A data set in memory with these rows, of the same name."""
        whole = Dataset(name=self.name, label=self.label, frame=frame, columns=self.columns)
        return whole.with_frame(frame)
