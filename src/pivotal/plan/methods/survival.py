"""Methods for a time to event: they see patients' times, censored where the event had not come."""

from __future__ import annotations

import numpy as np

from pivotal import stats
from pivotal.plan.batch import Batch
from pivotal.plan.methods.design import patient_rows
from pivotal.plan.methods.outcome import Outcome, Pair
from pivotal.study.model import Analysis, Endpoint


def log_rank(batch: Batch, endpoint: Endpoint, analysis: Analysis, visit: str, pairs: list[Pair]) -> list[Outcome]:
    """Log-rank tests of an arm and its comparator, stratified by the covariates."""
    times = batch.event_time(endpoint, visit)
    strata = batch.strata(analysis.covariates).codes if analysis.covariates else None
    weighting = analysis.weighting or "log-rank"
    outcomes = []
    for pair in pairs:
        compared = np.isin(batch.trials.arm, pair) & ~np.isnan(times.time)
        if strata is not None:
            compared &= strata >= 0
        test = stats.log_rank(
            times.time, times.event, batch.trials.arm == pair[0], weight=weighting, strata=strata, observed=compared
        )
        name = weighting if weighting == "log-rank" else f"log-rank, {weighting} weights"
        method = f"{name}, stratified" if analysis.covariates else name
        outcomes.append(Outcome(pair, test.two_sided(), "", method, {"N": compared.sum(axis=1).astype(np.float64)}))
    return outcomes


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
    """Difference of the mean time without the event, up to the horizon."""
    times = batch.event_time(endpoint, visit)
    assert analysis.horizon is not None
    curves = {
        arm: stats.kaplan_meier(times.time, times.event, (batch.trials.arm == arm) & ~np.isnan(times.time))
        for arm in dict.fromkeys(arm for pair in pairs for arm in pair)
    }
    method = f"restricted mean survival time to day {analysis.horizon:g}"
    return [
        Outcome(
            pair,
            stats.rmst_difference(curves[pair[0]], curves[pair[1]], analysis.horizon, level=analysis.level),
            "mean difference",
            method,
        )
        for pair in pairs
    ]
