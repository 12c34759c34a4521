"""Multiple imputation: a trial becomes M completed trials, analysed as a batch, their results pooled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pivotal import stats
from pivotal.plan.batch import Batch
from pivotal.plan.jackknifed import jackknifed, leave_one_out, without_each
from pivotal.plan.methods.design import patient_rows
from pivotal.plan.methods.outcome import Floats, Outcome
from pivotal.stats.estimate import Estimate, Reason
from pivotal.study.model import Endpoint, Imputation
from pivotal.trials import Trials, observed

IMPUTED = "multiple imputation"
STRATEGY = {
    "missing at random": "MAR",
    "jump to reference": "JR",
    "copy reference": "CR",
    "copy increments in reference": "CIR",
    "last mean carried forward": "LMCF",
}
Analysed = Callable[[Batch, Endpoint], list[Outcome]]


def is_imputed(endpoint: Endpoint) -> bool:
    """Whether a strategy of the endpoint is multiple imputation."""
    events = endpoint.intercurrent
    return endpoint.imputation is not None and IMPUTED in (events.discontinuation, events.missing)


@dataclass(frozen=True, slots=True)
class Case:
    """What is added to imputed values, by arm, and the analysis of the data so completed."""

    delta: Mapping[str, float]
    analyse: Analysed


def impute_and_pool(batch: Batch, endpoint: Endpoint, visit: str, level: float, analyse: Analysed) -> list[Outcome]:
    """Impute each trial, derive and analyse its completed data sets by the endpoint's method, and pool.

    Trial by trial, each with the random numbers of the plan's seed, so that a trial has the same numbers alone and in a
    batch; the imputations of one trial are a batch. Values are imputed on the parameter's scale, brought to what its
    instrument can give, and only then derived.
    """
    assert endpoint.imputation is not None
    return pooled_cases(batch, endpoint, visit, level, [Case(endpoint.imputation.delta, analyse)])[0]


def pooled_cases(
    batch: Batch, endpoint: Endpoint, visit: str, level: float, cases: Sequence[Case]
) -> list[list[Outcome]]:
    """The pooled outcomes of each case, all of the same imputations: they differ by deltas and analysis alone."""
    assert endpoint.imputation is not None
    how, plain = endpoint.imputation, observed_cases(endpoint)
    pooled = partial(_pooled, df_rule=how.df) if how.inference == "rubin" else jackknifed
    per_trial = []
    for r in range(batch.trials.shape[0]):
        alone = Batch(batch.study, batch.trials.replicate(r))
        drawn = _draw(alone, endpoint, visit)
        completed = (Batch(batch.study, _shifted(alone, endpoint, drawn, case.delta)) for case in cases)
        analysed = (case.analyse(data, plain) for case, data in zip(cases, completed, strict=True))
        per_trial.append([[pooled(outcome, level) for outcome in outcomes] for outcomes in analysed])
    return [
        [_joined([trial[c][k] for trial in per_trial], _words(how, case.delta)) for k in range(len(per_trial[0][c]))]
        for c, case in enumerate(cases)
    ]


def observed_cases(endpoint: Endpoint) -> Endpoint:
    """The endpoint with imputed values taken as observed."""
    events = endpoint.intercurrent
    plain = {
        name: "observed cases" if getattr(events, name) == IMPUTED else getattr(events, name)
        for name in ("discontinuation", "missing")
    }
    return endpoint.model_copy(update={"intercurrent": events.model_copy(update=plain), "imputation": None})


def complete(batch: Batch, endpoint: Endpoint, visit: str) -> Trials:
    """M completed copies of one trial.

    The endpoint's parameter is imputed at every visit after baseline up to `visit` and to the last at which the
    endpoint is summarised, so that its analyses at several visits are of the same completed data. For the jackknife
    the copies are conditional means: with all patients, then without each one in turn, who belongs to no arm there.
    """
    assert endpoint.imputation is not None
    return _shifted(batch, endpoint, _draw(batch, endpoint, visit), endpoint.imputation.delta)


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Values before any delta is added.

    Attributes
    ----------
    visits
        Names of the visits at which there are values.
    y
        As observed, NaN where missing, (patient, visit).
    filled
        Completed, (imputation, patient, visit).
    """

    visits: list[str]
    y: Floats
    filled: Floats


def _draw(batch: Batch, endpoint: Endpoint, visit: str) -> _Drawn:
    """What is imputed in one trial."""
    how, trials = endpoint.imputation, batch.trials
    assert how is not None
    name = endpoint.derive.parameter
    start = trials.visits.index(batch.study.baseline_visit.name)
    last = max(trials.visits.index(v) for v in (visit, endpoint.visit, *endpoint.visits))
    visits = [v for v in trials.visits[start + 1 : last + 1] if observed(trials.value(name, v)).any()]
    values = [trials.value(name, v) for v in visits]
    y = np.stack([np.where(observed(v), v, np.nan).astype(np.float64) for v in values], axis=2)
    return _Drawn(visits, y[0], _imputed(batch, endpoint, how, y))


