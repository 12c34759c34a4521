"""Replicates of a trial over any executor, and what they say of its plan."""

from pivotal.simulate.grid import power_grid
from pivotal.simulate.operating import OperatingCharacteristics, simulate, true_nulls
from pivotal.simulate.streams import BLOCK, Stream, generator

__all__ = ["BLOCK", "OperatingCharacteristics", "Stream", "generator", "power_grid", "simulate", "true_nulls"]
