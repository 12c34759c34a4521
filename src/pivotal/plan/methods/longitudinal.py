"""Models of all visits at which an endpoint is summarised: the mixed model, generalised estimating equations."""

from __future__ import annotations

from typing import Literal

import numpy as np

from pivotal import stats
from pivotal.plan.batch import Batch, visits
from pivotal.plan.methods.design import Rows, patient_rows
from pivotal.plan.methods.outcome import Floats, Outcome, Pair, exponentiated, one_of
from pivotal.stats.estimate import Estimate
from pivotal.study.methods import Covariance
from pivotal.study.model import Analysis, Endpoint

STRUCTURE: dict[Covariance, str] = {
    "unstructured": "us",
    "toeplitz": "toep",
    "heterogeneous toeplitz": "toeph",
    "ar(1)": "ar1",
    "heterogeneous ar(1)": "ar1h",
    "compound symmetry": "cs",
    "heterogeneous compound symmetry": "csh",
    "ante-dependence": "ad",
    "heterogeneous ante-dependence": "adh",
    "spatial exponential": "sp_exp",
}
SANDWICH: dict[str, Literal["CR0", "CR2", "CR3"]] = {"robust": "CR0", "bias-reduced": "CR2", "jackknife": "CR3"}


def mmrm(batch: Batch, endpoint: Endpoint, analysis: Analysis, visit: str, pairs: list[Pair]) -> list[Outcome]:
    """Differences between arms at a visit, by REML, or ML if the analysis says so.

    Every arm has a mean of its own at each visit; a covariate has one coefficient, or one at each visit where the
    analysis's `by_visit` names it.
    """
    names = _after_baseline(batch, endpoint)
    y = np.stack([_outcome(batch, endpoint, name) for name in names], axis=2)
    covariance = analysis.covariance or "unstructured"
    days = {v.name: float(v.day) for v in batch.study.visits}
    times = np.array([days[name] for name in names]) if covariance == "spatial exponential" else None
    added = _variant(analysis)
    outcomes = []
    for comparator in dict.fromkeys(pair[1] for pair in pairs):
        rows = patient_rows(batch, analysis.covariates, comparator)
        common = [c for name, own in rows.covariates.items() if name not in analysis.by_visit for c in own]
        design = stats.visit_design(np.where(rows.known[..., None], rows.x, 0.0), len(names), common)
        fit = stats.fit_mmrm(
            np.where(rows.known[..., None], y, np.nan), design, structure=STRUCTURE[covariance], times=times,
            method="ML" if analysis.likelihood == "ml" else "REML",
            group=np.maximum(batch.trials.arm, 0) if analysis.covariance_of == "each arm" else None,
            weights=_weights(batch, analysis, len(names)),
        )  # fmt: skip
        wanted = [pair for pair in pairs if pair[1] == comparator]
        contrasts = np.stack([_contrast(rows, common, pair[0], names.index(visit), len(names)) for pair in wanted])
        found, method = _inference(fit, contrasts, analysis)
        at = names.index(visit)
        extra = {"minus_2_log_likelihood": -2 * fit.loglik}
        means = _ls_means(batch, np.where(rows.known[..., None], y, np.nan), design, rows, fit)
        for c, pair in enumerate(wanted):
            own = {"ls_mean": means[pair[0]][:, at], "ls_mean_comparator": means[comparator][:, at]}
            words = f"mmrm {covariance} {method}{added}"
            outcomes.append(Outcome(pair, one_of(found, c), "mean difference", words, own | extra))
    return outcomes


def _variant(analysis: Analysis) -> str:
    """What of the fit is not as usual, in words."""
    words = {
        ", ml": analysis.likelihood == "ml",
        ", a covariance matrix an arm": analysis.covariance_of == "each arm",
        f", weighted by {analysis.weight}": analysis.weight is not None,
    }
    return "".join(word for word, said in words.items() if said)


def _weights(batch: Batch, analysis: Analysis, visits_: int) -> Floats | None:
    """The patients' weights at every visit; a patient without one is left out, as in SAS."""
    if analysis.weight is None:
        return None
    weight = np.nan_to_num(batch.number(analysis.weight))
    return np.broadcast_to(weight[..., None], (*weight.shape, visits_))


