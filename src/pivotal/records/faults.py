"""Collecting what is wrong, all of it, and saying it at a length that can be read."""

from __future__ import annotations

from dataclasses import dataclass

from pivotal import errors
from pivotal.errors import SHOWN

ROWS = "Rows: in a CSV file the header is row 1 and the first patient row 2; in a Parquet file the first row is row 1."

__all__ = ["ROWS", "SHOWN", "Findings"]


@dataclass(slots=True)
class Findings(errors.Findings):
    """Faults by kind, in the order in which they were found.

    Examples
    --------
    >>> from pivotal.errors import Fault
    >>> findings = Findings()
    >>> for row in range(2, 102):
    ...     findings.add("IGA range", Fault(f"adeff.csv row {row}: AVAL", "7", "IGA is from 0 to 4", "Correct it."))
    >>> error = findings.error()
    >>> len(error.faults)
    100
    >>> print(str(error).splitlines()[-2])
         and 50 more of this kind
    """

    footer: str = ROWS
