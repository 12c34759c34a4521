"""Mixed models for repeated measures over replicates."""

from __future__ import annotations

from pivotal.stats.mmrm.design import VisitDesign, visit_design, visit_means_rows
from pivotal.stats.mmrm.fit import MmrmFit, fit_mmrm
from pivotal.stats.mmrm.inference import FTest, mmrm_contrasts, mmrm_covariance, mmrm_f_test
from pivotal.stats.mmrm.long import LongData, long_data
from pivotal.stats.mmrm.structures import STRUCTURES

__all__ = [
    "STRUCTURES",
    "FTest",
    "LongData",
    "MmrmFit",
    "VisitDesign",
    "fit_mmrm",
    "long_data",
    "mmrm_contrasts",
    "mmrm_covariance",
    "mmrm_f_test",
    "visit_design",
    "visit_means_rows",
]
