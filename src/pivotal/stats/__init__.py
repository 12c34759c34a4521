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
    visit_means_rows,
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
    "LogisticFit",
    "MmrmFit",
    "NullDistribution",
    "OlsFit",
    "Reason",
    "Summary",
    "VisitDesign",
    "ancova",
    "bonferroni_graph",
    "clopper_pearson",
    "cochran_mantel_haenszel",
    "cross_levels",
    "cross_products",
    "exact_logistic",
    "exact_logistic_null",
    "fisher_exact",
    "fit_logistic",
    "fit_mmrm",
    "fit_ols",
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
    "newcombe",
    "summarise",
    "visit_design",
    "visit_means_rows",
    "wald",
    "wald_difference",
    "wilson",
]
