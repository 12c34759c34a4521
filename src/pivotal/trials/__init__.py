"""Trials and Results: the two types that pass between the rooms."""

from pivotal.trials.longterm import OUTSIDE, AdverseEvents, Courses, LongTerm
from pivotal.trials.results import Key, Results, Row
from pivotal.trials.trials import Screening, Trials, observed

__all__ = [
    "OUTSIDE",
    "AdverseEvents",
    "Courses",
    "Key",
    "LongTerm",
    "Results",
    "Row",
    "Screening",
    "Trials",
    "observed",
]
