"""What the time line shows: treatments, visits, events, and how the patient's time in the trial ended."""

from __future__ import annotations

from collections.abc import Sequence

from pivotal.derive.profile.cells import Calendar, Cells, date_in, is_yes, number_of, rows_of, sentence, text_of
from pivotal.records.dataset import Library
from pivotal.records.patient import Event, Mark, Treatment, Visit

PERIODS = 9
"""Periods of treatment that ADSL can name: TRT01A to TRT09A."""
GOES_ON = ("NOT RECOVERED", "NOT RESOLVED", "RECOVERING", "RESOLVING", "ONGOING")
BY_DEATH = "Discontinued: death"
AFTER = ("AFTER", "ONGOING")


def treatments(adsl: Cells, doses: Sequence[Cells], calendar: Calendar) -> tuple[Treatment, ...]:
    """Intervals of dosing as recorded; else the treatment periods of ADSL."""
    made = [_dosing(row, calendar) for row in doses] if doses else _periods(adsl, calendar)
    return tuple(sorted(made, key=lambda one: (one.start is None, one.start or 0)))


def _dosing(row: Cells, calendar: Calendar) -> Treatment:
    name = sentence(text_of(row, "EXTRT", "TRTA", "TRTP")) or "Treatment"
    dose, unit = number_of(row, "EXDOSE", "ADOSE"), text_of(row, "EXDOSU", "ADOSEU")
    if dose:
        name = f"{name} {dose:g}{f' {unit}' if unit else ''}"
    start = calendar.day_of(row, ("ASTDY", "EXSTDY"), ("ASTDT", "EXSTDTC"))
    return Treatment(name, start, calendar.day_of(row, ("AENDY", "EXENDY"), ("AENDT", "EXENDTC")))


def _periods(adsl: Cells, calendar: Calendar) -> list[Treatment]:
    made = []
    for n in range(1, PERIODS + 1):
        label = text_of(adsl, f"TRT{n:02d}A", f"TRT{n:02d}P")
        whole = ("TRTSDT", "TRTEDT") if n == 1 and f"TR{n:02d}SDT" not in adsl else ()
        start = date_in(adsl, f"TR{n:02d}SDT", *whole[:1])
        end = date_in(adsl, f"TR{n:02d}EDT", *whole[1:])
        if label is not None and (start is not None or end is not None):
            made.append(Treatment(label, calendar.day(start), calendar.day(end)))
    return made


def visits(data: Library, patient: str, calendar: Calendar) -> tuple[Visit, ...]:
    """The visits that SV records; else those at which most was measured, by name and day."""
    found: dict[str, int] = {}
    for row in rows_of(data, "SV", patient):
        name, day = text_of(row, "VISIT"), calendar.day_of(row, ("SVSTDY",), ("SVSTDTC",))
        if name is not None and day is not None:
            found.setdefault(_visit_name(name), day)
    if not found:
        found = max((_seen(data, name, patient) for name in data if name != "ADSL"), key=len, default={})
    return tuple(sorted((Visit(name, day) for name, day in found.items()), key=lambda one: one.day))


def _visit_name(name: str) -> str:
    """WEEK 12 as Week 12; what is not all in capitals stands as it is."""
    return name.capitalize() if name.isupper() else name


def _seen(data: Library, name: str, patient: str) -> dict[str, int]:
    if not {"AVISIT", "ADY"} <= set(data[name].frame.columns):
        return {}
    days: dict[str, int] = {}
    for row in rows_of(data, name, patient):
        visit, day = text_of(row, "AVISIT"), number_of(row, "ADY")
        if visit is not None and day is not None and text_of(row, "DTYPE") is None:
            days[visit] = min(int(day), days.get(visit, int(day)))
    return days


def events(rows: Sequence[Cells], calendar: Calendar) -> tuple[Event, ...]:
    """Adverse events by start; those without a known start last."""
    made = [_event(row, calendar) for row in rows]
    return tuple(sorted(made, key=lambda e: (e.start is None, e.start or 0, e.end or 10**6, e.term)))