def _shifted(batch: Batch, endpoint: Endpoint, drawn: _Drawn, delta: Mapping[str, float]) -> Trials:
    """The completed copies of one trial, imputed values moved by the delta of the patient's arm."""
    how, trials, name = endpoint.imputation, batch.trials, endpoint.derive.parameter
    assert how is not None
    missing = np.isnan(drawn.y)
    filled = drawn.filled + np.where(missing, _delta(batch, delta), 0.0)
    kept = ~missing | ~_to_fill(batch, endpoint, drawn.visits)
    filled = np.where(kept, drawn.y, _on_scale(batch, name, filled) if how.inference == "rubin" else filled)
    copies = _copied(trials, len(filled))
    if how.inference != "rubin":
        copies = without_each(copies)
    imputed = {(name, v): filled[:, :, j] for j, v in enumerate(drawn.visits)}
    return replace(copies, values=dict(copies.values) | imputed)


def _imputed(batch: Batch, endpoint: Endpoint, how: Imputation, y: Floats) -> Floats:
    """Completed values, (imputation, patient, visit)."""
    rng = np.random.Generator(np.random.Philox(key=[how.seed, 0]))
    control = batch.study.control
    baseline = batch.trials.value(endpoint.derive.parameter, batch.study.baseline_visit.name)
    base = np.where(observed(baseline), baseline, np.nan).astype(np.float64)
    rows = patient_rows(batch, how.covariates, control, intercept=how.method == "reference-based")
    x = np.concatenate([rows.x, base[:, :, None]], axis=2)
    known = (rows.known & ~np.isnan(base))[0]
    x, y = np.where(known[None, :, None], x, 0.0), np.where(known[None, :, None], y, np.nan)
    copies = how.imputations if how.inference == "rubin" else y.shape[1] + 1
    out = np.full((copies, *y.shape[1:]), np.nan)
    who = np.flatnonzero(known)
    if how.method == "multivariate normal":
        out[:, who] = stats.impute_normal(y[:, who], how.imputations, rng, covariates=x[:, who]).y[0]
    elif how.method == "fully conditional specification":
        out[:, who] = _chained(how, y[:, who], x[:, who], rng)
    else:
        reference = control if how.reference is None else batch.study.arm_index(how.reference)
        other = x.copy()
        for arm, column in rows.column.items():
            other[..., column] = float(arm == reference)
        visits = y.shape[2]
        model = stats.reference_model(
            y[:, who], stats.visit_design(x[:, who], visits), stats.visit_design(other[:, who], visits),
            arm=batch.trials.arm[:, who], strategy=STRATEGY[how.assumption],
        )  # fmt: skip
        out[:, who] = _by_reference(model, how, who, y.shape[1], rng)
    return out


def _chained(how: Imputation, y: Floats, x: Floats, rng: np.random.Generator) -> Floats:
    """Values completed by fully conditional specification, (imputation, patient, visit)."""
    kinds = ["matched" if how.regression == "predictive mean matching" else "normal"] * y.shape[2]
    if how.regression != "categories":
        return np.asarray(stats.impute_chained(y, kinds, how.imputations, rng, covariates=x).y[0])
    levels = [np.unique(each[~np.isnan(each)]) for each in np.moveaxis(y[0], 1, 0)]
    kinds = ["ordinal" if len(seen) > 2 else "binary" if len(seen) == 2 else "matched" for seen in levels]
    codes = np.stack([_coded(y[..., j], seen) for j, seen in enumerate(levels)], axis=-1)
    filled = stats.impute_chained(codes, kinds, how.imputations, rng, covariates=x).y[0]
    return np.stack([_uncoded(filled[..., j], seen) for j, seen in enumerate(levels)], axis=-1)


def _coded(values: Floats, levels: Floats) -> Floats:
    """Values as 0, 1, 2, ... of the values seen; missing ones stay missing."""
    return np.where(np.isnan(values), np.nan, np.searchsorted(levels, values))


def _uncoded(codes: Floats, levels: Floats) -> Floats:
    """The values that codes stand for."""
    known = ~np.isnan(codes)
    return np.asarray(np.where(known, levels[np.where(known, codes, 0).astype(np.int64)], np.nan))


def _by_reference(
    model: stats.ReferenceModel, how: Imputation, who: NDArray[np.int64], patients: int, rng: np.random.Generator
) -> Floats:
    """Completed values of the patients whose covariates are known, (imputation, patient, visit)."""
    if how.inference != "rubin":
        return leave_one_out(model, who, patients, anchored=how.inference == "anchored jackknife")
    impute = stats.impute_reference_bayes if how.draws == "bayes" else stats.impute_reference
    return np.asarray(impute(model, how.imputations, rng).y[0], dtype=np.float64)


