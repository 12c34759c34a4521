"""Reading the data sets of the periods back: the inverse of `longterm`, every fault with file, row and patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pivotal.errors import DataError, Fault
from pivotal.records.datasets import identifiers
from pivotal.records.faults import Findings
from pivotal.records.files import find
from pivotal.records.formats import read_dataset
from pivotal.records.layout import NO, PARAMETER, PATIENT, VALUE, VISIT, YES
from pivotal.records.longterm import ADAE, ADDOSE, ADLT, ADPER
from pivotal.study.model import Study
from pivotal.study.periods import sequence_name
from pivotal.trials import Courses, Events, LongTerm, Trials
from pivotal.trials.longterm import OUTSIDE, SEVERITIES

NEEDS = {
    ADPER: (PATIENT, "APERIOD", "TRTA", "ASTDY", "AENDY", "DCPREAS"),
    ADLT: (PATIENT, PARAMETER, VISIT, VALUE),
    ADAE: (PATIENT, "TRTA", "AEBODSYS", "AEDECOD", "AESEV", "AESER", "ASTDY", "AENDY", "APERIOD"),
    ADDOSE: (PATIENT, "ASTDY", "AENDY", "LESCLR"),
}


def with_long_term(study: Study, trials: Trials, place: Path) -> Trials:
    """Patients with the periods that a folder's ADPER, ADLT, ADAE and ADDOSE tell; as they are where there are none.

    Raises
    ------
    DataError
        If a data set lacks a column, or names a patient, treatment, visit, severity or day that cannot be.
    """
    period = study.long_term
    if period is None or not place.is_dir() or not find(place, ADPER):
        return trials
    findings = Findings()
    sets = {name: _open(place, name, findings) for name in NEEDS}
    findings.raise_any()
    codes = {name: code for code, name in enumerate(identifiers(study, trials))}
    rows = {name: _Rows(name, *found, codes, findings) for name, found in sets.items()}
    made = _assemble(study, trials, rows)
    findings.raise_any()
    return replace(trials, longterm=made)


def _open(folder: Path, name: str, findings: Findings) -> tuple[str, pl.DataFrame]:
    """A data set's file name and rows as text; no rows where there is no such file."""
    files = find(folder, name)
    empty = pl.DataFrame(schema=dict.fromkeys(NEEDS[name], pl.String))
    if not files:
        return name, empty
    path = files[0]
    try:
        frame = _read(path)
    except DataError as error:
        for fault in error.faults:
            findings.add(f"{name} file", fault)
        return path.name, empty
    except (pl.exceptions.PolarsError, OSError) as error:
        allowed = "it must be a whole Parquet or CSV file"
        findings.add(f"{name} file", Fault(str(path), f"unreadable: {error}", allowed, "Export the file again."))
        return path.name, empty
    frame = frame.rename({c: c.upper() for c in frame.columns})
    for column in (c for c in NEEDS[name] if c not in frame.columns):
        where = f"{path.name}: column {column}"
        findings.add(f"{name} column", Fault(where, "missing", f"{name} needs it", f"Add the column {column}."))
    return path.name, frame


def _read(path: Path) -> pl.DataFrame:
    if path.name.lower().endswith((".csv", ".csv.gz")):
        return pl.read_csv(path, infer_schema=False)
    frame = pl.read_parquet(path) if path.suffix.lower() == ".parquet" else read_dataset(path).frame
    floats = [name for name, dtype in frame.schema.items() if dtype.is_float()]
    whole = [name for name in floats if (frame[name].drop_nulls() % 1 == 0).all()]
    return frame.with_columns(pl.col(whole).cast(pl.Int64))  # transport files know no integers


