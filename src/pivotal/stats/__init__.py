"""Estimators over replicates: arrays with a leading replicate axis in, an `Estimate` out."""

from __future__ import annotations

from pivotal.stats.analysis_of_variance import VarianceTable, anova, joint_test
from pivotal.stats.ancova import (
    CrossProducts,
    OlsFit,
    ancova,
    cross_products,
    fit_ols,
    ls_means,
    ls_means_rows,
)
from pivotal.stats.chi_square import chi_square_table, pearson_chi_square
from pivotal.stats.closure import ClosedTest, ClosureWeights, closed_graph, closure_weights
from pivotal.stats.cmh import cochran_mantel_haenszel, mantel_haenszel_odds_ratio
from pivotal.stats.cmh_exact import exact_common_odds_ratio
from pivotal.stats.cmh_general import CmhTests, cmh_tests
from pivotal.stats.common_factor import any_beyond, control_correlation, control_loadings
from pivotal.stats.dunnett import Dunnett, dunnett, dunnett_critical
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
from pivotal.stats.fisher_table import fisher_exact_table
from pivotal.stats.gee import GeeFit, fit_gee
from pivotal.stats.graph import GraphTest, bonferroni_graph
from pivotal.stats.graph_intervals import GraphIntervals, graph_intervals
from pivotal.stats.graph_trace import GraphTrace, graph_trace, update_graph
from pivotal.stats.graphs import Graph, fallback_graph, fixed_sequence_graph, gatekeeper, holm_graph
from pivotal.stats.hodges_lehmann import hodges_lehmann
from pivotal.stats.homogeneity import Homogeneity, breslow_day
from pivotal.stats.imputation import (
    Chained,
    Imputed,
    NormalImputed,
    Pooled,
    PooledWald,
    ReferenceModel,
    ReferenceResult,
    ScoreGrid,
    Strategy,
    VisitResults,
    ancova_by_visit,
    arm_quantities,
    bootstrap_counts,
    conditional_mean_jackknife,
    conditional_means,
    delta_grid,
    delta_shifts,
    derive_completed,
    fold_imputations,
    impute_chained,
    impute_monotone,
    impute_normal,
    impute_reference,
    impute_reference_bayes,
    last_observed,
    monte_carlo_error,
    pool_jackknife,
    pool_wald,
    reference_ancova,
    reference_model,
    rubin,
    rubin_on,
    tipping_point,
    to_grid,
    unfold_imputations,
)
from pivotal.stats.incidence import incidence_difference, incidence_rate, incidence_ratio, patient_years
from pivotal.stats.interacted import interacted_ancova
from pivotal.stats.intersection import LocalTest
from pivotal.stats.linear_model import Covariate, Factor, LinearModel
from pivotal.stats.logistic import LogisticFit, fit_logistic, logistic_wald, wald
from pivotal.stats.logistic_profile import logistic_lr
from pivotal.stats.logistic_tests import logistic_lr_test, logistic_score_test
from pivotal.stats.mcnemar import mcnemar
from pivotal.stats.mmrm import (
    FTest,
    LongData,
    MmrmFit,
    VisitDesign,
    fit_mmrm,
    long_data,
    mmrm_contrasts,
    mmrm_covariance,
    mmrm_f_test,
    visit_design,
    visit_means_rows,
)
from pivotal.stats.modified_poisson import ModifiedPoissonFit, fit_modified_poisson, modified_poisson
from pivotal.stats.monitoring import (
    Boundary,
    Crossing,
    DoubleFdr,
    beta_binomial_boundary,
    beta_binomial_threshold,
    binomial_boundary,
    blinded_rate,
    crossing,
    double_fdr,
    exact_tail,
    gamma_poisson_boundary,
    poisson_boundary,
    posterior_above,
    repeated_boundary,
    treated_share,
)
from pivotal.stats.negative_binomial import NegativeBinomialFit, fit_negative_binomial, negative_binomial_lr
from pivotal.stats.ordered import fallback, fixed_sequence, serial_gatekeeper
from pivotal.stats.ordinal import (
    ProportionalOddsFit,
    category_counts,
    fit_proportional_odds,
    proportional_odds_lr,
    proportional_odds_test,
)
from pivotal.stats.p_adjust import adjust_p
from pivotal.stats.poisson import PoissonFit, fit_poisson, poisson_lr
from pivotal.stats.presets import CONVENTIONS, Convention, Preset, preset
from pivotal.stats.rates import binomial_test, clopper_pearson, jeffreys, wilson
from pivotal.stats.ratios import mantel_haenszel_risk_ratio, wald_odds_ratio, wald_risk_ratio
from pivotal.stats.risk_difference import mantel_haenszel, mee, miettinen_nurminen, newcombe
from pivotal.stats.risk_difference import wald as wald_difference
from pivotal.stats.robust import hc_covariance
from pivotal.stats.score_interval import score_interval, stratified_score_interval
from pivotal.stats.standardisation import MarginalRisks, marginal_risks
from pivotal.stats.stratified_difference import klingenberg, minimum_risk, stratified_newcombe
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
from pivotal.stats.two_samples import one_way, standardised_mean_difference, t_test
from pivotal.stats.wilcoxon import kruskal_wallis, rank_sum, signed_rank, van_elteren
from pivotal.stats.win_probability import win_probability

