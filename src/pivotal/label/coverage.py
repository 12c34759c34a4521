"""Whom the label covers on a day: the criteria of the indications in force, by the one criteria engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pivotal.errors import UsageError
from pivotal.label.columns import coded
from pivotal.label.days import a_day
from pivotal.label.load import load_product
from pivotal.label.patients import Patients, Place, read_frame
from pivotal.label.product import Fact, Indication, Limitation, Product
from pivotal.study.criteria import Criterion, Truth, both, either, passes

_MANY = (list, tuple, np.ndarray, pl.Series)
ANSWERS = {1: "covered", 0: "not covered", -1: "cannot tell"}


@dataclass(frozen=True, slots=True)
class Coverage:
    """Whom a product's label covers on one day.

    Attributes
    ----------
    product
        The product.
    on
        The day.
    patients
        The facts that were asked.
    indications
        The indications in force on the day; none before the first approval.
    limitations
        The limitations of use in force on the day.
    answer
        int8 (patient,): 1 covered by an indication, 0 by none, -1 cannot tell.
    by_indication
        int8 (patient, indication).
    by_criterion
        For each indication int8 (patient, criterion), in the file's order: 1 passed, 0 failed, -1 unknown. A patient
        passes an exclusion by not meeting it.
    limited
        int8 (patient, limitation): 1 where a limitation of use applies, 0 where it does not, -1 where that is unknown.
        It is no part of the answer.
    """

    product: Product
    on: date
    patients: Patients
    indications: tuple[Indication, ...]
    limitations: tuple[Limitation, ...]
    answer: Truth
    by_indication: Truth
    by_criterion: tuple[Truth, ...]
    limited: Truth

    def __len__(self) -> int:
        return len(self.answer)

    def counts(self) -> dict[str, int]:
        """How many patients have each answer."""
        return {word: int((self.answer == code).sum()) for code, word in ANSWERS.items()}

    def reasons(self) -> pl.Series:
        """Why, a sentence a patient: by which indication, what fails, or which facts are unknown."""
        from pivotal.label.reasons import reasons

        return reasons(self)

    def frame(self) -> pl.DataFrame:
        """A row a patient: identifier, answer, covering indications, reasons, limitations that apply."""
        from pivotal.label.reasons import frame

        return frame(self)


def covers(
    product: Product | str,
    patients: Patients | pl.DataFrame | Mapping[str, Any] | Sequence[Mapping[str, Any]],
    *,
    on: date | str,
) -> Coverage:
    """Whom a label covers on a day.

    A patient is covered where all criteria of one indication in force hold. What is unknown stays unknown and never
    counts as no: where the answer hangs on it, the answer is that it cannot be told. An age known within limits only
    (a year of birth) decides where every age within them gives the same answer. This is no medical advice.

    Parameters
    ----------
    product
        A product, or the name or path of one.
    patients
        One patient's facts by variable or alias (``{"age": 5, "bsa": 10}``), a sequence of such, a table with a row a
        patient, or `Patients` read before for the same day. None, NaN and an empty text are unknown; an age may be
        ``"30 months"``, a body surface ``"12 %"``.
    on
        The day, or its text (2025-09-18).

    Returns
    -------
    Coverage
        Answers for each patient, each indication, each criterion.

    Raises
    ------
    DataError
        If facts are wrong or contradict each other: all of them.
    ProductError, UsageError
        If the product file is wrong or not there; if the day is no day, or not the one that patients were read for.

    Notes
    -----
    Degenerate outcomes: before the first approval no indication is in force and nobody is covered. A limitation of use
    (not recommended together with a biologic) is not part of an indication: it is told in `limited` and does not change
    the answer.

    Examples
    --------
    >>> child = {"age": 5, "condition": "atopic dermatitis", "severity": "moderate", "bsa": 10,
    ...          "immunocompromised": "no", "topical failed": "yes"}
    >>> [int(covers("opzelura", child, on=day).answer[0]) for day in ("2025-09-17", "2025-09-18")]
    [0, 1]
    >>> covers("opzelura", child | {"bsa": None}, on="2025-09-18").reasons()[0]
    'cannot tell: unknown is the body surface affected (AD-2025)'
    """
    loaded = load_product(product) if isinstance(product, str) else product
    day = a_day(on)
    read = patients if isinstance(patients, Patients) else _read(loaded, patients, day)
    if read.on != day:
        raise UsageError(f"the patients were read for {read.on} and are asked about on {day}. Read them for that day.")
    indications = loaded.in_force(day)
    limitations = tuple(each for each in loaded.limitations if _current(each, day))
    parts = [_evaluated(loaded, indications, limitations, columns) for columns in _possible(read)]
    answer, by_indication, by_criterion, limited = _agreed(parts)
    return Coverage(loaded, day, read, indications, limitations, answer, by_indication, tuple(by_criterion), limited)


def _current(limitation: Limitation, day: date) -> bool:
    started = limitation.effective is None or limitation.effective <= day
    return started and (limitation.superseded is None or day < limitation.superseded)


def _read(product: Product, patients: Any, day: date) -> Patients:
    table = Place("patients", 1)
    if isinstance(patients, pl.DataFrame):
        return read_frame(product, patients, on=day, place=table)
    if isinstance(patients, Mapping):
        many = {name for name, values in patients.items() if isinstance(values, _MANY)}
        if not many:
            return read_frame(product, texts([patients]), on=day, place=Place("patient"))
        lengths = {name: len(values) if name in many else 1 for name, values in patients.items()}
        if len(many) < len(patients) or len(set(lengths.values())) > 1:
            said = ", ".join(f"{name} {length}" for name, length in lengths.items())
            raise UsageError(f"the columns of a table are as long as each other; these are not: {said}.")
        return read_frame(product, pl.DataFrame({n: _column(v) for n, v in patients.items()}), on=day, place=table)
    if not isinstance(patients, Sequence) or not all(isinstance(row, Mapping) for row in patients):
        raise UsageError(
            f"patients are a mapping, a list of mappings, or a polars frame, not {type(patients).__name__}."
        )
    return read_frame(product, texts(patients), on=day, place=table)


def _column(values: Any) -> pl.Series:
    """A list of mixed entries is a column of text, which the reader takes apart."""
    try:
        return pl.Series(values=values, strict=True)
    except (TypeError, pl.exceptions.PolarsError):
        return pl.Series(values=[as_text(value) for value in values], dtype=pl.String)


def texts(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Facts of a few patients as a table of text."""
    names = list(dict.fromkeys(name for row in rows for name in row)) or ["patient"]
    return pl.DataFrame({n: pl.Series([as_text(row.get(n)) for row in rows], dtype=pl.String) for n in names})