@dataclass(frozen=True, slots=True)
class _Rows:
    """A data set whose columns become codes and numbers; what cannot is noted with row and patient."""

    name: str
    file: str
    frame: pl.DataFrame
    patients: Mapping[str, int]
    findings: Findings

    def __len__(self) -> int:
        return self.frame.height

    def code(self, column: str, labels: Sequence[str] | Mapping[str, int], *, empty: bool = False) -> NDArray[np.int64]:
        """Position of each label; -1 for none where `empty` is allowed."""
        known = labels if isinstance(labels, Mapping) else {label: place for place, label in enumerate(labels)}
        texts = self.frame[column].cast(pl.String).to_list()
        found = np.array([known.get(t, -1) if t is not None else -1 for t in texts], dtype=np.int64)
        bad = [i for i, t in enumerate(texts) if found[i] < 0 and not (empty and t in (None, ""))]
        shown = list(known)[:6]
        allowed = f"{column} is one of {', '.join(shown)}{' ...' if len(known) > len(shown) else ''}"
        self.note(bad, column, allowed)
        return found

    def subject(self) -> NDArray[np.int64]:
        """Which patient of ADSL each row is of."""
        return self.code(PATIENT, self.patients)

    def number(self, column: str, *, empty: bool = False) -> NDArray[np.float64]:
        """A column of numbers, NaN for none where `empty` is allowed."""
        raw = self.frame[column]
        values = raw.cast(pl.Float64, strict=False)
        wrong = values.is_null() if not empty else values.is_null() & raw.is_not_null()
        self.note(np.flatnonzero(wrong.to_numpy()), column, f"{column} is a number")
        return values.fill_null(np.nan).to_numpy()

    def day(self, column: str, *, empty: bool = False) -> NDArray[np.int16]:
        """Study days from 1 to 32,767; -1 for none where `empty` is allowed."""
        values = self.number(column, empty=empty)
        out = ~np.isnan(values) & ((values < 1) | (values > np.iinfo(np.int16).max) | (values % 1 != 0))
        self.note(np.flatnonzero(out), column, f"{column} is a whole study day, at least 1")
        return np.where(np.isnan(values) | out, OUTSIDE, values).astype(np.int16)

    def span(self, *, is_open: bool = False) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
        """First and last day; an end before its start is noted."""
        start, end = self.day("ASTDY"), self.day("AENDY", empty=is_open)
        self.note(np.flatnonzero((end >= 0) & (end < start)), "AENDY", "an end is not before its start (ASTDY)")
        return start, end

    def note(self, bad: Sequence[int] | NDArray[np.intp], column: str, allowed: str) -> None:
        """Note a fault for each row."""
        first = 2 if self.file.lower().endswith(".csv") else 1
        for i in bad:
            row = self.frame.row(int(i), named=True)
            where = f"{self.file} row {int(i) + first}, patient {row.get(PATIENT)}: {column}"
            shown = "empty" if row[column] is None else repr(row[column])
            self.findings.add(f"{self.name} {column}", Fault(where, shown, allowed, "Correct it."))


def _assemble(study: Study, trials: Trials, rows: Mapping[str, _Rows]) -> LongTerm:
    period = study.long_term
    assert period is not None
    pairs = study.treatments(period)
    sequences = tuple(sequence_name(arm, treatment) for arm, treatment in pairs)
    onto = tuple(study.arm_index(treatment) for _, treatment in pairs)
    first = round(7 * period.from_week) + 1
    spans = _spans(study, trials, rows[ADPER], onto)
    return LongTerm(
        periods=(study.blinded.name, period.name),
        sequences=sequences,
        visits=tuple(v.name for v in period.visits),
        onto=onto,
        first_day=first,
        values=_values(trials, rows[ADLT], tuple((p, v.name) for v in period.visits for p in v.measures)),
        courses=_courses(rows[ADDOSE]),
        **_events(study, trials, rows[ADAE]),
        **spans,
    )


