"""Watching events as they come in: stopping boundaries, exactly what they do, and a screen over all terms."""

from pivotal.stats.monitoring.bayesian import beta_binomial_boundary, beta_binomial_threshold, gamma_poisson_boundary
from pivotal.stats.monitoring.boundary import Boundary
from pivotal.stats.monitoring.crossing import Crossing, crossing
from pivotal.stats.monitoring.evidence import exact_tail, posterior_above
from pivotal.stats.monitoring.repeated import Shape, binomial_boundary, poisson_boundary, repeated_boundary
from pivotal.stats.monitoring.screen import DoubleFdr, double_fdr
from pivotal.stats.monitoring.shares import blinded_rate, treated_share

__all__ = [
    "Boundary",
    "Crossing",
    "DoubleFdr",
    "Shape",
    "beta_binomial_boundary",
    "beta_binomial_threshold",
    "binomial_boundary",
    "blinded_rate",
    "crossing",
    "double_fdr",
    "exact_tail",
    "gamma_poisson_boundary",
    "poisson_boundary",
    "posterior_above",
    "repeated_boundary",
    "treated_share",
]