def as_text(value: Any) -> str | None:
    """A fact as it would stand in a CSV file."""
    if value is None or value != value:
        return None
    return str(value).lower() if isinstance(value, bool | np.bool_) else str(value)


def _possible(patients: Patients) -> list[dict[str, NDArray[Any]]]:
    """The facts once for each value that numbers known within limits can take: whole steps from the lower end."""
    made = [dict(patients.columns)]
    for name, upper in patients.upper.items():
        low = patients.columns[name]
        steps = int(np.nanmax(upper - low, initial=0.0))
        made = [each | {name: np.minimum(low + step, upper)} for each in made for step in range(steps + 1)]
    size = np.zeros(len(patients), dtype=np.int8)
    return [each or {"": size} for each in made]


Parts = tuple[Truth, Truth, list[Truth], Truth]


def _evaluated(
    product: Product,
    indications: Sequence[Indication],
    limitations: Sequence[Limitation],
    columns: Mapping[str, NDArray[Any]],
) -> Parts:
    variables = product.variables
    size = len(next(iter(columns.values())))
    answer = np.zeros(size, dtype=np.int8)
    by_indication, by_criterion = [], []
    for indication in indications:
        each = [passes(in_codes(criterion, variables), columns) for criterion in indication.criteria]
        whole = np.ones(size, dtype=np.int8)
        for one in each:
            whole = both(whole, one)
        answer = either(answer, whole)
        by_indication.append(whole)
        by_criterion.append(_stacked(each, size))
    limited = [passes(in_codes(each.criterion, variables), columns) for each in limitations]
    return answer, _stacked(by_indication, size), by_criterion, _stacked(limited, size)


def _stacked(columns: Sequence[Truth], size: int) -> Truth:
    return np.stack(columns, axis=-1) if columns else np.zeros((size, 0), dtype=np.int8)


def _agreed(parts: Sequence[Parts]) -> Parts:
    """What holds for every value that is possible; unknown where they disagree."""
    answer, by_indication, by_criterion, limited = parts[0]
    for other in parts[1:]:
        answer, by_indication = _same(answer, other[0]), _same(by_indication, other[1])
        by_criterion = [_same(a, b) for a, b in zip(by_criterion, other[2], strict=True)]
        limited = _same(limited, other[3])
    return answer, by_indication, by_criterion, limited


def _same(a: Truth, b: Truth) -> Truth:
    return np.where(a == b, a, np.int8(-1)).astype(np.int8, copy=False)


def in_codes(criterion: Criterion, variables: Mapping[str, Fact]) -> Criterion:
    """The same criterion on columns of codes: labels of categories become whole numbers."""
    changed: dict[str, Any] = {}
    variable = variables.get(criterion.variable or "")
    if variable is not None and variable.type == "category":
        for key in ("any_of", "none_of"):
            labels = getattr(criterion, key)
            if labels is not None:
                changed[key] = tuple(coded(variable, label) for label in labels)
    for key in ("all", "any"):
        group = getattr(criterion, key)
        if group is not None:
            changed[key] = tuple(in_codes(part, variables) for part in group)
    for key in ("not_", "when"):
        part = getattr(criterion, key)
        if part is not None:
            changed[key] = in_codes(part, variables)
    return criterion.model_copy(update=changed) if changed else criterion
