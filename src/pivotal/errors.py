"""What can go wrong at the door, said so that it can be mended.

PivotalError
├── StudyError      the study file is wrong: every fault at once
├── ProductError    the product file is wrong: every fault at once
├── EpidemiologyError  the file of epidemiology is wrong: every fault at once
├── ClaimsError     the file of claims is wrong: every fault at once
├── DataError       the data are wrong: every fault at once
└── UsageError      a command or call is wrong: an unknown study, scenario or option
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong.

    Attributes
    ----------
    where
        File with line or row, then the key, variable or patient: ``true-ad3.toml:41: arms[1].ratio``.
    found
        What stands there.
    allowed
        What may stand there.
    mend
        What to do about it.
    """

    where: str
    found: str
    allowed: str
    mend: str

    def __str__(self) -> str:
        return f"{self.where} is {self.found}; {self.allowed}. {self.mend}"


class PivotalError(Exception):
    """Anything that a user can mend; the command line prints it without a traceback."""


class UsageError(PivotalError):
    """A command or a call is wrong (exit status 2)."""


class FaultsError(PivotalError):
    """Faults found at one door, all at once."""

    what = "faults"

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        lines = [f"  {n}. {fault}" for n, fault in enumerate(self.faults, 1)]
        count = f"{len(self.faults)} fault{'s' if len(self.faults) != 1 else ''}"
        super().__init__("\n".join([f"{count} in {self.what}:", *lines]))


class StudyError(FaultsError):
    """The study file is wrong (exit status 1); `faults` holds all of them."""

    what = "the study"


class ProductError(FaultsError):
    """The product file is wrong (exit status 1); `faults` holds all of them."""

    what = "the product file"


class EpidemiologyError(FaultsError):
    """The file of epidemiology is wrong (exit status 1); `faults` holds all of them."""

    what = "the epidemiology"


class ClaimsError(FaultsError):
    """The file of claims is wrong (exit status 1); `faults` holds all of them."""

    what = "the claims"


class DataError(FaultsError):
    """The data are wrong (exit status 1); `faults` holds all of them."""

    what = "the data"


SHOWN = 50
"""Faults of one kind that are printed; the error's `faults` holds all of them."""


@dataclass(slots=True)
class Findings:
    """Faults of the data by kind, in the order in which they were found; `footer` is printed below them."""

    kinds: dict[str, list[Fault]] = field(default_factory=dict)
    footer: str = ""

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
        return "\n".join([*lines, self.footer] if self.footer else lines)


def nearest(name: str, allowed: Sequence[str]) -> str:
    """The sentence that helps with a misspelt name: the nearest right one, or all of them."""
    close = get_close_matches(name.lower(), [a.lower() for a in allowed], n=1, cutoff=0.5)
    if close:
        right = next(a for a in allowed if a.lower() == close[0])
        return f"Did you mean {right!r}?"
    return f"Use one of: {', '.join(allowed)}." if allowed else "None is defined yet: define one first."
