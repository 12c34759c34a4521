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
from pivotal.stats.rates import clopper_pearson, wilson
from pivotal.stats.risk_difference import mantel_haenszel, mee, miettinen_nurminen, newcombe
from pivotal.stats.risk_difference import wald as wald_difference
from pivotal.stats.summary import Summary, summarise
from pivotal.stats.survival.cox import CoxFit, cox_wald, fit_cox, hazard_ratio
from pivotal.stats.survival.cumulative_incidence import CumulativeIncidence, cumulative_incidence, incidence_at
from pivotal.stats.survival.gray import GrayTest, gray_test
from pivotal.stats.survival.kaplan_meier import KaplanMeier, at_risk_at, kaplan_meier, survival_at
from pivotal.stats.survival.km_quantile import survival_quantile
from pivotal.stats.survival.logrank import LogRank, log_rank
from pivotal.stats.survival.max_combo import MaxCombo, max_combo
from pivotal.stats.survival.rmst import rmst, rmst_difference, rmst_horizon, rmst_ratio
from pivotal.stats.survival.weights import LogRankWeights

__all__ = [
    "CoxFit",
    "CrossProducts",
    "CumulativeIncidence",
    "Estimate",
    "ExactLogistic",
    "GraphTest",
    "GrayTest",
    "KaplanMeier",
    "LogRank",
    "LogRankWeights",
    "LogisticFit",
    "MaxCombo",
    "NullDistribution",
    "OlsFit",
    "Reason",
    "Summary",
    "ancova",
    "at_risk_at",
    "bonferroni_graph",
    "clopper_pearson",
    "cochran_mantel_haenszel",
    "cox_wald",
    "cross_levels",
    "cross_products",
    "cumulative_incidence",
    "exact_logistic",
    "exact_logistic_null",
    "fisher_exact",
    "fit_cox",
    "fit_logistic",
    "fit_ols",
    "gray_test",
    "hazard_ratio",
    "incidence_at",
    "kaplan_meier",
    "log_rank",
    "logistic_lr",
    "logistic_wald",
    "ls_means",
    "ls_means_rows",
    "mantel_haenszel",
    "mantel_haenszel_odds_ratio",
    "max_combo",
    "mee",
    "miettinen_nurminen",
    "newcombe",
    "rmst",
    "rmst_difference",
    "rmst_horizon",
    "rmst_ratio",
    "summarise",
    "survival_at",
    "survival_quantile",
    "wald",
    "wald_difference",
    "wilson",
]
