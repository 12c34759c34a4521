"""Exact joint test of two active arms (2 degrees of freedom), given the total and every margin of the factors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pivotal.stats.estimate import Estimate, Floats, Reason, Reasons
from pivotal.stats.exact_inference import TIE
from pivotal.stats.exact_kernel import Chunk
from pivotal.stats.exact_logistic import checked
from pivotal.stats.exact_margins import Ints, Layout, layout
from pivotal.stats.exact_two_arms import both_arms

CHUNK = 4
"""Replicates whose joint distribution is held at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JointTest:
    """What `exact_logistic_joint_test` gives; every array starts with the axis replicate.

    Attributes
    ----------
    score
        The statistic (T - mean)' V^-1 (T - mean), its degrees of freedom (rank of V) and P(statistic >= observed).
    p_probability
        P(probability of T <= probability of the observed pair), shape (replicate,).
    mean
        Null mean of both arms' responders, shape (replicate, 2).
    variance
        Their null covariance matrix V, shape (replicate, 2, 2).
    """

    score: Estimate
    p_probability: Floats
    mean: Floats
    variance: Floats


def exact_logistic_joint_test(events: ArrayLike, totals: ArrayLike, levels: ArrayLike | None = None) -> JointTest:
    """Test that neither of two active arms differs from control, by their exact conditional joint distribution.

    Parameters
    ----------
    events, totals, levels
        As in `exact_logistic`, with control and two active arms.

    Returns
    -------
    JointTest
        Where the arms' responders can take one value only, both p are 1, the statistic is 0, and the reason is
        ARM_EMPTY, NO_EVENTS, ALL_EVENTS or NO_INFORMATION.

    Raises
    ------
    ValueError
        As `exact_logistic`, and where there are not two active arms.

    Notes
    -----
    Ties as in `exact_logistic`. SAS: `proc logistic; exact active1 active2 / joint;` gives the same two tests. One
    tilt serves all pairs of totals: with arms strongly confounded with strata and p below 1e-10 it is less accurate
    than `exact_logistic`, which tilts again where needed.

    References
    ----------
    .. [1] Mehta CR, Patel NR. Exact logistic regression: theory and examples. Stat Med 1995;14:2143-2160,
       doi:10.1002/sim.4780141908.

    Examples
    --------
    >>> found = exact_logistic_joint_test([[[0, 1], [1, 2], [2, 2]]], [[[2, 2], [3, 3], [3, 3]]])
    >>> found.score.p.round(6).tolist()
    [0.609056]
    """
    x, n, codes = checked(events, totals, levels)
    if x.shape[1] != 3:
        raise ValueError(f"events has {x.shape[1] - 1} active arms; the joint test is for two.")
    plan = layout(codes)
    parts = [_test(x[start : start + CHUNK], n[start : start + CHUNK], plan) for start in range(0, len(x), CHUNK)]
    names = ("statistic", "df", "p_score", "p_probability", "mean", "variance")
    empty = (np.zeros(0),) * 4 + (np.zeros((0, 2)), np.zeros((0, 2, 2)))
    columns = zip(*parts, strict=True) if parts else [(part,) for part in empty]
    found = {name: np.concatenate(values) for name, values in zip(names, columns, strict=True)}
    score = Estimate(
        statistic=found["statistic"], df=found["df"], p=found["p_score"], reason=_reasons(found["df"] == 0, x, n)
    )
    return JointTest(score=score, p_probability=found["p_probability"], mean=found["mean"], variance=found["variance"])


def _test(x: Ints, n: Ints, plan: Layout) -> tuple[Floats, ...]:
    """Statistic, degrees of freedom, both p, mean and variance of some replicates."""
    chunk = Chunk.under_null(x @ plan.merge, n @ plan.merge, plan)
    f = both_arms(chunk)
    f /= f.sum((1, 2), keepdims=True)
    t = [np.arange(f.shape[1])[:, None], np.arange(f.shape[2])[None]]
    mean = np.stack([(f * t[a]).sum((1, 2)) for a in (0, 1)], axis=1)
    d = [t[a] - mean[:, a, None, None] for a in (0, 1)]
    variance = np.stack([np.stack([(f * d[a] * d[b]).sum((1, 2)) for b in (0, 1)], -1) for a in (0, 1)], 1)
    df = np.linalg.matrix_rank(variance, tol=1e-9, hermitian=True).astype(float)
    inverse = np.linalg.pinv(variance, rcond=1e-9, hermitian=True)[:, :, :, None, None]
    score = inverse[:, 0, 0] * d[0] ** 2 + 2 * inverse[:, 0, 1] * d[0] * d[1] + inverse[:, 1, 1] * d[1] ** 2
    at = (np.arange(len(x)), *chunk.arm_events[:, 1:].T)
    far = score >= (score[at] * (1 - TIE))[:, None, None]
    rare = f <= (f[at] * (1 + TIE))[:, None, None]
    p = [np.minimum(1.0, (f * chosen).sum((1, 2))) for chosen in (far, rare)]
    single = df == 0
    p_score, p_probability = (np.where(single, 1.0, value) for value in p)
    return np.where(single, 0.0, score[at]), df, p_score, p_probability, mean, variance


def _reasons(degenerate: NDArray[np.bool_], x: Ints, n: Ints) -> Reasons:
    """Why there is no test."""
    events, patients = x.sum((1, 2)), n.sum((1, 2))
    code = np.full(events.shape, Reason.NO_INFORMATION, dtype=np.uint8)
    code[events == patients] = Reason.ALL_EVENTS
    code[events == 0] = Reason.NO_EVENTS
    code[(n.sum(2) == 0).any(1)] = Reason.ARM_EMPTY
    return np.where(degenerate, code, np.uint8(Reason.NONE))