def _ls_means(batch: Batch, y: Floats, design: stats.VisitDesign, rows: Rows, fit: stats.MmrmFit) -> dict[int, Floats]:
    """LS means of the arms at the visits, by arm, (replicate, visit); levels of factors with equal weights."""
    arms = list(rows.column)
    factors = [own for name, own in rows.covariates.items() if batch.is_factor(name)]
    found = stats.visit_means_rows(y, design, [rows.column[arm] for arm in arms], factors)
    means = np.einsum("rkjc,rc->rkj", found, fit.coefficients)
    (reference,) = set(range(len(batch.study.arms))) - set(arms)
    return {arm: means[:, k] for k, arm in enumerate([reference, *arms])}


def gee(batch: Batch, endpoint: Endpoint, analysis: Analysis, visit: str, pairs: list[Pair]) -> list[Outcome]:
    """Odds ratios or rate ratios between arms, by generalised estimating equations over the visits after baseline.

    Every visit has a mean of its own; the arm has an effect at each visit, or one for all of them; a covariate has one
    coefficient, or one at each visit where the analysis's `by_visit` names it.
    """
    names = _after_baseline(batch, endpoint)
    y = np.stack([_outcome(batch, endpoint, name) for name in names], axis=2)
    binary, common_effect = endpoint.kind == "binary", analysis.effect == "common"
    correlation, variance = analysis.correlation or "exchangeable", analysis.variance or "robust"
    outcomes = []
    for comparator in dict.fromkeys(pair[1] for pair in pairs):
        rows = patient_rows(batch, analysis.covariates, comparator)
        common = [c for name, own in rows.covariates.items() if name not in analysis.by_visit for c in own]
        common += list(rows.column.values()) if common_effect else []
        design = stats.visit_design(np.where(rows.known[..., None], rows.x, 0.0), len(names), common)
        fit = stats.fit_gee(
            np.where(rows.known[..., None], y, np.nan), design, correlation=correlation,
            family="binomial" if binary else "poisson",
        )  # fmt: skip
        covariance = {"robust": fit.covariance, "model": fit.model, "bias-reduced": fit.bias_reduced}[variance]
        effect = "common effect" if common_effect else "effect by visit"
        words = f"gee {correlation}, {effect}, {variance} variance"
        for pair in (p for p in pairs if p[1] == comparator):
            column = _position(rows, common, pair[0], 0 if common_effect else names.index(visit), len(names))
            found = exponentiated(stats.wald(fit, column, level=analysis.level, covariance=covariance))
            scale = "odds ratio" if binary else "rate ratio"
            outcomes.append(Outcome(pair, found, scale, words, {"patients": fit.patients}))
    return outcomes


def _after_baseline(batch: Batch, endpoint: Endpoint) -> list[str]:
    return [name for name in visits(endpoint, batch.study) if name != batch.study.baseline_visit.name]


def _outcome(batch: Batch, endpoint: Endpoint, visit: str) -> Floats:
    derived = batch.derived(endpoint, visit)
    value = derived.value.astype(np.float64)
    return value if derived.included is None else np.where(derived.included, value, np.nan)


def _contrast(rows: Rows, common: list[int], arm: int, visit: int, visits_: int) -> Floats:
    """The contrast that is an arm's effect at a visit."""
    contrast = np.zeros(sum(_widths(rows, common, visits_)))
    contrast[_position(rows, common, arm, visit, visits_)] = 1.0
    return contrast


def _position(rows: Rows, common: list[int], arm: int, visit: int, visits_: int) -> int:
    """An arm's column at a visit."""
    return sum(_widths(rows, common, visits_)[: rows.column[arm]]) + visit


def _widths(rows: Rows, common: list[int], visits_: int) -> list[int]:
    """Columns of each covariate in `visit_design`: one a visit, or one if it is common."""
    return [1 if c in common else visits_ for c in range(rows.x.shape[2])]


def _inference(fit: stats.MmrmFit, contrasts: Floats, analysis: Analysis) -> tuple[Estimate, str]:
    """The contrasts' estimates, and what they rest on in words. SAS's Kenward-Roger is the linear variant."""
    program = stats.preset("mmrm_contrasts", analysis.preset or "r")
    df = analysis.df or program.get("covariance", program["df"])
    level = analysis.level
    kind = SANDWICH.get(analysis.variance or "model")
    if kind is not None:
        freedom: Literal["residual", "satterthwaite"] = "residual" if df == "residual" else "satterthwaite"
        found = stats.mmrm_contrasts(fit, contrasts, df=freedom, covariance=kind, level=level)
        return found, f"{freedom}, sandwich variance {kind}"
    if df == "kenward-roger-linear":
        found = stats.mmrm_contrasts(fit, contrasts, df="kenward-roger", covariance="kenward-roger-linear", level=level)
        return found, df
    return stats.mmrm_contrasts(fit, contrasts, df=df, level=level), df
