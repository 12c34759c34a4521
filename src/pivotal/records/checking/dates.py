"""Dates: that they are dates, that they stand in order, and that study days follow from them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl

from pivotal.records.checking.finding import ROW, SUBJECT, Rule, noted, numbered
from pivotal.records.dataset import Dataset, Library
from pivotal.records.partial_dates import bounds
from pivotal.study.model import Study

NO_DATE = Rule(
    "no date",
    "error",
    "a date is ISO 8601: 2014-01-02T11:45, or 2014-01 or 2014 where a part is unknown",
    "Correct it, or leave it empty.",
)
ORDER = Rule("dates out of order", "error", "an end is on or after its start", "Correct one of the dates.")
BIRTH = Rule("before birth", "error", "nothing happens before birth", "Correct one of the dates.")
DEATH = Rule("after death", "warning", "nothing is done after death", "Correct one of the dates.")
CONSENT = Rule("before consent", "error", "no treatment before consent", "Correct one of the dates, or explain it.")
EARLY = Rule("before consent", "warning", "no procedure before consent", "Correct one of the dates, or explain it.")
DAY = Rule(
    "study day",
    "note",
    "a study day counts from the reference date, whose own day is 1",
    "Correct the day or the date, or say from where days count.",
)
WHOLE = re.compile(
    r"^(\d{4}|-)(-(\d{2}|-)(-(\d{2}|-)(T(\d{2}|-)(:(\d{2}|-)(:\d{2}([.,]\d+)?)?)?(Z|[+-]\d{2}(:?\d{2})?)?)?)?)?$"
)
"""ISO 8601 as SDTM has it: unknown parts are left away at the end, or are a hyphen."""
PAIRS = (
    ("RFSTDTC", "RFENDTC"), ("RFXSTDTC", "RFXENDTC"), ("RFICDTC", "RFPENDTC"), ("RFICDTC", "RFSTDTC"),
    ("ASTDT", "AENDT"), ("TRTSDT", "TRTEDT"), ("TR01SDT", "TR01EDT"), ("TR02SDT", "TR02EDT"), ("STARTDT", "ADT"),
)  # fmt: skip
"""Variables of which the first is not after the second, beside --STDTC and --ENDTC of any domain."""
HISTORY = ("MH", "CM", "SC", "FH", "APMH", "DM", "SV", "SE", "DS")
"""Domains that may tell of what was before consent, or are not held against death."""


def valid(study: Study, data: Library) -> Iterator[pl.DataFrame]:
    """Texts that are no dates: 2014-13-45."""
    for found in data.values():
        for name, kind in found.frame.schema.items():
            if kind != pl.String or not name.endswith("DTC"):
                continue
            texts = found.frame[name].drop_nulls().unique()
            wrong = [text for text in texts if not is_date(text)]
            if wrong:
                rows = numbered(found).filter(pl.col(name).is_in(wrong))
                yield noted(NO_DATE, found, rows, name)


def is_date(text: str) -> bool:
    """Whether a text is an ISO 8601 date or date and time, parts of which may be unknown; or an interval of two."""
    start, slash, end = text.strip().partition("/")
    if slash:
        return is_date(start) and is_date(end)
    found = WHOLE.fullmatch(start)
    if found is None:
        return False
    year, month, day = found[1], found[3], found[5]
    if month not in (None, "-") and not 1 <= int(month) <= 12:
        return False
    if day not in (None, "-") and not 1 <= int(day) <= _days(year, month):
        return False
    return _under(found[7], 25) and _under(found[9], 60)


def _days(year: str, month: str | None) -> int:
    if month in (None, "-"):
        return 31
    number = int(year) if year != "-" else 2000
    leap = number % 4 == 0 and (number % 100 != 0 or number % 400 == 0)
    return {2: 29 if leap else 28, 4: 30, 6: 30, 9: 30, 11: 30}.get(int(month or 1), 31)


def _under(text: str | None, bound: int) -> bool:
    return text in (None, "-") or int(text or 0) < bound


def ordered(study: Study, data: Library) -> Iterator[pl.DataFrame]:
    """Ends before their starts. Of AE and ADAE the rules of events tell."""
    for found in data.values():
        prefixes = [name[:-5] for name in found.frame.columns if name.endswith("STDTC") and name != "RFSTDTC"]
        pairs = [*PAIRS, *((f"{p}STDTC", f"{p}ENDTC") for p in prefixes if p != "RFX")]
        for start, end in pairs:
            if start in found.frame.columns and end in found.frame.columns and found.name not in ("AE", "ADAE"):
                rows = _dated(found, {"start": start, "end": end})
                late = rows.filter(pl.col("end latest") < pl.col("start earliest"))
                says = pl.format(f"{end} is not before {start}, which is {{}}", pl.col("start text"))
                yield noted(ORDER, found, late, end, pl.col("end text"), says=says)


def _dated(found: Dataset, columns: dict[str, str]) -> pl.DataFrame:
    frame = numbered(found)
    subject = [SUBJECT] if SUBJECT in frame.columns else []
    made = [part for name, column in columns.items() for part in bounds(frame, column, name)]
    return frame.select(ROW, *subject, *made)


def lived(study: Study, data: Library) -> Iterator[pl.DataFrame]:
    """What was before birth, after death, or before consent."""
    people = _people(data)
    if people is None:
        return
    for found in data.values():
        column = _date_of(found)
        if column is None or found.name in ("DM", "ADSL", "AE", "ADAE"):
            continue
        rows = _dated(found, {"date": column}).join(people, on=SUBJECT, how="inner", maintain_order="left")
        text = pl.col("date text")
        early = rows.filter(pl.col("date latest") < pl.col("birth earliest"))
        says = pl.format("the patient was born on {}", pl.col("birth text"))
        yield noted(BIRTH, found, early, column, text, says=says)
        if found.name in HISTORY:
            continue
        late = rows.filter(pl.col("date earliest") > pl.col("death latest"))
        says = pl.format("the patient died on {}", pl.col("death text"))
        yield noted(DEATH, found, late, column, text, says=says)
        before = rows.filter(pl.col("date latest") < pl.col("consent earliest"))
        rule = CONSENT if found.name == "EX" else EARLY
        says = pl.format("the patient consented on {}", pl.col("consent text"))
        yield noted(rule, found, before, column, text, says=says)


def _date_of(found: Dataset) -> str | None:
    """When a row's event or measurement was."""
    if SUBJECT not in found.frame.columns:
        return None
    names = (f"{found.name}STDTC", f"{found.name}DTC", "ASTDT", "ADT")
    return next((name for name in names if name in found.frame.columns), None)


