"""Cases of what this version does not do, with the reason that a report gives."""

from __future__ import annotations

import re

from pivotal.validate.case import Case

DESIGN = re.compile(r"\bget(Design|SampleSize|Power|Simulation|Analysis)\w*\(|\bgs(Design|Power|Surv|Bound)|\bpower\.")
"""Calls that design a trial: rpact, gsDesign and R's own power functions."""
ENUMERATED = re.compile(r"enumeration.*\bp\s*<=\s*alpha", re.DOTALL)
"""The power of a test, summed over all outcomes."""


def why_not(case: Case) -> str:
    """Why no rule covers a case."""
    if DESIGN.search(case.call) or ENUMERATED.search(case.call) or "power" in case.kind:
        return "a design tool (boundaries, sample size, power): design tools come in a later version"
    return "no method of this version computes this kind of case"
