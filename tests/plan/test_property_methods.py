"""Every method that a study file can name runs from it: a batch is its trials one by one, and no number is lost."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from plan_made import study, trials

from pivotal.plan import Plan
from pivotal.plan.methods import BY_PATIENT
from pivotal.plan.methods.binary import BINARY
from pivotal.study.methods import METHODS
from pivotal.study.model import Derivation, Endpoint, Intercurrent

OBSERVED = Intercurrent(discontinuation="observed cases", missing="observed cases")
SHAPES = {
    "binary": (Derivation(parameter="IGA", value_at_most=1, improvement_at_least=2), Intercurrent()),
    "continuous": (Derivation(parameter="EASI", quantity="change"), OBSERVED),
    "ordinal": (Derivation(parameter="IGA", quantity="value"), OBSERVED),
    "count": (Derivation(parameter="IGA", quantity="value"), OBSERVED),
    "time to event": (Derivation(parameter="IGA", value_at_most=1, improvement_at_least=2), OBSERVED),
}
COVARIATES = {"none": (), "factors": ("IGA", "AGEGR1"), "any": ("IGA", "EASI")}
NEEDED = {"restricted mean survival time": {"horizon": 56.0}}
# The same arithmetic in another batch.
SAME = 1e-12


def with_method(method, kind, **options):
    """TRuE-AD3 with one endpoint, of a kind, analysed by a method."""
    trial = study()
    derive, events = SHAPES[kind]
    first = trial.endpoints[0]
    analysis = {"method": method, "covariates": COVARIATES[METHODS[method].covariates]}
    endpoint = Endpoint(
        **first.model_dump(include={"name", "label", "role", "visit", "population", "summary"}),
        kind=kind, derive=derive, intercurrent=events, visits=("Week 2", "Week 4"),
        analysis=analysis | NEEDED.get(method, {}) | options,
    )  # fmt: skip
    kept = [h for h in trial.testing.hypotheses if h.endpoint == first.name]
    testing = trial.testing.model_copy(update={"hypotheses": tuple(kept), "edges": ()})
    return trial.model_copy(update={"endpoints": (endpoint,), "testing": testing})


def noisy(seed, replicates):
    """Made-up trials whose scores differ from visit to visit, so that no covariance matrix is singular."""
    batch, rng = trials(seed, replicates=replicates), np.random.default_rng(seed)
    values = {
        key: value + rng.normal(0, 2, value.shape) if key[0] == "EASI" else value for key, value in batch.values.items()
    }
    return dataclasses.replace(batch, values=values)


CASES = [(method, kind, {}) for method, spec in METHODS.items() for kind in spec.kinds]
CASES += [
    (method, spec.kinds[0], {key: value})
    for method, spec in METHODS.items()
    for key, values in (spec.options or {}).items()
    for value in values[1:]
]


def test_every_method_of_the_table_has_its_estimator():
    assert set(METHODS) == set(BINARY) | set(BY_PATIENT)
    assert not set(BINARY) & set(BY_PATIENT)


@pytest.mark.parametrize(("method", "kind", "options"), CASES, ids=lambda value: str(value))
def test_a_method_runs_from_the_study_file(method, kind, options):
    plan, batch = Plan(with_method(method, kind, **options)), noisy(3, 3)
    results = plan.analyse(batch)
    main = results.find(endpoint="IGA-TS", groups=(("role", "main"),))
    assert {row.key.statistic for row in main} & {"p", "estimate"}
    for record in results.records():
        assert record["value"] is not None or record["reason"], record["id"]
    for r in range(batch.shape[0]):
        for one, many in zip(plan.analyse(batch.replicate(r)), results, strict=True):
            assert one.key == many.key
            np.testing.assert_allclose(one.value[0], many.value[r], rtol=SAME, atol=SAME, err_msg=one.key.id)


@pytest.mark.parametrize(("method", "option"), [(m, o) for m, spec in METHODS.items() for o in spec.options or {}])
def test_an_option_shows_in_the_name_of_the_method(method, option):
    values = METHODS[method].options[option]
    batch, kind = noisy(5, 1), METHODS[method].kinds[0]
    named = [Plan(with_method(method, kind, **{option: value})).analyse(batch) for value in values]
    methods = [found.find(groups=(("role", "main"),))[0].key.method for found in named]
    assert len(set(methods)) == len(values) or option == "preset"


@pytest.mark.parametrize("method", METHODS)
def test_the_tested_hypotheses_have_the_same_p(method):
    plan, batch = Plan(with_method(method, METHODS[method].kinds[0])), noisy(4, 2)
    everything, tested = plan.analyse(batch), plan.analyse(batch, scope="hypotheses")
    for name in ("p", "rejected"):
        wanted = {"analysis": "testing", "statistic": name}
        for all_of_it, less in zip(everything.find(**wanted), tested.find(**wanted), strict=True):
            np.testing.assert_array_equal(all_of_it.value, less.value)
