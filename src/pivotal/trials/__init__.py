"""Trials and Results: the two types that pass between the rooms."""

from pivotal.trials.results import Key, Results, Row
from pivotal.trials.trials import Screening, Trials, observed

__all__ = ["Key", "Results", "Row", "Screening", "Trials", "observed"]
