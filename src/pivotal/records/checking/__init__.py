"""Checks of a trial's data sets before they are analysed: what cannot be, what is hardly meant, what is worth knowing.

Rules are functions of a study and its data sets, a module a subject; each gives frames of findings. They know what SDTM
and ADaM ask (`domains.toml`, `terms.toml`), and what the study file says: arms and doses, ranges and units, categories,
keys and windows of its recipes. A rule whose variables are not there says nothing.
"""

from pivotal.records.checking.checked import Checked, check, from_faults
from pivotal.records.checking.finding import Finding

__all__ = ["Checked", "Finding", "check", "from_faults"]
