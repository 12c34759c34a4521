"""Estimators over replicates: arrays with a leading replicate axis in, an `Estimate` out."""

from __future__ import annotations

from pivotal.stats.analysis_of_variance import VarianceTable, anova, joint_test
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
from pivotal.stats.hodges_lehmann import hodges_lehmann
from pivotal.stats.incidence import incidence_difference, incidence_rate, incidence_ratio, patient_years
from pivotal.stats.interacted import interacted_ancova
from pivotal.stats.linear_model import Covariate, Factor, LinearModel
from pivotal.stats.logistic import LogisticFit, fit_logistic, logistic_wald, wald
from pivotal.stats.logistic_profile import logistic_lr
from pivotal.stats.negative_binomial import NegativeBinomialFit, fit_negative_binomial, negative_binomial_lr
from pivotal.stats.ordinal import (
    ProportionalOddsFit,
    category_counts,
    fit_proportional_odds,
    proportional_odds_lr,
    proportional_odds_test,
)
from pivotal.stats.poisson import PoissonFit, fit_poisson, poisson_lr
from pivotal.stats.rates import clopper_pearson, wilson
from pivotal.stats.risk_difference import mantel_haenszel, mee, miettinen_nurminen, newcombe
from pivotal.stats.risk_difference import wald as wald_difference
from pivotal.stats.robust import hc_covariance
from pivotal.stats.summary import Summary, summarise
from pivotal.stats.two_samples import one_way, standardised_mean_difference, t_test
from pivotal.stats.wilcoxon import kruskal_wallis, rank_sum, signed_rank, van_elteren
from pivotal.stats.win_probability import win_probability

__all__ = [
    "Covariate",
    "CrossProducts",
    "Estimate",
    "ExactLogistic",
    "Factor",
    "GraphTest",
    "LinearModel",
    "LogisticFit",
    "NegativeBinomialFit",
    "NullDistribution",
    "OlsFit",
    "PoissonFit",
    "ProportionalOddsFit",
    "Reason",
    "Summary",
    "VarianceTable",
    "ancova",
    "anova",
    "bonferroni_graph",
    "category_counts",
    "clopper_pearson",
    "cochran_mantel_haenszel",
    "cross_levels",
    "cross_products",
    "exact_logistic",
    "exact_logistic_null",
    "fisher_exact",
    "fit_logistic",
    "fit_negative_binomial",
    "fit_ols",
    "fit_poisson",
    "fit_proportional_odds",
    "hc_covariance",
    "hodges_lehmann",
    "incidence_difference",
    "incidence_rate",
    "incidence_ratio",
    "interacted_ancova",
    "joint_test",
    "kruskal_wallis",
    "logistic_lr",
    "logistic_wald",
    "ls_means",
    "ls_means_rows",
    "mantel_haenszel",
    "mantel_haenszel_odds_ratio",
    "mee",
    "miettinen_nurminen",
    "negative_binomial_lr",
    "newcombe",
    "one_way",
    "patient_years",
    "poisson_lr",
    "proportional_odds_lr",
    "proportional_odds_test",
    "rank_sum",
    "signed_rank",
    "standardised_mean_difference",
    "summarise",
    "t_test",
    "van_elteren",
    "wald",
    "wald_difference",
    "wilson",
    "win_probability",
]
