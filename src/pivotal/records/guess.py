"""What the columns of a data file seem to be, by their names and entries: a start for a study file, never more."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pivotal.errors import UsageError
from pivotal.records.entries import spelt
from pivotal.records.faults import Findings
from pivotal.records.opening import open_file
from pivotal.records.table import ROW
from pivotal.study.mapping import MISSING

SUBJECT = re.compile(
    r"^(usubjid|subjid|subject|patient|participant|pid|id|ptno|patno)(_?(id|no|nr|number))?$|_id$", re.I
)
CENTRE = re.compile(r"cent(er|re)|^site|siteid|clinic|invest", re.I)
ARM = re.compile(r"^arm|^tr(ea)?t|therapy|group|^trt|^actarm", re.I)
VISIT = re.compile(r"visit|^time|week|month|^day|^avis", re.I)
ORDINAL = re.compile(r"(n|num|no|seq)$", re.I)
BASELINE = re.compile(r"base|^bas|_bl$|^bl_", re.I)
OUTCOME = re.compile(
    r"outcome|score|resp|chang|value|aval|result|tot|improv|month|week|visit|res\d|y\d|_\d+[mwd]?$|\d[mwd]$", re.I
)
CONTROL = re.compile(r"placebo|vehicle|control|sham|pbo|standard|usual|untreated|^p$|^0$|^c$", re.I)
MOST_ARMS, MOST_VISITS, MOST_CATEGORIES = 8, 40, 12
"""More entries than these, and a column is no arm, visit or category."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A column: its name, its entries as text in order of size or of the alphabet, and what is constant.

    `number` says whether all entries are numbers, `constant` whether a patient has the same in all rows.
    """

    name: str
    entries: tuple[str, ...]
    number: bool
    whole: bool
    constant: bool


@dataclass(frozen=True, slots=True)
class Guess:
    """What the columns seem to be; `subject` is empty where a row is a patient without identifier."""

    file: str
    rows: int
    subject: tuple[str, ...]
    visit: Seen | None
    arm: Seen
    control: str
    variables: tuple[Seen, ...]
    outcomes: tuple[Seen, ...]
    baseline: Seen | None
    unread: tuple[str, ...]


def guess(path: Path) -> Guess:
    """Guess what the columns of a data file are.

    Parameters
    ----------
    path
        A data file, as `read_mapped` takes it.

    Raises
    ------
    DataError
        If the file cannot be read.
    UsageError
        If no column looks like the arm, or none like an outcome.
    """
    findings = Findings()
    table = open_file(path, "the data file", findings)
    findings.raise_any()
    assert table is not None
    names = [table.spelt[c] for c in table.columns]
    frame = pl.DataFrame({table.spelt[c]: _plain(table.frame[c]) for c in table.columns})
    subject = _subject(frame, names)
    patient = frame.select(pl.concat_str(subject, separator="-")).to_series() if subject else table.frame[ROW]
    patient = patient.cast(pl.String).fill_null("")
    seen = {name: _seen(name, frame[name], patient) for name in names if name not in subject}
    long = patient.n_unique() < len(patient)
    arm = _arm(list(seen.values()), path)
    visit = _visit(seen, frame, patient, arm) if long else None
    rest = [s for s in seen.values() if s is not arm and s is not visit and s.entries]
    rest += [s for s in (_seen(n, frame[n], patient) for n in subject if CENTRE.search(n)) if s.entries]
    outcomes = [s for s in rest if _is_outcome(s, long)] or [s for s in rest if s.number and not s.constant][-1:]
    outcomes = outcomes or [s for s in rest if s.number][-1:]
    if not outcomes:
        raise UsageError(
            f"{path}: no column looks like an outcome: give one with numbers, or write the study file by hand"
        )
    baseline = next((s for s in rest if s not in outcomes and s.number and BASELINE.search(s.name)), None)
    others = [s for s in rest if s not in outcomes and s is not baseline]
    variables = [s for s in others if s.constant and (s.number or len(s.entries) <= MOST_CATEGORIES)]
    unread = [s.name for s in others if s not in variables] + [n for n, s in seen.items() if not s.entries]
    control = next((e for e in arm.entries if CONTROL.search(e)), arm.entries[0])
    return Guess(
        path.name, len(frame), tuple(subject), visit, arm, control, tuple(variables), tuple(outcomes), baseline,
        tuple(unread),
    )  # fmt: skip


def _plain(column: pl.Series) -> pl.Series:
    text = spelt(column)
    return text.set(text.is_in(list(MISSING)).fill_null(False), None)


def _subject(frame: pl.DataFrame, names: list[str]) -> list[str]:
    """The column that names the patient, and the centre where patients are numbered within it; none if no name fits."""
    named = [n for n in names if SUBJECT.search(n) and frame[n].null_count() == 0]
    if not named:
        return []
    best = max(named, key=lambda n: frame[n].n_unique())
    centre = next((n for n in names if CENTRE.search(n) and n != best), None)
    if centre is None or frame[centre].null_count():
        return [best]
    arms = [n for n in names if ARM.search(n) and n != best]
    clash = any(frame.group_by(best).agg(pl.col(n).n_unique())[n].max() != 1 for n in [centre, *arms])
    return [centre, best] if clash else [best]


def _seen(name: str, column: pl.Series, patient: pl.Series) -> Seen:
    entries = column.drop_nulls().unique()
    numbers = entries.cast(pl.Float64, strict=False)
    number = len(entries) > 0 and numbers.null_count() == 0
    ordered = (
        entries.to_frame("e").with_columns(numbers.alias("n")).sort("n", "e")
        if number
        else entries.to_frame("e").sort("e")
    )
    pairs = pl.DataFrame({"patient": patient, "entry": column}).drop_nulls()
    several = pairs.group_by("patient").agg(pl.col("entry").n_unique())["entry"]
    whole = number and bool((numbers == numbers.round()).all())
    return Seen(name, tuple(ordered["e"]), number, whole, len(several) == 0 or several.max() == 1)


def _arm(seen: list[Seen], path: Path) -> Seen:
    fits = [s for s in seen if s.constant and 2 <= len(s.entries) <= MOST_ARMS]
    found = next((s for s in fits if ARM.search(s.name)), None)
    found = found or next((s for s in fits if any(CONTROL.search(e) and not s.number for e in s.entries)), None)
    if found is None:
        raise UsageError(
            f"{path}: no column looks like the arm (arm, treatment, therapy, group); write the study file by hand"
        )
    return found


def _visit(seen: dict[str, Seen], frame: pl.DataFrame, patient: pl.Series, arm: Seen) -> Seen | None:
    """The column that tells a patient's rows apart: one named like a visit, the words before the numbers."""
    fits = []
    for each in seen.values():
        pairs = pl.DataFrame({"patient": patient, "visit": frame[each.name]})
        if (
            each is not arm
            and VISIT.search(each.name)
            and len(each.entries) <= MOST_VISITS
            and not pairs.is_duplicated().any()
        ):
            fits.append(each)
    if not fits:
        raise UsageError(f"patients have several rows, and no column tells their visits apart: {', '.join(seen)}")
    return min(fits, key=lambda s: (not re.search("visit", s.name, re.I), bool(ORDINAL.search(s.name))))


def _is_outcome(each: Seen, long: bool) -> bool:
    if long:
        return not each.constant and (each.number or len(each.entries) == 2) and not VISIT.search(each.name)
    return each.number and bool(OUTCOME.search(each.name)) and not BASELINE.search(each.name)
