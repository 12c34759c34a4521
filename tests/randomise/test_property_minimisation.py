"""Minimisation by hand-worked examples, by a readable second implementation, and its one-trial machine."""

from fractions import Fraction

import numpy as np
import pytest

from pivotal.randomise import Minimiser, allocate_minimisation
from pivotal.randomise.minimisation import assign, empty_load, minimisation_rule, minimise

SETTINGS = [
    {"ratio": [1, 1], "probability": 0.8, "measure": "range", "weights": None},
    {"ratio": [2, 2, 1], "probability": 0.7, "measure": "range", "weights": [0.1, 0.2, 0.3]},
    {"ratio": [3, 2], "probability": 0.9, "measure": "variance", "weights": [1, 2, 1]},
    {"ratio": [1, 2, 3], "probability": 1.0, "measure": "variance", "weights": None},
]
LEVELS = [2, 3, 2]


def _probabilities(before, ratio, probability, measure, weights):
    """The specification, in fractions: probability of each arm given counts before[factor][arm]."""
    arms = range(len(ratio))
    imbalance = []
    for tried in arms:
        total = Fraction(0)
        for weight, counts in zip(weights or [1] * len(before), before, strict=True):
            x = [Fraction(counts[a] + (a == tried), ratio[a]) for a in arms]
            mean = sum(x) / len(x)
            spread = max(x) - min(x) if measure == "range" else sum((v - mean) ** 2 for v in x) / (len(x) - 1)
            total += Fraction(str(weight)) * spread
        imbalance.append(total)
    tied = [a for a in arms if imbalance[a] == min(imbalance)]
    c = (1 - Fraction(str(probability))) / (sum(ratio) - min(ratio))
    result = [Fraction(0)] * len(ratio)
    for preferred in tied:
        share = Fraction(ratio[preferred], sum(ratio[a] for a in tied))
        for a in arms:
            result[a] += share * (1 - c * (sum(ratio) - ratio[a]) if a == preferred else c * ratio[a])
    return result


def _drawn(replicates, patients, seed):
    rng = np.random.default_rng(seed)
    factors = np.stack([rng.integers(0, k, (replicates, patients)) for k in LEVELS], axis=2)
    return factors, rng.random((replicates, patients))


@pytest.mark.parametrize("settings", SETTINGS)
def test_batch_equals_the_specification_in_fractions(settings):
    factors, uniform = _drawn(4, 60, seed=1)
    ratio = settings["ratio"]
    arm = minimise(factors, uniform, minimisation_rule(levels=LEVELS, **settings))
    for r in range(4):
        counts = [[[0] * len(ratio) for _ in range(k)] for k in LEVELS]
        for n in range(60):
            cells = [counts[f][factors[r, n, f]] for f in range(3)]
            cumulative = np.cumsum(_probabilities(cells, **settings))
            assert cumulative[-1] == 1
            assert arm[r, n] == next(a for a, p in enumerate(cumulative) if uniform[r, n] < p)
            for cell in cells:
                cell[arm[r, n]] += 1


def test_by_hand_two_arms_range_and_variance():
    """Patients before: sex F 3 and 1, IGA 2 1 and 2 on arms A, B; the next is F, IGA 2.

    Range: in A |4-1| + |2-2| = 3, in B |3-2| + |1-3| = 3: a tie. Variance: in A 9/2 + 0 = 4.5, in B 1/2 + 4/2 = 2.5:
    B. With IGA weighted 2, range: in A 3 + 0 = 3, in B 1 + 4 = 5: A.
    """
    level = np.array([[0], [0]])
    for measure, weights, right in [
        ("range", None, [0.5, 0.5]),
        ("variance", None, [0.2, 0.8]),
        ("range", [1, 2], [0.8, 0.2]),
    ]:
        rule = minimisation_rule([1, 1], [2, 2], probability=0.8, measure=measure, weights=weights)
        load = empty_load(rule, 1)
        load[:, 0, 0], load[:, 2, 0] = [3, 1], [1, 2]
        arm, probabilities = assign(load, level, np.array([0.6]), rule)
        assert probabilities[:, 0] == pytest.approx(right, abs=1e-15)
        assert arm[0] == (right[0] <= 0.6)
        assert load[:, 0, 0].sum() == 5
        assert load[:, [1, 3], 0].sum() == 0


