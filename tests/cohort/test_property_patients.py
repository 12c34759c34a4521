"""What must hold for every virtual patient of the joint cohort."""

import pickle

import numpy as np
import pytest

from pivotal.derive import derive
from pivotal.instruments import PARAMETERS, bsa, easi
from pivotal.study.criteria import eligible
from pivotal.trials import observed

AFTER = ("Week 2", "Week 4", "Week 8")
EVERY = ("Baseline", *AFTER)


def twentieths(values):
    return np.rint(values * 20).astype(np.int64)


@pytest.mark.parametrize("visit", EVERY)
def test_easi_is_the_exact_sum_of_its_regions(trials, visit):
    total = trials.value("EASI", visit)
    seen = observed(total)
    regions = sum(twentieths(trials.value(r, visit)[seen]) for r in easi.REGIONS)
    assert (twentieths(total[seen]) == regions).all()


@pytest.mark.parametrize(("parameter", "decimals"), [("EASI", 2), ("EASIHN", 2), ("EASILE", 2), ("BSA", 1)])
def test_values_read_back_identical_from_text(trials, parameter, decimals):
    for visit in EVERY:
        values = np.unique(trials.value(parameter, visit))
        values = values[~np.isnan(values)]
        assert (values == np.array([float(f"{v:.{decimals}f}") for v in values])).all()


def test_every_value_lies_in_its_range(trials):
    for (parameter, _), values in trials.values.items():
        seen = values[observed(values)]
        assert PARAMETERS[parameter].low <= seen.min() <= seen.max() <= PARAMETERS[parameter].high


@pytest.mark.parametrize("visit", EVERY)
def test_clear_by_one_score_is_clear_by_all(trials, visit):
    grade = trials.value("IGA", visit)
    seen = grade >= 0
    clear = grade[seen] == 0
    assert ((trials.value("EASI", visit)[seen] == 0) == clear).all()
    assert ((trials.value("BSA", visit)[seen] == 0) == clear).all()


def test_a_region_scores_only_what_its_weight_allows(trials):
    older = trials.subject["AGE"] >= easi.OLDER_FROM
    head = twentieths(trials.value("EASIHN", "Baseline"))
    assert (head[~older] % 2 == 0).all()  # weight 0.2: an even number of twentieths
    assert (head[older] % 2 == 1).any()
    assert (twentieths(trials.value("EASILE", "Baseline"))[older] % 4 == 0).all()


def test_baseline_surface_can_be_had_from_the_regions(trials):
    """Bounds that the area scores put on the surface: each region at the ends of its band."""
    low, high = np.array([0, 0, 10, 30, 50, 70, 90]), np.array([0, 10, 30, 50, 70, 90, 100])
    share = bsa.shares(trials.subject["AGE"])
    weight = easi.weights(trials.subject["AGE"])
    score = np.stack([trials.value(r, "Baseline") for r in easi.REGIONS], axis=-1)
    least_area = np.ceil(score / (weight * 12) - 1e-9).astype(int)  # the signs sum to 12 at most
    assert ((share * low[least_area]).sum(axis=-1) <= trials.subject["BSA"] + 0.05).all()
    assert (trials.subject["BSA"] <= (share * high[6]).sum(axis=-1)).all()


def test_surface_falls_with_easi(trials):
    before, after = trials.value("EASI", "Baseline"), trials.value("EASI", "Week 8")
    seen = observed(after)
    left = after[seen] / before[seen]
    surface = (trials.value("BSA", "Week 8") / trials.value("BSA", "Baseline"))[seen]
    assert np.corrcoef(left, surface)[0, 1] > 0.8


def test_itch_is_not_asked_under_six(trials):
    young = trials.subject["AGE"] < 6
    for visit in trials.visits:
        asked = trials.value("ITCHNRS", visit) >= 0
        assert not asked[young].any()
        assert asked[~young & trials.attended(visit)].all()


def test_nothing_is_recorded_after_leaving_and_everything_before(trials):
    for (parameter, visit), values in trials.values.items():
        if parameter != "ITCHNRS":
            assert (observed(values) == trials.attended(visit)).all()


def test_last_visit_and_reason_agree(trials):
    left = trials.reason > 0
    assert (left == (trials.last_visit < len(trials.visits) - 1)).all()
    assert trials.last_visit.min() == 0