def _event(row: Cells, calendar: Calendar) -> Event:
    coded, reported = text_of(row, "AEDECOD"), text_of(row, "AETERM")
    term = coded or reported or "Event without a term"
    outcome = text_of(row, "AEOUT")
    end = calendar.day_of(row, ("AENDY", "AEENDY"), ("AENDT", "AEENDTC"))
    said = (text_of(row, "AEENRF", "AEENRTPT") or "").upper()
    says_on = said in AFTER or (outcome or "").upper().startswith(GOES_ON)
    differs = reported is not None and coded is not None and reported.upper() != coded.upper()
    return Event(
        term=sentence(term) or term,
        reported=sentence(reported) if differs else None,
        start=calendar.day_of(row, ("ASTDY", "AESTDY"), ("ASTDT", "AESTDTC")),
        end=end,
        imputed=text_of(row, "ASTDTF", "AENDTF") is not None,
        ongoing=end is None and says_on,
        severity=sentence(text_of(row, "AESEV", "ASEV")) or _grade(row),
        serious=is_yes(row, "AESER"),
        fatal=bool(is_yes(row, "AESDTH")) or (outcome or "").upper().startswith("FATAL"),
        relation=sentence(text_of(row, "AREL", "AEREL")),
        action=sentence(text_of(row, "AEACN")),
        outcome=sentence(outcome),
        emergent=is_yes(row, "TRTEMFL"),
    )


def _grade(row: Cells) -> str | None:
    grade = text_of(row, "AETOXGR", "ATOXGR")
    return None if grade is None else f"Grade {grade}"


def marks(adsl: Cells, dispositions: Sequence[Cells], deaths: Sequence[Cells], calendar: Calendar) -> tuple[Mark, ...]:
    """Completion or discontinuation with its reason, and death."""
    found: list[Mark] = []
    ended = _ended(adsl, dispositions, calendar)
    died = is_yes(adsl, "DTHFL") or date_in(adsl, "DTHDT", "DTHDTC") is not None
    if ended is not None and not (died and ended.words == BY_DEATH):
        found.append(ended)
    if died:
        whenever = [adsl, *deaths]
        day = next((d for row in whenever if (d := calendar.day(date_in(row, "DTHDT", "DTHDTC"))) is not None), None)
        cause = sentence(text_of(adsl, "DTHCAUS"))
        found.append(Mark("died", f"Died: {cause}" if cause else "Died", day))
    return tuple(found)


def _ended(adsl: Cells, dispositions: Sequence[Cells], calendar: Calendar) -> Mark | None:
    """How the patient left, by ADSL; the day by ADSL, else by the disposition event."""
    status = (text_of(adsl, "EOSSTT", "EOTSTT", "DCDECOD") or "").upper()
    reason = sentence(text_of(adsl, "DCSREAS", "DCTREAS", "DCREASCD"))
    event = next((row for row in dispositions if (text_of(row, "DSCAT") or "").upper() == "DISPOSITION EVENT"), None)
    if not status and event is not None:
        status = (text_of(event, "DSDECOD") or "").upper()
        reason = sentence(status) if status != "COMPLETED" else None
    if not status or status == "ONGOING":
        return None
    day = calendar.day_of(adsl, ("EOSDY",), ("EOSDT", "RFENDT", "RFENDTC"))
    if event is not None and date_in(adsl, "EOSDT") is None:
        day = calendar.day_of(event, ("DSSTDY",), ("DSSTDTC",)) or day
    if status == "COMPLETED":
        return Mark("completed", "Completed", day)
    if reason is None or reason.upper() in ("DISCONTINUED", "COMPLETED"):
        reason = sentence(status) if status != "DISCONTINUED" else None
    return Mark("discontinued", f"Discontinued: {_lower(reason)}" if reason else "Discontinued", day)


def _lower(reason: str) -> str:
    """A reason inside a sentence; abbreviations stay as they are."""
    return " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in reason.split())