def test_by_hand_unequal_ratio():
    """2:2:1, p = 0.8: c = 0.2/4 = 0.05. An empty trial: ranges 1/2, 1/2, 1: the two large arms tie.

    Preferred, a large arm has 1 - 0.05 * 3 = 0.85, the other 0.1, the small one 0.05; averaged 0.475, 0.475, 0.05.
    With one patient on each large arm the small one is preferred and has p = 0.8, the others 0.1 each.
    """
    rule = minimisation_rule([2, 2, 1], [1], probability=0.8, measure="range", weights=None)
    load = empty_load(rule, 1)
    one = np.zeros((1, 1), int)
    assert assign(load, one, np.array([0.0]), rule)[1][:, 0] == pytest.approx([0.475, 0.475, 0.05], abs=1e-15)
    assert assign(load, one, np.array([0.5]), rule)[1][:, 0] == pytest.approx([0.1, 0.85, 0.05], abs=1e-15)
    assert assign(load, one, np.array([0.9]), rule)[1][:, 0] == pytest.approx([0.1, 0.1, 0.8], abs=1e-15)


def test_ties_are_exact_where_floating_point_is_not():
    """0.1 + 0.2 against 0.3: A is one ahead in factors 1 and 2, B in factor 3; trying either arm is a tie."""
    rule = minimisation_rule([1, 1], [1, 1, 1], probability=1.0, measure="range", weights=[0.1, 0.2, 0.3])
    load = empty_load(rule, 1)
    load[:, :, 0] = [[1, 1, 0], [0, 0, 1]]
    assert assign(load, np.zeros((3, 1), int), np.array([0.1]), rule)[1][:, 0].tolist() == [0.5, 0.5]


def test_smallest_probability_is_simple_randomisation():
    rule = minimisation_rule([2, 2, 1], [1], probability=0.2, measure="range", weights=None)
    load = empty_load(rule, 1)
    load[:, 0, 0] = [10, 0, 3]
    assert assign(load, np.zeros((1, 1), int), np.array([0.1]), rule)[1][:, 0] == pytest.approx([0.4, 0.4, 0.2])


def _machine(seed=5, **changes):
    factors = {"sex": ["F", "M"], "age": ["2-6", "7-11", "12-17"], "IGA": ["2", "3"]}
    settings = {"probability": 0.75, "weights": [1, 1, 2]} | changes
    return Minimiser(["high", "low", "vehicle"], [2, 2, 1], factors, seed=seed, **settings), factors


def _assign_all(machine, factors, levels):
    for patient in levels:
        machine.assign({name: labels[k] for (name, labels), k in zip(factors.items(), patient, strict=True)})


def test_the_machine_equals_the_batch_of_one():
    machine, factors = _machine()
    levels = _drawn(1, 80, seed=6)[0]
    rng = np.random.Generator(np.random.Philox(5))
    batch = allocate_minimisation(levels, [2, 2, 1], LEVELS, rng, probability=0.75, weights=[1, 1, 2])
    _assign_all(machine, factors, levels[0])
    assert [a.arm for a in machine.history] == [["high", "low", "vehicle"][a] for a in batch[0]]


def test_every_replicate_of_a_batch_equals_a_batch_of_one_with_its_numbers():
    factors, uniform = _drawn(7, 50, seed=7)
    rule = minimisation_rule([2, 2, 1], LEVELS, probability=0.8, measure="range", weights=None)
    batch = minimise(factors, uniform, rule)
    for r in range(7):
        assert np.array_equal(batch[r : r + 1], minimise(factors[r : r + 1], uniform[r : r + 1], rule))


