"""What SAS calls things: names, display formats, and the days and seconds since 1960."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

import polars as pl

from pivotal.records.dataset import DataType

EPOCH = date(1960, 1, 1)
"""The day 0 of SAS."""

DAYS_TO_1970 = (date(1970, 1, 1) - EPOCH).days
SECONDS_TO_1970 = DAYS_TO_1970 * 86_400
MICROSECONDS = 1_000_000

_DATES = """
DATE DAY DDMMYY DDMMYYB DDMMYYC DDMMYYD DDMMYYN DDMMYYP DDMMYYS DOWNAME JULDAY JULIAN MMDDYY MMDDYYB MMDDYYC MMDDYYD
MMDDYYN MMDDYYP MMDDYYS MMYY MMYYC MMYYD MMYYN MMYYP MMYYS MONNAME MONTH MONYY NENGO QTR QTRR WEEKDATE WEEKDATX WEEKDAY
WEEKU WEEKV WEEKW WORDDATE WORDDATX YEAR YYMM YYMMC YYMMD YYMMN YYMMP YYMMS YYMMDD YYMMDDB YYMMDDC YYMMDDD YYMMDDN
YYMMDDP YYMMDDS YYMON YYQ YYQC YYQD YYQN YYQP YYQS YYQR YYQRC YYQRD YYQRN YYQRP YYQRS B8601DA E8601DA IS8601DA EURDFDE
EURDFDD NLDATE NLDATEMD NLDATEMN NLDATEW NLDATEWN NLDATEYM NLDATEYQ NLDATEYR NLDATEYW MINGUO PDJULG PDJULI
"""
_DATETIMES = """
DATETIME DATEAMPM DTDATE DTMONYY DTWKDATX DTYEAR DTYYQC MDYAMPM B8601DN B8601DT B8601DX B8601DZ B8601LX E8601DN E8601DT
E8601DX E8601DZ E8601LX IS8601DN IS8601DT IS8601DZ EURDFDT NLDATM NLDATMAP NLDATMDT NLDATMMD NLDATMTM NLDATMW
"""
_TIMES = """
TIME TIMEAMPM TOD HHMM HOUR MMSS B8601LZ B8601TM B8601TX B8601TZ E8601LZ E8601TM E8601TX E8601TZ IS8601LZ IS8601TM
IS8601TZ NLTIME NLTIMAP
"""
_KINDS: dict[str, DataType] = {
    **dict.fromkeys(_DATES.split(), "date"),
    **dict.fromkeys(_DATETIMES.split(), "datetime"),
    **dict.fromkeys(_TIMES.split(), "time"),
}

_FORMAT = re.compile(
    r"(?P<name>\$?(?:[A-Z_][A-Z0-9_]*[A-Z_]|[A-Z_])?)(?P<width>\d*)\.?(?P<decimals>\d*)", re.IGNORECASE
)

USUAL: dict[str, str] = {"date": "DATE9.", "datetime": "DATETIME20.", "time": "TIME8."}
"""The format under which a date, a datetime and a time are written where none is given."""


@dataclass(frozen=True, slots=True)
class Format:
    """A display format: ``DATE9.`` is the name DATE, the width 9 and no decimals."""

    name: str
    width: int = 0
    decimals: int = 0

    def __str__(self) -> str:
        width = str(self.width) if self.width else ""
        decimals = str(self.decimals) if self.decimals else ""
        return f"{self.name}{width}.{decimals}"

    @property
    def kind(self) -> DataType | None:
        """Whether numbers under this format are dates, datetimes or times; None where they are just numbers."""
        return _KINDS.get(self.name.upper())


def parsed(text: str) -> Format | None:
    """A display format from its name; None where SAS has no such thing.

    Examples
    --------
    >>> parsed("DATE9."), parsed("8.2"), parsed("9 lives")
    (Format(name='DATE', width=9, decimals=0), Format(name='', width=8, decimals=2), None)
    """
    found = _FORMAT.fullmatch(text.strip())
    if found is None:
        return None
    return Format(found["name"], int(found["width"] or 0), int(found["decimals"] or 0))


def dates(days: pl.Series) -> pl.Series:
    """Days since 1960 as dates."""
    return (days - DAYS_TO_1970).cast(pl.Int32).cast(pl.Date)


def datetimes(seconds: pl.Series) -> pl.Series:
    """Seconds since 1960 as datetimes, to the microsecond."""
    return ((seconds - SECONDS_TO_1970) * MICROSECONDS).round().cast(pl.Int64).cast(pl.Datetime("us"))


def times(seconds: pl.Series) -> pl.Series:
    """Seconds since midnight as times, to the microsecond."""
    return ((seconds * MICROSECONDS).round().cast(pl.Int64) * 1000).cast(pl.Time)


def numbers(values: pl.Series) -> pl.Series:
    """Dates, datetimes and times as the numbers that SAS stores: days or seconds."""
    if values.dtype == pl.Date:
        return values.cast(pl.Int32).cast(pl.Float64) + DAYS_TO_1970
    if values.dtype == pl.Time:
        return values.cast(pl.Int64).cast(pl.Float64) / (1000 * MICROSECONDS)
    seconds = values.cast(pl.Datetime("us")).cast(pl.Int64) + SECONDS_TO_1970 * MICROSECONDS
    return seconds.cast(pl.Float64) / MICROSECONDS