__all__ = [
    "CONVENTIONS",
    "Boundary",
    "Chained",
    "ClosedTest",
    "ClosureWeights",
    "CmhTests",
    "Convention",
    "Covariate",
    "CoxFit",
    "CrossProducts",
    "Crossing",
    "CumulativeIncidence",
    "DoubleFdr",
    "Dunnett",
    "Estimate",
    "ExactLogistic",
    "FTest",
    "Factor",
    "GeeFit",
    "Graph",
    "GraphIntervals",
    "GraphTest",
    "GraphTrace",
    "GrayTest",
    "Homogeneity",
    "Imputed",
    "JointTest",
    "KaplanMeier",
    "LinearModel",
    "LocalTest",
    "LogRank",
    "LogRankWeights",
    "LogisticFit",
    "LongData",
    "MarginalRisks",
    "MaxCombo",
    "MmrmFit",
    "ModifiedPoissonFit",
    "NegativeBinomialFit",
    "NormalImputed",
    "NullDistribution",
    "OlsFit",
    "PoissonFit",
    "Pooled",
    "PooledWald",
    "Preset",
    "ProportionalOddsFit",
    "Reason",
    "ReferenceModel",
    "ReferenceResult",
    "ScoreGrid",
    "Strategy",
    "Summary",
    "VarianceTable",
    "VisitDesign",
    "VisitResults",
    "adjust_p",
    "ancova",
    "ancova_by_visit",
    "anova",
    "any_beyond",
    "arm_quantities",
    "at_risk_at",
    "beta_binomial_boundary",
    "beta_binomial_threshold",
    "binomial_boundary",
    "binomial_test",
    "blinded_rate",
    "bonferroni_graph",
    "bootstrap_counts",
    "breslow_day",
    "category_counts",
    "chi_square_table",
    "clopper_pearson",
    "closed_graph",
    "closure_weights",
    "cmh_tests",
    "cochran_mantel_haenszel",
    "conditional_mean_jackknife",
    "conditional_means",
    "control_correlation",
    "control_loadings",
    "cox_wald",
    "cross_levels",
    "cross_products",
    "crossing",
    "cumulative_incidence",
    "delta_grid",
    "delta_shifts",
    "derive_completed",
    "double_fdr",
    "dunnett",
    "dunnett_critical",
    "exact_common_odds_ratio",
    "exact_logistic",
    "exact_logistic_joint_test",
    "exact_logistic_null",
    "exact_tail",
    "fallback",
    "fallback_graph",
    "firth",
    "firth_lr_test",
    "fisher_exact",
    "fisher_exact_table",
    "fit_cox",
    "fit_firth",
    "fit_gee",
    "fit_logistic",
    "fit_mmrm",
    "fit_modified_poisson",
    "fit_negative_binomial",
    "fit_ols",
    "fit_poisson",
    "fit_proportional_odds",
    "fixed_sequence",
    "fixed_sequence_graph",
    "fold_imputations",
    "gamma_poisson_boundary",
    "gatekeeper",
    "graph_intervals",
    "graph_trace",
    "gray_test",
    "hazard_ratio",
    "hc_covariance",
    "hodges_lehmann",
    "holm_graph",
    "impute_chained",
    "impute_monotone",
    "impute_normal",
    "impute_reference",
    "impute_reference_bayes",
    "incidence_at",
    "incidence_difference",
    "incidence_rate",
    "incidence_ratio",
    "interacted_ancova",
    "jeffreys",
    "joint_test",
    "kaplan_meier",
    "klingenberg",
    "kruskal_wallis",
    "last_observed",
    "log_rank",
    "logistic_lr",
    "logistic_lr_test",
    "logistic_score_test",
    "logistic_wald",
    "long_data",
    "ls_means",
    "ls_means_rows",
    "mantel_haenszel",
    "mantel_haenszel_odds_ratio",
    "mantel_haenszel_risk_ratio",
    "marginal_risks",
    "max_combo",
    "mcnemar",
    "mee",
    "miettinen_nurminen",
    "minimum_risk",
    "mmrm_contrasts",
    "mmrm_covariance",
    "mmrm_f_test",
    "modified_poisson",
    "monte_carlo_error",
    "negative_binomial_lr",
    "newcombe",
    "one_way",
    "patient_years",
    "pearson_chi_square",
    "poisson_boundary",
    "poisson_lr",
    "pool_jackknife",
    "pool_wald",
    "posterior_above",
    "preset",
    "proportional_odds_lr",
    "proportional_odds_test",
    "rank_sum",
    "reference_ancova",
    "reference_model",
    "repeated_boundary",
    "rmst",
    "rmst_difference",
    "rmst_horizon",
    "rmst_ratio",
    "rubin",
    "rubin_on",
    "score_interval",
    "serial_gatekeeper",
    "signed_rank",
    "standardised_mean_difference",
    "stratified_newcombe",
    "stratified_score_interval",
    "summarise",
    "survival_at",
    "survival_quantile",
    "t_test",
    "tipping_point",
    "to_grid",
    "treated_share",
    "unfold_imputations",
    "update_graph",
    "van_elteren",
    "visit_design",
    "visit_means_rows",
    "wald",
    "wald_difference",
    "wald_odds_ratio",
    "wald_risk_ratio",
    "wilson",
    "win_probability",
]
