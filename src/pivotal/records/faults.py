"""Collecting what is wrong, all of it, and saying it at a length that can be read."""

from __future__ import annotations

from dataclasses import dataclass, field

from pivotal.errors import DataError, Fault

SHOWN = 50
"""Faults of one kind that are printed; the error's `faults` holds all of them."""

ROWS = "Rows: in a CSV file the header is row 1 and the first patient row 2; in a Parquet file the first row is row 1."


@dataclass(slots=True)
class Findings:
    """Faults by kind, in the order in which they were found.

    Examples
    --------
    >>> findings = Findings()
    >>> for row in range(2, 102):
    ...     findings.add("IGA range", Fault(f"adeff.csv row {row}: AVAL", "7", "IGA is from 0 to 4", "Correct it."))
    >>> error = findings.error()
    >>> len(error.faults)
    100
    >>> print(str(error).splitlines()[-2])
         and 50 more of this kind
    """

    kinds: dict[str, list[Fault]] = field(default_factory=dict)

    def add(self, kind: str, fault: Fault) -> None:
        """Note one fault."""
        self.kinds.setdefault(kind, []).append(fault)

    def __bool__(self) -> bool:
        return bool(self.kinds)

    def error(self) -> DataError:
        """All faults as one error whose text shows the first of each kind."""
        error = DataError(fault for faults in self.kinds.values() for fault in faults)
        error.args = (self._text(),)
        return error

    def raise_any(self) -> None:
        """Raise what was found, if anything was."""
        if self:
            raise self.error()

    def _text(self) -> str:
        count = sum(map(len, self.kinds.values()))
        lines = [f"{count:,} fault{'s' if count != 1 else ''} in {DataError.what}:"]
        number = 1
        for faults in self.kinds.values():
            lines += [f"  {number + n}. {fault}" for n, fault in enumerate(faults[:SHOWN])]
            if len(faults) > SHOWN:
                lines.append(f"     and {len(faults) - SHOWN:,} more of this kind")
            number += len(faults)
        return "\n".join([*lines, ROWS])
