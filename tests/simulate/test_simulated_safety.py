"""Monitoring of a study file: its boundaries, and its screen over replicates (seed 1, Monte-Carlo errors stated)."""

from __future__ import annotations

import numpy as np
import pytest

from pivotal.plan.monitoring import flags, watched
from pivotal.simulate.safety import safety_characteristics
from pivotal.study import load
from pivotal.study.monitoring import Monitor, Screen

STUDY = load("true-ad3")
REPLICATES = 4000


@pytest.fixture(scope="module")
def found():
    return safety_characteristics(STUDY, replicates=REPLICATES, seed=1)


def test_views_make_what_is_seen_of_a_ratio():
    """2:2:1: of the rate on vehicle and twice it on cream, four fifths; of two arms 2:1, two thirds of the events."""
    blinded, arms, _ = (watched(STUDY, monitor) for monitor in STUDY.monitoring.monitors)
    assert blinded.limit == pytest.approx(0.02)
    assert blinded.rates == pytest.approx(0.02 * (1 + 0.8 * (np.array([0.5, 1, 2, 4]) - 1)))
    assert arms.limit == pytest.approx(2 / 3)
    assert arms.rates == pytest.approx([2 / 3, 4 / 5, 8 / 9])


def test_boundaries_by_simulation(found):
    """The exact chance of stopping, by 200,000 simulated courses of one arm; 3 Monte-Carlo errors."""
    row = found["monitors"][2]
    looks, stops = np.array(row["looks"], dtype=int), np.array(row["stop_at"])
    rng = np.random.default_rng(1)
    for truth in row["truths"]:
        steps = rng.binomial(np.diff(looks, prepend=0), truth["rate"], (200_000, len(looks)))
        stopped = (steps.cumsum(axis=1) >= stops).any(axis=1).mean()
        p = truth["probability"]
        assert abs(stopped - p) < 3 * np.sqrt(p * (1 - p) / 200_000)


def test_screen_controls_the_false_discovery_rate(found):
    """Levels 0.1 and 0.1; discrete tests keep below it. Changed terms are found more often than others."""
    none, infections = found["screen"]
    assert none["fdr"] == none["any_false"] <= 0.1
    assert infections["fdr"] <= 0.1
    flagged = {term["term"]: term["flagged"] for term in infections["terms"]}
    assert min(flagged["Nasopharyngitis"], flagged["Upper respiratory tract infection"]) > 0.3
    assert flagged["Pyrexia"] < 0.1


def test_same_seed_same_numbers(found):
    again = safety_characteristics(STUDY, replicates=REPLICATES, seed=1)
    other = safety_characteristics(STUDY, replicates=REPLICATES, seed=2)
    assert again == found
    assert other["screen"] != found["screen"]


def test_rare_terms_are_outside_the_family():
    screen = Screen.model_validate(
        {"arm": "a", "comparator": "b", "least_patients": 3,
         "terms": [{"term": "x", "class": "k", "rate": 0.1}, {"term": "y", "class": "k", "rate": 0.1}]}
    )  # fmt: skip
    seen = flags(screen, np.array([[0.04, 0.001]]), np.array([[10, 2]]))
    assert seen.flagged.tolist() == [[True, False]]


def test_progress_goes_from_nothing_to_all_and_changes_no_number(found):
    told = {}

    def progress(what, done, total):
        told.setdefault(what, []).append((done, total))

    again = safety_characteristics(STUDY, replicates=REPLICATES, seed=1, progress=progress)
    assert again == found
    assert list(told) == ["safety boundaries", "safety screen, none", "safety screen, infections"]
    for steps in told.values():
        assert steps == sorted(steps)
        assert steps[-1][0] == steps[-1][1]


def test_many_blocks_are_counted_once_each():
    """70,000 replicates are three blocks of 32,768 at most: shares stay shares."""
    rows = safety_characteristics(STUDY, replicates=70_000, seed=1)["screen"]
    assert all(0 <= row["fdr"] <= row["any_false"] <= 1 for row in rows)
    assert rows[0]["fdr_mcse"] < 0.002


def test_an_interruption_is_passed_on():
    def progress(what, done, total):
        if what.startswith("safety screen"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        safety_characteristics(STUDY, replicates=REPLICATES, seed=1, progress=progress)


def test_the_command_prints_a_line_a_monitor_and_a_scenario(found, capsys):
    from pivotal.cli.printing import print_safety

    print_safety(found)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if line.startswith("  ")] == [
        *(monitor.name for monitor in STUDY.monitoring.monitors), "none", "infections",
    ]  # fmt: skip
    assert f"{found['monitors'][0]['at_limit']:.4f}" in lines[2]
    print_safety({})
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rule": "repeated exact test"}, "needs alpha"),
        ({"view": "blinded"}, "needs background, ratio"),
        ({"every": 10.0}, "not both"),
        ({"looks": [10, 10]}, "do not increase"),
        ({"alpha": 0.1}, "threshold, or alpha"),
        ({"unit": "patient-years"}, "use gamma-poisson"),
        ({"rule": "gamma-poisson"}, "patient-years"),
    ],
)
def test_incomplete_monitors_are_refused(change, words):
    whole = {
        "name": "M", "label": "Events", "view": "one arm", "rule": "beta-binomial", "arm": "A", "limit": 0.1,
        "prior": (1, 1), "threshold": 0.9, "looks": [10, 20],
    }  # fmt: skip
    Monitor.model_validate(whole)
    with pytest.raises(ValueError, match=words):
        Monitor.model_validate(whole | change)
