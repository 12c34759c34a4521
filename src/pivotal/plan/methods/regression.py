"""Regressions for ordered categories and counts: they see patients' rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pivotal import stats
from pivotal.derive import days_observed
from pivotal.plan.batch import Batch
from pivotal.plan.methods.design import patient_rows
from pivotal.plan.methods.outcome import Floats, Outcome, Pair, exponentiated
from pivotal.study.model import Analysis, Endpoint

DAYS_A_YEAR = 365.25
RATIO = "likelihood-ratio"


def proportional_odds(
    batch: Batch, endpoint: Endpoint, analysis: Analysis, visit: str, pairs: list[Pair]
) -> list[Outcome]:
    """Common odds ratios of being in a better category, whichever end of the scale is better."""
    better = batch.study.parameter(endpoint.derive.parameter).better
    value, included = _values(batch, endpoint, visit)
    lowest = np.nanmin(value, initial=0.0)
    options = stats.preset("fit_proportional_odds", analysis.preset or "r")
    categories = int(np.nanmax(value, initial=lowest) - lowest) + 1
    added = ", expected information" if options["information"] == "expected" else ""
    added = f", {RATIO}" if analysis.test == RATIO else added
    outcomes = []
    for comparator in dict.fromkeys(pair[1] for pair in pairs):
        rows = patient_rows(batch, analysis.covariates, comparator, intercept=False)
        counts = stats.category_counts(value - lowest, max(categories, 2), included=included & rows.known)
        design = np.where(rows.known[..., None], rows.x, 0.0)
        fit = stats.fit_proportional_odds(counts, design, favours=better, **options)
        for pair in (p for p in pairs if p[1] == comparator):
            column = rows.column[pair[0]]
            if analysis.test == RATIO:
                found = stats.proportional_odds_lr(counts, design, column, favours=better, level=analysis.level)
            else:
                found = stats.wald(fit, column, level=analysis.level)
            words = f"proportional odds, {better} category{added}"
            outcomes.append(Outcome(pair, exponentiated(found), "odds ratio", words))
    return outcomes


def poisson(batch: Batch, endpoint: Endpoint, analysis: Analysis, visit: str, pairs: list[Pair]) -> list[Outcome]:
    """Rate ratios of a Poisson regression, exposure as offset."""
    robust = analysis.variance == "hc0"
    value, exposure, included = _counts(batch, endpoint, visit)
    outcomes = []
    for comparator in dict.fromkeys(pair[1] for pair in pairs):
        rows = patient_rows(batch, analysis.covariates, comparator)
        known = included & rows.known
        design = np.where(rows.known[..., None], rows.x, 0.0)
        fit = stats.fit_poisson(value, exposure, design, known)
        for pair in (p for p in pairs if p[1] == comparator):
            column = rows.column[pair[0]]
            if analysis.test == RATIO:
                found = stats.poisson_lr(value, exposure, design, column, known, level=analysis.level)
            else:
                covariance = fit.robust if robust else None
                found = stats.wald(fit, column, level=analysis.level, covariance=covariance)
            method = f"poisson, {RATIO}" if analysis.test == RATIO else "poisson, hc0 variance" if robust else "poisson"
            outcomes.append(Outcome(pair, exponentiated(found), "rate ratio", method))
    return outcomes


def negative_binomial(
    batch: Batch, endpoint: Endpoint, analysis: Analysis, visit: str, pairs: list[Pair]
) -> list[Outcome]:
    """Rate ratios of a negative binomial regression, exposure as offset.

    As R (`MASS::glm.nb`) the standard errors take the dispersion as known; as SAS (`PROC GENMOD`) they are from the
    observed information of both.
    """
    options = stats.preset("fit_negative_binomial", analysis.preset or "r")
    value, exposure, included = _counts(batch, endpoint, visit)
    outcomes = []
    for comparator in dict.fromkeys(pair[1] for pair in pairs):
        rows = patient_rows(batch, analysis.covariates, comparator)
        design = np.where(rows.known[..., None], rows.x, 0.0)
        known = included & rows.known
        fit = stats.fit_negative_binomial(value, exposure, design, known, **options)
        for pair in (p for p in pairs if p[1] == comparator):
            column = rows.column[pair[0]]
            if analysis.test == RATIO:
                found = stats.negative_binomial_lr(value, exposure, design, column, known, level=analysis.level)
                method = f"negative binomial, {RATIO}"
            else:
                found = stats.wald(fit, column, level=analysis.level)
                method = f"negative binomial, {options['information']} information"
            outcomes.append(Outcome(pair, exponentiated(found), "rate ratio", method, {"dispersion": fit.dispersion}))
    return outcomes


def incidence_rate(
    batch: Batch, endpoint: Endpoint, analysis: Analysis, visit: str, pairs: list[Pair]
) -> list[Outcome]:
    """Differences of exposure-adjusted incidence rates, events a patient-year."""
    events, years = _exposed(batch, endpoint, visit, pairs)
    return [
        Outcome(
            pair,
            stats.incidence_difference(
                events[pair[0]], years[pair[0]], events[pair[1]], years[pair[1]], level=analysis.level
            ),
            "rate difference",
            "exposure-adjusted incidence rate, miettinen-nurminen, events a patient-year",
        )
        for pair in pairs
    ]


def incidence_ratio(
    batch: Batch, endpoint: Endpoint, analysis: Analysis, visit: str, pairs: list[Pair]
) -> list[Outcome]:
    """Ratios of exposure-adjusted incidence rates."""
    events, years = _exposed(batch, endpoint, visit, pairs)
    how = analysis.limits or "exact"
    return [
        Outcome(
            pair,
            stats.incidence_ratio(
                events[pair[0]], years[pair[0]], events[pair[1]], years[pair[1]], method=how, level=analysis.level
            ),
            "rate ratio",
            f"exposure-adjusted incidence rates, {how}",
        )
        for pair in pairs
    ]


def _exposed(
    batch: Batch, endpoint: Endpoint, visit: str, pairs: list[Pair]
) -> tuple[dict[int, Floats], dict[int, Floats]]:
    """Events and patient-years of the arms compared, (replicate,) each."""
    value, days, included = _counts(batch, endpoint, visit)
    seen = included & ~np.isnan(value) & ~np.isnan(days)
    arms = {arm: seen & (batch.trials.arm == arm) for arm in dict.fromkeys(arm for pair in pairs for arm in pair)}
    events = {arm: np.where(mask, value, 0.0).sum(axis=1) for arm, mask in arms.items()}
    return events, {arm: np.where(mask, days, 0.0).sum(axis=1) / DAYS_A_YEAR for arm, mask in arms.items()}


def _values(batch: Batch, endpoint: Endpoint, visit: str) -> tuple[Floats, NDArray[np.bool_]]:
    """Values, NaN where missing, and who is included."""
    derived = batch.derived(endpoint, visit)
    value = derived.value.astype(np.float64)
    included = np.ones(value.shape, dtype=np.bool_) if derived.included is None else derived.included
    return np.where(included, value, np.nan), included


def _counts(batch: Batch, endpoint: Endpoint, visit: str) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Counts, the days over which they were counted, and who is included."""
    value, included = _values(batch, endpoint, visit)
    return value, days_observed(batch.trials, batch.study.visits, visit), included
