"""Allocation of patients to arms: batched for simulation, and as the list or the machine of one trial.

Every method has one kernel and two doors. `allocate_blocks`, `allocate_simple` and `allocate_minimisation` take a
leading replicate axis and allocate whole batches of trials; `randomisation_list` and `Minimiser` serve one trial
through the same kernels, so that a trial is randomised by the code that was simulated.
"""

from pivotal.randomise.blocks import allocate_blocks
from pivotal.randomise.listing import RandomisationList, randomisation_list
from pivotal.randomise.minimisation import allocate_minimisation
from pivotal.randomise.minimiser import Assignment, Minimiser
from pivotal.randomise.simple import allocate_simple

__all__ = [
    "Assignment",
    "Minimiser",
    "RandomisationList",
    "allocate_blocks",
    "allocate_minimisation",
    "allocate_simple",
    "randomisation_list",
]
