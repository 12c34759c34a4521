"""Facts about patients, checked: typed columns by variable, unknown where nothing is said.

Whatever the facts come from (a table, a patient's file, options, a FHIR bundle), this is the one way in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pivotal.errors import Fault, Findings, nearest
from pivotal.label.checks import plain
from pivotal.label.columns import Column, boolean, born, category, condition, number
from pivotal.label.product import AGE, CONDITION, Fact, Product

IDENTIFIERS = ("patient", "usubjid", "subjid", "subject", "id", "patientid", "subjectid")
BIRTH = ("birthdate", "dateofbirth", "dob", "brthdtc", "birthday")
ROWS = "Rows: in a CSV file the header is row 1 and the first patient row 2; in a Parquet file the first row is row 1."
EMPTY = "Correct it, or leave it empty if it is not known."


@dataclass(frozen=True, slots=True)
class Place:
    """Where facts stand.

    Attributes
    ----------
    file
        Name of the file, or what else the facts come from.
    first
        Number of the first row; None where there is one patient and no row.
    spots
        Where a column's facts stand, where that is not the file and the column's name.
    rows
        The number of each row, where they are not counted on from the first: blank lines lie between.
    """

    file: str
    first: int | None = None
    spots: Mapping[str, str] = field(default_factory=dict)
    rows: pl.Series | None = None

    def where(self, row: int, patient: str | None, column: str) -> str:
        """How a fault speaks of a fact."""
        if self.first is None:
            return self.spots.get(column, f"{self.file}: {column}")
        whose = f": patient {patient}" if patient is not None else ""
        number = self.first + row if self.rows is None else self.rows[row]
        return f"{self.file} row {number}{whose}: {column}"


@dataclass(frozen=True, slots=True)
class Patients:
    """Facts about patients on one day.

    Attributes
    ----------
    ids
        Their identifiers; row numbers where none are given.
    columns
        By variable, each (patient,): numbers as float64 with NaN where unknown; whole numbers as int32, truth values
        and codes of categories as int8, with -1 where unknown.
    upper
        The upper ends of numbers that are known within limits only, as an age from a year of birth; `columns` holds the
        lower ends.
    told_by
        By variable, the scale's other variable that told it, as the word of severity tells the score; (patient,) masks.
    on
        The day that ages are told for.
    """

    ids: pl.Series
    columns: Mapping[str, NDArray[Any]]
    upper: Mapping[str, NDArray[np.float64]]
    told_by: Mapping[str, tuple[str, NDArray[np.bool_]]]
    on: date

    def __len__(self) -> int:
        return len(self.ids)

    def unknown(self, name: str) -> NDArray[np.bool_]:
        """Whether a variable is unknown, or known within limits only, (patient,)."""
        values = self.columns.get(name)
        if values is None:
            return np.ones(len(self), dtype=np.bool_)
        missing = np.isnan(values) if values.dtype.kind == "f" else values < 0
        return missing | (self.upper[name] > values) if name in self.upper else np.asarray(missing)

    def is_unknown(self, name: str, row: int) -> bool:
        """Whether a variable is unknown of one patient, or known within limits only."""
        values = self.columns.get(name)
        if values is None:
            return True
        value = values[row]
        missing = value != value or (values.dtype.kind != "f" and value < 0)
        return bool(missing or (name in self.upper and self.upper[name][row] > value))


@dataclass(slots=True)
class _Reader:
    """What is gathered while a table is read."""

    product: Product
    frame: pl.DataFrame
    place: Place
    on: date
    ids: pl.Series
    identified: bool
    findings: Findings

    def note(
        self,
        bad: pl.Series,
        column: str,
        kind: str,
        allowed: str | Callable[[int], str],
        mend: str | Callable[[int], str] = EMPTY,
        found: Callable[[int], str] | None = None,
    ) -> None:
        """A fault for every row of a mask."""
        rows = np.flatnonzero(bad.fill_null(False).to_numpy())
        if not len(rows):
            return
        entries = self.frame[column].gather(rows).to_list() if column in self.frame.columns else [None] * len(rows)
        whose = self.ids.gather(rows).to_list() if self.identified else [None] * len(rows)
        faults = self.findings.kinds.setdefault(f"{kind} {column}", [])
        for row, entry, patient in zip(rows.tolist(), entries, whose, strict=True):
            faults.append(
                Fault(
                    self.place.where(row, patient, column),
                    found(row) if found else _shown(entry),
                    allowed(row) if callable(allowed) else allowed,
                    mend(row) if callable(mend) else mend,
                )
            )


def read_frame(
    product: Product, frame: pl.DataFrame, *, on: date, place: Place, ignore: Sequence[str] = ()
) -> Patients:
    """Patients from a table, one a row.

    Parameters
    ----------
    product
        The product, which declares the variables.
    frame
        Columns are variables by name or alias, without regard to capitals, blanks and hyphens; an identifier; a date of
        birth. An empty entry is unknown.
    on
        The day that ages are told for.
    place
        Where the table stands.
    ignore
        Columns that are not read.

    Raises
    ------
    DataError
        If anything is wrong: an unknown column, a unit that cannot be converted, a text where a number belongs, a value
        out of range, a word that the scale does not have, facts that contradict each other; all of it.
    """
    findings = Findings(footer=ROWS if place.first is not None else "")
    named = _named(product, frame.columns, {plain(name) for name in ignore}, place, findings)
    ids = _identifiers(frame, named)
    reader = _Reader(product, frame, place, on, ids, IDENTIFIERS[0] in named.values(), findings)
    pieces: dict[str, list[tuple[str, Column]]] = {}
    ages: list[tuple[str, Column, Column]] = []
    for column, name in named.items():
        if name == BIRTH[0]:
            low, high, bad = born(frame[column], on)
            _note_all(reader, column, bad)
            ages.append((column, low, high))
        elif name in product.variables:
            for variable, piece in _read(reader, column, name).items():
                pieces.setdefault(variable, []).append((column, piece))
    columns = {name: _merged(reader, name, each) for name, each in pieces.items()}
    upper = _aged(reader, columns, ages, [column for column, name in named.items() if name == AGE])
    told_by = _graded(reader, columns, named)
    _same_age(reader, columns, named)
    findings.raise_any()
    arrays = {name: _array(product.variables[name], each) for name, each in columns.items()}
    return Patients(ids, arrays, upper, told_by, on)


def _named(
    product: Product, columns: Sequence[str], ignore: set[str], place: Place, findings: Findings
) -> dict[str, str]:
    """What each column is: a variable, the identifier (`patient`) or the date of birth (`birthdate`)."""
    known = {plain(alias): name for name, v in product.variables.items() for alias in (name, *v.aliases)}
    known |= dict.fromkeys(IDENTIFIERS, IDENTIFIERS[0])
    known |= dict.fromkeys(BIRTH, BIRTH[0]) if AGE in product.variables else {}
    usual = ["patient", *(["birthdate"] if AGE in product.variables else []), *product.variables]
    spoken = usual + [alias for v in product.variables.values() for alias in v.aliases]
    named = {}
    for column in columns:
        key = plain(column)
        if key in ignore:
            continue
        if key not in known:
            where = place.spots.get(column, f"{place.file}: {column}")
            mend = nearest(column, spoken)
            mend = mend if mend.startswith("Did you mean") else nearest("", usual)
            fault = Fault(where, "not a known name", "no fact has this name", mend)
            findings.add("columns", fault)
            continue
        named[column] = known[key]
    return named


def _identifiers(frame: pl.DataFrame, named: Mapping[str, str]) -> pl.Series:
    column = next((c for c, name in named.items() if name == IDENTIFIERS[0]), None)
    if column is None:
        return pl.int_range(1, frame.height + 1, eager=True).cast(pl.String).alias("patient")
    return frame[column].cast(pl.String).alias("patient")


def _read(reader: _Reader, column: str, name: str) -> dict[str, Column]:
    """What a column says, by variable; what cannot be read is noted and unknown."""
    variable, entries = reader.product.variables[name], reader.frame[column]
    if name == CONDITION:
        said, bad = condition(entries, reader.product)
    elif variable.type == "category":
        one, bad = category(entries, variable, reader.product, name)
        said = {name: one}
    elif variable.type == "boolean":
        one, bad = boolean(entries)
        said = {name: one}
    else:
        one, bad = number(entries, variable, name)
        said = {name: one}
    _note_all(reader, column, bad)
    return said


def _note_all(reader: _Reader, column: str, bad: Mapping[tuple[str, str, str], pl.Series]) -> None:
    for (kind, allowed, mend), mask in bad.items():
        reader.note(mask, column, kind, allowed, mend or EMPTY)


def _merged(reader: _Reader, name: str, pieces: list[tuple[str, Column]]) -> Column:
    """One column of several that speak of the same variable; where they differ they contradict each other."""
    first, merged = pieces[0]
    for column, piece in pieces[1:]:
        differ = (merged != piece).fill_null(False)
        reader.note(
            differ,
            column,
            "contradiction",
            lambda row, first=first, before=merged: (  # type: ignore[misc]
                f"{first} says {_value(reader.product.variables[name], before[row])}"
            ),
            "Remove the one that is wrong.",
            found=lambda row, piece=piece: (  # type: ignore[misc]
                f"contradictory: it says {_value(reader.product.variables[name], piece[row])}"
            ),
        )
        merged = merged.fill_null(piece)
    return merged


def _aged(
    reader: _Reader, columns: dict[str, Column], ages: list[tuple[str, Column, Column]], stated: list[str]
) -> dict[str, NDArray[np.float64]]:
    """Ages from dates of birth, set beside the ages that are stated; the upper ends where they are not exact."""
    upper: dict[str, NDArray[np.float64]] = {}
    for column, low, high in ages:
        given = columns.get(AGE)
        if given is not None:
            years = given.floor()
            differ = ((years < low) | (years > high)).fill_null(False)
            reader.note(
                differ,
                column,
                "contradiction",
                lambda row, given=given: f"{stated[0]} says {given[row]:g} years",  # type: ignore[misc]
                "Remove the one that is wrong.",
                found=lambda row, low=low, high=high: (  # type: ignore[misc]
                    f"contradictory: on {reader.on} it makes {_span(low[row], high[row])} years"
                ),
            )
            low, high = given.fill_null(low), given.fill_null(high)
        columns[AGE] = low
        if (low != high).any():
            upper[AGE] = _floats(high)
    return upper


def _span(low: float, high: float) -> str:
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def _graded(
    reader: _Reader, columns: dict[str, Column], named: Mapping[str, str]
) -> dict[str, tuple[str, NDArray[np.bool_]]]:
    """Words and scores of a scale say the same; the one is told by the other where it is missing."""
    told_by: dict[str, tuple[str, NDArray[np.bool_]]] = {}
    for scale in reader.product.scales:
        labels = reader.product.variables[scale.words].categories or ()
        word_of = {float(grade.score): labels.index(grade.word) for grade in scale.grades}
        score_of = {code: score for score, code in word_of.items()}
        words, scores = columns.get(scale.words), columns.get(scale.scores)
        if words is None and scores is None:
            continue
        said = _mapped(scores, word_of, pl.Int8) if scores is not None else None
        if words is not None and scores is not None and said is not None:
            differ = (words != said).fill_null(False)
            column = next(c for c, name in named.items() if name == scale.scores)
            other = next(c for c, name in named.items() if name == scale.words)
            reader.note(
                differ,
                column,
                "contradiction",
                lambda row, words=words, labels=labels, other=other: f"{other} says {labels[words[row]]}",  # type: ignore[misc]
                "Remove the one that is wrong.",
                found=lambda row, scores=scores, said=said, labels=labels: (  # type: ignore[misc]
                    f"contradictory: {scores[row]:g} is {labels[said[row]]}"
                ),
            )
        graded = words if said is None else said if words is None else words.fill_null(said)
        assert graded is not None
        columns[scale.words] = graded
        back = _mapped(graded, score_of, pl.Float64)
        columns[scale.scores] = back if scores is None else scores.fill_null(back)
        for name, other, before in ((scale.words, scale.scores, words), (scale.scores, scale.words, scores)):
            now = columns[name].is_not_null()
            told_by[name] = (other, (now if before is None else now & before.is_null()).to_numpy())
    return told_by


def _mapped(values: Column, to: Mapping[Any, Any], dtype: Any) -> Column:
    return values.replace_strict(dict(to), default=None, return_dtype=dtype)


def _same_age(reader: _Reader, columns: Mapping[str, Column], named: Mapping[str, str]) -> None:
    """A patient who stands in several rows has one age."""
    again = reader.ids.is_duplicated() & reader.ids.is_not_null()
    age = columns.get(AGE)
    if age is None or not reader.identified or not again.any():
        return
    column = next((c for c, name in named.items() if name in (AGE, BIRTH[0])), AGE)
    table = pl.DataFrame({"patient": reader.ids, "age": age}).with_row_index("row").filter(again)
    first = table.drop_nulls().group_by("patient").agg(pl.col("age").first().alias("first"))
    odd = table.join(first, on="patient", how="left").filter(pl.col("age") != pl.col("first")).sort("row")
    ages = dict(odd.select("row", "first").iter_rows())
    mask = pl.Series(np.isin(np.arange(len(age)), list(ages)))
    reader.note(
        mask,
        column,
        "two ages",
        lambda row: f"the same patient is {ages[row]:g} years old in another row",
        "Correct the one that is wrong, or the identifier.",
    )


def _array(variable: Fact, values: Column) -> NDArray[Any]:
    below = variable.range is None or variable.range[0] < 0  # a negative whole number would be taken for unknown
    if variable.type == "number" or (variable.type == "integer" and below):
        return _floats(values)
    if variable.type == "integer":
        return values.cast(pl.Int32).fill_null(-1).to_numpy()
    return values.cast(pl.Int8).fill_null(-1).to_numpy()


def _floats(values: Column) -> NDArray[np.float64]:
    return np.asarray(values.cast(pl.Float64).fill_null(np.nan).to_numpy(), dtype=np.float64)


def _value(variable: Fact, value: Any) -> str:
    """A typed value in words."""
    if variable.type == "category":
        return (variable.categories or ())[int(value)]
    if variable.type == "boolean":
        return "yes" if value else "no"
    return f"{value:g}"


def _shown(value: Any) -> str:
    return "empty" if value is None else f"'{value}'" if isinstance(value, str) else str(value)
