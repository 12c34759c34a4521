"""Mixed models for repeated measures over replicates."""

from __future__ import annotations

from pivotal.stats.mmrm.design import VisitDesign, visit_design
from pivotal.stats.mmrm.fit import MmrmFit, fit_mmrm

__all__ = ["MmrmFit", "VisitDesign", "fit_mmrm", "visit_design"]
