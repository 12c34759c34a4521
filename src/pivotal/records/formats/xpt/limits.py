"""What a transport file cannot hold, found before anything is written: every fault at once, counted in bytes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import polars as pl

from pivotal.errors import Fault, Findings
from pivotal.records.dataset import Column, Dataset
from pivotal.records.formats import sas
from pivotal.records.formats.xpt.ibm import LARGEST, SMALLEST, fits
from pivotal.records.formats.xpt.layout import NAME, RECORD, V5, Version
from pivotal.records.formats.xpt.moments import FIRST_DAY

EXACT = 2**53
"""The largest whole number up to which a double holds every one."""

VARIABLES = {5: 9_999, 8: 99_999}
"""Variables that the header has digits for."""


@dataclass(frozen=True, slots=True)
class Fitting:
    """A data set held against a version's limits; what does not fit is noted in `findings`."""

    dataset: Dataset
    version: Version
    encoding: str
    findings: Findings

    def check(self) -> None:
        """Note everything that does not fit."""
        self._names()
        for column in self.dataset.columns:
            self._column(column)
            self._values(self.dataset.frame[column.name])
        self._last_row()

    def _names(self) -> None:
        data = self.dataset
        self._name(data.name, f"data set {data.name}")
        self._text(data.label, self.version.dataset_label, f"data set {data.name}: label")
        count = len(data.columns)
        if not 0 < count <= VARIABLES[self.version.number]:
            allowed = f"a transport file of version {self.version.number} has 1 to {VARIABLES[self.version.number]:,}"
            self._add("names", f"data set {data.name}", f"made of {count:,} variables", allowed, "Split it.")
        for name, times in Counter(column.name.upper() for column in data.columns).items():
            if times > 1:
                allowed = "SAS takes capitals and small letters of a name to be the same"
                self._add("names", f"{data.name}.{name}", f"there {times} times", allowed, "Rename one of them.")

    def _column(self, column: Column) -> None:
        where = f"{self.dataset.name}.{column.name}"
        self._name(column.name, where)
        self._text(column.label, self.version.label, f"{where}: label")
        for what in (column.format, column.more.get("informat")):
            self._format(what, where)

    def _format(self, text: str | None, where: str) -> None:
        if not text:
            return
        form = sas.parsed(text)
        if form is None:
            self._add("formats", f"{where}: format", repr(text), "SAS writes a format so: DATE9.", "Correct it.")
        elif len(form.name) > self.version.format:
            allowed = f"the name of a format has at most {self.version.format} bytes"
            self._add("formats", f"{where}: format", f"{text!r}, {len(form.name)} bytes", allowed, self._larger())

    def _name(self, name: str, where: str) -> None:
        size = len(name.encode())
        if size > self.version.name:
            allowed = f"a name has at most {self.version.name} bytes in version {self.version.number}"
            self._add("names", f"{where}: name", f"{size} bytes long", allowed, self._larger())
        elif not NAME.fullmatch(name):
            allowed = "a name of SAS has letters, digits and underscores, and does not begin with a digit"
            self._add("names", f"{where}: name", repr(name), allowed, "Rename it.")

    def _text(self, text: str, limit: int, where: str) -> None:
        encoded = self._encoded(text, where)
        if encoded is not None and len(encoded) > limit:
            allowed = f"at most {limit} bytes fit there in version {self.version.number}"
            self._add("labels", where, f"{len(encoded)} bytes long: {text!r}", allowed, self._larger())

    def _encoded(self, text: str, where: str) -> bytes | None:
        try:
            return text.encode(self.encoding)
        except UnicodeEncodeError as error:
            found = f"{text!r}, whose {text[error.start]!r} is not in {self.encoding}"
            self._add("encoding", where, found, f"text is written as {self.encoding}", "Choose encoding='utf-8'.")
            return None

    def _values(self, values: pl.Series) -> None:
        if values.dtype == pl.String:
            self._texts(values)
        elif values.dtype == pl.Boolean:
            where, mend = f"{self.dataset.name}.{values.name}", "Make it 'Y' and 'N', or 1 and 0."
            self._add("types", where, "a column of truth values", "SAS knows numbers and texts", mend)
        elif values.dtype in (pl.Date, pl.Datetime):
            days = values.cast(pl.Date).cast(pl.Int32)
            self._rows(values, days < FIRST_DAY - sas.DAYS_TO_1970, "SAS has dates from the year 1582 to 9999")
        elif values.dtype == pl.Int64:
            allowed = f"a number of SAS holds every whole number up to {EXACT:,}, and not beyond"
            self._rows(values, (values > EXACT) | (values < -EXACT), allowed)
        elif values.dtype == pl.Float64:
            numbers = values.fill_null(np.nan).to_numpy()
            allowed = f"a transport file holds zero and magnitudes from {SMALLEST:.1e} to {LARGEST:.1e}"
            self._rows(values, pl.Series(~fits(numbers)) & values.is_finite().fill_null(False), allowed)

    def _rows(self, values: pl.Series, bad: pl.Series, allowed: str) -> None:
        for row in bad.arg_true().to_list():
            where = f"{self.dataset.name} row {row + 1:,}: {values.name}"
            self._add(
                f"{values.name} values", where, _shown(values[row]), allowed, "Store it otherwise, as text or scaled."
            )

    def _texts(self, values: pl.Series) -> None:
        """Values by their bytes; only those that are not plain ASCII need be encoded to be counted."""
        self._rows(values, values.str.contains("\0", literal=True), "a text of SAS has no zero bytes")
        if self.encoding == "utf-8":
            self._long(values, values.str.len_bytes())
            return
        sizes = values.str.len_chars()
        for row in (values.str.len_bytes() != sizes).arg_true().to_list():
            self._encoded(values[row], f"{self.dataset.name} row {row + 1:,}: {values.name}")
        self._long(values, sizes)

    def _long(self, values: pl.Series, sizes: pl.Series) -> None:
        for row in (sizes > self.version.text).arg_true().to_list():
            where = f"{self.dataset.name} row {row + 1:,}: {values.name}"
            found = f"{sizes[row]:,} bytes long: {values[row][:40]!r}..."
            allowed = f"a text has at most {self.version.text:,} bytes in version {self.version.number}"
            self._add(f"{values.name} values", where, found, allowed, self._larger())

    def _last_row(self) -> None:
        """A blank last row is told from the file's padding only where a row is longer than the padding can be."""
        frame = self.dataset.frame
        if self.version is not V5 or not frame.height or any(t != pl.String for t in frame.dtypes):
            return
        if all(value is None for value in frame.row(-1)):
            where = f"{self.dataset.name} row {frame.height:,}"
            allowed = f"version 5 cannot tell it from the blanks that fill the last {RECORD} bytes"
            self._add("rows", where, "blank in every variable, as the last row", allowed, self._larger())

    def _larger(self) -> str:
        return "Shorten it, or write version 8 or Dataset-JSON." if self.version is V5 else "Shorten it."

    def _add(self, kind: str, where: str, found: str, allowed: str, mend: str) -> None:
        self.findings.add(f"{self.dataset.name} {kind}", Fault(where, found, allowed, mend))


def _shown(value: object) -> str:
    return repr(value) if isinstance(value, str) else str(value)
