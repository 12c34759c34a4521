"""Multiple imputation over replicates: how data are completed, and how the completed sets are pooled."""

from __future__ import annotations

from pivotal.stats.imputation.analysis import VisitResults, ancova_by_visit, arm_quantities
from pivotal.stats.imputation.conditional_mean import conditional_mean_jackknife, conditional_means
from pivotal.stats.imputation.folding import fold_imputations, unfold_imputations
from pivotal.stats.imputation.pooling import Pooled, monte_carlo_error, pool_jackknife, rubin
from pivotal.stats.imputation.reference import (
    Imputed,
    ReferenceModel,
    impute_reference,
    last_observed,
    reference_model,
)
from pivotal.stats.imputation.scales import rubin_on
from pivotal.stats.imputation.strategies import Strategy
from pivotal.stats.imputation.wald import PooledWald, pool_wald

__all__ = [
    "Imputed",
    "Pooled",
    "PooledWald",
    "ReferenceModel",
    "Strategy",
    "VisitResults",
    "ancova_by_visit",
    "arm_quantities",
    "conditional_mean_jackknife",
    "conditional_means",
    "fold_imputations",
    "impute_reference",
    "last_observed",
    "monte_carlo_error",
    "pool_jackknife",
    "pool_wald",
    "reference_model",
    "rubin",
    "rubin_on",
    "unfold_imputations",
]