def _to_fill(batch: Batch, endpoint: Endpoint, visits: list[str]) -> NDArray[np.bool_]:
    """Whose missing values are imputed, (patient, visit): of those who left, those who stayed, or both."""
    stayed = np.stack([batch.trials.attended(v)[0] for v in visits], axis=1)
    events = endpoint.intercurrent
    return (stayed & (events.missing == IMPUTED)) | (~stayed & (events.discontinuation == IMPUTED))


def _delta(batch: Batch, delta: Mapping[str, float]) -> Floats:
    """What is added to a patient's imputed values, (patient, 1)."""
    by_arm = np.array([delta.get(arm.name, 0.0) for arm in batch.study.arms])
    return np.asarray(by_arm[batch.trials.arm[0]][:, None])


def _on_scale(batch: Batch, name: str, values: Floats) -> Floats:
    parameter = batch.study.parameter(name)
    if parameter.range is None:
        return np.floor(values + 0.5) if parameter.integer else values
    rounding: Literal["nearest", "none"] = "nearest" if parameter.integer else "none"
    grid = stats.ScoreGrid(lowest=parameter.range[0], highest=parameter.range[1], rounding=rounding)
    return stats.to_grid(values, grid)


def _copied(trials: Trials, count: int) -> Trials:
    def many(array: NDArray[Any]) -> NDArray[Any]:
        return np.broadcast_to(array, (count, *array.shape[1:]))

    return replace(
        trials,
        arm=many(trials.arm),
        subject={key: many(column) for key, column in trials.subject.items()},
        values={key: many(column) for key, column in trials.values.items()},
        last_visit=many(trials.last_visit),
        reason=many(trials.reason),
        screening=None,
    )


def _pooled(outcome: Outcome, level: float, df_rule: Literal["barnard-rubin", "rubin"]) -> Outcome:
    """One trial's outcome over its imputations, (1,): ratios on the log scale, back again."""
    found = outcome.estimate
    assert found.estimate is not None
    assert found.se is not None
    ratio = outcome.scale.endswith("ratio")
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.log(found.estimate) if ratio else found.estimate
    df = np.inf if found.df is None or ratio else float(np.nanmean(found.df)) if np.isfinite(found.df).any() else np.inf
    failed = (found.reason != 0) & ~(np.isfinite(value) & np.isfinite(found.se))
    if failed.any():
        return replace(outcome, estimate=_none(int(found.reason[failed][0])), extra={})
    pooled = stats.rubin(value[None, :], found.se[None, :] ** 2, df_complete=df, level=level, df=df_rule)
    error = stats.monte_carlo_error(value[None, :], found.se[None, :] ** 2, df_complete=df, level=level, df=df_rule)
    both = pooled.as_estimate()
    if ratio:
        assert both.estimate is not None
        assert both.ci_low is not None
        assert both.ci_high is not None
        both = replace(both, estimate=np.exp(both.estimate), ci_low=np.exp(both.ci_low), ci_high=np.exp(both.ci_high))
    extra = {"fmi": pooled.fmi, "mcse": error.estimate, "mcse_p": error.p}
    extra |= {name: each[:1] for name, each in outcome.extra.items() if name == "N"}
    return replace(outcome, estimate=both, extra=extra)


def _none(code: int) -> Estimate:
    nan = np.full(1, np.nan)
    return Estimate(
        estimate=nan, se=nan, ci_low=nan, ci_high=nan, statistic=nan, df=nan, p=nan,
        reason=np.array([code or Reason.IMPUTATION_FAILED], dtype=np.uint8),
    )  # fmt: skip


def _joined(parts: list[Outcome], words: str) -> Outcome:
    """The trials' pooled outcomes as one outcome of the batch."""
    names = ("estimate", "se", "ci_low", "ci_high", "statistic", "df", "p", "reason")
    given = {name: [getattr(part.estimate, name) for part in parts] for name in names}
    joined = Estimate(**{name: np.concatenate(each) for name, each in given.items() if each[0] is not None})
    kept = dict.fromkeys(name for part in parts for name in part.extra)
    nan = np.full(1, np.nan)
    extra = {name: np.concatenate([part.extra.get(name, nan) for part in parts]) for name in kept}
    return Outcome(parts[0].pair, joined, parts[0].scale, f"{parts[0].method}, {words}", extra)


def _words(how: Imputation, delta: Mapping[str, float]) -> str:
    detail = how.assumption if how.method == "reference-based" else how.regression
    kind = f"{how.method}, {detail}" if detail else how.method
    shifted = ", delta" if any(delta.values()) else ""
    if how.inference != "rubin":
        return f"conditional means, {kind}{shifted}, {how.inference}"
    classical = "" if how.df == "barnard-rubin" else ", rubin's degrees of freedom"
    if how.draws == "bayes":
        kind += ", posterior draws"
    return f"{how.imputations} imputations, {kind}{shifted}, rubin{classical}"
