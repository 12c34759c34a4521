"""Minimisation of one trial: patient by patient, with a log that an audit can replay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pivotal.randomise.listing import checked_labels
from pivotal.randomise.minimisation import Measure, assign, empty_load, minimisation_rule
from pivotal.randomise.ratio import checked_count


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One patient's assignment, with all that decided it.

    Attributes
    ----------
    number
        The patient's place in the order of assignment, from 1.
    levels
        The patient's level of every factor, in the order of the factors.
    before
        Patients on each arm with the patient's level of each factor, before this one: ``before[factor][arm]``.
    probabilities
        Probability of every arm, in the order of the arms.
    uniform
        The uniform number that decided: the arm is the first whose cumulative probability exceeds it.
    arm
        The arm assigned.
    """

    number: int
    levels: tuple[str, ...]
    before: tuple[tuple[int, ...], ...]
    probabilities: tuple[float, ...]
    uniform: float
    arm: str


class Minimiser:
    """Assigns the patients of one trial by Pocock and Simon's minimisation.

    There is no list in advance: an assignment depends on the patients before. The same kernel serves simulation:
    `allocate_minimisation` on one replicate, with ``numpy.random.Generator(numpy.random.Philox(seed))``, gives the
    same arms.

    Parameters
    ----------
    arms
        Names of the arms.
    ratio
        Whole number of at least 1 for every arm.
    factors
        Names of the factors, each with the names of its levels.
    seed
        Whole number of at least 0; keep it from those who enrol patients.
    probability, measure, weights
        As in `allocate_minimisation`; weights in the order of the factors.

    Raises
    ------
    ValueError
        If an argument has the wrong kind, length or range.

    References
    ----------
    Pocock SJ, Simon R (1975). Biometrics 31:103-115. doi:10.2307/2529712

    Han B, Enas NH, McEntegart D (2009). Statistics in Medicine 28:3329-3346. doi:10.1002/sim.3710

    Examples
    --------
    >>> machine = Minimiser(["active", "vehicle"], [1, 1], {"sex": ["F", "M"], "IGA": ["2", "3"]}, seed=7,
    ...                     probability=1.0)
    >>> first = machine.assign({"sex": "F", "IGA": "2"})
    >>> second = machine.assign({"sex": "F", "IGA": "3"})
    >>> first.arm != second.arm, max(second.probabilities)
    (True, 1.0)
    """

    def __init__(
        self,
        arms: Sequence[str],
        ratio: Sequence[int],
        factors: Mapping[str, Sequence[str]],
        *,
        seed: int,
        probability: float = 0.8,
        measure: Measure = "range",
        weights: Sequence[float] | None = None,
    ) -> None:
        self._arms = checked_labels("arms", arms, len(ratio))
        self._factors = {name: checked_labels(f"factors[{name!r}]", found) for name, found in factors.items()}
        levels = [len(found) for found in self._factors.values()]
        self._rule = minimisation_rule(ratio, levels, probability=probability, measure=measure, weights=weights)
        self._seed = checked_count("seed", seed, 0)
        self._restart()

    def _restart(self) -> None:
        self._rng = np.random.Generator(np.random.Philox(self._seed))
        self._load = empty_load(self._rule, 1)
        self._history: list[Assignment] = []

    @property
    def history(self) -> tuple[Assignment, ...]:
        """Every assignment so far, in order."""
        return tuple(self._history)

    @property
    def counts(self) -> dict[str, dict[str, dict[str, int]]]:
        """Patients so far: ``counts[factor][level][arm]``."""
        cells = iter((self._load[:, :, 0] // np.array(self._rule.steps)[:, None]).T.tolist())
        return {
            name: {level: dict(zip(self._arms, next(cells), strict=True)) for level in levels}
            for name, levels in self._factors.items()
        }

    def assign(self, levels: Mapping[str, str]) -> Assignment:
        """Assign the next patient.

        Parameters
        ----------
        levels
            The patient's level of every factor.

        Returns
        -------
        Assignment
            The arm and what decided it; also kept in `history`.

        Raises
        ------
        ValueError
            If a factor is missing or unknown, or a level is unknown. The state is then as before.
        """
        index = self._index(levels)
        counts = self.counts
        before = tuple(tuple(counts[name][levels[name]].values()) for name in self._factors)
        uniform = self._rng.random(1)
        arm, probabilities = assign(self._load, index[:, None], uniform, self._rule)
        done = Assignment(
            number=len(self._history) + 1,
            levels=tuple(levels[name] for name in self._factors),
            before=before,
            probabilities=tuple(probabilities[:, 0].tolist()),
            uniform=float(uniform[0]),
            arm=self._arms[arm[0]],
        )
        self._history.append(done)
        return done

    def replay(self, history: Sequence[Assignment]) -> None:
        """Start again, assign the patients of a log, and hold every assignment to the log.

        It resumes a trial after a restart of the machine, and it is the audit: levels are taken from the log,
        everything else is computed anew from the seed and must agree.

        Parameters
        ----------
        history
            Assignments in order, from the first.

        Raises
        ------
        ValueError
            At the first assignment that differs from the log.
        """
        self._restart()
        for logged in history:
            done = self.assign(dict(zip(self._factors, logged.levels, strict=True)))
            if done != logged:
                raise ValueError(
                    f"assignment {done.number} is {logged} in the log; replayed it is {done}. "
                    "Check the seed, the settings and the order of the log."
                )

    def _index(self, levels: Mapping[str, str]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        if set(levels) != set(self._factors):
            raise ValueError(
                f"levels names {', '.join(levels) or 'no factor'}; the factors are {', '.join(self._factors)}. "
                "Give the patient's level of each."
            )
        for name, allowed in self._factors.items():
            if levels[name] not in allowed:
                raise ValueError(
                    f"levels[{name!r}] is {levels[name]!r}; it is one of {', '.join(allowed)}. Correct the level."
                )
        return np.array([allowed.index(levels[name]) for name, allowed in self._factors.items()])
