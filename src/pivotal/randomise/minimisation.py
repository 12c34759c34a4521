"""Pocock and Simon's minimisation: the kernel, and the batch of trials."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pivotal.randomise.ratio import Arms, checked_count, checked_ratio, in_words

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Measure = Literal["range", "variance"]

MEASURES = ("range", "variance")

# Imbalance is computed in whole numbers, so that ties are exact; the rule is refused if a trial of so many patients
# could overflow them.
MOST_PATIENTS = 100_000


def allocate_minimisation(
    factors: ArrayLike,
    ratio: Sequence[int],
    levels: Sequence[int],
    rng: np.random.Generator,
    *,
    probability: float = 0.8,
    measure: Measure = "range",
    weights: Sequence[float] | None = None,
) -> Arms:
    """Allocate patients by Pocock and Simon's minimisation with a biased coin.

    For each arm the patient is tried in it, and the imbalance of the arms is measured within the patient's level of
    every factor and summed with the factors' weights (G in the paper). The arm with the smallest sum is preferred;
    of several, one is preferred with probability in the ratio. The biased coin then gives the preferred arm, or
    another one.

    With counts n_a and ratio r_a, the imbalance of a factor is the range, or the variance, of n_a / r_a over arms.
    With S the sum of the ratio, r_1 its smallest part and p = `probability`, the coin gives arm j the probability
    ``c r_j`` where j is not preferred and ``1 - c (S - r_j)`` where it is, with ``c = (1 - p) / (S - r_1)``. So p is
    the probability of a preferred arm that has the smallest part of the ratio; with an equal ratio it is that of any
    preferred arm, and the others share 1 - p alike.

    Parameters
    ----------
    factors
        Whole numbers of shape (replicate, patient, factor): the patient's level of each factor, from 0; patients in
        the order of enrolment.
    ratio
        Whole number of at least 1 for every arm, in the order of the arms.
    levels
        Number of levels of every factor.
    rng
        Source of randomness; one uniform number a patient.
    probability
        p, from ``min(ratio) / sum(ratio)`` (simple randomisation) to 1 (the coin decides nothing).
    measure
        ``"range"`` or ``"variance"``.
    weights
        Weight of every factor, above 0; 1 where not given. They are read as the decimal numbers they are written as.

    Returns
    -------
    int8 array (replicate, patient)
        Arm of every patient, 0 to ``len(ratio) - 1``.

    Raises
    ------
    ValueError
        If an argument has the wrong kind, shape or range.

    Notes
    -----
    Imbalance is compared in whole numbers (counts times the ratio's least common multiple, weights over their common
    denominator): a tie is a tie, whatever the rounding of floating-point numbers.

    With an unequal ratio the arms' shares approach the ratio, but the probability of an arm, averaged over all that
    may come before, is not the ratio at every single allocation (Kuznetsova and Tymofyeyev 2012,
    doi:10.1002/sim.4447): the first patient, for one, always prefers the largest arm. A re-randomisation test has to
    allow for it.

    References
    ----------
    Pocock SJ, Simon R (1975). Sequential treatment assignment with balancing for prognostic factors in the
    controlled clinical trial. Biometrics 31:103-115. doi:10.2307/2529712

    Han B, Enas NH, McEntegart D (2009). Randomization by minimization for unbalanced treatment allocation.
    Statistics in Medicine 28:3329-3346. doi:10.1002/sim.3710

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> factors = rng.integers(0, 2, (1, 100, 3))
    >>> arm = allocate_minimisation(factors, [1, 1], [2, 2, 2], rng, probability=1.0)
    >>> np.bincount(arm[0]).tolist()
    [50, 50]
    """
    rule = minimisation_rule(ratio, levels, probability=probability, measure=measure, weights=weights)
    found = _checked_factors(factors, rule)
    return minimise(found, rng.random(found.shape[:2]), rule)


@dataclass(frozen=True, slots=True)
class Rule:
    """A minimisation's settings in the form that the kernel uses.

    Attributes
    ----------
    ratio, levels
        As given.
    steps
        What a patient adds to the load of each arm: the ratio's least common multiple over the arm's part.
    weights
        Whole numbers in the proportion of the factors' weights.
    spread
        c of `allocate_minimisation`: an arm's probability, per part of the ratio, where it is not preferred.
    measure
        ``"range"`` or ``"variance"``.
    """

    ratio: tuple[int, ...]
    levels: tuple[int, ...]
    steps: tuple[int, ...]
    weights: tuple[int, ...]
    spread: float
    measure: str


def minimisation_rule(
    ratio: Sequence[int],
    levels: Sequence[int],
    *,
    probability: float,
    measure: str,
    weights: Sequence[float] | None,
) -> Rule:
    """The settings, checked; ValueError where one is wrong."""
    parts = checked_ratio(ratio)
    n_levels = tuple(checked_count(f"levels[{f}]", found, 1) for f, found in enumerate(levels))
    if not n_levels:
        raise ValueError("levels is empty; minimisation balances at least one factor. Give its number of levels.")
    if measure not in MEASURES:
        raise ValueError(f"measure is {measure!r}; it is 'range' or 'variance'. Set measure = 'range'.")
    least, total = min(parts), sum(parts)
    if not least / total <= probability <= 1:
        raise ValueError(
            f"probability is {probability!r}; with ratio {in_words(parts)} it is between {least}/{total} and 1. "
            "Set probability = 0.8."
        )
    multiple = math.lcm(*parts)
    rule = Rule(
        ratio=parts,
        levels=n_levels,
        steps=tuple(multiple // part for part in parts),
        weights=_whole_weights(weights, len(n_levels)),
        spread=(1 - probability) / (total - least),
        measure=measure,
    )
    _check_overflow(rule)
    return rule


def _whole_weights(weights: Sequence[float] | None, n_factors: int) -> tuple[int, ...]:
    found = (1,) * n_factors if weights is None else tuple(weights)
    if len(found) != n_factors:
        raise ValueError(f"weights has {len(found)} numbers; there are {n_factors} factors. Give one weight a factor.")
    for f, weight in enumerate(found):
        if not 0 < weight < math.inf:
            raise ValueError(
                f"weights[{f}] is {weight!r}; a weight is a number above 0. Remove the factor or set weights[{f}] = 1."
            )
    exact = [Fraction(str(weight)) for weight in found]
    common = math.lcm(*(weight.denominator for weight in exact))
    whole = [int(weight * common) for weight in exact]
    return tuple(weight // math.gcd(*whole) for weight in whole)


def _check_overflow(rule: Rule) -> None:
    load = max(rule.steps) * MOST_PATIENTS
    most = sum(rule.weights) * (load if rule.measure == "range" else len(rule.ratio) * load**2)
    if most > np.iinfo(np.int64).max:
        raise ValueError(
            f"weights with ratio {in_words(rule.ratio)} come to {rule.weights} in whole numbers, too large to compare "
            "imbalances exactly; weights are in the proportion of small whole numbers. Round them, such as [2, 1, 1]."
        )


def minimise(factors: NDArray[np.integer], uniform: Floats, rule: Rule) -> Arms:
    """Arms (replicate, patient) of patients with levels (replicate, patient, factor) and uniform numbers alike."""
    replicates, patients = uniform.shape
    load = empty_load(rule, replicates)
    arm = np.empty((patients, replicates), dtype=np.int8)
    by_patient = np.ascontiguousarray(np.moveaxis(factors, 0, 2))  # (patient, factor, replicate)
    draws = np.ascontiguousarray(uniform.T)
    for n in range(patients):
        arm[n], _ = assign(load, by_patient[n], draws[n], rule)
    return np.ascontiguousarray(arm.T)


def empty_load(rule: Rule, replicates: int) -> Ints:
    """The load of a trial without patients, (arm, level of each factor in turn, replicate)."""
    return np.zeros((len(rule.ratio), sum(rule.levels), replicates), dtype=np.int64)


def assign(load: Ints, level: NDArray[np.integer], uniform: Floats, rule: Rule) -> tuple[Arms, Floats]:
    """Assign the next patient of every replicate, and add him to the load.

    Parameters
    ----------
    load
        Patients so far, in steps of the rule, (arm, level of each factor in turn, replicate); changed in place.
    level
        The patient's levels, (factor, replicate).
    uniform
        One uniform number a replicate.
    rule
        The settings.

    Returns
    -------
    arm, probabilities
        Arm (replicate,), and the probability of every arm (arm, replicate) with which it was drawn.
    """
    replicates = uniform.size
    first = np.cumsum((0, *rule.levels[:-1]))
    cell = (level + first[:, None]) * replicates + np.arange(replicates)  # (factor, replicate)
    flat = load.reshape(len(rule.ratio), -1)
    probabilities = _probabilities(_imbalance(flat.take(cell, axis=1), rule), rule)
    arm = (uniform >= probabilities[:-1].cumsum(axis=0)).sum(axis=0, dtype=np.int8)
    flat[arm, cell] += np.array(rule.steps).take(arm)
    return arm, probabilities


def _imbalance(load: Ints, rule: Rule) -> Ints:
    """G of the paper for each arm that the patient is tried in, (arm, replicate), in whole numbers."""
    weights = np.array(rule.weights)[:, None]
    of = _range if rule.measure == "range" else _variance
    result = np.empty((len(load), load.shape[2]), dtype=np.int64)
    for arm, step in enumerate(rule.steps):
        load[arm] += step
        result[arm] = (weights * of(load)).sum(axis=0)
        load[arm] -= step
    return result


def _range(load: Ints) -> Ints:
    result: Ints = load.max(axis=0) - load.min(axis=0)
    return result


def _variance(load: Ints) -> Ints:
    """The variance over arms, times A (A - 1) for A arms, which keeps it whole."""
    result: Ints = len(load) * (load * load).sum(axis=0) - load.sum(axis=0) ** 2
    return result


def _probabilities(imbalance: Ints, rule: Rule) -> Floats:
    """Probability of every arm, (arm, replicate): Han's biased coin, averaged over the arms that tie for preference."""
    ratio = np.array(rule.ratio, dtype=np.float64)[:, None]
    tied = ratio * (imbalance == imbalance.min(axis=0))
    bonus = 1 - rule.spread * sum(rule.ratio)
    result: Floats = rule.spread * ratio + bonus * tied / tied.sum(axis=0)
    return result


def _checked_factors(factors: ArrayLike, rule: Rule) -> NDArray[np.integer]:
    found = np.asarray(factors)
    if found.ndim != 3 or found.dtype.kind not in "iu" or found.shape[2] != len(rule.levels):
        raise ValueError(
            f"factors is {found.dtype} of shape {found.shape}; it holds whole numbers of shape (replicate, patient, "
            f"{len(rule.levels)}), one level a factor of levels. For one trial give factors[None]."
        )
    for f, n_levels in enumerate(rule.levels if found.size else ()):
        low, high = found[:, :, f].min(), found[:, :, f].max()
        if low < 0 or high >= n_levels:
            raise ValueError(
                f"factors[:, :, {f}] holds {low if low < 0 else high}; with levels[{f}] = {n_levels} a level is 0 to "
                f"{n_levels - 1}. Number the levels from 0 or raise levels[{f}]."
            )
    return found
