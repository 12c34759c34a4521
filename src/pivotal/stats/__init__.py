"""Estimators over replicates: arrays with a leading replicate axis in, an `Estimate` out."""

from __future__ import annotations

from pivotal.stats.ancova import CrossProducts, OlsFit, ancova, cross_products, fit_ols, ls_means, ls_means_rows
from pivotal.stats.chi_square import pearson_chi_square
from pivotal.stats.cmh import cochran_mantel_haenszel, mantel_haenszel_odds_ratio
from pivotal.stats.cmh_exact import exact_common_odds_ratio
from pivotal.stats.cmh_general import CmhTests, cmh_tests
from pivotal.stats.estimate import Estimate, Reason
from pivotal.stats.exact_joint import JointTest, exact_logistic_joint_test
from pivotal.stats.exact_logistic import (
    ExactLogistic,
    NullDistribution,
    cross_levels,
    exact_logistic,
    exact_logistic_null,
)
from pivotal.stats.firth import firth, firth_lr_test, fit_firth
from pivotal.stats.fisher import fisher_exact
from pivotal.stats.graph import GraphTest, bonferroni_graph
from pivotal.stats.homogeneity import Homogeneity, breslow_day
from pivotal.stats.logistic import LogisticFit, fit_logistic, logistic_wald, wald
from pivotal.stats.logistic_profile import logistic_lr
from pivotal.stats.logistic_tests import logistic_lr_test, logistic_score_test
from pivotal.stats.mcnemar import mcnemar
from pivotal.stats.modified_poisson import ModifiedPoissonFit, fit_modified_poisson, modified_poisson
from pivotal.stats.rates import binomial_test, clopper_pearson, jeffreys, wilson
from pivotal.stats.ratios import mantel_haenszel_risk_ratio, wald_odds_ratio, wald_risk_ratio
from pivotal.stats.risk_difference import mantel_haenszel, mee, miettinen_nurminen, newcombe
from pivotal.stats.risk_difference import wald as wald_difference
from pivotal.stats.score_interval import score_interval, stratified_score_interval
from pivotal.stats.standardisation import MarginalRisks, marginal_risks
from pivotal.stats.stratified_difference import klingenberg, minimum_risk, stratified_newcombe
from pivotal.stats.summary import Summary, summarise

__all__ = [
    "CmhTests",
    "CrossProducts",
    "Estimate",
    "ExactLogistic",
    "GraphTest",
    "Homogeneity",
    "JointTest",
    "LogisticFit",
    "MarginalRisks",
    "ModifiedPoissonFit",
    "NullDistribution",
    "OlsFit",
    "Reason",
    "Summary",
    "ancova",
    "binomial_test",
    "bonferroni_graph",
    "breslow_day",
    "clopper_pearson",
    "cmh_tests",
    "cochran_mantel_haenszel",
    "cross_levels",
    "cross_products",
    "exact_common_odds_ratio",
    "exact_logistic",
    "exact_logistic_joint_test",
    "exact_logistic_null",
    "firth",
    "firth_lr_test",
    "fisher_exact",
    "fit_firth",
    "fit_logistic",
    "fit_modified_poisson",
    "fit_ols",
    "jeffreys",
    "klingenberg",
    "logistic_lr",
    "logistic_lr_test",
    "logistic_score_test",
    "logistic_wald",
    "ls_means",
    "ls_means_rows",
    "mantel_haenszel",
    "mantel_haenszel_odds_ratio",
    "mantel_haenszel_risk_ratio",
    "marginal_risks",
    "mcnemar",
    "mee",
    "miettinen_nurminen",
    "minimum_risk",
    "modified_poisson",
    "newcombe",
    "pearson_chi_square",
    "score_interval",
    "stratified_newcombe",
    "stratified_score_interval",
    "summarise",
    "wald",
    "wald_difference",
    "wald_odds_ratio",
    "wald_risk_ratio",
    "wilson",
]