def _people(data: Library) -> pl.DataFrame | None:
    """Birth, death and consent of each patient, from DM, else ADSL; consent also from DS."""
    people = data.get("DM") or data.get("ADSL")
    if people is None or SUBJECT not in people.frame.columns:
        return None
    frame = people.frame.unique(SUBJECT, keep="first", maintain_order=True)
    named = {"birth": ("BRTHDTC", "BRTHDT"), "death": ("DTHDTC", "DTHDT"), "consent": ("RFICDTC", "RFICDT")}
    found = {key: next((name for name in names if name in frame.columns), None) for key, names in named.items()}
    made = [part for key, column in found.items() for part in bounds(frame, column, key)]
    return _with_consent(frame.select(SUBJECT, *made), data.get("DS"))


def _with_consent(people: pl.DataFrame, disposition: Dataset | None) -> pl.DataFrame:
    """Consent of DS, where DM says none."""
    if disposition is None or not {SUBJECT, "DSDECOD", "DSSTDTC"} <= set(disposition.frame.columns):
        return people
    given = disposition.frame.filter(pl.col("DSDECOD").str.to_uppercase().str.contains("INFORMED CONSENT"))
    if given.height == 0:
        return people
    first = given.sort("DSSTDTC").unique(SUBJECT, keep="first").select(SUBJECT, *bounds(given, "DSSTDTC", "ds"))
    joined = people.join(first, on=SUBJECT, how="left")
    ends = ("earliest", "latest", "text")
    return joined.with_columns(pl.coalesce(f"consent {e}", f"ds {e}").alias(f"consent {e}") for e in ends)


def study_days(study: Study, data: Library) -> Iterator[pl.DataFrame]:
    """Study days that do not follow from their dates."""
    for found, date, day, reference in _days_of(data):
        rows = _dated(found, {"date": date}).with_columns(numbered(found)[day].alias("said"))
        rows = rows.join(reference, on=SUBJECT, how="inner", maintain_order="left")
        since = (pl.col("date earliest") - pl.col("reference earliest")).dt.total_days()
        known = pl.col("date earliest") == pl.col("date latest")
        rows = rows.with_columns(right=pl.when(known).then(since + (since >= 0).cast(pl.Int64)))
        wrong = rows.filter(pl.col("said").cast(pl.Float64, strict=False) != pl.col("right").cast(pl.Float64))
        says = pl.format("{} is day {} from {}", pl.col("date text"), pl.col("right"), pl.col("reference text"))
        yield noted(DAY, found, wrong, day, pl.col("said"), says=says)


def _days_of(data: Library) -> Iterator[tuple[Dataset, str, str, pl.DataFrame]]:
    """Data sets with a date and its study day, and from which date of the patient it counts."""
    dm, adsl = data.get("DM"), data.get("ADSL")
    for found in data.values():
        columns = set(found.frame.columns)
        if SUBJECT not in columns:
            continue
        starts = [(f"{found.name}{s}DTC", f"{found.name}{s}DY") for s in ("", "ST", "EN")]
        if dm is not None and {SUBJECT, "RFSTDTC"} <= set(dm.frame.columns):
            for date, day in starts:
                if {date, day} <= columns:
                    yield found, date, day, _reference(dm, "RFSTDTC")
        if adsl is not None and {SUBJECT, "TRTSDT"} <= set(adsl.frame.columns):
            for date, day in (("ADT", "ADY"), ("ASTDT", "ASTDY"), ("AENDT", "AENDY")):
                if {date, day} <= columns:
                    yield found, date, day, _reference(adsl, "TRTSDT")


def _reference(people: Dataset, column: str) -> pl.DataFrame:
    frame = people.frame.unique(SUBJECT, keep="first")
    return frame.select(SUBJECT, *bounds(frame, column, "reference")).drop_nulls("reference earliest")
