"""Newton's method for the likelihood, every replicate with its own steps."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from pivotal.stats.arrays import on_host
from pivotal.stats.estimate import Floats
from pivotal.stats.mmrm.likelihood import Evaluation, Model, Moments, evaluate, fill
from pivotal.stats.tables import Mask

# The step from a point whose Newton decrement g' H^-1 g is this small is the last: the next decrement would be of its
# square's order, which is below what a likelihood of a few thousand can show.
LAST_STEP = 1e-12
# Rounding of a log likelihood made of cross-products, beside its size.
ROUNDING = 1e-11
# An information matrix with an eigenvalue this small beside its largest gives no direction.
SOLVABLE = 1e-13
# A decrement below this promises a rise that rounding may hide.
WITHIN_ROUNDING = 1e-7
# Steps with an information that is near enough, as a rule; few patients may want the exact one.
NEAR_STEPS = 8
MOST_STEPS = 100
SMALLEST_STEP = 1e-6


@dataclass(frozen=True, slots=True)
class Optimum:
    """Where Newton's method ended.

    Attributes
    ----------
    theta
        (replicate, parameter)
    converged
        (replicate,)
    steps
        Evaluations of the likelihood, (replicate,).
    decrement
        g' H^-1 g at the last point evaluated, (replicate,): twice the rise that a last step promises.
    path
        Log likelihood reached at each evaluation, (replicate, evaluation): the same again where a step had to be
        halved, NaN after the last one.
    """

    theta: Floats
    converged: Mask
    steps: NDArray[np.int64]
    decrement: Floats
    path: Floats

    def take(self, rows: slice) -> Optimum:
        """Some replicates."""
        return Optimum(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a step needs of the likelihood, as NumPy's arrays: a few numbers a replicate."""

    loglik: Floats
    gradient: Floats
    information: Floats
    valid: Mask

    @classmethod
    def of(cls, found: Evaluation) -> _Shape:
        valid = on_host(found.valid).astype(np.bool_, copy=False)
        return cls(on_host(found.loglik), on_host(found.gradient), on_host(found.information), valid)


@dataclass(slots=True)
class _State:
    """Replicates under way: where they are, where they go."""

    theta: Floats
    loglik: Floats
    direction: Floats
    scale: Floats
    decrement: Floats


def maximise(moments: Moments, model: Model, start: Floats, free: Mask) -> Optimum:
    """Maximise the likelihood.

    Newton's method with the observed information; where that is not positive definite the step is taken with the
    expected one (Fisher scoring). A step after which the likelihood is lower, or a covariance matrix no longer
    positive definite, is halved.

    Parameters
    ----------
    moments, model
        The data and the model.
    start
        (replicate, parameter), where all covariance matrices are positive definite.
    free
        Parameters that the data determine, (replicate, parameter); the others stay.
    """
    replicates = len(start)
    whole = Optimum(
        theta=start.copy(),
        converged=np.zeros(replicates, dtype=np.bool_),
        steps=np.zeros(replicates, dtype=np.int64),
        decrement=np.full(replicates, np.inf),
        path=np.full((replicates, MOST_STEPS), np.nan),
    )
    rows = np.arange(replicates)
    state = _State(
        start.copy(),
        np.full(replicates, -np.inf),
        np.zeros_like(start),
        np.ones(replicates),
        np.full(replicates, np.inf),
    )
    here_moments, here_model, here_free = moments, model, free
    for number in range(MOST_STEPS):
        trial = state.theta + state.scale[:, None] * state.direction
        found = _Shape.of(evaluate(here_moments, here_model, trial, "near" if number < NEAR_STEPS else "observed"))
        whole.steps[rows] += 1
        better = found.valid & (found.loglik >= state.loglik - ROUNDING * np.abs(found.loglik))
        _advance(state, trial, found, better, _direction(here_moments, here_model, trial, found, here_free))
        last = better & (state.decrement < LAST_STEP)
        state.theta[last] += state.direction[last]
        # no higher within rounding, and none promised
        last |= ~better & (state.decrement < WITHIN_ROUNDING)
        stuck = state.scale < SMALLEST_STEP
        whole.theta[rows], whole.decrement[rows] = state.theta, state.decrement
        whole.converged[rows], whole.path[rows, number] = last, state.loglik
        going = ~last & ~stuck
        if not going.any():
            break
        if not going.all():
            kept = np.flatnonzero(going)
            rows = rows[kept]
            here_moments, here_model, here_free = here_moments.take(kept), here_model.take(kept), here_free[kept]
            state = _State(*(getattr(state, name)[kept] for name in _State.__slots__))
    return replace(whole, path=whole.path[:, : number + 1])


def _advance(state: _State, trial: Floats, found: _Shape, better: Mask, step: tuple[Floats, Floats]) -> None:
    """Move where the likelihood rose and take the next direction there; halve the step elsewhere."""
    direction, decrement = step
    state.theta[better] = trial[better]
    state.loglik[better] = found.loglik[better]
    state.direction[better] = direction[better]
    state.decrement[better] = decrement[better]
    state.scale = np.where(better, 1.0, state.scale / 2)


def _direction(moments: Moments, model: Model, theta: Floats, found: _Shape, free: Mask) -> tuple[Floats, Floats]:
    """The Newton step and its decrement."""
    gradient = np.where(free, found.gradient, 0.0)
    hessian = fill(found.information, free)
    flat = np.flatnonzero(found.valid & ~_positive(hessian))
    if flat.size:
        scoring = on_host(evaluate(moments.take(flat), model.take(flat), theta[flat], "expected").information)
        scoring = fill(scoring, free[flat])
        hessian[flat] = np.where(_positive(scoring)[:, None, None], scoring, _steep(scoring))
    hessian = np.where(found.valid[:, None, None], hessian, np.eye(free.shape[1]))
    gradient = np.where(found.valid[:, None], gradient, 0.0)
    direction = _solve(hessian, gradient)
    return direction, np.asarray((direction * gradient).sum(axis=1), dtype=np.float64)


def _solve(hessian: Floats, gradient: Floats) -> Floats:
    """Newton's step, along the gradient where the matrix is singular."""
    try:
        step = np.linalg.solve(hessian, gradient[:, :, None])
    except np.linalg.LinAlgError:
        singular = np.linalg.slogdet(hessian)[0] == 0
        step = np.linalg.solve(np.where(singular[:, None, None], _steep(hessian), hessian), gradient[:, :, None])
    return np.asarray(step[:, :, 0], dtype=np.float64)


def _steep(matrices: Floats) -> Floats:
    """A diagonal matrix as large as a matrix that cannot be used."""
    diagonal = np.abs(np.nan_to_num(np.einsum("rhh->rh", matrices))) + 1.0
    return np.asarray(diagonal[:, :, None] * np.eye(matrices.shape[1]), dtype=np.float64)


def _positive(matrices: Floats) -> Mask:
    """Whether symmetric matrices are positive definite."""
    try:
        np.linalg.cholesky(matrices)
    except np.linalg.LinAlgError:
        sound = np.isfinite(matrices).all(axis=(1, 2), keepdims=True)
        values = np.linalg.eigvalsh(np.where(sound, matrices, 0.0))
        return np.asarray(values[:, 0] > SOLVABLE * values[:, -1], dtype=np.bool_)
    return np.ones(len(matrices), dtype=np.bool_)
