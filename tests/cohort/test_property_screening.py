"""Screening: the criteria decide, failures add up, the first eligible candidates enrol."""

import numpy as np
import pytest

from pivotal.cohort.margins import margins
from pivotal.cohort.screening import make_screener
from pivotal.cohort.usual import usual_values
from pivotal.errors import UsageError
from pivotal.study.criteria import Criterion


def changed(study, *, criteria=None, screening=None, variables=None):
    population, cohort = study.population, study.cohort
    if criteria is not None:
        population = population.model_copy(update={"criteria": criteria})
    if screening is not None:
        cohort = cohort.model_copy(update={"screening": screening})
    update = {"population": population, "cohort": cohort}
    return study.model_copy(update=update | ({"variables": variables} if variables is not None else {}))


@pytest.fixture(scope="module")
def screener(study):
    return make_screener(study, {name: m for name, m in margins(study).items() if name != "EASI"})


def test_failures_and_enrolled_add_up_to_those_screened(trials):
    failures = np.array(list(trials.screening.failures.values()))
    assert (failures.sum(axis=0) + trials.shape[1] == trials.screening.screened).all()


def test_failures_are_listed_under_every_criterion_in_order(study, trials):
    assert list(trials.screening.failures) == [c.id for c in study.population.criteria]


def test_share_of_failures_is_what_the_study_assumes(study, trials):
    """200 trials, seed 20: about 90,000 candidates, so 0.15 points is two Monte-Carlo standard errors at 5 %."""
    wanted = {s.variable: s.percent for s in study.cohort.screening}
    screened = trials.screening.screened.sum()
    by_variable = {"I0": "AGE", "I3": "IGA", "I4": "BSA", "I5": "ITCHNRS", "X1": "UNSTABLE", "X4d": "TOPADWK"}
    for criterion, variable in by_variable.items():
        share = 100 * trials.screening.failures[criterion].sum() / screened
        assert share == pytest.approx(wanted[variable], abs=0.25)


def test_a_candidate_counts_under_the_first_criterion_that_fails(study, draw_with):
    """With the criterion on IGA asked twice, nobody fails at the second asking."""
    twice = [c for c in study.population.criteria if c.id == "I3"] * 2
    twice[1] = twice[1].model_copy(update={"id": "again"})
    other = changed(study, criteria=(*study.population.criteria, twice[1]))
    found = make_screener(other, {n: m for n, m in margins(other).items() if n != "EASI"})
    _, screening = found.screen(draw_with(1), 5, 50)
    assert screening.failures["I3"].sum() > 0
    assert screening.failures["again"].sum() == 0


def test_a_stricter_criterion_keeps_candidates_out(study, draw_with):
    stricter = tuple(
        Criterion(id="I4", variable="BSA", between=(8, 20)) if c.id == "I4" else c for c in study.population.criteria
    )
    other = changed(study, criteria=stricter)
    found = make_screener(other, {n: m for n, m in margins(study).items() if n != "EASI"})
    enrolled, screening = found.screen(draw_with(2), 4, 330)
    assert enrolled["BSA"].min() >= 8
    assert screening.failures["I4"].sum() > 4 * 100
    failures = np.array(list(screening.failures.values())).sum(axis=0)
    assert (failures + 330 == screening.screened).all()


def test_enrolled_come_in_the_order_of_candidates(screener, draw_with):
    """A trial of 20 is the beginning of the trial of 20 in a batch that is drawn with the same numbers."""
    a, _ = screener.screen(draw_with(3), 1, 20)
    b, _ = screener.screen(draw_with(3), 1, 20)
    np.testing.assert_array_equal(a["BSA"], b["BSA"])


def test_enrolled_keep_the_baseline_distribution(study, screener, draw_with):
    """100 trials of 330, seed 4: standard error of mean age 0.016. Failing must not select on what is kept."""
    enrolled, _ = screener.screen(draw_with(4), 100, 330)
    assert enrolled["AGE"].mean() == pytest.approx(6.5, abs=0.06)
    assert enrolled["BSA"].mean() == pytest.approx(10.5, abs=0.1)


def test_usual_values_are_found_where_the_file_states_none(study):
    bare = {name: v.model_copy(update={"usual": None}) for name, v in study.variables.items()}
    other = changed(study, variables=bare)
    drawn = margins(study)
    names = set().union(*(c.variables() for c in study.population.criteria)) - set(drawn)
    found = usual_values(other, names, drawn)
    assert found["HANRAJ"] is True
    assert found["UNSTABLE"] is False
    assert found["ADDUR"] >= 3
    assert found["ICSDOSE"] <= 880


def test_a_criterion_that_nobody_passes_is_named(study):
    impossible = Criterion.model_validate(
        {"id": "Z1", "all": [{"variable": "HGB", "above": 5}, {"variable": "HGB", "below": 4}]}
    )
    other = changed(study, criteria=(*study.population.criteria, impossible))
    with pytest.raises(UsageError, match="Z1"):
        make_screener(other, margins(other))


def test_too_many_findings_are_refused(study):
    screening = tuple(s.model_copy(update={"percent": 60.0}) for s in study.cohort.screening[:2])
    with pytest.raises(UsageError, match="120 %"):
        make_screener(changed(study, screening=screening), margins(study))
