"""The long-term period: sequences, leaving and IGA 0 or 1 meet what was posted; 400 trials, seed 1.

The Monte-Carlo standard error of a share is at most 0.005 here (25 patients a trial or more); four of them are allowed.
"""

import numpy as np
import pytest

from pivotal.cohort import build
from pivotal.cohort.longterm import follow
from pivotal.simulate import Stream, generator
from pivotal.study import load

TRIALS = 400
ALLOWED = 4 * 0.0065


@pytest.fixture(scope="module")
def drawn():
    study = load("true-ad3")
    trials = build(study, "published").draw(TRIALS, generator(1, Stream.TRIAL, 0))
    scenario = study.scenario("published")
    return study, scenario, trials, follow(study, scenario, trials, generator(1, Stream.LONGTERM, 0))


def test_only_completers_enter_and_vehicle_goes_to_both_strengths_alike(drawn):
    _, _, trials, found = drawn
    assert not (found.sequence[trials.reason > 0] >= 0).any()
    to = [(found.sequence == code).sum() for code in range(2)]
    assert abs(to[0] / sum(to) - 0.5) < 4 * 0.5 / np.sqrt(sum(to))


def test_leaving_and_low_iga_meet_their_targets(drawn):
    study, scenario, _, found = drawn
    for code, part in enumerate(scenario.following):
        mine = found.sequence == code
        assert abs((found.reason[mine] > 0).mean() - part.leaving) < ALLOWED
        for visit in study.long_term.visits:
            there = mine & (found.low_iga(visit.name) >= 0)
            assert abs((found.low_iga(visit.name)[there] == 1).mean() - part.rate(visit.name)) < ALLOWED
