"""Run cases and say of every quantity whether it agrees, differs, or was not compared and why."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pivotal.errors import PivotalError
from pivotal.validate.case import Case
from pivotal.validate.compare import Check, compare
from pivotal.validate.environment import environment
from pivotal.validate.folder import cases_of, file_hashes
from pivotal.validate.later import why_not
from pivotal.validate.registry import family_of, rule_for

JSON = dict[str, Any]
Progress = Callable[[str, int, int], None]
Status = Literal["agrees", "differs", "failed", "not covered"]

LONGEST = 300
"""Characters of an error's sentence that a report shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """What became of one case.

    Attributes
    ----------
    case
        The case.
    family, method
        The family of methods and the rule that ran it; the file's area and "" where none did.
    status
        ``agrees``: everything compared agrees. ``differs``: at least one quantity does not. ``failed``: running it
        ended in an error. ``not covered``: nothing of it was compared.
    reason
        Why it failed or is not covered.
    checks
        Every leaf of the case's result.
    warnings
        What was warned of while it ran.
    seconds
        How long it ran.
    """

    case: Case
    family: str
    method: str
    status: Status
    reason: str
    checks: tuple[Check, ...]
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def source(self) -> str:
        """The program and version that gave the numbers."""
        return source(self.case)


@dataclass(frozen=True, slots=True, kw_only=True)
class Qualification:
    """Cases run on this machine.

    Attributes
    ----------
    results
        One for every case, in the order of the files.
    environment
        Interpreter, packages, linear algebra, machine, time.
    files
        SHA-256 of the files of cases.
    folder
        Where they lie; "" for those that come with the package.
    """

    results: tuple[CaseResult, ...]
    environment: JSON
    files: dict[str, str]
    folder: str

    @property
    def agrees(self) -> bool:
        """Whether every case that is covered agrees, and there is one: nothing compared qualifies nothing."""
        statuses = {result.status for result in self.results}
        return "agrees" in statuses and statuses <= {"agrees", "not covered"}


def run(folder: Path | None = None, progress: Progress | None = None) -> Qualification:
    """Run every case of a folder on this machine.

    Parameters
    ----------
    folder
        A folder of cases (docs/validate.md has the format); None for the cases that come with the package.
    progress
        Called with what is being done, how many are done, how many there are.

    Returns
    -------
    Qualification

    Raises
    ------
    UsageError, DataError
        If the folder is not there or its files are wrong: every fault with its file.

    Notes
    -----
    A case that ends in an error is a failed case; the others still run. Warnings are kept with their case.
    """
    cases = cases_of(folder)
    results = []
    for done, case in enumerate(cases):
        if progress:
            progress("validating", done, len(cases))
        results.append(run_case(case))
    if progress:
        progress("validating", len(cases), len(cases))
    return Qualification(
        results=tuple(results),
        environment=environment(),
        files=file_hashes(cases),
        folder="" if folder is None else str(folder),
    )


def run_case(case: Case) -> CaseResult:
    """Run one case; an error becomes its result."""
    start = time.perf_counter()
    family, method = case.area, ""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            rule = rule_for(case)
            if rule is None:
                return _unrun(case, family, method, "not covered", why_not(case))
            family, method = family_of(rule), rule.name
            checks = tuple(leaf for check in compare(case, rule, rule.run(case)) for leaf in _leaves(check))
            result = _judged(case, family, method, checks)
        except Exception as error:  # whatever a case does, the others are run
            result = _unrun(case, family, method, "failed", sentence(error))
    said = tuple(dict.fromkeys(f"{one.category.__name__}: {one.message}" for one in caught))
    return replace(result, warnings=said, seconds=time.perf_counter() - start)


def _judged(case: Case, family: str, method: str, checks: tuple[Check, ...]) -> CaseResult:
    status: Status = "agrees"
    reason = ""
    if any(check.agrees is False for check in checks):
        status = "differs"
    elif not any(check.agrees for check in checks):
        status, reason = "not covered", next((check.reason for check in checks), "the case has no quantity")
    return CaseResult(case=case, family=family, method=method, status=status, reason=reason, checks=checks)


def _unrun(case: Case, family: str, method: str, status: Status, reason: str) -> CaseResult:
    whole = Check(case.id, "", case.result, None, None, None, reason)
    checks = tuple(_leaves(whole))
    return CaseResult(case=case, family=family, method=method, status=status, reason=reason, checks=checks)


def _leaves(check: Check) -> Iterator[Check]:
    """A check that was not made, leaf by leaf; one that was made is a leaf."""
    if isinstance(check.expected, dict):
        for name, value in check.expected.items():
            inner = f"{check.quantity}.{name}" if check.quantity else str(name)
            yield from _leaves(replace(check, expected=value, quantity=inner))
    elif isinstance(check.expected, list):
        for position, value in enumerate(check.expected):
            yield from _leaves(replace(check, expected=value, quantity=f"{check.quantity}[{position}]"))
    else:
        yield check


def sentence(error: Exception) -> str:
    """An error as one line for a reader."""
    if isinstance(error, KeyError):
        text = f"the case or its data have no {error.args[0] if error.args else 'such key'!r}"
    elif isinstance(error, PivotalError):
        text = str(error)
    else:
        text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 3] + "..."


def source(case: Case) -> str:
    """The program and version that gave a case's numbers: ``multcomp 1.4.22, mvtnorm 1.1.3``."""
    packages, versions = case.package.split(", "), case.version.split(", ")
    if len(packages) == len(versions):
        pairs = zip(packages, versions, strict=True)
        return ", ".join(_program(package, number) for package, number in pairs) or "not stated"
    return f"{case.package}: {case.version}" if case.package else case.version


def _program(package: str, number: str) -> str:
    if number.startswith("R "):  # a package of R's own
        return f"{number} {package}"
    return f"{package} {number}".strip()


def difference(check: Check) -> float | None:
    """How far a number is from the expected one, relative to it; None where numbers were not compared.

    Near zero it is relative to the size at which the absolute part takes over, ``absolute / relative``: there
    a number of rounding errors would be far off itself and still right.
    """
    if check.agrees is None or check.tolerance is None or isinstance(check.got, str):
        return None
    got = math.nan if check.got is None else float(check.got)
    expected = math.nan if check.expected is None else float(check.expected)
    if not (math.isfinite(got) and math.isfinite(expected)):
        return 0.0 if check.agrees else math.inf
    tolerance, gap = check.tolerance, abs(got - expected)
    size = abs(expected) + (tolerance.absolute / tolerance.relative if tolerance.relative else 0.0)
    if size == 0:
        return 0.0 if check.agrees else math.inf
    return gap / size


def worst(checks: Sequence[Check]) -> float | None:
    """The greatest relative difference; None where no numbers were compared."""
    found = [gap for gap in map(difference, checks) if gap is not None]
    return max(found, default=None)
