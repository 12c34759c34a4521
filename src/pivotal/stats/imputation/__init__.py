"""Multiple imputation over replicates: how data are completed, and how the completed sets are pooled."""

from __future__ import annotations

from pivotal.stats.imputation.analysis import VisitResults, ancova_by_visit, arm_quantities
from pivotal.stats.imputation.bootstrap import bootstrap_counts
from pivotal.stats.imputation.chained import Chained, impute_chained, impute_monotone
from pivotal.stats.imputation.conditional_mean import conditional_mean_jackknife, conditional_means
from pivotal.stats.imputation.delta import delta_grid, delta_shifts, tipping_point
from pivotal.stats.imputation.deriving import ScoreGrid, derive_completed, to_grid
from pivotal.stats.imputation.folding import fold_imputations, unfold_imputations
from pivotal.stats.imputation.normal import NormalImputed, impute_normal
from pivotal.stats.imputation.pooling import Pooled, monte_carlo_error, pool_jackknife, rubin
from pivotal.stats.imputation.reference import Imputed, impute_reference
from pivotal.stats.imputation.reference_ancova import ReferenceResult, reference_ancova
from pivotal.stats.imputation.reference_bayes import impute_reference_bayes
from pivotal.stats.imputation.reference_model import ReferenceModel, last_observed, reference_model
from pivotal.stats.imputation.scales import rubin_on
from pivotal.stats.imputation.strategies import Strategy
from pivotal.stats.imputation.wald import PooledWald, pool_wald

__all__ = [
    "Chained",
    "Imputed",
    "NormalImputed",
    "Pooled",
    "PooledWald",
    "ReferenceModel",
    "ReferenceResult",
    "ScoreGrid",
    "Strategy",
    "VisitResults",
    "ancova_by_visit",
    "arm_quantities",
    "bootstrap_counts",
    "conditional_mean_jackknife",
    "conditional_means",
    "delta_grid",
    "delta_shifts",
    "derive_completed",
    "fold_imputations",
    "impute_chained",
    "impute_monotone",
    "impute_normal",
    "impute_reference",
    "impute_reference_bayes",
    "last_observed",
    "monte_carlo_error",
    "pool_jackknife",
    "pool_wald",
    "reference_ancova",
    "reference_model",
    "rubin",
    "rubin_on",
    "tipping_point",
    "to_grid",
    "unfold_imputations",
]
