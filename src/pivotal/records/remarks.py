"""What reading a data file left out or took for granted, said so that nothing is lost silently."""

from __future__ import annotations

from pivotal.records.raw import Raw, not_taken, taken_as_missing
from pivotal.study.model import DataMap, Study
from pivotal.trials import Trials


def remarks(study: Study, data: DataMap, raw: Raw, trials: Trials) -> tuple[str, ...]:
    """Sentences about a data file that was read without fault."""
    return (
        *_size(raw, trials),
        *_columns(data, raw),
        *_rows(data, raw),
        *_entries(data, raw),
        *_left(study, data, trials),
    )


def _size(raw: Raw, trials: Trials) -> list[str]:
    rows, patients = len(raw.table.frame), trials.shape[1]
    return [f"{raw.table.file}: {rows:,} rows of {patients:,} patients."]


def _columns(data: DataMap, raw: Raw) -> list[str]:
    ignored = {column.upper() for column in data.ignore}
    unread = [raw.table.spelt.get(c, c) for c in raw.original if c not in raw.used | ignored]
    return [f"Columns that nothing reads: {', '.join(unread)}."] if unread else []


def _rows(data: DataMap, raw: Raw) -> list[str]:
    others = [
        f"Rows that no parameter takes, by {column}: {', '.join(f'{e!r} {n:,}' for e, n in counts.items())}."
        for column, counts in not_taken(raw, data).items()
    ]
    if not raw.skipped:
        return others
    told = ", ".join(f"{entry!r} {count:,}" for entry, count in raw.skipped.items())
    return [f"Rows left out, by visit as the study file says: {told}.", *others]


def _entries(data: DataMap, raw: Raw) -> list[str]:
    found = taken_as_missing(raw, data)
    told = "; ".join(
        f"{column} " + ", ".join(f"{entry!r} {count:,}" for entry, count in counts.items())
        for column, counts in found.items()
    )
    return [f"Entries taken as missing: {told}."] if told else []


def _left(study: Study, data: DataMap, trials: Trials) -> list[str]:
    """How it was told who left, where no column says it."""
    if data.last_visit is not None or data.status is not None:
        return []
    early = int((trials.last_visit[0] < len(study.visits) - 1).sum())
    if not early:
        return []
    return [
        f"No column says who left and when: {early:,} of {trials.shape[1]:,} patients have no value at the last visit "
        "and are taken to have left after the last visit at which they have one."
    ]
