"""Faults of event data: what cannot be, with data set, row and patient; what is unknown is no fault."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from pivotal.errors import Fault, nearest
from pivotal.records.dataset import Dataset, Library
from pivotal.records.partial_dates import bounds

SUBJECT = "USUBJID"
ROW = "row of the data set"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventColumns:
    """Where event data hold what is checked.

    Attributes
    ----------
    start, end
        Dates of the event, the analysis date or the collected text: the first that the data set has.
    severity
        Its severity.
    birth, death
        Dates of the patient, in ADSL or DM.
    age, reference
        Where no date of birth is told: the age in years, and a date within a year of which it was taken. A birth is
        then known to lie after the reference less the age and two years.
    exposure_start, exposure_end
        First and last day of treatment, of ADSL or a data set of treatment periods.
    """

    start: tuple[str, ...] = ("ASTDT", "AESTDTC")
    end: tuple[str, ...] = ("AENDT", "AEENDTC")
    severity: str = "AESEV"
    birth: tuple[str, ...] = ("BRTHDT", "BRTHDTC")
    death: tuple[str, ...] = ("DTHDT", "DTHDTC")
    age: str = "AGE"
    reference: tuple[str, ...] = ("RFSTDTC", "RANDDT", "TRTSDT", "RFICDTC")
    exposure_start: str = "TRTSDT"
    exposure_end: str = "TRTEDT"


def event_faults(
    data: Library,
    *,
    events: str = "ADAE",
    subjects: str = "ADSL",
    exposure: str | None = None,
    severities: Sequence[str] = ("MILD", "MODERATE", "SEVERE"),
    columns: EventColumns | None = None,
) -> list[Fault]:
    """Everything that cannot be in event data, all at once.

    Parameters
    ----------
    data
        Data sets by name.
    events, subjects, exposure
        Names of the events' data set, the patients', and that of treatment periods (the patients' where None).
    severities
        Words of the scale of severity.
    columns
        Names of columns; those of ADaM and SDTM where None.

    Returns
    -------
    list of Fault
        Events before birth or after death, an end before its start, a severity that the scale does not have, a patient
        of the events who is not among the patients, exposure of zero or negative days, two deaths. A partial date
        (``2014-03``) proves an order only where every day that it can mean does; a missing one proves none.

    Examples
    --------
    >>> from pivotal.records.dataset import dataset
    >>> adsl = dataset("ADSL", pl.DataFrame({"USUBJID": ["1"]}))
    >>> ae = dataset("ADAE", pl.DataFrame({"USUBJID": ["1"], "AESTDTC": ["2014-03"], "AEENDTC": ["2014-02-11"]}))
    >>> print(event_faults({"ADSL": adsl, "ADAE": ae})[0].found)
    2014-02-11, before its start 2014-03
    """
    where, people = columns or EventColumns(), data[subjects]
    found = data[events]
    periods = data[exposure] if exposure else people
    rows = _dated(found, where).join(_lived(people, where), on=SUBJECT, how="left")
    return [
        *_nobody(found, people),
        *_ordered(found, rows),
        *_lifetime(found, rows),
        *_severity(found, where.severity, severities),
        *_deaths(found, people, where),
        *_exposure(periods, where),
    ]


def _nobody(found: Dataset, people: Dataset) -> Iterator[Fault]:
    known = people.frame.select(SUBJECT).unique()
    strangers = found.frame.with_row_index(ROW, 1).join(known, on=SUBJECT, how="anti", nulls_equal=False)
    for row in strangers.select(ROW, SUBJECT).iter_rows(named=True):
        if row[SUBJECT] is None:
            place = f"{found.name}: row {row[ROW]}: {SUBJECT}"
            yield Fault(place, "missing", "an event is somebody's", "Fill it in or remove the row.")
        else:
            allowed = f"every patient with an event is in {people.name}, and so in an arm"
            mend = f"Add the patient to {people.name}, or correct {SUBJECT}."
            yield Fault(_place(found, row, SUBJECT), f"not in {people.name}", allowed, mend)


def _ordered(found: Dataset, rows: pl.DataFrame) -> Iterator[Fault]:
    for row in rows.filter(pl.col("end latest") < pl.col("start earliest")).iter_rows(named=True):
        said = f"{row['end text']}, before its start {row['start text']}"
        yield Fault(_place(found, row, "end"), said, "an event ends on or after its start", "Correct one of the dates.")


def _lifetime(found: Dataset, rows: pl.DataFrame) -> Iterator[Fault]:
    for row in rows.filter(pl.col("start latest") < pl.col("birth earliest")).iter_rows(named=True):
        said = f"{row['start text']}, before the birth {row['birth text']}"
        yield Fault(_place(found, row, "start"), said, "events happen after birth", "Correct one of the dates.")
    for row in rows.filter(pl.col("start earliest") > pl.col("death latest")).iter_rows(named=True):
        said = f"{row['start text']}, after the death {row['death text']}"
        yield Fault(_place(found, row, "start"), said, "events start no later than death", "Correct one of the dates.")


def _severity(found: Dataset, column: str, words: Sequence[str]) -> Iterator[Fault]:
    if column not in found.frame.columns:
        return
    said = pl.col(column).cast(pl.String)
    wrong = found.frame.with_row_index(ROW, 1).filter(said.is_not_null() & ~said.is_in(list(words)))
    for row in wrong.iter_rows(named=True):
        allowed = f"the scale has {', '.join(words)}"
        yield Fault(_place(found, row, column), repr(row[column]), allowed, nearest(str(row[column]), words))


def _deaths(found: Dataset, people: Dataset, where: EventColumns) -> Iterator[Fault]:
    """Two dates of death; two fatal events of one day are no fault: a death can have several causes."""
    column = _first(people, where.death)
    if column is not None:
        given = people.frame.with_row_index(ROW, 1).drop_nulls(column)
        yield from _twice(people, given, column)
    column = _first(found, where.death)
    if column is not None:
        yield from _twice(found, found.frame.with_row_index(ROW, 1).drop_nulls(column), column)
    if "AEOUT" in found.frame.columns and (end := _first(found, where.end)) is not None:
        fatal = found.frame.with_row_index(ROW, 1).filter(pl.col("AEOUT") == "FATAL").drop_nulls(end)
        yield from _twice(found, fatal, end)


def _twice(found: Dataset, given: pl.DataFrame, column: str) -> Iterator[Fault]:
    dates = given.with_columns(*bounds(given, column, "death"))
    first = pl.col("death latest").min().over(SUBJECT)
    for row in dates.filter(pl.col("death earliest") > first).iter_rows(named=True):
        said = f"{row['death text']}, a second death"
        yield Fault(_place(found, row, column), said, "a patient dies once", "Keep the date that is right.")


def _exposure(periods: Dataset, where: EventColumns) -> Iterator[Fault]:
    frame, names = periods.frame.with_row_index(ROW, 1), (where.exposure_start, where.exposure_end)
    if not set(names) <= set(frame.columns):
        return
    dated = frame.with_columns(*bounds(frame, names[0], "start"), *bounds(frame, names[1], "end"))
    for row in dated.filter(pl.col("end latest") < pl.col("start earliest")).iter_rows(named=True):
        days = (row["end latest"] - row["start earliest"]).days + 1
        allowed = "treatment lasts a day at least: its last day is its first or later"
        said = f"{row['end text']}, {days} days of exposure from {row['start text']}"
        yield Fault(_place(periods, row, names[1]), said, allowed, "Correct one of the dates.")
    for name in ("TRTDUR", "EXDUR"):
        if name not in frame.columns or not frame.schema[name].is_numeric():
            continue
        for row in frame.filter(pl.col(name) <= 0).iter_rows(named=True):
            yield Fault(_place(periods, row, name), f"{row[name]:g}", "exposure is a day at least", "Correct it.")


def _dated(found: Dataset, where: EventColumns) -> pl.DataFrame:
    frame = found.frame.with_row_index(ROW, 1)
    start, end = _first(found, where.start), _first(found, where.end)
    return frame.select(ROW, SUBJECT, *bounds(frame, start, "start"), *bounds(frame, end, "end"))


def _lived(people: Dataset, where: EventColumns) -> pl.DataFrame:
    birth, death = _first(people, where.birth), _first(people, where.death)
    frame = people.frame
    born = bounds(frame, birth, "birth") if birth is not None else _born(people, where)
    lived = frame.select(SUBJECT, *born, *bounds(frame, death, "death"))
    return lived.unique(SUBJECT, keep="first", maintain_order=True)


def _born(people: Dataset, where: EventColumns) -> list[pl.Expr]:
    """The earliest birth that an age in years allows; nothing where there is none."""
    frame, reference = people.frame, _first(people, where.reference)
    known = reference is not None and where.age in frame.columns and frame.schema[where.age].is_numeric()
    if not known:
        return bounds(frame, None, "birth")
    years = pl.col("AGEU").cast(pl.String) == "YEARS" if "AGEU" in frame.columns else pl.lit(True)
    age = pl.when(years).then(pl.col(where.age).floor().cast(pl.Int64))
    earliest, _, text = bounds(frame, reference, "birth")
    before = pl.format("-{}y", age + 2)
    told = pl.format("(aged {} on {})", age, text)
    return [earliest.dt.offset_by(before), pl.lit(None, pl.Date).alias("birth latest"), told.alias("birth text")]


def _first(found: Dataset, names: Sequence[str]) -> str | None:
    return next((name for name in names if name in found.frame.columns), None)


def _place(found: Dataset, row: dict[str, object], what: str) -> str:
    return f"{found.source or found.name}: row {row[ROW]}: patient {row[SUBJECT]}: {what}"
