"""Estimators over replicates: arrays with a leading replicate axis in, an `Estimate` out."""

from __future__ import annotations

from pivotal.stats.ancova import CrossProducts, OlsFit, ancova, cross_products, fit_ols, ls_means, ls_means_rows
from pivotal.stats.cmh import cochran_mantel_haenszel, mantel_haenszel_odds_ratio
from pivotal.stats.estimate import Estimate, Reason
from pivotal.stats.exact_logistic import (
    ExactLogistic,
    NullDistribution,
    cross_levels,
    exact_logistic,
    exact_logistic_null,
)
from pivotal.stats.fisher import fisher_exact
from pivotal.stats.graph import GraphTest, bonferroni_graph
from pivotal.stats.imputation import (
    Imputed,
    Pooled,
    PooledWald,
    ReferenceModel,
    Strategy,
    VisitResults,
    ancova_by_visit,
    arm_quantities,
    conditional_mean_jackknife,
    conditional_means,
    fold_imputations,
    impute_reference,
    last_observed,
    monte_carlo_error,
    pool_jackknife,
    pool_wald,
    reference_model,
    rubin,
    rubin_on,
    unfold_imputations,
)
from pivotal.stats.logistic import LogisticFit, fit_logistic, logistic_wald, wald
from pivotal.stats.logistic_profile import logistic_lr
from pivotal.stats.mmrm import (
    FTest,
    MmrmFit,
    VisitDesign,
    fit_mmrm,
    mmrm_contrasts,
    mmrm_covariance,
    mmrm_f_test,
    visit_design,
)
from pivotal.stats.rates import clopper_pearson, wilson
from pivotal.stats.risk_difference import mantel_haenszel, mee, miettinen_nurminen, newcombe
from pivotal.stats.risk_difference import wald as wald_difference
from pivotal.stats.summary import Summary, summarise

__all__ = [
    "CrossProducts",
    "Estimate",
    "ExactLogistic",
    "FTest",
    "GraphTest",
    "Imputed",
    "LogisticFit",
    "MmrmFit",
    "NullDistribution",
    "OlsFit",
    "Pooled",
    "PooledWald",
    "Reason",
    "ReferenceModel",
    "Strategy",
    "Summary",
    "VisitDesign",
    "VisitResults",
    "ancova",
    "ancova_by_visit",
    "arm_quantities",
    "bonferroni_graph",
    "clopper_pearson",
    "cochran_mantel_haenszel",
    "conditional_mean_jackknife",
    "conditional_means",
    "cross_levels",
    "cross_products",
    "exact_logistic",
    "exact_logistic_null",
    "fisher_exact",
    "fit_logistic",
    "fit_mmrm",
    "fit_ols",
    "fold_imputations",
    "impute_reference",
    "last_observed",
    "logistic_lr",
    "logistic_wald",
    "ls_means",
    "ls_means_rows",
    "mantel_haenszel",
    "mantel_haenszel_odds_ratio",
    "mee",
    "miettinen_nurminen",
    "mmrm_contrasts",
    "mmrm_covariance",
    "mmrm_f_test",
    "monte_carlo_error",
    "newcombe",
    "pool_jackknife",
    "pool_wald",
    "reference_model",
    "rubin",
    "rubin_on",
    "summarise",
    "unfold_imputations",
    "visit_design",
    "wald",
    "wald_difference",
    "wilson",
]
