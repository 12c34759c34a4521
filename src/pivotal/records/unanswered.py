"""Faults where a data set cannot answer what the study file asks of it: a column that it does not have, mostly."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pivotal.errors import Fault, nearest

SHOWN = 12
"""Columns that a fault lists where none has a name like the one that is missing."""
_COLUMN = re.compile(r'(?:unable to find column |^)"([^"]+)"')


def no_column(where: str, column: str, columns: Sequence[str], allowed: str) -> Fault:
    """A column that is not there, with the one that may be meant."""
    return Fault(where, f"column {column}, which is not there", allowed, likely(column, columns))


def unanswered(where: str, error: Exception, columns: Sequence[str], allowed: str) -> Fault:
    """What Polars could not do, as a fault: a missing column by its name, anything else in Polars' first line."""
    first = str(error).splitlines()[0] if str(error) else type(error).__name__
    missing = _COLUMN.search(first) if type(error).__name__ == "ColumnNotFoundError" else None
    if missing is not None:
        return no_column(where, missing[1], columns, allowed)
    mend = "Compare texts with texts and numbers with numbers; see what the columns hold, or correct the study file."
    return Fault(where, f"not possible with these columns ({first.rstrip('.')})", allowed, mend)


def likely(name: str, names: Sequence[str]) -> str:
    """The name that may be meant, or those that there are."""
    said = nearest(name, names)
    if said.startswith("Did you mean") or len(names) <= SHOWN:
        return said
    return f"There are {len(names)}: {', '.join(list(names)[:SHOWN])} and others."