def test_reasons_are_those_posted_for_the_arm(study, trials):
    for dropout in study.scenario("published").dropout:
        codes = np.unique(trials.reason[trials.arm == study.arm_index(dropout.arm)])
        assert {trials.reasons[c] for c in codes} == {"completed", *dropout.reasons}


def test_easi75_and_treatment_success_are_associated(study, trials):
    success, easi75 = (
        derive(study.endpoint(name), trials, "Week 8", "Baseline").value for name in ("IGA-TS", "EASI75")
    )
    for arm in range(3):
        a, b = success[trials.arm == arm], easi75[trials.arm == arm]
        odds = ((a & b).sum() * (~a & ~b).sum()) / ((a & ~b).sum() * (~a & b).sum())
        assert odds > 5


def test_success_from_a_baseline_of_2_is_clear(study, trials):
    success = derive(study.endpoint("IGA-TS"), trials, "Week 8", "Baseline").value
    mild = trials.subject["IGA"] == 2
    assert (trials.value("IGA", "Week 8")[success & mild] == 0).all()
    assert set(np.unique(trials.value("IGA", "Week 8")[success & ~mild])) == {0, 1}


def test_nearer_visits_are_more_alike(trials):
    complete = trials.reason == 0
    w2, w4, w8 = (np.log(trials.value("EASI", v)[complete] + 0.1) for v in AFTER)
    assert np.corrcoef(w2, w4)[0, 1] > np.corrcoef(w2, w8)[0, 1] > 0.3
    assert np.corrcoef(w4, w8)[0, 1] > np.corrcoef(w2, w8)[0, 1]


def test_those_who_leave_do_worse(published, trials):
    """Weekly EASI at Week 2 of vehicle patients who stay and who leave later: the setting makes it a weak effect."""
    assert published.course.with_staying("Week 2") > 0
    vehicle = (trials.arm == 0) & trials.attended("Week 2")
    left = trials.value("EASI", "Week 2") / trials.value("EASI", "Baseline")
    stay, leave = left[vehicle & (trials.reason == 0)], left[vehicle & (trials.reason > 0)]
    assert np.median(leave) > np.median(stay)


def test_everybody_enrolled_is_eligible(study, trials):
    drawn = [c for c in study.population.criteria if c.variables() <= set(trials.subject)]
    assert {c.id for c in drawn} == {"I0", "I3", "I4", "I5"}
    assert (eligible(drawn, trials.subject) == 1).all()


def test_blocks_keep_the_arms_balanced_in_each_stratum(trials):
    """Blocks of 5: within a stratum an arm departs from its share by less than a block."""
    stratum = 2 * (trials.subject["IGA"] == 3) + (trials.subject["AGE"] >= 7)
    for r in range(20):
        for s in range(4):
            counts = np.bincount(trials.arm[r][stratum[r] == s], minlength=3)
            assert (np.abs(counts - counts.sum() * np.array([0.2, 0.4, 0.4])) < 2).all()


def test_same_generator_same_bits_and_other_generator_other_bits(published, draw_with):
    a, b, c = (published.draw(3, draw_with(seed)) for seed in (5, 5, 6))
    for key, values in a.values.items():
        np.testing.assert_array_equal(values, b.values[key])
    assert (a.arm == b.arm).all()
    assert (a.last_visit == b.last_visit).all()
    assert not np.array_equal(a.values["EASI", "Week 8"], c.values["EASI", "Week 8"], equal_nan=True)


def test_a_pickled_cohort_draws_the_same(published, draw_with):
    other = pickle.loads(pickle.dumps(published))
    a, b = published.draw(2, draw_with(7)), other.draw(2, draw_with(7))
    np.testing.assert_array_equal(a.values["EASI", "Week 8"], b.values["EASI", "Week 8"])
    assert len(pickle.dumps(published)) < 300_000


def test_fewer_visits_draw_less(published, draw_with):
    some = published.draw(2, draw_with(8), visits=("Baseline", "Week 8"), size=50)
    assert {visit for _, visit in some.values} == {"Baseline", "Week 8"}
    assert some.shape == (2, 50)
    assert some.last_visit.max() == len(some.visits) - 1


def test_a_population_is_not_screened(published, draw_with):
    some = published.draw(1, draw_with(9), size=100, randomised=False)
    assert some.screening is None
    assert np.bincount(some.arm[0]).tolist() == [20, 40, 40]


def test_what_is_measured_is_what_is_drawn(published, trials):
    assert published.measured == set(trials.values)
