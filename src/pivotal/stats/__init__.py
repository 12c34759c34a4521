"""Estimators over replicates: arrays with a leading replicate axis in, an `Estimate` out."""

from __future__ import annotations

from pivotal.stats.ancova import CrossProducts, OlsFit, ancova, cross_products, fit_ols, ls_means, ls_means_rows
from pivotal.stats.closure import ClosedTest, ClosureWeights, closed_graph, closure_weights
from pivotal.stats.cmh import cochran_mantel_haenszel, mantel_haenszel_odds_ratio
from pivotal.stats.common_factor import any_beyond, control_correlation, control_loadings
from pivotal.stats.dunnett import Dunnett, dunnett, dunnett_critical
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
from pivotal.stats.graph_intervals import GraphIntervals, graph_intervals
from pivotal.stats.graph_trace import GraphTrace, graph_trace, update_graph
from pivotal.stats.graphs import Graph, fallback_graph, fixed_sequence_graph, gatekeeper, holm_graph
from pivotal.stats.intersection import LocalTest
from pivotal.stats.logistic import LogisticFit, fit_logistic, logistic_wald, wald
from pivotal.stats.logistic_profile import logistic_lr
from pivotal.stats.ordered import fallback, fixed_sequence, serial_gatekeeper
from pivotal.stats.p_adjust import adjust_p
from pivotal.stats.rates import clopper_pearson, wilson
from pivotal.stats.risk_difference import mantel_haenszel, mee, miettinen_nurminen, newcombe
from pivotal.stats.risk_difference import wald as wald_difference
from pivotal.stats.summary import Summary, summarise

__all__ = [
    "ClosedTest",
    "ClosureWeights",
    "CrossProducts",
    "Dunnett",
    "Estimate",
    "ExactLogistic",
    "Graph",
    "GraphIntervals",
    "GraphTest",
    "GraphTrace",
    "LocalTest",
    "LogisticFit",
    "NullDistribution",
    "OlsFit",
    "Reason",
    "Summary",
    "adjust_p",
    "ancova",
    "any_beyond",
    "bonferroni_graph",
    "clopper_pearson",
    "closed_graph",
    "closure_weights",
    "cochran_mantel_haenszel",
    "control_correlation",
    "control_loadings",
    "cross_levels",
    "cross_products",
    "dunnett",
    "dunnett_critical",
    "exact_logistic",
    "exact_logistic_null",
    "fallback",
    "fallback_graph",
    "fisher_exact",
    "fit_logistic",
    "fit_ols",
    "fixed_sequence",
    "fixed_sequence_graph",
    "gatekeeper",
    "graph_intervals",
    "graph_trace",
    "holm_graph",
    "logistic_lr",
    "logistic_wald",
    "ls_means",
    "ls_means_rows",
    "mantel_haenszel",
    "mantel_haenszel_odds_ratio",
    "mee",
    "miettinen_nurminen",
    "newcombe",
    "serial_gatekeeper",
    "summarise",
    "update_graph",
    "wald",
    "wald_difference",
    "wilson",
]