def _spans(study: Study, trials: Trials, rows: _Rows, onto: tuple[int, ...]) -> dict[str, Any]:
    """Last day of each period, sequence and reason, from ADPER."""
    who, (_, end) = rows.subject(), rows.span()
    number = rows.code("APERIOD", ("", "1", "2"))
    treatment = rows.code("TRTA", trials.arms)
    given = rows.frame["DCPREAS"].filter(pl.Series(number == 2)).drop_nulls()
    named = list(given.unique(maintain_order=True))
    reasons = tuple(dict.fromkeys([*study.long_term_reasons, *named]))
    arms = {pair: place for place, pair in enumerate(_pairs(study, onto))}
    found = {name: np.full(trials.shape, OUTSIDE, dtype=np.int16) for name in ("blinded_end", "end_day")}
    coded = {name: np.full(trials.shape, OUTSIDE, dtype=np.int8) for name in ("sequence", "reason")}
    usable = (who >= 0) & (treatment >= 0)
    one, two = usable & (number == 1), usable & (number == 2)
    found["blinded_end"][0, who[one]] = end[one]
    found["end_day"][0, who[two]] = end[two]
    place = [arms.get((int(trials.arm[0, w]), int(t)), OUTSIDE) for w, t in zip(who[two], treatment[two], strict=True)]
    codes = np.array(place, dtype=np.int8)
    rows.note(np.flatnonzero(two)[codes < 0], "TRTA", "no treatment sequence of the study goes there")
    coded["sequence"][0, who[two]] = codes
    why = {reason: i for i, reason in enumerate(reasons)}
    texts = rows.frame["DCPREAS"].to_list()
    coded["reason"][0, who[two]] = [why.get(texts[i], 0) if texts[i] else 0 for i in np.flatnonzero(two)]
    return {**found, **coded, "reasons": reasons}


def _pairs(study: Study, onto: tuple[int, ...]) -> list[tuple[int, int]]:
    assert study.long_term is not None
    pairs = study.treatments(study.long_term)
    return [(study.arm_index(arm), to) for (arm, _), to in zip(pairs, onto, strict=True)]


def _values(trials: Trials, rows: _Rows, planned: tuple[tuple[str, str], ...]) -> dict[tuple[str, str], NDArray[Any]]:
    who, value = rows.subject(), rows.number(VALUE)
    parameter = rows.code(PARAMETER, tuple(dict.fromkeys(p for p, _ in planned)))
    visit = rows.code(VISIT, tuple(dict.fromkeys(v for _, v in planned)))
    parameters, visits = tuple(dict.fromkeys(p for p, _ in planned)), tuple(dict.fromkeys(v for _, v in planned))
    found: dict[tuple[str, str], NDArray[Any]] = {}
    for p, v in planned:
        mine = (who >= 0) & (parameter == parameters.index(p)) & (visit == visits.index(v))
        whole = np.full(trials.shape, np.nan)
        whole[0, who[mine]] = value[mine]
        grade = np.where(np.isnan(whole), OUTSIDE, whole).astype(np.int8) if p == "IGA" else whole
        if p == "IGA" or mine.any():
            found[p, v] = grade
    return found


def _courses(rows: _Rows) -> Courses:
    who, (start, stop) = rows.subject(), rows.span()
    cleared = rows.code("LESCLR", (NO, YES)) == 1
    order = np.lexsort((start, who))
    return Courses(
        trial=np.zeros(len(rows), dtype=np.int32),
        subject=who[order].astype(np.int32),
        start=start[order],
        stop=stop[order],
        cleared=cleared[order],
    )


def _events(study: Study, trials: Trials, rows: _Rows) -> dict[str, Any]:
    named = list(zip(rows.frame["AEBODSYS"].to_list(), rows.frame["AEDECOD"].to_list(), strict=True))
    terms = tuple(dict.fromkeys([*study.event_terms, *named]))
    known = {name: code for code, name in enumerate(terms)}
    who, (start, end) = rows.subject(), rows.span(is_open=True)
    events = Events(
        trial=np.zeros(len(rows), dtype=np.int32),
        subject=who.astype(np.int32),
        period=rows.code("APERIOD", ("", "1", "2")).astype(np.int8),
        treatment=rows.code("TRTA", trials.arms).astype(np.int8),
        term=np.array([known[name] for name in named], dtype=np.int16),
        severity=rows.code("AESEV", SEVERITIES).astype(np.int8),
        serious=rows.code("AESER", (NO, YES)) == 1,
        start=start,
        end=end,
    )
    return {"events": events, "terms": terms}
