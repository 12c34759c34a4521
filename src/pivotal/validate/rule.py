"""How the cases of one kind are run here, and how near the numbers must come."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pivotal.validate.case import Case


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far a number may be from the expected one: ``|got - expected| <= absolute + relative * |expected|``.

    Attributes
    ----------
    relative, absolute
        The two parts.
    why
        The reason, where it is not the default.
    of
        A quantity beside this one in the case's result, such as ``se``, in whose size the absolute part is measured.
    """

    relative: float
    absolute: float = 1e-12
    why: str = ""
    of: str = ""

    def scaled(self, beside: Mapping[str, Any]) -> Tolerance:
        """The tolerance with its absolute part in numbers, for a quantity with others beside it."""
        try:
            size = abs(float(beside[self.of]))
        except (KeyError, TypeError, ValueError):
            return self
        return Tolerance(self.relative, self.absolute * size, self.why)

    def allows(self, expected: float, got: float) -> bool:
        """Whether `got` is near enough; NaN agrees with NaN, an infinity with the same one."""
        if math.isnan(expected) or math.isnan(got):
            return math.isnan(expected) and math.isnan(got)
        if math.isinf(expected) or math.isinf(got):
            return expected == got
        return abs(got - expected) <= self.absolute + self.relative * abs(expected)


MONTE_CARLO_ERRORS = 4.0
"""How many Monte-Carlo standard errors two simulated numbers may lie apart: 1 in 16,000 does by chance."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """A number that random draws had a part in, held to its Monte-Carlo error.

    Attributes
    ----------
    value
        The number.
    error
        Monte-Carlo standard error of its difference from the expected one.
    """

    value: float
    error: float

    def __float__(self) -> float:
        return self.value

    def allowed(self, tolerance: Tolerance) -> Tolerance:
        """A tolerance widened by `MONTE_CARLO_ERRORS` standard errors."""
        why = f"{MONTE_CARLO_ERRORS:g} Monte-Carlo errors"
        return Tolerance(tolerance.relative, tolerance.absolute + MONTE_CARLO_ERRORS * self.error, why)


ESTIMATES = Tolerance(1e-6)
SPREADS = Tolerance(1e-5)
PROBABILITIES = Tolerance(1e-6)
DEFAULTS: dict[str, Tolerance] = {"se": SPREADS, "df": SPREADS, "SE": SPREADS, "p": PROBABILITIES}
"""By the last name in a quantity's path; what is not named here is held to `ESTIMATES`."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of case.

    Attributes
    ----------
    name
        What it is, for the report: ``cochran-mantel-haenszel``.
    matches
        Whether a case is of this kind: by its `kind` (the last part of the id), other parts that name a method, or its
        `call`; never by its data or the data's name.
    run
        Computes the case: a mapping of the same shape as `case.result`, with the quantities that are computed here.
    tolerances
        By quantity: the path's names joined by "." with list positions left out, or only its last name; the longest
        match decides. A tolerance wider than the default says why.
    left_out
        Quantities that are not compared, by path or last name, with the reason.
    """

    name: str
    matches: Callable[[Case], bool]
    run: Callable[[Case], Mapping[str, Any]]
    tolerances: Mapping[str, Tolerance] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
