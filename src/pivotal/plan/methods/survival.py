"""Methods for a time to event: they see patients' times, censored where the event had not come."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pivotal import stats
from pivotal.plan.batch import Batch
from pivotal.plan.methods.design import patient_rows
from pivotal.plan.methods.outcome import Floats, Outcome, Pair
from pivotal.plan.methods.pairs import numbers
from pivotal.stats.estimate import Estimate
from pivotal.study.model import Analysis, Endpoint


def log_rank(batch: Batch, endpoint: Endpoint, analysis: Analysis, visit: str, pairs: list[Pair]) -> list[Outcome]:
    """Log-rank tests of an arm and its comparator, stratified by the covariates."""
    times = batch.event_time(endpoint, visit)
    strata = batch.strata(analysis.covariates).codes if analysis.covariates else None
    weighting = analysis.weighting or "log-rank"
    weight = stats.LogRankWeights(weighting, analysis.rho or 0.0, analysis.gamma or 0.0)
    name = weighting if weighting == "log-rank" else f"log-rank, {weighting} weights"
    name += f" ({weight.rho:g}, {weight.gamma:g})" if weighting == "fleming-harrington" else ""
    method = f"{name}, stratified" if analysis.covariates else name
    outcomes = []
    for pair in pairs:
        compared = _compared(batch, pair, times.time, strata)
        test = stats.log_rank(
            times.time, times.event, batch.trials.arm == pair[0], weight=weight, strata=strata, observed=compared
        )
        outcomes.append(Outcome(pair, test.two_sided(), "", method, numbers(compared)))
    return outcomes


def max_combo(batch: Batch, endpoint: Endpoint, analysis: Analysis, visit: str, pairs: list[Pair]) -> list[Outcome]:
    """The largest of four Fleming-Harrington statistics, stratified by the covariates; a test without an estimate."""
    times = batch.event_time(endpoint, visit)
    strata = batch.strata(analysis.covariates).codes if analysis.covariates else None
    method = "max-combo of fleming-harrington (0, 0), (0, 1), (1, 0), (1, 1)"
    method += ", stratified" if analysis.covariates else ""
    outcomes = []
    for pair in pairs:
        compared = _compared(batch, pair, times.time, strata)
        active = (batch.trials.arm == pair[0]).astype(np.int64)
        found = stats.max_combo(times.time, times.event, active, strata=strata, observed=compared)
        test = Estimate(statistic=found.statistic, p=found.p, reason=found.reason)
        extra = numbers(compared) | {"p_error": found.p_error}
        outcomes.append(Outcome(pair, test, "", method, extra))
    return outcomes


def _compared(batch: Batch, pair: Pair, time: Floats, strata: NDArray[np.int16] | None) -> NDArray[np.bool_]:
    """Who of the two arms has a time, and a stratum where there are strata."""
    compared = np.isin(batch.trials.arm, pair) & ~np.isnan(time)
    return compared if strata is None else compared & (strata >= 0)


def cox(batch: Batch, endpoint: Endpoint, analysis: Analysis, visit: str, pairs: list[Pair]) -> list[Outcome]:
    """Hazard ratios of a proportional hazards model of all arms, adjusted for covariates, stratified if asked."""
    times = batch.event_time(endpoint, visit)
    ties = analysis.ties or stats.preset("fit_cox", analysis.preset or "r")["ties"]
    robust = analysis.variance == "robust"
    strata = batch.strata(analysis.strata).codes if analysis.strata else None
    outcomes = []
    for comparator in dict.fromkeys(pair[1] for pair in pairs):
        rows = patient_rows(batch, analysis.covariates, comparator, intercept=False)
        observed = rows.known if strata is None else rows.known & (strata >= 0)
        fit = stats.fit_cox(
            times.time, times.event, rows.x, strata=strata, observed=observed, robust=robust,
            ties="discrete" if ties == "exact" else ties,
        )  # fmt: skip
        words = [f"cox, {ties} ties", "stratified" if analysis.strata else "", "robust variance" if robust else ""]
        for pair in (p for p in pairs if p[1] == comparator):
            found = stats.hazard_ratio(fit, rows.column[pair[0]], level=analysis.level)
            outcomes.append(Outcome(pair, found, "hazard ratio", ", ".join(filter(None, words))))
    return outcomes


def restricted_mean(
    batch: Batch, endpoint: Endpoint, analysis: Analysis, visit: str, pairs: list[Pair]
) -> list[Outcome]:
    """Difference or ratio of the mean times without the event, up to the horizon."""
    times = batch.event_time(endpoint, visit)
    assert analysis.horizon is not None
    curves = {
        arm: stats.kaplan_meier(times.time, times.event, (batch.trials.arm == arm) & ~np.isnan(times.time))
        for arm in dict.fromkeys(arm for pair in pairs for arm in pair)
    }
    method = f"restricted mean survival time to day {analysis.horizon:g}"
    ratio = analysis.contrast == "ratio"
    method += ", ratio" if ratio else ""
    compare, scale = (stats.rmst_ratio, "mean ratio") if ratio else (stats.rmst_difference, "mean difference")
    return [
        Outcome(pair, compare(curves[pair[0]], curves[pair[1]], analysis.horizon, level=analysis.level), scale, method)
        for pair in pairs
    ]
