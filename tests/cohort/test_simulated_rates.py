"""What the joint cohort reaches, beside what the scenario asks for.

TRuE-AD3, scenario `published`, seeds 1000 to 1011, 500 trials each: 6,000 trials of 330, 1.98 million patients.
Monte-Carlo standard errors: of a rate on vehicle (n = 396,000) at most 0.06 percentage points, of NRS4 on vehicle
(n = 232,000) at most 0.10, of other arms less; of a baseline mean 0.1 % of the SD.
"""

import pytest

from pivotal.cohort import build, calibration_report
from pivotal.study.load import load

PARTS, REPLICATES, SEED = 12, 500, 1000
POINTS = 0.003
"""Rates are to be met within 0.3 percentage points."""
RELATIVE = 0.005
"""Means and SDs within 0.5 % (2 % is asked for)."""


def pooled(cohort, parts=PARTS):
    reports = [calibration_report(cohort, replicates=REPLICATES, seed=SEED + part) for part in range(parts)]
    return [
        row | {"reached": sum(r[n]["reached"] for r in reports) / parts, "mcse": row["mcse"] / parts**0.5}
        for n, row in enumerate(reports[0])
    ]


@pytest.fixture(scope="module")
def report(published):
    return pooled(published)


def test_every_posted_rate_is_met(report):
    rates = [row for row in report if row["what"] == "rate"]
    assert len(rates) == 33  # IGA-TS and EASI75 at 3 visits, NRS4 at 5, in 3 arms
    assert [row for row in rates if abs(row["reached"] - row["target"]) > POINTS] == []
    assert max(row["mcse"] for row in rates) < 0.0011


def test_discontinuation_is_met(report):
    left = [row for row in report if row["what"] == "discontinuation"]
    assert len(left) == 3
    assert [row for row in left if abs(row["reached"] - row["target"]) > POINTS] == []


def test_baseline_is_met(report):
    moments = [row for row in report if row["what"] in {"baseline mean", "baseline sd"}]
    assert {row["name"] for row in moments} == {"AGE", "EASI", "BSA", "ITCHNRS"}
    assert [row for row in moments if abs(row["reached"] / row["target"] - 1) > RELATIVE] == []
    shares = [row for row in report if row["what"] == "baseline share"]
    assert [row for row in shares if abs(row["reached"] - row["target"]) > POINTS] == []


def test_low_iga_among_completers_is_met_too(report):
    """The second target: 12 of 49, 50.0 % and 72.4 %. A share of 0.25 of IGA 2 at baseline lets it be met."""
    second = [row for row in report if row["what"] == "rate among completers"]
    assert [round(row["target"], 3) for row in second] == [0.245, 0.5, 0.724]
    assert [row for row in second if abs(row["reached"] - row["target"]) > POINTS] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["null", "low dose only", "heavy dropout"])
def test_other_scenarios_are_met(study, name):
    """3 x 500 trials: Monte-Carlo standard error at most 0.2 points, and 39 figures, so 0.7 points are allowed."""
    found = pooled(build(study, name), parts=3)
    rates = [row for row in found if row["what"] in {"rate", "discontinuation"}]
    assert [row for row in rates if abs(row["reached"] - row["target"]) > 0.007] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["true-ad1", "true-ad2"])
def test_the_trials_in_adults_are_met(name):
    """2 x 500 trials of more than 570: Monte-Carlo standard error at most 0.2 points; 0.7 points are allowed."""
    found = pooled(build(load(name), "published"), parts=2)
    rates = [row for row in found if row["what"] in {"rate", "discontinuation"}]
    assert [row for row in rates if abs(row["reached"] - row["target"]) > 0.007] == []
    moments = [row for row in found if row["what"] in {"baseline mean", "baseline sd"}]
    assert [row for row in moments if abs(row["reached"] / row["target"] - 1) > 0.01] == []


def test_no_effect_means_the_same_response_in_every_arm(study):
    """Calibration itself, without sampling: under `null` the constants of all arms agree."""
    constants = build(study, "null").constants
    assert constants.mu == pytest.approx(constants.mu[:, :1].repeat(3, axis=1), abs=1e-6)
    assert constants.itch == pytest.approx(constants.itch[:, :1].repeat(3, axis=1), abs=1e-6)


def test_easi_moments_of_the_enrolled_have_the_right_shape(trials):
    """66,000 patients: body surface spreads wider than a uniform one would, and age too, as published."""
    surface, age = trials.subject["BSA"], trials.subject["AGE"]
    assert surface.std() > 17 / 12**0.5
    assert age.std() > (99 / 12) ** 0.5
    assert surface.min() >= 3
    assert surface.max() <= 20
