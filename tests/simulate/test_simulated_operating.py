"""Operating characteristics against closed forms and against a loop; seeds and Monte-Carlo errors stated."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom

from pivotal.errors import UsageError
from pivotal.plan import Plan
from pivotal.simulate import Stream, generator, power_grid, simulate
from pivotal.simulate.operating import Job, run_block, true_nulls
from pivotal.simulate.tally import total
from pivotal.study.load import load

FOUR_ERRORS = 4.0
POPULATION = 400_000


@pytest.fixture(scope="module")
def study():
    return load("true-ad3")


@pytest.fixture(scope="module")
def alone(study):
    return simulate(study, endpoints=("IGA-TS",), scenarios=("published", "null"), replicates=2_000, seed=5,
                    population=POPULATION)  # fmt: skip


def rows(found, **wanted):
    return [row for row in found.rows if all(row[k] == v for k, v in wanted.items())]


def test_the_null_scenario_keeps_the_family_wise_error(alone, study):
    null = next(s for s in alone.scenarios if s["scenario"] == "null")
    assert null["fwer"] <= study.testing.alpha + FOUR_ERRORS * math.sqrt(0.05 * 0.95 / 2_000)
    assert len(null["true_nulls"]) >= 2


def test_published_rates_give_power_near_one(alone):
    assert all(row["power"] > 0.9 for row in rows(alone, scenario="published"))


def test_intervals_cover_and_every_figure_has_its_error(alone):
    for row in alone.rows:
        assert row["coverage"] > 0.95 - FOUR_ERRORS * math.sqrt(0.95 * 0.05 / 2_000)
        assert row["mcse"] is not None
        assert row["bias_mcse"] is not None
        assert row["coverage_mcse"] is not None


def test_simulated_rates_are_those_asked_for(alone):
    for row in alone.rates:
        if row["target"] is not None:
            assert row["simulated"] == pytest.approx(row["target"], abs=FOUR_ERRORS * row["mcse"] + 1e-3)


@pytest.mark.parametrize("endpoints", [("IGA-TS",), None])
def test_the_same_bits_for_any_number_of_workers(study, endpoints):
    found = [
        simulate(study, endpoints=endpoints, scenarios=("published",), replicates=1_100, seed=3, workers=w,
                 population=POPULATION)
        for w in (1, 3)
    ]  # fmt: skip
    assert found[0].rows == found[1].rows
    assert found[0].scenarios == found[1].scenarios
    assert found[0].rates == found[1].rates


def test_power_is_the_share_of_single_trials_that_reject(study):
    """The batched reduction against one trial after another through the same plan."""
    from pivotal.cohort import build

    cohort = build(study, "heavy dropout", endpoints=("IGA-TS",))
    none = np.full(len(study.testing.hypotheses), np.nan)
    job = Job(study, cohort, ("IGA-TS",), none, np.zeros(len(none), dtype=bool), seed=9)
    found = total(run_block(job, b, n) for b, n in enumerate(job.blocks(60)))
    trials = cohort.draw(60, generator(9, Stream.REPLICATES, 0))
    single = np.zeros(len(none))
    for r in range(60):
        one = Plan(study, ("IGA-TS",)).analyse(trials.replicate(r))
        single += [row.value[0] for row in one.find(analysis="testing", statistic="rejected")]
    np.testing.assert_array_equal(found.rejected, single)


def test_grid_power_rises_with_size_and_effect_and_agrees_with_the_binomial(study):
    grid = study.grids[0].model_copy(
        update={"sizes": (60, 240), "control_rates": (0.1,), "differences": (0.0, 0.25), "method": "fisher"}
    )
    found = power_grid(study, grid, replicates=1_500, seed=2)
    arm = study.arms[2].name
    power = {(r["size"], r["difference"]): r for r in found if r["arm"] == arm}
    assert power[240, 0.25]["power"] > power[60, 0.25]["power"] > power[60, 0.0]["power"]
    alpha = study.testing.alpha * study.testing.hypotheses[0].weight
    exact = fisher_power(96, 48, 0.35, 0.1, alpha)
    here = power[240, 0.25]
    assert here["power"] == pytest.approx(exact, abs=FOUR_ERRORS * here["mcse"])


def fisher_power(n1, n0, p1, p0, alpha):
    """Power of Fisher's test by enumeration, an independent check."""
    from scipy.stats import fisher_exact

    chance = 0.0
    for x1 in range(n1 + 1):
        w1 = binom.pmf(x1, n1, p1)
        if w1 < 1e-6:
            continue
        for x0 in range(n0 + 1):
            w0 = binom.pmf(x0, n0, p0)
            if w0 >= 1e-6 and fisher_exact([[x1, n1 - x1], [x0, n0 - x0]]).pvalue <= alpha:
                chance += w1 * w0
    return chance


def test_true_nulls_are_read_off_the_rates(study):
    assert not true_nulls(study, "published").any()
    assert true_nulls(study, "null").all()
    low = dict(zip([h.name for h in study.testing.hypotheses], true_nulls(study, "low dose only"), strict=True))
    assert low["IGA-TS 1.5%"]
    assert not low["IGA-TS 0.75%"]


def test_unknown_names_say_the_nearest_right_one(study):
    with pytest.raises(UsageError, match="Did you mean 'published'"):
        simulate(study, scenarios=("publishd",))
    with pytest.raises(UsageError, match="IGA-TS"):
        simulate(study, endpoints=("IGATS",))
