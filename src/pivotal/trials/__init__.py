"""Trials and Results: the two types that pass between the rooms."""

from pivotal.trials.longterm import Courses, Events, LongTerm
from pivotal.trials.results import Key, Results, Row
from pivotal.trials.trials import Screening, Trials, observed

__all__ = ["Courses", "Events", "Key", "LongTerm", "Results", "Row", "Screening", "Trials", "observed"]
