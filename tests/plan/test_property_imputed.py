"""Multiple imputation from a study file: impute, derive, analyse, pool; alone and in a batch."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from plan_made import study, trials

from pivotal.errors import StudyError
from pivotal.plan import Plan
from pivotal.plan.batch import Batch
from pivotal.plan.imputed import complete
from pivotal.study import read, template
from pivotal.study.model import Analysis, Derivation, Imputation, Intercurrent
from pivotal.trials import observed

IMPUTED = "multiple imputation"
METHODS = ("multivariate normal", "fully conditional specification", "reference-based")
# Imputed data that are the observed data: the same arithmetic, pooled with itself.
SAME = 1e-9


def noisy(seed, replicates):
    batch, rng = trials(seed, replicates=replicates, size=100), np.random.default_rng(seed)
    values = {k: v + rng.normal(0, 2, v.shape) if k[0] == "EASI" else v for k, v in batch.values.items()}
    return dataclasses.replace(batch, values=values)


def imputed(kind="continuous", events=None, analysis=None, **how):
    trial = study()
    first = trial.endpoints[0]
    derive = Derivation(parameter="EASI", quantity="change")
    if kind == "binary":
        derive = Derivation(parameter="EASI", percent_improvement_at_least=50)
    endpoint = first.model_copy(update={
        "kind": kind,
        "derive": derive,
        "intercurrent": events or Intercurrent(discontinuation=IMPUTED, missing=IMPUTED),
        "imputation": Imputation(**{"method": METHODS[0], "imputations": 8} | how),
        "analysis": analysis or Analysis(method="ancova" if kind == "continuous" else "logistic wald"),
        "visits": ("Week 2", "Week 4"), "supplementary": (),
    })  # fmt: skip
    kept = tuple(h for h in trial.testing.hypotheses if h.endpoint == first.name)
    testing = trial.testing.model_copy(update={"hypotheses": kept, "edges": ()})
    return trial.model_copy(update={"endpoints": (endpoint,), "testing": testing})


def main(results, statistic):
    rows = results.find(endpoint="IGA-TS", statistic=statistic, groups=(("role", "main"),))
    return np.stack([row.value for row in rows])  # (pair, replicate)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["continuous", "binary"])
def test_a_batch_is_its_trials_one_by_one(kind, method):
    plan, batch = Plan(imputed(kind, method=method)), noisy(1, 2)
    together = plan.analyse(batch)
    assert np.isfinite(main(together, "estimate")).all()
    assert (main(together, "mcse") > 0).all()
    for r in range(2):
        for one, many in zip(plan.analyse(batch.replicate(r)), together, strict=True):
            assert one.value[0] == pytest.approx(many.value[r], rel=1e-12, nan_ok=True), one.key.id


@pytest.mark.parametrize("regression", ["predictive mean matching", "categories"])
def test_a_score_is_imputed_by_values_that_were_seen(regression):
    """IGA 0 to 4, a category that nobody has left out: completed values are of those seen at the visit."""
    trial = imputed("binary", method="fully conditional specification", regression=regression)
    derive = Derivation(parameter="IGA", value_at_most=1, improvement_at_least=2)
    trial = trial.model_copy(update={"endpoints": (trial.endpoints[0].model_copy(update={"derive": derive}),)})
    alone = Batch(trial, trials(5, replicates=1, size=100))
    done = complete(alone, trial.endpoints[0], "Week 8")
    imputed_values = 0
    for (name, visit), values in done.values.items():
        before = alone.trials.value(name, visit)[0]
        if name == "IGA" and visit != "Baseline" and observed(before).any():
            assert set(np.unique(values)) <= set(np.unique(before[observed(before)]).astype(float))
            assert (values[:, observed(before)] == before[observed(before)]).all()
            assert (values == values[:1]).all() == observed(before).all()
            imputed_values += int((~observed(before)).sum())
    assert imputed_values > 0
    results = Plan(trial).analyse(alone.trials)
    assert np.isfinite(main(results, "estimate")).all()
    method = results.find(endpoint="IGA-TS", statistic="p", groups=(("role", "main"),))[0].key.method
    assert regression in method


def test_a_regression_belongs_to_chained_equations():
    with pytest.raises(ValueError, match="belongs to method"):
        Imputation(method="multivariate normal", regression="categories")


def test_where_nothing_is_missing_nothing_is_imputed():
    batch = noisy(2, 1)
    full = dataclasses.replace(batch, last_visit=np.full_like(batch.last_visit, len(batch.visits) - 1))
    rng = np.random.default_rng(3)
    values = {k: np.where(np.isnan(v), rng.normal(5, 2, v.shape), v) if k[0] == "EASI" else v
              for k, v in full.values.items()}  # fmt: skip
    full = dataclasses.replace(full, values=values)
    trial = imputed()
    plain = Intercurrent(discontinuation="observed cases", missing="observed cases")
    endpoint = trial.endpoints[0].model_copy(update={"intercurrent": plain, "imputation": None})
    direct = Plan(trial.model_copy(update={"endpoints": (endpoint,)})).analyse(full)
    pooled = Plan(trial).analyse(full)
    for statistic in ("estimate", "se"):
        np.testing.assert_allclose(main(pooled, statistic), main(direct, statistic), rtol=SAME)


def test_a_delta_moves_the_estimate_of_its_arm_alone():
    batch = noisy(4, 1)
    plain = main(Plan(imputed()).analyse(batch), "estimate")
    moved = main(Plan(imputed(delta={"Ruxolitinib 1.5%": 3.0})).analyse(batch), "estimate")
    pairs = [row.key.arm for row in Plan(imputed()).analyse(batch).find(statistic="estimate", endpoint="IGA-TS",
             groups=(("role", "main"),))]  # fmt: skip
    high = pairs.index("Ruxolitinib 1.5%")
    assert moved[high, 0] > plain[high, 0] + 0.1
    np.testing.assert_allclose(np.delete(moved, high, 0), np.delete(plain, high, 0), rtol=SAME)


def test_who_left_does_not_respond_where_the_estimand_says_so():
    events = Intercurrent(discontinuation="non-response", missing=IMPUTED)
    batch = noisy(5, 1)
    strict = Plan(imputed("binary", events=events)).analyse(batch)
    left = batch.last_visit[0] < len(batch.visits) - 1
    values = batch.values["EASI", "Week 8"]
    assert left.any()
    assert np.isnan(values[0][left]).any()
    everybody = main(strict, "N")
    arms = np.bincount(batch.arm[0], minlength=3)
    assert set(everybody[:, 0]) <= {arms[0] + arms[1], arms[0] + arms[2]}


def faults(*edits):
    text = template()
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    with pytest.raises(StudyError) as caught:
        read(text, "my.toml")
    return [str(fault) for fault in caught.value.faults]


def test_multiple_imputation_says_how():
    found = faults(('missing = "non-response"', 'missing = "multiple imputation"'))
    assert any("endpoints[0].intercurrent.missing" in f and "says how" in f for f in found)


# ---------------------------------------------------------------- conditional means and the jackknife


@pytest.mark.parametrize("inference", ["jackknife", "anchored jackknife"])
@pytest.mark.parametrize("kind", ["continuous", "binary"])
def test_jackknife_of_a_batch_is_its_trials_one_by_one(kind, inference):
    plan, batch = Plan(imputed(kind, method="reference-based", inference=inference)), noisy(1, 2)
    together = plan.analyse(batch)
    assert np.isfinite(main(together, "se")).all()
    for r in range(2):
        alone = plan.analyse(batch.replicate(r))
        for statistic in ("estimate", "se", "ci_low", "ci_high", "p"):
            np.testing.assert_allclose(main(alone, statistic)[:, 0], main(together, statistic)[:, r], rtol=1e-12)


def test_jackknife_is_that_of_the_estimator_itself():
    """Against `stats.conditional_mean_jackknife`, which analyses by its own ANCOVA."""
    from pivotal import stats

    batch = noisy(2, 1)
    trial = imputed(method="reference-based", inference="jackknife", assumption="jump to reference",
                    analysis=Analysis(method="ancova", covariates=("EASI",)))  # fmt: skip
    found = Plan(trial).analyse(batch)
    visits = [v.name for v in trial.visits if not v.baseline and ("EASI", v.name) in batch.values]
    assert visits[-1] == trial.endpoints[0].visit
    y = np.stack([batch.value("EASI", v) for v in visits], axis=2).astype(float)
    base = batch.value("EASI", trial.baseline_visit.name).astype(float)
    control = trial.control
    others = [a for a in range(len(trial.arms)) if a != control]
    columns = [np.ones_like(base), *((batch.arm == a).astype(float) for a in others), base]
    x = np.stack(columns, axis=2)
    y -= base[..., None]
    reference = x.copy()
    reference[..., 1 : 1 + len(others)] = 0.0
    model = stats.reference_model(
        y, stats.visit_design(x, len(visits)), stats.visit_design(reference, len(visits)), arm=batch.arm, strategy="JR"
    )
    x = np.concatenate([x[..., :-1], batch.subject["EASI"][..., None]], axis=2)  # the variable is the covariate
    direct = stats.conditional_mean_jackknife(model, x[0], list(range(1, 1 + len(others))))
    for k in range(len(others)):
        assert main(found, "estimate")[k, 0] == pytest.approx(direct.estimate[0, -1].flat[k], rel=1e-9)
        assert main(found, "se")[k, 0] == pytest.approx(direct.se[0, -1].flat[k], rel=1e-9)


def test_an_earlier_visit_is_imputed_from_the_same_model():
    """Analyses at several visits are of the same completed data: asking for one visit more changes nothing."""
    batch, how = noisy(3, 1), {"method": "reference-based", "inference": "jackknife"}
    both = imputed(analysis=Analysis(method="ancova", visits=("Week 4", "Week 8")), **how)
    one = imputed(analysis=Analysis(method="ancova", visits=("Week 4",)), **how)
    rows = [Plan(t).analyse(batch).find(visit="Week 4", statistic="se", endpoint="IGA-TS") for t in (both, one)]
    assert rows[0]
    for a, b in zip(*rows, strict=True):
        np.testing.assert_array_equal(a.value, b.value)


@pytest.mark.parametrize("key", ["draws", "inference", "assumption"])
def test_options_of_reference_based_imputation_only(key):
    value = {"draws": "bayes", "inference": "jackknife", "assumption": "copy reference"}[key]
    how = f'method = "multivariate normal", {key} = "{value}"'
    text = template().replace(
        'intercurrent = { discontinuation = "non-response", rescue = "non-response", missing = "non-response" }',
        f'intercurrent = {{ discontinuation = "{IMPUTED}", missing = "{IMPUTED}" }}\nimputation = {{ {how} }}', 1,
    )  # fmt: skip
    with pytest.raises(StudyError, match=f"{key} is of reference-based imputation"):
        read(text)