def test_the_log_suffices_to_recompute_every_decision():
    machine, factors = _machine()
    _assign_all(machine, factors, _drawn(1, 40, seed=8)[0][0])
    for a in machine.history:
        right = _probabilities(a.before, [2, 2, 1], 0.75, "range", [1, 1, 2])
        assert a.probabilities == pytest.approx([float(p) for p in right], abs=1e-15)
        drawn = int((a.uniform >= np.cumsum(a.probabilities)[:-1]).sum())
        assert a.arm == ["high", "low", "vehicle"][drawn]
    on_high = sum(a.arm == "high" and a.levels[0] == "F" for a in machine.history)
    assert machine.counts["sex"]["F"]["high"] == on_high > 0


def test_replay_resumes_the_trial():
    levels = _drawn(1, 30, seed=9)[0][0]
    whole, factors = _machine()
    _assign_all(whole, factors, levels)
    resumed, _ = _machine()
    resumed.replay(whole.history[:12])
    _assign_all(resumed, factors, levels[12:])
    assert resumed.history == whole.history
    assert resumed.counts == whole.counts


def test_replay_starts_again_on_a_machine_that_has_patients():
    machine, factors = _machine()
    _assign_all(machine, factors, _drawn(1, 10, seed=11)[0][0])
    before = machine.history, machine.counts
    machine.replay(machine.history)
    assert (machine.history, machine.counts) == before


@pytest.mark.parametrize("change", [{"seed": 6}, {"probability": 0.8}, {"measure": "variance"}])
def test_replay_finds_a_log_of_other_settings(change):
    whole, factors = _machine()
    _assign_all(whole, factors, _drawn(1, 30, seed=10)[0][0])
    with pytest.raises(ValueError, match=r"assignment \d+ is .* in the log; replayed it is .*Check the seed"):
        _machine(**change)[0].replay(whole.history)


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        ({"sex": "F", "age": "2-6"}, "levels names sex, age; the factors are sex, age, IGA"),
        ({"sex": "F", "age": "2-6", "IGA": "4"}, r"levels\['IGA'\] is '4'; it is one of 2, 3"),
    ],
)
def test_a_wrong_patient_leaves_the_machine_as_it_was(levels, message):
    machine, untouched = _machine()[0], _machine()[0]
    with pytest.raises(ValueError, match=message):
        machine.assign(levels)
    patient = {"sex": "F", "age": "2-6", "IGA": "2"}
    assert machine.assign(patient) == untouched.assign(patient)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"probability": 0.3}, r"probability is 0\.3; with ratio 1:1 it is between 1/2 and 1\. Set"),
        ({"probability": 1.1}, r"probability is 1\.1; "),
        ({"probability": float("nan")}, r"probability is nan; "),
        ({"measure": "entropy"}, r"measure is 'entropy'; it is 'range' or 'variance'"),
        ({"weights": [1]}, r"weights has 1 numbers; there are 2 factors"),
        ({"weights": [1, 0]}, r"weights\[1\] is 0; a weight is a number above 0"),
        ({"weights": [1.0000000000001, 0.7182818284590452]}, r"too large to compare imbalances exactly"),
        ({"levels": [2, 1]}, r"factors\[:, :, 1\] holds 1; with levels\[1\] = 1 a level is 0 to 0"),
        ({"levels": []}, r"levels is empty"),
        ({"levels": [2, 2, 2]}, r"factors is int64 of shape \(1, 2, 2\); .*\(replicate, patient, 3\)"),
        ({"factors": [[[0, -1]]]}, r"factors\[:, :, 1\] holds -1"),
        ({"ratio": [1, -1]}, r"ratio\[1\] is -1"),
    ],
)
def test_errors_say_what_was_found_what_is_allowed_and_how_to_mend_it(change, message):
    right = {"factors": [[[0, 1], [1, 1]]], "ratio": [1, 1], "levels": [2, 2], "measure": "variance"}
    with pytest.raises(ValueError, match=message):
        allocate_minimisation(**(right | change), rng=np.random.default_rng(1))
