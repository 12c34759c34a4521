"""Properties of the plan: a batch is its trials one by one; counts add up; strategies do what they say."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from plan_made import study, trials

from pivotal.plan import Plan
from pivotal.plan.batch import Batch, count_cells


@pytest.fixture(scope="module")
def batch():
    return trials(1)


@pytest.fixture(scope="module")
def results(batch):
    return Plan(study()).analyse(batch)


def test_a_batch_is_its_trials_one_by_one(batch, results):
    for r in range(batch.shape[0]):
        alone = Plan(study()).analyse(batch.replicate(r))
        assert [row.key for row in alone] == [row.key for row in results]
        for one, many in zip(alone, results, strict=True):
            np.testing.assert_allclose(one.value[0], many.value[r], rtol=1e-12, atol=1e-12, err_msg=one.key.id)


def test_ids_are_unique(results):
    ids = [row.key.id for row in results]
    assert len(ids) == len(set(ids))


def test_every_missing_number_has_its_reason(results):
    for record in results.records():
        assert (record["value"] is not None) or record["reason"], record["id"]


def test_disposition_adds_up(batch, results):
    total = {r.key.groups: r.value for r in results.find(analysis="disposition", arm="Total")}
    done = total[(("event", "completed"),)]
    gone = sum(v for k, v in total.items() if k[0] == ("event", "discontinued"))
    np.testing.assert_array_equal(done + gone, np.full(batch.shape[0], batch.shape[1]))


def test_responders_are_counted_as_by_hand(batch, results):
    week8 = batch.value("IGA", "Week 8")
    base = batch.value("IGA", "Baseline")
    responds = (week8 >= 0) & (week8 <= 1) & (base - week8 >= 2)
    for a, arm in enumerate(batch.arms):
        expected = (responds & (batch.arm == a)).sum(axis=1)
        row = results.one(analysis="response", endpoint="IGA-TS", visit="Week 8", arm=arm, statistic="n")
        np.testing.assert_array_equal(row.value, expected)


def test_observed_cases_leave_out_who_is_missing(batch):
    trial = study()
    endpoint = trial.endpoint("IGA-TS")
    events = endpoint.intercurrent.model_copy(update={"discontinuation": "observed cases", "missing": "observed cases"})
    seen = Batch(trial, batch).cells(endpoint.model_copy(update={"intercurrent": events}), "Week 8")
    np.testing.assert_array_equal(seen.n.sum(axis=1), (batch.value("IGA", "Week 8") >= 0).sum(axis=1))


def test_last_observation_is_carried_forward(batch):
    trial = study()
    endpoint = trial.endpoint("IGA-TS")
    events = endpoint.intercurrent.model_copy(
        update={
            "discontinuation": "last observation carried forward",
            "missing": "last observation carried forward",
        }
    )
    carried = Batch(trial, batch).cells(endpoint.model_copy(update={"intercurrent": events}), "Week 8")
    by_hand = batch.value("IGA", "Baseline").copy()
    for visit in ("Week 2", "Week 4", "Week 8"):
        now = batch.value("IGA", visit)
        by_hand = np.where(now >= 0, now, by_hand)
    base = batch.value("IGA", "Baseline")
    expected = ((by_hand <= 1) & (base - by_hand >= 2)).sum(axis=1)
    np.testing.assert_array_equal(carried.x.sum(axis=1), expected)
    assert (carried.n.sum(axis=1) == batch.shape[1]).all()


def test_cells_add_up_whatever_is_left_out():
    rng = np.random.default_rng(3)
    arm = rng.integers(0, 3, (4, 50)).astype(np.int8)
    stratum = rng.integers(-1, 4, (4, 50)).astype(np.int16)
    response = rng.random((4, 50)) < 0.5
    included = rng.random((4, 50)) < 0.8
    counts = count_cells(arm, stratum, response, included, 3, 4)
    for r in range(4):
        for a in range(3):
            for s in range(4):
                for y in (0, 1):
                    here = (arm[r] == a) & (stratum[r] == s) & (response[r] == y) & included[r]
                    assert counts[r, a, s, y] == here.sum()


def test_an_arm_without_patients_has_reasons_not_a_crash(batch):
    empty = dataclasses.replace(batch, arm=np.where(batch.arm == 2, 1, batch.arm).astype(np.int8))
    for record in Plan(study()).analyse(empty).records():
        assert (record["value"] is not None) or record["reason"], record["id"]


@pytest.mark.parametrize("everybody", [0, 1])
def test_no_events_and_all_events_have_reasons(batch, everybody):
    values = dict(batch.values)
    base = batch.subject["IGA"]
    values["IGA", "Week 8"] = (np.zeros_like(base) if everybody else base.copy()).astype(np.int8)
    flat = dataclasses.replace(batch, values=values, last_visit=np.full_like(batch.last_visit, 5))
    for record in Plan(study()).analyse(flat).records():
        assert (record["value"] is not None) or record["reason"], record["id"]


def test_who_has_no_stratum_is_missed_in_the_number_compared(batch):
    age = batch.subject["AGE"].copy()
    age[:, :7] = np.nan
    lost = dataclasses.replace(batch, subject=dict(batch.subject) | {"AGE": age})
    found = Plan(study()).analyse(lost)
    rows = found.find(endpoint="IGA-TS", statistic="N", groups=(("role", "main"),), arm="Ruxolitinib 1.5%")
    compared = np.isin(batch.arm, [0, 2]) & ~np.isnan(age)
    np.testing.assert_array_equal(rows[0].value, compared.sum(axis=1))
