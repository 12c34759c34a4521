"""Replicates of a trial over any executor, and what they say of its plan."""

from pivotal.simulate.grid import power_grid
from pivotal.simulate.operating import OperatingCharacteristics, simulate, true_nulls
from pivotal.simulate.streams import Stream, block_size, generator

__all__ = ["OperatingCharacteristics", "Stream", "block_size", "generator", "power_grid", "simulate", "true_nulls"]
